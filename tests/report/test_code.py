"""Places before and after: whole lines, with all edits of them, and without credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.config import load_settings
from callr_migrate.findings import Edit, Finding, Fix
from callr_migrate.pipeline import Request, run
from callr_migrate.report.code import Code
from callr_migrate.source import SourceFile

PATH = Path("a.py")


def found(
    text: str, *edits: tuple[str, str], code: str = "CLR101", at: str | None = None, secrets: str = ""
) -> tuple[str, str | None]:
    """A finding at the text of the first edit (or `at`), with a fix of all: (what stands there, what comes)."""
    source = SourceFile.from_bytes(PATH, text.encode())

    def place(old: str) -> tuple[int, int]:
        start = source.text.index(old)
        return start, start + len(old)

    fix = Fix("", "g", tuple(Edit(PATH, *place(old), new) for old, new in edits)) if edits else None
    finding = Finding(
        code, "", PATH, *place(at or edits[0][0]), becomes="becomes" if edits else None, fix=fix
    )
    hidden = (place(secrets),) if secrets else ()
    return Code([finding], {PATH: hidden}).of(finding, source)


def test_whole_lines_with_all_edits() -> None:
    text = "def f():\n    x = old(a)['hash'] + 1  # why\n    return x\n"
    assert found(text, ("old(a)", "new(b)"), ("'hash'", "'sid'")) == (
        "x = old(a)['hash'] + 1  # why",
        "x = new(b)['sid'] + 1  # why",
    )


def test_without_a_fix() -> None:
    assert found("if a:\r\n\tx = old(\r\n\t\ta,\r\n\t)\r\ny = 1\r\n", at="old(\r\n\t\ta,\r\n\t)") == (
        "x = old(\n    a,\n)",
        None,
    )


def test_lines_that_come_keep_their_depth() -> None:
    text = "if a:\n    x = old(a)\n"
    assert found(text, ("old(a)", "new(\n        a,\n    )"))[1] == "x = new(\n    a,\n)"


def test_what_reaches_further_shows_the_place_alone() -> None:
    text = "x = old(a)\ny = other\n"
    assert found(text, ("old(a)\ny", "new()\nz"), at="old(a)") == ("old(a)", "becomes")
    assert found(text, ("other", "new"), at="old(a)") == ("old(a)", "becomes")


def test_lines_that_are_added_beside_belong_to_clients() -> None:
    text = "a = 1\nx = Api()\n"
    source = SourceFile.from_bytes(PATH, text.encode())
    end = len(text) - 1
    for code, expected in (("CLR601", "x = new()\ny = two()"), ("CLR101", "x = new()")):
        edits = (Edit(PATH, 10, 15, "new()"), Edit(PATH, end, end, "\ny = two()"))
        finding = Finding(code, "", PATH, 10, 15, becomes="b", fix=Fix("", "g", edits))
        assert Code([finding], {PATH: ()}).of(finding, source)[1] == expected


def test_credentials_are_stars_on_both_sides() -> None:
    before, after = found("x = old('secret', a)\n", ("old(", "new("), secrets="'secret'")
    assert (before, after) == ("x = old(********, a)", "x = new(********, a)")


@pytest.mark.parametrize("line", ["", "    ", "\t"])
def test_a_place_of_nothing(line: str) -> None:
    source = SourceFile.from_bytes(PATH, f"{line}\n".encode())
    finding = Finding("CLR901", "", PATH, len(line), len(line))
    assert Code([finding], {}).of(finding, source) == ("", None)


def test_what_is_shown_is_what_fix_writes(tmp_path: Path) -> None:
    """Of a real program: each place's new lines stand in the file that the fix makes."""
    (tmp_path / "a.py").write_text(
        "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n\n\ndef tell(sid):\n    try:\n"
        "        sms = api.call('sms.get', sid)\n    except callr.CallrException as error:\n        raise SystemExit from error\n"
        "    if sms['status'] == 'SENT':\n        print(sms['hash'], sms['text'])\n"
    )
    settings = load_settings(tmp_path)
    outcome = run(Request((tmp_path,), settings, unsafe=True, diff=True))
    (changed,) = (source.text for source in outcome.changed.values())
    findings = [finding for finding in outcome.report.findings if finding.fix is not None]
    code = Code(findings, {})
    assert len(findings) >= 5
    squeezed = "".join(changed.split())
    for finding in findings:
        before, after = code.of(finding, outcome.sources[finding.path])
        assert after is not None
        assert after != before
        assert "".join(after.split()) in squeezed, finding
