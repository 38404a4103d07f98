"""What a command is to look at: paths, a list of paths in a file, or one file on standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from callr_migrate.cli.console import CommandError

STANDARD_INPUT = Path("-")


def asked_paths(
    paths: Sequence[Path], files_from: Path | None, stdin_filename: Path | None
) -> tuple[tuple[Path, ...], bool]:
    """The paths to look at, and whether the only one of them is the name of what is on standard input.

    Raises `click.UsageError` for what excludes each other, `CommandError` for a list that cannot be read.
    """
    if STANDARD_INPUT in paths:
        if len(paths) > 1 or files_from is not None:
            raise click.UsageError("- (standard input) stands alone")
        return (stdin_filename or STANDARD_INPUT,), True
    if stdin_filename is not None:
        raise click.UsageError("--stdin-filename names what is on standard input; give - as path")
    if files_from is not None:
        return (*paths, *_listed(files_from)), False
    return tuple(paths) or (Path(),), False


def read_standard_input() -> bytes:
    """All of it; raises `CommandError`."""
    try:
        return sys.stdin.buffer.read()
    except (OSError, AttributeError) as error:
        why = getattr(error, "strerror", None) or "it is closed"
        raise CommandError(f"standard input cannot be read: {why.lower()}") from None


def _listed(file: Path) -> list[Path]:
    """One path a line; or between NUL bytes, if there are any."""
    if file == STANDARD_INPUT:
        data = read_standard_input()
    else:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    names = data.split(b"\0") if b"\0" in data else [line.rstrip(b"\r") for line in data.split(b"\n")]
    return [Path(os.fsdecode(name)) for name in names if name]
