"""The client libraries: `client.call(method, ...)` in all its forms, wherever the client comes from."""

from __future__ import annotations

import libcst as cst

from callr_migrate.detect.calls import Detection, LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.shapes import bind_call
from callr_migrate.evaluate.values import (
    BoundMethod,
    Client,
    Constant,
    Value,
    constants,
    unknown_reason,
)


def detect(evaluator: Evaluator, module: Module) -> Detection:
    """The legacy calls of a module in source order, and the calls that could be one but cannot be told."""
    names = {name for surface in evaluator.pack.surfaces.values() for name in surface.calls}
    found: list[LegacyCall] = []
    unseen: list[tuple[int, str]] = []
    for node in module.calls:
        if not isinstance(node.func, (cst.Name, cst.Attribute, cst.Subscript, cst.IfExp)):
            continue
        value = evaluator.evaluate(module, node.func)
        call = _legacy_call(evaluator, module, node, value)
        if call is not None:
            found.append(call)
        elif isinstance(node.func, cst.Attribute) and node.func.attr.value in names:
            reason = _unseen(evaluator, module, node, value)
            if reason is not None:
                unseen.append((module.source.position(module.span(node)[0]).line, reason))
    return Detection(tuple(found), tuple(unseen))


def _legacy_call(evaluator: Evaluator, module: Module, node: cst.Call, callee: Value) -> LegacyCall | None:
    surfaces = evaluator.pack.surfaces
    legacy = [
        option
        for option in callee.options()
        if isinstance(option, BoundMethod)
        and isinstance(option.owner, Client)
        and option.name in surfaces[option.owner.surface].calls
    ]
    if not legacy:
        return None
    first = sorted(legacy, key=lambda option: (_surface(option), option.name))[0]
    bound = bind_call(node, surfaces[_surface(first)].calls[first.name])
    methods: tuple[str, ...] = ()
    reason: str | None = None
    if bound.method is None:
        reason = bound.problem or "the call names no method"
    else:
        value = evaluator.evaluate(module, bound.method)
        known = constants(value)
        if known is None:
            reason = unknown_reason(value) or "the method name is no text"
        else:
            methods = tuple(sorted({str(constant.value) for constant in known}))
    rule = evaluator.pack.methods.get(methods[0]) if len(methods) == 1 else None
    others = [option for option in callee.options() if option not in legacy]
    receiver = node.func.value if isinstance(node.func, cst.Attribute) else None
    if receiver is not None and not any(
        isinstance(option, Client) for option in evaluator.evaluate(module, receiver).options()
    ):
        receiver = None
    owners = {option.owner for option in legacy if isinstance(option.owner, Client)}
    return LegacyCall(
        module,
        node,
        _surface(first),
        tuple(sorted(owners, key=_place)),
        bool(others) or len({option.name for option in legacy}) > 1,
        receiver,
        bound,
        methods,
        reason,
        rule,
    )


def _surface(method: BoundMethod) -> str:
    assert isinstance(method.owner, Client)
    return method.owner.surface


def _place(client: Client) -> tuple[str, int]:
    if client.made_at is None:
        return "", 0
    module = client.made_at.module
    return str(module.path), module.span(client.made_at.node)[0]


def _unseen(evaluator: Evaluator, module: Module, node: cst.Call, callee: Value) -> str | None:
    """Why a call may be a legacy call, if it may: its receiver is not known and it names a method of the pack."""
    reason = unknown_reason(callee)
    if reason is None or not node.args or node.args[0].star:
        return None
    known = constants(evaluator.evaluate(module, node.args[0].value)) or []
    for constant in known:
        if isinstance(constant, Constant) and constant.value in evaluator.pack.methods:
            return f"`{constant.value}` is called on something that is not known: {reason}"
    return None
