"""What the analysis of some files asks of the world outside of them: the only way from it to the file system.

Each question is noted with its answer. What was found holds as long as all of them have the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable
from pathlib import Path
from typing import Literal

from callr_migrate.digests import short_digest
from callr_migrate.files import real_path

# `names` asks what a file is called to the user, if it was asked for, `settings` what holds for it, `mentions` which
# file that is not analysed has a word in it.
Kind = Literal["file", "folder", "exists", "code", "resolved", "read", "names", "settings", "mentions"]
Question = tuple[Kind, str]
_FAILED = "!"


class World:
    """Asks the file system, each question once; raises `OSError` as it does. `answers` is what was asked so far."""

    def __init__(self) -> None:
        self.answers: dict[Question, str] = {}
        self.is_steady = True  # whether nothing changed while it was looked at
        self._resolved: dict[Path, Path] = {}

    def is_file(self, path: Path) -> bool:
        """Whether it is a file."""
        return bool(self._told("file", path, path.is_file))

    def is_folder(self, path: Path) -> bool:
        """Whether it is a folder."""
        return bool(self._told("folder", path, path.is_dir))

    def exists(self, path: Path) -> bool:
        """Whether there is anything of this name."""
        return bool(self._told("exists", path, path.exists))

    def holds_code(self, folder: Path) -> bool:
        """Whether files of Python stand right in a folder."""
        return bool(self._told("code", folder, lambda: any(folder.glob("*.py"))))

    def resolved(self, path: Path) -> Path:
        """The path without links."""
        known = self._resolved.get(path)
        if known is None:
            known = self._resolved[path] = real_path(path)
            self.note("resolved", str(path), str(known))
        return known

    def read(self, path: Path) -> bytes:
        """What a file holds."""
        try:
            raw = path.read_bytes()
        except OSError:
            self.note("read", str(path), _FAILED)
            raise
        self.note("read", str(path), short_digest(raw).hex())
        return raw

    def note(self, kind: Kind, about: str, answer: str) -> str:
        """Somebody else answered a question."""
        if self.answers.setdefault((kind, about), answer) != answer:
            self.is_steady = False
        return answer

    def _told(self, kind: Kind, path: Path, ask: Callable[[], bool]) -> str:
        known = self.answers.get((kind, str(path)))
        if known is not None and known != _FAILED:
            return known
        try:
            return self.note(kind, str(path), "yes" if ask() else "")
        except OSError:
            self.note(kind, str(path), _FAILED)
            raise

    def answer(self, kind: Kind, about: str) -> str | None:
        """The answer to a question that is one of the file system's, as it was noted or would be; None for others."""
        known = self.answers.get((kind, about))
        if known is not None:
            return known
        path = Path(about)
        try:
            if kind == "resolved":
                self.resolved(path)
            elif kind == "read":
                self.read(path)
            elif kind == "code":
                self.holds_code(path)
            elif kind == "exists":
                self.exists(path)
            elif kind == "file":
                self.is_file(path)
            elif kind == "folder":
                self.is_folder(path)
        except (OSError, MemoryError):
            return self.answers.get((kind, about))
        return self.answers.get((kind, about))


def mentioning(word: str, names: Iterable[str], known: Container[Path]) -> Path | None:
    """The first file of some, whose names have no links, that has a word in it, those aside that are known."""
    pattern = re.compile(rb"\b" + re.escape(word.encode()) + rb"\b")
    for path in map(Path, names):
        if path in known:
            continue
        try:
            if pattern.search(path.read_bytes()):
                return path
        except OSError:
            continue
    return None
