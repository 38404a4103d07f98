"""The format for people: excerpts, carets, what a finding becomes; and nothing secret or harmful in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callr_migrate.findings import Applicability, Edit, Evidence, Fact, Fix
from callr_migrate.output.concise import render_concise
from callr_migrate.output.full import render_full
from callr_migrate.output.text import cells, columns, one_line

CALL = 'api.call("a.b", x)'


def test_a_safe_fix(outcome, shown) -> None:
    outcome.add(
        "app/x.py",
        f"import os\n\nif x:\n    y = {CALL}  # why\n",
        CALL,
        applicability=Applicability.SAFE,
        method="a.b",
        becomes='api.get(\n    "/b"\n)',
        help="Read the guide.",
        reason="It is the same.",
        facts=(
            Fact("a.b is GET /b", Evidence.DOCUMENTED, "https://d"),
            Fact("x is left out", Evidence.INFERRED, "https://i"),
        ),
        fix=Fix("use GET /b", "g", (Edit(Path("app/x.py"), 0, 0, ""),)),
    )
    assert (
        render_full(outcome)
        == shown(
            """
        app/x.py:4:9: CLR101 a legacy call
          |
        4 |     y = api.call("a.b", x)  # why
          |         ^^^^^^^^^^^^^^^^^^
          |
          = safe fix: use GET /b
          = becomes: api.get(
                         "/b"
                     )
          = note: It is the same.
          = inferred: x is left out (https://i)
          = help: Read the guide.
        """
        )
        + "\n"
    )


def test_a_manual_finding(outcome, shown) -> None:
    outcome.add("x.py", f"{CALL}\n", CALL, reason="Nobody knows.", url="https://page")
    assert (
        render_full(outcome)
        == shown(
            """
        x.py:1:1: CLR101 a legacy call
          |
        1 | api.call("a.b", x)
          | ^^^^^^^^^^^^^^^^^^
          |
          = manual: no fix; a person decides
          = why not: Nobody knows.
        """
        )
        + "\n"
    )


def test_verbose_shows_every_fact_and_the_link(outcome) -> None:
    outcome.add("x.py", CALL, CALL, url="https://page", facts=(Fact("known", Evidence.DOCUMENTED),))
    assert "known" not in render_full(outcome)
    verbose = render_full(outcome, verbose=True)
    assert " = documented: known\n" in verbose
    assert " = see: https://page\n" in verbose


def test_an_unsafe_finding_that_is_part_of_a_group(outcome) -> None:
    outcome.add("x.py", CALL, CALL, applicability=Applicability.UNSAFE)
    assert " = unsafe fix: comes with the fix of the call it belongs to\n" in render_full(outcome)


def test_several_lines_from_the_start_of_a_line(outcome, shown) -> None:
    outcome.add(
        "x.py", 'if x:\n    api.call(\n        "a.b",\n    )\nend', 'api.call(\n        "a.b",\n    )'
    )
    assert render_full(outcome).split("\n  |\n  =")[0] + "\n" == shown(
        """
        x.py:2:5: CLR101 a legacy call
          |
        2 | /     api.call(
        3 | |         "a.b",
        4 | |     )
          | |_____^
        """
    )


def test_several_lines_from_within_a_line(outcome, shown) -> None:
    outcome.add("x.py", 'y = api.call(\n    "a.b",\n)\n', 'api.call(\n    "a.b",\n)\n')
    assert render_full(outcome).split("\n  |\n  =")[0] + "\n" == shown(
        """
        x.py:1:5: CLR101 a legacy call
          |
        1 |   y = api.call(
          |  _____^
        2 | |     "a.b",
        3 | | )
          | |_^
        """
    )


def test_many_lines_are_cut(outcome) -> None:
    text = "call(\n" + "".join(f"    {number},\n" for number in range(200)) + ")\n"
    outcome.add("x.py", text, text)
    lines = render_full(outcome).split("\n")
    assert lines[2:11] == [
        "  1 | / call(",
        "  2 | |     0,",
        "  3 | |     1,",
        "  4 | |     2,",
        "  5 | |     3,",
        "... |",
        "201 | |     199,",
        "202 | | )",
        "    | |_^",
    ]


@pytest.mark.parametrize(
    ("line", "mark", "code", "caret"),
    [
        ("\tx\t= call", "call", "    x   = call", "          ^^^^"),
        ("é = call", "call", "é = call", "    ^^^^"),
        ("名 = call('日本')", "call('日本')", "名 = call('日本')", "     ^^^^^^^^^^^^"),
        ("e\u0301 = call", "call", "e\u0301 = call", "    ^^^^"),
        ("\U0001f600 = call", "call", "\U0001f600 = call", "     ^^^^"),
        ("a\x0c\x1b[31m = call", "call", "a\ufffd\ufffd[31m = call", "          ^^^^"),
    ],
)
def test_carets_stand_under_the_span(outcome, line: str, mark: str, code: str, caret: str) -> None:
    outcome.add("x.py", line, mark)
    lines = render_full(outcome).split("\n")
    assert lines[2] == f"1 | {code}"
    assert lines[3] == f"  | {caret}"


def test_a_very_long_line_is_cut_around_the_span(outcome) -> None:
    outcome.add("x.py", "a" * 3000 + "call" + "b" * 1_000_000, "call")
    lines = render_full(outcome).split("\n")
    assert lines[2] == "1 | ..." + "a" * 40 + "call" + "b" * 116 + "..."
    assert lines[3] == "  | " + " " * 43 + "^^^^"


def test_a_span_longer_than_the_cut(outcome) -> None:
    outcome.add("x.py", "call(" + "b" * 10_000, "call(" + "b" * 10_000)
    lines = render_full(outcome).split("\n")
    assert len(lines[3]) < 200
    assert lines[3].endswith("^" * 160)


def test_an_empty_span_at_the_end_of_an_empty_file(outcome) -> None:
    outcome.add("x.py", "", start=0, end=0)
    assert render_full(outcome).split("\n")[1:4] == ["  |", "1 | ", "  | ^"]


def test_a_file_that_could_not_be_decoded(outcome) -> None:
    outcome.add("x.py", "", start=0, end=0, code="CLR901", message="not Python")
    outcome.sources.clear()
    assert render_full(outcome).startswith("x.py:1:1: CLR901 not Python\n  = manual")


def test_no_secret_of_the_file_in_any_excerpt(outcome) -> None:
    text = 'api = Api("me", "hunter2日")\napi.call("hunter2日")\n'
    first = text.index("hunter2日")
    outcome.add(
        "x.py",
        text,
        'Api("me", "hunter2日")',
        secrets=((text.index("me"), text.index("me") + 2), (first, first + 8)),
    )
    second = text.index("hunter2日", first + 1)
    outcome.add("x.py", text, 'api.call("hunter2日")', secrets=((second, second + 8),))
    outcome.add("x.py", text, text)
    output = render_full(outcome)
    assert "hunter2" not in output
    assert '1 | api = Api("**", "*********")' in output
    assert '2 | api.call("*********")' in output
    assert "  | ^^^^^^^^^^^^^^^^^^^^^" in output


def test_secrets_stay_in_their_own_file(outcome) -> None:
    outcome.add("x.py", "api.call(1)", "api", secrets=((0, 3),))
    outcome.add("y.py", "api.call(1)", "api")
    assert "1 | ***.call(1)" in render_full(outcome)
    assert "1 | api.call(1)" in render_full(outcome)


def test_sorted_by_place_and_applied_ones_left_out(outcome) -> None:
    outcome.add("b.py", "xy", "y", message="3")
    outcome.add("b.py", "xy", "x", code="CLR201", message="2")
    outcome.add("b.py", "xy", "x", message="1")
    outcome.add("a.py", "x", "x", message="0")
    outcome.add("a.py", "x", "x", message="done", applied=True)
    lines = render_concise(outcome).splitlines()
    assert [line.rsplit(" ", 1)[1] for line in lines] == ["0", "1", "2", "3"]
    assert "done" not in render_full(outcome)


def test_concise_is_one_line_whatever_the_message(outcome) -> None:
    outcome.add("x\n\x1b.py", "x", "x", message="two\nlines\x1b[0m")
    outcome.add("y.py", "a\n  b", "b", applicability=Applicability.SAFE)
    assert render_concise(outcome) == (
        "x \ufffd.py:1:1: CLR101 [manual] two lines\ufffd[0m\ny.py:2:3: CLR101 [safe] a legacy call\n"
    )


def test_colour_only_when_asked(outcome) -> None:
    outcome.add("x.py", "x", "x")
    for render in (render_full, render_concise):
        plain, painted = render(outcome), render(outcome, color=True)
        assert "\x1b" not in plain
        assert "\x1b[" in painted
        assert re.sub(r"\x1b\[[\d;]*m", "", painted) == plain


def test_absolute_paths_are_shown_relative(outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    outcome.add(str(tmp_path / "here" / "a" / "x.py"), "x", "x")
    outcome.add(str(tmp_path / "y.py"), "x", "x")
    places = [line.split(":")[0] for line in render_concise(outcome).splitlines()]
    assert places == ["../y.py", "a/x.py"]


def test_text_helpers() -> None:
    assert cells("a\tb") == ["a", "   ", "b"]
    assert columns("a名\u0301") == 3
    assert one_line(" a\r\n b\u202e ") == "a b\ufffd"


def test_what_a_call_of_a_file_with_crlf_becomes(outcome) -> None:
    outcome.add("x.py", f"{CALL}\r\n", CALL, becomes="b(\r\n    1\r\n)")
    lines = render_full(outcome).split("\n")
    assert [line for line in lines if "\r" in line or "\u2400" <= max(line, default="") <= "\u243f"] == []
    assert [line.strip() for line in lines if "b(" in line or line.strip() in ("1", ")")] == [
        "= becomes: b(",
        "1",
        ")",
    ]
