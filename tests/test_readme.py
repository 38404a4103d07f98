"""What the README shows is what the tool says.

Where the tool says something else now: `UPDATE_README=1 python -m pytest tests/test_readme.py` writes it anew.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from support.checkout import ROOT

from callr_migrate.cli import main
from callr_migrate.config import Settings

README = (ROOT / "README.md").read_text("utf-8")


def block(marker: str) -> str:
    """The code block that follows a marker."""
    match = re.search(rf"^<!-- {marker} -->\n```\w*\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert match, f"no block marked {marker!r}"
    return match[1]


def expect(marker: str, text: str) -> None:
    """The block must have this text, or gets it."""
    if os.environ.get("UPDATE_README"):
        (ROOT / "README.md").write_text(
            (ROOT / "README.md").read_text("utf-8").replace(block(marker), text), "utf-8"
        )
    else:
        assert block(marker) == text, "see the top of this file"


@pytest.fixture
def examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    # The line length comes from there.
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_findings(examples: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "examples/"]) == 1
    found = {part.split(" ")[0]: part for part in capfd.readouterr().out.split("\n\n")}
    shown = block("output:check").rstrip("\n").split("\n\n")
    assert len(shown) >= 3
    expect("output:check", "\n\n".join(found[part.split(" ")[0]] for part in shown) + "\n")


def test_diff(examples: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "--unsafe-fixes", "--diff", "examples/"]) == 1
    file = (
        capfd.readouterr().out.partition("--- a/examples/acacias/delivery.py\n")[2].partition("\n--- a/")[0]
    )
    hunks = [hunk.rstrip("\n") + "\n" for hunk in re.split(r"^(?=@@ )", file, flags=re.MULTILINE)]
    expect("output:diff", next(hunk for hunk in hunks if "def look_up" in hunk))


def test_config(tmp_path: Path) -> None:
    from callr_migrate.config import load_settings
    from callr_migrate.pack import load_pack

    (toml,) = re.findall(r"^```toml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(toml)
    settings = load_settings(tmp_path)
    choices = load_pack().choices
    assert settings.auth == "keep"
    assert set(settings.choices) == set(choices)
    for name, choice in choices.items():
        assert settings.choices[name] in choice.answers
        for answer in choice.answers:
            assert f'"{answer}"' in toml


def test_every_option_and_setting_is_named() -> None:
    from callr_migrate.cli.check import command

    for option in command.params:
        for name in option.opts:
            assert not name.startswith("--") or name in README, name
    for name in set(Settings._fields) - {"root", "config", "origins"}:
        assert f"`{name.replace('_', '-')}`" in README, name


def test_every_command_is_named() -> None:
    from callr_migrate.cli import cli
    from callr_migrate.cli.rules import command as rules

    for name in (*cli.commands, *cli.modules, *(f"rules {name}" for name in rules.commands)):
        assert f"callr-migrate {name}" in README, name


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target
