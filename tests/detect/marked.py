"""Sources that say themselves what is to be found in them.

`# => sms.get` at the end of a line: a legacy call starts there whose only CLR1xx finding is CLR101 for this method.
Another code stands in front (`CLR104 sms.gett`); `CLR105` stands alone. `mixed` says that the receiver may be
something else, too; `unseen` that the place is told as one that could not be judged. `;` separates several.
"""

from __future__ import annotations

import functools
import re
import textwrap
from collections import Counter
from pathlib import Path

from callr_migrate.config import load_settings
from callr_migrate.detect.sdk import detect
from callr_migrate.evaluate import Evaluator, Project
from callr_migrate.findings import Report
from callr_migrate.pack import RulePack, load_pack
from callr_migrate.pipeline import Request, run
from callr_migrate.source import SourceFile

_MARK = re.compile(r"# => (.*)$", re.MULTILINE)

Mark = tuple[str, int, str]


@functools.cache
def pack() -> RulePack:
    return load_pack(())


def check(folder: Path, sources: str | dict[str, str]) -> Report:
    """Write the files (a text alone is `program.py`), hold what is found against the marks, and return the report."""
    files = {"program.py": sources} if isinstance(sources, str) else sources
    files = {name: textwrap.dedent(text) for name, text in files.items()}
    write(folder, files)
    report = report_of(folder)
    told, wanted = found(report, folder), expected(files)
    assert told == wanted, "\n".join(
        [
            *(f"missing: {mark}" for mark in wanted - told),
            *(f"too much: {mark}" for mark in told - wanted),
            *(f"{unseen.path.name}:{unseen.line}: {unseen.reason}" for unseen in report.unseen),
        ]
    )
    return report


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def report_of(folder: Path) -> Report:
    report = run(Request(paths=(folder,), settings=load_settings(folder))).report
    assert report.errors == []
    return report


def expected(files: dict[str, str]) -> Counter[Mark]:
    marks: Counter[Mark] = Counter()
    for name, text in files.items():
        for match in _MARK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            for mark in match.group(1).split(";"):
                words = mark.split()
                if words[-1] != "unseen" and not any(word.startswith("CLR") for word in words):
                    words.insert(len(words) - 1, "CLR101")
                marks[name, line, " ".join(words)] += 1
    return marks


def found(report: Report, folder: Path) -> Counter[Mark]:
    marks: Counter[Mark] = Counter()
    mixed = _mixed(folder)
    texts: dict[Path, SourceFile] = {}
    for finding in report.findings:
        if not finding.code.startswith("CLR1"):
            continue
        path = finding.path
        source = texts.setdefault(path, SourceFile.read(path))
        words = ["mixed"] if (path.resolve(), finding.start) in mixed else []
        words += [finding.code, *([finding.method] if finding.method else [])]
        marks[_name(path, folder), source.position(finding.start).line, " ".join(words)] += 1
    for unseen in report.unseen:
        marks[_name(unseen.path, folder), unseen.line, "unseen"] += 1
    return marks


def _name(path: Path, folder: Path) -> str:
    return path.resolve().relative_to(folder.resolve()).as_posix()


def _mixed(folder: Path) -> set[tuple[Path, int]]:
    """Where the receiver of a legacy call may be something else."""
    project = Project(folder)
    for path in sorted(folder.rglob("*.py")):
        project.load(path)
    evaluator = Evaluator(project, pack())
    return {
        (call.module.path.resolve(), call.module.span(call.node)[0])
        for module in project.modules
        for call in detect(evaluator, module).calls
        if call.mixed
    }
