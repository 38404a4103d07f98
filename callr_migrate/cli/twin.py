"""`callr-migrate twin`: a local double of the service."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from callr_migrate.cli.console import CommandError, print_note, write_text

if TYPE_CHECKING:
    from callr_migrate.twin.exchange import Exchange
    from callr_migrate.twin.server import Setup

Command = TypeVar("Command", bound=Callable[..., Any])
_EXTRA = "twin"

_SHARED = (
    click.option(
        "--openapi",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Enforce this OpenAPI document in place of the project's own.",
    ),
    click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Ids follow from it."),
    click.option(
        "--faults",
        metavar="RATES|FILE",
        help="Fail on purpose: 429=0.1,slow=0.2:1.5 or the path of a script.",
    ),
    click.option(
        "--clock", metavar="TIME", help="Let the clock stand at TIME (RFC 3339), and move with each request."
    ),
    click.option(
        "--credentials",
        multiple=True,
        metavar="LOGIN:PASSWORD",
        help="The only ones that are right; by default any are.",
    ),
    click.option(
        "--rules", multiple=True, metavar="DIR", help="Lay a folder of rules over the shipped ones."
    ),
)


def shared_options(command: Command) -> Command:
    """Add the options that every way to start a twin takes."""
    for option in reversed(_SHARED):
        command = option(command)
    return command


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turn what the twin raises into one line for the user."""
    try:
        from callr_migrate.pack.plain import DocumentError
        from callr_migrate.twin.child import ChildError
        from callr_migrate.twin.contract import ContractError  # noqa: F401 - asks for the extra
        from callr_migrate.twin.faults import FaultsError
        from callr_migrate.twin.files import StateError
        from callr_migrate.twin.server import Beside  # noqa: F401 - asks for the extra
    except ImportError as error:
        raise _without(error) from None
    try:
        yield
    except ImportError as error:
        raise _without(error) from None
    except (DocumentError, FaultsError, StateError, ChildError) as error:
        raise CommandError(str(error)) from None


def _without(error: ImportError) -> CommandError:
    package = (error.name or "").partition(".")[0]
    return CommandError(f"the twin needs the package {package!r}: pip install 'callr-migrate[{_EXTRA}]'")


def setup(
    *,
    openapi: Path | None,
    seed: int,
    faults: str | None,
    clock: str | None,
    credentials: tuple[str, ...],
    rules: tuple[str, ...],
) -> Setup:
    """What the shared options ask for; raises as `explained` expects."""
    from callr_migrate.cli.packs import project_pack
    from callr_migrate.pack.plain import DocumentError
    from callr_migrate.twin.clock import parse_instant
    from callr_migrate.twin.contract import Contract, shipped_contract
    from callr_migrate.twin.faults import parse_faults
    from callr_migrate.twin.server import Setup

    pack = project_pack(rules)
    document = openapi or shipped_contract()
    try:
        contract = Contract.read(document, pack.service.base_url.value)
    except DocumentError as error:
        raise DocumentError(f"{document}: {error}") from None
    try:
        start = None if clock is None else parse_instant(clock)
    except ValueError as error:
        raise CommandError(f"--clock: {error}") from None
    if any(":" not in pair for pair in credentials):
        raise CommandError("--credentials: must be LOGIN:PASSWORD")
    return Setup(
        pack,
        contract,
        seed=seed,
        start=start,
        faults=parse_faults(faults, seed),
        allowed=frozenset(credentials) or None,
    )


@click.group("twin", invoke_without_command=True, short_help="Run a local double of the service.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free one."
)
@click.option(
    "--allow-remote", is_flag=True, help="Listen on an address that other machines reach, with no safeguard."
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the account there, as JSON; otherwise in memory.",
)
@click.option("--log", metavar="FILE", help="Write each request and what it did there; - is standard output.")
@shared_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    host: str,
    port: int,
    allow_remote: bool,
    state: Path | None,
    log: str | None,
    **shared: Any,
) -> None:
    """Serve both APIs over one account on this machine, until it is interrupted.

    Exit codes: 0 stopped by a signal, 2 it could not start.
    """
    if ctx.invoked_subcommand is not None:
        return
    with explained():
        from dataclasses import replace

        from callr_migrate.twin.files import held
        from callr_migrate.twin.server import bind, build, serve_forever

        _check_host(host, allow_remote=allow_remote)
        with held(state), _logger(log) as on_exchange:
            app = build(replace(setup(**shared), state=state), on_exchange)
            try:
                bound = bind(host, port)
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                raise CommandError(
                    f"cannot listen on {host}:{port}: {why}; choose another --port (0: any free one)"
                ) from None
            serve_forever(app, bound, write_text)


def _check_host(host: str, *, allow_remote: bool) -> None:
    try:
        local = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local and not allow_remote:
        raise CommandError(f"--host {host}: is no loopback address; say --allow-remote if you mean it")


@contextlib.contextmanager
def _logger(log: str | None) -> Iterator[Callable[[Exchange], None] | None]:
    if log is None:
        yield None
    elif log == "-":
        yield lambda exchange: write_text("".join(f"{line}\n" for line in exchange.lines()))
    else:
        try:
            file = Path(log).open("a", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        except OSError as error:
            raise CommandError(
                f"{log}: cannot be written: {(error.strerror or str(error)).lower()}"
            ) from None
        with file:

            def note(exchange: Exchange) -> None:
                try:
                    file.write("".join(f"{line}\n" for line in exchange.lines()))
                    file.flush()
                except OSError as error:
                    print_note(f"note: {log}: cannot be written: {(error.strerror or str(error)).lower()}")

            yield note


_skip_sleep = click.option(
    "--skip-sleep", is_flag=True, help="Let time.sleep move the twin's clock in place of waiting."
)
_COMMAND = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@command.command("run", short_help="Run a program against a twin.", context_settings=_COMMAND)
@shared_options
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the account there, as JSON; otherwise in memory.",
)
@click.option("--log", metavar="FILE", help="Write each request and what it did there as it happens.")
@_skip_sleep
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def run_command(
    program: tuple[str, ...], state: Path | None, log: str | None, skip_sleep: bool, **shared: Any
) -> int:
    """Run a program (after `--`) with both APIs' addresses led to a twin, and tell what it did to the account.

    What it did is told on standard error. Exit codes: that of the program; 2 if it could not be run.
    """
    with explained():
        from dataclasses import replace

        from callr_migrate.twin.files import held
        from callr_migrate.twin.running import run

        with held(state), _logger(log) as on_exchange:
            ran, report = run(
                replace(setup(**shared), state=state), program, on_exchange, skip_sleep=skip_sleep
            )
        print_note(report.rstrip("\n"))
        for what in ran.notes.refused:
            print_note(f"note: refused: {what}")
        if not ran.notes.loaded:
            raise CommandError(
                f"{program[0]} ran no Python that imports sitecustomize: nothing was led to the twin"
            )
    return ran.code


@command.command(
    "compare", short_help="Run a program before and after its rewrite.", context_settings=_COMMAND
)
@shared_options
@click.option(
    "--state",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="The account that both begin with; it is not changed.",
)
@click.option("--target", metavar="NAME", help="HTTP client of the rewritten code.")
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    metavar="DIR",
    help="What to copy and rewrite; by default the project around the working directory.",
)
@click.option("--keep", is_flag=True, help="Keep both copies, with logs and outputs.")
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), metavar="SECONDS", help="For each of the two runs."
)
@_skip_sleep
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def compare_command(
    program: tuple[str, ...],
    state: Path | None,
    target: str | None,
    project: Path | None,
    keep: bool,
    timeout: float | None,
    skip_sleep: bool,
    **shared: Any,
) -> int:
    """Copy the project, rewrite the copy, and run a program (after `--`) of both against twins with the same seed.

    Exit codes: 0 equal but for what the migration notes explain, 1 different, 2 it could not be done.
    """
    with explained():
        from dataclasses import replace

        from callr_migrate.twin import files
        from callr_migrate.twin.comparing import Wish, compare, report

        begin = replace(setup(**shared), initial=files.load(state) if state else None)
        wish = Wish(program, Path.cwd(), project, target, shared["rules"], keep, timeout, skip_sleep)
        comparison = compare(begin, wish)
        write_text(report(comparison, begin.contract.title))
        if comparison.kept is not None:
            write_text(f"kept in {comparison.kept}\n")
        if not comparison.before.notes.loaded:
            raise CommandError(
                f"{program[0]} ran no Python that imports sitecustomize: nothing was led to the twin"
            )
    return 0 if comparison.judgement.equal else 1
