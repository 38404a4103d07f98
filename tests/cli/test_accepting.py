"""`accept-dropped`: names are held against the rules, and what is accepted is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.cli import main

PROGRAM = """import os

import callr

api = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])
api.call("sms.send", "", "+33199001020", "Hi", {"nature": "ALERTING", "user_data": "42"})
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "main.py").write_text(PROGRAM)
    return tmp_path


def test_a_name_that_no_rule_knows(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "callr-migrate.toml").write_text('accept-dropped = ["user_date"]\n')
    assert main(["check", "--no-cache", "."]) == 2
    assert (
        capsys.readouterr()
        .err.strip()
        .endswith("accept-dropped: no option 'user_date' is ever dropped (did you mean 'user_data'?)")
    )


def test_how_to_accept_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "callr-migrate.toml").write_text("")
    assert main(["check", "--no-cache", "."]) == 1
    assert (
        '`accept-dropped = ["user_data"]` in the config has calls rewritten without it.'
        in capsys.readouterr().out
    )


def test_settings_tell_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "callr-migrate.toml").write_text('accept-dropped = ["user_data"]\n')
    assert main(["config", "."]) == 0
    assert 'accept-dropped = ["user_data"]  # callr-migrate.toml' in capsys.readouterr().out
