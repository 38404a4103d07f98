"""`callr-migrate fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callr_migrate.cli.analysis import (
    Asked,
    analyse,
    analysis_options,
    exit_code,
    print_errors,
    print_report,
    profiled,
)
from callr_migrate.cli.console import print_note, write_bytes, write_text
from callr_migrate.stages import staged

if TYPE_CHECKING:
    from callr_migrate.pipeline import Outcome


@click.command("fix", short_help="Rewrite what can be rewritten.")
@analysis_options
@profiled
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="Apply fixes that lean on inferred facts or change a visible type, too.",
)
@click.option("--diff", is_flag=True, help="Print what would change as a unified diff; write nothing.")
@click.option(
    "--scaffold",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write a scenario to begin with for each retired app there.",
)
def command(*, unsafe_fixes: bool, diff: bool, scaffold: Path | None, **options: Any) -> int:
    """Rewrite what can be rewritten below PATHS (default: the working directory).

    Exit codes: 0 nothing left, 1 findings left (with --diff: something to change or left), 2 the tool could not do
    all of its work.
    """
    asked = Asked.of(options)
    if scaffold is not None and asked.from_stdin:
        raise click.UsageError("--scaffold writes files, so it excludes -")
    alone = asked.from_stdin and not diff  # standard output is for the rewritten file
    outcome = analyse(
        asked, write=not diff and not alone, unsafe=unsafe_fixes, diff=diff or alone, scaffold=scaffold
    )
    if diff:
        _print_diff(asked, outcome)
    elif alone:
        print_report(asked, outcome, to_stderr=True)
        _print_rewritten(asked, outcome)
    else:
        print_report(asked, outcome)
    _print_closing(asked, outcome, unsafe=unsafe_fixes, would=diff, apart=diff or alone)
    print_errors(outcome.report)
    left = any(not finding.applied for finding in outcome.report.findings)
    would = diff and bool(outcome.changed or any(file.is_new for file in outcome.scaffold))
    return exit_code(asked, outcome, found=left or would)


@staged("rendering")
def _print_diff(asked: Asked, outcome: Outcome) -> None:
    """Return standard output is the diff's, so that it can be piped; the report goes to a file or nowhere."""
    from callr_migrate.output.diff import render_diff

    if asked.output_file is not None:
        print_report(asked, outcome)
    write_bytes(render_diff(outcome, outcome.scaffold, color=asked.color))


def _print_rewritten(asked: Asked, outcome: Outcome) -> None:
    """Print what was on standard input, with its fixes."""
    (path,) = asked.paths
    source = outcome.changed.get(path)
    write_bytes(source.raw if source is not None else outcome.content or b"")


def _print_closing(asked: Asked, outcome: Outcome, *, unsafe: bool, would: bool, apart: bool) -> None:
    from callr_migrate.output.summary import fix_line, scaffold_lines, unseen_lines

    lines = [] if asked.quiet else [fix_line(outcome.report, unsafe=unsafe, would=would)]
    lines += [] if asked.quiet else scaffold_lines(outcome, would=would)
    lines += unseen_lines(outcome.report, every=asked.verbose)
    text = "\n".join(lines)
    if not text:
        return
    if apart or (asked.machine and asked.output_file is None):
        print_note(text)
    else:
        write_text(f"{text}\n")
