"""Runs a command with the recorder, and keeps what it saw in a trace file.

A trace is JSON: `{"schema": 1, "calls": [{"method", "surface", "stack": [{"path", "line", "function"}]}]}`. `method` is
null where the program did not say it in a text; the stack has the frames of the project, the nearest first.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from callr_migrate.files import real_path
from callr_migrate.pack.model import RulePack
from callr_migrate.records import dataclass
from callr_migrate.twin import child

RECORDER = Path(__file__).resolve().parent / "recorder"
VARIABLE = "CALLR_MIGRATE_TRACE"
SCHEMA = 1


class TraceError(Exception):
    """A trace file cannot be read or written; the message is one line."""


@dataclass(frozen=True)
class Frame:
    """A place in the project: `path` is relative to its root, lines start at 1."""

    path: str
    line: int
    function: str


@dataclass(frozen=True)
class Call:
    """One legacy call that happened; `stack` has the project's frames, the nearest first."""

    method: str | None
    surface: str
    stack: tuple[Frame, ...]


def run(pack: RulePack, root: Path, command: Sequence[str]) -> tuple[child.Ran, list[Call]]:
    """Run it to its end: how it ended, and the calls it made; raises `ChildError`."""
    with tempfile.TemporaryDirectory(prefix="callr-migrate-trace-", ignore_cleanup_errors=True) as name:
        calls, notes = Path(name) / "calls.jsonl", Path(name) / "notes.jsonl"
        config = {
            "file": str(calls),
            "notes": str(notes),
            "root": str(real_path(root)),
            "clients": list(_clients(pack)),
            "addresses": list(_addresses(pack)),
        }
        environ = dict(os.environ)
        environ[VARIABLE] = json.dumps(config)
        known = environ.get("PYTHONPATH")
        environ["PYTHONPATH"] = os.pathsep.join([str(RECORDER), *([known] if known else [])])
        ran = child.run(command, environ, notes)
        return ran, _read_lines(calls)


def _clients(pack: RulePack) -> list[dict[str, Any]]:
    found = []
    for surface in pack.surfaces.values():
        for client in surface.clients:
            module, _, name = client.rpartition(".")
            calls = {call: len(shape.leading) for call, shape in surface.calls.items()}
            found.append({"module": module, "class": name, "calls": calls, "surface": surface.surface})
    return found


def _addresses(pack: RulePack) -> list[dict[str, Any]]:
    return [
        {
            "text": address,
            "surface": surface.surface,
            "method": surface.payload.method if surface.payload else None,
            "routes": [
                {
                    "verb": route.verb,
                    "pattern": re.sub(r"\\\{\w+\\\}", "[^/?]+", re.escape(route.path)) + r"(?:\?|\Z)",
                    "method": route.method,
                }
                for route in surface.routes
            ],
        }
        for surface in pack.surfaces.values()
        for address in surface.addresses
    ]


def _read_lines(path: Path) -> list[Call]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    found: dict[Call, None] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue  # a process that was killed while it wrote
        stack = tuple(Frame(*frame) for frame in entry["stack"])
        found[Call(entry["method"], entry["surface"], stack)] = None
    return list(found)


def write(path: Path, calls: Sequence[Call]) -> None:
    """Keep a trace; raises `TraceError`."""
    data = {
        "schema": SCHEMA,
        "calls": [
            {"method": call.method, "surface": call.surface, "stack": [vars(frame) for frame in call.stack]}
            for call in calls
        ],
    }
    try:
        path.write_text(json.dumps(data, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise TraceError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def read(path: Path) -> list[Call]:
    """The calls of a trace; raises `TraceError`."""
    try:
        data = json.loads(path.read_bytes())
        if data["schema"] != SCHEMA:
            raise ValueError("another schema")
        return [_call(entry) for entry in data["calls"]]
    except OSError as error:
        raise TraceError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise TraceError(f"{path}: is no trace; 'callr-migrate trace -- COMMAND' makes one") from None


def _call(entry: Any) -> Call:
    method, surface = entry["method"], entry["surface"]
    if not isinstance(surface, str) or not (method is None or isinstance(method, str)):
        raise TypeError("not texts")
    frames = []
    for frame in entry["stack"]:
        place = Frame(frame["path"], frame["line"], frame["function"])
        if not (
            isinstance(place.path, str) and isinstance(place.line, int) and isinstance(place.function, str)
        ):
            raise TypeError("not a frame")
        frames.append(place)
    return Call(method, surface, tuple(frames))
