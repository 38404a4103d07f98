"""Uses of the dates of legacy answers: what reads them goes on getting what it got, or the call stays as it is.

`fromisoformat(x[:19])` is the naive time in whole seconds that `strptime` gave, from every form that the new API writes
and from the legacy one; `x[:19]` with the old separator is the legacy text. Both fail on None as the old code did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Answer, Constant, Literal, Symbol, Value, constants
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack.forms import DateForms
from callr_migrate.rewrite.answer_use import AnswerUse
from callr_migrate.rewrite.style import is_atom
from callr_migrate.rewrite.uses import Flows, shows, text_goes_on

FORMATS = ("datetime", "datetime_or_null", "date")
_ORDERS = (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)
_EQUALITIES = (cst.Equal, cst.NotEqual, cst.In, cst.NotIn)
_READERS = {"dateutil.parser.parse", "dateutil.parser.isoparse", "datetime.datetime.fromisoformat"}
_SORTERS = {"builtins.max", "builtins.min", "builtins.sorted", "builtins.list.sort"}
# Methods of a text that look at its letters, or give back a part of it.
_TEXT_METHODS = {
    "count",
    "encode",
    "endswith",
    "find",
    "index",
    "lstrip",
    "partition",
    "replace",
    "rfind",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "startswith",
    "strip",
    "translate",
    "zfill",
}


class DateUses:
    """Judges the uses of dates in one module."""

    def __init__(self, flows: Flows, forms: DateForms | None) -> None:
        self.flows = flows
        self.evaluator = flows.evaluator
        self.module: Module = flows.module
        self.forms = forms

    def tested(self, use: AnswerUse, answer: Answer) -> None:
        """A date that is only asked whether it is there."""
        if self.forms is None or not self.forms.null:
            return
        null = self.forms.null[0]
        line = self._line(use.node)
        if answer.format == "datetime_or_null":
            use.code = "CLR402"
            use.message = (
                f"`{null}` stands for no date here in v1, and is true; what v2 gives is not documented"
            )
            use.blocked = f"it is asked whether a date is there, and v1 says `{null}` if not (line {line})"
        elif not isinstance(self.module.parent(use.node), cst.BooleanOperation):
            use.shown = (
                f"it is asked whether a date is there (line {line}); where v1 gave `{null}`, which is true, v2 is "
                "taken to give nothing"
            )

    def look(self, use: AnswerUse, answer: Answer, others: Sequence[Value]) -> None:
        """Any other use of a date; `others` is what the value may be besides."""
        use.code = "CLR401"
        if self.forms is not None:
            use.facts.append(
                Fact("dates are RFC 3339", self.forms.evidence or Evidence.UNKNOWN, self.forms.source)
            )
        if self.forms is None:
            use.blocked = f"a date of the answer is used (line {self._line(use.node)}); its form is not known"
            return
        texts = [other.value for other in others if isinstance(other, Constant) and other.value]
        if any(self.forms.is_null(text) for text in texts):
            self._null(use)
            return
        odd = [other for other in others if not isinstance(other, Constant)]
        # Another legacy text is read as before: by both forms of the new code.
        sure = not odd and all(self.forms.is_legacy(text) for text in texts)
        nullable = answer.format == "datetime_or_null"
        if (
            self._parsed(use, sure=sure, nullable=nullable)
            or self._text(use)
            or self._compared(use, answer)
            or self._sorted(use)
        ):
            use.either = True
        elif use.blocked is None and self._written_out(use.node):
            use.either = self._legacy_text(use, nothing="None")
        elif use.blocked is None and shows(self.module, use.node) and not self._goes_on(use.node):
            use.shown = f"a date is shown in its v2 form (line {self._line(use.node)})"
        elif use.blocked is None:
            self._refuse(use, "a date of the answer is used as text")

    def handed_on(self, use: AnswerUse) -> None:
        """Dates in a container that is not followed."""
        use.code = "CLR401"
        self._refuse(use, "a date of the answer is used as text")

    def _line(self, node: cst.CSTNode) -> int:
        return self.module.source.position(self.module.span(node)[0]).line

    def _refuse(self, use: AnswerUse, what: str) -> None:
        use.message = f"{what}; its form is RFC 3339 in v2"
        use.blocked = f"{what} (line {self._line(use.node)}); its form is RFC 3339 in v2"

    def _null(self, use: AnswerUse) -> None:
        assert self.forms is not None
        null = self.forms.null[0]
        use.code = "CLR402"
        use.message = f"`{null}` stands for no date in v1; what v2 gives is not documented"
        use.blocked = (
            f"a date is held against `{null}`, the legacy sign of no date (line {self._line(use.node)})"
        )

    def _written_out(self, node: cst.BaseExpression) -> bool:
        """Whether the date is put into a text that is more than shown, as `str` writes it."""
        parent = self.module.parent(node)
        if isinstance(parent, cst.FormattedStringExpression) and (parent.conversion == "r" or parent.equal):
            return False
        return shows(self.module, node) and text_goes_on(self.module, node)

    def _goes_on(self, node: cst.BaseExpression) -> bool:
        """Whether `str(date)` is more than shown."""
        call = self._call_of(node)
        if call is None or last_name(call.func) not in ("str", "repr"):
            return False
        return not shows(self.module, call) and not isinstance(self.module.parent(call), cst.Expr)

    def _call_of(self, node: cst.CSTNode) -> cst.Call | None:
        """The call that has the value as an argument of its own."""
        arg = self.module.parent(node)
        call = self.module.parent(arg) if isinstance(arg, cst.Arg) else None
        if not isinstance(arg, cst.Arg) or arg.star or not isinstance(call, cst.Call):
            return None
        return call

    def _is(self, node: cst.BaseExpression, names: set[str]) -> bool:
        options = list(self.evaluator.evaluate(self.module, node).options())
        return all(isinstance(option, Symbol) and option.name in names for option in options)

    def _around(self, node: cst.BaseExpression, text: str, opening: str = "") -> list[tuple[Span, str]]:
        """What puts a text behind an expression, in parentheses if need be."""
        start, end = self.module.outer_span(node)
        if not is_atom(self.module, node):
            opening, text = f"{opening}(", f"){text}"
        found = [((start, start), opening)] if opening else []
        return [*found, ((end, end), text)]

    def _quote(self, node: cst.BaseExpression) -> str | None:
        """A quote for texts at a node: the one in use there; None where there is none for them."""
        taken = [
            ancestor.end[0]
            for ancestor in self.module.ancestors(node)
            if isinstance(ancestor, cst.FormattedString)
        ]
        start, end = self.module.span(node)
        used = [
            text.quote
            for text in self.module.strings
            if isinstance(text, cst.SimpleString) and start <= self.module.span(text)[0] < end
        ]
        return next(
            (quote for quote in (*used, '"', "'") if len(quote) == 1 and quote not in taken),
            None,
        )

    def _legacy_text(self, use: AnswerUse, *, nothing: str | None = None) -> bool:
        """Have the legacy text in place of the date; `nothing`: the text where there is none."""
        assert self.forms is not None
        quote = self._quote(use.node)
        if quote is None:
            self._refuse(use, "a date of the answer is used as text inside of nested f-strings")
            return True
        old, new = (f"{quote}{sign}{quote}" for sign in self.forms.separators)
        cut = f"[:{self.forms.length}].replace({new}, {old})"
        if nothing is not None:
            use.replacements = self._around(use.node, f" or {quote}{nothing}{quote}){cut}", "(")
        else:
            use.replacements = self._around(use.node, cut)
        self._tell(
            use, self.module.parent(use.node), "dates are written otherwise in v2; the text stays what it was"
        )
        return True

    def _tell(self, use: AnswerUse, whole: cst.CSTNode | None, message: str) -> None:
        use.message = message
        use.place = whole if isinstance(whole, cst.BaseExpression) else use.node
        use.compared = self.module.span(use.place)

    # Parsing

    def _parsed(self, use: AnswerUse, *, sure: bool, nullable: bool) -> bool:
        """`strptime` and the like.

        `sure`: the value is always a date in one of the two forms. `nullable`: it is known to be the null date at times.
        """
        call = self._call_of(use.node)
        if call is None or call.args[0].value is not use.node or any(arg.keyword for arg in call.args):
            return False
        assert self.forms is not None
        if len(call.args) == 1 and self._is(call.func, _READERS):
            use.replacements = self._around(use.node, f"[:{self.forms.length}]")
        elif len(call.args) == 2 and self._is(call.func, {"datetime.datetime.strptime", "time.strptime"}):
            if not self._by_form(use, call, sure=sure):
                return True
        else:
            return False
        handler = self._null_handler(call, any_error=nullable)
        if handler is not None:
            use.replacements = []
            use.code = "CLR402"
            use.message = (
                "a missing date raised ValueError or TypeError here, and is taken to raise TypeError in v2; "
                "catch both"
            )
            use.blocked = f"the handler in line {handler} catches the error of a null date only"
            return True
        if use.blocked is None:
            self._tell(use, call, "dates are written otherwise in v2; what is read stays what it was")
        return True

    def _by_form(self, use: AnswerUse, call: cst.Call, *, sure: bool) -> bool:
        """Whether the second argument is a legacy form; then the replacements are set."""
        assert self.forms is not None
        form = call.args[1].value
        known = constants(self.evaluator.evaluate(self.module, form))
        if known is None or any(constant.value not in self.forms.legacy for constant in known):
            self._refuse(use, "a date of the answer is read by another form, or by one that is not known")
            return False
        whole = all(constant.value == self.forms.legacy[0] for constant in known)
        exact = self._is(call.func, {"datetime.datetime.strptime"}) and isinstance(call.func, cst.Attribute)
        if sure and exact and not self._has_comment(call):
            assert isinstance(call.func, cst.Attribute)
            quote = self._quote(call)
            if not whole and (quote is None or len(known) > 1):
                self._refuse(use, "a date of the answer is read by one of several forms")
                return False
            cut = f"[:{self.forms.length}]" if whole else f".rstrip({quote}{self.forms.suffix}{quote})"
            end = self.module.outer_span(form)[1]
            *before, (place, text) = self._around(use.node, cut)
            use.replacements = [
                (self.module.span(call.func.attr), "fromisoformat"),
                *before,
                ((place[0], end), text),
            ]
            return True
        if not whole:
            self._refuse(use, "a date of the answer is read with fractions of a second")
            return False
        return self._legacy_text(use) and use.blocked is None

    def _has_comment(self, call: cst.Call) -> bool:
        start, end = (self.module.outer_span(call.args[index].value)[1] for index in (0, 1))
        return any(start <= place[0] < end for place in self.module.comments)

    def _null_handler(self, node: cst.CSTNode, *, any_error: bool) -> int | None:
        """The line of a handler that is for the error of a legacy null date, and not for that of None.

        `any_error`: also of one that is for both.
        """
        child: cst.CSTNode = node
        for ancestor in self.module.ancestors(node):
            if isinstance(ancestor, (cst.FunctionDef, cst.Lambda)):
                return None
            if isinstance(ancestor, (cst.Try, cst.TryStar)) and ancestor.body is child:
                names = {name for handler in ancestor.handlers for name in _caught(handler)}
                both = names & {"TypeError", "Exception", "BaseException", ""}
                if (any_error and both) or ("ValueError" in names and not both):
                    return self._line(ancestor.handlers[0])
                if both:
                    return None
            child = ancestor
        return None

    # Text

    def _text(self, use: AnswerUse) -> bool:
        """Slices, methods and sums of the text."""
        assert self.forms is not None
        node = use.node
        parent = self.module.parent(node)
        if isinstance(parent, cst.Subscript) and parent.value is node:
            if isinstance(self.module.parent(parent), (cst.AssignTarget, cst.AugAssign, cst.Del)):
                return False
            if self._same_slice(parent):
                use.message = None
                return True
            return self._legacy_text(use)
        if isinstance(parent, cst.Attribute) and parent.value is node:
            call = self.module.parent(parent)
            if (
                not isinstance(call, cst.Call)
                or call.func is not parent
                or parent.attr.value not in _TEXT_METHODS
            ):
                return False
            given = [literal(arg.value)[1] for arg in call.args]
            if any(self.forms.is_null(text) for text in given):
                self._null(use)
                return True
            return self._legacy_text(use)
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Add):
            return self._legacy_text(use)
        return False

    def _same_slice(self, node: cst.Subscript) -> bool:
        """Whether the part that is taken is the same in both forms: it holds neither the separator nor the end."""
        assert self.forms is not None
        bounds = node.slice[0].slice if len(node.slice) == 1 else None
        if isinstance(bounds, cst.Index):
            found, at = literal(bounds.value)
            return (
                found
                and isinstance(at, int)
                and 0 <= at < self.forms.length
                and at != self.forms.separator_at
            )
        if not isinstance(bounds, cst.Slice) or bounds.step is not None or bounds.upper is None:
            return False
        low = literal(bounds.lower)[1] if bounds.lower is not None else 0
        high = literal(bounds.upper)[1]
        if not isinstance(low, int) or not isinstance(high, int):
            return False
        at = self.forms.separator_at
        return 0 <= low <= high <= self.forms.length and not low <= at < high

    def _compared(self, use: AnswerUse, answer: Answer) -> bool:
        assert self.forms is not None
        parent = self.module.parent(use.node)
        comparison = self.module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
        if not isinstance(comparison, cst.Comparison):
            return False
        sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
        held = [text for side in sides if side is not use.node for text in self._held(side)]
        if any(text is not None and self.forms.is_null(text) for text in held):
            self._null(use)
            return True
        if all(isinstance(side, cst.Name) and side.value == "None" for side in sides if side is not use.node):
            self.tested(use, answer)
            return True
        operators = [target.operator for target in comparison.comparisons]
        if all(isinstance(operator, _ORDERS) for operator in operators):
            return self._legacy_text(use)
        contained = isinstance(operators[0], (cst.In, cst.NotIn))
        if (
            len(operators) == 1
            and isinstance(operators[0], _EQUALITIES)
            and not (contained and comparison.left is not use.node)
            and not any(text is None or text == "" for text in held)
        ):
            return self._legacy_text(use, nothing="")
        self._refuse(use, "a date of the answer is compared")
        return True

    def _held(self, side: cst.BaseExpression) -> Iterator[str | None]:
        """The texts that one side of a comparison may be or hold; None for what is not known. Dates are left out."""
        value = self.evaluator.evaluate(self.module, side)
        for option in value.options():
            if isinstance(option, Answer) and option.format in FORMATS:
                continue
            if isinstance(option, Literal) and isinstance(option.ref.node, (cst.Tuple, cst.List, cst.Set)):
                for element in option.ref.node.elements:
                    known = constants(self.evaluator.evaluate(option.ref.module, element.value))
                    yield from (_text_of(constant) for constant in known) if known else [None]
            else:
                yield _text_of(option)

    def _sorted(self, use: AnswerUse) -> bool:
        """A date that things are sorted by, or the first or last of."""
        parent = self.module.parent(use.node)
        if isinstance(parent, cst.Lambda):
            arg = self.module.parent(parent)
            call = self._call_of(parent)
            if (
                call is not None
                and isinstance(arg, cst.Arg)
                and arg.keyword is not None
                and arg.keyword.value == "key"
                and last_name(call.func) in {name.rpartition(".")[2] for name in _SORTERS}
            ):
                return self._legacy_text(use, nothing="")
            return False
        call = self._call_of(use.node)
        if call is not None and len(call.args) > 1 and self._is(call.func, {"builtins.max", "builtins.min"}):
            return self._legacy_text(use)
        if isinstance(parent, (cst.GeneratorExp, cst.ListComp)) and parent.elt is use.node:
            outer = self._call_of(parent)
            if outer is not None and self._is(outer.func, _SORTERS):
                return self._legacy_text(use)
        return False


def _text_of(value: Value) -> str | None:
    return value.value if isinstance(value, Constant) and isinstance(value.value, str) else None


def _caught(handler: cst.ExceptHandler | cst.ExceptStarHandler) -> list[str]:
    """The names of the exceptions that a handler catches; an empty text stands for all."""
    kind = handler.type
    if kind is None:
        return [""]
    kinds = [element.value for element in kind.elements] if isinstance(kind, cst.Tuple) else [kind]
    return [last_name(each) or "?" for each in kinds]
