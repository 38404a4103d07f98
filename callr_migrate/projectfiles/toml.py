"""Requirements in TOML: `pyproject.toml` (PEP 621, dependency groups, Poetry and others) and `Pipfile`.

tomlkit reads the file. Where a value stands is told by putting a mark in place of it and looking where the mark comes
out; that way the edits are spans, and everything else stays as it is by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from callr_migrate.patterns import regex
from callr_migrate.projectfiles.entries import Contents, Entry, Span, entry, line_of
from callr_migrate.projectfiles.requirement import Requirement, normal
from callr_migrate.source import SourceFile

_MARK = "mark-of-a-place-6f1c"
# A table of names and versions: Poetry's and Pipenv's.
_TABLES = regex(r"(?:tool\.poetry\.(?:(?:group\.[^.]+\.)?dependencies|dev-dependencies)|(?:dev-)?packages)\Z")
_LISTS = regex(r"(?:^|\.)(?:[\w-]*dependenc(?:y|ies)[\w-]*|requires)(?:\.|\Z)")
_PLAIN_KEY = regex(r"[ \t]*(?:[\w-]+|\"[\w.-]+\")[ \t]*=[ \t]*\Z")


def toml_file(source: SourceFile, wanted: frozenset[str]) -> Contents:
    """The requirements of a file; places are looked up for the names in `wanted` only."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(source.text)
        exact = tomlkit.dumps(document) == source.text
    except (TOMLKitError, RecursionError) as error:
        return Contents(problem=f"it is not valid TOML: {str(error) or 'nested too deeply'}")
    if not exact:
        return Contents(problem="it is not given back exactly by the TOML parser")
    return Contents(list(_Reader(source, wanted).walk(document.unwrap(), ())))


class _Reader:
    def __init__(self, source: SourceFile, wanted: frozenset[str]) -> None:
        self.source = source
        self.wanted = wanted

    def walk(self, value: Any, path: tuple[str, ...]) -> Iterator[Entry]:
        """The entries of a table and what is below it."""
        if not isinstance(value, dict):
            return
        container = ".".join(path)
        if _TABLES.match(container):
            for key, item in value.items():
                yield self._keyed(path, key, item)
            return
        for key, item in value.items():
            inner = ".".join((*path, key))
            if isinstance(item, list) and _LISTS.search(inner):
                for index, text in enumerate(item):
                    if isinstance(text, str):
                        yield from self._listed((*path, key), index, text)
            else:
                yield from self.walk(item, (*path, key))

    def _listed(self, path: tuple[str, ...], index: int, text: str) -> Iterator[Entry]:
        requirement = Requirement.of(text)
        if requirement is None:
            return
        container = ".".join(path)
        span = self._span((*path, index)) if requirement.name in self.wanted else (0, 0)
        if span is None or self.source.text[slice(*span)][1:-1] not in ("", text):
            span = span or (0, 0)
            yield Entry(
                requirement.name, span, container, note="it is written in an unusual way; change it by hand"
            )
        elif span == (0, 0):
            yield Entry(requirement.name, span, container)
        else:
            yield entry(self.source, span, requirement.name, container, written=requirement, comma=",")

    def _keyed(self, path: tuple[str, ...], key: str, item: Any) -> Entry:
        name, container = normal(key), ".".join(path)
        span = self._span((*path, key)) if name in self.wanted else (0, 0)
        if span == (0, 0):
            return Entry(name, span, container)
        source = self.source
        by_hand = Entry(
            name, span or (0, 0), container, note="it is written in an unusual way; change it by hand"
        )
        if span is None:
            return by_hand
        start, _ = line_of(source, span[0])
        _, end = line_of(source, span[1])
        lead = source.text[start : span[0]]
        behind = source.text[span[1] : end].strip()
        spec = _version(item)
        if spec is None or not _PLAIN_KEY.match(lead) or (behind and not behind.startswith("#")):
            return by_hand
        low = start + len(lead) - len(lead.lstrip())
        quote = '"' if isinstance(item, dict) else source.text[span[0]]
        template = f"{{name}} = {quote}{{}}{quote}"
        is_last = not source.text[start:end].endswith(("\n", "\r"))
        return Entry(
            name,
            (low, span[1]),
            container,
            template,
            removal=(low, span[1]) if behind else (start, end),
            insert_at=start if is_last else end,
            insertion=f"{template}{source.newline}",
            spec=spec,
        )

    def _span(self, path: tuple[str | int, ...]) -> Span | None:
        """Where a value stands, its quotes included; None if that cannot be told."""
        import tomlkit

        document: Any = tomlkit.parse(self.source.text)
        holder = document
        try:
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = _MARK
            marked = tomlkit.dumps(document)
        except Exception:
            return None  # a fault of the library: then a person does it
        quoted = re.search(rf"(['\"]){_MARK}\1", marked)
        if quoted is None:
            return None
        text = self.source.text
        start, end = quoted.start(), len(text) - (len(marked) - quoted.end())
        same = marked[:start] == text[:start] and marked[quoted.end() :] == text[end:]
        return (start, end) if same and start < end else None


def _version(item: Any) -> str | None:
    """The versions that a Poetry or Pipenv value asks for; None where it says more than that."""
    if isinstance(item, str):
        return item
    if isinstance(item, dict) and set(item) <= {"version"}:
        return str(item.get("version", "*"))
    return None
