"""Bytes to text and back: whatever lies outside an edit stays as it was."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callr_migrate.findings import Edit, Position
from callr_migrate.source import SourceError, SourceFile

HERE = Path("x.py")


def source(raw: bytes) -> SourceFile:
    return SourceFile.from_bytes(HERE, raw)


def edit(start: int, end: int, text: str) -> Edit:
    return Edit(HERE, start, end, text)


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"a\0b", "holds NUL bytes, so it is not Python source"),
        (b"\0" * 100, "holds NUL bytes, so it is not Python source"),
        (b"# coding: nope\n", "declares an encoding that Python does not know (nope)"),
        (b"\xef\xbb\xbf# coding: latin-1\n", "has a UTF-8 byte order mark but declares another encoding"),
        (b"x = '\xe9'\n", "is not valid UTF-8 and declares no other encoding"),
        (b"\n\n\nx = '\xe9'\n", "is read as utf-8 but line 4 is not"),
        (b"# coding: ascii\n\nx = '\xe9'\n", "is read as ascii but line 3 is not"),
        (b"# coding: hex\n", "declares hex, which is no encoding of text"),
        (b"# coding: rot13\n", "declares rot13, which is no encoding of text"),
        (b"# coding: undefined\n", "declares undefined, which is no encoding of text"),
        (b"\xff\xfea\n", "is not valid UTF-8 and declares no other encoding"),
    ],
)
def test_what_is_no_python_source(raw: bytes, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        source(raw)
    assert str(caught.value).startswith(problem)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(raw: bytes) -> None:
    try:
        decoded = source(raw)
    except SourceError:
        return
    assert decoded.replaced([]).raw == raw


@given(
    st.sampled_from(["hex", "idna", "utf-16", "utf-7", "punycode", "cp1252", "big5", "mbcs"]),
    st.binary(max_size=60),
)
def test_any_declared_encoding_decodes_or_is_refused(encoding: str, rest: bytes) -> None:
    raw = f"# coding: {encoding}\n".encode() + rest
    try:
        changed = source(raw).replaced([])
    except SourceError:
        return
    assert changed.raw == raw


def test_empty() -> None:
    empty = source(b"")
    assert (empty.text, empty.newline, empty.position(0)) == ("", "\n", Position(1, 1))
    assert empty.replaced([edit(0, 0, "x")]).raw == b"x"


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("latin-1", b"# coding: latin-1\n"),
        ("cp1252", b"# -*- coding: cp1252 -*-\n"),
        ("euc-jp", b"# coding: euc-jp\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_edits_in_every_encoding(encoding: str, head: bytes, newline: str) -> None:
    word = "日本" if encoding == "euc-jp" else "é"
    lines = [f"a = '{word}' # {word}", "\tb = OLD  ", f"c = '{word}'"]
    raw = head.replace(b"\n", newline.encode()) + newline.join(lines).encode(encoding)
    # Python itself looks for the declaration in lines that end with a line feed.
    if newline == "\r" and b"coding" in head:
        raw = head + newline.join(lines).encode(encoding)
    before = source(raw)
    start = before.text.index("OLD")
    after = before.replaced([edit(start, start + 3, f"'{word}'")])
    assert after.raw == raw.replace(b"OLD", f"'{word}'".encode(encoding))
    assert before.raw[before.byte_offset(start) : before.byte_offset(start + 3)] == b"OLD"
    assert before.byte_offset(len(before.text)) == len(raw)


def test_columns_count_code_points_and_lines_end_where_python_ends_them() -> None:
    text = source("\ufeffé = '\U0001f600\x0c\u2028' # x\r\ny\rz\n".encode())
    assert text.position(text.text.index("#")) == Position(1, 11)
    assert text.position(text.text.index("y")) == Position(2, 1)
    assert text.position(text.text.index("z")) == Position(3, 1)
    assert text.line_text(1) == "é = '\U0001f600\x0c\u2028' # x"
    assert [text.line_text(line) for line in (2, 3, 4)] == ["y", "z", ""]
    assert text.newline == "\r\n"


def test_byte_offsets_count_the_byte_order_mark() -> None:
    assert source(codecs.BOM_UTF8 + b"abc").byte_offset(1) == 4
    assert source(codecs.BOM_UTF8 + "é\nabc".encode()).byte_offset(3) == 7


def test_edits_may_touch_but_not_overlap() -> None:
    text = source(b"abcdef")
    assert text.replaced([edit(2, 4, "X"), edit(0, 2, "Y")]).text == "YXef"
    with pytest.raises(SourceError, match="two edits overlap at line 1; nothing was changed"):
        text.replaced([edit(0, 3, "X"), edit(2, 4, "Y")])


def test_equal_edits_count_once() -> None:
    assert source(b"abc").replaced([edit(1, 1, "X"), edit(1, 1, "X")]).text == "aXbc"


def test_insertions_at_one_place_keep_their_order_and_come_first() -> None:
    edits = [edit(1, 2, "Z"), *(edit(1, 1, str(number)) for number in range(8))]
    assert source(b"abc").replaced(edits).text == "a01234567Zc"


def test_text_that_the_encoding_lacks() -> None:
    with pytest.raises(SourceError, match="the rewritten text cannot be encoded as iso-8859-1"):
        source(b"# coding: latin-1\nx").replaced([edit(18, 19, "\u20ac")])


def test_an_encoding_with_several_forms_is_not_rewritten() -> None:
    raw = b"# coding: utf-7\nx='+AOk-'\n"
    assert source(raw).text.endswith("x='\u00e9'\n")
    with pytest.raises(SourceError, match="cannot be kept byte for byte in utf-7"):
        source(raw).replaced([edit(0, 0, "#")])


def test_write_keeps_mode_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"old")
    path.chmod(0o754)
    SourceFile.from_bytes(path, b"new").write()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert list(tmp_path.iterdir()) == [path]


def test_write_follows_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_bytes(b"old")
    link = tmp_path / "link.py"
    link.symlink_to("real.py")
    SourceFile.from_bytes(link, b"new").write()
    assert link.is_symlink()
    assert (tmp_path / "real.py").read_bytes() == b"new"


def test_write_refuses_a_read_only_file(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PermissionError, match="it is read-only"):
        SourceFile.from_bytes(path, b"new").write()
    assert path.read_bytes() == b"old"


def test_write_does_not_bring_a_removed_file_back(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SourceFile.from_bytes(tmp_path / "gone.py", b"new").write()
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        SourceFile.from_bytes(path, b"new").write()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_a_file_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)
    SourceFile.from_bytes(path, b"new").write()
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)
