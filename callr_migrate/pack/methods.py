"""Legacy methods, their requests, objects and enums, as typed, frozen data.

A `value` in a rule is an expression over the legacy call: `$name` is the argument of that name, `$options.key`
one key of a dict argument, anything else a literal. `evidence` and `source` left out are those of the enclosing
block (`Request` for a binding, `ObjectType` for a field, and so on).
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import NOWHERE, Location, Param, Verb
from callr_migrate.records import dataclass


@dataclass(frozen=True)
class Returns:
    """What the legacy method answered."""

    type: str = "unknown"  # string, int, bool, object, array, map, unknown
    object: str | None = None  # the object, or the object of each item of an array or map
    format: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: a bare type."""
        return {"type": text}


@dataclass(frozen=True)
class Taken:
    """Another field of the object whose `field` the argument is: v2 wants that one in its place."""

    object: str
    field: str
    take: str  # by its legacy name


@dataclass(frozen=True)
class Binding:
    """One path, query or body parameter of a request: where its value comes from and how it changes."""

    value: Any
    format: str | None = None  # hash: lowered, known to be plain; date: the legacy date form is converted
    enum: str | None = None  # map the value by this table
    required: bool = False  # v2 refuses the request without it
    omit_if: str | None = None  # leave the parameter out where the argument is this constant
    ask: dict[str, str] = field(default_factory=dict)  # constant (or `absent`) -> choice that settles it
    instead: Taken | None = None  # the value is known only where it comes from such an object
    manual: str | None = None  # what to do where it does not
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: a bare value expression."""
        return {"value": text}


@dataclass(frozen=True)
class Result:
    """What the v2 request answers, seen from code that used the legacy answer.

    Exactly one way of use is known: `legacy_value` (take this field of the answer), `success` (the legacy answer
    was True: the success of the request stands for it), `object` (fields change by that object's table); with
    none of them the shape is unknown and a used answer has no fix.
    """

    object: str | None = None
    legacy_value: str | None = None
    success: bool = False
    page: bool = False  # rows come page by page; as many as a page holds are asked for
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Request:
    """One REST request that does what the legacy call did."""

    verb: Verb
    path: str
    when: dict[str, list[str]] = field(default_factory=dict)  # parameter -> the constants it must hold
    path_params: dict[str, Binding] = field(default_factory=dict)
    query: dict[str, Binding] = field(default_factory=dict)
    json: dict[str, Binding] = field(default_factory=dict)
    result: Result = Result()
    manual: str | None = None  # why no fix is made although the request is known
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class NoCounterpart:
    """REST v2 has nothing that does this, as far as is known."""

    reason: str
    instead: str
    evidence: Evidence | None = None
    source: str | None = None


@dataclass(frozen=True)
class Dropped:
    """A key of an options dict that v2 has no place for. `manual`: why a person must decide; `note`: why not."""

    manual: str | None = None
    note: str | None = None


@dataclass(frozen=True)
class Example:
    """A test of a rule: legacy code, and either the code after `fix --unsafe-fixes` or `left_alone`."""

    before: str
    after: str | None = None
    left_alone: bool = False
    location: Location = NOWHERE


@dataclass(frozen=True)
class Method:
    """One legacy method and what becomes of it: one `rest` request, `alternatives`, or `none`."""

    method: str
    summary: str
    params: list[Param] | None = None  # None: never read
    min_args: int | None = None  # where it is fewer than the parameters that are not optional
    returns: Returns = Returns()
    deprecated: bool = False
    evidence: Evidence | None = None  # of the legacy signature
    source: str | None = None
    note: str | None = None
    rest: Request | None = None
    alternatives: list[Request] = field(default_factory=list)
    none: NoCounterpart | None = None
    dropped: dict[str, Dropped] = field(default_factory=dict)  # `options.key` -> why
    makes: str | None = None  # the kind of app that a call of it makes, where no parameter names it
    app: str | None = None  # the kind of app that it works on, where it is for one kind only
    examples: list[Example] = field(default_factory=list)
    location: Location = NOWHERE

    @property
    def required(self) -> int:
        """The fewest arguments a call may have."""
        if self.min_args is not None:
            return self.min_args
        return sum(not param.optional for param in self.params or ())


@dataclass(frozen=True)
class Amount:
    """A sum of money, on both sides; what is not known is left out. No conversion is made."""

    type: str  # in v1: decimal, text
    unit: str | None = None  # in v1: EUR, cents
    to: str | None = None  # the field of v2 that has it
    becomes: str | None = None  # its type in v2
    per: str | None = None  # its unit in v2

    @property
    def told(self) -> str:
        """Both sides in words."""
        old = f"an amount, {self.type} in {self.unit or 'a unit that is not documented'}"
        if self.to is None:
            return f"{old}; what v2 has for it is not known"
        kind = self.becomes or "of a type that is not documented"
        return f"{old}; v2 has `{self.to}`, {kind} in {self.per or 'a unit that is not documented'}"


@dataclass(frozen=True)
class ObjectField:
    """One field of a legacy answer. `to` is its path in v2; without it, `manual` says what to do."""

    to: str | None = None
    enum: str | None = None
    format: str | None = (
        None  # hash, number, datetime, datetime_or_null (the null date where there is none yet)
    )
    object: str | None = None
    array: bool = False  # a list of such objects
    amount: Amount | None = None
    manual: str | None = None
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: the v2 path."""
        return {"to": text}


@dataclass(frozen=True)
class ObjectType:
    """A legacy object and where its fields are in v2."""

    object: str
    fields: dict[str, ObjectField] = field(default_factory=dict)
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class EnumTable:
    """Legacy constants and their v2 form; None where that is unknown."""

    enum: str
    values: dict[str, str | None]
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Choice:
    """What the vendor leaves open and the user settles in the config.

    `answers`: word in the config -> the value to emit; None leaves the parameter out, `keep` in `keep_answer`
    keeps the argument as it is.
    """

    choice: str
    question: str
    answers: dict[str, str | None]
    keep_answer: str | None = None
    source: str | None = None
    location: Location = NOWHERE
