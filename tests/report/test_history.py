"""The trend over a repository's history, told by the real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from callr_migrate.config import ConfigError, load_settings
from callr_migrate.pack import RulePack, load_pack
from callr_migrate.report import history
from callr_migrate.report.model import Trend
from callr_migrate.settings_tree import SettingsTree

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="asks git")

CLIENT = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("sms.get", sid)\n'
TODAY = date(2027, 3, 2)

Ask = Callable[..., Trend]


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


def git(*arguments: str, day: str = "2027-01-01") -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    when = f"{day}T12:00:00+00:00"
    done = subprocess.run(
        ["git", *who, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when},
    )
    return done.stdout.strip()


def commit(day: str = "2027-01-01") -> str:
    git("add", "-A")
    git("commit", "-q", "--no-verify", "--allow-empty", "-m", "more", day=day)
    return git("rev-parse", "HEAD")


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = tmp_path / "repo [x]"
    root.mkdir()
    monkeypatch.chdir(root)
    git("init", "-q", "-b", "main")
    return root


@pytest.fixture
def ask(pack: RulePack) -> Ask:
    def run(count: int = 50, *paths: str) -> Trend:
        found = tuple(map(Path, paths or (".",)))
        return history.trend(count, found, SettingsTree(load_settings(Path())), pack, TODAY)

    return run


def test_each_commit_counts_what_was_there(ask: Ask) -> None:
    Path("client.py").write_text(CLIENT)
    first = commit("2027-01-01")
    Path("sub").mkdir()
    # The client comes from another file; the method's name tells the call.
    Path("sub/use.py").write_text(f"from client import api\n\n{CALL}{CALL}")
    second = commit("2027-01-02")
    Path("note.txt").write_text("api.call('sms.get')")
    commit("2027-01-03")
    Path("client.py").write_text(f"{CLIENT}{CALL}")
    third = commit("2027-01-04")
    Path("sub/use.py").unlink()
    fourth = commit("2027-01-05")
    Path("new.py").write_text(f"{CLIENT}{CALL}{CALL}{CALL}")
    trend = ask()
    assert [(point.commit, point.day.isoformat(), point.calls) for point in trend.points] == [
        (first, "2027-01-01", 0),
        (second, "2027-01-02", 2),
        (third, "2027-01-04", 3),
        (fourth, "2027-01-05", 1),
        (None, "2027-03-02", 4),
    ]
    assert trend.notes == ()
    assert [point.commit for point in ask(2).points] == [third, fourth, None]
    assert [point.calls for point in ask(9, "sub").points] == [2, 0, 0]
    assert [point.calls for point in ask(9, "client.py").points] == [0, 1, 1]


def test_the_work_tree_and_the_index_stay(ask: Ask, repository: Path) -> None:
    Path("a.py").write_text(f"{CLIENT}{CALL}")
    commit()
    Path("a.py").write_text("changed = 1\n")
    Path("b.py").write_text("staged = 1\n")
    git("add", "b.py")
    before = {path: path.read_bytes() for path in sorted(repository.rglob("*")) if path.is_file()}
    assert [point.calls for point in ask().points] == [1, 0]
    after = {path: path.read_bytes() for path in sorted(repository.rglob("*")) if path.is_file()}
    assert after == before


def test_one_analysis_for_each_content(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        Path("same.py").write_text(f"{CLIENT}{CALL}")
        Path("other.py").write_text(f"{CLIENT}{CALL * (number % 3)}")
        commit()
    from callr_migrate import engine

    analysed: list[bytes] = []
    analyse = engine.analyse

    def counting(settings, pack, sources, *more, **options):  # type: ignore[no-untyped-def]
        analysed.extend(source.raw for source in sources)
        return analyse(settings, pack, sources, *more, **options)

    monkeypatch.setattr(engine, "analyse", counting)
    assert [point.calls for point in ask().points] == [1, 2, 3, 1, 2, 3, 3]
    # Three contents of one file, one of the other, and both as they are on disk.
    assert len(set(analysed)) == 3
    assert len(analysed) <= 3 + 1 + 2


def test_merges_follow_the_branch_itself(ask: Ask) -> None:
    Path("a.py").write_text(CLIENT)
    commit("2027-01-01")
    git("checkout", "-q", "-b", "side")
    for number in range(3):
        Path("b.py").write_text(f"{CLIENT}{CALL * (number + 1)}")
        commit("2027-01-02")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "--no-edit", "side", day="2027-01-03")
    assert [point.calls for point in ask().points] == [0, 3, 3]


def test_excluded_files_and_links_are_left_out(ask: Ask) -> None:
    Path("callr-migrate.toml").write_text('extend-exclude = ["old", "gen_*.py"]\n')
    for name in ("old/a.py", "new/gen_b.py", "build/c.py", "new/d.py"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(f"{CLIENT}{CALL}")
    Path("link.py").symlink_to("new/d.py")
    commit()
    assert ask().points[0].calls == 1


def test_broken_and_odd_files_cost_nothing_else(ask: Ask) -> None:
    Path("a.py").write_text(f"{CLIENT}{CALL}")
    Path("python2.py").write_text(f"{CLIENT}print api.call('sms.get', sid)\n")
    Path("nul.py").write_bytes(b"\0callr.Api")
    Path("bad.py").write_bytes(CLIENT.encode() + b"# \xff\xfe\n")
    Path("café \n.py").write_text(f"{CLIENT}{CALL}")
    Path("note.ipynb").write_text(
        '{"cells": [{"cell_type": "code", "source": ["import callr\\n", "api = callr.Api(a, b)\\n", '
        '"api.call(\\"sms.get\\", sid)\\n"], "metadata": {}, "outputs": [], "execution_count": null}], '
        '"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    )
    commit()
    assert [point.calls for point in ask().points] == [4, 4]


def test_a_shallow_clone_is_told(
    ask: Ask, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        Path("a.py").write_text(f"{CLIENT}{CALL * number}")
        commit()
    git("clone", "-q", "--depth", "1", repository.as_uri(), str(tmp_path / "clone"))
    monkeypatch.chdir(tmp_path / "clone")
    trend = ask()
    assert [point.calls for point in trend.points] == [2, 2]
    assert trend.notes == ("The clone is shallow: earlier commits are not in it.",)


def test_a_partial_clone_fetches_nothing(
    ask: Ask, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        Path("a.py").write_text(f"{CLIENT}{CALL * (number + 1)}")
        commit()
    git("config", "uploadpack.allowFilter", "true")
    git("clone", "-q", "--filter=blob:none", repository.as_uri(), str(tmp_path / "clone"))
    # What is to be fetched is not to be had any more.
    repository.rename(tmp_path / "gone")
    monkeypatch.chdir(tmp_path / "clone")
    trend = ask()
    assert [point.calls for point in trend.points] == [0, 2, 2]
    assert trend.notes == ("1 version of files could not be read or too large, and counted as nothing.",)


def test_what_is_no_history(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="has no commit yet"):
        ask()
    Path("a.py").write_text(CALL)
    commit()
    with pytest.raises(ConfigError, match="is not in the repository"):
        ask(3, str(tmp_path))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with pytest.raises(ConfigError, match="is not in the work tree of a git repository"):
        ask()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConfigError, match="needs git"):
        ask()
