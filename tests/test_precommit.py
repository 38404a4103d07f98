"""The hook, run by the real pre-commit on a small repository."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.checkout import clean_environment, commit_all, copy, needs_git, needs_index, run

pytest.importorskip("pre_commit", reason="pre-commit is not installed (it comes with the extra 'test')")

PRE_COMMIT = (sys.executable, "-m", "pre_commit")
CLEAN = "def reminder(name):\n    return f'{name}, your table is ready'\n"
LEGACY = 'import callr\n\napi = callr.Api("login", "secret")\napi.call("sms.get_status", 1)\n'


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this project as it is now, for pre-commit to clone."""
    needs_git()
    needs_index()
    folder = copy(tmp_path_factory.mktemp("hook") / "callr-migrate")
    commit_all(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "restaurant"
    folder.mkdir()
    (folder / "reminder.py").write_text(CLEAN)
    (folder / "notes.txt").write_text("import callr\n")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**clean_environment(), "PRE_COMMIT_HOME": str(tmp_path / "home")}


def test_try_repo(tool: Path, repository: Path, environment: dict[str, str]) -> None:
    commit_all(repository)
    command = (*PRE_COMMIT, "try-repo", tool, "callr-migrate", "--all-files", "--verbose")
    passed = run(*command, cwd=repository, env=environment)
    assert "Passed" in passed.stdout
    assert "Looked at 1 file: nothing to migrate." in passed.stdout


def test_a_commit_that_adds_a_legacy_call_is_refused(
    tool: Path, repository: Path, environment: dict[str, str]
) -> None:
    config = f"repos:\n- repo: {tool.as_posix()}\n  rev: HEAD\n  hooks:\n  - id: callr-migrate\n"
    (repository / ".pre-commit-config.yaml").write_text(config)
    commit_all(repository)
    run(*PRE_COMMIT, "install", cwd=repository, env=environment)

    (repository / "sms.py").write_text(LEGACY)
    run("git", "add", "sms.py", cwd=repository)
    refused = run("git", "commit", "-m", "ask", cwd=repository, env=environment, code=1)
    said = refused.stdout + refused.stderr
    assert "sms.py:4:1: CLR104 no legacy method 'sms.get_status' is known" in said
    assert "exit code: 1" in said
    assert run("git", "log", "--format=%s", cwd=repository).stdout.splitlines() == ["all of it"]

    (repository / "sms.py").write_text(CLEAN)
    run("git", "add", "sms.py", cwd=repository)
    run("git", "commit", "-m", "remind", cwd=repository, env=environment)
    assert len(run("git", "log", "--format=%s", cwd=repository).stdout.splitlines()) == 2
