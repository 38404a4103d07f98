"""Where clients and answers go: every use of their value, and whether it survives the rewrite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    ClassValue,
    Constant,
    FunctionValue,
    InstanceValue,
    ModuleValue,
    Ref,
    Value,
    answers,
    clients,
)
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack.model import ObjectField

# Showing a value keeps the program going whatever its form; these are names of Python's own habits.
_SHOWING = {
    "print",
    "str",
    "repr",
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
    "write",
}


@dataclass
class ClientUse:
    """A place where a client's value is used other than for a call; `reason` is set if it must stay legacy."""

    module: Module
    node: cst.BaseExpression
    reason: str


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
    compared: Span | None = None  # the side of a comparison that holds the constants
    handed_to: cst.CSTNode | None = None  # the legacy call that an identifier goes to
    shown: str | None = None
    replacements: list[tuple[Span, str]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


class Uses:
    """The uses in one module."""

    def __init__(self, evaluator: Evaluator, module: Module, legacy_calls: set[cst.CSTNode]) -> None:
        self.evaluator = evaluator
        self.pack = evaluator.pack
        self.module = module
        self.legacy_calls = legacy_calls
        self.clients: dict[Ref, list[ClientUse]] = {}
        self.answers: list[AnswerUse] = []
        for node in loads(module):
            value = evaluator.evaluate(module, node)
            for client in clients(value):
                if client.made_at is not None:
                    self._client(node, client.made_at)
            found = answers(value)
            if found:
                self._answer(node, value, found)

    def _line(self, node: cst.CSTNode) -> int:
        return self.module.source.position(self.module.span(node)[0]).line

    # Where a value flows on, the evaluator follows it

    def _followed(self, node: cst.BaseExpression) -> bool:
        """Whether the parent hands the value on to a place that the evaluator knows."""
        parent = self.module.parent(node)
        if isinstance(parent, (cst.IfExp, cst.BooleanOperation, cst.NamedExpr)):
            return True
        if isinstance(parent, cst.Assign):
            return all(self._target_is_followed(target.target) for target in parent.targets)
        if isinstance(parent, cst.AnnAssign):
            return self._target_is_followed(parent.target)
        if isinstance(parent, cst.Param):
            return True
        if isinstance(parent, cst.Return):
            function = self.module.function_of(node)
            return isinstance(function, cst.FunctionDef) and self._is_called(function)
        if isinstance(parent, cst.Lambda):
            return False
        if isinstance(parent, cst.Arg):
            return self._passed_to_own_function(parent)
        return False

    def _target_is_followed(self, target: cst.BaseExpression) -> bool:
        if isinstance(target, cst.Name):
            return True
        if isinstance(target, cst.Attribute):
            owner = self.evaluator.evaluate(self.module, target.value)
            return all(_is_own(option) for option in owner.options())
        return False

    def _is_called(self, function: cst.FunctionDef) -> bool:
        wanted = FunctionValue(Ref(self.module, function))
        for other, call in self.evaluator.project.calls_named(function.name.value):
            for callee in self.evaluator.evaluate(other, call.func).options():
                if callee == wanted or (isinstance(callee, BoundMethod) and callee.function == wanted):
                    return True
        decorators = {last_name(decorator.decorator) for decorator in function.decorators}
        return bool(decorators & {"property", "cached_property"})

    def _passed_to_own_function(self, arg: cst.Arg) -> bool:
        call = self.module.parent(arg)
        if not isinstance(call, cst.Call) or arg.star:
            return False
        options = list(self.evaluator.evaluate(self.module, call.func).options())
        return all(
            isinstance(option, FunctionValue)
            or (isinstance(option, BoundMethod) and option.function is not None)
            or (isinstance(option, ClassValue) and self.evaluator.legacy_base(option) is None)
            for option in options
        )

    # Clients

    def _client(self, node: cst.BaseExpression, made_at: Ref) -> None:
        parent = self.module.parent(node)
        if isinstance(parent, cst.Expr) or self._followed(node) or _is_tested(parent, node):
            return
        if isinstance(parent, cst.Attribute):
            grandparent = self.module.parent(parent)
            if (
                grandparent in self.legacy_calls
                and isinstance(grandparent, cst.Call)
                and grandparent.func is parent
            ):
                return
            reason = f"`{self.module.text_of(parent)}` is used (line {self._line(node)})"
        else:
            reason = f"the client goes where it is not followed (line {self._line(node)})"
        self.clients.setdefault(made_at, []).append(ClientUse(self.module, node, reason))

    # Answers

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
        if self._followed(node) or _is_tested(parent, node):
            return
        if len(kinds) > 1 or (others and found[0].kind == "object"):
            use.blocked = f"`{self._short(node)}` can also hold something else (line {self._line(node)})"
        elif found[0].kind == "object":
            self._object(use, found[0])
        else:
            self._scalar(use, found[0])
        if use.blocked or use.replacements or use.shown or use.message or use.handed_to:
            self.answers.append(use)

    def _short(self, node: cst.CSTNode) -> str:
        text = " ".join(self.module.text_of(node).split())
        return text if len(text) <= 40 else text[:37] + "..."

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
        if self._is_shown(use.node):
            use.shown = f"the whole answer is shown in its v2 form (line {self._line(use.node)})"
            return
        use.blocked = f"the whole answer is handed on and not followed further (line {self._line(use.node)})"

    def _field(self, use: AnswerUse, answer: Answer, key: cst.BaseExpression, *, nested: bool) -> None:
        found, name = literal(key)
        if not found or not isinstance(name, str) or not isinstance(key, cst.SimpleString):
            use.blocked = f"the field `{self._short(key)}` is not a literal (line {self._line(key)})"
            return
        kind = self.pack.objects.get(answer.object or "")
        rule: ObjectField | None = kind.fields.get(name) if kind else None
        shown = f"`{name}` of {answer.object or 'the answer'}"
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

    def _scalar(self, use: AnswerUse, answer: Answer) -> None:
        parent = self.module.parent(use.node)
        line = self._line(use.node)
        if answer.kind in ("unknown", "array", "map") and answer.part:
            use.blocked = f"`{self._short(use.node)}` is a part of the answer that is not known (line {line})"
        elif answer.enum is not None:
            if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
                self._compared(use, answer.enum)
            elif self._is_shown(use.node):
                use.shown = f"a constant is shown in its v2 spelling (line {line})"
            else:
                use.blocked = f"a constant of the answer is handed on and not followed further (line {line})"
        elif answer.format in ("datetime", "date"):
            if self._is_shown(use.node):
                use.shown = f"a date is shown in its v2 form (line {line})"
            else:
                use.blocked = (
                    f"a date of the answer is used as text (line {line}); its form is RFC 3339 in v2"
                )
        elif answer.format == "hash" and (call := self._legacy_receiver(use.node)) is not None:
            use.handed_to = call
        elif answer.format == "hash" and isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
            use.blocked = f"an identifier is compared (line {line}); identifiers are lower case in v2"

    def _legacy_receiver(self, node: cst.BaseExpression) -> cst.CSTNode | None:
        """The legacy call that has the value among its arguments."""
        for ancestor in self.module.ancestors(node):
            if ancestor in self.legacy_calls:
                return ancestor
            if isinstance(ancestor, cst.BaseStatement):
                return None
        return None

    def _is_shown(self, node: cst.BaseExpression) -> bool:
        parent = self.module.parent(node)
        if isinstance(parent, cst.FormattedStringExpression):
            return True
        if isinstance(parent, cst.Element):
            parent = self.module.parent(self.module.parents[parent])
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Modulo):
            return literal(parent.left)[0]
        if isinstance(parent, cst.Arg):
            call = self.module.parent(parent)
            if isinstance(call, cst.Call):
                name = last_name(call.func)
                formats = (
                    isinstance(call.func, cst.Attribute) and name == "format" and literal(call.func.value)[0]
                )
                return name in _SHOWING or formats
        return False

    def _compared(self, use: AnswerUse, enum: str) -> None:
        parent = self.module.parent(use.node)
        comparison = self.module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
        assert isinstance(comparison, cst.Comparison)
        table = self.pack.enums[enum]
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


def _constants_of(node: cst.BaseExpression) -> Iterator[cst.SimpleString | None]:
    """The literal texts of one side of a comparison; None for anything else."""
    if isinstance(node, cst.SimpleString):
        yield node
    elif isinstance(node, (cst.Tuple, cst.List, cst.Set)):
        for element in node.elements:
            yield element.value if isinstance(element.value, cst.SimpleString) else None
    elif not (isinstance(node, cst.Name) and node.value == "None"):
        yield None


def _is_own(option: Value) -> bool:
    return isinstance(option, (InstanceValue, ClassValue, ModuleValue))


def _is_tested(parent: cst.CSTNode | None, node: cst.CSTNode) -> bool:
    """Whether the value is only asked for its truth, or whether it is None."""
    if isinstance(parent, (cst.If, cst.While, cst.Assert)) and parent.test is node:
        return True
    if isinstance(parent, cst.IfExp) and parent.test is node:
        return True
    if isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not):
        return True
    if isinstance(parent, cst.Comparison) and len(parent.comparisons) == 1:
        target = parent.comparisons[0]
        return isinstance(target.operator, (cst.Is, cst.IsNot)) and isinstance(target.comparator, cst.Name)
    return False


def loads(module: Module) -> Iterator[cst.BaseExpression]:
    """The expressions of a module that read a value: names, attributes, subscripts, calls."""
    for node in module.names:
        if is_load(module, node):
            yield node
    yield from module.calls
    for subscript in module.subscripts:
        if not isinstance(module.parent(subscript), (cst.AssignTarget, cst.Del, cst.Annotation)):
            yield subscript


def is_load(module: Module, node: cst.BaseExpression) -> bool:
    """Whether a name or attribute is read at its place (and not bound, or a part of something else)."""
    parent = module.parent(node)
    if isinstance(parent, cst.Attribute):
        return parent.value is node
    if isinstance(parent, cst.Arg):
        return parent.value is node
    if isinstance(parent, (cst.Param, cst.FunctionDef, cst.ClassDef)):
        return getattr(parent, "name", None) is not node
    if isinstance(parent, (cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr, cst.Del)):
        return parent.target is not node
    if isinstance(parent, (cst.Element, cst.StarredElement)):
        holder = module.parents[parent]
        return is_load(module, holder) if isinstance(holder, (cst.Tuple, cst.List)) else True
    return not isinstance(
        parent,
        (
            cst.AssignTarget,
            cst.ImportAlias,
            cst.AsName,
            cst.NameItem,
            cst.ImportFrom,
            cst.Annotation,
            cst.MatchAs,
        ),
    )
