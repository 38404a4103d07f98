"""The first look at the files: it loses nothing, and a run that ends with it says what a full one says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callr_migrate import sieve
from callr_migrate.cli import main
from callr_migrate.cli.analysis import Start
from callr_migrate.gates import Gates
from callr_migrate.pack import load_pack
from callr_migrate.sieve import Sieve, has_comment, read
from callr_migrate.source import SourceError, SourceFile

GATES = Gates(load_pack())
PIECES = st.sampled_from(
    [
        *(
            "callr",
            "jsonrpc",
            ".call('sms.send'",
            "# noqa: CLR101",
            "# NoQA : E1, clr1",
            "# nOqa:CLR",
            "# noqa",
        ),
        *(
            "# coding: utf-8\n",
            "# -*- coding=latin-1 -*-\n",
            "# coding: rot13\n",
            "\0",
            "é",
            "\n",
            "x = 1",
            "\ufeff",
        ),
    ]
)


@given(st.lists(PIECES, max_size=6), st.sampled_from(["utf-8", "latin-1", "utf-16"]), st.binary(max_size=3))
def test_what_is_left_out_is_of_no_concern(pieces: list[str], encoding: str, more: bytes) -> None:
    raw = "".join(pieces).encode(encoding, "replace") + more
    if Sieve(GATES).is_suspect("x.py", raw):
        return
    assert not GATES.passes(raw)
    assert not re.search(rb"noqa[ \t]*:[^\r\n]*\bCLR", raw, re.IGNORECASE)
    if b"\0" in raw[:400] or re.search(rb"coding[:=]", raw[:400]):
        SourceFile.from_bytes(Path("x.py"), raw)


@given(st.lists(PIECES, max_size=6))
def test_what_is_no_source_is_a_suspect(pieces: list[str]) -> None:
    raw = "".join(pieces).encode()
    try:
        SourceFile.from_bytes(Path("x.py"), raw)
    except SourceError:
        assert Sieve(GATES).is_suspect("x.py", raw)


def test_a_nul_counts_where_it_may_hide_something() -> None:
    sieve = Sieve(GATES)
    plain = b"x = 1\n" * 100
    assert not sieve.is_suspect("x.py", plain)
    assert sieve.is_suspect("x.py", b"\0" + plain)
    assert not sieve.is_suspect("x.py", plain + b"\0")
    assert sieve.is_suspect("x.py", plain + b"import callr\n\0")
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32-be"):
        assert sieve.is_suspect("x.py", (plain.decode() + "import callr\n").encode(encoding))


@pytest.mark.parametrize("text", [b"x  # NOQA: CLR101", b"x  # Noqa:E1 ,clr1", b"# nOqA : CLR"])
def test_comments_in_any_case(text: bytes) -> None:
    assert has_comment(text)
    assert not has_comment(text.replace(b":", b" "))
    assert not has_comment(text.lower().replace(b"clr", b"cl"))


def test_a_line_of_many_comments_is_read_once() -> None:
    line = b"# " + b"noqa: E501 " * 1000
    assert len(sieve._COMMENT.findall(line + b"\n" + line)) == 2
    assert not has_comment(line + b"\nCLR101")
    assert has_comment(line + b"CLR101")


IN_ANY_CASE = st.tuples(*(st.sampled_from([letter, letter.upper()]) for letter in "noqaclr")).map("".join)


@given(
    IN_ANY_CASE, st.sampled_from([":", " :", "\t :", ": E1,", ":\n", "", "\0:", ":x"]), st.binary(max_size=9)
)
def test_the_quick_search_finds_the_comments_that_a_plain_one_finds(
    letters: str, between: str, more: bytes
) -> None:
    raw = more[:3] + f"{letters[:4]}{between}{letters[4:]}".encode() + more[3:]
    plain = re.search(rb"noqa[ \t]*:[^\r\n]*\bclr", raw, re.IGNORECASE)
    assert has_comment(raw) == (plain is not None)
    assert has_comment(more) == bool(re.search(rb"noqa[ \t]*:[^\r\n]*\bclr", more, re.IGNORECASE))


def test_all_of_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    for size in (0, 1, 100_000):
        path.write_bytes(b"x" * size)
        assert read(str(path)) == b"x" * size
    assert read(str(tmp_path / "none.py")) is None
    assert read("a\0b") is None
    status = Path("/proc/self/status")
    if status.exists():  # a file that says it is empty
        assert b"Pid:" in (read(str(status)) or b"")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "clean.py").write_text("# coding: latin-1\nprint(1)\n")
    (tmp_path / "notes.ipynb").write_text('{"cells": []}')
    (tmp_path / "requirements.txt").write_text("requests\n")
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["check", "--no-progress", *arguments])
    return (code, *capsys.readouterr())


# What may be wrong with a project in which nothing is called: each of these is told.
ODD = {
    "legacy.py": b"import callr\napi = callr.Api(LOGIN, PASSWORD)\n",
    "method.py": b"api.call('sms.send', a)\n",
    "comment.py": b"x = 1  # noqa: CLR101\n",
    "own.py": b"x = 1  # callr-migrate: ignore\n",
    "nul.py": b"x = '\0'\n",
    "rot.py": b"# coding: no-such\n",
    "mail.ipynb": b'{"cells": [{"cell_type": "code", "source": ["import callr\\n", "callr.Api(1, 2)"]}]}',
    "requirements-dev.txt": b"Callr==2.1\n",
    ".env": b"URL=https://api.callr.com/json-rpc/v1.1\n",
    "callr-migrate.verified.yaml": b"schema: 7\n",
    "callr-migrate.toml": b"target = 'nobody'\n",
    "sub/callr-migrate.toml": b"target = 'nobody'\n",
    "sub/pyproject.toml": b"[tool.callr-migrate]\nlin = 1\n",
    "excluded/callr-migrate.toml": b"extend-exclude = ['*.py']\n",
}


@pytest.mark.parametrize("name", [None, *ODD])
@pytest.mark.parametrize("paths", [["."], ["app/clean.py"], ["app", "nothing.py"]])
def test_the_short_way_says_what_the_long_one_says(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    paths: list[str],
) -> None:
    if name is not None:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_bytes(ODD[name])
        (project / name).with_name("legacy_too.py").write_bytes(ODD["legacy.py"] * (name[:2] == "ex"))
    short = said(capsys, *paths)
    monkeypatch.setattr(Start, "is_clean", lambda _: False)
    assert short == said(capsys, *paths)
    if name is None and "nothing.py" not in paths:
        assert short[0] == 0


def test_a_file_may_be_legacy_by_what_it_imports(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "app" / "client.py").write_bytes(
        ODD["legacy.py"] + b"def run(name):\n    return api.call(name)\n"
    )
    (project / "app" / "clean.py").write_text("from client import run\nrun('sms.get')\n")
    assert said(capsys, "app/clean.py")[0] == 1


def test_a_run_over_clean_files_imports_next_to_nothing(project: Path) -> None:
    (project / "app" / "clean.py").write_text("# coding: utf-8\nprint('é')\n", encoding="utf-8")
    program = "import sys; from callr_migrate.cli import main; main(['check', '.']); print(*sys.modules)"
    for _ in range(2):  # the first one compiles the rules
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
            env={**os.environ, "CALLR_MIGRATE_CACHE_DIR": str(project / "cache")},
        )
    assert done.stdout.startswith("Looked at 2 files: nothing to migrate.")
    modules = set(done.stdout.split())
    assert not modules & {
        "libcst",
        "yaml",
        "rich",
        "pathspec",
        "tomlkit",
        "dataclasses",
        "json",
        "pickle",
        "_hashlib",
        "multiprocessing",
    }
    assert not modules & {
        f"callr_migrate.{name}" for name in ("engine", "pipeline", "findings", "pack.model", "source")
    }


def test_nobody_looks_for_garbage_where_there_is_none(project: Path) -> None:
    """Neither while the run starts up, nor at its end."""
    program = (
        "import atexit, gc, sys; sys.argv = ['callr-migrate', 'check', '-q', '.'];"
        "from callr_migrate.__main__ import main; gc.collect();"
        "looks = lambda: sum(each['collections'] for each in gc.get_stats()); before = looks();"
        "atexit.register(lambda: print(looks() - before, gc.get_freeze_count() > 10_000));"
        "main()"
    )
    for _ in range(2):  # the first one compiles the rules
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
            env={**os.environ, "CALLR_MIGRATE_CACHE_DIR": str(project / "cache")},
        )
    assert done.stdout == "0 True\n"
