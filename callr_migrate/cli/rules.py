"""`callr-migrate rules`: what is known about the two APIs."""

from __future__ import annotations

from pathlib import Path

import click

from callr_migrate.cli.console import CommandError, write_text
from callr_migrate.cli.packs import project_pack, rules_option
from callr_migrate.cli.verify import command as verify_command


@click.group("rules")
def command() -> None:
    """Look into the rule pack, or check one."""


command.add_command(verify_command)


@command.command("list")
@rules_option
def list_(rules: tuple[str, ...]) -> None:
    """List every method, what becomes of it, and how well that is known."""
    from callr_migrate.output.describe import method_table

    write_text(method_table(project_pack(rules)))


@command.command("show")
@click.argument("method")
@rules_option
def show(method: str, rules: tuple[str, ...]) -> None:
    """Show all that is known about METHOD."""
    from callr_migrate.output.describe import describe_method
    from callr_migrate.pack import nearest

    pack = project_pack(rules)
    if method not in pack.methods:
        raise CommandError(f"no method {method!r} in the rules{nearest(method, pack.methods)}")
    write_text(describe_method(pack.methods[method]))


@command.command("validate")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def validate(folder: Path | None) -> None:
    """Check the shipped rules, or those of DIR laid over them; each mistake is a line with file, line and key."""
    from callr_migrate.output.text import plural
    from callr_migrate.pack import load_pack

    pack = load_pack([folder] if folder else [])
    counts = [
        plural(len(pack.methods), "method"),
        plural(len(pack.objects), "object"),
        plural(len(pack.enums), "enum"),
        plural(len(pack.surfaces), "surface"),
        plural(len(pack.targets), "target"),
    ]
    write_text(f"No mistakes: {', '.join(counts)}.\n")
