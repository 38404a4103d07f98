"""`markdown`: a table a file, for pull request comments and job summaries."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability
from callr_migrate.output.located import Located, left
from callr_migrate.output.summary import unseen_places
from callr_migrate.output.text import one_line, plural, shown_path

if TYPE_CHECKING:
    from callr_migrate.findings import Finding
    from callr_migrate.output import Result

_SPECIAL = re.compile(r"([\\`*_\[\]#|~<>&])")


def render_markdown(outcome: Result, **_: bool) -> str:
    """Return the findings that are left, then what could not be seen, then errors."""
    report = outcome.report
    remaining = left(outcome)
    lines = ["# callr-migrate", "", _counts(outcome, remaining)]
    for path, places in groupby(remaining, key=lambda place: place.finding.path):
        lines += [
            "",
            f"## {escaped(shown_path(path))}",
            "",
            "| Place | Code | Fix | What is found | What to do |",
            "| ---: | --- | --- | --- | --- |",
        ]
        for place in places:
            finding = place.finding
            cells = (
                f"{place.start.line}:{place.start.column}",
                finding.code,
                finding.applicability.value,
                escaped(finding.message),
                _advice(finding),
            )
            lines.append(f"| {' | '.join(cells)} |")
    if report.unseen:
        lines += ["", "## Could not be seen", ""]
        lines += [f"- {escaped(unseen)}" for unseen in unseen_places(report)]
    if report.errors:
        lines += ["", "## Errors", ""]
        for failure in report.errors:
            where = f"{shown_path(failure.path)}: " if failure.path is not None else ""
            lines.append(f"- {escaped(where + failure.message)}")
    return "\n".join(lines) + "\n"


def _counts(outcome: Result, remaining: list[Located]) -> str:
    report = outcome.report
    words = [place.finding.applicability for place in remaining]
    kinds = ", ".join(f"{words.count(word)} {word.value}" for word in Applicability)
    done = len(report.findings) - len(remaining)
    fixed = f", {done} {'' if outcome.written else 'would be '}fixed" if done else ""
    hidden = f", {report.suppressed} suppressed" if report.suppressed else ""
    said = f"{plural(len(words), 'finding')} ({kinds})" if words else "nothing to migrate"
    return f"Looked at {plural(report.files, 'file')}: {said}{fixed}{hidden}."


def _advice(finding: Finding) -> str:
    if finding.becomes:
        return code_cell(finding.becomes)
    return "<br>".join(escaped(text) for text in (finding.reason, finding.help) if text)


def code_cell(text: str) -> str:
    """Return `text` as code that stands in a cell."""
    shown = one_line(text)
    fence = "`" * (max(map(len, re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    # Within a table a bar divides cells even in code, unless it is escaped.
    return f"{fence}{space}{shown.replace('|', chr(92) + '|')}{space}{fence}"


def escaped(text: str) -> str:
    """Return `text` as Markdown that shows it as it is, in one line."""
    return _SPECIAL.sub(r"\\\1", one_line(text))
