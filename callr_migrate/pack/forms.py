"""How times, identifiers, pages, webhook events and scenarios are written on both sides."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import NOWHERE, Location
from callr_migrate.records import dataclass


@dataclass(frozen=True)
class DateForms:
    """How both APIs write a time, in the codes of `strftime`. All times are UTC."""

    legacy: list[str]
    rest: list[str]
    null: list[str]  # legacy texts that stand for no date
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE

    @property
    def is_regular(self) -> bool:
        """Whether the first forms of both differ in a separator and a suffix alone; what follows is told of these."""
        try:
            return self.to_rest(self.legacy[0]) == self.rest[0] and bool(self.suffix)
        except (IndexError, StopIteration, ValueError):
            return False

    @property
    def separators(self) -> tuple[str, str]:
        """What stands between the day and the time of day, in the legacy form and in that of v2."""
        return next((old, new) for old, new in zip(self.legacy[0], self.rest[0], strict=False) if old != new)

    @property
    def suffix(self) -> str:
        """What v2 writes behind the time of day."""
        return self.rest[0][len(self.legacy[0]) :]

    @property
    def length(self) -> int:
        """Characters of a time in whole seconds, without the suffix: the same in both forms."""
        return len(datetime.min.replace(year=2000).strftime(self.legacy[0]))

    @property
    def separator_at(self) -> int:
        """The index of the separator."""
        return datetime.min.replace(year=2000).strftime(self.legacy[0]).index(self.separators[0])

    def is_legacy(self, text: object) -> bool:
        """Whether a text is a time in the legacy form."""
        return isinstance(text, str) and any(_is_of(text, form) for form in self.legacy)

    def is_null(self, text: object) -> bool:
        """Whether a text is that of no date, or the start of one that is no start of a date."""
        return (
            isinstance(text, str)
            and any(null.startswith(text) for null in self.null)
            and len(text) >= len("0000")
        )

    def to_rest(self, text: str) -> str:
        """A text or form in the legacy form, as v2 wants it."""
        return text.replace(*self.separators) + self.suffix


def _is_of(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Pages:
    """How lists are asked for in v2, page by page, and what such an answer holds."""

    offset: str
    limit: str
    default_limit: int  # rows
    max_limit: int  # rows
    hits: str
    total: str
    more: str
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Identifier:
    """A kind of identifier (a `format` of parameters and fields): what it looked like and what becomes of it."""

    identifier: str
    legacy: str  # a regular expression of the whole text
    becomes: str
    lowered: bool = False
    stored: str | None = None  # what to do about those that a program has stored
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class WebhookEvent:
    """A legacy webhook event and its v2 counterpart; None where none is known."""

    event: str
    to: str | None
    object: str | None = None  # what it carried
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Webhooks:
    """What a program that receives legacy webhooks reads of them."""

    envelope: str  # the object that is posted
    type: str  # its field with the name of the event
    data: str  # its field with what happened, an object by the event
    marks: list[str]  # texts that stand in such a program, and in no other
    gates: list[str]  # texts of which a file that receives webhooks holds one
    instead: str  # how v2 does it
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    location: Location = NOWHERE


@dataclass(frozen=True)
class Scaffold:
    """A scenario to begin with, in place of each app of a kind that was retired, or of each call of some `methods`.

    In the `text`, `<params.key>` stands for what the legacy call gives there, `<method:param>` for what the calls of
    that method give that work on the app. A line with something that is not given is left out, with the lines that are
    indented below it. Behind the name, `!` keeps the line and asks for the value, `?` keeps it with an empty text, and
    `#` gives only the place in the source, for what is set and not false; `+` does so, too, and makes the line a
    comment where that is not known. A line with `[]` comes once for each item.
    """

    scaffold: str
    text: str
    app: str | None = None
    methods: list[str] = field(default_factory=list)
    when: dict[str, list[str]] = field(
        default_factory=dict
    )  # parameter -> values for which it is the right one
    evidence: Evidence | None = None
    source: str | None = None
    location: Location = NOWHERE
