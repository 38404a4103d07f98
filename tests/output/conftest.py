"""Outcomes of runs that never took place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from callr_migrate.findings import Finding, Report
from callr_migrate.source import SourceFile


@dataclass
class Outcome:
    report: Report = field(default_factory=Report)
    sources: dict[Path, SourceFile] = field(default_factory=dict)
    changed: dict[Path, SourceFile] = field(default_factory=dict)
    written: dict[Path, SourceFile] = field(default_factory=dict)

    def add(self, path: str, text: str | bytes, *marked: str, **values: Any) -> Finding:
        """A file, and a finding at the first `marked` text in it (or where `start` and `end` say)."""
        raw = text.encode() if isinstance(text, str) else text
        source = SourceFile.from_bytes(Path(path), raw)
        self.sources[Path(path)] = source
        if marked:
            values["start"] = source.text.index(marked[0])
            values["end"] = values["start"] + len(marked[0])
        values = {"code": "CLR101", "message": "a legacy call", **values}
        finding = Finding(path=Path(path), **values)
        self.report.findings.append(finding)
        return finding


@pytest.fixture
def outcome() -> Outcome:
    return Outcome()


@pytest.fixture
def shown() -> Callable[[str], str]:
    """Without the margin that keeps an expected text readable in its test."""

    def strip(text: str) -> str:
        return "\n".join(line[8:] for line in text.strip("\n").split("\n")).rstrip() + "\n"

    return strip
