"""Where several processes win: `python benchmarks/jobs.py [--jobs N]...`, about a minute on an idle machine.

Prints seconds by tree and number of processes, and from how many characters of source on processes win, by the lines
through what was measured. `_WORTH_PROCESSES` in `callr_migrate/pipeline.py` comes from the last line.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import trees  # noqa: E402
from measure import Command, cores, once  # noqa: E402

# Legacy calls a file: small files, those of the other benchmarks, long ones.
SHAPES = (4, 20, 100)
CHARACTERS = (50_000, 120_000, 240_000)


def crossing(sizes: Sequence[float], one: Sequence[float], several: Sequence[float]) -> float | None:
    """The size from which `several` takes less than `one`, by the straight lines through both; None: never."""
    start, slope = _line(sizes, [first - second for first, second in zip(one, several, strict=True)])
    if slope <= 0:
        return None
    return max(-start / slope, 0.0)


def _line(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Value at nothing, and growth, of the line that is nearest to all points."""
    middle, height = sum(sizes) / len(sizes), sum(values) / len(values)
    slope = sum((x - middle) * (y - height) for x, y in zip(sizes, values, strict=True))
    slope /= sum((x - middle) ** 2 for x in sizes)
    return height - slope * middle, slope


def tree_of(folder: Path, calls: int, characters: int) -> int:
    """Files of so many calls each, together about so many characters; how many they are."""
    files = max(round(characters / len(trees.program(calls))), 2)
    return sum(len(path.read_text()) for path in trees.legacy(folder, files, calls))


def seconds(tree: Path, installed: Path, jobs: int, runs: int) -> float:
    """The fastest of some runs: what disturbs only ever adds to it."""
    line = [sys.executable, "-m", "callr_migrate", "check", "--no-cache", "--no-progress", "--statistics"]
    command = Command(
        f"--jobs {jobs}",
        [*line, "--jobs", str(jobs), "."],
        tree,
        {"PYTHONPATH": str(installed)},
    )
    return min(once(command).wall for _ in range(runs))


def main(arguments: list[str] | None = None) -> int:
    """Print the table and where processes win."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, action="append", help="compare with so many (default: all cores)")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument(
        "--quick", action="store_true", help="tiny, to see that it works; figures mean nothing"
    )
    asked = parser.parse_args(arguments)
    numbers = [1, *(asked.jobs or [max(cores(), 2)])]
    shapes, sizes = ((4,), (2_000, 4_000)) if asked.quick else (SHAPES, CHARACTERS)
    runs = 1 if asked.quick else asked.runs
    print("calls a file | characters | " + " | ".join(f"{number} process(es), s" for number in numbers))
    with tempfile.TemporaryDirectory() as folder:
        installed = (trees.copied if asked.quick else trees.installed)(Path(folder))
        worth = sweep(shapes, sizes, numbers, runs, installed)
    print(f"all of them win from {max(worth):,.0f} characters on" if worth else "processes never win")
    return 0


def sweep(
    shapes: Sequence[int], sizes: Sequence[int], numbers: Sequence[int], runs: int, installed: Path
) -> list[float]:
    """Print what each tree takes; where processes win, of each shape and number."""
    worth: list[float] = []
    for calls in shapes:
        real: list[float] = []
        times: dict[int, list[float]] = {number: [] for number in numbers}
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                real.append(tree_of(Path(folder), calls, size))
                for number in numbers:
                    times[number].append(seconds(Path(folder), installed, number, runs))
            row = " | ".join(f"{times[number][-1]:.2f}" for number in numbers)
            print(f"{calls} | {real[-1]:,.0f} | {row}", flush=True)
        for number in numbers[1:]:
            found = crossing(real, times[1], times[number])
            told = "never win" if found is None else f"win from {found:,.0f} characters on"
            print(f"{calls} calls a file: {number} processes {told}", flush=True)
            worth += [found] if found is not None else []
    return worth


if __name__ == "__main__":
    sys.exit(main())
