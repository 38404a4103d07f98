"""Small projects with retired apps, through the real pipeline."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from callr_migrate import pipeline
from callr_migrate.config import load_settings
from callr_migrate.findings import Finding
from callr_migrate.pipeline import Outcome, Request, run

HEAD = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"

# Reading the rules takes longer than the analysis.
_load_pack = functools.lru_cache(pipeline.load_pack)


def write(folder: Path, files: Mapping[str, str]) -> None:
    (folder / "callr-migrate.toml").touch()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def migrate(folder: Path, files: Mapping[str, str] | str, **asked: Any) -> Outcome:
    """Run over files (or the text of `main.py`, with a client `api`), by default only to look."""
    write(folder, {"main.py": HEAD + files} if isinstance(files, str) else files)
    overrides = asked.pop("overrides", {})
    paths = asked.pop("paths", (folder,))
    settings = load_settings(folder, overrides=overrides)
    with mock.patch.object(pipeline, "load_pack", _load_pack):
        return run(Request(paths, settings, **asked))


def scaffold(folder: Path, files: Mapping[str, str] | str, **asked: Any) -> dict[str, str]:
    """The names and texts of the scenarios that are written."""
    outcome = migrate(folder, files, write=True, scaffold=folder / "out", **asked)
    assert outcome.report.errors == []
    return {
        path.name.removesuffix(".actions.yaml"): path.read_text("utf-8")
        for path in sorted((folder / "out").glob("*"))
    }


def finding(outcome: Outcome, code: str, line: int, name: str = "main.py") -> Finding:
    """The one finding of a code on a line; without its head the first line of `main.py` is 4."""
    found = [
        each
        for each in outcome.report.findings
        if each.code == code
        and each.path.name == name
        and outcome.sources[each.path].position(each.start).line == line
    ]
    assert len(found) == 1, [(each.code, each.path.name, each.start) for each in outcome.report.findings]
    return found[0]
