"""Renderers, one module a format. They read findings and sources, and give text; writing it is the caller's part."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from callr_migrate.findings import Report
    from callr_migrate.source import SourceFile

# name of --output-format -> module and function; imported when asked for
FORMATS = {
    "full": ("callr_migrate.output.full", "render_full"),
    "concise": ("callr_migrate.output.concise", "render_concise"),
    "json": ("callr_migrate.output.json_report", "render_json"),
}
# Formats that programs read: nothing else may stand beside them on standard output.
MACHINE_FORMATS = frozenset({"json"})


class Result(Protocol):
    """What a renderer needs to know of a run.

    `sources` are the files that findings and edits point into, as they were before any fix; `changed` are the
    files that a fix changes, as they are after it.
    """

    @property
    def report(self) -> Report:
        """The outcome."""
        ...

    @property
    def sources(self) -> Mapping[Path, SourceFile]:
        """Files before any fix."""
        ...

    @property
    def changed(self) -> Mapping[Path, SourceFile]:
        """Changed files after the fixes."""
        ...


class Renderer(Protocol):
    """Gives the text of a format, with a final newline unless it is empty.

    `color`: with ANSI sequences. `verbose`: with facts and links that are left out else. Formats that have no
    use for them ignore both.
    """

    def __call__(self, outcome: Result, *, color: bool = False, verbose: bool = False) -> str:
        """Render."""
        ...


def renderer(name: str) -> Renderer:
    """Load the renderer of a format; raises `KeyError` for a name that is not in `FORMATS`."""
    module, function = FORMATS[name]
    return cast("Renderer", getattr(import_module(module), function))
