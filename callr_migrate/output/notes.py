"""What stands under a finding's headline: its fix, what it becomes, why or why not, what it leans on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Evidence, Finding
from callr_migrate.output.text import cells
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEWLINE = regex(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Note:
    """A label and its text, which may have several lines; `kind` gives the label a colour."""

    label: str
    text: str
    kind: Applicability | Evidence | None = None


def notes_of(finding: Finding, *, verbose: bool = False) -> Iterator[Note]:
    """Return the notes in their order; `verbose`: the well-known facts and the link as well."""
    yield _fix(finding)
    if finding.becomes:
        yield Note("becomes", finding.becomes)
    if finding.reason:
        yield Note("why not" if finding.applicability is Applicability.MANUAL else "note", finding.reason)
    listed = [fact for fact in finding.facts if verbose or not fact.evidence.is_safe]
    for fact in dict.fromkeys(listed):
        from_where = f" ({fact.source})" if fact.source else ""
        yield Note(fact.evidence.value, f"{fact.text}{from_where}", fact.evidence)
    if finding.help:
        yield Note("help", finding.help)
    if finding.url and verbose:
        yield Note("see", finding.url)


def notes_text(finding: Finding) -> str:
    """Return the notes as lines, each after its label, without what a terminal would obey."""
    return "\n".join(f"{note.label}: " + "\n".join(shown_lines(note.text)) for note in notes_of(finding))


def shown_lines(text: str) -> list[str]:
    """Return the lines of a text as they may be shown."""
    if text.isprintable():
        return [text]
    return ["".join(cells(line)) for line in _NEWLINE.split(text)]


def _fix(finding: Finding) -> Note:
    if finding.applicability is Applicability.MANUAL:
        return Note("manual", "no fix; a person decides", finding.applicability)
    description = finding.fix.description if finding.fix else "comes with the fix of the call it belongs to"
    return Note(f"{finding.applicability.value} fix", description, finding.applicability)
