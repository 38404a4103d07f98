"""Where the time of a run goes: all of it to some stage, none of it twice."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ticking import tick, trust_at_once

from callr_migrate import profiling, stages
from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.deep import Deep
from callr_migrate.executors import has_threads_that_run
from callr_migrate.output.profile import profile_table
from callr_migrate.pipeline import Request, run
from callr_migrate.stages import Stages, carried, count, current, stage, staged

ROOT = Path(__file__).parents[2]
CLIENT = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("system.get_timestamp")\n'


class Clock:
    """Time passes where a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now

    def passes(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(stages, "perf_counter", clock)
    return clock


def measured(work: Callable[[], object]) -> Stages:
    found = Stages()
    carried(found, work)()
    return found


def test_a_stage_has_the_time_that_is_its_own(clock: Clock) -> None:
    @staged("parsing")
    def parse() -> int:
        clock.passes(4)
        return 7

    def work() -> None:
        clock.passes(1)
        with stage("indexing"):
            clock.passes(2)
            assert parse() == 7
            clock.passes(8)
            with stage("indexing"):
                clock.passes(16)
        clock.passes(32)

    found = measured(work)
    assert found.seconds == {"all else": 33, "indexing": 26, "parsing": 4}
    assert sum(found.seconds.values()) == clock.now - 100


def test_what_is_raised_ends_its_stages(clock: Clock) -> None:
    @staged("planning")
    def plan() -> None:
        clock.passes(1)
        raise ValueError("not today")

    def judge() -> None:
        with stage("judging calls"):
            clock.passes(4)
            plan()

    def work() -> None:
        with pytest.raises(ValueError, match="not today"):
            plan()
        clock.passes(2)
        with pytest.raises(ValueError, match="not today"):
            judge()
        clock.passes(8)

    assert measured(work).seconds == {"planning": 2, "judging calls": 4, "all else": 10}


def test_a_stage_that_was_left_without_a_word_ends_with_the_one_around_it(clock: Clock) -> None:
    def work() -> None:
        with stage("counting"):
            stages.stage("rendering").__enter__()
            clock.passes(1)
        clock.passes(2)

    assert measured(work).seconds == {"counting": 0, "rendering": 1, "all else": 2}


def test_a_thread_that_does_the_work_goes_on_with_its_stages(clock: Clock) -> None:
    def deep() -> None:
        clock.passes(1)
        with stage("parsing"):
            clock.passes(2)
        count("parsing", files=3)

    def work() -> None:
        with stage("planning"):
            Deep().run(deep)
        count("parsing", files=2, characters=5)

    found = measured(work)
    assert found.seconds == {"all else": 0, "planning": 1, "parsing": 2}
    assert found.counts == {"parsing": {"files": 5, "characters": 5}}


def test_threads_besides_are_on_their_own(clock: Clock) -> None:
    seen: list[object] = []

    def beside() -> None:
        seen.append(current())
        with stage("parsing"):
            clock.passes(2)

    def work() -> None:
        with stage("planning"):
            thread = threading.Thread(target=beside)
            thread.start()
            thread.join()

    assert measured(work).seconds == {"all else": 0, "planning": 2}
    assert seen == [None]
    assert current() is None


def test_nobody_asks(clock: Clock) -> None:
    @staged("parsing")
    def parse() -> int:
        assert current() is None
        return 1

    with stage("planning"):
        assert parse() == 1
    count("parsing", files=1)
    assert stage("planning") is stage("parsing")


def test_the_table(clock: Clock) -> None:
    def work() -> None:
        with stage("rendering"):
            clock.passes(3)
        with stage("parsing"):
            clock.passes(1)
        count("parsing", files=1, characters=12345)

    own, other, again = measured(work), measured(work), measured(work)
    own.workers, own.memory = [other, again], 7_100_000
    other.worker, again.worker, again.memory = (1, 1), (1, 2), 9_000_000
    assert "\n".join(profile_table(own)).splitlines() == [
        "stage                     seconds   share",
        "parsing                     1.000   25.0%  1 file, 12,345 characters",
        "rendering                   3.000   75.0%",
        "all else                    0.000    0.0%",
        "in all                      4.000  100.0%",
        "",
        "in 2 workers, beside the above",
        "parsing                     2.000   25.0%  2 files, 24,690 characters",
        "rendering                   6.000   75.0%",
        "all else                    0.000    0.0%",
        "in all of them              8.000  100.0%",
        "",
        "peak memory: 7 MB; 9 MB in the largest worker",
    ]


def test_starting_up_comes_before(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiling, "age", lambda: 5.0)
    begun = profiling.begun(starting=True)
    clock.passes(1)
    begun.take()
    assert begun.seconds == {"starting up": 5, "all else": 1}
    assert profiling.begun(starting=False).seconds == {}


def test_what_the_system_tells_of_a_process() -> None:
    program = "from callr_migrate.profiling import age, peak; a = age(); b = bytearray(10**8); print(a, age(), peak())"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60, cwd=ROOT
    )
    first, second, most = done.stdout.split()
    assert 0 < float(first) < float(second) < 60
    assert most == "None" or 10**8 < int(most) < 10**9


# The command


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "made-up"\n')
    return tmp_path


def said(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def rows(table: str) -> dict[str, float]:
    found = re.findall(r"^([a-z ]+?) +(\d+\.\d+) +\d+\.\d%.*$", table, re.MULTILINE)
    return {name: float(seconds) for name, seconds in found}


def test_a_clean_tree(project: Path) -> None:
    (project / "app.py").write_text("print()\n")
    plain = said("check")
    code, out, err = said("check", "--profile")
    assert (code, out, "") == plain
    found = rows(err)
    total = found.pop("in all")
    assert {"starting up", "settings", "walking", "reading and searching", "loading rules"} <= found.keys()
    assert "importing the analysis" not in found
    assert re.search("searching .* 2 files$", err, re.MULTILINE)
    assert sum(found.values()) == pytest.approx(total, abs=0.001 * len(found))


def test_what_an_earlier_run_knows_is_not_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(30):
        (project / f"part_{number}.py").write_text("print()\n")
    trust_at_once(monkeypatch)
    tick(project)
    for known, read in ((0, 31), (31, 0)):  # and what is around the code
        assert main(["check", "--cache-dir", "kept", "--profile"]) == 0
        table = capsys.readouterr().err
        assert re.search(f"^cache .* {known} files$", table, re.MULTILINE)
        assert re.search(f"^reading and searching .* {read} files$", table, re.MULTILINE)


STAGES = {
    *("starting up", "settings", "walking", "reading and searching", "following imports", "loading rules"),
    *("importing the analysis", "parsing", "indexing", "searching for calls", "judging calls", "planning"),
    *("writing edits", "other analysis", "counting", "rendering", "all else"),
}


def test_the_report_stays_what_it_is(project: Path) -> None:
    (project / "app.py").write_text(CLIENT + CALL)
    (project / "requirements.txt").write_text("callr\n")
    plain = said("check", "--no-cache", "--output-format", "json")
    code, out, err = said("check", "--no-cache", "--output-format", "json", "--profile")
    assert (code, out, "") == plain
    assert json.loads(out)["summary"]["legacy_calls"] == 1
    assert set(rows(err)) >= STAGES | {"project files"}
    assert re.search("^judging calls .* 1 call$", err, re.MULTILINE)
    assert re.search(f"^parsing .* 1 file, {len(CLIENT + CALL)} characters$", err, re.MULTILINE)


def test_a_fix(project: Path) -> None:
    (project / "app.py").write_text(CLIENT + CALL)
    assert "rendering" in rows(said("fix", "--no-cache", "--unsafe-fixes", "--diff", "--profile")[2])
    _, _, err = said("fix", "--no-cache", "--unsafe-fixes", "--profile")
    assert (project / "app.py").read_text() != CLIENT + CALL
    assert set(rows(err)) >= STAGES | {"writing files"}
    assert re.search("^writing files .* 1 file$", err, re.MULTILINE)


@pytest.mark.skipif(has_threads_that_run(), reason="its workers are threads")
def test_workers_are_told_apart(project: Path) -> None:
    for number in range(4):
        (project / f"part_{number}.py").write_text(CLIENT + CALL * 10 + f"# {'x' * 60_000}\n")
    plain = said("check", "--no-cache", "--jobs", "2", "--output-format", "json")
    code, out, err = said("check", "--no-cache", "--jobs", "2", "--output-format", "json", "--profile")
    assert (code, out, "") == plain
    own, _, theirs = err.partition("workers, beside the above\n")
    assert "waiting for workers" in rows(own)
    assert "parsing" not in rows(own)
    found = rows(theirs)
    total = found.pop("in all of them")
    assert {"starting up", "importing the analysis", "parsing", "judging calls"} <= found.keys()
    assert sum(found.values()) == pytest.approx(total, abs=0.001 * len(found))
    assert re.search("^judging calls .* 40 calls$", theirs, re.MULTILINE)
    assert re.search("^parsing .* 4 files,", theirs, re.MULTILINE)


def test_a_process_starts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "parent_process", object)
    monkeypatch.setattr(profiling, "_was_asked", False)
    told = [profiling.in_worker(lambda: None, is_process=True)[1].seconds for _ in range(3)]
    assert ["starting up" in seconds for seconds in told] == [True, False, False]
    monkeypatch.setattr(profiling, "_was_asked", False)
    assert "starting up" not in profiling.in_worker(lambda: None, is_process=False)[1].seconds


def by_workers(**more: Any) -> list[Stages]:
    """The workers' stages of a run over this folder."""
    found = measured(lambda: run(Request((Path(),), load_settings(Path()), **more)))
    assert "waiting for workers" in found.seconds
    assert "parsing" not in found.seconds
    calls = [each.counts["judging calls"]["calls"] for each in found.workers]
    assert sum(calls) == 3
    return found.workers


def three_parts(project: Path) -> None:
    for number in range(3):
        (project / f"part_{number}.py").write_text(CLIENT + CALL + f"# {'x' * 60_000}\n")


def test_threads_that_run_side_by_side_are_workers(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    three_parts(project)
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    told = by_workers(jobs=2)
    assert {each.worker and each.worker[0] for each in told} == {os.getpid()}
    assert all("parsing" in each.seconds and "starting up" not in each.seconds for each in told)


def test_a_cluster_has_workers(project: Path) -> None:
    distributed = pytest.importorskip("distributed")
    three_parts(project)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        told = by_workers(executor=cluster.scheduler_address.replace("tcp://", "dask://"))
    assert all("parsing" in each.seconds and "starting up" not in each.seconds for each in told)
    assert os.getpid() not in {each.worker and each.worker[0] for each in told}


def test_an_error_is_told_as_ever(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text("[tool.callr-migrate]\nmade-up = 1\n")
    assert main(["check", "--profile"]) == 2
    assert "error: " in capsys.readouterr().err
    assert current() is None
