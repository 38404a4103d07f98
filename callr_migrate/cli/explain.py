"""`callr-migrate explain`."""

from __future__ import annotations

import re
import textwrap

import click

from callr_migrate.cli.console import CommandError, wants_color, write_text
from callr_migrate.cli.packs import project_pack, rules_option

_CODE = re.compile(r"CLR\d*", re.IGNORECASE)
_WIDTH = 100


@click.command("explain", short_help="Explain a code or a legacy method.")
@click.argument("subject", metavar="[CODE|METHOD]", required=False)
@rules_option
def command(subject: str | None, rules: tuple[str, ...]) -> None:
    """Explain a code such as CLR101, or what becomes of a legacy method; without either, list the codes.

    The beginning of a code lists those that begin with it.
    """
    if subject is None:
        _list_codes("CLR")
    elif _CODE.fullmatch(subject):
        _explain_code(subject.upper())
    else:
        _explain_method(subject, rules)


def _list_codes(beginning: str) -> None:
    from callr_migrate.check.codes import CODES
    from callr_migrate.output.text import Paint

    paint = Paint(wants_color("auto"))
    found = [code for name, code in CODES.items() if name.startswith(beginning)]
    if not found:
        raise CommandError(f"no code {beginning!r}; there are {', '.join(sorted(CODES))}")
    width = max(len(code.name) for code in found)
    write_text(
        "".join(f"{paint('bold', code.code)}  {code.name:<{width}}  {code.summary}\n" for code in found)
    )


def _explain_code(name: str) -> None:
    from callr_migrate.check.codes import CODES
    from callr_migrate.output.text import Paint

    code = CODES.get(name)
    if code is None:
        _list_codes(name)
        return
    paint = Paint(wants_color("auto"))
    paragraphs = [
        f"{paint('bold', code.code)} {code.name}",
        *(textwrap.fill(part, _WIDTH) for part in (code.summary, *code.explanation.strip().split("\n\n"))),
        f"{paint('bold', 'Only these:')} --select {code.code}    {paint('bold', 'Without these:')} --ignore {code.code}",
    ]
    write_text("\n\n".join(paragraphs) + "\n")


def _explain_method(name: str, rules: tuple[str, ...]) -> None:
    from callr_migrate.output.describe import describe_method
    from callr_migrate.pack import nearest

    pack = project_pack(rules)
    method = pack.methods.get(name)
    if method is None:
        raise CommandError(
            f"{name!r} is neither a code nor a method of the rules{nearest(name, pack.methods)}"
        )
    write_text(describe_method(method, pack, color=wants_color("auto")))
