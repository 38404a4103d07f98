"""Findings with all that a format says of their place: lines, columns, fingerprint, and a path that its reader knows."""

from __future__ import annotations

import os
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.findings import Finding, Position
from callr_migrate.output import sources_of
from callr_migrate.output.fingerprint import fingerprints
from callr_migrate.output.text import order, shown_path
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from callr_migrate.output import Result
    from callr_migrate.source import SourceFile

# Where GitHub Actions and GitLab CI have the repository checked out.
_CHECKOUT_VARIABLES = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR")


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and its place in the file; `end` is exclusive. `source` is None for a file that could not be decoded.

    `cell` is that of a notebook, from 1, and the line in it.
    """

    finding: Finding
    source: SourceFile | None
    start: Position
    end: Position
    fingerprint: str
    cell: tuple[int, int] | None = None


def located(outcome: Result) -> list[Located]:
    """Return all findings, sorted by path, place and code."""
    findings = sorted(outcome.report.findings, key=order)
    marks = _fingerprints(findings, outcome)
    return list(_places(findings, outcome, marks))


def left(outcome: Result) -> list[Located]:
    """Return the findings that are not applied, sorted by path, place and code."""
    return [place for place in located(outcome) if not place.finding.applied]


def unmarked(outcome: Result) -> Iterator[Located]:
    """Return the same one by one, without fingerprints, for formats that do not show them."""
    findings = sorted((each for each in outcome.report.findings if not each.applied), key=order)
    return _places(findings, outcome, repeat("", len(findings)))


def repository_path(path: Path) -> str:
    """Return the path that a CI service knows a file by: relative to its checkout, with `/`.

    That is the working directory, unless the service says that it lies above. Files elsewhere keep their whole path.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - `..` goes
    here = Path.cwd()
    for variable in _CHECKOUT_VARIABLES:
        named = os.environ.get(variable)
        if named and whole.is_relative_to(named):
            return whole.relative_to(named).as_posix()
    return shown_path(path) if whole.is_relative_to(here) else whole.as_posix()


def _places(findings: list[Finding], outcome: Result, marks: Iterable[str]) -> Iterator[Located]:
    # Looked up once a file: many findings follow each other there.
    known: tuple[Path, bool] | None = None
    source = None
    for finding, mark in zip(findings, marks, strict=True):
        if (finding.path, finding.applied) != known:
            known = finding.path, finding.applied
            source = sources_of(outcome, finding).get(finding.path)
        start = source.on_disk(finding.start) if source else Position(1, 1)
        end = source.on_disk(finding.end) if source else start
        yield Located(finding, source, start, end, mark, source.cell(finding.start) if source else None)


def _fingerprints(findings: list[Finding], outcome: Result) -> list[str]:
    """Return those of what is done and those of what is left: two states of the files, each counted on its own."""
    marks: dict[int, str] = {}
    for applied in (True, False):
        some = [finding for finding in findings if finding.applied is applied]
        if some:
            found = fingerprints(some, sources_of(outcome, some[0]))
            marks.update(zip(map(id, some), found, strict=True))
    return [marks[id(finding)] for finding in findings]
