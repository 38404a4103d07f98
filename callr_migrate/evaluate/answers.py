"""What legacy calls return, and the parts of it, by the pack's rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from callr_migrate.evaluate.values import (
    Answer,
    Constant,
    Extended,
    Ref,
    Unknown,
    Value,
    constant_text,
    union,
)
from callr_migrate.pack.model import RulePack

if TYPE_CHECKING:
    from callr_migrate.evaluate.evaluator import Evaluator
    from callr_migrate.evaluate.module import Module


def of(pack: RulePack, names: Iterable[Constant], call: Ref) -> Value:
    """The answer of a call that has one of these method names."""
    here = frozenset([call])
    values: list[Value] = []
    for constant in names:
        rule = pack.methods.get(constant.value) if isinstance(constant.value, str) else None
        returns = rule.returns if rule else None
        if returns is None:
            values.append(Answer("unknown", None, None, None, here))
        else:
            values.append(Answer(returns.type, returns.object, returns.format, None, here))
    return union(values) if values else Answer("unknown", None, None, None, here)


def item(pack: RulePack, base: Answer | Extended, key: Value) -> Value:
    """`answer[key]`."""
    name = constant_text(key)
    if isinstance(base, Extended):
        own = base.get(name) if name is not None else None
        return own if own is not None else item(pack, base.answer, key)
    if base.kind in ("array", "map"):
        return Answer("object", base.object, None, None, base.calls, (*base.part, "[]"))
    if base.kind == "scalar":
        return Unknown("a part of a value of an answer")
    kind = pack.objects.get(base.object or "")
    part = (*base.part, name or "?")
    if base.kind == "object" and kind is not None and name in kind.fields:
        field = kind.fields[name]
        sort = ("array" if field.array else "object") if field.object else "scalar"
        return Answer(sort, field.object, field.format, field.enum, base.calls, part, base.object)
    return Answer("unknown", None, None, None, base.calls, part)


def iterated(answer: Answer | Extended) -> Answer:
    """One item of iterating an answer."""
    if isinstance(answer, Extended):
        return iterated(answer.answer)
    if answer.kind == "array":
        return Answer("object", answer.object, None, None, answer.calls, (*answer.part, "[]"))
    # Over a map these are its keys; over anything else the shape is not known.
    return Answer("unknown", None, None, None, answer.calls, (*answer.part, "?"))


def method(
    evaluator: Evaluator, answer: Answer | Extended, name: str, module: Module, node: cst.Call
) -> Value:
    """`answer.get(key, default)` and copies; what other methods give is not followed."""
    plain = not any(arg.star or arg.keyword for arg in node.args)
    if name == "get" and node.args and plain:
        field = item(evaluator.pack, answer, evaluator.evaluate(module, node.args[0].value))
        return union([field, *(evaluator.evaluate(module, arg.value) for arg in node.args[1:2])])
    if name == "copy" and not node.args:
        return answer
    if name == "pop" and plain and isinstance(answer, Answer) and answer.kind == "array":
        return iterated(answer)
    return Unknown(f"`{name}` of an answer is not followed")


def spread(evaluator: Evaluator, module: Module, node: cst.Dict) -> Value | None:
    """`{**answer, "key": value}`; None where a display is no such copy."""
    first, *others = node.elements or (None,)
    if not isinstance(first, cst.StarredDictElement):
        return None
    entries: list[tuple[str, Value]] = []
    for element in others:
        key = (
            constant_text(evaluator.evaluate(module, element.key))
            if isinstance(element, cst.DictElement)
            else None
        )
        if key is None:
            return None
        entries.append((key, evaluator.evaluate(module, element.value)))
    return extended(evaluator.evaluate(module, first.value), entries)


def extended(value: Value, entries: Iterable[tuple[str, Value]]) -> Value | None:
    """A copy of an answer with further entries; None where the value is anything else."""
    own = tuple(entries)
    copies: list[Value] = []
    for option in value.options():
        if isinstance(option, Extended):
            copies.append(Extended(option.answer, (*option.entries, *own)))
        elif isinstance(option, Answer) and option.kind == "object":
            copies.append(Extended(option, own) if own else option)
        else:
            return None
    return union(copies)
