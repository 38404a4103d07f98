"""Dates among the arguments of a legacy call, written as v2 wants them.

The legacy API takes one form only. Where that form is written out at its place (a text, a format, an f-string), the new
one takes its place there; everything else is converted where it is handed over.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Answer, Constant, constants
from callr_migrate.pack.forms import DateForms
from callr_migrate.rewrite.dates import FORMATS
from callr_migrate.rewrite.effects import is_repeatable
from callr_migrate.rewrite.plans import Emitted, Refusal

Pieces = tuple[tuple[Span, str], ...]


def dated(
    evaluator: Evaluator,
    module: Module,
    forms: DateForms,
    name: str,
    node: cst.BaseExpression,
    known: list[Constant] | None,
) -> tuple[Emitted, str | None]:
    """The value of the parameter `name`, and why it is not certain; raises `Refusal`.

    `known` is what it is known to be.
    """
    for constant in known or ():
        if constant.value is not None and not forms.is_legacy(constant.value):
            raise Refusal(f"`{name}` may be {constant.value!r}, which is no date in the legacy form")
    found, text = literal(node)
    if found:
        return Emitted(constant=forms.to_rest(text)), None
    branches = literal_branches(node)
    if branches is not None:
        rewritten = tuple((part, forms.to_rest(literal(part)[1])) for part in branches)
        return Emitted(node, constants=rewritten), None
    pieces = in_place(evaluator, module, node, forms)
    if pieces is not None:
        return Emitted(node, pieces=pieces), None
    options = list(evaluator.evaluate(module, node).options())
    given = [option for option in options if isinstance(option, Answer) and option.format in FORMATS]
    unless = None
    if any(isinstance(option, Constant) and option.value is None for option in options):
        if not is_repeatable(node):
            raise Refusal(f"`{name}` may be None, which v2 is not to be sent")
        unless = "None"
    taken = known is None and len(given) < len(options)
    doubt = f"`{name}` is taken to be a date in the legacy form" if taken else None
    return Emitted(node, dated=forms, cut=bool(given), unless=unless), doubt


def literal_branches(node: cst.BaseExpression) -> list[cst.BaseExpression] | None:
    """The literals that a conditional expression chooses from, if it chooses from nothing else."""
    if isinstance(node, cst.IfExp):
        branches = [literal_branches(node.body), literal_branches(node.orelse)]
        return None if None in branches else [part for branch in branches for part in branch or ()]
    return [node] if literal(node)[0] else None


def in_place(
    evaluator: Evaluator, module: Module, node: cst.BaseExpression, forms: DateForms
) -> Pieces | None:
    """What changes inside of an expression that makes a legacy date, so that it makes one for v2; None if not told."""
    text = _template(node)
    if text is not None:
        return _in_text(module, text, forms)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if node.func.attr.value == "strftime":
            return _in_format(evaluator, module, node, forms)
        if node.func.attr.value == "isoformat":
            return _in_isoformat(module, node, forms)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return _in_sum(module, node, forms)
    return None


def _template(node: cst.BaseExpression) -> cst.SimpleString | cst.FormattedString | None:
    """The text that is filled in: an f-string, the left side of `%`, the receiver of `.format`."""
    if isinstance(node, cst.FormattedString):
        return node
    filled: cst.BaseExpression | None = None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Modulo):
        filled = node.left
    elif (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "format"
    ):
        filled = node.func.value
    return filled if isinstance(filled, cst.SimpleString) else None


def _in_text(module: Module, node: cst.SimpleString | cst.FormattedString, forms: DateForms) -> Pieces | None:
    """The one separator of a text, and its end."""
    start, end = module.span(node)
    if isinstance(node, cst.SimpleString):
        spans = [(start + len(node.prefix + node.quote), end - len(node.quote))]
    else:
        spans = [module.span(part) for part in _texts(node)]
    pieces = [
        *_separators(module, spans, forms),
        ((end - len(_quote(node)), end - len(_quote(node))), forms.suffix),
    ]
    return tuple(pieces) if len(pieces) == 2 else None


def _quote(node: cst.SimpleString | cst.FormattedString) -> str:
    return node.quote if isinstance(node, cst.SimpleString) else node.end


def _texts(node: cst.FormattedString) -> Iterator[cst.FormattedStringText]:
    """The texts between the fields, and those of the fields' formats."""
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            yield part
        elif isinstance(part, cst.FormattedStringExpression):
            for inner in part.format_spec or ():
                if isinstance(inner, cst.FormattedStringText):
                    yield inner


def _separators(module: Module, spans: list[Span], forms: DateForms) -> list[tuple[Span, str]]:
    old, new = forms.separators
    return [
        ((at, at + len(old)), new)
        for start, end in spans
        for at in range(start, end)
        if module.source.text.startswith(old, at)
    ]


def _in_format(evaluator: Evaluator, module: Module, node: cst.Call, forms: DateForms) -> Pieces | None:
    """`x.strftime(FORM)`, `datetime.strftime(x, FORM)`, `time.strftime(FORM, x)`."""
    for arg in node.args:
        known = constants(evaluator.evaluate(module, arg.value))
        if known and not arg.star and all(isinstance(constant.value, str) for constant in known):
            old = known[0].value
            if len(known) > 1 or old.count(forms.separators[0]) != 1 or forms.suffix in old:
                return None
            quote = arg.value.quote if isinstance(arg.value, cst.SimpleString) else '"'
            new = forms.to_rest(old)
            if len(quote) > 1 or quote in new or "\\" in new or not new.isprintable():
                return None
            return ((module.span(arg.value), f"{quote}{new}{quote}"),)
    return None


def _in_isoformat(module: Module, node: cst.Call, forms: DateForms) -> Pieces | None:
    """`x.isoformat(" ")`, where the separator stands there."""
    old, new = forms.separators
    for arg in node.args[:1]:
        text = arg.value
        named = arg.keyword is None or arg.keyword.value == "sep"
        if named and isinstance(text, cst.SimpleString) and literal(text)[1] == old:
            end = module.span(node)[1]
            quote = text.quote
            return (
                (module.span(text), f"{quote}{new}{quote}"),
                ((end, end), f" + {quote}{forms.suffix}{quote}"),
            )
    return None


def _in_sum(module: Module, node: cst.BinaryOperation, forms: DateForms) -> Pieces | None:
    """`day + " 00:00:00"`: the text at the end has the separator."""
    if isinstance(node.right, cst.SimpleString) and not _has_text(node.left):
        return _in_text(module, node.right, forms)
    return None


def _has_text(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.BinaryOperation):
        return _has_text(node.left) or _has_text(node.right)
    return isinstance(node, (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString))
