"""Requests that a program posts itself: JSON-RPC payloads, and routes of the legacy REST API.

An HTTP call counts if its address is a legacy one, or if its payload names a method of the pack. Another vendor's
JSON-RPC has neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import libcst as cst

from callr_migrate.detect.calls import Detection, LegacyCall
from callr_migrate.detect.payloads import Given, Part, Payload, Payloads
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.shapes import BoundCall
from callr_migrate.evaluate.values import (
    BoundMethod,
    ClassValue,
    Client,
    Constant,
    FunctionValue,
    constants,
    unknown_reason,
)
from callr_migrate.pack.model import Surface

_MAX_DEPTH = 6
_HOLE = "{}"
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def detect(evaluator: Evaluator, module: Module) -> Detection:
    """The legacy posts of a module, in source order; the payloads of a batch may stand in other modules."""
    found: dict[cst.CSTNode, LegacyCall] = {}
    senders = {sender for surface in _addressed(evaluator) for sender in surface.senders}
    for node in module.calls:
        if last_name(node.func) in senders:
            for call in posted(evaluator, module, node):
                found.setdefault(call.node, call)
    return Detection(tuple(found.values()), ())


def posted(evaluator: Evaluator, module: Module, node: cst.Call) -> list[LegacyCall]:
    """What one call posts, under the assumptions around."""
    return _first(_Post(evaluator, module, node, surface) for surface in _addressed(evaluator))


def _addressed(evaluator: Evaluator) -> list[Surface]:
    return [surface for surface in evaluator.pack.surfaces.values() if surface.addresses]


def _first(posts: Iterator[_Post]) -> list[LegacyCall]:
    return next((calls for post in posts if (calls := post.legacy_calls())), [])


class _Post:
    """One call, looked at as a post of one surface."""

    def __init__(self, evaluator: Evaluator, module: Module, node: cst.Call, surface: Surface) -> None:
        self.evaluator = evaluator
        self.module = module
        self.node = node
        self.surface = surface

    def legacy_calls(self) -> list[LegacyCall]:
        """The legacy call, if it is one; one for each payload of a batch."""
        if last_name(self.node.func) not in self.surface.senders or not any(
            map(self._may_tell, self.node.args)
        ):
            return []
        if self._is_made_elsewhere():
            return []
        addressed = any(self._mentions(arg.value) for arg in self.node.args)
        if self.surface.payload is None:
            return list(filter(None, [self._route()])) if addressed else []
        payloads = Payloads(self.evaluator, self.surface.payload)
        found = next(filter(None, (payloads.of(self.module, arg.value) for arg in self.node.args)), [])
        if not found:
            reason = "what is posted is not known"
            return [self._call((), reason, BoundCall(None, None))] if addressed else []
        calls: list[LegacyCall | None]
        if found[0].batch:
            calls = [self._of_payload(payloads, payload, addressed) for payload in found]
        else:
            calls = [self._of_payloads(payloads, found, addressed)]
        return [call for call in calls if call is not None]

    def _of_payloads(self, payloads: Payloads, found: list[Payload], addressed: bool) -> LegacyCall | None:
        """One post; where it may have one of several payloads, it has all of their methods."""
        calls = [self._of_payload(payloads, payload, addressed) for payload in found]
        told = [call for call in calls if call is not None]
        if len(told) < 2:
            return told[0] if told else None
        reason = next((call.method_reason for call in told if call.method_reason), None)
        methods = () if reason else tuple(sorted({name for call in told for name in call.methods}))
        return self._call(methods, reason, BoundCall(None, None, "what is posted is one of several payloads"))

    def _of_payload(self, payloads: Payloads, payload: Payload, addressed: bool) -> LegacyCall | None:
        assert self.surface.payload is not None
        entry = payload.entries.get(self.surface.payload.method)
        given = payloads.resolved(entry) if entry is not None else None
        method = given if isinstance(given, Part) else None
        value = self.evaluator.evaluate(method.module, method.node) if method is not None else None
        names = constants(value) if value is not None else None
        known = {str(name.value) for name in names or ()}
        if not addressed and not known & self.evaluator.pack.methods.keys():
            return None
        module, node = (payload.module, payload.node) if payload.batch else (self.module, self.node)
        params = payload.entries.get(self.surface.payload.params)
        bound = _bound(module, method, payloads.resolved(params) if params is not None else None)
        if names is None:
            reason = (unknown_reason(value) if value is not None else None) or "the payload names no method"
            return self._call((), reason, BoundCall(bound.method, None, params=bound.params))
        call = self._call(tuple(sorted(known)), None, bound)
        return replace(call, module=module, node=node)

    def _call(self, methods: tuple[str, ...], reason: str | None, bound: BoundCall) -> LegacyCall:
        rule = self.evaluator.pack.methods.get(methods[0]) if len(methods) == 1 else None
        return LegacyCall(
            self.module, self.node, self.surface.surface, (), False, None, bound, methods, reason, rule
        )

    def _is_made_elsewhere(self) -> bool:
        """Whether the callee is the project's own, so that the post is made inside of it, or a client's."""
        options = list(self.evaluator.evaluate(self.module, self.node.func).options())
        if any(isinstance(option, BoundMethod) and isinstance(option.owner, Client) for option in options):
            return True
        return all(
            isinstance(option, (FunctionValue, ClassValue))
            or (isinstance(option, BoundMethod) and option.function is not None)
            for option in options
        )

    def _may_tell(self, arg: cst.Arg) -> bool:
        """Whether an argument may be an address, or a payload. What is written out is none, as in `x.get("name")`.

        To find out whose method that is may take half a program.
        """
        is_literal, value = literal(arg.value)
        return not is_literal or (
            isinstance(value, str) and any(map(value.__contains__, self.surface.addresses))
        )

    # The address

    def _mentions(self, node: cst.BaseExpression) -> bool:
        """Whether an expression holds a legacy address."""
        return any(address in self._text(node, _MAX_DEPTH) for address in self.surface.addresses)

    def _text(self, node: cst.CSTNode, depth: int) -> str:
        """The text that an expression gives, with `{}` for what is not known of it."""
        if isinstance(node, cst.FormattedStringText):
            return node.value
        if isinstance(node, cst.BaseExpression):
            for option in self.evaluator.evaluate(self.module, node).options():
                if isinstance(option, Constant) and isinstance(option.value, str):
                    return option.value
        if not depth:
            return _HOLE
        if isinstance(node, cst.FormattedStringExpression):
            return self._text(node.expression, depth - 1)
        if isinstance(node, cst.FormattedString):
            return "".join(self._text(part, depth - 1) for part in node.parts)
        if isinstance(node, cst.BinaryOperation):
            left = self._text(node.left, depth - 1)
            return left + self._text(node.right, depth - 1) if isinstance(node.operator, cst.Add) else left
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            # A template, as in "...".format(x), or an address that is joined from parts.
            return self._text(node.func.value, depth - 1)
        if isinstance(node, cst.Name):
            for binding in self.evaluator.bindings_of(self.module, node)[1]:
                if isinstance(binding.value, (cst.FormattedString, cst.BinaryOperation, cst.Call)):
                    return self._text(binding.value, depth - 1)
        return _HOLE

    # Routes

    def _route(self) -> LegacyCall | None:
        verb = (last_name(self.node.func) or "").upper()
        if verb not in _VERBS:
            # urllib posts what it is given data for.
            has_data = any(
                arg.keyword.value == "data" if arg.keyword else index == 1
                for index, arg in enumerate(self.node.args)
            )
            verb = "POST" if has_data else "GET"
        path = ""
        for arg in self.node.args:
            text = self._text(arg.value, _MAX_DEPTH)
            address = next((address for address in self.surface.addresses if address in text), None)
            if address is not None:
                path = text.split(address, 1)[1].split("?")[0].rstrip("/")
            elif text in _VERBS:
                verb = text
        for route in self.surface.routes:
            fixed, placeholder, _ = route.path.partition("{")
            if route.verb == verb and (path == route.path or (placeholder and path.startswith(fixed))):
                return self._call((route.method,), None, BoundCall(None, None, self.surface.note))
        return self._call((), "the route of this request is not known", BoundCall(None, None))


def _bound(module: Module, method: Part | None, params: Given | None) -> BoundCall:
    """The parts of a payload as those of a call; what stands in another module is no argument of this one."""
    name = method.node if method is not None and method.module is module else None
    if params is None:
        return BoundCall(name, ())
    if isinstance(params, tuple):
        values = [part.node for part in params if part.module is module]
        return BoundCall(name, tuple(values) if len(values) == len(params) else None)
    if params.module is not module:
        return BoundCall(name, None, "the parameters are a list that is made elsewhere")
    node = params.node
    if isinstance(node, cst.Dict):
        return BoundCall(name, None, named=node, params=node)
    if isinstance(node, (cst.List, cst.Tuple)):
        values = [element.value for element in node.elements if not isinstance(element, cst.StarredElement)]
        if len(values) == len(node.elements):
            return BoundCall(name, tuple(values), params=node)
    return BoundCall(name, None, "the parameters are a list that is made elsewhere", params=node)
