"""Unified diffs in bytes: every file keeps its encoding, newlines and byte order mark, so that they can be applied."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from callr_migrate.output.text import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from callr_migrate.output import Result
    from callr_migrate.scaffolding import ScaffoldFile
    from callr_migrate.source import SourceFile

_COLORS = {b"+": b"32", b"-": b"31", b"@": b"36"}


def render_diff(outcome: Result, added: Sequence[ScaffoldFile] = (), *, color: bool = False) -> bytes:
    """Return what the fixes change, in the order of the paths, and the scenarios that are `added`; perhaps nothing."""
    lines: list[bytes] = []
    for path in sorted(outcome.changed, key=shown_path):
        lines += file_diff(outcome.sources[path], outcome.changed[path])
    for file in added:
        lines += bytes_diff(file.path, file.before, file.after)
    return b"".join(map(_painted, lines) if color else lines)


def file_diff(before: SourceFile, after: SourceFile) -> Iterator[bytes]:
    r"""Return the lines of one file's diff.

    Lines end at `\n` alone, as for patch and git; a `\r` before it is part of the line.
    """
    yield from bytes_diff(before.path, before.raw, after.raw)


def bytes_diff(path: Path, before: bytes | None, after: bytes) -> Iterator[bytes]:
    """Return the lines of the diff of a file that need not have been there."""
    name = os.fsencode(shown_path(path))
    # A tab ends a name that has a space in it, as git writes it.
    end = b"\t" if b" " in name else b""
    old = b"/dev/null" if before is None else b"a/" + name + end
    for line in difflib.diff_bytes(
        difflib.unified_diff, _lines(before or b""), _lines(after), old, b"b/" + name + end
    ):
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _lines(raw: bytes) -> list[bytes]:
    lines = raw.split(b"\n")
    return [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _painted(line: bytes) -> bytes:
    code = _COLORS.get(line[:1])
    if code is None or line.startswith((b"--- ", b"+++ ")):
        return line
    return b"\x1b[" + code + b"m" + line.rstrip(b"\n") + b"\x1b[0m" + b"\n" * line.count(b"\n")
