"""Whole processes, measured by the operating system: wall time, processor time, and memory of the largest one."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

# Seconds for one process.
LIMIT = 120

# A process counts the memory of the one that starts it as its own, so a small one starts what is measured. It ends all
# of it after a time, and when it is ended itself. What it tells is: status, seconds, seconds of processors, memory.
_LAUNCH = """
import os, signal, sys, time
limit, command = float(sys.argv[1]), sys.argv[2:]
start = time.perf_counter()
pid = os.posix_spawnp(command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)], setpgroup=0)
signal.signal(signal.SIGALRM, lambda *_: os.killpg(pid, signal.SIGKILL))
signal.setitimer(signal.ITIMER_REAL, limit)
try:
    _, status, usage = os.wait4(pid, 0)
except BaseException:
    os.killpg(pid, signal.SIGKILL)
    raise
wall = time.perf_counter() - start
print(os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""


class Failed(Exception):
    """A command did not do what it was to do; the message names it, and no paths."""


def _nothing() -> None: ...


@dataclass(frozen=True)
class Command:
    """A command line, where it is run, and what it is called. `before` is done before each run of it."""

    name: str
    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[], object] = _nothing
    limit: float = LIMIT
    keeps: bool = False  # what it prints


@dataclass(frozen=True)
class Figures:
    """Medians: seconds on the clock and of the processors, and megabytes; what was printed, run by run, if kept."""

    wall: float
    cpu: float
    memory: float
    outputs: tuple[str, ...] = ()


def once(command: Command) -> Figures:
    """Run it; raises `Failed`."""
    command.before()
    # Into a file: a pipe would make it wait for its reader.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LAUNCH, str(command.limit), *command.arguments],
            cwd=command.folder,
            env={**os.environ, **command.environment},
            stdout=subprocess.PIPE,
            stderr=output,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        output.seek(0)
        text = output.read().decode(errors="replace")
    if done.returncode:
        raise Failed(f"{command.name} could not be started")
    code, wall, cpu, memory = done.stdout.split()
    if int(code) not in (0, 1):
        print(text[-500:], file=sys.stderr)
        why = f"took more than {command.limit:.0f} s" if int(code) == -9 else f"ended with {int(code)}"
        raise Failed(f"{command.name} {why}")
    unit = 1024 if platform.system() != "Darwin" else 1
    return Figures(float(wall), float(cpu), int(memory) * unit / 1e6, (text,) if command.keeps else ())


def measured(commands: Sequence[Command], runs: int, *, warm: bool = True) -> list[Figures]:
    """Run the commands in turn, so that a machine that gets slower does so for all of them; their medians.

    With `warm` each is run once more before. Raises `Failed`.
    """
    found: list[list[Figures]] = [[] for _ in commands]
    for command in commands if warm else ():
        once(command)
    for _ in range(runs):
        for figures, command in zip(found, commands, strict=True):
            figures.append(once(command))
    return [
        Figures(
            statistics.median(each.wall for each in figures),
            statistics.median(each.cpu for each in figures),
            max(each.memory for each in figures),
            tuple(text for each in figures for text in each.outputs),
        )
        for figures in found
    ]


def cores() -> int:
    """How many processors there are for us."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Processors, memory and system, without any name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{cores()} cores ({platform.machine()}), {memory:.0f} GiB of memory, {platform.system()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )
