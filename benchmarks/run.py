"""Measure everything and write `docs/performance.md`: `python benchmarks/run.py [--only STEP] [--quick] [--corpus DIR]`.

The corpus is downloaded from PyPI at the first run and kept in the corpus' folder. Peers that are not installed, or
that fail, are left out, and the page says so. It is written after each step. Takes some ten minutes, on a machine with
nothing else to do.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The trees are chosen by the tool's own gates.
sys.path.insert(0, str(ROOT))

import trees  # noqa: E402
from bounds import Table  # noqa: E402
from measure import Failed  # noqa: E402
from steps import TINY, Sizes, Steps  # noqa: E402

_CORPUS = Path(tempfile.gettempdir(), "callr-migrate-corpus")


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write the page's figures; 1 if a step failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, help="medians of so many (default: 5)")
    parser.add_argument("--corpus", type=Path, default=_CORPUS, help="a folder with public packages")
    parser.add_argument("--legacy-files", type=int, help="of the tree where every file is legacy (1000)")
    parser.add_argument("--only", action="append", metavar="STEP", help="one step; several times for several")
    parser.add_argument(
        "--quick", action="store_true", help="tiny, to see that it works; figures mean nothing"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    asked = parser.parse_args(arguments)
    sizes = TINY if asked.quick else Sizes()
    sizes = replace(
        sizes, runs=asked.runs or sizes.runs, legacy_files=asked.legacy_files or sizes.legacy_files
    )
    table = Table()
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        public = trees.packages(asked.corpus)
        listed = ", ".join(f"{name} {number}" for name, number in sorted(public.items()))
        table.about.append(
            f"Corpus: {listed or 'a folder'}; medians of {sizes.runs} runs in turn, whole processes."
        )
        steps = Steps(Path(folder), asked.corpus, sizes, table)
        unknown = set(asked.only or ()) - steps.names.keys()
        if unknown:
            parser.error(f"no step {', '.join(sorted(unknown))}; there are {', '.join(steps.names)}")
        for name, step in steps.names.items():
            if asked.only and name not in asked.only:
                continue
            print(f"\n# {name}", flush=True)
            try:
                step()
            except (Failed, OSError, subprocess.SubprocessError) as problem:
                failed = True
                told = str(problem) if isinstance(problem, Failed) else type(problem).__name__
                table.without(f"the rest of the step {name}: {told}")
            table.write(asked.output)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
