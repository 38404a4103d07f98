"""The account's numbers, and the store that sells them. What the store has is the twin's own invention."""

from __future__ import annotations

import re
from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin.account import OWN_NUMBERS, Account
from callr_migrate.twin.ids import long_id
from callr_migrate.twin.model import Number, Order
from callr_migrate.twin.refusal import RefusedError, Why

RESERVED_FOR = 5 * 60_000  # milliseconds
QUARANTINE = 30 * 86_400_000
MONTH = 100  # cents for a number


@dataclass(frozen=True)
class Area:
    """Where numbers are sold."""

    id: int
    label: str
    prefix: str
    available: int
    allowed: bool = True


COUNTRIES: dict[str, list[str]] = {"FR": ["geographic", "tollfree"], "DE": ["tollfree"], "US": ["geographic"]}
AREAS = (Area(112, "Paris", "1", 40), Area(269, "Lyon", "4", 3, allowed=False), Area(244, "Nantes", "2", 0))
_STOCK = [f"+3319900{number}" for number in range(1022, 1030)]


def search(account: Account, **wanted: Any) -> list[Number]:
    """Those that fit every filter that is not None."""
    account.act("search numbers", **{name: value for name, value in wanted.items() if value is not None})
    return [
        number
        for number in account.state.numbers.values()
        if all(value is None or getattr(number, name) == value for name, value in wanted.items())
    ]


def by_legacy_id(account: Account, legacy_id: str) -> Number:
    """The number that the legacy API calls so; raises `RefusedError`."""
    for number in account.state.numbers.values():
        if number.legacy_id == legacy_id:
            return number
    raise RefusedError(Why.NOT_FOUND, "hash", "there is no such number")


def by_e164(account: Account, e164: str) -> Number:
    """One of the account's; raises `RefusedError`."""
    if e164 not in account.state.numbers:
        raise RefusedError(Why.NOT_FOUND, "number", f"{e164} is no number of the account")
    return account.state.numbers[e164]


def list_store(account: Account, what: str) -> None:
    """Look around in the store: nothing changes, and no two APIs ask alike."""
    account.act(f"list the {what} of the store")


def price(account: Account, area_id: int, quantity: int) -> int:
    """Cents for the first month; raises `RefusedError`."""
    _area(area_id)
    return MONTH * quantity


def reserve(
    account: Account, *, area_id: int | None, category: str, quantity: int, place: str | None = None
) -> Order:
    """Put numbers aside for five minutes; raises `RefusedError`."""
    account.act("reserve numbers", area=area_id, place=place, category=category, quantity=quantity)
    if area_id is not None:
        area = _area(area_id)
        if not area.allowed:
            raise RefusedError(Why.FORBIDDEN, "area", "this account may not buy numbers there")
        if area.available < quantity:
            raise RefusedError(Why.VALUE, "quantity", "there are not so many numbers")
    free = _free(account)
    if not 1 <= quantity <= len(free):
        raise RefusedError(Why.VALUE, "quantity", "there are not so many numbers")
    account.state.made["order"] = made = account.state.made.get("order", 0) + 1
    token = long_id(account.state.seed, "order", made)[:12]
    order = Order(token, free[:quantity], category, account.now + RESERVED_FOR)
    account.state.orders[token] = order
    account.plan(order.expires, "order", token)
    return order


def _free(account: Account) -> list[str]:
    taken = {
        number
        for order in account.state.orders.values()
        if order.state == "reserved"
        for number in order.numbers
    }
    taken |= account.state.numbers.keys() | account.state.quarantine.keys()
    return [number for number in (*OWN_NUMBERS, *_STOCK) if number not in taken]


def view(account: Account, token: str) -> Order:
    """A reservation; raises `RefusedError`."""
    account.act("read a reservation", token=token)
    return _reserved(account, token)


def buy(account: Account, token: str) -> list[Number]:
    """Buy what is reserved; raises `RefusedError`."""
    account.act("buy numbers", token=token)
    order = _reserved(account, token)
    order.state = "bought"
    account.state.credit -= MONTH * len(order.numbers)
    return [account.add_number(e164, order.category) for e164 in order.numbers]


def cancel(account: Account, token: str) -> None:
    """Give a reservation up; raises `RefusedError`."""
    account.act("cancel a reservation", token=token)
    _reserved(account, token).state = "cancelled"


def release(account: Account, number: Number) -> None:
    """Give a number back: it goes into quarantine."""
    if number.scenario is not None:
        account.tell("did.unassigned", number)
    del account.state.numbers[number.e164]
    until = account.now + QUARANTINE
    account.state.quarantine[number.e164] = until
    account.plan(until, "quarantine", number.e164)


def assign(account: Account, number: Number, sid: str | None) -> None:
    """Connect a number to a scenario, or to none."""
    number.scenario = sid
    if sid is not None:
        number.assigned = account.now
    account.tell("did.unassigned" if sid is None else "did.assigned", number)


def _area(area_id: int) -> Area:
    for area in AREAS:
        if area.id == area_id:
            return area
    raise RefusedError(Why.VALUE, "area_code_id", "there is no such area")


def _reserved(account: Account, token: str) -> Order:
    order = account.state.orders.get(token)
    if order is None or order.state != "reserved":
        raise RefusedError(Why.NOT_FOUND, "token", "there is no such reservation")
    return order


def is_number(text: str) -> bool:
    """Whether a text is a phone number in its E.164 form."""
    return re.fullmatch(r"\+[1-9][0-9]{5,14}", text) is not None
