"""docs/fleet.md is true: its lists can be read, all keys are named, and its commands have the options they show."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from support.checkout import ROOT

from callr_migrate.cli import cli
from callr_migrate.fleet.listing import Listed, read_listing

DOCUMENT = (ROOT / "docs/fleet.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n# (\S+?),?(?: [^\n]*)?\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)


def test_the_list_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "repos.yaml"
    path.write_text(dict(BLOCKS)["repos.yaml"], "utf-8")
    found = read_listing(path)
    assert [one.name for one in found] == ["acme/reminders", "tools/sms", "billing"]
    assert [one.options.command for one in found] == ["pr"] * 3
    assert found[1].options.draft
    assert not found[0].options.draft
    assert found[2].options.timeout == 1200


def test_every_key_is_named() -> None:
    rows = re.findall(r"^\| (`.*?) \| ", DOCUMENT, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(entry.name for entry in fields(Listed) if entry.name != "location")


@pytest.mark.parametrize("line", re.findall(r"callr-migrate (?:fix|check|fleet) (?:--[^\n\"`]*)", DOCUMENT))
def test_options_that_there_are(line: str) -> None:
    words = shlex.split(line)
    command = cli.get_command(None, words[1])  # type: ignore[arg-type]
    assert command is not None
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_batch_spec_is_whole() -> None:
    spec = yaml.safe_load(dict(BLOCKS)["callr.batch.yaml"])
    # YAML 1.1 reads `on` as true.
    assert set(spec) == {"version", "name", "description", True, "steps", "changesetTemplate"}
    assert set(spec["changesetTemplate"]) == {"title", "body", "branch", "commit", "published"}
    assert "--exit-zero" in spec["steps"][0]["run"]
