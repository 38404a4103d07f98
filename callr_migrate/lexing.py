"""Strings and comments of a text that need not parse, told by their quotes alone: Python 2, broken or half-typed files."""

from __future__ import annotations

import ast
import re
import warnings
from bisect import bisect_right
from functools import cached_property

from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

Span = tuple[int, int]

# A quote that never ends is left out, so that a broken line costs no more than itself.
_LITERAL = regex(
    r"""
    (?P<comment>\#[^\r\n]*)
    | (?P<string>(?:\b[A-Za-z]{1,2})?(?:
        '''(?:[^\\']|\\[\s\S]|'(?!''))*'''
      | \"""(?:[^\\"]|\\[\s\S]|"(?!""))*\"""
      | '(?:[^\\'\r\n]|\\(?:\r\n|[\s\S]))*'
      | "(?:[^\\"\r\n]|\\(?:\r\n|[\s\S]))*"
    ))
    """,
    re.VERBOSE,
)
_PREFIX = regex(r"[A-Za-z]*")
_ODD = regex(r"[\\\r\0]")
_BLANK = regex(r"[^\r\n]")


@dataclass(frozen=True)
class Lexed:
    """A text with the spans of its comments and string literals, in order."""

    text: str
    comments: tuple[Span, ...]
    strings: tuple[Span, ...]

    @classmethod
    def of(cls, text: str) -> Lexed:
        """Look for them."""
        comments: list[Span] = []
        strings: list[Span] = []
        for match in _LITERAL.finditer(text):
            (comments if match["comment"] else strings).append(match.span())
        return cls(text, tuple(comments), tuple(strings))

    @cached_property
    def _starts(self) -> list[Span]:
        return sorted((*self.comments, *self.strings))

    @cached_property
    def code(self) -> str:
        """The text with what stands in strings and comments blanked out, newlines and quotes kept."""
        pieces: list[str] = []
        done = 0
        for start, end in self._starts:
            inner = (
                (start + len(_prefix(self.text, start)) + 1, end - 1)
                if self.text[start] != "#"
                else (start, end)
            )
            pieces += (self.text[done : inner[0]], _BLANK.sub(" ", self.text[inner[0] : inner[1]]))
            done = inner[1]
        return "".join(pieces) + self.text[done:]

    def holder(self, offset: int) -> Span | None:
        """The string or comment that an offset stands in."""
        index = bisect_right(self._starts, (offset, len(self.text))) - 1
        if index < 0:
            return None
        start, end = self._starts[index]
        return (start, end) if start <= offset < end else None

    def in_comment(self, offset: int) -> bool:
        """Whether an offset stands in a comment."""
        held = self.holder(offset)
        return held is not None and self.text[held[0]] == "#"

    def skip(self, offset: int) -> int:
        """The next offset behind white space, comments and joined lines."""
        while offset < len(self.text):
            if self.text[offset] in " \t\f\r\n\\":
                offset += 1
            elif self.text[offset] == "#":
                held = self.holder(offset)
                offset = held[1] if held else offset + 1
            else:
                break
        return offset

    def literal(self, offset: int) -> tuple[str, int] | None:
        """The text that the string literals at an offset give together, and where they end; None if there is none."""
        parts: list[str] = []
        end = offset
        while True:
            start = self.skip(offset)
            held = self.holder(start)
            if held is None or held[0] != start or self.text[start] == "#":
                return ("".join(parts), end) if parts else None
            value = value_of(self.text[slice(*held)])
            if value is None:
                return None
            parts.append(value)
            offset = end = held[1]


def value_of(literal: str) -> str | None:
    """What a string literal of Python 2 or 3 stands for; None where it is computed, or no text."""
    prefix = _prefix(literal, 0).lower()
    if "f" in prefix or "t" in prefix:
        return None
    if literal.isascii() and not _ODD.search(literal):
        # Nearly all of them say what they stand for; the parser takes twenty times as long.
        quotes = 3 if literal[len(prefix) :].startswith(('"""', "'''")) else 1
        return literal[len(prefix) + quotes : -quotes]
    try:
        with warnings.catch_warnings():
            # Of what it escapes, as old Pythons allowed.
            warnings.simplefilter("ignore")
            value = ast.literal_eval(("r" if "r" in prefix else "") + literal[len(prefix) :])
    except (SyntaxError, ValueError):
        return None
    return value if isinstance(value, str) else None


def _prefix(text: str, offset: int) -> str:
    match = _PREFIX.match(text, offset)
    return match[0] if match else ""
