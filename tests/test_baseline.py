"""Baselines: what is known and what is new, what makes a file shrink, and files that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from callr_migrate.cli import main

START = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("system.get_timestamp")\n'
SMS = 'api.call("sms.get", key)\n'
FILE = "known.json"


class Result(NamedTuple):
    code: int
    report: dict[str, Any]
    err: str

    @property
    def new(self) -> list[tuple[str, int]]:
        return [(finding["path"], finding["start"]["line"]) for finding in self.report["findings"]]

    @property
    def baselined(self) -> int:
        return self.report["summary"]["baselined"]


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "x.py").write_text(f"{START}{CALL}{CALL}")
    (tmp_path / "y.py").write_text(f"{START}{SMS}")
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(command: str, *arguments: str) -> Result:
        capfd.readouterr()
        code = main([command, "--output-format", "json", *arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Result(code, json.loads(out) if out.startswith("{") else {}, err)

    return call


@pytest.fixture
def known(run: Run) -> Path:
    assert run("check", "--write-baseline", FILE).code == 0
    return Path(FILE)


def counts() -> dict[str, list[tuple[str, int]]]:
    files = json.loads(Path(FILE).read_text())["files"]
    return {path: [(item["code"], item.get("count", 1)) for item in items] for path, items in files.items()}


# -- what is written --------------------------------------------------------------------------------------------


def test_a_first_baseline_takes_all(run: Run) -> None:
    result = run("check", "--write-baseline", FILE)
    assert (result.code, result.new, result.baselined) == (0, [], 5)
    assert result.err == "note: known.json: 5 findings are known\n"
    assert counts() == {
        "app/x.py": [("CLR101", 2), ("CLR601", 1)],
        "y.py": [("CLR101", 1), ("CLR601", 1)],
    }
    item = json.loads(Path(FILE).read_text())["files"]["y.py"][0]
    assert item["method"] == "sms.get"
    assert set(item) == {"code", "method", "fingerprint"}


def test_paths_are_relative_to_the_file_and_hold_from_anywhere(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("check", "--write-baseline", "app/known.json", str(project))
    assert set(json.loads(Path("app/known.json").read_text())["files"]) == {"../y.py", "x.py"}
    monkeypatch.chdir(project / "app")
    result = run("check", "--baseline", "known.json", "..")
    assert (result.code, result.new, result.baselined) == (0, [], 5)


def test_no_secret_is_in_it_nor_in_its_hashes(project: Path, run: Run) -> None:
    texts = []
    for secret in ("hunter-two-22", "hunter-six-66"):
        (project / "y.py").write_text(f'import callr\n\ncallr.Api("me", "{secret}").call("sms.get", key)\n')
        Path(FILE).unlink(missing_ok=True)
        run("check", "--write-baseline", FILE)
        texts.append(Path(FILE).read_text())
        assert secret not in texts[-1]
    assert texts[0] == texts[1]


def test_a_file_that_cannot_be_written(run: Run, project: Path) -> None:
    result = run("check", "--write-baseline", "gone/known.json")
    assert (result.code, result.report["summary"]["errors"]) == (2, 1)
    assert result.err == "error: gone/known.json: cannot be written: no such file or directory\n"
    assert not list(project.glob("*.tmp"))


# -- what is known ----------------------------------------------------------------------------------------------


def test_only_new_findings_fail(run: Run, known: Path) -> None:
    result = run("check", "--baseline", FILE)
    assert (result.code, result.new, result.baselined, result.err) == (0, [], 5, "")
    with Path("y.py").open("a") as file:
        file.write('api.call("sms.get_list")\n')
    result = run("check", "--baseline", FILE)
    assert (result.code, result.new, result.baselined) == (1, [("y.py", 5)], 5)


def test_the_closing_line_tells(capfd: pytest.CaptureFixture[str], known: Path) -> None:
    capfd.readouterr()
    assert main(["check", "--baseline", FILE]) == 0
    assert capfd.readouterr().out == "Looked at 2 files: nothing to migrate, 5 more in the baseline.\n"


@pytest.mark.parametrize(
    "text",
    [
        f"# more\n\n\n{START}\nif x:\n    {SMS}",
        f'{START}api.call(\n    "sms.get",\n    key,\n)\n',
        f"{START}api.call('sms.get', key)\n",
        f"{START}{SMS}".replace("\n", "\r\n"),
    ],
)
def test_lines_and_layout_do_not_matter(run: Run, known: Path, text: str) -> None:
    Path("y.py").write_text(text, newline="")
    assert run("check", "--baseline", FILE).new == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{START}{SMS.replace('key', 'other')}", 4),
        (f"{START}{SMS.replace('sms.get', 'media.get')}", 4),
        (f"{START}{SMS}x = 1\n{SMS}", 6),
    ],
)
def test_contents_and_their_number_do(run: Run, known: Path, text: str, line: int) -> None:
    Path("y.py").write_text(text)
    assert run("check", "--baseline", FILE).new == [("y.py", line)]


def test_another_file_is_new(run: Run, known: Path) -> None:
    Path("z.py").write_text(Path("y.py").read_text())
    assert run("check", "--baseline", FILE).new == [("z.py", 3), ("z.py", 4)]


def test_a_fix_is_made_all_the_same(run: Run, known: Path) -> None:
    result = run("fix", "--unsafe-fixes", "--baseline", FILE)
    assert "import callr" not in Path("app/x.py").read_text()
    assert result.code == 0
    assert "note: known.json: 5 of its findings are no longer there" in result.err


def test_a_shown_fix_is_still_to_be_made(run: Run, known: Path) -> None:
    assert main(["fix", "--unsafe-fixes", "--diff", "--baseline", FILE]) == 1
    result = run("fix", "--diff", "--write-baseline", FILE)
    assert (result.code, "--diff writes nothing" in result.err) == (2, True)


# -- shrinking --------------------------------------------------------------------------------------------------


def test_what_is_gone_is_told_and_dropped_on_demand(run: Run, known: Path) -> None:
    Path("app/x.py").write_text(f"{START}{CALL}")
    before = known.read_bytes()
    result = run("check", "--baseline", FILE)
    assert result.err == (
        "note: known.json: 1 of its findings are no longer there; --write-baseline known.json drops them\n"
    )
    assert known.read_bytes() == before
    result = run("check", "--baseline", FILE, "--write-baseline", FILE)
    assert (result.code, result.err) == (0, "note: known.json: 4 findings are known, 1 dropped\n")
    assert counts()["app/x.py"] == [("CLR101", 1), ("CLR601", 1)]


def test_what_is_new_is_never_taken_in(run: Run, known: Path) -> None:
    Path("y.py").write_text(f"{START}{CALL}")
    result = run("check", "--write-baseline", FILE)
    assert (result.code, result.new) == (1, [("y.py", 4)])
    assert "1 new ones not taken in (remove the file first to start anew)" in result.err
    assert counts()["y.py"] == [("CLR601", 1)]
    assert run("check", "--baseline", FILE).new == [("y.py", 4)]


def test_what_is_not_looked_for_stays(run: Run, known: Path) -> None:
    for path in ("y.py", "app/x.py"):
        Path(path).write_text("x = 1\n")
    assert run("check", "--write-baseline", FILE, "y.py", "--select", "CLR6").code == 0
    assert counts() == {"app/x.py": [("CLR101", 2), ("CLR601", 1)], "y.py": [("CLR101", 1)]}


def test_what_cannot_be_analysed_stays(run: Run, known: Path) -> None:
    Path("y.py").write_text(f"{START}{SMS}(\n")
    Path("app/x.py").write_bytes(b"# callr \xff")
    assert run("check", "--write-baseline", FILE).code == 2
    assert set(counts()) == {"app/x.py", "y.py"}


def test_a_file_that_is_gone_is_dropped_whatever_is_looked_at(run: Run, known: Path) -> None:
    Path("y.py").unlink()
    run("check", "--write-baseline", FILE, "app")
    assert set(counts()) == {"app/x.py"}


# -- files that are none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "it is not JSON"),
        (b"\xff\xfe", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"[]", "it has no table 'files'"),
        (b'{"version": 1}', "it has no table 'files'"),
        (b'{"version": 9, "files": {}}', "its version is 9, and this program reads version 1"),
        (b'{"version": 1, "files": {"a.py": {}}}', "the entries of 'a.py' are no list of tables"),
        (b'{"version": 1, "files": {"a.py": [1]}}', "the entries of 'a.py' are no list of tables"),
        (
            b'{"version": 1, "files": {"a.py": [{"code": "CLR101"}]}}',
            "an entry of 'a.py' lacks code or fingerprint, or counts wrongly",
        ),
        (
            b'{"version": 1, "files": {"a.py": [{"code": "CLR101", "fingerprint": "0", "count": 0}]}}',
            "an entry of 'a.py' lacks code or fingerprint, or counts wrongly",
        ),
    ],
)
def test_a_file_that_is_none(run: Run, content: bytes, problem: str) -> None:
    Path(FILE).write_bytes(content)
    advice = "mend it, or remove it and write it anew with --write-baseline"
    for option in ("--baseline", "--write-baseline"):
        result = run("check", option, FILE)
        assert (result.code, result.err) == (2, f"error: known.json: is no baseline: {problem}; {advice}\n")
    assert Path(FILE).read_bytes() == content


def test_a_file_that_is_not_there(run: Run) -> None:
    result = run("fix", "--baseline", FILE)
    assert (result.code, result.err) == (
        2,
        "error: known.json: there is no such file; --write-baseline known.json makes it\n",
    )
    assert run("check", "--baseline", ".").err == "error: .: cannot be read: is a directory\n"


def test_two_files(run: Run, known: Path) -> None:
    result = run("check", "--baseline", FILE, "--write-baseline", "other.json")
    assert (result.code, result.err) == (2, "error: --baseline and --write-baseline name different files\n")
    assert run("check", "--baseline", FILE, "--write-baseline", f"app/../{FILE}").code == 0
