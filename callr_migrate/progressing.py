"""How long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class OnProgress(Protocol):
    """Is told how much of a step is done; `total` 0 where that cannot be told. `what` is the step, for people."""

    def __call__(self, done: int, total: int, what: str = ...) -> None:
        """Take note; may raise to stop the work."""
        ...


def unheard(done: int, total: int, what: str = "") -> None:
    """For work that nobody waits for."""
