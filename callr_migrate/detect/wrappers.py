"""Functions of the project that hand a method name on to a legacy call: each call of such a wrapper is a legacy call.

The call in the wrapper's body performs whatever its callers name, so it is told as the wrapper. Found from the inside
out: the functions whose parameters a legacy call's method name is made from, the calls of these, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import libcst as cst

from callr_migrate.detect import handed
from callr_migrate.detect.calls import WRAPPER, LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.arguments import (
    Argument,
    Arguments,
    bound,
    handed_on,
    is_task,
    mentioned,
    passed,
    receivers,
)
from callr_migrate.evaluate.functions import is_shifted, takes_itself
from callr_migrate.evaluate.names import is_plain
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.evaluate.values import (
    BoundMethod,
    ClassValue,
    Constant,
    FunctionValue,
    InstanceValue,
    Partial,
    Ref,
    Symbol,
    Unknown,
    Value,
    constants,
    union,
    unknown_reason,
)

# Wrappers of wrappers of wrappers.
_MAX_CHAIN = 8

Function = cst.FunctionDef | cst.Lambda


@dataclass(frozen=True)
class _Site:
    """A call of a wrapper; `handed` is the expression of a function that the call hands on."""

    module: Module
    node: cst.Call
    handed: cst.BaseExpression | None = None


@dataclass(frozen=True)
class _Performed:
    """One way in which a site calls a function."""

    function: FunctionValue
    arguments: Arguments
    shifted: bool


@dataclass
class _Wrapper:
    """A function, the calls in it that its callers name the method of, and the calls of it."""

    function: FunctionValue
    params: set[cst.Param] = field(default_factory=set)
    inner: list[LegacyCall | _Site] = field(default_factory=list)
    sites: list[_Site] = field(default_factory=list)

    @property
    def module(self) -> Module:
        return self.function.ref.module

    @property
    def name(self) -> str:
        """As it is told to people."""
        node = self.function.ref.node
        line = self.module.source.position(self.module.span(node)[0]).line
        name = f"`{node.name.value}`" if isinstance(node, cst.FunctionDef) else "a lambda"
        return f"{name} ({self.module.path.name}:{line})"


def through_wrappers(
    evaluator: Evaluator, modules: Sequence[Module], calls: Iterable[LegacyCall]
) -> list[LegacyCall]:
    """All legacy calls: those given, and those that are performed through wrappers and partials of the modules."""
    return _Search(evaluator, modules, list(calls)).run()


class _Search:
    def __init__(self, evaluator: Evaluator, modules: Sequence[Module], calls: list[LegacyCall]) -> None:
        self.evaluator = evaluator
        self.modules = modules
        self.calls = calls
        self.wrappers: dict[cst.CSTNode, _Wrapper] = {}
        self._callers: dict[cst.CSTNode, list[_Site]] | None = None
        self._targets: dict[cst.Call, list[_Wrapper]] = {}  # site -> what it calls
        self._makers: dict[cst.Call, list[_Site]] = {}  # post -> the calls that make its payload
        self._partials: list[_Site] = []
        self._depth = 0

    def run(self) -> list[LegacyCall]:
        self._callers = self._index() if self.calls else {}
        taken: set[cst.CSTNode] = {call.node for call in self.calls}
        waiting: list[LegacyCall | _Site] = list(self.calls)
        for inner in waiting:
            waiting += self._found_from(inner, taken)
        told: dict[cst.CSTNode, LegacyCall] = {}
        for call in self.calls:
            told[call.node] = call
        for wrapper in self.wrappers.values():
            for site in wrapper.sites:
                through = self._call(site) if site.node not in told else None
                if through is not None:
                    told[site.node] = through
        for wrapper in self.wrappers.values():
            chain = self._chain(wrapper)
            for inner in wrapper.inner:
                known = told.get(inner.node)
                if known is not None and chain is not None:
                    told[inner.node] = replace(
                        known, methods=(), rule=None, method_reason=chain, forwards=wrapper.name
                    )
        return [*told.values(), *self._uncalled_partials(told)]

    # Who calls which function

    def _index(self) -> dict[cst.CSTNode, list[_Site]]:
        index: dict[cst.CSTNode, list[_Site]] = {}
        for module in self.modules:
            for node in module.calls:
                callee = self.evaluator.evaluate(module, node.func)
                if Symbol("functools.partial") in callee.options():
                    self._partials.append(_Site(module, node))
                for function in self._functions(callee):
                    index.setdefault(function.ref.node, []).append(_Site(module, node))
                if isinstance(node.func, cst.Attribute) and is_task(node.func.attr.value):
                    site = _Site(module, node, node.func.value)
                    for function in self._functions(self.evaluator.evaluate(module, node.func.value)):
                        index.setdefault(function.ref.node, []).append(site)
        return index

    def _functions(self, callee: Value) -> Iterator[FunctionValue]:
        for option in callee.options():
            if isinstance(option, Partial):
                yield from self._functions(option.function)
            for function, _ in self._runs(option):
                yield function

    def _runs(self, option: Value) -> Iterator[tuple[FunctionValue, bool]]:
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

    def _sites_of(self, function: FunctionValue) -> list[_Site]:
        assert self._callers is not None
        node = function.ref.node
        sites = list(self._callers.get(node, []))
        if isinstance(node, cst.FunctionDef):
            for module, mention in self.evaluator.project.mentions_of(node.name.value):
                found = mentioned(module, mention)
                if found is None or function not in self._functions(self.evaluator.evaluate(module, mention)):
                    continue
                callee = self.evaluator.evaluate(module, found[0].func)
                if Symbol("functools.partial") not in callee.options():
                    sites.append(_Site(module, *found))
        return list({site.node: site for site in sites}.values())

    def _performed(self, site: _Site) -> list[tuple[Value, Arguments]]:
        """What a site calls, under the assumptions around."""
        evaluator, module = self.evaluator, site.module
        if site.handed is None:
            callee = evaluator.evaluate(module, site.node.func)
            return list(receivers(evaluator, callee, passed(evaluator, module, site.node.args)))
        given = handed_on(evaluator, module, site.node, site.handed)
        if given is None:
            return []
        return list(receivers(evaluator, evaluator.evaluate(module, site.handed), given.arguments))

    def _runs_of(self, site: _Site, wrapper: _Wrapper) -> list[_Performed]:
        return [
            _Performed(function, arguments, shifted)
            for option, arguments in self._performed(site)
            for function, shifted in self._runs(option)
            if function == wrapper.function
        ]

    # From a call to the function that it is forwarded from

    def _found_from(self, inner: LegacyCall | _Site, taken: set[cst.CSTNode]) -> list[_Site]:
        """The new call sites of the function whose parameters name the method of a call."""
        sources, is_exact = self._sources(inner)
        owners: dict[cst.CSTNode, set[cst.Param]] = {}
        for module, expression in sources:
            for param in self.evaluator.leading.of(module, expression):
                owner = module.parents[module.parents[param]]
                if not self._is_given_by_itself(module, owner, param):
                    owners.setdefault(owner, set()).add(param)
        if not owners:
            return []
        home = sources[0][0]
        owner = max(owners, key=lambda node: home.span(node)[0])
        if isinstance(inner, LegacyCall) and not _encloses(inner, home, owner):
            return self._payload_made_by(inner, home, owner, taken)
        return self._add(inner, home, owner, owners[owner], taken, is_exact=is_exact)

    def _add(
        self,
        inner: LegacyCall | _Site,
        home: Module,
        owner: cst.CSTNode,
        params: set[cst.Param],
        taken: set[cst.CSTNode],
        *,
        is_exact: bool,
    ) -> list[_Site]:
        function = FunctionValue(Ref(home, owner))
        known = self.wrappers.get(owner)
        wrapper = known or _Wrapper(function)
        sites = wrapper.sites if known else self._sites_of(function)
        if not sites:
            return []
        is_fixed = isinstance(self._named(inner), Constant)
        if is_fixed and not (is_exact and self._is_given(_Wrapper(function, params), sites)):
            return []
        wrapper.params |= params
        wrapper.inner.append(inner)
        if known is not None:
            return []
        wrapper.sites = sites
        self.wrappers[owner] = wrapper
        fresh = [site for site in sites if site.node not in taken]
        for site in sites:
            self._targets.setdefault(site.node, []).append(wrapper)
        taken.update(site.node for site in fresh)
        return fresh

    def _sources(self, inner: LegacyCall | _Site) -> tuple[list[tuple[Module, cst.BaseExpression]], bool]:
        """The expressions that the method name of a call is made from, and whether it is made from just these."""
        if isinstance(inner, LegacyCall):
            if inner.bound.method is not None:
                home = self._home(inner)
                return [(home, inner.bound.method)], True
            return [(inner.module, arg.value) for arg in inner.node.args], False
        found: list[tuple[Module, cst.BaseExpression]] = []
        is_exact = True
        for wrapper in self._targets.get(inner.node, []):
            for run in self._runs_of(inner, wrapper):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                for param in wrapper.params:
                    argument = held.get(param)
                    if argument is not None and argument.node is not None and argument.module is inner.module:
                        found.append((inner.module, argument.node))
                    else:
                        is_exact = False
        if not is_exact:
            found += [(inner.module, arg.value) for arg in inner.node.args]
        return found, is_exact

    def _home(self, call: LegacyCall) -> Module:
        """The module in which the method's name stands."""
        assert call.bound.method is not None
        if call.bound.method in call.module.parents:
            return call.module
        return next((module for module in self.modules if call.bound.method in module.parents), call.module)

    def _is_given_by_itself(self, module: Module, owner: cst.CSTNode, param: cst.Param) -> bool:
        """Whether a parameter is `self` or `cls`."""
        params = owner.params if isinstance(owner, (cst.FunctionDef, cst.Lambda)) else None
        ordered = [*params.posonly_params, *params.params] if params else []
        is_first = bool(ordered) and ordered[0] is param
        return is_first and module.scope_of(owner).is_class and takes_itself(owner)

    def _is_given(self, wrapper: _Wrapper, sites: list[_Site]) -> bool:
        """Whether a call passes one of the parameters, rather than leaving it at its default."""
        for site in sites:
            for run in self._runs_of(site, wrapper):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                if any(param in held and held[param].node is not param.default for param in wrapper.params):
                    return True
        return False

    def _payload_made_by(
        self, post: LegacyCall, home: Module, owner: cst.CSTNode, taken: set[cst.CSTNode]
    ) -> list[_Site]:
        """A post whose payload another function makes: the call of that names the method."""
        assert self._callers is not None
        around = post.module.function_of(post.node)
        makers = [
            site
            for site in self._callers.get(owner, [])
            if site.module is post.module and site.module.function_of(site.node) is around
        ]
        within = [site for site in makers if _is_within(post.module, site.node, post.node)]
        makers = within or makers
        if not makers:
            return []
        self._makers[post.node] = makers
        owners: set[cst.CSTNode] = set()
        params: dict[cst.CSTNode, set[cst.Param]] = {}
        for site in makers:
            for arg in site.node.args:
                for param in self.evaluator.leading.of(site.module, arg.value):
                    node = site.module.parents[site.module.parents[param]]
                    if not self._is_given_by_itself(site.module, node, param):
                        owners.add(node)
                        params.setdefault(node, set()).add(param)
        if not owners:
            return []
        outer = max(owners, key=lambda node: post.module.span(node)[0])
        return self._add(post, post.module, outer, params[outer], taken, is_exact=True)

    # What the method's name is

    def _named(self, inner: LegacyCall | _Site) -> Value:
        """The method name of a call under the assumptions around."""
        found = self._names(inner)
        return union(found) if found else Unknown("the call names no method")

    def _names(self, inner: LegacyCall | _Site) -> list[Value]:
        if self._depth >= _MAX_CHAIN:
            return []
        self._depth += 1
        try:
            if isinstance(inner, _Site):
                return self._site_names(inner)
            if inner.node in self._makers:
                return [name for site in self._makers[inner.node] for name in self._made_names(inner, site)]
            if not inner.clients and inner.bound.method is not None:
                return [self.evaluator.evaluate(self._home(inner), inner.bound.method)]
            return list(self._legacy_names(inner))
        finally:
            self._depth -= 1

    def _legacy_names(self, inner: LegacyCall) -> Iterator[Value]:
        sites = [_Site(inner.module, inner.node)]
        callee = self.evaluator.evaluate(inner.module, inner.node.func)
        for given in handed.handed_to(self.evaluator, inner.module, inner.node, callee):
            sites.append(_Site(inner.module, inner.node, given.function))
        for site in sites:
            for option, arguments in self._performed(site):
                if isinstance(option, BoundMethod) and handed.is_request(self.evaluator, option):
                    value = self.evaluator.named_by(option.owner, option.name, arguments)  # type: ignore[arg-type]
                    yield value if value is not None else Unknown("the call names no method")

    def _site_names(self, site: _Site) -> list[Value]:
        names: list[Value] = []
        for wrapper in self._targets.get(site.node, []):
            for run in self._runs_of(site, wrapper):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                seeds: dict[cst.CSTNode, Value] = {
                    param: argument.value(self.evaluator) for param, argument in held.items()
                }
                with self.evaluator.assuming(seeds):
                    names += [name for inner in wrapper.inner for name in self._names(inner)]
        return names

    def _made_names(self, post: LegacyCall, site: _Site) -> list[Value]:
        assert post.bound.method is not None
        home = self._home(post)
        names: list[Value] = []
        for option, arguments in self._performed(site):
            for function, shifted in self._runs(option):
                held = bound(self.evaluator, function, arguments, shifted=shifted)
                seeds: dict[cst.CSTNode, Value] = {
                    param: argument.value(self.evaluator) for param, argument in held.items()
                }
                with self.evaluator.assuming(seeds):
                    names.append(self.evaluator.evaluate(home, post.bound.method))
        return names

    # What is told

    def _call(self, site: _Site) -> LegacyCall | None:
        """The legacy call that a site is; None where what is forwarded there is something else."""
        wrappers = self._targets[site.node]
        found = self._names(site)
        if not found and not self._spelled(site, wrappers):
            return None
        named = union(found)
        names = constants(named)
        known = self.evaluator.pack.methods
        reason = None
        if names is None or not all(isinstance(name.value, str) for name in names):
            names = self._spelled(site, wrappers)
            reason = None if names else unknown_reason(named) or "the method name is no text"
        methods = tuple(sorted({str(name.value) for name in names}))
        if not known.keys() & set(methods) and self._may_be_other(site, wrappers):
            return None
        rule = known.get(methods[0]) if len(methods) == 1 else None
        told = " and ".join(wrapper.name for wrapper in wrappers)
        return LegacyCall(
            site.module,
            site.node,
            WRAPPER,
            (),
            False,
            None,
            self._bound(site, wrappers),
            methods,
            reason,
            rule,
            through=told,
            obstacle=f"it goes through the wrapper {told}, which performs the legacy call for all of its callers; "
            "call the new API here instead of the wrapper, and remove the wrapper when nobody calls it any more",
        )

    def _spelled(self, site: _Site, wrappers: list[_Wrapper]) -> list[Constant]:
        """The one method of the pack among the arguments, where a decorator may change what the wrapper is given."""
        if not any(map(_is_decorated, wrappers)):
            return []
        values = [
            constant
            for arg in site.node.args
            if not arg.star
            for constant in constants(self.evaluator.evaluate(site.module, arg.value)) or []
            if isinstance(constant.value, str) and constant.value in self.evaluator.pack.methods
        ]
        return values if len(values) == 1 else []

    def _may_be_other(self, site: _Site, wrappers: list[_Wrapper]) -> bool:
        """Whether what is called, here or in the wrapper, may be something that is known to be no client."""
        own = {wrapper.function for wrapper in wrappers}
        for option, _ in self._performed(site):
            runs = {function for function, _ in self._runs(option)}
            if not isinstance(option, Unknown) and not runs & own:
                return True
        for inner in (inner for wrapper in wrappers for inner in wrapper.inner):
            if not isinstance(inner, LegacyCall) or not inner.mixed:
                continue
            options = self.evaluator.evaluate(inner.module, inner.node.func).options()
            if any(
                not isinstance(option, Unknown) and not handed.is_request(self.evaluator, option)
                for option in options
            ):
                return True
        return False

    def _chain(self, wrapper: _Wrapper) -> str | None:
        """Where the method name of a wrapper's call comes from; None if nothing of it is a legacy call."""
        values: dict[object, None] = {}
        unknown: list[str] = []
        names = sorted({param.name.value for param in wrapper.params})
        for site in wrapper.sites:
            for run in self._runs_of(site, wrapper):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                for param in wrapper.params:
                    value = held[param].value(self.evaluator) if param in held else Unknown("it is unpacked")
                    for option in value.options():
                        if isinstance(option, Constant):
                            values[option.value] = None
                        elif isinstance(option, Unknown):
                            unknown.append(option.reason)
        shown = " and ".join(f"`{name}`" for name in names)
        what = f"{shown} {'is a parameter' if len(names) == 1 else 'are parameters'} of {wrapper.name}"
        several = f"{len(values)} different values" if len(values) > 1 else "one value"
        if not values:
            return f"{what}, called with values that are not known" + (f": {min(unknown)}" if unknown else "")
        more = f" and others that are not known: {min(unknown)}" if unknown else ""
        return f"{what}, called with {several}{more}"

    def _bound(self, site: _Site, wrappers: list[_Wrapper]) -> BoundCall:
        """The parameters of a call site, where the wrapper passes its own on as they are."""
        inner = wrappers[0].inner[0]
        runs = self._runs_of(site, wrappers[0])
        problem = BoundCall(None, None, f"{wrappers[0].name} puts the parameters together")
        if len(wrappers) > 1 or len(wrappers[0].inner) > 1 or len(runs) != 1 or inner.node in self._makers:
            return problem
        if _is_decorated(wrappers[0]):
            return problem
        return _forwarded(self.evaluator, site, wrappers[0].module, inner, runs[0]) or problem

    def _uncalled_partials(self, told: dict[cst.CSTNode, LegacyCall]) -> Iterator[LegacyCall]:
        used: set[cst.CSTNode] = set()
        for call in told.values():
            for node in (call.node.func, *(arg.value for arg in call.node.args)):
                for option in self.evaluator.evaluate(call.module, node).options():
                    if isinstance(option, Partial):
                        used.add(option.made_at.node)
        for site in self._partials:
            if site.node not in used and site.node not in told:
                uncalled = handed.of_partial(self.evaluator, site.module, site.node)
                if uncalled is not None:
                    yield uncalled


def _forwarded(
    evaluator: Evaluator, site: _Site, home: Module, inner: LegacyCall | _Site, run: _Performed
) -> BoundCall | None:
    """The parameters of a site whose wrapper hands `*args`, or its parameters one by one, on behind the name."""
    if not isinstance(inner, LegacyCall) or inner.bound.method is None or not inner.clients:
        return None
    function = run.function.ref.node
    assert isinstance(function, (cst.FunctionDef, cst.Lambda))
    held = bound(evaluator, run.function, run.arguments, shifted=run.shifted)
    args = list(inner.node.args)
    at = next((index for index, arg in enumerate(args) if arg.value is inner.bound.method), None)
    if at is None or run.arguments.rest or run.arguments.more or function.params.star_kwarg is not None:
        return None
    nodes: list[Argument] = []
    own = len([*function.params.posonly_params, *function.params.params]) - run.shifted
    for arg in args[at + 1 :]:
        params = evaluator.leading.of(home, arg.value)
        param = next(iter(params)) if len(params) == 1 and isinstance(arg.value, cst.Name) else None
        if param is None or arg.keyword is not None:
            return None
        bindings = evaluator.bindings_of(home, arg.value)[1] if isinstance(arg.value, cst.Name) else []
        if len(bindings) != 1 or bindings[0].node is not param:
            return None
        if arg.star == "*" and param is function.params.star_arg:
            nodes += run.arguments.positional[own:]
        elif not arg.star and param in held:
            nodes.append(held[param])
        else:
            return None
    if not all(argument.module is site.module and argument.node is not None for argument in nodes):
        return None
    return BoundCall(None, tuple(argument.node for argument in nodes if argument.node is not None))


def _is_decorated(wrapper: _Wrapper) -> bool:
    """Whether a decorator may change what the wrapper is called with."""
    node = wrapper.function.ref.node
    return isinstance(node, cst.FunctionDef) and not is_plain(node)


def _encloses(call: LegacyCall, home: Module, owner: cst.CSTNode) -> bool:
    return call.module is home and _is_within(home, call.node, owner)


def _is_within(module: Module, node: cst.CSTNode, outer: cst.CSTNode) -> bool:
    return any(ancestor is outer for ancestor in module.ancestors(node))
