"""Which parameters an expression is made from, its local names followed."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from callr_migrate.evaluate.module import Binding, Module, Scope
from callr_migrate.evaluate.nodes import visit

Lookup = Callable[[Module, cst.Name], "tuple[Scope | None, list[Binding]]"]

_LITERALS = frozenset({cst.SimpleString, cst.Integer, cst.Float})
# Beyond that an expression counts as made from no parameter; machine-made functions have more local names.
_MAX_EXPRESSIONS = 200


class Leading:
    """Looks names up by `bindings_of`."""

    def __init__(self, bindings_of: Lookup) -> None:
        self._bindings_of = bindings_of
        self._known: dict[cst.CSTNode, frozenset[cst.Param]] = {}

    def of(self, module: Module, node: cst.CSTNode) -> frozenset[cst.Param]:
        """The parameters, those of enclosing functions included."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._found(module, node)
        return known

    def _found(self, module: Module, node: cst.CSTNode) -> frozenset[cst.Param]:
        found: set[cst.Param] = set()
        seen: set[cst.CSTNode] = {node}
        waiting = [node]
        while waiting:
            if len(seen) > _MAX_EXPRESSIONS:
                return frozenset()
            for name in _names(waiting.pop()):
                if not module.holds(name):
                    continue
                for binding in self._bindings_of(module, name)[1]:
                    if isinstance(binding.node, cst.Param):
                        found.add(binding.node)
                    elif binding.value is not None and binding.scope is not module.scope:
                        if binding.value not in seen:
                            seen.add(binding.value)
                            waiting.append(binding.value)
        return frozenset(found)


def _names(node: cst.CSTNode) -> list[cst.Name]:
    if isinstance(node, cst.Name):
        return [node]
    if type(node) in _LITERALS:
        return []
    collector = _Names()
    visit(node, collector)
    return collector.found


class _Names(cst.CSTVisitor):
    """The names of an expression that refer to variables."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[cst.Name] = []

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        visit(node.value, self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        visit(node.value, self)
        return False

    def visit_Name(self, node: cst.Name) -> None:
        self.found.append(node)
