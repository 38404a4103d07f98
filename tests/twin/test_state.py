"""The state file, faults on purpose, and webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from support.killing import kill_at_random
from support.twin import (
    LIMIT,
    LOGIN,
    NUMBER,
    PASSWORD,
    Client,
    acacias_state,
    eventually,
    http,
    rpc,
    running,
    twin_command,
)

from callr_migrate.twin import files
from callr_migrate.twin.faults import FaultsError, parse_faults

AUTH = (LOGIN, PASSWORD)


def test_the_account_survives_a_restart(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with running("--state", state, "--seed", "5") as twin:
        sms_id = rpc(twin.url, "sms.send", "", NUMBER, "Hé", {"user_data": "42"})
        order = rpc(twin.url, "did/store.reserve", 112, "CLASSIC", 1, "RANDOM")
        rpc(twin.url, "apps.create", "ACTIONS10", "Night", {"script": "a: 1"})
    with running("--state", state) as twin:
        sms = rpc(twin.url, "sms.get", sms_id)
        assert (sms["text"], sms["options"]) == ("Hé", {"user_data": "42"})
        assert rpc(twin.url, "did/store.buy_order", order["token"])["success"]
        assert [app["name"] for app in rpc(twin.url, "apps.get_list", False)] == ["Night"]
        # Life goes on where it stopped.
        http.post(f"{twin.url}/_twin/clock", json={"advance": 60})
        assert rpc(twin.url, "sms.get", sms_id)["status"] == "RECEIVED"
        assert rpc(twin.url, "sms.send", "", NUMBER, "Hi", None) != sms_id
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_two_twins_do_not_keep_one_account(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with (
        running("--state", state),
        pytest.raises(AssertionError, match="another twin keeps its account there"),
    ):
        running("--state", state).__enter__()
    with running("--state", state) as twin:
        assert rpc(twin.url, "system.get_timestamp")


def test_what_is_answered_is_on_disk(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with running("--state", state) as twin:
        for index in range(5):
            sms_id = rpc(twin.url, "sms.send", "", NUMBER, f"Hi {index}", None)
            assert sms_id.lower() in json.loads(state.read_bytes())["messages"]


def test_it_survives_being_killed(tmp_path: Path) -> None:
    kill_at_random(tmp_path, tries=3, seed=1)


def test_a_state_goes_through_a_file_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    files.write(path, files.dump(acacias_state()))
    assert files.load(path) == acacias_state()
    assert files.load(tmp_path / "none.json") is None


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "{}", '{"format": 2}', '{"format": 1, "surplus": 1}', '{"format": 1, "messages": {"a": {}}}', '{"format": 1, "calls": 3}', "[" * 100_000]
)  # fmt: skip
def test_a_file_that_is_no_state(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(files.StateError, match="is no state file of the twin"):
        files.load(path)


def test_a_file_that_is_no_state_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("precious")
    done = twin_command("--port", "0", "--state", str(path))
    assert done.returncode == 2
    assert "is no state file of the twin" in done.stderr
    assert path.read_text() == "precious"


def test_a_state_that_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with running("--state", folder / "state.json") as twin:
        rpc(twin.url, "sms.send", "", NUMBER, "Hi", None)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        told = http.post(f"{twin.url}/v2.0/sms", params={"to": NUMBER}, json={"text": "Hi"}, auth=AUTH)
        assert told.status_code == 500
        assert "the state file cannot be written" in told.json()["message"]
        assert http.get(f"{twin.url}/v2.0/ping", auth=AUTH).status_code == 200
        folder.mkdir()


# Faults


def test_faults_by_rate_are_the_same_for_one_seed() -> None:
    def thrown(seed: int) -> list[str | None]:
        faults = parse_faults("429=0.2,500=0.1,slow=0.1:0.5", seed)
        return [fault and fault.kind for fault in (faults.of("GET /v2.0/ping") for _ in range(400))]

    assert thrown(1) == thrown(1)
    assert thrown(1) != thrown(2)
    counts = {kind: thrown(1).count(kind) for kind in ("429", "500", "slow", None)}
    assert 50 < counts["429"] < 110
    assert 20 < counts["500"] < 60
    assert 20 < counts["slow"] < 60


def test_a_fault_does_nothing_to_the_account() -> None:
    twin = Client(faults=parse_faults("500=1", 0))
    told = twin.rest("POST", "/sms", {"to": NUMBER}, {"text": "Hi"})
    assert told.status == 500
    assert set(told.body) == {"code", "message"}
    assert twin.post(b"{}").status == 500
    assert twin.core.account.state.messages == {}
    assert twin.last.fault == "500"


def test_a_time_out_and_a_slow_answer(tmp_path: Path) -> None:
    script = tmp_path / "faults.yaml"
    script.write_text(
        "- {match: sms.get, fault: timeout, seconds: 20}\n- {match: sms.send, fault: slow, seconds: 0.6}\n"
    )
    with running("--faults", script) as twin:
        request = {"jsonrpc": "2.0", "id": 1, "method": "sms.get", "params": ["ABCDEF12"]}
        with pytest.raises(httpx.ReadTimeout):
            http.post(
                f"{twin.url}/json-rpc/v1.1/", json=request, auth=AUTH, timeout=httpx.Timeout(LIMIT, read=0.5)
            )
        answer = http.post(
            f"{twin.url}/json-rpc/v1.1/",
            json={"jsonrpc": "2.0", "id": 1, "method": "sms.send", "params": ["", NUMBER, "Hi"]},
            auth=AUTH,
        )
        assert len(answer.json()["result"]) == 8
        assert answer.elapsed.total_seconds() >= 0.5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x: 1", "must be a list"),
        ("- {match: a}", "must have 'fault'"),
        ("- {fault: 500, often: 1}", "may have"),
        ("- {fault: 200}", "no fault '200'"),
        ("- {fault: 500, times: -1}", "whole numbers"),
        ("- {fault: slow, seconds: 1e9}", "from 0 to 600"),
        ("- {fault: slow, seconds: soon}", "from 0 to 600"),
        ("[", "no YAML"),
    ],
)
def test_mistakes_in_a_script(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    with pytest.raises(FaultsError, match=told):
        parse_faults(str(path), 0)


# Webhooks


class Inbox:
    """A server that keeps what it is sent; `status` is what it answers."""

    def __init__(self) -> None:
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                inbox.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(inbox.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.came]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.server.shutdown()
    inbox.server.server_close()


@pytest.mark.parametrize("algorithm", ["SHA256", "MD5", None])
def test_a_legacy_webhook_is_signed(inbox: Inbox, algorithm: str | None) -> None:
    options = {"hmac_secret": "hush", **({"hmac_algo": algorithm} if algorithm else {})}
    with running("--clock", "2026-11-02T08:00:00Z") as twin:
        hook = rpc(twin.url, "webhooks.subscribe", "sms.mt.status_update", inbox.url, options)
        sms_id = rpc(twin.url, "sms.send", "", NUMBER, "Hi", None)
        http.post(f"{twin.url}/_twin/clock", json={"advance": 10})
        rpc(twin.url, "system.get_timestamp")
        eventually(lambda: len(inbox.came) == 3)
    bodies = sorted(
        inbox.bodies(), key=lambda body: str(body["data"]["date_update"]) + body["data"]["status"]
    )
    assert {body["data"]["status"] for body in bodies} <= {"PENDING", "SENT", "RECEIVED"}
    for headers, body in inbox.came:
        told = json.loads(body)
        assert told.keys() == {"event_id", "event_at", "hook_hash", "try", "type", "data"}
        assert (told["hook_hash"], told["type"]) == (hook["hash"], "sms.mt.status_update")
        assert told["data"]["hash"] == sms_id
        assert told["event_at"].startswith("2026-11-02T08:00:")
        assert headers["x-callr-eventid"] == told["event_id"]
        digest = hmac.new(b"hush", body, hashlib.md5 if algorithm == "MD5" else hashlib.sha256).digest()
        assert headers["x-callr-hmacsignature"] == base64.b64encode(digest).decode()
    assert len({headers["x-callr-eventid"] for headers, _ in inbox.came}) == 3


def test_both_envelopes_of_one_event(inbox: Inbox) -> None:
    with running() as twin:
        rpc(twin.url, "webhooks.subscribe", "sms.mo", inbox.url, None)
        made = {"type": "v2.sms.inbound.received", "endpoint": inbox.url}
        assert http.post(f"{twin.url}/_twin/webhooks", json=made).status_code == 200
        # What is set up in the portal is none of the legacy API's.
        assert len(rpc(twin.url, "webhooks.get_list")) == 1
        http.post(f"{twin.url}/_twin/sms", json={"from": "+33199001025", "to": NUMBER, "text": "STOP"})
        eventually(lambda: len(inbox.came) == 2)
        wrong = http.post(f"{twin.url}/_twin/webhooks", json={"type": "v2.nothing", "endpoint": inbox.url})
        assert wrong.status_code == 400
    legacy, rest = sorted(inbox.bodies(), key=lambda body: str(body["type"]))
    assert legacy["data"]["text"] == "STOP"
    assert rest.keys() == {"id", "at", "sid", "type", "try", "payload"}
    assert rest["payload"]["body"] == {"text": "STOP"}
    assert rest["payload"]["direction"] == "inbound"
    assert len(rest["sid"]) == 8


def test_the_webhook_of_one_message(inbox: Inbox) -> None:
    with running("--clock", "2026-11-02T08:00:00Z") as twin:
        rpc(twin.url, "sms.send", "", NUMBER, "Hi", {"webhook": {"endpoint": inbox.url}})
        rpc(twin.url, "system.get_timestamp")
        eventually(lambda: inbox.came)
    assert inbox.bodies()[0]["hook_hash"] is None


def test_a_delivery_that_fails_is_tried_again_later(inbox: Inbox) -> None:
    inbox.status = 500
    with running("--clock", "2026-11-02T08:00:00Z") as twin:
        rpc(twin.url, "webhooks.subscribe", "sms.mo", inbox.url, None)
        http.post(f"{twin.url}/_twin/sms", json={"from": "+33199001025", "to": NUMBER, "text": "STOP"})
        eventually(lambda: len(inbox.came) == 1)
        eventually(
            lambda: http.get(f"{twin.url}/_twin/account").json()["deliveries"][0]["state"] == "waiting"
        )
        inbox.status = 204
        http.post(f"{twin.url}/_twin/clock", json={"advance": 60})
        eventually(lambda: len(inbox.came) == 2)
        eventually(
            lambda: http.get(f"{twin.url}/_twin/account").json()["deliveries"][0]["state"] == "delivered"
        )
    first, second = inbox.bodies()
    assert first["event_id"] == second["event_id"]
    assert (first["try"], second["try"]) == (0, 1)


def test_nothing_is_delivered_to_other_machines() -> None:
    twin = Client()
    for endpoint in (
        "http://203.0.113.9/hook",
        "https://127.0.0.1/hook",
        "http://acacias.example/",
        "ftp://[",
        "file:///x",
    ):
        twin.rpc("webhooks.subscribe", "sms.mo", endpoint, None)
    from callr_migrate.twin import messages, webhooks

    messages.receive(twin.core.account, sender="+33199001025", to=NUMBER, text="STOP")
    webhooks.queue(twin.core.account, twin.core.words)
    assert webhooks.due(twin.core.account) == []
    assert {one.state for one in twin.core.account.state.deliveries} == {"not loopback"}
    assert len(twin.core.account.state.deliveries) == 5


def test_events_of_calls_numbers_tasks_audio_and_credit() -> None:
    from callr_migrate.twin import control
    from callr_migrate.twin.core import Asked

    twin = Client()
    for event in twin.core.words.pack.events.values():
        twin.rpc("webhooks.subscribe", event.event, "http://127.0.0.1:9/", None)
    app = twin.rpc("apps.create", "ACTIONS10", "Night", {"script": "a: 1"})["hash"]
    did = twin.rpc("did.search", {}, {})["hits"][0]["hash"]
    twin.rpc("apps.assign_did", app, did)
    twin.rpc("apps.remove_did", did)
    twin.rpc("cdr.export_async", {}, None)
    twin.rpc("media/tts.set_content", twin.rpc("media/library.create", "Hi"), "Hi", "TTS_EN-GB_SERENA", None)
    for direction in ("inbound", "outbound"):
        given = {"from": NUMBER, "to": NUMBER, "direction": direction}
        control.answer(
            twin.core, Asked("POST", "/_twin/calls", "", {"host": "localhost"}, json.dumps(given).encode())
        )
    control.answer(twin.core, Asked("POST", "/_twin/credit", "", {"host": "localhost"}, b'{"add": 1}'))
    twin.wait(10)
    twin.core.account.state.credit = 1003
    twin.rpc("sms.send", "", NUMBER, "Hi", None)
    twin.core.account.state.credit = 3
    twin.rpc("sms.send", "", NUMBER, "Hi", None)
    came = {one.event for one in twin.core.account.state.deliveries}
    known = set(twin.core.words.pack.events)
    # Nothing records in the twin; nothing came in.
    assert known - came == {"media.recording.new", "media.recording.status_update", "sms.mo"}
