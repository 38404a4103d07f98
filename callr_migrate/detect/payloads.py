"""What a post holds: the payloads behind an argument, however they were put together.

A payload may be a dict display, a `dict(...)`, a dict that is filled key by key, what a helper returns, and any of
these serialised; several of them in a list are a batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import TypeAlias

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import BoundMethod, Collected, FunctionValue, Literal
from callr_migrate.pack.model import PayloadShape
from callr_migrate.records import dataclass

# Python's own ways from a dict to the bytes of a body.
_WRAPPERS = frozenset({"dumps", "encode", "bytes", "str"})
_MAX_DEPTH = 8


@dataclass(frozen=True)
class Part:
    """An expression of a module; `given` is what a helper's parameters stand for where it is read."""

    module: Module
    node: cst.BaseExpression
    given: Mapping[str, Given] = field(default_factory=dict)


# What a parameter stands for: one argument, or those that a star collects.
Given: TypeAlias = "Part | tuple[Part, ...]"


@dataclass(frozen=True)
class Payload:
    """The entries of one payload. `node` is where it is written down."""

    module: Module
    node: cst.Call | cst.Dict
    entries: Mapping[str, Part]
    batch: bool = False
    direct: bool = True  # whether each entry stands in the module and function of the post, and just once


class Payloads:
    """Finds payloads of one shape."""

    def __init__(self, evaluator: Evaluator, shape: PayloadShape) -> None:
        self.evaluator = evaluator
        self.shape = shape

    def of(self, module: Module, node: cst.BaseExpression) -> list[Payload]:
        """The payloads that an argument of a post holds, in the order of their places."""
        found = {payload.node: payload for payload in self._of(Part(module, node), _MAX_DEPTH)}
        return sorted(found.values(), key=lambda payload: _place(payload.module, payload.node))

    def _of(self, part: Part, depth: int) -> Iterator[Payload]:
        if not depth:
            return
        single = list(self._single(part, depth))
        if single:
            yield from single
            return
        for option in self.evaluator.evaluate(part.module, part.node).options():
            if isinstance(option, Literal) and isinstance(option.ref.node, cst.Dict):
                yield from self._payload(
                    option.ref.module, option.ref.node, _entries(option.ref.node), {}, False
                )
            elif _is_list(option):
                for item in self.evaluator.iterated(option).options():
                    if isinstance(item, Literal) and isinstance(item.ref.node, cst.Dict):
                        entries = _entries(item.ref.node)
                        for payload in self._payload(item.ref.module, item.ref.node, entries, {}, False):
                            yield Payload(payload.module, payload.node, payload.entries, True, False)

    def _single(self, part: Part, depth: int) -> Iterator[Payload]:
        """What the form of an expression tells, before anything is evaluated."""
        node = part.node
        if isinstance(node, cst.Dict):
            yield from self._payload(part.module, node, _entries(node), part.given, True)
        elif isinstance(node, cst.Call):
            yield from self._called(part, node, depth)
        elif isinstance(node, cst.Name):
            given = self._argument(part)
            if isinstance(given, Part):
                yield from self._of(given, depth - 1)
                return
            yield from self._named(part, node, depth)

    def _payload(
        self,
        module: Module,
        node: cst.Call | cst.Dict,
        entries: Mapping[str, cst.BaseExpression],
        given: Mapping[str, Given],
        direct: bool,
    ) -> Iterator[Payload]:
        if self.shape.method in entries and (self.shape.version in entries or self.shape.params in entries):
            parts = {name: Part(module, value, given) for name, value in entries.items()}
            yield Payload(module, node, parts, False, direct and not given)

    def _called(self, part: Part, node: cst.Call, depth: int) -> Iterator[Payload]:
        if last_name(node.func) in _WRAPPERS:
            inner = [arg.value for arg in node.args]
            if isinstance(node.func, cst.Attribute) and not literal(node.func.value)[0]:
                inner.append(node.func.value)
            for value in inner:
                yield from self._of(Part(part.module, value, part.given), depth - 1)
            return
        if isinstance(node.func, cst.Name) and node.func.value == "dict":
            entries = {arg.keyword.value: arg.value for arg in node.args if arg.keyword is not None}
            yield from self._payload(part.module, node, entries, part.given, False)
            return
        for option in self.evaluator.evaluate(part.module, node.func).options():
            function = option.function if isinstance(option, BoundMethod) else option
            if isinstance(function, FunctionValue) and isinstance(function.ref.node, cst.FunctionDef):
                bound = isinstance(option, BoundMethod)
                given = _given(function.ref.node, part, node, bound)
                for value in self.evaluator.returned(function):
                    yield from self._of(Part(function.ref.module, value, given), depth - 1)

    def _named(self, part: Part, node: cst.Name, depth: int) -> Iterator[Payload]:
        """A name: what it is bound to, and the keys that are set on it afterwards."""
        _, bindings = self.evaluator.bindings_of(part.module, node)
        added = self._added(part.module, node, [binding.node for binding in bindings])
        for binding in bindings:
            if binding.value is None or binding.path or binding.kind in ("item", "enter", "param"):
                continue
            if isinstance(binding.value, cst.Dict):
                entries = _entries(binding.value) | added
                yield from self._payload(part.module, binding.value, entries, part.given, len(bindings) == 1)
            elif isinstance(binding.value, (cst.Call, cst.Name)) and binding.value is not node:
                yield from self._of(Part(part.module, binding.value, part.given), depth - 1)

    def _added(
        self, module: Module, node: cst.Name, wanted: list[cst.CSTNode]
    ) -> dict[str, cst.BaseExpression]:
        """The entries that are set on a local dict one by one (`payload["key"] = value`)."""
        added: dict[str, cst.BaseExpression] = {}
        for subscript in module.subscripts:
            target = module.parent(subscript)
            if not isinstance(target, cst.AssignTarget) or not isinstance(subscript.value, cst.Name):
                continue
            if subscript.value.value != node.value or len(subscript.slice) != 1:
                continue
            bindings = self.evaluator.bindings_of(module, subscript.value)[1]
            key = subscript.slice[0].slice
            assign = module.parent(target)
            if any(binding.node in wanted for binding in bindings) and isinstance(key, cst.Index):
                found, name = literal(key.value)
                if found and isinstance(name, str) and isinstance(assign, cst.Assign):
                    added[name] = assign.value
        return added

    def resolved(self, part: Part) -> Given:
        """An entry with a helper's parameter replaced by what this very call of the helper gives."""
        for _ in range(_MAX_DEPTH):
            node = part.node
            if (
                isinstance(node, cst.Call)
                and last_name(node.func) in ("list", "tuple")
                and len(node.args) == 1
            ):
                inner = self._argument(Part(part.module, node.args[0].value, part.given))
                return inner if isinstance(inner, tuple) else part
            given = self._argument(part)
            if given is None:
                return part
            if isinstance(given, tuple):
                return given
            part = given
        return part

    def _argument(self, part: Part) -> Given | None:
        """What a name stands for if it is a parameter of the helper that is looked into."""
        if not isinstance(part.node, cst.Name) or part.node.value not in part.given:
            return None
        _, bindings = self.evaluator.bindings_of(part.module, part.node)
        if all(isinstance(binding.node, cst.Param) for binding in bindings):
            return part.given[part.node.value]
        return None


def _given(function: cst.FunctionDef, caller: Part, call: cst.Call, bound: bool) -> dict[str, Given]:
    """Parameter name -> argument of a call; those that cannot be told are left out."""
    params = [*function.params.posonly_params, *function.params.params]
    names = [param.name.value for param in params][1 if bound else 0 :]
    given: dict[str, Given] = {}
    rest: list[Part] = []
    for index, arg in enumerate(call.args):
        if arg.star:
            return given
        value = Part(caller.module, arg.value, caller.given)
        if arg.keyword is not None:
            given[arg.keyword.value] = value
        elif index < len(names):
            given[names[index]] = value
        else:
            rest.append(value)
    star = function.params.star_arg
    if isinstance(star, cst.Param):
        given[star.name.value] = tuple(rest)
    return given


def _is_list(option: object) -> bool:
    if isinstance(option, Literal):
        return isinstance(option.ref.node, (cst.List, cst.Tuple))
    return isinstance(option, Collected) and option.kind == "list"


def _entries(node: cst.Dict) -> dict[str, cst.BaseExpression]:
    entries: dict[str, cst.BaseExpression] = {}
    for element in node.elements:
        if isinstance(element, cst.DictElement):
            found, name = literal(element.key)
            if found and isinstance(name, str):
                entries[name] = element.value
    return entries


def _place(module: Module, node: cst.CSTNode) -> tuple[str, int]:
    return str(module.path), module.span(node)[0]
