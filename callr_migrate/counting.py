"""Which findings of a run count: selected, not suppressed, not known to a baseline, in lines that matter."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.config import shown_path
from callr_migrate.findings import Finding, Report
from callr_migrate.records import dataclass
from callr_migrate.selection import Selection
from callr_migrate.source import SourceFile
from callr_migrate.stages import staged

if TYPE_CHECKING:
    from callr_migrate.baseline import Comparison
    from callr_migrate.changes import Changes

Sources = Mapping[Path, SourceFile]


@dataclass
class Counting:
    """The ways to leave findings out, and `report`, which is told of what they leave out.

    `shown` are the files that were asked for; `noted` those without legacy code that have comments to suppress some.
    `diff_base` is the revision, in the repository of `root`, since which a line must have changed.
    """

    selection: Selection
    report: Report
    comparison: Comparison | None = None
    diff_base: str | None = None
    root: Path = Path()
    shown: Collection[Path] = frozenset()
    noted: dict[Path, SourceFile] = field(default_factory=dict)
    changes: Changes | None = None
    _left_out: dict[Path, tuple[int, int]] = field(default_factory=dict)  # suppressed, not selected

    def __post_init__(self) -> None:
        """Raise `ConfigError` at once where there is no such revision."""
        self.changes = self._changes()

    def _changes(self) -> Changes | None:
        if self.diff_base is None:
            return None
        from callr_migrate.changes import changes_since

        return changes_since(self.diff_base, self.root)

    @staged("counting")
    def selected(
        self, findings: Iterable[Finding], sources: Sources, shown: Collection[Path]
    ) -> list[Finding]:
        """The findings that are selected and not suppressed, and those about comments that suppress nothing.

        The others are counted. `sources` are the files as the findings see them; all findings are in files that are
        `shown`. Asked again, what was said of the same files before does not count any more.
        """
        by_path: dict[Path, list[Finding]] = {}
        for finding in findings:
            by_path.setdefault(finding.path, []).append(finding)
        counted: list[Finding] = []
        for source in {**self.noted, **sources}.values():
            if source.path not in shown:
                continue
            suppressions = self.selection.suppressions(source)
            found = by_path.get(source.path, [])
            suppressed = unselected = 0
            # What holds code of several kinds has comments of several kinds.
            unused = suppressions.unused(found) if source.fixable else []
            for finding in (*found, *unused):
                if not self.selection.is_wanted(finding.path, finding.code):
                    unselected += 1
                elif suppressions.of(finding.code, finding.start, finding.end):
                    suppressed += 1
                else:
                    counted.append(finding)
            self._left_out[source.path] = suppressed, unselected
        self.report.suppressed = sum(suppressed for suppressed, _ in self._left_out.values())
        self.report.unselected = sum(unselected for _, unselected in self._left_out.values())
        return counted

    @staged("counting")
    def to_fix(self, findings: list[Finding], sources: Sources) -> list[Finding]:
        """Those whose groups have a member in a line that matters: a group is applied whole."""
        changes = self.changes
        if changes is None:
            return findings
        groups = {
            finding.fix.group
            for finding in findings
            if finding.fix is not None and changes.touch(sources[finding.path], finding.start, finding.end)
        }
        return [finding for finding in findings if finding.fix is not None and finding.fix.group in groups]

    @staged("counting")
    def counted(self, findings: list[Finding], sources: Sources, *, written: bool) -> list[Finding]:
        """Those that are done, and those that no baseline knows and that are in lines that matter."""
        return self._in_changed_lines(
            self._unknown(findings, sources, written=written), sources, written=written
        )

    def _unknown(self, findings: list[Finding], sources: Sources, *, written: bool) -> list[Finding]:
        if self.comparison is None:
            return findings
        applied = [finding for finding in findings if finding.applied]
        left = [finding for finding in findings if not finding.applied]
        # What is not analysed (any more) may still be there.
        unclear = {error.path for error in self.report.errors}
        unclear |= {finding.path for finding in left if finding.code.startswith("CLR9")}
        looked_at = {os.path.abspath(path) for path in self.shown if path not in unclear}  # noqa: PTH100 - `..` goes

        def was_looked_for(path: Path, code: str) -> bool:
            return str(path) in looked_at and self.selection.is_wanted(path, code)

        still = [] if written else applied
        return [*applied, *self.comparison.new(left, still, sources, was_looked_for, self.report)]

    def _in_changed_lines(self, findings: list[Finding], sources: Sources, *, written: bool) -> list[Finding]:
        # What was just written moved lines.
        changes = self._changes() if written else self.changes
        if changes is None:
            return findings
        shown = [
            finding
            for finding in findings
            if finding.applied or changes.touch(sources[finding.path], finding.start, finding.end)
        ]
        self.report.unseen = [
            place for place in self.report.unseen if changes.touch_lines(place.path, place.line, place.line)
        ]
        hidden = len(findings) - len(shown)
        if hidden:
            self.report.notes.append(f"{hidden} more in lines that were not changed since {self.diff_base}")
        return shown

    @staticmethod
    @staged("counting")
    def told_once(findings: list[Finding], sources: Sources, written: Sources) -> list[Finding]:
        """The findings in their order: the first of a kind keeps its help, the others name its place."""
        first: dict[str, str] = {}
        told = []
        for finding in findings:
            text = finding.help
            if not finding.once or text is None:
                told.append(finding)
            elif text in first:
                told.append(replace(finding, help=f"What to do is told at {first[text]}."))
            else:
                source = sources[finding.path]
                if not finding.applied:
                    source = written.get(finding.path, source)
                first[text] = f"{shown_path(finding.path)}:{source.position(finding.start).line}"
                told.append(finding)
        return told
