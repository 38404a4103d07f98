"""Who calls which function of the project: by its name, through partials, pools, threads and task queues."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst

from callr_migrate.detect.handed import HOLDERS, PARTIAL
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.arguments import (
    Arguments,
    Handed,
    handed_on,
    is_own,
    is_task,
    passed,
    receivers,
)
from callr_migrate.evaluate.functions import is_shifted
from callr_migrate.evaluate.values import (
    BoundMethod,
    ClassValue,
    FunctionValue,
    InstanceValue,
    Partial,
    Value,
)
from callr_migrate.records import dataclass


@dataclass(frozen=True)
class Site:
    """A call of a wrapper; `handed` is the expression of a function that the call hands on."""

    module: Module
    node: cst.Call
    handed: cst.BaseExpression | None = None


@dataclass(frozen=True)
class Performed:
    """One way in which a site calls a function."""

    function: FunctionValue
    arguments: Arguments
    shifted: bool


class CallSites:
    """The index of the modules' calls by the function that they run."""

    def __init__(self, evaluator: Evaluator, modules: Sequence[Module]) -> None:
        self.evaluator = evaluator
        self.modules = modules
        self.partials: list[Site] = []
        self._others: list[tuple[Site, Value]] = []  # the calls that make no partial, and what they call
        for module in modules:
            for node in module.calls:
                callee = evaluator.evaluate(module, node.func)
                if PARTIAL not in callee.options():
                    self._others.append((Site(module, node), callee))
                elif node.args and not node.args[0].star:
                    self.partials.append(Site(module, node, node.args[0].value))

    @cached_property
    def _callers(self) -> dict[cst.CSTNode, list[Site]]:
        # Few projects have wrappers; only for these it matters who calls whom.
        with self.evaluator.plainly():
            return self._index()

    def _index(self) -> dict[cst.CSTNode, list[Site]]:
        index: dict[cst.CSTNode, list[Site]] = {}
        for site, callee in self._others:
            module, node = site.module, site.node
            for function in self.functions(callee):
                index.setdefault(function.ref.node, []).append(site)
            for arg in () if is_own(callee) else node.args:
                if not arg.star and type(arg.value) in HOLDERS:
                    for function in self.functions(self.evaluator.evaluate(module, arg.value)):
                        index.setdefault(function.ref.node, []).append(Site(module, node, arg.value))
            if isinstance(node.func, cst.Attribute) and is_task(node.func.attr.value):
                handed = Site(module, node, node.func.value)
                for function in self.functions(self.evaluator.evaluate(module, node.func.value)):
                    index.setdefault(function.ref.node, []).append(handed)
        return index

    def functions(self, callee: Value) -> Iterator[FunctionValue]:
        """The functions of the project that a call of a value runs, partials taken apart."""
        for option in callee.options():
            if isinstance(option, Partial):
                yield from self.functions(option.function)
            for function, _ in self.runs(option):
                yield function

    def runs(self, option: Value) -> Iterator[tuple[FunctionValue, bool]]:
        """The functions of the project that a call of a value runs, and whether it passes the first parameter."""
        if isinstance(option, FunctionValue):
            yield option, is_shifted(option, option.ref.node)
        elif isinstance(option, BoundMethod) and option.function is not None:
            yield option.function, is_shifted(option, option.function.ref.node)
        elif isinstance(option, (ClassValue, InstanceValue)):
            is_class = isinstance(option, ClassValue)
            instance = InstanceValue(option) if isinstance(option, ClassValue) else option
            for method in self.evaluator.member(
                instance.of, "__init__" if is_class else "__call__", instance
            ).options():
                if isinstance(method, BoundMethod) and method.function is not None:
                    yield method.function, True

    def of(self, function: FunctionValue) -> list[Site]:
        """The calls that run a function, and those that hand it on."""
        sites = self._callers.get(function.ref.node, [])
        return list({site.node: site for site in sites}.values())

    def performed(self, site: Site) -> list[tuple[Value, Arguments]]:
        """What a site calls, under the assumptions around."""
        evaluator, module = self.evaluator, site.module
        if site.handed is None:
            callee = evaluator.evaluate(module, site.node.func)
            return list(receivers(evaluator, callee, passed(evaluator, module, site.node.args)))
        given = self.given(site)
        if given is None:
            return []
        return list(receivers(evaluator, evaluator.evaluate(module, site.handed), given.arguments))

    def given(self, site: Site) -> Handed | None:
        """What is known of how a function that a site hands on is called."""
        return None if site.handed is None else handed_on(self.evaluator, site.module, site.node, site.handed)

    def runs_of(self, site: Site, target: FunctionValue) -> list[Performed]:
        """The ways in which a site calls a function, under the assumptions around."""
        return [
            Performed(function, arguments, shifted)
            for option, arguments in self.performed(site)
            for function, shifted in self.runs(option)
            if function == target
        ]
