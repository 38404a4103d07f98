"""Files around the code as text, and what they require."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.projectfiles.kinds import Kind
from callr_migrate.source import SourceError, SourceFile

if TYPE_CHECKING:
    from callr_migrate.projectfiles.entries import Contents

# Bytes. Nobody writes so much by hand; lock files may be larger, and are searched only.
_MOST = 2_000_000


def decoded(path: Path, raw: bytes, kind: Kind) -> SourceFile | None:
    """A file as text: UTF-8, UTF-16 with its mark (as PowerShell writes), or what it declares; None if it is none."""
    if kind is not Kind.LOCK and len(raw) > _MOST:
        return None
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if raw.startswith(mark):
            try:
                return SourceFile(path, raw, raw[len(mark) :].decode(encoding), encoding, mark)
            except UnicodeDecodeError:
                return None
    try:
        return SourceFile.from_bytes(path, raw)
    except SourceError:
        return None


def contents(source: SourceFile, kind: Kind, wanted: frozenset[str]) -> Contents:
    """The requirements of a file; `wanted` are the names whose places matter."""
    # Reading is for every run, the forms are for those that come to such files.
    from callr_migrate.embedded import EmbeddedSource
    from callr_migrate.projectfiles.entries import Contents
    from callr_migrate.projectfiles.lists import ini_file, installed, requirements_file
    from callr_migrate.projectfiles.toml import toml_file
    from callr_migrate.projectfiles.trees import setup_file, yaml_file

    if kind is Kind.REQUIREMENTS:
        return requirements_file(source)
    if kind in (Kind.PYPROJECT, Kind.PIPFILE):
        return toml_file(source, wanted)
    if kind is Kind.INI:
        return ini_file(source)
    if kind is Kind.SETUP:
        return setup_file(source)
    if kind is Kind.YAML:
        return yaml_file(source)
    if kind is Kind.NOTEBOOK and isinstance(source, EmbeddedSource):
        magics = [(start, start + len(text)) for start, text, _ in source.hidden()]
        return Contents(
            [entry for entry in installed(source) if any(low <= entry.span[0] < high for low, high in magics)]
        )
    return Contents(list(installed(source))) if kind is Kind.SHELL else Contents()
