"""Makers of libcst's nodes that give the same node for the same white space, and for the same sign.

Nobody asks which one of them a node is, or where it stands. They are half of all nodes.
"""

from __future__ import annotations

import sys
from abc import ABCMeta
from typing import Any

import libcst as cst

from callr_migrate.evaluate.layouts import SIGNS

# Code has some dozens that are not alike.
_MAX = 1_000


def _words() -> type:
    """What makes white space of one kind, by its text."""
    known: dict[str | None, Any] = {}

    class Words(ABCMeta):
        def __call__(cls, value: str | None = None) -> Any:
            return known.get(value) or made(cls, value)

    def made(cls: type, value: str | None) -> Any:
        node = ABCMeta.__call__(cls, value=value)
        if len(known) < _MAX:
            known[value] = node
        return node

    return Words


def _signs() -> type:
    """What makes signs of one kind, or ends of lines, by their parts; those with comments in them anew."""
    known: dict[tuple[object, ...], Any] = {}

    class Signs(ABCMeta):
        def __call__(cls, *values: Any, **parts: Any) -> Any:
            if values:
                return ABCMeta.__call__(cls, *values, **parts)  # not for the parser
            key = *parts, *parts.values()
            return known.get(key) or made(cls, parts, key)

    def made(cls: type, parts: dict[str, Any], key: tuple[object, ...]) -> Any:
        node = ABCMeta.__call__(cls, **parts)
        if len(known) < _MAX and all(map(_is_shared, parts.values())):
            known[key] = node
        return node

    return Signs


def _is_shared(part: object) -> bool:
    return type(part) in _WORDS or not isinstance(part, cst.CSTNode)


_WORDS = (cst.SimpleWhitespace, cst.Newline)
# Threads that run at the same time would wait for each other at each of these nodes.
MAKERS: dict[type, type] = (
    {kind: _words() for kind in _WORDS}
    | {kind: _signs() for kind in (*SIGNS, cst.EmptyLine, cst.TrailingWhitespace)}
    if getattr(sys, "_is_gil_enabled", lambda: True)()
    else {}
)
