"""`callr-migrate server`: the language server."""

from __future__ import annotations

import click

from callr_migrate.cli.console import CommandError


@click.command("server", short_help="Serve editors (Language Server Protocol).")
def command() -> None:
    """Serve an editor over standard input and output: diagnostics, quick fixes, hover, fix all.

    Editors start this themselves; it needs the extra `lsp`.
    """
    try:
        from callr_migrate.editor.server import make_server
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise CommandError(
            "the language server needs pygls: install callr-migrate with its extra, callr-migrate[lsp]"
        ) from None
    make_server().start_io()
