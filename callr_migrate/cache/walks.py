"""What a walk through a folder found, and all that it depended on: where nothing of that has changed, it is not walked.

A folder's stamp changes with the names in it. What else counts are files of patterns, settings, where links lead to,
and what holds outside of the folder.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from callr_migrate.cache import stored
from callr_migrate.cache.stamps import Stamp, counts, packed, stamp_of, unpacked
from callr_migrate.config import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from callr_migrate.discovery import Discovery

    # Absolute name of a folder -> what changes with the settings that hold there; raises `ConfigError`.
    DescribeSettings = Callable[[str], str]

_CODE = (
    *(
        "cache/stamps.py",
        "cache/walks.py",
        "config.py",
        "discovery.py",
        "ignores.py",
        "projectfiles/kinds.py",
    ),
    *("settings_tree.py", "suffixes.py"),
)
_BYTES = 8  # of a number
_LISTS = 6
_LINK = 5  # texts that say what can matter of a link

# The names of code, of files around it, and of code that is left out.
Found = tuple[list[str], list[str], list[str]]


def known_or_walked(
    cache: Path, place: tuple[str, str, str, DescribeSettings], walk: Callable[[Trail], Discovery]
) -> Discovery:
    """What a walk of an earlier run found, if nothing has changed; else what `walk` finds now, which is kept.

    `place` says of which folder, as for `Walks`.
    """
    from callr_migrate.discovery import Discovery

    walks = Walks(cache, *place)
    with suppress(ConfigError):
        known = walks.known()
        if known is not None:
            return Discovery(*known)
    trail = Trail()
    found = walk(trail)
    if not found.errors:
        walks.keep(trail, (found.names, found.around_names, found.excluded_names))
    return found


class Walks:
    """The walk through the folder `start`, as given, where `holds` is all that counts from outside of it."""

    def __init__(
        self, cache: Path, start: str, absolute: str, holds: str, describe: DescribeSettings
    ) -> None:
        real = os.path.realpath(absolute)
        self._key = stored.digest_of(
            stored.version_key(_CODE), *map(stored.encoded, (absolute, real, holds, describe(absolute)))
        )
        self._path = stored.place(cache, stored.WALK, stored.encoded(absolute))
        self._start = start
        self._absolute = absolute
        self._describe = describe
        self._prefix = "" if start == "." else start.rstrip(os.sep) + os.sep

    def known(self) -> Found | None:
        """What was found, if all that counted is as it was; raises `ConfigError`."""
        body = stored.read(self._path, self._key)
        try:
            return None if body is None else self._unpacked(body)
        except ValueError:
            return None

    def keep(self, trail: Trail, found: Found) -> None:
        """Keep what was found."""
        if not trail.is_told:
            return
        try:
            stored.write(self._path, self._key, self._packed(trail, found))
        except (OverflowError, ValueError):
            return

    def _packed(self, trail: Trail, found: Found) -> bytes:
        """As bytes; raises `ValueError`, `OverflowError` for what does not lie below the folder, or is no text."""
        looked = [self._name(path) for path in trail.stamps]
        links = ["\0".join((self._name(path), *link)) for path, link in trail.links.items()]
        names = list(map(self._name, trail.settings))
        settings = [f"{name}\0{self._describe(self._below(name))}" for name in names]
        lists = looked, links, settings, *([self._name(name) for name in each] for each in found)
        raw = [stored.encoded("\0".join(each)) for each in lists]
        lengths = [len(looked), *map(len, raw)]
        numbers = b"".join(length.to_bytes(_BYTES, "big") for length in lengths)
        return b"".join([numbers, packed(trail.stamps.values()), *raw])

    def _unpacked(self, body: bytes) -> Found | None:
        at = _BYTES * (_LISTS + 1)
        count, *lengths = (int.from_bytes(body[low : low + _BYTES], "big") for low in range(0, at, _BYTES))
        stamps, end = unpacked(body[at:], count)
        at += end
        lists: list[list[str]] = []
        for length in lengths:
            text = stored.decoded(body[at : at + length])
            lists.append(text.split("\0") if length else [])
            at += length
        looked, links, settings, *found = lists
        if at != len(body) or not self._are_same(looked, stamps):
            return None
        prefix = self._prefix
        if any(_link(prefix + name) != tuple(told) for name, *told in _grouped(links, _LINK)):
            return None
        if any(self._describe(self._below(name)) != told for name, told in _grouped(settings, 2)):
            return None
        code, around, excluded = ([prefix + name for name in each] if prefix else each for each in found)
        return code, around, excluded

    def _are_same(self, names: Iterable[str], stamps: Sequence[Stamp]) -> bool:
        stat, prefix = os.stat, self._prefix
        try:
            for name, stamp in zip(names, stamps, strict=True):
                info = stat(prefix + name if name else self._start)
                # As `stamp_of`, but here each call counts.
                if stamp != (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns):
                    return False
        except OSError:
            return False
        return True

    def _name(self, path: str) -> str:
        """A path as seen from the folder, which itself has no name; raises `ValueError`."""
        if path == self._start:
            return ""
        if not path.startswith(self._prefix):
            raise ValueError(path)
        return path[len(self._prefix) :]

    def _below(self, name: str) -> str:
        return os.path.join(self._absolute, name) if name else self._absolute  # noqa: PTH118


class Trail:
    """What a walk has looked at; `is_told` is false if it cannot be said what it depends on."""

    def __init__(self) -> None:
        self.is_told = True
        self.stamps: dict[str, Stamp] = {}
        self.links: dict[str, tuple[str, ...]] = {}
        self.settings: list[str] = []
        self._moment = time.time_ns()

    def enter(
        self,
        folder: str,
        info: os.stat_result,
        entries: Mapping[str, os.DirEntry[str]],
        patterns: str,
        settings: Collection[str],
    ) -> None:
        """A folder that was looked at before its entries were read; none of them has been opened yet.

        `patterns` is the name of a file that decides on others, `settings` are names of files of settings.
        """
        self._take(folder, info)
        links = [entry for entry in entries.values() if entry.is_symlink()]
        for entry in links:
            self._link(entry)
        if patterns in entries:
            path = entries[patterns].path.removeprefix("./") if folder == "." else entries[patterns].path
            try:
                self._take(path, os.stat(path))  # noqa: PTH116
            except OSError:
                self.is_told = False
        if not entries.keys().isdisjoint(settings):
            self.settings.append(folder)

    def _take(self, path: str, info: os.stat_result) -> None:
        stamp = stamp_of(info)
        self.is_told = self.is_told and counts(stamp, self._moment)
        self.stamps[path] = stamp

    def _link(self, entry: os.DirEntry[str]) -> None:
        path = entry.path.removeprefix("./")
        link = _link(path)
        try:
            # What the walk goes by, which asks but once.
            kind = "d" if entry.is_dir() else "f" if entry.is_file() else "-"
        except OSError:
            kind = ""
        self.is_told = self.is_told and link[0] == kind
        self.links[path] = link


def _link(path: str) -> tuple[str, ...]:
    """Where a link leads to, what is there, and in which folder."""
    real = os.path.realpath(path)
    try:
        kind = "d" if os.path.isdir(path) else "f" if os.path.isfile(path) else "-"  # noqa: PTH112, PTH113
        info = os.stat(os.path.dirname(real))  # noqa: PTH116, PTH120
    except OSError:
        return "-", real, "", ""
    return kind, real, str(info.st_dev), str(info.st_ino)


def _grouped(items: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    return zip(*[iter(items)] * size, strict=True)
