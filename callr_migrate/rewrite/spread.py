"""Options that are not all written out in the call: unpacked into it, or a dict that is made elsewhere."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import Symbol, constants
from callr_migrate.pack.model import Binding
from callr_migrate.rewrite.options import Entry, OptionDict, Unfollowed
from callr_migrate.rewrite.plans import Emitted, Moved, Refusal

if TYPE_CHECKING:
    from callr_migrate.rewrite.request import Planning

# (key, its value), or (None, a dict of further ones)
Parts = list[tuple[str | None, cst.BaseExpression]]


def option_parts(evaluator: Evaluator, module: Module, node: cst.BaseExpression, name: str) -> Parts:
    """What an argument is put together from, in order; raises `Refusal`."""
    if isinstance(node, cst.Dict):
        parts: Parts = []
        for element in node.elements:
            if not isinstance(element, cst.DictElement):
                parts += option_parts(evaluator, module, element.value, name)
                continue
            found, key = literal(element.key)
            if not found or not isinstance(key, str):
                raise Refusal(f"`{name}` has a key that is not a literal text")
            parts.append((key, element.value))
        return parts
    if isinstance(node, cst.Call) and evaluator.evaluate(module, node.func) == Symbol("builtins.dict"):
        parts = []
        for arg in node.args:
            if arg.keyword is not None:
                parts.append((arg.keyword.value, arg.value))
            elif arg.star == "*":
                raise Refusal(f"`{name}` is put together with `*`")
            else:
                parts += option_parts(evaluator, module, arg.value, name)
        return parts
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return [
            part for side in (node.left, node.right) for part in option_parts(evaluator, module, side, name)
        ]
    return [(None, node)]


class Spread:
    """One parameter of a call that holds such a dict. Its entries are spread into those of the request."""

    def __init__(self, planning: Planning, param: str, parts: Parts) -> None:
        """Looks the dicts up; raises `Refusal`."""
        self.planning = planning
        self.evaluator = planning.evaluator
        self.param = param
        self.parts = parts
        self.dicts: dict[cst.BaseExpression, OptionDict] = {}
        takers = planning.planner.takers(planning.rule, param)
        for key, node in parts:
            if key is not None:
                continue
            try:
                self.dicts[node] = planning.planner.dicts.of(planning.call.module, node, takers)
            except Unfollowed as error:
                raise Refusal(f"`{param}` is not written out in the call, and {error}") from None
        self.certain = {key for key, _ in parts if key is not None}
        for found in self.dicts.values():
            self.certain |= found.certain
        planning.result.sharing |= {call for found in self.dicts.values() for call in found.calls}
        self.bindings = self._bindings()

    def _bindings(self) -> dict[str, tuple[str, str, Binding]]:
        """Key -> (kind of place, name there, binding) of the request."""
        request = self.planning.request
        places = {"query parameter": request.query, "body field": request.json}
        prefix = f"${self.param}."
        return {
            binding.value.removeprefix(prefix): (kind, name, binding)
            for kind, bindings in places.items()
            for name, binding in bindings.items()
            if isinstance(binding.value, str) and binding.value.startswith(prefix)
        }

    def default(self, kind: str, name: str, key: str, binding: Binding) -> Emitted | None:
        """What stands before the dict in case that it has not the key."""
        if key in self.certain:
            return None
        if binding.required:
            raise Refusal(f"v2 wants `{name}`, and whether `{self.param}` has it is not known")
        return self.planning.asked(kind, name, binding, "absent", None)

    def finish(self) -> None:
        """Add the entries and dicts to the request, behind all others."""
        kinds = {self.bindings[key][0] for key in self._keys() if key in self.bindings}
        if len(kinds) > 1:
            raise Refusal(
                f"the keys of `{self.param}` go to several places in v2; write the dict in the call"
            )
        plan = self.planning.result
        into = plan.json if kinds == {"body field"} else plan.query
        for key, node in self.parts:
            if key is not None:
                self._written(into, key, node)
                continue
            found = self.dicts[node]
            for entry in found.entries:
                self._move(entry)
            if found.entries:
                self.planning.emitted.append(node)
                into.append(("", Emitted(node, spread=True, may_miss=found.maybe_none)))
            else:
                self.planning.no_effect(node, self.param)
        cuts = sorted(change.span for change in plan.moved if not change.text and not change.table)
        if any(left[1] > right[0] for left, right in pairwise(cuts) if left != right):
            raise Refusal(
                "several keys beside each other are to be dropped from a dict; take them out by hand"
            )

    def _keys(self) -> set[str]:
        return {key for key, _ in self.parts if key is not None} | {
            entry.key for found in self.dicts.values() for entry in found.entries
        }

    def _written(self, into: list[tuple[str, Emitted]], key: str, node: cst.BaseExpression) -> None:
        """An entry that stands in the call."""
        if key not in self.bindings:
            self.planning.drop(f"{self.param}.{key}", key, node)
            return
        kind, name, binding = self.bindings[key]
        if constants(self.evaluator.evaluate(self.planning.call.module, node)) is not None:
            self._refuse_open(self.planning.call.module, name, binding, node)
        value = self.planning.given(kind, name, binding, node)
        if value is not None:
            into.append((name, value))

    def _refuse_open(self, module: Module, name: str, binding: Binding, node: cst.BaseExpression) -> None:
        """Values that leave the entry out would leave that of an earlier dict in."""
        known = constants(self.evaluator.evaluate(module, node)) or ()
        for constant in known:
            if constant.value is None or constant.value == binding.omit_if or constant.value in binding.ask:
                raise Refusal(
                    f"`{name}` may be {constant.value!r} in `{self.param}`, which v2 is not to be sent"
                )

    def _move(self, entry: Entry) -> None:
        """One key of a dict that is made elsewhere, and its value."""
        plan, module = self.planning.result, entry.module
        if entry.key not in self.bindings:
            self.planning.drop(f"{self.param}.{entry.key}", entry.key, entry.value)
            if entry.gone is None:
                raise Refusal(f"`{entry.key}` cannot be taken out of `{self.param}`; do it by hand")
            plan.moved.append(Moved(module, entry.gone))
            return
        kind, name, binding = self.bindings[entry.key]
        self.planning.fact(f"{kind} {name}", binding.evidence, binding.source)
        self._refuse_open(module, name, binding, entry.value)
        if binding.format is not None:
            raise Refusal(
                f"`{entry.key}` changes its form, and `{self.param}` is not written out in the call"
            )
        if name != entry.key:
            if entry.bare and not name.isidentifier():
                raise Refusal(f"`{name}` is no name that `dict(...)` takes")
            plan.moved.append(
                Moved(module, entry.key_span, name if entry.bare else _like(module, entry, name))
            )
        if binding.enum is None:
            return
        known = constants(self.evaluator.evaluate(module, entry.value))
        value = self.planning.mapped(name, binding.enum, entry.value, known)
        if value.node is None:
            plan.moved.append(Moved(module, module.span(entry.value), repr(value.constant)))
        for node, text in value.constants:
            plan.moved.append(Moved(module, module.span(node), repr(text)))
        if value.table:
            plan.moved.append(Moved(module, module.outer_span(entry.value), table=value.table))


def _like(module: Module, entry: Entry, name: str) -> str:
    """A key in the quotes of the one that stands there."""
    quote = module.source.text[entry.key_span[1] - 1]
    return f"{quote}{name}{quote}"
