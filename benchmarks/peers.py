"""The tools that others have, as they would be asked the same question; those that are not installed are left out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import trees
from measure import Command

_RUFF = '[lint]\nselect = ["TID251"]\n[lint.flake8-tidy-imports.banned-api]\n"callr".msg = "it ends"\n'
_SEMGREP = (
    "rules:\n- id: call\n  languages: [python]\n  severity: WARNING\n  message: it ends\n"
    "  pattern: $API.call('...', ...)\n"
)
_FIXIT = '[tool.fixit]\nroot = true\nenable = ["fixit.rules:NoNamedTuple"]\ndisable = ["fixit.rules"]\n'
# They are asked on a copy: one wants settings there, one writes what it finds.
_LIMIT = 90.0
# Nobody is to be asked over a network.
_QUIET = {"SEMGREP_ENABLE_VERSION_CHECK": "0", "SEMGREP_SEND_METRICS": "off"}


class Peers:
    """The commands of those that are there; `versions` grows by who was found, `without` is told of the others."""

    def __init__(self, folder: Path, versions: dict[str, str], without: Callable[[str], None]) -> None:
        # Not above a tree: settings there would be read for it.
        self.folder = folder / "settings of peers"
        self.versions = versions
        self.without = without
        self.folder.mkdir()
        (self.folder / "ruff.toml").write_text(_RUFF)
        (self.folder / "semgrep.yaml").write_text(_SEMGREP)

    def quick(self, tree: Path) -> Mapping[str, Command]:
        """Those that look at a whole large tree in about a second."""
        found = {}
        ruff, ripgrep = self._executable("ruff"), self._executable("rg", "ripgrep")
        if ruff:
            arguments = [ruff, "check", "--no-cache", "--config", str(self.folder / "ruff.toml"), "."]
            found["ruff"] = Command("ruff", arguments, tree)
        if ripgrep:
            words = ["-e", "callr", "-e", "jsonrpc", "-e", ".call("]
            found["ripgrep"] = Command("ripgrep", [ripgrep, "-l", "-F", *words, "."], tree)
        return found

    def patient(self, tree: Path) -> list[Command]:
        """Those that take some seconds for some hundred files."""
        found = []
        if path := self._executable("ast-grep"):
            found.append(
                Command("ast-grep", [path, "run", "--lang", "python", "--pattern", "$A.call($$$)", "."], tree)
            )
        if path := self._executable("django-upgrade"):
            copy = self._copy(tree, "django-upgrade")
            files = [str(file.relative_to(copy)) for file in copy.rglob("*.py")]
            found.append(Command("django-upgrade", [path, "--target-version", "4.2", *files], copy))
        if path := self._executable("semgrep"):
            rules = str(self.folder / "semgrep.yaml")
            quiet = ["--metrics=off", "--disable-version-check", "--quiet"]
            found.append(Command("semgrep", [path, "scan", *quiet, "--config", rules, "."], tree, _QUIET))
        return [_bounded(each) for each in found]

    def slow(self, tree: Path) -> list[Command]:
        """Those that take seconds for some dozens of files."""
        found = []
        if path := self._executable("fixit"):
            copy = self._copy(tree, "fixit")
            (copy / "pyproject.toml").write_text(_FIXIT)
            found.append(Command("Fixit, one rule", [path, "lint", "."], copy))
        found += [each for each in [self.codemod("libcst codemod", tree)] if each is not None]
        return [_bounded(each) for each in found]

    def codemod(self, name: str, tree: Path, *arguments: str) -> Command | None:
        """The runner of libcst itself, with a codemod that changes nothing."""
        try:
            self.versions["libcst"] = version("libcst")
        except PackageNotFoundError:
            self.without("libcst is not installed")
            return None
        folder = self.folder / f"codemod-{len(list(self.folder.glob('codemod-*')))}"
        line = trees.codemod(folder, tree)
        return Command(name, [*line, *arguments], folder, {"PYTHONPATH": str(folder)}, limit=300)

    def _copy(self, tree: Path, name: str) -> Path:
        copy = self.folder / f"for-{name}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(tree, copy)
        return copy

    def _executable(self, command: str, name: str | None = None) -> str | None:
        name = name or command
        beside = Path(sys.executable).parent / command
        path = str(beside) if beside.exists() else shutil.which(command)
        if path is None:
            self.without(f"{name} is not installed")
        elif name not in self.versions:
            self.versions[name] = _version(path)
        return path


def _version(path: str) -> str:
    try:
        asked = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            env={**os.environ, **_QUIET},
        )
    except subprocess.TimeoutExpired:
        return "unknown"
    return next((word for word in asked.stdout.split() if word[:1].isdigit()), "unknown")


def _bounded(command: Command) -> Command:
    return Command(
        command.name, command.arguments, command.folder, command.environment, limit=min(_LIMIT, command.limit)
    )
