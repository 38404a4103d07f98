"""Every use of a legacy answer: what it becomes, or why the call must stay as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Answer, Constant, Ref, Value, answers
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack.model import ObjectField
from callr_migrate.rewrite import dates
from callr_migrate.rewrite.uses import Flows, is_tested, loads, shows

# Methods of a text that work the same whatever its case is.
_CASELESS = {"lower", "upper", "casefold", "strip", "encode"}


@dataclass
class AnswerUse:
    """A place where a legacy answer, or a part of it, is used.

    `blocked`: why the call must stay as it is. `replacements`: (span, new text) that the use needs. `shown`: where
    the value becomes visible in its new form.
    """

    module: Module
    node: cst.BaseExpression
    calls: frozenset[Ref]
    code: str = "CLR201"
    message: str | None = None
    blocked: str | None = None
    place: cst.BaseExpression | None = None  # the key, constant or expression that it is about
    compared: Span | None = None  # what is shown of the new code: a side of a comparison, an expression
    either: bool = False  # whether the new code takes answers of both APIs
    handed_to: cst.CSTNode | None = None  # the legacy call that an identifier or a date goes to
    dated: bool = False  # whether it is a date that goes to the call
    shown: str | None = None
    replacements: list[tuple[Span, str]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    @property
    def span(self) -> Span:
        """The place of its finding."""
        if self.place is not None:
            return self.module.span(self.place)
        if self.replacements:
            return self.replacements[0][0]
        return self.module.span(self.module.parent(self.node) or self.node)


class Answers:
    """The uses of legacy answers in one module."""

    def __init__(self, flows: Flows, legacy_calls: set[cst.CSTNode]) -> None:
        self.flows = flows
        self.evaluator = flows.evaluator
        self.pack = flows.evaluator.pack
        self.module = flows.module
        self.legacy_calls = legacy_calls
        self.dates = dates.DateUses(flows, self.pack.dates)
        self.found: list[AnswerUse] = []
        for node in loads(self.module):
            value = self.evaluator.evaluate(self.module, node)
            found = answers(value)
            if found:
                self._answer(node, value, found)

    def _line(self, node: cst.CSTNode) -> int:
        return self.module.source.position(self.module.span(node)[0]).line

    def _answer(self, node: cst.BaseExpression, value: Value, found: list[Answer]) -> None:
        parent = self.module.parent(node)
        if isinstance(parent, cst.Expr):
            return
        use = AnswerUse(self.module, node, frozenset().union(*(answer.calls for answer in found)))
        others = [
            option
            for option in value.options()
            if not isinstance(option, Answer) and not (isinstance(option, Constant) and option.value is None)
        ]
        kinds = {(answer.kind, answer.object, answer.enum, answer.format) for answer in found}
        asked = is_tested(parent, node) or (isinstance(parent, cst.BooleanOperation) and parent.left is node)
        if asked and all(answer.format in dates.FORMATS for answer in found):
            self.dates.tested(use, found[0])
        if (self.flows.is_followed(node) or is_tested(parent, node)) and not (use.blocked or use.shown):
            return
        if use.blocked or use.shown:
            pass
        elif len(kinds) > 1 or (others and self._mixes(found[0], others)):
            use.blocked = f"`{self._short(node)}` can also hold something else (line {self._line(node)})"
        elif found[0].kind == "object":
            self._object(use, found[0])
        else:
            self._scalar(use, found[0], others)
        if use.blocked or use.replacements or use.shown or use.message or use.handed_to:
            self.found.append(use)

    def _short(self, node: cst.CSTNode) -> str:
        text = " ".join(self.module.text_of(node).split())
        return text if len(text) <= 40 else text[:37] + "..."

    def _mixes(self, answer: Answer, others: list[Value]) -> bool:
        """Whether what the value may be otherwise stands against rewriting what is done with it."""
        if answer.enum is None:
            return answer.kind == "object"
        table = self.pack.enums[answer.enum].values
        return not all(isinstance(other, Constant) and other.value not in table for other in others)

    def _object(self, use: AnswerUse, answer: Answer) -> None:
        parent = self.module.parent(use.node)
        if isinstance(parent, cst.Subscript) and parent.value is use.node:
            element = parent.slice[0].slice if len(parent.slice) == 1 else None
            key = element.value if isinstance(element, cst.Index) else None
            stored = isinstance(self.module.parent(parent), (cst.AssignTarget, cst.AugAssign, cst.Del))
            if key is None or stored:
                use.blocked = f"the answer is changed or sliced (line {self._line(use.node)})"
            else:
                self._field(use, answer, key, nested=True)
            return
        if isinstance(parent, cst.Attribute) and parent.value is use.node:
            call = self.module.parent(parent)
            if (
                parent.attr.value == "get"
                and isinstance(call, cst.Call)
                and call.func is parent
                and call.args
            ):
                self._field(use, answer, call.args[0].value, nested=False)
                return
            use.blocked = f"`.{parent.attr.value}` of the whole answer is used (line {self._line(use.node)})"
            return
        if shows(self.module, use.node) and not self._keys_shown(use.node):
            use.shown = f"the whole answer is shown in its v2 form (line {self._line(use.node)})"
            return
        use.blocked = f"the whole answer is handed on and not followed further (line {self._line(use.node)})"

    def _keys_shown(self, node: cst.BaseExpression) -> bool:
        """Whether the text that shows an object picks its fields: `"%(x)s" % row`, `"{0[x]}".format(row)`."""
        parent = self.module.parent(node)
        if isinstance(parent, cst.BinaryOperation):
            return True
        call = self.module.parent(parent) if isinstance(parent, cst.Arg) else None
        if not isinstance(parent, cst.Arg) or not isinstance(call, cst.Call):
            return False
        texts = [literal(arg.value)[1] for arg in call.args]
        if isinstance(call.func, cst.Attribute):
            texts.append(literal(call.func.value)[1])
        picks = any(isinstance(text, str) and ("%(" in text or "[" in text) for text in texts)
        return bool(parent.star) or picks

    def _field(self, use: AnswerUse, answer: Answer, key: cst.BaseExpression, *, nested: bool) -> None:
        found, name = literal(key)
        if not found or not isinstance(name, str) or not isinstance(key, cst.SimpleString):
            use.blocked = f"the field `{self._short(key)}` is not a literal (line {self._line(key)})"
            return
        kind = self.pack.objects.get(answer.object or "")
        rule: ObjectField | None = kind.fields.get(name) if kind else None
        shown = f"`{name}` of {answer.object or 'the answer'}"
        use.place = key
        if rule is None:
            use.message = f"{shown} has no known counterpart in v2"
            use.blocked = f"{use.message} (line {self._line(key)})"
        elif rule.to is None or rule.amount or rule.manual:
            use.message = f"{shown} cannot be carried over: {rule.manual or rule.amount}"
            use.blocked = f"{use.message} (line {self._line(key)})"
        elif rule.to != name:
            path = rule.to.split(".")
            if len(path) > 1 and not nested:
                use.blocked = f"{shown} is `{rule.to}` in v2, which `.get` cannot reach in one step (line {self._line(key)})"
                return
            use.message = f"{shown} is `{rule.to}` in v2"
            quote = key.quote
            use.replacements.append(
                (self.module.span(key), "][".join(f"{quote}{step}{quote}" for step in path))
            )
        if rule is not None and rule.evidence is not None:
            use.facts.append(
                Fact(f"{answer.object}.{name} -> {rule.to or 'unknown'}", rule.evidence, rule.source)
            )

    def _scalar(self, use: AnswerUse, answer: Answer, others: list[Value]) -> None:
        parent = self.module.parent(use.node)
        line = self._line(use.node)
        if answer.kind in ("unknown", "array", "map") and answer.part:
            use.blocked = f"`{self._short(use.node)}` is a part of the answer that is not known (line {line})"
        elif answer.enum is not None:
            if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
                self._compared(use, answer.enum)
            elif shows(self.module, use.node):
                use.shown = f"a constant is shown in its v2 spelling (line {line})"
            else:
                use.blocked = f"a constant of the answer is handed on and not followed further (line {line})"
        elif answer.format in dates.FORMATS and (call := self._legacy_receiver(use.node)) is not None:
            use.handed_to, use.dated = call, True
        elif answer.format in dates.FORMATS:
            self.dates.look(use, answer, others)
        elif answer.format == "hash" and (call := self._legacy_receiver(use.node)) is not None:
            use.handed_to = call
        elif answer.format == "hash":
            self._identifier(use)

    def _identifier(self, use: AnswerUse) -> None:
        """An identifier is the same but for its case: what looks at its letters would not find them."""
        parent = self.module.parent(use.node)
        line = self._line(use.node)
        if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
            use.blocked = f"an identifier is compared (line {line}); identifiers are lower case in v2"
        elif isinstance(parent, cst.Subscript) and parent.value is use.node:
            use.blocked = f"an identifier is taken apart (line {line}); identifiers are lower case in v2"
        elif isinstance(parent, cst.Attribute) and parent.value is use.node:
            if parent.attr.value not in _CASELESS:
                use.blocked = f"`.{parent.attr.value}` of an identifier is used (line {line}); identifiers are lower case in v2"
        elif not shows(self.module, use.node):
            use.shown = "an identifier is handed on, and is lower case in v2"

    def _legacy_receiver(self, node: cst.BaseExpression) -> cst.CSTNode | None:
        """The legacy call that has the value for an argument, or as an entry of one."""
        parent = self.module.parent(node)
        while isinstance(parent, (cst.Element, cst.DictElement)):
            parent = self.module.parent(self.module.parents[parent])
        call = self.module.parent(parent) if isinstance(parent, cst.Arg) else None
        return call if call in self.legacy_calls else None

    def _compared(self, use: AnswerUse, enum: str) -> None:
        parent = self.module.parent(use.node)
        comparison = self.module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
        assert isinstance(comparison, cst.Comparison)
        table = self.pack.enums[enum]
        why = self._odd_comparison(use.node, comparison)
        if why is not None:
            use.blocked = f"{why} (line {self._line(use.node)})"
            return
        sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
        use.code = "CLR301"
        for side in sides:
            if side is use.node:
                continue
            for constant in _constants_of(side):
                if constant is None:
                    options = list(self.evaluator.evaluate(self.module, side).options())
                    if all(isinstance(option, Answer) and option.enum == enum for option in options):
                        continue
                    use.blocked = (
                        f"a constant of the answer is compared with `{self._short(side)}`, which is no literal "
                        f"(line {self._line(side)})"
                    )
                    return
                text = literal(constant)[1]
                if text not in table.values:
                    if text in table.values.values():
                        use.blocked = f"`{text}` never matched, and would in v2 (line {self._line(constant)})"
                        return
                    continue
                new = table.values[text]
                if new is None:
                    use.blocked = f"`{text}` has no known v2 spelling (line {self._line(constant)})"
                    return
                quote = constant.quote
                told = f"`{text}` is `{new}`"
                use.message = (
                    f"{use.message.removesuffix(' in v2')}, {told} in v2" if use.message else f"{told} in v2"
                )
                use.compared = self.module.span(side)
                use.replacements.append((self.module.span(constant), f"{quote}{new}{quote}"))
        if use.replacements:
            use.facts.append(Fact(f"enum {enum}", table.evidence or Evidence.UNKNOWN, table.source))

    def _odd_comparison(self, node: cst.BaseExpression, comparison: cst.Comparison) -> str | None:
        """Why the constants of a comparison cannot be mapped one by one, if they cannot."""
        targets = comparison.comparisons
        if len(targets) > 1 and not (len(targets) == 2 and targets[0].comparator is node):
            return "a constant of the answer is compared in a chain"
        for target in targets:
            if isinstance(target.operator, (cst.In, cst.NotIn)):
                if target.comparator is node or isinstance(target.comparator, cst.SimpleString):
                    return "a constant of the answer is looked up as a part of a text"
            elif not isinstance(target.operator, (cst.Equal, cst.NotEqual, cst.Is, cst.IsNot)):
                return "constants of the answer are compared by their order"
        return None


def _constants_of(node: cst.BaseExpression) -> Iterator[cst.SimpleString | None]:
    """The literal texts of one side of a comparison; None for anything else."""
    if isinstance(node, cst.SimpleString):
        yield node
    elif isinstance(node, (cst.Tuple, cst.List, cst.Set)):
        for element in node.elements:
            yield element.value if isinstance(element.value, cst.SimpleString) else None
    elif not (isinstance(node, cst.Name) and node.value == "None"):
        yield None
