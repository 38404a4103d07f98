"""Which files of a project were of no concern, and how each of them looked then: they need not be read again."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from callr_migrate.cache import stored
from callr_migrate.cache.stamps import Stamp, counts, packed, stamp_of, unpacked
from callr_migrate.pack.gating import dumped
from callr_migrate.stages import count, staged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from callr_migrate.pack.gating import GateFacts

# So many files that a run does not ask about are kept besides those that it does.
_OTHERS = 2000
_CODE = (
    "sieve.py",
    "gates.py",
    "suffixes.py",
    "pack/gating.py",
    "source.py",
    "cache/stamps.py",
    "cache/records.py",
)
# What an absolute path does not begin with: before the names of files around the code, for which there are other gates.
_AROUND = "*"


class Records:
    """Those of the project at `root`, by gates. Names are as given; those of files `around` the code are apart."""

    def __init__(self, folder: Path, root: Path, gates: GateFacts) -> None:
        facts = dumped(gates)
        self._key = stored.version_key(_CODE)
        self._path = stored.place(folder, stored.FILES, stored.digest_of(stored.encoded(str(root)), facts))
        self._base = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118
        self._known: dict[str, Stamp] | None = None
        self._holding: dict[str, Stamp] = {}
        self._asked: list[list[str]] = []
        self._moment = 0
        self._is_news = False

    @staged("cache")
    def unchanged(self, names: Sequence[str], *, around: bool = False) -> set[str]:
        """Those of some files that are as they were when they were found to be of no concern."""
        self._moment = time.time_ns()
        if self._known is None:
            self._known = self._read()
        known, holding, found = self._known, self._holding, set()
        kind = _AROUND if around else ""
        keys = [kind + name if name[:1] == os.sep else f"{kind}{self._base}{name}" for name in names]
        self._asked.append(keys)
        stat = os.stat
        for key, name in zip(keys, names, strict=True):
            stamp = known.get(key)
            if stamp is None:
                continue
            try:
                info = stat(name)
            except (OSError, ValueError):
                continue
            # As `stamp_of`, but here each call counts.
            if stamp == (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns):
                found.add(name)
                holding[key] = stamp
        count("cache", files=len(found))
        return found

    def stamps(self, names: Iterable[str]) -> list[Stamp | None]:
        """How files of code that are of no concern looked in this run, where their stamps count."""
        holding, base = self._holding, self._base
        return [holding.get(name if name[:1] == os.sep else base + name) for name in names]

    @staged("cache")
    def note(self, clean: Mapping[str, os.stat_result], *, around: bool = False) -> None:
        """Files of those that were just asked about are of no concern; each was looked at before it was read."""
        kind = _AROUND if around else ""
        for name, info in clean.items():
            stamp = stamp_of(info)
            if counts(stamp, self._moment):
                self._holding[kind + os.path.join(self._base, name)] = stamp  # noqa: PTH118
                self._is_news = True

    @staged("cache")
    def keep(self) -> None:
        """Write down what is new."""
        if not self._is_news:
            return
        self._is_news = False
        holding = self._holding
        asked = set().union(*self._asked)
        others = {key: stamp for key, stamp in (self._known or {}).items() if key not in asked}
        if len(others) <= len(asked) + _OTHERS:
            holding = {**{key: stamp for key, stamp in others.items() if _is_there(key, stamp)}, **holding}
        try:
            body = len(holding).to_bytes(8, "big") + packed(holding.values())
            body += stored.encoded("\0".join(holding))
        except (OverflowError, UnicodeError):
            return
        stored.write(self._path, self._key, body)

    def _read(self) -> dict[str, Stamp]:
        body = stored.read(self._path, self._key)
        if body is None:
            return {}
        try:
            stamps, end = unpacked(body[8:], int.from_bytes(body[:8], "big"))
            names = stored.decoded(body[8 + end :]).split("\0") if stamps else []
            return dict(zip(names, stamps, strict=True))
        except ValueError:
            return {}


def _is_there(key: str, stamp: Stamp) -> bool:
    try:
        return stamp_of(os.stat(key.removeprefix(_AROUND))) == stamp  # noqa: PTH116
    except (OSError, ValueError):
        return False
