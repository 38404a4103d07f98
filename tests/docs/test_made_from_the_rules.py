"""The pages and the schema in the repository are those that the commands write."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from support.checkout import ROOT

from callr_migrate.check.codes import CODES
from callr_migrate.cli import main
from callr_migrate.pack import RuleError, load_pack
from callr_migrate.pack.rule_schema import FILE_NAME, rule_file_schema

SHIPPED = sorted((ROOT / "rules").rglob("*.yaml"))


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "command", [["rules", "docs", "--check"], ["rules", "schema", f"rules/{FILE_NAME}", "--check"]]
)
def test_what_is_in_the_repository_is_up_to_date(
    command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(command) == 0, capfd.readouterr().err


def test_a_stale_page_is_noticed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "pages"
    assert main(["rules", "docs", str(folder), "--check"]) == 1
    assert not folder.exists()
    assert main(["rules", "docs", str(folder)]) == 0
    assert main(["rules", "docs", str(folder), "--check"]) == 0
    page = folder / "codes.md"
    page.write_text(page.read_text("utf-8").replace("CLR101", "CLR100"), "utf-8")
    capfd.readouterr()
    assert main(["rules", "docs", str(folder), "--check"]) == 1
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "codes.md: is not up to date" in err


def test_pages_have_every_method_and_every_code(tmp_path: Path) -> None:
    assert main(["rules", "docs", str(tmp_path)]) == 0
    rules, codes = ((tmp_path / name).read_text("utf-8") for name in ("rules.md", "codes.md"))
    for name in load_pack().methods:
        assert f"\n### {name}\n" in rules
        assert f"| [{name}](#" in rules
    for code in CODES:
        assert f"\n## {code}\n" in codes
    for page in (rules, codes):
        headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
        anchors = {re.sub(r"[^\w-]", "", heading.lower().replace(" ", "-")) for heading in headings}
        assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= anchors
        for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(widths) == 1, table


# The schema


def loaded(text: str) -> Any:
    """YAML as the loader takes it: keys are texts, also `OFF`."""

    def constructed(node: yaml.Node) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {name.value: constructed(value) for name, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [constructed(item) for item in node.value]
        return yaml.constructor.SafeConstructor().construct_object(node)

    return constructed(yaml.compose(text, Loader=yaml.SafeLoader))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = rule_file_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_shipped_rules_keep_the_schema(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    errors = [error.message for error in validator.iter_errors(loaded(path.read_text("utf-8")))]
    assert errors == []


GOOD = """
methods:
- method: own.send
  summary: Sends.
  params: [a, {name: b, optional: true}]
  returns: bool
  rest:
    verb: POST
    path: /own/{a}
    path_params: {a: $a}
    query: {n: {value: 3, evidence: inferred}}
    result: {success: true}
  examples:
  - {before: 'api.call("own.send", 1)', left_alone: true}
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("summary: Sends.", "sumary: Sends."),
        ("  summary: Sends.\n", ""),
        ("POST", "PSOT"),
        ("evidence: inferred", "evidence: sure"),
        ("optional: true", "optional: perhaps"),
        ("params: [a,", "params: [7,"),
        ("summary: Sends.", "summary: 7"),
        ("success: true", "sucess: true"),
    ],
)
def test_the_schema_and_the_loader_agree_on_mistakes(
    tmp_path: Path, validator: jsonschema.Draft202012Validator, right: str, wrong: str
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(GOOD)
    load_pack([tmp_path])
    assert validator.is_valid(loaded(GOOD))
    bad = GOOD.replace(right, wrong, 1)
    assert bad != GOOD
    file.write_text(bad)
    with pytest.raises(RuleError):
        load_pack([tmp_path])
    assert not validator.is_valid(loaded(bad))


def test_the_schema_describes_every_object() -> None:
    schema = rule_file_schema()
    objects = [schema, *(part for entry in schema["$defs"].values() for part in entry.get("anyOf", [entry]))]
    for entry in objects:
        assert entry["description"], entry
        if entry.get("type") == "object":
            assert entry["additionalProperties"] is False


def test_the_schema_can_be_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "schema"]) == 0
    assert json.loads(capfd.readouterr().out) == rule_file_schema()
