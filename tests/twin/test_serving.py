"""The command: a real server on loopback, started and stopped."""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path

import pytest
from support.twin import LIMIT, LOGIN, NUMBER, PASSWORD, http, rpc, running, twin_command

AUTH = (LOGIN, PASSWORD)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes without asking")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_that_it_is_ready_and_stops_cleanly(number: signal.Signals) -> None:
    with running() as twin:
        assert http.get(f"{twin.url}/v2.0/ping", auth=AUTH).json()["pong"] == "pong"
        twin.process.send_signal(number)
        out, err = twin.process.communicate(timeout=LIMIT)
        assert (twin.process.returncode, out, err) == (0, "", "")


def test_both_apis_over_the_wire(tmp_path: Path) -> None:
    log = tmp_path / "twin.log"
    with running("--log", log, "--seed", "7") as twin:
        sms_id = rpc(twin.url, "sms.send", "", NUMBER, "Hé", None)
        told = http.get(f"{twin.url}/v2.0/sms/{sms_id.lower()}", auth=AUTH)
        assert told.json()["body"] == {"text": "Hé"}
        assert told.headers["content-type"] == "application/json"
        gone = http.delete(f"{twin.url}/v2.0/numbers/%2B33199001020", auth=AUTH)
        assert (gone.status_code, gone.content) == (204, b"")
        assert http.get(f"{twin.url}/v2.0/ping", auth=AUTH, params={"a": 1}).status_code == 400
    lines = log.read_text("utf-8").splitlines()
    assert lines[0] == f'1 json-rpc sms.send ["", "{NUMBER}", "Hé", null] -> 200'
    assert lines[1].startswith("    did: send an SMS: to='+33199001020'")
    assert lines[-1].endswith("refused: there is no query parameter 'a'; there is none")


def test_the_log_on_standard_output() -> None:
    with running("--log", "-") as twin:
        http.get(f"{twin.url}/v2.0/ping", auth=AUTH)
        assert twin.process.stdout is not None
        assert twin.process.stdout.readline() == "1 rest-v2 GET /v2.0/ping -> 200\n"


def test_oversized_bodies_get_an_answer() -> None:
    with running() as twin:
        large = b"x" * 17_000_000
        told = http.post(f"{twin.url}/json-rpc/v1.1/", content=large, auth=AUTH)
        assert told.json()["error"]["code"] == -32600
        told = http.post(f"{twin.url}/v2.0/sms", content=large, auth=AUTH)
        assert told.status_code == 400
        assert http.get(f"{twin.url}/v2.0/ping", auth=AUTH).status_code == 200


def test_a_request_moves_the_clock() -> None:
    with running("--clock", "2026-11-02T08:00:00Z") as twin:
        sms_id = rpc(twin.url, "sms.send", "", NUMBER, "Hi", None)
        moved = http.post(f"{twin.url}/_twin/clock", json={"advance": 60})
        assert moved.json() == {"now": "2026-11-02T08:01:01.000Z"}
        assert rpc(twin.url, "sms.get", sms_id)["status"] == "RECEIVED"
        assert http.post(f"{twin.url}/_twin/clock", json={"advance": -1}).status_code == 400
        assert rpc(twin.url, "system.get_timestamp") == 1793606463


def test_what_comes_in_from_outside() -> None:
    with running("--clock", "2026-11-02T08:00:00Z") as twin:
        for what, given in (
            ("sms", {"from": "+33199001025", "to": NUMBER, "text": "STOP"}),
            ("calls", {"from": "+33199001025", "to": NUMBER, "seconds": 61}),
            ("credit", {"add": 5}),
        ):
            assert http.post(f"{twin.url}/_twin/{what}", json=given).status_code == 200
        (sms,) = rpc(twin.url, "sms.get_list", "IN", "2026-11-01 00:00:00", "2026-11-03 00:00:00")
        assert (sms["type"], sms["text"], sms["from"]) == ("IN", "STOP", "+33199001025")
        (call,) = rpc(twin.url, "cdr.get", "IN", "2026-11-01 00:00:00", "2026-11-03 00:00:00", None, None)
        assert (call["cli_number"], call["duration"], call["duration_billed"]) == ("+33199001025", 61, 120)
        assert rpc(twin.url, "billing.get_prepaid_credit") == "105.00"
        account = http.get(f"{twin.url}/_twin/account").json()
        assert account["credit"] == 10500
        assert [entry["api"] for entry in http.get(f"{twin.url}/_twin/log").json()] == ["json-rpc"] * 3


def test_the_own_requests_are_for_this_machine_only() -> None:
    with running() as twin:
        told = http.get(f"{twin.url}/_twin/account", headers={"host": "rebound.example"})
        assert told.status_code == 403


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--clock", "yesterday"], "--clock"),
        (["--clock", "2026-11-02T08:00:00"], "with a zone"),
        (["--faults", "418=0.5"], "there is no fault '418'"),
        (["--faults", "429=2"], "from 0 to 1"),
        (["--faults", "429=0.7,500=0.7"], "more than 1"),
        (["--faults", "missing.yaml"], "cannot be read"),
        (["--openapi", "missing.yaml"], "cannot be read"),
        (["--credentials", "bare"], "LOGIN:PASSWORD"),
        (["--log", "no/such/folder/x"], "cannot be written"),
    ],
)
def test_mistakes_are_one_line(arguments: list[str], told: str) -> None:
    done = twin_command("--port", "0", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_port_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = twin_command("--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "choose another --port" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "openapi_schema_validator", "referencing"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    done = twin_command(code=f"import sys; sys.modules[{missing!r}] = None")
    assert done.returncode == 2
    assert (
        done.stderr == f"error: the twin needs the package {missing!r}: pip install 'callr-migrate[twin]'\n"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not valid JSON"),
        ("openapi: 2.0.0", "is no OpenAPI document of version 3.0 or 3.1"),
        ("openapi: 3.1.0", "has no 'paths'"),
        ("openapi: 3.1.0\npaths: {/a: {$ref: '#/components/pathItems/a'}}", "leads nowhere"),
        ("openapi: 3.1.0\npaths: {/a: {$ref: 'other.yaml#/a'}}", "refers to another document"),
        ("openapi: 3.1.0\npaths: {/a: [1]}", "no sound OpenAPI document"),
        ("openapi: 3.1.0\npaths: {/a: {get: {parameters: [{in: query}]}}}", "no sound OpenAPI document"),
    ],
)
def test_documents_that_are_none(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "document.yaml"
    path.write_text(text)
    done = twin_command("--port", "0", "--openapi", str(path))
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert told in done.stderr


def test_the_vendors_document_is_enforced(tmp_path: Path) -> None:
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Vendor", "version": "9"},
        "servers": [{"url": "https://api.callr.com/v2.0"}],
        "paths": {
            "/sms/{id}": {
                "get": {
                    "parameters": [
                        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                        {"name": "depth", "in": "query", "schema": {"type": "integer", "maximum": 3, "nullable": True}},
                    ],
                    "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "object", "required": ["tariff"]}}}}},
                }
            },
            "/rooms": {"post": {"responses": {"201": {"description": ""}}}},
        },
    }  # fmt: skip
    path = tmp_path / "vendor.json"
    path.write_text(json.dumps(document))
    log = tmp_path / "log"
    with running("--openapi", path, "--log", log) as twin:
        sid = rpc(twin.url, "sms.send", "", NUMBER, "Hi", None).lower()
        assert http.get(f"{twin.url}/v2.0/sms/{sid}", auth=AUTH, params={"depth": 3}).status_code == 200
        assert http.get(f"{twin.url}/v2.0/sms/{sid}", auth=AUTH, params={"depth": 4}).status_code == 400
        assert http.get(f"{twin.url}/v2.0/ping", auth=AUTH).status_code == 404
        assert http.post(f"{twin.url}/v2.0/rooms", auth=AUTH).status_code == 200
    text = log.read_text("utf-8")
    assert "the twin's answer is not the document's: 'tariff' is a required property" in text
    assert "the twin does not do POST /rooms" in text
