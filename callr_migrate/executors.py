"""Where work is done: in this process, in several of this machine, or on a Dask cluster. Results come in order.

A worker that dies costs the item that it was at, nothing else: `Lost` stands in its place. All of it is
`concurrent.futures`; only the executor differs.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from callr_migrate.records import dataclass
from callr_migrate.stages import stage

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future
    from multiprocessing.process import BaseProcess
    from types import TracebackType

    from callr_migrate.cluster import Cluster

Item = TypeVar("Item")
Result = TypeVar("Result")

SCHEME = "dask://"
# As many as Windows can wait for.
_MOST_PROCESSES = 61
# So many items are under way for each worker: enough to keep it busy, few enough to be held in memory.
_AHEAD = 4
# Seconds until processes that were killed must have ended.
_GRACE = 5
_MOMENT = 0.02
_KILLED = "its worker was killed or ran out of memory"
# Workers cannot be started everywhere: no semaphores, no shared memory, too many processes or threads already. They
# are also what a pool raises that has lost a worker.
_NOT_HERE = (ImportError, OSError, RuntimeError)


class ExecutorError(Exception):
    """The workers cannot be had; the message is one line for the user."""


@dataclass(frozen=True)
class Lost:
    """In place of the result of an item whose worker was killed or ran out of memory."""

    reason: str


def available() -> int:
    """How many processors this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Workers:
    """`jobs` workers of this machine, or all of the cluster at `address` (`dask://HOST:PORT`).

    To be used as a context manager, which ends them; nothing is started before the first item. Raises
    `ExecutorError` where the cluster cannot be had.
    """

    def __init__(self, jobs: int = 1, address: str | None = None) -> None:
        self.count = jobs
        self._cluster: Cluster | None = None
        if address is not None:
            from callr_migrate.cluster import Cluster

            self._cluster = Cluster(address)
        if self._cluster is not None:
            self.count = self._cluster.count
        self._local: Executor | None = None
        self._is_proven = False  # whether a worker ever gave a result
        self.is_without = False  # whether no workers could be had, so that this process does all of it
        # The processes that were there before this started any.
        self._others: list[BaseProcess] | None = None
        self._stopped = threading.Event()

    @property
    def is_remote(self) -> bool:
        """Whether other machines do the work."""
        return self._cluster is not None

    @property
    def is_one(self) -> bool:
        """Whether this process does all of it by itself."""
        return self._cluster is None and self.count <= 1

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.stop()
        if self._local is not None:
            if kind is None:
                self._local.shutdown(wait=True, cancel_futures=True)
            else:
                self._end(self._local)
            self._local = None
        if self._cluster is not None:
            self._cluster.close()

    def stop(self) -> None:
        """End all work at once, from whatever thread; `results` raises `CancelledError` where it waits."""
        self._stopped.set()
        self._kill()
        if self._cluster is not None:
            self._cluster.close()
        if self._local is not None and has_threads_that_run():
            # The process would wait for them at its end, when it is too late to clear up.
            self._local.shutdown(cancel_futures=True)

    def _kill(self) -> None:
        if self._others is not None:
            from multiprocessing import active_children

            for child in active_children():
                if child not in self._others:
                    child.kill()

    def _end(self, executor: Executor) -> None:
        """Wait for what looks after processes that were killed, and kill those that were just about to start.

        Not waited for, it would end beside the interpreter, which then may print what it stumbles over.
        """
        ending = threading.Thread(target=executor.shutdown, kwargs={"cancel_futures": True}, daemon=True)
        ending.start()
        end = time.monotonic() + _GRACE
        while ending.is_alive() and time.monotonic() < end:
            self._kill()
            ending.join(_MOMENT)

    def results(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result | Lost]:
        """The function's result for each item, in their order; it and the items can be pickled.

        Raises what the function raises, and `CancelledError` after `stop`.
        """
        if self.is_one:
            yield from map(function, items)
        else:
            yield from self._shared(function, items)

    def _shared(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result | Lost]:
        # What follows, up to sockets, is for runs with workers.
        from concurrent.futures import BrokenExecutor

        following = iter(items)
        waiting: deque[tuple[Item, Future[Result]]] = deque()
        while True:
            self._check()
            for item in islice(following, max(self.count * _AHEAD - len(waiting), 0)):
                try:
                    waiting.append((item, self._submit(function, item)))
                except BrokenExecutor:
                    waiting.append((item, _failed()))
                    break
                except _NOT_HERE:
                    self._check()
                    if self._cluster is not None:
                        raise
                    yield from self._by_itself(function, [*waiting, (item, _failed())], following)
                    return
            if not waiting:
                return
            item, future = waiting.popleft()
            try:
                with stage("waiting for workers"):
                    result: Result | Lost = self._awaited(future)
                self._is_proven = True
            except BrokenExecutor:
                self._check()
                self._drop()
                if not self._is_proven and not self._can_work():
                    yield from self._by_itself(function, [(item, future), *waiting], following)
                    return
                # Which of those that were under way is at fault, nobody knows: each is tried on its own.
                yield from self._one_by_one(function, [(item, future), *waiting])
                waiting.clear()
                continue
            except MemoryError:
                result = Lost("there is not enough memory for it")
            except Exception as error:
                self._check()
                if self._cluster is None or not self._cluster.lost(error):
                    raise
                result = self._alone(function, item, [other for _, other in waiting])
            yield result

    def _awaited(self, future: Future[Result]) -> Result:
        return future.result() if self._cluster is None else self._cluster.awaited(future)

    def _can_work(self) -> bool:
        """Whether a worker can do anything at all: they may end as they start, whatever they are given."""
        try:
            self._is_proven = self._submit(_is_there, None, alone=True).result()
        except _NOT_HERE:
            self._check()
        self._drop()
        return self._is_proven

    def _by_itself(
        self,
        function: Callable[[Item], Result],
        pending: list[tuple[Item, Future[Result]]],
        following: Iterator[Item],
    ) -> Iterator[Result]:
        """Where no workers can be had: what they have not done is done in this process, as with one job."""
        self._drop()
        self.count, self.is_without = 1, True
        for item, future in pending:
            self._check()
            yield future.result() if _has_result(future) else function(item)
        for item in following:
            self._check()
            yield function(item)

    def _alone(
        self, function: Callable[[Item], Result], item: Item, others: list[Future[Result]]
    ) -> Result | Lost:
        """Try an item once more on the cluster, by itself: it may have been beside the one that ends workers."""
        from concurrent.futures import wait

        assert self._cluster is not None
        while wait(others, timeout=1).not_done:
            self._check()
            self._cluster.expect_workers()
        self._check()
        try:
            return self._cluster.awaited(self._submit(function, item))
        except MemoryError:
            return Lost("there is not enough memory for it")
        except Exception as error:
            self._check()
            if not self._cluster.lost(error):
                raise
            return Lost(_KILLED)

    def _one_by_one(
        self, function: Callable[[Item], Result], pending: list[tuple[Item, Future[Result]]]
    ) -> Iterator[Result | Lost]:
        from concurrent.futures import BrokenExecutor

        for item, future in pending:
            if _has_result(future):
                yield future.result()
                continue
            self._check()
            try:
                again = self._submit(function, item, alone=True)
            except _NOT_HERE:
                again = _failed()
            try:
                yield again.result()
            except MemoryError:
                yield Lost("there is not enough memory for it")
            except BrokenExecutor:
                self._check()
                self._drop()
                yield Lost(_KILLED)
        self._drop()

    def _submit(
        self, function: Callable[[Item], Result], item: Item, *, alone: bool = False
    ) -> Future[Result]:
        if self._cluster is not None:
            return self._cluster.submit(function, item)
        if self._local is None:
            if self._others is None:
                from multiprocessing import active_children

                self._others = active_children()
            self._local = _local(1 if alone else self.count, self._stopped)
        return self._local.submit(function, item)

    def _drop(self) -> None:
        if self._local is not None:
            self._local.shutdown(wait=True, cancel_futures=True)
            self._local = None

    def _check(self) -> None:
        if self._stopped.is_set():
            _cancel()


def _cancel() -> None:
    from concurrent.futures import CancelledError

    raise CancelledError


def _failed() -> Future[Any]:
    from concurrent.futures import BrokenExecutor, Future

    future: Future[Any] = Future()
    future.set_exception(BrokenExecutor())
    return future


def _has_result(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _is_there(_: None) -> bool:
    return True


def has_threads_that_run() -> bool:
    """Whether threads run side by side: a free-threaded Python, in which no library has brought the lock back."""
    is_locked = getattr(sys, "_is_gil_enabled", None)
    return is_locked is not None and not is_locked()


class _OfThread(threading.local):
    stopped: threading.Event | None = None


_here = _OfThread()


def checker() -> Callable[[], None]:
    """In a worker: to be called now and then, raises `CancelledError` when nobody wants the work any more.

    Processes are just ended; a thread has to end by itself, and the whole process waits for it.
    """
    stopped = _here.stopped

    def check() -> None:
        if stopped is not None and stopped.is_set():
            _cancel()

    return check


def _local(count: int, stopped: threading.Event) -> Executor:
    if has_threads_that_run():
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(count, initializer=_begin_thread, initargs=(stopped,))
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # A copy of a process with threads can hang, so each worker starts anew.
    context = get_context("spawn")
    return ProcessPoolExecutor(min(count, _MOST_PROCESSES), mp_context=context, initializer=_begin)


def _begin_thread(stopped: threading.Event) -> None:
    _here.stopped = stopped


def _begin() -> None:
    """In a worker: an interruption is for the one who waits, and who ends without a word takes it along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
