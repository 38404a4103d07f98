"""How the report says numbers to people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from callr_migrate.output.text import plural

if TYPE_CHECKING:
    from datetime import date

    from callr_migrate.report.model import Migration, Step

HOURS_OF_A_DAY = 8
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def number(value: int) -> str:
    """`12,345`."""
    return f"{value:,}"


def counted(count: int, noun: str) -> str:
    """`1 file`, `12,345 files`."""
    return re.sub(r"^\d+", number(count), plural(count, noun))


def long_date(day: date) -> str:
    """`30 June 2027`, whatever the locale."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def time_left(migration: Migration) -> str:
    """How long the legacy API still works."""
    days = migration.days_left
    end = long_date(migration.shutdown)
    if days > 0:
        return f"{counted(days, 'day')} left until {end}"
    return f"the last day is today, {end}" if days == 0 else f"{counted(-days, 'day')} past {end}"


def duration(minutes: int) -> str:
    """`15 min`, `6.5 h`, `12 days`; a day has eight hours."""
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes / 60
    if hours < 3 * HOURS_OF_A_DAY:
        return f"{hours:.1f}".removesuffix(".0") + " h"
    return f"{number(round(hours / HOURS_OF_A_DAY))} days"


def share(part: int, whole: int) -> str:
    """`12 %`; what is there is never nothing, and what is not all is never all."""
    if not whole or not part:
        return "0 %"
    if part == whole:
        return "100 %"
    return f"{min(99, max(1, round(100 * part / whole)))} %"


def why_together(step: Step) -> str | None:
    """Why the files of a step are migrated in one change; None for a single file."""
    return {
        "fix": "one change: their edits are applied together",
        "cycle": "one change: they import each other",
        None: None,
    }[step.together]


def basis(migration: Migration) -> str:
    """What the estimate is made of, in a sentence."""
    return (
        f"Counts times minutes, a day having {HOURS_OF_A_DAY} hours. The minutes are assumptions, not measurements: "
        "replace them under `effort` in the settings once you have timed a few."
    )


def pace(migration: Migration) -> str:
    """How the number of calls went over the history, and how it must go to end in time; empty without a history."""
    if migration.trend is None or not migration.trend.points:
        return ""
    first, last = migration.trend.points[0], migration.trend.points[-1]
    fewer = first.calls - last.calls
    change = f"{number(fewer)} fewer" if fewer > 0 else f"{number(-fewer)} more" if fewer < 0 else "no change"
    text = (
        f"From {counted(first.calls, 'legacy call')} on {long_date(first.day)} to {number(last.calls)} "
        f"on {long_date(last.day)}: {change}."
    )
    weeks = migration.days_left / 7
    if last.calls and weeks > 0:
        rate = last.calls / weeks
        text += f" To be done in time, {rate:.1f} must go each week from now on."
    if last.calls != migration.counts.calls:
        text += f" Each file is judged on its own here; together they have {number(migration.counts.calls)}."
    return text
