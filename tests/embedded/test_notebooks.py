"""Notebooks: checked and fixed by cell; magics and all else in the file stay byte for byte."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.embedded import EmbeddedSource, load
from callr_migrate.findings import Edit
from callr_migrate.notebook import masked, parses
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.source import SourceError

CLIENT = "import callr\napi = callr.Api(LOGIN, PASSWORD)"
CALL = 'api.call("system.get_timestamp")'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def document(*cells: str, as_text: bool = False) -> dict[str, Any]:
    made = []
    for cell in cells:
        kind, source = ("markdown", cell[3:]) if cell.startswith("md:") else ("code", cell)
        entry: dict[str, Any] = {"cell_type": kind, "id": "x", "metadata": {"tags": ["é"]}}
        entry["source"] = source if as_text else source.splitlines(keepends=True)
        if kind == "code":
            entry |= {"outputs": [{"data": {"text/plain": ["'callr'\n"]}}], "execution_count": 3}
        made.append(entry)
    return {
        "cells": made,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def put(
    *cells: str,
    name: str = "a.ipynb",
    indent: int | None = 1,
    ascii_only: bool = False,
    as_text: bool = False,
) -> Path:
    path = Path(name)
    path.write_text(
        json.dumps(document(*cells, as_text=as_text), indent=indent, ensure_ascii=ascii_only) + "\n",
        encoding="utf-8",
    )
    return path


def go(*, write: bool = True, docs: bool = False) -> Outcome:
    return run(Request((Path(),), load_settings(Path()), write=write, unsafe=True, docs=docs))


def sources(path: Path) -> list[str]:
    return [
        cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        for cell in json.loads(path.read_text("utf-8"))["cells"]
    ]


STYLES = [
    {},
    {"indent": 4},
    {"indent": None},
    {"ascii_only": True},
    {"as_text": True},
    {"as_text": True, "indent": None},
]


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_cells_are_one_module(style: dict[str, Any]) -> None:
    path = put(
        "md:# callr é",
        "%matplotlib inline\nimport os\n" + CLIENT,
        "# é\n" + CALL + "\n",
        "!ls api\n?api",
        **style,
    )
    before = path.read_text("utf-8")
    outcome = go()
    assert outcome.report.errors == []
    first, second, third, last = sources(path)
    assert (first, last) == ("# callr é", "!ls api\n?api")
    assert second.startswith("%matplotlib inline\nimport os\nimport httpx\napi = httpx.Client(")
    assert third == '# é\napi.get("/ping").raise_for_status()\n'
    # All else is as it was: with the cells' texts put back it is the same file.
    expected = document("md:# callr é", second, third, last, as_text=style.get("as_text", False))
    again = (
        json.dumps(expected, indent=style.get("indent", 1), ensure_ascii=style.get("ascii_only", False))
        + "\n"
    )
    assert path.read_text("utf-8") == again
    assert before != again
    assert (go().written, go().report.findings) == ({}, [])


def test_newlines_and_mark_of_the_file_are_kept() -> None:
    text = json.dumps(document(CLIENT, CALL), indent=1).replace("\n", "\r\n")
    Path("a.ipynb").write_bytes(b"\xef\xbb\xbf" + text.encode())
    go()
    raw = Path("a.ipynb").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf{\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert b"httpx.Client" in raw


def test_findings_carry_cell_and_line(capsys: pytest.CaptureFixture[str]) -> None:
    path = put("md:# x", CLIENT, "\n\nif x:\n    " + CALL)
    main(["check", ".", "--output-format", "json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [(finding["code"], finding["cell"]) for finding in findings] == [
        ("CLR601", {"number": 2, "line": 2}),
        ("CLR101", {"number": 3, "line": 4}),
    ]
    lines = path.read_text("utf-8").split("\n")
    for finding, text in zip(findings, ("callr.Api", "api.call"), strict=True):
        assert lines[finding["start"]["line"] - 1][finding["start"]["column"] - 1 :].startswith(text)
    main(["check", ".", "--output-format", "concise"])
    assert ": cell 3, line 4: CLR101" in capsys.readouterr().out
    main(["check", "."])
    assert re.search(r"^4 \|     api\.call", capsys.readouterr().out, re.MULTILINE)


def test_other_files_have_no_cell(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.py").write_text(f"{CLIENT}\n{CALL}\n")
    main(["check", ".", "--output-format", "json"])
    assert {finding["cell"] for finding in json.loads(capsys.readouterr().out)["findings"]} == {None}


def apply(edits: list[dict[str, Any]], raw: bytes) -> bytes:
    unique = {(edit["start_byte"], edit["end_byte"], edit["text"]): edit for edit in edits}
    for edit in sorted(
        unique.values(), key=lambda edit: (edit["start_byte"], edit["end_byte"]), reverse=True
    ):
        raw = raw[: edit["start_byte"]] + edit["text"].encode() + raw[edit["end_byte"] :]
    return raw


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_edits_of_the_report_give_what_fix_writes(
    style: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(CLIENT, "é = '\U0001f600\"'\n" + CALL, "x = 1\n", **style)
    main(["check", ".", "--output-format", "json"])
    report = json.loads(capsys.readouterr().out)
    edits = [edit for finding in report["findings"] for edit in finding["fix"]["edits"]]
    expected = apply(edits, path.read_bytes())
    go()
    assert path.read_bytes() == expected


def test_a_notebook_and_a_module_are_one_group() -> None:
    Path("phone.py").write_text(f"{CLIENT}\n")
    put("from phone import api\n", CALL)
    outcome = go()
    assert {str(path) for path in outcome.written} == {"a.ipynb", "phone.py"}
    assert 'api.get("/ping")' in sources(Path("a.ipynb"))[1]


def test_what_a_notebook_installs() -> None:
    Path("requirements.txt").write_text("callr\n")
    path = put("!pip install -q callr==2.1.0 x", "# pip install callr\n%pip install 'callr>=2'", CLIENT, CALL)
    outcome = go()
    assert outcome.report.errors == []
    assert sources(path)[:2] == [
        "!pip install -q httpx==0.28.1 x",
        "# pip install callr\n%pip install 'httpx>=0.27'",
    ]
    assert Path("requirements.txt").read_text() == "httpx\n"


LEFT = {
    "a magic": (f"%time {CALL}", "has it in a magic (cell 2)"),
    "a magic that gives a value": (f"x = %time {CALL}", "has it in a magic (cell 2)"),
    "a cell of a file": (f"%%writefile x.py\n{CALL}", "has it in the cell magic %%writefile (cell 2)"),
    "a cell that does not parse": (f"{CALL}\nif x:\n", "has code that does not parse (cell 2)"),
}


@pytest.mark.parametrize(("cell", "why"), LEFT.values(), ids=LEFT)
def test_a_call_that_cannot_be_analysed_leaves_the_notebook_as_it_is(cell: str, why: str) -> None:
    path = put(CLIENT, cell, CALL)
    before = path.read_bytes()
    outcome = go()
    assert path.read_bytes() == before
    found = [finding for finding in outcome.report.findings if finding.code == "CLR101"]
    assert [finding.fix for finding in found] == [None, None]
    assert sum(why in (finding.reason or "") for finding in found) == 1


def test_what_to_do_first_about_a_broken_cell() -> None:
    put("x = 1", "print 1\nimport callr\n", "print 2\n")
    (finding,) = go().report.findings
    assert (finding.code, finding.message) == (
        "CLR901",
        "cell 2 does not parse as Python 3, and holds legacy code",
    )
    assert "Port it to Python 3" in (finding.help or "")


def test_the_library_stays_for_code_that_is_not_analysed() -> None:
    Path("requirements.txt").write_text("callr\n")
    Path("a.py").write_text(f"{CLIENT}\n{CALL}\n")
    put("import callr\nif x:\n")
    go()
    assert Path("requirements.txt").read_text() == "callr\nhttpx\n"


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%timeit -n 3"])
def test_cells_that_are_python_all_the_same(magic: str) -> None:
    path = put(CLIENT, f"{magic}\n{CALL}")
    go()
    assert sources(path)[1] == f'{magic}\napi.get("/ping").raise_for_status()'


def test_nothing_comes_before_a_cell_magic() -> None:
    path = put(f"%%time\n{CLIENT}\n{CALL}")
    go()
    text = sources(path)[0]
    assert text.startswith("%%time\nimport httpx\n")


def test_a_broken_cell_without_legacy_code_is_of_no_matter() -> None:
    path = put("if x:\n", CLIENT, CALL)
    go()
    assert sources(path)[0] == "if x:\n"
    assert "api.get" in sources(path)[2]


def test_suppressions_count_by_cell() -> None:
    put(CLIENT, f"{CALL}  # callr-migrate: ignore")
    assert [finding.code for finding in go(write=False).report.findings] == ["CLR601"]


def test_messages_name_the_lines_of_the_cells() -> None:
    put(CLIENT, "\n" + CALL, '\n\napi.call("sms.get_count_for_body", b)')
    (client,) = (finding for finding in go(write=False).report.findings if finding.code == "CLR601")
    assert client.reason == "the legacy client stays: line 3 of cell 3 is not rewritten"


def test_what_is_not_seen_is_told_by_the_line_of_the_file() -> None:
    path = put("import callr\n", "\nthing.api.call('sms.get', x)")
    (unseen,) = go(write=False).report.unseen
    assert "thing.api" in path.read_text().split("\n")[unseen.line - 1]


def test_old_notebooks() -> None:
    cells = [{"cell_type": "code", "input": [CLIENT + "\n", CALL], "language": "python", "outputs": []}]
    path = Path("old.ipynb")
    path.write_text(json.dumps({"metadata": {}, "nbformat": 3, "worksheets": [{"cells": cells}]}))
    go()
    assert "httpx.Client" in path.read_text()


@pytest.mark.parametrize("language", ["R", "julia", "bash"])
def test_notebooks_in_other_languages(language: str) -> None:
    data = document(CLIENT, CALL)
    data["metadata"] = {"kernelspec": {"language": language}}
    Path("a.ipynb").write_text(json.dumps(data))
    assert go().report.findings == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"cells": 1}',
        '{"cells": [1, {}]}',
        '{"cells": [{"cell_type": "code", "source": 3}]}',
    ],
)
def test_no_notebooks(text: str) -> None:
    Path("a.ipynb").write_text(text)
    assert go().report.errors == []
    Path("a.ipynb").write_text(text + " callr")
    errors = go().report.errors
    assert [str(error.path) for error in errors] == ["a.ipynb"]
    assert "is no notebook" in errors[0].message


def test_values_of_credentials_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    put("import callr\napi = callr.Api('hunter2', 'hunter2')", CALL)
    # Also where they are found in the text of a cell only.
    put(
        "import callr",
        "print 1\napi = callr.Api('hunter2', 'hunter2'); api.call('sms.get', h)",
        name="b.ipynb",
    )
    for form in ("full", "concise", "json", "sarif", "markdown"):
        main(["check", ".", "--output-format", form])
        assert "hunter2" not in capsys.readouterr().out


# -- magics -----------------------------------------------------------------------------------------------------

MASKED = [
    ("%matplotlib inline", "#matplotlib inline"),
    ("!ls", "#ls"),
    ("!", "#"),
    ("?x", "#x"),
    ("x.y?", "#.y?"),
    ("np.*load*??", "#p.*load*??"),
    ("if x:\n    !ls", "if x:\n    0#s"),
    ("if x:\n    %time f()", "if x:\n    0#ime f()"),
    ("x = !ls", "x = 0#s"),
    ("a, b = %time f()", "a, b = 0#ime f()"),
    ("!pip install (\nx = 1", "#pip install (\nx = 1"),
    ("!echo it's\nx = 1", "#echo it's\nx = 1"),
    ("%%bash\nls\n\n  x", "#%bash\n#s\n\n  #"),
    ("\n%%time\nx", "\n#%time\nx"),
    ("def f(:\n    x", "#ef f(:\n    #"),
]
AS_THEY_ARE = [
    "x = (1\n % b)",
    "x = a \\\n  % b",
    "'''\n%x\n!y\n?'''",
    "x %= 3\nassert x != 3\nf'{x!r}'",
    "await x",
    "# really?\nx = '?'",
    "",
    "\n",
]


@pytest.mark.parametrize(("cell", "expected"), MASKED)
def test_magics_are_masked(cell: str, expected: str) -> None:
    assert masked(cell).text == expected


@pytest.mark.parametrize("cell", AS_THEY_ARE)
def test_python_is_not_masked(cell: str) -> None:
    assert masked(cell).text == cell


PIECES = [
    "%",
    "!",
    "?",
    "x",
    " = ",
    "\n",
    "    ",
    "if x:",
    "(",
    ")",
    "'",
    "'''",
    "\\",
    "#",
    "%%bash",
    "é",
    "\r\n",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_what_is_masked_parses(cell: str) -> None:
    mask = masked(cell)
    assert len(mask.text) == len(cell)
    assert parses(mask.text) or "\r" in cell
    for index, (shown, own) in enumerate(zip(mask.text, cell, strict=True)):
        assert shown == own or any(low <= index < high for low, high in mask.changed)


# -- edits ------------------------------------------------------------------------------------------------------

texts = st.lists(st.sampled_from(["a", "b = 1", "\n", "é", '"', "\\", "\U0001f600", "\t"]), max_size=8).map(
    "".join
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(texts, min_size=1, max_size=3),
    st.sampled_from([{}, {"indent": None}, {"ascii_only": True}, {"as_text": True}]),
    st.data(),
)
def test_any_edit_of_a_cell(cells: list[str], style: dict[str, Any], data: st.DataObject) -> None:
    text = json.dumps(
        document(*cells, as_text=style.get("as_text", False)),
        indent=style.get("indent", 1),
        ensure_ascii=style.get("ascii_only", False),
    )
    source = load(Path("a.ipynb"), text.encode())
    assert isinstance(source, EmbeddedSource)
    assume(source.pieces)
    index = data.draw(st.integers(0, len(source.pieces) - 1))
    length = len(source.pieces[index].text)
    low = data.draw(st.integers(0, length))
    high = data.draw(st.integers(low, length))
    new = data.draw(texts)
    offset = source.starts[index]
    edit = Edit(source.path, offset + low, offset + high, new)
    if any(start < high and low < end for start, end in source.masks[index].changed):
        with pytest.raises(SourceError, match="a magic in cell"):
            source.replaced([edit])
        return
    changed = source.replaced([edit])
    assert isinstance(changed, EmbeddedSource)
    own = source.pieces[index].text
    wanted = own[:low] + new + own[high:]
    result = [piece.text for piece in changed.pieces]
    others = [piece.text for piece in source.pieces]
    others[index] = wanted
    # An empty line at the very end needs no string of its own.
    assert result == others
    before, after = json.loads(text), json.loads(changed.whole.text)
    for cell in (*before["cells"], *after["cells"]):
        lines = cell.pop("source")
        if isinstance(lines, list) and len(lines) > 1:
            # One text a line, as every tool writes it.
            assert lines == re.findall(r"[^\n]*\n|[^\n]+", "".join(lines))
    assert before == after


LINES = [
    # what is replaced, by what, the lines after it
    ((6, 12), "", ["a = 1\n"]),
    ((12, 12), "c\n", ["a = 1\n", "b = 2\n", "c\n"]),
    ((12, 12), "c\nd", ["a = 1\n", "b = 2\n", "c\n", "d"]),
    ((6, 6), "c\n", ["a = 1\n", "c\n", "b = 2\n"]),
    ((0, 6), "", ["b = 2\n"]),
    ((4, 5), "f(\n1)", ["a = f(\n", "1)\n", "b = 2\n"]),
    ((10, 12), "3\n4\n", ["a = 1\n", "b = 3\n", "4\n"]),
]


@pytest.mark.parametrize(("span", "new", "lines"), LINES, ids=str)
def test_a_list_of_lines_stays_one(span: tuple[int, int], new: str, lines: list[str]) -> None:
    source = load(Path("a.ipynb"), json.dumps(document("a = 1\nb = 2\n", "x"), indent=1).encode())
    changed = source.replaced([Edit(source.path, *span, new)])
    assert changed.raw == json.dumps(document("".join(lines), "x"), indent=1).encode()
    assert json.loads(changed.raw)["cells"][0]["source"] == lines


def test_an_edit_of_two_cells_is_refused() -> None:
    source = load(Path("a.ipynb"), json.dumps(document("a = 1", "b = 2")).encode())
    with pytest.raises(SourceError, match="over the end of cell 1"):
        source.replaced([Edit(source.path, 1, source.text.index("b") + 1, "")])


def test_an_edit_of_a_magic_is_refused() -> None:
    source = load(Path("a.ipynb"), json.dumps(document("%%time\na = 1")).encode())
    for edit in (Edit(source.path, 0, 0, "x\n"), Edit(source.path, 0, 2, "x")):
        with pytest.raises(SourceError, match="a magic in cell 1"):
            source.replaced([edit])
