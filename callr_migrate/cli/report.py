"""`callr-migrate report`."""

from __future__ import annotations

import os
from datetime import date, datetime, timezone
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callr_migrate.cli.analysis import Asked, analysis_options, common, print_errors, write_file
from callr_migrate.cli.console import CommandError, print_note, write_bytes, write_text
from callr_migrate.cli.progress import ProgressBar

if TYPE_CHECKING:
    from callr_migrate.report.model import Migration

FORMATS = {"html": "html", "markdown": "markdown", "json": "json_form"}  # name -> module of the renderer
_BY_SUFFIX = {
    **dict.fromkeys((".html", ".htm"), "html"),
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    ".json": "json",
}
_DEFAULT = "markdown"
# Options of `check` that are about a list of findings, and the values that they have here.
_OTHERS: dict[str, Any] = {
    "output_format": "full",
    "write_baseline": None,
    "stdin_filename": None,
    "diff_base": None,
    "statistics": False,
    "exit_zero": False,
    "verbose": False,
    "color": "never",
}
_MAX_HISTORY = 10_000


@click.command("report", short_help="Tell the migration's state, for people who plan it.")
@analysis_options
def command(*, history: int, report_format: str | None, **options: Any) -> int:
    """Tell what is left below PATHS (default: the working directory), who owns it, what it costs, and in which order
    to do it.

    Exit codes: 0 done, whatever was found; 2 the tool could not do all of its work.
    """
    asked = Asked.of({**_OTHERS, **options})
    if asked.from_stdin:
        raise click.UsageError("a report is about files, not standard input")
    name = report_format or _named_by(asked.output_file)
    migration = _migration(asked, history)
    render = import_module(f"callr_migrate.report.{FORMATS[name]}").render
    encoded = render(migration).encode("utf-8", "backslashreplace")
    if asked.output_file is None:
        write_bytes(encoded)
    else:
        write_file(asked.output_file, encoded)
    if not asked.quiet:
        _print_summary(asked.output_file, migration)
    return 2 if migration.errors else 0


# What is about a list of findings has no meaning here.
command.params = [param for param in command.params if param.name not in _OTHERS]
command.params[1:1] = [
    click.Option(
        ["--output-format", "report_format"],
        type=click.Choice(list(FORMATS)),
        help=f"How to report; default: by the name of --output-file, else {_DEFAULT}.",
    ),
    click.Option(
        ["--history"],
        type=click.IntRange(0, _MAX_HISTORY),
        default=0,
        metavar="N",
        help="Show the trend over the last N commits that changed Python files.",
    ),
]


def _named_by(file: Path | None) -> str:
    return _DEFAULT if file is None else _BY_SUFFIX.get(file.suffix.lower(), _DEFAULT)


def _migration(asked: Asked, history: int) -> Migration:
    """Analyse, and read the history if it was asked for; raises `ConfigError` and `RuleError`."""
    from callr_migrate.config import load_settings
    from callr_migrate.pipeline import Request, run
    from callr_migrate.report.collect import collect
    from callr_migrate.report.history import trend
    from callr_migrate.report.owners import ProjectOwners
    from callr_migrate.settings_tree import SettingsTree

    settings = load_settings(common(asked.paths), asked.config, asked.overrides)
    tree = SettingsTree(settings, asked.overrides, is_fixed=asked.config is not None)
    today = _today()
    with ProgressBar(wanted=not (asked.no_progress or asked.quiet)) as progress:
        outcome = run(
            Request(
                paths=asked.paths,
                settings=settings,
                baseline=asked.baseline,
                on_progress=progress,
                cache=asked.cache,
                docs=asked.docs,
                tree=tree,
            )
        )
        past = trend(history, asked.paths, tree, outcome.pack, today, progress) if history else None
    print_errors(outcome.report)
    return collect(outcome, settings, ProjectOwners(settings.root), today, past)


def _today() -> date:
    """The day (UTC); that of `SOURCE_DATE_EPOCH` where a build is to be the same each time.

    Source: https://reproducible-builds.org/specs/source-date-epoch/
    """
    stated = os.environ.get("SOURCE_DATE_EPOCH")
    if not stated:
        return datetime.now(timezone.utc).date()
    try:
        return datetime.fromtimestamp(int(stated), timezone.utc).date()
    except (ValueError, OverflowError, OSError):
        raise CommandError(f"SOURCE_DATE_EPOCH is {stated!r}, which is no number of seconds") from None


def _print_summary(file: Path | None, migration: Migration) -> None:
    """Print the end of a run: on standard error where the report itself is on standard output."""
    from callr_migrate.report.summary import summary

    lines = summary(migration)
    if file is None:
        print_note("\n".join(lines))
    else:
        write_text("".join(f"{line}\n" for line in [*lines, f"Report: {file}"]))
