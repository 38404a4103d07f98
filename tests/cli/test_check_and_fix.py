"""`check` and `fix`: exit codes, what goes to which stream, and what the pipeline is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callr_migrate.findings import Applicability

SAFE, UNSAFE, MANUAL = Applicability


# -- exit codes -------------------------------------------------------------------------------------------------


def test_check_exits_0_when_nothing_is_found(pipeline, call) -> None:
    pipeline.outcome.report.files = 2
    assert call("check") == (0, "Looked at 2 files: nothing to migrate.\n", "")


def test_check_exits_1_with_findings(pipeline, call) -> None:
    pipeline.find()
    assert call("check").code == 1
    assert call("check", "--exit-zero").code == 0


def test_errors_exit_2_whatever_else(pipeline, call) -> None:
    pipeline.find()
    pipeline.fail()
    for arguments in (["check"], ["check", "--exit-zero"], ["fix"], ["fix", "--diff", "--exit-zero"]):
        result = call(*arguments)
        assert result.code == 2
        assert result.err.endswith("error: z.py: cannot be read\n")


def test_unseen_alone_exits_0_but_is_told(pipeline, call) -> None:
    pipeline.miss()
    for arguments in (["check"], ["check", "--quiet"], ["fix"], ["check", "--output-format", "concise"]):
        result = call(*arguments)
        assert result.code == 0
        assert result.out.endswith("Could not see 1 place:\n  x.py:3 no idea\n")


@pytest.mark.parametrize(
    ("applied", "changed", "arguments", "code"),
    [
        ([], False, ["fix"], 0),
        ([True], True, ["fix"], 0),
        ([True, False], True, ["fix"], 1),
        ([True, False], True, ["fix", "--exit-zero"], 0),
        ([], False, ["fix", "--diff"], 0),
        ([True], True, ["fix", "--diff"], 1),
        ([False], False, ["fix", "--diff"], 1),
    ],
)
def test_fix_exits(
    pipeline, call, applied: list[bool], changed: bool, arguments: list[str], code: int
) -> None:
    for is_applied in applied:
        pipeline.find(SAFE, applied=is_applied)
    if changed:
        pipeline.change()
    assert call(*arguments).code == code


# -- what is asked for ------------------------------------------------------------------------------------------


def test_defaults_of_the_request(pipeline, call) -> None:
    call("check")
    request = pipeline.request
    assert request.paths == (Path(),)
    assert (request.write, request.unsafe, request.diff) == (False, False, False)
    assert request.settings.select == ()


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["fix"], (True, False, False)),
        (["fix", "--unsafe-fixes"], (True, True, False)),
        (["fix", "--diff"], (False, False, True)),
        (["fix", "--diff", "--unsafe-fixes"], (False, True, True)),
    ],
)
def test_fix_writes_unless_it_shows(
    pipeline, call, arguments: list[str], asked: tuple[bool, bool, bool]
) -> None:
    call(*arguments)
    assert (pipeline.request.write, pipeline.request.unsafe, pipeline.request.diff) == asked


def test_options_reach_the_settings(pipeline, call, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[choices]\n"a.b" = "c"\n')
    result = call(
        *("check", "a", "b/c.py", "--select", "CLR1,CLR201", "--select", "CLR3", "--ignore", "CLR105"),
        *("--exclude", "x,y", "--extend-exclude", "z", "--rules", "r1", "--rules", "r2", "--target", "t"),
        *("--target-version", "py312", "--line-length", "99", "--config", "own.toml"),
    )
    assert (result.code, result.err) == (0, "")
    settings = pipeline.request.settings
    assert pipeline.request.paths == (Path("a"), Path("b/c.py"))
    assert settings.select == ("CLR1", "CLR201", "CLR3")
    assert (settings.ignore, settings.exclude, settings.extend_exclude) == (("CLR105",), ("x", "y"), ("z",))
    assert settings.rules == (tmp_path / "r1", tmp_path / "r2")
    assert (settings.target, settings.target_version, settings.line_length) == ("t", (3, 12), 99)
    assert settings.choices == {"a.b": "c"}


def test_the_config_is_that_of_the_paths(pipeline, call, tmp_path: Path) -> None:
    (tmp_path / "p" / "q").mkdir(parents=True)
    (tmp_path / "p" / "callr-migrate.toml").write_text('target = "inner"\n')
    call("check", "p/q", "p/r.py")
    assert pipeline.request.settings.target == "inner"
    call("check", "p/q", "z")
    assert pipeline.request.settings.target is None


# -- what is printed --------------------------------------------------------------------------------------------


def test_full_is_the_default(pipeline, call) -> None:
    pipeline.find(SAFE)
    out = call("check").out
    assert "x.py:1:1: CLR101 a légacy call\n  |\n1 | call('é')\n  | ^^^^^^^^^\n" in out
    assert "`callr-migrate fix` does 1 of them." in out


def test_quiet_leaves_the_counts_out(pipeline, call) -> None:
    pipeline.find()
    assert (
        call("check", "-q", "--output-format", "concise").out == "x.py:1:1: CLR101 [manual] a légacy call\n"
    )
    assert call("fix", "-q", "--output-format", "concise").out == "x.py:1:1: CLR101 [manual] a légacy call\n"


def test_verbose_says_which_settings_hold(pipeline, call, tmp_path: Path) -> None:
    assert (
        call("check", "-v").err
        == f"settings: defaults; root: {tmp_path}; target: default; Python 3.10; 88 columns\n"
    )


@pytest.mark.parametrize("command", ["check", "fix"])
def test_json_stands_alone_on_standard_output(pipeline, call, command: str) -> None:
    pipeline.find()
    pipeline.miss()
    pipeline.fail()
    result = call(command, "--output-format", "json")
    document = json.loads(result.out)
    assert document["summary"]["findings"] == 1
    assert document["errors"] == [{"path": "z.py", "message": "cannot be read"}]
    assert result.err.endswith("error: z.py: cannot be read\n")


def test_statistics_take_the_place_of_the_list(pipeline, call) -> None:
    pipeline.find(SAFE)
    out = call("check", "--statistics").out
    assert out.startswith("findings   safe unsafe manual  by code\n       1      1      0      0  CLR101\n")
    assert "légacy" not in out
    assert "Looked at" in out


def test_a_report_in_a_file(pipeline, call, tmp_path: Path) -> None:
    pipeline.find()
    result = call("check", "--output-format", "json", "--output-file", "r.json", "--color", "always")
    assert json.loads((tmp_path / "r.json").read_bytes())["summary"]["findings"] == 1
    assert result.out.startswith("Looked at")
    call("check", "--output-file", "r.txt", "--color", "always")
    assert "légacy" in (tmp_path / "r.txt").read_text(encoding="utf-8")
    assert "\x1b" not in (tmp_path / "r.txt").read_text(encoding="utf-8")


def test_a_long_report_is_written_in_blocks(pipeline, call, monkeypatch, tmp_path: Path) -> None:
    for _ in range(5):
        pipeline.find()
    call("check", "--output-file", "r.txt")
    written: list[str] = []
    monkeypatch.setattr("callr_migrate.cli.analysis._BLOCK", 150)
    monkeypatch.setattr("callr_migrate.cli.analysis.write_text", written.append)
    call("check")
    assert len(written) > 2
    assert "".join(written) == (tmp_path / "r.txt").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written(pipeline, call) -> None:
    result = call("check", "--output-file", "no/such/folder.txt")
    assert result == (2, "", "error: no/such/folder.txt: cannot be written: no such file or directory\n")


def test_fix_closes_with_what_is_left(pipeline, call) -> None:
    pipeline.find(SAFE, applied=True)
    pipeline.find(UNSAFE)
    pipeline.find(MANUAL)
    result = call("fix", "--output-format", "concise")
    assert result.out.splitlines()[-1] == "1 fixed, 1 more with --unsafe-fixes, 1 needs a person."
    # What is done needs nobody's attention any more.
    assert len(result.out.splitlines()) == 3


def test_fix_in_json_closes_on_standard_error(pipeline, call) -> None:
    pipeline.find(SAFE, applied=True)
    result = call("fix", "--output-format", "json")
    assert json.loads(result.out)["findings"][0]["applied"] is True
    assert result.err == "1 fixed.\n"


def test_a_diff_stands_alone_on_standard_output(pipeline, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from callr_migrate.cli import main

    pipeline.find(SAFE, applied=True)
    pipeline.change(b"# coding: latin-1\r\nx = '\xe9'", b"# coding: latin-1\r\ny = '\xe9'")
    pipeline.miss()
    capfdbinary.readouterr()
    assert main(["fix", "--diff"]) == 1
    out, err = capfdbinary.readouterr()
    assert out == (
        b"--- a/y.py\n+++ b/y.py\n@@ -1,2 +1,2 @@\n # coding: latin-1\r\n"
        b"-x = '\xe9'\n\\ No newline at end of file\n+y = '\xe9'\n\\ No newline at end of file\n"
    )
    assert err == b"Would fix 1.\nCould not see 1 place:\n  x.py:3 no idea\n"


def test_a_diff_and_the_report_in_a_file(pipeline, call, tmp_path: Path) -> None:
    pipeline.find(SAFE)
    pipeline.change()
    result = call("fix", "--diff", "--output-format", "json", "--output-file", "r.json")
    assert result.out.startswith("--- a/y.py")
    assert json.loads((tmp_path / "r.json").read_text())["summary"]["findings"] == 1


def test_options_that_exclude_each_other(pipeline, call) -> None:
    result = call("check", "--statistics", "--output-format", "json")
    assert result.code == 2
    assert "--statistics is for people" in result.err
    assert call("check", "-q", "-v").code == 2
    assert pipeline.request is None
