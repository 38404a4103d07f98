"""A Dask cluster whose workers run the same version of this tool."""

from __future__ import annotations

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


class Cluster:
    """The cluster at `address` (`dask://HOST:PORT`); raises `ExecutorError` where it cannot be had."""

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
            self._check(address)
        except BaseException:
            self.close()
            raise

    def _check(self, address: str) -> None:
        """Raise where there are no workers, or some that would do the work in another way."""
        if not self.count:
            raise ExecutorError(f"executor {address!r}: the cluster has no workers")
        versions = cast("dict[str, Any]", self._client.run(_version, on_error="return"))
        for worker, version in versions.items():
            if version != __version__:
                found = (
                    f"has version {version}" if isinstance(version, str) else "cannot import callr-migrate"
                )
                raise ExecutorError(
                    f"executor {address!r}: the worker {worker} {found}; install {__version__} on all of them"
                )

    def submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result]:
        """The item's result to come.

        The library has an executor of its own: it takes a result for an error where a worker that holds a
        copy of it dies the moment after.
        """
        from asyncio import run_coroutine_threadsafe

        remote = self._client.submit(function, item, pure=False)
        result = run_coroutine_threadsafe(_result(remote), self._client.loop.asyncio_loop)
        return cast("Future[Result]", result)

    def lost(self, error: BaseException) -> bool:
        """Whether this says that workers died at an item, rather than what the item raised."""
        return isinstance(error, self._library.KilledWorker)

    def close(self) -> None:
        """Leave the cluster; what it was to do is cancelled."""
        self._client.close()


async def _result(remote: Any) -> Any:
    return await remote.result()


def _version() -> str:
    return __version__
