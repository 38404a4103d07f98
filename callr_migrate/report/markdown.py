"""`report --output-format markdown`: for wikis, issues and terminals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from callr_migrate.output.markdown import code_cell, escaped
from callr_migrate.report.model import Counts, Migration, Place, Row, State, Step
from callr_migrate.report.words import (
    basis,
    counted,
    duration,
    long_date,
    number,
    share,
    time_left,
    why_together,
)

_STATES = [state.value for state in State]


def render(migration: Migration) -> str:
    """Return the report, with a final newline."""
    parts = (
        _head(migration),
        _trend(migration),
        _table("By method", "Method", migration.by_method, code=True),
        _owners(migration),
        _table("By file", "File", migration.by_file, code=True),
        _apps(migration),
        _order(migration),
        _effort(migration),
        _places(migration),
        _loose_ends(migration),
    )
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def _head(migration: Migration) -> Iterator[str]:
    counts = migration.counts
    yield f"# {escaped(migration.project)}: migration to REST v2"
    yield ""
    yield f"**{counted(counts.calls, 'legacy call')}** in {counted(len(migration.by_file), 'file')}, **{time_left(migration)}**."
    yield f"Estimated effort: **{duration(migration.effort.minutes)}** (an assumption; its basis is below)."
    yield ""
    yield "| State | Calls | Share | Meaning |"
    yield "| --- | ---: | ---: | --- |"
    for state in State:
        calls = counts.of_state(state)
        yield f"| {state.value} | {number(calls)} | {share(calls, counts.calls)} | {escaped(state.meaning)} |"
    yield ""
    hidden = [
        f"{counted(count, 'finding')} {why}"
        for count, why in (
            (migration.suppressed, "suppressed by comments"),
            (migration.baselined, "known to the baseline"),
        )
        if count
    ]
    others = f"{counted(migration.others, 'other place')} (clients, uses of answers, handlers, settings)"
    yield f"Looked at {counted(migration.files, 'file')} on {long_date(migration.today)}: {', '.join([others, *hidden])}."
    yield ""


def _trend(migration: Migration) -> Iterator[str]:
    if migration.trend is None:
        return
    yield from ("## Trend", "")
    yield "Legacy calls commit by commit, each file judged on its own."
    yield ""
    yield from ("| Commit | Date | Calls | |", "| --- | --- | ---: | --- |")
    most = max((point.calls for point in migration.trend.points), default=0)
    for point in migration.trend.points:
        name = f"`{point.commit[:10]}`" if point.commit else "now"
        bar = "█" * round(20 * point.calls / most) if most else ""
        yield f"| {name} | {point.day.isoformat()} | {number(point.calls)} | {bar} |"
    yield ""
    yield from (f"{escaped(note)}\n" for note in migration.trend.notes)


def _numbers(counts: Counts) -> list[str]:
    return [number(counts.calls), *(number(counts.of_state(state)) for state in State)]


def _table(title: str, first: str, rows: Sequence[Row], *, code: bool) -> Iterator[str]:
    if not rows:
        return
    yield from (f"## {title}", "")
    yield f"| {first} | Calls | {' | '.join(_STATES)} | Other places | Effort |"
    yield f"| --- |{' ---: |' * (len(_STATES) + 3)}"
    for row in rows:
        name = code_cell(row.name) if code else escaped(row.name)
        yield f"| {' | '.join([name, *_numbers(row.counts), number(row.others), duration(row.minutes)])} |"
    yield ""


def _owners(migration: Migration) -> Iterator[str]:
    if migration.owners_file is None:
        yield from ("## By owner", "", "There is no CODEOWNERS file, so nobody is named.", "")
        return
    yield from _table("By owner", "Owner", migration.by_owner, code=True)
    yield f"By {code_cell(migration.owners_file)}; a file of several owners counts for each of them."
    yield ""


def _apps(migration: Migration) -> Iterator[str]:
    if not migration.apps:
        return
    yield from ("## Blocked by retired apps", "", "| App | Calls | Instead |", "| --- | ---: | --- |")
    for app in migration.apps:
        yield f"| {code_cell(app.name)} | {number(app.calls)} | {escaped(app.instead or '')} |"
    yield ""


def _order(migration: Migration) -> Iterator[str]:
    if not migration.steps:
        return
    yield from ("## Order", "")
    yield "What others import comes first. The steps of a wave do not need each other, so several people can share it."
    for wave, steps in groupby(migration.steps, key=lambda step: step.wave):
        yield from ("", f"### Wave {wave}", "")
        yield f"| Step | Files | Calls | {' | '.join(_STATES)} | Effort | After | |"
        yield f"| ---: | --- |{' ---: |' * (len(_STATES) + 2)} --- | --- |"
        for step in steps:
            yield f"| {' | '.join(_step(step))} |"
    yield ""


def _step(step: Step) -> Iterable[str]:
    yield str(step.number)
    yield "<br>".join(map(code_cell, step.files))
    yield from _numbers(step.counts)
    yield duration(step.minutes)
    yield ", ".join(map(str, step.after))
    yield why_together(step) or ""


def _effort(migration: Migration) -> Iterator[str]:
    yield from ("## Effort", "", escaped(basis(migration)), "")
    yield from ("| For each | Count | Minutes | Total |", "| --- | ---: | ---: | ---: |")
    for item in migration.effort.items:
        yield f"| {escaped(item.what)} | {number(item.count)} | {item.minutes} | {duration(item.total)} |"
    yield f"| **all** | | | **{duration(migration.effort.minutes)}** |"
    yield ""


def _places(migration: Migration) -> Iterator[str]:
    calls = [place for place in migration.places if place.is_call]
    if not calls:
        return
    yield from ("## Calls", "")
    for path, places in groupby(calls, key=lambda place: place.path):
        yield f"### {escaped(path)}"
        for place in places:
            yield from _place(place)
        yield ""


def _place(place: Place) -> Iterator[str]:
    cell = f" (cell {place.cell[0]}, line {place.cell[1]})" if place.cell else ""
    yield ""
    yield f"**Line {place.line}**{cell}: {place.code}, {place.state.value}. {escaped(place.message)}."
    yield from _fenced(place.before)
    if place.after is not None:
        yield from ("", "becomes")
        yield from _fenced(place.after)
    for label, text in (("Why", place.reason), ("Help", place.help)):
        if text:
            yield from ("", f"{label}: {escaped(text)}")


def _fenced(code: str) -> Iterator[str]:
    fence = "```"
    while fence in code:
        fence += "`"
    yield from ("", f"{fence}python", code, fence)


def _loose_ends(migration: Migration) -> Iterator[str]:
    if migration.unseen:
        yield from ("## Could not be seen", "")
        for place in migration.unseen:
            yield f"- {escaped(f'{place.path}:{place.line}')} {escaped(place.reason)}"
        yield ""
    if migration.errors:
        yield from ("## Errors", "")
        for error in migration.errors:
            where = f"{error.path}: " if error.path is not None else ""
            yield f"- {escaped(where + error.message)}"
        yield ""
    if migration.notes:
        yield from ("## Notes", "")
        yield from (f"- {escaped(note)}" for note in migration.notes)
