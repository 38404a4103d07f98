"""What is looked at: a list of paths in a file, one file on standard input."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

START = b"import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = b'api.call("system.get_timestamp")\n'


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch):
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    return give


def found(out: str) -> list[tuple[str, str, int]]:
    return [(f["path"], f["code"], f["start"]["line"]) for f in json.loads(out)["findings"]]


# -- a list of paths --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "listed",
    [b"a.py\nb c/d.py\n", b"a.py\r\n\r\nb c/d.py", b"a.py\0b c/d.py\0", b"\0a.py\0b c/d.py"],
)
def test_a_list_of_paths(pipeline, call, stdin, listed: bytes) -> None:
    Path("list").write_bytes(listed)
    assert call("check", "--files-from", "list").code == 0
    assert pipeline.request.paths == (Path("a.py"), Path("b c/d.py"))
    stdin(listed)
    call("check", "--files-from", "-", "more")
    assert pipeline.request.paths == (Path("more"), Path("a.py"), Path("b c/d.py"))
    assert pipeline.request.content is None


def test_names_that_are_no_unicode(pipeline, call) -> None:
    Path("list").write_bytes(os.fsencode("a\udcff.py") + b"\n")
    call("check", "--files-from", "list")
    assert pipeline.request.paths == (Path("a\udcff.py"),)


def test_an_empty_list_is_nothing_to_look_at(call, stdin) -> None:
    Path("x.py").write_bytes(START + CALL)
    stdin(b"\n")
    assert call("check", "--files-from", "-").out == "Looked at 0 files: nothing to migrate.\n"


def test_listed_files_are_taken_whatever_they_are_called(call) -> None:
    Path("venv").mkdir()
    Path("venv/script").write_bytes(START + CALL)
    Path("list").write_bytes(b"venv/script\ngone.py\n")
    result = call("check", "--files-from", "list", "--output-format", "json")
    assert found(result.out) == [("venv/script", "CLR601", 3), ("venv/script", "CLR101", 4)]
    assert (result.code, result.err) == (2, "error: gone.py: no such file or folder\n")


def test_a_list_that_cannot_be_read(call) -> None:
    assert call("check", "--files-from", "gone") == (
        2,
        "",
        "error: gone: cannot be read: no such file or directory\n",
    )


# -- standard input ---------------------------------------------------------------------------------------------


def test_a_file_on_standard_input(call, stdin) -> None:
    stdin(START + CALL)
    result = call("check", "-", "--output-format", "json")
    assert (result.code, found(result.out)) == (1, [("-", "CLR601", 3), ("-", "CLR101", 4)])


def test_its_name_chooses_settings_and_project(call, stdin, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    Path("app").mkdir()
    Path("client.py").write_bytes(START)
    # What is on disk under this name does not count.
    Path("app/main.py").write_bytes(START + CALL * 3)
    Path("callr-migrate.toml").write_text('[per-file-ignores]\n"app/*" = ["CLR5"]\n')
    stdin(b"from client import api\n\n" + CALL)
    result = call("check", "-", "--stdin-filename", "app/main.py", "--output-format", "json")
    assert found(result.out) == [("app/main.py", "CLR101", 3)]
    assert json.loads(result.out)["summary"]["files"] == 1


def test_others_of_the_project_see_it(call, stdin, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    Path("main.py").write_bytes(b"from client import api\n\n" + CALL)
    Path("client.py").write_bytes(b"api = None\n")
    stdin(START)
    result = call("fix", "-", "--stdin-filename", "client.py", "--unsafe-fixes")
    # The call in the other file keeps the client.
    assert result.out.encode() == START
    assert Path("client.py").read_bytes() == b"api = None\n"


def test_a_fix_goes_to_standard_output(stdin, capfdbinary) -> None:
    from callr_migrate.cli import main

    stdin((b"# coding: latin-1\n# \xe9\n" + START + CALL).replace(b"\n", b"\r\n"))
    capfdbinary.readouterr()
    assert main(["fix", "-", "--unsafe-fixes"]) == 0
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"# coding: latin-1\r\n# \xe9\r\nimport httpx\r\n")
    assert b"api.get(" in out
    assert err.endswith(b"2 fixed.\n")
    assert not list(Path().iterdir())


def test_a_fix_that_changes_nothing_gives_it_back(call, stdin) -> None:
    stdin(START + b"# \xff\n" + CALL)
    result = call("fix", "-", "--stdin-filename", "x.py", "--unsafe-fixes")
    assert (result.code, "error: x.py: is read as utf-8 but line 4 is not" in result.err) == (2, True)
    stdin(b"x = 1\r\n")
    assert call("fix", "-").out == "x = 1\r\n"
    stdin(b"")
    assert call("fix", "-") == (0, "", "Nothing to fix.\n")


def test_a_fix_shown_as_a_diff(call, stdin) -> None:
    stdin(START + CALL)
    result = call("fix", "-", "--stdin-filename", "x.py", "--unsafe-fixes", "--diff")
    assert result.code == 1
    assert result.out.startswith("--- a/x.py\n+++ b/x.py\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["-", "x.py"], "- (standard input) stands alone"),
        (["-", "--files-from", "list"], "- (standard input) stands alone"),
        (["--stdin-filename", "x.py"], "--stdin-filename names what is on standard input; give - as path"),
        (["--attest", "--diff-base", "HEAD"], "--attest is for all lines, so it excludes --diff-base"),
        (["-", "--diff-base", "HEAD"], "--diff-base compares files, not standard input"),
    ],
)
def test_what_excludes_each_other(call, arguments: list[str], problem: str) -> None:
    result = call("check", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.endswith(f"Error: {problem}\n")


def test_standard_input_that_is_closed(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert call("check", "-") == (2, "", "error: standard input cannot be read: it is closed\n")
