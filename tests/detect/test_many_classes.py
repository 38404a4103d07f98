"""What inherits from a class is found in a program where that is much."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.config import load_settings
from callr_migrate.evaluate.values import ClassValue
from callr_migrate.pipeline import Request, run

BASE = """import callr


class Base:
    def __init__(self):
        self.api = callr.Api("a", "b")

    def stamp(self):
        return self.name()

    def name(self):
        return "system.get_timestamp"
"""


def compared(folder: Path, count: int) -> int:
    """How often two classes are compared where so many inherit from one."""
    text = BASE + "".join(f"\n\nclass C{n}(Base):\n    pass\n" for n in range(count))
    text += "\n\nclass Last(Base):\n    def name(self):\n        return 'sms.get'\n\n\n"
    folder.mkdir()
    folder.joinpath("main.py").write_text(text + "base = Base()\nbase.api.call(base.name())\n")
    folder.joinpath("callr-migrate.toml").touch()
    real = ClassValue.__eq__
    calls = 0

    def counted(self: ClassValue, other: object) -> bool:
        nonlocal calls
        calls += 1
        return real(self, other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClassValue, "__eq__", counted)
        outcome = run(Request((folder,), load_settings(folder)))
    assert outcome.report.errors == []
    assert {"CLR105", "CLR101"} & {finding.code for finding in outcome.report.findings}
    assert "sms.get" in "".join(finding.message for finding in outcome.report.findings)
    return calls


def test_each_class_is_compared_with_few_others(tmp_path: Path) -> None:
    assert compared(tmp_path / "many", 80) < 3 * compared(tmp_path / "few", 40)
