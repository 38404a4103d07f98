"""`callr-migrate check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callr_migrate.cli.analysis import (
    Asked,
    Start,
    analyse,
    analysis_options,
    exit_code,
    print_errors,
    print_report,
    profiled,
)
from callr_migrate.cli.console import print_note, write_text
from callr_migrate.output import clean_line

if TYPE_CHECKING:
    from callr_migrate.findings import Failure
    from callr_migrate.pipeline import Outcome


@click.command("check", short_help="Report every legacy use.")
@analysis_options
@profiled
@click.option(
    "--attest",
    is_flag=True,
    help="Exit 0 only if nothing legacy and nothing unseen is left, with a digest of what was looked at.",
)
@click.option(
    "--add-ignores", is_flag=True, help="Write comments that suppress all findings, then report what is left."
)
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Tell what this trace knows, too: methods by name, calls that no finding covers.",
)
@click.option(
    "--executor",
    metavar="ADDRESS",
    help="Let the workers of a Dask cluster analyse, all of which see the same files: dask://HOST:PORT.",
)
def command(
    *, attest: bool, add_ignores: bool, trace: Path | None, executor: str | None, **options: Any
) -> int:
    """Report every legacy use below PATHS (default: the working directory).

    Exit codes: 0 nothing found, 1 findings, 2 the tool could not do all of its work.
    """
    asked = Asked.of(options)
    if attest and asked.exit_zero:
        raise click.UsageError("--attest is told by the exit code, so it excludes --exit-zero")
    start = None
    if not (attest or add_ignores or trace is not None) and asked.is_plain:
        start = Start(asked)
        if start.is_clean():
            if not asked.quiet:
                write_text(f"{clean_line(start.files)}\n")
            return 0
    from callr_migrate.output.attestation import attestation, is_attested
    from callr_migrate.output.summary import closing_lines, unseen_lines

    failures = _add_ignores(asked) if add_ignores else []
    outcome = analyse(asked, attest=attest, executor=executor, start=start)
    report = outcome.report
    report.errors += [failure for failure in failures if failure not in report.errors]
    known = _traced(outcome, trace) if trace is not None else []
    print_report(asked, outcome)
    for_people = not asked.machine or asked.output_file is not None
    if for_people:
        lines = [] if asked.quiet else [*closing_lines(report), *known]
        write_text("".join(f"{line}\n" for line in [*lines, *unseen_lines(report, every=asked.verbose)]))
    if attest:
        text = "\n".join(attestation(report))
        write_text(f"{text}\n") if for_people else print_note(text)
    print_errors(report)
    return exit_code(asked, outcome, found=not is_attested(report) if attest else bool(report.findings))


def _traced(outcome: Outcome, trace: Path) -> list[str]:
    from callr_migrate.cli.trace import use_trace

    return use_trace(outcome, trace)


def _add_ignores(asked: Asked) -> list[Failure]:
    """Write the comments and say how many; what could not be done."""
    from callr_migrate.ignoring import add_ignores
    from callr_migrate.output.text import plural

    if asked.from_stdin or asked.write_baseline is not None:
        other = "standard input" if asked.from_stdin else "--write-baseline"
        raise click.UsageError(f"--add-ignores writes to files, so it excludes {other}")
    outcome = analyse(asked, quiet=True)
    added, failures = add_ignores(outcome.report.findings, outcome.sources)
    if not asked.quiet:
        print_note(f"{plural(added, 'comment')} added")
    return failures
