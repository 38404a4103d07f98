"""`full`: each finding with its source, what it becomes, and why or why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Finding
from callr_migrate.output import sources_of
from callr_migrate.output.excerpt import Span, excerpt, secrets_by_file
from callr_migrate.output.text import Paint, cells, one_line, order, shown_path

if TYPE_CHECKING:
    from callr_migrate.output import Result
    from callr_migrate.source import SourceFile


def render_full(outcome: Result, *, color: bool = False, verbose: bool = False) -> str:
    """All findings that are not applied, an empty line after each."""
    paint = Paint(color)
    left = [finding for finding in outcome.report.findings if not finding.applied]
    secrets = secrets_by_file(left)
    blocks: list[str] = []
    for finding in sorted(left, key=order):
        source = sources_of(outcome, finding).get(finding.path)
        blocks.append("\n".join(_block(finding, source, secrets[finding.path], paint, verbose)) + "\n\n")
    return "".join(blocks)


def headline_place(finding: Finding, source: SourceFile | None, paint: Paint) -> str:
    """`path:line:column:`, of the start of a file that could not be decoded."""
    line, column = (1, 1)
    if source is not None:
        position = source.position(finding.start)
        line, column = position.line, position.column
    return f"{paint('bold', one_line(shown_path(finding.path)))}:{line}:{column}:"


def _block(
    finding: Finding, source: SourceFile | None, secrets: tuple[Span, ...], paint: Paint, verbose: bool
) -> list[str]:
    lines = [
        f"{headline_place(finding, source, paint)} {paint('red', finding.code)} {one_line(finding.message)}"
    ]
    gutter = 1
    if source is not None:
        part = excerpt(source, finding.start, finding.end, secrets, paint)
        gutter = part.gutter
        lines += [*part.lines, paint("blue", " " * gutter + " |")]
    notes = _Notes(gutter, paint)
    _fix_notes(notes, finding, paint)
    listed = [fact for fact in finding.facts if verbose or not fact.evidence.is_safe]
    for fact in dict.fromkeys(listed):
        from_where = f" ({fact.source})" if fact.source else ""
        notes.add(
            fact.evidence.value,
            f"{fact.text}{from_where}",
            paint.evidence(fact.evidence, fact.evidence.value),
        )
    if finding.help:
        notes.add("help", finding.help)
    if finding.url and verbose:
        notes.add("see", finding.url)
    return lines + notes.lines


def _fix_notes(notes: _Notes, finding: Finding, paint: Paint) -> None:
    if finding.applicability is Applicability.MANUAL:
        notes.add("manual", "no fix; a person decides", paint.applicability(finding.applicability, "manual"))
    else:
        label = f"{finding.applicability.value} fix"
        description = (
            finding.fix.description if finding.fix else "comes with the fix of the call it belongs to"
        )
        notes.add(label, description, paint.applicability(finding.applicability, label))
    if finding.becomes:
        notes.add("becomes", finding.becomes)
    if finding.reason:
        notes.add("why not" if finding.applicability is Applicability.MANUAL else "note", finding.reason)


class _Notes:
    """The lines that start with `=`; further lines of a text stand beneath its first."""

    def __init__(self, gutter: int, paint: Paint) -> None:
        self.indent = " " * gutter
        self.paint = paint
        self.lines: list[str] = []

    def add(self, label: str, text: str, painted: str | None = None) -> None:
        texts = ["".join(cells(line)) for line in re.split(r"\r\n|\r|\n", text)]
        under = " " * (len(self.indent) + len(label) + 5)
        first = f"{self.indent} {self.paint('blue', '=')} {painted or self.paint('bold', label)}: {texts[0]}"
        self.lines += [first, *(f"{under}{line}".rstrip() for line in texts[1:])]
