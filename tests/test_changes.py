"""`--diff-base`: findings in lines that were changed since a revision, told by the real git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from callr_migrate.cli import main

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="asks git")

START = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("system.get_timestamp")\n'


class Result(NamedTuple):
    code: int
    report: dict[str, Any]
    err: str

    @property
    def found(self) -> list[tuple[str, int]]:
        return [(finding["path"], finding["start"]["line"]) for finding in self.report["findings"]]


Run = Callable[..., Result]


def git(*arguments: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(message: str = "more") -> None:
    git("add", "-A")
    git("commit", "-q", "--no-verify", "-m", message)


@pytest.fixture(autouse=True)
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One commit with legacy code, on `main`; nobody's own settings of git."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    root = tmp_path / "repo"
    root.mkdir()
    monkeypatch.chdir(root)
    git("init", "-q", "-b", "main")
    Path("x.py").write_text(f"{START}{CALL}\n\n{CALL}")
    commit()
    return root


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, command: str = "check") -> Result:
        capfd.readouterr()
        code = main([command, "--output-format", "json", *arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Result(code, json.loads(out) if out.startswith("{") else {}, err)

    return run


def test_only_changed_lines_count(check: Run) -> None:
    assert (check("--diff-base", "HEAD").code, check("--diff-base", "HEAD").found) == (0, [])
    Path("x.py").write_text(f"{START}{CALL}\n\n{CALL}{CALL}")
    result = check("--diff-base", "HEAD")
    assert (result.code, result.found) == (1, [("x.py", 8)])
    assert result.err == "note: 3 more in lines that were not changed since HEAD\n"
    commit()
    assert check("--diff-base", "HEAD").found == []
    assert check("--diff-base", "HEAD~1").found == [("x.py", 8)]


def test_staged_changes_count(check: Run) -> None:
    Path("x.py").write_text(f"{CALL}{START}{CALL}\n\n{CALL}")
    git("add", "x.py")
    assert check("--diff-base", "HEAD").found == [("x.py", 1)]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        (f"{START}api.call(\n    'sms.get',\n    other,\n)\n", True),
        (f"{START}api.call(\n    'sms.get',\n)\n", True),
        (f"{START}\napi.call(\n    'sms.get',\n    key,\n)\n", False),
        (f"{START}api.call(\n    'sms.get',\n    key,\n)\nx = 1\n", False),
        (f"{START[:-1]}  # why\napi.call(\n    'sms.get',\n    key,\n)\n", False),
    ],
)
def test_any_line_of_a_finding(check: Run, text: str, is_found: bool) -> None:
    Path("y.py").write_text(f"{START}api.call(\n    'sms.get',\n    key,\n)\n")
    commit()
    Path("y.py").write_text(text)
    found = check("--diff-base", "HEAD", "--select", "CLR1").found
    assert bool(found) is is_found


def test_lines_that_are_gone_change_nothing_beside_them(check: Run) -> None:
    Path("x.py").write_text(f"{START}{CALL}{CALL}")
    assert check("--diff-base", "HEAD").found == []


def test_untracked_and_ignored_files_are_all_new(check: Run) -> None:
    Path(".gitignore").write_text("gen.py\n")
    for name in ("new.py", "gen.py"):
        Path(name).write_text(f"{START}{CALL}")
    assert check("--diff-base", "HEAD").found == [("new.py", 3), ("new.py", 4)]
    assert check("--diff-base", "HEAD", "gen.py").found == [("gen.py", 3), ("gen.py", 4)]


def test_a_file_outside_of_the_repository_is_all_new(check: Run, repository: Path) -> None:
    (repository.parent / "out.py").write_text(f"{START}{CALL}")
    (repository / "callr-migrate.toml").write_text("")
    result = check("--diff-base", "HEAD", "--config", "callr-migrate.toml", "x.py")
    assert result.found == []
    Path("link.py").symlink_to("../out.py")
    assert check("--diff-base", "HEAD", "link.py").found == [("link.py", 3), ("link.py", 4)]


@pytest.mark.parametrize("name", ["moved.py", "d i r/a b.py", "é/ñ.py", 'q"uo\\te.py', "tab\tbed.py"])
def test_a_renamed_file_keeps_its_lines(check: Run, name: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    git("mv", "x.py", name)
    assert check("--diff-base", "HEAD").found == []
    with Path(name).open("a") as file:
        file.write(CALL)
    assert check("--diff-base", "HEAD").found == [(name, 8)]
    commit()
    assert check("--diff-base", "HEAD~1").found == [(name, 8)]


def test_contents_that_look_like_a_patch(check: Run) -> None:
    Path("a.py").write_text('x = """\n"""\n' + "\n" * 9)
    commit()
    Path("a.py").write_text(
        'x = """\n++ b/x.py\n@@ -1,0 +1,9 @@\n-- a/x.py\ndiff --git a/x.py b/x.py\n"""\n' + "\n" * 9 + START
    )
    assert check("--diff-base", "HEAD").found == [("a.py", 18)]


@pytest.mark.parametrize(
    "setting",
    [
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.context", "9"),
        ("diff.interHunkContext", "99"),
        ("diff.renames", "false"),
        ("diff.relative", "true"),
        ("diff.external", "false"),
        ("diff.what.textconv", "false"),
        ("color.ui", "always"),
        ("core.quotePath", "false"),
        ("core.attributesFile", "~/attributes"),
    ],
)
def test_the_users_own_settings_of_git(
    check: Run, setting: tuple[str, str], repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(repository.parent))
    git("config", *setting)
    (repository.parent / "attributes").write_text("*.py -diff\n")
    if "what" in setting[0]:
        Path(".gitattributes").write_text("*.py diff=what\n")
    Path("b").mkdir()
    git("mv", "x.py", "b/é.py")
    Path("b/é.py").write_text(f"x = 1\n{START}{CALL}\n\n{CALL}{CALL}")
    assert check("--diff-base", "HEAD").found == [("b/é.py", 9)]


def test_lines_that_end_otherwise(check: Run) -> None:
    text = f"x = 1\rx = 2\f\n{START}{CALL}".replace("\n", "\r\n")
    Path("y.py").write_bytes(text.encode())
    commit()
    Path("y.py").write_bytes(f"{text}{CALL}".encode())
    result = check("--diff-base", "HEAD")
    assert [line for _, line in result.found] == [7]


def test_what_others_did_since_is_no_change(check: Run) -> None:
    git("checkout", "-q", "-b", "topic")
    with Path("x.py").open("a") as file:
        file.write(CALL)
    commit()
    git("checkout", "-q", "main")
    Path("x.py").write_text(f"x = 1\n{START}print({CALL[:-1]})\n\n\n{CALL}")
    commit()
    git("checkout", "-q", "topic")
    assert check("--diff-base", "main").found == [("x.py", 8)]


def test_from_a_folder_below(check: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("app").mkdir()
    Path("app/y.py").write_text(START)
    Path("app/callr-migrate.toml").write_text("")
    commit()
    Path("app/y.py").write_text(f"{START}{CALL}")
    monkeypatch.chdir(repository / "app")
    assert check("--diff-base", "HEAD").found == [("y.py", 4)]


def test_unseen_places_as_well(check: Run) -> None:
    Path("y.py").write_text(f"{START}def f(client, name):\n    client.call('sms.get', name)\n")
    commit()
    assert check().report["summary"]["unseen"] == 1
    assert check("--diff-base", "HEAD").report["summary"]["unseen"] == 0


def test_a_fix_applies_groups_with_a_changed_line_as_a_whole(check: Run) -> None:
    Path("y.py").write_text(f"{START}{CALL}")
    commit()
    Path("y.py").write_text(f"{START}{CALL}{CALL}")
    result = check("--diff-base", "HEAD", "--unsafe-fixes", command="fix")
    assert (result.code, {path for path, _ in result.found}) == (0, {"y.py"})
    assert "import callr" not in Path("y.py").read_text()
    assert "import callr" in Path("x.py").read_text()


def test_what_a_fix_leaves_is_looked_for_where_it_is_then(check: Run) -> None:
    Path("y.py").write_text(f"{START}{CALL}")
    commit()
    Path("y.py").write_text(f"{START}{CALL}{CALL}api.call('gone.nowhere')\n")
    before = check("--diff-base", "HEAD").found
    result = check("--diff-base", "HEAD", "--unsafe-fixes", command="fix")
    assert before == [("y.py", 5), ("y.py", 6)]
    line = Path("y.py").read_text().splitlines().index("api.call('gone.nowhere')") + 1
    assert line > 6
    assert ("y.py", line) in result.found


def test_a_baseline_is_held_against_all(check: Run) -> None:
    check("--write-baseline", "known.json")
    Path("x.py").write_text(f"{START}{CALL}\n\n{CALL}{CALL}")
    result = check("--baseline", "known.json", "--diff-base", "HEAD")
    assert (result.found, result.report["summary"]["baselined"]) == ([("x.py", 8)], 3)
    assert "no longer there" not in result.err


@pytest.mark.parametrize("revision", ["nope", "--output=x", "HEAD:x.py", "", "HEAD~9"])
def test_an_unknown_revision(check: Run, revision: str) -> None:
    result = check(f"--diff-base={revision}")
    assert result.code == 2
    assert result.err == (
        f"error: --diff-base: git knows no commit {revision!r} here; fetch it, or name another "
        "(a clone may be shallow)\n"
    )
    assert not Path("x").exists()


def test_no_repository(check: Run, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = repository.parent / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    result = check("--diff-base", "HEAD")
    assert result.code == 2
    assert result.err == f"error: --diff-base: {outside} is not in the working tree of a git repository\n"


def test_no_git(check: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    result = check("--diff-base", "HEAD")
    assert (result.code, result.err) == (
        2,
        "error: --diff-base needs git, and there is none that could be run\n",
    )
