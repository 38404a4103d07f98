"""The steps of the benchmark: each makes its trees, measures, and adds to the table."""

from __future__ import annotations

import hashlib
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import trees
from bounds import Table
from measure import Command, Failed, Figures, cores, measured, once
from peers import Peers

# Seconds after which a file is old enough for the tool to know it by its times.
_SETTLED = 3.0
# What `--profile` calls the analysis of a file that is legacy.
_ANALYSIS = (
    *("parsing", "indexing", "searching for calls", "judging calls", "planning", "writing edits"),
    "other analysis",
)

_EDITED = b"\n# edited at "


@dataclass(frozen=True)
class Sizes:
    """How large it all is."""

    runs: int = 5
    legacy_files: int = 1000
    tenth: int = 10  # one file in so many
    sample: int = 40  # for slow peers
    lines: int = 10_000  # of a long file; with a legacy call in each ten
    install: bool = True  # as a wheel installs it, else a copy
    warm: bool = True  # one run more of each, before


TINY = Sizes(runs=1, legacy_files=4, tenth=2, sample=2, lines=100, install=False, warm=False)


class Steps:
    """All steps, over one corpus; `names` are those that can be asked for."""

    def __init__(self, folder: Path, corpus: Path, sizes: Sizes, table: Table) -> None:
        self.folder = folder
        self.corpus = corpus
        self.sizes = sizes
        self.table = table
        self.peers = Peers(folder, table.versions, table.without)
        self.names: dict[str, Callable[[], None]] = {
            "start-up": self.start_up,
            "clean": self.clean,
            "percent": self.percent,
            "growth": self.growth,
            "peers": self.slow_peers,
            "jobs": self.jobs,
            "all-legacy": self.all_legacy,
            "long-files": self.long_files,
        }
        self._trees: dict[tuple[int, int], tuple[Path, list[Path]]] = {}
        self._made = time.monotonic()
        self._numbers = iter(range(1000))

    # What they need

    @cached_property
    def installed(self) -> Path:
        """Where the tool is imported from: as a wheel installs it, with the rule pack compiled."""
        folder = self.folder / "installed"
        return trees.installed(folder) if self.sizes.install else trees.copied(folder)

    def tree(self, share: int, percent: int = 0) -> tuple[Path, list[Path]]:
        """The corpus' clean files (one in `share`), and `percent` legacy files in a hundred; the legacy ones."""
        known = self._trees.get((share, percent))
        if known is None:
            tree = self.folder / f"one-in-{share}-with-{percent}"
            files = trees.clean(self.corpus, tree, share)
            legacy = trees.legacy(tree, max(files * percent // 100, 1)) if percent else []
            known = self._trees[share, percent] = tree, legacy
            self._made = time.monotonic()
        return known

    def settle(self) -> None:
        """Wait until the files of the trees are as old as those of a checkout."""
        time.sleep(max(self._made + _SETTLED - time.monotonic(), 0))

    def tool(
        self,
        name: str,
        tree: Path,
        *arguments: str,
        command: str = "check",
        cache: Path | None = None,
        before: Callable[[], object] = lambda: None,
        form: str = "concise",
        keeps: bool = False,
    ) -> Command:
        """The tool over a tree; without `cache` nothing is kept."""
        kept = ("--cache-dir", str(cache)) if cache is not None else ("--no-cache",)
        line = [sys.executable, "-m", "callr_migrate", command, "--no-progress", *kept]
        return Command(
            name,
            [*line, "--output-format", form, *(arguments or (".",))],
            tree,
            {"PYTHONPATH": str(self.installed), "CALLR_MIGRATE_NO_CACHE": "" if cache is not None else "1"},
            before,
            limit=300,
            keeps=keeps,
        )

    def python(self, name: str, program: str, *, keeps: bool = False) -> Command:
        """A short program."""
        return Command(name, [sys.executable, "-c", program], self.folder, keeps=keeps)

    def cache(self) -> Path:
        """A new folder for what is kept."""
        return self.folder / f"cache-{next(self._numbers)}"

    def in_turn(
        self, commands: Sequence[Command], runs: int | None = None, *, warm: bool = True
    ) -> dict[str, Figures]:
        """Figures by the commands' names."""
        figures = measured(commands, runs or self.sizes.runs, warm=warm and self.sizes.warm)
        return dict(zip([each.name for each in commands], figures, strict=True))

    # The steps

    def start_up(self) -> None:
        """One file, as a hook of git passes it."""
        clean, legacy = self.folder / "one-clean", self.folder / "one-legacy"
        for tree in (clean, legacy):
            trees.project(tree)
        (clean / "app.py").write_text(trees.program(0).replace("callr", "other"))
        (legacy / "app.py").write_text(trees.program(1))
        profile = ("--profile", "app.py")
        found = self.in_turn(
            [
                self.tool("one clean file", clean, "app.py", cache=self.cache()),
                self.tool("one legacy file", legacy, "app.py"),
                self.tool("one legacy file, with --profile", legacy, *profile, keeps=True),
                self.python("import click", "import click"),
                self.python("import libcst", "import libcst"),
            ],
            runs=self.sizes.runs * 2 - 1,
        )
        clean_run, legacy_run = found["one clean file"].wall, found["one legacy file"].wall
        self.table.bound(
            "one clean file, to `import click`", "1.5 x", 1.5, clean_run / found["import click"].wall
        )
        analysis = statistics.median(map(_analysis, found["one legacy file, with --profile"].outputs))
        libcst = found["import libcst"].wall
        self.table.bound(
            f"one legacy file ({legacy_run:.3f} s) without the analysis ({analysis:.3f} s by `--profile`), "
            f"to `import libcst` ({libcst:.3f} s)",
            "1.3 x",
            1.3,
            (legacy_run - analysis) / libcst,
        )
        self.table.all_of("Start-up", found.items())

    def clean(self) -> None:
        """A tree without legacy code: cold and warm, against compiled peers."""
        tree, _ = self.tree(1)
        self.settle()
        commands = [self.tool("cold", tree), self.tool("warm", tree, cache=self.cache())]
        found = self.in_turn([*commands, *self.peers.quick(tree).values()])
        cold, warm = found["cold"], found["warm"]
        for name, limit in (("ruff", 0.5), ("ripgrep", 8.0)):
            if name in found:
                peer = found[name]
                self.table.bound(
                    f"clean tree, cold, to {name}, wall time", f"{limit:g} x", limit, cold.wall / peer.wall
                )
                self.table.bound(
                    f"clean tree, cold, to {name}, processor time", f"{limit:g} x", limit, cold.cpu / peer.cpu
                )
        self.table.bound("clean tree, warm, to cold", "0.25 x", 0.25, warm.wall / cold.wall)
        self.table.bound("memory over the clean tree, MB", "80", 80, cold.memory)
        self.table.all_of(f"Clean tree, {_files(tree)} files of Python", found.items())

    def percent(self) -> None:
        """The clean tree with one legacy file in a hundred."""
        clean, _ = self.tree(1)
        tree, legacy = self.tree(1, 1)
        names = ", ".join(repr(str(file)) for file in legacy)
        parse = (
            "import libcst, pathlib, time; start = time.perf_counter()\n"
            f"for name in [{names}]: libcst.parse_module(pathlib.Path(name).read_text())\n"
            "print(time.perf_counter() - start)"
        )
        plain = next(file for file in sorted(tree.rglob("*.py")) if file not in legacy)
        self.settle()
        found = self.in_turn(
            [
                self.tool("clean tree", clean),
                self.tool("cold", tree, "--jobs=1", "."),
                self.tool("warm", tree, "--jobs=1", ".", cache=self.cache()),
                self.python("parse", parse, keeps=True),
                self.python("import libcst", "import libcst"),
            ]
        )
        # By themselves: what one edits would be news to all others.
        for name, file in (("one clean file", plain), ("one legacy file", legacy[0])):
            edit = partial(_edit, file)
            asked = (tree, "--jobs=1", ".")
            found |= self.in_turn(
                [self.tool(f"warm, {name} edited", *asked, cache=self.cache(), before=edit)]
            )
        cold = found["cold"].wall
        parsed = statistics.median(map(float, found["parse"].outputs))
        base, libcst = found["clean tree"].wall, found["import libcst"].wall
        self.table.bound(
            f"1 % legacy, cold, to clean ({base:.2f} s) + `import libcst` ({libcst:.2f} s) "
            f"+ 2.5 x parsing them ({parsed:.2f} s)",
            "1 x",
            1,
            cold / (base + libcst + 2.5 * parsed),
        )
        self.table.bound("1 % legacy, warm, to cold", "0.25 x", 0.25, found["warm"].wall / cold)
        for name in ("one clean file", "one legacy file"):
            edited = found[f"warm, {name} edited"].wall
            self.table.told(f"1 % legacy, warm, {name} edited, to cold", edited / cold, " x")
        self.table.bound("memory with 1 % legacy, MB", "80", 80, found["cold"].memory)
        self.table.all_of(f"The clean tree and {len(legacy)} legacy files", found.items())

    def growth(self) -> None:
        """Ten times the files."""
        times = self.sizes.tenth
        for name, percent in (("clean", 0), ("1 % legacy", 1)):
            large, _ = self.tree(1, percent)
            small, _ = self.tree(times, percent)
            jobs = ("--jobs=1", ".")
            found = self.in_turn([self.tool("all", large, *jobs), self.tool("one in ten", small, *jobs)])
            rows = found["all"], found["one in ten"]
            limit = 1.05 * times
            self.table.bound(
                f"{times} times the files, {name}: time",
                f"{limit:.1f} x",
                limit,
                rows[0].wall / rows[1].wall,
            )
            self.table.bound(
                f"{times} times the files, {name}: memory",
                *("flat (1.3 x)", 1.3, rows[0].memory / rows[1].memory),
            )

    def slow_peers(self) -> None:
        """Smaller samples for those that are slow, one run each; who fails is left out."""
        for share, peers in ((self.sizes.tenth, self.peers.patient), (self.sizes.sample, self.peers.slow)):
            tree, _ = self.tree(share)
            rows: list[tuple[str, Figures]] = []
            for command in [self.tool("callr-migrate", tree), *peers(tree)]:
                try:
                    rows.append((command.name, once(command)))
                except Failed as problem:
                    self.table.without(str(problem))
            self.table.all_of(f"One file in {share} of the clean tree ({_files(tree)}), one run each", rows)

    def jobs(self) -> None:
        """The same output whatever the number of processes."""
        tree = self.folder / "for-jobs"
        trees.legacy(tree, min(self.sizes.legacy_files, 60))
        numbers = sorted({1, 2, 3, cores()}) if self.sizes.warm else [1, 2]
        said = set()
        for number in numbers:
            run = self.tool(f"--jobs {number}", tree, f"--jobs={number}", ".", form="json", keeps=True)
            (text,) = once(run).outputs
            said.add(hashlib.sha256(text.encode()).hexdigest())
        self.table.same(f"output with --jobs {', '.join(map(str, numbers))}", len(said) == 1)

    def all_legacy(self) -> None:
        """Every file is legacy."""
        tree = self.folder / "legacy"
        trees.legacy(tree, self.sizes.legacy_files)
        one, every = self.tool("callr-migrate, 1 process", tree, "--jobs=1", "."), "callr-migrate, all cores"
        commands = [one, self.tool(every, tree, f"--jobs={cores()}", ".")]
        theirs = [
            self.peers.codemod("libcst codemod, 1 process", tree, "-j1"),
            self.peers.codemod("libcst codemod, all cores", tree, f"-j{cores()}"),
        ]
        commands += [each for each in theirs if each is not None]
        found = self.in_turn(commands, 1, warm=False)
        for who in ("1 process", "all cores"):
            peer = found.get(f"libcst codemod, {who}")
            if peer is not None:
                ours = found[f"callr-migrate, {who}"]
                self.table.bound(
                    f"all legacy, {who}: time, to a no-op codemod (4 x the throughput)",
                    *("0.25 x", 0.25, ours.wall / peer.wall),
                )
        self.table.told(
            "all legacy: one process, to all cores", found[one.name].wall / found[every].wall, " x"
        )
        self.table.told("memory, all legacy, MB of the largest process", found[every].memory)
        self.table.all_of(f"{self.sizes.legacy_files} legacy files, 20 calls each, one run", found.items())

    def long_files(self) -> None:
        """A file that is five times as long: check, and fix."""
        lines = self.sizes.lines
        commands = []
        for size in (lines, 5 * lines):
            tree = self.folder / f"lines-{size}"
            (file,) = trees.legacy(tree, 1, size // 10, size)
            text = file.read_bytes()
            commands += [
                self.tool(f"check, {size:,} lines", tree),
                self.tool(
                    f"fix, {size:,} lines",
                    *(tree, "--unsafe-fixes", "."),
                    command="fix",
                    before=lambda file=file, text=text: file.write_bytes(text),
                ),
            ]
        found = self.in_turn(commands, 1, warm=False)
        for what in ("check", "fix"):
            long, short = found[f"{what}, {5 * lines:,} lines"], found[f"{what}, {lines:,} lines"]
            self.table.bound(
                f"{what} of {5 * lines:,} lines with {lines // 2:,} calls, "
                f"to {lines:,} lines with {lines // 10:,}",
                *("6 x", 6, long.wall / short.wall),
            )
        self.table.told("memory for the longest file, MB", found[f"check, {5 * lines:,} lines"].memory)
        self.table.all_of("One long file, one run", found.items())


def _analysis(printed: str) -> float:
    """The seconds of the analysis, from what `--profile` prints."""
    found = dict(re.findall(r"^([a-z ]+?) +(\d+\.\d+) +\d+\.\d%", printed, re.MULTILINE))
    if "parsing" not in found:
        raise Failed("--profile tells of no analysis")
    return sum(float(found.get(name, 0)) for name in _ANALYSIS)


def _edit(file: Path) -> None:
    """Change it as people do: what it says is not what it was, and it is new."""
    text = file.read_bytes().partition(_EDITED)[0]
    file.write_bytes(text + _EDITED + f"{time.time_ns()}\n".encode())


def _files(tree: Path) -> int:
    return sum(name.endswith(".py") for _, _, names in os.walk(tree) for name in names)
