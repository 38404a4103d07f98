"""A progress bar for work that lasts."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

_PATIENCE = 1.0  # seconds without a bar


class ProgressBar:
    """Call it with how much of a step is done and how much there is, 0 where that cannot be told.

    Shows the step, the counts and the time left on a terminal, on standard error; nothing in CI, whatever a service
    lends its jobs for a terminal.
    """

    def __init__(self, *, wanted: bool, what: str = "Analysing") -> None:
        self.what = what
        self.wanted = wanted and sys.stderr.isatty() and not _is_watched_by_nobody()
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

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """Show the state, once there is something to wait for."""
        if not self.wanted:
            return
        if self.bar is None:
            if time.monotonic() - self.start < _PATIENCE or (done >= total and total):
                return
            self.bar, self.task = _started(what or self.what, total)
            self.what = what or self.what
        assert self.task is not None
        if what and what != self.what:
            # The time that is left is that of the step.
            self.what = what
            self.bar.remove_task(self.task)
            self.task = self.bar.add_task(what, total=total or None)
        self.bar.update(self.task, completed=done, total=total or None)


def _is_watched_by_nobody() -> bool:
    """Whether this is CI, by the variable that the services share, or a terminal that cannot go back in a line."""
    in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
    return in_ci or os.environ.get("TERM") == "dumb"


def _started(what: str, total: int) -> tuple[Progress, TaskID]:
    # Rich costs more than the analysis of a small project.
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    return bar, bar.add_task(what, total=total or None)
