"""What each face refuses, and with which of the documented errors."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.twin import NUMBER, Client, basic

from callr_migrate.twin.core import LARGEST, Asked


@pytest.fixture
def twin() -> Client:
    return Client()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        # The examples of section 7 of the JSON-RPC 2.0 specification, as far as they are malformed or unsupported.
        ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700),
        ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', -32600),
        (
            '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"',
            -32700,
        ),
        ("[]", -32600),
        ("[1]", -32600),
        ("[1,2,3]", -32600),
        ('[{"jsonrpc": "2.0", "method": "system.get_timestamp", "id": "1"}]', -32600),
        ('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', -32601),
        ('{"jsonrpc": "2.0", "method": "sms.get", "params": {"id": "ABCDEF12"}, "id": 3}', -32602),
        ('{"jsonrpc": "2.0", "method": "system.get_timestamp", "params": []}', -32600),
        ('{"jsonrpc": "1.0", "method": "system.get_timestamp", "params": [], "id": 1}', -32600),
        ('{"method": "system.get_timestamp", "params": [], "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "method": "system.get_timestamp", "params": "x", "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "method": "system.get_timestamp", "params": null, "id": 1}', -32600),
        ('{"jsonrpc": "2.0", "method": "system.get_timestamp", "id": {}}', -32600),
        ("null", -32600),
        ('"x"', -32600),
        ("", -32700),
        ("\xff", -32700),
        ("[" * 100_000, -32700),
    ],
)
def test_malformed_json_rpc(twin: Client, body: str, code: int) -> None:
    told = twin.post(body.encode("latin-1"))
    assert told.status == 200
    assert told.body["jsonrpc"] == "2.0"
    assert told.body["error"]["code"] == code
    assert told.body["error"]["message"]
    assert "result" not in told.body
    assert twin.last.error


def test_the_id_of_a_request_comes_back(twin: Client) -> None:
    for given in (7, "seven", 1.5, None):
        request = {"jsonrpc": "2.0", "id": given, "method": "system.get_timestamp"}
        assert twin.post(json.dumps(request).encode()).body["id"] == given
    assert twin.post(b'{"jsonrpc": "2.0", "id": 7, "method": "foobar"}').body["id"] == 7


@pytest.mark.parametrize(
    ("method", "params", "code", "name"),
    [
        ("sms.send", ["SMS"], 150, "to"),
        ("sms.send", ["SMS", NUMBER, None, None], 150, "body"),
        ("sms.send", ["", NUMBER, "Hi", None, 1], 151, "5"),
        ("sms.send", ["", "0612345678", "Hi"], 151, "to"),
        ("sms.send", ["MuchTooLongSender", NUMBER, "Hi"], 151, "from"),
        ("sms.send", ["", NUMBER, "Hi", {"nature": "alerting"}], 151, "nature"),
        ("sms.send", ["", NUMBER, "Hi", "ALERTING"], 151, "options"),
        ("sms.send", ["", NUMBER, 5], 151, "body"),
        ("sms.get", ["abcdef12"], 151, "id"),
        ("sms.get", ["ABCDEF12"], 151, "id"),
        ("sms.get_list", ["OUTBOUND", "2026-11-01 00:00:00", "2026-11-02 00:00:00"], 151, "type"),
        ("sms.get_list", ["OUT", "2026-11-01T00:00:00Z", "2026-11-02 00:00:00"], 151, "from"),
        ("did/store.reserve", [True, "CLASSIC", 1, "RANDOM"], 151, "area_code_id"),
        ("did/store.reserve", [269, "CLASSIC", 1, "RANDOM"], 100, ""),
        ("apps.create", ["ACTIONS10", "Night", {}], 150, "script"),
        ("apps.create", ["IVR99", "Night", {}], 151, "type"),
        ("webhooks.subscribe", ["sms.nothing", "http://127.0.0.1:1", None], 151, "type"),
    ],
)
def test_refused_arguments(twin: Client, method: str, params: list[Any], code: int, name: str) -> None:
    before = twin.core.account.state.credit
    told = twin.rpc(method, *params)
    assert told[0] == code
    assert name in told[1]
    assert twin.core.account.state.credit == before
    assert twin.core.account.state.messages == {}


@pytest.mark.parametrize(
    ("verb", "path", "query", "body", "status", "told"),
    [
        ("GET", "/smses", {}, None, 404, "there is no /smses"),
        ("GET", "/sms/abcdef12/parts", {}, None, 404, "there is no"),
        ("PUT", "/sms", {}, None, 405, "GET, POST"),
        ("GET", "/tasks/abc", {}, None, 405, "DELETE, POST"),
        ("POST", "/sms", {"to": NUMBER, "text": "Hi"}, {"text": "Hi"}, 400, "no query parameter 'text'"),
        (
            "POST",
            "/sms",
            {"to": NUMBER, "nature": "alerting"},
            {"text": "Hi"},
            400,
            "no query parameter 'nature'",
        ),
        ("POST", "/sms", {"to": NUMBER, "trafficType": "ALERTING"}, {"text": "Hi"}, 400, "'trafficType'"),
        ("POST", "/sms", {"to": NUMBER, "encoding": "utf8"}, {"text": "Hi"}, 400, "'encoding'"),
        ("POST", "/sms", {"to": NUMBER, "from": "MuchTooLongSender"}, {"text": "Hi"}, 400, "'from'"),
        ("POST", "/sms", {"trafficType": "alerting"}, {"text": "Hi"}, 400, "'to' is missing"),
        ("POST", "/sms", [("to", NUMBER), ("to", NUMBER)], {"text": "Hi"}, 400, "twice"),
        ("POST", "/sms", {"to": NUMBER}, {"text": "Hi", "body": "Hi"}, 400, "no body field 'body'"),
        ("POST", "/sms", {"to": NUMBER}, {}, 400, "'text' is a required property"),
        ("POST", "/sms", {"to": NUMBER}, {"text": ""}, 400, "text"),
        ("POST", "/sms", {"to": NUMBER}, {"text": 5}, 400, "text"),
        ("POST", "/sms", {"to": NUMBER}, None, 400, "the body is missing"),
        ("POST", "/sms", {"to": "0612345678"}, {"text": "Hi"}, 400, "E.164"),
        ("GET", "/sms", {"limit": "101"}, None, 400, "'limit'"),
        ("GET", "/sms", {"limit": "ten"}, None, 400, "'limit'"),
        ("GET", "/sms", {"status": "SENT"}, None, 400, "'status'"),
        ("GET", "/sms", {"sort": "cost"}, None, 400, "sort"),
        ("GET", "/ping", {}, {"a": 1}, 400, "takes no body"),
        ("GET", "/ping", {"a": "1"}, None, 400, "no query parameter 'a'"),
        ("GET", "/sms/ABCDEF12", {}, None, 400, "lower case"),
        ("GET", "/sms/abcdef12", {}, None, 404, "no such SMS"),
        ("GET", "/sms/abc", {}, None, 400, "sid"),
        ("POST", "/actions", {}, {"name": "Night", "script": "a", "format": "YAML"}, 400, "format"),
        ("POST", "/actions", {}, {"name": "Night"}, 400, "'script' is a required property"),
        ("POST", "/actions", {}, {"name": "Night", "script": "a", "p": 1}, 400, "no body field 'p'"),
        ("DELETE", "/numbers/%2B33199001025", {}, None, 404, "no number of the account"),
        ("DELETE", "/numbers/33199001020", {}, None, 400, "E.164"),
        ("POST", "/calls/export", {"from": "2026-11-01 00:00:00"}, None, 400, "'from'"),
        ("POST", "/calls/export", {"direction": "OUT"}, None, 400, "'direction'"),
        ("POST", "/audio-files", {}, {"name": "A", "tags": {}}, 400, "no body field 'tags'"),
    ],
)
def test_what_the_contract_does_not_allow(
    twin: Client, verb: str, path: str, query: Any, body: Any, status: int, told: str
) -> None:
    answer = twin.rest(verb, path, query, body)
    assert answer.status == status, answer.body
    assert set(answer.body) == {"code", "message"}
    assert told in answer.body["message"]
    assert twin.last.error
    assert twin.core.account.state.messages == {}
    assert len(twin.core.account.state.numbers) == 2


def test_bodies_that_are_no_json(twin: Client) -> None:
    for content_type, told in (
        ("application/json", "no JSON"),
        ("text/plain", "text/plain"),
        ("", "of no type"),
    ):
        asked = Asked(
            "POST", "/v2.0/sms", "to=%2B33199001020", {**twin.headers, "content-type": content_type}, b"{"
        )
        answer = twin.core.answer(asked)
        assert answer.status == 400
        assert told in answer.body["message"]


def test_what_is_not_known_is_accepted_and_marked(twin: Client) -> None:
    assert twin.rest("GET", "/numbers", {"country": "FR"}).status == 200
    assert twin.last.unproven == ["GET /numbers query country"]
    assert twin.rest("GET", "/billing/credit").body == {}
    assert twin.last.unproven == ["what GET /billing/credit answers"]
    assert twin.rest("GET", "/ping").status == 200
    assert twin.last.unproven == []


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Basic !!!"},
        {"authorization": basic("", "x")},
        {"authorization": basic("x", "")},
        {"authorization": "Basic " + "eA=="},
        {"authorization": basic("acacias_login", "wrong")},
        {"authorization": basic("not-a-real-secret", "acacias_login")},
        {"authorization": "Bearer acacias_login:not-a-real-secret"},
    ],
)
def test_wrong_credentials(headers: dict[str, str]) -> None:
    twin = Client(allowed=frozenset({"acacias_login:not-a-real-secret"}))
    assert twin.rest("GET", "/ping").status == 200
    assert twin.rpc("system.get_timestamp") > 0
    answer = twin.rest("GET", "/ping", **headers)
    assert answer.status == 401
    assert set(answer.body) == {"code", "message"}
    # Plain HTTP, no JSON-RPC error.
    told = twin.post(b'{"jsonrpc": "2.0", "id": 1, "method": "system.get_timestamp"}', **headers)
    assert (told.status, told.body) == (401, None)


def test_other_credentials_than_a_login() -> None:
    twin = Client()
    twin.headers = {"x-api-key": "a" * 20}
    assert twin.rest("GET", "/ping").status == 200
    assert twin.post(b"{}").status == 401
    for scheme in ("Api-Key", "Session"):
        twin.headers = {"authorization": f"{scheme} {'a' * 40}"}
        assert twin.rpc("system.get_timestamp") > 0
        assert twin.rest("GET", "/ping").status == 401


def test_no_credential_is_shown_or_kept() -> None:
    from callr_migrate.twin import files

    twin = Client()
    twin.rpc("sms.send", "", NUMBER, "Hi", {"push_dlr_url_auth": "login:hush-1"})
    twin.rpc("webhooks.subscribe", "sms.mo", "http://127.0.0.1:9", {"hmac_secret": "hush-2"})
    twin.rpc("apps.create", "REALTIME10", "Calls", {"password": "hush-3"})
    told = "\n".join(line for exchange in twin.core.exchanges for line in exchange.lines())
    told += json.dumps([exchange.as_json() for exchange in twin.core.exchanges])
    assert "hush" not in told
    assert "***" in told
    for text in (told, files.dump(twin.core.account.state).decode()):
        assert "not-a-real-secret" not in text
        assert basic().split()[1] not in text


def test_oversized_bodies(twin: Client) -> None:
    large = Asked("POST", "/v2.0/sms", "", twin.headers, b"", too_large=True)
    answer = twin.core.answer(large)
    assert answer.status == 400
    assert str(LARGEST) in answer.body["message"]
    told = twin.core.answer(Asked("POST", "/json-rpc/v1.1/", "", twin.headers, b"", too_large=True))
    assert (told.status, told.body["error"]["code"]) == (200, -32600)


def test_the_legacy_rest_api(twin: Client) -> None:
    def ask(verb: str, path: str, query: str = "", body: Any = None) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        return twin.core.answer(Asked(verb, f"/rest/v1.1{path}", query, twin.headers, data))

    sent = ask("POST", "/sms", "", {"from": "", "to": NUMBER, "body": "Hi", "options": None})
    assert (sent.status, sent.body["status"]) == (200, "success")
    assert ask("GET", f"/sms/{sent.body['data']}").body["data"]["text"] == "Hi"
    assert ask("GET", "/sms/send", "from=&to=%2B33199001020&body=Ho").body["status"] == "success"
    rows = ask("GET", "/sms", "type=OUT&from=2026-11-01%2000:00:00&to=2026-11-03%2000:00:00").body["data"]
    assert [row["text"] for row in rows] == ["Hi", "Ho"]
    wrong = ask("GET", "/sms/ABCDEF12")
    assert wrong.status == 400
    assert wrong.body["status"] == "error"
    assert wrong.body["data"]["code"] == 151
    assert ask("GET", "/calls").status == 404
    assert ask("POST", "/sms", "", [1]).status == 400
    twin.headers = {}
    assert ask("GET", "/sms/ABCDEF12").status == 401


def test_the_old_host_takes_json_rpc_at_its_root(twin: Client) -> None:
    request = b'{"jsonrpc": "2.0", "id": 1, "method": "system.get_timestamp"}'
    assert twin.post(request, path="/", host="api.thecallr.com:443").body["result"] > 0
    assert twin.post(request, path="/").status == 404


def test_other_verbs_than_post_on_json_rpc(twin: Client) -> None:
    assert twin.core.answer(Asked("GET", "/json-rpc/v1.1/", "", twin.headers)).status == 405


def test_every_answer_is_one_of_the_contract(twin: Client) -> None:
    """Every operation of the contract once; what the twin answers must be what the contract describes."""
    sms = twin.rest("POST", "/sms", {"to": NUMBER}, {"text": "Hi"}).body["sid"]
    app = twin.rest("POST", "/actions", (), {"name": "Night", "script": "a: 1"}).body["sid"]
    audio = twin.rest("POST", "/audio-files", (), {"name": "Hello"}).body["sid"]
    tokens = [twin.rest("POST", "/numbers/store").body["token"] for _ in range(2)]
    tasks = []
    for _ in range(2):
        twin.rest("POST", "/calls/export")
        tasks = list(twin.core.account.state.tasks)
    number = "%2B33199001020"
    asked = [
        ("GET", "/ping"), ("GET", "/sms"), ("GET", f"/sms/{sms}"), ("GET", "/actions"), ("PATCH", f"/actions/{app}"),
        ("PUT", f"/actions/{app}/numbers/{number}"), ("DELETE", f"/actions/{app}/numbers/{number}"),
        ("PUT", f"/numbers/{number}/scenario/{app}"), ("DELETE", f"/numbers/{number}/scenario/{app}"),
        ("POST", f"/actions/{app}/runs"), ("DELETE", f"/actions/{app}"), ("GET", "/numbers"),
        ("PATCH", f"/numbers/{number}"), ("DELETE", f"/numbers/{number}"), ("GET", "/numbers/store/countries"),
        ("GET", "/numbers/store/types"), ("GET", "/numbers/store/prefixes"), ("POST", f"/numbers/store/{tokens[0]}"),
        ("DELETE", f"/numbers/store/{tokens[1]}"), ("POST", f"/tasks/{tasks[0]}"), ("DELETE", f"/tasks/{tasks[1]}"),
        ("GET", "/audio-files"), ("GET", f"/audio-files/{audio}"), ("PUT", f"/audio-files/{audio}/file"),
        ("POST", f"/audio-files/{audio}/file"), ("PUT", f"/audio-files/{audio}/phone-id"),
        ("DELETE", f"/audio-files/{audio}"), ("GET", "/billing/credit"), ("GET", "/billing/destinations"),
    ]  # fmt: skip
    for verb, path in asked:
        answer = twin.rest(verb, path)
        assert answer.status in (200, 201, 202, 204), (verb, path, answer.body)
        assert (answer.status == 204) == (answer.body is None)
        assert not [text for text in twin.last.unproven if "twin's answer" in text], (verb, path)
    done = {used.text for exchange in twin.core.exchanges for used in exchange.used}
    assert {operation.name for operation in twin.core.contract.operations} <= done
