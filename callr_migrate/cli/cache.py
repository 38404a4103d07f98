"""Where what is worth keeping between runs is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

CACHE_VARIABLE = "CALLR_MIGRATE_CACHE_DIR"
NO_CACHE_VARIABLE = "CALLR_MIGRATE_NO_CACHE"

cache_dir_option = click.option(
    "--cache-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    envvar=CACHE_VARIABLE,
    help="Keep the compiled rules and the results of earlier runs there, in place of the user's cache folder.",
)
no_cache_option = click.option(
    "--no-cache", is_flag=True, envvar=NO_CACHE_VARIABLE, help="Read and write no cache."
)


def cache_folder(cache_dir: Path | None, *, no_cache: bool = False) -> Path | None:
    """The folder that was asked for, else the platform's own; None: keep nothing."""
    if no_cache:
        return None
    if cache_dir is not None:
        return cache_dir
    import platformdirs

    return platformdirs.user_cache_path("callr-migrate", appauthor=False)
