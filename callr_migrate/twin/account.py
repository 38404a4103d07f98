"""The account: its state, its time, and a note of each thing that is done to it.

The operations stand in `messages`, `numbers`, `apps`, `media` and `background`, as functions over an `Account`. Each
begins with `account.act(...)`, in words that belong to neither API: by these, two programs are compared.
"""

from __future__ import annotations

import heapq
from dataclasses import field
from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin.clock import Clock
from callr_migrate.twin.ids import long_id, short_id
from callr_migrate.twin.model import Number, State

# What a new account owns; numbers that nobody has.
OWN_NUMBERS = ("+33199001020", "+33199001021")


@dataclass
class Act:
    """One thing that a request asked of the account, whichever API it came by."""

    name: str
    details: dict[str, Any] = field(default_factory=dict)


class Account:
    """One account in memory. Not for several threads: the server works on one."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self.clock = clock
        self.acts: list[Act] = []
        self.events: list[tuple[str, Any]] = []  # legacy event, the thing: for the webhooks
        self._due: list[tuple[int, int, str, str]] = []  # when, a number to tell equals apart, kind, key
        self._plans = 0

    @classmethod
    def new(cls, seed: int, clock: Clock) -> Account:
        """An account with two numbers and some credit, the same for one seed."""
        account = cls(State(seed=seed), clock)
        for e164 in OWN_NUMBERS:
            account.add_number(e164)
        return account

    @property
    def now(self) -> int:
        """The account's time in milliseconds."""
        return self.clock.now()

    def act(self, name: str, /, **details: Any) -> None:
        """Note what is asked for, before anything may refuse it."""
        self.acts.append(Act(name, details))

    def take_acts(self) -> list[Act]:
        """What was asked since the last time."""
        acts, self.acts = self.acts, []
        return acts

    def new_id(self, kind: str) -> str:
        """A short id, of a thing that is being made."""
        return short_id(self.state.seed, kind, self._count(kind))

    def new_long_id(self, kind: str) -> str:
        """A long id."""
        return long_id(self.state.seed, kind, self._count(kind))

    def _count(self, kind: str) -> int:
        self.state.made[kind] = self.state.made.get(kind, 0) + 1
        return self.state.made[kind]

    def add_number(self, e164: str, category: str = "classic") -> Number:
        """Make a number the account's."""
        number = Number(e164, self.new_id("number").upper(), category=category, assigned=self.now)
        self.state.numbers[e164] = number
        return number

    def plan(self, at: int, kind: str, key: str) -> None:
        """Something of this kind is due then."""
        self._plans += 1
        heapq.heappush(self._due, (at, self._plans, kind, key))

    def next_due(self, by: int) -> tuple[int, str, str] | None:
        """The earliest plan that is due by then, taken off: when, kind, key."""
        if not self._due or self._due[0][0] > by:
            return None
        at, _, kind, key = heapq.heappop(self._due)
        return at, kind, key

    def tell(self, event: str, thing: Any) -> None:
        """Something happened that webhooks may want to know."""
        self.events.append((event, thing))
