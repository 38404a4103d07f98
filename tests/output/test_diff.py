"""Diffs that patch and git can apply."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from callr_migrate.output.diff import render_diff
from callr_migrate.source import SourceFile


def change(outcome, name: str, before: bytes, after: bytes) -> None:
    outcome.sources[Path(name)] = SourceFile.from_bytes(Path(name), before)
    outcome.changed[Path(name)] = SourceFile.from_bytes(Path(name), after)


def test_a_diff(outcome) -> None:
    change(outcome, "b/x.py", b"a\nb\nc\n", b"a\nB\nc\n")
    change(outcome, "a.py", b"1\n", b"2\n")
    assert render_diff(outcome) == (
        b"--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-1\n+2\n"
        b"--- a/b/x.py\n+++ b/b/x.py\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"
    )


def test_nothing_changes(outcome) -> None:
    assert render_diff(outcome) == b""
    change(outcome, "x.py", b"a", b"a")
    assert render_diff(outcome) == b""


def test_no_newline_at_the_end(outcome) -> None:
    change(outcome, "x.py", b"a\nb", b"a\nc\n")
    assert render_diff(outcome) == (
        b"--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n"
    )


def test_a_name_with_a_space_ends_in_a_tab(outcome) -> None:
    change(outcome, "a b.py", b"a\n", b"b\n")
    assert render_diff(outcome).startswith(b"--- a/a b.py\t\n+++ b/a b.py\t\n@@")


def test_colour(outcome) -> None:
    change(outcome, "x.py", b"a\r\n", b"b\r\n")
    assert render_diff(outcome, color=True) == (
        b"--- a/x.py\n+++ b/x.py\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-a\r\x1b[0m\n\x1b[32m+b\r\x1b[0m\n"
    )


@pytest.mark.skipif(shutil.which("git") is None, reason="git applies the diff")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a\nb\nc\n", b"a\nc\nd"),
        (b"a\r\nb\r\n", b"a\r\nx\r\n"),
        (b"a\rb\rc", b"a\rX\rc"),
        (b"\xef\xbb\xbfa\n", b"\xef\xbb\xbfb\n"),
        (b"# coding: latin-1\nx = '\xe9'\n", b"# coding: latin-1\ny = '\xe8'\n"),
        (b"a\x0cb\nc\n", b"a\x0cb\nd\n"),
        ("a\u2028b\nc\n".encode(), "a\u2028b\nd\n".encode()),
        (b"", b"new\n"),
        (b"-- x\n++ y\n", b"-- z\n++ y\n"),
    ],
)
@pytest.mark.parametrize("name", ["x.py", "with space.py", "d/é.py"])
def test_git_applies_it(outcome, tmp_path: Path, name: str, before: bytes, after: bytes) -> None:
    change(outcome, name, before, after)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(before)
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=tmp_path,
        input=render_diff(outcome),
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / name).read_bytes() == after
