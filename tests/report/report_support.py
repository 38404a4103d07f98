"""Reports that were never made from a project."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from callr_migrate.report.effort import Rates
from callr_migrate.report.model import Counts, Fact, Migration, Place, Row, State

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
