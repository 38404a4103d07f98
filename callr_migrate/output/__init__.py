"""Renderers, one module a format. They read findings and sources, and give text; writing it is the caller's part."""

from __future__ import annotations

from collections import ChainMap
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from callr_migrate.findings import Finding, Report
    from callr_migrate.source import SourceFile

# name of --output-format -> module and function; imported when asked for
FORMATS = {
    "full": ("callr_migrate.output.full", "render_full"),
    "concise": ("callr_migrate.output.concise", "render_concise"),
    "grouped": ("callr_migrate.output.grouped", "render_grouped"),
    "json": ("callr_migrate.output.json_report", "render_json"),
    "jsonl": ("callr_migrate.output.json_report", "render_jsonl"),
    "sarif": ("callr_migrate.output.sarif", "render_sarif"),
    "github": ("callr_migrate.output.github", "render_github"),
    "gitlab": ("callr_migrate.output.gitlab", "render_gitlab"),
    "junit": ("callr_migrate.output.junit", "render_junit"),
    "markdown": ("callr_migrate.output.markdown", "render_markdown"),
}
# The functions that give the text of some formats finding by finding: all of it need not be in memory then.
_STREAMED = {"full": "full_pieces", "json": "json_pieces", "jsonl": "jsonl_pieces"}
# Formats that programs read: nothing else may stand beside them on standard output.
MACHINE_FORMATS = frozenset(FORMATS) - {"full", "concise", "grouped"}


class Result(Protocol):
    """What a renderer needs to know of a run.

    `sources` are the files as they were before any fix; `changed` are those that a fix changes, as they are after it;
    `written` are those of `changed` that are on disk. See `sources_of` for what a finding points into.
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

    @property
    def written(self) -> Mapping[Path, SourceFile]:
        """Changed files that are on disk."""
        ...


def sources_of(outcome: Result, finding: Finding) -> Mapping[Path, SourceFile]:
    """Return the files that a finding and its edits point into.

    For one that is applied, as they were before; for one that is left, as they are now on disk.
    """
    if finding.applied:
        return outcome.sources
    return ChainMap(
        cast("dict[Path, SourceFile]", outcome.written), cast("dict[Path, SourceFile]", outcome.sources)
    )


class Renderer(Protocol):
    """Gives the text of a format, with a final newline unless it is empty.

    `color`: with ANSI sequences. `verbose`: with facts and addresses that are left out else. `links`: with places
    that a terminal can click. Formats that have no use for them ignore them.
    """

    def __call__(
        self, outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False
    ) -> str:
        """Render."""
        ...


def renderer(name: str) -> Renderer:
    """Load the renderer of a format; raises `KeyError` for a name that is not in `FORMATS`."""
    module, function = FORMATS[name]
    return cast("Renderer", getattr(import_module(module), function))


def pieces(
    name: str, outcome: Result, *, color: bool = False, verbose: bool = False, links: bool = False
) -> Iterator[str]:
    """The text of a format, in pieces that need not be held in memory together where the format allows that."""
    if name not in _STREAMED:
        return iter([renderer(name)(outcome, color=color, verbose=verbose, links=links)])
    found = getattr(import_module(FORMATS[name][0]), _STREAMED[name])
    return cast("Iterator[str]", found(outcome, color=color, verbose=verbose, links=links))


def clean_line(files: int, hidden: str = "") -> str:
    """What a run ends with that finds nothing; `hidden` is what it leaves out."""
    return f"Looked at {files} file{'' if files == 1 else 's'}: nothing to migrate{hidden}."
