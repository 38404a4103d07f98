"""Which files of the project still need a library: told from the words of imports, so also where a file does not parse."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from callr_migrate.lexing import Lexed
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile


@dataclass(frozen=True)
class Use:
    """The first place in a file that needs a module."""

    path: Path
    line: int


def use_of(modules: Iterable[str], sources: Iterable[SourceFile]) -> Use | None:
    """The first place that imports one of the modules, or names something in it as a text; None if there is none."""
    names = sorted(modules)
    quick = [name.encode() for name in names]
    words = "|".join(map(re.escape, names))
    imported = re.compile(
        rf"(?m)^[^\S\n]*(?:[^\n#]*[;:][^\S\n]*)?(?:import\s+(?:[\w.]+(?:\s+as\s+\w+)?\s*,\s*)*|from\s+)(?:{words})(?=[\s.,;]|\Z)"
    )
    loaded = re.compile(
        rf"(?:import_module|__import__|importorskip)\(\s*['\"](?:{words})\b|['\"](?:{words})\.\w+[\w.]*['\"]"
    )
    for source in sources:
        if not any(name in source.raw for name in quick):
            continue
        lexed = Lexed.of(source.unmasked)
        match = imported.search(lexed.code) or next(
            (found for found in loaded.finditer(lexed.text) if not lexed.in_comment(found.start())), None
        )
        if match is not None:
            at = match.end() - 1
            return Use(source.path, source.position(at).line)
    return None
