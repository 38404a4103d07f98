"""Code as the report shows it: as people wrote it, without literal credentials and without what could mislead."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from callr_migrate.output.excerpt import Span, hidden_in
from callr_migrate.output.text import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callr_migrate.source import SourceFile

_MOST_LINES = 60
_MOST_COLUMNS = 400


def before(source: SourceFile, start: int, end: int, secrets: Sequence[Span]) -> str:
    """The text of a span, its further lines moved as far to the left as the first."""
    text = list(source.unmasked[start:end])
    for offset in hidden_in(secrets, start, end):
        text[offset - start] = "*"
    first = source.line_starts[source.position(start).line - 1]
    indent = len(source.text[first:start]) - len(source.text[first:start].lstrip())
    lines = "".join(text).splitlines()
    rest = [line[indent:] if not line[:indent].strip() else line for line in lines[1:]]
    return showable("\n".join([*lines[:1], *rest]))


def showable(text: str) -> str:
    """Code without control characters and changes of direction; what is very long is cut, and says so."""
    lines = textwrap.dedent(text).expandtabs(4).splitlines()
    cut = len(lines) - _MOST_LINES
    shown = [
        "".join(map(plain, line[:_MOST_COLUMNS])) + " ..." * (len(line) > _MOST_COLUMNS) for line in lines
    ]
    return "\n".join([*shown[:_MOST_LINES], f"# ... {cut} more lines"] if cut > 0 else shown)
