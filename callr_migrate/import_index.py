"""Which files may import what has a name: told from little more than what stands before the word `import`.

Of most statements no more is ever read: what follows counts only where a file or a package around it is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from callr_migrate.import_statements import (
    WORD,
    Parts,
    Statement,
    decoded,
    statement_at,
    statements,
    words_of,
)

# A line that can be read without the rest of the file, or a statement.
Whole = bytes | Statement

_IMPORT = b"import"
_SIZE = len(_IMPORT)
_SPACED = len(b"import ")
# A line up to the word and a space behind it: nothing else than a `from`, and what it names.
_FROM = re.compile(
    rb"[ \t\f]*from(?:[ \t]+|(?=\.))(\.*)"
    rb"(?:([\w\x80-\xff]+(?:\.[\w\x80-\xff]+)*)[ \t]+|(?<=\.)[ \t]*)import \Z"
)
_BYTES = [b"%c" % code for code in range(256)]
# What a name begins with: where one follows, it is sure that there is any.
_STARTS = frozenset(each for each in _BYTES if re.match(rb"[\w*\x80-\xff]", each))
_OPENED = re.compile(rb"\([ \t\r\n]*[\w\x80-\xff]")
# With one of these behind it, it is another word; with `_` it may be a call that imports by name.
_LETTERS = frozenset(each for each in _BYTES if each.isalnum())
# Without any of these before it, a statement begins its line.
_MARKS = re.compile(rb"[;:\r\x80-\xff]")
# The last but one byte of a line that may be joined to the next one: a backslash, or the line's end is of several bytes.
_MAY_JOIN = [code in b"\\\r\n" for code in range(256)]
_BACKSLASH = ord("\\")
# Bytes. What stands before the word is shorter in code, and so are lines that begin with it.
_LONG = 500
# In place of the files: what is imported stands behind the word, or it is no statement.
_PLAIN: list[str] = []
_NONE: list[str] = []


class ImportIndex:
    """Of many `files`. The same lines and the same beginnings of lines stand in many, so that there are few."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self._names: Mapping[str, str] | None = None
        # A line up to the word and a space, where names follow -> the files that have it, if it is a `from`.
        self._starts: dict[bytes, list[str]] = {}
        self._wholes: dict[Whole, list[str]] = {}

    def read(self, path: str, raw: bytes) -> None:
        """A file holds these bytes."""
        self.files.add(path)
        known, find, rfind, starts = self._starts.get, raw.find, raw.rfind, _STARTS
        at = find(_IMPORT)
        while at >= 0:
            start = rfind(b"\n", 0, at) + 1
            end = at + _SPACED
            files = known(raw[start:end])
            if files is None or (_MAY_JOIN[raw[start - 2]] and _is_joined(raw, start)):
                end = self._line(path, raw, start, at)
            elif files:
                if raw[end : end + 1] in starts or _OPENED.match(raw, end):
                    files.append(path)
                else:
                    end = self._exactly(path, raw, at)
            elif files is _PLAIN:
                end = self._plain_line(path, raw, start, at)
            at = find(_IMPORT, end)

    def take(self, path: str, found: Iterable[Statement]) -> None:
        """A file has these statements, which hold nothing but names."""
        self.files.add(path)
        for statement in found:
            before, rest = statement
            if before and rest.lstrip(b" (\n")[:1] in _STARTS:
                start = before + b" import "
                if start in self._starts or _FROM.match(start):
                    self._starts.setdefault(start, []).append(path)
                    continue
            self._wholes.setdefault(statement, []).append(path)

    def rename(self, names: Mapping[str, str]) -> None:
        """Of its files only those count from now on that `names` has another name for, and these are known by that."""
        self.files = {names[file] for file in self.files & names.keys()}
        self._names = names

    def froms(self) -> dict[bytes, list[bytes]]:
        """Last name of what stands behind `from`, nothing where that is dots -> the lines' beginnings, for `of`."""
        found: dict[bytes, list[bytes]] = {}
        for start, files in self._starts.items():
            if files:
                found.setdefault(start[:-_SPACED].split()[-1].rpartition(b".")[2], []).append(start)
        return found

    def of(self, start: bytes) -> tuple[int, Parts, list[str]]:
        """The leading dots and the names behind a `from`, and the files that have it."""
        match = _FROM.match(start)
        if match is None:
            return 0, (), []
        parts = match[2].split(b".") if match[2] else []
        return len(match[1]), tuple(map(decoded, parts)), self._named(self._starts[start])

    def others(self) -> dict[bytes, list[Whole]]:
        """Word -> all else that may import something of that name; nothing -> what may import by dots alone."""
        found: dict[bytes, list[Whole]] = {}
        for whole in self._wholes:
            for word in set[bytes]().union(*map(words_of, _statements_of(whole))):
                found.setdefault(word, []).append(whole)
        return found

    def pop(self, whole: Whole) -> tuple[list[Statement], list[str]]:
        """Its statements, and the files that have it; they are told once."""
        return _statements_of(whole), self._named(self._wholes.pop(whole, []))

    def _named(self, files: list[str]) -> list[str]:
        if self._names is None:
            return files
        names = (self._names.get(file, file) for file in files)
        return [name for name in names if name in self.files]

    def _line(self, path: str, raw: bytes, start: int, at: int) -> int:
        """The line that starts there has the word; how far it is done."""
        if at - start > _LONG or _is_joined(raw, start):
            return self._exactly(path, raw, at)
        end = at + _SPACED
        if raw[end - 1 : end] in _LETTERS:
            return end - 1
        key, before = raw[start:end], raw[start:at]
        first = before.lstrip()
        if not first:
            if key.endswith(b" "):
                self._starts[key] = _PLAIN
            return self._plain_line(path, raw, start, at)
        if first.startswith(b"from"):
            if _FROM.match(key) and (raw[end : end + 1] in _STARTS or _OPENED.match(raw, end)):
                self._starts.setdefault(key, []).append(path)
                return end
            return self._exactly(path, raw, at)
        if key.endswith(b"_") or _MARKS.search(before):
            return self._exactly(path, raw, at)
        if b"from" in before:  # as in examples, which stand in many places
            self._starts[key] = _NONE
        return end

    def _plain_line(self, path: str, raw: bytes, start: int, at: int) -> int:
        """The line that starts there has nothing before the word; up to its end."""
        end = raw.find(b"\n", at)
        line = raw[start : end if end >= 0 else len(raw)]
        files = self._wholes.get(line)
        if files is None:
            if b"(" in line or b"\\" in line or len(line) > _LONG:
                return self._exactly(path, raw, at)
            files = self._wholes[line] = []
        files.append(path)
        return start + len(line)

    def _exactly(self, path: str, raw: bytes, at: int) -> int:
        """The statements of a line, from a word on; up to its end."""
        end = raw.find(b"\n", at)
        end = end if end >= 0 else len(raw)
        for statement in _statements(raw, at, end):
            self._wholes.setdefault(statement, []).append(path)
        return end


def _statements_of(whole: Whole) -> list[Statement]:
    return list(statements(whole)) if isinstance(whole, bytes) else [whole]


def _is_joined(raw: bytes, start: int) -> bool:
    """Whether a backslash may join a line to the one before."""
    return raw[start - 2] == _BACKSLASH or raw[start - 3] == _BACKSLASH


def _statements(raw: bytes, at: int, stop: int) -> Iterator[Statement]:
    """The statements whose words stand between two places, at the first of which one does."""
    while 0 <= at < stop:
        word = WORD.match(raw, at)
        if word is None:
            at += _SIZE
        else:
            statement = statement_at(raw, word)
            if statement is not None:
                yield statement
            at = word.end()
        at = raw.find(_IMPORT, at, stop)
