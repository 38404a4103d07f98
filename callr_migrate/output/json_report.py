"""`json`: the whole report for programs, schema 1. Keys are only ever added within a schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from callr_migrate import __version__
from callr_migrate.findings import Edit, Finding, Position
from callr_migrate.output import sources_of
from callr_migrate.output.fingerprint import fingerprints
from callr_migrate.output.summary import Summary
from callr_migrate.output.text import order, shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from callr_migrate.output import Result
    from callr_migrate.source import SourceFile

SCHEMA = 1


def render_json(outcome: Result, *, color: bool = False, verbose: bool = False) -> str:
    """Return the report as one object. Edits hold the exact text, so a credential in one is not masked."""
    report = outcome.report
    findings = sorted(report.findings, key=order)
    marks = _fingerprints(findings, outcome)
    document = {
        "schema": SCHEMA,
        "tool": {"name": "callr-migrate", "version": __version__},
        "summary": Summary.of(report).as_json(),
        "findings": [
            _finding(finding, sources_of(outcome, finding), mark)
            for finding, mark in zip(findings, marks, strict=True)
        ],
        "unseen": [
            {"path": path, "line": line, "reason": reason}
            for path, line, reason in sorted(
                (shown_path(place.path), place.line, place.reason) for place in report.unseen
            )
        ],
        "errors": [
            {"path": None if error.path is None else shown_path(error.path), "message": error.message}
            for error in report.errors
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _fingerprints(findings: list[Finding], outcome: Result) -> list[str]:
    """Return those of what is done and those of what is left: two states of the files, each counted on its own."""
    marks: dict[int, str] = {}
    for applied in (True, False):
        some = [finding for finding in findings if finding.applied is applied]
        if some:
            found = fingerprints(some, sources_of(outcome, some[0]))
            marks.update(zip(map(id, some), found, strict=True))
    return [marks[id(finding)] for finding in findings]


def _finding(finding: Finding, sources: Mapping[Path, SourceFile], fingerprint: str) -> dict[str, Any]:
    source = sources.get(finding.path)
    start = source.position(finding.start) if source else Position(1, 1)
    end = source.position(finding.end) if source else start
    fix = finding.fix
    return {
        "code": finding.code,
        "message": finding.message,
        "path": shown_path(finding.path),
        "start": {"line": start.line, "column": start.column},
        "end": {"line": end.line, "column": end.column},
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
        "fingerprint": fingerprint,
        "applied": finding.applied,
        "fix": fix
        and {
            "description": fix.description,
            "group": fix.group,
            "edits": [_edit(edit, sources[edit.path]) for edit in fix.edits],
        },
    }


def _edit(edit: Edit, source: SourceFile) -> dict[str, Any]:
    return {
        "path": shown_path(edit.path),
        "start_byte": source.byte_offset(edit.start),
        "end_byte": source.byte_offset(edit.end),
        "text": edit.text,
    }
