"""How times, identifiers, pages, webhook events and scenarios are written on both sides."""

from __future__ import annotations

from dataclasses import dataclass

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
    """The text of a scenario that replaces a retired app; `{name}` marks what comes from the legacy parameters."""

    scaffold: str
    app: str
    text: str
    evidence: Evidence | None = None
    source: str | None = None
    location: Location = NOWHERE
