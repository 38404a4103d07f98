"""What the rule pack costs at start-up, beside `import click`: `python benchmarks/pack.py [RUNS]`.

Each figure is a fresh process of its own, and the order of the measured things changes from round to round.
"""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import tempfile

_TIMED = "import time; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
_LOAD = "load_pack(cache=Path(os.environ['CACHE']))"
_IMPORTS = "import os; from pathlib import Path; from callr_migrate.pack import load_pack"
CASES = {
    "import click": _TIMED.format("import click"),
    "import of the pack's modules and load, compiled": _TIMED.format(f"{_IMPORTS}; {_LOAD}"),
    "load, compiled": f"{_IMPORTS}; " + _TIMED.format(_LOAD),
    "load, from YAML": f"{_IMPORTS}; import callr_migrate.pack.loader; " + _TIMED.format("load_pack()"),
}


def measured(program: str, cache: str) -> float:
    """Seconds, as the process itself took them."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "CACHE": cache},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(done.stdout)


def main(runs: int) -> None:
    """Print minimum and median of each case."""
    figures: dict[str, list[float]] = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as cache:
        for program in CASES.values():
            measured(program, cache)
        for _ in range(runs):
            for name in random.sample(list(CASES), len(CASES)):
                figures[name].append(measured(CASES[name], cache))
    print(f"Python {sys.version.split()[0]}, {runs} runs each, in milliseconds")
    print(f"{'':50} {'min':>7} {'median':>7}")
    for name, values in figures.items():
        print(f"{name:50} {min(values) * 1000:7.1f} {statistics.median(values) * 1000:7.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
