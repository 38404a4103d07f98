"""Keeping the state file up to date: one write for all requests that wait, answered when their change is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from callr_migrate.twin import files


class Saver:
    """Writes on a thread, one write at a time. Without a path nothing is kept."""

    def __init__(self, path: Path | None, dump: Callable[[], bytes]) -> None:
        self.path = path
        self.dump = dump
        self._next: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None

    async def commit(self) -> None:
        """Wait until all that was changed so far is on disk; raises `OSError`."""
        if self.path is None:
            return
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run(self.path))
        # One that no longer waits (its client left) must not cancel it for the others.
        await asyncio.shield(self._next)

    async def _run(self, path: Path) -> None:
        try:
            while self._next is not None:
                waiting, self._next = self._next, None
                data = self.dump()
                try:
                    await asyncio.to_thread(files.write, path, data)
                except OSError as error:
                    waiting.set_exception(error)
                else:
                    waiting.set_result(None)
        finally:
            self._task = None
