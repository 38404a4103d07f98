"""`github`: workflow commands, which GitHub Actions shows beside the lines.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.check.codes import CODES
from callr_migrate.output.located import left, repository_path
from callr_migrate.output.notes import notes_text
from callr_migrate.output.text import one_line

if TYPE_CHECKING:
    from callr_migrate.output import Result

# All of the output: a path that begins with `::` would be obeyed where it begins a line.
_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render_github(outcome: Result, **_: bool) -> str:
    """Return a command for each finding that is left, each place that could not be seen, and each error."""
    lines: list[str] = []
    for place in left(outcome):
        finding, path = place.finding, repository_path(place.finding.path)
        properties: dict[str, object] = {
            "title": f"callr-migrate {finding.code}",
            "file": path,
            "line": place.start.line,
            "endLine": place.end.line,
        }
        # Columns count only within one line.
        if place.start.line == place.end.line:
            properties |= {"col": place.start.column, "endColumn": place.end.column}
        headline = (
            f"{path}:{place.start.line}:{place.start.column}: {finding.code} {one_line(finding.message)}"
        )
        level = CODES[finding.code].level if finding.code in CODES else "error"
        lines.append(_command(level, properties, f"{headline}\n{notes_text(finding)}"))
    for unseen in outcome.report.unseen:
        properties = {
            "title": "callr-migrate",
            "file": repository_path(unseen.path),
            "line": unseen.line,
        }
        lines.append(_command("notice", properties, f"could not be seen: {one_line(unseen.reason)}"))
    for failure in outcome.report.errors:
        properties = {"title": "callr-migrate"}
        if failure.path is not None:
            properties["file"] = repository_path(failure.path)
        lines.append(_command("error", properties, one_line(failure.message)))
    return "".join(lines)


def _command(name: str, properties: dict[str, object], message: str) -> str:
    listed = ",".join(f"{key}={str(value).translate(_IN_PROPERTY)}" for key, value in properties.items())
    return f"::{name} {listed}::{message.translate(_IN_DATA)}\n"
