"""The account's time, in milliseconds since 1970 UTC: it flows, or stands still and moves with each request."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta, timezone

# How far a standing clock moves at each request, so that a program that polls gets somewhere.
STEP = 1_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Clock:
    """`start` None: the machine's time, plus what requests moved it by. Else it stands, from `start` on."""

    def __init__(self, start: int | None = None) -> None:
        self.start = start
        self.moved = 0

    def now(self) -> int:
        """The time, which never runs backwards by this class's doing."""
        return (int(time.time() * 1000) if self.start is None else self.start) + self.moved

    def tick(self) -> None:
        """One request more."""
        if self.start is not None:
            self.moved += STEP

    def advance(self, milliseconds: int) -> None:
        """Move it forward; raises `ValueError` for backward."""
        if milliseconds < 0:
            raise ValueError("time does not run backwards")
        self.moved += milliseconds


_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))\Z", re.ASCII
)


def parse_instant(text: str) -> int:
    """An RFC 3339 time with a zone -> milliseconds; raises `ValueError`."""
    found = _INSTANT.match(text)
    if found is None:
        raise ValueError(f"{text!r} is no time of RFC 3339 with a zone, such as 2026-11-02T08:00:00Z")
    date, time_of_day, seconds, fraction, sign, hours, minutes = found.groups()
    leap = seconds == "60"
    moment = datetime.fromisoformat(f"{date}T{time_of_day}{'59' if leap else seconds}+00:00")
    offset = (int(hours or 0) * 60 + int(minutes or 0)) * (-1 if sign == "-" else 1)
    whole = (moment - _EPOCH) // timedelta(milliseconds=1)
    return whole + leap * 1000 - offset * 60_000 + int(float(fraction or 0) * 1000)


def formatted(milliseconds: int, form: str) -> str:
    """By a form of `strftime`, UTC; `%f` becomes milliseconds, as both APIs write them."""
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return moment.strftime(form.replace("%f", f"{milliseconds % 1000:03d}"))
