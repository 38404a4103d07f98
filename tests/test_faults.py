"""A fault of the tool itself costs the place where it happens; all else is told, and the exit code is 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callr_migrate.cli import main

LEGACY = 'import callr\n\napi = callr.Api("somebody", "hunter2")\napi.call("sms.get", "X1")\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CALLR_MIGRATE_DEBUG", raising=False)
    for name in ("bad.py", "good.py"):
        Path(name).write_text(LEGACY)


def breaks(real: Callable[..., Any], place: int, name: str = "bad.py") -> Callable[..., Any]:
    """The same function, which fails if the argument at `place` belongs to a file of this name."""

    def broken(*arguments: Any) -> Any:
        where = getattr(arguments[place], "module", arguments[place])
        if where.path.name == name:
            raise KeyError("hunter2")
        return real(*arguments)

    return broken


def report(capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    code = main(["check", "--output-format", "json"])
    said = capsys.readouterr()
    assert code == 2
    assert "hunter2" not in said.out + said.err
    assert "Traceback" not in said.err
    return json.loads(said.out), said.err


@pytest.mark.parametrize("where", ["sdk.detect", "posts.detect"])
def test_one_file_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], where: str
) -> None:
    from callr_migrate import engine

    module, name = where.split(".")
    monkeypatch.setattr(f"callr_migrate.engine.{where}", breaks(getattr(getattr(engine, module), name), 1))
    found, said = report(capsys)
    assert [error["path"] for error in found["errors"]] == ["bad.py"]
    assert "internal fault (KeyError at test_faults.py:" in said
    calls = {f["path"] for f in found["findings"] if f["code"] == "CLR101"}
    assert calls == ({"good.py"} if where == "sdk.detect" else {"good.py", "bad.py"})


def test_one_call_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from callr_migrate import engine

    monkeypatch.setattr("callr_migrate.engine.judge", breaks(engine.judge, 2))
    found, _ = report(capsys)
    assert [error["path"] for error in found["errors"]] == ["bad.py"]
    assert [f["path"] for f in found["findings"] if f["code"] == "CLR101"] == ["good.py"]


def test_the_rewrite_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("callr_migrate.engine.Planner.run", fail)
    found, _ = report(capsys)
    assert len(found["errors"]) == 1
    calls = [f for f in found["findings"] if f["code"] == "CLR101"]
    assert {f["path"] for f in calls} == {"good.py", "bad.py"}
    assert all(f["fix"] is None and f["applicability"] == "manual" for f in calls)
    assert all("could not be planned" in f["reason"] for f in calls)
    assert main(["fix", "--unsafe-fixes"]) == 2
    assert Path("good.py").read_text() == LEGACY


def test_wrappers_fail(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("callr_migrate.engine.through_wrappers", fail)
    found, _ = report(capsys)
    assert len([f for f in found["findings"] if f["code"] == "CLR101"]) == 2


def test_who_looks_into_it_gets_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    from callr_migrate import engine

    monkeypatch.setenv("CALLR_MIGRATE_DEBUG", "1")
    monkeypatch.setattr("callr_migrate.engine.judge", breaks(engine.judge, 2))
    with pytest.raises(KeyError):
        main(["check"])
