"""How the file is written: quotes, indentation, line length. Emitted code follows it."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate.module import Module
from callr_migrate.records import dataclass

_ATOMS = (
    cst.Name,
    cst.Attribute,
    cst.Subscript,
    cst.Call,
    cst.SimpleString,
    cst.FormattedString,
    cst.List,
    cst.Dict,
    cst.Set,
    cst.ListComp,
    cst.DictComp,
    cst.SetComp,
)
_NEED_PARENTHESES = (cst.GeneratorExp, cst.NamedExpr, cst.Yield, cst.StarredElement)


@dataclass(frozen=True)
class Style:
    """The habits of one file. `quote` is the quote of emitted texts."""

    quote: str
    indent: str
    newline: str
    line_length: int
    fancy_fstrings: bool  # whether Python 3.12's freedom inside of f-strings may be used

    @classmethod
    def of(cls, module: Module, line_length: int, target_version: tuple[int, int]) -> Style:
        """Read off a file."""
        single = double = 0
        for node in module.strings:
            if isinstance(node, cst.SimpleString) and not node.value.endswith(('"""', "'''")):
                if node.value.endswith("'"):
                    single += 1
                else:
                    double += 1
        return cls(
            "'" if single > double else '"',
            module.tree.default_indent,
            module.source.newline,
            line_length,
            target_version >= (3, 12),
        )

    def quoted(self, text: str) -> str:
        """A text as a Python literal."""
        literal = repr(text)
        if literal[0] == self.quote or self.quote in text or "\\" in literal:
            return literal
        return f"{self.quote}{text}{self.quote}"


def copied(module: Module, node: cst.BaseExpression) -> tuple[int, int]:
    """The span to copy for an expression: its own parentheses included."""
    return module.outer_span(node)


def is_atom(module: Module, node: cst.BaseExpression) -> bool:
    """Whether `.x` can follow the copied text as it is."""
    return isinstance(node, _ATOMS) or bool(getattr(node, "lpar", ()))


def needs_parentheses(node: cst.BaseExpression) -> bool:
    """Whether the copied text cannot be a dict value or argument without parentheses."""
    return isinstance(node, _NEED_PARENTHESES) and not getattr(node, "lpar", ())


def line_indent(module: Module, offset: int) -> str:
    """The white space before the first character of the offset's line."""
    line = module.source.line_text(module.source.position(offset).line)
    return line[: len(line) - len(line.lstrip(" \t\f"))]
