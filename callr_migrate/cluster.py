"""A Dask cluster that does the work of `callr_migrate.executors`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from callr_migrate import __version__
from callr_migrate.executors import SCHEME, ExecutorError

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

# Seconds until a cluster must have answered.
_PATIENCE = 20
# Seconds until workers that died must be back.
_ABSENCE = 120
# Seconds after which they are looked for while a result is waited for.
_BEAT = 5


class Cluster:
    """All workers of the cluster at `address` (`dask://HOST:PORT`), which run this version of the tool.

    Raises `ExecutorError` where it cannot be had.
    """

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix(SCHEME).rstrip("/").rpartition(":")
        if not address.startswith(SCHEME) or not host or not port.isdecimal():
            raise ExecutorError(f"executor {address!r}: must look like {SCHEME}HOST:PORT")
        try:
            # It has no types to speak of.
            self._library: Any = import_module("distributed")
        except ImportError:
            raise ExecutorError(
                f"executor {address!r} needs the package distributed: install callr-migrate[dask]"
            ) from None
        _silence()
        self._address = address
        # Since when there have been no workers.
        self._without: float | None = None
        # What somebody may wait for.
        self._pending: set[Future[Any]] = set()
        try:
            self._client = self._library.Client(
                f"tcp://{host}:{port}", timeout=_PATIENCE, set_as_default=False
            )
        except (OSError, TimeoutError) as error:
            why = str(error).splitlines()[0] if str(error) else "there is no answer"
            raise ExecutorError(f"executor {address!r}: cannot be reached: {why}") from None
        try:
            # Those that just died are on their way back.
            with suppress(TimeoutError, self._library.TimeoutError):
                self._client.wait_for_workers(1, timeout=_PATIENCE)
            self.count = sum(self._client.nthreads().values())
            self._check()
        except (OSError, TimeoutError, self._library.TimeoutError) as error:
            self.close()
            raise self._gone() from error
        except BaseException:
            self.close()
            raise

    def _check(self) -> None:
        """Raise where there are no workers, or some that would do the work in another way."""
        told = cast("dict[str, Any]", self._client.run(_version, on_error="return")) if self.count else {}
        # Who dies when asked is none any more.
        versions = {worker: version for worker, version in told.items() if not isinstance(version, OSError)}
        if not versions:
            raise ExecutorError(f"executor {self._address!r}: the cluster has no workers")
        for worker, version in versions.items():
            if version != __version__:
                found = (
                    f"has version {version}" if isinstance(version, str) else "cannot import callr-migrate"
                )
                raise ExecutorError(
                    f"executor {self._address!r}: the worker {worker} {found}; "
                    f"install {__version__} on all of them"
                )

    def submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result]:
        """The item's result to come.

        The library has an executor of its own: it takes a result for an error where a worker that holds a
        copy of it dies the moment after. Raises `ExecutorError`, as does the result, where the scheduler is gone.
        """
        from asyncio import run_coroutine_threadsafe

        try:
            remote = self._client.submit(function, item, pure=False)
            result = run_coroutine_threadsafe(self._result(remote), self._client.loop.asyncio_loop)
        except Exception as error:
            if self._client.status == "running":
                raise
            raise self._gone() from error
        self._pending.add(result)
        result.add_done_callback(self._pending.discard)
        return cast("Future[Result]", result)

    async def _result(self, remote: Any) -> Any:
        try:
            return await remote.result()
        except Exception as error:
            # What the work raised, or that workers died at it.
            if remote.status == "error":
                raise
            raise self._gone() from error

    def awaited(self, result: Future[Result]) -> Result:
        """Wait for what `submit` gave; raises what the work raised, and `ExecutorError` as `expect_workers`."""
        from concurrent.futures import TimeoutError as StillWaiting

        while True:
            try:
                return result.result(min(_BEAT, _ABSENCE))
            except StillWaiting:
                if result.done():
                    return result.result()
            self.expect_workers()

    def expect_workers(self) -> None:
        """Raise `ExecutorError` where there have been no workers for long: they would be waited for without end."""
        try:
            has_workers = bool(self._client.nthreads())
        except Exception:
            # Where the scheduler is gone, the results tell.
            return
        if has_workers:
            self._without = None
        elif self._without is None:
            self._without = time.monotonic()
        elif time.monotonic() - self._without > _ABSENCE:
            raise ExecutorError(
                f"executor {self._address!r}: the cluster has had no workers for {_ABSENCE} s"
            )

    def _gone(self) -> ExecutorError:
        return ExecutorError(f"executor {self._address!r}: the connection to the cluster was lost")

    def lost(self, error: BaseException) -> bool:
        """Whether this says that workers died at an item, rather than what the item raised."""
        return isinstance(error, self._library.KilledWorker)

    def close(self) -> None:
        """End it; who waits for a result is woken, whatever becomes of the connection."""
        for result in self._pending.copy():
            result.cancel()
        # A connection that does not end in an orderly way ends with the process.
        with suppress(Exception):
            self._client.close()


def _silence() -> None:
    """What goes wrong with a cluster is told by an exception, which the library also logs, with its own call stacks."""
    import logging

    for name in [*logging.root.manager.loggerDict, "distributed"]:
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _version() -> str:
    return __version__
