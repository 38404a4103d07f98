"""The frame around the commands: faults, interrupts, streams, colours, start-up."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from callr_migrate import __version__
from callr_migrate.cli import main
from callr_migrate.cli.progress import ProgressBar
from callr_migrate.config import ConfigError
from callr_migrate.pack import RuleError

PROJECT = Path(__file__).resolve().parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """The tool in a process of its own."""
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": search, **environment},
        check=False,
    )


def test_version_and_help(call) -> None:
    assert call("--version") == (0, f"callr-migrate {__version__}\n", "")
    for arguments in (["-h"], ["--help"], ["check", "-h"], ["fix", "-h"], ["rules", "-h"], ["explain", "-h"]):
        result = call(*arguments)
        assert result.code == 0
        assert result.out.startswith("Usage: callr-migrate")
    assert all(f"\n  {name} " in call("-h").out for name in ("check", "fix", "explain", "rules"))


def test_the_module_runs() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout.decode().strip()) == (0, f"callr-migrate {__version__}")


@pytest.mark.parametrize(
    "arguments", [["bogus"], ["check", "--bogus"], ["check", "--output-format", "xml"], ["rules", "show"]]
)
def test_misuse_exits_2(call, arguments: list[str]) -> None:
    result = call(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert "Error: " in result.err


@pytest.mark.parametrize("kind", [ConfigError, RuleError])
def test_mistakes_in_files_are_one_line_each(pipeline, call, kind: type[ConfigError]) -> None:
    pipeline.error = kind(["a.yaml:1: first", "b.yaml:2: second"])
    assert call("check") == (2, "", "error: a.yaml:1: first\nerror: b.yaml:2: second\n")


def test_a_mistake_in_the_config(pipeline, call, tmp_path: Path) -> None:
    (tmp_path / "callr-migrate.toml").write_text("selcet = []\n")
    assert call("check") == (
        2,
        "",
        "error: callr-migrate.toml: unknown key 'selcet' (did you mean 'select'?)\n",
    )


def test_a_fault_of_the_tool_shows_neither_traceback_nor_source(pipeline, call) -> None:
    pipeline.error = ValueError("password = 'hunter2'")
    result = call("check")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("error: internal fault (ValueError at conftest.py:")
    assert "please report it" in result.err
    assert "hunter2" not in result.err
    assert result.err.count("\n") == 1


def test_a_fault_of_the_tool_in_debugging(pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLR_MIGRATE_DEBUG", "1")
    pipeline.error = ValueError("boom")
    with pytest.raises(ValueError, match="boom"):
        main(["check"])


@pytest.mark.parametrize("error", [RecursionError("deep"), MemoryError()])
def test_exhaustion_is_a_fault_too(pipeline, call, error: Exception) -> None:
    pipeline.error = error
    assert call("check").code == 2


def test_an_interrupt_is_quiet(pipeline, call) -> None:
    pipeline.error = KeyboardInterrupt()
    result = call("check")
    assert (result.code, result.out, result.err.strip()) == (130, "", "")


@pytest.mark.parametrize("arguments", [["rules", "list"], ["rules", "validate"]])
def test_a_reader_that_leaves_early(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments],
        stdout=writing,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": search},
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk() -> None:
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "callr_migrate", "rules", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": search},
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: cannot write the output: no space left on device\n")
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes what is standard")
@pytest.mark.parametrize(
    ("closing", "expected"),
    [
        (">&-", (2, "error: cannot write the output: it is closed\n")),
        ("2>&- >/dev/null", (1, "")),
        ("<&- >/dev/null", (1, "")),
        ("2>&- >&-", (2, "")),
    ],
)
@pytest.mark.parametrize("words", ["check", "fix --diff --unsafe-fixes", "check --output-format json"])
def test_streams_that_are_closed(tmp_path: Path, closing: str, expected: tuple[int, str], words: str) -> None:
    (tmp_path / "a.py").write_text('import callr\n\ncallr.Api(LOGIN, PASSWORD).call("sms.get", "ABCDEF12")\n')
    search = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m callr_migrate {words} {closing}', sys.executable],
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": search},
        text=True,
        check=False,
    )
    told = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert (done.returncode, told) == (expected[0], expected[1].splitlines())


def test_an_output_that_lacks_the_characters(pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.find()
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", errors="strict"))
    assert main(["check"]) == 1
    assert b"a l?gacy call" in raw.getvalue()


def test_json_is_utf_8_on_any_output(pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline.find()
    raw = io.BytesIO()
    monkeypatch.setattr(
        sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", errors="strict", newline="\r\n")
    )
    assert main(["check", "--output-format", "json"]) == 1
    assert "a légacy call".encode() in raw.getvalue()
    assert b"\r" not in raw.getvalue()


@pytest.mark.parametrize(
    ("environment", "terminal", "linked"),
    [
        ({"TERM": "xterm-256color"}, True, False),
        ({"TERM": "xterm-kitty"}, True, True),
        ({"TERM": "xterm-kitty"}, False, False),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, True, False),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, True, False),
        ({"TERM_PROGRAM": "vscode"}, True, True),
        ({"TERM_PROGRAM": "Apple_Terminal"}, True, False),
        ({"WT_SESSION": "1"}, True, True),
        ({"VTE_VERSION": "7600"}, True, True),
        ({"VTE_VERSION": "4999"}, True, False),
        ({"VTE_VERSION": "x"}, True, False),
        ({"FORCE_HYPERLINK": "1"}, False, True),
    ],
)
def test_links(pipeline, monkeypatch, environment: dict[str, str], terminal: bool, linked: bool) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="utf-8")
    stream.isatty = lambda: terminal  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    pipeline.find()
    main(["check", "--output-format", "concise"])
    assert (b"\x1b]8;;file://" in raw.getvalue()) is linked


@pytest.mark.parametrize(
    ("arguments", "environment", "terminal", "colored"),
    [
        ([], {}, False, False),
        ([], {}, True, True),
        ([], {"TERM": "dumb"}, True, False),
        ([], {"NO_COLOR": "1"}, True, False),
        ([], {"NO_COLOR": ""}, True, True),
        ([], {"FORCE_COLOR": "1"}, False, True),
        ([], {"FORCE_COLOR": "0"}, False, False),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        (["--color", "always"], {"NO_COLOR": "1"}, False, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, True, False),
        (["--color", "auto"], {}, True, True),
    ],
)
def test_colours(
    pipeline, monkeypatch, arguments: list[str], environment: dict[str, str], terminal: bool, colored: bool
) -> None:
    class Stream(io.TextIOWrapper):
        def isatty(self) -> bool:
            return terminal

    pipeline.find()
    raw = io.BytesIO()
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Stream(raw, encoding="utf-8"))
    main(["check", *arguments])
    assert (b"\x1b[" in raw.getvalue()) is colored


def test_importing_the_command_line_is_cheap() -> None:
    code = (
        "import sys, callr_migrate.cli; "
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'libcst', 'yaml', 'rich', 'pathspec', 'tomli'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        check=True,
    )
    assert done.stdout.strip() == "[]"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_waits_and_goes_to_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("callr_migrate.cli.progress.time.monotonic", lambda: now[0])
    for stream, wanted, shown in (
        (Terminal(), True, True),
        (Terminal(), False, False),
        (io.StringIO(), True, False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        now[0] = 0.0
        with ProgressBar(wanted=wanted) as progress:
            progress(1, 10)
            assert progress.bar is None
            now[0] = 1.5
            progress(2, 10)
            assert (progress.bar is not None) is shown
            progress(10, 10)


def test_no_bar_for_work_that_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("callr_migrate.cli.progress.time.monotonic", lambda: now[0])
    monkeypatch.setattr(sys, "stderr", Terminal())
    with ProgressBar(wanted=True) as progress:
        now[0] = 5.0
        progress(10, 10)
        assert progress.bar is None


def test_modules_of_the_working_folder_are_not_run(tmp_path: Path) -> None:
    """`python -m` would take them for the libraries that are called so."""
    for name in ("click", "yaml", "libcst", "pathspec", "json", "textwrap", "difflib", "tomllib", "tomli"):
        (tmp_path / f"{name}.py").write_text(f"print('{name} was run')\nraise SystemExit(3)\n")
    (tmp_path / "old.py").write_text("import callr\n\ncallr.Api('a', 'b').call('system.get_timestamp')\n")
    done = subprocess.run(
        [sys.executable, "-m", "callr_migrate", "check", "--output-format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert json.loads(done.stdout)["summary"]["legacy_calls"] == 1
