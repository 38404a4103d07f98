"""A table of what is found in the fixture projects: `python tests/projects/table.py [NAME...]`.

Recall: how many of the expected calls are found, at their line, with their code, method, surface and applicability.
Precision: how many of the reported calls are expected. Unseen places count alike. Exit code 1 unless all is 100 %.
"""

from __future__ import annotations

import functools
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from projects import Project, Result, looked_at, projects

from callr_migrate import pipeline


@dataclass(frozen=True)
class Row:
    """One project's counts; `missing` and `extra` are for people."""

    name: str
    expected: int
    found: int
    right: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    @property
    def recall(self) -> float:
        return self.right / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 1.0


def row(project: Project, result: Result) -> Row:
    wanted: Counter[tuple[Any, ...]] = Counter()
    wanted.update(project.calls)
    wanted.update({(*place, "unseen"): count for place, count in project.unseen.items()})
    found: Counter[tuple[Any, ...]] = Counter()
    found.update(result.calls)
    found.update({(*place, "unseen"): count for place, count in result.unseen.items()})
    alarms = [place for place in project.silent if place in result.told]
    return Row(
        project.name,
        wanted.total(),
        found.total(),
        (wanted & found).total(),
        tuple(sorted(_words(entry) for entry in wanted - found)),
        tuple(
            sorted([*(_words(entry) for entry in found - wanted), *(_words((*p, "alarm")) for p in alarms)])
        ),
    )


def _words(entry: tuple[Any, ...]) -> str:
    file, line, *rest = entry
    return f"{file}:{line} {' '.join(str(word) for word in rest if word is not None)}"


def table(rows: list[Row]) -> str:
    width = max(len(entry.name) for entry in rows)
    total = Row(
        "all",
        sum(entry.expected for entry in rows),
        sum(entry.found for entry in rows),
        sum(entry.right for entry in rows),
        (),
        (),
    )
    lines = [f"{'project':<{width}}  expected  found  right  recall  precision"]
    for entry in [*rows, total]:
        lines.append(
            f"{entry.name:<{width}}  {entry.expected:>8}  {entry.found:>5}  {entry.right:>5}"
            f"  {entry.recall:>6.1%}  {entry.precision:>9.1%}"
        )
        lines += [f"    missing {words}" for words in entry.missing]
        lines += [f"    extra   {words}" for words in entry.extra]
    return "\n".join(lines)


def main(names: list[str]) -> int:
    # The rules are the same for all.
    pipeline.load_pack = functools.lru_cache(pipeline.load_pack)
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            row(project, looked_at(project, Path(folder)))
            for project in projects()
            if not names or project.name in names
        ]
    print(table(rows))
    return 0 if all(not entry.missing and not entry.extra for entry in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
