"""Whole small projects, and what is to be found in each: their `expected.yaml` was written from reading them.

`calls`: every legacy call's file, line, code, method, surface and applicability. `unseen`: the places that cannot be
judged. `silent`: lines that look like a legacy call and are none. Nothing else may be reported as a call or unseen.
`drive`, where it stands, is a program that uses the project: run before and after the rewrite, it must do the same.
"""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from callr_migrate.config import load_settings
from callr_migrate.findings import Report
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.source import SourceFile

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "projects"
EXPECTED = "expected.yaml"
CONFIG = "callr-migrate.toml"
CALL_KEYS = ("file", "line", "code", "method", "surface", "applicability")
_CALLS = "CLR1"

Place = tuple[str, int]
Call = tuple[str, int, str, str | None, str, str]


@dataclass(frozen=True)
class Project:
    """One folder with its expectations."""

    folder: Path
    summary: str
    shapes: tuple[str, ...]
    calls: Counter[Call]
    unseen: Counter[Place]
    silent: tuple[Place, ...]
    xfail: str | None

    @classmethod
    def read(cls, folder: Path) -> Project:
        data: dict[str, Any] = yaml.safe_load((folder / EXPECTED).read_text("utf-8"))
        return cls(
            folder,
            data["summary"],
            tuple(data["shapes"]),
            Counter(tuple(call.get(key) for key in CALL_KEYS) for call in data["calls"]),
            Counter(_place(entry) for entry in data["unseen"]),
            tuple(_place(entry) for entry in data["silent"]),
            data.get("xfail"),
        )

    @property
    def name(self) -> str:
        return self.folder.name

    def copied(self, folder: Path) -> Path:
        """The project alone in a new folder, whose configuration marks its root."""
        root = folder / self.name
        shutil.copytree(self.folder, root, ignore=shutil.ignore_patterns(EXPECTED))
        (root / CONFIG).touch()
        return root


@dataclass(frozen=True)
class Result:
    """What the tool says of a project, in the words of the expectations."""

    calls: Counter[Call]
    unseen: Counter[Place]
    told: frozenset[Place]  # every line with a finding of any code, or unseen
    errors: tuple[str, ...]


def projects() -> list[Project]:
    return [Project.read(folder) for folder in sorted(FIXTURES.iterdir()) if folder.is_dir()]


def looked_at(project: Project, folder: Path) -> Result:
    root = project.copied(folder)
    return result_of(run(Request((root,), load_settings(root))), root)


def result_of(outcome: Outcome, root: Path) -> Result:
    report = outcome.report
    calls: Counter[Call] = Counter()
    told: set[Place] = set()
    for finding in report.findings:
        place = _name(finding.path, root), _line(outcome.sources, finding.path, finding.start)
        told.add(place)
        if finding.code.startswith(_CALLS):
            word = finding.applicability.value
            calls[(*place, finding.code, finding.method, finding.surface or "", word)] += 1
    unseen = Counter((_name(place.path, root), place.line) for place in report.unseen)
    return Result(calls, unseen, frozenset(told | set(unseen)), _errors(report))


def _errors(report: Report) -> tuple[str, ...]:
    return tuple(error.message for error in report.errors)


def _place(entry: dict[str, Any]) -> Place:
    return entry["file"], entry["line"]


def _name(path: Path, root: Path) -> str:
    return path.resolve().relative_to(root.resolve()).as_posix()


def _line(sources: dict[Path, SourceFile], path: Path, start: int) -> int:
    return sources[path].position(start).line
