"""Both faces over one account: what one API did the other one sees, each in its own words."""

from __future__ import annotations

from typing import Any

import pytest
from support.twin import NUMBER, OTHER, Client


@pytest.fixture
def twin() -> Client:
    return Client()


def test_an_sms_of_the_legacy_api_is_seen_by_rest(twin: Client) -> None:
    sms_id = twin.rpc(
        "sms.send", "Acacias", NUMBER, "Hé", {"nature": "ALERTING", "force_encoding": "UNICODE"}
    )
    assert sms_id == sms_id.upper()
    assert len(sms_id) == 8
    told = twin.rest("GET", f"/sms/{sms_id.lower()}")
    assert told.status == 200
    assert {
        key: told.body[key] for key in ("sid", "from", "to", "body", "trafficType", "encoding", "direction")
    } == {
        "sid": sms_id.lower(),
        "from": "Acacias",
        "to": NUMBER,
        "body": {"text": "Hé"},
        "trafficType": "alerting",
        "encoding": "unicode",
        "direction": "outbound",
    }
    assert told.body["created"] == "2026-11-02T08:00:01.000Z"


def test_an_sms_of_rest_is_seen_by_the_legacy_api(twin: Client) -> None:
    told = twin.rest("POST", "/sms", {"to": NUMBER, "trafficType": "marketing"}, {"text": "Hi"})
    assert told.status == 201
    sms = twin.rpc("sms.get", told.body["sid"].upper())
    assert sms["hash"] == told.body["sid"].upper()
    assert (sms["type"], sms["text"], sms["to"]) == ("OUT", "Hi", NUMBER)
    assert sms["date_creation"] == "2026-11-02 08:00:01"
    assert twin.last.unproven == []


@pytest.mark.parametrize(
    ("to", "legacy", "rest"),
    [
        (NUMBER, "RECEIVED", "delivered"),
        ("+33199001026", "REMOTE_QUEUED", "remote-queued"),
        ("+33199001027", "FAILED", "failed"),
        ("+33199001028", "EXPIRED", "expired"),
    ],
)
def test_the_life_of_an_sms(twin: Client, to: str, legacy: str, rest: str) -> None:
    sms_id = twin.rpc("sms.send", "", to, "Hi", None)
    assert twin.rpc("sms.get", sms_id)["status"] == "PENDING"
    assert twin.rpc("sms.get", sms_id)["status"] == "SENT"
    twin.wait(10)
    sms = twin.rpc("sms.get", sms_id)
    assert sms["status"] == legacy
    assert (sms["date_received"] is not None) == (legacy == "RECEIVED")
    told = twin.rest("GET", f"/sms/{sms_id.lower()}")
    assert [step["after"] for step in told.body["statusHistory"]] == ["created", "pending", "sent", rest]
    assert told.body["statusHistory"][-1]["at"] == "2026-11-02T08:00:05.000Z"


def test_what_the_carrier_refuses(twin: Client) -> None:
    assert twin.rpc("sms.send", "", "+33199001029", "Hi", None) == (1000, "SMS routing error")
    told = twin.rest("POST", "/sms", {"to": "+33199001029"}, {"text": "Hi"})
    assert told.status == 400
    assert set(told.body) == {"code", "message"}
    assert twin.core.account.state.messages == {}


def test_pages(twin: Client) -> None:
    for index in range(12):
        twin.rpc("sms.send", "", NUMBER, f"Hi {index}", None)
    first = twin.rest("GET", "/sms").body
    assert (first["offset"], first["total"], first["hasMore"], len(first["hits"])) == (0, 12, True, 10)
    assert first["hits"][0]["body"]["text"] == "Hi 11"
    rest = twin.rest("GET", "/sms", {"offset": 10, "order": "asc"}).body
    assert [row["body"]["text"] for row in rest["hits"]] == ["Hi 10", "Hi 11"]
    assert rest["hasMore"] is False
    assert twin.rest("GET", "/sms", {"text": "Hi 1", "limit": 1}).body["total"] == 3
    rows = twin.rpc("sms.get_list", "OUT", "2026-11-02 08:00:00", "2026-11-02 08:00:03")
    assert [row["text"] for row in rows] == ["Hi 0", "Hi 1", "Hi 2"]


def test_numbers_and_the_store(twin: Client) -> None:
    order = twin.rpc("did/store.reserve", 112, "CLASSIC", 2, "RANDOM")
    wanted = [item["intl_number"] for item in order["items"]]
    again = twin.rpc("did/store.reserve", 112, "CLASSIC", 2, "RANDOM")
    assert not set(wanted) & {item["intl_number"] for item in again["items"]}
    assert twin.rest("POST", f"/numbers/store/{order['token']}").status == 200
    assert twin.rest("POST", f"/numbers/store/{order['token']}").status == 404
    assert twin.rest("DELETE", f"/numbers/store/{again['token']}").status == 204
    found = twin.rest("GET", "/numbers").body
    assert sorted(row["e164"] for row in found["hits"]) == sorted([NUMBER, OTHER, *wanted])
    assert twin.rpc("did.search", {}, {})["total"] == 4
    # A number that is given back is not for sale again.
    assert twin.rest("DELETE", f"/numbers/%2B{wanted[0][1:]}").status == 204
    assert wanted[0] in twin.core.account.state.quarantine
    rest = twin.rpc("did/store.reserve", 112, "CLASSIC", 6, "RANDOM")
    assert wanted[0] not in {item["intl_number"] for item in rest["items"]}
    assert twin.rpc("did/store.reserve", 112, "CLASSIC", 6, "RANDOM")[0] == 151
    twin.wait(31 * 86400)
    twin.rpc("did.search", {}, {})
    assert twin.core.account.state.quarantine == {}


def test_a_reservation_runs_out(twin: Client) -> None:
    order = twin.rpc("did/store.reserve", 112, "CLASSIC", 1, "RANDOM")
    twin.wait(298)
    assert twin.rpc("did/store.view_order", order["token"])["token"] == order["token"]
    twin.wait(2)
    assert twin.rpc("did/store.buy_order", order["token"])[0] == 151


def test_scenarios(twin: Client) -> None:
    app = twin.rpc("apps.create", "ACTIONS10", "Night", {"script": "a: 1", "format": "YAML"})
    sid = app["hash"].lower()
    assert app["p"] == {"script": "a: 1", "format": "YAML"}
    assert app["date_update"] == "0000-00-00 00:00:00"
    assert twin.rest("PUT", f"/actions/{sid}/numbers/%2B33199001020").status == 204
    (row,) = twin.rest("GET", "/actions", {"name": "igh"}).body["hits"]
    assert (row["sid"], row["script"], row["format"]) == (sid, "a: 1", "yaml")
    assert [number["e164"] for number in row["numbers"]] == [NUMBER]
    changed = twin.rest("PATCH", f"/actions/{sid}", (), {"name": "Day"})
    assert (changed.status, changed.body["name"], changed.body["version"]) == (200, "Day", 2)
    assert twin.rpc("apps.get", app["hash"])["name"] == "Day"
    assert twin.rest("POST", f"/actions/{sid}/runs", (), {"whatever": 1}).status == 202
    assert "POST /actions/{sid}/runs body whatever" in twin.last.unproven
    assert twin.core.account.state.runs == [[sid, {"whatever": 1}]]
    assert twin.rest("DELETE", f"/actions/{sid}").status == 204
    assert twin.core.account.state.numbers[NUMBER].scenario is None
    assert twin.rest("DELETE", f"/actions/{sid}").status == 404


def test_retired_apps_are_not_seen_by_rest(twin: Client) -> None:
    twin.rpc("apps.create", "REALTIME10", "Calls", {"url": "https://acacias.example"})
    assert twin.rest("GET", "/actions").body["total"] == 0
    assert len(twin.rpc("apps.get_list", False)) == 1


def test_audio_files(twin: Client) -> None:
    media_id = twin.rpc("media/library.create", "Welcome")
    assert isinstance(media_id, int)
    sid = twin.rpc("media/library.get", media_id)["hash"].lower()
    assert twin.rest("GET", f"/audio-files/{sid}").body["status"] == "pending-content"
    assert twin.rpc("media/tts.set_content", media_id, "Hello", "TTS_EN-GB_SERENA", None) is True
    assert twin.rest("GET", f"/audio-files/{sid}").body["status"] == "processing"
    twin.wait(2)
    assert twin.rpc("media/library.get", media_id)["status"] == "READY"
    made = twin.rest("POST", "/audio-files", (), {"name": "Bye"})
    assert (made.status, made.body["status"]) == (201, "pending-content")
    assert len(twin.rpc("media/library.get_list", None)) == 2
    assert twin.rest("DELETE", f"/audio-files/{sid}").status == 204
    assert twin.rpc("media/library.get", media_id)[0] == 151


def test_tasks(twin: Client) -> None:
    job = twin.rpc("cdr.export_async", {"type": "OUT", "from": "2026-11-01 00:00:00"}, None)
    assert twin.rpc("jobs.get", job)["status"] == "RUNNING"
    assert twin.rest("POST", f"/tasks/{job}").body == {}
    twin.wait(5)
    assert twin.rpc("jobs.get", job)["status"] == "DONE"
    assert (
        twin.rest("POST", "/calls/export", {"direction": "inbound", "from": "2026-11-01T00:00:00Z"}).status
        == 202
    )
    other = list(twin.core.account.state.tasks)[1]
    assert twin.rest("DELETE", f"/tasks/{other}").status == 204
    assert twin.rpc("jobs.get", other)["status"] == "CANCELLED"


def test_credit_goes_down(twin: Client) -> None:
    assert twin.rpc("billing.get_prepaid_credit") == "100.00"
    twin.rpc("sms.send", "", NUMBER, "x" * 161, None)
    assert twin.rpc("billing.get_prepaid_credit") == "99.90"


@pytest.mark.parametrize(
    ("length", "encoding", "parts"),
    [
        (160, "GSM", 1),
        (161, "GSM", 2),
        (70, "UNICODE", 1),
        (71, "UNICODE", 2),
        (306, "GSM", 2),
        (307, "GSM", 3),
    ],
)
def test_parts(twin: Client, length: int, encoding: str, parts: int) -> None:
    sms_id = twin.rpc("sms.send", "", NUMBER, "x" * length, {"force_encoding": encoding})
    assert twin.rpc("sms.get", sms_id)["parts"] == parts


def test_the_same_seed_gives_the_same_ids() -> None:
    def ids(seed: int) -> list[Any]:
        twin = Client(seed=seed)
        app = twin.rpc("apps.create", "ACTIONS10", "Night", {"script": "a: 1"})
        return [
            twin.rpc("sms.send", "", NUMBER, "Hi", None),
            app["hash"],
            twin.rpc("sms.send", "", NUMBER, "Hi", None),
        ]

    assert ids(1) == ids(1)
    assert not set(ids(1)) & set(ids(2))
    assert len(set(ids(1))) == 3
    # What is made in between of another kind changes no id.
    twin = Client(seed=1)
    assert twin.rpc("sms.send", "", NUMBER, "Hi", None) == ids(1)[0]
    assert twin.rpc("sms.send", "", NUMBER, "Hi", None) == ids(1)[2]


def test_a_method_that_the_twin_does_not_do_is_answered_by_its_type(twin: Client) -> None:
    room = twin.rpc("conference/10.create_room", "Board", {"open": True}, [])
    assert len(room["hash"]) == 8
    assert "made up" in twin.last.unproven[0]
    assert twin.core.account.state.others == [["conference/10.create_room", ["Board", {"open": True}, []]]]


def test_the_twins_tables_are_those_of_the_rules(twin: Client) -> None:
    from callr_migrate.twin.words import TABLES

    for name, table in TABLES.items():
        assert table == twin.core.words.pack.enums[name].values, name
