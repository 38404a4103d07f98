"""Credentials as far as text alone tells: by the names around them, in addresses, in comments."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from callr_migrate.lexing import Lexed, Span, value_of
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

_WORDS = frozenset(
    {
        *(
            "auth",
            "authorization",
            "cred",
            "credential",
            "credentials",
            "creds",
            "pass",
            "passcode",
            "passphrase",
        ),
        *("passwd", "password", "pin", "pw", "pwd", "secret", "secrets", "token"),
    }
)
# Of these a name consists altogether, or they are its last word.
_LAST_WORDS = frozenset({"apikey", "login", "user", "username"})
_KEYS = frozenset({"access", "api", "auth", "private", "secret"})
_NAME_PART = regex(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
IN_ADDRESS = regex(r"://[^/\s@'\"]*:[^/\s@'\"]+@")
_IN_COMMENT = regex(r"(?i)(?:passw(?:or)?d|pwd|secret|token|api[_ -]?key)\b\W{1,3}(\S+)")
_LINE_END = regex(r"\r|\n|\Z")
_WORD = regex(r"\w+")
# A line of a file that does not parse may make a client.
_MAKES = regex(r"\b[A-Z]\w*\s*\(")
_FEW = 50  # texts that are looked for one by one
SHORTEST = 4  # characters of a credential that is looked for inside of other texts


@lru_cache(10_000)
def is_credential_name(name: str) -> bool:
    """Whether a name calls what it holds a credential: `api_key`, `smsPassword`, `LOGIN`."""
    words = [part.lower() for part in _NAME_PART.findall(name)]
    if not words:
        return False
    keyed = any(left in _KEYS and right == "key" for left, right in pairwise(words))
    return keyed or words[-1] in _LAST_WORDS or bool(_WORDS.intersection(words))


@dataclass(frozen=True)
class Credentials:
    """The literal credentials that legacy clients, and legacy calls besides, are given."""

    of_clients: frozenset[str] = frozenset()
    of_calls: frozenset[str] = frozenset()

    @classmethod
    def together(cls, several: Iterable[Credentials]) -> Credentials:
        """All of them."""
        found = list(several)
        return cls(
            frozenset().union(*(each.of_clients for each in found)),
            frozenset().union(*(each.of_calls for each in found)),
        )

    def beyond(self, other: Credentials) -> frozenset[str]:
        """Those that are not among the other ones."""
        return (self.of_clients | self.of_calls) - (other.of_clients | other.of_calls)


class Values:
    """Credentials to be looked for inside of other texts; short ones are left out."""

    def __init__(self, values: Iterable[str]) -> None:
        self._by_start: dict[str, list[str]] = {}
        for value in set(values):
            if len(value) >= SHORTEST:
                self._by_start.setdefault(value[:SHORTEST], []).append(value)

    def __bool__(self) -> bool:
        return bool(self._by_start)

    def places(self, text: str) -> Iterator[Span]:
        """Where one of them stands in a text. The work does not grow with their number."""
        if not self._by_start:
            return
        known = self._by_start
        for start in [at for at in range(len(text) - SHORTEST + 1) if text[at : at + SHORTEST] in known]:
            for value in known[text[start : start + SHORTEST]]:
                if text.startswith(value, start):
                    yield start, start + len(value)

    def are_in(self, text: str) -> bool:
        """Whether one of them stands in a text."""
        return any(True for _ in self.places(text))


def may_stand_in(values: frozenset[str], texts: Iterable[str]) -> bool:
    """Whether one of some credentials seems to be written in a text; a short one as a whole literal only."""
    short = {f"{quote}{value}{quote}" for value in values if len(value) < SHORTEST for quote in "'\""}
    long = {value for value in values if len(value) >= SHORTEST}
    looked_for = Values(long)
    for text in texts:
        if any(literal in text for literal in short):
            return True
        if any(value in text for value in long) if len(long) <= _FEW else looked_for.are_in(text):
            return True
    return False


def in_text(lexed: Lexed) -> tuple[Span, ...]:
    """The places to hide in a file that does not parse: what is in strings where a credential may be near."""
    ends = [match.start() for match in _LINE_END.finditer(lexed.text)]
    near: dict[int, bool] = {}  # number of a line -> whether it makes or names something of this kind
    hidden: set[Span] = set()
    for span in lexed.strings:
        line = bisect_left(ends, span[0])
        if line not in near:
            start, end = ends[line - 1] if line else 0, ends[bisect_left(ends, span[1])]
            named = any(map(is_credential_name, _WORD.findall(lexed.text, start, end)))
            near[line] = named or bool(_MAKES.search(lexed.code, start, end))
        if near[line] or IN_ADDRESS.search(lexed.text, *span):
            hidden.add(span)
    texts = {span: value_of(lexed.text[slice(*span)]) for span in lexed.strings}
    values = {value for span in hidden if (value := texts[span])}
    long = Values(values)
    for span, text in texts.items():
        if span in hidden:
            continue
        value = text or lexed.text[slice(*span)]
        if value in values or long.are_in(value):
            hidden.add(span)
    for span in lexed.comments:
        hidden.update(in_comment(lexed.text, span, long))
    return tuple(sorted(hidden))


def in_comment(text: str, span: Span, values: Values) -> Iterator[Span]:
    """The parts of a comment, which stands at `span`, that are credentials or seem to be."""
    comment = text[slice(*span)]
    for match in _IN_COMMENT.finditer(comment):
        yield span[0] + match.start(1), span[0] + match.end(1)
    for start, end in values.places(comment):
        yield span[0] + start, span[0] + end


def without(text: str, values: Values) -> str:
    """A message without the credentials that it quotes from the source."""
    for value in {text[start:end] for start, end in values.places(text)}:
        text = re.sub(rf"""(['"`])[^'"`]*{re.escape(value)}[^'"`]*\1""", r"\1***\1", text)
    return text
