"""Differences that the migration notes explain: ids in lower case, dates by RFC 3339, words of v2, settled choices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from callr_migrate.pack.model import RulePack

_REST_DATE = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?Z")
_LEGACY_DATE = re.compile(r"\b(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d+\b")
_WORD = re.compile(r"[\w-]+")


class Explainer:
    """What one pack explains; `choices` are those that the project has settled."""

    def __init__(self, pack: RulePack, ids: Iterable[str], choices: dict[str, str]) -> None:
        self.pack = pack
        self.choices = choices
        known = sorted(ids)
        self._ids = re.compile(rf"\b(?:{'|'.join(known)})\b", re.IGNORECASE) if known else None
        self._words: dict[str, str] = {}
        for table in pack.enums.values():
            for legacy, word in table.values.items():
                if word is not None:
                    self._words.setdefault(word, legacy)

    def _same_ids(self, text: str) -> str:
        return self._ids.sub(lambda found: found[0].upper(), text) if self._ids else text

    @staticmethod
    def _same_dates(text: str) -> str:
        return _LEGACY_DATE.sub(r"\1", _REST_DATE.sub(r"\1 \2", text))

    def _same_words(self, text: str) -> str:
        return _WORD.sub(lambda found: self._words.get(found[0], found[0]), text)

    def text(self, before: str, after: str) -> list[str] | None:
        """Why a text is another one, if the notes say so; None if they do not."""
        identifier = self.pack.identifiers["hash"]
        dates = self.pack.dates
        steps: list[tuple[Callable[[str], str], str]] = [
            (self._same_ids, f"an id is lower case in v2 ({identifier.source})"),
            (self._same_dates, f"dates are RFC 3339 in v2 ({dates.source if dates else ''})"),
            (self._same_words, f"v2 has its own words for constants ({self.pack.service.guide})"),
        ]
        why: list[str] = []
        for change, reason in steps:
            changed = change(before), change(after)
            if changed != (before, after):
                if changed[0] == changed[1]:
                    return [*why, reason]
                if _nearer(before, after, *changed):
                    why.append(reason)
                before, after = changed
        return why if before == after else None

    def value(self, where: str, before: Any, after: Any) -> str | None:
        """Why something in the account is another one, if a choice that the project settled says so."""
        last = where.rpartition(".")[2]
        if last == "traffic" and before is None and "sms.traffic-type" in self.choices:
            return f"you settled sms.traffic-type as {self.choices['sms.traffic-type']!r}"
        if last == "sender" and (before, after) == ("SMS", "") and "sms.sender-SMS" in self.choices:
            return f"you settled sms.sender-SMS as {self.choices['sms.sender-SMS']!r}"
        return None


def _nearer(before: str, after: str, new_before: str, new_after: str) -> bool:
    """Whether the two have become more alike."""
    return _unlike(new_before, new_after) < _unlike(before, after)


def _unlike(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=False)) + abs(len(one) - len(other))
