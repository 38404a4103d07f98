"""`grouped`, `markdown`, `jsonl`, and links in terminals."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from callr_migrate.findings import Applicability, Failure, Unseen
from callr_migrate.output import FORMATS, MACHINE_FORMATS, renderer
from callr_migrate.output.concise import render_concise
from callr_migrate.output.full import render_full
from callr_migrate.output.grouped import render_grouped
from callr_migrate.output.json_report import render_json, render_jsonl
from callr_migrate.output.markdown import render_markdown
from callr_migrate.output.text import shown_path

markdown_it = pytest.importorskip(
    "markdown_it", reason="markdown-it-py is not installed (it comes with rich)"
)

TEXT = "call(1)\n" * 12


@pytest.fixture
def several(outcome):
    outcome.add("b.py", TEXT, start=0, end=7, applicability=Applicability.SAFE, becomes="a(\n  b | c, '`'\n)")
    outcome.add(
        "b.py", TEXT, start=80, end=87, code="CLR104", message="no\n`<b>` | *method*", help="h", reason="r"
    )
    outcome.add("a b.py", TEXT, "call(1)")
    outcome.add("c.py", TEXT, "call(1)", applied=True, applicability=Applicability.SAFE)
    return outcome


def test_every_format_renders(several) -> None:
    for name in FORMATS:
        text = renderer(name)(several, color=name not in MACHINE_FORMATS, verbose=True, links=False)
        assert text.endswith("\n"), name
        assert ("\x1b" in text) is (name not in MACHINE_FORMATS), name


def test_grouped(several, shown) -> None:
    assert render_grouped(several) == (
        shown(
            """
        a b.py: 1 finding
          1:1 CLR101 [manual] a legacy call

        b.py: 2 findings
          1:1  CLR101 [safe] a legacy call
          11:1 CLR104 [manual] no `<b>` | *method*
        """
        )
        + "\n"
    )


def test_grouped_and_nothing(outcome) -> None:
    assert render_grouped(outcome) == ""


def test_jsonl_has_what_json_has(several) -> None:
    several.report.unseen.append(Unseen(Path("x.py"), 3, "no idea"))
    several.report.errors.append(Failure(None, "n\nm"))
    document = json.loads(render_json(several))
    lines = [json.loads(line) for line in render_jsonl(several).splitlines()]
    kinds = [line.pop("kind") for line in lines]
    assert kinds == ["finding"] * 4 + ["unseen", "error", "summary"]
    assert lines[:4] == document.pop("findings")
    assert lines[4:6] == document.pop("unseen") + document.pop("errors")
    assert lines[6] == document


# -- Markdown ---------------------------------------------------------------------------------------------------


def cells(text: str) -> list[list[str]]:
    """The rows of all tables, each cell as it is read."""
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    rows: list[list[str]] = []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if before.type in ("td_open", "th_open"):
            rows[-1].append("".join(read(child) for child in token.children))
    return rows


def read(token) -> str:
    return f"code({token.content})" if token.type == "code_inline" else token.content


def test_markdown(several) -> None:
    several.report.files = 4
    several.report.unseen.append(Unseen(Path("u_v_w.py"), 3, "no *idea*"))
    several.report.errors.append(Failure(Path("e.py"), "cannot <b>be read</b>"))
    text = render_markdown(several)
    assert text.startswith(
        "# callr-migrate\n\nLooked at 4 files: 3 findings (1 safe, 0 unsafe, 2 manual), 1 would be fixed.\n"
    )
    head = ["Place", "Code", "Fix", "What is found", "What to do"]
    assert cells(text) == [
        head,
        ["1:1", "CLR101", "manual", "a legacy call", ""],
        head,
        ["1:1", "CLR101", "safe", "a legacy call", "code(a( b | c, '`' ))"],
        ["11:1", "CLR104", "manual", "no `<b>` | *method*", "r<br>h"],
    ]
    html = markdown_it.MarkdownIt("commonmark").render(text)
    assert "<li>u_v_w.py:3 no *idea*</li>" in html
    assert "<li>e.py: cannot &lt;b&gt;be read&lt;/b&gt;</li>" in html
    assert "<h2>a b.py</h2>" in html


def test_markdown_after_a_fix(several) -> None:
    several.written = dict(several.sources)
    assert ", 1 fixed.\n" in render_markdown(several)


def test_markdown_of_nothing(outcome) -> None:
    outcome.report.files, outcome.report.suppressed = 1, 2
    assert (
        render_markdown(outcome) == "# callr-migrate\n\nLooked at 1 file: nothing to migrate, 2 suppressed.\n"
    )


# -- links ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("render", [render_full, render_concise, render_grouped])
def test_links_lead_to_the_line_and_change_nothing_that_is_seen(
    several, tmp_path, monkeypatch, render
) -> None:
    monkeypatch.chdir(tmp_path)
    address = f"{(tmp_path / 'b.py').as_uri()}#11"
    linked = render(several, links=True)
    assert f"\x1b]8;;{address}\x1b\\" in linked
    pieces = linked.split("\x1b]8;;")
    seen = pieces[0] + "".join(piece.split("\x1b\\", 1)[1] for piece in pieces[1:])
    assert seen == render(several)
    # Each link is closed.
    assert [piece.startswith("\x1b\\") for piece in pieces[1:]] == [False, True] * (len(pieces) // 2)


def test_paths_follow_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "one" / "a.py"
    (tmp_path / "one").mkdir()
    shown = []
    for folder in (tmp_path, tmp_path / "one", tmp_path):
        monkeypatch.chdir(folder)
        shown.append(shown_path(file))
    assert shown == ["one/a.py", "a.py", "one/a.py"]
