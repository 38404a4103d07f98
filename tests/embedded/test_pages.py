"""Code blocks of Markdown and reStructuredText: checked with `--docs`, never changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.embedded import EmbeddedSource, load
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.source import SourceError

CLIENT = "import callr\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("system.get_timestamp")\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def go(*, docs: bool = True, write: bool = True) -> Outcome:
    return run(Request((Path(),), load_settings(Path()), write=write, unsafe=True, docs=docs))


def blocks(name: str, text: str) -> list[str]:
    source = load(Path(name), text.encode())
    assert isinstance(source, EmbeddedSource)
    for start, piece in zip(source.starts, source.pieces, strict=True):
        for index, char in enumerate(piece.text):
            assert text[piece.starts[index]] == char
            assert source.on_disk(start + index) == source.whole.position(piece.starts[index])
    return [piece.text for piece in source.pieces]


MARKDOWN = {
    "a block": ("# x\n```python\na = 1\n\nb = 2\n```\n", ["a = 1\n\nb = 2\n"]),
    "other words for it": (
        "```py\na\n```\n~~~ Python3 title=x\nb\n~~~\n```{.python}\nc\n```\n",
        ["a\n", "b\n", "c\n"],
    ),
    "other languages": ("```\na\n```\n```bash\nb\n```\n    c\n```pytb\nd\n```\n", []),
    "in a list": ("1. x\n\n   ```python\n   if a:\n       b\n   ```\n", ["if a:\n    b\n"]),
    "in a quote": ("> ```python\n> if a:\n>     b\n>\n> c\n> ```\n", ["if a:\n    b\n\nc\n"]),
    "a session": ("```pycon\n>>> a\n1\n>>> if b:\n...     c\n```\n", ["a\nif b:\n    c\n"]),
    "without an end": ("```python\na\n", ["a\n"]),
    "newlines of Windows": ("```python\r\na\r\nb\r\n```\r\n", ["a\r\nb\r\n"]),
    "empty": ("```python\n```\n", []),
}
RESTRUCTURED = {
    "a block": (
        ".. code-block:: python\n\n   a = 1\n\n   if b:\n       c\n\nText.\n",
        ["a = 1\n\nif b:\n    c\n"],
    ),
    "options": (".. code:: python3\n   :linenos:\n   :name: x\n\n   a\n", ["a\n"]),
    "nested": ("* x\n\n  .. sourcecode:: py\n\n     a\n\n  y\n", ["a\n"]),
    "other languages": (".. code-block:: bash\n\n   a\n\n.. code-block::\n\n   b\n\n::\n\n   c\n", []),
    "a session": ("Text\n\n>>> a\n1\n>>> if b:\n...     c\n\n>>> d\n", ["a\nif b:\n    c\n", "d\n"]),
    "at the end": (".. code:: python\n\n   a", ["a"]),
}


@pytest.mark.parametrize(("text", "expected"), MARKDOWN.values(), ids=MARKDOWN)
def test_markdown(text: str, expected: list[str]) -> None:
    assert blocks("a.md", text) == expected


@pytest.mark.parametrize(("text", "expected"), RESTRUCTURED.values(), ids=RESTRUCTURED)
def test_restructured_text(text: str, expected: list[str]) -> None:
    assert blocks("a.rst", text) == expected


@pytest.mark.parametrize("name", ["README.md", "docs/use.rst"])
def test_findings_stand_at_their_lines(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name.endswith(".md"):
        text = f"# x\n\n```python\n{CLIENT}```\n\nThen:\n\n- ```python\n  {CALL}  ```\n"
    else:
        text = (
            ".. code:: python\n\n   import callr\n   api = callr.Api(LOGIN, PASSWORD)\n\nThen:\n\n>>> " + CALL
        )
    path = Path(name)
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    assert main(["check", ".", "--docs", "--output-format", "json"]) == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["code"] for finding in findings] == ["CLR601", "CLR101"]
    for finding, word in zip(findings, ("callr.Api", "api.call"), strict=True):
        start = finding["start"]
        assert text.split("\n")[start["line"] - 1][start["column"] - 1 :].startswith(word)
        assert (finding["cell"], finding["fix"]) == (None, None)
    assert go().written == {}
    assert path.read_text() == text


def test_only_on_request() -> None:
    Path("README.md").write_text(f"```python\n{CLIENT}{CALL}```\n")
    assert go(docs=False).report.findings == []
    assert go(docs=False).report.files == 0
    assert go().report.files == 1


def test_a_page_named_as_a_path_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    Path("README.md").write_text(f"```python\n{CLIENT}{CALL}```\n")
    assert main(["check", "README.md", "--output-format", "concise"]) == 1
    assert "README.md:4:1: CLR101" in capsys.readouterr().out


def test_code_changes_beside_its_page() -> None:
    Path("a.py").write_text(CLIENT + CALL)
    Path("requirements.txt").write_text("callr\n")
    Path("README.md").write_text(f"```python\n{CLIENT}{CALL}```\n")
    go()
    assert "httpx" in Path("a.py").read_text()
    # A page needs no library.
    assert Path("requirements.txt").read_text() == "httpx\n"
    assert "callr" in Path("README.md").read_text()


def test_a_block_that_does_not_parse_is_searched() -> None:
    Path("README.md").write_text(
        '```python\napi.call("sms.get", ...\nimport callr\n```\n\n```python\nx = 1\n```\n'
    )
    (finding,) = go().report.findings
    assert (finding.code, finding.method) == ("CLR101", "sms.get")
    assert "does not parse" in (finding.reason or "")


def test_words_about_it_are_no_findings() -> None:
    Path("README.md").write_text(
        "We use callr.\n\n```sh\npip install callr\n```\n\n    import callr\n\n```python\nx = 1\n```\n"
    )
    outcome = go()
    assert (outcome.report.findings, outcome.report.unseen) == ([], [])


def test_comments_about_comments_are_no_findings() -> None:
    Path("README.md").write_text(
        "```python\nx = 1  # callr-migrate: ignore[CLR101]\ny = 'callr'  # noqa: CLR101\n```\n"
    )
    assert go().report.findings == []


def test_pages_are_never_written() -> None:
    source = load(Path("a.md"), b"```python\na\n```\n")
    with pytest.raises(SourceError):
        source.replaced([])
