"""Where values go, and whether a use of a client survives the rewrite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    ClassValue,
    Client,
    Collected,
    FunctionValue,
    InstanceValue,
    Literal,
    ModuleValue,
    Ref,
    Union,
    Value,
    clients,
)
from callr_migrate.records import dataclass

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


# Asked for each name of a file, and so by type: whether something is an instance, the abstract bases of nodes tell
# ten times slower.
_CHOICES = frozenset({cst.BooleanOperation, cst.IfExp, cst.NamedExpr})
_TESTS = frozenset({cst.If, cst.While, cst.Assert, cst.IfExp, cst.UnaryOperation, cst.Comparison})
_NO_VALUES = frozenset({cst.AssignTarget, cst.Del, cst.Annotation})
# The part of these that is bound.
_BOUND: dict[type, str] = {
    **dict.fromkeys((cst.Param, cst.FunctionDef, cst.ClassDef), "name"),
    **dict.fromkeys((cst.AnnAssign, cst.AugAssign, cst.For, cst.CompFor, cst.NamedExpr, cst.Del), "target"),
}
_NO_LOADS = frozenset(
    {
        cst.AssignTarget,
        cst.ImportAlias,
        cst.AsName,
        cst.NameItem,
        cst.ImportFrom,
        cst.Annotation,
        cst.MatchAs,
    }
)

_MAYBE_CLIENTS = frozenset({Client, Union})

# Endings of the names of classes whose instances hold texts for people.
_ERRORS = ("Error", "Exception", "Warning")


@dataclass
class ClientUse:
    """A place where a client's value is used other than for a call; `reason` is set if it must stay legacy."""

    module: Module
    node: cst.BaseExpression
    reason: str


class Flows:
    """Whether the evaluator knows where the values of one module go on to."""

    def __init__(self, evaluator: Evaluator, module: Module) -> None:
        self.evaluator = evaluator
        self.module = module

    def holds(self, value: Value, wanted: Value) -> bool:
        """Whether a value may be all the clients, answers and dicts that another may be."""
        options = set(value.options())
        kinds = (Answer, Client, Literal, Collected)
        return all(option in options for option in wanted.options() if isinstance(option, kinds))

    def is_followed(self, node: cst.BaseExpression) -> bool:
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
            return isinstance(function, cst.FunctionDef) and self._arrives_at_calls(node, function)
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

    def _arrives_at_calls(self, node: cst.BaseExpression, function: cst.FunctionDef) -> bool:
        """Whether the function is called, never handed on, and each call of it is known to give the value."""
        decorators = {last_name(decorator.decorator) for decorator in function.decorators}
        if decorators & {"property", "cached_property"}:
            return True
        value = self.evaluator.evaluate(self.module, node)
        wanted = FunctionValue(Ref(self.module, function))
        called = False
        for other, use in list(self.evaluator.project.names_of(function.name.value)):
            if not is_load(other, use):
                continue
            if not any(_runs(option, wanted) for option in self.evaluator.evaluate(other, use).options()):
                continue
            call: cst.CSTNode | None = other.parent(use)
            if not isinstance(call, cst.Call) or call.func is not use:
                return False
            awaited = other.parent(call)
            given = awaited if isinstance(awaited, cst.Await) else call
            if not self.holds(self.evaluator.evaluate(other, given), value):
                return False
            called = True
        return called

    def _passed_to_own_function(self, arg: cst.Arg) -> bool:
        call = self.module.parent(arg)
        if not isinstance(call, cst.Call) or arg.star:
            return False
        options = list(self.evaluator.evaluate(self.module, call.func).options())
        return all(self._takes(option, call, arg) for option in options)

    def _takes(self, callee: Value, call: cst.Call, arg: cst.Arg) -> bool:
        """Whether a parameter of the callee is known to hold an argument."""
        if isinstance(callee, ClassValue):
            if self.evaluator.legacy_base(callee) is not None:
                return False
            made = self.evaluator.member(callee, "__init__", InstanceValue(callee))
            return all(
                isinstance(option, BoundMethod) and self._takes(option, call, arg)
                for option in made.options()
            )
        function = callee.function if isinstance(callee, BoundMethod) else callee
        if not isinstance(function, FunctionValue) or not isinstance(function.ref.node, cst.FunctionDef):
            return False
        home = function.ref.module
        params = function.ref.node.params
        value = self.evaluator.evaluate(self.module, arg.value)
        scope = home.scope_opened_by(function.ref.node)
        for param in (*params.posonly_params, *params.params, *params.kwonly_params):
            if arg.keyword is not None and arg.keyword.value != param.name.value:
                continue
            for binding in scope.bindings.get(param.name.value, []):
                if binding.node is param and self.holds(self.evaluator.binding_value(binding, home), value):
                    return True
        return False


def _runs(option: Value, wanted: FunctionValue) -> bool:
    return option == wanted or (isinstance(option, BoundMethod) and option.function == wanted)


class ClientUses:
    """The uses of clients in one module other than for calls, by the construction that they come from."""

    def __init__(
        self, flows: Flows, reads: Iterable[cst.BaseExpression], legacy_calls: set[cst.CSTNode]
    ) -> None:
        """`reads` are the `loads` of the module."""
        self.flows = flows
        self.module = flows.module
        self.legacy_calls = legacy_calls
        self.found: dict[Ref, list[ClientUse]] = {}
        for node in reads:
            value = flows.evaluator.evaluate(self.module, node)
            for client in clients(value) if type(value) in _MAYBE_CLIENTS else ():
                if client.made_at is not None:
                    self._client(node, client.made_at)

    def _client(self, node: cst.BaseExpression, made_at: Ref) -> None:
        parent = self.module.parent(node)
        if isinstance(parent, cst.Attribute):
            callee = parent
            while isinstance(outer := self.module.parent(callee), cst.Attribute):
                callee = outer
            call = self.module.parent(callee)
            if call in self.legacy_calls and isinstance(call, cst.Call) and call.func is callee:
                return
            reason = f"`{self.module.text_of(parent)}` is used"
        elif isinstance(parent, cst.Expr) or self.flows.is_followed(node) or is_tested(parent, node):
            return
        else:
            reason = "the client goes where it is not followed"
        reason += f" (line {self.module.source.position(self.module.span(node)[0]).line})"
        self.found.setdefault(made_at, []).append(ClientUse(self.module, node, reason))


def _is_own(option: Value) -> bool:
    return isinstance(option, (InstanceValue, ClassValue, ModuleValue))


def is_tested(parent: cst.CSTNode | None, node: cst.CSTNode) -> bool:
    """Whether the value is only asked for its truth, or whether it is None."""
    kind = type(parent)
    if kind not in _TESTS:
        return False
    if isinstance(parent, (cst.If, cst.While, cst.Assert, cst.IfExp)) and parent.test is node:
        return True
    if isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not):
        return True
    if isinstance(parent, cst.Comparison) and len(parent.comparisons) == 1:
        target = parent.comparisons[0]
        return isinstance(target.operator, (cst.Is, cst.IsNot)) and isinstance(target.comparator, cst.Name)
    return False


def shows(module: Module, node: cst.BaseExpression) -> bool:
    """Whether a value is only made visible: printed, logged, put into a text."""
    parent = module.parent(node)
    if isinstance(parent, cst.FormattedStringExpression):
        return True
    if isinstance(parent, cst.Element):
        parent = module.parent(module.parents[parent])
    if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Modulo):
        return literal(parent.left)[0]
    if isinstance(parent, cst.Arg):
        call = module.parent(parent)
        if isinstance(call, cst.Call):
            name = last_name(call.func)
            formats = (
                isinstance(call.func, cst.Attribute) and name == "format" and literal(call.func.value)[0]
            )
            return name in _SHOWING or formats
    return False


def text_goes_on(module: Module, node: cst.BaseExpression) -> bool:
    """Whether a text that the value is put into is more than shown: a key, a message, a statement for a database."""
    arg = module.parent(node)
    call = module.parent(arg) if isinstance(arg, cst.Arg) else None
    if isinstance(call, cst.Call) and last_name(call.func) not in ("format", "str"):
        return False
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.FormattedString, cst.BinaryOperation, cst.Call)):
            outer = module.parent(ancestor)
            call = module.parent(outer) if isinstance(outer, cst.Arg) else None
            if isinstance(call, cst.Call) and (last_name(call.func) or "").endswith(_ERRORS):
                return False
            return not isinstance(outer, cst.Expr) and not shows(module, ancestor)
    return False


def loads(module: Module) -> Iterator[cst.BaseExpression]:
    """The expressions of a module that read a value: names, attributes, subscripts, calls, and choices between them."""
    chosen: set[cst.CSTNode] = set()
    for node in _reads(module):
        yield node
        outer = module.parent(node)
        while type(outer) in _CHOICES and outer not in chosen:
            assert isinstance(outer, cst.BaseExpression)
            chosen.add(outer)
            yield outer
            outer = module.parent(outer)


def names_read(module: Module) -> Iterator[cst.Name | cst.Attribute]:
    """The names and attributes of a module that are read."""
    for node in module.names:
        if is_load(module, node):
            yield node


def _reads(module: Module) -> Iterator[cst.BaseExpression]:
    yield from names_read(module)
    yield from module.calls
    for subscript in module.subscripts:
        if type(module.parent(subscript)) not in _NO_VALUES:
            yield subscript


def is_load(module: Module, node: cst.BaseExpression) -> bool:
    """Whether a name or attribute is read at its place (and not bound, or a part of something else)."""
    parent = module.parent(node)
    kind = type(parent)
    if kind is cst.Attribute or kind is cst.Arg:
        return parent.value is node  # type: ignore[union-attr]
    bound = _BOUND.get(kind)
    if bound is not None:
        return getattr(parent, bound) is not node
    if kind is cst.Element or kind is cst.StarredElement:
        holder = module.parents[parent]  # type: ignore[index]
        return is_load(module, holder) if isinstance(holder, (cst.Tuple, cst.List)) else True
    return kind not in _NO_LOADS
