"""Tests that change files faster than people do: no margin for the clock, but a wait for its next tick."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from callr_migrate.cache import stamps


def trust_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let stamps count as soon as the clock of the file system has moved on (`tick`)."""
    monkeypatch.setattr(stamps, "MARGIN", 0)


def tick(folder: Path) -> None:
    """Wait until what is changed from now on gets a later time than all that was changed before."""
    probe = folder / ".probe-of-the-clock"
    probe.write_bytes(b"")
    before = probe.stat().st_ctime_ns
    for _ in range(1000):
        probe.write_bytes(b"x")
        if probe.stat().st_ctime_ns > before:
            break
        time.sleep(0.001)
    else:
        raise AssertionError("the clock of the file system stands still")
    probe.unlink()
