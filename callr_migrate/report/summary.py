"""What the command ends with: the report in a dozen lines."""

from __future__ import annotations

from callr_migrate.report.model import Migration, Row, State
from callr_migrate.report.words import counted, duration, number, share, time_left

_MOST = 3


def summary(migration: Migration) -> list[str]:
    """The lines; never more than fit a screen, whatever was found."""
    counts = migration.counts
    files = counted(len(migration.by_file), "file")
    lines = [f"{counted(counts.calls, 'legacy call')} in {files}, {time_left(migration)}."]
    if counts.calls:
        width = max(len(number(counts.of_state(state))) for state in State)
        lines += [
            f"  {state.value:<9} {number(counts.of_state(state)):>{width}}  {share(counts.of_state(state), counts.calls):>5}"
            for state in State
        ]
        lines.append(f"Most used: {_most(migration.by_method)}.")
    if migration.owners_file is not None and migration.by_owner:
        lines.append(f"Most owned: {_most(migration.by_owner)}.")
    if migration.steps:
        first = migration.steps[0]
        more = f" and {counted(len(first.files) - 1, 'file')} more" if len(first.files) > 1 else ""
        waves = counted(migration.steps[-1].wave, "wave")
        lines.append(
            f"{counted(len(migration.steps), 'step')} in {waves}; start with {first.files[0]}{more}."
        )
        lines.append(f"Estimated effort: {duration(migration.effort.minutes)}, by assumed minutes a call.")
    if migration.unseen:
        lines.append(f"{counted(len(migration.unseen), 'place')} could not be judged; the report lists them.")
    return lines


def _most(rows: tuple[Row, ...]) -> str:
    named = [f"{row.name} ({number(row.counts.calls)})" for row in rows[:_MOST]]
    more = f" and {number(len(rows) - _MOST)} more" if len(rows) > _MOST else ""
    return ", ".join(named) + more
