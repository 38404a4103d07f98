"""Requirements in files with a grammar of their own that Python libraries read with places: YAML and `setup.py`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from callr_migrate.patterns import regex
from callr_migrate.projectfiles.entries import Contents, Entry, Span, entry
from callr_migrate.projectfiles.lists import installed
from callr_migrate.projectfiles.requirement import Requirement, normal
from callr_migrate.source import SourceFile

_CONDA = regex(
    r"(?:[\w.-]+::)?(?P<name>[A-Za-z0-9][\w.-]*)(?P<spec>(?:\s*(?:[=~!<>]=?)\s*[\w.*+!-]+,?)*)(?:=\w+)?"
)
_KEYWORDS = frozenset({"install_requires", "requires", "tests_require", "setup_requires", "extras_require"})
_NAMED = regex(r"requir|depend|deps|extras|install", re.IGNORECASE)


def yaml_file(source: SourceFile) -> Contents:
    """The `dependencies` of a conda environment, and what the commands of a pipeline install."""
    import yaml

    entries = list(installed(source))
    if "dependencies" not in source.text:
        return Contents(entries)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.compose_all(source.text, Loader=loader))
    except (yaml.YAMLError, RecursionError):
        # Templates of pipelines often are no YAML, and nothing is wrong with that.
        return Contents(entries)
    for document in documents:
        for key, value in document.value if isinstance(document, yaml.MappingNode) else ():
            if key.value == "dependencies" and isinstance(value, yaml.SequenceNode):
                entries += _conda(source, value)
    return Contents(entries)


def _conda(source: SourceFile, listed: Any) -> Iterator[Entry]:
    for node in listed.value:
        if isinstance(node.value, str):
            match = _CONDA.fullmatch(node.value.strip())
            if match is not None:
                name, spec = normal(match["name"]), match["spec"].strip()
                yield entry(source, _yaml_span(node), name, "dependencies", spec=spec, bare="{name}{}")
            continue
        for key, value in node.value if isinstance(node.value, list) else ():
            for item in value.value if key.value == "pip" else ():
                requirement = Requirement.of(item.value) if isinstance(item.value, str) else None
                if requirement is not None:
                    yield entry(
                        source, _yaml_span(item), requirement.name, "dependencies.pip", written=requirement
                    )


def _yaml_span(node: Any) -> Span:
    return node.start_mark.index, node.end_mark.index


def setup_file(source: SourceFile) -> Contents:
    """The lists that a `setup.py` gives to `setup`, or names as such."""
    try:
        tree = ast.parse(source.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Contents()
    entries: list[Entry] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in _KEYWORDS:
            entries += _texts(source, node.value, node.arg)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if _NAMED.search(name):
                entries += _texts(source, node.value, name)
    return Contents(list({entry.span: entry for entry in entries}.values()))


def _texts(source: SourceFile, node: ast.expr, container: str) -> Iterator[Entry]:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) else None
            yield from _texts(source, value, f"{container}.{name!r}")
    elif isinstance(node, ast.BinOp):
        yield from _texts(source, node.left, container)
        yield from _texts(source, node.right, container)
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        for item in node.elts:
            if isinstance(item, ast.Constant) and isinstance(item.value, str):
                yield from _text(source, item, item.value, container)


def _text(source: SourceFile, node: ast.Constant, value: str, container: str) -> Iterator[Entry]:
    requirement = Requirement.of(value)
    if requirement is None or node.end_lineno is None or node.end_col_offset is None:
        return
    span = (
        _offset(source, node.lineno, node.col_offset),
        _offset(source, node.end_lineno, node.end_col_offset),
    )
    literal = source.text[slice(*span)]
    if literal not in (f'"{value}"', f"'{value}'"):
        yield Entry(
            requirement.name, span, container, note="it is written in an unusual way; change it by hand"
        )
    else:
        yield entry(source, span, requirement.name, container, written=requirement, comma=",")


def _offset(source: SourceFile, line: int, column: int) -> int:
    """An offset from a line (from 1) and a column in bytes of UTF-8, as `ast` counts."""
    start = source.line_starts[line - 1]
    return start + len(source.line_text(line).encode()[:column].decode())
