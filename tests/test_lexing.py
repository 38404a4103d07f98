"""What string literals stand for, told quickly where that is plain to see."""

from __future__ import annotations

import ast
import warnings

from hypothesis import given
from hypothesis import strategies as st

from callr_migrate.lexing import Lexed, value_of

PIECES = ["'", '"', "\\", "a", "b ", "r", "u", "\n", "\r", "é", "\0", '"""', "'''", "{", "x", "#"]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_a_literal_is_what_the_parser_says(text: str) -> None:
    for start, end in Lexed.of(text).strings:
        literal = text[start:end]
        prefix = literal[: len(literal) - len(literal.lstrip("abrux"))]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                wanted = ast.literal_eval(("r" if "r" in prefix else "") + literal[len(prefix) :])
        except (SyntaxError, ValueError):
            wanted = None
        assert value_of(literal) == wanted
