"""What an expression may be. Frozen; compared by content, places by identity of their node."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libcst as cst

from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from callr_migrate.evaluate.module import Module


@dataclass(frozen=True)
class Ref:
    """A node of a module; equal only to itself."""

    module: Module = field(hash=False, compare=False)
    node: cst.CSTNode


class Value:
    """Base of all values."""

    def options(self) -> Collection[Value]:
        """The alternatives of a union; a plain value is its own only one."""
        return (self,)


@dataclass(frozen=True)
class Unknown(Value):
    """Could not be told; `reason` is for the user."""

    reason: str


@dataclass(frozen=True)
class Recursion(Unknown):
    """Something that is met again while it is evaluated: it adds nothing to its own alternatives."""

    key: Hashable


@dataclass(frozen=True)
class Exhausted(Unknown):
    """Something that is too involved: the analysis gave up."""


@dataclass(frozen=True)
class Constant(Value):
    """A literal, wherever it was written (`at`)."""

    value: Any
    at: Ref | None = field(default=None, compare=False)

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True)
class Symbol(Value):
    """Something from outside of the project, by its dotted name."""

    name: str


@dataclass(frozen=True)
class ModuleValue(Value):
    """A module of the project."""

    module: Module = field(hash=False)


@dataclass(frozen=True)
class FolderValue(Value):
    """A folder of the project without `__init__.py`: a namespace package."""

    path: Path


@dataclass(frozen=True)
class FunctionValue(Value):
    """A def or lambda of the project."""

    ref: Ref


@dataclass(frozen=True)
class ClassValue(Value):
    """A class of the project."""

    ref: Ref


@dataclass(frozen=True)
class InstanceValue(Value):
    """An object of a class of the project."""

    of: ClassValue


@dataclass(frozen=True)
class SuperValue(Value):
    """`super()` in a method of the class."""

    of: ClassValue


@dataclass(frozen=True)
class Client(Value):
    """A legacy client. `made_at` is its construction; None where only an annotation tells.

    `of` is its class, where that is the project's own and inherits from the library's.
    """

    surface: str
    made_at: Ref | None
    of: ClassValue | None = None


@dataclass(frozen=True)
class BoundMethod(Value):
    """Attribute `name` of a client, an answer, or an instance (then `function` is its def)."""

    owner: Client | InstanceValue | Answer | Extended
    name: str
    function: FunctionValue | None = None


@dataclass(frozen=True)
class Literal(Value):
    """A tuple, list, set or dict display."""

    ref: Ref


@dataclass(frozen=True)
class Collected(Value):
    """A list, dict or the like that is filled when the program runs: each of its items is `item`.

    `at`: the call that makes it, where its keys are written there.
    """

    kind: str
    item: Value
    key: Value | None = None
    at: Ref | None = None


@dataclass(frozen=True)
class Row(Value):
    """A tuple of known length that no display in the source shows, such as an item of `zip(a, b)`."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Named(Value):
    """A dict of known keys that no display in the source shows: the `**kwargs` of one call."""

    entries: tuple[tuple[str, Value], ...]

    def get(self, name: str) -> Value | None:
        """The value of a key."""
        return dict(self.entries).get(name)


@dataclass(frozen=True)
class Partial(Value):
    """A function with its first arguments: what the call `place` of `functools.partial` gives."""

    function: Value
    place: Ref


@dataclass(frozen=True)
class Answer(Value):
    """What a legacy call returned, or a part of it.

    `kind`: `object` (fields by `object`), `array` or `map` (of such objects), else the scalar type of the rule.
    `calls` are the legacy calls it may come from.
    """

    kind: str
    object: str | None
    format: str | None
    enum: str | None
    calls: frozenset[Ref]
    part: tuple[str, ...] = ()  # the fields taken so far; empty for the whole answer
    owner: str | None = None  # the object that it is a field of


@dataclass(frozen=True)
class Extended(Value):
    """A copy of an answer's object with entries of one's own, which come after the answer's."""

    answer: Answer
    entries: tuple[tuple[str, Value], ...]

    def get(self, name: str) -> Value | None:
        """The value of a key of one's own."""
        return dict(self.entries).get(name)


@dataclass(frozen=True)
class Union(Value):
    """One of several."""

    members: frozenset[Value]

    def options(self) -> Collection[Value]:
        """Each member."""
        return self.members


def union(values: Iterable[Value]) -> Value:
    """The values as one; nothing at all is `Unknown`."""
    given = list(values)
    if len(given) == 1:
        return given[0]
    members: set[Value] = set()
    for value in given:
        members.update(value.options())
    if not members:
        return Unknown("it is never given a value")
    if len(members) == 1:
        return members.pop()
    return Union(frozenset(members))


def constants(value: Value) -> list[Constant] | None:
    """All alternatives if each is a constant, else None."""
    options = list(value.options())
    return options if all(isinstance(option, Constant) for option in options) else None  # type: ignore[return-value]


def constant_text(value: Value) -> str | None:
    """The text if the value is one constant text."""
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None


def unknown_reason(value: Value) -> str | None:
    """The reason of the first alternative that is unknown."""
    reasons = sorted(option.reason for option in value.options() if isinstance(option, Unknown))
    return reasons[0] if reasons else None


def clients(value: Value) -> list[Client]:
    """The alternatives that are legacy clients."""
    return [option for option in value.options() if isinstance(option, Client)]


def answers(value: Value) -> list[Answer]:
    """The alternatives that come from legacy calls."""
    return [option for option in value.options() if isinstance(option, Answer)]
