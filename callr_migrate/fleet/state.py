"""What is done already: a file that is whole at every moment, so that a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from callr_migrate import __version__
from callr_migrate.config import ConfigError
from callr_migrate.fleet.task import Result, Task

FILE = "state.json"
_SCHEMA = 1
_KEPT = [entry.name for entry in fields(Result) if entry.name != "patch"]


class State:
    """The results by repository and command, kept in a folder. Threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Read what is there; raises `ConfigError`."""
        self.path = folder / FILE
        self._lock = threading.Lock()
        self._known: dict[str, dict[str, dict[str, Any]]] = {}
        try:
            data = json.loads(self.path.read_bytes())
            if data["schema"] != _SCHEMA:
                raise ValueError
            self._known = {
                str(name): {str(command): dict(entry) for command, entry in entries.items()}
                for name, entries in data["repositories"].items()
            }
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ConfigError(
                [
                    f"{self.path.as_posix()}: is no state of this tool that can be read; remove it, or name another --work"
                ]
            ) from None

    def done(self, task: Task) -> Result | None:
        """The result of a task that was done, and would be done in the same way now."""
        entry = self._known.get(task.repository.name, {}).get(task.command)
        if entry is None or entry.get("key") != key_of(task):
            return None
        result = Result(**{name: entry[name] for name in _KEPT if name in entry})
        return result if result.is_done else None

    def keep(self, task: Task, result: Result) -> None:
        """Write a result down; raises `OSError`."""
        entry = {name: value for name, value in asdict(result).items() if name in _KEPT}
        with self._lock:
            self._known.setdefault(result.name, {})[task.command] = {**entry, "key": key_of(task)}
            self._write()

    def _write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = {"schema": _SCHEMA, "version": __version__, "repositories": self._known}
        write_whole(self.path, json.dumps(data, indent=1, sort_keys=True).encode() + b"\n")


def write_whole(path: Path, raw: bytes) -> None:
    """Put a file in its place in one step; raises `OSError`."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def key_of(task: Task) -> str:
    """What a task is: another version, other options or another address make it another one."""
    told = asdict(task)
    # How long it may take, and where, is nothing of what it does.
    told.pop("timeout")
    told.pop("work")
    told["repository"]["options"].pop("timeout")
    return hashlib.sha256(json.dumps([__version__, told], sort_keys=True).encode()).hexdigest()
