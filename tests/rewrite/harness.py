"""Before/after fixtures through the real pipeline, and programs run on the stubbed account."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from callr_migrate import pipeline
from callr_migrate.config import load_settings
from callr_migrate.findings import Finding
from callr_migrate.output.json_report import render_json
from callr_migrate.pipeline import Outcome, Request, run

HERE = Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures" / "rewrite"
TARGETS = ("httpx", "requests")
CONFIG = "callr-migrate.toml"

# Ids of the stubbed account. REST v2 writes them in lower case: the one documented difference in what is printed.
IDS = re.compile(r"\b(?:AC5E\d{4}|8242D94\d|D1D000\d\d)\b", re.IGNORECASE)


_LINE = re.compile(r" \(line \d+\)|(?<=\.py):\d+|(?<=line )\d+ ")

# Reading the rules takes longer than a small file's analysis.
_load_pack = functools.lru_cache(pipeline.load_pack)


@dataclass(frozen=True)
class Fixture:
    """One folder: `before.py`, or `before/` with `main.py`; what comes out; why something stays."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def files(self, kind: str) -> dict[str, bytes] | None:
        """The files of `before`, `after.httpx` or `after.requests`; None if there are none."""
        single, several = self.folder / f"{kind}.py", self.folder / kind
        if single.exists():
            return {"main.py": single.read_bytes()}
        if several.is_dir():
            return {
                path.relative_to(several).as_posix(): path.read_bytes()
                for path in sorted(several.rglob("*.py"))
            }
        return None

    @property
    def before(self) -> dict[str, bytes]:
        files = self.files("before")
        assert files is not None, f"{self.name} has no before"
        return files

    def reasons(self, target: str) -> list[str]:
        """Why calls of it stay, after the fix."""
        path = self.folder / f"reasons.{target}.txt"
        path = path if path.exists() else self.folder / "reasons.txt"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    @property
    def config(self) -> str:
        path = self.folder / CONFIG
        return path.read_text("utf-8") if path.exists() else ""

    @property
    def is_left_alone(self) -> bool:
        return all(self.files(f"after.{target}") is None for target in TARGETS)

    @property
    def runs(self) -> bool:
        """Whether the program can be run; the first lines of those that cannot say so."""
        return b"# not run" not in self.before["main.py"][:200] and sys.version_info >= self.oldest

    @property
    def oldest(self) -> tuple[int, int]:
        """The oldest Python that the rewritten program is for."""
        found = re.search(r'target-version = "3\.(\d+)"', self.config)
        return (3, int(found[1])) if found else (3, 10)


def fixtures() -> list[Fixture]:
    return [Fixture(path) for path in sorted(FIXTURES.iterdir()) if path.is_dir()]


def write(folder: Path, files: dict[str, bytes], config: str = "") -> Path:
    """A project of its own: the configuration, even an empty one, marks its root."""
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(config, "utf-8")
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def migrate(folder: Path, target: str, *, fix: bool = True, diff: bool = False) -> Outcome:
    """What `check` says, what `fix` says after it wrote, or what `fix --diff` says, which writes nothing."""
    settings = load_settings(folder, overrides={"target": target})
    with mock.patch.object(pipeline, "load_pack", _load_pack):
        return run(Request((folder,), settings, write=fix and not diff, diff=diff, unsafe=True))


def edits(folder: Path, outcome: Outcome) -> dict[str, list[tuple[int, int, str]]]:
    """The edits of the JSON report that `fix --unsafe-fixes` would apply, equal ones once."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    for finding in json.loads(render_json(outcome))["findings"]:
        if finding["fix"] is None or finding["applicability"] == "manual":
            continue
        for edit in finding["fix"]["edits"]:
            span = (edit["start_byte"], edit["end_byte"], edit["text"])
            place = Path(edit["path"]).resolve().relative_to(folder.resolve()).as_posix()
            if span not in found.setdefault(place, []):
                found[place].append(span)
    return found


def applied(data: bytes, changes: list[tuple[int, int, str]], encoding: str) -> bytes:
    pieces, at = [], 0
    for start, end, text in sorted(changes, key=lambda span: span[:2]):
        assert start >= at, "edits overlap"
        pieces += [data[at:start], text.encode(encoding)]
        at = end
    return b"".join([*pieces, data[at:]])


def reasons(findings: Iterable[Finding]) -> list[str]:
    """Why legacy calls stay, without lines, which the rewrite of others moves."""
    found = {_LINE.sub("", f.reason) for f in findings if f.reason and not f.applied and f.code[:4] == "CLR1"}
    return sorted(found)


def run_programs(jobs: list[tuple[str, Path]]) -> dict[str, dict[str, Any]]:
    """Run `main.py` of each folder, all in one process."""
    done = subprocess.run(
        [sys.executable, str(HERE / "run_batch.py")],
        input=json.dumps([[name, str(folder), "main.py"] for name, folder in jobs]),
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"},
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return result


def same(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a rewritten program does otherwise."""
    problems = [f"violation: {text}" for text in new["violations"]]
    if old["failed"]:
        problems.append(f"the legacy program fails: {old['failed']}")
    if new["failed"]:
        problems.append(f"the rewritten program fails: {new['failed']}")
    printed = IDS.sub(lambda match: match[0].upper(), new["output"])
    if printed != old["output"]:
        problems.append(f"prints {printed!r}, not {old['output']!r}")
    if new["state"] != old["state"]:
        problems.append(f"does {new['state']}, not {old['state']}")
    return problems
