"""`callr-migrate clean`: remove what is kept between runs."""

from __future__ import annotations

from pathlib import Path

import click

from callr_migrate.cli.cache import cache_dir_option, cache_folder
from callr_migrate.cli.console import CommandError, write_text


@click.command("clean", short_help="Remove what is kept between runs.")
@cache_dir_option
def command(cache_dir: Path | None) -> None:
    """Remove what is kept between runs; the folder itself stays if it holds anything else."""
    from callr_migrate.cache.stored import remove

    folder = cache_folder(cache_dir)
    assert folder is not None
    try:
        count = remove(folder)
    except OSError as error:
        raise CommandError(f"{folder}: cannot be removed: {(error.strerror or str(error)).lower()}") from None
    write_text(f"Removed {count} file{'' if count == 1 else 's'} from {folder}.\n")
