"""`except` clauses that catch the legacy client's errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import BoundMethod, FunctionValue, Symbol
from callr_migrate.pack.model import LegacyError, Surface, Target
from callr_migrate.rewrite.uses import is_load


@dataclass
class Handler:
    """One clause. `legacy` are the elements of its type that name legacy exceptions.

    `blocked` says why it cannot be rewritten; `covered` are the legacy calls that may raise into it.
    """

    module: Module
    node: cst.ExceptHandler
    surface: Surface
    legacy: list[cst.BaseExpression]
    blocked: str | None = None
    covered: set[cst.CSTNode] = field(default_factory=set)


def find_handlers(
    evaluator: Evaluator, module: Module, target: Target, legacy_calls: dict[cst.CSTNode, Module]
) -> list[Handler]:
    """The clauses of a module that catch legacy exceptions, in source order."""
    errors: dict[str, tuple[Surface, LegacyError]] = {
        name: (surface, error)
        for surface in evaluator.pack.surfaces.values()
        for name, error in surface.exceptions.items()
    }
    found: list[Handler] = []
    for node in module.handlers:
        if node.type is None:
            continue
        elements = (
            [element.value for element in node.type.elements]
            if isinstance(node.type, cst.Tuple)
            else [node.type]
        )
        named: list[tuple[cst.BaseExpression, str]] = []
        for element in elements:
            value = evaluator.evaluate(module, element)
            if isinstance(value, Symbol) and value.name in errors:
                named.append((element, value.name))
        if not named:
            continue
        surface, error = errors[named[0][1]]
        handler = Handler(module, node, surface, [element for element, _ in named])
        handler.blocked = _attribute_used(module, node, error) or _caught_earlier(
            evaluator, module, node, target
        )
        handler.covered = _covered(evaluator, module, node, legacy_calls)
        found.append(handler)
    return found


def _attribute_used(module: Module, node: cst.ExceptHandler, error: LegacyError) -> str | None:
    """Why what the handler does with the exception has no counterpart."""
    if node.name is None or not isinstance(node.name.name, cst.Name):
        return None
    name = node.name.name.value
    start, end = module.span(node.body)
    for use in module.names:
        if not isinstance(use, cst.Name) or use.value != name or not start <= module.span(use)[0] < end:
            continue
        parent = module.parent(use)
        line = module.source.position(module.span(use)[0]).line
        if (
            isinstance(parent, cst.Attribute)
            and parent.value is use
            and parent.attr.value in error.attributes
        ):
            return f"`{name}.{parent.attr.value}` (line {line}) has no counterpart in the new client's errors"
        if isinstance(parent, cst.Arg) and is_load(module, use):
            call = module.parent(parent)
            if isinstance(call, cst.Call) and last_name(call.func) in ("getattr", "isinstance"):
                return f"`{module.text_of(call)}` (line {line}) asks for what the new client's errors do not have"
    return None


def _caught_earlier(
    evaluator: Evaluator, module: Module, node: cst.ExceptHandler, target: Target
) -> str | None:
    """Whether an earlier clause of the same `try` would catch the new client's errors first."""
    holder = module.parents[node]
    assert isinstance(holder, (cst.Try, cst.TryStar))
    for clause in holder.handlers:
        if clause is node:
            return None
        kinds = (
            [element.value for element in clause.type.elements] if isinstance(clause.type, cst.Tuple) else []
        )
        if clause.type is not None and not kinds:
            kinds = [clause.type]
        for kind in kinds:
            value = evaluator.evaluate(module, kind)
            if isinstance(value, Symbol) and value.name.removeprefix("builtins.") in target.outage_bases:
                line = module.source.position(module.span(clause)[0]).line
                return (
                    f"the clause before it (line {line}) catches {value.name.removeprefix('builtins.')}, which the new "
                    "client's errors are too"
                )
    return None


def _covered(
    evaluator: Evaluator, module: Module, node: cst.ExceptHandler, legacy_calls: dict[cst.CSTNode, Module]
) -> set[cst.CSTNode]:
    """The legacy calls in the body of the `try`, or in functions of the project that it calls."""
    holder = module.parents[node]
    assert isinstance(holder, (cst.Try, cst.TryStar))
    covered: set[cst.CSTNode] = set()
    pending: list[tuple[Module, cst.CSTNode]] = [(module, holder.body)]
    seen: set[cst.CSTNode] = set()
    while pending:
        where, body = pending.pop()
        if body in seen:
            continue
        seen.add(body)
        start, end = where.span(body)
        for call in where.calls:
            if not start <= where.span(call)[0] < end:
                continue
            if call in legacy_calls:
                covered.add(call)
                continue
            for callee in evaluator.evaluate(where, call.func).options():
                function = callee.function if isinstance(callee, BoundMethod) else callee
                if isinstance(function, FunctionValue) and isinstance(function.ref.node, cst.FunctionDef):
                    pending.append((function.ref.module, function.ref.node.body))
    return covered
