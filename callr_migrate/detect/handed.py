"""Legacy calls whose function goes through other hands: partials, pools, threads, event loops."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.arguments import Arguments, Handed, handed_on, is_own, passed, receivers
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.evaluate.values import (
    BoundMethod,
    Client,
    Partial,
    Symbol,
    Value,
    constants,
    union,
    unknown_reason,
)

PARTIAL = Symbol("functools.partial")
# What a function may be read from.
HOLDERS = frozenset({cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.IfExp, cst.BooleanOperation})


def legacy_call(evaluator: Evaluator, module: Module, node: cst.Call, callee: Value) -> LegacyCall | None:
    """The legacy call that a call of a partial performs, or that a callee performs which is handed a function."""
    if any(isinstance(option, Partial) for option in callee.options()):
        arguments = passed(evaluator, module, node.args)
        return _of(
            evaluator, module, node, callee, arguments, "the call goes through a partial; spell it out"
        )
    for handed in handed_to(evaluator, module, node, callee):
        shown = module.text_of(node.func)
        told = (
            f"`{shown}` is handed the client's method and calls it; hand on a function of your own that does"
        )
        value = evaluator.evaluate(module, handed.function)
        call = _of(evaluator, module, node, value, handed.arguments, told)
        if call is not None and (handed.sure or any(name in evaluator.pack.methods for name in call.methods)):
            return call
    return None


def handed_to(evaluator: Evaluator, module: Module, node: cst.Call, callee: Value) -> Iterator[Handed]:
    """The clients' methods and partials that a call hands on to something that is not the project's own."""
    if is_own(callee) or PARTIAL in callee.options():
        return
    for arg in node.args:
        if arg.star or type(arg.value) not in HOLDERS:
            continue
        if any(_is_legacy(evaluator, option) for option in evaluator.evaluate(module, arg.value).options()):
            handed = handed_on(evaluator, module, node, arg.value)
            if handed is not None:
                yield handed


def of_partial(evaluator: Evaluator, module: Module, node: cst.Call) -> LegacyCall | None:
    """A partial of a legacy call that nobody is seen to call."""
    value = evaluator.evaluate(module, node)
    told = "the partial is handed on, and who calls it is not seen; hand on a function of your own"
    further = Arguments(rest="a partial is given further arguments where it is called")
    return _of(evaluator, module, node, value, further, told)


def _is_legacy(evaluator: Evaluator, option: Value) -> bool:
    if isinstance(option, Partial):
        return any(_is_legacy(evaluator, inner) for inner in option.function.options())
    return isinstance(option, BoundMethod) and is_request(evaluator, option)


def is_request(evaluator: Evaluator, option: Value) -> bool:
    """Whether a value is a client's method that performs a request."""
    return (
        isinstance(option, BoundMethod)
        and isinstance(option.owner, Client)
        and evaluator.is_request(option.owner, option.name)
    )


def _of(
    evaluator: Evaluator, module: Module, node: cst.Call, callee: Value, given: Arguments, obstacle: str
) -> LegacyCall | None:
    performed = list(receivers(evaluator, callee, given))
    legacy = [(option, arguments) for option, arguments in performed if is_request(evaluator, option)]
    if not legacy:
        return None
    values: list[Value] = []
    clients: dict[Client, None] = {}
    for option, arguments in legacy:
        assert isinstance(option, BoundMethod)
        assert isinstance(option.owner, Client)
        clients[option.owner] = None
        value = evaluator.named_by(option.owner, option.name, arguments)
        values += [value] if value is not None else []
    named = union(values) if values else None
    names = constants(named) if named is not None else None
    reason = None
    if names is None or not all(isinstance(name.value, str) for name in names):
        names, reason = (
            [],
            (unknown_reason(named) if named is not None else None) or "the call names no method",
        )
    methods = tuple(sorted({str(name.value) for name in names}))
    return LegacyCall(
        module,
        node,
        next(iter(clients)).surface,
        tuple(clients),
        len(legacy) < len(performed),
        None,
        _bound(evaluator, module, *legacy[0])
        if len(legacy) == 1
        else BoundCall(None, None, "there are several"),
        methods,
        reason,
        evaluator.pack.methods.get(methods[0]) if len(methods) == 1 else None,
        obstacle=obstacle,
    )


def _bound(evaluator: Evaluator, module: Module, option: Value, arguments: Arguments) -> BoundCall:
    """The parameters of the call, as far as they are expressions of the file."""
    assert isinstance(option, BoundMethod)
    assert isinstance(option.owner, Client)
    shape = evaluator.pack.surfaces[option.owner.surface].calls.get(option.name)
    if shape is None:
        return BoundCall(None, None, "the parameters are those of the wrapper")
    method = arguments.method(len(shape.leading), shape.method)
    named = method.node if method is not None and method.module is module else None
    behind = arguments.positional[len(shape.leading) + 1 :]
    nodes = [argument.node for argument in behind if argument.module is module and argument.node is not None]
    if not shape.spread or arguments.rest or arguments.more or len(nodes) < len(behind):
        return BoundCall(
            named, None, arguments.rest or arguments.more or "the parameters are not in one place"
        )
    return BoundCall(named, tuple(nodes))
