"""Comments that suppress findings: `# callr-migrate: ignore[CLR101]`, `ignore-file`, `# noqa: CLR101`.

Only what Python takes for a comment counts, never a text that looks like one. A comment is for the findings that
start or end on its line. A line that ends inside a text or with a backslash can hold no comment: the one at the end
of the text, or of the joined lines, counts for it, as for ruff.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator

from callr_migrate.findings import Finding
from callr_migrate.lexing import Lexed
from callr_migrate.patterns import regex
from callr_migrate.projectfiles.kinds import Kind, kind_of_path
from callr_migrate.records import dataclass
from callr_migrate.secret_text import in_text
from callr_migrate.source import SourceFile

UNUSED = "CLR001"

# Most files hold neither, and are not tokenised.
_SIGN = regex(r"#[ \t]*(?:callr-migrate[ \t]*:|noqa)", re.IGNORECASE)
_OWN = regex(
    r"#[ \t]*callr-migrate[ \t]*:[ \t]*(?P<word>[\w-]*)(?P<bracket>[ \t]*\[(?P<codes>[^\]#]*))?(?P<close>\])?(?P<rest>[^#]*)"
)
_NOQA = regex(r"#[ \t]*noqa\b(?!-)(?P<colon>[ \t]*:)?", re.IGNORECASE)
_NOQA_CODE = regex(r"[ \t,]*([A-Z]+\d+)\b", re.IGNORECASE)
_CODE = regex(r"CLR\d{0,3}", re.IGNORECASE)
_HASH = regex(r"(?:^|(?<=\s))#.*")
LINE, FILE = "ignore", "ignore-file"
# Of f-strings, from Python 3.12 on, and of t-strings.
_TEXT_STARTS = frozenset({"FSTRING_START", "TSTRING_START"})
_TEXT_ENDS = frozenset({"FSTRING_END", "TSTRING_END"})
_LAYOUT = frozenset({"NEWLINE", "NL", "INDENT", "DEDENT", "ENDMARKER"})

Span = tuple[int, int]


@dataclass(frozen=True)
class Code:
    """A code, or the beginning of several, that a comment names, and where (offsets into the text)."""

    text: str
    span: Span


@dataclass(frozen=True)
class Comment:
    """One comment that is for this tool; `codes` is None where it names none, and is for all of them.

    `mistake` says what is wrong with it: such a comment suppresses nothing. `is_noqa`: other tools read it too.
    """

    span: Span
    line: int
    codes: tuple[Code, ...] | None = None
    for_file: bool = False
    is_noqa: bool = False
    mistake: str | None = None

    def covers(self, code: str) -> bool:
        """Whether it is for findings of this code."""
        if self.mistake is not None:
            return False
        if code == UNUSED and self.codes is None:
            # Else no comment without codes would ever be told to be of no use.
            return False
        return self.codes is None or any(code.startswith(entry.text) for entry in self.codes)


class Suppressions:
    """The comments of one file that suppress findings in it."""

    def __init__(self, source: SourceFile) -> None:
        self.source = source
        self.comments: list[Comment] = []
        self._ends: dict[int, int] = {}
        if _SIGN.search(source.text):
            raw: Iterable[RawComment]
            if kind_of_path(source.path) in (None, Kind.SETUP):
                layout = Layout(source)
                raw, self._ends = layout.comments, layout.ends
            else:
                raw = _hash_comments(source)
            self.comments = [found for comment in raw for found in _read(comment)]

    def of(self, code: str, start: int, end: int) -> list[Comment]:
        """The comments that suppress a finding of this code at this place."""
        if not self.comments:
            return []
        places = (start, max(start, end - 1))
        lines = {self._ends.get(line, line) for line in (self.source.position(at).line for at in places)}
        return [
            comment
            for comment in self.comments
            if (comment.for_file or comment.line in lines) and comment.covers(code)
        ]

    def unused(self, findings: Iterable[Finding]) -> list[Finding]:
        """A finding for each comment, or code in one, that suppresses none of `findings`, those of this file."""
        if not self.comments:
            return []
        used: dict[Span, set[str]] = {comment.span: set() for comment in self.comments}
        for finding in findings:
            for comment in self.of(finding.code, finding.start, finding.end):
                used[comment.span].add(finding.code)
        # Its line may hold a credential whether or not anything is found there.
        hidden = in_text(Lexed.of(self.source.text))
        return [
            Finding(UNUSED, message, self.source.path, *span, help=advice, secrets=hidden)
            for comment in self.comments
            for span, message, advice in _idle(comment, used[comment.span])
        ]


def _idle(comment: Comment, used: set[str]) -> Iterator[tuple[Span, str, str]]:
    """Place, message and advice for all that is of no use in a comment."""
    if comment.mistake is not None:
        yield comment.span, f"this comment suppresses nothing: {comment.mistake}", "Mend or remove it."
    elif comment.codes is None:
        if not used and not comment.is_noqa:
            yield comment.span, "this comment suppresses nothing", "Remove it."
    else:
        for code in comment.codes:
            # Whether it is for the findings that are made here is not known before they are.
            if not any(name.startswith(code.text) for name in (*used, UNUSED)):
                yield (
                    code.span,
                    f"nothing of {code.text} is suppressed here",
                    "Remove the code, or the comment.",
                )


# -- where ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RawComment:
    """A comment as Python sees it; `alone` where nothing else stands on its line."""

    text: str
    line: int
    start: int
    alone: bool


class Layout:
    """The comments of a file, and the lines that can hold none, from its tokens.

    `ends` maps a line that ends inside a text or with a backslash to the line on which that ends. `code` is all that
    is neither comment nor white space. What stands behind something that is no token is not seen, and `is_whole` is
    False.
    """

    def __init__(self, source: SourceFile) -> None:
        self.comments: list[RawComment] = []
        self.ends: dict[int, int] = {}
        self.code: list[tuple[int, str]] = []
        self.is_whole = True
        # The lines are those of `SourceFile`; the columns do not depend on how lines end.
        self._lines = io.StringIO(re.sub(r"\r\n?", "\n", source.text)).readline
        self._starts = source.line_starts
        try:
            self._collect()
        except (tokenize.TokenError, SyntaxError):
            self.is_whole = False
        # Where one text ends, another may begin.
        for line in sorted(self.ends, reverse=True):
            self.ends[line] = self.ends.get(self.ends[line], self.ends[line])

    def _collect(self) -> None:
        texts: list[int] = []  # lines on which those start that are still open
        line, coded = 1, 0
        for token in tokenize.generate_tokens(self._lines):
            name, first, last = tokenize.tok_name[token.type], token.start[0], token.end[0]
            if name == "COMMENT":
                start = self._starts[first - 1] + token.start[1]
                self.comments.append(RawComment(token.string, first, start, alone=coded != first))
                continue
            # Before Python 3.12 what is no token is one of its own, and no error.
            self.is_whole &= name != "ERRORTOKEN"
            if name not in _LAYOUT:
                # Code goes on in a further line, and no line has ended: there is a backslash.
                self._join(line, first)
                self._join(first, last)
                coded = last
            if name != "NL":
                self.code.append((token.type, token.string))
            if name in _TEXT_STARTS:
                texts.append(first)
            elif name in _TEXT_ENDS and texts:
                self._join(texts.pop(), last)
            line = last + (name in ("NEWLINE", "NL"))

    def _join(self, first: int, last: int) -> None:
        for line in range(first, last):
            self.ends[line] = max(self.ends.get(line, 0), last)


def _hash_comments(source: SourceFile) -> Iterator[RawComment]:
    """The comments of a file that is no Python: behind a `#` that neither a word nor an open quote stands before."""
    for line, start in enumerate(source.line_starts, 1):
        text = source.line_text(line)
        for match in _HASH.finditer(text):
            before = text[: match.start()]
            if before.count('"') % 2 == before.count("'") % 2 == 0:
                yield RawComment(match[0], line, start + match.start(), alone=not before.strip())
                break


# -- what -------------------------------------------------------------------------------------------------------


def _read(raw: RawComment) -> Iterator[Comment]:
    """What is for this tool in one comment, which may hold several, each behind a `#`."""
    for match in _OWN.finditer(raw.text):
        comment = _own(raw, match)
        if comment is not None:
            yield comment
    for match in _NOQA.finditer(raw.text):
        codes = _noqa_codes(raw, match.end()) if match["colon"] else None
        end = codes[-1].span[1] if codes else raw.start + match.end()
        if codes != ():
            yield Comment((raw.start + match.start(), end), raw.line, codes, is_noqa=True)


def _own(raw: RawComment, match: re.Match[str]) -> Comment | None:
    word = match["word"]
    end = match.end("close") if match["close"] else match.end("bracket" if match["bracket"] else "word")
    span = (raw.start + match.start(), raw.start + end)
    from difflib import get_close_matches

    near = get_close_matches(word, (LINE, FILE), 1)
    if word not in (LINE, FILE):
        # Any other word is prose.
        wrong = f"there is no {word!r}, but {near[0]!r}" if near else None
        return Comment(span, raw.line, mistake=wrong) if wrong else None
    mistake = None
    codes: list[Code] | None = None
    if match["bracket"]:
        codes, mistake = _listed(raw, match)
    elif _CODE.match(match["rest"].strip()):
        mistake = f"codes stand in brackets, as in {word}[CLR101]"
    if word == FILE and not raw.alone:
        mistake = f"{FILE!r} has a line of its own"
    return Comment(span, raw.line, None if codes is None else tuple(codes), word == FILE, mistake=mistake)


def _listed(raw: RawComment, match: re.Match[str]) -> tuple[list[Code], str | None]:
    """The codes in brackets, and what is wrong with them."""
    codes: list[Code] = []
    if not match["close"]:
        return codes, "its bracket is not closed"
    at = match.start("codes")
    for piece in match["codes"].split(","):
        text = piece.strip()
        if not _CODE.fullmatch(text):
            return codes, f"{text!r} is no code" if text else "a code is missing"
        start = raw.start + at + piece.index(text)
        codes.append(Code(text.upper(), (start, start + len(text))))
        at += len(piece) + 1
    return codes, None


def _noqa_codes(raw: RawComment, at: int) -> tuple[Code, ...]:
    """Those of this tool; other tools have codes there as well."""
    codes = []
    while match := _NOQA_CODE.match(raw.text, at):
        at = match.end()
        if _CODE.fullmatch(match[1]):
            codes.append(Code(match[1].upper(), (raw.start + match.start(1), raw.start + at)))
    return tuple(codes)
