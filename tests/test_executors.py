"""Workers: results in order, one that dies costs its item only, and none of them outlives an interruption."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from multiprocessing import spawn
from pathlib import Path
from typing import Any

import pytest
import work
from support import processes
from support.processes import is_alive, until

from callr_migrate import cluster, executors
from callr_migrate.executors import ExecutorError, Lost, Workers

NUMBERS = list(range(40))
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), str(Path(__file__).parent)]),
}


needs_processes = pytest.mark.skipif(
    executors.has_threads_that_run(), reason="threads run side by side here, so there are no processes"
)


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_order(jobs: int) -> None:
    with Workers(jobs) as workers:
        assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]


@needs_processes
def test_one_job_is_done_here_and_several_elsewhere() -> None:
    with Workers(1) as workers:
        assert set(workers.results(work.process, NUMBERS)) == {os.getpid()}
    with Workers(2) as workers:
        assert os.getpid() not in set(workers.results(work.process, NUMBERS))
    assert not multiprocessing.active_children()


@needs_processes
def test_a_worker_that_dies_costs_its_item_only() -> None:
    with Workers(2) as workers:
        results = list(workers.results(work.squared_or_killed, NUMBERS))
    assert [number for number, result in enumerate(results) if isinstance(result, Lost)] == [13, 14]
    assert [result for result in results if not isinstance(result, Lost)] == [
        number * number for number in NUMBERS if number not in (13, 14)
    ]


def test_what_the_work_raises_is_raised() -> None:
    with Workers(2) as workers, pytest.raises(ValueError, match="not 0"):
        list(workers.results(work.failing, NUMBERS))
    assert not multiprocessing.active_children()


@needs_processes
def test_stop_ends_all_from_another_thread(tmp_path: Path) -> None:
    stopped: list[BaseException] = []

    def wait(workers: Workers) -> None:
        try:
            list(workers.results(work.endless, [str(tmp_path)] * 2))
        except CancelledError as error:
            stopped.append(error)

    with Workers(2) as workers:
        thread = threading.Thread(target=wait, args=[workers])
        thread.start()
        assert until(lambda: len(list(tmp_path.iterdir())) == 2)
        workers.stop()
        thread.join(300)
    assert stopped
    assert not any(is_alive(int(path.name)) for path in tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")
@needs_processes
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_no_worker_outlives_who_waits_for_it(tmp_path: Path, name: str) -> None:
    program = """
        import sys, work
        from callr_migrate.executors import Workers
        if __name__ == "__main__":
            with Workers(2) as workers:
                list(workers.results(work.endless, [sys.argv[1]] * 2))
        """
    script, folder = tmp_path / "program.py", tmp_path / "pids"
    script.write_text(textwrap.dedent(program))
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        env=ENVIRONMENT,
        stderr=subprocess.DEVNULL,
    ) as running:
        assert until(lambda: len(list(folder.iterdir())) == 2)
        running.send_signal(getattr(signal, name))
        running.wait(300)
    assert until(lambda: not any(is_alive(int(path.name)) for path in folder.iterdir()))


class _Refusing(ThreadPoolExecutor):
    """A pool that starts a few and then no more."""

    def __init__(self, error: Exception, most: int) -> None:
        super().__init__(1)
        self.error, self.most = error, most

    def submit(self, *args: Any, **options: Any) -> Any:
        self.most -= 1
        if self.most < 0:
            raise self.error
        return super().submit(*args, **options)


@pytest.mark.parametrize("most", [0, 3])
@pytest.mark.parametrize(
    "error",
    [
        OSError(11, "no more"),
        NotImplementedError(),
        ImportError("_multiprocessing"),
        RuntimeError("no thread"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_no_worker_can_be_started_for_is_done_here(
    monkeypatch: pytest.MonkeyPatch, error: Exception, most: int
) -> None:
    monkeypatch.setattr(executors, "_local", lambda *_: _Refusing(error, most))
    with Workers(2) as workers:
        assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]
        assert workers.is_without
        assert set(workers.results(work.process, NUMBERS)) == {os.getpid()}


def test_where_no_pool_can_be_had_all_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> Any:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(executors, "_local", none)
    with Workers(2) as workers:
        assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]
        assert workers.is_without


@needs_processes
@pytest.mark.skipif(shutil.which("false") is None, reason="there is no program that only fails")
def test_workers_that_end_as_they_start_are_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "_python_exe", os.fsencode(shutil.which("false") or ""))
    with Workers(2) as workers:
        assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]
        assert workers.is_without
    assert not multiprocessing.active_children()


@needs_processes
def test_work_that_ends_its_worker_is_not_done_here() -> None:
    with Workers(2) as workers:
        assert [type(result) for result in workers.results(work.squared_or_killed, [13] * 3)] == [Lost] * 3
        assert not workers.is_without


@needs_processes
def test_what_the_items_raise_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError(28, "no space left")

    with Workers(2) as workers, pytest.raises(OSError, match="no space left"):
        list(workers.results(work.squared, items()))


def test_threads_that_run_side_by_side_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    with Workers(2) as workers:
        assert set(workers.results(work.process, NUMBERS)) == {os.getpid()}
        assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: True, raising=False)
    assert not executors.has_threads_that_run()


def test_threads_end_when_they_are_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    stopped: list[BaseException] = []

    def wait(workers: Workers) -> None:
        try:
            list(workers.results(work.until_unwanted, [str(tmp_path)] * 2))
        except CancelledError as error:
            stopped.append(error)

    with Workers(2) as workers:
        thread = threading.Thread(target=wait, args=[workers])
        thread.start()
        assert until(lambda: len(list(tmp_path.iterdir())) == 2)
        workers.stop()
        assert not list(tmp_path.iterdir())
        thread.join(300)
    assert stopped


@pytest.fixture(scope="module")
def local() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    import dask

    # A worker that dies as it starts is not started again, and work that waits for one gets it at that moment: what
    # ends one is not to be tried on the next of its own accord.
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        ) as made,
    ):
        yield made


@pytest.fixture
def address(local: Any) -> str:
    # Those that a test has killed are on their way back.
    local.wait_for_workers(1, timeout=processes.LIMIT)
    return str(local.scheduler_address).replace("tcp://", "dask://")


class TestCluster:
    def test_results_come_in_order(self, address: str) -> None:
        with Workers(address=address) as workers:
            assert workers.count == 2
            assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]
            pids = set(workers.results(work.process, NUMBERS))
        assert os.getpid() not in pids

    def test_a_worker_that_dies_costs_its_item_only(self, address: str) -> None:
        with Workers(address=address) as workers:
            results = list(workers.results(work.squared_or_killed, NUMBERS[10:20]))
        assert [number for number, result in enumerate(results, 10) if isinstance(result, Lost)] == [13, 14]

    def test_a_worker_that_dies_once_its_result_is_here_costs_nothing(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import distributed

        real = distributed.Future._result

        async def lost_since(future: Any, *args: Any, **options: Any) -> Any:
            result = await real(future, *args, **options)
            # As the scheduler tells when whoever holds the result has died.
            future._state.lose()
            return result

        monkeypatch.setattr(distributed.Future, "_result", lost_since)
        with Workers(address=address) as workers:
            assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]

    def test_what_the_work_raises_is_raised(self, address: str) -> None:
        with Workers(address=address) as workers, pytest.raises(ValueError, match="not 1"):
            list(workers.results(work.failing, [1]))

    def test_who_waits_is_woken_when_it_is_stopped(self, address: str, tmp_path: Path) -> None:
        stopped: list[BaseException] = []

        def wait(workers: Workers) -> None:
            try:
                list(workers.results(work.until_let_go, [str(tmp_path)] * 2))
            except CancelledError as error:
                stopped.append(error)

        with Workers(address=address) as workers:
            thread = threading.Thread(target=wait, args=[workers])
            thread.start()
            assert until(lambda: any(tmp_path.iterdir()))
            workers.stop()
            thread.join(300)
        (tmp_path / "enough").touch()
        assert stopped

    def test_who_waits_is_woken_even_if_the_cluster_says_nothing(
        self, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import distributed

        stopped: list[BaseException] = []

        def wait(workers: Workers) -> None:
            try:
                list(workers.results(work.until_let_go, [str(tmp_path)] * 2))
            except CancelledError as error:
                stopped.append(error)

        with Workers(address=address) as workers:
            thread = threading.Thread(target=wait, args=[workers])
            thread.start()
            assert until(lambda: any(tmp_path.iterdir()))
            with monkeypatch.context() as patched:
                patched.setattr(distributed.Client, "close", lambda *_, **__: None)
                workers.stop()
                thread.join(30)
                assert stopped
            (tmp_path / "enough").touch()

    def test_a_worker_that_dies_when_it_is_asked_for_its_version_is_left_out(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import distributed

        answers: dict[str, object] = {"tcp://one": OSError("closed"), "tcp://two": cluster.__version__}
        monkeypatch.setattr(distributed.Client, "run", lambda *_, **__: answers)
        with Workers(address=address) as workers:
            assert list(workers.results(work.squared, NUMBERS)) == [number * number for number in NUMBERS]
        del answers["tcp://two"]
        with pytest.raises(ExecutorError, match="the cluster has no workers"):
            Workers(address=address)
        answers["tcp://two"] = ImportError("callr_migrate")
        with pytest.raises(ExecutorError, match="two cannot import callr-migrate"):
            Workers(address=address)

    def test_another_version_is_refused(self, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cluster, "__version__", "0.0.0")
        with pytest.raises(ExecutorError, match=r"worker .* has version .*; install 0\.0\.0 on all of them"):
            Workers(address=address)


Separate = tuple[subprocess.Popen[bytes], subprocess.Popen[bytes], str]


@pytest.fixture
def separate(tmp_path: Path) -> Iterator[Separate]:
    """A scheduler, its only worker, which nobody starts again, and the address."""
    pytest.importorskip("distributed")
    told, log = tmp_path / "scheduler.json", tmp_path / "cluster.log"
    program, quiet = [sys.executable, "-m"], ["--no-dashboard", "--host", "127.0.0.1"]
    with contextlib.ExitStack() as ending, log.open("wb") as output:

        def started(*arguments: str) -> subprocess.Popen[bytes]:
            process = ending.enter_context(
                subprocess.Popen(
                    [*program, *arguments, *quiet],
                    env=ENVIRONMENT,
                    stdout=output,
                    stderr=output,
                    cwd=tmp_path,
                )
            )
            ending.callback(process.kill)
            return process

        one = started("distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(told))
        assert until(lambda: told.exists() and told.read_text().endswith("}")), log.read_text()
        address = json.loads(told.read_text())["address"]
        worker = started("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny")
        yield one, worker, address.replace("tcp://", "dask://")


def test_workers_that_are_gone_for_good_are_not_waited_for(
    separate: Separate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_ABSENCE", 1)
    _, worker, address = separate
    told: list[BaseException] = []

    def wait(workers: Workers) -> None:
        try:
            list(workers.results(work.until_let_go, [str(tmp_path / "pids")] * 2))
        except ExecutorError as error:
            told.append(error)

    (tmp_path / "pids").mkdir()
    with Workers(address=address) as workers:
        thread = threading.Thread(target=wait, args=[workers])
        thread.start()
        assert until(lambda: any((tmp_path / "pids").iterdir()))
        worker.kill()
        thread.join(60)
        assert [str(error) for error in told] == [
            f"executor {address!r}: the cluster has had no workers for 1 s"
        ]


def test_a_scheduler_that_is_gone_is_one_line(separate: Separate, tmp_path: Path) -> None:
    process, _, address = separate
    folder = tmp_path / "pids"
    folder.mkdir()
    program = """
        import sys, work
        from callr_migrate.executors import ExecutorError, Workers
        try:
            with Workers(address=sys.argv[1]) as workers:
                list(workers.results(work.until_let_go, [sys.argv[2]] * 20))
        except ExecutorError as error:
            sys.exit(f"told: {error}")
        """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), address, str(folder)],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert until(lambda: any(folder.iterdir()))
        process.kill()
        _, said = running.communicate(timeout=120)
        (folder / "enough").touch()
    assert said == f"told: executor {address!r}: the connection to the cluster was lost\n"


@pytest.mark.parametrize("address", ["dask://", "dask://host", "http://host:1", "dask://host:port"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ExecutorError, match="must look like dask://HOST:PORT"):
        Workers(address=address)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    with pytest.raises(ExecutorError, match="cannot be reached"):
        Workers(address="dask://127.0.0.1:1")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExecutorError, match=r"install callr-migrate\[dask\]"):
        Workers(address="dask://127.0.0.1:8786")
