"""`sarif`: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), for code scanning and editors.

What `fix` has done is not in it. Edits count only as a whole group, so the first finding of a group carries the group's
edits as one fix, and the others name the group.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from callr_migrate import __version__
from callr_migrate.check.codes import CODES, Code
from callr_migrate.findings import Edit, Position
from callr_migrate.output import sources_of
from callr_migrate.output.located import Located, left, repository_path
from callr_migrate.output.notes import notes_text
from callr_migrate.output.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from callr_migrate.findings import Report
    from callr_migrate.output import Result
    from callr_migrate.source import SourceFile

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_FINGERPRINT = "callrMigrate/v1"

Json = dict[str, Any]


def render_sarif(outcome: Result, **_: bool) -> str:
    """Return a log of one run."""
    places = left(outcome)
    used = sorted({place.finding.code for place in places})
    edits = _edits_by_group(places)
    results = [_result(place, used, edits, sources_of(outcome, place.finding)) for place in places]
    run = {
        "tool": {
            "driver": {
                "name": "callr-migrate",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(code) for code in used],
            }
        },
        "columnKind": "unicodeCodePoints",
        # Where that folder lies is the reader's to know: a report names no folder of the machine it was made on.
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "invocations": [_invocation(outcome.report)],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(name: str) -> Json:
    code = CODES.get(name) or Code(name, name.lower(), "A finding.", "No page explains this code.")
    return {
        "id": code.code,
        "name": "".join(word.capitalize() for word in code.name.split("-")),
        "shortDescription": {"text": code.summary},
        "fullDescription": {"text": code.explanation},
        "help": {
            "text": f"{code.explanation}\n\n`callr-migrate explain {code.code}` shows this page.",
            "markdown": f"**{code.summary}**\n\n{code.explanation}\n\n"
            f"`callr-migrate explain {code.code}` shows this page.",
        },
        "defaultConfiguration": {"level": code.level},
        "properties": {"tags": ["migration", "deprecated"]},
    }


def _result(
    place: Located, used: list[str], edits: dict[str, list[Edit]], sources: Mapping[Path, SourceFile]
) -> Json:
    finding = place.finding
    result: Json = {
        "ruleId": finding.code,
        "ruleIndex": used.index(finding.code),
        "level": CODES[finding.code].level if finding.code in CODES else "error",
        "message": {"text": f"{one_line(finding.message)}\n{notes_text(finding)}"},
        "locations": [_location(finding.path, place.start, place.end)],
        "partialFingerprints": {_FINGERPRINT: place.fingerprint},
        "properties": {
            "applicability": finding.applicability.value,
            "evidence": finding.evidence.value,
            "method": finding.method,
            "surface": finding.surface,
            "url": finding.url,
            "group": finding.fix and finding.fix.group,
        },
    }
    if finding.fix is not None and finding.fix.group in edits:
        result["fixes"] = [_fix(finding.fix.description, edits.pop(finding.fix.group), sources)]
    return result


def _edits_by_group(places: list[Located]) -> dict[str, list[Edit]]:
    groups: dict[str, dict[Edit, None]] = {}
    for place in places:
        if place.finding.fix is not None:
            edits = groups.setdefault(place.finding.fix.group, {})
            edits.update(dict.fromkeys(place.finding.fix.edits))
    return {group: list(edits) for group, edits in groups.items()}


def _fix(description: str, edits: list[Edit], sources: Mapping[Path, SourceFile]) -> Json:
    by_path: dict[Path, list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    more = len(edits) > 1
    text = f"{description}, with all that must change with it" if more else description
    return {
        "description": {"text": text},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(path),
                "replacements": [
                    {
                        "deletedRegion": _region(carried.start, carried.end),
                        "insertedContent": {"text": carried.text},
                    }
                    # In the order in which insertions at one place follow each other.
                    for edit in sorted(found, key=lambda edit: (edit.start, edit.end))
                    for carried in [sources[path].disk_edit(edit)]
                ],
            }
            for path, found in by_path.items()
        ],
    }


def _invocation(report: Report) -> Json:
    notifications: list[Json] = []
    for failure in report.errors:
        notification: Json = {"level": "error", "message": {"text": one_line(failure.message)}}
        if failure.path is not None:
            notification["locations"] = [{"physicalLocation": {"artifactLocation": _artifact(failure.path)}}]
        notifications.append(notification)
    for unseen in report.unseen:
        start = Position(unseen.line, 1)
        notifications.append(
            {
                "level": "note",
                "message": {"text": f"could not be seen: {one_line(unseen.reason)}"},
                "locations": [_location(unseen.path, start, start)],
            }
        )
    invocation: Json = {"executionSuccessful": not report.errors}
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    return invocation


def _location(path: Path, start: Position, end: Position) -> Json:
    return {"physicalLocation": {"artifactLocation": _artifact(path), "region": _region(start, end)}}


def _artifact(path: Path) -> Json:
    """Return where a file is: relative to the repository's root, or a whole address outside of it."""
    name = repository_path(path)
    # A name that is no Unicode goes by its bytes.
    encoded = quote(os.fsencode(name))
    if os.path.isabs(name):  # noqa: PTH117 - of a text, with `/` on Windows too
        return {"uri": f"file://{'' if encoded.startswith('/') else '/'}{encoded.replace('%3A', ':', 1)}"}
    return {"uri": encoded, "uriBaseId": _ROOT}


def _region(start: Position, end: Position) -> Json:
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }
