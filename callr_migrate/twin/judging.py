"""Two runs held against each other: requests in order, account, output, files, exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import field
from difflib import SequenceMatcher
from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin import summary
from callr_migrate.twin.exchange import Exchange, told
from callr_migrate.twin.explaining import Explainer
from callr_migrate.twin.observing import Observation


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same; `why` holds what explains it."""

    what: str
    before: str
    after: str
    why: tuple[str, ...] = ()

    @property
    def explained(self) -> bool:
        """Whether the migration notes or a settled choice say so."""
        return bool(self.why)

    def lines(self) -> list[str]:
        """For people."""
        lines = [f"{self.what}:", f"    before: {self.before}", f"    after:  {self.after}"]
        return [*lines, *(f"    explained: {why}" for why in self.why)]


@dataclass
class Judgement:
    """What came of it; `aside` are differences that do not count, since they say nothing of the account."""

    differences: list[Difference] = field(default_factory=list)
    aside: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Nothing is left unexplained."""
        return all(difference.explained for difference in self.differences)


def judge(before: Observation, after: Observation, explainer: Explainer) -> Judgement:
    """All differences."""
    judgement = Judgement()
    found = list(_requests(before.exchanges, after.exchanges, explainer))
    judgement.differences += found
    in_step = len(before.exchanges) == len(after.exchanges)
    for where, old, new in summary.differences(before.account, after.account):
        # Where there was a request more or less, the clock is another one, too.
        if not in_step and isinstance(old, int) and isinstance(new, int) and old > 10**12 and new > 10**12:
            continue
        why = explainer.value(where, old, new)
        judgement.differences.append(
            Difference(f"account: {where}", _value(old), _value(new), (why,) if why else ())
        )
    judgement.differences += _texts("output", before.stdout, after.stdout, explainer)
    judgement.differences += _files(before, after, explainer)
    if before.code != after.code:
        judgement.differences.append(Difference("exit code", str(before.code), str(after.code)))
    judgement.aside += _texts("standard error", before.stderr, after.stderr, explainer)
    return judgement


def _value(value: Any) -> str:
    return "nothing" if value is ... else summary.shown(value)


def _key(exchange: Exchange) -> tuple[Any, ...]:
    # The order in which a program wrote the keys of a dict is nobody's business.
    acts = [(act.name, json.dumps(act.details, sort_keys=True, default=str)) for act in exchange.acts]
    # Without an act the wire form is all there is; where both are refused they are alike.
    return (tuple(acts), exchange.error is not None)


def _requests(before: list[Exchange], after: list[Exchange], explainer: Explainer) -> Iterator[Difference]:
    matcher = SequenceMatcher(
        None, [_key(one) for one in before], [_key(one) for one in after], autojunk=False
    )
    for kind, start, end, other_start, other_end in matcher.get_opcodes():
        if kind == "equal":
            continue
        olds, news = before[start:end], after[other_start:other_end]
        for index in range(max(len(olds), len(news))):
            old = olds[index] if index < len(olds) else None
            new = news[index] if index < len(news) else None
            number = (old or new).number  # type: ignore[union-attr]
            why = _settled(old, new, explainer)
            yield Difference(f"request {number}", _request(old), _request(new), why)


def _settled(old: Exchange | None, new: Exchange | None, explainer: Explainer) -> tuple[str, ...]:
    """Why two requests did not do the same, if choices explain all of it."""
    if (
        old is None
        or new is None
        or len(old.acts) != len(new.acts)
        or (old.error is None) != (new.error is None)
    ):
        return ()
    why: list[str] = []
    for one, other in zip(old.acts, new.acts, strict=True):
        if one.name != other.name:
            return ()
        for where, value, changed in summary.differences(_json(one.details), _json(other.details)):
            reason = explainer.value(where, value, changed)
            if reason is None:
                return ()
            why.append(reason)
    return tuple(dict.fromkeys(why))


def _json(details: dict[str, Any]) -> dict[str, Any]:
    return dict(details)


def _request(exchange: Exchange | None) -> str:
    if exchange is None:
        return "no request"
    did = "; ".join(told(act) for act in exchange.acts) or "nothing"
    refused = f" - refused ({exchange.status}): {exchange.error}" if exchange.error else ""
    return f"{exchange.api} {exchange.wire} - did: {did}{refused}"


def _texts(what: str, before: str, after: str, explainer: Explainer) -> list[Difference]:
    olds, news = before.splitlines(), after.splitlines()
    found = []
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, olds, news, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            continue
        for index in range(max(end - start, other_end - other_start)):
            old = olds[start + index] if start + index < end else None
            new = news[other_start + index] if other_start + index < other_end else None
            why = explainer.text(old, new) if old is not None and new is not None else None
            found.append(
                Difference(
                    f"{what}, line {(start if old is not None else other_start) + index + 1}",
                    "nothing" if old is None else old,
                    "nothing" if new is None else new,
                    tuple(why or ()),
                )
            )
    if not found and before != after:
        found.append(Difference(f"{what}, its end", repr(before[-20:]), repr(after[-20:])))
    return found


def _files(before: Observation, after: Observation, explainer: Explainer) -> Iterator[Difference]:
    """Files that either program wrote, as both of them left them."""
    for name in sorted(before.files.keys() | after.files.keys()):
        old, new = (run.files[name] if name in run.files else run.found.get(name) for run in (before, after))
        if old == new:
            continue
        if old is None or new is None:
            told_before, told_after = ("not there" if data is None else "there" for data in (old, new))
            yield Difference(f"file {name}", told_before, told_after)
            continue
        try:
            texts = old.decode("utf-8"), new.decode("utf-8")
        except UnicodeDecodeError:
            yield Difference(f"file {name}", f"{len(old)} bytes", f"{len(new)} bytes")
            continue
        yield from _texts(f"file {name}", *texts, explainer)
