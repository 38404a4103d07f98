"""Comments that suppress findings: which count, for what, and which are of no use."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callr_migrate.cli import main
from callr_migrate.source import SourceFile
from callr_migrate.suppression import Suppressions

START = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)  # noqa\n"
CALL = 'api.call("system.get_timestamp")'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def check(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[list[tuple[str, int]], int]:
    """Code and line of each finding, and the count of the suppressed."""
    capfd.readouterr()
    main(["check", "--output-format", "json", *arguments])
    report: dict[str, Any] = json.loads(capfd.readouterr().out)
    found = [(finding["code"], finding["start"]["line"]) for finding in report["findings"]]
    return found, report["summary"]["suppressed"]


def suppressed(text: str, code: str = "CLR101", at: str = CALL) -> bool:
    """Whether a finding of the code at the place of `at` in the text is suppressed."""
    source = SourceFile.from_bytes(Path("x.py"), text.encode())
    start = source.text.index(at)
    return bool(Suppressions(source).of(code, start, start + len(at)))


def idle(text: str, *used: str) -> list[tuple[int, str]]:
    """Line and message of what is of no use where nothing is found."""
    source = SourceFile.from_bytes(Path("x.py"), text.encode())
    return [
        (source.position(finding.start).line, finding.message) for finding in Suppressions(source).unused([])
    ]


# -- which comments count ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "comment",
    [
        "# callr-migrate: ignore",
        "#callr-migrate:ignore",
        "# callr-migrate : ignore",
        "# callr-migrate: ignore[CLR101]",
        "# callr-migrate: ignore [ clr101 , CLR301 ] until the summer",
        "# callr-migrate: ignore[CLR301,CLR101]",
        "# callr-migrate: ignore[CLR1]",
        "# callr-migrate: ignore  # until the summer",
        "# callr-migrate: ignore - until the summer",
        "# type: ignore  # callr-migrate: ignore[CLR101]",
        "# until the summer # callr-migrate: ignore",
        "# noqa",
        "#NOQA",
        "# noqa: CLR101",
        "# noqa:CLR101",
        "# noqa : clr101",
        "# noqa: E501,CLR101",
        "# noqa: E501 CLR101",
        "# noqa: E501, CLR1 and why",
        "# type: ignore # noqa: CLR101",
        "# callr-migrate: ignore[CLR301] # noqa: CLR101",
    ],
)
def test_it_suppresses(comment: str) -> None:
    assert suppressed(f"{CALL}  {comment}\n")


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "# callr-migrate: ignore[CLR301]",
        "# callr-migrate: ignore[CLR1011]",
        "# callr-migrate: ignore[]",
        "# callr-migrate: ignore[CLR101",
        "# callr-migrate: ignore CLR101",
        "# callr-migrate: ignore[E501]",
        "# callr-migrate: ignore-file",
        "# callr-migrate: ignroe[CLR101]",
        "# callr-migrate",
        "# callr-migrate: see the manual",
        "# other-callr-migrate: ignore",
        "# noqa: E501",
        "# noqa: until the summer CLR101",
        "# noqa-until",
        "# noqaa",
        "# ruff: noqa",
        "# ignore",
    ],
)
def test_it_does_not(comment: str) -> None:
    assert not suppressed(f"{CALL}  {comment}\n")


@pytest.mark.parametrize(
    "text",
    [
        f'x = "# callr-migrate: ignore", {CALL}\n',
        f'x = """\n# callr-migrate: ignore-file\n"""\n{CALL}\n',
        f"x = f'# noqa', {CALL}\n",
        f"# callr-migrate: ignore\n{CALL}\n",
        f"{CALL}\n# callr-migrate: ignore\n",
    ],
)
def test_texts_and_other_lines_do_not(text: str) -> None:
    assert not suppressed(text)


@pytest.mark.parametrize(
    "text",
    [
        f"# callr-migrate: ignore-file\n{CALL}\n",
        f"#!/bin/sh\n# -*- coding: utf-8 -*-\n'''Doc.'''\n{CALL}\n    # callr-migrate: ignore-file[CLR101]\n",
        f"{CALL}\n# callr-migrate: ignore-file\nthis does not parse (\n",
        f"x = 1\r# callr-migrate: ignore-file\r{CALL}\r",
    ],
)
def test_a_file(text: str) -> None:
    assert suppressed(text)


def test_a_file_for_one_code() -> None:
    text = f"# callr-migrate: ignore-file[CLR2]\n{CALL}\n"
    assert not suppressed(text)
    assert suppressed(text, "CLR201")


# -- statements over several lines ------------------------------------------------------------------------------

LONG = 'api.call(\n    "sms.get",  {0}\n    key,\n)'


@pytest.mark.parametrize(
    ("text", "is_suppressed"),
    [
        ('x = api.call(  # noqa\n    "sms.get",\n    key,\n)\n', True),
        ('x = api.call(\n    "sms.get",\n    key,\n)  # noqa\n', True),
        ('x = api.call(\n    "sms.get",\n    key,\n)["text"]  # noqa\n', True),
        # As for ruff: neither within, nor on a line that only belongs to the same statement.
        ('x = api.call(\n    "sms.get",\n    key,  # noqa\n)\n', False),
        ('x = print(  # noqa\n    api.call(\n    "sms.get",\n    key,\n), 1\n)\n', False),
        ('x = print(\n    api.call(\n    "sms.get",\n    key,\n), 1\n)  # noqa\n', False),
        # Lines that can hold no comment.
        ('x = api.call(\n    "sms.get",\n    key,\n) + \\\n    1  # noqa\n', True),
        ('x = \\\n    api.call(\n    "sms.get",\n    key,\n) + """\n""" + """\n"""  # noqa\n', True),
        ('x = api.call(\n    "sms.get",\n    key,\n) + 1; y = """\n"""; z = 1  # noqa\n', True),
        ('x = """\n""" + api.call(\n    "sms.get",\n    key,\n)  # noqa\n', True),
        ('x = """\n"""  # noqa\ny = api.call(\n    "sms.get",\n    key,\n)\n', False),
        ('x = 1 + \\\n    2  # noqa\ny = api.call(\n    "sms.get",\n    key,\n)\n', False),
    ],
)
def test_statements_over_several_lines(text: str, is_suppressed: bool) -> None:
    first, last = text.index("api.call("), text.index("key,\n)") if "key,\n)" in text else text.index("key,")
    source = SourceFile.from_bytes(Path("x.py"), text.encode())
    assert bool(Suppressions(source).of("CLR101", first, text.index(")", last) + 1)) is is_suppressed


@pytest.mark.parametrize("prefix", ["", "f", "rf"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_inside_a_text_of_several_lines(prefix: str, newline: str) -> None:
    text = f'x = {prefix}"""\n{{{CALL}}}\nmore\n"""  # noqa: CLR101\ny = 1\n'.replace("\n", newline)
    assert suppressed(text)
    assert not suppressed(text.replace("  # noqa: CLR101", "").replace("y = 1", "y = 1  # noqa: CLR101"))


def test_columns_do_not_matter_nor_what_ends_a_line_elsewhere() -> None:
    # A form feed ends no line, and what is no ASCII shifts bytes but no code points.
    assert suppressed(f"x = 'é\u2028'\n\f\nif x:\n\té = {CALL}  # noqa: CLR101\n")


# -- comments that are of no use --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "messages"),
    [
        ("# callr-migrate: ignore", ["this comment suppresses nothing"]),
        ("# callr-migrate: ignore[CLR101]", ["nothing of CLR101 is suppressed here"]),
        (
            "# callr-migrate: ignore[CLR101,CLR3]",
            ["nothing of CLR101 is suppressed here", "nothing of CLR3 is suppressed here"],
        ),
        ("# noqa: E501, CLR101", ["nothing of CLR101 is suppressed here"]),
        ("# noqa", []),
        ("# noqa: E501", []),
        ("# callr-migrate: ignore[CLR001]", []),
        ("# callr-migrate: see the manual", []),
        (
            "# callr-migrate: ignroe",
            ["this comment suppresses nothing: there is no 'ignroe', but 'ignore'"],
        ),
        (
            "# callr-migrate: ignore-files",
            ["this comment suppresses nothing: there is no 'ignore-files', but 'ignore-file'"],
        ),
        ("# callr-migrate: ignore[E501]", ["this comment suppresses nothing: 'E501' is no code"]),
        ("# callr-migrate: ignore[CLR101,]", ["this comment suppresses nothing: a code is missing"]),
        ("# callr-migrate: ignore[CLR101", ["this comment suppresses nothing: its bracket is not closed"]),
        (
            "# callr-migrate: ignore CLR101",
            ["this comment suppresses nothing: codes stand in brackets, as in ignore[CLR101]"],
        ),
        (
            "# callr-migrate: ignore-file",
            ["this comment suppresses nothing: 'ignore-file' has a line of its own"],
        ),
    ],
)
def test_what_is_of_no_use(comment: str, messages: list[str]) -> None:
    assert idle(f"x = 1\ny = 1  {comment}\n") == [(2, message) for message in messages]


def test_the_place_is_that_of_the_code() -> None:
    source = SourceFile.from_bytes(
        Path("x.py"), b"x = 1  # noqa: E501,CLR101 # callr-migrate: ignore[CLR2, CLR3]\n"
    )
    found = Suppressions(source).unused([])
    assert [source.text[finding.start : finding.end] for finding in found] == ["CLR2", "CLR3", "CLR101"]


# -- the whole way ----------------------------------------------------------------------------------------------


def test_a_report_leaves_out_and_counts(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "x.py").write_text(f"{START}{CALL}\n{CALL}  # callr-migrate: ignore[CLR101, CLR301]\n")
    assert check(capfd) == ([("CLR101", 4), ("CLR001", 5)], 2)
    assert main(["check", "--select", "CLR5"]) == 0


def test_what_is_not_selected_is_not_counted_and_uses_its_comment(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "x.py").write_text(f"{START}{CALL}  # callr-migrate: ignore[CLR101]\n")
    assert check(capfd, "--ignore", "CLR1") == ([], 1)


def test_comments_are_judged_by_what_is_selected_too(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "x.py").write_text("import callr\nx = 1  # callr-migrate: ignore\n")
    assert check(capfd) == ([("CLR001", 2)], 0)
    assert check(capfd, "--ignore", "CLR0") == ([], 0)


def test_a_comment_may_be_kept(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "x.py").write_text("import callr\nx = 1  # callr-migrate: ignore[CLR101, CLR001]\n")
    assert check(capfd) == ([], 1)


def test_a_file_without_any_legacy_code_is_looked_at(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "x.py").write_text("x = 1  # NoQA: E501, clr101\n")
    (project / "y.py").write_text("x = 1  # callr-migrate: ignore\n")
    (project / "z.py").write_text('x = "# noqa: CLR101"\n')
    assert check(capfd) == ([("CLR001", 1), ("CLR001", 1)], 0)


def test_a_file_that_does_not_parse_can_be_suppressed(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = 'import callr\nprint callr.Api("a", "b").call("sms.get", x)\n'
    (project / "x.py").write_text(text)
    assert check(capfd) == ([("CLR901", 1), ("CLR101", 2)], 0)
    (project / "x.py").write_text(f"# callr-migrate: ignore-file[CLR901]\n{text}")
    assert check(capfd) == ([("CLR101", 3)], 1)
    (project / "x.py").write_text(f"# callr-migrate: ignore-file\n{text}")
    assert check(capfd) == ([], 2)


def test_what_is_suppressed_is_not_changed_and_counted_after_a_fix(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = f"{START.replace('  # noqa', '')}{CALL}; {CALL}\n{CALL}  # noqa: CLR101\n"
    (project / "x.py").write_text(text)
    capfd.readouterr()
    assert main(["fix", "--unsafe-fixes", "--output-format", "json"]) == 1
    summary = json.loads(capfd.readouterr().out)["summary"]
    assert (summary["fixed"], summary["suppressed"]) == (3, 1)
    lines = (project / "x.py").read_text().splitlines()
    assert lines[-1] == f"{CALL}  # noqa: CLR101"
    assert CALL not in lines[-2]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="comments in f-strings came with Python 3.12")
def test_a_comment_in_an_f_string() -> None:
    assert suppressed(f'x = f"""{{\n    {CALL}  # noqa: CLR101\n}}"""\n') is False
    assert suppressed(f'x = f"""{{\n    {CALL}  # why\n}}"""  # noqa: CLR101\n')


def test_what_is_left_out_in_a_file_splits_its_group(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "x.py").write_text(f"{START.replace('  # noqa', '')}{CALL}\n")
    (project / "tests").mkdir()
    (project / "tests" / "y.py").write_text(f"from x import api\n\n{CALL}\n")
    (project / "callr-migrate.toml").write_text('[per-file-ignores]\n"tests/**" = ["CLR1"]\n')
    assert check(capfd) == ([("CLR601", 3), ("CLR101", 4)], 0)
    main(["fix", "--unsafe-fixes"])
    assert CALL in (project / "tests" / "y.py").read_text()
    assert "api_v2 = httpx.Client" in (project / "x.py").read_text()


def test_comments_of_files_around_the_code(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "requirements.txt").write_text("callr==2.1.0\nurl#callr-migrate: ignore\nhttpx\n")
    found, _ = check(capfd)
    assert [line for _, line in found] == [1]
    (project / "requirements.txt").write_text(
        "# it's old\ncallr==2.1.0  # callr-migrate: ignore[CLR7]\nhttpx # callr-migrate: ignore\n"
    )
    assert check(capfd) == ([("CLR001", 3)], 1)
    (project / "pyproject.toml").write_text(
        '[project]\ndescription = "x # callr-migrate: ignore"\ndependencies = [\n    "callr",  # noqa: CLR7\n]\n'
    )
    assert check(capfd) == ([("CLR001", 3)], 2)


PIECES = [
    *("# callr-migrate: ignore", "[CLR101", ",CLR3", "]", "# noqa", ": CLR1", "# callr-migrate: ignore-file"),
    *(
        "\n",
        "\r\n",
        "\r",
        "\f",
        "\\",
        "\\\n",
        "'",
        '"""',
        'f"',
        "{",
        "}",
        "(",
        ")",
        "x = 1",
        "é\u2028😀",
        " ",
        "\t",
        "$",
        "if x:",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
@settings(max_examples=300, deadline=None)
def test_any_text_at_all(text: str) -> None:
    source = SourceFile.from_bytes(Path("x.py"), text.encode())
    found = Suppressions(source)
    for comment in found.comments:
        start, end = comment.span
        assert text[start] == "#"
        assert source.position(start).line == source.position(end).line == comment.line
        for code in comment.codes or ():
            assert text[slice(*code.span)].upper() == code.text
    for finding in found.unused([]):
        assert 0 <= finding.start < finding.end <= len(text)
    # Every place can be asked about.
    for at in range(0, len(text), 7):
        found.of("CLR101", at, at + 1)
