"""`callr-migrate check`."""

from __future__ import annotations

from typing import Any

import click

from callr_migrate.cli.analysis import Asked, analyse, analysis_options, exit_code, print_errors, print_report
from callr_migrate.cli.console import write_text


@click.command("check", short_help="Report every legacy use.")
@analysis_options
def command(**options: Any) -> int:
    """Report every legacy use below PATHS (default: the working directory).

    Exit codes: 0 nothing found, 1 findings, 2 the tool could not do all of its work.
    """
    from callr_migrate.output.summary import closing_lines, unseen_lines

    asked = Asked.of(options)
    outcome = analyse(asked)
    print_report(asked, outcome)
    if not asked.machine or asked.output_file is not None:
        lines = [] if asked.quiet else closing_lines(outcome.report)
        write_text("".join(f"{line}\n" for line in [*lines, *unseen_lines(outcome.report)]))
    print_errors(outcome.report)
    return exit_code(asked, outcome, found=bool(outcome.report.findings))
