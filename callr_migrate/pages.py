"""Markdown and reStructuredText: their blocks of Python in order, each character with its place in the page.

Pages are checked and never changed: what they say around the code has to change with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from callr_migrate.embedded import EmbeddedSource, Masked, Piece, Span, embedded
from callr_migrate.notebook import commented, parses
from callr_migrate.source import SourceFile

_PYTHON = re.compile(r"\{?\.?(?:python[23]?|py[23]?|pycon3?|ipython[23]?)\b", re.IGNORECASE)
_DIRECTIVE = re.compile(
    r"(?P<lead>[ \t]*)\.\.[ \t]+(?:code-block|code|sourcecode)::[ \t]*(?P<language>\S*)[ \t]*"
)
_OPTION = re.compile(r"[ \t]*:[\w-]+:.*")
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: |$)")
_FIRST_PROMPT = re.compile(r"[ \t]*>>> ")


def page(path: Path, raw: bytes) -> EmbeddedSource:
    """The code blocks of a page; raises `SourceError`."""
    whole = SourceFile.from_bytes(path, raw)
    found = _restructured(whole) if path.suffix.lower() == ".rst" else _markdown(whole)
    pieces = [_piece(whole, number, lines) for number, lines in enumerate(found, 1)]
    masks = [
        Masked(piece.text) if parses(piece.text) else commented(piece.text, "does not parse")
        for piece in pieces
    ]
    return embedded(whole, pieces, masks, fixable=False, has_cells=False)


def _piece(whole: SourceFile, number: int, lines: list[Span]) -> Piece:
    """A block from the spans of its lines, without what they are indented by and with their newlines."""
    places = [place for start, end in lines for place in range(start, end)]
    end = lines[-1][1]
    return Piece(
        number,
        "".join(whole.text[start:end] for start, end in lines),
        places,
        [place + 1 for place in places],
        lines[0][0],
        end,
    )


def _line(whole: SourceFile, number: int) -> Span:
    starts = whole.line_starts
    return starts[number - 1], starts[number] if number < len(starts) else len(whole.text)


def _markdown(whole: SourceFile) -> Iterator[list[Span]]:
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark").parse(whole.text):
        if token.type != "fence" or token.map is None or not _PYTHON.match(token.info.strip()):
            continue
        lines: list[Span] = []
        for index, content in enumerate(token.content.split("\n")[:-1]):
            start, end = _line(whole, token.map[0] + 2 + index)
            # Quotes and lists come before the code on its line.
            lead = whole.text[start:end].rstrip("\r\n").rfind(content) if content else 0
            if lead < 0:
                break
            lines.append((start + lead if content else min(start + _width(whole, start, end), end), end))
        else:
            yield from _prompted(whole, lines)


def _width(whole: SourceFile, start: int, end: int) -> int:
    return len(whole.text[start:end].rstrip("\r\n"))


def _restructured(whole: SourceFile) -> Iterator[list[Span]]:
    count = len(whole.line_starts)
    number = 1
    while number <= count:
        text = whole.line_text(number)
        directive = _DIRECTIVE.fullmatch(text)
        number += 1
        if directive is None:
            if _FIRST_PROMPT.match(text):
                lines = [_line(whole, number - 1)]
                while number <= count and whole.line_text(number).strip():
                    lines.append(_line(whole, number))
                    number += 1
                yield from _prompted(whole, lines)
            continue
        if directive["language"] and not _PYTHON.match(directive["language"]):
            continue
        while number <= count and _OPTION.fullmatch(whole.line_text(number)):
            number += 1
        lines, number = _indented(whole, number, len(directive["lead"]))
        if lines and directive["language"]:
            yield from _prompted(whole, lines)


def _indented(whole: SourceFile, number: int, outer: int) -> tuple[list[Span], int]:
    """The lines from one on that are indented by more than `outer` columns, without their common indentation."""
    numbers: list[int] = []
    while number <= len(whole.line_starts):
        text = whole.line_text(number)
        if text.strip() and len(text) - len(text.lstrip()) <= outer:
            break
        numbers.append(number)
        number += 1
    while numbers and not whole.line_text(numbers[-1]).strip():
        numbers.pop()
    while numbers and not whole.line_text(numbers[0]).strip():
        numbers.pop(0)
    depths = [len(text) - len(text.lstrip()) for text in map(whole.line_text, numbers) if text.strip()]
    common = min(depths, default=0)
    lines = []
    for each in numbers:
        start, end = _line(whole, each)
        lines.append((min(start + common, start + _width(whole, start, end)), end))
    return lines, number


def _prompted(whole: SourceFile, lines: list[Span]) -> Iterator[list[Span]]:
    """The lines, or of a session with prompts what was typed."""
    texts = [whole.text[start:end].rstrip("\r\n") for start, end in lines]
    if any(_FIRST_PROMPT.match(text) for text in texts):
        typed = []
        for (start, end), text in zip(lines, texts, strict=True):
            prompt = _PROMPT.match(text)
            if prompt is not None:
                typed.append((start + prompt.end(), end))
        lines = typed
    if lines:
        yield lines
