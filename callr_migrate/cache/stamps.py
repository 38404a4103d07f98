"""Stamps: how a file or folder looks to the system. As long as its stamp stays the same, so does what it holds.

A stamp counts only if it was taken before its file was read, and if both of its times were past by then for a while:
what is changed later gets another time of change, which nobody can set. That takes a system that keeps such a time.
"""

from __future__ import annotations

import os
from array import array
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Device, number of the file there, size, times of modification and of change of the file in nanoseconds.
Stamp = tuple[int, int, int, int, int]
_FIELDS = 5
_BYTES = 8 * _FIELDS
# Nanoseconds. The clocks of file systems tick at most every other second (FAT).
MARGIN = 2_000_000_000
# Windows has the time of creation in place of that of change.
TRUSTED = os.name != "nt"


def stamp_of(info: os.stat_result) -> Stamp:
    """The stamp of what was looked at."""
    return (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)


def counts(stamp: Stamp, moment: int) -> bool:
    """Whether a stamp can tell a change after it was taken, at or after a moment (nanoseconds since 1970)."""
    before = moment - MARGIN
    return stamp[3] < before and stamp[4] < before


def packed(stamps: Iterable[Stamp]) -> bytes:
    """As bytes; raises `OverflowError` for numbers that no system gives."""
    return array("q", list(chain.from_iterable(stamps))).tobytes()


def unpacked(raw: bytes, count: int) -> tuple[Sequence[Stamp], int]:
    """So many stamps, and where they end; raises `ValueError` where there are fewer."""
    if not 0 <= count * _BYTES <= len(raw):
        raise ValueError("too few stamps")
    numbers = array("q")
    numbers.frombytes(raw[: count * _BYTES])
    each = iter(numbers)
    return list(zip(each, each, each, each, each, strict=True)), count * _BYTES
