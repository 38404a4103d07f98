"""The parameters of a call through a wrapper, where the wrapper hands them on as they are."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.detect.callsites import Performed, Site
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.arguments import Argument, bound
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.records import dataclass

# An expression, and whether it is its items that are parameters.
Part = tuple[cst.BaseExpression, bool]


def forwarded(
    evaluator: Evaluator, site: Site, home: Module, inner: LegacyCall | Site, run: Performed
) -> BoundCall | None:
    """The parameters of a site whose wrapper, in `home`, hands `*args`, a list, or its parameters one by one on."""
    if not isinstance(inner, LegacyCall) or not isinstance(inner.node, cst.Call):
        return None
    function = run.function.ref.node
    assert isinstance(function, (cst.FunctionDef, cst.Lambda))
    parts = _parts(inner, inner.node)
    if parts is None or run.arguments.rest or run.arguments.more or function.params.star_kwarg is not None:
        return None
    own = len([*function.params.posonly_params, *function.params.params]) - run.shifted
    wrapper = _Wrapper(
        evaluator,
        home,
        function.params.star_arg,
        run.arguments.positional[own:],
        bound(evaluator, run.function, run.arguments, shifted=run.shifted),
    )
    nodes: list[Argument] = []
    for part in parts:
        given = wrapper.given(*part)
        if given is None:
            return None
        nodes += given
    if not all(argument.module is site.module and argument.node is not None for argument in nodes):
        return None
    return BoundCall(None, tuple(argument.node for argument in nodes if argument.node is not None))


def _parts(inner: LegacyCall, node: cst.Call) -> list[Part] | None:
    """What the inner call has for parameters; None where that is not told."""
    if inner.bound.params is not None:
        return _items(inner.bound.params)
    if not inner.clients:
        return [] if inner.bound.arguments == () else None
    args = list(node.args)
    at = next((index for index, arg in enumerate(args) if arg.value is inner.bound.method), None)
    if at is None or inner.bound.method is None or any(arg.keyword for arg in args[at + 1 :]):
        return None
    return [(arg.value, arg.star == "*") for arg in args[at + 1 :]]


def _items(node: cst.BaseExpression) -> list[Part]:
    if isinstance(node, (cst.List, cst.Tuple)):
        return [(element.value, isinstance(element, cst.StarredElement)) for element in node.elements]
    if isinstance(node, cst.Call) and last_name(node.func) in ("list", "tuple") and len(node.args) == 1:
        return [(node.args[0].value, True)]
    return [(node, True)]


@dataclass(frozen=True)
class _Wrapper:
    """A wrapper as one site calls it: its `*args`, what these are, and what its other parameters are."""

    evaluator: Evaluator
    home: Module
    star: cst.Param | cst.ParamStar | cst.MaybeSentinel | None
    rest: tuple[Argument, ...]
    held: Mapping[cst.Param, Argument]

    def given(self, node: cst.BaseExpression, are_items: bool) -> list[Argument] | None:
        """What the site gives for an expression of the wrapper, which is one of its parameters; else None."""
        params = self.evaluator.leading.of(self.home, node)
        if len(params) != 1 or not isinstance(node, cst.Name):
            return None
        param = next(iter(params))
        bindings = self.evaluator.bindings_of(self.home, node)[1]
        if len(bindings) != 1 or bindings[0].node is not param:
            return None
        if are_items and param is self.star:
            return list(self.rest)
        argument = self.held.get(param)
        if argument is None or not are_items:
            return None if argument is None else [argument]
        listed = argument.node
        if not isinstance(listed, (cst.List, cst.Tuple)):
            return None
        if any(isinstance(element, cst.StarredElement) for element in listed.elements):
            return None
        return [Argument(argument.module, element.value) for element in listed.elements]
