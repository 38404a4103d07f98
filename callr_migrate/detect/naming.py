"""What the calls inside of wrappers are named by the wrappers' callers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field

import libcst as cst

from callr_migrate.detect import handed
from callr_migrate.detect.calls import LegacyCall
from callr_migrate.detect.callsites import CallSites, Site
from callr_migrate.detect.posts import posted
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.arguments import bound
from callr_migrate.evaluate.names import is_plain
from callr_migrate.evaluate.values import (
    BoundMethod,
    Constant,
    FunctionValue,
    Unknown,
    Value,
    constants,
    union,
)
from callr_migrate.records import dataclass

# Wrappers of wrappers of wrappers.
_MAX_CHAIN = 30


@dataclass
class Wrapper:
    """A function, the calls in it that its callers name the method of, and the calls of it."""

    function: FunctionValue
    params: set[cst.Param] = field(default_factory=set)
    inner: list[LegacyCall | Site] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)

    @property
    def module(self) -> Module:
        """Where it stands."""
        return self.function.ref.module

    @property
    def name(self) -> str:
        """As it is told to people."""
        node = self.function.ref.node
        line = self.module.source.position(self.module.span(node)[0]).line
        name = f"`{node.name.value}`" if isinstance(node, cst.FunctionDef) else "a lambda"
        return f"{name} ({self.module.path.name}:{line})"


class Naming:
    """The method names of calls, as far as the callers of the wrappers around them give these."""

    def __init__(self, evaluator: Evaluator, modules: Sequence[Module]) -> None:
        self.evaluator = evaluator
        self.sites = CallSites(evaluator, modules)
        self.targets: dict[cst.CSTNode, list[Wrapper]] = {}  # site -> what it calls
        self._naming: dict[cst.CSTNode, bool] = {}
        self._open: set[cst.CSTNode] = set()

    def names_a_method(self, wrapper: Wrapper) -> bool:
        """Whether callers give the name itself, not just what it is looked up in when the program runs."""
        node = wrapper.function.ref.node
        if node not in self._naming:
            # A function that calls itself tells nothing about itself.
            self._naming[node] = False
            self._naming[node] = any(self._is_plain(inner) for inner in wrapper.inner) or any(
                constants(name) is not None for site in wrapper.sites for name in self.names(site)
            )
        return self._naming[node]

    def _is_plain(self, inner: LegacyCall | Site) -> bool:
        """Whether the method of a call is a parameter as it stands."""
        if isinstance(inner, Site):
            return any(map(self.names_a_method, self.targets.get(inner.node, [])))
        method = inner.bound.method
        if not isinstance(method, cst.Name):
            # The arguments are handed on unseen, the name among them.
            return method is None and bool(inner.clients)
        bindings = self.evaluator.bindings_of(inner.module, method)[1]
        return all(isinstance(binding.node, cst.Param) for binding in bindings)

    def named(self, inner: LegacyCall | Site) -> Value:
        """The method name of a call under the assumptions around."""
        found = self.names(inner)
        return union(found) if found else Unknown("the call names no method")

    def names(self, inner: LegacyCall | Site) -> list[Value]:
        """What the method name may be, one by one."""
        if inner.node in self._open:
            # A wrapper that calls itself adds nothing to what it is called with.
            return []
        if len(self._open) >= _MAX_CHAIN:
            return [Unknown("it goes through too many wrappers")]
        self._open.add(inner.node)
        try:
            if isinstance(inner, Site):
                return self._site_names(inner)
            if inner.clients:
                return list(self._legacy_names(inner))
            if is_named_there(inner):
                assert inner.bound.method is not None
                return [self.evaluator.evaluate(inner.module, inner.bound.method)]
            if not isinstance(inner.node, cst.Call):
                return []
            posts = posted(self.evaluator, inner.module, inner.node)
            return [Constant(name) for post in posts for name in post.methods] or [
                Unknown(inner.method_reason or "")
            ]
        finally:
            self._open.remove(inner.node)

    def _legacy_names(self, inner: LegacyCall) -> Iterator[Value]:
        if not isinstance(inner.node, cst.Call):
            return
        sites = [Site(inner.module, inner.node)]
        callee = self.evaluator.evaluate(inner.module, inner.node.func)
        for given in handed.handed_to(self.evaluator, inner.module, inner.node, callee):
            sites.append(Site(inner.module, inner.node, given.function))
        for site in sites:
            for option, arguments in self.sites.performed(site):
                if isinstance(option, BoundMethod) and handed.is_request(self.evaluator, option):
                    value = self.evaluator.named_by(option.owner, option.name, arguments)  # type: ignore[arg-type]
                    yield value if value is not None else Unknown("the call names no method")

    def _site_names(self, site: Site) -> list[Value]:
        names: list[Value] = []
        for wrapper in self.targets.get(site.node, []):
            for run in self.sites.runs_of(site, wrapper.function):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                seeds: dict[cst.CSTNode, Value] = {
                    param: argument.value(self.evaluator) for param, argument in held.items()
                }
                with self.evaluator.assuming(seeds):
                    names += [name for inner in wrapper.inner for name in self.names(inner)]
        return names

    def spelled(self, site: Site, wrappers: list[Wrapper]) -> list[Constant]:
        """The one method of the pack among the arguments, where a decorator may change what the wrapper is given."""
        if not any(map(is_decorated, wrappers)):
            return []
        values = [
            constant
            for arg in site.node.args
            if not arg.star
            for constant in constants(self.evaluator.evaluate(site.module, arg.value)) or []
            if isinstance(constant.value, str) and constant.value in self.evaluator.pack.methods
        ]
        return values if len(values) == 1 else []

    def chain(self, wrapper: Wrapper) -> str:
        """Where the method name of a wrapper's call comes from."""
        values: dict[Value, None] = {}
        unknown: list[str] = []
        names = sorted({param.name.value for param in wrapper.params})
        for site in wrapper.sites:
            for run in self.sites.runs_of(site, wrapper.function):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                for param in wrapper.params:
                    value = held[param].value(self.evaluator) if param in held else Unknown("it is unpacked")
                    for option in value.options():
                        if isinstance(option, Unknown):
                            unknown.append(option.reason)
                        else:
                            values[option] = None
        shown = " and ".join(f"`{name}`" for name in names)
        what = f"{shown} {'is a parameter' if len(names) == 1 else 'are parameters'} of {wrapper.name}"
        several = f"{len(values)} different values" if len(values) > 1 else "one value"
        if not values:
            return f"{what}, called with values that are not known" + (f": {min(unknown)}" if unknown else "")
        more = f" and others that are not known: {min(unknown)}" if unknown else ""
        return f"{what}, called with {several}{more}"


def is_named_there(call: LegacyCall) -> bool:
    """Whether the method is named in the function of the call, and not in a payload that is handed to it."""
    method = call.bound.method
    if method is None or not call.module.holds(method):
        return False
    return bool(call.clients) or call.module.function_of(method) is call.module.function_of(call.node)


def is_decorated(wrapper: Wrapper) -> bool:
    """Whether a decorator may change what the wrapper is called with."""
    node = wrapper.function.ref.node
    return isinstance(node, cst.FunctionDef) and not is_plain(node)
