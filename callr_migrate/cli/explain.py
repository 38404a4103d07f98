"""`callr-migrate explain`."""

from __future__ import annotations

import re

import click

from callr_migrate.cli.console import CommandError, write_text
from callr_migrate.cli.packs import project_pack, rules_option

_CODE = re.compile(r"CLR\d*", re.IGNORECASE)


@click.command("explain", short_help="Explain a code or a legacy method.")
@click.argument("subject", metavar="CODE|METHOD")
@rules_option
def command(subject: str, rules: tuple[str, ...]) -> None:
    """Explain a code such as CLR101, or what becomes of a legacy method."""
    if _CODE.fullmatch(subject):
        _explain_code(subject.upper())
    else:
        _explain_method(subject, rules)


def _explain_code(name: str) -> None:
    from callr_migrate.check.codes import CODES

    code = CODES.get(name)
    if code is None:
        raise CommandError(f"no code {name!r}; there are {', '.join(sorted(CODES))}")
    write_text(f"{code.code} {code.name}\n\n{code.summary}\n\n{code.explanation.strip()}\n")


def _explain_method(name: str, rules: tuple[str, ...]) -> None:
    from callr_migrate.output.describe import describe_method
    from callr_migrate.pack import nearest

    pack = project_pack(rules)
    method = pack.methods.get(name)
    if method is None:
        raise CommandError(
            f"{name!r} is neither a code nor a method of the rules{nearest(name, pack.methods)}"
        )
    write_text(describe_method(method))
