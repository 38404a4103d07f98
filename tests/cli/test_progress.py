"""Long work tells its steps, counts and the time that is left; in CI it says nothing, and its end fits a screen."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from callr_migrate.cli.progress import ProgressBar
from callr_migrate.config import load_settings
from callr_migrate.findings import Report, Unseen
from callr_migrate.output.summary import unseen_lines
from callr_migrate.pipeline import Request, run


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("callr_migrate.cli.progress.time.monotonic", made)
    return made


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Standard error from now on; pytest puts its own there when a test begins."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("CI", raising=False)
    return made


def written(terminal: Terminal) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())


def test_each_step_with_its_counts(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with ProgressBar(wanted=True) as progress:
        progress(10, 200, "Reading")
        assert progress.bar is None
        clock.now = 2.0
        progress(20, 200, "Reading")
        assert progress.bar is not None
        progress.bar.refresh()
        progress(200, 200, "Reading")
        progress(3, 17, "Parsing")
        progress.bar.refresh()
        (task,) = progress.bar.tasks
        assert (task.description, task.completed, task.total) == ("Parsing", 3, 17)
        progress(0, 0, "Planning")
        progress.bar.refresh()
        # How long it takes cannot be told.
        (task,) = progress.bar.tasks
        assert (task.description, task.total) == ("Planning", None)
    text = written(terminal)
    assert re.search(r"Reading .* 20/200 ", text)
    assert re.search(r"Parsing .* 3/17 ", text)
    assert "Planning" in text
    assert "-:--:--" in text


@pytest.mark.parametrize(
    ("name", "value", "quiet"),
    [
        ("CI", "true", True),
        ("CI", "1", True),
        ("CI", "false", False),
        ("CI", "", False),
        ("TERM", "dumb", True),
    ],
)
def test_quiet_in_ci_even_on_a_terminal(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, name: str, value: str, quiet: bool
) -> None:
    terminal = terminal_of(monkeypatch)
    monkeypatch.setenv(name, value)
    with ProgressBar(wanted=True) as progress:
        clock.now = 2.0
        progress(1, 10)
    assert (terminal.getvalue() == "") is quiet


def test_the_pipeline_tells_its_steps(tmp_path: Path) -> None:
    for number in range(4):
        client = (
            "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n" if not number else "from m0 import api\n"
        )
        (tmp_path / f"m{number}.py").write_text(f"{client}api.call('sms.get', sid)\n")
    told: list[tuple[str, int, int]] = []

    def note(done: int, total: int, what: str = "") -> None:
        told.append((what, done, total))

    run(Request((tmp_path,), load_settings(tmp_path), on_progress=note))
    steps = list(dict.fromkeys(what for what, _, _ in told))
    assert steps == ["Reading", "Parsing", "Searching", "Judging calls", "Planning"]
    for step in steps[:-1]:
        counts = [(done, total) for what, done, total in told if what == step]
        # Files are read in bunches.
        assert len(counts) >= (1 if step == "Reading" else 4), step
        assert all(done <= total == 4 for done, total in counts), step
        assert counts == sorted(counts), step


def test_the_end_fits_a_screen() -> None:
    places = [Unseen(Path(f"{number:03}.py"), 1, "who knows") for number in range(300)]
    lines = unseen_lines(Report(unseen=places))
    assert len(lines) < 20
    assert lines[0] == "Could not see 300 places:"
    assert lines[1] == "  000.py:1 who knows"
    assert lines[-1] == "  and 288 more; --verbose or --output-format json lists all"
    assert len(unseen_lines(Report(unseen=places), every=True)) == 301
    # Nothing is hidden for one line.
    assert len(unseen_lines(Report(unseen=places[:13]))) == 14
