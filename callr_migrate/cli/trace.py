"""`callr-migrate trace`: legacy calls as they happen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callr_migrate.cli.console import CommandError, print_note
from callr_migrate.cli.packs import rules_option

if TYPE_CHECKING:
    from callr_migrate.pipeline import Outcome

# The codes that each call has one of.
FAMILY = "CLR1"
_FILE = "callr-migrate.trace.json"


@click.command(
    "trace",
    short_help="Record the legacy calls of a program or its tests.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(_FILE),
    show_default=True,
    metavar="FILE",
    help="Where the trace goes; 'check --trace FILE' takes it.",
)
@rules_option
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def command(program: tuple[str, ...], output: Path, rules: tuple[str, ...]) -> int:
    """Run a command (after `--`), record every legacy call that it makes, and join them with the findings.

    What came of it is told on standard error. Exit codes: that of the command; 2 if it could not be run.
    """
    from callr_migrate.cli.packs import project_pack
    from callr_migrate.config import load_settings
    from callr_migrate.pipeline import Request, run
    from callr_migrate.trace import join, record
    from callr_migrate.twin.child import ChildError

    settings = load_settings(Path(), overrides={"rules": list(rules) or None})
    try:
        ran, calls = record.run(project_pack(rules), settings.root, program)
        record.write(output, calls)
    except (ChildError, record.TraceError) as error:
        raise CommandError(str(error)) from None
    if not ran.notes.loaded:
        raise CommandError(f"{program[0]} ran no Python that imports sitecustomize: nothing was recorded")
    outcome = run(Request((settings.root,), settings))
    joined = join.join(outcome, settings.root.resolve(), calls, FAMILY)
    print_note("\n".join([f"trace: {len(calls)} calls in {output}", *join.told(joined)]))
    return ran.code


def use_trace(outcome: Outcome, path: Path) -> list[str]:
    """Let a report tell what a trace knows; a line for people. Raises `CommandError`."""
    from callr_migrate.config import load_settings
    from callr_migrate.trace import join, record

    try:
        calls = record.read(path)
    except record.TraceError as error:
        raise CommandError(str(error)) from None
    root = load_settings(Path()).root.resolve()
    joined = join.join(outcome, root, calls, FAMILY)
    join.used(outcome, root, joined)
    return [f"trace: {join.told(joined)[0]}"]
