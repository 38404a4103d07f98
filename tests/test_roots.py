"""Several paths that share no project: each is looked at in its own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from callr_migrate import discovery
from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.settings_tree import SettingsTree

CLIENT = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
USE = "from client import api\n\nnow = 1\napi.call('system.get_timestamp')\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three folders side by side; the working directory is none of them."""
    for name in ("a", "b", "other", "here"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "client.py").write_text(CLIENT)
        (tmp_path / name / "use.py").write_text(USE)
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The names of the folders that are listed, apart from those of the rules."""
    seen: set[str] = set()
    scandir = os.scandir

    def listed(path: Path) -> object:
        if tmp_path in Path(path).resolve().parents:
            seen.add(Path(path).resolve().name)
        return scandir(path)

    monkeypatch.setattr(discovery.os, "scandir", listed)
    return seen


def checked(
    capfd: pytest.CaptureFixture[str], *paths: Path, options: tuple[str, ...] = ()
) -> list[tuple[str, str]]:
    capfd.readouterr()
    code = main(["check", "--output-format", "json", *options, *map(str, paths)])
    out, err = capfd.readouterr()
    assert (code, err) == (1, "")
    return [(finding["path"], finding["code"]) for finding in json.loads(out)["findings"]]


def test_what_lies_beside_them_is_not_walked(
    tmp_path: Path, walked: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    found = checked(capfd, tmp_path / "a", tmp_path / "b")
    assert walked == {"a", "b"}
    assert [path for path, code in found if code == "CLR101"] == ["../a/use.py", "../b/use.py"]


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "callr-migrate.toml"])
def test_files_are_seen_in_their_own_projects(
    tmp_path: Path, walked: set[str], capfd: pytest.CaptureFixture[str], marker: str
) -> None:
    for name in ("a", "b"):
        (tmp_path / name / marker).touch()
        (tmp_path / name / "deep").mkdir()
        (tmp_path / name / "deep" / "use.py").write_text(USE)
    (tmp_path / "b" / "client.py").write_text("api = object()\n")
    found = checked(
        capfd, tmp_path / "a" / "deep" / "use.py", tmp_path / "a" / "use.py", tmp_path / "b" / "use.py"
    )
    # The client of one is not that of the other.
    assert found == [("../a/deep/use.py", "CLR101"), ("../a/use.py", "CLR101")]
    assert walked == {"a", "b", "deep"}


def test_settings_are_those_of_each(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a" / "callr-migrate.toml").write_text('extend-exclude = ["/use.py"]\n')
    (tmp_path / "b" / "pyproject.toml").write_text("[tool.ruff]\nline-length = 150\n")
    found = checked(capfd, tmp_path / "a", tmp_path / "b")
    assert [path for path, code in found if code == "CLR101"] == ["../b/use.py"]
    tree = SettingsTree(load_settings(tmp_path), paths=(tmp_path / "a", tmp_path / "b"))
    assert tree.of(tmp_path / "b" / "use.py").line_length == 150
    assert tree.root_of(tmp_path / "a" / "deep" / "x.py") == tmp_path / "a"


def test_a_named_config_holds_for_all_and_moves_no_root(
    tmp_path: Path, walked: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here" / "own.toml").write_text('ignore = ["CLR6"]\n')
    found = checked(capfd, tmp_path / "a", tmp_path / "b", options=("--config", "own.toml"))
    assert found == [("../a/use.py", "CLR101"), ("../b/use.py", "CLR101")]
    assert walked == {"a", "b"}


def test_one_that_is_misconfigured_stops_only_itself(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a" / "callr-migrate.toml").write_text("no-such-key = 1\n")
    assert main(["check", "--output-format", "concise", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    out, err = capfd.readouterr()
    assert "no-such-key" in err
    assert "b/use.py" in out
    assert "a/use.py" not in out


def test_fix_writes_in_each(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "requirements.txt").write_text("callr==2.1.0\n")
    main(["fix", "--unsafe-fixes", str(tmp_path / "a"), str(tmp_path / "b")])
    for name in ("a", "b"):
        assert "httpx" in (tmp_path / name / "client.py").read_text()
        assert "callr" not in (tmp_path / name / "requirements.txt").read_text()
    assert "httpx" not in (tmp_path / "other" / "client.py").read_text()


def test_the_digest_names_all_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        for path in (tmp_path / name).iterdir():
            path.write_text("pass\n")
    digests = []
    for name in ("a", "b"):
        (tmp_path / name / "use.py").write_text("x = 1\n")
        assert main(["check", "--attest", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
        digests.append(capfd.readouterr().out)
    assert digests[0] != digests[1]


def test_a_shared_project_stays_one(
    tmp_path: Path, walked: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "a" / "client.py").unlink()
    (tmp_path / "a" / "use.py").write_text(USE.replace("from client", "from other.client"))
    found = checked(capfd, tmp_path / "a", tmp_path / "b")
    assert [path for path, code in found if code == "CLR101"] == ["../a/use.py", "../b/use.py"]
    assert "other" in walked


def test_a_working_directory_above_them_stays_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, walked: set[str], capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    checked(capfd, Path("a"), Path("b"))
    assert "other" in walked
