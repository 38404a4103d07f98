"""`json`: the whole report for programs, schema 1; `jsonl`: the same, one object a line.

Keys are only ever added within a schema.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from callr_migrate import __version__
from callr_migrate.findings import Edit
from callr_migrate.output import sources_of
from callr_migrate.output.located import Located, located
from callr_migrate.output.summary import Summary
from callr_migrate.output.text import shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from callr_migrate.findings import Report
    from callr_migrate.output import Result
    from callr_migrate.source import SourceFile

SCHEMA = 1


def render_json(outcome: Result, **_: bool) -> str:
    """Return the report as one object."""
    return "".join(json_pieces(outcome))


def json_pieces(outcome: Result, **_: bool) -> Iterator[str]:
    """The same, finding by finding."""
    document = {
        **_head(outcome.report),
        "findings": [],
        "unseen": _unseen(outcome.report),
        "errors": _errors(outcome.report),
    }
    # Before the findings there are but names and numbers of the tool's own.
    before, empty, after = _dumped(document).partition("[]")
    yield before
    between, end = "[\n    ", empty
    for finding in _findings(outcome):
        yield between + _dumped(finding).replace("\n", "\n    ")
        between, end = ",\n    ", "\n  ]"
    yield f"{end}{after}\n"


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def render_jsonl(outcome: Result, **_: bool) -> str:
    """Return one object a line, whose `kind` says what it is; the summary comes last."""
    return "".join(jsonl_pieces(outcome))


def jsonl_pieces(outcome: Result, **_: bool) -> Iterator[str]:
    """The same, line by line."""
    for line in _lines(outcome):
        yield f"{json.dumps(line, ensure_ascii=False)}\n"


def _lines(outcome: Result) -> Iterator[dict[str, Any]]:
    for kind, objects in (
        ("finding", _findings(outcome)),
        ("unseen", _unseen(outcome.report)),
        ("error", _errors(outcome.report)),
        ("summary", [_head(outcome.report)]),
    ):
        for value in objects:
            yield {"kind": kind, **value}


def _head(report: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "tool": {"name": "callr-migrate", "version": __version__},
        "summary": Summary.of(report).as_json(),
    }


def _findings(outcome: Result) -> Iterator[dict[str, Any]]:
    for place in located(outcome):
        yield _finding(place, sources_of(outcome, place.finding))


def _unseen(report: Report) -> list[dict[str, Any]]:
    return [
        {"path": path, "line": line, "reason": reason}
        for path, line, reason in sorted(
            (shown_path(place.path), place.line, place.reason) for place in report.unseen
        )
    ]


def _errors(report: Report) -> list[dict[str, Any]]:
    return [
        {"path": None if error.path is None else shown_path(error.path), "message": error.message}
        for error in report.errors
    ]


def _finding(place: Located, sources: Mapping[Path, SourceFile]) -> dict[str, Any]:
    finding, fix = place.finding, place.finding.fix
    return {
        "code": finding.code,
        "message": finding.message,
        "path": shown_path(finding.path),
        "start": {"line": place.start.line, "column": place.start.column},
        "end": {"line": place.end.line, "column": place.end.column},
        "cell": place.cell and {"number": place.cell[0], "line": place.cell[1]},
        "method": finding.method,
        "surface": finding.surface,
        "applicability": finding.applicability.value,
        "evidence": finding.evidence.value,
        "facts": [
            {"fact": fact.text, "evidence": fact.evidence.value, "source": fact.source}
            for fact in finding.facts
        ],
        "reason": finding.reason,
        "help": finding.help,
        "url": finding.url,
        "fingerprint": place.fingerprint,
        "applied": finding.applied,
        "fix": fix
        and {
            "description": fix.description,
            "group": fix.group,
            "edits": [_edit(edit, sources[edit.path]) for edit in fix.edits],
        },
    }


def _edit(edit: Edit, source: SourceFile) -> dict[str, Any]:
    carried = source.disk_edit(edit)
    return {
        "path": shown_path(edit.path),
        "start_byte": carried.start_byte,
        "end_byte": carried.end_byte,
        "text": carried.text,
    }
