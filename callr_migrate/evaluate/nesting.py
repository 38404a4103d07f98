"""How heavy a text is for the parser, told from its tokens before anything is parsed.

The parser recurses natively, so a deep expression ends the process, not the parse; and it takes memory with the
square of the depth of brackets. Long sums, attribute chains, implicit joins and `elif` ladders nest in the tree as
well, whatever they look like. Sizes count in tokens, for a table of numbers is heavier than prose of the same length.
"""

from __future__ import annotations

import enum
import re

from callr_migrate.patterns import regex

# Python itself refuses a statement with more open brackets.
MAX_BRACKETS = 200
# Terms, attributes, branches: far below what takes the parser down, far above what people write.
MAX_CHAIN = 1_500
# Each takes about 20 microseconds and two kilobytes.
MAX_TOKENS = 300_000

# What is frequent comes first; a word before a quote may be the prefix of a string.
_TOKEN = regex(
    r"[ \t]*(?:(?P<word>\w+(?![\w\"']))"
    r"|(?P<op>[-+*/%@&|^~<>=!.:])|(?P<end>\r\n?|\n)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>[,;])"
    r"|(?P<string>(?P<prefix>[A-Za-z]{0,3})(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\r\n]|\\.)*\"|'(?:[^'\\\r\n]|\\.)*'))"
    r"|(?P<skip>#[^\r\n]*|\\(?:\r\n?|\n))|(?P<odd>\w+))",
    re.DOTALL,
)
_WORDS = frozenset({"and", "or", "not", "if", "else", "for", "lambda", "await", "yield", "in", "is"})
_COUNTED = _WORDS | {"elif", "def", "class"}
# Nothing nests or chains without one of these.
_BRACKETS = "([{"
_LINKS = (*"-+*/%@&|^~<>=!.:([{)]}\"'", *_WORDS, "elif")


class Burden(enum.Enum):
    """Whether a text can be parsed at all."""

    BEARABLE = enum.auto()
    TOO_DEEP = enum.auto()
    TOO_LARGE = enum.auto()


def burden(text: str) -> Burden:
    """What the parser would have to bear, as an upper estimate."""
    if _is_light(text):
        return Burden.BEARABLE
    return _Counter().count(text)


def _is_light(text: str) -> bool:
    """Whether a text has too little of everything to be a burden, however that stands: most files, at a glance."""
    return (
        len(text) <= MAX_TOKENS
        and sum(map(text.count, _BRACKETS)) < MAX_BRACKETS
        and sum(map(text.count, _LINKS)) <= MAX_CHAIN
    )


def nests_too_deeply(text: str) -> bool:
    """Whether some statement nests deeper than the parser can go."""
    return burden(text) is Burden.TOO_DEEP


class _Counter:
    """`runs` holds the length of the chain so far for each open bracket, those around it included."""

    def __init__(self) -> None:
        self.runs = [0]
        self.ladder = 0
        self.nested = 0  # what a comma does not end: lambdas and the loops of comprehensions
        self.tokens = 0

    def count(self, text: str) -> Burden:
        runs = self.runs
        after_string = False
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup
            if kind == "skip":
                continue
            self.tokens += 1
            if kind == "end":
                if len(runs) == 1:
                    runs[-1] = self.nested = 0
                continue
            if kind == "op":
                runs[-1] += 1
            elif kind == "open":
                # Brackets behind brackets are a chain, too: `f()()`.
                runs.append(runs[-1] + 1)
            elif kind == "close":
                if len(runs) > 1:
                    runs.pop()
                    runs[-1] += 1
            elif kind == "comma":
                runs[-1] = runs[-2] + 1 if len(runs) > 1 else 0
            elif kind == "string":
                runs[-1] += after_string
                if "f" in match["prefix"].lower() and self._is_deep_inside(match["string"]):
                    return Burden.TOO_DEEP
            elif (word := match["word"] or match["odd"]) in _COUNTED:
                self._word(word)
            after_string = kind == "string"
            if runs[-1] > MAX_CHAIN or len(runs) > MAX_BRACKETS:
                return Burden.TOO_DEEP
            if self.nested > MAX_CHAIN or self.ladder > MAX_CHAIN:
                return Burden.TOO_DEEP
        return Burden.TOO_LARGE if self.tokens > MAX_TOKENS else Burden.BEARABLE

    def _word(self, word: str) -> None:
        if word == "elif":
            self.ladder += 1
        elif word in ("def", "class"):
            self.ladder = 0
        elif word in _WORDS:
            self.runs[-1] += 1
            self.nested += word in ("lambda", "for")

    def _is_deep_inside(self, literal: str) -> bool:
        """The same for the expressions of an f-string."""
        if len(literal) < MAX_BRACKETS:
            return False
        inner = _Counter()
        depth = start = 0
        for brace in re.finditer(r"\{\{|\}\}|[{}]", literal):
            opens = brace[0][0] == "{"
            if len(brace[0]) == 2 and depth == 0:
                continue
            if opens and depth == 0:
                start = brace.end()
            depth = max(0, depth + (len(brace[0]) if opens else -len(brace[0])))
            if depth == 0 and inner.count(literal[start : brace.start()]) is Burden.TOO_DEEP:
                return True
            if depth == 0:
                inner.runs = [0]
            if depth > MAX_BRACKETS:
                return True
        self.tokens += inner.tokens
        return False
