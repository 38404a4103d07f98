"""`concise`: one line a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.output import sources_of
from callr_migrate.output.full import headline_place
from callr_migrate.output.text import Paint, one_line, order

if TYPE_CHECKING:
    from callr_migrate.output import Result


def render_concise(outcome: Result, *, color: bool = False, verbose: bool = False) -> str:
    """All findings that are not applied."""
    paint = Paint(color)
    lines: list[str] = []
    for finding in sorted(outcome.report.findings, key=order):
        if not finding.applied:
            place = headline_place(finding, sources_of(outcome, finding).get(finding.path), paint)
            word = paint.applicability(finding.applicability, f"[{finding.applicability.value}]")
            lines.append(f"{place} {paint('red', finding.code)} {word} {one_line(finding.message)}\n")
    return "".join(lines)
