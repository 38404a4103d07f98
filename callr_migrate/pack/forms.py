"""How times, identifiers, pages, webhook events and scenarios are written on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import NOWHERE, Location


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
    evidence: Evidence | None = None
    source: str | None = None
    location: Location = NOWHERE
