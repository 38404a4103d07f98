"""The work on one repository, as a process of its own that takes all it has started along when it ends.

Pickled as it is, so that a worker of this machine or of a cluster can do it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict, field
from typing import Any

from callr_migrate.fleet.listing import Repository
from callr_migrate.pullrequest.git import hidden
from callr_migrate.records import dataclass

_ENDING = 20  # seconds for what was killed to be gone
_TAIL = 4000  # characters of what a process said that died

_running: set[subprocess.Popen[bytes]] = set()
_lock = threading.Lock()
_stopped = threading.Event()


@dataclass(frozen=True)
class Task:
    """A repository, and the folder for clones. `dry`: `pr` changes nothing."""

    repository: Repository
    work: str
    timeout: int
    dry: bool = False

    @property
    def command(self) -> str:
        """What is done."""
        return self.repository.options.command or "check"


@dataclass(frozen=True)
class Result:
    """What came of a task. `state` says what `pr` did; `patch` is what `fix` has changed in a clone.

    `reason` is why it failed, as one line; None if it is done.
    """

    name: str
    reason: str | None = None
    code: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    state: str | None = None
    url: str | None = None
    place: str | None = None
    patch: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether it need not be done again."""
        return self.reason is None


def run_task(task: Task) -> Result:
    """Do it; raises nothing."""
    name = task.repository.name
    try:
        return _answered(name, *_child(task))
    except subprocess.TimeoutExpired:
        return Result(name, f"did not end within {task.timeout} s, and was stopped")
    except OSError as error:
        return Result(name, f"cannot be started: {(error.strerror or str(error)).lower()}")


def stop_all() -> None:
    """End the tasks of this process, at once."""
    _stopped.set()
    with _lock:
        running = list(_running)
    for process in running:
        _kill(process)


def _child(task: Task) -> tuple[int, bytes, bytes]:
    """Run the child; it ends when its standard input does, so that it never outlives this process."""
    separate: dict[str, Any] = {} if sys.platform == "win32" else {"start_new_session": True}
    with _lock:
        if _stopped.is_set():
            raise OSError("stopped")
        process = subprocess.Popen(
            [sys.executable, "-m", "callr_migrate.fleet.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **separate,
        )
        _running.add(process)
    assert process.stdin is not None
    keep = process.stdin
    try:
        # `communicate` would close it.
        process.stdin = None
        keep.write(json.dumps(asdict(task)).encode() + b"\n")
        keep.flush()
        out, err = process.communicate(timeout=task.timeout)
    except BrokenPipeError:
        out, err = process.communicate(timeout=_ENDING)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.communicate(timeout=_ENDING)
        raise
    finally:
        if process.poll() is None:
            _kill(process)
        keep.close()
        with _lock:
            _running.discard(process)
    return process.returncode, out, err


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with all that it has started."""
    if sys.platform == "win32":
        if process.poll() is None:
            subprocess.run(
                ["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False
            )
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        if process.poll() is None:
            process.kill()


def _answered(name: str, code: int, out: bytes, err: bytes) -> Result:
    try:
        answer = json.loads(out)
        return Result(**{**answer, "name": name})
    except (ValueError, TypeError):
        told = [line for line in err.decode("utf-8", "replace")[-_TAIL:].splitlines() if line.strip()]
        said = f": {hidden(told[-1].strip())}" if told else ""
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code} and no answer"
        return Result(name, f"the process {how}{said}")
