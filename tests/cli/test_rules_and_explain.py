"""Looking into the rule pack."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.pack import load_pack

OWN = """
methods:
  - method: own.send
    summary: Sends one of our own.
    params: [a, {name: b, optional: true, note: "The second."}]
    returns: bool
    evidence: documented
    source: https://legacy
    rest:
      verb: POST
      path: /own/{a}
      evidence: inferred
      source: https://rest
      path_params: {a: $a}
      query: {kind: {value: $b, evidence: conflict}}
      result: {success: true}
      note: Once only.
    examples:
      - before: x.call("own.send", 1)
        left_alone: true
  - method: own.gone
    summary: Is no more.
    none: {reason: Nobody needs it., instead: Write a letter., evidence: documented}
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "rules.yaml").write_text(OWN)
    return "own"


def test_list(call, own: str) -> None:
    result = call("rules", "list", "--rules", own)
    assert (result.code, result.err) == (0, "")
    lines = [line.split(maxsplit=2) for line in result.out.splitlines()]
    assert ["own.send", "inferred", "POST /own/{a}"] in lines
    assert ["own.gone", "documented", "no counterpart"] in lines
    assert lines[-1] == [str(len(load_pack().methods) + 2), "methods."]
    assert [line[0] for line in lines[:-1]] == sorted(line[0] for line in lines[:-1])


def test_list_heeds_the_config(call, own: str, tmp_path: Path) -> None:
    assert "own.send" not in call("rules", "list").out
    (tmp_path / "callr-migrate.toml").write_text('rules = ["own"]\n')
    assert "own.send" in call("rules", "list").out


@pytest.mark.parametrize("command", [["rules", "show"], ["explain"]])
def test_show(call, own: str, command: list[str]) -> None:
    result = call(*command, "own.send", "--rules", own)
    assert result.code == 0
    assert result.out == (
        "own.send: Sends one of our own.\n"
        "\n"
        "Legacy call (documented, https://legacy)\n"
        "  a: string\n"
        "  b: string, may be left out\n"
        "    note: The second.\n"
        "  answers bool\n"
        "\n"
        "Becomes POST /own/{a} (inferred, https://rest)\n"
        "  path a: $a\n"
        "  query kind: $b (conflict)\n"
        "  where the answer is used: whether it succeeded (inferred, https://rest)\n"
        "  note: Once only.\n"
        "\n"
        "Before:\n"
        '    x.call("own.send", 1)\n'
        "Stays as it is.\n"
        "\n"
        "Defined in own/rules.yaml:3\n"
    )


def test_show_without_counterpart(call, own: str) -> None:
    out = call("rules", "show", "own.gone", "--rules", own).out
    assert "No counterpart in v2 (documented)\n  why: Nobody needs it.\n  instead: Write a letter.\n" in out


def test_every_shipped_method_can_be_shown(call) -> None:
    for name in load_pack().methods:
        result = call("explain", name)
        assert result.code == 0, name
        assert result.out.startswith(f"{name}: ")


def test_unknown_names(call, own: str) -> None:
    assert call("rules", "show", "own.sent", "--rules", own) == (
        2,
        "",
        "error: no method 'own.sent' in the rules (did you mean 'own.send'?)\n",
    )
    assert call("explain", "own.sent", "--rules", own) == (
        2,
        "",
        "error: 'own.sent' is neither a code nor a method of the rules (did you mean 'own.send'?)\n",
    )
    result = call("explain", "CLR999")
    assert result.code == 2
    assert result.err.startswith("error: no code 'CLR999'; there are CLR")


def test_every_code_is_explained(call) -> None:
    from callr_migrate.check.codes import CODES

    assert CODES
    for name, code in CODES.items():
        result = call("explain", name.lower())
        assert result.code == 0
        assert result.out.startswith(f"{name} ")
        assert code.summary in result.out


def test_validate(call, own: str) -> None:
    assert call("rules", "validate").out.startswith("No mistakes: ")
    result = call("rules", "validate", own)
    assert (result.code, result.err) == (0, "")
    assert f" {len(load_pack().methods) + 2} methods," in result.out


def test_validate_names_every_mistake(call, own: str, tmp_path: Path) -> None:
    (tmp_path / "own" / "rules.yaml").write_text(
        OWN.replace("summary: Is", "sumary: Is").replace("verb: POST", "verb: PSOT")
    )
    result = call("rules", "validate", own)
    assert (result.code, result.out) == (2, "")
    lines = result.err.splitlines()
    assert any(
        line.startswith("error: own/rules.yaml:") and "'sumary'" in line and "'summary'" in line
        for line in lines
    )
    assert any(
        line.startswith("error: own/rules.yaml:") and "'PSOT'" in line and "'POST'" in line for line in lines
    )


def test_validate_a_folder_that_is_not_there(call) -> None:
    result = call("rules", "validate", "nope")
    assert (result.code, result.err) == (2, "error: nope: no such folder of rules\n")
