"""This project as a checkout elsewhere, and what the tests that install something need."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Seconds. An index that does not answer must not hold up the tests for ever.
LIMIT = 600
INDEX_LIMIT = 90
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.egg-info", ".git", ".venv*", ".*_cache", ".hypothesis")


def clean_environment() -> dict[str, str]:
    """The environment without what points at this checkout, or at a repository whose hook runs the tests."""
    odd = ("GIT_", "COV_", "COVERAGE_", "PRE_COMMIT", "PYTHONPATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(odd)}
    return {
        **kept,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "nobody",
        "GIT_AUTHOR_EMAIL": "nobody@localhost",
        "GIT_COMMITTER_NAME": "nobody",
        "GIT_COMMITTER_EMAIL": "nobody@localhost",
        "PYTHONUTF8": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
    }


def run(
    *command: object, cwd: Path, env: dict[str, str] | None = None, code: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `code` is the exit code it must have (None: any)."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=clean_environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=LIMIT,
    )
    assert code is None or done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def copy(to: Path) -> Path:
    """Copy what belongs to the project, new files included, and nothing that tools have left about."""
    names = run("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT, code=None) if _git() else None
    if names is None or names.returncode:
        shutil.copytree(ROOT, to, ignore=_NOT_COPIED)
        return to
    for name in filter(None, names.stdout.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def commit_all(folder: Path, message: str = "all of it") -> None:
    """Make the folder a repository with everything in it committed."""
    run("git", "init", "--quiet", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--no-verify", "-m", message, cwd=folder)


def needs_git() -> None:
    if not _git():
        pytest.skip("git is not installed")


def needs_index() -> None:
    problem = _index_problem()
    if problem:
        pytest.skip(f"pip reaches no package index: {problem}")


def _git() -> bool:
    return shutil.which("git") is not None


@functools.cache
def _index_problem() -> str:
    with tempfile.TemporaryDirectory() as folder:
        ask = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "0", "hatchling"]
        try:
            done = subprocess.run(
                [*ask, "--dest", folder],
                env=clean_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=INDEX_LIMIT,
            )
        except subprocess.TimeoutExpired:
            return f"no answer for {INDEX_LIMIT} s"
        if done.returncode == 0:
            return ""
        return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
