"""Counts, the lines that close a run, and the tables of `--statistics`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Finding, Report
from callr_migrate.output import clean_line
from callr_migrate.output.text import one_line, plural, shown_path
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

    from callr_migrate.pipeline import Outcome

_CALL_FAMILY = "CLR1"
_MOST_UNSEEN = 12


@dataclass(frozen=True)
class Summary:
    """The counts of a report; `safe`, `unsafe` and `manual` divide `findings`, applied ones included."""

    files: int
    legacy_calls: int
    findings: int
    safe: int
    unsafe: int
    manual: int
    suppressed: int
    baselined: int
    fixed: int
    unseen: int
    errors: int

    @classmethod
    def of(cls, report: Report) -> Summary:
        """Count."""
        words = [finding.applicability for finding in report.findings]
        return cls(
            files=report.files,
            legacy_calls=sum(finding.code.startswith(_CALL_FAMILY) for finding in report.findings),
            findings=len(words),
            safe=words.count(Applicability.SAFE),
            unsafe=words.count(Applicability.UNSAFE),
            manual=words.count(Applicability.MANUAL),
            suppressed=report.suppressed,
            baselined=report.baselined,
            fixed=report.fixed,
            unseen=len(report.unseen),
            errors=len(report.errors),
        )

    def as_json(self) -> dict[str, int]:
        """Return the counts by name, in the order of the fields."""
        return asdict(self)


def closing_lines(report: Report) -> list[str]:
    """Return what `check` ends with: the counts, and what `fix` would do about them."""
    count = Summary.of(report)
    looked = f"Looked at {plural(count.files, 'file')}"
    hidden = f", {count.suppressed} more suppressed" if count.suppressed else ""
    hidden += f", {count.baselined} more in the baseline" if count.baselined else ""
    if not count.findings:
        return [clean_line(count.files, hidden)]
    kinds = f"{count.safe} safe, {count.unsafe} unsafe, {count.manual} manual"
    calls = plural(count.legacy_calls, "legacy call")
    lines = [f"{looked}, {calls}: {plural(count.findings, 'finding')} ({kinds}){hidden}."]
    if count.safe:
        rest = f"; with --unsafe-fixes it does {count.unsafe} more" if count.unsafe else ""
        lines.append(f"`callr-migrate fix` does {count.safe} of them{rest}.")
    elif count.unsafe:
        lines.append(f"`callr-migrate fix --unsafe-fixes` does {count.unsafe} of them.")
    return lines


def fix_line(report: Report, *, unsafe: bool, would: bool) -> str:
    """Return what `fix` ends with, such as `12 fixed, 3 more with --unsafe-fixes, 2 need a person`.

    `unsafe`: unsafe fixes were asked for. `would`: nothing was written.
    """
    done = sum(finding.applied for finding in report.findings)
    left = [finding.applicability for finding in report.findings if not finding.applied]
    if not done and not left:
        return "Nothing to fix."
    parts = [f"Would fix {done}" if would else f"{done} fixed"]
    unsafe_left, manual = left.count(Applicability.UNSAFE), left.count(Applicability.MANUAL)
    stuck = left.count(Applicability.SAFE) + (unsafe_left if unsafe else 0)
    if unsafe_left and not unsafe:
        parts.append(f"{unsafe_left} more with --unsafe-fixes")
    if stuck:
        parts.append(f"{stuck} could not be applied")
    if manual:
        parts.append(f"{manual} {'needs' if manual == 1 else 'need'} a person")
    return ", ".join(parts) + "."


def scaffold_lines(outcome: Outcome, *, would: bool) -> list[str]:
    """Return one line that names the scenarios which were written, or would be; nothing if none was asked for."""
    done = [] if would else outcome.report.errors
    failed = {failure.path for failure in done}
    new = [file.path for file in outcome.scaffold if file.is_new and file.path not in failed]
    same = sum(not file.is_new for file in outcome.scaffold)
    lines = []
    if new:
        names = ", ".join(one_line(shown_path(path)) for path in new)
        lines.append(f"{'Would write' if would else 'Wrote'} {plural(len(new), 'scenario')}: {names}.")
    if same:
        lines.append(f"{plural(same, 'scenario')} up to date.")
    return lines


def unseen_lines(report: Report, *, every: bool = False) -> list[str]:
    """Return the places that could not be judged: as many as leave room for the rest on a screen, or `every` one."""
    if not report.unseen:
        return []
    lines = [f"  {place}" for place in unseen_places(report)]
    head = f"Could not see {plural(len(lines), 'place')}:"
    hidden = 0 if every else len(lines) - _MOST_UNSEEN
    if hidden <= 1:
        return [head, *lines]
    return [head, *lines[:_MOST_UNSEEN], f"  and {hidden} more; --verbose or --output-format json lists all"]


def unseen_places(report: Report) -> list[str]:
    """Return path, line and reason of each place that could not be judged, sorted."""
    places = sorted((shown_path(place.path), place.line, one_line(place.reason)) for place in report.unseen)
    return [f"{one_line(path)}:{line} {reason}" for path, line, reason in places]


def statistics(report: Report) -> str:
    """Return findings counted by code and by method, the most frequent first."""
    findings = [finding for finding in report.findings if not finding.applied]
    if not findings:
        return ""
    by_code = _table("by code", findings, lambda finding: finding.code)
    named = [finding for finding in findings if finding.method is not None]
    by_method = _table("by method", named, lambda finding: one_line(finding.method or ""))
    return by_code + (f"\n{by_method}" if named else "")


def _table(title: str, findings: list[Finding], key: Callable[[Finding], str]) -> str:
    rows: dict[str, list[Applicability]] = {}
    for finding in findings:
        rows.setdefault(key(finding), []).append(finding.applicability)
    lines = [f"{'findings':>8} {'safe':>6} {'unsafe':>6} {'manual':>6}  {title}"]
    for name, words in sorted(rows.items(), key=lambda row: (-len(row[1]), row[0])):
        counts = [words.count(word) for word in Applicability]
        lines.append(f"{len(words):>8} " + " ".join(f"{count:>6}" for count in counts) + f"  {name}")
    return "\n".join(lines) + "\n"
