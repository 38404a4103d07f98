"""`config`: what holds for a file, and where each value stands."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from callr_migrate.config import DEFAULT_EXCLUDE, load_settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture(autouse=True)
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "app").mkdir()
    return tmp_path


def origins(out: str) -> dict[str, tuple[object, str]]:
    return {key: (entry["value"], entry["origin"]) for key, entry in json.loads(out)["settings"].items()}


def test_defaults(call) -> None:
    result = call("config", "--output-format", "json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert (found["path"], found["root"], found["config"]) == (".", ".", None)
    assert {origin for _, origin in origins(result.out).values()} == {"default"}
    assert origins(result.out)["target"][0] == "httpx"
    assert origins(result.out)["exclude"][0] == list(DEFAULT_EXCLUDE)
    assert origins(result.out)["auth"][0] is None


def test_each_value_with_its_origin(call) -> None:
    Path("pyproject.toml").write_text(
        '[project]\nrequires-python = ">=3.11"\n[tool.black]\nline-length = 77\n[tool.callr-migrate]\nauth = "keep"\n'
    )
    Path("base.toml").write_text('target = "requests"\nextend-exclude = ["gen"]\nselect = ["CLR1"]\n')
    Path("app/callr-migrate.toml").write_text(
        'extend = "../base.toml"\nselect = ["CLR2"]\nextend-exclude = ["old"]\n'
    )
    result = call("config", "app/x.py", "--output-format", "json")
    found = origins(result.out)
    assert json.loads(result.out)["config"] == "app/callr-migrate.toml"
    assert json.loads(result.out)["root"] == "app"
    assert found["target"] == ("requests", "base.toml")
    assert found["select"] == (["CLR2"], "app/callr-migrate.toml")
    assert found["extend-exclude"] == (["gen", "old"], "base.toml, app/callr-migrate.toml")
    assert found["line-length"] == (77, "pyproject.toml (black)")
    assert found["target-version"] == ("3.11", "pyproject.toml (the Python that the project requires)")
    assert found["auth"] == (None, "default")
    assert origins(call("config", "--output-format", "json").out)["auth"] == ("keep", "pyproject.toml")


def test_what_is_printed_says_the_same_as_a_file(call, project: Path) -> None:
    text = (
        'target = "requests"\nignore = ["CLR1"]\nrules = ["a \\"b\\""]\n'
        '[per-file-ignores]\n"t/**" = ["CLR2"]\n[choices]\n"a.b" = "é😀"\n'
    )
    Path("callr-migrate.toml").write_text(text, encoding="utf-8")
    out = call("config").out
    assert "# for .; globs are relative to .\n" in out
    assert 'target = "requests"  # callr-migrate.toml\n' in out
    assert "# auth is not settled\n" in out
    before = load_settings(project)
    Path("callr-migrate.toml").write_text(out, encoding="utf-8")
    after = load_settings(project)
    assert after == before._replace(select=("ALL",), origins=after.origins)
    assert tomllib.loads(out)["per-file-ignores"] == {"t/**": ["CLR2"]}


def test_another_file_and_its_mistakes(call) -> None:
    Path("other.toml").write_text("line-lenght = 3\n")
    assert call("config", "--config", "other.toml") == (
        2,
        "",
        "error: other.toml: unknown key 'line-lenght' (did you mean 'line-length'?)\n",
    )
