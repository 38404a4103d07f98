"""`callr-migrate fleet`: the same work over many repositories."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callr_migrate.cli.console import CommandError, print_error, write_text
from callr_migrate.cli.progress import ProgressBar

if TYPE_CHECKING:
    from callr_migrate.fleet.running import Ran


@click.command("fleet", short_help="Check, fix or propose over many repositories.")
@click.argument("repos", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="REPOS.yaml")
@click.option(
    "--command",
    "what",
    type=click.Choice(["check", "fix", "pr"]),
    help="What to do in each, in place of what the file says.",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    metavar="N",
    help="Repositories at a time; by default one a processor.",
)
@click.option(
    "--timeout",
    type=click.IntRange(1),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="For a repository that the file gives no time of its own.",
)
@click.option(
    "--work",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the state, clones and patches are kept; by default REPOS.fleet beside the file.",
)
@click.option("--executor", metavar="dask://HOST:PORT", help="Let a Dask cluster do it.")
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes",
    default=None,
    help="With the fixes that are to be looked at, or without.",
)
@click.option("--fresh", is_flag=True, help="Do what is done already, too.")
@click.option("--dry-run", is_flag=True, help="Change nothing: fix only looks, pr only shows.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell.",
)
@click.option("--quiet", "-q", is_flag=True, help="Failures only.")
@click.option("--no-progress", is_flag=True, help="No progress bar.")
def command(
    repos: Path,
    what: str | None,
    jobs: int | None,
    timeout: int,
    work: Path | None,
    executor: str | None,
    unsafe_fixes: bool | None,
    fresh: bool,
    dry_run: bool,
    output_format: str,
    quiet: bool,
    no_progress: bool,
) -> int:
    """Check, fix or propose over the repositories that REPOS.yaml lists: addresses to clone, or folders.

    What is done is kept, so that the next run does what is left. One that fails stops no other.

    Exit codes: 0 nothing found or left, 1 findings, 2 a repository failed.
    """
    from callr_migrate.executors import ExecutorError, available
    from callr_migrate.fleet.listing import Options, read_listing
    from callr_migrate.fleet.running import Fleet, run_fleet
    from callr_migrate.fleet.summary import as_json, as_text

    folder = work or repos.with_name(f"{repos.stem}.fleet")
    repositories = read_listing(repos, Options(what, unsafe=unsafe_fixes))  # type: ignore[arg-type]
    fleet = Fleet(repositories, folder, jobs or available(), timeout, executor, fresh, dry_run)
    try:
        with ProgressBar(wanted=not (no_progress or quiet), what="Repositories") as progress:
            ran = run_fleet(fleet, progress)
    except ExecutorError as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {(error.strerror or str(error)).lower()}") from None
    if output_format == "json":
        write_text(as_json(ran))
    elif not quiet:
        write_text(as_text(ran, os.fspath(folder)))
    for result in ran.results if quiet or output_format == "json" else ():
        if not result.is_done:
            print_error(f"{result.name}: {result.reason}")
    return _exit_code(ran)


def _exit_code(ran: Ran) -> int:
    if not all(result.is_done for result in ran.results):
        return 2
    return 1 if any(result.code == 1 for result in ran.results) else 0
