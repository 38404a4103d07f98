"""Spans of a file's text to be replaced, nested ones rendered inside out, cut as finely as asked."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import libcst as cst

from callr_migrate.evaluate.module import Module, Span
from callr_migrate.findings import Edit
from callr_migrate.records import dataclass

Piece = str | Span  # new text, or a part of the old one that stays
Render = Callable[["Texts"], Sequence[Piece]]


@dataclass(frozen=True)
class Replacement:
    """What stands at `span` after the rewrite; `fine` keeps the spared parts out of the edits."""

    span: Span
    render: Render
    fine: bool = False


class Texts:
    """The replacements of one module."""

    def __init__(self, module: Module, secrets: Sequence[Span] = ()) -> None:
        """`secrets` are spans that are shown as `"***"`: for texts that people see, never for edits."""
        self.module = module
        self.text = module.source.text
        self._replacements: dict[Span, Replacement] = {}
        self._insertions: dict[int, list[str]] = {}
        self._sorted: list[Replacement] | None = None
        self._rendered: dict[tuple[Span, str], str] | None = None
        self.indented: list[tuple[Span, str]] = []
        self.nested = ""  # what calls are indented by that stand inside of another one that is laid out
        for span in secrets:
            self.replace(span, lambda _: ['"***"'])

    def replace(self, span: Span, render: Render, *, fine: bool = False) -> None:
        """Replace a span; a span replaced before keeps its first replacement."""
        if span not in self._replacements:
            self._add(Replacement(span, render, fine))

    def insert(self, offset: int, text: str, *, once: bool = True) -> None:
        """Insert a text (the same one only once, if so asked); others follow in the order of the calls."""
        texts = self._insertions.get(offset)
        if texts is None:
            texts = self._insertions[offset] = []
            self._add(Replacement((offset, offset), _texts(texts)))
        if text not in texts or not once:
            texts.append(text)

    def _add(self, item: Replacement) -> None:
        self._replacements[item.span] = item
        if self._sorted is not None:
            # Sorting it all again for each of many calls would take the square of their number.
            insort(self._sorted, item, key=_order)

    def masked(self, secrets: Sequence[Span]) -> Texts:
        """The same replacements, with secrets shown as stars."""
        if not secrets:
            return self
        other = Texts(self.module, secrets)
        for span, item in self._replacements.items():
            other._replacements.setdefault(span, item)
        other.indented = self.indented
        other.complete()
        return other

    def indent(self, region: Span, unit: str) -> None:
        """Indent the lines that start inside of a region by `unit`, lines inside of a text literal left as they are."""
        self.indented.append((region, unit))
        source = self.module.source
        literals = [
            span
            for span in (
                self.module.span(node)
                for node in self.module.strings
                if not isinstance(node, cst.ConcatenatedString)
            )
            if source.position(span[0]).line != source.position(span[1]).line
        ]
        for start in source.line_starts:
            if not region[0] < start <= region[1] or any(low < start < high for low, high in literals):
                continue
            line = source.line_text(source.position(start).line)
            if line.strip():
                self.insert(start + len(line) - len(line.lstrip(" \t\f")), unit, once=False)

    @contextmanager
    def deeper(self, indent: str) -> Iterator[None]:
        """Render what is inside of an argument on a line of its own."""
        before = self.nested
        self.nested += indent
        yield
        self.nested = before

    def extra_indent(self, offset: int) -> str:
        """What `indent` adds to the line of an offset."""
        return "".join(unit for (start, end), unit in self.indented if start < offset <= end)

    def _ordered(self) -> list[Replacement]:
        if self._sorted is None:
            self._sorted = sorted(self._replacements.values(), key=_order)
        return self._sorted

    def outermost(self, span: Span | None = None) -> list[Replacement]:
        """The replacements of the file, or of a span, that no other one there holds.

        Insertions at the very ends of a span belong to what surrounds it.
        """
        low, high = span or (0, len(self.text))
        found: list[Replacement] = []
        done = low
        ordered = self._ordered()
        first = bisect_left(ordered, low, key=lambda item: item.span[0])
        for item in ordered[first:]:
            start, stop = item.span
            if start > high:
                break
            if span is not None and start == stop and start in span:
                continue
            if stop <= high and start >= done:
                found.append(item)
                done = stop
        return found

    def new_text(self, span: Span) -> str:
        """The text of a span with everything inside of it replaced."""
        pieces: list[str] = []
        at = span[0]
        for item in self.outermost(span):
            pieces += (self.text[at : item.span[0]], self.rendered(item))
            at = item.span[1]
        return "".join(pieces) + self.text[at : span[1]]

    def at(self, span: Span) -> Replacement | None:
        """The replacement of exactly this span."""
        return self._replacements.get(span)

    def complete(self) -> None:
        """Nothing is added any more: what is rendered from now on is kept, for edits and for people to see."""
        self._rendered = {}

    def rendered(self, item: Replacement) -> str:
        """The new text of one replacement."""
        key = item.span, self.nested
        known = self._rendered.get(key) if self._rendered is not None else None
        if known is None:
            known = "".join(
                piece if isinstance(piece, str) else self.new_text(piece) for piece in item.render(self)
            )
            if self._rendered is not None:
                self._rendered[key] = known
        return known

    def edits(self, item: Replacement) -> list[Edit]:
        """A replacement as edits of the file."""
        path = self.module.path
        if not item.fine:
            return [Edit(path, *item.span, self.rendered(item))]
        edits: list[Edit] = []
        at = item.span[0]
        pending = ""
        for piece in item.render(self):
            if isinstance(piece, str):
                pending += piece
                continue
            if pending or piece[0] > at:
                edits.append(Edit(path, at, piece[0], pending))
            for inner in self.outermost(piece):
                edits += self.edits(inner)
            at, pending = piece[1], ""
        if pending or item.span[1] > at:
            edits.append(Edit(path, at, item.span[1], pending))
        return [edit for edit in edits if edit.text != self.text[edit.start : edit.end]]


def _texts(texts: list[str]) -> Render:
    return lambda _: texts


def _order(item: Replacement) -> tuple[int, bool, int]:
    # At one place an insertion comes first, then the widest replacement.
    return item.span[0], item.span[1] > item.span[0], -item.span[1]


def apart(edits: list[Edit], text: str, kept: Sequence[Span]) -> list[Edit]:
    """Cut edits so that parts of the old text that are also in the new one, in the same order, stay out of them.

    `kept`: those parts, sorted.
    """
    return [piece for edit in edits for piece in _cut(edit, text, kept)]


def _cut(edit: Edit, text: str, kept: Sequence[Span]) -> Iterator[Edit]:
    start, new = edit.start, edit.text
    for low, high in kept[bisect_left(kept, (start, start)) :]:
        if low >= edit.end:
            break
        if low < start or high > edit.end:
            continue
        before, found, after = new.partition(text[low:high])
        if found:
            if before != text[start:low]:
                yield Edit(edit.path, start, low, before)
            start, new = high, after
    if new != text[start : edit.end]:
        yield Edit(edit.path, start, edit.end, new)
