"""Patterns that are compiled at their first use are as those that are compiled at once."""

from __future__ import annotations

import copy
import pickle
import re
import sys
import types

import pytest

from callr_migrate.patterns import regex


def test_as_if_compiled() -> None:
    # Longer than what any other one of the tests has cached.
    text = r"(?P<word>[a-z]+)  # of a made-up language"
    lazy, plain = regex(text, re.VERBOSE | re.IGNORECASE), re.compile(text, re.VERBOSE | re.IGNORECASE)
    for _ in range(2):
        assert [each["word"] for each in lazy.finditer("Ab cd")] == ["Ab", "cd"]
        assert lazy.sub("x", "Ab cd") == plain.sub("x", "Ab cd") == "x x"
        assert lazy.fullmatch("Ab cd") is None
    assert (lazy.pattern, lazy.flags, lazy.groups) == (plain.pattern, plain.flags, plain.groups)
    assert regex(rb"\d+").findall(b"1 22") == [b"1", b"22"]


def test_only_at_the_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[object] = []

    def compile_(text: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(text)
        return original(text, flags)

    original = re.compile
    monkeypatch.setattr(re, "compile", compile_)
    word = regex(r"\w+")
    assert not compiled
    assert [bool(word.match(text)) for text in ("a", "-", "b")] == [True, False, True]
    assert compiled == [r"\w+"]


def test_what_is_no_pattern_fails_where_it_is_used() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.search("")
    with pytest.raises(AttributeError):
        regex("a").no_such_method  # type: ignore[attr-defined]  # noqa: B018


@pytest.mark.parametrize("is_used", [False, True])
def test_copied_and_pickled(is_used: bool) -> None:
    word = regex(r"[a-z]+", re.IGNORECASE)
    assert not is_used or word.search("a")
    for other in (copy.copy(word), copy.deepcopy(word), pickle.loads(pickle.dumps(word))):
        assert other.fullmatch("Ab")
        assert not other.fullmatch("1")


def test_those_of_the_analysis_are_patterns() -> None:
    import callr_migrate.engine
    import callr_migrate.pipeline
    import callr_migrate.projectfiles.plan  # noqa: F401

    kind: type = regex  # type: ignore[assignment]
    values = [
        value
        for name, module in list(sys.modules.items())
        if name.startswith("callr_migrate.")
        for value in [*vars(module).values(), *(each for pair in module_pairs(module) for each in pair)]
    ]
    patterns = [value for value in values if type(value) is kind]
    assert len(patterns) > 60
    for each in patterns:
        assert each.pattern


def module_pairs(module: types.ModuleType) -> list[tuple[object, ...]]:
    """The rows of its tables."""
    tables = [table for table in vars(module).values() if type(table) in (tuple, list)]
    return [row for table in tables for row in table if type(row) is tuple]
