"""Measures the stages of a run or of a worker; only imported where somebody asks for them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from callr_migrate.stages import Stages, carried

Result = TypeVar("Result")

_MARK = "VmHWM:"  # in kilobytes, by Linux
_STARTED = 19  # the place of a process's start among what follows its name in /proc/PID/stat, in ticks


def begun(worker: tuple[int, int] | None = None, *, starting: bool) -> Stages:
    """Stages from now on; with `starting` the time since the process began is that of "starting up"."""
    stages = Stages(worker)
    if starting:
        stages.seconds["starting up"] = age()
    return stages


def in_worker(work: Callable[[], Result], *, is_process: bool) -> tuple[Result, Stages]:
    """Do some work for somebody else; what came of it and where the time went.

    `is_process` says that a process of its own was started for such work, the start of which is part of it.
    """
    worker = os.getpid(), threading.get_ident()
    stages = begun(worker, starting=is_process and _is_first())
    result = carried(stages, work)()
    stages.memory = peak()
    return result, stages


def _is_first() -> bool:
    """Whether this process was started by another one of ours, and is asked for the first time."""
    from multiprocessing import parent_process

    global _was_asked
    was, _was_asked = _was_asked, True
    return not was and parent_process() is not None


_was_asked = False


def age() -> float:
    """Seconds since the process began, as near as the system tells; at least what it kept a processor busy."""
    busy = time.process_time()
    if sys.platform != "linux":
        return busy
    try:
        fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        past = time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[_STARTED]) / ticks
    except (OSError, ValueError, IndexError):
        return busy
    # It began somewhere within that tick.
    return max(busy, past - 1 / ticks)


def peak() -> int | None:
    """The most memory that the process ever had, in bytes; None where the system does not tell."""
    try:
        # What the other way tells is that of the process that started this one, too, if that was larger.
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith(_MARK):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
