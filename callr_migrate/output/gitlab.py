"""`gitlab`: a Code Quality report (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from callr_migrate.check.codes import CODES
from callr_migrate.output.located import left, repository_path
from callr_migrate.output.text import one_line

if TYPE_CHECKING:
    from callr_migrate.output import Result

_SEVERITIES = {"error": "major", "warning": "minor"}


def render_gitlab(outcome: Result, **_: bool) -> str:
    """Return the findings that are left. The format has no place for what could not be seen, or for errors."""
    issues = [
        {
            "description": f"{place.finding.code}: {one_line(place.finding.message)}",
            "check_name": place.finding.code,
            "fingerprint": place.fingerprint,
            "severity": _SEVERITIES[
                CODES[place.finding.code].level if place.finding.code in CODES else "error"
            ],
            "location": {
                "path": repository_path(place.finding.path),
                "lines": {"begin": place.start.line, "end": place.end.line},
            },
        }
        for place in left(outcome)
    ]
    return json.dumps(issues, indent=2) + "\n"
