"""What the report says, as frozen data: every renderer shows the same."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import field
from datetime import date

from callr_migrate.records import dataclass


class State(enum.Enum):
    """What stands between a place and its migration."""

    AUTOMATIC = "automatic"
    UNSAFE = "unsafe"
    MANUAL = "manual"
    BLOCKED = "blocked"

    @property
    def meaning(self) -> str:
        """For people, in a sentence without a full stop."""
        return _MEANINGS[self]


_MEANINGS = {
    State.AUTOMATIC: "rewritten by `fix`; every fact it leans on is documented or verified",
    State.UNSAFE: "rewritten by `fix --unsafe-fixes`; a fact it leans on must be checked first",
    State.MANUAL: "a counterpart is known, and a person must write it",
    State.BLOCKED: "the new API has nothing that takes its place: a retired app, or no counterpart",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement that a place leans on; `source` is an address, or where else it stands."""

    text: str
    evidence: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """One finding that is left. No literal credential is in any of its texts.

    `line` and `column` start at 1; `cell` is that of a notebook and the line in it. `before` and `after` are code,
    `after` None without a fix. `kind` is the name of the code, such as `mapped-call`.
    """

    path: str
    line: int
    column: int
    cell: tuple[int, int] | None
    code: str
    kind: str
    is_call: bool
    method: str | None
    state: State
    owners: tuple[str, ...]
    message: str
    before: str
    after: str | None
    reason: str | None
    help: str | None
    url: str | None
    facts: tuple[Fact, ...]
    app: str | None
    group: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Legacy calls by state."""

    automatic: int = 0
    unsafe: int = 0
    manual: int = 0
    blocked: int = 0

    @classmethod
    def of(cls, places: Iterable[Place]) -> Counts:
        """Count those of the places that are calls."""
        counts = dict.fromkeys(State, 0)
        for place in places:
            if place.is_call:
                counts[place.state] += 1
        return cls(*counts.values())

    @property
    def calls(self) -> int:
        """All of them."""
        return self.automatic + self.unsafe + self.manual + self.blocked

    def of_state(self, state: State) -> int:
        """How many are in this state."""
        number: int = getattr(self, state.value)
        return number


@dataclass(frozen=True, slots=True)
class Row:
    """The calls of one method, file or owner; `others` are places that are no calls, `minutes` an estimate."""

    name: str
    counts: Counts
    others: int
    minutes: int


@dataclass(frozen=True, slots=True)
class RetiredApp:
    """A kind of app that is gone: the calls that need it, and what to do."""

    name: str
    calls: int
    instead: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """Files to migrate together. Those of a wave need no other of that wave; `after` are numbers of earlier steps.

    `together` says why there is more than one file: `fix` (their edits are applied as one) or `cycle` (they import
    each other).
    """

    number: int
    wave: int
    files: tuple[str, ...]
    counts: Counts
    minutes: int
    after: tuple[int, ...]
    together: str | None


@dataclass(frozen=True, slots=True)
class EffortItem:
    """One line of the estimate: `count` things at `minutes` each."""

    name: str
    what: str
    count: int
    minutes: int

    @property
    def total(self) -> int:
        """Minutes."""
        return self.count * self.minutes


@dataclass(frozen=True, slots=True)
class Effort:
    """An estimate, and what it is made of. The minutes are assumptions, not measurements."""

    items: tuple[EffortItem, ...]

    @property
    def minutes(self) -> int:
        """Of all items."""
        return sum(item.total for item in self.items)


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """How many legacy calls a commit had, each file judged on its own. `commit` None is the work tree."""

    commit: str | None
    day: date
    calls: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The state over time, the oldest first; `notes` say what was left out."""

    points: tuple[TrendPoint, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unseen:
    """A place that could not be judged."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Error:
    """Work that could not be done."""

    path: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Migration:
    """The whole report. `owners_file` names the CODEOWNERS file that was read, or several; None if there is none."""

    project: str
    version: str
    today: date
    shutdown: date
    guide: str
    files: int
    suppressed: int
    baselined: int
    places: tuple[Place, ...]
    by_method: tuple[Row, ...]
    by_file: tuple[Row, ...]
    by_owner: tuple[Row, ...]
    owners_file: str | None
    apps: tuple[RetiredApp, ...]
    steps: tuple[Step, ...]
    effort: Effort
    trend: Trend | None = None
    unseen: tuple[Unseen, ...] = ()
    errors: tuple[Error, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def counts(self) -> Counts:
        """Of all calls."""
        return Counts.of(self.places)

    @property
    def others(self) -> int:
        """Places that are no calls: clients, uses of answers, handlers, settings."""
        return sum(not place.is_call for place in self.places)

    @property
    def days_left(self) -> int:
        """Until the legacy API is switched off; negative after it."""
        return (self.shutdown - self.today).days
