"""What becomes of the cells of the table, and whether that is what is expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cells import CONFIG as SHORT_LINES
from cells import MAIN, MARK, Cell, Expected, body
from rewrite.harness import migrate, read, write
from support.twin_runs import Job, observe, told

from callr_migrate.findings import Finding
from callr_migrate.pipeline import Outcome

# Findings about the client and its handlers, which every cell has.
_ASIDE = ("CLR601", "CLR602")


@dataclass
class Result:
    """A cell that was checked and fixed. `problems` is what is not as expected."""

    cell: Cell
    folder: Path
    files: dict[str, str]
    problems: list[str] = field(default_factory=list)


def look_at(cell: Cell, folder: Path, *, again: bool = False) -> Result:
    """Check and fix one cell in a folder of its own; with `again`, what was fixed is fixed once more."""
    write(folder, {name: text.encode() for name, text in cell.before.items()}, SHORT_LINES + cell.config)
    # That tells in one run what `check` finds and what `fix` makes of it.
    fixed = migrate(folder, "httpx", diff=True)
    for path, source in fixed.changed.items():
        path.write_bytes(source.raw)
    files = {name: data.decode() for name, data in read(folder).items()}
    result = Result(cell, folder, files)
    result.problems += [failure.message for failure in fixed.report.errors]
    result.problems += [
        f"{name} becomes:\n{body(text)}"
        for name, text in files.items()
        if body(text) != body(cell.after[name])
    ]
    result.problems += list(_told_otherwise(cell, fixed))
    # Where the first one changed nothing, neither does another.
    if again and files != cell.before:
        migrate(folder, "httpx")
        if read(folder) != {name: text.encode() for name, text in files.items()}:
            result.problems.append("a second fix changes it again")
    return result


def _told_otherwise(cell: Cell, outcome: Outcome) -> Iterable[str]:
    """What `check` should have said, or not."""
    findings = [finding for finding in outcome.report.findings if finding.code not in _ASIDE]
    texts = {path.name: source.text for path, source in outcome.sources.items()}

    def is_of_use(finding: Finding) -> bool:
        text = texts[finding.path.name]
        return MARK not in text or finding.start > text.index(MARK)

    if cell.outcome == "left alone":
        for finding in filter(is_of_use, findings):
            yield f"says {_words(finding)}"
    for expected in cell.findings:
        if not any(_is_it(expected, finding, texts[finding.path.name]) for finding in findings):
            said = [f"\n        {texts[f.path.name][f.start : f.end]!r}: {_words(f)}" for f in findings]
            yield f"does not say {expected}, but: {''.join(said) or 'nothing'}"


def _is_it(expected: Expected, finding: Finding, text: str) -> bool:
    return (
        expected.code in ("", finding.code)
        and text.startswith(expected.at, finding.start)
        and expected.says in _words(finding)
    )


def _words(finding: Finding) -> str:
    return f"{finding.code} {finding.message} | {finding.reason or ''} | {finding.help or ''}"


def run_all(results: list[Result], root: Path) -> None:
    """Run what was rewritten, before and after, against a twin; adds to the problems."""
    able = [result for result in results if result.cell.runs and result.cell.outcome == "rewritten"]
    jobs: list[Job] = []
    for number, result in enumerate(able):
        before = write(root / f"{number}", {name: text.encode() for name, text in result.cell.before.items()})
        jobs += [(f"{number}:before", before, MAIN), (f"{number}:after", result.folder, MAIN)]
    done = observe(jobs, root / "twin") if jobs else {}
    for number, result in enumerate(able):
        before_run, after_run = done[f"{number}:before"], done[f"{number}:after"]
        if before_run.code:
            result.problems.append(f"the legacy program fails: {before_run.stderr[-400:]}")
        difference = told(before_run, after_run)
        if difference:
            result.problems.append(f"runs otherwise: {difference}")


def all_results(cells: Iterable[Cell], root: Path, *, run: bool = True, again: bool = False) -> list[Result]:
    """All cells, checked, fixed and run."""
    results = [look_at(cell, root / "cells" / str(number), again=again) for number, cell in enumerate(cells)]
    if run:
        (root / "runs").mkdir()
        run_all(results, root / "runs")
    return results
