"""Python inside of another file, as one module: the cells of a notebook, the code blocks of a page.

`EmbeddedSource.text` is that module: the pieces in order, each ending with a newline and an empty line. What IPython
takes for a magic is masked by characters of the same number that Python can parse, so that every other character has
its place in the file. Edits are carried over to those places, so all else stays byte for byte.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path

from callr_migrate.findings import Applicability, Edit, Finding, Position, Unseen
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass
from callr_migrate.source import DiskEdit, SourceError, SourceFile
from callr_migrate.suffixes import DOCUMENTS, NOTEBOOK, is_embedding

Span = tuple[int, int]

_LINES = regex(r"\b(lines?) ((?:\d+(?:, )?)+)")


@dataclass(frozen=True)
class Piece:
    """One piece of code. `starts` and `ends` are the places in the file of each of its characters.

    `joint` is what the file has between the end of one line's text and the start of the next one, beyond the newline
    itself, and `is_json` tells that characters are written as in JSON. `at` and `to` bound it in the file.
    """

    number: int  # from 1, among all cells of a notebook
    text: str
    starts: Sequence[int]
    ends: Sequence[int]
    at: int
    to: int
    joint: str = ""
    is_json: bool = False

    def written(self, text: str, newline: str, *, ascii_only: bool) -> str:
        """New text as the file writes it."""
        if not self.is_json:
            return text.replace(newline, newline + self.joint)
        import json

        lines = text.split("\n")
        return f"\\n{self.joint}".join(json.dumps(line, ensure_ascii=ascii_only)[1:-1] for line in lines)


@dataclass(frozen=True)
class Masked:
    """A piece as Python may see it: `text` has the same length; `changed` are the characters that differ.

    `hidden` are the parts that are not analysed, and `why` says what they are.
    """

    text: str
    changed: tuple[Span, ...] = ()
    hidden: tuple[Span, ...] = ()
    why: str = ""
    head: int = 0  # nothing can be put before this: the line of a cell magic


@dataclass(frozen=True)
class EmbeddedSource(SourceFile):
    """A file with Python inside. `disk` is all of its text; `raw`, `encoding` and `bom` are the file's own."""

    disk: str = ""
    pieces: tuple[Piece, ...] = ()
    masks: tuple[Masked, ...] = ()
    starts: tuple[int, ...] = ()  # where each piece starts in `text`
    is_fixable: bool = True
    has_cells: bool = False
    noun: str = field(default="cell")

    @property
    def fixable(self) -> bool:
        """Whether the file may be changed."""
        return self.is_fixable

    @property
    def whole(self) -> SourceFile:
        """The file itself."""
        return self._whole

    @cached_property
    def _whole(self) -> SourceFile:
        return SourceFile(self.path, self.raw, self.disk, self.encoding, self.bom)

    def _piece(self, offset: int) -> tuple[int, Piece, int]:
        """The piece that an offset belongs to, its index, and the offset in it (behind its end for what is added)."""
        index = max(bisect_right(self.starts, offset) - 1, 0)
        return index, self.pieces[index], offset - self.starts[index]

    def _place(self, offset: int) -> int:
        """Where a character of the module stands in the file."""
        if not self.pieces:
            return 0
        _, piece, inner = self._piece(offset)
        return piece.starts[inner] if inner < len(piece.text) else piece.to

    def on_disk(self, offset: int) -> Position:
        """Line and column in the file."""
        return self.whole.position(self._place(offset))

    def disk_span(self, start: int, end: int) -> tuple[str, int, int]:
        """The file's own text, and a span in it."""
        return self.disk, self._place(start), self._place(end)

    def cell(self, offset: int) -> tuple[int, int] | None:
        """The number of the cell and the line in it; None for a file without cells."""
        if not self.has_cells or not self.pieces:
            return None
        index, piece, _ = self._piece(offset)
        return piece.number, self.position(offset).line - self.position(self.starts[index]).line + 1

    @cached_property
    def _unmasked(self) -> str:
        text = list(self.text)
        for start, piece in zip(self.starts, self.pieces, strict=True):
            text[start : start + len(piece.text)] = piece.text
        return "".join(text)

    @property
    def unmasked(self) -> str:
        """The module with its magics."""
        return self._unmasked

    def shown_line(self, line: int) -> str:
        """A line of the module, magics as they are."""
        start = self.line_starts[line - 1]
        return self._unmasked[start : start + len(self.line_text(line))]

    def line_number(self, line: int) -> int:
        """What a line of the module is called: by its cell, or by the file."""
        start = self.line_starts[line - 1]
        cell = self.cell(start)
        return cell[1] if cell is not None else self.on_disk(start).line

    def relabelled(self, text: str) -> str:
        """A message with the numbers of the module's lines replaced by those that a reader knows."""

        def label(match: re.Match[str]) -> str:
            numbers = [int(number) for number in match[2].strip(", ").split(", ")]
            if not all(0 < number <= len(self.line_starts) for number in numbers):
                return match[0]
            names = []
            for number in numbers:
                cell = self.cell(self.line_starts[number - 1])
                shown = str(self.line_number(number))
                names.append(f"{shown} of cell {cell[0]}" if cell is not None else shown)
            return f"{match[1]} {', '.join(names)}{match[2][len(match[2].rstrip(', ')) :]}"

        return _LINES.sub(label, text)

    def hidden(self) -> Iterator[tuple[int, str, str]]:
        """What is not analysed: where it starts in the module, its own text, and what it is."""
        for start, piece, mask in zip(self.starts, self.pieces, self.masks, strict=True):
            for low, high in mask.hidden:
                yield start + low, piece.text[low:high], mask.why

    # Edits

    def disk_edit(self, edit: Edit) -> DiskEdit:
        """An edit of the module as an edit of the file; raises `SourceError` where there is none."""
        start, end, text = self._carried(edit)
        whole = self.whole
        return DiskEdit(
            whole.position(start),
            whole.position(end),
            whole.byte_offset(start),
            whole.byte_offset(end),
            text,
        )

    def _carried(self, edit: Edit) -> tuple[int, int, str]:
        index, piece, low = self._piece(edit.start)
        mask, length = self.masks[index], len(piece.text)
        high = edit.end - self.starts[index]
        following = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.text) + 1
        if edit.end > following:
            raise SourceError(f"an edit would go over the end of {self.noun} {piece.number}")
        if low < mask.head or any(low < end and start < high for start, end in mask.changed):
            raise SourceError(f"an edit would change a magic in {self.noun} {piece.number}")
        if not piece.text[low:high] and not edit.text:
            return piece.to, piece.to, ""
        text, joint = edit.text, self.newline
        ends_line = low >= length and bool(piece.text) and not piece.text.endswith("\n")
        if ends_line and low > length:
            # What is added behind the last line, which has no newline of its own.
            text = joint + text.removesuffix(joint)
        low, high = min(low, length), min(high, length)
        to_end = high >= length
        start = piece.starts[low] if low < length else piece.to
        end = piece.starts[high] if high < length else piece.to
        if piece.is_json:
            return self._carried_json(piece, (low, high), (start, end), text, to_end=to_end)
        return start, end, piece.written(text, joint, ascii_only=False)

    def _carried_json(
        self, piece: Piece, inner: Span, place: Span, text: str, *, to_end: bool
    ) -> tuple[int, int, str]:
        """In a list of lines none is empty at the end, and each starts anew."""
        low, _ = inner
        start, end = place
        ascii_only = "\\u" in self.disk and self.disk.isascii()
        fresh = low > 0 and piece.text[low - 1] == "\n"
        if to_end and fresh and piece.joint:
            start = piece.ends[low - 1]
            if text:
                lead = piece.joint
                tail = "\n" if text.endswith("\n") else ""
                body = piece.written(text.removesuffix("\n"), "\n", ascii_only=ascii_only)
                return start, end, lead + body + ("\\n" if tail else "")
            return start, end, ""
        if to_end and text.endswith("\n") and piece.joint:
            body = piece.written(text[:-1], "\n", ascii_only=ascii_only)
            return start, end, body + "\\n"
        return start, end, piece.written(text, "\n", ascii_only=ascii_only)

    def replaced(self, edits: Iterable[Edit]) -> SourceFile:
        """Return the file after the edits; raises `SourceError` as for any file, and where a magic is in the way."""
        if not self.is_fixable:
            raise SourceError("is not rewritten")
        carried = []
        for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end)):
            start, end, text = self._carried(edit)
            carried.append(Edit(self.path, start, end, text))
        return load(self.path, self.whole.replaced(carried).raw)


def load(path: Path, raw: bytes) -> SourceFile:
    """A file as the analysis sees it; raises `SourceError`."""
    suffix = path.suffix.lower()
    if suffix == NOTEBOOK:
        from callr_migrate.notebook import notebook

        return notebook(path, raw)
    if suffix in DOCUMENTS:
        from callr_migrate.pages import page

        return page(path, raw)
    return SourceFile.from_bytes(path, raw)


def code_of(path: Path, raw: bytes) -> bytes:
    """The Python in a file; nothing where it cannot be read."""
    if not is_embedding(path.name):
        return raw
    try:
        return load(path, raw).text.encode()
    except SourceError:
        return b""


def possible(findings: list[Finding], sources: Mapping[Path, SourceFile]) -> list[Finding]:
    """The findings; the groups of fixes that cannot be carried over into a notebook have none."""
    refused: dict[str, str] = {}
    for finding in findings:
        for edit in finding.fix.edits if finding.fix is not None else ():
            source = sources.get(edit.path)
            if isinstance(source, EmbeddedSource) and finding.fix is not None:
                try:
                    source.disk_edit(edit)
                except SourceError as error:
                    refused.setdefault(finding.fix.group, f"{edit.path.name}: {error}")
    return [
        replace(
            finding,
            applicability=Applicability.MANUAL,
            fix=None,
            becomes=None,
            reason=refused[finding.fix.group],
        )
        if finding.fix is not None and finding.fix.group in refused
        else finding
        for finding in findings
    ]


def told(finding: Finding, sources: Mapping[Path, SourceFile]) -> Finding:
    """A finding whose words name the lines of a notebook by their cells, those of a page as the page has them."""
    source = sources.get(finding.path)
    if not isinstance(source, EmbeddedSource):
        return finding
    return replace(
        finding,
        message=source.relabelled(finding.message),
        reason=finding.reason and source.relabelled(finding.reason),
        help=finding.help and source.relabelled(finding.help),
    )


def unseen_on_disk(unseen: Unseen, sources: Mapping[Path, SourceFile]) -> Unseen:
    """A place that could not be judged, by its line in the file."""
    source = sources.get(unseen.path)
    if not isinstance(source, EmbeddedSource) or unseen.line > len(source.line_starts):
        return unseen
    return replace(unseen, line=source.on_disk(source.line_starts[unseen.line - 1]).line)


def embedded(
    whole: SourceFile, pieces: Sequence[Piece], masks: Sequence[Masked], *, fixable: bool, has_cells: bool
) -> EmbeddedSource:
    """Put a file's pieces together; raises `SourceError` for text that is no Unicode."""
    newline = "\n" if has_cells else whole.newline
    starts: list[int] = []
    texts: list[str] = []
    length = 0
    for mask in masks:
        starts.append(length)
        texts.append(mask.text + (newline if not mask.text or mask.text.endswith("\n") else newline * 2))
        length += len(texts[-1])
    text = "".join(texts)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SourceError("holds half of a character, so it is not Python source") from None
    return EmbeddedSource(
        whole.path,
        whole.raw,
        text,
        whole.encoding,
        whole.bom,
        disk=whole.text,
        pieces=tuple(pieces),
        masks=tuple(masks),
        starts=tuple(starts),
        is_fixable=fixable,
        has_cells=has_cells,
        noun="cell" if has_cells else "block",
    )
