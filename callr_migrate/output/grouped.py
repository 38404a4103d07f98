"""`grouped`: the findings of a file beneath its name, one line each."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from callr_migrate.output.concise import said
from callr_migrate.output.located import unmarked
from callr_migrate.output.text import Paint, one_line, plural, shown_path

if TYPE_CHECKING:
    from callr_migrate.output import Result


def render_grouped(
    outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False
) -> str:
    """All findings that are not applied, an empty line after each file."""
    paint = Paint(color, links)
    blocks: list[str] = []
    for path, group in groupby(unmarked(outcome), key=lambda place: place.finding.path):
        places = list(group)
        name = paint("bold", one_line(shown_path(path)))
        blocks.append(f"{paint.file(path, places[0].start.line, name)}: {plural(len(places), 'finding')}\n")
        starts = [f"{place.start.line}:{place.start.column}" for place in places]
        width = max(map(len, starts))
        for place, start in zip(places, starts, strict=True):
            shown = paint.file(path, place.start.line, start) + " " * (width - len(start))
            blocks.append(f"  {shown} {said(place.finding, paint)}\n")
        blocks.append("\n")
    return "".join(blocks)
