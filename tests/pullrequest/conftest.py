"""A repository made from the example, a bare one that it pushes to, and `callr-migrate pr` in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.checkout import ROOT, clean_environment, needs_git, run
from support.hosts import TOKEN, FakeHost, serving
from support.repository import Repository, Told

from callr_migrate.cli import main

FIXED_DAY = "1790000000"  # 2026-09-21


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needs_git()
    wanted = clean_environment()
    odd = ("GH_", "GITHUB_", "GITLAB_", "CI_", "CALLR_MIGRATE_DEBUG")
    for name in list(os.environ):
        if name not in wanted or name.startswith(odd):
            monkeypatch.delenv(name)
    for name, value in wanted.items():
        if not name.startswith(odd):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", FIXED_DAY)
    # No `gh` or `glab` of whoever runs the tests.
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git") or "git")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tools), "/usr/bin", "/bin"]))


# Of the example, enough to have all families of changes.
SMALL = ("acacias/__init__.py", "acacias/clients.py", "acacias/delivery.py", "scripts/send_test_sms.py")


@pytest.fixture
def repository(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A part of the example, or with the parameter `whole` all of it."""
    folder, bare = tmp_path / "acacias", tmp_path / "bare.git"
    if getattr(request, "param", None) == "whole":
        shutil.copytree(ROOT / "examples", folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in SMALL:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / "examples" / name, folder / name)
    (folder / "requirements.txt").write_text("callr>=2.1,<3\nflask\n", "utf-8")
    run("git", "init", "--quiet", "--bare", str(bare), cwd=tmp_path)
    run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    made = Repository(folder, bare)
    made.commit("all of it")
    made.git("remote", "add", "origin", str(bare))
    made.git("push", "--quiet", "origin", "main")
    monkeypatch.chdir(folder)
    return made


@pytest.fixture
def pr(capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    def call(*arguments: str) -> Told:
        capfd.readouterr()
        code = main(["pr", *arguments])
        return Told(code, *capfd.readouterr())

    return call


@pytest.fixture(params=["github", "gitlab"])
def host(
    request: pytest.FixtureRequest, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeHost]:
    """The repository's remote is on a host; what is pushed goes to the bare repository."""
    with serving(request.param) as made:
        repository.git("remote", "set-url", "origin", f"{made.url}/acme/app.git")
        repository.git("remote", "set-url", "--push", "origin", str(repository.bare))
        name = made.url.removeprefix("http://")
        if request.param == "github":
            monkeypatch.setenv("GH_HOST", name)
            monkeypatch.setenv("GH_TOKEN", TOKEN)
        else:
            monkeypatch.setenv("GITLAB_HOST", name)
            monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        yield made
        assert made.wrong == []
