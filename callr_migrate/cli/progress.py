"""A progress bar for work that lasts."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

_PATIENCE = 1.0  # seconds without a bar


class ProgressBar:
    """Call it with how many files (or what else) are done and how many there are. Shows on a terminal only, on standard error."""

    def __init__(self, *, wanted: bool, what: str = "Analysing") -> None:
        self.what = what
        self.wanted = wanted and sys.stderr.isatty()
        self.start = time.monotonic()
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, done: int, total: int, what: str = "Reading") -> None:
        """Show the state, once there is something to wait for."""
        if not self.wanted:
            return
        if self.bar is None:
            if time.monotonic() - self.start < _PATIENCE or done >= total:
                return
            self.bar, self.task = _started(self.what, total)
        assert self.task is not None
        self.bar.update(self.task, completed=done, total=total)


def _started(what: str, total: int) -> tuple[Progress, TaskID]:
    # Rich costs more than the analysis of a small project.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task(what, total=total)
