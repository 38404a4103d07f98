"""The programs of `examples/`, before and after, against twins that begin alike: the same account is left behind."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from support.twin import JOB, LOGIN, PASSWORD, ROOT, acacias_state, setup

from callr_migrate.twin import copying
from callr_migrate.twin.explaining import Explainer
from callr_migrate.twin.faults import parse_faults
from callr_migrate.twin.judging import judge
from callr_migrate.twin.observing import Observation, observe

EXAMPLES = ROOT / "examples"
# The SDK's ancestor, which cannot be installed on Python 3.
FAKES = ROOT / "tests" / "support" / "fakes"
# The second one in the long runs: it takes as long again.
TARGETS = ("httpx", pytest.param("requests", marks=pytest.mark.soak))


@dataclass(frozen=True)
class Scenario:
    """One way to run one program; `down`: the service answers nothing but 500."""

    name: str
    program: tuple[str, ...]
    environ: tuple[tuple[str, str], ...] = ()
    down: bool = False


def scenario(name: str, *program: str, down: bool = False, **environ: str) -> Scenario:
    return Scenario(name, program, tuple(environ.items()), down)


SCENARIOS = [
    scenario("up", "-m", "acacias.clients"),
    scenario("down", "-m", "acacias.clients", down=True),
    scenario("wrong-password", "-m", "acacias.clients", CALLR_PASSWORD="wrong"),
    scenario("reminders", "-m", "acacias.reminders", "2026-11-03", "2026-11-04"),
    scenario("reminders-down", "-m", "acacias.reminders", "2026-11-03", down=True),
    scenario("delivery", "-m", "acacias.delivery", "8242D945", "8242D946", "8242D947", "8242D948"),
    scenario("delivery-no-such-message", "-m", "acacias.delivery", "00000000", "8242D948"),
    scenario("waiting-list", "-m", "acacias.waiting_list", "mardi 14h15", "Dr Lambert"),
    scenario("buy-number", "-m", "acacias.numbers", "FR", "Paris"),
    scenario("number-too-dear", "-m", "acacias.numbers", "FR", "Paris", MAX_EUR="0.2"),
    scenario("number-forbidden", "-m", "acacias.numbers", "FR", "Lyon"),
    scenario("number-sold-out", "-m", "acacias.numbers", "FR", "Nantes"),
    scenario("call-records", "-m", "acacias.call_records", "2026-10"),
    scenario("voice", "-m", "acacias.voice_message", "+33199001028", "Rendez-vous avancé"),
    scenario("voice-as-sms", "-m", "acacias.voice_message", "+15005550006", "Rendez-vous avancé"),
    scenario("day", "-m", "acacias.switchboard", "day"),
    scenario("night", "-m", "acacias.switchboard", "night"),
    scenario("meeting", "-m", "acacias.meeting", "4711"),
    scenario("import", "-m", "acacias.imports", JOB),
    scenario("test-sms", "scripts/send_test_sms.py"),
    scenario("clock", "scripts/maintenance.py", "clock"),
    scenario("hook", "scripts/maintenance.py", "hook", "https://acacias.example/callr/sms"),
    scenario("raw", "scripts/maintenance.py", "raw", "sms.get_count_for_body", "Bonjour"),
    scenario("tell", "scripts/maintenance.py", "tell", "", "+33199001020", "Bonjour"),
    scenario("show", "scripts/maintenance.py", "show", "8242D945"),
    scenario("selftest", "scripts/maintenance.py", "selftest"),
    scenario("give-back", "scripts/give_back.py", "D1D00021", "f0f0f0f0f0f0"),
    scenario("give-back-no-such-order", "scripts/give_back.py", "0badbadbadba"),
]
NAMES = [case.name for case in SCENARIOS]


def run(copied: Path, work: Path, case: Scenario) -> Observation:
    begin = replace(
        setup(),
        initial=acacias_state(),
        allowed=frozenset({f"{LOGIN}:{PASSWORD}"}),
        faults=parse_faults("500=1" if case.down else None, 0),
    )
    environ = {
        "CALLR_LOGIN": LOGIN,
        "CALLR_PASSWORD": PASSWORD,
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.pathsep.join([str(copied), str(FAKES)]),
        "PATH": os.environ.get("PATH", ""),
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
        **dict(case.environ),
    }
    return observe(
        begin,
        [sys.executable, *case.program],
        work / case.name,
        cwd=EXAMPLES,
        project=EXAMPLES,
        copied=copied,
        timeout=300,
        skip_sleep=True,
        base=environ,
    )


def run_all(copied: Path, work: Path) -> dict[str, Observation]:
    work.mkdir()
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda case: run(copied, work, case), SCENARIOS))
    return dict(zip(NAMES, runs, strict=True))


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    def copied(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name) / "examples"
        return Path(shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("__pycache__")))

    return copied


@pytest.fixture(scope="module")
def before(copies: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Observation]:
    return run_all(copies("before"), tmp_path_factory.mktemp("twins") / "before")


@pytest.fixture(scope="module", params=TARGETS)
def after(
    request: pytest.FixtureRequest, copies: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Observation]:
    copied = copies(request.param)
    rewritten = copying.rewrite(copied, {"target": request.param})
    assert len(rewritten.changed) >= 8
    assert not rewritten.report.errors
    return run_all(copied, tmp_path_factory.mktemp("twins") / request.param)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_is_done(before: dict[str, Observation], after: dict[str, Observation], name: str) -> None:
    old, new = before[name], after[name]
    judgement = judge(old, new, Explainer(setup().pack, old.ids | new.ids, {}))
    assert judgement.equal, (
        "\n".join(line for one in judgement.differences for line in one.lines()) + new.stderr
    )
    assert old.notes.loaded
    assert new.notes.loaded
    assert not [note for run in (old, new) for note in (*run.notes.refused, *run.notes.originals)]
    assert old.exchanges
    assert {exchange.api for exchange in old.exchanges} == {"json-rpc"}


def test_what_can_be_rewritten_speaks_rest(
    before: dict[str, Observation], after: dict[str, Observation]
) -> None:
    for name in ("up", "reminders", "delivery", "test-sms"):
        assert {exchange.api for exchange in after[name].exchanges} >= {"rest-v2"}, name
    for name in ("up", "reminders", "test-sms"):
        assert {exchange.api for exchange in after[name].exchanges} == {"rest-v2"}, name


def test_the_programs_do_what_they_are_for(before: dict[str, Observation]) -> None:
    """What is compared must be worth it: accounts change, and the failures are those that are meant."""
    assert "after 3 min" in before["delivery"].stdout
    assert "bought +33199001023" in before["buy-number"].stdout
    assert "may not buy numbers" in before["number-forbidden"].stdout
    assert "imported 42 numbers" in before["import"].stdout
    assert "2 errors out of 2" in before["selftest"].stdout
    changed = [name for name, run in before.items() if run.account != run.start]
    assert len(changed) >= 12, changed
    assert before["wrong-password"].stdout == before["down"].stdout == "Callr is down\n"
