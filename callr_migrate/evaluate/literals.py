"""Literals and displays of the tree as Python values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from callr_migrate.evaluate.values import Value, constants

KEYWORDS: dict[str, Any] = {"None": None, "True": True, "False": False}


def literal(node: cst.CSTNode) -> tuple[bool, Any]:
    """(True, its value) for a text, bytes or number; (False, None) for anything else."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value is not None, value
    if isinstance(node, (cst.Integer, cst.Float)):
        return True, node.evaluated_value
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        found, value = literal(node.expression)
        return (True, -value) if found and isinstance(value, (int, float)) else (False, None)
    return False, None


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


def annotation_parts(node: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    """The types that an annotation names: `Optional[X]`, `X | None` and `"X"` give X."""
    if isinstance(node, cst.SimpleString):
        text = node.evaluated_value
        if isinstance(text, str):
            try:
                yield from annotation_parts(cst.parse_expression(text))
            except (cst.ParserSyntaxError, RecursionError):
                return
    elif isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        yield from annotation_parts(node.left)
        yield from annotation_parts(node.right)
    elif isinstance(node, cst.Subscript):
        for element in node.slice:
            if isinstance(element.slice, cst.Index):
                yield from annotation_parts(element.slice.value)
    elif isinstance(node, (cst.Name, cst.Attribute)):
        yield node
