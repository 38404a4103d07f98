"""Credentials as far as text alone tells: by the names around them, in addresses, in comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from callr_migrate.lexing import Lexed, Span, value_of

_WORDS = frozenset(
    re.findall(
        r"\w+",
        """auth authorization cred credential credentials creds pass passcode passphrase passwd password pin pw pwd
        secret secrets token""",
    )
)
# Of these a name consists altogether, or they are its last word.
_LAST_WORDS = frozenset({"apikey", "login", "user", "username"})
_KEYS = frozenset({"access", "api", "auth", "private", "secret"})
_NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
IN_ADDRESS = re.compile(r"://[^/\s@'\"]*:[^/\s@'\"]+@")
_IN_COMMENT = re.compile(r"(?i)(?:passw(?:or)?d|pwd|secret|token|api[_ -]?key)\b\W{1,3}(\S+)")
_LINE_END = re.compile(r"\r|\n|\Z")
_WORD = re.compile(r"\w+")
# A line of a file that does not parse may make a client.
_MAKES = re.compile(r"\b[A-Z]\w*\s*\(")
SHORTEST = 4  # characters of a credential that is looked for inside of other texts


def is_credential_name(name: str) -> bool:
    """Whether a name calls what it holds a credential: `api_key`, `smsPassword`, `LOGIN`."""
    words = [part.lower() for part in _NAME_PART.findall(name)]
    if not words:
        return False
    keyed = any(left in _KEYS and right == "key" for left, right in pairwise(words))
    return keyed or words[-1] in _LAST_WORDS or bool(_WORDS.intersection(words))


def in_text(lexed: Lexed) -> tuple[Span, ...]:
    """The places to hide in a file that does not parse: what is in strings where a credential may be near."""
    hidden: set[Span] = set()
    for span in lexed.strings:
        start = max(lexed.text.rfind("\n", 0, span[0]), lexed.text.rfind("\r", 0, span[0])) + 1
        end = _LINE_END.search(lexed.text, span[1]).start()  # type: ignore[union-attr]
        if (
            _MAKES.search(lexed.code, start, span[0])
            or any(map(is_credential_name, _WORD.findall(lexed.text, start, end)))
            or IN_ADDRESS.search(lexed.text, *span)
        ):
            hidden.add(span)
    values = {value for span in hidden if (value := value_of(lexed.text[slice(*span)]))}
    long = {value for value in values if len(value) >= SHORTEST}
    for span in lexed.strings:
        value = value_of(lexed.text[slice(*span)]) or lexed.text[slice(*span)]
        if value in values or any(secret in value for secret in long):
            hidden.add(span)
    for span in lexed.comments:
        hidden.update(in_comment(lexed.text, span, long))
    return tuple(sorted(hidden))


def in_comment(text: str, span: Span, values: Iterable[str]) -> Iterator[Span]:
    """The parts of a comment, which stands at `span`, that are credentials or seem to be."""
    comment = text[slice(*span)]
    for match in _IN_COMMENT.finditer(comment):
        yield span[0] + match.start(1), span[0] + match.end(1)
    for value in values:
        for match in re.finditer(re.escape(value), comment):
            yield span[0] + match.start(), span[0] + match.end()


def without(text: str, values: Iterable[str]) -> str:
    """A message without the credentials that it quotes from the source."""
    for value in values:
        if value in text:
            text = re.sub(rf"""(['"`])[^'"`]*{re.escape(value)}[^'"`]*\1""", r"\1***\1", text)
    return text
