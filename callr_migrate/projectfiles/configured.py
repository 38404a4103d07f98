"""Settings of a program: lines of `key = value` that hold a legacy address, or are named after its credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callr_migrate.lexing import Lexed
from callr_migrate.patterns import regex
from callr_migrate.projectfiles.entries import Span
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

_SECTION = regex(r"[ \t]*\[+([^\[\]\r\n]+)\]+[ \t]*(?:[#;].*)?")
_LINE = regex(
    r"(?P<lead>[ \t]*(?:export[ \t]+|(?:ENV|ARG)[ \t]+|-[ \t]+)*)(?P<quote>[\"']?)(?P<key>[A-Za-z_][\w.-]*)(?P=quote)"
    r"[ \t]*(?P<sign>[:=]|(?<=\w)[ \t](?=\S))[ \t]*(?P<value>.*)"
)
_CREDENTIAL = regex(
    r"(?:^|[_.-])(?:log[_-]?in|user(?:[_-]?name)?|pass(?:word|wd|phrase)?|pwd|secret|token|(?:api[_-]?)?key|credentials?)\Z",
    re.IGNORECASE,
)
_NAME = regex(r"[\"']?([A-Za-z_][\w.-]*)[\"']?")

# `NAME = `, `NAME: str = `, `"key": `, and with a default behind a call's first argument.
_NAMED = regex(
    r"[ \t{]*(?P<name>[A-Za-z_]\w*|\"[\w.-]+\"|'[\w.-]+')[ \t]*(?::[ \t]*[\w.\[\]| ]+)?[ \t]*[=:][ \t]*"
    r"(?:[\w.]+\([^()\n]*,[ \t]*(?:default[ \t]*=[ \t]*)?)?"
)


@dataclass(frozen=True)
class Setting:
    """One setting. `name` has those of its sections before it; `secrets` are the parts of the line not to be shown."""

    name: str
    span: Span
    address: str | None
    secrets: tuple[Span, ...]


def settings_of(source: SourceFile, modules: list[str], addresses: list[str]) -> Iterator[Setting]:
    """The settings of a file that hold one of the addresses, or a credential of a client of one of the modules."""
    parents: list[tuple[int, str]] = []
    section = ""
    for index, start in enumerate(source.line_starts):
        line = source.line_text(index + 1)
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        heading = _SECTION.fullmatch(line)
        if heading is not None:
            section = heading[1].strip()
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            continue
        indent = len(match["lead"])
        parents = [(depth, name) for depth, name in parents if depth < indent]
        value = match["value"].strip()
        if match["sign"] == ":" and not value:
            parents.append((indent, match["key"]))
            continue
        name = ".".join(filter(None, [section, *(parent for _, parent in parents), match["key"]]))
        yield from _setting(start, match, name, modules, addresses)


def module_settings(source: SourceFile, addresses: list[str]) -> Iterator[Setting]:
    """The names of a Python file that are given a text with one of the addresses, by itself or as a default."""
    lexed = Lexed.of(source.text)
    for start, end in lexed.strings:
        literal = source.text[start:end].lower()
        address = next((address for address in addresses if address in literal), None)
        if address is None:
            continue
        before = source.line_starts[source.position(start).line - 1]
        named = _NAMED.fullmatch(source.text, before, start)
        if named is None:
            continue
        at = start + literal.find(address)
        around = ((start, at), (at + len(address), end))
        yield Setting(
            named["name"].strip("'\""),
            named.span("name"),
            address,
            tuple(part for part in around if part[0] < part[1]),
        )


def _setting(
    start: int, match: re.Match[str], name: str, modules: list[str], addresses: list[str]
) -> Iterator[Setting]:
    value_at = start + match.start("value")
    end = start + match.end("value")
    span = (start + match.start("key"), start + match.end("key"))
    value = match["value"]
    for address in addresses:
        found = value.lower().find(address)
        if found >= 0:
            around = ((value_at, value_at + found), (value_at + found + len(address), end))
            yield Setting(name, span, address, tuple(part for part in around if part[0] < part[1]))
            return
    entry = _NAME.fullmatch(value.strip()) if match["key"] == "name" else None
    if entry is not None and _is_credential(entry[1], modules):
        # A variable of a container: its value stands on the next line.
        yield Setting(entry[1], (value_at + entry.start(1), value_at + entry.end(1)), None, ())
    elif _is_credential(name, modules):
        yield Setting(name, span, None, ((value_at, end),) if value_at < end else ())


def _is_credential(name: str, modules: list[str]) -> bool:
    lowered = name.lower()
    return _CREDENTIAL.search(name) is not None and any(
        re.search(rf"(?:^|[^a-z]){re.escape(module)}(?:[^a-z]|\Z)", lowered) for module in modules
    )
