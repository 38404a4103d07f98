"""The import statements of files that have not changed are not read again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.ticking import tick, trust_at_once

from callr_migrate import loading, sieve
from callr_migrate.cache import stamps, statements, stored
from callr_migrate.config import load_settings
from callr_migrate.output.json_report import json_pieces
from callr_migrate.pipeline import Request, run

pytestmark = pytest.mark.skipif(not stamps.TRUSTED, reason="stamps do not tell changes here")
LEGACY = "import callr\n\n\ndef client():\n    return callr.Api(LOGIN, PASSWORD)\n"
USE = "from one import client\n\nclient().call('sms.get', key)\n"

Read = Callable[[], set[str]]


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """The texts whose statements a run reads, of five files; the findings are those of a run without a cache."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sieve, "_FEW", 1)
    trust_at_once(monkeypatch)
    Path("one.py").write_text(LEGACY)
    Path("two.py").write_text(USE)
    for name in ("three", "four", "five"):
        Path(f"{name}.py").write_text(f"import {name}\n")
    texts: list[str] = []
    real = statements.statements

    def noted(raw: bytes) -> object:
        texts.append(raw.decode())
        return real(raw)

    monkeypatch.setattr(statements, "statements", noted)

    def does() -> set[str]:
        tick(tmp_path)
        texts.clear()
        runs = [
            run(Request((Path(),), load_settings(Path()), cache=cache))
            for cache in (tmp_path / "cache", None)
        ]
        kept, plain = ("".join(json_pieces(each)) for each in runs)
        assert kept == plain
        return set(texts)

    return does


def test_only_what_has_changed_and_what_is_legacy(reads: Read) -> None:
    assert reads() == {LEGACY, USE, "import three\n", "import four\n", "import five\n"}
    assert reads() == set()  # who gets something is known as a whole
    Path("four.py").write_text("import three\n")
    assert reads() == {LEGACY, USE, "import three\n"}
    Path("four.py").write_text("import three\n\n")
    assert reads() == {LEGACY, USE, "import three\n\n"}


def test_a_file_that_comes_to_use_something_legacy(reads: Read) -> None:
    reads()
    Path("three.py").write_text("from two import client as made\n\nmade().call('sms.get', key)\n")
    assert "import four\n" not in reads()
    Path("two.py").write_text("value = 1\n")
    reads()


def test_what_is_not_trusted_is_not_kept(reads: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "MARGIN", 3_600_000_000_000)
    reads()
    Path("four.py").write_text("import three\n")
    assert "import five\n" in reads()


def test_what_cannot_be_read_for_a_moment_is_not_kept(reads: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    real = loading.read
    with monkeypatch.context() as patch:
        patch.setattr(loading, "read", lambda name: None if name.endswith("three.py") else real(name))
        reads()
    Path("four.py").write_text("value = 1\n")
    assert "import three\n" in reads()


def test_a_literal_beside_a_statement_is_not_kept(reads: Read, tmp_path: Path) -> None:
    Path("five.py").write_text(
        'TOKEN = \'made-up-1\'; import three  # made-up-2\nTEXT = """\nimport (PIN = \'made-up-3\')"""\n'
    )
    reads()
    (path,) = (tmp_path / "cache").glob("imports-*")
    assert b"three" in path.read_bytes()
    assert b"made" not in path.read_bytes()


def test_what_is_gone_is_not_kept(reads: Read, tmp_path: Path) -> None:
    reads()
    Path("five.py").unlink()
    Path("four.py").write_text("value = 1\n")
    reads()
    (path,) = (tmp_path / "cache").glob("imports-*")
    assert b"four.py" in path.read_bytes()
    assert b"five.py" not in path.read_bytes()


BODIES = (b"", b"nonsense", b"\0" * 32, b"\1" + b"\0" * 31, b"\xff" * 32, (1 << 62).to_bytes(8, "little") * 4)


@pytest.mark.parametrize("body", BODIES)
def test_a_damaged_file_is_none(reads: Read, tmp_path: Path, body: bytes) -> None:
    reads()
    (path,) = (tmp_path / "cache").glob("imports-*")
    whole = path.read_bytes()
    for broken in (body, whole[32:70], whole[32:] + b"\0x"):
        path.write_bytes(whole[:16] + stored.short_digest(broken) + broken)
        Path("four.py").write_text("import three\n")
        assert "import five\n" in reads()
        path.write_bytes(whole)
        Path("four.py").write_text("import four\n")
        reads()


STATEMENTS = st.lists(st.tuples(st.none() | st.binary(max_size=9), st.binary(max_size=9)), max_size=4)
STAMPS = st.tuples(*[st.integers(0, 2**63 - 1)] * 5)
NAMES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1)


@given(st.dictionaries(NAMES, st.tuples(STAMPS, STATEMENTS), max_size=5))
def test_what_is_written_is_read(files: dict[str, tuple[stamps.Stamp, list[statements.Statement]]]) -> None:
    read = statements._unpacked(statements._packed(files))
    assert {path: (stamp, list(found)) for path, (stamp, found) in read.items()} == files
