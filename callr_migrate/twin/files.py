"""The state file: JSON, replaced whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from callr_migrate.twin.model import LISTS, TABLES, State

FORMAT = 1


class StateError(Exception):
    """The file is no state of a twin; the message is one line."""


def dump(state: State) -> bytes:
    """As it stands in the file."""
    # One line a table, and no copy of the whole first: the encoder asks `vars` for each part.
    parts = {"format": FORMAT, **vars(state)}.items()
    lines = [
        f"{json.dumps(key)}: {json.dumps(part, default=vars, ensure_ascii=False)}" for key, part in parts
    ]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def load(path: Path) -> State | None:
    """What is in a file; None if there is no such file. Raises `StateError`."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    try:
        return read(raw)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise StateError(f"{path}: is no state file of the twin; move it away to begin anew") from None


def read(data: bytes) -> State:
    """The state that was dumped; raises as `parse` does."""
    return parse(json.loads(data))


def parse(data: Any) -> State:
    """The state that was dumped; raises `ValueError`, `TypeError` and the like for anything else."""
    values = dict(data)
    if values.pop("format") != FORMAT:
        raise ValueError("another format")
    unknown = values.keys() - {field.name for field in fields(State)}
    if unknown:
        raise ValueError(f"unknown keys {unknown}")
    for name, kind in TABLES.items():
        values[name] = {key: kind(**entry) for key, entry in values.get(name, {}).items()}
    for name, kind in LISTS.items():
        values[name] = [kind(**entry) for entry in values.get(name, [])]
    return State(**values)


def write(path: Path, data: bytes) -> None:
    """Put it in the file's place, in one step; raises `OSError`."""
    target = path.resolve()
    # Always the same name: what a killed twin leaves behind is overwritten by the next.
    temporary = target.with_name(f".{target.name}.tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, target)  # noqa: PTH105 - the atomic call, by its own name


@contextmanager
def held(path: Path | None) -> Iterator[None]:
    """Keep other twins of this machine off a state file, where there is one; raises `StateError`.

    The lock ends with its process, however that ends.
    """
    if path is None:
        yield
        return
    # Not beside the file: nothing but the account shall be left there.
    name = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:24]
    lock = FileLock(Path(tempfile.gettempdir()) / f"callr-migrate-twin-{name}.lock")
    # Where it cannot be had at all, such as for a file of somebody else's, the twin does without.
    with suppress(OSError):
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StateError(
                f"{path}: another twin keeps its account there; end it, or name another file"
            ) from None
    try:
        yield
    finally:
        lock.release()
