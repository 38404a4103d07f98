"""The stubs themselves: both APIs answer over one account, and what the facts do not allow is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

RUNNER = Path(__file__).resolve().parents[1] / "support" / "run_program.py"

CLIENTS = {
    "httpx": """
        import httpx
        api = httpx.Client(base_url="https://api.callr.com/v2.0", auth=("acacias_login", "not-a-real-secret"))
        """,
    "requests": """
        import requests
        class Session(requests.Session):
            def request(self, method, url, *args, **kwargs):
                return super().request(method, "https://api.callr.com/v2.0" + url, *args, **kwargs)
        api = Session()
        api.auth = ("acacias_login", "not-a-real-secret")
        """,
}


def run(tmp_path: Path, *parts: str, **environ: str) -> tuple[list[str], dict[str, Any]]:
    (tmp_path / "program.py").write_text("\n".join(textwrap.dedent(part) for part in parts), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(RUNNER), str(tmp_path / "record.json"), str(tmp_path), "program.py"],
        env={**os.environ, **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    record = json.loads((tmp_path / "record.json").read_text("utf-8"))
    assert record["exit"] == 0, done.stderr
    return done.stdout.splitlines(), record


@pytest.mark.parametrize("client", CLIENTS)
def test_both_apis_see_one_account(tmp_path: Path, client: str) -> None:
    output, record = run(
        tmp_path,
        CLIENTS[client],
        """
        import callr
        old = callr.Api("acacias_login", "not-a-real-secret")
        sid = api.post("/sms", params={"to": "+33199001020", "trafficType": "alerting"}, json={"text": "é"}).json()["sid"]
        print(sid, old.call("sms.get", sid.upper())["text"])
        sms = api.get("/sms/8242d945").json()
        print(sms["status"], sms["sent"], old.call("sms.get", "8242D945")["status"])
        order = old.call("did/store.reserve", 112, "CLASSIC", 1, "RANDOM")
        print(api.delete(f"/numbers/store/{order['token']}").status_code)
        print(api.delete("/numbers/%2B33199001021").content)
        app = api.post("/actions", json={"name": "Accueil", "script": "branches: {}"}).json()["sid"]
        print(api.put(f"/actions/{app}/numbers/%2B33199001020").status_code)
        print(api.post("/numbers/store/f0f0f0f0f0f0").json(), api.get("/ping").json()["pong"])
        """,
    )
    assert output == [
        "ac5e0001 é",
        "delivered 2026-11-02T08:30:00.000Z RECEIVED",
        "204",
        "b''",
        "204",
        "{} pong",
    ]
    assert record["violations"] == record["unknown"] == []
    assert record["state"]["sms"] == [["", "+33199001020", "é", "ALERTING", None, {}]]
    assert record["state"]["assigned"] == {"+33199001020": "AC5E0002"}
    assert record["state"]["orders"] == {"f0f0f0f0f0f0": "bought", "70ce00000001": "cancelled"}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        ('api.get("/sms/8242D945")', 400),
        ('api.post("/sms", params={"to": "+33199001020", "nature": "x"}, json={"text": "a"})', 201),
        (
            'api.post("/sms", params={"to": "+33199001020", "trafficType": "ALERTING"}, json={"text": "a"})',
            201,
        ),
        ('api.post("/sms", params={"to": "+33199001020"}, json={"body": "a"})', 400),
        ('api.post("/sms?to=+33199001020", json={"text": "a"})', 400),
        ('api.delete("/numbers/D1D00021")', 400),
        ('api.request("GET", "/ping", json={})', 200),
    ],
)
def test_what_v2_does_not_allow_is_noticed(
    tmp_path: Path, client: str, request_line: str, status: int
) -> None:
    output, record = run(tmp_path, CLIENTS[client], f"print({request_line}.status_code)")
    assert output == [str(status)]
    # A raw "+" in a query is a space for the server, so nobody gets the message.
    assert len(record["violations"]) == (0 if "?to=+" in request_line else 1)
    assert record["unknown"] == []


@pytest.mark.parametrize("client", CLIENTS)
def test_refusals_are_answers(tmp_path: Path, client: str) -> None:
    output, record = run(
        tmp_path,
        CLIENTS[client],
        """
        refused = api.post("/sms", params={"to": "+33199001029"}, json={"text": "a"})
        print(refused.status_code, sorted(refused.json()))
        print(api.get("/nowhere").status_code)
        print(api.get("/ping", auth=("acacias_login", "wrong")).status_code)
        """,
    )
    assert output == ["400 ['code', 'message']", "404", "401"]
    assert record["unknown"] == ["GET /nowhere"]
    assert record["violations"] == []


@pytest.mark.parametrize("client", CLIENTS)
def test_callr_can_be_down(tmp_path: Path, client: str) -> None:
    output, record = run(
        tmp_path,
        CLIENTS[client],
        f"""
        import callr, {client}
        for attempt in (lambda: api.get("/ping"), lambda: callr.Api("a", "b").call("system.get_timestamp")):
            try:
                attempt()
            except (OSError, {"httpx.ConnectError" if client == "httpx" else "requests.ConnectionError"},
                    callr.CallrException) as e:
                print(type(e).__name__)
        """,
        STUB_DOWN="1",
    )
    assert output == ["ConnectError" if client == "httpx" else "ConnectionError", "CallrException"]
    assert record["violations"] == []


def test_the_network_is_out_of_reach(tmp_path: Path) -> None:
    output, record = run(
        tmp_path,
        """
        import socket
        for attempt in (lambda: socket.create_connection(("192.0.2.1", 443)),
                        lambda: socket.getaddrinfo("api.callr.com", 443),
                        lambda: socket.socket().connect(("192.0.2.1", 443))):
            try:
                attempt()
            except RuntimeError:
                print("refused")
        """,
    )
    assert output == ["refused"] * 3
    assert len(record["violations"]) == 3
