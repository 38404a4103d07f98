"""Functions of the project that hand a method name on to a legacy call: each call of such a wrapper is a legacy call.

The call in the wrapper's body performs whatever its callers name, so it is told as the wrapper. Found from the inside
out: the functions whose parameters a legacy call's method name is made from, the calls of these, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from callr_migrate.detect import handed
from callr_migrate.detect.calls import WRAPPER, LegacyCall
from callr_migrate.detect.callsites import Site
from callr_migrate.detect.declared import as_wrapper, through_declared
from callr_migrate.detect.forwarding import forwarded
from callr_migrate.detect.naming import Naming, Wrapper, is_decorated, is_named_there
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.arguments import (
    bound,
)
from callr_migrate.evaluate.functions import takes_itself
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.evaluate.values import (
    Constant,
    FunctionValue,
    Partial,
    Ref,
    Unknown,
    constants,
    union,
    unknown_reason,
)
from callr_migrate.pack.declared import declared_names
from callr_migrate.records import replace


def through_wrappers(
    evaluator: Evaluator, modules: Sequence[Module], calls: Iterable[LegacyCall]
) -> list[LegacyCall]:
    """All legacy calls: those given, and those that are performed through wrappers and partials of the modules."""
    return _Search(evaluator, modules, list(calls)).run()


class _Search(Naming):
    def __init__(self, evaluator: Evaluator, modules: Sequence[Module], calls: list[LegacyCall]) -> None:
        super().__init__(evaluator, modules if calls or declared_names(evaluator.pack) else [])
        self.modules = modules
        self.calls = calls
        self.wrappers: dict[cst.CSTNode, Wrapper] = {}

    def run(self) -> list[LegacyCall]:
        taken: set[cst.CSTNode] = {call.node for call in self.calls}
        waiting: list[LegacyCall | Site] = list(self.calls)
        for inner in waiting:
            waiting += self._found_from(inner, taken)
        told: dict[cst.CSTNode, LegacyCall] = {}
        for call in self.calls:
            told[call.node] = call
        for wrapper in self.wrappers.values():
            for site in wrapper.sites if self.names_a_method(wrapper) else ():
                through = self._call(site) if site.node not in told else None
                if through is not None:
                    told[site.node] = through
        for wrapper in filter(self.names_a_method, self.wrappers.values()):
            chain = self.chain(wrapper)
            for inner in wrapper.inner:
                known = told.get(inner.node)
                if known is not None:
                    told[inner.node] = replace(
                        known, methods=(), rule=None, method_reason=chain, forwards=wrapper.name
                    )
        found = [*told.values(), *self._uncalled_partials(told)]
        nodes: set[cst.CSTNode] = {call.node for call in found}
        return [
            *(as_wrapper(self.evaluator, call) for call in found),
            *through_declared(self.evaluator, self.modules, self.sites, nodes),
        ]

    # From a call to the function that it is forwarded from

    def _found_from(self, inner: LegacyCall | Site, taken: set[cst.CSTNode]) -> list[Site]:
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
        return self._add(inner, home, owner, owners[owner], taken, is_exact=is_exact)

    def _add(
        self,
        inner: LegacyCall | Site,
        home: Module,
        owner: cst.CSTNode,
        params: set[cst.Param],
        taken: set[cst.CSTNode],
        *,
        is_exact: bool,
    ) -> list[Site]:
        function = FunctionValue(Ref(home, owner))
        known = self.wrappers.get(owner)
        wrapper = known or Wrapper(function)
        sites = wrapper.sites if known else self.sites.of(function)
        if not sites:
            return []
        is_fixed = isinstance(self.named(inner), Constant)
        if is_fixed and not (is_exact and self._is_given(Wrapper(function, params), sites)):
            return []
        wrapper.params |= params
        wrapper.inner.append(inner)
        if known is not None:
            return []
        wrapper.sites = sites
        self.wrappers[owner] = wrapper
        fresh = [site for site in sites if site.node not in taken]
        for site in sites:
            self.targets.setdefault(site.node, []).append(wrapper)
        taken.update(site.node for site in fresh)
        return fresh

    def _sources(self, inner: LegacyCall | Site) -> tuple[list[tuple[Module, cst.BaseExpression]], bool]:
        """The expressions that the method name of a call is made from, and whether it is made from just these."""
        if isinstance(inner, LegacyCall):
            if is_named_there(inner):
                assert inner.bound.method is not None
                return [(inner.module, inner.bound.method)], True
            args = inner.node.args if isinstance(inner.node, cst.Call) else ()
            return [(inner.module, arg.value) for arg in args], not inner.clients
        found: list[tuple[Module, cst.BaseExpression]] = []
        is_exact = True
        for wrapper in self.targets.get(inner.node, []):
            for run in self.sites.runs_of(inner, wrapper.function):
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

    def _is_given_by_itself(self, module: Module, owner: cst.CSTNode, param: cst.Param) -> bool:
        """Whether a parameter is `self` or `cls`."""
        params = owner.params if isinstance(owner, (cst.FunctionDef, cst.Lambda)) else None
        ordered = [*params.posonly_params, *params.params] if params else []
        is_first = bool(ordered) and ordered[0] is param
        return is_first and module.scope_of(owner).is_class and takes_itself(owner)

    def _is_given(self, wrapper: Wrapper, sites: list[Site]) -> bool:
        """Whether a call passes one of the parameters, rather than leaving it at its default."""
        for site in sites:
            for run in self.sites.runs_of(site, wrapper.function):
                held = bound(self.evaluator, run.function, run.arguments, shifted=run.shifted)
                if any(param in held and held[param].node is not param.default for param in wrapper.params):
                    return True
        return False

    # What is told

    def _call(self, site: Site) -> LegacyCall | None:
        """The legacy call that a site is; None where what is forwarded there is something else."""
        wrappers = self.targets[site.node]
        found = self.names(site)
        if not found and not self.spelled(site, wrappers):
            return None
        named = union(found)
        names = constants(named)
        known = self.evaluator.pack.methods
        reason = None
        if names is None or not all(isinstance(name.value, str) for name in names):
            names = self.spelled(site, wrappers)
            reason = None if names else unknown_reason(named) or "the method name is no text"
        methods = tuple(sorted({str(name.value) for name in names}))
        given = self.sites.given(site)
        is_sure = given is None or given.sure
        if not known.keys() & set(methods) and (not is_sure or self._may_be_other(site, wrappers)):
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

    def _may_be_other(self, site: Site, wrappers: list[Wrapper]) -> bool:
        """Whether what is called, here or in the wrapper, may be something that is known to be no client."""
        own = {wrapper.function for wrapper in wrappers}
        for option, _ in self.sites.performed(site):
            runs = {function for function, _ in self.sites.runs(option)}
            if not isinstance(option, Unknown) and not runs & own:
                return True
        for inner in (inner for wrapper in wrappers for inner in wrapper.inner):
            if not isinstance(inner, LegacyCall) or not inner.mixed:
                continue
            if not isinstance(inner.node, cst.Call):
                continue
            options = self.evaluator.evaluate(inner.module, inner.node.func).options()
            if any(
                not isinstance(option, Unknown) and not handed.is_request(self.evaluator, option)
                for option in options
            ):
                return True
        return False

    def _bound(self, site: Site, wrappers: list[Wrapper]) -> BoundCall:
        """The parameters of a call site, where the wrapper passes its own on as they are."""
        inner = wrappers[0].inner[0]
        runs = self.sites.runs_of(site, wrappers[0].function)
        problem = BoundCall(None, None, f"{wrappers[0].name} puts the parameters together")
        if len(wrappers) > 1 or len(wrappers[0].inner) > 1 or len(runs) != 1:
            return problem
        if is_decorated(wrappers[0]):
            return problem
        return forwarded(self.evaluator, site, wrappers[0].module, inner, runs[0]) or problem

    def _uncalled_partials(self, told: dict[cst.CSTNode, LegacyCall]) -> Iterator[LegacyCall]:
        if not self.sites.partials:
            return
        used: set[cst.CSTNode] = set()
        for call in told.values():
            parts = (
                [call.node.func, *(arg.value for arg in call.node.args)]
                if isinstance(call.node, cst.Call)
                else []
            )
            for node in parts:
                for option in self.evaluator.evaluate(call.module, node).options():
                    if isinstance(option, Partial):
                        used.add(option.place.node)
        for site in self.sites.partials:
            if site.node not in used and site.node not in told:
                uncalled = handed.of_partial(self.evaluator, site.module, site.node)
                functions = self.sites.functions(self.evaluator.evaluate(site.module, site.node))
                wrappers = [self.wrappers.get(function.ref.node) for function in functions]
                self.targets[site.node] = [wrapper for wrapper in wrappers if wrapper is not None]
                if self.targets[site.node]:
                    uncalled = self._call(site)
                if uncalled is not None:
                    yield uncalled
