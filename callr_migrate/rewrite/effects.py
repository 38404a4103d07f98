"""What may be left out, moved or written twice without a change of what the program does."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate.nodes import visit

# What has nothing inside of it; most arguments are of this kind.
_PLAIN = frozenset({cst.Name, cst.SimpleString, cst.Integer, cst.Float})


def is_repeatable(node: cst.BaseExpression) -> bool:
    """Whether an expression may stand in two places: a name, an attribute, or an item by a literal key."""
    if isinstance(node, cst.Attribute):
        return is_repeatable(node.value)
    if isinstance(node, cst.Subscript):
        keys = [element.slice.value for element in node.slice if isinstance(element.slice, cst.Index)]
        return len(keys) == 1 and isinstance(keys[0], cst.SimpleString) and is_repeatable(node.value)
    return isinstance(node, cst.Name)


def has_effects(node: cst.CSTNode) -> bool:
    """Whether evaluating an expression may do more than give a value."""
    while type(node) is cst.Attribute:
        node = node.value
    if type(node) in _PLAIN:
        return False
    finder = _Effects()
    visit(node, finder)
    return finder.found


class _Effects(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def _note(self, node: cst.CSTNode) -> bool:
        self.found = True
        return False

    visit_Call = visit_Await = visit_Yield = visit_NamedExpr = _note

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False


def names_of_target(target: cst.BaseExpression) -> list[cst.Name]:
    """The names that a loop or assignment binds."""
    if isinstance(target, cst.Name):
        return [target]
    if isinstance(target, (cst.Tuple, cst.List)):
        return [name for element in target.elements for name in names_of_target(element.value)]
    return []
