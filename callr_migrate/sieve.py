"""Sorts out the files that cannot matter, from their bytes alone. All that a run over clean files needs is here.

What is left is for the `Loader`, which looks closer and imports what it takes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.stages import count, staged
from callr_migrate.suffixes import NOTEBOOK, is_embedding, searched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from callr_migrate.cache.records import Records
    from callr_migrate.gates import Gates
    from callr_migrate.import_index import ImportIndex
    from callr_migrate.import_notes import ImportNotes

# Bytes. No source file has so many; a disk image that is called x.py shall not fill the memory.
MAX_READ = 256_000_000
# A coding declaration stands in one of the first lines.
_HEAD = 400
_DECLARED = rb"coding[:=]"
_AS_UTF_8 = rb"coding[:=][ \t]*utf-?8\b"
# A comment of other tools that names a code of this one. Its line is read once, however many of them stand in it.
_COMMENT = re.compile(rb"q(?<=[Nn][Oo]q)[Aa][ \t]*:([^\r\n]*)")
_OURS = re.compile(rb"\b[Cc][Ll][Rr]")
# So many files are looked at between two signs of progress.
_STEP = 64
_PIECE = 1_000_000
# One file of so many is read first: where one of them is legacy, the imports of all others are noted when they are read.
_SAMPLE = 16
# Fewer are read sooner than what is known of them, and searched sooner than the searches for many are prepared.
_FEW = 24
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class Sieve:
    """Holds the names of files that are to be looked at closer. Asked again for a name it knows the answer.

    `records` gives what knows the files that have not changed since an earlier run, if anything does.
    """

    def __init__(self, gates: Gates, records: Callable[[], Records | None] = lambda: None) -> None:
        self.gates = gates
        self._passes = gates.passes
        self.records: Records | None = None
        self._find_records = records
        self._clean: set[str] = set()
        self._notes: ImportNotes | None = None
        self._are_notes_taken = False

    @staged("reading and searching")
    def suspects(self, names: Iterable[str], on_file: Callable[[int, int], None] | None = None) -> list[str]:
        """Those of some files of code that pass a gate, cannot be read as they should be, or have comments of ours.

        `on_file` is called now and then with (files done, files in all).
        """
        names = list(names)
        found: list[str] = []
        clean = self._clean
        self._passes = self.gates.passes if len(names) >= _FEW else self.gates.passes_plainly
        records = self._records_for(names)
        if records is not None:
            clean |= records.unchanged([name for name in names if name not in clean] if clean else names)
        looks: dict[str, os.stat_result] | None = {} if records is not None else None
        notes = self._notes
        known = len(clean)
        rest = names[:]
        del rest[::_SAMPLE]
        for done, name in enumerate((*names[::_SAMPLE], *rest), 1):
            if name in clean:
                continue
            raw = read(name, looks)
            if raw is None or self.is_suspect(name, raw):
                found.append(name)
                if notes is None and records is None and raw is not None:
                    notes = self._notes = self._notes_from(name, raw)
            else:
                clean.add(name)
            if notes is not None and raw is not None:
                notes.note(name, raw)
            if on_file is not None and (done % _STEP == 0 or done == len(names)):
                on_file(done, len(names))
        if records is not None and looks:
            records.note({name: looks[name] for name in looks if name in clean})
        count("reading and searching", files=len(found) + len(clean) - known)
        return found

    def taken_imports(self) -> ImportIndex | None:
        """The imports of the files that were read since something legacy was found; from now on none are noted."""
        self._are_notes_taken = True
        notes, self._notes = self._notes, None
        return None if notes is None else notes.index()

    def _notes_from(self, name: str, raw: bytes) -> ImportNotes | None:
        """Where imports are noted from a file on: the first by which it is sure that somebody will ask for them."""
        if self._are_notes_taken or not self.gates.sources({name: raw}):
            return None
        from callr_migrate.import_notes import ImportNotes

        return ImportNotes()

    def is_clean(self, name: str) -> bool:
        """Whether a file is known to be of no concern."""
        return name in self._clean

    @staged("reading and searching")
    def suspects_around(self, names: Iterable[str]) -> list[str]:
        """Those of some files around the code that name a legacy library or address, or cannot be read."""
        names = list(names)
        looks: dict[str, os.stat_result] = {}
        records = self._records_for(names)
        clean = set() if records is None else records.unchanged(names, around=True)
        count("reading and searching", files=len(names) - len(clean))
        found = [
            name
            for name in names
            if name not in clean and ((raw := read(name, looks)) is None or self.gates.passes_around(raw))
        ]
        if records is not None:
            known = clean.union(found)
            records.note({name: looks[name] for name in looks if name not in known}, around=True)
        return found

    @staged("cache")
    def _records_for(self, names: Sequence[str]) -> Records | None:
        if self.records is None and len(names) >= _FEW:
            self.records = self._find_records()
        return self.records

    def is_suspect(self, name: str, raw: bytes) -> bool:
        """Whether a file of these bytes has to be looked at closer."""
        if name.endswith(NOTEBOOK):
            raw = searched(name, raw)
        # What is in two or four bytes a letter has NULs from the start; one further down can hide nothing.
        head = raw[:_HEAD]
        return (
            self._passes(raw)
            or ((b"\0" in head or b"coding" in head) and not is_embedding(name) and not _is_text(raw))
            or has_comment(raw)
        )


def _is_text(raw: bytes) -> bool:
    """Whether bytes with a declaration or a NUL are what they should be."""
    head = raw[:_HEAD]
    if b"\0" in raw:
        return False
    if len(re.findall(_DECLARED, head)) != len(re.findall(_AS_UTF_8, head, re.IGNORECASE)):
        from callr_migrate.source import SourceError, SourceFile

        try:
            SourceFile.from_bytes(Path(), raw)
        except SourceError:
            return False
        return True
    try:
        raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True


def is_declared(raw: bytes) -> bool:
    """Whether a file seems to say how it is encoded."""
    return b"coding" in raw[:_HEAD] and re.search(_DECLARED, raw[:_HEAD]) is not None


def has_comment(raw: bytes) -> bool:
    """Whether other tools' comments, written in any case, may name a code of this one."""
    # The search for one rare letter is the fastest that there is; a pattern that ignores the case takes ten times as
    # long, and lower case of all of it is three times as dear.
    return any(_OURS.search(comment) for comment in _COMMENT.findall(raw.replace(b"Q", b"q")))


def read(name: str, looks: dict[str, os.stat_result] | None = None) -> bytes | None:
    """The bytes of a file; None where it cannot be read, or is no source file by its size.

    How it looked before it was read is put into `looks`, if it was as large as it looked.
    """
    try:
        handle = os.open(name, _FLAGS)
    except (OSError, ValueError):
        return None
    try:
        info = os.fstat(handle)
        size = info.st_size
        if size > MAX_READ:
            return None
        raw = os.read(handle, size + 1)
        if len(raw) == size:
            if looks is not None:
                looks[name] = info
        else:
            # Files of some systems have no size, or grow meanwhile.
            while more := os.read(handle, _PIECE):
                raw += more
    except (OSError, MemoryError):
        return None
    finally:
        os.close(handle)
    return raw
