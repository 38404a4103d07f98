"""Where the time of a run goes: stages, each with the time that is its own. Nothing to speak of where nobody asks.

The stages of a piece of work are its thread's; `carried` hands them on to a thread that does it in another one's stead.
"""

from __future__ import annotations

import threading
from functools import wraps
from time import perf_counter
from typing import TYPE_CHECKING, Literal, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# In the order in which a run comes to them.
Stage = Literal[
    "starting up",
    "settings",
    "walking",
    "cache",
    "reading and searching",
    "following imports",
    "loading rules",
    "importing the analysis",
    "parsing",
    "indexing",
    "searching for calls",
    "judging calls",
    "planning",
    "writing edits",
    "other analysis",
    "project files",
    "waiting for workers",
    "counting",
    "writing files",
    "rendering",
    "all else",
]
_REST: Stage = "all else"


class Stages:
    """The seconds of each stage, without those of the stages within it, and how much of what it dealt with.

    All time since it was made is some stage's, so the sum is the time that has passed. `workers` are those of other
    processes or threads, `worker` says which of them this is, and `memory` is the most that its process took, in bytes.
    """

    def __init__(self, worker: tuple[int, int] | None = None) -> None:
        self.seconds: dict[Stage, float] = {}
        self.counts: dict[Stage, dict[str, int]] = {}
        self.workers: list[Stages] = []
        self.worker = worker
        self.memory: int | None = None
        self._open: list[Stage] = [_REST]
        self._since = perf_counter()

    def begin(self, name: Stage) -> int:
        """A stage begins; what `end` needs to end it."""
        self.take()
        self._open.append(name)
        return len(self._open) - 1

    def end(self, depth: int) -> None:
        """A stage ends, and all that began within it and was left without a word."""
        self.take()
        del self._open[depth:]

    def take(self) -> None:
        """The time up to now is that of the stage in which we are."""
        now = perf_counter()
        name = self._open[-1]
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now


class _Here(threading.local):
    stages: Stages | None = None


class _Within:
    __slots__ = ("depth", "name", "stages")

    def __init__(self, stages: Stages, name: Stage) -> None:
        self.stages = stages
        self.name: Stage = name
        self.depth = 0

    def __enter__(self) -> None:
        self.depth = self.stages.begin(self.name)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stages.end(self.depth)


class _Off:
    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


_here = _Here()
_OFF = _Off()


def stage(name: Stage) -> _Within | _Off:
    """What is done `with` it is this stage's."""
    stages = _here.stages
    return _OFF if stages is None else _Within(stages, name)


def staged(name: Stage) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """The calls of a function are this stage's."""

    def decorated(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(function)
        def within(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            stages = _here.stages
            if stages is None:
                return function(*args, **kwargs)
            depth = stages.begin(name)
            try:
                return function(*args, **kwargs)
            finally:
                stages.end(depth)

        return within

    return decorated


def count(name: Stage, **what: int) -> None:
    """A stage dealt with so many of something: `files=3`."""
    stages = _here.stages
    if stages is not None:
        counts = stages.counts.setdefault(name, {})
        for noun, number in what.items():
            counts[noun] = counts.get(noun, 0) + number


def current() -> Stages | None:
    """Those of this thread's work; None: nobody asks."""
    return _here.stages


def carried(stages: Stages | None, work: Callable[[], Result]) -> Callable[[], Result]:
    """The same work, whose stages are these whatever thread does it."""

    def done() -> Result:
        before, _here.stages = _here.stages, stages
        try:
            return work()
        finally:
            _here.stages = before
            if stages is not None:
                stages.take()

    return done
