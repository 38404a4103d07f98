"""`full`: each finding with its source, what it becomes, and why or why not."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Evidence
from callr_migrate.output.excerpt import Span, excerpt, secrets_by_file
from callr_migrate.output.located import Located, unmarked
from callr_migrate.output.notes import notes_of, shown_lines
from callr_migrate.output.text import Paint, one_line, shown_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from callr_migrate.output import Result

    Shown = Callable[[int, str, str, Applicability | Evidence | None], tuple[str, ...]]

_NOTES = 1_000  # most stand under many findings


def render_full(outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False) -> str:
    """All findings that are not applied, an empty line after each."""
    return "".join(full_pieces(outcome, color=color, verbose=verbose, links=links))


def full_pieces(
    outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False
) -> Iterator[str]:
    """The same, finding by finding."""
    paint = Paint(color, links)
    notes = lru_cache(_NOTES)(partial(_note, paint))
    secrets = secrets_by_file(finding for finding in outcome.report.findings if not finding.applied)
    for place in unmarked(outcome):
        yield "\n".join(_block(place, secrets[place.finding.path], paint, notes, verbose)) + "\n\n"


def headline_place(place: Located, paint: Paint) -> str:
    """`path:line:column:`; a click on it opens the file where the terminal can."""
    path = place.finding.path
    shown = f"{paint('bold', one_line(shown_path(path)))}:{place.start.line}:{place.start.column}"
    cell = f" cell {place.cell[0]}, line {place.cell[1]}:" if place.cell else ""
    return f"{paint.file(path, place.start.line, shown)}:{cell}"


def _block(place: Located, secrets: tuple[Span, ...], paint: Paint, shown: Shown, verbose: bool) -> list[str]:
    finding = place.finding
    lines = [f"{headline_place(place, paint)} {paint('red', finding.code)} {one_line(finding.message)}"]
    gutter = 1
    if place.source is not None:
        part = excerpt(place.source, finding.start, finding.end, secrets, paint)
        gutter = part.gutter
        lines += [*part.lines, paint("blue", " " * gutter + " |")]
    for note in notes_of(finding, verbose=verbose):
        lines += shown(gutter, note.label, note.text, note.kind)
    return lines


def _note(
    paint: Paint, gutter: int, name: str, text: str, kind: Applicability | Evidence | None
) -> tuple[str, ...]:
    """A line that starts with `=`; further lines of the text stand beneath its first."""
    if isinstance(kind, Applicability):
        label = paint.applicability(kind, name)
    elif isinstance(kind, Evidence):
        label = paint.evidence(kind, name)
    else:
        label = paint("bold", name)
    first, *others = shown_lines(text)
    under = " " * (gutter + len(name) + 5)
    return (
        f"{' ' * gutter} {paint('blue', '=')} {label}: {first}",
        *(f"{under}{line}".rstrip() for line in others),
    )
