"""Findings as the Language Server Protocol writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from lsprotocol import types

from callr_migrate.check.codes import CODES
from callr_migrate.editor.analysis import Analysis
from callr_migrate.findings import Edit, Finding, Position
from callr_migrate.output.notes import notes_text
from callr_migrate.output.text import one_line
from callr_migrate.source import SourceFile

SOURCE = "callr-migrate"
_UNITS = {types.PositionEncodingKind.Utf8: ("utf-8", 1), types.PositionEncodingKind.Utf16: ("utf-16-le", 2)}


class Places:
    """Offsets of texts as positions, in the units that client and server have agreed upon."""

    def __init__(self, encoding: types.PositionEncodingKind | str | None) -> None:
        kind = types.PositionEncodingKind(encoding or types.PositionEncodingKind.Utf16)
        self._encoding, self._size = _UNITS.get(kind, ("utf-32-le", 4))

    def position(self, source: SourceFile, offset: int) -> types.Position:
        """An offset into the text as a position in the file, counted from 0."""
        return self._converted(source, source.on_disk(offset))

    def _converted(self, source: SourceFile, place: Position) -> types.Position:
        before = source.whole.line_text(place.line)[: place.column - 1]
        units = len(before.encode(self._encoding, "surrogatepass")) // self._size
        return types.Position(place.line - 1, units)

    def span(self, source: SourceFile, start: int, end: int) -> types.Range:
        """A span of the text as a range."""
        return types.Range(self.position(source, start), self.position(source, end))

    def diagnostic(self, analysis: Analysis, finding: Finding) -> types.Diagnostic:
        """A finding; its fix is found again by the fingerprint-free pair of place and code."""
        source = analysis.source_of(finding)
        zero = types.Position(0, 0)
        where = self.span(source, finding.start, finding.end) if source else types.Range(zero, zero)
        level = CODES[finding.code].level if finding.code in CODES else "error"
        return types.Diagnostic(
            where,
            f"{one_line(finding.message)}\n{notes_text(finding)}",
            # The program still works: nothing here is an error yet.
            types.DiagnosticSeverity.Warning if level == "error" else types.DiagnosticSeverity.Information,
            code=finding.code,
            code_description=types.CodeDescription(finding.url) if finding.url else None,
            source=SOURCE,
        )

    def workspace_edit(
        self, edits: Iterable[Edit], sources: Mapping[Path, SourceFile], versions: Mapping[Path, int | None]
    ) -> types.WorkspaceEdit:
        """Edits of several files; of open documents for just the version that they were made for."""
        by_path: dict[Path, list[types.TextEdit | types.AnnotatedTextEdit | types.SnippetTextEdit]] = {}
        for edit in edits:
            source = sources[edit.path]
            carried = source.disk_edit(edit)
            where = types.Range(self._converted(source, carried.start), self._converted(source, carried.end))
            by_path.setdefault(edit.path, []).append(types.TextEdit(where, carried.text))
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(
                        path.absolute().as_uri(), versions.get(path)
                    ),
                    found,
                )
                for path, found in by_path.items()
            ]
        )


def overlaps(left: types.Range, right: types.Range) -> bool:
    """Whether two ranges touch."""
    return _key(left.start) <= _key(right.end) and _key(right.start) <= _key(left.end)


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character
