"""Whole processes, measured by the operating system: wall time, processor time, and memory of the largest one."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_LIMIT = 120  # seconds for one process


@dataclass(frozen=True)
class Command:
    """A command line, where it is run, and what it is called."""

    name: str
    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """Medians: seconds on the clock and of the processors, and megabytes."""

    wall: float
    cpu: float
    memory: float


def _once(command: Command) -> Figures:
    start = time.perf_counter()
    # Into a file: a pipe would make it wait for its reader.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            list(command.arguments),
            cwd=command.folder,
            env={**os.environ, **command.environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        # One that waits for a network, say, is not waited for.
        alarm = threading.Timer(_LIMIT, process.kill)
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        alarm.cancel()
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            output.seek(0)
            text = output.read().decode(errors="replace")
            raise RuntimeError(f"{command.name} ended with {process.returncode}: {text[-500:]}")
    unit = 1024 if platform.system() != "Darwin" else 1
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e6)


def measured(commands: Sequence[Command], runs: int, *, warm: bool = True) -> list[Figures]:
    """Run the commands in turn, so that a machine that gets slower does so for all of them; their medians."""
    found: list[list[Figures]] = [[] for _ in commands]
    for command in commands if warm else ():
        _once(command)
    for _ in range(runs):
        for figures, command in zip(found, commands, strict=True):
            figures.append(_once(command))
    return [
        Figures(
            statistics.median(each.wall for each in figures),
            statistics.median(each.cpu for each in figures),
            max(each.memory for each in figures),
        )
        for figures in found
    ]


def machine() -> str:
    """Processors, memory and system, without any name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cores} cores ({platform.machine()}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )
