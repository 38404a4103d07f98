"""Standard output and standard error: encodings, colours, and readers that leave early."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

# Terminals that follow links (OSC 8), by what they set; others may show the address, or rubbish.
_LINKING_TERMS = ("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour")
_LINKING_PROGRAMS = frozenset({"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "zed"})
_LINKING_VARIABLES = ("WT_SESSION", "KONSOLE_VERSION", "DOMTERM")
_LINKING_VTE = 5000  # earlier ones crash


class CommandError(click.ClickException):
    """What was asked for cannot be done; the message is one line."""

    exit_code = 2

    def show(self, file: IO[str] | None = None) -> None:
        """Print it like all other errors."""
        print_error(self.message)


def print_error(message: str) -> None:
    """One line on standard error."""
    print_note(f"error: {message}")


def print_note(text: str) -> None:
    """Write text for people on standard error; if nobody reads it, so be it."""
    with contextlib.suppress(OSError):
        click.echo(_encodable(text, sys.stderr), err=True)


def write_text(text: str) -> None:
    """Write on standard output; characters that its encoding lacks are replaced.

    Raises `CommandError`.
    """
    output = _output()
    with _reader_may_leave():
        output.write(_encodable(text, output))
        output.flush()


def write_bytes(data: bytes) -> None:
    """Write bytes on standard output as they are, newlines too.

    Raises `CommandError`.
    """
    output = _output()
    with _reader_may_leave():
        output.flush()
        output.buffer.write(data)
        output.buffer.flush()


def open_what_is_closed() -> None:
    """What is said on standard error goes nowhere if there is none; without standard output, writing tells."""
    if not _is_open(sys.stderr):
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115


def _is_open(stream: TextIO | None) -> bool:
    # Python has None for what was closed before it began.
    return stream is not None


def _output() -> TextIO:
    if not _is_open(sys.stdout):
        raise CommandError("cannot write the output: it is closed")
    return sys.stdout


def _is_on_terminal() -> bool:
    return _is_open(sys.stdout) and sys.stdout.isatty()


def wants_color(choice: str) -> bool:
    """Whether standard output gets colours: `always`, `never`, or `auto`, that is on a terminal.

    For `auto`, `NO_COLOR` and `FORCE_COLOR` (https://no-color.org, https://force-color.org) decide first.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return _is_on_terminal() and os.environ.get("TERM") != "dumb"


def wants_links(*, color: bool) -> bool:
    """Whether places on standard output are links: on a terminal that is known to follow them.

    No terminal tells; `FORCE_HYPERLINK` (0 or 1) settles it, as for other tools. `color` says whether the output gets
    ANSI sequences at all.
    """
    forced = os.environ.get("FORCE_HYPERLINK")
    if forced is not None:
        return forced != "0"
    if not color or not _is_on_terminal():
        return False
    if os.environ.get("TERM", "").startswith(_LINKING_TERMS) or any(
        name in os.environ for name in _LINKING_VARIABLES
    ):
        return True
    version = os.environ.get("VTE_VERSION", "")
    return os.environ.get("TERM_PROGRAM") in _LINKING_PROGRAMS or (
        version.isdecimal() and int(version) >= _LINKING_VTE
    )


def _encodable(text: str, stream: TextIO) -> str:
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


@contextlib.contextmanager
def _reader_may_leave() -> Iterator[None]:
    """`| head` is no error: what is left goes nowhere, and the exit code stays that of the work."""
    try:
        yield
    except OSError as error:
        # Windows reports a closed pipe as an invalid argument.
        if error.errno not in (errno.EPIPE, errno.EINVAL):
            raise CommandError(f"cannot write the output: {(error.strerror or str(error)).lower()}") from None
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
