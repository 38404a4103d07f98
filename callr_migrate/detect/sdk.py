"""The client libraries: `client.call(method, ...)` in all its forms, wherever the client comes from."""

from __future__ import annotations

import sys
from dataclasses import replace

import libcst as cst

from callr_migrate.detect.calls import Detection, LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.shapes import BoundCall, bind_call
from callr_migrate.evaluate.values import (
    BoundMethod,
    ClassValue,
    Client,
    Collected,
    InstanceValue,
    Literal,
    SuperValue,
    Symbol,
    Unknown,
    Value,
    constants,
    unknown_reason,
)
from callr_migrate.pack.model import FacadeCall


def detect(evaluator: Evaluator, module: Module) -> Detection:
    """The legacy calls of a module in source order, and the calls that could be one but cannot be told."""
    names = {name for surface in evaluator.pack.surfaces.values() for name in surface.calls}
    found: list[LegacyCall] = []
    unseen: list[tuple[int, str]] = []
    for node in module.calls:
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
        and evaluator.is_request(option.owner, option.name)
    ]
    if not legacy:
        return None
    first = sorted(legacy, key=lambda option: (_surface(option), option.name))[0]
    facade = surfaces[_surface(first)].facade.get(first.name)
    if facade is not None:
        return _facade_call(evaluator, module, node, first, facade)
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
    others = [option for option in callee.options() if option not in legacy]
    receiver = None
    if isinstance(node.func, cst.Attribute) and _is_receiver(evaluator, module, node.func.value):
        receiver = node.func.value
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


def _facade_call(
    evaluator: Evaluator, module: Module, node: cst.Call, callee: BoundMethod, facade: FacadeCall
) -> LegacyCall:
    """A call that spells its method as attributes; its parameters are the facade's own, not the method's."""
    assert isinstance(callee.owner, Client)
    return LegacyCall(
        module,
        node,
        _surface(callee),
        (callee.owner,),
        False,
        None,
        BoundCall(None, None, "the parameters are those of the wrapper"),
        (facade.method,),
        None,
        evaluator.pack.methods.get(facade.method),
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


def _place(client: Client) -> tuple[str, int]:
    if client.made_at is None:
        return "", 0
    module = client.made_at.module
    return str(module.path), module.span(client.made_at.node)[0]


def _unseen(evaluator: Evaluator, module: Module, node: cst.Call, callee: Value) -> str | None:
    """Why a call may be a legacy call, if it may: its receiver is not known and it names a method of the pack."""
    assert isinstance(node.func, cst.Attribute)
    if all(_is_own(evaluator, option) for option in evaluator.evaluate(module, node.func.value).options()):
        return None
    reason = _not_known(evaluator, callee)
    if reason is None:
        return None
    shapes = [shape for surface in evaluator.pack.surfaces.values() for shape in surface.calls.values()]
    labels = {shape.method for shape in shapes}
    # The second one, too: `Class.call(client, name)`.
    left = 2
    for arg in node.args:
        if arg.star:
            break
        if arg.keyword is None:
            left -= 1
        if left < 0 if arg.keyword is None else arg.keyword.value not in labels:
            continue
        for constant in constants(evaluator.evaluate(module, arg.value)) or []:
            if isinstance(constant.value, str) and constant.value in evaluator.pack.methods:
                return f"`{constant.value}` is called on something that is not known: {reason}"
    return None


def _is_own(evaluator: Evaluator, option: Value) -> bool:
    """Whether a receiver is an object of the project's own, all of whose bases are known."""
    klass = option.of if isinstance(option, (InstanceValue, SuperValue)) else option
    return isinstance(klass, ClassValue) and not any(
        isinstance(base, Unknown) or (isinstance(base, Symbol) and not _is_python_own(base))
        for base in evaluator.bases(klass)
    )


def _is_python_own(symbol: Symbol) -> bool:
    package = symbol.name.split(".")[0]
    return package == "builtins" or package in sys.stdlib_module_names


def _not_known(evaluator: Evaluator, callee: Value) -> str | None:
    """Why the callee is not known; what Python itself brings along is no client."""
    reason = unknown_reason(callee)
    if reason is not None:
        return reason
    for option in callee.options():
        if isinstance(option, Symbol):
            own = {surface.module for surface in evaluator.pack.surfaces.values()}
            if not _is_python_own(option) and option.name.split(".")[0] not in own:
                return evaluator.told_outside(option.name.rpartition(".")[0])
    return None
