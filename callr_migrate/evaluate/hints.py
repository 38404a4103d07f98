"""What an annotation says a value is."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from callr_migrate.evaluate.nodes import parsed_expression
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Collected, Unknown, Value

# `Optional[X]` is an X as far as its methods go.
_WRAPPERS = frozenset(
    {"Annotated", "ClassVar", "Final", "InitVar", "NotRequired", "Optional", "Required", "Union"}
)
_ITERABLES = frozenset(
    {
        "Collection",
        "Deque",
        "FrozenSet",
        "Iterable",
        "Iterator",
        "List",
        "MutableSequence",
        "Sequence",
        "Set",
        "deque",
        "frozenset",
        "list",
        "set",
        "tuple",
        "Tuple",
    }
)
_MAPPINGS = frozenset(
    {"DefaultDict", "Dict", "Mapping", "MutableMapping", "OrderedDict", "defaultdict", "dict"}
)


def typed(node: cst.BaseExpression, plain: Callable[[cst.BaseExpression], Value | None]) -> Value | None:
    """The value that an annotation describes; `plain` tells it for a bare name. None where nothing is told."""
    if isinstance(node, cst.SimpleString):
        text = node.evaluated_value
        try:
            return typed(parsed_expression(text), plain) if isinstance(text, str) else None
        except (cst.ParserSyntaxError, RecursionError, ValueError):
            return None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.BitOr):
        return typed(node.left, plain) or typed(node.right, plain)
    if isinstance(node, cst.Subscript):
        inner = [element.slice.value for element in node.slice if isinstance(element.slice, cst.Index)]
        found = [typed(part, plain) for part in inner]
        name = last_name(node.value)
        if name in _WRAPPERS:
            return next((value for value in found if value is not None), None)
        if name in _ITERABLES and found and found[0] is not None:
            return Collected("list", found[0])
        if name in _MAPPINGS and len(found) == 2 and found[1] is not None:
            return Collected("dict", found[1], found[0] or Unknown("the keys are not known"))
        return None
    return plain(node) if isinstance(node, (cst.Name, cst.Attribute)) else None
