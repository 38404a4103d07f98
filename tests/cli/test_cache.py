"""`--cache-dir`, `--no-cache`, their variables, and `clean`."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.cli import main


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("app.py").write_text("import callr\n")


def kept(folder: str = "cache") -> list[str]:
    path = Path(folder)
    return sorted(file.name.partition("-")[0] for file in path.iterdir()) if path.exists() else []


def test_a_folder_is_asked_for() -> None:
    assert main(["check", "--cache-dir", "cache", "app.py"]) == 0
    assert kept() == ["parts", "rules"]


def test_no_cache_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["check", "--cache-dir", "cache", "--no-cache", "app.py"]) == 0
    monkeypatch.setenv("CALLR_MIGRATE_NO_CACHE", "1")
    monkeypatch.setenv("CALLR_MIGRATE_CACHE_DIR", "cache")
    assert main(["check", "app.py"]) == 0
    assert main(["rules", "show", "sms.get"]) == 0
    assert kept() == []


@pytest.mark.parametrize(
    ("command", "names"),
    [(["check", "app.py"], ["parts", "rules"]), (["rules", "show", "sms.get"], ["rules"])],
)
def test_the_variable_names_the_folder(
    monkeypatch: pytest.MonkeyPatch, command: list[str], names: list[str]
) -> None:
    monkeypatch.setenv("CALLR_MIGRATE_CACHE_DIR", "elsewhere")
    assert main(command) == 0
    assert kept("elsewhere") == names


def test_clean(capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", "--cache-dir", "cache", "app.py"])
    capsys.readouterr()
    assert main(["clean", "--cache-dir", "cache"]) == 0
    assert capsys.readouterr().out == "Removed 2 files from cache.\n"
    assert not Path("cache").exists()
    assert main(["clean", "--cache-dir", "cache"]) == 0
    assert capsys.readouterr().out == "Removed 0 files from cache.\n"


def test_a_cache_that_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    Path("cache").write_text("")
    assert main(["check", "--cache-dir", "cache", "app.py"]) == 2
    assert "cache" in capsys.readouterr().err
