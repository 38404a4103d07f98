"""The hooks, run by the real pre-commit on small repositories."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from support.checkout import ROOT, clean_environment, commit_all, copy, needs_git, needs_index, run

pytest.importorskip("pre_commit", reason="pre-commit is not installed (it comes with the extra 'test')")

PRE_COMMIT = (sys.executable, "-m", "pre_commit")
CLEAN = "def reminder(name):\n    return f'{name}, your table is ready'\n"
LEGACY = 'import callr\n\napi = callr.Api("login", "secret")\napi.call("sms.get_status", 1)\n'
CLIENT = 'import os\n\nimport callr\n\napi = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])\n'
USE = 'from client import api\n\napi.call("did/areacode.countries")\n'
SETTLED = 'auth = "keep"\n'


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with this project as it is now, for pre-commit to clone."""
    needs_git()
    needs_index()
    folder = copy(tmp_path_factory.mktemp("hook") / "callr-migrate")
    commit_all(folder)
    run("git", "tag", "v0.1.0", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One home for all tests, so that the hooks are installed once."""
    return {**clean_environment(), "PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("home"))}


@pytest.fixture
def repository(tmp_path: Path, tool: Path, environment: dict[str, str]) -> Path:
    """A repository with what the README says about the hook, installed."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(repos:\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    folder = tmp_path / "restaurant"
    folder.mkdir()
    (folder / ".pre-commit-config.yaml").write_text(re.sub(r"https://\S+", tool.as_posix(), text))
    (folder / "reminder.py").write_text(CLEAN)
    (folder / "notes.txt").write_text("import callr\n")
    commit_all(folder)
    run(*PRE_COMMIT, "install", cwd=folder, env=environment)
    return folder


def use_hook(repository: Path, tool: Path, hook: str) -> None:
    config = f"repos:\n- repo: {tool.as_posix()}\n  rev: v0.1.0\n  hooks:\n  - {hook}\n"
    (repository / ".pre-commit-config.yaml").write_text(config)
    commit_all(repository)


def commit(repository: Path, environment: dict[str, str], *files: str, code: int) -> str:
    run("git", "add", *files, cwd=repository)
    done = run("git", "commit", "-m", "work", cwd=repository, env=environment, code=code)
    return done.stdout + done.stderr


def commits(repository: Path) -> int:
    return len(run("git", "log", "--format=%s", cwd=repository).stdout.splitlines())


def test_a_commit_that_adds_a_legacy_call_is_refused(repository: Path, environment: dict[str, str]) -> None:
    (repository / "sms.py").write_text(LEGACY)
    said = commit(repository, environment, "sms.py", code=1)
    assert "sms.py:4:1: CLR104 no legacy method 'sms.get_status' is known" in said
    assert "exit code: 1" in said
    assert "secret" not in said
    assert commits(repository) == 1

    (repository / "sms.py").write_text(CLEAN)
    said = commit(repository, environment, "sms.py", code=0)
    assert re.search(r"callr-migrate check\.+Passed", said)
    assert commits(repository) == 2


def test_all_files(repository: Path, environment: dict[str, str]) -> None:
    passed = run(*PRE_COMMIT, "run", "--all-files", "--verbose", cwd=repository, env=environment)
    assert "Looked at 1 file: nothing to migrate." in passed.stdout


def test_the_fix_hook_changes_a_client_and_its_uses_together(
    repository: Path, tool: Path, environment: dict[str, str]
) -> None:
    use_hook(repository, tool, "id: callr-migrate-fix")
    (repository / "callr-migrate.toml").write_text(SETTLED)
    (repository / "client.py").write_text(CLIENT)
    (repository / "use.py").write_text(USE)
    commit_all(repository)

    # Only one of the two is part of the commit.
    (repository / "use.py").write_text(USE + "print('done')\n")
    said = commit(repository, environment, "use.py", code=1)
    assert "files were modified by this hook" in said
    assert "fixed" in said
    assert "httpx.Client(" in (repository / "client.py").read_text()
    assert (repository / "use.py").read_text().endswith("raise_for_status()\nprint('done')\n")

    assert "Passed" in commit(repository, environment, "client.py", "use.py", code=0)
    assert "api.call" not in run("git", "show", "HEAD:use.py", cwd=repository).stdout


def test_the_fix_hook_stops_where_a_person_must_decide(
    repository: Path, tool: Path, environment: dict[str, str]
) -> None:
    use_hook(repository, tool, "id: callr-migrate-fix")
    (repository / "sms.py").write_text(LEGACY)
    said = commit(repository, environment, "sms.py", code=1)
    assert "CLR104" in said
    assert "files were modified" not in said
    assert (repository / "sms.py").read_text() == LEGACY
    use_hook(repository, tool, "{id: callr-migrate-fix, args: [--exit-zero]}")
    run(*PRE_COMMIT, "run", "--all-files", cwd=repository, env=environment)
