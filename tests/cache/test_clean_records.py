"""Files that were of no concern are not read again, unless anything about them has changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ticking import tick, trust_at_once

import callr_migrate.loading  # noqa: F401 - what it takes from the sieve is not what the tests put there
from callr_migrate import sieve
from callr_migrate.cache import stamps, stored
from callr_migrate.cli import main

COUNT = 40
RULE = """
methods:
- method: demo.ping
  summary: A method of our own.
  params: []
  none: {reason: There is none., instead: Leave it out.}
"""
pytestmark = pytest.mark.skipif(not stamps.TRUSTED, reason="stamps do not tell changes here")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    (folder / "inner").mkdir()
    for number in range(COUNT):
        (folder / "inner" / f"m{number}.py").write_text(f"VALUE = {number + 10}\n")
        (folder / f"settings{number}.ini").write_text(f"[a]\nvalue = {number}\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CALLR_MIGRATE_CACHE_DIR", str(tmp_path / "cache"))
    trust_at_once(monkeypatch)
    tick(tmp_path)
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    names: list[str] = []
    real = sieve.read

    def counted(name: str, *more: Any) -> bytes | None:
        names.append(name)
        return real(name, *more)

    monkeypatch.setattr(sieve, "read", counted)
    return names


@pytest.fixture
def check(read: list[str], capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    """Check; the exit code, and the files that were read for it."""

    def checked(*arguments: str) -> tuple[int, list[str]]:
        read.clear()
        code = main(["check", *arguments])
        capsys.readouterr()
        return code, sorted(read)

    return checked


Check = Callable[..., tuple[int, list[str]]]


def cache(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").glob("files-*"))


def test_what_has_not_changed_is_not_read(check: Check) -> None:
    assert len(check()[1]) == 2 * COUNT
    assert check() == (0, [])
    # By other names, and as the project around one file.
    assert check(str(Path.cwd())) == (0, [])
    assert check("inner")[1] == []
    assert check("inner/m1.py") == (0, ["inner/m1.py"])


def test_no_cache(check: Check, tmp_path: Path) -> None:
    assert len(check("--no-cache")[1]) == 2 * COUNT
    assert cache(tmp_path) == []
    check()
    assert len(check("--no-cache")[1]) == 2 * COUNT


def test_an_edit_of_the_same_size_with_the_times_set_back(check: Check, tmp_path: Path) -> None:
    check()
    tick(tmp_path)
    path = Path("inner/m7.py")
    info = path.stat()
    path.write_bytes(b"import callr"[: info.st_size].ljust(info.st_size, b"#"))
    os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert path.stat().st_size == info.st_size
    assert path.stat().st_mtime_ns == info.st_mtime_ns
    _, names = check()
    assert set(names) == {str(path)}


def test_two_files_that_are_swapped(check: Check, tmp_path: Path) -> None:
    Path("inner/m7.py").write_text("VALUE = 1\nimport callr\napi = callr.Api(A, B)\n")
    tick(tmp_path)
    assert check()[0] == 1
    tick(tmp_path)
    for old, new in (("m7", "m"), ("m8", "m7"), ("m", "m8")):
        Path(f"inner/{old}.py").rename(f"inner/{new}.py")
    _, names = check()
    assert set(names) == {"inner/m7.py", "inner/m8.py"}


def test_a_file_that_was_just_changed_is_not_trusted(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "MARGIN", 3_600_000_000_000)
    check()
    assert len(check()[1]) == 2 * COUNT
    assert cache(tmp_path) == []


def test_a_time_of_change_that_is_still_to_come_is_not_trusted(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callr_migrate.cache.records.time.time_ns", lambda: 0)
    check()
    assert cache(tmp_path) == []


def test_other_gates_have_their_own_records(check: Check, tmp_path: Path) -> None:
    check()
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "more.yaml").write_text(RULE)
    assert len(check("--rules", str(rules))[1]) == 2 * COUNT


def test_another_version_starts_anew(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    check()
    monkeypatch.setattr(stored, "__version__", "0.0.1")
    assert len(check()[1]) == 2 * COUNT


def test_what_is_gone_goes(check: Check, tmp_path: Path) -> None:
    check()
    before = cache(tmp_path)[0].read_bytes()
    assert b"m39.py" in before
    Path("inner/m39.py").unlink()
    Path("inner/n.py").write_text("VALUE = 1\n")
    tick(tmp_path)
    check()
    assert len(cache(tmp_path)) == 1
    after = cache(tmp_path)[0].read_bytes()
    assert b"m39.py" not in after
    assert b"n.py" in after


def test_names_in_other_words_do_not_pile_up(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callr_migrate.cache.records._OTHERS", 0)
    check()
    size = cache(tmp_path)[0].stat().st_size
    for number in range(8):
        check("inner" + "/../inner" * number)
        Path(f"inner/m{number}.py").write_text("VALUE = 3\n")
        tick(tmp_path)
    assert cache(tmp_path)[0].stat().st_size < 4 * size


def test_nobody_else_may_read_it(check: Check, tmp_path: Path) -> None:
    check()
    assert cache(tmp_path)[0].stat().st_mode & 0o777 == 0o600


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "half": lambda raw: raw[: len(raw) // 2],
    "key alone": lambda raw: raw[:16],
    "head alone": lambda raw: raw[:32],
    "longer": lambda raw: raw + b"\0",
    "another key": lambda raw: b"\0" * 16 + raw[16:],
    "a bit": lambda raw: raw[:200] + bytes([raw[200] ^ 1]) + raw[201:],
    "foreign": lambda raw: b"\x80\x04}" * 100,
    # Whole, by the digest, and no records all the same.
    "no count": lambda raw: whole(raw, b""),
    "too many": lambda raw: whole(raw, b"\xff" * 8 + raw[40:]),
    "one too few": lambda raw: whole(raw, (79).to_bytes(8, "big") + raw[40:]),
    "other names": lambda raw: whole(raw, raw[32:] + b"\0more"),
}


def whole(raw: bytes, body: bytes) -> bytes:
    return raw[:16] + stored.short_digest(body) + body


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_none(check: Check, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    check()
    path = cache(tmp_path)[0]
    good = path.read_bytes()
    path.write_bytes(damage(good))
    assert check()[0] == 0
    # It was written anew.
    assert check() == (0, [])


def test_a_cache_that_cannot_be_written(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("tempfile.mkstemp", full)
        assert main(["check"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "nothing to migrate" in said.out
    assert cache(tmp_path) == []
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CALLR_MIGRATE_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""


def test_what_has_not_been_used_for_long_goes_when_something_new_comes(check: Check, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    old, recent, foreign = folder / "files-0.cache", folder / "parts-1.cache", folder / "other"
    for path in (old, recent, foreign):
        path.write_bytes(b"")
    for path in (old, foreign):
        os.utime(path, (0, 0))
    check()
    assert not old.exists()
    assert recent.exists()
    assert foreign.exists()


def test_clean_removes_all_of_it(check: Check, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    check()
    count = len(list((tmp_path / "cache").iterdir()))
    (tmp_path / "cache" / "files-0123.tmp").write_bytes(b"")
    assert main(["clean"]) == 0
    assert f"Removed {count + 1} files" in capsys.readouterr().out
    assert not (tmp_path / "cache").exists()
