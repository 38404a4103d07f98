"""Which files can matter, told from their bytes: a file that passes no gate is never parsed.

The first gate looks for the literals of the pack's surfaces and for calls of its methods by name. A second one
(`reach`) follows what comes of them to other files. Both may let too much through, never too little.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from callr_migrate.pack.gating import GateFacts, gate_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callr_migrate.pack.model import RulePack


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
        self._texts, self._pattern = self._searches()

    def _searches(self) -> tuple[list[tuple[bytes, bytes]], re.Pattern[bytes] | None]:
        """The texts of which one is in each file that passes, and a pattern that stands for several of them.

        Before each text stands what is found or missed much faster: a capital in it, which many files do not have.

        Each search costs as much as reading the file. Where a literal has the name of a method in it, one does for both.
        """
        literals = [
            one for one in self.literals if not any(two in one for two in self.literals if two != one)
        ]
        texts: list[bytes] = []
        patterns: list[bytes] = []
        for name, call in zip(_encoded(self.facts.calls), self._calls, strict=True):
            alike = [literal for literal in literals if name in literal[:-1]]
            literals = [literal for literal in literals if literal not in alike]
            following = {literal[literal.index(name) + len(name) :][:1] for literal in alike}
            if following:
                patterns.append(re.escape(name) + b"[" + b"".join(map(re.escape, following)) + b"(]")
            else:
                texts.append(call)
        found = [(_capital(text), text) for text in (*literals, *texts)]
        return found, re.compile(b"|".join(patterns)) if patterns else None

    def passes(self, raw: bytes) -> bool:
        """Whether a file of these bytes may hold legacy code."""
        if not self.literals:
            return True
        if self._has_text(raw) or (self._pattern and self._pattern.search(raw)):
            return gate(raw, self.literals) or self._calls_a_method(raw)
        return False

    def _has_text(self, raw: bytes) -> bool:
        # Spelled out: this is the hot path of a run over clean files.
        for rare, text in self._texts:  # noqa: SIM110
            if rare in raw and text in raw:
                return True
        return False

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


def _capital(text: bytes) -> bytes:
    """The first capital letter of a text; nothing where it has none."""
    return next((text[at : at + 1] for at in range(len(text)) if text[at : at + 1].isupper()), b"")


def _encoded(texts: Iterable[str]) -> list[bytes]:
    return [text.encode("utf-8", "surrogatepass") for text in texts]
