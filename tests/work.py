"""Work for `callr_migrate.executors`, where other processes can import it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def squared(number: int) -> int:
    return number * number


def squared_or_killed(number: int) -> int:
    """13 is bad luck for whoever gets it."""
    if number == 13:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if number == 14:
        raise MemoryError
    return number * number


def failing(number: int) -> int:
    raise ValueError(f"not {number}")


def process(_: int) -> int:
    return os.getpid()


def endless(folder: str) -> None:
    """Leave the number of the process there, and never return."""
    Path(folder, str(os.getpid())).touch()
    while True:
        time.sleep(1)
