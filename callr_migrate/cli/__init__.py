"""The command line: a group whose commands are loaded when they are asked for.

Importing this brings click in and nothing else; a hook pays for start-up at every commit.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import click

from callr_migrate import __version__
from callr_migrate.cli.console import open_what_is_closed, print_error

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "callr-migrate"
EXIT_ERROR = 2
EXIT_INTERRUPTED = 130


class LazyGroup(click.Group):
    """A group that imports a command's module at its first use. The module calls it `command`."""

    def __init__(self, *args: object, modules: dict[str, str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which people meet them."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import it; None for an unknown name."""
        module = self.modules.get(cmd_name)
        if module is None:
            return None
        command = import_module(module).command
        assert isinstance(command, click.Command)
        return command


@click.group(
    cls=LazyGroup,
    modules={
        "check": "callr_migrate.cli.check",
        "fix": "callr_migrate.cli.fix",
        "pr": "callr_migrate.cli.pr",
        "fleet": "callr_migrate.cli.fleet",
        "report": "callr_migrate.cli.report",
        "explain": "callr_migrate.cli.explain",
        "config": "callr_migrate.cli.config",
        "rules": "callr_migrate.cli.rules",
        "twin": "callr_migrate.cli.twin",
        "trace": "callr_migrate.cli.trace",
        "clean": "callr_migrate.cli.clean",
        "server": "callr_migrate.cli.server",
    },
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name=PROGRAM, message="%(prog)s %(version)s")
def cli() -> None:
    """Find every use of Callr's JSON-RPC API v1 in Python code, and rewrite it for REST API v2.

    Exit codes: 0 nothing found or left, 1 findings, 2 the tool could not do all of its work.
    """


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line (default: that of the process) and give its exit code; raises nothing."""
    open_what_is_closed()
    try:
        code = cli.main(args=argv, prog_name=PROGRAM, standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except click.ClickException as error:
        error.show()
        return EXIT_ERROR
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_ERROR
    except Exception as error:
        return _failed(error)
    return code if isinstance(code, int) else 0


def _failed(error: Exception) -> int:
    from callr_migrate.config import ConfigError
    from callr_migrate.faults import described
    from callr_migrate.pack import RuleError

    if isinstance(error, (ConfigError, RuleError)):
        for problem in error.problems:
            print_error(problem)
        return EXIT_ERROR
    print_error(described(error))
    return EXIT_ERROR
