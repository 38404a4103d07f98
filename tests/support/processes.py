"""Waiting for other processes, on a machine that may be busy."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

# Seconds for what takes moments.
LIMIT = 120


def until(condition: Callable[[], object], seconds: float = LIMIT) -> bool:
    """Whether it comes true within reason."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for has no work to do any more."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    if not status.parent.parent.joinpath("self").exists():
        return True
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
