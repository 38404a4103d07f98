"""The outcome of a run -> the report's data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate import __version__
from callr_migrate.check.codes import CODES
from callr_migrate.findings import Applicability
from callr_migrate.output.excerpt import secrets_by_file
from callr_migrate.output.located import Located, left
from callr_migrate.output.text import one_line, shown_path
from callr_migrate.report.code import Code
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
    Trend,
    Unseen,
)
from callr_migrate.report.ordering import imports_of, steps
from callr_migrate.report.owners import ProjectOwners
from callr_migrate.suffixes import SUFFIXES

if TYPE_CHECKING:
    from callr_migrate.config import Settings
    from callr_migrate.pack import RulePack
    from callr_migrate.pipeline import Outcome

# The same facts are told at many places.
_fact_text = lru_cache(maxsize=50_000)(one_line)

NO_OWNER = "(no owner)"
NO_METHOD = "(not known)"
_CALL_FAMILY = "CLR1"
_NO_COUNTERPART = "CLR103"
_RETIRED_APP = "CLR501"
# Findings about the comments that suppress others: no legacy use.
_ABOUT_COMMENTS = "CLR0"
_STATES = {
    Applicability.SAFE: State.AUTOMATIC,
    Applicability.UNSAFE: State.UNSAFE,
    Applicability.MANUAL: State.MANUAL,
}


def collect(
    outcome: Outcome, settings: Settings, owners: ProjectOwners, today: date, trend: Trend | None = None
) -> Migration:
    """All that the report says of a run that wrote nothing."""
    found = [each for each in left(outcome) if not each.finding.code.startswith(_ABOUT_COMMENTS)]
    secrets = secrets_by_file(each.finding for each in found)
    apps = _apps(found, outcome.pack)
    code = Code([each.finding for each in found], secrets)
    places = tuple(_place(each, code, owners, app) for each, app in zip(found, apps, strict=True))
    rates = Rates(settings.effort)
    by_file = _rows(places, lambda place: (place.path,), rates.of)
    report, pack = outcome.report, outcome.pack
    return Migration(
        project=one_line(settings.root.name) or "project",
        version=__version__,
        today=today,
        shutdown=date.fromisoformat(pack.service.shutdown.value),
        guide=pack.service.guide,
        files=report.files,
        suppressed=report.suppressed,
        baselined=report.baselined,
        places=places,
        by_method=_rows(
            [place for place in places if place.is_call],
            lambda place: (place.method or NO_METHOD,),
            rates.of_calls,
        ),
        by_file=by_file,
        by_owner=_rows(places, lambda place: place.owners or (NO_OWNER,), rates.of),
        owners_file=", ".join(one_line(shown_path(path)) for path in owners.paths) or None,
        apps=_retired(places, pack),
        steps=steps(places, _imports(outcome, settings), {row.name: row.minutes for row in by_file}),
        effort=rates.effort(places),
        trend=trend,
        unseen=tuple(
            Unseen(one_line(shown_path(each.path)), each.line, one_line(each.reason))
            for each in sorted(
                report.unseen, key=lambda each: (shown_path(each.path), each.line, each.reason)
            )
        ),
        errors=tuple(
            Error(None if each.path is None else one_line(shown_path(each.path)), one_line(each.message))
            for each in report.errors
        ),
        notes=tuple(map(one_line, report.notes)),
    )


def _place(located: Located, code: Code, owners: ProjectOwners, app: str | None) -> Place:
    finding, source = located.finding, located.source
    before, after = code.of(finding, source) if source is not None else ("", None)
    is_call = finding.code.startswith(_CALL_FAMILY)
    state = _STATES[finding.applicability]
    if finding.code == _RETIRED_APP or (is_call and (finding.code == _NO_COUNTERPART or app is not None)):
        state = State.BLOCKED
    return Place(
        path=one_line(shown_path(finding.path)),
        line=located.start.line,
        column=located.start.column,
        cell=located.cell,
        code=finding.code,
        kind=CODES[finding.code].name,
        is_call=is_call,
        method=finding.method and one_line(finding.method),
        state=state,
        owners=owners.of(finding.path),
        message=one_line(finding.message),
        before=before,
        after=after,
        reason=finding.reason and one_line(finding.reason),
        help=finding.help and one_line(finding.help),
        url=finding.url,
        facts=tuple(Fact(_fact_text(fact.text), fact.evidence.value, fact.source) for fact in finding.facts),
        app=app,
        group=finding.fix.group if finding.fix is not None else None,
        fingerprint=located.fingerprint,
    )


def _apps(found: Sequence[Located], pack: RulePack) -> list[str | None]:
    """The retired app that each finding is about: named in its facts or its reason, or by a finding inside of it."""
    names = [name for name, app in pack.apps.items() if app.retired]
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, names))})\b") if names else None

    def named(each: Located) -> str | None:
        finding = each.finding
        if pattern is None or not finding.code.startswith((_CALL_FAMILY, _RETIRED_APP)):
            return None
        rule = pack.methods.get(finding.method or "")
        if rule is not None and rule.makes in names:
            return rule.makes
        texts = [fact.text for fact in finding.facts]
        if not finding.code.startswith(_CALL_FAMILY) or finding.code == _NO_COUNTERPART:
            texts += [finding.reason or "", finding.message]
        return next((match[0] for text in texts for match in pattern.finditer(text)), None)

    apps = [named(each) for each in found]
    inside = [(each.finding, app) for each, app in zip(found, apps, strict=True) if app is not None]
    by_path: dict[Path, list[tuple[int, int, str]]] = {}
    for finding, app in inside:
        by_path.setdefault(finding.path, []).append((finding.start, finding.end, app))
    return [
        app
        if app is not None or not each.finding.code.startswith(_CALL_FAMILY)
        else next(
            (
                name
                for start, end, name in by_path.get(each.finding.path, ())
                if each.finding.start <= start and end <= each.finding.end
            ),
            None,
        )
        for each, app in zip(found, apps, strict=True)
    ]


def _rows(
    places: Sequence[Place],
    keys: Callable[[Place], Iterable[str]],
    minutes: Callable[[Sequence[Place]], int],
) -> tuple[Row, ...]:
    """One for each key, the one with the most calls first."""
    of_key: dict[str, list[Place]] = {}
    for place in places:
        for key in keys(place):
            of_key.setdefault(key, []).append(place)
    rows = [
        Row(key, Counts.of(some), sum(not place.is_call for place in some), minutes(some))
        for key, some in of_key.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.counts.calls, -row.others, row.name)))


def _retired(places: Sequence[Place], pack: RulePack) -> tuple[RetiredApp, ...]:
    found: dict[str, int] = {}
    for place in places:
        if place.app is not None:
            found[place.app] = found.get(place.app, 0) + place.is_call
    return tuple(
        RetiredApp(name, calls, pack.apps[name].instead)
        for name, calls in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    )


def _imports(outcome: Outcome, settings: Settings) -> Mapping[str, Iterable[str]]:
    code = {path: source for path, source in outcome.sources.items() if path.name.endswith(SUFFIXES)}
    return imports_of(code, settings.root, {path: one_line(shown_path(path)) for path in code})
