"""Uses of the identifiers of legacy answers: the same in the new API but for their case.

Code that looks at the letters goes on seeing the legacy ones (`x.upper()`), literals that identifiers are held against
are lowered. Held against what is stored they would never match again: such a comparison keeps its call, and the
stored ones are to be lowered first. Where an identifier goes on (into a database, a dict, a function that is not
followed) it is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import libcst as cst

from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import Answer, Collected, Constant, Literal, Symbol, Value, constants
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack.model import Identifier
from callr_migrate.rewrite.answer_use import AnswerUse
from callr_migrate.rewrite.style import is_atom
from callr_migrate.rewrite.uses import Flows, shows, text_goes_on

FORMAT = "hash"
# Methods of a text that work the same whatever its case is.
_CASELESS = {"lower", "upper", "casefold", "strip", "encode"}
# Methods of collections that look an item up.
_LOOKUPS = {"count", "discard", "get", "index", "pop", "remove"}
_ASKING = {"builtins.bool", "builtins.isinstance", "builtins.len", "builtins.type"}


class IdentifierUses:
    """Judges the uses of identifiers in one module."""

    def __init__(self, flows: Flows, rule: Identifier | None) -> None:
        self.flows = flows
        self.evaluator = flows.evaluator
        self.module = flows.module
        self.rule = rule

    def look(self, use: AnswerUse, others: Sequence[Value]) -> None:
        """One use of an identifier that is not handed to a legacy call; `others` is what the value may be besides."""
        parent = self.module.parent(use.node)
        if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
            comparison = self.module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
            assert isinstance(comparison, cst.Comparison)
            self._compared(use, comparison, others)
        elif isinstance(parent, cst.Subscript) and parent.value is use.node:
            self._as_before(use, parent)
        elif isinstance(parent, cst.Attribute) and parent.value is use.node:
            if parent.attr.value not in _CASELESS:
                self._as_before(use, parent)
        elif isinstance(parent, cst.Match):
            self._kept_apart(use, "is compared with", use.node)
        elif self._matched(use.node):
            self._as_before(use, use.node)
        elif self._looked_up(use.node):
            self._kept_apart(use, "is looked up by", use.node)
        elif not self._only_asked(use.node) and (
            not shows(self.module, use.node) or text_goes_on(self.module, use.node)
        ):
            self.goes_on(use)

    def searched(self, use: AnswerUse) -> bool:
        """Whether something of another origin is looked for in a container of identifiers; told in `use` if so."""
        node = use.node
        parent = self.module.parent(node)
        if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
            comparison = self.module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
            assert isinstance(comparison, cst.Comparison)
            operators = [target.operator for target in comparison.comparisons]
            sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
            sought = [side for side in sides if side is not node]
            if any(isinstance(operator, (cst.Is, cst.IsNot)) for operator in operators):
                return False
            if isinstance(operators[0], (cst.In, cst.NotIn)) and not self._looks_at_ids(node):
                return False
        elif isinstance(parent, cst.Attribute):
            call = self.module.parent(parent)
            if not isinstance(call, cst.Call) or not call.args or parent.attr.value not in _LOOKUPS:
                return False
            is_dict = self._is_dict(node)
            if not self._looks_at_ids(node) or (parent.attr.value in ("get", "pop") and not is_dict):
                return False
            sought = [call.args[0].value]
        elif isinstance(parent, cst.Subscript) and self._is_dict(node) and self._looks_at_ids(node):
            stored = isinstance(self.module.parent(parent), (cst.AssignTarget, cst.Del))
            index = parent.slice[0].slice
            if stored or not isinstance(index, cst.Index):
                return False
            sought = [index.value]
        else:
            return False
        values = [self.evaluator.evaluate(self.module, side) for side in sought]
        if all(_is_identifier(option) for value in values for option in value.options()):
            return False
        self._kept_apart(use, "is looked for beside", node)
        return True

    def _is_dict(self, node: cst.BaseExpression) -> bool:
        return any(
            (isinstance(option, Literal) and isinstance(option.ref.node, cst.Dict))
            or (isinstance(option, Collected) and option.kind == "dict")
            for option in self.evaluator.evaluate(self.module, node).options()
        )

    def _looks_at_ids(self, node: cst.BaseExpression) -> bool:
        """Whether what is looked at in a search of a container are identifiers: keys of a dict, items of others."""
        for option in self.evaluator.evaluate(self.module, node).options():
            if isinstance(option, Collected) and option.kind == "dict":
                keys = [option.key] if option.key is not None else []
            elif isinstance(option, Literal) and isinstance(option.ref.node, cst.Dict):
                keys = [self.evaluator.iterated(option)]
            else:
                return True
            if any(_is_identifier(each) for key in keys for each in key.options()):
                return True
        return False

    def _line(self, node: cst.CSTNode) -> int:
        return self.module.source.position(self.module.span(node)[0]).line

    def _tell(self, use: AnswerUse, place: cst.BaseExpression, message: str) -> None:
        use.code = "CLR202"
        use.message = message
        use.place = place
        if self.rule is not None:
            use.facts.append(
                Fact("identifiers are lower case", self.rule.evidence or Evidence.UNKNOWN, self.rule.source)
            )

    def _as_before(self, use: AnswerUse, whole: cst.BaseExpression) -> None:
        """The legacy letters, where they are looked at."""
        end = self.module.outer_span(use.node)[1]
        if not is_atom(self.module, use.node):
            use.blocked = f"the letters of an identifier are looked at (line {self._line(use.node)})"
            return
        use.replacements = [((end, end), ".upper()")]
        self._tell(use, whole, "identifiers are lower case in v2; what is read stays what it was")
        use.compared = self.module.span(whole)

    def _kept_apart(self, use: AnswerUse, what: str, place: cst.BaseExpression) -> None:
        """What is stored in capitals would not be found again."""
        self._tell(use, place, f"something {what} an identifier, which is lower case in v2")
        use.blocked = (
            f"an identifier is compared (line {self._line(use.node)}); those that are stored are in capitals, those of "
            "v2 in lower case"
        )
        use.once = self._migration()

    def goes_on(self, use: AnswerUse) -> None:
        """An identifier, or what holds some, is handed to what is not followed."""
        use.shown = "an identifier is handed on, and is lower case in v2"
        self._tell(use, use.node, "an identifier goes on from here, in lower case from now on")
        use.once = self._migration()

    def _migration(self) -> str | None:
        return self.rule.stored if self.rule is not None else None

    def _only_asked(self, node: cst.BaseExpression) -> bool:
        """`len(id)` and the like, which are the same in either case."""
        names = self._functions(node)
        return bool(names) and all(name in _ASKING for name in names)

    def _matched(self, node: cst.BaseExpression) -> bool:
        """Whether a regular expression is tried on the value."""
        names = self._functions(node)
        return bool(names) and all(name.startswith("re.") for name in names)

    def _functions(self, node: cst.BaseExpression) -> list[str]:
        """The functions from outside that the value is given to; empty where it may be another one."""
        arg = self.module.parent(node)
        call = self.module.parent(arg) if isinstance(arg, cst.Arg) else None
        if not isinstance(call, cst.Call):
            return []
        options = list(self.evaluator.evaluate(self.module, call.func).options())
        return [option.name if isinstance(option, Symbol) else "" for option in options]

    def _looked_up(self, node: cst.BaseExpression) -> bool:
        """`rows[id]`, `rows.get(id)`, `rows.index(id)`, and the like; `rows[id] = ...` only goes on."""
        arg = self.module.parent(node)
        if isinstance(arg, cst.Index):
            item = self.module.parent(self.module.parents[arg])
            return not isinstance(self.module.parents[item] if item is not None else None, cst.AssignTarget)
        call = self.module.parent(arg) if isinstance(arg, cst.Arg) else None
        return (
            isinstance(call, cst.Call)
            and isinstance(call.func, cst.Attribute)
            and call.func.attr.value in _LOOKUPS
            and call.args[0].value is node
        )

    def _compared(self, use: AnswerUse, comparison: cst.Comparison, others: Sequence[Value]) -> None:
        elsewhere = any(not isinstance(option, Constant) or option.value is not None for option in others)
        nothing = any(isinstance(option, Constant) and option.value is None for option in others)
        targets = comparison.comparisons
        operators = [target.operator for target in targets]
        sides = [comparison.left, *(target.comparator for target in targets)]
        if isinstance(operators[0], (cst.In, cst.NotIn)) and comparison.left is not use.node:
            if self._is_text(comparison.left):
                self._as_before(use, comparison)
            else:
                self._kept_apart(use, "holds", comparison)
            return
        if any(isinstance(operator, (cst.Is, cst.IsNot)) for operator in operators):
            return
        values = [self.evaluator.evaluate(self.module, side) for side in sides if side is not use.node]
        if all(
            isinstance(option, Constant) and not option.value
            for value in values
            for option in value.options()
        ):
            return
        if not elsewhere and all(_is_identifier(option) for value in values for option in value.options()):
            found = [option for value in values for option in value.options() if isinstance(option, Answer)]
            use.calls |= frozenset().union(*(answer.calls for answer in found))
            use.together = True
            self._tell(use, comparison, "two identifiers are compared; both are lower case in v2")
            use.message = None
            return
        literals = [constant for side in sides if side is not use.node for constant in _literals(side)]
        if not elsewhere and len(targets) == 1 and all(constant is not None for constant in literals):
            for constant in literals:
                text = literal(constant)[1] if constant is not None else None
                if isinstance(constant, cst.SimpleString) and isinstance(text, str) and text != text.lower():
                    use.replacements.append(
                        (
                            self.module.span(constant),
                            f"{constant.prefix}{constant.quote}{text.lower()}{constant.quote}",
                        )
                    )
            if any(self._never(constant) for constant in literals):
                use.replacements = []
                self._kept_apart(use, "is compared with", comparison)
            elif use.replacements:
                self._tell(use, comparison, "identifiers are lower case in v2")
                use.compared = self.module.span(comparison)
        elif not nothing and all(self._is_known(value) for value in values):
            self._as_before(use, comparison)
        else:
            self._kept_apart(use, "is compared with", comparison)

    def _never(self, constant: cst.SimpleString | None) -> bool:
        """Whether a text never matched, and might in v2."""
        text = literal(constant)[1] if constant is not None else None
        return (
            self.rule is not None
            and isinstance(text, str)
            and bool(text)
            and not re.fullmatch(self.rule.legacy, text)
        )

    def _is_text(self, side: cst.BaseExpression) -> bool:
        known = constants(self.evaluator.evaluate(self.module, side))
        return known is not None and all(isinstance(constant.value, str) for constant in known)

    def _is_known(self, value: Value) -> bool:
        """Whether all that it may be, or hold, is known."""
        for option in value.options():
            if isinstance(option, Constant):
                continue
            if not isinstance(option, Literal) or not isinstance(
                option.ref.node, (cst.Tuple, cst.List, cst.Set)
            ):
                return False
            for element in option.ref.node.elements:
                if constants(self.evaluator.evaluate(option.ref.module, element.value)) is None:
                    return False
        return True


def _is_identifier(option: Value) -> bool:
    return isinstance(option, Answer) and option.format == FORMAT


def _literals(side: cst.BaseExpression) -> list[cst.SimpleString | None]:
    """The literal texts of one side of a comparison; None for anything else."""
    nodes = (
        [element.value for element in side.elements]
        if isinstance(side, (cst.Tuple, cst.List, cst.Set))
        else [side]
    )
    return [
        node if isinstance(node, cst.SimpleString) and "b" not in node.prefix.lower() else None
        for node in nodes
    ]
