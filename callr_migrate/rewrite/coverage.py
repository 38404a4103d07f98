"""Which legacy calls a piece of code may make, its own and those of the functions that it runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.values import BoundMethod, ClassValue, FunctionValue, Value


class Coverage:
    """Looks from code to the legacy calls; `calls` are all of them, with their modules."""

    def __init__(self, evaluator: Evaluator, calls: dict[cst.CSTNode, Module]) -> None:
        self.evaluator = evaluator
        self.calls = calls

    def of(self, module: Module, nodes: Sequence[cst.CSTNode]) -> set[cst.CSTNode]:
        """The legacy calls in the nodes, or in functions of the project that they call or hand on."""
        covered: set[cst.CSTNode] = set()
        pending = [(module, node) for node in nodes]
        seen: set[cst.CSTNode] = set()
        while pending:
            where, body = pending.pop()
            if body in seen:
                continue
            seen.add(body)
            for call in calls_in(where, body):
                if call in self.calls:
                    covered.add(call)
                    continue
                handed = [call.func, *(arg.value for arg in call.args)]
                for function in self._functions(self.evaluator.evaluate(where, node) for node in handed):
                    assert isinstance(function.ref.node, (cst.FunctionDef, cst.Lambda))
                    pending.append((function.ref.module, function.ref.node.body))
        return covered

    def near(self, module: Module) -> set[cst.CSTNode]:
        """All calls of a module, or of the project: for code whose calls cannot be told."""
        return {call for call, home in self.calls.items() if home is module} or set(self.calls)

    def _functions(self, values: Iterable[Value]) -> Iterator[FunctionValue]:
        for value in values:
            for option in value.options():
                if isinstance(option, ClassValue):
                    yield from self._functions([self.evaluator.member(option, "__init__", None)])
                function = option.function if isinstance(option, BoundMethod) else option
                if isinstance(function, FunctionValue):
                    yield function


def calls_in(module: Module, node: cst.CSTNode) -> Iterator[cst.Call]:
    """The calls that stand in a node."""
    start, end = module.span(node)
    for call in module.calls:
        if start <= module.span(call)[0] < end:
            yield call
