"""What an account holds, as plain data: times are whole milliseconds since 1970 UTC, money is whole cents.

Words (`status`, `direction`) are stored as REST v2 writes them; `words.Words` turns them into the legacy ones.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from callr_migrate.records import dataclass


@dataclass
class Message:
    """An SMS. `options` are those that only the legacy API knows."""

    sid: str
    direction: str
    sender: str
    to: str
    text: str
    created: int
    updated: int
    status: str = "created"
    traffic: str | None = None
    encoding: str | None = None  # as forced by the sender; None: the text decides
    options: dict[str, Any] = field(default_factory=dict)
    sent: int | None = None
    delivered: int | None = None
    history: list[list[Any]] = field(default_factory=list)  # [before, after, at]


@dataclass
class Number:
    """A number of the account."""

    e164: str
    legacy_id: str
    kind: str = "geographic"
    category: str = "classic"
    country: str = "FR"
    assigned: int = 0
    scenario: str | None = None


@dataclass
class Order:
    """A reservation in the store."""

    token: str
    numbers: list[str]
    category: str
    expires: int
    state: str = "reserved"  # bought, cancelled, expired


@dataclass
class Scenario:
    """An app. REST v2 sees those of the kind `actions_app` only."""

    sid: str
    kind: str
    name: str
    created: int
    updated: int
    params: dict[str, Any] = field(default_factory=dict)
    version: int = 1


@dataclass
class AudioFile:
    """A media of the library: the legacy API names it by a number, REST v2 by a sid."""

    media_id: int
    sid: str
    name: str
    created: int
    status: str = "pending-content"
    content: list[Any] | None = None  # what kind of content, and what tells it apart
    since: int = 0
    tags: dict[str, Any] = field(default_factory=dict)


@dataclass
class Task:
    """A job in the background."""

    id: str
    kind: str
    created: int
    done_at: int
    state: str = "running"  # done, cancelled
    result: dict[str, Any] = field(default_factory=dict)
    hook: str | None = None  # of the one request, in place of a subscription


@dataclass
class CallRecord:
    """One call that has ended."""

    callid: int
    direction: str
    caller: str
    callee: str
    started: int
    answered: int | None
    ended: int
    status: str = "answered"


@dataclass
class Webhook:
    """A subscription, of either API: the events' names tell which."""

    sid: str
    event: str
    endpoint: str
    options: dict[str, Any] = field(default_factory=dict)


@dataclass
class Delivery:
    """One event on its way to one endpoint."""

    id: str
    event: str
    endpoint: str
    at: int
    next_at: int
    payload: Any
    hook: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    tries: int = 0
    state: str = "waiting"  # delivered, failed, not loopback


@dataclass
class State:
    """The whole account. `made` counts what was made of each kind, from which ids follow."""

    seed: int = 0
    now: int = 0
    credit: int = 10_000
    made: dict[str, int] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    numbers: dict[str, Number] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    quarantine: dict[str, int] = field(default_factory=dict)  # number -> until when
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    runs: list[list[Any]] = field(default_factory=list)  # scenario, what was passed
    audio: dict[str, AudioFile] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    calls: list[CallRecord] = field(default_factory=list)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    deliveries: list[Delivery] = field(default_factory=list)
    others: list[list[Any]] = field(default_factory=list)  # legacy method, arguments: what is not modelled


# What each part of a state is made of, for reading it back.
TABLES: dict[str, type[Any]] = {
    "messages": Message,
    "numbers": Number,
    "orders": Order,
    "scenarios": Scenario,
    "audio": AudioFile,
    "tasks": Task,
    "webhooks": Webhook,
}
LISTS: dict[str, type[Any]] = {"calls": CallRecord, "deliveries": Delivery}
