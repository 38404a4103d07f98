"""Classes of fields that are made quickly are as those of the standard library."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import inspect
import pickle
import typing
from collections.abc import Callable
from typing import Any

import pytest

from callr_migrate import records

MAKERS: dict[str, Callable[..., Any]] = {"plain": dataclasses.dataclass, "quick": records.dataclass}
SHAPES: list[dict[str, bool]] = [
    *({}, {"frozen": True}, {"eq": False}, {"frozen": True, "eq": False}, {"frozen": True, "order": True}),
    *({"slots": True}, {"frozen": True, "slots": True}),
]


def made(make: Callable[..., Any], shape: dict[str, bool]) -> list[Any]:
    """A class, one that inherits from it, one without fields, one with what it says itself."""

    @make(**shape)
    class Point:
        """At a place."""

        x: int
        y: tuple[int, ...] = ()
        note: str = dataclasses.field(default="", compare=False)
        hidden: int = dataclasses.field(default=0, repr=False)
        loose: int = dataclasses.field(default=0, hash=False)
        many: list[int] = dataclasses.field(default_factory=list, hash=False)

    @make(**shape)
    class Named(Point):
        """With a name."""

        name: str = ""

    @make(**shape)
    class Nothing:
        """Without any."""

    own: Any = {"__eq__": lambda self, other: True, "__annotations__": {"x": int}, "__doc__": ""}
    both = {**own, "__hash__": lambda self: 7, "__repr__": lambda self: "own"}
    more = [] if "order" in shape else [make(**shape)(type("Own", (), each)) for each in (own, both)]
    return [Point, Named, Nothing, *more]


def values(kinds: list[Any]) -> list[Any]:
    point, named, nothing, *more = kinds
    points = [
        point(1),
        point(1),
        point(2),
        point(1, (2,)),
        point(1, note="a"),
        point(1, hidden=1),
        point(1, loose=1),
    ]
    return [
        *points,
        point(1, many=[3]),
        named(1),
        named(1, name="b"),
        nothing(),
        nothing(),
        *(each(1) for each in more),
    ]


def said(value: Any) -> Any:
    try:
        return hash(value) == hash(copy.copy(value))
    except TypeError as error:
        return type(error)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_as_those_of_the_standard_library(shape: dict[str, bool]) -> None:
    plain, quick = (values(made(make, shape)) for make in MAKERS.values())
    # What is equal, and what of that is found in a set.
    assert [[a == b for b in quick] for a in quick] == [[a == b for b in plain] for a in plain]
    assert [said(value) for value in quick] == [said(value) for value in plain]
    if shape.get("frozen") and said(plain[0]) is True:
        assert [[hash(a) == hash(b) for b in quick] for a in quick] == [
            [hash(a) == hash(b) for b in plain] for a in plain
        ]
    shown = [repr(value) for value in plain]
    assert [repr(value).partition(" object at")[0] for value in quick] == [
        text.partition(" object at")[0] for text in shown
    ]
    for one, other in zip(quick, plain, strict=True):
        assert [each.name for each in dataclasses.fields(one)] == [
            each.name for each in dataclasses.fields(other)
        ]
        assert type(one).__match_args__ == type(other).__match_args__
    for one, other in zip(quick[:10], plain[:10], strict=True):
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert dataclasses.replace(one, x=9).x == 9
        assert hasattr(one, "__dict__") == hasattr(other, "__dict__")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_constructors(make: Callable[..., Any]) -> None:
    @make
    class Shelf:
        books: list[str]
        sizes: dict[str, int] = dataclasses.field(default_factory=dict)
        name: str = dataclasses.field(default="a", compare=False)
        seen: set[int] = dataclasses.field(default_factory=set, repr=False)

        def __post_init__(self) -> None:
            self.seen.add(len(self.books))

    @make
    class Locked(Shelf):
        name: str = "b"
        key: int = 0

    first, second = Shelf(["x"]), Shelf(books=[], name="c")
    assert (first.sizes, first.name, first.seen, second.name, second.seen) == ({}, "a", {1}, "c", {0})
    assert first.sizes is not second.sizes
    assert Shelf.name == "a"
    assert not hasattr(Shelf, "sizes")
    # A field that is said again keeps its place.
    locked = Locked(["x"], {"x": 1}, "c", {2}, 3)
    assert (locked.sizes, locked.name, locked.seen, locked.key) == ({"x": 1}, "c", {1, 2}, 3)
    assert [each.name for each in dataclasses.fields(Locked)] == ["books", "sizes", "name", "seen", "key"]
    assert [(each.name, each.type) for each in dataclasses.fields(Shelf)][1] == ("sizes", "dict[str, int]")
    again = dataclasses.replace(locked, key=4)
    assert type(again) is Locked
    assert (again.key, again.name) == (4, "c")
    for wrong in (lambda: Shelf(), lambda: Shelf([], other=1), lambda: Shelf([], [], "", [], 1)):
        with pytest.raises(TypeError, match=r"Shelf\.__init__\(\)"):
            wrong()


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_a_constructor_of_its_own(make: Callable[..., Any]) -> None:
    @make
    class Doubled:
        x: int

        def __init__(self, half: int) -> None:
            self.x = 2 * half

    assert Doubled(2).x == 4
    assert [each.name for each in dataclasses.fields(Doubled)] == ["x"]


def told(make: Callable[..., Any], body: dict[str, Any]) -> Any:
    """What becomes of a class with such a body: its fields and what its constructor takes, or the error."""
    try:
        kind = make(type("Odd", (), dict(body)))
    except (TypeError, ValueError) as error:
        return type(error), str(error)
    with contextlib.suppress(TypeError):
        kind()
    return [each.name for each in dataclasses.fields(kind)], str(inspect.signature(kind)).replace("'", "")


@pytest.mark.parametrize(
    "body",
    [
        {"__annotations__": {"x": "int", "y": "int"}, "x": 1},
        {"__annotations__": {"x": "list[int]"}, "x": []},
        {"__annotations__": {"x": "list[int]"}, "x": dataclasses.field(default={})},
        {"__annotations__": {"x": "typing.ClassVar[int]", "y": "int"}, "x": 1},
        {"__annotations__": {"x": typing.ClassVar[int], "y": int}, "x": 1},
        {
            "__annotations__": {"x": "int", "y": "int"},
            "x": dataclasses.field(default=1, kw_only=True),
            "y": 2,
        },
        {"__annotations__": {"x": "int", "y": "int"}, "x": dataclasses.field(default=1, init=False), "y": 2},
        {"__annotations__": {"_": "dataclasses.KW_ONLY", "y": "int"}},
    ],
    ids=["order", "list", "dict", "class-text", "class", "keyword", "not given", "keywords"],
)
def test_what_is_not_plain_is_for_the_library(body: dict[str, Any]) -> None:
    expected = told(dataclasses.dataclass, body)
    assert told(records.dataclass, body) == expected


def test_beside_classes_of_the_library() -> None:
    @records.dataclass
    class Above:
        x: int = 1

    @dataclasses.dataclass(order=True)
    class Between(Above):
        y: int = 2

    @records.dataclass
    class Below(Between):
        z: int = 3

    assert dataclasses.astuple(Below()) == (1, 2, 3)
    assert Below(4) != Below() == Below(1, 2, 3)


@records.dataclass(frozen=True)
class Kept:
    """At the top of a module, where it can be pickled."""

    x: int
    other: Kept | None = None


@records.dataclass(frozen=True, slots=True)
class Slim:
    """The same with slots."""

    x: int


def test_kept_and_shown() -> None:
    for value in (Kept(1, Kept(2)), Slim(3)):
        assert pickle.loads(pickle.dumps(value, 4)) == value
        assert copy.deepcopy(value) == value
    ring = Kept(1)
    ring.__dict__["other"] = ring
    assert repr(ring) == "Kept(x=1, other=...)"


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_replaced_as_by_the_standard_library(shape: dict[str, bool]) -> None:
    for make in MAKERS.values():
        point, named, *_ = made(make, shape)
        for value in (point(1, (2,), note="a", many=[3]), named(1, name="b")):
            changes: dict[str, Any]
            for changes in ({}, {"x": 9}, {"y": (), "hidden": 5}):
                one, other = records.replace(value, **changes), dataclasses.replace(value, **changes)
                assert one is not value
                assert type(one) is type(other)
                assert dataclasses.asdict(one) == dataclasses.asdict(other)


def test_replaced_without_what_belongs_to_the_old_one() -> None:
    value = Kept(1)
    value.__dict__["found"] = "once"
    assert "found" not in vars(records.replace(value, x=2))


def test_replaced_with_what_a_class_makes_of_it() -> None:
    @records.dataclass
    class Doubled:
        x: int

        def __post_init__(self) -> None:
            self.x *= 2

    assert records.replace(Doubled(1), x=4).x == 8
