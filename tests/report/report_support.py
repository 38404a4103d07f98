"""Reports that were never made from a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from callr_migrate.report.effort import Rates
from callr_migrate.report.model import (
    Counts,
    Error,
    Fact,
    Migration,
    Place,
    RetiredApp,
    Row,
    State,
    Step,
    Trend,
    TrendPoint,
    Unseen,
)

PLACE = Place(
    path="a.py",
    line=3,
    column=1,
    cell=None,
    code="CLR101",
    kind="mapped-call",
    is_call=True,
    method="sms.get",
    state=State.UNSAFE,
    owners=(),
    message="sms.get is GET /sms/{sid} in REST v2",
    before='api.call("sms.get", sid)',
    after='api.get(f"/sms/{sid}")',
    reason=None,
    help=None,
    url=None,
    facts=(Fact("GET /sms/{sid}", "inferred", "https://docs.callr.com/x"),),
    app=None,
    group="group-1",
    fingerprint="0" * 32,
)


def place(**values: Any) -> Place:
    return replace(PLACE, **values)


def migration(*places: Place, **values: Any) -> Migration:
    """With one row of each kind for all of the places."""
    row = Row("all", Counts.of(places), sum(not each.is_call for each in places), 90)
    whole = Migration(
        project="demo",
        version="1.2.3",
        today=date(2027, 3, 2),
        shutdown=date(2027, 6, 30),
        guide="https://docs.callr.com/guide",
        files=9,
        suppressed=0,
        baselined=0,
        places=places,
        by_method=(row,),
        by_file=(row,),
        by_owner=(row,),
        owners_file=None,
        apps=(),
        steps=(),
        effort=Rates({}).effort(places),
    )
    return replace(whole, **values)


def rich(count: int) -> Migration:
    """With something in each part (80 files at most), and `count` places: in turn of all states, methods, owners and codes."""
    states = list(State)
    methods = ("sms.send", "sms.get", "apps.create", None)
    owners = (("@team/a",), ("@team/a", "@team/b"), ())
    codes = (("CLR101", "mapped-call"), ("CLR103", "no-counterpart"), ("CLR301", "legacy-constant"))
    places = []
    for at in range(count):
        code, kind = codes[at % 3]
        state = states[at % 4]
        fixed = state in (State.AUTOMATIC, State.UNSAFE)
        places.append(
            place(
                path=f"src/part{at // 20}/module{at}.py",
                line=at + 1,
                code=code,
                kind=kind,
                is_call=code != "CLR301",
                state=state,
                method=methods[at // 2 % 4],
                owners=owners[at // 3 % 3],
                before=f'answer = api.call(\n    "sms.get",  # number {at}\n    "{"wide " * 30}",\n)',
                after=f'answer = api.get(f"/sms/{{sid{at}}}").json()["sid"]' if fixed else None,
                reason=f"reason{at} is that `x` is not known",
                help="Look at it, then do it.",
                url="https://docs.callr.com/y",
                app="REALTIME10" if state is State.BLOCKED else None,
                group="group-1" if fixed else None,
            )
        )

    def row(name: str, wanted: Callable[[Place], bool]) -> Row:
        some = [each for each in places if wanted(each)]
        return Row(name, Counts.of(some), sum(not each.is_call for each in some), 10 * len(some))

    files = sorted({each.path for each in places})[:80]
    return migration(
        *places,
        by_method=tuple(row(str(name), lambda each: each.method == name) for name in methods if name),  # noqa: B023
        by_file=tuple(row(name, lambda each: each.path == name) for name in files),  # noqa: B023
        by_owner=tuple(row(name, lambda each: name in each.owners) for name in ("@team/a", "@team/b")),  # noqa: B023
        owners_file=".github/CODEOWNERS",
        apps=(RetiredApp("REALTIME10", 7, "Write a scenario."),),
        steps=tuple(
            Step(at, 1 + (at > 2), (name, f"{name}i"), Counts(manual=2), 70, (1,) if at > 2 else (), "cycle")
            for at, name in enumerate(files[:4], 1)
        ),
        trend=Trend(
            tuple(
                TrendPoint(f"{at:040x}", date(2026, 12, 1) + timedelta(days=9 * at), 90 - 7 * at)
                for at in range(10)
            ),
            ("The clone is shallow: earlier commits are not in it.",),
        ),
        suppressed=3,
        baselined=1,
        unseen=(Unseen("a.py", 3, "`x` is not known"),),
        errors=(Error("b.py", "cannot be read"), Error(None, "no idea")),
        notes=("a note",),
    )
