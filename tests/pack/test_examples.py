"""The examples of the rules come true, and one that does not is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.cli import main
from callr_migrate.examples import Outcome, run_examples
from callr_migrate.pack import load_pack

OWN = """methods:
- method: own.send
  summary: Sends one of our own.
  params: [a, b]
  returns: {type: string, object: SMS}
  evidence: documented
  rest:
    verb: POST
    path: /own
    evidence: documented
    query: {a: $a, b: $b}
    result: {legacy_value: sid}
  examples:
"""
RIGHT = """  - before: one = api.call("own.send", x, 1)
    after: 'one = api.post("/own", params={"a": x, "b": 1}).raise_for_status().json()["sid"]'
"""


@pytest.mark.parametrize(
    "outcome",
    list(run_examples(load_pack())),
    ids=lambda outcome: f"{Path(outcome.location.file).name}:{outcome.location.line}",
)
def test_shipped_example(outcome: Outcome) -> None:
    assert outcome.problem is None, f"{outcome.location}\nwanted {outcome.wanted}\ngot    {outcome.got}"


def test_the_command(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "test"]) == 0
    out, err = capfd.readouterr()
    count = sum(len(method.examples) for method in load_pack().methods.values())
    assert out.startswith(f"{count} examples of ")
    assert out.endswith(" methods: all hold.\n")
    assert err == ""


def run_own(folder: Path, text: str) -> list[Outcome]:
    (folder / "own.yaml").write_text(text)
    return [outcome for outcome in run_examples(load_pack([folder])) if outcome.method == "own.send"]


def test_an_example_that_holds(tmp_path: Path) -> None:
    (outcome,) = run_own(tmp_path, OWN + RIGHT)
    assert outcome.problem is None
    assert str(outcome.location).endswith("/own.yaml:14")


@pytest.mark.parametrize(
    ("right", "wrong", "problem"),
    [
        ('"b": 1}', '"b": 2}', "it becomes something else"),
        ('own.send", x, 1)\n    after', 'own.send", x, *y)\n    after', "it is left alone: "),
        ('one = api.call("own', 'one = api.cal("own', "no call of own.send is found"),
        ("before: one = ", "before: one == = ", "'before' is no Python: "),
        ("    after: ", "    left_alone: true\n    after: ", "an example needs either"),
    ],
)
def test_an_example_that_does_not_hold(tmp_path: Path, right: str, wrong: str, problem: str) -> None:
    assert right in OWN + RIGHT
    (outcome,) = run_own(tmp_path, OWN + RIGHT.replace(right, wrong))
    assert outcome.problem is not None
    assert outcome.problem.startswith(problem)


def test_a_call_that_is_to_be_left_alone_but_changes(tmp_path: Path) -> None:
    before = RIGHT.splitlines()[0]
    (outcome,) = run_own(tmp_path, f"{OWN}{before}\n    left_alone: true\n")
    assert outcome.problem == "it is to be left alone, but changes"
    assert outcome.got.startswith('one = api.post("/own"')


def test_failures_say_where_and_what(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "own.yaml").write_text(OWN + RIGHT.replace('"b": 1}', '"b": 2}'))
    assert main(["rules", "test", "--rules", str(tmp_path)]) == 1
    lines = capfd.readouterr().out.splitlines()
    assert lines[:4] == [
        f"{tmp_path.name}/own.yaml:14: own.send: it becomes something else",
        '  before: one = api.call("own.send", x, 1)',
        '  wanted: one = api.post("/own", params={"a": x, "b": 2}).raise_for_status().json()["sid"]',
        '  got:    one = api.post("/own", params={"a": x, "b": 1}).raise_for_status().json()["sid"]',
    ]
    assert lines[-1].startswith("1 of ")
    assert lines[-1].endswith(" examples failed.")


def test_a_module_of_the_users_own_does_not_get_in_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "callr.py").write_text("class Api: ...\n")
    monkeypatch.chdir(tmp_path)
    assert all(outcome.problem is None for outcome in run_examples(load_pack()))
