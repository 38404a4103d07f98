"""Notebooks (nbformat 3 and 4): the cells of Python in order, each character with its place in the JSON text.

The standard library's decoder reads the file; only the way to the cells is walked here, since no decoder tells places.
"""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from pathlib import Path
from typing import Any

from callr_migrate.embedded import EmbeddedSource, Masked, Piece, Span, embedded
from callr_migrate.lexing import Lexed
from callr_migrate.source import SourceError, SourceFile

_SPACE = re.compile(r"[ \t\r\n]*")
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]", re.DOTALL
)
_DECODER = json.JSONDecoder(strict=False)
# Magics whose cell is Python all the same.
_PYTHON_CELLS = frozenset(
    {"time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "python3", "python"}
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*\n?")
_MAGIC = re.compile(r"(?P<lead>[ \t]*)(?P<magic>[%!?](?![=\s])[^\n]*|[\w.*%]+\?\??[ \t]*)")
_ASSIGNED = re.compile(r"(?P<lead>[ \t]*[\w.,\[\]'\" \t()]+=[ \t]*)(?P<magic>[%!](?![=\s])[^\n]*)")
_PAIRS = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def notebook(path: Path, raw: bytes) -> EmbeddedSource:
    """The cells of a notebook; those of another language have none. Raises `SourceError`."""
    whole = SourceFile.from_bytes(path, raw)
    try:
        data = _DECODER.decode(whole.text)
    except (ValueError, RecursionError):
        raise SourceError("is no notebook: it is not valid JSON") from None
    if not isinstance(data, dict) or not _is_python(data):
        return embedded(whole, (), (), fixable=False, has_cells=True)
    try:
        pieces = list(_Walker(whole.text).pieces())
    except (ValueError, IndexError, RecursionError):
        raise SourceError("is no notebook: its cells cannot be read") from None
    masks = [masked(piece.text) for piece in pieces]
    return embedded(whole, pieces, masks, fixable=True, has_cells=True)


def _is_python(data: dict[str, Any]) -> bool:
    metadata = data.get("metadata")
    for key, name in (("language_info", "name"), ("kernelspec", "language")):
        stated = metadata.get(key) if isinstance(metadata, dict) else None
        language = stated.get(name) if isinstance(stated, dict) else None
        if isinstance(language, str):
            return "python" in language.lower()
    return True


class _Walker:
    """Goes to the texts of the code cells in a JSON text that is known to be valid."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.number = 0

    def pieces(self) -> Iterator[Piece]:
        """The code cells."""
        for key, at in self._members(self._skip(0)):
            if key == "cells":
                yield from self._cells(at)
            elif key == "worksheets":
                for sheet in self._items(at):
                    for name, inner in self._members(sheet):
                        if name == "cells":
                            yield from self._cells(inner)

    def _cells(self, at: int) -> Iterator[Piece]:
        for cell in self._items(at):
            self.number += 1
            members = dict(self._members(cell))
            kind = self._value(members["cell_type"])[0] if "cell_type" in members else None
            place = members.get("source", members.get("input"))
            if kind == "code" and place is not None:
                piece = self._piece(place)
                if piece is not None:
                    yield piece

    def _piece(self, at: int) -> Piece | None:
        strings = [at] if self.text[at] == '"' else list(self._items(at)) if self.text[at] == "[" else []
        if not strings or any(self.text[place] != '"' for place in strings):
            return None
        texts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        close = at
        for place in strings:
            value, end = scanstring(self.text, place + 1, False)
            close = end - 1
            texts.append(value)
            for match in _CHARACTER.finditer(self.text, place + 1, close):
                starts.append(match.start())
                ends.append(match.end())
        text = "".join(texts)
        if len(text) != len(starts):
            return None
        return Piece(
            self.number, text, starts, ends, strings[0] + 1, close, self._joint(strings, at), is_json=True
        )

    def _joint(self, strings: list[int], at: int) -> str:
        """What stands between two lines of a list: the quotes, the comma and the white space of the file itself."""
        if self.text[at] == '"':
            return ""
        _, end = scanstring(self.text, strings[0] + 1, False)
        if len(strings) > 1:
            return f'"{self.text[end : strings[1]]}"'
        return f'",{self.text[at + 1 : strings[0]]}"'

    # JSON

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self.text, at)
        return match.end() if match else at

    def _value(self, at: int) -> tuple[Any, int]:
        return _DECODER.raw_decode(self.text, at)

    def _members(self, at: int) -> Iterator[tuple[str, int]]:
        if self.text[at] != "{":
            return
        at = self._skip(at + 1)
        while self.text[at] != "}":
            key, at = scanstring(self.text, at + 1, False)
            at = self._skip(self._skip(at) + 1)
            yield key, at
            at = self._next(self._value(at)[1])

    def _items(self, at: int) -> Iterator[int]:
        if self.text[at] != "[":
            return
        at = self._skip(at + 1)
        while self.text[at] != "]":
            yield at
            at = self._next(self._value(at)[1])

    def _next(self, at: int) -> int:
        at = self._skip(at)
        return self._skip(at + 1) if self.text[at] == "," else at


# -- magics -----------------------------------------------------------------------------------------------------


def masked(text: str) -> Masked:
    """A cell with what IPython alone understands masked; all of it where it is no Python."""
    cell = _CELL_MAGIC.match(text)
    if cell is not None and cell[1] not in _PYTHON_CELLS:
        return commented(text, f"the cell magic %%{cell[1]}", head=len(text))
    head = cell.end() if cell is not None else 0
    lines = list(_magics(text, head))
    if cell is not None:
        first = len(text) - len(text.lstrip())
        lines.insert(0, (first, len(text[:head].rstrip("\r\n")), True))
    shown = list(text)
    changed: list[Span] = []
    for start, end, alone in lines:
        width = min(2, end - start)
        shown[start : start + width] = _stand_in(text[start:end], alone=alone)[:width]
        changed.append((start, start + 1 if alone else min(start + 2, end)))
    result = Masked(
        "".join(shown), tuple(changed), tuple((start, end) for start, end, _ in lines), "a magic", head
    )
    if parses(result.text):
        return result
    return commented(text, "does not parse", head=head)


def _stand_in(magic: str, *, alone: bool) -> str:
    """Two characters in place of a magic's first two: a comment, or a value and a comment where a statement must be."""
    return f"#{magic[1:2]}" if alone else "0#"


def commented(text: str, why: str, head: int = 0) -> Masked:
    """A text of which every line is a comment."""
    shown = list(text)
    changed: list[Span] = []
    for match in re.finditer(r"[^\r\n]+", text):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        if start < match.end():
            shown[start] = "#"
            changed.append((start, start + 1))
    return Masked("".join(shown), tuple(changed), ((0, len(text)),), why, head)


def _magics(text: str, offset: int) -> Iterator[tuple[int, int, bool]]:
    """Start and end of each magic behind an offset, and whether it is all of an unindented line."""
    if not any(sign in text for sign in "%!?"):
        return
    lexed = Lexed.of(text)
    code = lexed.code
    depth = 0
    done = 0
    joined = False
    for line in re.finditer(r"[^\n]*(?:\n|\Z)", text):
        start = line.start()
        depth = max(0, depth + sum(_PAIRS.get(char, 0) for char in code[done:start]))
        done = start
        inside = depth > 0 or joined or _is_inside(lexed, start)
        joined = code[start : line.end()].rstrip("\r\n").endswith("\\")
        if start < offset or inside:
            continue
        content = line[0].rstrip("\r\n")
        match = _MAGIC.fullmatch(content) or _ASSIGNED.fullmatch(content)
        if match is not None:
            begin = start + match.start("magic")
            yield begin, start + len(content), not match["lead"]
            # Nothing in it is Python, so none of its brackets count.
            done = line.end()
            joined = False


def _is_inside(lexed: Lexed, offset: int) -> bool:
    held = lexed.holder(offset)
    return held is not None and held[0] < offset


def parses(text: str) -> bool:
    """Whether a piece is Python on its own."""
    import ast

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
