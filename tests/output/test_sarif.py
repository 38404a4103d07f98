"""SARIF: typed models read it without a rest, its fixes do what `fix` does, and its places are where they should be."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from callr_migrate.check.codes import CODES
from callr_migrate.cli import main
from callr_migrate.findings import Applicability, Edit, Evidence, Fact, Failure, Fix, Unseen
from callr_migrate.output.sarif import render_sarif
from callr_migrate.source import SourceFile

pydantic = pytest.importorskip("pydantic", reason="sarif-pydantic is not installed (extra 'test')")
models = pytest.importorskip("sarif_pydantic", reason="sarif-pydantic is not installed (extra 'test')")

# What the standard has (3.14.17, 3.20.21) and these models lack.
MISSING = {"Run.columnKind", "Invocation.toolExecutionNotifications"}
LEGACY = {
    "shop/client.py": 'import os\n\nimport callr\n\napi = callr.Api(os.environ["L"], os.environ["P"])\n',
    # A byte order mark, CRLF, and characters of two UTF-16 units before a call on the same line.
    "shop/send.py": "\ufefffrom shop.client import api\r\n\r\n\r\ndef tell(n):\r\n"
    '    x = "\U0001f4f1"; api.call("sms.send", "SMS", n, "Prêt \U0001f600", {"nature": "ALERTING"})\r\n',
    "shop/odd name,1%.py": 'import callr\napi = callr.Api(L, P)\nprint(api.call("sms.get", 1)["hash"])\n',
}


def run_of(outcome) -> dict[str, Any]:
    (run,) = json.loads(render_sarif(outcome))["runs"]
    return run


def unknown_keys(value: Any) -> set[str]:
    """What a document holds that the models do not know."""
    if isinstance(value, pydantic.BaseModel):
        own = {f"{type(value).__name__}.{name}" for name in value.model_extra or ()}
        return own.union(*(unknown_keys(getattr(value, name)) for name in type(value).model_fields))
    return set().union(*map(unknown_keys, value)) if isinstance(value, list) else set()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, text in LEGACY.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(*arguments: str) -> dict[str, Any]:
    assert main(["check", "--output-format", "sarif", "--output-file", "out.sarif", *arguments]) == 1
    return json.loads(Path("out.sarif").read_bytes())


def test_the_models_of_the_standard_read_all_of_it(project: Path, outcome) -> None:
    (project / "broken.py").write_text("import callr\napi.call('sms.send'\n")
    log = models.Sarif.model_validate(checked())
    assert unknown_keys(log) == MISSING
    assert {result.rule_id for result in log.runs[0].results} >= {"CLR101", "CLR201", "CLR601", "CLR901"}
    outcome.report.errors.append(Failure(None, "no"))
    assert unknown_keys(models.Sarif.model_validate_json(render_sarif(outcome))) == MISSING


@pytest.mark.skipif("CALLR_MIGRATE_SCHEMAS" not in os.environ, reason="CALLR_MIGRATE_SCHEMAS names no folder")
def test_the_official_schema_holds(project: Path) -> None:
    import jsonschema

    (project / "broken.py").write_text("import callr\napi.call('sms.send'\n")
    text = (Path(os.environ["CALLR_MIGRATE_SCHEMAS"]) / "sarif-schema-2.1.0.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    kind = jsonschema.validators.validator_for(schema)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(checked())


def test_its_fixes_give_what_fix_writes(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    log = checked()
    by_hand = {}
    for result in log["runs"][0]["results"]:
        for fix in result.get("fixes", ()):
            for change in fix["artifactChanges"]:
                path = path_of(change["artifactLocation"]["uri"])
                by_hand[path] = applied(by_hand.get(path, (project / path).read_bytes()), change)
    assert main(["fix", "--unsafe-fixes"]) in (0, 1)
    assert set(by_hand) == {"shop/client.py", "shop/send.py"}
    for path, raw in by_hand.items():
        assert raw == (project / path).read_bytes(), path
        assert raw != LEGACY[path].encode(), path
    capfd.readouterr()


def path_of(uri: str) -> str:
    from urllib.parse import unquote

    return unquote(uri)


def applied(raw: bytes, change: dict[str, Any]) -> bytes:
    source = SourceFile.from_bytes(Path("x.py"), raw)

    def offset(line: int, column: int) -> int:
        return source.line_starts[line - 1] + column - 1

    text, done = "", 0
    for replacement in change["replacements"]:
        region = replacement["deletedRegion"]
        start = offset(region["startLine"], region["startColumn"])
        assert start >= done, "replacements overlap"
        text += source.text[done:start] + replacement["insertedContent"]["text"]
        done = offset(region["endLine"], region["endColumn"])
    return source.bom + (text + source.text[done:]).encode()


def test_a_group_is_one_fix_and_all_of_its_findings_name_it(project: Path) -> None:
    results = checked()["runs"][0]["results"]
    members = [result for result in results if result["properties"]["group"]]
    assert len(members) > 1
    assert len({result["properties"]["group"] for result in members}) == 1
    (carrier,) = [result for result in results if "fixes" in result]
    (fix,) = carrier["fixes"]
    assert {change["artifactLocation"]["uri"] for change in fix["artifactChanges"]} == {
        "shop/client.py",
        "shop/send.py",
    }
    assert fix["description"]["text"].endswith(", with all that must change with it")


def test_every_rule_has_help_and_every_result_its_rule(project: Path) -> None:
    run = checked()["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["level"] == rule["defaultConfiguration"]["level"] == CODES[rule["id"]].level
    for rule in rules:
        assert CODES[rule["id"]].explanation in rule["help"]["text"]
        assert CODES[rule["id"]].explanation in rule["help"]["markdown"]


def test_where(project: Path) -> None:
    results = checked()["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    names = {place["artifactLocation"]["uri"] for place in places}
    assert names == {"shop/client.py", "shop/send.py", "shop/odd%20name%2C1%25.py"}
    assert {place["artifactLocation"]["uriBaseId"] for place in places} == {"%SRCROOT%"}
    sent, number = [p["region"] for p in places if p["artifactLocation"]["uri"] == "shop/send.py"]
    assert sent == number
    line = LEGACY["shop/send.py"].removeprefix("\ufeff").split("\r\n")[4]
    assert sent == {
        "startLine": 5,
        "startColumn": line.index("api.call") + 1,
        "endLine": 5,
        "endColumn": len(line) + 1,
    }
    assert str(project) not in Path("out.sarif").read_text(encoding="utf-8")


def test_fingerprints_survive_moved_lines(project: Path) -> None:
    before = marks(checked())
    send = project / "shop/send.py"
    send.write_bytes(send.read_bytes().replace(b"\r\n\r\n\r\n", b"\r\n# new\r\n\r\nimport os\r\n\r\n\r\n"))
    assert marks(checked()) == before
    send.write_bytes(send.read_bytes().replace(b'"SMS"', b'"Shop"'))
    # The call's, and that of the number in its address.
    assert len(marks(checked()) - before) == 2


def marks(log: dict[str, Any]) -> set[str]:
    found = [result["partialFingerprints"]["callrMigrate/v1"] for result in log["runs"][0]["results"]]
    assert len(set(found)) == len(found)
    return set(found)


def test_a_file_outside_of_the_repository_has_a_whole_address(outcome, tmp_path, monkeypatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    outcome.add("../x y.py", "call", "call")
    (result,) = run_of(outcome)["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": (tmp_path / "x y.py").as_uri()}


def test_below_the_checkout_of_a_service(outcome, tmp_path, monkeypatch) -> None:
    (tmp_path / "part").mkdir()
    monkeypatch.chdir(tmp_path / "part")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    outcome.add("x.py", "call", "call")
    (result,) = run_of(outcome)["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "part/x.py", "uriBaseId": "%SRCROOT%"}
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "elsewhere"))
    (result,) = run_of(outcome)["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "x.py"


def test_what_a_finding_says(outcome) -> None:
    outcome.add(
        "x.py",
        "call(1)",
        "call(1)",
        code="CLR103",
        method="a.b",
        surface="sdk",
        message="no\n counterpart",
        reason="r",
        help="h",
        url="https://u",
        facts=(Fact("f", Evidence.INFERRED),),
    )
    (result,) = run_of(outcome)["results"]
    assert result["message"]["text"] == (
        "no counterpart\nmanual: no fix; a person decides\nwhy not: r\ninferred: f\nhelp: h"
    )
    assert result["properties"] == {
        "applicability": "manual",
        "evidence": "inferred",
        "method": "a.b",
        "surface": "sdk",
        "url": "https://u",
        "group": None,
    }


def test_what_is_done_is_not_in_it(outcome) -> None:
    fix = Fix("f", "g", (Edit(Path("x.py"), 0, 1, "y"),))
    outcome.add("x.py", "x", "x", applicability=Applicability.SAFE, fix=fix, applied=True)
    assert run_of(outcome)["results"] == []


def test_unseen_and_errors_are_notifications(outcome) -> None:
    assert run_of(outcome)["invocations"] == [{"executionSuccessful": True}]
    outcome.report.unseen.append(Unseen(Path("x.py"), 3, "no idea"))
    (invocation,) = run_of(outcome)["invocations"]
    assert invocation["executionSuccessful"] is True
    outcome.report.errors += [Failure(Path("y.py"), "cannot be read"), Failure(None, "n")]
    (invocation,) = run_of(outcome)["invocations"]
    assert invocation["executionSuccessful"] is False
    said = [
        (n["level"], n["message"]["text"], "locations" in n) for n in invocation["toolExecutionNotifications"]
    ]
    assert said == [
        ("error", "cannot be read", True),
        ("error", "n", False),
        ("note", "could not be seen: no idea", True),
    ]


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_unicode(outcome) -> None:
    outcome.add("x\udcff.py", "x", "x")
    assert '"uri": "x%FF.py"' in render_sarif(outcome)
