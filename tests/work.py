"""Work for `callr_migrate.executors`, where other processes can import it."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

from callr_migrate.executors import checker


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


def until_unwanted(folder: str) -> None:
    """Leave the number of the thread there, and take it away when nobody wants the work any more."""
    check, own = checker(), Path(folder, str(threading.get_ident()))
    own.touch()
    try:
        for _ in range(3000):
            check()
            time.sleep(0.01)
    finally:
        own.unlink()


def until_let_go(folder: str) -> None:
    """Leave the number of the process there, and return once a file `enough` is there."""
    Path(folder, str(os.getpid())).touch()
    for _ in range(60_000):
        if Path(folder, "enough").exists():
            return
        time.sleep(0.01)


def endless(folder: str) -> None:
    """Leave the number of the process there, and never return."""
    Path(folder, str(os.getpid())).touch()
    while True:
        time.sleep(1)
