"""`full`: each finding with its source, what it becomes, and why or why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Evidence
from callr_migrate.output.excerpt import Span, excerpt, secrets_by_file
from callr_migrate.output.located import Located, unmarked
from callr_migrate.output.notes import Note, notes_of, shown_lines
from callr_migrate.output.text import Paint, one_line, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callr_migrate.output import Result


def render_full(outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False) -> str:
    """All findings that are not applied, an empty line after each."""
    return "".join(full_pieces(outcome, color=color, verbose=verbose, links=links))


def full_pieces(
    outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False
) -> Iterator[str]:
    """The same, finding by finding."""
    paint = Paint(color, links)
    secrets = secrets_by_file(finding for finding in outcome.report.findings if not finding.applied)
    for place in unmarked(outcome):
        yield "\n".join(_block(place, secrets[place.finding.path], paint, verbose)) + "\n\n"


def headline_place(place: Located, paint: Paint) -> str:
    """`path:line:column:`; a click on it opens the file where the terminal can."""
    path = place.finding.path
    shown = f"{paint('bold', one_line(shown_path(path)))}:{place.start.line}:{place.start.column}"
    cell = f" cell {place.cell[0]}, line {place.cell[1]}:" if place.cell else ""
    return f"{paint.file(path, place.start.line, shown)}:{cell}"


def _block(place: Located, secrets: tuple[Span, ...], paint: Paint, verbose: bool) -> list[str]:
    finding = place.finding
    lines = [f"{headline_place(place, paint)} {paint('red', finding.code)} {one_line(finding.message)}"]
    gutter = 1
    if place.source is not None:
        part = excerpt(place.source, finding.start, finding.end, secrets, paint)
        gutter = part.gutter
        lines += [*part.lines, paint("blue", " " * gutter + " |")]
    lead = f"{' ' * gutter} {paint('blue', '=')}"
    for note in notes_of(finding, verbose=verbose):
        lines += _note(note, lead, gutter, paint)
    return lines


def _note(note: Note, lead: str, gutter: int, paint: Paint) -> list[str]:
    """A line that starts with `=`; further lines of the text stand beneath its first."""
    if isinstance(note.kind, Applicability):
        label = paint.applicability(note.kind, note.label)
    elif isinstance(note.kind, Evidence):
        label = paint.evidence(note.kind, note.label)
    else:
        label = paint("bold", note.label)
    first, *others = shown_lines(note.text)
    lines = [f"{lead} {label}: {first}"]
    if others:
        under = " " * (gutter + len(note.label) + 5)
        lines += [f"{under}{line}".rstrip() for line in others]
    return lines
