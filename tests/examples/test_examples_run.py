"""The examples run before the rewrite and after it, and do the same.

Each run is a fresh process in which both Callr APIs are stubbed over one account (see `tests/support/`). Compared are
what the program prints, its exit code and what has become of the account.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
RUNNER = ROOT / "tests" / "support" / "run_program.py"
TARGETS = ("httpx", "requests")

# Ids of the stubbed account. REST v2 writes them in lower case: the one documented difference in what is printed.
IDS = re.compile(r"\b(?:AC5E\d{4}|8242D94\d|D1D000\d\d)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Scenario:
    """One way to run one program."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    environ: tuple[tuple[str, str], ...] = ()
    # The JSON-RPC methods that a rewritten program may still call here; None: not looked at.
    left: frozenset[str] | None = None


def scenario(
    name: str, program: str, *arguments: str, left: tuple[str, ...] | None = None, **environ: str
) -> Scenario:
    return Scenario(
        name, program, arguments, tuple(environ.items()), None if left is None else frozenset(left)
    )


STORE = (
    "did/areacode.countries",
    "did/areacode.types",
    "did/areacode.get_list",
    "did/store.get_quote",
    "did/store.reserve",
    "did/store.buy_order",
    "did/store.cancel_order",
)
VOICE = ("media/library.create", "media/tts.set_content", "calls.broadcast_1")

SCENARIOS = [
    scenario("up", "acacias.clients", left=()),
    scenario("down", "acacias.clients", STUB_DOWN="1"),
    scenario("wrong-password", "acacias.clients", CALLR_PASSWORD="wrong"),
    scenario("reminders", "acacias.reminders", "2026-11-03", "2026-11-04", left=()),
    scenario("reminders-down", "acacias.reminders", "2026-11-03", STUB_DOWN="1"),
    scenario("delivery", "acacias.delivery", "8242D945", "8242D946", "8242D947", "8242D948"),
    scenario("delivery-no-such-message", "acacias.delivery", "00000000", "8242D948"),
    scenario("delivery-down", "acacias.delivery", "8242D945", STUB_DOWN="1"),
    scenario("waiting-list", "acacias.waiting_list", "mardi 14h15", "Dr Lambert", left=("sms.send",)),
    scenario("buy-number", "acacias.numbers", "FR", "Paris", left=STORE),
    scenario("number-too-dear", "acacias.numbers", "FR", "Paris", MAX_EUR="0.2", left=STORE),
    scenario("number-forbidden", "acacias.numbers", "FR", "Lyon", left=STORE),
    scenario("number-sold-out", "acacias.numbers", "FR", "Nantes", left=STORE),
    scenario("number-no-area", "acacias.numbers", "DE", "Berlin", left=STORE),
    scenario("call-records", "acacias.call_records", "2026-10", left=("cdr.get",)),
    scenario("call-records-down", "acacias.call_records", "2026-10", STUB_DOWN="1"),
    scenario("voice", "acacias.voice_message", "+33199001028", "Rendez-vous avancé", left=VOICE),
    scenario("voice-as-sms", "acacias.voice_message", "+15005550006", "Rendez-vous avancé", left=VOICE),
    scenario("voice-not-live", "acacias.voice_message", "+15005550006", "Bonjour", ACACIAS_LIVE="0", left=()),
    scenario("day", "acacias.switchboard", "day", left=("apps.create", "apps.assign_did")),
    scenario("night", "acacias.switchboard", "night", left=("apps.create", "apps.assign_did")),
    scenario("meeting", "acacias.meeting", "4711", left=("conference/10.create_room",)),
    scenario("import", "acacias.imports", "0123456789abcdef0123456789abcdef", left=("jobs.get",)),
    scenario("test-sms", "scripts/send_test_sms.py", left=()),
    scenario("clock", "scripts/maintenance.py", "clock", left=("system.get_timestamp",)),
    scenario("hook", "scripts/maintenance.py", "hook", "https://acacias.example/callr/sms"),
    scenario("raw", "scripts/maintenance.py", "raw", "sms.get_count_for_body", "Bonjour"),
    scenario("tell", "scripts/maintenance.py", "tell", "", "+33199001020", "Bonjour"),
    scenario("show", "scripts/maintenance.py", "show", "8242D945"),
    scenario("selftest", "scripts/maintenance.py", "selftest"),
    scenario(
        "give-back",
        "scripts/give_back.py",
        "D1D00021",
        "f0f0f0f0f0f0",
        # the order's token comes from the command line and may be empty, which must never end in a DELETE
        left=("did/store.cancel_subscription", "did/store.cancel_order"),
    ),
    scenario("give-back-dry-run", "scripts/give_back.py", "--dry-run", "D1D00021", left=()),
    scenario("give-back-no-such-order", "scripts/give_back.py", "0badbadbadba"),
    scenario("give-back-down", "scripts/give_back.py", "f0f0f0f0f0f0", STUB_DOWN="1"),
]
NAMES = [s.name for s in SCENARIOS]


@dataclass(frozen=True)
class Run:
    """What one run printed and did."""

    output: str
    errors: str
    record: dict[str, Any]

    @property
    def printed(self) -> str:
        return IDS.sub(lambda match: match[0].upper(), self.output)

    def methods(self, api: str) -> set[str]:
        return {request[1] for request in self.record["requests"] if request[0] == api}


def run_program(root: Path, case: Scenario, records: Path) -> Run:
    record_file = records / f"{case.name}.json"
    environ = {
        "CALLR_LOGIN": "acacias_login",
        "CALLR_PASSWORD": "not-a-real-secret",
        "PYTHONIOENCODING": "utf-8",
        "PATH": os.environ.get("PATH", ""),
        "SYSTEMROOT": os.environ.get("SYSTEMROOT", ""),
        **dict(case.environ),
    }
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(record_file), str(root), case.program, *case.arguments],
        cwd=root,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",  # a diff holds each file in its own encoding
        timeout=300,
    )
    assert record_file.exists(), done.stderr
    return Run(done.stdout, done.stderr, json.loads(record_file.read_text("utf-8")))


def run_all(root: Path, records: Path, cases: list[Scenario] = SCENARIOS) -> dict[str, Run]:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        runs = pool.map(partial(run_program, root, records=records), cases)
        return {case.name: run for case, run in zip(cases, runs, strict=True)}


def migrate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",  # a diff holds each file in its own encoding
        timeout=300,
    )


def copy_examples(to: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES, to, ignore=shutil.ignore_patterns("__pycache__")))


def contents(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.py"))}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Every scenario, run on the examples as they are."""
    return run_all(EXAMPLES, tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def fixed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The examples after `fix --unsafe-fixes` for one target."""
    target = request.param
    root = copy_examples(tmp_path_factory.mktemp(target) / "examples")
    done = migrate(root, "fix", "--unsafe-fixes", "--target", target, ".")
    # Findings are left for a person, so 0 would be wrong.
    assert done.returncode == 1, done.stdout + done.stderr
    return target, root


@pytest.fixture(scope="module")
def after(fixed: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """Every scenario, run on the rewritten examples."""
    target, root = fixed
    return run_all(root, tmp_path_factory.mktemp(f"after-{target}"))


both_targets = pytest.mark.parametrize("fixed", TARGETS, indirect=True)


def assert_same(old: Run, new: Run) -> None:
    assert new.record["violations"] == [], new.errors
    assert new.record["unknown"] == old.record["unknown"], new.errors
    assert new.record["exit"] == old.record["exit"], new.errors
    assert new.printed == old.printed, new.errors
    assert new.record["state"] == old.record["state"]


@pytest.mark.parametrize("name", NAMES)
def test_the_legacy_program_runs(before: dict[str, Run], name: str) -> None:
    run = before[name]
    assert run.record["violations"] == [], run.errors
    # One command asks for a method that does not exist, to see the error.
    assert run.record["unknown"] == (["sms.get_status"] if name == "selftest" else [])
    if name != "delivery-down":
        assert run.record["exit"] != "crashed", run.errors
    assert not run.methods("rest")


def test_the_scenarios_make_every_kind_of_request(before: dict[str, Run]) -> None:
    made = set().union(*(run.methods("rpc") for run in before.values()))
    assert len(made) >= 20
    programs = {path.relative_to(EXAMPLES) for path in EXAMPLES.rglob("*.py")}
    run = {
        Path(s.program if s.program.endswith(".py") else s.program.replace(".", "/") + ".py")
        for s in SCENARIOS
    }
    assert programs - run == {Path("acacias/__init__.py"), Path("acacias/patients.py")}


@both_targets
@pytest.mark.parametrize("name", NAMES)
def test_the_rewritten_program_does_the_same(
    before: dict[str, Run], after: dict[str, Run], name: str
) -> None:
    assert_same(before[name], after[name])


@both_targets
@pytest.mark.parametrize("case", [s for s in SCENARIOS if s.left is not None], ids=lambda case: case.name)
def test_what_can_be_rewritten_is(after: dict[str, Run], case: Scenario) -> None:
    assert case.left is not None
    assert after[case.name].methods("rpc") <= case.left


@both_targets
def test_a_half_migrated_program_speaks_both(after: dict[str, Run]) -> None:
    requests = [request[:3] for request in after["call-records"].record["requests"]]
    assert [request[:2] for request in requests] == [["rpc", "cdr.get"], ["rpc", "cdr.get"], ["rest", "POST"]]
    sent = [request[0] for request in after["waiting-list"].record["requests"]]
    # Two offers carry user_data, which only JSON-RPC knows; the doctor's message does not.
    assert sent == ["rpc", "rpc", "rest"]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("only", ["acacias/clients.py", "acacias/reminders.py", "acacias/meeting.py"])
def test_a_program_of_which_one_file_was_fixed_runs(
    before: dict[str, Run], tmp_path: Path, target: str, only: str
) -> None:
    root = copy_examples(tmp_path / "examples")
    originals = contents(root)
    done = migrate(root, "fix", "--unsafe-fixes", "--target", target, only)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert {name for name, data in contents(root).items() if data != originals[name]} <= {only}
    cases = [
        s for s in SCENARIOS if s.name in ("up", "down", "reminders", "reminders-down", "meeting", "tell")
    ]
    for name, run in run_all(root, tmp_path, cases).items():
        assert_same(before[name], run)


@both_targets
def test_a_second_fix_changes_nothing(fixed: tuple[str, Path]) -> None:
    target, root = fixed
    once = contents(root)
    again = migrate(root, "fix", "--unsafe-fixes", "--target", target, ".")
    assert again.returncode == 1, again.stderr
    assert contents(root) == once
    diff = migrate(root, "fix", "--unsafe-fixes", "--diff", "--target", target, ".")
    assert "\n@@ " not in diff.stdout


@pytest.mark.parametrize("target", TARGETS)
def test_diff_writes_nothing(tmp_path: Path, target: str) -> None:
    root = copy_examples(tmp_path / "examples")
    done = migrate(root, "fix", "--unsafe-fixes", "--diff", "--target", target, ".")
    assert done.returncode == 1, done.stderr
    assert "\n@@ " in done.stdout
    assert contents(root) == contents(EXAMPLES)


@both_targets
def test_bytes_outside_the_edits_survive(fixed: tuple[str, Path]) -> None:
    _, root = fixed
    old, new = contents(EXAMPLES), contents(root)
    assert new.keys() == old.keys()
    for untouched in ("acacias/__init__.py", "acacias/patients.py"):
        assert new[untouched] == old[untouched]

    for name in (
        "acacias/meeting.py",
        "acacias/call_records.py",
        "acacias/waiting_list.py",
        "acacias/voice_message.py",
    ):
        assert new[name] != old[name]
    for name, data in new.items():
        assert data.startswith(b"\xef\xbb\xbf") == (name == "acacias/meeting.py"), name
        crlf = data.count(b"\r\n")
        assert (crlf, data.count(b"\r")) == (
            (data.count(b"\n"),) * 2 if name == "acacias/waiting_list.py" else (0, 0)
        )
        assert data.endswith(b"\n") == old[name].endswith(b"\n")
    with pytest.raises(UnicodeDecodeError):
        new["acacias/call_records.py"].decode("utf-8")
    assert "Durée facturée" in new["acacias/call_records.py"].decode("latin-1")
    # Written with tabs, also where lines were added.
    assert not re.search(rb"(?m)^ +\S", new["acacias/voice_message.py"].split(b'"""', 2)[2])


@both_targets
def test_comments_survive(fixed: tuple[str, Path]) -> None:
    _, root = fixed

    def comments(data: bytes) -> list[str]:
        tokens = tokenize.tokenize(io.BytesIO(data).readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]

    new = contents(root)
    for name, data in contents(EXAMPLES).items():
        kept = comments(new[name])
        assert [comment for comment in comments(data) if comment not in kept] == [], name


@both_targets
def test_the_reported_edits_are_what_fix_writes(fixed: tuple[str, Path], tmp_path: Path) -> None:
    target, root = fixed
    copy = copy_examples(tmp_path / "examples")
    report = json.loads(migrate(copy, "check", "--output-format", "json", "--target", target, ".").stdout)
    edits: dict[str, list[tuple[int, int, str]]] = {}
    for finding in report["findings"]:
        if finding["fix"] is not None and finding["applicability"] != "manual":
            for edit in finding["fix"]["edits"]:
                span = (edit["start_byte"], edit["end_byte"], edit["text"])
                if span not in edits.setdefault(edit["path"], []):
                    edits[edit["path"]].append(span)
    written = contents(root)
    for name, data in contents(copy).items():
        encoding = "latin-1" if name == "acacias/call_records.py" else "utf-8"
        # Forward, so that two insertions at one place stay in the order in which they are reported.
        pieces, at = [], 0
        for start, end, text in sorted(edits.get(name, []), key=lambda span: span[:2]):
            pieces += [data[at:start], text.encode(encoding)]
            at = end
        data = b"".join([*pieces, data[at:]])
        assert data == written[name], name
