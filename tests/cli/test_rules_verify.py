"""`rules verify`: its report, its exit codes, and what it keeps."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from callr_migrate.pack.verified import FILE_NAME, load_verified

CONTRACT = Path(__file__).parents[2] / "contract" / "callr-rest-v2.openapi.yaml"


def without_marks(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: without_marks(value) for key, value in node.items() if not key.startswith("x-")}
    return [without_marks(item) for item in node] if isinstance(node, list) else node


@pytest.fixture
def vendor(tmp_path: Path) -> dict[str, Any]:
    """A document as the vendor could have written it."""
    document = without_marks(yaml.safe_load(CONTRACT.read_text("utf-8")))
    document["info"] = {"title": "The \x1b[31mAPI", "version": "2.0.1"}
    assert isinstance(document, dict)
    return document


def kept(document: Any, name: str = "vendor.json") -> str:
    Path(name).write_text(json.dumps(document), encoding="utf-8")
    return name


def test_agreement(call, vendor) -> None:
    result = call("rules", "verify", "--openapi", kept(vendor))
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].startswith("The \N{REPLACEMENT CHARACTER}[31mAPI 2.0.1 (vendor.json, sha256 ")
    assert "  POST /sms query from" in [line[:22] for line in lines]
    assert "In the document, and used by no rule" in lines
    assert lines[-1].startswith("0 contradicted, 0 requires, 0 not in the document, ")
    assert not Path(FILE_NAME).exists()


def test_contradictions_name_both_sides_and_the_line(call, vendor) -> None:
    vendor["paths"]["/sms"]["post"]["parameters"][1]["name"] = "sender"
    vendor["paths"].pop("/billing/credit")
    vendor["paths"]["/ping"]["head"] = vendor["paths"]["/ping"].pop("get")
    result = call("rules", "verify", "--openapi", kept(vendor))
    assert (result.code, result.err) == (1, "")
    text = result.out.split("\nConfirmed\n")[0]
    parts = text.split("\n\n")
    assert [part.splitlines()[0] for part in parts[1:]] == ["Contradicted", "Not in the document"]
    contradicted, missing = parts[1].splitlines(), parts[2].splitlines()
    assert contradicted[1:3] == [
        "  GET /ping",
        "    the rule sends GET, the document has HEAD on this path",
    ]
    assert contradicted[4:6] == [
        "  POST /sms query from",
        "    the rule sends 'from' in the query, the document has encoding, sender, to, trafficType there",
    ]
    for line, rule, file in (
        (contradicted[3], "system.get_timestamp", "system"),
        (contradicted[6], "sms.send", "sms"),
    ):
        place, name = line.strip().split(": ")
        path, number = place.rsplit(":", 1)
        assert (name, path) == (rule, f"rules/services/{file}.yaml")
        source = (CONTRACT.parents[1] / path).read_text("utf-8").splitlines()
        assert source[int(number) - 1].strip().startswith("verb: ")
    assert missing[1:3] == ["  /billing/credit", "    the document has no such path"]
    assert len(contradicted) == 7
    assert len(missing) == 4


def test_a_missing_path_alone_is_no_contradiction(call, vendor) -> None:
    vendor["paths"].pop("/billing/credit")
    assert call("rules", "verify", "--openapi", kept(vendor)).code == 0


def test_write(call, vendor, tmp_path: Path) -> None:
    Path(".git").mkdir()
    Path("below").mkdir()
    vendor["paths"]["/sms"]["post"]["parameters"][1]["name"] = "sender"
    result = call("rules", "verify", "--write", "--openapi", kept(vendor))
    assert (result.code, result.err) == (1, "")
    found = load_verified(tmp_path)
    assert found is not None
    assert result.out.endswith(f"{len(found.confirmed)} facts kept in {FILE_NAME}; commit it.\n")
    assert (found.document.title, found.document.version) == ("The \x1b[31mAPI", "2.0.1")
    assert "sms.send: POST /sms query to" in found.confirmed
    assert "sms.send: POST /sms query from" not in found.confirmed
    assert found.confirmed == sorted(found.confirmed)
    # The facts shown from now on are those of the document.
    shown = call("rules", "show", "sms.send").out
    assert "verified" in shown


def test_check_notes_what_it_ignores(call, vendor) -> None:
    Path(".git").mkdir()
    call("rules", "verify", "--write", "--openapi", kept(vendor))
    assert call("check").err == ""
    path = Path(FILE_NAME)
    path.write_text(path.read_text("utf-8") + '  - "sms.gone: GET /gone"\n', encoding="utf-8")
    result = call("check")
    assert result.code == 0
    assert result.err.startswith(f"note: {FILE_NAME}: 'sms.gone: GET /gone' is ignored: ")
    assert result.err.count("\n") == 1
    assert call("check", "--quiet").err == ""
    path.write_text("x: 1\n")
    result = call("check")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        f"error: {FILE_NAME}:1: unknown key 'x' in 'the file'",
    )


def test_nothing_confirmed_leaves_the_file(call) -> None:
    Path(FILE_NAME).write_text("kept\n")
    other = {"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {"/x": {"get": {}}}}
    result = call("rules", "verify", "--write", "--openapi", kept(other))
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith(f"Nothing is confirmed, so {FILE_NAME} is left as it is.\n")
    assert Path(FILE_NAME).read_text() == "kept\n"


def test_the_projects_own_contract_verifies_nothing(call) -> None:
    assert call("rules", "verify", "--openapi", str(CONTRACT)).code == 0
    result = call("rules", "verify", "--write", "--openapi", str(CONTRACT))
    assert (result.code, result.out) == (2, "")
    assert "own knowledge of the API" in result.err
    assert not Path(FILE_NAME).exists()


def test_own_rules_are_held_too(call, vendor) -> None:
    Path("own").mkdir()
    Path("own/rules.yaml").write_text(
        "methods:\n- method: own.ping\n  summary: Ping.\n  params: []\n"
        "  rest:\n    verb: PUT\n    path: /ping\n"
    )
    result = call("rules", "verify", "--openapi", kept(vendor), "--rules", "own")
    assert result.code == 1
    assert (
        "  PUT /ping\n    the rule sends PUT, the document has GET on this path\n    own/rules.yaml:6: own.ping\n"
        in result.out
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"openapi": "3.1.0", "paths": {"/x"', "is not valid JSON: "),
        ("openapi: 3.1.0\n\tpaths: {}\n", "is not valid YAML: "),
        ("[1]", "is no OpenAPI document: it must be a mapping"),
        ('{"swagger": "2.0", "paths": {}}', "is OpenAPI 2.0; 3.0 and 3.1 are read"),
        ("[" * 200_000, "is nested too deeply"),
    ],
)
def test_a_document_that_cannot_be_read(call, text: str, message: str) -> None:
    Path("x.json").write_text(text)
    result = call("rules", "verify", "--openapi", "x.json")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: x.json: {message}")
    assert result.err.count("\n") == 1


def test_a_circle_that_a_rule_comes_upon(call, vendor) -> None:
    vendor["components"]["schemas"]["Sms"] = {"$ref": "#/components/schemas/Two"}
    vendor["components"]["schemas"]["Two"] = {"$ref": "#/components/schemas/Sms"}
    result = call("rules", "verify", "--openapi", kept(vendor))
    assert (result.code, result.out) == (2, "")
    assert "'$ref' runs in a circle" in result.err


def test_an_address_is_not_fetched(call) -> None:
    result = call("rules", "verify", "--openapi", "https://api.example.com/openapi.json")
    assert (result.code, result.out) == (2, "")
    assert "nothing is fetched; download the document" in result.err


def test_no_such_file(call) -> None:
    result = call("rules", "verify", "--openapi", "none.json")
    assert (result.code, result.err) == (2, "error: none.json: cannot be read: no such file or directory\n")


def test_without_the_library(call, vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "referencing", None)
    result = call("rules", "verify", "--openapi", kept(vendor))
    assert (result.code, result.out) == (2, "")
    assert (
        result.err
        == "error: reading OpenAPI documents needs the package 'referencing': pip install 'callr-migrate[verify]'\n"
    )


def test_the_file_is_named_by_the_option(call) -> None:
    assert call("rules", "verify").code == 2
    assert "--write" in call("rules", "verify", "--help").out
