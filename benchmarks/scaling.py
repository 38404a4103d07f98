"""How the time of `check` and `fix` grows with the number of legacy calls: `python benchmarks/scaling.py [CALLS...]`.

The work should take about twice as long for a file that is twice as large.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from callr_migrate.config import load_settings
from callr_migrate.pipeline import Outcome, Request, run

_HEAD = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n\n\n"
# One legacy call in five lines, in the shapes that programs have.
_BLOCKS = (
    'def send_{n}(number):\n    sms = api.call("sms.send", "", number, "Hello {n}", None)\n    return number\n\n\n',
    'def show_{n}(sms_hash):\n    sms = api.call("sms.get", sms_hash)\n    print(sms["text"], sms["status"])\n\n\n',
    'def time_{n}():\n    # The clock of the service.\n    api.call("system.get_timestamp")\n\n\n',
    'def list_{n}(kind):\n    for app in api.call("apps.get_list"):\n        print(app)\n\n\n',
)


def program(calls: int) -> str:
    """A file with so many legacy calls."""
    return _HEAD + "".join(_BLOCKS[n % len(_BLOCKS)].replace("{n}", str(n)) for n in range(calls))


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
