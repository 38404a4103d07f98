"""`junit`: JUnit XML, as Jenkins, GitLab and others show test results: a suite a file, a failed test a finding."""

from __future__ import annotations

from datetime import datetime, timezone
from itertools import groupby
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from callr_migrate.output.located import Located, left
from callr_migrate.output.notes import notes_text
from callr_migrate.output.text import one_line, shown_path

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from callr_migrate.findings import Report
    from callr_migrate.output import Result

_TOOL = "callr-migrate"


def render_junit(outcome: Result, **_: bool) -> str:
    """Return the findings that are left as failures, what could not be seen as skipped, and errors."""
    root = ElementTree.Element("testsuites")
    for path, places in groupby(left(outcome), key=lambda place: place.finding.path):
        suite = _suite(root, _text(shown_path(path)))
        for place in places:
            _finding(suite, place)
    _rest(root, outcome.report)
    if not len(root):
        _case(_suite(root, _TOOL), "nothing to migrate", "")
    for number, suite in enumerate(root):
        _close(suite, number)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _finding(suite: Element, place: Located) -> None:
    finding = place.finding
    where = f"{shown_path(finding.path)}:{place.start.line}:{place.start.column}"
    case = _case(suite, f"{finding.code} {where}", shown_path(finding.path))
    failure = ElementTree.SubElement(
        case, "failure", message=_text(finding.message), type=f"{_TOOL}.{finding.code}"
    )
    failure.text = f"{_text(where)}: {finding.code} {_text(finding.message)}\n{_valid(notes_text(finding))}"


def _rest(root: Element, report: Report) -> None:
    """Add what has no code: a suite for the places that could not be seen, and for the errors."""
    if not report.unseen and not report.errors:
        return
    suite = _suite(root, _TOOL)
    for unseen in report.unseen:
        case = _case(suite, f"unseen {_place(unseen.path)}:{unseen.line}", _place(unseen.path))
        ElementTree.SubElement(case, "skipped", message=_text(f"could not be seen: {unseen.reason}"))
    for failure in report.errors:
        case = _case(suite, f"error {_place(failure.path)}", _place(failure.path))
        ElementTree.SubElement(case, "error", message=_text(failure.message), type=f"{_TOOL}.error")


def _place(path: Path | None) -> str:
    return _TOOL if path is None else shown_path(path)


def _suite(root: Element, name: str) -> Element:
    suite = ElementTree.SubElement(root, "testsuite", name=name, package=_TOOL)
    ElementTree.SubElement(suite, "properties")
    return suite


def _case(suite: Element, name: str, file: str) -> Element:
    return ElementTree.SubElement(
        suite, "testcase", name=_text(name), classname=_text(file) or _TOOL, time="0"
    )


def _close(suite: Element, number: int) -> None:
    """Add what the schema of JUnit XML wants of every suite."""
    for word, element in (
        ("tests", ""),
        ("failures", "/failure"),
        ("errors", "/error"),
        ("skipped", "/skipped"),
    ):
        suite.set(word, str(len(suite.findall(f"testcase{element}"))))
    now = datetime.now(timezone.utc).replace(microsecond=0, tzinfo=None)
    for name, value in (
        ("id", str(number)),
        ("timestamp", now.isoformat()),
        ("hostname", "localhost"),
        ("time", "0"),
    ):
        suite.set(name, value)
    ElementTree.SubElement(suite, "system-out")
    ElementTree.SubElement(suite, "system-err")


def _text(text: str) -> str:
    """`text` on one line, without what XML has no way to write."""
    return _valid(one_line(text))


def _valid(text: str) -> str:
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if character in "\ufffe\uffff" else character for character in text
    )
