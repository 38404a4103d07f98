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
# From two of the batches on that workers get (`callr_migrate/analysing.py`): of fewer, one worker gets all.
CHARACTERS = (120_000, 240_000, 360_000)
# Lines through what was measured say nothing of trees that are so many times larger.
_FAR = 2


def crossing(sizes: Sequence[float], one: Sequence[float], several: Sequence[float]) -> float | None:
    """The size from which `several` takes less than `one`, by the straight lines through both.

    None: never, or so far beyond all sizes that the lines say nothing.
    """
    start, slope = _line(sizes, [first - second for first, second in zip(one, several, strict=True)])
    if slope <= 0 or -start / slope > _FAR * max(sizes):
        return None
    return max(-start / slope, 0.0)


def crossing_of_work(
    sizes: Sequence[float], one: Sequence[float], several: Sequence[float], number: int
) -> float | None:
    """The same by the processors' time of all processes, as if each had a core that nobody else wants.

    What one process takes for no source at all is taken to be done before the others begin.
    """
    start, _ = _line(sizes, one)
    return crossing(sizes, one, [start + (each - start) / number for each in several])


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


def taken(tree: Path, installed: Path, numbers: Sequence[int], runs: int) -> list[tuple[float, float]]:
    """Wall time and processors' time by number of processes: the least of some runs, since what disturbs only adds."""
    line = [sys.executable, "-m", "callr_migrate", "check", "--no-cache", "--no-progress", "--statistics"]
    commands = [
        Command(f"--jobs {number}", [*line, "--jobs", str(number), "."], tree, {"PYTHONPATH": str(installed)})
        for number in numbers
    ]
    found = [[once(command) for command in commands] for _ in range(runs)]
    return [
        (min(each.wall for each in rows), min(each.cpu for each in rows)) for rows in zip(*found, strict=True)
    ]


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
    print("seconds: on the clock / of the processors")
    print("calls a file | characters | " + " | ".join(f"--jobs {number}" for number in numbers))
    with tempfile.TemporaryDirectory() as folder:
        installed = (trees.copied if asked.quick else trees.installed)(Path(folder))
        worth = [each for calls in shapes for each in sweep(calls, sizes, numbers, runs, installed)]
    known = [each for each in worth if each is not None]
    if len(known) == len(worth):
        print(f"processes win for all of them from {max(known):,.0f} characters on")
    else:
        print("processes do not win for all of them within what was swept")
    return 0


def sweep(
    calls: int, sizes: Sequence[int], numbers: Sequence[int], runs: int, installed: Path
) -> list[float | None]:
    """Print what trees of files with so many calls take; from where on processes win, by their number."""
    real: list[float] = []
    rows: list[list[tuple[float, float]]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            real.append(tree_of(Path(folder), calls, size))
            rows.append(taken(Path(folder), installed, numbers, runs))
        shown = " | ".join(f"{wall:.2f} / {cpu:.2f}" for wall, cpu in rows[-1])
        print(f"{calls} | {real[-1]:,.0f} | {shown}", flush=True)
    worth: list[float | None] = []
    for place, number in enumerate(numbers[1:], 1):
        walls = [[row[at][0] for row in rows] for at in (0, place)]
        works = [[row[at][1] for row in rows] for at in (0, place)]
        worth.append(crossing(real, *walls))
        work = crossing_of_work(real, *works, number)
        print(
            f"{calls} calls a file, --jobs {number}: {_told(worth[-1])}; by processors' time: {_told(work)}"
        )
    return worth


def _told(found: float | None) -> str:
    return "does not win" if found is None else f"wins from {found:,.0f} characters on"


if __name__ == "__main__":
    sys.exit(main())
