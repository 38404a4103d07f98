"""What a handler does with the error that it caught, and what that becomes with the new client's errors."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Symbol, constants
from callr_migrate.pack.model import LegacyCode, LegacyError, Surface
from callr_migrate.records import dataclass
from callr_migrate.rewrite.uses import is_load, shows

# What reports an exception takes any; these are names of Python's own habits.
_REPORTING = {"capture_exception", "print_exception", "format_exception", "type"}
_TELLS_ALL = "exc_info"
# What takes a text apart, or looks for something in it.
_LOOKING_IN = {"re", "fnmatch", "operator", "json", "builtins"}


class Untranslatable(Exception):
    """What is done with the error has no counterpart; the message says why."""


@dataclass(frozen=True)
class ErrorUse:
    """A place that becomes another text. `kind`: the error's `text`, or a comparison with the codes of a failed
    connection that is true for such (`network`) or for all others (`status`).

    `legacy` is what stands there for a legacy error, `nested` whether the new text needs parentheses, `quote` the one
    of the f-string that it stands in.
    """

    span: Span
    kind: str
    name: str
    legacy: str
    nested: bool
    quote: str | None = None


class CaughtError:
    """The uses of the name that a handler gives its error. Raises `Untranslatable` for one that is not known."""

    def __init__(self, evaluator: Evaluator, module: Module, surface: Surface, *, mixed: bool) -> None:
        """`mixed`: the error may be one that no legacy client raises."""
        self.evaluator = evaluator
        self.module = module
        self.mixed = mixed
        self.any = False
        self.codes: dict[int, LegacyCode] = {
            code.code: code for code in [*evaluator.pack.service.codes, *surface.codes]
        }
        self.errors: list[LegacyError] = list(surface.exceptions.values())
        self.found: list[ErrorUse] = []

    def strict(self, uses: list[cst.Name]) -> list[ErrorUse]:
        """The uses of what can only be a legacy error."""
        for use in uses:
            if not self._attribute(use) and not self._whole(use):
                parent = self.module.parent(use)
                whole = self.module.parent(parent) if isinstance(parent, cst.Arg) else parent
                shown = " ".join(self.module.text_of(whole or use).split())
                raise Untranslatable(
                    f"what `{shown}` (line {self._line(use)}) does with the error is not followed"
                )
        return self.found

    def lenient(self, uses: list[cst.Name]) -> list[ErrorUse]:
        """The uses of what may be any error: those for legacy ones, and those that show it."""
        self.any = True
        for use in uses:
            if not self._attribute(use):
                self._whole(use)
        return self.found

    def asks(self, use: cst.Name) -> bool:
        """Whether a use asks for what only legacy errors have."""
        parent = self.module.parent(use)
        asked = parent.attr.value if isinstance(parent, cst.Attribute) and parent.value is use else None
        if asked is None and isinstance(parent, cst.Arg):
            asked = _getattr_name(self.module, parent)
        return any(asked in error.attributes for error in self.errors)

    def _line(self, node: cst.CSTNode) -> int:
        return self.module.source.position(self.module.span(node)[0]).line

    def _none_for(self, node: cst.CSTNode, told: str = "") -> Untranslatable:
        text = " ".join(self.module.text_of(node).split())
        return Untranslatable(
            f"`{text}` (line {self._line(node)}) has no counterpart in the new client's errors{told}"
        )

    # The error's attributes

    def _attribute(self, use: cst.Name) -> bool:
        """Whether the use asks the error for something; noted with what it becomes."""
        parent = self.module.parent(use)
        if isinstance(parent, cst.Arg) and self.asks(use):
            call = self.module.parent(parent)
            raise self._none_for(call or use)
        if not isinstance(parent, cst.Attribute) or parent.value is not use:
            return False
        asked = parent.attr.value
        if any(asked == error.code for error in self.errors):
            self._code(use, parent)
        elif any(asked == error.message for error in self.errors):
            self._text(use, parent)
        elif asked == "args" and self.any:
            return True
        elif asked == "args":
            first = self.module.parent(parent)
            if self.mixed or not isinstance(first, cst.Subscript) or not _is_first(first):
                raise self._none_for(parent)
            self._text(use, first)
        elif any(asked in error.attributes for error in self.errors):
            raise self._none_for(parent)
        return True

    def _text(self, use: cst.Name, whole: cst.BaseExpression) -> None:
        if not self._is_for_people(whole):
            parent = self.module.parent(whole)
            around = parent if isinstance(parent, cst.BaseExpression) else whole
            raise self._none_for(around if len(self.module.text_of(around)) < 60 else whole)
        self._note(use, whole, "text")

    def _note(self, use: cst.Name, whole: cst.BaseExpression, kind: str) -> None:
        module = self.module
        parent = module.parent(whole)
        if isinstance(parent, cst.FormattedStringExpression) and parent.equal is not None:
            raise Untranslatable(f"`{module.text_of(parent)}` (line {self._line(use)}) shows the code itself")
        bare = (
            isinstance(parent, (cst.Arg, cst.FormattedStringExpression, cst.Element))
            if kind == "text"
            else not isinstance(parent, (cst.Comparison, cst.ComparisonTarget, cst.BinaryOperation))
        )
        around = [node for node in module.ancestors(whole) if isinstance(node, cst.FormattedString)]
        quote = around[0].end[0] if around else None
        self.found.append(
            ErrorUse(module.outer_span(whole), kind, use.value, module.text_of(whole), not bare, quote)
        )

    def _is_for_people(self, node: cst.BaseExpression, seen: frozenset[cst.CSTNode] = frozenset()) -> bool:
        """Whether a text is only shown, told in a new exception, or handed to what is not the project's own."""
        module = self.module
        if shows(module, node):
            call = self._call_of(node)
            if call is not None and last_name(call.func) in ("str", "repr"):
                return self._is_for_people(call, seen)
            return True
        parent = module.parent(node)
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Add):
            return self._is_for_people(parent, seen)
        if isinstance(parent, cst.DictElement) and parent.value is node:
            return self._is_for_people(module.parents[parent], seen)  # type: ignore[arg-type]
        if isinstance(parent, cst.Expr):
            return True
        if isinstance(parent, cst.Assign) and len(parent.targets) == 1 and parent not in seen:
            target = parent.targets[0].target
            if isinstance(target, cst.Name):
                uses = self._reads(parent, target)
                return uses is not None and all(self._is_for_people(use, seen | {parent}) for use in uses)
        call = self._call_of(node)
        if call is None:
            return False
        if isinstance(module.parent(call), cst.Raise):
            return True
        options = list(self.evaluator.evaluate(module, call.func).options())
        return all(
            isinstance(option, Symbol) and option.name.split(".")[0] not in _LOOKING_IN for option in options
        )

    def _reads(self, statement: cst.Assign, target: cst.Name) -> list[cst.Name] | None:
        """Where a local name is read that a statement gives the text; None where that is not only here."""
        module = self.module
        scope = module.scope_of(statement)
        if not scope.is_function or target.value in scope.outer:
            return None
        uses = []
        for use in module.names:
            if isinstance(use, cst.Name) and use.value == target.value and is_load(module, use):
                _, bindings = self.evaluator.bindings_of(module, use)
                if any(binding.node is target for binding in bindings):
                    uses.append(use)
        return uses

    def _call_of(self, node: cst.BaseExpression) -> cst.Call | None:
        """The call that a value is an argument of."""
        parent = self.module.parent(node)
        call = self.module.parent(parent) if isinstance(parent, cst.Arg) and not parent.star else None
        return call if isinstance(call, cst.Call) else None

    # Its code

    def _code(self, use: cst.Name, attribute: cst.Attribute) -> None:
        module = self.module
        parent = module.parent(attribute)
        comparison = module.parent(parent) if isinstance(parent, cst.ComparisonTarget) else parent
        if not isinstance(comparison, cst.Comparison) or len(comparison.comparisons) != 1:
            raise self._none_for(attribute)
        target = comparison.comparisons[0]
        other = target.comparator if comparison.left is attribute else comparison.left
        values = self._compared(other)
        if values is None:
            raise self._none_for(attribute)
        meant = [self.codes[value] for value in values if value in self.codes]
        equal = isinstance(target.operator, cst.Equal) or (
            isinstance(target.operator, cst.In) and target.comparator is other
        )
        unequal = isinstance(target.operator, cst.NotEqual) or (
            isinstance(target.operator, cst.NotIn) and target.comparator is other
        )
        if (
            not self.mixed
            and (equal or unequal)
            and len(meant) == len(values)
            and all(code.network for code in meant)
        ):
            self._note(use, comparison, "network" if equal else "status")
            return
        told = ", ".join(f"{code.code} was {code.meaning!r}" for code in meant)
        raise self._none_for(attribute, f": {told}" if told else "")

    def _compared(self, node: cst.BaseExpression) -> list[int] | None:
        """The numbers that a code is compared with."""
        if isinstance(node, (cst.Tuple, cst.List, cst.Set)):
            found = [self._compared(element.value) for element in node.elements]
            return None if None in found or not found else [value for part in found for value in part or ()]
        known = constants(self.evaluator.evaluate(self.module, node))
        if known is None or not all(type(constant.value) is int for constant in known):
            return None
        return [constant.value for constant in known]

    # The error itself

    def _whole(self, use: cst.Name) -> bool:
        """Whether a use of the error works with any exception: raised, shown, or handed to a new one as its cause."""
        module = self.module
        parent = module.parent(use)
        branch = isinstance(parent, cst.IfExp) and parent.test is not use
        if branch and shows(module, parent):  # type: ignore[arg-type]
            if not self._is_traced(parent):
                self._note(use, use, "text")
            return True
        if shows(module, use):
            call = self._call_of(use)
            assert parent is not None
            if call is not None and last_name(call.func) == "str" and call.args[0] is parent:
                if not self._is_for_people(call):
                    return False
                self._note(use, call, "text")
            elif call is not None and last_name(call.func) == "repr" and not self._is_for_people(call):
                return False
            elif not self._is_traced(use):
                self._note(use, use, "text")
            return True
        if isinstance(parent, (cst.Raise, cst.From, cst.Expr)):
            return True
        call = self._call_of(use)
        return call is not None and (
            isinstance(module.parent(call), cst.Raise) or last_name(call.func) in _REPORTING
        )

    def _is_traced(self, node: cst.CSTNode | None) -> bool:
        """Whether the error is handed on to be written with its traceback, which takes the error itself."""
        parent = self.module.parent(node) if node is not None else None
        return (
            isinstance(parent, cst.Arg) and parent.keyword is not None and parent.keyword.value == _TELLS_ALL
        )


def _is_first(node: cst.Subscript) -> bool:
    keys = [element.slice.value for element in node.slice if isinstance(element.slice, cst.Index)]
    return len(keys) == 1 and literal(keys[0]) == (True, 0)


def _getattr_name(module: Module, arg: cst.Arg) -> str | None:
    """The attribute that `getattr(x, "name")` or `hasattr` asks `x` for."""
    call = module.parent(arg)
    if isinstance(call, cst.Call) and last_name(call.func) in ("getattr", "hasattr") and len(call.args) > 1:
        found, value = literal(call.args[1].value)
        return value if found and isinstance(value, str) else None
    return None
