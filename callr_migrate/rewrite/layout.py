"""Where imports stand in a module, and where new ones go."""

from __future__ import annotations

import sys

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.project import dotted_name


def only_imports(suite: cst.BaseSuite) -> bool:
    """Whether a block does nothing but import."""
    return all(
        isinstance(line, cst.SimpleStatementLine)
        and all(isinstance(part, (cst.Import, cst.ImportFrom, cst.Pass)) for part in line.body)
        for line in suite.body
    )


def import_lines(module: Module) -> list[cst.SimpleStatementLine]:
    """The plain import lines at the top of a module, `__future__` left out."""
    lines: list[cst.SimpleStatementLine] = []
    for index, statement in enumerate(module.tree.body):
        if isinstance(statement, cst.SimpleStatementLine):
            first = statement.body[0]
            if isinstance(first, (cst.Import, cst.ImportFrom)):
                if imported_module(statement) != "__future__":
                    lines.append(statement)
                continue
            if index == 0 and isinstance(first, cst.Expr):
                continue
        elif isinstance(statement, (cst.Try, cst.If)):
            continue
        if lines:
            break
    return lines


def imported_module(line: cst.SimpleStatementLine) -> str:
    """The module that an import line names first, with the dots of a relative one."""
    statement = line.body[0]
    if isinstance(statement, cst.ImportFrom):
        return "." * len(statement.relative) + (dotted_name(statement.module) or "")
    if isinstance(statement, cst.Import):
        return dotted_name(statement.names[0].name) or ""
    return ""


def is_stdlib(module: str) -> bool:
    """Whether a module comes with Python."""
    return module.split(".")[0] in sys.stdlib_module_names


def after_prologue(module: Module) -> int:
    """Behind the docstring and the `__future__` imports."""
    source = module.source
    offset = 0
    for index, statement in enumerate(module.tree.body):
        if not isinstance(statement, cst.SimpleStatementLine):
            break
        first = statement.body[0]
        docstring = index == 0 and isinstance(first, cst.Expr) and isinstance(first.value, cst.SimpleString)
        if not docstring and imported_module(statement) != "__future__":
            break
        line = source.position(module.span(first)[1]).line
        offset = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
    if offset == 0:
        # Comments such as a shebang or a coding cookie stay on top.
        first_code = module.tree.body[0] if module.tree.body else None
        if isinstance(first_code, cst.SimpleStatementLine):
            start = module.span(first_code.body[0])[0]
            return source.line_starts[source.position(start).line - 1]
    return offset
