"""Calls of a client that spells the method by attributes: `client.sms.send(...)`."""

from __future__ import annotations

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.project import dotted_name
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.evaluate.values import Client, constants
from callr_migrate.pack.model import FacadeCall

AWAITED = (
    "it is awaited, or may be: the client then answers a status and a body, which REST v2 does otherwise"
)
_ASYNCHRONOUS = frozenset({"aiohttp", "anyio", "asyncio", "trio"})


def facade_call(
    evaluator: Evaluator,
    module: Module,
    node: cst.Call,
    owners: tuple[Client, ...],
    facade: FacadeCall,
    name: str,
    *,
    mixed: bool,
) -> LegacyCall:
    """The legacy call behind a facade's attributes (`name` is all of them, dotted)."""
    receiver: cst.BaseExpression | None = node.func
    for _ in range(name.count(".") + 1):
        receiver = receiver.value if isinstance(receiver, cst.Attribute) else None
    direct = receiver is not None and all(
        isinstance(option, Client) for option in evaluator.evaluate(module, receiver).options()
    )
    assumed = facade.params is None and bool(node.args)
    return LegacyCall(
        module,
        node,
        owners[0].surface,
        owners,
        mixed,
        receiver if direct else None,
        _bound(evaluator, module, node, facade),
        (facade.method,),
        None,
        evaluator.pack.methods.get(facade.method),
        obstacle=awaited(module, node),
        doubt=f"the parameters of `{name}` are taken to be those of {facade.method}" if assumed else None,
    )


def _bound(evaluator: Evaluator, module: Module, node: cst.Call, facade: FacadeCall) -> BoundCall:
    """The arguments as those of the method; a facade whose parameters are not known hands them on in order."""
    names = facade.params or []
    given: dict[str, cst.BaseExpression] = {}
    for index, arg in enumerate(node.args):
        if arg.star:
            return BoundCall(None, None, f"the arguments are unpacked with `{arg.star}`")
        if arg.keyword is not None:
            name = arg.keyword.value
        else:
            name = names[index] if index < len(names) else str(index)
        if facade.params is not None and name not in names:
            return BoundCall(None, None, f"the wrapper takes no argument `{name}`")
        if facade.params is None and arg.keyword is not None:
            return BoundCall(None, None, f"which parameter of the method `{name}` is is not known")
        given[name] = arg.value
    ignored = [
        given.pop(name)
        for name in list(given)
        if name in facade.neutral and _is_neutral(evaluator, module, given[name], facade.neutral[name])
    ]
    further = next((name for name in given if name in facade.neutral), None)
    if further is not None:
        return BoundCall(None, None, f"`{further}` has no known place in v2")
    wanted = [name for name in names if name not in facade.neutral][: len(given)] or list(given)
    if list(wanted) != [name for name in wanted if name in given]:
        return BoundCall(None, None, "its arguments leave one out")
    return BoundCall(None, tuple(given[name] for name in wanted), ignored=tuple(ignored))


def _is_neutral(evaluator: Evaluator, module: Module, node: cst.BaseExpression, value: object) -> bool:
    known = constants(evaluator.evaluate(module, node))
    return known is not None and all(constant.value == value for constant in known)


def awaited(module: Module, node: cst.Call) -> str | None:
    """Why a call may be one of the asynchronous client: it is awaited, or stands in asynchronous code."""
    function = module.function_of(node)
    if isinstance(module.parent(node), cst.Await):
        return AWAITED
    if isinstance(function, cst.FunctionDef) and function.asynchronous is not None:
        return AWAITED
    for statement in module.imports:
        names = (
            [statement.module]
            if isinstance(statement, cst.ImportFrom)
            else [alias.name for alias in statement.names]
        )
        if any(
            (dotted_name(name) or "").split(".")[0] in _ASYNCHRONOUS for name in names if name is not None
        ):
            return AWAITED
    return None
