"""What was confirmed for a project: its file, and the facts that count as verified."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from callr_migrate.config import load_settings
from callr_migrate.findings import Applicability, Evidence, Finding
from callr_migrate.pack import RuleError, RulePack, load_pack
from callr_migrate.pack.facts import all_keys
from callr_migrate.pack.verified import (
    FILE_NAME,
    Confirmed,
    VerifiedDocument,
    load_verified,
    render,
    stale,
    with_verified,
    write_verified,
)
from callr_migrate.pipeline import Request, run

SHA = "0123456789abcdef" * 4
ABOUT = VerifiedDocument('A "title": #1', "2.10", SHA)
SOURCE = 'openapi A "title": #1 2.10 0123456789ab'


def confirmed(*keys: str) -> Confirmed:
    return Confirmed(ABOUT, "2027-01-31", list(keys))


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


# -- the file ---------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(tmp_path: Path) -> None:
    what = confirmed("b: GET /b", "a: GET /{a} query é")
    path = write_verified(tmp_path, what)
    assert path == tmp_path / FILE_NAME
    assert load_verified(tmp_path) == Confirmed(ABOUT, "2027-01-31", ["a: GET /{a} query é", "b: GET /b"])
    assert path.read_text("utf-8").startswith("# What an OpenAPI document of the vendor confirms")
    assert yaml.safe_load(path.read_text("utf-8"))["document"]["title"] == ABOUT.title
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE_NAME]


def test_the_same_facts_give_the_same_file(tmp_path: Path) -> None:
    assert render(confirmed("b", "a", "a")) == render(confirmed("a", "b"))
    before = write_verified(tmp_path, confirmed("a")).read_bytes()
    later = Confirmed(ABOUT, "2028-01-01", ["a"])
    assert write_verified(tmp_path, later).read_bytes() == before
    assert b"2028-01-01" in write_verified(tmp_path, Confirmed(ABOUT, "2028-01-01", ["a", "b"])).read_bytes()


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert load_verified(tmp_path) is None


GOOD = render(confirmed("a"))
AT = FILE_NAME
BAD_FILES: list[tuple[str, str]] = [
    ("", f"{AT}:1: is empty; remove it, or write it again"),
    (
        GOOD.replace("confirmed:", "confirmd:"),
        f"{AT}:9: unknown key 'confirmd' in 'the file' (did you mean 'confirmed'?)",
    ),
    (GOOD.replace("2027-01-31", "2027-01-32"), f"{AT}: 'date' must be a date such as 2027-01-31"),
    (GOOD.replace(SHA, "12"), f"{AT}: 'sha256' must be 64 digits from 0 to f"),
    (GOOD.replace("  - ", "  "), f"{AT}:10: 'confirmed' must be a list"),
    (GOOD + "  - [x]\n", f"{AT}:11: 'confirmed' must be a text, not a list"),
    (GOOD.replace("  sha256", "  sha"), f"{AT}:5: 'document' lacks the key 'sha256'"),
    ("\t", f"{AT}:1: not valid YAML: found character that cannot start any token"),
]


@pytest.mark.parametrize(("text", "message"), BAD_FILES)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_verified(tmp_path)
    assert message in caught.value.problems


# -- facts ------------------------------------------------------------------------------------------------------


def test_keys_are_exact(pack: RulePack) -> None:
    keys = list(all_keys(pack))
    assert {
        "sms.send: POST /sms",
        "sms.send: POST /sms query from",
        "sms.send: POST /sms json text",
        "sms.send: POST /sms result sid",
        "sms.get: GET /sms/{sid} path sid",
        "sms.get: GET /sms/{sid} result SMS",
        "apps.delete: DELETE /actions/{sid} result success",
        "apps.assign_did: PATCH /numbers/{number}",
        "SMS.text -> body.text",
        "enum SMS.nature: ALERTING=alerting, MARKETING=marketing",
        "base address https://api.callr.com/v2.0",
    } <= set(keys)
    assert not any("None" in key for key in keys)


Spot = Callable[[RulePack], Any]
SPOTS: dict[str, Spot] = {
    "sms.send: POST /sms": lambda p: p.methods["sms.send"].rest,
    "sms.send: POST /sms query from": lambda p: p.methods["sms.send"].rest.query["from"],  # type: ignore[union-attr]
    "sms.send: POST /sms json text": lambda p: p.methods["sms.send"].rest.json["text"],  # type: ignore[union-attr]
    "sms.send: POST /sms result sid": lambda p: p.methods["sms.send"].rest.result,  # type: ignore[union-attr]
    "sms.get: GET /sms/{sid} path sid": lambda p: p.methods["sms.get"].rest.path_params["sid"],  # type: ignore[union-attr]
    "apps.assign_did: PATCH /numbers/{number}": lambda p: p.methods["apps.assign_did"].alternatives[2],
    "SMS.text -> body.text": lambda p: p.objects["SMS"].fields["text"],
    "enum SMS.nature: ALERTING=alerting, MARKETING=marketing": lambda p: p.enums["SMS.nature"],
    "base address https://api.callr.com/v2.0": lambda p: p.service.base_url,
}


@pytest.mark.parametrize("key", SPOTS)
def test_a_confirmed_fact_is_verified_and_no_other(pack: RulePack, key: str) -> None:
    assert key in set(all_keys(pack))
    raised = with_verified(pack, confirmed(key))
    fact = SPOTS[key](raised)
    assert (fact.evidence, fact.source) == (Evidence.VERIFIED, SOURCE)
    for other, spot in SPOTS.items():
        if other != key:
            assert (spot(raised).evidence, spot(raised).source) == (spot(pack).evidence, spot(pack).source)
    assert SPOTS[key](pack).evidence is not Evidence.VERIFIED


def test_all_events_can_be_verified(pack: RulePack) -> None:
    raised = with_verified(pack, confirmed(*all_keys(pack)))
    assert [
        event.event
        for event in raised.events.values()
        if event.to and event.evidence is not Evidence.VERIFIED
    ] == []


def test_what_no_rule_states_is_ignored_with_a_note(pack: RulePack) -> None:
    old = confirmed("sms.send: POST /sms", "sms.send: POST /sms query sender")
    (note,) = stale(pack, old)
    assert note.startswith(
        f"{FILE_NAME}: 'sms.send: POST /sms query sender' is ignored: no rule states this any more (did you mean "
    )
    assert note.endswith("; write the file again")


def test_a_table_that_maps_otherwise_is_another_fact(pack: RulePack, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "enums:\n- {enum: SMS.nature, values: {ALERTING: marketing, MARKETING: alerting}, evidence: inferred}\n"
    )
    own = load_pack([tmp_path])
    key = "enum SMS.nature: ALERTING=alerting, MARKETING=marketing"
    assert with_verified(own, confirmed(key)).enums["SMS.nature"].evidence is Evidence.INFERRED
    assert len(stale(own, confirmed(key))) == 1


# -- check and fix ----------------------------------------------------------------------------------------------

PROGRAM = """\
import callr

api = callr.Api("login", "password")
api.call("sms.send", "ACME", "+33199001020", "Hi", {"nature": "ALERTING"})
"""
SENDING = [
    "sms.send: POST /sms query from",
    "sms.send: POST /sms query trafficType",
    "enum SMS.nature: ALERTING=alerting, MARKETING=marketing",
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "callr-migrate.toml").write_text('auth = "keep"\n')
    (tmp_path / "app.py").write_text(PROGRAM)
    return tmp_path


def found(project: Path) -> tuple[Finding, list[str]]:
    report = run(Request(paths=(project,), settings=load_settings(project))).report
    assert report.errors == []
    (finding,) = [finding for finding in report.findings if finding.method == "sms.send"]
    return finding, report.notes


def test_check_takes_confirmed_facts_as_verified(project: Path) -> None:
    before, notes = found(project)
    assert notes == []
    assert before.applicability is Applicability.UNSAFE
    write_verified(project, confirmed(*SENDING))
    after, notes = found(project)
    assert notes == []
    assert after.applicability is Applicability.SAFE
    facts = {fact.text: fact for fact in after.facts}
    assert facts["query parameter from"].evidence is Evidence.VERIFIED
    assert facts["query parameter from"].source == SOURCE
    assert facts["enum SMS.nature"].evidence is Evidence.VERIFIED
    assert facts["POST /sms"].evidence is Evidence.DOCUMENTED


@pytest.mark.parametrize("missing", [SENDING[0], SENDING[2]])
def test_one_fact_short_is_unsafe(project: Path, missing: str) -> None:
    write_verified(project, confirmed(*(key for key in SENDING if key != missing)))
    assert found(project)[0].applicability is Applicability.UNSAFE


def test_a_stale_fact_is_noted(project: Path) -> None:
    write_verified(project, confirmed(*SENDING, "sms.gone: GET /gone"))
    finding, notes = found(project)
    assert finding.applicability is Applicability.SAFE
    assert len(notes) == 1
    assert "'sms.gone: GET /gone' is ignored" in notes[0]


def test_a_broken_file_stops_the_run(project: Path) -> None:
    (project / FILE_NAME).write_text("x: 1\n")
    with pytest.raises(RuleError):
        run(Request(paths=(project,), settings=load_settings(project)))


def test_fix_writes_what_became_safe(project: Path) -> None:
    write_verified(project, confirmed(*SENDING))
    run(Request(paths=(project,), settings=load_settings(project), write=True))
    text = (project / "app.py").read_text()
    assert '"trafficType": "alerting"' in text
    assert "callr.Api" not in text


def test_the_document_is_named_by_its_bytes(tmp_path: Path) -> None:
    from callr_migrate.pack.openapi import read_document

    data = json.dumps({"openapi": "3.1.0", "info": {"title": "T", "version": 2.10}, "paths": {}}).encode()
    path = tmp_path / "x.json"
    path.write_bytes(data)
    sha = hashlib.sha256(data).hexdigest()
    assert read_document(path, "https://x").source == f"openapi T 2.1 {sha[:12]}"
