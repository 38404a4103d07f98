"""What may be left out, moved or written twice without a change of what the program does."""

from __future__ import annotations

import libcst as cst

from callr_migrate.detect.calls import LegacyCall


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
    finder = _Effects()
    node.visit(finder)
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


def is_retried(call: LegacyCall) -> bool:
    """Whether the call looks like one that is tried again: in a `try` in a loop, the same in each round."""
    tried = False
    for ancestor in call.module.ancestors(call.node):
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda)):
            return False
        if isinstance(ancestor, (cst.Try, cst.TryStar)):
            tried = True
        if tried and isinstance(ancestor, cst.While):
            return True
        if tried and isinstance(ancestor, cst.For):
            start, end = call.module.span(call.node)
            bound = {name.value for name in _names(ancestor.target)}
            used = {
                name.value
                for name in call.module.names
                if isinstance(name, cst.Name) and start <= call.module.span(name)[0] < end
            }
            return not bound & used
    return False


def _names(target: cst.BaseExpression) -> list[cst.Name]:
    if isinstance(target, cst.Name):
        return [target]
    if isinstance(target, (cst.Tuple, cst.List)):
        return [name for element in target.elements for name in _names(element.value)]
    return []
