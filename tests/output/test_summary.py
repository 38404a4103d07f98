"""The lines that close a run, and the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.findings import Applicability, Finding, Report, Unseen
from callr_migrate.output import FORMATS, MACHINE_FORMATS, renderer
from callr_migrate.output.summary import closing_lines, fix_line, statistics, unseen_lines

SAFE, UNSAFE, MANUAL = Applicability


def report(*findings: tuple[Applicability, bool], **values: int) -> Report:
    made = [
        Finding("CLR101", "m", Path("x.py"), 0, 1, applicability=word, applied=applied)
        for word, applied in findings
    ]
    return Report(findings=made, **values)


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (report(), ["Looked at 0 files: nothing to migrate."]),
        (report(files=1, suppressed=2), ["Looked at 1 file: nothing to migrate, 2 more suppressed."]),
        (
            report((SAFE, False), files=2),
            [
                "Looked at 2 files, 1 legacy call: 1 finding (1 safe, 0 unsafe, 0 manual).",
                "`callr-migrate fix` does 1 of them.",
            ],
        ),
        (
            report((SAFE, False), (UNSAFE, False), (UNSAFE, False), (MANUAL, False), files=2, suppressed=1),
            [
                "Looked at 2 files, 4 legacy calls: 4 findings (1 safe, 2 unsafe, 1 manual), 1 more suppressed.",
                "`callr-migrate fix` does 1 of them; with --unsafe-fixes it does 2 more.",
            ],
        ),
        (
            report((UNSAFE, False), files=2),
            [
                "Looked at 2 files, 1 legacy call: 1 finding (0 safe, 1 unsafe, 0 manual).",
                "`callr-migrate fix --unsafe-fixes` does 1 of them.",
            ],
        ),
        (
            report((MANUAL, False), files=2),
            ["Looked at 2 files, 1 legacy call: 1 finding (0 safe, 0 unsafe, 1 manual)."],
        ),
    ],
)
def test_check_closes_with(found: Report, lines: list[str]) -> None:
    assert closing_lines(found) == lines


DONE = (SAFE, True)
STUCK = (SAFE, False)
MORE = (UNSAFE, False)
PERSON = (MANUAL, False)


@pytest.mark.parametrize(
    ("findings", "unsafe", "would", "line"),
    [
        ([], False, False, "Nothing to fix."),
        ([], False, True, "Nothing to fix."),
        (
            [DONE] * 12 + [MORE] * 3 + [PERSON] * 2,
            False,
            False,
            "12 fixed, 3 more with --unsafe-fixes, 2 need a person.",
        ),
        ([DONE, MORE, PERSON], False, False, "1 fixed, 1 more with --unsafe-fixes, 1 needs a person."),
        ([DONE, MORE, PERSON], False, True, "Would fix 1, 1 more with --unsafe-fixes, 1 needs a person."),
        ([DONE], False, False, "1 fixed."),
        ([PERSON], False, False, "0 fixed, 1 needs a person."),
        ([DONE, STUCK], False, False, "1 fixed, 1 could not be applied."),
        ([DONE, STUCK, MORE], True, False, "1 fixed, 2 could not be applied."),
    ],
)
def test_fix_closes_with(
    findings: list[tuple[Applicability, bool]], unsafe: bool, would: bool, line: str
) -> None:
    assert fix_line(report(*findings), unsafe=unsafe, would=would) == line


def test_unseen_places() -> None:
    assert unseen_lines(Report()) == []
    places = [
        Unseen(Path("b.py"), 3, "two\nlines"),
        Unseen(Path("a.py"), 10, "r"),
        Unseen(Path("a.py"), 9, "r"),
    ]
    assert unseen_lines(Report(unseen=places)) == [
        "Could not see 3 places:",
        "  a.py:9 r",
        "  a.py:10 r",
        "  b.py:3 two lines",
    ]
    assert unseen_lines(Report(unseen=places[:1]))[0] == "Could not see 1 place:"


def test_statistics() -> None:
    def one(code: str, word: Applicability, method: str | None, applied: bool = False) -> Finding:
        return Finding(code, "m", Path("x.py"), 0, 1, method=method, applicability=word, applied=applied)

    findings = [
        one("CLR101", SAFE, "a.b"),
        one("CLR104", MANUAL, "x.y"),
        one("CLR101", UNSAFE, "a.b"),
        one("CLR105", MANUAL, None),
        one("CLR101", SAFE, "a.b", applied=True),
    ]
    assert statistics(Report(findings=findings)).split("\n") == [
        "findings   safe unsafe manual  by code",
        "       2      1      1      0  CLR101",
        "       1      0      0      1  CLR104",
        "       1      0      0      1  CLR105",
        "",
        "findings   safe unsafe manual  by method",
        "       2      1      1      0  a.b",
        "       1      0      0      1  x.y",
        "",
    ]
    assert statistics(Report()) == ""


def test_every_format_loads() -> None:
    assert set(FORMATS) - MACHINE_FORMATS == {"full", "concise", "grouped"}
    assert {"json", "jsonl", "sarif", "github", "gitlab", "junit", "markdown"} == MACHINE_FORMATS
    for name in FORMATS:
        assert callable(renderer(name))
    with pytest.raises(KeyError):
        renderer("xml")
