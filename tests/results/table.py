"""What becomes of each construct: `python tests/results/table.py [--no-run] [TEXT...]` (topics or constructs).

A row is a construct, a column how the answer gets to it; `own` is the same code with a value of the user's own.
What is rewritten is run before and after against a twin. Exit code 1 unless every cell is as expected.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "results")]

from cells import VARIANTS, cells  # noqa: E402
from outcomes import Result, all_results  # noqa: E402


def table(results: list[Result]) -> str:
    lines: list[str] = []
    constructs: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        constructs.setdefault((result.cell.topic, result.cell.construct), []).append(result)
    width = max(len(construct) for _, construct in constructs)
    columns = [*VARIANTS, "own"]
    topic = ""
    for (name, construct), group in constructs.items():
        if name != topic:
            topic = name
            lines += ["", f"{topic:<{width}}  " + "  ".join(f"{column:<10}" for column in columns).rstrip()]
        spread = {
            result.cell.variant: _outcome(result)
            for result in group
            if not result.cell.own and result.cell.variant in VARIANTS
        }
        controls = [_outcome(result) for result in group if result.cell.own]
        if spread:
            spread["own"] = ("WRONG" if "WRONG" in controls else controls[0]) if controls else "-"
            cells_of = "  ".join(f"{spread.get(column, '-'):<10}" for column in columns)
            lines.append(f"{construct:<{width}}  {cells_of}".rstrip())
        lines += [
            f"{construct:<{width}}  {_outcome(result):<10}  {result.cell.variant}"
            for result in group
            if result.cell.variant not in VARIANTS
        ]
    wrong = [result for result in results if result.problems]
    for result in wrong:
        lines += ["", f"WRONG {result.cell.name}", *(f"    {problem}" for problem in result.problems)]
    counted = dict.fromkeys(("rewritten", "reported", "left alone"), 0)
    for result in results:
        counted[result.cell.outcome] += not result.problems
    lines += [
        "",
        ", ".join(f"{count} {outcome}" for outcome, count in counted.items()) + f", {len(wrong)} wrong",
    ]
    return "\n".join(lines)


def _outcome(result: Result) -> str:
    return "WRONG" if result.problems else result.cell.outcome


def main(arguments: list[str]) -> int:
    words = [word.lower() for word in arguments if not word.startswith("-")]
    chosen = [cell for cell in cells() if not words or any(word in cell.name.lower() for word in words)]
    if not chosen:
        print("no cell has these words in its name", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        results = all_results(chosen, Path(folder).resolve(), run="--no-run" not in arguments)
    print(table(results))
    return 1 if any(result.problems for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
