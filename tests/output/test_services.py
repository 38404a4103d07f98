"""What CI services read: GitHub's annotations, GitLab's Code Quality, JUnit XML."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from callr_migrate.check.codes import CODES
from callr_migrate.findings import Applicability, Failure, Unseen
from callr_migrate.output.github import render_github
from callr_migrate.output.gitlab import render_gitlab
from callr_migrate.output.junit import render_junit
from callr_migrate.output.located import repository_path

junitparser = pytest.importorskip("junitparser", reason="junitparser is not installed (extra 'test')")

# Names and texts that each format must escape.
PATH = "::error::a,b=c%d é/x.py"
MESSAGE = '50%0A of <b>a</b> & "b",\r\n::set-output name=x::1\x1b[31m ]]> \ufffe\u202e'
SAID = '50%0A of <b>a</b> & "b", ::set-output name=x::1\ufffd[31m ]]> \ufffe\ufffd'


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def hard(outcome):
    """A finding over two lines that is hard to write down, one that is done, and one that is no error."""
    outcome.add(
        PATH, "x = call(\n  1)\n", "call(\n  1)", message=MESSAGE, help="see\x1b\n::this", reason="100%"
    )
    outcome.add("y.py", "call(1); call(1)", start=9, end=16, applicability=Applicability.UNSAFE)
    outcome.add("y.py", "call(1); call(1)", start=0, end=7, applied=True)
    outcome.report.unseen.append(Unseen(Path("::u.py"), 7, "no,\nidea"))
    outcome.report.errors += [Failure(Path("e:1.py"), "cannot\nbe read"), Failure(None, "no")]
    return outcome


# -- GitHub -----------------------------------------------------------------------------------------------------


def obeyed(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Commands as GitHub's runner reads them (its own order of replacements)."""
    found = []
    for line in text.splitlines():
        match = re.fullmatch(r"::(\w+)(?: ([^:]*(?:(?!::):[^:]*)*))?::(.*)", line)
        assert match, line
        pairs = (pair.split("=", 1) for pair in (match[2] or "").split(","))
        properties = {name: unescaped(value) for name, value in pairs}
        found.append((match[1], properties, unescaped(match[3])))
    return found


def unescaped(text: str) -> str:
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def test_github_reads_what_was_meant(hard) -> None:
    text = render_github(hard)
    first, second, unseen, failed, lost = obeyed(text)
    assert first == (
        "error",
        {"title": "callr-migrate CLR101", "file": PATH, "line": "1", "endLine": "2"},
        f"{PATH}:1:5: CLR101 {SAID}\nmanual: no fix; a person decides\nwhy not: 100%\nhelp: see\ufffd\n::this",
    )
    assert second[1] == {
        "title": "callr-migrate CLR101",
        "file": "y.py",
        "line": "1",
        "endLine": "1",
        "col": "10",
        "endColumn": "17",
    }
    assert unseen == (
        "notice",
        {"title": "callr-migrate", "file": "::u.py", "line": "7"},
        "could not be seen: no, idea",
    )
    assert failed == ("error", {"title": "callr-migrate", "file": "e:1.py"}, "cannot be read")
    assert lost == ("error", {"title": "callr-migrate"}, "no")


def test_nothing_that_a_line_holds_is_obeyed(hard) -> None:
    hard.add(
        "z.py", "call()", "call()", help="a\r::stop-commands::x\n::debug::y", message="\u2028::warning::z"
    )
    lines = re.split(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", render_github(hard))
    assert len(lines) == 7
    assert all(line.startswith(("::error title=", "::notice title=")) for line in lines[:-1])


# -- GitLab -----------------------------------------------------------------------------------------------------


def test_code_quality(hard) -> None:
    first, second = json.loads(render_gitlab(hard))
    assert re.fullmatch("[0-9a-f]{32}", first.pop("fingerprint"))
    assert first == {
        "description": f"CLR101: {SAID}",
        "check_name": "CLR101",
        "severity": "major",
        "location": {"path": PATH, "lines": {"begin": 1, "end": 2}},
    }
    assert second["location"] == {"path": "y.py", "lines": {"begin": 1, "end": 1}}


def test_code_quality_of_nothing(outcome) -> None:
    assert json.loads(render_gitlab(outcome)) == []


def test_severities_are_those_that_gitlab_knows(outcome) -> None:
    for code in CODES:
        outcome.add("x.py", f"call({code})", f"call({code})", code=code)
    outcome.add("x.py", "call()", "call()", code="CLR999")
    issues = json.loads(render_gitlab(outcome))
    assert len({issue["fingerprint"] for issue in issues}) == len(issues) == len(CODES) + 1
    assert {issue["severity"] for issue in issues} <= {"info", "minor", "major", "critical", "blocker"}


# -- JUnit ------------------------------------------------------------------------------------------------------


def test_a_parser_of_junit_reads_what_was_meant(hard) -> None:
    xml = junitparser.JUnitXml.fromstring(render_junit(hard).encode())
    suites = [(suite.name, suite.tests, suite.failures, suite.errors, suite.skipped) for suite in xml]
    assert suites == [(PATH, 1, 1, 0, 0), ("y.py", 1, 1, 0, 0), ("callr-migrate", 3, 0, 2, 1)]
    (case,) = list(next(iter(xml)))
    assert (case.name, case.classname) == (f"CLR101 {PATH}:1:5", PATH)
    (failure,) = case.result
    assert isinstance(failure, junitparser.Failure)
    assert failure.type == "callr-migrate.CLR101"
    assert failure.message == SAID.replace("\ufffe", "\ufffd")
    assert failure.text.endswith("\nmanual: no fix; a person decides\nwhy not: 100%\nhelp: see\ufffd\n::this")
    last = [(case.name, type(case.result[0]).__name__, case.result[0].message) for case in list(xml)[-1]]
    assert last == [
        ("unseen ::u.py:7", "Skipped", "could not be seen: no, idea"),
        ("error e:1.py", "Error", "cannot be read"),
        ("error callr-migrate", "Error", "no"),
    ]


def test_junit_of_nothing_is_a_test_that_passes(outcome) -> None:
    xml = junitparser.JUnitXml.fromstring(render_junit(outcome).encode())
    ((case,),) = [list(suite) for suite in xml]
    assert case.is_passed
    assert case.name == "nothing to migrate"


def test_junit_has_what_its_schema_wants(hard) -> None:
    root = ElementTree.fromstring(render_junit(hard))
    assert not root.attrib
    for number, suite in enumerate(root):
        assert set(suite.attrib) == {
            *("package", "id", "name", "timestamp", "hostname"),
            *("tests", "failures", "errors", "skipped", "time"),
        }
        assert suite.get("id") == str(number)
        assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}", suite.get("timestamp", ""))
        tags = [child.tag for child in suite]
        assert tags[0] == "properties"
        assert tags[-2:] == ["system-out", "system-err"]
        assert set(tags[1:-2]) == {"testcase"}
        assert all(set(case.attrib) == {"name", "classname", "time"} for case in suite.iter("testcase"))


@pytest.mark.skipif("CALLR_MIGRATE_SCHEMAS" not in os.environ, reason="CALLR_MIGRATE_SCHEMAS names no folder")
def test_the_common_schema_of_junit_holds(hard, outcome) -> None:
    etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
    schema = etree.XMLSchema(etree.parse(str(Path(os.environ["CALLR_MIGRATE_SCHEMAS"]) / "JUnit.xsd")))
    for result in (hard, outcome):
        schema.assertValid(etree.fromstring(render_junit(result).encode()))


# -- paths ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"])
def test_paths_are_those_of_the_checkout(variable: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    assert repository_path(Path("x.py")) == "x.py"
    monkeypatch.setenv(variable, str(tmp_path))
    assert repository_path(Path("x.py")) == "sub/x.py"
    assert repository_path(Path("../y.py")) == "y.py"
    assert repository_path(tmp_path.parent / "z.py") == (tmp_path.parent / "z.py").as_posix()
