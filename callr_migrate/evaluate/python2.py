"""Python 2 source that the parser takes for Python 3.

`except E, e:` is the form that Python 3.14 allows for `except (E, e):`, and `print >>f, x` is a shift.
"""

from __future__ import annotations

import re

import libcst as cst

from callr_migrate.evaluate.nodes import parsed, visit
from callr_migrate.patterns import regex

# `except (A, B):` is everywhere, and parsing a file again for it takes as long as all else.
_SIGN = regex(
    r"^[ \t]*(?:except\b(?:[^:,()\n]|\((?:[^()]|\([^()]*\))*\))*,[^:\n]*:|print[ \t]*>>)", re.MULTILINE
)


def is_python_2(text: str) -> bool:
    """Whether a text that parses is Python 2 all the same; raises what parsing raises."""
    if not _SIGN.search(text):
        return False
    finder = _Finder()
    visit(parsed(text), finder)
    return finder.found


class _Finder(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found = False

    def visit_ExceptHandler(self, node: cst.ExceptHandler) -> None:
        self.found |= isinstance(node.type, cst.Tuple) and not node.type.lpar

    def visit_Expr(self, node: cst.Expr) -> None:
        first = node.value
        if isinstance(first, cst.Tuple) and not first.lpar and first.elements:
            first = first.elements[0].value
        while isinstance(first, cst.BinaryOperation) and not first.lpar:
            if isinstance(first.operator, cst.RightShift) and _is_print(first.left):
                self.found = True
            first = first.left


def _is_print(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name) and node.value == "print"
