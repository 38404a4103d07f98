"""Work on a thread with a deep stack, which an interruption stops where it does no harm."""

from __future__ import annotations

import contextlib
import gc
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from callr_migrate.stages import carried, current

Result = TypeVar("Result")

# The tree of a long expression is deep, and so is walking it. A system that is short of addresses gives less.
_STACKS = (512, 128, 32)  # megabytes
_FRAMES = 40  # for each of them

# Trees are made of many objects that all live: looking for garbage among them takes a fourth of the time.
_GARBAGE = (100_000, 20, 50)
# Seconds for what was interrupted to clear up after itself: the process may be at its end right after.
_LAST = 0.3


class Stopped(Exception):
    """The run was interrupted."""


class Deep:
    """One piece of work. What is in `stopping` is called where it is interrupted."""

    def __init__(self) -> None:
        self.stopping: list[Callable[[], None]] = []
        self._stop = threading.Event()
        self._busy = threading.Lock()

    def run(self, work: Callable[[], Result]) -> Result:
        """Do it and give its result, or raise what it raises.

        At `KeyboardInterrupt` what runs `uninterrupted` is done to its end first.
        """
        result: list[Result] = []
        failure: list[BaseException] = []

        def target() -> None:
            try:
                result.append(work())
            except BaseException as error:
                failure.append(error)

        limit, thresholds = sys.getrecursionlimit(), gc.get_threshold()
        thread: threading.Thread | None = None
        try:
            gc.set_threshold(*_GARBAGE)
            thread = _started(carried(current(), target))
            while thread.is_alive():
                # A wait without an end would not hear of an interruption on Windows.
                thread.join(0.1)
        except BaseException:
            self._halt()
            if thread is not None:
                thread.join(_LAST)
            raise
        finally:
            sys.setrecursionlimit(limit)
            gc.set_threshold(*thresholds)
        if failure:
            raise failure[0]
        return result[0]

    def check(self) -> None:
        """Raise `Stopped` if somebody has interrupted the work."""
        if self._stop.is_set():
            raise Stopped

    @contextlib.contextmanager
    def uninterrupted(self) -> Iterator[None]:
        """What is done within is done whole, or not begun."""
        with self._busy:
            self.check()
            yield

    def _halt(self) -> None:
        self._stop.set()
        for stop in self.stopping:
            stop()
        while True:
            # Whoever is impatient and interrupts again has to wait as well; it is but a few files.
            with contextlib.suppress(KeyboardInterrupt):
                self._busy.acquire()
                return


@contextlib.contextmanager
def lasting() -> Iterator[None]:
    """What is imported within lives to the end: nobody looks for garbage among it, neither then nor later."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


def _started(target: Callable[[], None]) -> threading.Thread:
    previous = threading.stack_size()
    limit = sys.getrecursionlimit()
    try:
        for megabytes in _STACKS:
            threading.stack_size(megabytes * 1024 * 1024)
            sys.setrecursionlimit(max(limit, megabytes * _FRAMES))
            thread = threading.Thread(target=target, daemon=True)
            try:
                thread.start()
            except RuntimeError:
                if megabytes == _STACKS[-1]:
                    raise
                continue
            return thread
    finally:
        threading.stack_size(previous)
    raise AssertionError
