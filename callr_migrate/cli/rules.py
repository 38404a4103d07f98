"""`callr-migrate rules`: what is known about the two APIs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callr_migrate.cli.analysis import listed
from callr_migrate.cli.console import CommandError, print_error, wants_color, write_text
from callr_migrate.cli.packs import project_pack, rules_option
from callr_migrate.cli.verify import command as verify_command
from callr_migrate.findings import Evidence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from callr_migrate.examples import Outcome


@click.group("rules")
def command() -> None:
    """Look into the rule pack, or check one."""


command.add_command(verify_command)


@command.command("list")
@click.option(
    "--service",
    multiple=True,
    callback=listed,
    metavar="NAMES",
    help="Of these services; `a` has `a/b` in it.",
)
@click.option(
    "--evidence", multiple=True, callback=listed, metavar="WORDS", help="Known so well, such as `inferred`."
)
@click.option(
    "--state", multiple=True, callback=listed, metavar="WORDS", help="mapped, manual, alternatives or none."
)
@rules_option
def list_(
    service: list[str] | None, evidence: list[str] | None, state: list[str] | None, rules: tuple[str, ...]
) -> None:
    """List the methods and what becomes of each."""
    from callr_migrate.output.describe import STATES, method_table, selected, service_of

    pack = project_pack(rules)
    services = {service_of(name) for name in pack.methods}
    _known("service", service, services | {name.split("/")[0] for name in services})
    _known("evidence", evidence, [word.value for word in Evidence])
    _known("state", state, STATES)
    methods = selected(pack, service or (), evidence or (), state or ())
    write_text(method_table(methods, color=wants_color("auto")))


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
    write_text(describe_method(pack.methods[method], pack, color=wants_color("auto")))


@command.command("validate")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def validate(folder: Path | None) -> None:
    """Check the shipped rules, or those of DIR.

    The rules of DIR are laid over the shipped ones. Each mistake is a line with file, line and key.
    """
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


@command.command("test")
@rules_option
def test(rules: tuple[str, ...]) -> int:
    """Run every example of the rules.

    Exit codes: 0 all hold, 1 some do not, 2 the rules have mistakes.
    """
    from callr_migrate.examples import run_examples
    from callr_migrate.output.text import plural

    outcomes = list(run_examples(project_pack(rules)))
    failed = [outcome for outcome in outcomes if outcome.problem]
    text = "".join(map(_failure, failed))
    examples = plural(len(outcomes), "example")
    methods = plural(len({outcome.method for outcome in outcomes}), "method")
    how = f"{len(failed)} of {examples} failed" if failed else f"{examples} of {methods}: all hold"
    write_text(f"{text}{how}.\n")
    return 1 if failed else 0


def _failure(outcome: Outcome) -> str:
    lines = [
        f"{outcome.location}: {outcome.method}: {outcome.problem}",
        f"  before: {outcome.example.before}",
    ]
    if outcome.wanted != outcome.got:
        lines += [f"  wanted: {outcome.wanted}", f"  got:    {outcome.got}"]
    return "\n".join(line.replace("\n", "\n          ") for line in lines) + "\n\n"


@command.command("docs")
@click.argument("folder", metavar="[DIR]", default="docs", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a page is not up to date.")
@rules_option
def docs(folder: Path, check: bool, rules: tuple[str, ...]) -> int:
    """Write the pages about rules and codes into DIR (default: docs)."""
    from callr_migrate.output.pages import pages

    return _write({folder / name: text for name, text in pages(project_pack(rules)).items()}, check=check)


@command.command("schema")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if FILE is not up to date.")
def schema(file: Path | None, check: bool) -> int:
    """Write the JSON Schema of rule files to FILE, or print it."""
    from callr_migrate.pack.rule_schema import schema_text

    if file is not None:
        return _write({file: schema_text()}, check=check)
    if check:
        raise CommandError("--check needs a FILE to look at")
    write_text(schema_text())
    return 0


def _write(files: Mapping[Path, str], *, check: bool) -> int:
    stale = False
    for path, text in files.items():
        try:
            if check:
                if not path.is_file() or path.read_bytes() != text.encode():
                    stale = True
                    print_error(
                        f"{path}: is not up to date; write it anew with the same command without --check"
                    )
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
        except OSError as error:
            raise CommandError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return 1 if stale else 0


def _known(option: str, words: list[str] | None, known: object) -> None:
    from callr_migrate.pack import nearest

    names = sorted(known)  # type: ignore[call-overload]
    for word in words or ():
        if word not in names:
            raise CommandError(
                f"--{option}: no {option} {word!r}{nearest(word, names)}; there is {', '.join(names)}"
            )
