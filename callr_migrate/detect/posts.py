"""Requests that a program posts itself: JSON-RPC payloads, and routes of the legacy REST API.

An HTTP call counts if its address is a legacy one, or if its payload names a method of the pack. Another vendor's
JSON-RPC has neither.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from callr_migrate.detect.calls import Detection, LegacyCall
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
    Literal,
    constants,
    unknown_reason,
)
from callr_migrate.pack.model import PayloadShape, Surface

# Python's own ways from a dict to the bytes of a body.
_WRAPPERS = frozenset({"dumps", "encode", "bytes", "str"})
_MAX_DEPTH = 6
_HOLE = "{}"
_VERBS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def detect(evaluator: Evaluator, module: Module) -> Detection:
    """The legacy posts of a module, in source order."""
    surfaces = [surface for surface in evaluator.pack.surfaces.values() if surface.addresses]
    return Detection(
        tuple(
            found
            for node in module.calls
            for found in [_first(_Post(evaluator, module, node, surface) for surface in surfaces)]
            if found is not None
        ),
        (),
    )


def _first(posts: Iterator[_Post]) -> LegacyCall | None:
    return next((call for post in posts if (call := post.legacy_call()) is not None), None)


class _Post:
    """One call, looked at as a post of one surface."""

    def __init__(self, evaluator: Evaluator, module: Module, node: cst.Call, surface: Surface) -> None:
        self.evaluator = evaluator
        self.module = module
        self.node = node
        self.surface = surface

    def legacy_call(self) -> LegacyCall | None:
        """The legacy call, if it is one."""
        if last_name(self.node.func) not in self.surface.senders or self._is_made_elsewhere():
            return None
        addressed = any(self._mentions(arg.value) for arg in self.node.args)
        if self.surface.payload is None:
            return self._route() if addressed else None
        entries = next(
            filter(None, (self._payload(arg.value, self.surface.payload) for arg in self.node.args)), None
        )
        if entries is None:
            return self._call((), "what is posted is not known", BoundCall(None, None)) if addressed else None
        method = entries.get(self.surface.payload.method)
        value = self.evaluator.evaluate(self.module, method) if method is not None else None
        names = constants(value) if value is not None else None
        known = {str(name.value) for name in names or ()}
        if not addressed and not known & self.evaluator.pack.methods.keys():
            return None
        if names is None:
            reason = (unknown_reason(value) if value is not None else None) or "the payload names no method"
            return self._call((), reason, BoundCall(method, None))
        return self._call(
            tuple(sorted(known)), None, _bound(method, entries.get(self.surface.payload.params))
        )

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

    # The payload

    def _payload(
        self, node: cst.BaseExpression, shape: PayloadShape, depth: int = _MAX_DEPTH
    ) -> dict[str, cst.BaseExpression] | None:
        """The entries of a payload that an argument holds, as a dict or serialised."""
        if isinstance(node, cst.Call) and last_name(node.func) in _WRAPPERS and depth:
            inner = [arg.value for arg in node.args]
            if isinstance(node.func, cst.Attribute) and not literal(node.func.value)[0]:
                inner.append(node.func.value)
            return next(filter(None, (self._payload(part, shape, depth - 1) for part in inner)), None)
        if isinstance(node, cst.Name) and depth:
            _, bindings = self.evaluator.bindings_of(self.module, node)
            for binding in bindings:
                if isinstance(binding.value, cst.Call) and not binding.path:
                    found = self._payload(binding.value, shape, depth - 1)
                    if found is not None:
                        return found
        for option in self.evaluator.evaluate(self.module, node).options():
            if isinstance(option, Literal) and isinstance(option.ref.node, cst.Dict):
                entries = _entries(option.ref.node) | self._added(node)
                if shape.method in entries and (shape.version in entries or shape.params in entries):
                    return entries
        return None

    def _added(self, node: cst.BaseExpression) -> dict[str, cst.BaseExpression]:
        """The entries that are set on a local dict one by one (`payload["key"] = value`)."""
        if not isinstance(node, cst.Name):
            return {}
        wanted = [binding.node for binding in self.evaluator.bindings_of(self.module, node)[1]]
        added: dict[str, cst.BaseExpression] = {}
        for subscript in self.module.subscripts:
            target = self.module.parent(subscript)
            if not isinstance(target, cst.AssignTarget) or not isinstance(subscript.value, cst.Name):
                continue
            if subscript.value.value != node.value or len(subscript.slice) != 1:
                continue
            bindings = self.evaluator.bindings_of(self.module, subscript.value)[1]
            key = subscript.slice[0].slice
            assign = self.module.parent(target)
            if any(binding.node in wanted for binding in bindings) and isinstance(key, cst.Index):
                found, name = literal(key.value)
                if found and isinstance(name, str) and isinstance(assign, cst.Assign):
                    added[name] = assign.value
        return added

    # Routes

    def _route(self) -> LegacyCall | None:
        verb = (last_name(self.node.func) or "").upper()
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


def _entries(node: cst.Dict) -> dict[str, cst.BaseExpression]:
    entries: dict[str, cst.BaseExpression] = {}
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            found, name = literal(element.key)
            if found and isinstance(name, str):
                entries[name] = element.value
    return entries


def _bound(method: cst.BaseExpression | None, params: cst.BaseExpression | None) -> BoundCall:
    if params is None:
        return BoundCall(method, ())
    if isinstance(params, cst.Dict):
        return BoundCall(method, None, named=params, params=params)
    if isinstance(params, (cst.List, cst.Tuple)):
        values = [element.value for element in params.elements if not isinstance(element, cst.StarredElement)]
        if len(values) == len(params.elements):
            return BoundCall(method, tuple(values), params=params)
    return BoundCall(method, None, "the parameters are a list that is made elsewhere", params=params)
