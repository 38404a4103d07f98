"""Lock files: made by tools, so a person runs the tool."""

from __future__ import annotations

import re
from collections.abc import Iterable

from callr_migrate.projectfiles.entries import Span
from callr_migrate.source import SourceFile

_COMMANDS = {
    "poetry.lock": "`poetry lock`",
    "pipfile.lock": "`pipenv lock`",
    "uv.lock": "`uv lock`",
    "pdm.lock": "`pdm lock`",
    "conda-lock.yml": "`conda-lock`",
}


def command_for(name: str) -> str:
    """What makes a lock file anew, by the file's name or by the command that the file itself names."""
    return _COMMANDS.get(name.lower(), "the tool that made it")


def locked(source: SourceFile, names: Iterable[str]) -> tuple[str, Span] | None:
    """The first of some distributions that a file names, and where."""
    spelled = "|".join(
        re.escape(name).replace(r"\-", "[-_.]") for name in sorted(names, key=len, reverse=True)
    )
    match = re.search(rf"(?i)(?<![\w./-])(?:{spelled})(?![\w/-]|\.\w)", source.text)
    if match is None:
        return None
    return match[0].lower().replace("_", "-").replace(".", "-"), match.span()
