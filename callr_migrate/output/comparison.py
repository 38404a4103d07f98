"""The rules beside a vendor's OpenAPI document, as a table for people."""

from __future__ import annotations

from collections.abc import Iterator

from callr_migrate.output.text import one_line, plural
from callr_migrate.pack.openapi import Document
from callr_migrate.pack.verify import Comparison, Row, Status

_HEADINGS = {
    Status.CONTRADICTED: "Contradicted",
    Status.REQUIRES: "Required by the document",
    Status.MISSING: "Not in the document",
    Status.CONFIRMED: "Confirmed",
    Status.UNSTATED: "Not told by the document",
}
_WIDEST = 60  # columns of the facts


def comparison_report(document: Document, name: str, comparison: Comparison) -> str:
    """One section a status, then the operations that no rule uses, then the counts."""
    heading = f"{document.title} {document.version} ({name}, sha256 {document.sha256[:12]})"
    return "".join(f"{line}\n" for line in _lines(one_line(heading), comparison))


def _lines(heading: str, comparison: Comparison) -> Iterator[str]:
    yield heading
    width = max((len(row.subject) for row in comparison.rows if len(row.subject) <= _WIDEST), default=0)
    for status, title in _HEADINGS.items():
        rows = comparison.with_status(status)
        if rows:
            yield ""
            yield title
            for row in rows:
                yield from _row(row, width)
    if comparison.unused:
        yield ""
        yield "In the document, and used by no rule"
        for operation in comparison.unused:
            place = one_line(f"{operation.verb} {operation.path}")
            yield f"  {place:<{width}}  {one_line(operation.summary)}".rstrip()
    yield ""
    counts = [f"{len(comparison.with_status(status))} {status.value}" for status in _HEADINGS]
    yield f"{', '.join(counts)}; {plural(len(comparison.unused), 'operation')} that no rule uses."


def _row(row: Row, width: int) -> Iterator[str]:
    names = dict.fromkeys(name for name, _ in row.rules)
    if not row.detail:
        yield f"  {one_line(row.subject):<{width}}  {', '.join(names)}"
        return
    yield f"  {one_line(row.subject)}"
    yield f"    {one_line(row.detail)}"
    for name, location in row.rules:
        yield f"    {location}: {name}"
