"""What all formats for people share: paths, colours, widths, and text that cannot harm a terminal."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Evidence, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

TAB = 4  # columns to which a tab is shown
_UNSHOWABLE = "\N{REPLACEMENT CHARACTER}"

_APPLICABILITY = {
    Applicability.SAFE: "green",
    Applicability.UNSAFE: "yellow",
    Applicability.MANUAL: "red",
}
_ANSI = {"bold": "1", "red": "1;31", "green": "32", "yellow": "33", "blue": "1;34", "cyan": "36", "dim": "2"}


class Paint:
    """ANSI colours and links, or nothing."""

    def __init__(self, color: bool, links: bool = False) -> None:
        self.color = color
        self.links = links

    def __call__(self, style: str, text: str) -> str:
        """`text` in a style of this module's table."""
        return f"\x1b[{_ANSI[style]}m{text}\x1b[0m" if self.color and text else text

    def file(self, path: Path, line: int, text: str) -> str:
        """`text` as a link to a line of a file (OSC 8, https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda)."""
        if not self.links:
            return text
        try:
            address = f"{Path(os.path.abspath(path)).as_uri()}#{line}"  # noqa: PTH100 - `..` goes
        except (ValueError, UnicodeError):
            return text
        return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"

    def applicability(self, applicability: Applicability, text: str) -> str:
        """`text` in the colour of an applicability."""
        return self(_APPLICABILITY[applicability], text)

    def evidence(self, evidence: Evidence, text: str) -> str:
        """`text` in the colour of an evidence."""
        return self("cyan" if evidence.is_safe else "yellow", text)


def shown_path(path: Path) -> str:
    """Return a path relative to the working directory, with `/`."""
    return _shown_from(os.getcwd(), path) if path.is_absolute() else path.as_posix()  # noqa: PTH109 - a text


@lru_cache(1_000)
def _shown_from(folder: str, path: Path) -> str:
    # Asked several times for each finding, and the findings of a file follow each other.
    with contextlib.suppress(ValueError):  # on another drive
        path = Path(os.path.relpath(path, folder))
    return path.as_posix()


def order(finding: Finding) -> tuple[str, int, str, int]:
    """Sort key of findings: path, start, code."""
    return (shown_path(finding.path), finding.start, finding.code, finding.end)


def one_line(text: str) -> str:
    """`text` without line breaks and without what a terminal would obey."""
    return plain_text(" ".join(text.split()))


def plain_text(text: str) -> str:
    """`text` with each character as `plain` gives it."""
    # What Unicode calls printable holds none of those, and is almost all there is.
    return text if text.isprintable() else "".join(map(plain, text))


def plain(character: str) -> str:
    """Return a character as it may be shown: controls and changes of direction are replaced."""
    return _UNSHOWABLE if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character


def width(character: str) -> int:
    """Return the columns that a character takes on a terminal: 0, 1 or 2."""
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cells(text: str, masked: Iterable[int] = ()) -> list[str]:
    """One showable string for each character of a line, tabs expanded; those at `masked` indexes are stars."""
    hidden = frozenset(masked)
    if not hidden and text.isprintable():
        return list(text)
    shown: list[str] = []
    column = 0
    for index, character in enumerate(text):
        if index in hidden:
            cell = "*" * max(1, width(character))
        elif character == "\t":
            cell = " " * (TAB - column % TAB)
        else:
            cell = plain(character)
        shown.append(cell)
        column += columns(cell)
    return shown


def columns(text: str) -> int:
    """Return the columns that a showable text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(width, text))


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
