"""Nodes that our constructors make are those that libcst's make, and libcst stays as strict as it was."""

from __future__ import annotations

import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libcst as cst
import pytest

from callr_migrate.evaluate import constructors
from callr_migrate.evaluate.nodes import parsed

KINDS = constructors._KINDS
PROGRAMS = sorted((Path(__file__).parent / "fixtures").rglob("*.py"))


def theirs(kind: type[cst.CSTNode]) -> Callable[..., None]:
    return inspect.unwrap(vars(kind)["__init__"])


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in KINDS:
        monkeypatch.setattr(kind, "__init__", theirs(kind))
    constructors.replace(KINDS)
    assert all(vars(kind)["__init__"] is not theirs(kind) for kind in KINDS)


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fields_are_set_as_before(kind: type[cst.CSTNode]) -> None:
    fields = dataclasses.fields(kind)
    given = [object() for _ in fields]
    needed = {
        field.name: object()
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    for args, kwargs in (
        (given, {}),
        ([], {field.name: value for field, value in zip(fields, given, strict=True)}),
        (given[:1], {field.name: value for field, value in list(zip(fields, given, strict=True))[1:]}),
        ([], needed),
    ):
        ours, own = kind.__new__(kind), kind.__new__(kind)
        constructors.CHECKS.clear()
        try:
            ours.__init__(*args, **kwargs)  # type: ignore[misc]
        finally:
            constructors.CHECKS.append(True)
        unchecked: Any = lambda _: None  # noqa: E731
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cst.CSTNode, "__post_init__", unchecked)
            theirs(kind)(own, *args, **kwargs)
        for field in fields:
            assert are_same(getattr(ours, field.name), getattr(own, field.name), field.name in kwargs)


def are_same(ours: object, own: object, is_given: bool) -> bool:
    """Whether both are the same that was given, or made by the same factory."""
    if isinstance(own, cst.CSTNode) and not is_given:
        return isinstance(ours, cst.CSTNode) and ours.deep_equals(own)
    if isinstance(own, tuple) and not is_given:
        return isinstance(ours, tuple) and all(map(are_same, ours, own, [False] * len(own)))
    return ours is own


@pytest.mark.parametrize("kind", [cst.Arg, cst.Call, cst.EmptyLine])
@pytest.mark.usefixtures("replaced")
def test_what_a_factory_makes_is_made_anew(kind: Any) -> None:
    one, other = kind.__new__(kind), kind.__new__(kind)
    needed = () if kind is cst.EmptyLine else (cst.Name("a"),)
    for node in (one, other):
        node.__init__(*needed)
    spaces = [field.name for field in dataclasses.fields(kind) if field.name.startswith("whitespace")]
    assert all(getattr(one, name) is not getattr(other, name) for name in spaces)


@pytest.mark.usefixtures("replaced")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_wrong_arguments_are_refused_as_before(kind: type[cst.CSTNode]) -> None:
    assert inspect.signature(kind) == inspect.signature(theirs(kind)).replace(
        parameters=list(inspect.signature(theirs(kind)).parameters.values())[1:]
    )
    with pytest.raises(TypeError, match="unexpected keyword argument 'wrong'"):
        kind(wrong=1)  # type: ignore[call-arg]


@pytest.mark.usefixtures("replaced")
def test_nodes_are_checked_and_frozen() -> None:
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")
    with pytest.raises(dataclasses.FrozenInstanceError):
        cst.Name("a").value = "b"  # type: ignore[misc]
    parsed("a = 1\n")
    with pytest.raises(cst.CSTValidationError):
        cst.Comma(whitespace_before=cst.SimpleWhitespace("x"))


def test_programs_are_parsed_to_the_same_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [path.read_text("latin-1") for path in PROGRAMS[::5]]
    for kind in KINDS:
        monkeypatch.setattr(kind, "__init__", theirs(kind))
    before = [tree for text in texts if (tree := _tree(text)) is not None]
    constructors.replace(KINDS)
    after = [tree for text in texts if (tree := _tree(text)) is not None]
    assert len(before) == len(after) > 20
    for one, other in zip(before, after, strict=True):
        assert one.deep_equals(other)
        assert one.code == other.code
        assert other.with_changes(header=one.header).deep_clone().code == one.code


def _tree(text: str) -> cst.Module | None:
    try:
        return parsed(text)
    except cst.ParserSyntaxError:
        return None


@dataclasses.dataclass(frozen=True)
class _Open:
    """One whose fields are in no slots, as those of another libcst may be."""

    value: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Derived:
    value: str
    made: str = dataclasses.field(init=False)


@pytest.mark.parametrize("kind", [_Open, _Derived])
def test_another_kind_of_constructor_stays(kind: Any) -> None:
    before = kind.__init__
    constructors.replace((kind,))
    assert kind.__init__ is before


def test_few_characters_are_parsed_without() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PARSING], check=True, capture_output=True, text=True, timeout=120
    )
    assert told.stdout.split() == ["False", "True"]


PARSING = """
import libcst as cst
from callr_migrate.evaluate.nodes import parsed
before = cst.Name.__init__
parsed("a = 1\\n")
print(cst.Name.__init__ is not before)
for _ in range(2):
    parsed("a = 1\\n" * 1500)
print(cst.Name.__init__ is not before)
"""
