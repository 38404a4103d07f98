"""Python code as HTML with syntax colours: one `span` a token that has a colour, classes of one letter."""

from __future__ import annotations

from functools import lru_cache

from markupsafe import Markup, escape
from pygments.lexers.python import PythonLexer
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    String,
    _TokenType,
)

# The first that a token's type is in counts; what is in none has no colour. `page/report.css` knows the classes.
_CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (String, "s"),
    (Number, "n"),
    (Operator.Word, "k"),
    (Keyword, "k"),
    (Name.Builtin, "b"),
    (Name.Function, "b"),
    (Name.Exception, "b"),
)
_LEXER = PythonLexer(stripnl=False, ensurenl=False)


@lru_cache(maxsize=20_000)
def highlighted(code: str) -> Markup:
    """The code, escaped."""
    pieces: list[str] = []
    text, name = "", None
    for _, kind, value in [*_LEXER.get_tokens_unprocessed(code), (0, Name, "")]:
        own = next((css for parent, css in _CLASSES if _is_in(kind, parent)), None)
        if own == name and value:
            text += value
            continue
        if text:
            shown = escape(text)
            pieces.append(f'<span class="{name}">{shown}</span>' if name else shown)
        text, name = value, own
    if text:
        pieces.append(escape(text))
    return Markup("").join(Markup(piece) for piece in pieces)


def _is_in(kind: _TokenType, parent: _TokenType) -> bool:
    return kind[: len(parent)] == parent
