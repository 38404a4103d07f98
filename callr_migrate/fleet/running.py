"""All tasks of a fleet, some at a time: what is done is kept at once, and left out the next time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from callr_migrate.executors import ExecutorError, Lost, Workers
from callr_migrate.files import real_path
from callr_migrate.fleet.listing import Repository, stem_of
from callr_migrate.fleet.state import State, write_whole
from callr_migrate.fleet.task import Result, Task, run_task, stop_all
from callr_migrate.records import dataclass

_IGNORE = "# Made by callr-migrate fleet.\n*\n"


@dataclass(frozen=True)
class Fleet:
    """What a run has to do. `timeout` (seconds) is for a repository that has none of its own.

    `executor` is the address of a cluster; None: `jobs` at a time on this machine.
    """

    repositories: Sequence[Repository]
    work: Path
    jobs: int
    timeout: int
    executor: str | None = None
    fresh: bool = False
    dry: bool = False


@dataclass(frozen=True)
class Ran:
    """The results in the order of the repositories; `before`: how many were done by an earlier run."""

    results: tuple[Result, ...]
    before: int


def run_fleet(fleet: Fleet, on_progress: Callable[[int, int], None]) -> Ran:
    """Do all that is not done; raises `ConfigError`, `ExecutorError` and `OSError` before any work begins."""
    fleet.work.mkdir(parents=True, exist_ok=True)
    ignore = fleet.work / ".gitignore"
    if not ignore.exists():
        ignore.write_text(_IGNORE, "utf-8")
    state = State(fleet.work)
    tasks = [
        Task(one, str(real_path(fleet.work)), one.options.timeout or fleet.timeout, fleet.dry)
        for one in fleet.repositories
    ]
    results: dict[str, Result] = {}
    if not fleet.fresh:
        for task in tasks:
            known = state.done(task)
            if known is not None:
                results[task.repository.name] = known
    before = len(results)
    left = [task for task in tasks if task.repository.name not in results]
    on_progress(before, len(tasks))
    with Workers(1, fleet.executor) as workers:
        count = workers.count if workers.is_remote else fleet.jobs

        def one(task: Task) -> Result:
            if not workers.is_remote:
                return run_task(task)
            (result,) = workers.results(run_task, [task])
            return Result(task.repository.name, result.reason) if isinstance(result, Lost) else result

        # Each task is a process of its own: the threads only wait.
        with ThreadPoolExecutor(max(1, count)) as pool:
            futures: dict[Future[Result], Task] = {pool.submit(one, task): task for task in left}
            try:
                for future in as_completed(futures):
                    task = futures[future]
                    result = _result(future, task)
                    _keep_patch(fleet.work, result)
                    state.keep(task, result)
                    results[result.name] = result
                    on_progress(len(results), len(tasks))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                workers.stop()
                stop_all()
                raise
    return Ran(tuple(results[task.repository.name] for task in tasks), before)


def _result(future: Future[Result], task: Task) -> Result:
    try:
        return future.result()
    except ExecutorError as error:
        return Result(task.repository.name, str(error))
    except Exception as error:
        # Whatever happens on a cluster happens to one repository.
        return Result(task.repository.name, f"could not be worked on: {type(error).__name__}")


def _keep_patch(work: Path, result: Result) -> None:
    if result.patch:
        folder = work / "patches"
        folder.mkdir(exist_ok=True)
        write_whole(folder / f"{stem_of(result.name)}.patch", result.patch.encode("latin-1"))
