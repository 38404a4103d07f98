"""Calls of wrappers that the settings name, where the wrapper's own code does not show what it sends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import libcst as cst

from callr_migrate.detect.calls import WRAPPER, LegacyCall
from callr_migrate.detect.callsites import CallSites
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.shapes import bind_call
from callr_migrate.evaluate.values import FunctionValue, constants, unknown_reason
from callr_migrate.pack.declared import declared_names, is_declared
from callr_migrate.pack.model import CallShape, RulePack


def through_declared(
    evaluator: Evaluator, modules: Sequence[Module], sites: CallSites, told: set[cst.CSTNode]
) -> Iterator[LegacyCall]:
    """The calls of the project's own functions that the settings name; those at `told` are known already."""
    if not declared_names(evaluator.pack):
        return
    for module in modules:
        for node in module.calls:
            if node in told:
                continue
            for function in sites.functions(evaluator.evaluate(module, node.func)):
                name = _declared(evaluator, function)
                if name is not None:
                    yield _call(evaluator, module, node, name)
                    break


def as_wrapper(evaluator: Evaluator, call: LegacyCall) -> LegacyCall:
    """A call on a wrapper that is not part of the project, as one of the surface `wrapper`."""
    if not is_declared(call.surface):
        return call
    name = evaluator.pack.surfaces[call.surface].summary
    return replace(
        call,
        surface=WRAPPER,
        clients=(),
        receiver=None,
        through=call.through or name,
        obstacle=call.obstacle or _obstacle(name),
    )


def unused(pack: RulePack, calls: Iterable[LegacyCall]) -> list[str]:
    """One line for each wrapper that the settings name and that no call is seen of."""
    seen = {call.through for call in calls}
    surfaces = [surface for surface in pack.surfaces.values() if is_declared(surface.surface)]
    return [f"wrappers: no call of {each.summary} is seen" for each in surfaces if each.summary not in seen]


def _declared(evaluator: Evaluator, function: FunctionValue) -> str | None:
    node, module = function.ref.node, function.ref.module
    if not isinstance(node, cst.FunctionDef):
        return None
    scope = module.scope_of(node)
    holder = scope.node if scope.is_class else None
    names = [holder.name.value] if isinstance(holder, cst.ClassDef) else []
    surface = evaluator.declared(module, names, node.name.value)
    return None if surface is None else surface.summary


def _call(evaluator: Evaluator, module: Module, node: cst.Call, name: str) -> LegacyCall:
    bound = bind_call(node, CallShape(spread=True))
    value = evaluator.evaluate(module, bound.method) if bound.method is not None else None
    known = constants(value) if value is not None else None
    methods: tuple[str, ...] = ()
    reason = None
    if known is not None and all(isinstance(each.value, str) for each in known):
        methods = tuple(sorted({str(each.value) for each in known}))
    else:
        reason = (unknown_reason(value) if value is not None else None) or "the call names no method"
    return LegacyCall(
        module,
        node,
        WRAPPER,
        (),
        False,
        None,
        bound,
        methods,
        reason,
        evaluator.pack.methods.get(methods[0]) if len(methods) == 1 else None,
        through=name,
        obstacle=_obstacle(name),
    )


def _obstacle(what: str) -> str:
    return (
        f"it goes through the wrapper {what}, which the settings name; "
        "call the new API here instead of the wrapper, and remove the wrapper when nobody calls it any more"
    )
