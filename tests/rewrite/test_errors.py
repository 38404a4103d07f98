"""Rewritten handlers, run: when the API refuses, when it cannot be reached. None crashes, none prints a phone number."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import FIXTURES, TARGETS, Fixture, migrate, read, write

PROGRAM = Path(__file__).resolve().parents[1] / "support" / "run_program.py"
NUMBER = "199001020"
# The API takes any number but this one.
REFUSED = ('TO = "+33199001020"', 'TO = "bad+33199001020"')
HANDLERS = ("errors_told", "errors_told_half")


def ran(folder: Path, *, down: bool) -> tuple[object, str]:
    """How a program ended, and all that it wrote."""
    record = folder / "record.json"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(record), str(folder), "main.py"],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1", "STUB_DOWN": "1" if down else "0"},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(record.read_text("utf-8"))["exit"], done.stdout + done.stderr


@pytest.fixture(params=[(name, target) for name in HANDLERS for target in TARGETS], ids="-".join)
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A fixture whose requests are refused, as it was and as it becomes."""
    name, target = request.param
    before = {
        file: data.decode().replace(*REFUSED).encode()
        for file, data in Fixture(FIXTURES / name).before.items()
    }
    old, new = write(tmp_path / "old", before), write(tmp_path / "new", before)
    migrate(new, target)
    assert read(new) != read(old)
    return old, new


@pytest.mark.parametrize("down", [False, True], ids=["refused", "down"])
def test_a_handler_neither_crashes_nor_tells_the_number(programs: tuple[Path, Path], down: bool) -> None:
    old, new = programs
    assert ran(old, down=down)[0] == 0
    code, written = ran(new, down=down)
    assert code == 0, written
    assert NUMBER not in written


@pytest.mark.parametrize("down", [False, True], ids=["refused", "down"])
def test_a_handler_tells_an_outage_from_a_refusal(programs: tuple[Path, Path], down: bool) -> None:
    old, new = programs
    told = [
        [line for line in ran(folder, down=down)[1].splitlines() if line in ("down", "refused")]
        for folder in (old, new)
    ]
    assert told[0] == told[1]
