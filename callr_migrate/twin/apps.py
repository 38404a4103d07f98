"""Scenarios (apps) and their runs."""

from __future__ import annotations

from typing import Any

from callr_migrate.twin import numbers
from callr_migrate.twin.account import Account
from callr_migrate.twin.model import Number, Scenario
from callr_migrate.twin.refusal import RefusedError, Why

LONGEST_NAME = 64  # characters


def create(account: Account, kind: str, name: str, params: dict[str, Any]) -> Scenario:
    """Make one; raises `RefusedError`."""
    account.act("create an app", kind=kind, name=name, params=params)
    _check_name(name)
    now = account.now
    scenario = Scenario(account.new_id("app"), kind, name, now, now, params)
    account.state.scenarios[scenario.sid] = scenario
    return scenario


def edit(account: Account, sid: str, name: str | None, params: dict[str, Any]) -> Scenario:
    """Change what is given; raises `RefusedError`."""
    account.act("edit an app", sid=sid, name=name, params=params)
    scenario = find(account, sid)
    if name is not None:
        _check_name(name)
        scenario.name = name
    scenario.params.update(params)
    scenario.version += 1
    scenario.updated = account.now
    return scenario


def delete(account: Account, sid: str) -> None:
    """Its numbers are freed first; raises `RefusedError`."""
    account.act("delete an app", sid=sid)
    find(account, sid)
    for number in numbers_of(account, sid):
        numbers.assign(account, number, None)
    del account.state.scenarios[sid]


def find(account: Account, sid: str) -> Scenario:
    """One by its sid; raises `RefusedError`."""
    if sid not in account.state.scenarios:
        raise RefusedError(Why.NOT_FOUND, "app", "there is no such app")
    return account.state.scenarios[sid]


def search(account: Account, *, name: str | None = None, kind: str | None = None) -> list[Scenario]:
    """Parts of names fit."""
    account.act("search apps", name=name)
    return [
        scenario
        for scenario in account.state.scenarios.values()
        if (name is None or name in scenario.name) and (kind is None or scenario.kind == kind)
    ]


def numbers_of(account: Account, sid: str) -> list[Number]:
    """The numbers that lead to it."""
    return [number for number in account.state.numbers.values() if number.scenario == sid]


def assign(account: Account, sid: str, number: Number) -> None:
    """Lead a number to it; raises `RefusedError`."""
    account.act("assign a number", app=sid, number=number.e164)
    find(account, sid)
    numbers.assign(account, number, sid)


def remove(account: Account, number: Number, sid: str | None = None) -> None:
    """Free a number, if `sid` is given from that app only; raises `RefusedError`."""
    account.act("free a number", number=number.e164)
    if sid is not None and number.scenario != sid:
        raise RefusedError(Why.NOT_FOUND, "number", f"{number.e164} is not assigned to it")
    numbers.assign(account, number, None)


def start(account: Account, sid: str, passed: Any) -> None:
    """Run it; raises `RefusedError`."""
    account.act("run an app", app=sid, passed=passed)
    find(account, sid)
    account.state.runs.append([sid, passed])


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise RefusedError(Why.VALUE, "name", f"must have 1 to {LONGEST_NAME} characters")
