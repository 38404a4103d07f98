"""Messages and code as Markdown that says what they say, whatever is in them."""

from __future__ import annotations

import io
import re
import tokenize

from callr_migrate.output.text import one_line, plain
from callr_migrate.pullrequest.places import code

_SPECIAL = re.compile(r"([\\`*_\[\]#|~<>&@])")
_BREAK = re.compile(r"\s*[\r\n]+\s*")
_LONG = 240  # characters of code in a table


def sentence(text: str) -> str:
    """With an end, and a capital unless it starts with code or a name."""
    text = text.strip()
    first = text.split(" ", 1)[0]
    if first.isalpha():
        text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!", ")")) else f"{text}."


def prose(text: str) -> str:
    """A message as Markdown; what stands between backticks is code already."""
    pieces = one_line(text).split("`")
    if len(pieces) % 2 == 0:
        return _SPECIAL.sub(r"\\\1", one_line(text))
    return "".join(
        code(piece) if index % 2 and piece.strip() else _SPECIAL.sub(r"\\\1", piece)
        for index, piece in enumerate(pieces)
    )


def short(text: str) -> str:
    """Code on one line, without comments and the spaces that its lines began with."""
    text = _BREAK.sub(" ", _bare(text).strip())
    text = (
        text.replace("( ", "(").replace(", )", ")").replace(" )", ")").replace("{ ", "{").replace(", }", "}")
    )
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def _bare(text: str) -> str:
    """Code without its comments; as it is if it cannot be told what they are."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    lines = f"({text}".split("\n")
    for token in reversed(tokens):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(lines)[1:]


def fenced(text: str, most: int | None) -> list[str]:
    """A block of code that no line of it ends; the verdict at its end stays."""
    lines = text.rstrip().splitlines()
    if most is not None and len(lines) > most + 1:
        lines = [*lines[:most], "...", lines[-1]]
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return [f"{fence}text", *(_plain(line) for line in lines), fence]


def _plain(line: str) -> str:
    return "".join(map(plain, line))
