"""The envelope of a legacy answer, and what its uses become where REST v2 sends none."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Binding, Span
from callr_migrate.pack.model import PayloadShape
from callr_migrate.rewrite.posts import Post, is_read_elsewhere
from callr_migrate.rewrite.request import Refusal


def envelope(
    evaluator: Evaluator,
    call: LegacyCall,
    post: Post,
    shape: PayloadShape,
    message: str | None,
    given: set[str],
) -> None:
    """Find every use of the answer's envelope, and what it becomes (noted in `post`); raises `Refusal`.

    `message` is the key of an error's text in the new API, `given` the names that other responses of the module got.
    """
    assert isinstance(call.node, cst.Call)
    found = _Envelope(evaluator, call.module, post, shape, message)
    found.response(call.node, None)
    if found.checks:
        if found.raised:
            raise Refusal(
                "the program raises for a status before it looks at the error, which v2 tells by the status"
            )
        if found.rebound:
            raise Refusal(
                f"`{found.name}` holds its answer, and another value later, before the error is looked at"
            )
        name = found.name or found.fresh_name(given)
        post.named = None if found.name else name
        for span, failed in found.checks:
            target = post.target
            text = target.failure.replace("{response}", name) if failed else f"{name}{target.success}"
            post.replaced.append((span, f"({text})" if " " in text and found.is_nested(span) else text))
    elif post.results and not found.raised:
        post.raises = True
        if found.assigned is not None:
            post.raise_after = found.assigned


class _Envelope:
    """Follows a response and its JSON through the names that they are given."""

    def __init__(
        self, evaluator: Evaluator, module: Module, post: Post, shape: PayloadShape, message: str | None
    ) -> None:
        self.evaluator = evaluator
        self.module = module
        self.post = post
        self.shape = shape
        self.message = message
        self.name: str | None = None  # of the response
        self.assigned: tuple[cst.CSTNode, str] | None = None  # the statement that names it
        self.rebound = False  # whether that name gets another value, too
        self.raised = False
        self.checks: list[tuple[Span, bool]] = []  # (place, whether it asks for an error)
        self._nested: set[Span] = set()

    def _lost(self, node: cst.CSTNode) -> Refusal:
        line = self.module.source.position(self.module.span(node)[0]).line
        return Refusal(f"its answer is used in a way that is not followed (line {line})")

    def response(self, node: cst.BaseExpression, name: str | None) -> None:
        """One place that holds the response."""
        parent = self.module.parent(node)
        if isinstance(parent, cst.Expr) and name is None:
            return
        if isinstance(parent, cst.Assign) and name is None:
            target, uses = self._uses(parent)
            self.name = target
            self.rebound = len(self.module.scope_of(parent).bindings.get(target, ())) > 1
            self.assigned = (self.module.statement_of(parent), target)
            for use in uses:
                self.response(use, target)
            return
        call = self.module.parent(parent) if isinstance(parent, cst.Attribute) else None
        if not isinstance(parent, cst.Attribute) or parent.value is not node:
            raise self._lost(node)
        word = parent.attr.value
        if word in ("ok", "is_success", "is_error"):
            self.raised = True
            return
        if not isinstance(call, cst.Call) or call.func is not parent or call.args:
            raise self._lost(node)
        if word == "json":
            self.body(call, True)
        elif word == "raise_for_status":
            self.raised = True
            if not isinstance(self.module.parent(call), cst.Expr):
                if not self.post.target.check:
                    raise self._lost(node)
                self.response(call, name)
        else:
            raise self._lost(node)

    def body(self, node: cst.BaseExpression, may_name: bool) -> None:
        """One place that holds the decoded envelope."""
        parent = self.module.parent(node)
        if isinstance(parent, cst.Assign) and may_name:
            for use in self._uses(parent)[1]:
                self.body(use, False)
        elif isinstance(parent, cst.Subscript) and parent.value is node:
            self._item(parent)
        elif isinstance(parent, cst.ComparisonTarget):
            self._compared(node, parent)
        elif isinstance(parent, cst.Attribute) and parent.attr.value == "get":
            self._asked(node, parent)
        elif not isinstance(parent, cst.Expr):
            raise self._lost(node)

    def _item(self, node: cst.Subscript) -> None:
        key = key_of(node)
        if key is None or isinstance(self.module.parent(node), (cst.AssignTarget, cst.Del, cst.AugAssign)):
            raise self._lost(node)
        word = literal(key)[1]
        if word == self.shape.result:
            self.post.results.append(node)
            return
        outer = self.module.parent(node)
        inner = key_of(outer) if isinstance(outer, cst.Subscript) and outer.value is node else None
        if (
            self.message is None
            or word != self.shape.error
            or inner is None
            or literal(inner)[1] != self.shape.error_message
        ):
            raise Refusal(
                f"of an error, only its `{self.shape.error_message}` has a counterpart in v2 "
                f"(line {self.module.source.position(self.module.span(node)[0]).line})"
            )
        assert isinstance(outer, cst.Subscript)
        quote = inner.quote
        span = self.module.outer_span(node.value)[1], self.module.span(outer)[1]
        self.post.replaced.append((span, f"[{quote}{self.message}{quote}]"))

    def _compared(self, node: cst.BaseExpression, parent: cst.ComparisonTarget) -> None:
        """`"error" in answer` and the like."""
        comparison = self.module.parents[parent]
        assert isinstance(comparison, cst.Comparison)
        word = literal(comparison.left)[1]
        if len(comparison.comparisons) != 1 or word not in (self.shape.error, self.shape.result):
            raise self._lost(node)
        if not isinstance(parent.operator, (cst.In, cst.NotIn)):
            raise self._lost(node)
        self._check(comparison, (word == self.shape.error) is isinstance(parent.operator, cst.In))

    def _asked(self, node: cst.BaseExpression, parent: cst.Attribute) -> None:
        """`answer.get("error")`, where only its truth counts."""
        call = self.module.parent(parent)
        if (
            not isinstance(call, cst.Call)
            or len(call.args) != 1
            or literal(call.args[0].value)[1] != self.shape.error
        ):
            raise self._lost(node)
        holder = self.module.parent(call)
        negated = isinstance(holder, cst.UnaryOperation) and isinstance(holder.operator, cst.Not)
        tested = isinstance(holder, (cst.If, cst.While, cst.IfExp, cst.Assert)) and holder.test is call
        if not negated and not tested:
            raise self._lost(node)
        self._check(call, True)

    def _check(self, node: cst.BaseExpression, failed: bool) -> None:
        span = self.module.span(node)
        self.checks.append((span, failed))
        holder = self.module.parent(node)
        if not isinstance(holder, (cst.If, cst.While, cst.Assert)) and not node_has_parentheses(node):
            self._nested.add(span)

    def is_nested(self, span: Span) -> bool:
        """Whether what takes a check's place needs parentheses."""
        return span in self._nested

    def fresh_name(self, given: set[str]) -> str:
        """A name for the response that the module does not use, nor another response of it."""
        taken = given | {name.value for name in self.module.names if isinstance(name, cst.Name)}
        name, number = "response", 2
        while name in taken:
            name, number = f"response_{number}", number + 1
        given.add(name)
        return name

    def _uses(self, assign: cst.Assign) -> tuple[str, list[cst.Name]]:
        """The name that an assignment gives, and where it is read; the name must mean nothing else."""
        target = assign.targets[0].target
        statement = self.module.parent(assign)
        if len(assign.targets) != 1 or not isinstance(target, cst.Name) or not _alone(statement):
            raise self._lost(assign)
        scope = self.module.scope_of(assign)
        if scope is self.module.scope and is_read_elsewhere(self.evaluator, self.module, target.value):
            raise Refusal(f"`{target.value}` holds its answer, and other modules may use it")
        if scope.is_class or target.value in scope.outer:
            raise self._lost(assign)
        uses: list[cst.Name] = []
        for name in self.module.names:
            if not isinstance(name, cst.Name) or name.value != target.value or name is target:
                continue
            if isinstance(self.module.parent(name), cst.AssignTarget):
                continue  # another value by the same name
            bindings: list[Binding] = self.evaluator.bindings_of(self.module, name)[1]
            if not any(binding.node is target for binding in bindings):
                continue
            if len(bindings) > 1:
                raise self._lost(name)
            uses.append(name)
        return target.value, uses


def node_has_parentheses(node: cst.BaseExpression) -> bool:
    """Whether an expression stands in parentheses of its own."""
    return bool(getattr(node, "lpar", ()))


def _alone(statement: cst.CSTNode | None) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1


def key_of(node: cst.Subscript) -> cst.SimpleString | None:
    """The literal text that a subscript looks up."""
    element = node.slice[0].slice if len(node.slice) == 1 else None
    value = element.value if isinstance(element, cst.Index) else None
    return value if isinstance(value, cst.SimpleString) else None


def results_lead_on(module: Module, post: Post) -> Iterator[cst.Subscript]:
    """The results that are not read field by field at once: an error would pass for an answer there."""
    for node in post.results:
        parent = module.parent(node)
        if not (isinstance(parent, cst.Subscript) and parent.value is node):
            yield node


def catches_missing_keys(call: LegacyCall) -> bool:
    """Whether an error of the method is caught around a post because its answer then has no result."""
    for ancestor in call.module.ancestors(call.node):
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda)):
            return False
        if isinstance(ancestor, cst.Try):
            for handler in ancestor.handlers:
                start, end = call.module.span(handler.type) if handler.type is not None else (0, 0)
                if any(word in call.module.source.text[start:end] for word in ("KeyError", "LookupError")):
                    return True
    return False
