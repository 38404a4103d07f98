"""The account's time, in milliseconds since 1970 UTC: it flows, or stands still and moves with each request."""

from __future__ import annotations

import time
from datetime import datetime, timezone

# How far a standing clock moves at each request, so that a program that polls gets somewhere.
STEP = 1_000


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


def parse_instant(text: str) -> int:
    """An RFC 3339 time with a zone -> milliseconds; raises `ValueError`."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone; write {text}Z for UTC")
    return round(moment.timestamp() * 1000)


def formatted(milliseconds: int, form: str) -> str:
    """By a form of `strftime`, UTC; `%f` becomes milliseconds, as both APIs write them."""
    moment = datetime.fromtimestamp(milliseconds // 1000, timezone.utc)
    return moment.strftime(form.replace("%f", f"{milliseconds % 1000:03d}"))
