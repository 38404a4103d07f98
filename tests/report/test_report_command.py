"""`report`, from the command line to what it writes, over real programs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest
from support.checkout import ROOT, commit_all, needs_git

from callr_migrate.cli import main
from callr_migrate.report import json_form

SCHEMA = json.loads(Path(json_form.__file__).with_name("report.schema.json").read_text("utf-8"))

CLIENTS = """\
import callr

api = callr.Api(LOGIN, PASSWORD)


def ask(method, *params):
    return api.call(method, *params)
"""
USES = """\
from clients import api, ask

api.call("sms.send", "SMS", "+33199001020", "hello", {"nature": "ALERTING"})
ask("sms.get", sid)
api.call("apps.create", "REALTIME10", "calls", {"url": "https://example.com/"})
api.call("conference/10.create_room", "x", {}, [])
api.call("calls.realtime", app, {"number": "+33199001020"}, None)
"""


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        jsonschema.validate(found, SCHEMA)
        return found


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`report` in an empty folder, on 2 March 2027."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1804000000")

    def report(*arguments: str) -> Result:
        capfd.readouterr()
        return Result(main(["report", *arguments]), *capfd.readouterr())

    return report


@pytest.fixture
def project(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "clients.py").write_text(CLIENTS)
    (tmp_path / "uses.py").write_text(USES)
    (tmp_path / "quiet.py").write_text("print('hello')\n")
    (tmp_path / "CODEOWNERS").write_text("* @all\nuses.py @users @others\n")
    return tmp_path


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_refuses_what_is_missing(run: Run, project: Path) -> None:
    found = run("--output-format", "json").report
    for key in found:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({name: value for name, value in found.items() if name != key}, SCHEMA)


def test_counts(run: Run, project: Path) -> None:
    result = run("--output-format", "json")
    found = result.report
    assert result.code == 0
    assert found["date"] == "2027-03-02"
    assert found["shutdown"] == {
        "date": "2027-06-30",
        "days_left": 120,
        "url": "https://docs.callr.com/reference/migrating-from-json-rpc-v1",
    }
    summary = found["summary"]
    states = ("automatic", "unsafe", "manual", "blocked")
    assert summary["files"] == 3
    assert summary["calls"] == 6 == sum(summary[state] for state in states)
    assert summary["calls"] == sum(place["call"] for place in found["places"])
    assert summary["others"] == len(found["places"]) - 6
    assert summary["blocked"] == 3
    for rows in (found["methods"], found["files"]):
        assert sum(row["calls"] for row in rows) == 6
        for row in rows:
            assert row["calls"] == sum(row[state] for state in states)
    assert {row["method"]: row["calls"] for row in found["methods"]} == {
        "sms.send": 1,
        "sms.get": 1,
        "apps.create": 1,
        "conference/10.create_room": 1,
        "calls.realtime": 1,
        "(not known)": 1,
    }
    assert {row["path"]: row["calls"] for row in found["files"]} == {"uses.py": 5, "clients.py": 1}
    # Two own one file, so it counts for both.
    assert {row["owner"]: row["calls"] for row in found["owners"]["owners"]} == {
        "@users": 5,
        "@others": 5,
        "@all": 1,
    }
    assert found["owners"]["file"] == "CODEOWNERS"
    assert found["trend"] is None


def test_retired_apps_block(run: Run, project: Path) -> None:
    (project / "uses.py").write_text(f"{USES}api.call('cdr.get', 'OUT', start, end, None, None)\n")
    found = run("--output-format", "json").report
    assert [(app["app"], app["calls"]) for app in found["retired_apps"]] == [
        ("REALTIME10", 2),
        ("CONFERENCE10", 1),
    ]
    blocked = {
        place["method"]: place["app"]
        for place in found["places"]
        if place["call"] and place["state"] == "blocked"
    }
    assert blocked == {
        "apps.create": "REALTIME10",
        "calls.realtime": "REALTIME10",
        "conference/10.create_room": "CONFERENCE10",
        "cdr.get": None,
    }
    basis = {item["name"]: item["count"] for item in found["effort"]["basis"]}
    # Two apps, and one method that nothing takes the place of.
    assert basis["design"] == 3
    assert found["effort"]["minutes"] == sum(item["minutes"] for item in found["effort"]["basis"])


def test_before_and_after(run: Run, project: Path) -> None:
    place = next(
        place for place in run("--output-format", "json").report["places"] if place["method"] == "sms.send"
    )
    assert (place["path"], place["line"], place["state"]) == ("uses.py", 3, "unsafe")
    assert place["before"] == USES.splitlines()[2]
    assert re.match(r"api\w*\.post\(\s*\"/sms\"", place["after"])
    assert place["facts"]


def test_wrappers_come_before_their_callers(run: Run, project: Path) -> None:
    (project / "uses.py").write_text("from clients import ask\n\nask('sms.get', sid)\n")
    (project / "main.py").write_text("import uses\nfrom clients import ask\n\nask('sms.get', other)\n")
    steps = run("--output-format", "json").report["steps"]
    assert [(step["wave"], step["files"], step["after"]) for step in steps] == [
        (1, ["clients.py"], []),
        (2, ["uses.py"], [1]),
        (3, ["main.py"], [1, 2]),
    ]


def test_settings_change_the_estimate(run: Run, project: Path) -> None:
    (project / "callr-migrate.toml").write_text("[effort]\ndesign = 0\nmanual = 1\n")
    basis = {
        item["name"]: item["minutes_each"]
        for item in run("--output-format", "json").report["effort"]["basis"]
    }
    assert (basis["design"], basis["manual"], basis["unsafe"]) == (0, 1, 15)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("effort = 3", "must be a table of minutes"),
        ("[effort]\nsafe = 3", "has no 'safe'; there is automatic, unsafe"),
        ("[effort]\nmanual = -1", "has 'manual', which must be a whole number from 0"),
        ("[effort]\nmanual = true", "has 'manual', which must be a whole number from 0"),
    ],
)
def test_wrong_settings(run: Run, project: Path, text: str, problem: str) -> None:
    (project / "callr-migrate.toml").write_text(text)
    result = run()
    assert (result.code, result.out) == (2, "")
    assert problem in result.err


def test_the_same_twice(run: Run, project: Path) -> None:
    for name in ("html", "markdown", "json"):
        assert run("--output-format", name).out == run("--output-format", name).out


@pytest.mark.parametrize(
    ("file", "start"),
    [("r.html", "<!DOCTYPE html>"), ("r.MD", "# "), ("r.json", '{\n  "schema": 1'), ("r", "# ")],
)
def test_the_file_names_the_format(run: Run, project: Path, file: str, start: str) -> None:
    result = run("--output-file", file)
    assert (project / file).read_text("utf-8").startswith(start)
    assert result.code == 0
    assert result.out.splitlines()[0] == "6 legacy calls in 2 files, 120 days left until 30 June 2027."
    assert result.out.splitlines()[-1] == f"Report: {file}"
    assert result.err == ""
    assert run("--output-file", file, "--output-format", "json", "-q").out == ""
    json.loads((project / file).read_text("utf-8"))


def test_on_standard_output_the_report_stands_alone(run: Run, project: Path) -> None:
    result = run()
    assert result.out.startswith("# ")
    assert result.err.startswith("6 legacy calls in 2 files")
    assert run("-q").err == ""


def test_suppressed_and_known_findings_are_told(run: Run, project: Path) -> None:
    (project / "uses.py").write_text(USES.replace("[])\n", "[])  # callr-migrate: ignore\n"))
    summary = run("--output-format", "json").report["summary"]
    assert (summary["calls"], summary["suppressed"]) == (5, 1)
    assert main(["check", "-q", "--write-baseline", "known.json"]) in (0, 1)
    summary = run("--output-format", "json", "--baseline", "known.json").report["summary"]
    assert (summary["calls"], summary["baselined"] > 0) == (0, True)
    # A comment that suppresses nothing is no legacy use.
    (project / "quiet.py").write_text("x = 1  # callr-migrate: ignore\n")
    assert "CLR001" not in run("--output-format", "json").out


@pytest.mark.parametrize("name", ["html", "markdown", "json"])
def test_nothing_to_migrate(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    result = run("--output-format", name)
    assert result.code == 0
    if name == "json":
        assert result.report["summary"]["calls"] == 0
        assert result.report["places"] == result.report["steps"] == []


@pytest.mark.parametrize("name", ["html", "markdown", "json"])
def test_errors_are_in_the_report_and_in_the_exit_code(run: Run, project: Path, name: str) -> None:
    result = run("--output-format", name, ".", "nowhere.py")
    assert result.code == 2
    assert "error: nowhere.py: no such file or folder" in result.err
    assert "nowhere.py" in result.out
    assert "sms.send" in result.out


def test_a_file_that_cannot_be_written(run: Run, project: Path) -> None:
    result = run("--output-file", "no/such/folder/r.html")
    assert result.code == 2
    assert "cannot be written" in result.err
    assert "Report:" not in result.out


@pytest.mark.parametrize(
    "arguments", [["-"], ["--history", "-1"], ["--statistics"], ["--output-format", "sarif"]]
)
def test_what_a_report_cannot_do(run: Run, project: Path, arguments: list[str]) -> None:
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")


def test_a_wrong_date(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    result = run()
    assert (result.code, result.out) == (2, "")
    assert result.err == "error: SOURCE_DATE_EPOCH is 'yesterday', which is no number of seconds\n"


def test_history(run: Run, project: Path) -> None:
    needs_git()
    commit_all(project)
    (project / "uses.py").unlink()
    report = run("--output-format", "json", "--history", "5").report
    # A call through a function of another file is not told by its own file.
    assert [point["calls"] for point in report["trend"]["points"]] == [5, 1]
    assert [bool(point["commit"]) for point in report["trend"]["points"]] == [True, False]
    assert "From 5 legacy calls" in run("--output-format", "html", "--history", "5").out
    assert re.search(r"\| now \| 2027-03-02 \| 1 \|", run("--history", "5").out)


def test_history_without_a_repository(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    result = run("--history", "5")
    assert (result.code, result.out) == (2, "")
    assert "is not in the work tree of a git repository" in result.err


def test_notebooks_have_cells(run: Run, tmp_path: Path) -> None:
    source = ["import callr\n", "api = callr.Api(a, b)\n", 'api.call("sms.get", sid)\n']
    cells = [
        {"cell_type": "markdown", "source": ["# x"], "metadata": {}},
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None},
    ]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(book, indent=1))
    (place,) = (each for each in run("--output-format", "json").report["places"] if each["call"])
    assert place["cell"] == {"number": 2, "line": 3}
    assert place["before"] == 'api.call("sms.get", sid)'
    assert "cell 2, line 3" in run("--output-format", "html").out


def test_on_the_examples(run: Run, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    found = run("--output-format", "json", "examples").report
    assert found["summary"]["calls"] > 40
    by_file = {row["path"]: row["calls"] for row in found["files"]}
    assert sum(by_file.values()) == found["summary"]["calls"]
    numbers = {file: step["number"] for step in found["steps"] for file in step["files"]}
    assert numbers.keys() == by_file.keys()
    assert numbers["examples/acacias/clients.py"] < numbers["examples/scripts/maintenance.py"]


def test_what_is_loaded_early(project: Path) -> None:
    """The start of other commands must not pay for the report."""
    code = "import sys\nfrom callr_migrate.cli import main\nmain(['check', '-q'])\nprint(*sys.modules)"
    import sys

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project
    )
    assert {"jinja2", "callr_migrate.report"}.isdisjoint(done.stdout.split())
