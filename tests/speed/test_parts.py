"""A project analysed in parts, by several processes or a cluster, says what it says as a whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from support.processes import is_alive, until

from callr_migrate import analysing, engine, executors, loading, pipeline
from callr_migrate.components import components
from callr_migrate.config import ConfigError, load_settings
from callr_migrate.executors import Workers, has_threads_that_run
from callr_migrate.import_graph import ImportGraph
from callr_migrate.output import renderer
from callr_migrate.pipeline import Request, run

ROOT = Path(__file__).parents[2]
PROJECTS = ROOT / "tests" / "fixtures" / "projects"
CLIENT = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("system.get_timestamp")\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


KINDS = (
    *("callbacks", "celery_tasks", "constants_module", "container", "factories", "import_cycle", "injected"),
    *("namespace_in_src", "own_callr_module", "post_requests", "reexports", "rest_v1", "wrapper_functions"),
)


@pytest.fixture
def projects(project: Path) -> Path:
    """Small programs of many kinds in one folder."""
    for path in sorted(PROJECTS.iterdir()):
        if path.name in KINDS or path.name.startswith("names"):
            shutil.copytree(path, project / path.name)
    return project


def said(**more: Any) -> dict[str, Any]:
    outcome = run(Request((Path(),), load_settings(Path()), **{"diff": True, "unsafe": True, **more}))
    said: dict[str, Any] = json.loads(renderer("json")(outcome))
    return said


def told(report: dict[str, Any]) -> dict[str, Any]:
    """Without the advice, in which a whole project hides what is a credential anywhere in it."""
    for finding in report["findings"]:
        finding["help"] = finding["reason"] = None
    return report


def test_parts_say_what_the_whole_says(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    split = said()
    assert len(split["findings"]) > 50
    numbers: list[int] = []

    def whole(files: Any, graph: ImportGraph) -> list[list[str]]:
        numbers.append(len(components(files, graph)))
        return [sorted(files)]

    monkeypatch.setattr(loading, "components", whole)
    unsplit = said()
    assert numbers[0] > 8
    groups: list[dict[str, int]] = []
    for report in (split, unsplit):
        groups.append({})
        for finding in report["findings"]:
            if finding["fix"]:
                finding["fix"]["group"] = groups[-1].setdefault(finding["fix"]["group"], len(groups[-1]))
    assert told(split) == told(unsplit)


def test_several_processes_say_the_same(projects: Path) -> None:
    assert said(jobs=2) == said()


def test_without_further_processes_the_same_is_said(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = said()

    def none(*_: object) -> Any:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(executors, "_local", none)
    assert said(jobs=2) == alone
    outcome = run(Request((Path(),), load_settings(Path()), jobs=2))
    assert outcome.report.notes == [
        "no further processes can be started here, so this one did everything: as --jobs 1"
    ]


def test_threads_say_the_same(projects: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = said()
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert said(jobs=2) == alone


@pytest.fixture
def address() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address.replace("tcp://", "dask://")


def test_a_cluster_says_the_same(address: str, projects: Path) -> None:
    # Its workers were started in another folder.
    assert said(executor=address) == said()


def test_a_cluster_that_is_none(project: Path) -> None:
    with pytest.raises(ConfigError, match="must look like dask://HOST:PORT"):
        said(executor="somewhere:1")


def test_a_credential_is_hidden_in_all_parts(project: Path) -> None:
    (project / "one.py").write_text(
        CLIENT.replace("LOGIN, PASSWORD", '"made-up-login", "made-up-word"') + CALL
    )
    (project / "two.py").write_text(
        CLIENT + 'print(api.call("sms.get", "made-up-word"), "made-up-word")\n' + CALL
    )
    for jobs in (1, 2):
        outcome = run(Request((Path(),), load_settings(Path()), jobs=jobs))
        assert {finding.path.name for finding in outcome.report.findings} == {"one.py", "two.py"}
        for name in ("full", "concise", "json", "sarif", "markdown"):
            assert "made-up-word" not in renderer(name)(outcome)


def test_a_part_that_comes_across_another_is_done_with_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "client.py").write_text(CLIENT)
    (project / "user.py").write_text(f"from client import api\n{CALL}")
    together = said()
    assert len(together["findings"]) == 2
    monkeypatch.setattr(loading, "components", lambda files, _: [[file] for file in sorted(files)])
    assert said() == together
    assert said(jobs=2) == together


def graph(**files: str) -> tuple[list[str], ImportGraph]:
    contents = {f"/p/{name.replace('__', '/')}.py": text.encode() for name, text in files.items()}
    return sorted(contents), ImportGraph(contents, contents.__getitem__, "/p")


def parts(graph: tuple[list[str], ImportGraph], *wanted: str) -> list[str]:
    files = [f"/p/{name}.py" for name in wanted]
    return [" ".join(file[3:-3] for file in part) for part in components(files, graph[1])]


def test_who_belongs_together() -> None:
    made = graph(
        client="", user="from client import api", other="", far="import middle", middle="from deep import x", deep="",
        all="import user, other, far", config="", one="import config", two="import config",
        pkg__init="", pkg__sub="", names="import pkg\npkg.sub.x", shows="import pkg",
    )  # fmt: skip
    assert parts(made, "client", "user", "other") == ["client user", "other"]
    # By way of a file that is not asked about.
    assert parts(made, "deep", "far", "other") == ["deep far", "other"]
    # Who is imported by the same file, or imports the same one, has nothing to do with each other for that.
    assert parts(made, "client", "other", "deep") == ["client", "deep", "other"]
    assert parts(made, "one", "two") == ["one", "two"]
    assert parts(made, "all", "client", "other") == ["all client other"]
    assert parts(made, "names", "pkg/sub", "shows") == ["names pkg/sub", "shows"]


def many(project: Path, count: int) -> None:
    for number in range(count):
        body = "".join(f"def f{line}(x):\n    return {CALL}\n" for line in range(150))
        (project / f"m{number}.py").write_text(f"{CLIENT}\n\n{body}")


def test_processes_are_for_work_that_is_worth_them(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(project, 2)
    asked: list[int] = []
    workers = pipeline.Workers

    def counting(count: int = 1, *more: Any) -> Any:
        asked.append(count)
        return workers(count, *more)

    monkeypatch.setattr(pipeline, "available", lambda: 2)
    monkeypatch.setattr(pipeline, "Workers", counting)
    said(diff=False, jobs=0)
    assert asked == [2, 1]
    asked.clear()
    monkeypatch.setattr(pipeline, "_WORTH_PROCESSES", 1000)
    said(diff=False, jobs=0)
    assert asked == [2]


def started(project: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "callr_migrate", "check", "--no-progress", "--jobs", "2", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=project,
    )


def workers_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(rf"^\s*(\d+)\s+{pid}\s+.*spawn_main", listed, re.MULTILINE)
    return [int(number) for number in found]


def waited_for(running: subprocess.Popen[str]) -> list[int]:
    found: list[int] = []

    def come() -> bool:
        assert running.poll() is None, running.communicate()
        found[:] = workers_of(running.pid)
        return len(found) == 2

    assert until(come)
    return found


needs_ps = pytest.mark.skipif(
    sys.platform == "win32" or shutil.which("ps") is None or has_threads_that_run(),
    reason="looks for processes with ps",
)


@needs_ps
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_leaves_no_process_behind(project: Path, number: signal.Signals, code: int) -> None:
    many(project, 20)
    with started(project) as running:
        children = waited_for(running)
        running.send_signal(number)
        out, err = running.communicate(timeout=300)
    assert running.returncode == code
    assert (out, err.strip()) == ("", "")
    assert until(lambda: not any(map(is_alive, children)))


@pytest.mark.skipif(not has_threads_that_run(), reason="threads do not run side by side here")
def test_an_interruption_ends_threads(project: Path) -> None:
    many(project, 20)
    with started(project) as running:
        time.sleep(2)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=300)
    assert running.returncode == 130
    assert (out, err.strip()) == ("", "")


def test_a_thread_asks_whether_its_work_is_wanted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(project, 2)
    ended: list[type[BaseException]] = []
    asked = Barrier(3, timeout=300)

    def analyse(*_: Any, on_progress: Callable[[int, int], None], **__: Any) -> Any:
        asked.wait()
        try:
            for _ in range(3000):
                on_progress(0, 0)
                time.sleep(0.01)
        except CancelledError as error:
            ended.append(type(error))
            raise

    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    monkeypatch.setattr(engine, "analyse", analyse)
    monkeypatch.setattr(analysing, "_BATCH", 1)
    stop: list[Callable[[], None]] = []

    def workers(*arguments: Any) -> Workers:
        made = Workers(*arguments)
        stop.append(made.stop)
        return made

    monkeypatch.setattr(pipeline, "Workers", workers)

    def wait() -> None:
        with pytest.raises(CancelledError):
            said(jobs=2)

    running = Thread(target=wait)
    running.start()
    asked.wait()
    stop[0]()
    running.join(300)
    assert ended == [CancelledError, CancelledError]


@needs_ps
def test_a_worker_that_is_killed_costs_nothing_if_it_can_be_done_again(project: Path) -> None:
    many(project, 40)
    with started(project, "--output-format", "json") as running:
        children = waited_for(running)
        time.sleep(0.3)
        os.kill(children[0], signal.SIGKILL)
        out, _ = running.communicate(timeout=300)
    assert running.returncode == 1
    assert json.loads(out)["summary"]["legacy_calls"] == 40 * 150
