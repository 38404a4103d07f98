"""JSON or YAML text of any origin -> lists, dicts, texts, booleans and None; nothing else, and no surprises.

Numbers stay texts, as written (a version `2.10` is not 2.1), and so do dates and YAML 1.1's `no` and `on`.
Works without recursion: depth is limited, where the parsers' own composers would crash the process.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MAX_BYTES = 128 * 1024 * 1024
MAX_DEPTH = 250

_CONSTANTS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class DocumentError(Exception):
    """A document that cannot be read, or says what cannot be; the message is one line."""


def read_bytes(path: Path) -> bytes:
    """The bytes of a file; raises `DocumentError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DocumentError(f"is larger than {MAX_BYTES // 1024 // 1024} MB")
        return path.read_bytes()
    except OSError as error:
        raise DocumentError(f"cannot be read: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise DocumentError("cannot be read: that is no file name") from None


def parse(data: bytes) -> Any:
    """The document in `data`: JSON if it starts like JSON, else YAML; raises `DocumentError`."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError(f"is not UTF-8 (byte {error.start})") from None
    if not text.strip():
        raise DocumentError("is empty")
    if text.lstrip()[0] in "{[":
        return _json(text)
    return _yaml(text)


def _json(text: str) -> Any:
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=str
        )
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise DocumentError("is nested too deeply") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise DocumentError(f"has the key {double!r} twice in one object")
    return found


def _yaml(text: str) -> Any:
    # YAML is for documents that are written in it.
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder().build(yaml.parse(text, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise DocumentError(f"is not valid YAML: {error.problem}{place}") from None
    except yaml.YAMLError as error:
        raise DocumentError(f"is not valid YAML: {str(error).splitlines()[0]}") from None


class _Open:
    """A list or mapping that is being read."""

    def __init__(self, event: Any, value: Any) -> None:
        self.anchor: str | None = event.anchor
        self.value = value
        self.key: str | None = None
        self.merges = False  # the key is YAML's `<<`
        self.merged: dict[str, Any] = {}


class _Builder:
    """Builds one document from the events of a YAML parser."""

    def __init__(self) -> None:
        self.stack: list[_Open] = []
        self.anchors: dict[str, Any] = {}
        self.documents = 0
        self.result: Any = None

    def build(self, events: Iterable[Any]) -> Any:
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                self.documents += 1
                if self.documents > 1:
                    raise DocumentError(f"holds a second document{_line(event)}")
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                if len(self.stack) >= MAX_DEPTH:
                    raise DocumentError(f"is nested too deeply{_line(event)}")
                if self.stack and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None:
                    raise DocumentError(f"has a key that is not a text{_line(event)}")
                self.stack.append(_Open(event, {} if kind == "MappingStartEvent" else []))
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                done = self.stack.pop()
                value = {**done.merged, **done.value} if done.merged else done.value
                if done.anchor:
                    self.anchors[done.anchor] = value
                self._add(event, value)
            elif kind == "ScalarEvent":
                self._scalar(event)
            elif kind == "AliasEvent":
                if event.anchor not in self.anchors:
                    raise DocumentError(f"uses *{event.anchor} before or inside its definition{_line(event)}")
                self._add(event, self.anchors[event.anchor])
        return self.result

    def _scalar(self, event: Any) -> None:
        plain = event.implicit[0]
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            top.merges = plain and event.value == "<<"
            if event.value in top.value:
                raise DocumentError(f"has the key {event.value!r} twice in one mapping{_line(event)}")
            top.key = event.value
            return
        value = _CONSTANTS.get(event.value, event.value) if plain else event.value
        if event.anchor:
            self.anchors[event.anchor] = value
        self._add(event, value)

    def _add(self, event: Any, value: Any) -> None:
        if not self.stack:
            self.result = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
            return
        if top.key is None:
            raise DocumentError(f"has a key that is not a text{_line(event)}")
        if top.merges:
            for part in value if isinstance(value, list) else [value]:
                if not isinstance(part, dict):
                    raise DocumentError(f"merges ('<<') what is no mapping{_line(event)}")
                top.merged = {**part, **top.merged}
        else:
            top.value[top.key] = value
        top.key, top.merges = None, False


def _line(event: Any) -> str:
    return f" (line {event.start_mark.line + 1})"
