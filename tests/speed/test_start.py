"""What a run over one legacy file need not wait for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from callr_migrate.pack.compiled import compile_pack, shipped_rules

ROOT = Path(__file__).parents[2]
# Of the standard library and of others; what libcst brings along is not among them.
HEAVY = {
    *(
        "_hashlib",
        "concurrent.futures",
        "difflib",
        "hashlib",
        "logging",
        "multiprocessing",
        "platformdirs",
        "pickle",
        "random",
    ),
    *("rich", "shutil", "socket", "tempfile", "traceback", "urllib.request", "yaml"),
}
# Of our own: what is for project files, baselines, revisions, fixes, scenarios, and other outputs.
RARE = {
    *("baseline", "changes", "fixing", "scaffolding", "writing"),
    *("projectfiles.configured", "projectfiles.entries", "projectfiles.lists", "projectfiles.locks"),
    *("projectfiles.plan", "projectfiles.toml", "projectfiles.trees", "projectfiles.usage"),
}
# What programs read needs it.
NOT_FOR_PEOPLE = {"json"}

PROGRAM = """
import sys
from pathlib import Path
from callr_migrate.pack import compiled
compiled._shipped = lambda: Path("rules.compiled")
from callr_migrate.cli import main
assert main({arguments!r}) == 1
print(*sys.modules)
"""


def imported(program: str, folder: Path) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("output", ["full", "concise", "json"])
def test_one_legacy_file(tmp_path: Path, output: str) -> None:
    # As a wheel has them.
    (tmp_path / "rules.compiled").write_bytes(compile_pack(shipped_rules()))
    (tmp_path / "app.py").write_text(
        "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call('system.get_timestamp')\n"
    )
    arguments = ["check", "--no-cache", "--jobs=1", "--output-format", output, "app.py"]
    found = imported(PROGRAM.format(arguments=arguments), tmp_path)
    assert "callr_migrate.rewrite.planner" in found
    theirs = imported("import libcst, click, sys; print(*sys.modules)", tmp_path)
    assert not (HEAVY | (set() if output == "json" else NOT_FOR_PEOPLE)) & (found - theirs)
    assert not {f"callr_migrate.{name}" for name in RARE} & found
