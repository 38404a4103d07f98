"""What inherits from a class is found in a program where that is much."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest

from callr_migrate.config import load_settings
from callr_migrate.evaluate import literals
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
    return compared_in(folder, text + "base = Base()\nbase.api.call(base.name())\n", "sms.get")


def compared_in(folder: Path, text: str, method: str = "system.get_timestamp") -> int:
    folder.mkdir()
    folder.joinpath("main.py").write_text(text)
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
    assert method in "".join(str(finding.method) + finding.message for finding in outcome.report.findings)
    return calls


def test_each_class_is_compared_with_few_others(tmp_path: Path) -> None:
    assert compared(tmp_path / "many", 80) < 3 * compared(tmp_path / "few", 40)


def compared_in_line(folder: Path, count: int) -> int:
    """How often two classes are compared where each inherits from the one before."""
    text = BASE + "\n\nclass C0(Base):\n    pass\n"
    text += "".join(f"\n\nclass C{n}(C{n - 1}):\n    pass\n" for n in range(1, count))
    return compared_in(folder, text + f"\n\nlast = C{count - 1}()\nlast.api.call(last.name())\n")


def test_each_class_in_a_line_is_compared_with_few_others(tmp_path: Path) -> None:
    assert compared_in_line(tmp_path / "long", 80) < 3 * compared_in_line(tmp_path / "short", 40)


def read_to_set(folder: Path, count: int) -> int:
    """How many texts are read where so many attributes are set by name and looked up."""
    text = "import callr\n\n\nclass Settings:\n    pass\n\n\nsettings = Settings()\n"
    text += "".join(f"setattr(settings, 'a{n}', 'sms.get')\n" for n in range(count))
    text += "api = callr.Api('a', 'b')\n"
    text += "".join(f"api.call(settings.a{n}, 'X')\n" for n in range(count))
    folder.mkdir()
    folder.joinpath("main.py").write_text(text)
    folder.joinpath("callr-migrate.toml").touch()
    real = literals.text_value
    calls = 0

    def counted(node: cst.SimpleString | cst.ConcatenatedString) -> str | bytes | None:
        nonlocal calls
        calls += 1
        return real(node)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(literals, "text_value", counted)
        outcome = run(Request((folder,), load_settings(folder)))
    assert [finding.method for finding in outcome.report.findings].count("sms.get") >= count
    return calls


def test_what_is_set_by_name_is_found_by_it(tmp_path: Path) -> None:
    assert read_to_set(tmp_path / "many", 40) < 3 * read_to_set(tmp_path / "few", 20)
