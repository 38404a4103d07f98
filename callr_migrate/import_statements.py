"""Import statements, told from the bytes of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The word and what follows on its line, or a call that imports by name. The search for a fixed text is many times as fast
# as one for `\bimport`. What follows is looked at without passing it, so that a parenthesis in prose cannot hide the
# statements there, and not far: the word may stand in long texts as often as it likes.
_NEAR = 200
WORD = re.compile(
    rb"import(?:(?<!\wimport)\b(?=([^\n\r;#(\\]{0,%d}))" % _NEAR
    + rb"|(?:_module|(?<=__import)__)\([ \t\r\n]*['\"]([\w.\x80-\xff]+)['\"])"
)
# A statement goes on behind a backslash, on so many lines, and in parentheses, once. Before the word there is less.
_JOINED = 200
_JOINED_BEFORE = 20
_LINES = rb"[^\n\r;#(\\]*(?:\\(?:\r\n?|\n)[^\n\r;#(\\]*){0,%d}" % _JOINED
_REST = re.compile(_LINES + rb"(?:\((?:[^()#]+|#[^\r\n]*)*" + _LINES + rb")?")
_ON = (b"(", b"\\")
# Bytes. What stands before the word in a statement is shorter; lines need not be.
_FAR = 1_000
# What may stand before the word: nothing or `from x`, behind the start of a line, `;` or `:`.
_BEFORE = re.compile(rb"(?:^|[;:])(?:\xef\xbb\xbf)?[ \t\f]*(?:from\b([^;:#\"']*))?\Z")
_ENDS = (b";", b":", b"\xef\xbb\xbf")
_COMMENT = re.compile(rb"#[^\r\n]*")
# Where this stands, a statement is over, or was none.
_ODD = re.compile(rb"[^\w\s.,*()\\\x80-\xff]")
_TOKEN = re.compile(rb"[\w\x80-\xff]+|[.,*]")
# What holds nothing but names: what stands before the word, and what behind it.
_DOTTED = rb"[\w.*\x80-\xff]+(?: as [\w\x80-\xff]+)?"
_BARE = (
    re.compile(rb"(?:from [\w.\x80-\xff]+)?\Z"),
    re.compile(rb"[ (\n]*" + _DOTTED + rb"(?:[ \n]*,[ \n]*" + _DOTTED + rb")*[ ,)\n]*\Z"),
)
_NAME = re.compile(rb"[\w\x80-\xff]+")

Parts = tuple[str, ...]
Import = tuple[int, Parts, Parts]  # leading dots, dotted name, the names of a `from` (`*` for all)
# What stands before the word `import` on its line, and what behind it; or nothing and the name of a module.
Statement = tuple[bytes | None, bytes]


def imports(raw: bytes) -> Iterator[Import]:
    """The import statements of a file.

    A text that only looks like one, in a string for instance, may come along.
    """
    for statement in statements(raw):
        yield from imports_in(statement)


def statements(raw: bytes) -> Iterator[Statement]:
    """The same, as they are written: half as much work where only some of them count."""
    may_return = b"\r" in raw
    for word in WORD.finditer(raw):
        at = word.start()
        low = max(0, at - _FAR)
        start = raw.rfind(b"\n", low, at) + 1 or low
        if may_return or b"\\" in raw[max(0, start - 3) : start]:
            start = _line_start(raw, at)
        statement = _statement(raw, word, start)
        if statement is not None:
            yield statement


def statement_at(raw: bytes, word: re.Match[bytes]) -> Statement | None:
    """The statement of a file that has a word found by `WORD`, if it is one."""
    return _statement(raw, word, _line_start(raw, word.start()))


def _statement(raw: bytes, word: re.Match[bytes], start: int) -> Statement | None:
    """What `statement_at` says; the line of the word starts at `start`."""
    rest, name = word.groups()
    if rest is None:
        return None, name
    at = word.start()
    if at - start >= _FAR:
        # Nothing before the last of these signs has to do with it.
        start = max(raw.rfind(sign, start, at) for sign in (b";", b":"))
        if start < 0 or at - start >= _FAR:
            return None
    before = raw[start:at].rstrip(b" \t\f")
    if before and b"from" not in before and not before.endswith(_ENDS):
        return None
    end = word.end() + len(rest)
    if len(rest) == _NEAR or raw[end : end + 1] in _ON:
        whole = _REST.match(raw, word.end())
        rest = rest if whole is None else whole[0]
    return before, rest


def imports_in(statement: Statement) -> Iterator[Import]:
    """What a statement imports."""
    text, rest = statement
    if text is None:
        yield 0, tuple(decoded(rest).strip(".").split(".")), ()
        return
    before = _BEFORE.search(text)
    if before is None:
        return
    if b"#" in rest:
        rest = _COMMENT.sub(b"", rest)
    odd = _ODD.search(rest)
    tokens = [decoded(token) for token in _TOKEN.findall(rest, 0, len(rest) if odd is None else odd.start())]
    if before[1] is None:
        yield from ((0, parts, ()) for parts in _dotted_names(tokens))
        return
    dotted = [decoded(token) for token in _TOKEN.findall(before[1])]
    parts = tuple(token for token in dotted if token != ".")
    level = next((at for at, token in enumerate(dotted) if token != "."), len(dotted))
    if parts or level:
        yield level, parts, tuple(_listed(tokens))


def bare(statement: Statement) -> tuple[Statement, ...]:
    """What imports the same, with nothing in it but names.

    In what stands around a statement, or only looks like one, there may be anything, a password for instance.
    """
    before, rest = statement
    if before is None or (_BARE[0].match(before) and _BARE[1].match(rest)):
        return (statement,)
    return tuple(_written(*each) for each in imports_in(statement))


def _written(level: int, parts: Parts, names: Parts) -> Statement:
    dotted = ("." * level + ".".join(parts)).encode()
    return (b"from " + dotted, ", ".join(names).encode()) if level or names else (b"", dotted)


def words_of(statement: Statement) -> set[bytes]:
    """The words of what a statement may name; an empty one if it names the folder that it stands in, or one around it.

    `from a.b import c` names `b`, and `c` in it; where no `c` follows, it is as good as `import a.b`.
    """
    text, rest = statement
    words = set(_NAME.findall(rest))
    if text:
        dotted = _NAME.findall(text)
        words.update(dotted[-1:] if words else dotted)
        if dotted and dotted[-1].endswith(b"from"):
            words.add(b"")
    return words


def _line_start(raw: bytes, offset: int) -> int:
    """Where the line starts, those that a backslash joins to it included; `_FAR` before it where that is farther."""
    for _ in range(_JOINED_BEFORE):
        low = max(0, offset - _FAR)
        start = max(raw.rfind(sign, low, offset) for sign in (b"\n", b"\r")) + 1
        if not start:
            return low
        joined = raw[max(0, start - 3) : start].rstrip(b"\r\n")
        if not joined.endswith(b"\\"):
            return start
        offset = start - 1
    return start


def _dotted_names(tokens: list[str]) -> Iterator[Parts]:
    """`("a", "b")` of `a.b as c`, one for each of the list."""
    parts: list[str] = []
    is_over = is_named = False
    for token in [*tokens, ","]:
        if token == ",":
            if parts:
                yield tuple(parts)
            parts, is_over, is_named = [], False, False
        elif token == ".":
            is_named = False
        elif is_over or is_named:
            is_over = True
        else:
            parts.append(token)
            is_named = True


def _listed(tokens: list[str]) -> Iterator[str]:
    """`a`, `b` of `a, b as c`."""
    fresh = True
    for token in tokens:
        if fresh:
            yield token
        fresh = token == ","


def decoded(word: bytes) -> str:
    """A word of a file, whatever the file is encoded in."""
    try:
        return word.decode()
    except UnicodeDecodeError:
        return word.decode("latin-1")
