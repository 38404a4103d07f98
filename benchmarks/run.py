"""Measure everything and write `docs/performance.md`: `python benchmarks/run.py [--runs N] [--corpus DIR]`.

The corpus is downloaded from PyPI at the first run and kept in the corpus' folder. Peers that are not installed are
left out. Takes some minutes, on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import trees
from measure import Command, Figures, machine, measured

ROOT = Path(__file__).resolve().parent.parent
_RUFF = '[lint]\nselect = ["TID251"]\n[lint.flake8-tidy-imports.banned-api]\n"callr".msg = "it ends"\n'
_SEMGREP = (
    "rules:\n- id: call\n  languages: [python]\n  severity: WARNING\n  message: it ends\n"
    "  pattern: $API.call('...', ...)\n"
)
# Slow peers get one file in so many.
_SAMPLE = 40


class Benchmark:
    """The trees below a folder, the tool as a wheel installs it, and the rows of the table."""

    def __init__(self, folder: Path, corpus: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        self.bounds: list[str] = []
        self.peers: list[str] = []
        self.versions: dict[str, str] = {}
        self.installed = folder / "installed"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        subprocess.run([*command, str(self.installed), str(ROOT)], check=True, stderr=subprocess.DEVNULL)
        self.public = trees.packages(corpus)
        self.corpus = corpus
        (folder / "ruff.toml").write_text(_RUFF)
        (folder / "semgrep.yaml").write_text(_SEMGREP)

    def tool(self, name: str, tree: Path, *arguments: str, cache: Path | None = None) -> Command:
        """`check` over a tree; without `cache` nothing is kept."""
        kept = ("--cache-dir", str(cache)) if cache is not None else ("--no-cache",)
        asked = ["check", "--no-progress", "--output-format", "concise", *kept, *arguments]
        paths = () if any(not item.startswith("-") for item in arguments[-1:]) else (".",)
        return Command(
            name,
            [sys.executable, "-m", "callr_migrate", *asked, *paths],
            tree,
            {"PYTHONPATH": str(self.installed), "CALLR_MIGRATE_NO_CACHE": "" if cache is not None else "1"},
        )

    def python(self, name: str, program: str) -> Command:
        """A short program."""
        return Command(name, [sys.executable, "-c", program], self.folder)

    def bound(self, what: str, asked: str, limit: float, ratio: float) -> None:
        """One row: what must hold, and what was measured."""
        kept = "yes" if ratio <= limit else "**no**"
        self.bounds.append(f"| {what} | {asked} | {ratio:.2f} | {kept} |")
        print(self.bounds[-1], flush=True)

    # What is measured

    def clean_tree(self) -> None:
        """A tree without legacy code: cold, warm, memory, growth, against compiled peers."""
        tree, tenth = self.folder / "clean", self.folder / "tenth"
        self.count = trees.clean(self.corpus, tree)
        trees.clean(self.corpus, tenth, share=10)
        cache = self.folder / "cache"
        commands = [self.tool("cold", tree), self.tool("warm", tree, cache=cache), self.tool("tenth", tenth)]
        ruff, ripgrep = self._executable("ruff"), self._executable("rg", "ripgrep")
        if ruff:
            config = str(self.folder / "ruff.toml")
            commands.append(Command("ruff", [ruff, "check", "--no-cache", "--config", config, "."], tree))
        if ripgrep:
            words = ["-e", "callr", "-e", "jsonrpc", "-e", ".call("]
            commands.append(Command("ripgrep", [ripgrep, "-l", "-F", *words, "."], tree))
        found = dict(zip([each.name for each in commands], measured(commands, self.runs), strict=True))
        cold, warm, small = found["cold"], found["warm"], found["tenth"]
        for name in ("ruff", "ripgrep"):
            if name in found:
                limit, asked = (0.5, "0.5") if name == "ruff" else (8, "8")
                self.bound(f"clean tree, cold, to {name}", f"{asked} x", limit, cold.wall / found[name].wall)
        self.bound("clean tree, warm, to cold", "0.25 x", 0.25, warm.wall / cold.wall)
        self.bound("ten times the files", "10.5 x the time", 10.5, cold.wall / small.wall)
        self.bound("memory over the clean tree, MB", "80", 80, cold.memory)
        self.bound("memory: ten times the files", "1.2 x (flat)", 1.2, cold.memory / small.memory)
        self._told(found.items(), f"clean tree, {self.count} files")
        self.clean = cold
        sample = self.folder / "sample"
        trees.clean(self.corpus, sample, share=_SAMPLE)
        self._slow_peers(sample)

    def _slow_peers(self, tree: Path) -> None:
        commands = [self.tool("callr-migrate", tree)]
        for name, arguments in {
            "ast-grep": ["run", "--lang", "python", "--pattern", "$A.call($$$)", "."],
            "django-upgrade": ["--target-version", "4.2"],
            "semgrep": [
                "scan",
                "--metrics=off",
                "--quiet",
                "--config",
                str(self.folder / "semgrep.yaml"),
                ".",
            ],
            "fixit": ["lint", "."],
        }.items():
            path = self._executable(name)
            if path:
                # This one changes what it finds.
                more = [str(file) for file in tree.rglob("*.py")] if name == "django-upgrade" else []
                copy = self.folder / f"for-{name}"
                shutil.copytree(tree, copy)
                if name == "fixit":
                    (copy / "pyproject.toml").write_text(
                        '[tool.fixit]\nroot = true\nenable = ["fixit.rules:NoNamedTuple"]\ndisable = ["fixit.rules"]\n'
                    )
                more = [item.replace(str(tree), str(copy)) for item in more]
                commands.append(Command(name, [path, *arguments, *more], copy))
        if self._has_libcst():
            folder = self.folder / "codemod-of-clean"
            line = trees.codemod(folder, tree)
            commands.append(Command("libcst codemod", line, folder, {"PYTHONPATH": str(folder)}))
        rows: list[tuple[str, Figures]] = []
        for command in commands:
            try:
                rows.append((command.name, measured([command], 1, warm=False)[0]))
            except RuntimeError as error:
                print(error, file=sys.stderr)
        self._told(rows, f"every {_SAMPLE}th file of the clean tree, one run each")

    def one_percent(self) -> None:
        """The clean tree with one legacy file in a hundred."""
        tree = self.folder / "clean"
        files = trees.legacy(tree, self.count // 100)
        cache = self.folder / "cache-of-legacy"
        names = ", ".join(map(repr, map(str, files)))
        parse = (
            "import libcst, pathlib, time; start = time.perf_counter();"
            f"[libcst.parse_module(pathlib.Path(name).read_text()) for name in [{names}]];"
            "print(time.perf_counter() - start)"
        )
        imported = self.python("import libcst", "import libcst")
        commands = [
            self.tool("cold", tree, "--jobs=1"),
            self.tool("warm", tree, "--jobs=1", cache=cache),
            self.python("parse", parse),
            imported,
        ]
        cold, warm, parsed, libcst = measured(commands, self.runs)
        allowed = self.clean.wall + libcst.wall + 2.5 * (parsed.wall - libcst.wall)
        self.bound("1 % legacy, cold, to clean + import libcst + 2.5 parse", "1 x", 1, cold.wall / allowed)
        self.bound("1 % legacy, warm, to cold", "0.25 x", 0.25, warm.wall / cold.wall)
        self.bound("memory with 1 % legacy, MB", "80", 80, cold.memory)
        self._told(
            [("cold", cold), ("warm", warm), ("libcst.parse_module", parsed), ("import libcst", libcst)],
            f"the clean tree and {len(files)} legacy files",
        )

    def start_up(self) -> None:
        """One file, as a hook of git passes it."""
        clean, legacy = self.folder / "one-clean", self.folder / "one-legacy"
        for tree in (clean, legacy):
            trees.project(tree)
        (clean / "app.py").write_text(trees.program(0).replace("callr", "other"))
        (legacy / "app.py").write_text(trees.program(1))
        commands = [
            self.tool("one clean file", clean, "app.py", cache=self.folder / "cache"),
            self.tool("one legacy file", legacy, "app.py", cache=self.folder / "cache"),
            self.python("import click", "import click"),
            self.python("import libcst", "import libcst"),
        ]
        found = measured(commands, max(self.runs, 9))
        one, other, click, libcst = found
        self.bound("one clean file, to `import click`", "1.5 x", 1.5, one.wall / click.wall)
        self.bound(
            "one legacy file, to `import libcst`", "1.3 x, and the analysis", 1.3, other.wall / libcst.wall
        )
        self._told(zip([each.name for each in commands], found, strict=True), "start-up")

    def all_legacy(self, files: int) -> None:
        """Every file is legacy; and one that is five times as long."""
        tree, folder = self.folder / "legacy", self.folder / "codemod"
        trees.legacy(tree, files)
        commands = [self.tool("callr-migrate, 1 process", tree, "--jobs=1"), self.tool("callr-migrate", tree)]
        if self._has_libcst():
            line = trees.codemod(folder, tree)
            where = {"PYTHONPATH": str(folder)}
            commands += [
                Command("libcst codemod, 1 process", [*line, "-j1"], folder, where),
                Command("libcst codemod", line, folder, where),
            ]
        found = measured(commands, 1, warm=False)
        if len(found) == 4:
            for ours, theirs, name in (
                (found[0], found[2], "one process"),
                (found[1], found[3], "all cores"),
            ):
                self.bound(
                    f"all legacy, {name}: time, to a no-op codemod", "0.25 x", 0.25, ours.wall / theirs.wall
                )
        self.bound("all legacy: all cores, to one process", "1 x", 1, found[1].wall / found[0].wall)
        self.bound("memory, all legacy, MB a process", "80", 80, found[1].memory)
        self._told(
            zip([each.name for each in commands], found, strict=True), f"{files} legacy files, 20 calls each"
        )
        sizes = {}
        for calls in (1000, 5000):
            sizes[calls] = self.folder / f"lines-{calls * 10}"
            trees.legacy(sizes[calls], 1, calls, calls * 10)
        found = measured([self.tool(str(calls), tree) for calls, tree in sizes.items()], 1, warm=False)
        self.bound(
            "50,000 lines, 5,000 calls, to 10,000 lines, 1,000 calls", "6 x", 6, found[1].wall / found[0].wall
        )
        self._told(zip(["10,000 lines", "50,000 lines"], found, strict=True), "one long file")

    # Telling

    def _executable(self, command: str, name: str | None = None) -> str | None:
        beside = Path(sys.executable).parent / command
        path = str(beside) if beside.exists() else shutil.which(command)
        if path is not None and (name or command) not in self.versions:
            said = subprocess.run([path, "--version"], capture_output=True, text=True).stdout.split()
            self.versions[name or command] = next((word for word in said if word[:1].isdigit()), "unknown")
        return path

    def _has_libcst(self) -> bool:
        self.versions["libcst"] = version("libcst")
        return True

    def _told(self, rows: Sequence[tuple[str, Figures]] | object, what: str) -> None:
        self.peers += [f"\n{what}\n", "| | wall, s | processors, s | memory, MB |", "|---|---|---|---|"]
        for name, each in rows:  # type: ignore[attr-defined]
            self.peers.append(f"| {name} | {each.wall:.3f} | {each.cpu:.3f} | {each.memory:.0f} |")
            print(self.peers[-1], flush=True)

    def page(self) -> str:
        """The part of the document that is made from the figures."""
        versions = ", ".join(f"{name} {number}" for name, number in sorted(self.versions.items()))
        public = ", ".join(f"{name} {number}" for name, number in sorted(self.public.items()))
        return "\n".join(
            [
                f"Machine: {machine()}. Peers: {versions}.",
                f"Corpus: {public}; medians of {self.runs} runs in turn, whole processes.",
                "",
                "| | bound | measured | kept |",
                "|---|---|---|---|",
                *self.bounds,
                *self.peers,
                "",
            ]
        )


_START, _END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def main() -> None:
    """Measure, print, and write the page's figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir(), "callr-migrate-corpus"))
    parser.add_argument("--legacy-files", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory() as folder:
        benchmark = Benchmark(Path(folder), asked.corpus, asked.runs)
        benchmark.start_up()
        benchmark.clean_tree()
        benchmark.one_percent()
        benchmark.all_legacy(asked.legacy_files)
    text = asked.output.read_text(encoding="utf-8") if asked.output.exists() else f"{_START}{_END}"
    before, _, rest = text.partition(_START)
    after = rest.partition(_END)[2]
    asked.output.write_text(f"{before}{_START}{benchmark.page()}{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
