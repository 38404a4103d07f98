"""Source excerpts: the lines of a span with their numbers, the span marked beneath, secrets starred."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from callr_migrate.output.text import Paint, cells, columns
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from callr_migrate.findings import Finding
    from callr_migrate.source import SourceFile

Span = tuple[int, int]

_MOST_LINES = 8  # a longer span is cut in the middle
_MOST_COLUMNS = 160  # a longer line is cut around the span
_LEAD = 40  # characters kept before the span in a line that is cut


def secrets_by_file(findings: Iterable[Finding]) -> dict[Path, tuple[Span, ...]]:
    """Return the literal credentials of each file, sorted, none reaching into the next.

    Every finding's excerpt hides those of all of them.
    """
    spans: dict[Path, set[Span]] = {}
    # The findings of a file share one tuple.
    known: dict[Path, tuple[Span, ...]] = {}
    for finding in findings:
        if finding.secrets is not known.get(finding.path):
            known[finding.path] = finding.secrets
            spans.setdefault(finding.path, set()).update(finding.secrets)
        else:
            spans.setdefault(finding.path, set())
    return {path: tuple(_apart(found)) for path, found in spans.items()}


def _apart(spans: Iterable[Span]) -> Iterator[Span]:
    start, end = -1, -1
    for low, high in sorted(spans):
        if low > end:
            if end > start:
                yield start, end
            start, end = low, high
        end = max(end, high)
    if end > start:
        yield start, end


def hidden_in(secrets: Sequence[Span], start: int, end: int) -> Iterator[int]:
    """Return the offsets from `start` to `end` that belong to a secret; `secrets` as `secrets_by_file` gives them."""
    index = max(0, bisect_left(secrets, (start, start)) - 1)
    while index < len(secrets) and secrets[index][0] < end:
        low, high = secrets[index]
        yield from range(max(low, start), min(high, end))
        index += 1


def masked(source: SourceFile, start: int, end: int, secrets: Sequence[Span]) -> str:
    """`source.text[start:end]` with one star for each character of a secret."""
    text = list(source.text[start:end])
    for offset in hidden_in(secrets, start, end):
        text[offset - start] = "*"
    return "".join(text)


@dataclass(frozen=True)
class Excerpt:
    """The lines to print under a finding's headline, and the width of the column of line numbers."""

    lines: list[str]
    gutter: int


def excerpt(source: SourceFile, start: int, end: int, secrets: Sequence[Span], paint: Paint) -> Excerpt:
    """Return the excerpt for the span from `start` to `end` (offsets into the text; may be empty)."""
    # A span that takes its last newline in would be shown with an empty line.
    while end > start and source.text[end - 1] in "\r\n":
        end -= 1
    first, last = source.position(start), source.position(end)
    gutter = max(len(str(source.line_number(line))) for line in (first.line, last.line))
    bar = paint("blue", " " * gutter + " |")
    shown = _Lines(source, secrets, paint, gutter)
    if first.line == last.line:
        code, before, marked = shown.line(first.line, first.column - 1, last.column - 1)
        caret = paint("red", "^" * max(1, marked))
        return Excerpt([bar, f"{shown.number(first.line)} {code}", f"{bar} {' ' * before}{caret}"], gutter)
    lines = [bar]
    code, before, _ = shown.line(first.line, first.column - 1, first.column)
    side = paint("red", "|")
    if code[:before].strip():
        lines.append(f"{shown.number(first.line)}   {code}")
        lines.append(f"{bar}  {paint('red', '_' * (before + 1) + '^')}")
    else:
        lines.append(f"{shown.number(first.line)} {paint('red', '/')} {code}")
    between = list(range(first.line + 1, last.line))
    cut = len(between) + 2 > _MOST_LINES
    lines += [
        f"{shown.number(line)} {side} {shown.line(line, 0, 0)[0]}"
        for line in (between[: _MOST_LINES - 4] if cut else between)
    ]
    if cut:
        lines.append(f"{'.' * max(3, gutter)} {side}")
        lines.append(f"{shown.number(between[-1])} {side} {shown.line(between[-1], 0, 0)[0]}")
    code, before, _ = shown.line(last.line, max(0, last.column - 2), last.column - 1)
    lines.append(f"{shown.number(last.line)} {side} {code}")
    lines.append(f"{bar} {paint('red', '|' + '_' * (before + 1) + '^')}")
    return Excerpt(lines, gutter)


@dataclass(frozen=True)
class _Lines:
    source: SourceFile
    secrets: Sequence[Span]
    paint: Paint
    gutter: int

    def number(self, line: int) -> str:
        return self.paint("blue", f"{self.source.line_number(line):>{self.gutter}} |")

    def line(self, line: int, start: int, end: int) -> tuple[str, int, int]:
        """Return a line as shown, the columns before its character `start`, and those from there to `end`."""
        text = self.source.shown_line(line)
        offset = self.source.line_starts[line - 1]
        hidden = {index - offset for index in hidden_in(self.secrets, offset, offset + len(text))}
        if not hidden and len(text) <= _MOST_COLUMNS and text.isascii() and text.isprintable():
            return text.rstrip(), start, max(0, min(end, len(text)) - start)
        shown = cells(text, hidden)
        left = max(0, start - _LEAD) if len(shown) > _MOST_COLUMNS else 0
        right = min(len(shown), left + _MOST_COLUMNS)
        head, tail = ("..." if left else ""), ("..." if right < len(shown) else "")
        end = min(end, right)
        before = columns(head + "".join(shown[left:start]))
        return head + "".join(shown[left:right]).rstrip() + tail, before, columns("".join(shown[start:end]))
