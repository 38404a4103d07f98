"""The client libraries: `client.call(method, ...)` in all its forms, wherever the client comes from."""

from __future__ import annotations

import libcst as cst

from callr_migrate.detect import handed
from callr_migrate.detect.calls import Detection, LegacyCall
from callr_migrate.detect.facade import awaited, facade_call
from callr_migrate.detect.unseen import Doubts
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.shapes import bind_call
from callr_migrate.evaluate.values import (
    BoundMethod,
    Client,
    Collected,
    InstanceValue,
    Literal,
    SuperValue,
    Value,
    constants,
    unknown_reason,
)
from callr_migrate.records import replace


def detect(evaluator: Evaluator, module: Module) -> Detection:
    """The legacy calls of a module in source order, and the calls that could be one but cannot be told."""
    doubts = Doubts(evaluator, module)
    found: list[LegacyCall] = []
    unseen: list[tuple[int, str]] = []
    for node in module.calls:
        value = evaluator.evaluate(module, node.func)
        call = _legacy_call(evaluator, module, node, value) or handed.legacy_call(
            evaluator, module, node, value
        )
        if call is not None:
            found.append(call)
        elif (reason := doubts.of(node, value)) is not None:
            unseen.append((module.source.position(module.span(node)[0]).line, reason))
    return Detection(tuple(found), tuple(unseen))


def _legacy_call(evaluator: Evaluator, module: Module, node: cst.Call, callee: Value) -> LegacyCall | None:
    surfaces = evaluator.pack.surfaces
    legacy = [
        option
        for option in callee.options()
        if isinstance(option, BoundMethod)
        and isinstance(option.owner, Client)
        and evaluator.is_request(option.owner, option.name)
    ]
    if not legacy:
        return None
    first = min(legacy, key=lambda option: (_surface(option), option.name))
    facade = surfaces[_surface(first)].facade.get(first.name)
    clients = {option.owner for option in legacy if isinstance(option.owner, Client)}
    owners = tuple(sorted(clients, key=_place) if len(clients) > 1 else clients)
    mixed = len(legacy) < len(callee.options()) or len({option.name for option in legacy}) > 1
    if facade is not None:
        return facade_call(evaluator, module, node, owners, facade, first.name, mixed=mixed)
    bound = bind_call(node, surfaces[_surface(first)].calls[first.name])
    if bound.params is not None and bound.named is None and _is_dict(evaluator, module, bound.params):
        bound = replace(bound, named=bound.params, arguments=None, problem=None)
    methods: tuple[str, ...] = ()
    reason: str | None = None
    if bound.method is None:
        reason = bound.problem or "the call names no method"
    else:
        value = evaluator.evaluate(module, bound.method)
        known = constants(value)
        if known is None or not all(isinstance(constant.value, str) for constant in known):
            reason = unknown_reason(value) or "the method name is no text"
        else:
            methods = tuple(sorted({str(constant.value) for constant in known}))
    rule = evaluator.pack.methods.get(methods[0]) if len(methods) == 1 else None
    receiver = None
    if isinstance(node.func, cst.Attribute) and _is_receiver(evaluator, module, node.func.value):
        receiver = node.func.value
    return LegacyCall(
        module,
        node,
        _surface(first),
        owners,
        mixed,
        receiver,
        bound,
        methods,
        reason,
        rule,
        obstacle=awaited(module, node) if surfaces[_surface(first)].facade else None,
    )


def _is_dict(evaluator: Evaluator, module: Module, node: cst.BaseExpression) -> bool:
    """Whether the parameters can only be a dict, which the server refuses."""
    return all(
        (isinstance(option, Literal) and isinstance(option.ref.node, cst.Dict))
        or (isinstance(option, Collected) and option.kind == "dict")
        for option in evaluator.evaluate(module, node).options()
    )


def _is_receiver(evaluator: Evaluator, module: Module, node: cst.BaseExpression) -> bool:
    """Whether the expression in front of the dot is the client itself, not something that keeps its method."""
    for option in evaluator.evaluate(module, node).options():
        if isinstance(option, Client):
            return True
        if isinstance(option, (InstanceValue, SuperValue)):
            klass = option.of
            if evaluator.legacy_client(klass) is not None:
                return True
    return False


def _surface(method: BoundMethod) -> str:
    assert isinstance(method.owner, Client)
    return method.owner.surface


def _place(client: Client) -> tuple[str, int, str]:
    if client.made_at is None:
        return "", 0, client.surface
    module = client.made_at.module
    return str(module.path), module.span(client.made_at.node)[0], client.surface
