"""How the time of `check` and `fix` grows with the number of legacy calls: `python benchmarks/scaling.py [CALLS...]`.

The work should take about twice as long for a file that is twice as large.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from trees import program

from callr_migrate.config import load_settings
from callr_migrate.pipeline import Outcome, Request, run


def timed(path: Path, *, write: bool) -> tuple[float, Outcome]:
    """The seconds that a run takes, and what it gives."""
    start = time.perf_counter()
    outcome = run(Request((path,), load_settings(path), write=write, unsafe=write))
    return time.perf_counter() - start, outcome


def main(sizes: list[int]) -> None:
    """Print the table."""
    print(f"{'calls':>6} {'lines':>6} {'check':>8} {'fix':>8} {'fixed':>6}")
    for calls in sizes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "program.py")
            text = program(calls)
            path.write_text(text, encoding="utf-8")
            checked, _ = timed(path, write=False)
            fixed, outcome = timed(path, write=True)
            lines = text.count("\n")
            print(
                f"{calls:>6} {lines:>6} {checked:>7.2f}s {fixed:>7.2f}s {outcome.report.fixed:>6}", flush=True
            )


if __name__ == "__main__":
    main([int(text) for text in sys.argv[1:]] or [250, 500, 1000, 2000])
