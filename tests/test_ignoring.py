"""`check --add-ignores`: where the comments are put, and that nothing but comments changes."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from callr_migrate.cli import main
from callr_migrate.source import Staged

START = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)"
CLIENT = f"{START}  # callr-migrate: ignore[CLR601]\n"
CALL = 'api.call("system.get_timestamp")'
COMMENT = "  # callr-migrate: ignore[CLR101]"


class Result(NamedTuple):
    code: int
    summary: dict[str, Any]
    err: str


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def add(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = main(["check", "--add-ignores", "--output-format", "json", *arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Result(code, json.loads(out)["summary"] if out.startswith("{") else {}, err)

    return run


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{CALL}\n", f"{CALL}{COMMENT}\n"),
        (CALL, f"{CALL}{COMMENT}"),
        (f"{CALL}   \n", f"{CALL}{COMMENT}\n"),
        (f"{CALL}; {CALL}\n", f"{CALL}; {CALL}{COMMENT}\n"),
        (f"{CALL}  # why\n", f"{CALL}  # why{COMMENT}\n"),
        (f"{CALL}  # noqa: E501\n", f"{CALL}  # noqa: E501{COMMENT}\n"),
        (
            f"{CALL}  # callr-migrate: ignore[CLR301] why\n",
            f"{CALL}  # callr-migrate: ignore[CLR301,CLR101] why\n",
        ),
        (
            'api.call(\n    "sms.get",\n    key,\n)\n',
            f'api.call({COMMENT}\n    "sms.get",\n    key,\n)\n',
        ),
        (f"x = {CALL} + \\\n    1\n", f"x = {CALL} + \\\n    1{COMMENT}\n"),
        (f'x = {CALL}, """\n"""\n', f'x = {CALL}, """\n"""{COMMENT}\n'),
        (f'x = f"""\n{{{CALL}}}\n"""\n', f'x = f"""\n{{{CALL}}}\n"""{COMMENT}\n'),
        (
            'x = api.call("sms.get", key)["status"] == "SENT"\n',
            'x = api.call("sms.get", key)["status"] == "SENT"  # callr-migrate: ignore[CLR101,CLR301]\n',
        ),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_where_they_are_put(add: Callable[..., Result], before: str, after: str, newline: str) -> None:
    path = Path("x.py")
    path.write_bytes(f"{START}\n{before}".replace("\n", newline).encode())
    result = add("--ignore", "CLR001")
    assert path.read_bytes().decode() == f"{CLIENT}{after}".replace("\n", newline)
    assert (result.code, result.summary["findings"], result.err) == (0, 0, "2 comments added\n")
    # A second time there is nothing to add.
    done = path.read_bytes()
    assert add("--ignore", "CLR001").err == "0 comments added\n"
    assert path.read_bytes() == done
    assert ast.dump(ast.parse(done)) == ast.dump(ast.parse(f"{START}\n{before}".encode()))


def test_encodings_and_marks_stay(add: Callable[..., Result]) -> None:
    latin = f"# coding: latin-1\n# \xe9\n{START}\n".encode("latin-1")
    Path("x.py").write_bytes(latin)
    Path("y.py").write_bytes(b"\xef\xbb\xbf" + f"# é\n{START}\n".encode())
    assert add().code == 0
    assert Path("x.py").read_bytes() == latin[:-1] + b"  # callr-migrate: ignore[CLR601]\n"
    assert Path("y.py").read_bytes().startswith(b"\xef\xbb\xbf# \xc3\xa9\nimport")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "{}"),
        ("#!/usr/bin/env python2\n", "#!/usr/bin/env python2\n{}"),
        (
            "#!/usr/bin/env python2\n# -*- coding: utf-8 -*-\n",
            "#!/usr/bin/env python2\n# -*- coding: utf-8 -*-\n{}",
        ),
        ("# why\n", "{}# why\n"),
    ],
)
def test_a_file_that_does_not_parse_gets_one_at_its_top(
    add: Callable[..., Result], before: str, after: str
) -> None:
    text = 'import callr\nprint callr.Api(a, b).call("sms.get", x)\ns = "\n'
    Path("x.py").write_text(f"{before}{text}")
    result = add()
    assert (result.code, result.err) == (0, "1 comment added\n")
    comment = "# callr-migrate: ignore-file[CLR101,CLR901]\n"
    assert Path("x.py").read_text() == after.replace("{}", comment) + text


def test_what_is_not_counted_gets_none(add: Callable[..., Result]) -> None:
    Path("x.py").write_text(f"{START}\n{CALL}  # noqa: CLR101\n{CALL}\n")
    assert add("--ignore", "CLR601").summary["suppressed"] == 2
    assert Path("x.py").read_text() == f"{START}\n{CALL}  # noqa: CLR101\n{CALL}{COMMENT}\n"


def test_comments_of_no_use_are_left_to_people(add: Callable[..., Result]) -> None:
    Path("x.py").write_text("import callr  # callr-migrate: ignore\n")
    result = add()
    assert (result.code, result.summary["findings"], result.err) == (1, 1, "0 comments added\n")


def test_files_around_the_code_are_left_to_people(add: Callable[..., Result]) -> None:
    Path("requirements.txt").write_text("callr==2.1.0\n")
    assert add().code == 1
    assert Path("requirements.txt").read_text() == "callr==2.1.0\n"


def test_a_file_that_cannot_be_written_and_the_others_done(
    add: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Staged.commit

    def refuse(staged: Staged) -> None:
        if staged.target.name == "x.py":
            raise PermissionError(13, "Permission denied")
        commit(staged)

    monkeypatch.setattr(Staged, "commit", refuse)
    for name in ("x.py", "y.py"):
        Path(name).write_text(f"{START}\n")
    result = add()
    assert (result.code, result.summary["findings"], result.summary["errors"]) == (2, 1, 1)
    assert "error: x.py: cannot be written: permission denied" in result.err
    assert Path("x.py").read_text() == f"{START}\n"
    assert Path("y.py").read_text() == CLIENT


def test_what_excludes_it(add: Callable[..., Result]) -> None:
    assert "excludes standard input" in add("-").err
    result = add("--write-baseline", "known.json")
    assert (result.code, "excludes --write-baseline" in result.err) == (2, True)
