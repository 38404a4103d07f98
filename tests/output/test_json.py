"""The contract that scripts rely on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from callr_migrate import __version__
from callr_migrate.findings import Applicability, Edit, Evidence, Fact, Failure, Fix, Unseen
from callr_migrate.output.json_report import render_json
from callr_migrate.output.summary import Summary


def marks(outcome) -> list[str]:
    return [finding["fingerprint"] for finding in json.loads(render_json(outcome))["findings"]]


def test_an_empty_report(outcome) -> None:
    outcome.report.files = 3
    assert json.loads(render_json(outcome)) == {
        "schema": 1,
        "tool": {"name": "callr-migrate", "version": __version__},
        "summary": {
            "files": 3,
            "legacy_calls": 0,
            "findings": 0,
            "safe": 0,
            "unsafe": 0,
            "manual": 0,
            "suppressed": 0,
            "baselined": 0,
            "fixed": 0,
            "unseen": 0,
            "errors": 0,
        },
        "findings": [],
        "unseen": [],
        "errors": [],
    }


def test_a_finding_with_a_fix(outcome) -> None:
    text = "\ufeffx = 'é'; api.call(\n  1)\r\n"
    start = len("x = 'é'; ")
    outcome.add(
        "a/x.py",
        text.encode(),
        start=start,
        end=start + len("api.call(\n  1)"),
        method="a.b",
        surface="sdk",
        applicability=Applicability.UNSAFE,
        facts=(Fact("f", Evidence.DOCUMENTED, "https://s"), Fact("g", Evidence.INFERRED)),
        help="h",
        reason="r",
        url="https://u",
        becomes="never in JSON",
        fix=Fix("do it", "g1", (Edit(Path("a/x.py"), start, start + 3, "é"),)),
    )
    (finding,) = json.loads(render_json(outcome))["findings"]
    assert len(finding.pop("fingerprint")) == 32
    assert finding == {
        "code": "CLR101",
        "message": "a legacy call",
        "path": "a/x.py",
        "start": {"line": 1, "column": 10},
        "end": {"line": 2, "column": 5},
        "cell": None,
        "method": "a.b",
        "surface": "sdk",
        "applicability": "unsafe",
        "evidence": "inferred",
        "facts": [
            {"fact": "f", "evidence": "documented", "source": "https://s"},
            {"fact": "g", "evidence": "inferred", "source": None},
        ],
        "reason": "r",
        "help": "h",
        "url": "https://u",
        "applied": False,
        "fix": {
            "description": "do it",
            "group": "g1",
            # The byte order mark has three bytes, the letter before the call two.
            "edits": [{"path": "a/x.py", "start_byte": start + 4, "end_byte": start + 7, "text": "é"}],
        },
    }
    raw = outcome.sources[Path("a/x.py")].raw
    assert raw[start + 4 : start + 7] == b"api"


def test_nulls(outcome) -> None:
    outcome.add("x.py", "x", "x")
    (finding,) = json.loads(render_json(outcome))["findings"]
    for key in ("method", "surface", "reason", "help", "url", "fix"):
        assert finding[key] is None, key


def test_sorting_unseen_and_errors(outcome, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome.add("b.py", "xy", "y")
    outcome.add("b.py", "xy", "x", code="CLR201")
    outcome.add("b.py", "xy", "x", code="CLR101")
    outcome.add("a-b.py", "x", "x")
    outcome.add(str(tmp_path / "a" / "c.py"), "x", "x")
    outcome.report.unseen += [Unseen(Path("z.py"), 2, "r"), Unseen(tmp_path / "y.py", 9, "s")]
    outcome.report.errors += [Failure(Path("q.py"), "m"), Failure(None, "n")]
    document = json.loads(render_json(outcome))
    assert [(f["path"], f["start"]["column"], f["code"]) for f in document["findings"]] == [
        ("a-b.py", 1, "CLR101"),
        ("a/c.py", 1, "CLR101"),
        ("b.py", 1, "CLR101"),
        ("b.py", 1, "CLR201"),
        ("b.py", 2, "CLR101"),
    ]
    assert document["unseen"] == [
        {"path": "y.py", "line": 9, "reason": "s"},
        {"path": "z.py", "line": 2, "reason": "r"},
    ]
    assert document["errors"] == [{"path": "q.py", "message": "m"}, {"path": None, "message": "n"}]


def test_summary_counts(outcome) -> None:
    for code, applicability in [
        ("CLR101", Applicability.SAFE),
        ("CLR104", Applicability.MANUAL),
        ("CLR201", Applicability.UNSAFE),
        ("CLR301", Applicability.UNSAFE),
    ]:
        outcome.add("x.py", "x", "x", code=code, applicability=applicability)
    outcome.report.files, outcome.report.suppressed, outcome.report.fixed = 7, 5, 1
    outcome.report.unseen = [Unseen(Path("x.py"), 1, "r")] * 2
    outcome.report.errors = [Failure(None, "n")] * 3
    assert Summary.of(outcome.report) == Summary(
        files=7,
        legacy_calls=2,
        findings=4,
        safe=1,
        unsafe=2,
        manual=1,
        suppressed=5,
        baselined=0,
        fixed=1,
        unseen=2,
        errors=3,
    )


def test_the_fingerprint_stays_when_lines_move_or_are_laid_out_anew(outcome) -> None:
    finding = outcome.add("x.py", "call(1,  2)\n", "call(1,  2)", method="a.b")
    (before,) = marks(outcome)
    outcome.report.findings.clear()
    outcome.add("x.py", "# new\n\n    call(1,\n  2)\n", "call(1,\n  2)", method="a.b")
    assert marks(outcome) == [before]
    outcome.add("y.py", "call(1, 2)\ncall(1, 3)\n", "call(1, 2)", method="a.b")
    outcome.report.findings.clear()
    outcome.sources[Path("x.py")] = outcome.sources[Path("y.py")]
    other = replace(finding, start=0, end=10)
    for change in ({"code": "CLR102"}, {"method": "a.c"}, {"start": 11, "end": 21}, {"path": Path("y.py")}):
        outcome.report.findings[:] = [other]
        assert marks(outcome) == [before]
        outcome.report.findings[:] = [replace(other, **change)]
        assert marks(outcome) != [before], change


def test_equal_places_have_different_fingerprints(outcome) -> None:
    text = "call(1)\ncall(1)\n"
    outcome.add("x.py", text, start=8, end=15)
    outcome.add("x.py", text, start=0, end=7)
    first, second = marks(outcome)
    assert first != second
    outcome.report.findings.pop(0)
    assert marks(outcome) == [first]


def test_no_secret_goes_into_a_fingerprint(outcome) -> None:
    def of(secret: str) -> str:
        outcome.report.findings.clear()
        outcome.add("x.py", f"Api('{secret}')", f"Api('{secret}')", secrets=((5, 5 + len(secret)),))
        return marks(outcome)[0]

    assert of("abcd") == of("wxyz")


def test_characters_that_are_no_characters(outcome) -> None:
    outcome.add("x\udcff.py", "x", "x")
    outcome.report.unseen.append(Unseen(Path("x\udcff.py"), 1, "r"))
    raw = render_json(outcome).encode("utf-8", "backslashreplace")
    assert json.loads(raw)["findings"][0]["path"] == "x\udcff.py"


def test_the_pieces_are_the_report(outcome) -> None:
    """A long report is written in pieces: together they are what one object would be."""
    outcome.report.unseen.append(Unseen(Path("[].py"), 1, "[]\nwhy"))
    for count in range(3):
        text = render_json(outcome)
        document = json.loads(text)
        assert len(document["findings"]) == count
        assert text == json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        outcome.add("é[].py", "a\nb", "a\nb", message="[]\n\u2028", help="a\r\nb")
