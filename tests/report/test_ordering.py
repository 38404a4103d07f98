"""The migration's order, from who imports whom."""

from __future__ import annotations

from pathlib import Path

from report_support import place

from callr_migrate.report.ordering import imports_of, steps
from callr_migrate.source import SourceFile

Found = list[tuple[int, tuple[str, ...], tuple[int, ...], str | None]]


def ordered(files: dict[str, str], imports: dict[str, set[str]]) -> Found:
    """`files`: name -> group of its fix, or nothing."""
    places = [place(path=name, group=group or None) for name, group in files.items()]
    found = steps(places, imports, dict.fromkeys(files, 7))
    assert [step.number for step in found] == list(range(1, len(found) + 1))
    assert all(step.minutes == 7 * len(step.files) for step in found)
    assert all(step.counts.calls == len(step.files) for step in found)
    return [(step.wave, step.files, step.after, step.together) for step in found]


def test_what_is_imported_comes_first() -> None:
    found = ordered({"a": "", "b": "", "c": "", "d": ""}, {"a": {"b"}, "b": {"c"}})
    assert found == [
        (1, ("c",), (), None),
        (1, ("d",), (), None),
        (2, ("b",), (1,), None),
        (3, ("a",), (3,), None),
    ]


def test_by_way_of_files_without_legacy_code() -> None:
    imports = {"a": {"x"}, "x": {"y", "x"}, "y": {"b", "x"}}
    assert ordered({"a": "", "b": ""}, imports) == [(1, ("b",), (), None), (2, ("a",), (1,), None)]


def test_a_circle_is_one_step() -> None:
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"c"}, "c2": {"e"}, "e": {"c2"}}
    assert ordered(dict.fromkeys(["a", "b", "c", "d", "c2", "e"], ""), imports) == [
        (1, ("a", "b", "c"), (), "cycle"),
        (1, ("c2", "e"), (), "cycle"),
        (2, ("d",), (1,), None),
    ]


def test_circles_that_meet_are_one() -> None:
    imports = {"a": {"b"}, "b": {"a", "c"}, "c": {"b"}, "d": set[str]()}
    assert ordered(dict.fromkeys("abcd", ""), imports) == [
        (1, ("a", "b", "c"), (), "cycle"),
        (1, ("d",), (), None),
    ]


def test_a_group_of_edits_is_one_step() -> None:
    found = ordered({"a": "g", "b": "g", "c": "h"}, {"c": {"a"}, "b": {"a"}})
    assert found == [(1, ("a", "b"), (), "fix"), (2, ("c",), (1,), None)]


def test_a_group_may_close_a_circle() -> None:
    found = ordered({"a": "g", "b": "", "c": "g"}, {"a": {"b"}, "b": {"c"}})
    assert found == [(1, ("a", "b", "c"), (), "cycle")]


def test_imports_are_those_of_the_files(tmp_path: Path) -> None:
    texts = {
        "pkg/__init__.py": "",
        "pkg/client.py": "api = 1\n",
        "pkg/use.py": "from .client import api\n",
        "main.py": "import pkg.use as use\nimport os\n",
        "note.ipynb": '{"cells": [{"cell_type": "code", "source": ["from pkg.client import api\\n"], "metadata": {}, '
        '"outputs": [], "execution_count": null}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    }
    sources = {}
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        sources[path] = SourceFile.read(path)
    found = imports_of(sources, tmp_path, {tmp_path / name: name for name in texts})
    assert "pkg/client.py" in found["pkg/use.py"]
    assert "pkg/use.py" in found["main.py"]
    assert "pkg/client.py" in found["note.ipynb"]
    assert "main.py" not in {name for names in found.values() for name in names}
