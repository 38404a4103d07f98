"""The calls of a trace and the findings of the analysis, joined by their places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from pathlib import Path

from callr_migrate.files import real_path
from callr_migrate.findings import Finding, Unseen
from callr_migrate.pipeline import Outcome
from callr_migrate.records import dataclass
from callr_migrate.trace.record import Call, Frame


@dataclass(frozen=True)
class Place:
    """One finding of a call, with the lines it covers and what was seen there."""

    finding: Finding
    path: str
    first: int
    last: int
    methods: tuple[str, ...] = ()


@dataclass
class Joined:
    """What came of it; `beyond` are calls that no finding covers."""

    confirmed: list[Place] = field(default_factory=list)
    beyond: list[Call] = field(default_factory=list)
    unreached: list[Place] = field(default_factory=list)


def join(outcome: Outcome, root: Path, calls: Sequence[Call], family: str) -> Joined:
    """Hold calls against the findings whose codes begin with `family`."""
    places = [_place(outcome, root, one) for one in outcome.report.findings if one.code.startswith(family)]
    seen: dict[int, list[str]] = {}
    joined = Joined()
    for call in calls:
        index = _covering(places, call)
        if index is None:
            joined.beyond.append(call)
        elif call.method is not None:
            seen.setdefault(index, []).append(call.method)
        else:
            seen.setdefault(index, [])
    for index, place in enumerate(places):
        if index in seen:
            joined.confirmed.append(replace(place, methods=tuple(sorted(set(seen[index])))))
        else:
            joined.unreached.append(place)
    return joined


def _place(outcome: Outcome, root: Path, finding: Finding) -> Place:
    source = outcome.sources[finding.path]
    path = real_path(finding.path)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
    return Place(finding, shown, source.position(finding.start).line, source.position(finding.end).line)


def _covering(places: Sequence[Place], call: Call) -> int | None:
    """The finding of a call: that of its nearest frame which has one, of its own method before any other."""
    for frame in call.stack:
        here = [index for index, place in enumerate(places) if _holds(place, frame)]
        own = [index for index in here if places[index].finding.method == call.method]
        open_ = [index for index in here if places[index].finding.method is None]
        found = own or open_
        if found:
            # Of several the smallest: an argument may be a call itself.
            return min(found, key=lambda index: places[index].finding.end - places[index].finding.start)
    return None


def _holds(place: Place, frame: Frame) -> bool:
    return place.path == frame.path and place.first <= frame.line <= place.last


def told(joined: Joined) -> list[str]:
    """For people, a line each."""
    counts = f"{len(joined.confirmed)} confirmed, {len(joined.beyond)} found only at run time"
    lines = [f"{counts}, {len(joined.unreached)} never reached"]
    for place in joined.confirmed:
        finding = place.finding
        known = finding.method or ", ".join(place.methods) or "an unknown method"
        dynamic = " (its name is known from the run)" if finding.method is None and place.methods else ""
        lines.append(f"  confirmed: {place.path}:{place.first}: {known}{dynamic}")
    lines += [
        f"  only at run time: {where(call)}: {call.method or 'an unknown method'}" for call in joined.beyond
    ]
    lines += [
        f"  never reached: {place.path}:{place.first}: {place.finding.method or 'an unknown method'}"
        for place in joined.unreached
    ]
    return lines


def where(call: Call) -> str:
    """The nearest place of a call in the project."""
    if not call.stack:
        return "outside of the project"
    return f"{call.stack[0].path}:{call.stack[0].line}"


def used(outcome: Outcome, root: Path, joined: Joined) -> None:
    """Let the report tell what the trace knows: names of methods, and calls that no finding covers are unseen."""
    names = {id(place.finding): place.methods for place in joined.confirmed if place.finding.method is None}
    report = outcome.report
    report.findings[:] = [_named(finding, names.get(id(finding), ())) for finding in report.findings]
    known = {(unseen.path, unseen.line) for unseen in report.unseen}
    for call in joined.beyond:
        if call.stack:
            path = _shown(outcome, root, call.stack[0].path)
            line = call.stack[0].line
            if (path, line) not in known:
                method = call.method or "a method"
                report.unseen.append(
                    Unseen(
                        path, line, f"{method} was called here while the trace was made, and is no finding"
                    )
                )
    report.unseen.sort(key=lambda unseen: (str(unseen.path), unseen.line))


def _named(finding: Finding, methods: Iterable[str]) -> Finding:
    names = ", ".join(methods)
    if not names:
        return finding
    return replace(finding, message=f"{finding.message}; the trace saw {names}")


def _shown(outcome: Outcome, root: Path, path: str) -> Path:
    """The path as the report names it."""
    full = real_path(root / path)
    return next((shown for shown in outcome.sources if real_path(shown) == full), full)
