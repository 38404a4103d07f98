"""`check examples` finds every legacy call, at its true line, under the right code.

The tables are written by hand from reading the examples.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

CALLS = {
    ("acacias/call_records.py", 25, "cdr.get", "CLR103"),
    ("acacias/call_records.py", 41, "sms.send", "CLR101"),
    ("acacias/clients.py", 19, "system.get_timestamp", "CLR101"),
    ("acacias/delivery.py", 28, "sms.get", "CLR101"),
    ("acacias/delivery.py", 41, "sms.get", "CLR101"),
    ("acacias/delivery.py", 48, "sms.get", "CLR101"),
    ("acacias/imports.py", 16, "jobs.get", "CLR101"),
    ("acacias/imports.py", 27, "system.get_timestamp", "CLR101"),
    ("acacias/meeting.py", 10, "conference/10.create_room", "CLR103"),
    ("acacias/meeting.py", 18, "sms.send", "CLR101"),
    ("acacias/meeting.py", 29, "sms.send", "CLR101"),
    ("acacias/numbers.py", 21, "did/areacode.countries", "CLR101"),
    ("acacias/numbers.py", 26, "did/areacode.types", "CLR101"),
    ("acacias/numbers.py", 29, "did/areacode.get_list", "CLR101"),
    ("acacias/numbers.py", 37, "did/store.get_quote", "CLR103"),
    ("acacias/numbers.py", 38, "did/store.reserve", "CLR101"),
    ("acacias/numbers.py", 41, "did/store.cancel_order", "CLR101"),
    ("acacias/numbers.py", 44, "did/store.buy_order", "CLR101"),
    ("acacias/reminders.py", 32, "sms.send", "CLR101"),
    ("acacias/switchboard.py", 36, "apps.create", "CLR101"),
    # Apps of a kind that REST v2 no longer has.
    ("acacias/switchboard.py", 41, "apps.create", "CLR103"),
    ("acacias/switchboard.py", 50, "apps.create", "CLR103"),
    ("acacias/switchboard.py", 54, "apps.assign_did", "CLR102"),
    ("acacias/voice_message.py", 23, "media/library.create", "CLR101"),
    ("acacias/voice_message.py", 24, "media/tts.set_content", "CLR103"),
    ("acacias/voice_message.py", 31, "calls.broadcast_1", "CLR103"),
    ("acacias/voice_message.py", 46, "sms.send", "CLR101"),
    ("acacias/waiting_list.py", 23, "sms.send", "CLR101"),
    ("acacias/waiting_list.py", 36, "sms.send", "CLR101"),
    ("scripts/give_back.py", 21, "did/store.cancel_order", "CLR101"),
    ("scripts/give_back.py", 26, "did/store.cancel_subscription", "CLR101"),
    ("scripts/maintenance.py", 25, "system.get_timestamp", "CLR101"),
    ("scripts/maintenance.py", 30, "webhooks.subscribe", "CLR103"),
    ("scripts/maintenance.py", 36, None, "CLR105"),
    ("scripts/maintenance.py", 41, "sms.send", "CLR101"),
    ("scripts/maintenance.py", 48, "sms.get", "CLR107"),
    ("scripts/maintenance.py", 58, "sms.send", "CLR106"),
    ("scripts/maintenance.py", 62, "sms.get_status", "CLR104"),
    ("scripts/send_test_sms.py", 9, "sms.send", "CLR101"),
    ("scripts/send_test_sms.py", 16, "sms.send", "CLR101"),
    ("scripts/send_test_sms.py", 19, "sms.get", "CLR101"),
}

CLIENTS = {
    ("acacias/call_records.py", 13),
    ("acacias/clients.py", 13),
    ("acacias/delivery.py", 23),
    ("acacias/imports.py", 14),
    ("acacias/imports.py", 26),
    ("acacias/numbers.py", 12),
    ("acacias/switchboard.py", 32),
    ("acacias/voice_message.py", 18),
    ("acacias/waiting_list.py", 16),
    ("acacias/waiting_list.py", 35),
    ("scripts/give_back.py", 15),
    ("scripts/maintenance.py", 20),
    ("scripts/send_test_sms.py", 6),
}

HANDLERS = {
    ("acacias/call_records.py", 48),
    ("acacias/clients.py", 20),
    ("acacias/delivery.py", 49),
    ("acacias/numbers.py", 60),
    ("acacias/reminders.py", 39),
    ("acacias/voice_message.py", 43),
    ("acacias/waiting_list.py", 26),
    ("scripts/give_back.py", 33),
    ("scripts/maintenance.py", 49),
    ("scripts/maintenance.py", 59),
    ("scripts/maintenance.py", 63),
    ("scripts/send_test_sms.py", 10),
}

# A retired name is pointed at where it is written or where it is used; both help.
RETIRED_APPS = [
    {("acacias/switchboard.py", 26), ("acacias/switchboard.py", 43)},
    {("acacias/switchboard.py", 50)},
]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    """What `check` says about examples/."""
    run = subprocess.run(
        [sys.executable, "-m", "callr_migrate", "check", "--output-format", "json", "examples"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert run.returncode == 1, run.stderr
    return json.loads(run.stdout)


def places(report: dict[str, Any], code: str) -> list[tuple[str, int]]:
    return [
        (finding["path"].removeprefix("examples/"), finding["start"]["line"])
        for finding in report["findings"]
        if finding["code"] == code
    ]


def test_every_call_is_found_once(report: dict[str, Any]) -> None:
    found = [
        (f["path"].removeprefix("examples/"), f["start"]["line"], f["method"], f["code"])
        for f in report["findings"]
        if f["code"].startswith("CLR1")
    ]
    assert set(found) == CALLS
    assert len(found) == len(CALLS)
    assert report["summary"]["legacy_calls"] == len(CALLS)


def test_the_tables_name_true_lines() -> None:
    marks = [(path, line, (".call(", ".send(")) for path, line, _, _ in CALLS]
    marks += [(path, line, ("Api(",)) for path, line in CLIENTS]
    marks += [(path, line, ("except ",)) for path, line in HANDLERS]
    for path, line, texts in marks:
        source = Path(ROOT, "examples", path).read_bytes().decode("latin-1").split("\n")[line - 1]
        assert any(text in source for text in texts), (path, line, source)


def test_a_call_starts_where_its_expression_starts(report: dict[str, Any]) -> None:
    for finding in report["findings"]:
        if not finding["code"].startswith("CLR1"):
            continue
        encoding = "latin-1" if finding["path"].endswith("call_records.py") else "utf-8-sig"
        text = Path(ROOT, finding["path"]).read_bytes().decode(encoding).replace("\r\n", "\n")
        line = text.split("\n")[finding["start"]["line"] - 1]
        rest = line[finding["start"]["column"] - 1 :]
        assert rest.startswith(
            ("api.", "_api.", "self.api.", "client.", "clinic.", "probe.", "sms_api.", "store.")
        )


def test_every_client_is_found(report: dict[str, Any]) -> None:
    assert sorted(places(report, "CLR601")) == sorted(CLIENTS)


def test_every_handler_is_found(report: dict[str, Any]) -> None:
    assert sorted(set(places(report, "CLR602"))) == sorted(HANDLERS)


def test_retired_apps_are_found(report: dict[str, Any]) -> None:
    found = places(report, "CLR501")
    assert len(found) == len(RETIRED_APPS)
    for choices in RETIRED_APPS:
        assert choices & set(found)


def test_nothing_is_found_in_the_files_without_callr(report: dict[str, Any]) -> None:
    paths = {finding["path"] for finding in report["findings"]}
    assert not paths & {"examples/acacias/__init__.py", "examples/acacias/patients.py"}
    assert report["errors"] == []
