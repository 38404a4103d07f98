"""The index of imports holds what the plain reading finds, and files are read once where they can be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plain_imports import PlainGraph
from test_gates import LINES, NAMES, PROGRAM

from callr_migrate import import_notes, loading
from callr_migrate.config import load_settings
from callr_migrate.import_graph import ImportGraph
from callr_migrate.import_index import ImportIndex
from callr_migrate.import_statements import Import, Parts, bare, imports_in, statements, words_of
from callr_migrate.output.json_report import json_pieces
from callr_migrate.pipeline import Request, run
from callr_migrate.sieve import Sieve

# What the quick reading tells apart: where a line starts and ends, and what it may go on in.
PIECES = st.sampled_from(
    [
        *("import a\n", "from b import c\n", "from b import (c, d)\n", "from b import (\n  c,\n  d,\n)\n", "from a import"),
        *("  import e # (x\n", "from b import ( # no (\n c)\n", "x = 1; import a; from b import (c\n)\n", "x\r", "x: "),
        *("import a \\\n, b\n", "from .a \\\n import b\n", "import_module(\n'x.import')", "import_module('q')", "if"),
        *("from p import (\n", "from a import  # x\n", "from p.a import \\\n b\n", "from p.a import \n", "from .a.b import\n", "from .a import \n"),
        *("from . import b", "from .import b", "from. import b", "from ..a.b import *", ">>> from a import b\n", "y"),
        *("the important word\n", "importé", "from ", "import ", "import", "imports", "z" * 300, "a", ".", ",", "é"),
        *(" ", "\t", "\n", "\n\n", "\r\n", "\r", "\\\n", "\\\r\n", "\\", "(", "((", ")", "#", "*", "\0", "\ufeff", ";"),
    ]
)  # fmt: skip
TEXT = st.lists(PIECES, max_size=12).map("".join).map(str.encode)
FILE = TEXT | PROGRAM | st.lists(LINES, max_size=4).map("\n".join).map(str.encode) | st.binary(max_size=30)


def held(index: ImportIndex, name: str) -> tuple[list[tuple[int, Parts]], list[Import]]:
    """What a `from` names in a file, and its other imports."""
    starts = [index.of(start) for several in index.froms().values() for start in several]
    froms = [(level, parts) for level, parts, files in starts for file in files if file == name]
    others: list[Import] = []
    for whole in {each for several in index.others().values() for each in several}:
        found, files = index.pop(whole)
        others += [item for each in found for item in imports_in(each)] * files.count(name)
    return froms, others


@settings(max_examples=1000)
@given(st.lists(FILE, min_size=1, max_size=3))
def test_nothing_is_lost_and_nothing_added(raws: list[bytes]) -> None:
    for number, raw in enumerate(raws):
        index = ImportIndex()
        for name, each in enumerate(raws):
            index.read(str(name), each)
        froms, others = held(index, str(number))
        left = [item for each in statements(raw) if words_of(each) for item in imports_in(each)]
        for item in others:
            left.remove(item)
        assert all(names for *_, names in left)
        assert sorted(froms) == sorted((level, parts) for level, parts, _ in left)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(NAMES), FILE, max_size=8), st.data())
def test_the_graph_is_the_plain_one_whatever_is_known(files: dict[str, bytes], data: st.DataObject) -> None:
    contents = {f"/r/{name}": raw for name, raw in files.items()}
    index = ImportIndex()
    for name in data.draw(st.lists(st.sampled_from([*files, "gone.py"]), unique=True)):
        index.read(name, files.get(name, b"import a, b, p\nfrom p import a\n"))
    index.rename({name: f"/r/{name}" for name in files})
    kept = {
        path: [each for statement in statements(raw) for each in bare(statement)]
        for path, raw in contents.items()
    }
    plain = PlainGraph(contents, contents.__getitem__, "/r")
    graphs = [
        ImportGraph(contents, contents.__getitem__, "/r", index=index),
        ImportGraph(contents, contents.__getitem__, "/r", kept.__getitem__),
    ]
    for path in data.draw(st.permutations(sorted(contents))):
        for graph in graphs:
            assert set(graph.importers_of(path)) == set(plain.importers_of(path))


@pytest.mark.parametrize("text", [b"import ", b"x import ", b"important ", b"from a import (", b"import a; "])
def test_a_long_line_is_read_once(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[object] = []
    line, exactly = ImportIndex._line, ImportIndex._exactly
    monkeypatch.setattr(ImportIndex, "_line", lambda *each: looks.append(each[3:]) or line(*each))
    monkeypatch.setattr(ImportIndex, "_exactly", lambda *each: looks.append(each[3:]) or exactly(*each))
    ImportIndex().read("x.py", text * 3000 + b"\n")
    assert len(looks) < 100


def test_only_what_stands_before_is_kept_of_most_lines() -> None:
    index = ImportIndex()
    for number in range(1000):
        index.read(f"{number}.py", b"from a.b import name_%d\nimport c\n" % number)
    assert len(index._starts) + len(index._wholes) < 4


LEGACY = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n\n\ndef ask(name, key):\n    return api.call(name, key)\n"
USE = "from legacy import ask\n\nask('sms.get', key)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_notes, "_WAITING", 40)
    return tmp_path


def found() -> str:
    return "".join(json_pieces(run(Request((Path(),), load_settings(Path())))))


@pytest.mark.parametrize("legacy", ["a.py", "m.py", "z.py"])
def test_what_is_read_behind_something_legacy_is_not_read_again(
    project: Path, monkeypatch: pytest.MonkeyPatch, legacy: str
) -> None:
    (project / legacy).write_text(LEGACY)
    for name in "bcnopy":
        (project / f"{name}.py").write_text(f"import {name}\nx = 1\n")
    again: list[str] = []
    real = loading.read
    monkeypatch.setattr(loading, "read", lambda name: again.append(Path(name).name) or real(name))
    found()
    assert {name for name in again if name != legacy} == {
        f"{name}.py" for name in "bcnopy" if f"{name}.py" < legacy
    }


def test_a_few_files_are_read_first(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(40):
        (project / f"{number:02}.py").write_text(LEGACY if number == 32 else f"import m{number}\n")
    again: list[str] = []
    real = loading.read
    monkeypatch.setattr(loading, "read", lambda name: again.append(Path(name).name) or real(name))
    found()
    assert set(again) - {"32.py"} == {"00.py", "16.py"}


@pytest.mark.parametrize("user", ["a_user.py", "z_user.py", "z_user.ipynb", "sub/z_user.py", "z_link.py"])
def test_who_uses_something_legacy_is_found_wherever_it_stands(
    project: Path, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    (project / "sub").mkdir()
    (project / "legacy.py").write_text(LEGACY)
    for name in "bcnopy":
        (project / f"{name}.py").write_text(f"import {name}\nx = 1\n")
    if user.endswith(".ipynb"):
        cell = {"cell_type": "code", "source": USE.splitlines(keepends=True), "metadata": {}, "outputs": []}
        (project / user).write_text(
            json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        )
    elif user == "z_link.py":
        (project / "sub" / "real.txt").write_text(USE)
        try:
            (project / user).symlink_to(project / "sub" / "real.txt")
        except OSError:
            pytest.skip("no links here")
    else:
        (project / user).write_text(USE)
    quick = found()
    assert "sms.get" in quick
    monkeypatch.setattr(Sieve, "taken_imports", lambda _: None)
    assert quick == found()
