"""Literals and displays of the tree as Python values."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import libcst as cst

from callr_migrate.evaluate.values import Constant, Ref, Value, constants, union
from callr_migrate.patterns import regex

KEYWORDS: dict[str, Any] = {"None": None, "True": True, "False": False}

_MAX_TEXTS = 32
_STRINGS = frozenset({cst.SimpleString, cst.ConcatenatedString})
_NUMBERS = frozenset({cst.Integer, cst.Float})
# What stands for something else.
_ODD = regex(r"[\\\r\0]")
# The only fields that are filled in: none that look into a value, or lay it out (a width can be a thousand million).
_FIELD = regex(r"\{\w*\}")


def literal(node: cst.CSTNode) -> tuple[bool, Any]:
    """(True, its value) for a text, bytes or number; (False, None) for anything else."""
    kind = type(node)
    if kind in _STRINGS:
        value = text_value(node)  # type: ignore[arg-type]
        return value is not None, value
    if kind in _NUMBERS:
        return True, node.evaluated_value  # type: ignore[attr-defined]
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        found, value = literal(node.expression)
        return (True, -value) if found and isinstance(value, (int, float)) else (False, None)
    return False, None


def text_value(node: cst.SimpleString | cst.ConcatenatedString) -> str | bytes | None:
    """What a literal stands for."""
    if type(node) is cst.SimpleString:
        text = node.value
        # Nearly all of them say it; the parser takes twenty times as long.
        if text[0] in "'\"" and not _ODD.search(text) and (text.isascii() or text.isprintable()):
            quotes = 3 if text.startswith(('"""', "'''")) else 1
            return text[quotes:-quotes]
    return node.evaluated_value


def numbers(nodes: Sequence[cst.BaseExpression | None]) -> list[int | None] | None:
    """The whole numbers of the bounds of a slice, None for one that is not given; None if one is no literal."""
    found: list[int | None] = []
    for node in nodes:
        known, number = literal(node) if node is not None else (True, None)
        if not known or not isinstance(number, (int, type(None))):
            return None
        found.append(number)
    return found


def formatted_text(node: cst.FormattedString, part: cst.FormattedStringText) -> str | None:
    """The text between two fields of an f-string; None where it cannot be read on its own."""
    text = part.value.replace("{{", "{").replace("}}", "}")
    if "\\" not in text or "r" in node.prefix.lower():
        return text
    quote = node.quote
    try:
        value = ast.literal_eval(f"{quote}{text}{quote}")
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else None


def joined(between: str, parts: Sequence[Value], at: Ref) -> Value | None:
    """The texts that the parts can make; None where one of them is not known."""
    texts: list[str] | None = None
    for part in parts:
        found = constants(part)
        if found is None or not all(isinstance(constant.value, str) for constant in found):
            return None
        pieces = [constant.value for constant in found]
        texts = pieces if texts is None else [left + between + right for left in texts for right in pieces]
        if len(texts) > _MAX_TEXTS:
            return None
    return union(Constant(text, at) for text in ([""] if texts is None else texts))


def filled(text: str, parts: Sequence[Value] | None, at: Ref) -> Value | None:
    """`text % parts`, where the text has only `%s` and each part is one constant."""
    values = [_only(part) for part in parts] if parts is not None else None
    if values is None or None in values or text.replace("%s", "").count("%"):
        return None
    pieces = text.split("%s")
    if len(pieces) != len(values) + 1:
        return None
    return Constant("".join(map(str.__add__, pieces, [*map(str, values), ""])), at)


def formatted(text: str, parts: Sequence[Value], named: Mapping[str, Value], at: Ref) -> Value | None:
    """`text.format(...)`, where each part is one constant text."""
    values = [_only(part) for part in parts]
    keywords = {name: _only(part) for name, part in named.items()}
    if not all(isinstance(value, str) for value in [*values, *keywords.values()]):
        return None
    if "{" in (rest := _FIELD.sub("", text)) or "}" in rest:
        return None
    try:
        return Constant(text.format(*values, **keywords), at)
    except (IndexError, KeyError, ValueError):
        return None


def _only(part: Value) -> Any:
    found = constants(part)
    return found[0].value if found and len(found) == 1 else None


def plain_entries(node: cst.CSTNode) -> list[tuple[object, cst.BaseExpression]] | None:
    """(key, value) of each entry of a dict whose keys are all literals, else None."""
    found: list[tuple[object, cst.BaseExpression]] = []
    for entry in node.elements if isinstance(node, cst.Dict) else ():
        known, key = literal(entry.key) if isinstance(entry, cst.DictElement) else (False, None)
        if not known:
            return None
        found.append((key, entry.value))
    return found if isinstance(node, cst.Dict) else None


def entries(
    node: cst.CSTNode, evaluate: Callable[[cst.BaseExpression], Value]
) -> list[tuple[Any, cst.BaseExpression]] | None:
    """(index or key, value) of each element of a display; None where `*`, `**` or an unknown key hides some."""
    found: list[tuple[Any, cst.BaseExpression]] = []
    if isinstance(node, (cst.Tuple, cst.List, cst.Set)):
        for index, element in enumerate(node.elements):
            if isinstance(element, cst.StarredElement):
                return None
            found.append((index, element.value))
        return found
    if isinstance(node, cst.Dict):
        for entry in node.elements:
            if not isinstance(entry, cst.DictElement):
                return None
            keys = constants(evaluate(entry.key))
            if keys is None:
                return None
            found += [(key.value, entry.value) for key in keys]
        return found
    return None
