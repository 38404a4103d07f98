"""What was measured, as the part of `docs/performance.md` between two comments."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from measure import Figures, machine

START, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


class Table:
    """Rows with a bound, rows without, and tables of all that ran beside each other."""

    def __init__(self) -> None:
        self.about: list[str] = []
        self.versions: dict[str, str] = {}
        self.bounds: list[str] = []
        self.tables: list[str] = []
        self.left_out: list[str] = []

    def bound(self, what: str, asked: str, limit: float, measured: float) -> None:
        """What must hold, and what was measured."""
        kept = "yes" if measured <= limit else "**no**"
        self._row(f"| {what} | {asked} | {_figure(measured)} | {kept} |")

    def told(self, what: str, measured: float, unit: str = "") -> None:
        """What was measured, and need not hold anything."""
        self._row(f"| {what} | | {_figure(measured)}{unit} | |")

    def same(self, what: str, is_same: bool) -> None:
        """What must be equal."""
        self._row(
            f"| {what} | equal | {'equal' if is_same else 'differs'} | {'yes' if is_same else '**no**'} |"
        )

    def _row(self, row: str) -> None:
        self.bounds.append(row)
        print(row, flush=True)

    def all_of(self, what: str, rows: Iterable[tuple[str, Figures]]) -> None:
        """A table of whole runs."""
        lines = [f"\n{what}\n", "| | wall, s | processors, s | memory, MB |", "|---|---|---|---|"]
        lines += [f"| {name} | {each.wall:.3f} | {each.cpu:.3f} | {each.memory:.0f} |" for name, each in rows]
        self.tables += lines
        print("\n".join(lines), flush=True)

    def without(self, what: str) -> None:
        """Something was not measured, and why."""
        self.left_out.append(what)
        print(f"left out: {what}", flush=True)

    def page(self) -> str:
        """All of it."""
        versions = ", ".join(f"{name} {number}" for name, number in sorted(self.versions.items()))
        return "\n".join(
            [
                f"Machine: {machine()}. Peers: {versions or 'none'}.",
                *self.about,
                *([f"Left out: {'; '.join(self.left_out)}."] if self.left_out else []),
                "",
                "| | bound | measured | kept |",
                "|---|---|---|---|",
                *self.bounds,
                *self.tables,
                "",
            ]
        )

    def write(self, path: Path) -> None:
        """Put it in place of what stands there between the two comments."""
        text = path.read_text(encoding="utf-8") if path.exists() else START + END
        before, _, rest = text.partition(START)
        made = f"{before}{START}{self.page()}{END}{rest.partition(END)[2]}"
        partial = path.with_suffix(".partial")
        partial.write_text(made, encoding="utf-8")
        partial.replace(path)


def _figure(number: float) -> str:
    return f"{number:.0f}" if number >= 20 else f"{number:.2f}"
