"""`concise`: one line a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.output.full import headline_place
from callr_migrate.output.located import unmarked
from callr_migrate.output.text import Paint, one_line

if TYPE_CHECKING:
    from callr_migrate.findings import Finding
    from callr_migrate.output import Result


def render_concise(
    outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False
) -> str:
    """All findings that are not applied."""
    paint = Paint(color, links)
    return "".join(
        f"{headline_place(place, paint)} {said(place.finding, paint)}\n" for place in unmarked(outcome)
    )


def said(finding: Finding, paint: Paint) -> str:
    """Return code, applicability and message."""
    word = paint.applicability(finding.applicability, f"[{finding.applicability.value}]")
    return f"{paint('red', finding.code)} {word} {one_line(finding.message)}"
