"""Looking into the rule pack."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize(
    ("options", "there", "not_there"),
    [
        (["--service", "own"], {"own.send", "own.gone"}, {"sms.send"}),
        (["--service", "did"], {"did.search", "did/store.reserve", "did/areacode.types"}, {"own.send"}),
        (["--service", "did/store"], {"did/store.reserve"}, {"did.search", "did/areacode.types"}),
        (["--service", "own,sms"], {"own.send", "sms.send"}, {"did.search"}),
        (["--state", "none"], {"own.gone"}, {"own.send", "sms.send"}),
        (["--state", "mapped"], {"own.send", "sms.send"}, {"own.gone", "sms.search"}),
        (["--state", "manual"], {"sms.search"}, {"sms.send", "apps.assign_did"}),
        (["--state", "alternatives"], {"apps.assign_did"}, {"sms.search"}),
        (["--evidence", "conflict"], {"jobs.get"}, {"sms.send"}),
        (["--evidence", "documented", "--service", "own"], {"own.gone"}, {"own.send", "sms.send"}),
    ],
)
def test_list_of_some(call, own: str, options: list[str], there: set[str], not_there: set[str]) -> None:
    result = call("rules", "list", "--rules", own, *options)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    names = {line.split()[0] for line in lines[:-1]}
    assert there <= names
    assert not names & not_there
    assert lines[-1] == f"{len(names)} method{'' if len(names) == 1 else 's'}."


@pytest.mark.parametrize(
    ("option", "word", "nearest"),
    [("service", "smss", "sms"), ("evidence", "infered", "inferred"), ("state", "maped", "mapped")],
)
def test_list_of_what_is_not_there(call, option: str, word: str, nearest: str) -> None:
    result = call("rules", "list", f"--{option}", word)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"error: --{option}: no {option} {word!r} (did you mean {nearest!r}?)")


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


def test_show_has_the_tables_that_the_method_needs(call) -> None:
    out = call("rules", "show", "sms.get").out
    assert "\nObject SMS (" in out
    assert re.search(r"^  text +body\.text$", out, re.MULTILINE)
    assert "\nConstants SMS.status (" in out
    assert "  REMOTE_QUEUED  remote-queued\n" in out
    out = call("rules", "show", "sms.send").out
    assert "\nChoice sms.traffic-type (" in out
    assert "  alerting: sends 'alerting'\n" in out
    assert "  omit: sends nothing\n" in out
    assert "  options.webhook (by hand): " in out


def test_show_in_color(call, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = call("rules", "show", "sms.send").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    colored = call("rules", "show", "sms.send").out
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain
    assert re.sub(r"\x1b\[[\d;]*m", "", call("rules", "list").out) != call("rules", "list").out


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


def test_codes_are_listed(call) -> None:
    from callr_migrate.check.codes import CODES

    lines = call("explain").out.splitlines()
    assert [line.split()[0] for line in lines] == list(CODES)
    calls = call("explain", "clr1").out.splitlines()
    # The columns are as wide as the names need.
    assert [line.split() for line in calls] == [line.split() for line in lines if line.startswith("CLR1")]


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
