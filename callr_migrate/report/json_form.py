"""`report --output-format json`: the whole report for programs, schema 1; `report.schema.json` beside this describes it.

Keys are only ever added within a schema.
"""

from __future__ import annotations

import json
from typing import Any

from callr_migrate.report.model import Counts, Migration, Place, Row, State, Step, Trend

SCHEMA = 1


def render(migration: Migration) -> str:
    """Return the report as one object."""
    return json.dumps(document(migration), ensure_ascii=False, indent=2) + "\n"


def document(migration: Migration) -> dict[str, Any]:
    """The object."""
    return {
        "schema": SCHEMA,
        "tool": {"name": "callr-migrate", "version": migration.version},
        "project": migration.project,
        "date": migration.today.isoformat(),
        "shutdown": {
            "date": migration.shutdown.isoformat(),
            "days_left": migration.days_left,
            "url": migration.guide,
        },
        "summary": {
            "files": migration.files,
            **_counts(migration.counts),
            "others": migration.others,
            "suppressed": migration.suppressed,
            "baselined": migration.baselined,
            "unseen": len(migration.unseen),
            "errors": len(migration.errors),
        },
        "methods": [_row(row, "method") for row in migration.by_method],
        "files": [_row(row, "path") for row in migration.by_file],
        "owners": {
            "file": migration.owners_file,
            "owners": [_row(row, "owner") for row in migration.by_owner],
        },
        "retired_apps": [
            {"app": app.name, "calls": app.calls, "instead": app.instead} for app in migration.apps
        ],
        "steps": [_step(step) for step in migration.steps],
        "effort": {
            "minutes": migration.effort.minutes,
            "basis": [
                {
                    "name": item.name,
                    "what": item.what,
                    "count": item.count,
                    "minutes_each": item.minutes,
                    "minutes": item.total,
                }
                for item in migration.effort.items
            ],
        },
        "trend": None if migration.trend is None else _trend(migration.trend),
        "places": [_place(place) for place in migration.places],
        "unseen": [
            {"path": place.path, "line": place.line, "reason": place.reason} for place in migration.unseen
        ],
        "errors": [{"path": error.path, "message": error.message} for error in migration.errors],
        "notes": list(migration.notes),
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {"calls": counts.calls, **{state.value: counts.of_state(state) for state in State}}


def _row(row: Row, key: str) -> dict[str, Any]:
    return {key: row.name, **_counts(row.counts), "others": row.others, "minutes": row.minutes}


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "wave": step.wave,
        "files": list(step.files),
        **_counts(step.counts),
        "minutes": step.minutes,
        "after": list(step.after),
        "together": step.together,
    }


def _trend(trend: Trend) -> dict[str, Any]:
    return {
        "points": [
            {"commit": point.commit, "date": point.day.isoformat(), "calls": point.calls}
            for point in trend.points
        ],
        "notes": list(trend.notes),
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "cell": place.cell and {"number": place.cell[0], "line": place.cell[1]},
        "code": place.code,
        "kind": place.kind,
        "call": place.is_call,
        "method": place.method,
        "state": place.state.value,
        "owners": list(place.owners),
        "message": place.message,
        "before": place.before,
        "after": place.after,
        "reason": place.reason,
        "help": place.help,
        "url": place.url,
        "facts": [
            {"fact": fact.text, "evidence": fact.evidence, "source": fact.source} for fact in place.facts
        ],
        "app": place.app,
        "group": place.group,
        "fingerprint": place.fingerprint,
    }
