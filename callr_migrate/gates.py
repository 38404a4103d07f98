"""Which files can matter, told from their bytes: a file that passes no gate is never parsed.

The first gate looks for the literals of the pack's surfaces and for calls of its methods by name. A second one
(`reach`) follows what comes of them to other files. Both may let too much through, never too little.
"""

from __future__ import annotations

import re
from functools import cached_property, partial
from typing import TYPE_CHECKING

from callr_migrate.pack.gating import GateFacts, gate_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from callr_migrate.pack.model import RulePack

# What code has once in 700 bytes or less, the rarest first: told from 5,400 files of nine packages.
_RARE = b"?$~&^;!J|YZW<KV%@UQHGXBL\\O{}M79j8P/RzCD"
# Where a letter stands more often than once in 512 bytes (2 to this), the text is found sooner than the letters are.
_DENSE = 9


def gate(raw: bytes, literals: Sequence[bytes]) -> bool:
    """Whether a file of these bytes may hold what is looked for; without literals every file may."""
    return not literals or any(literal in raw for literal in literals)


class Gates:
    """The gates of a rule pack."""

    def __init__(self, pack: RulePack | GateFacts) -> None:
        self.facts = facts = pack if isinstance(pack, GateFacts) else gate_facts(pack)
        self.literals = _encoded(facts.literals)
        # What a file holds that uses a client library, or has the address of the service.
        self._clients = _encoded(facts.clients)
        self._addresses = _encoded(facts.addresses)
        self._calls = [f".{name}(".encode() for name in facts.calls]
        self._around = _encoded(facts.around)
        self._methods = frozenset(_encoded(facts.methods))

    @cached_property
    def _searches(self) -> list[tuple[Callable[[bytes], object], list[bytes]]]:
        """What finds something in each file that passes, and the literals among what it finds, all others being calls.

        Each search costs as much as reading the file, so texts that have some letters in common share one.
        """
        literals = [
            one for one in self.literals if not any(two in one for two in self.literals if two != one)
        ]
        searches: list[tuple[Callable[[bytes], object], list[bytes]]] = []
        alike: list[tuple[bytes, list[bytes]]] = []  # what texts have in common, and they
        for text in (*literals, *self._calls):
            letter = min(set(text) & set(_RARE), key=_RARE.index, default=None)
            if letter is not None:
                search = partial(_stands, text, bytes([letter]), text.index(letter))
                searches.append((search, [text] if text in literals else []))
                continue
            nearest = max(alike, key=lambda group: len(_common(group[0], text)), default=(b"", []))
            common = _common(nearest[0], text)
            if len(common) > 1:
                alike.remove(nearest)
                alike.append((common, [*nearest[1], text]))
            else:
                alike.append((text, [text]))
        return searches + [
            (_pattern(common, group), [text for text in group if text in literals]) for common, group in alike
        ]

    def passes(self, raw: bytes) -> bool:
        """Whether a file of these bytes may hold legacy code."""
        if not self.literals:
            return True
        is_called = False
        for search, literals in self._searches:
            if search(raw):
                if any(literal in raw for literal in literals):
                    return True
                is_called = True
        return is_called and self._calls_a_method(raw)

    def passes_plainly(self, raw: bytes) -> bool:
        """The same: sooner for some files, since nothing is prepared for it."""
        return gate(raw, self.literals) or self._calls_a_method(raw)

    def passes_around(self, raw: bytes) -> bool:
        """Whether a file that is no code may name a legacy library or address, in whatever case."""
        lowered = raw.lower()
        if b"\0" in lowered[:4]:
            lowered = lowered.replace(b"\0", b"")
        return any(literal in lowered for literal in self._around)

    # Most files have no use for these.

    @cached_property
    def _names(self) -> bytes:
        return "|".join(map(re.escape, self.facts.calls)).encode()

    @cached_property
    def _call(self) -> re.Pattern[bytes]:
        return re.compile(rb"\.(?:" + self._names + rb")\([^'\"()]{0,200}['\"]([^'\"\r\n]+)")

    @cached_property
    def _forwarding(self) -> re.Pattern[bytes]:
        """A call whose method name comes from elsewhere, as where a client is a parameter."""
        return re.compile(rb"\.(?:" + self._names + rb")\(\s*[\w*\x80-\xff]")

    def _calls_a_method(self, raw: bytes) -> bool:
        return any(call in raw for call in self._calls) and any(
            match[1] in self._methods for match in self._call.finditer(raw)
        )

    def forwards(self, raw: bytes) -> bool:
        """Whether a file of these bytes may hand a method name on to a client that it is given."""
        return self._forwarding.search(raw) is not None

    def first_line(self, raw: bytes) -> int:
        """The line (from 1) of the first thing that passes."""
        places = [raw.find(literal) for literal in self.literals]
        places += [match.start() for match in self._call.finditer(raw) if match[1] in self._methods]
        return raw.count(b"\n", 0, min((place for place in places if place >= 0), default=0)) + 1

    def sources(self, passed: dict[str, bytes]) -> list[str]:
        """Those of the files that passed that may make what others import.

        Posts of one's own need the service's address, which may stand in any file of the project: without one,
        nobody posts there.
        """
        clients = [path for path, raw in passed.items() if gate(raw, self._clients)]
        if clients or any(gate(raw, self._addresses) for raw in passed.values() if self._addresses):
            return [path for path, raw in passed.items() if gate(raw, self.literals)]
        return []


def _stands(text: bytes, letter: bytes, before: int, raw: bytes) -> bool:
    """Whether a text stands in a file, found by a rare letter that has so many bytes of the text `before` it.

    A single byte is found ten times as fast as a text is, but each that is found takes its time, too.
    """
    find = raw.find
    at = find(letter)
    for _ in range(len(raw) >> _DENSE):
        if at < 0:
            return False
        if raw.startswith(text, at - before):
            return True
        at = find(letter, at + 1)
    return text in raw


def _common(one: bytes, two: bytes) -> bytes:
    """The longest bytes that stand in both; the first of them in `one`."""
    start = size = 0
    for at in range(len(one)):
        while at + size < len(one) and one[at : at + size + 1] in two:
            start, size = at, size + 1
    return one[start : start + size]


def _pattern(common: bytes, texts: Sequence[bytes]) -> Callable[[bytes], object]:
    """Searches for some texts by what they have in common."""
    found: list[bytes] = []
    for text in texts:
        before, _, after = text.partition(common) if common else (b"", b"", text)
        behind = b"(?<=" + re.escape(before + common) + b")" if before else b""
        found.append(behind + re.escape(after))
    return re.compile(re.escape(common) + b"(?:" + b"|".join(found) + b")").search


def _encoded(texts: Iterable[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in texts]
