"""Which bindings of a name can a use of it see? Straight-line code only kills; loops and branches add."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate.module import Binding, Module, Scope

_KILLING = ("assign", "import", "function", "class", "opaque", "enter")
_LOOPS = (cst.For, cst.While)


def reaching(module: Module, use: cst.CSTNode, scope: Scope, bindings: list[Binding]) -> list[Binding]:
    """The bindings that may hold at `use`, which stands in the same scope; all of them where none is certain."""
    live = [binding for binding in bindings if binding.kind != "deleted"]
    if len(live) < 2 or use not in module.spans:  # a string annotation has no place of its own
        return live
    at = module.span(use)[0]
    chain = [use, *module.ancestors(use)]
    around = set(chain)
    killer: Binding | None = None
    for binding in sorted(live, key=lambda binding: _end(module, binding)):
        if _end(module, binding) <= at and _always_runs_before(module, binding, around):
            killer = binding
    loops = [node for node in chain if isinstance(node, _LOOPS)]
    reached = []
    for binding in live:
        if killer is not None and _end(module, binding) < _end(module, killer):
            # An earlier one; a loop around both could bring it back, but then the killer runs in between again.
            continue
        if (
            _end(module, binding) <= at
            or binding.kind == "param"
            or any(
                _inside(module, binding, loop) and not (killer and _inside(module, killer, loop))
                for loop in loops
            )
            or _names_its_loop(module, binding, around)
        ):
            reached.append(binding)
    return reached or live


def _statement(module: Module, binding: Binding) -> cst.CSTNode:
    node: cst.CSTNode = binding.node
    for ancestor in (node, *module.ancestors(node)):
        if isinstance(
            ancestor, (cst.SimpleStatementLine, cst.BaseCompoundStatement, cst.NamedExpr, cst.Param)
        ):
            return ancestor
        if isinstance(ancestor, cst.BaseSmallStatement):
            return ancestor
    return node


def _end(module: Module, binding: Binding) -> int:
    """From where on the binding holds: the end of an assignment, the head of a compound statement."""
    statement = _statement(module, binding)
    if isinstance(statement, (cst.For, cst.With, cst.Try, cst.TryStar, cst.If, cst.While, cst.Match)):
        return module.span(binding.node)[1]
    return module.span(statement)[1]


def _always_runs_before(module: Module, binding: Binding, around: set[cst.CSTNode]) -> bool:
    if binding.kind not in _KILLING or isinstance(binding.node, cst.Param):
        return False
    statement = _statement(module, binding)
    if isinstance(statement, cst.NamedExpr):
        return False
    if isinstance(statement, (cst.For, cst.Try, cst.TryStar, cst.If, cst.While, cst.Match)):
        return statement in around and isinstance(statement, cst.For)
    if isinstance(statement, cst.With) and statement in around:
        return True
    if isinstance(statement, cst.BaseSmallStatement):
        statement = module.parents[statement]
    return module.parents.get(statement) in around


def _inside(module: Module, binding: Binding, loop: cst.CSTNode) -> bool:
    return loop in set(module.ancestors(binding.node))


def _names_its_loop(module: Module, binding: Binding, around: set[cst.CSTNode]) -> bool:
    return binding.kind == "item" and _statement(module, binding) in around
