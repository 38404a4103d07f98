"""`.gitignore` files and excludes: patterns relative to a folder, decided by `pathspec`.

The library and its patterns take longer to load than a small project takes to be looked at, and hardly any file that
is met could match: the end of a name tells.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pathspec import GitIgnoreSpec

_SPECIAL = frozenset("*?[\\")


class Ignores:
    """The patterns of one file, relative to its folder; what they may match is told by the last part of a path."""

    def __init__(self, folder: str, lines: Sequence[str]) -> None:
        self.prefix = folder.rstrip(os.sep) + os.sep
        self.lines = [line for line in lines if line.strip() and not line.startswith("#")]
        self.names: set[str] = set()
        suffixes: set[str] = set()
        self.is_any = False
        for line in self.lines:
            last = line.strip().lstrip("!").rstrip("/").rpartition("/")[2]
            if not _SPECIAL & set(last):
                self.names.add(last)
            elif last.startswith("*") and not _SPECIAL & set(last[1:]) and len(last) > 1:
                suffixes.add(last[1:])
            else:
                self.is_any = True
        self.suffixes = tuple(suffixes)

    def decision(self, name: str, absolute: str, is_folder: bool) -> bool | None:
        """Tell what the patterns say of a path: ignored, expressly not ignored, or nothing.

        `name` is its last part. The folders above it are taken as not ignored.
        """
        if not (self.is_any or name in self.names or name.endswith(self.suffixes)):
            return None
        return self.whole_decision(absolute, is_folder)

    def whole_decision(self, absolute: str, is_folder: bool) -> bool | None:
        """Tell the same of a path whose folders were not asked about."""
        if not absolute.startswith(self.prefix):
            return None
        relative = absolute[len(self.prefix) :].replace(os.sep, "/")
        return self._spec.check_file(relative + "/" if is_folder else relative).include

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        good: list[str] = []
        for line in self.lines:
            try:
                GitIgnoreSpec.from_lines([line])
            except ValueError:
                continue  # as git does: a pattern that makes no sense matches nothing
            good.append(line)
        return GitIgnoreSpec.from_lines(good)


class Layers:
    """The files of patterns that count in a folder, the nearest last.

    A name can be ignored only if `is_any`, or if it is one of `names` or has one of `suffixes`.
    """

    __slots__ = ("files", "is_any", "names", "suffixes")

    def __init__(self, files: Iterable[Ignores] = ()) -> None:
        self.files = tuple(files)
        self.is_any = any(file.is_any for file in self.files)
        self.names = frozenset(name for file in self.files for name in file.names)
        self.suffixes = tuple({suffix for file in self.files for suffix in file.suffixes})

    def ignore(self, name: str, absolute: str, is_folder: bool) -> bool:
        """As git decides: the file nearest to the path that says anything."""
        for file in reversed(self.files):
            decision = file.decision(name, absolute, is_folder)
            if decision is not None:
                return decision
        return False
