"""Constructors of libcst's nodes that do the same as its own in two thirds of the time.

Its nodes are frozen, so the constructors that `dataclasses` makes for them look up each field by its name to set it.
These set it by its slot, and ask for the checks only where there are some. They are made once there is much to parse:
making them takes as long as they save in some ten thousand characters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import update_wrapper
from threading import Lock
from typing import Any

import libcst as cst

# Whether nodes are checked as they are made: empty while nobody wants that. Asking costs less than a call.
CHECKS = [True]
_MUCH = 15_000  # characters
# Nearly all of what stands in programs.
_KINDS: tuple[type[cst.CSTNode], ...] = (
    *(cst.SimpleWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline, cst.Comment),
    *(
        cst.ParenthesizedWhitespace,
        cst.LeftParen,
        cst.RightParen,
        cst.LeftSquareBracket,
        cst.RightSquareBracket,
    ),
    *(cst.LeftCurlyBrace, cst.RightCurlyBrace, cst.Comma, cst.Dot, cst.Colon, cst.AssignEqual),
    *(
        cst.Name,
        cst.Attribute,
        cst.Call,
        cst.Arg,
        cst.SimpleString,
        cst.Integer,
        cst.Subscript,
        cst.SubscriptElement,
    ),
    *(cst.Index, cst.Dict, cst.DictElement, cst.List, cst.Tuple, cst.Element, cst.FormattedString),
    *(cst.FormattedStringText, cst.FormattedStringExpression, cst.Comparison, cst.ComparisonTarget),
    *(cst.BinaryOperation, cst.BooleanOperation, cst.UnaryOperation, cst.Expr, cst.Assign, cst.AssignTarget),
    *(
        cst.Return,
        cst.Raise,
        cst.From,
        cst.Import,
        cst.ImportFrom,
        cst.ImportAlias,
        cst.AsName,
        cst.If,
        cst.Else,
    ),
    *(
        cst.For,
        cst.With,
        cst.WithItem,
        cst.Try,
        cst.ExceptHandler,
        cst.FunctionDef,
        cst.Parameters,
        cst.Param,
    ),
    *(cst.Decorator, cst.ClassDef, cst.IndentedBlock, cst.SimpleStatementLine, cst.Annotation),
)


class _Prepared:
    def __init__(self) -> None:
        self.lock = Lock()
        self.characters = 0
        self.is_done = False


_prepared = _Prepared()


def prepare(characters: int) -> None:
    """So many characters are about to be parsed."""
    if _prepared.is_done:
        return
    with _prepared.lock:
        _prepared.characters += characters
        if _prepared.characters < _MUCH or _prepared.is_done:
            return
        _prepared.is_done = True
        replace(_KINDS)


def replace(kinds: tuple[type[cst.CSTNode], ...]) -> None:
    """Give these kinds of nodes their constructors."""
    names: dict[str, Any] = {"CHECKS": CHECKS, "MISSING": dataclasses.MISSING}
    lines: list[str] = []
    done = []
    for number, kind in enumerate(kinds):
        fields = dataclasses.fields(kind)
        setters = [_setter(kind, field.name) for field in fields]
        # What another libcst makes in another way keeps its constructor.
        if all(field.init and not field.kw_only for field in fields) and None not in setters:
            lines += _written(number, fields)
            names |= {
                f"set_{number}_{field.name}": setter for field, setter in zip(fields, setters, strict=True)
            }
            names |= {f"default_{number}_{field.name}": _default(field) for field in fields}
            done.append((number, kind))
    exec("\n".join(lines), names)
    for number, kind in done:
        kind.__init__ = update_wrapper(names[f"constructor_{number}"], kind.__init__)  # type: ignore[method-assign]


def _setter(kind: type[cst.CSTNode], name: str) -> Callable[[cst.CSTNode, object], None] | None:
    """What sets the slot of that name; None: there is no such slot."""
    for each in kind.__mro__:
        if name in vars(each):
            return getattr(vars(each)[name], "__set__", None)
    return None


def _default(field: dataclasses.Field[Any]) -> Any:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory


def _written(number: int, fields: tuple[dataclasses.Field[Any], ...]) -> list[str]:
    """The source of a constructor."""
    parameters, sets = ["self"], []
    for field in fields:
        name, value = field.name, field.name
        default = f"default_{number}_{name}"
        if field.default_factory is not dataclasses.MISSING:
            parameters.append(f"{name}=MISSING")
            value = f"{default}() if {name} is MISSING else {name}"
        elif field.default is not dataclasses.MISSING:
            parameters.append(f"{name}={default}")
        else:
            parameters.append(name)
        sets.append(f"    set_{number}_{name}(self, {value})")
    return [
        f"def constructor_{number}({', '.join(parameters)}):",
        *sets,
        "    if CHECKS: self.__post_init__()",
    ]
