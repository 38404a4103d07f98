"""Loading the rule pack for the commands that look into it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from callr_migrate.pack import RulePack

Command = TypeVar("Command", bound=Callable[..., Any])


def rules_option(command: Command) -> Command:
    """Add `--rules DIR`."""
    return click.option(
        "--rules", multiple=True, metavar="DIR", help="Lay a folder of rules over the shipped ones."
    )(command)


def project_pack(rules: Sequence[str]) -> RulePack:
    """Load the pack as it counts in the working directory: shipped, the config's folders, `rules`, what is verified.

    Raises `ConfigError` and `RuleError`.
    """
    from callr_migrate.cli.cache import CACHE_VARIABLE, NO_CACHE_VARIABLE, cache_folder
    from callr_migrate.config import load_settings
    from callr_migrate.pack import load_pack
    from callr_migrate.pack.verified import project_verified

    settings = load_settings(Path(), overrides={"rules": list(rules) or None})
    chosen = os.environ.get(CACHE_VARIABLE)
    cache = cache_folder(Path(chosen) if chosen else None, no_cache=bool(os.environ.get(NO_CACHE_VARIABLE)))
    return project_verified(load_pack(settings.rules, cache=cache), settings.root, [])
