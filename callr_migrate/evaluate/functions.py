"""Functions: what they return, and what their callers in the project pass."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import field

import libcst as cst

from callr_migrate.evaluate.members import Members
from callr_migrate.evaluate.module import Binding, Module
from callr_migrate.evaluate.names import is_plain
from callr_migrate.evaluate.nodes import visit
from callr_migrate.evaluate.project import Project, dotted_name
from callr_migrate.evaluate.values import (
    BoundMethod,
    ClassValue,
    Collected,
    Constant,
    FunctionValue,
    InstanceValue,
    Ref,
    Unknown,
    Value,
    union,
)
from callr_migrate.records import dataclass

_Caller = tuple[Module, cst.Call, bool]


@dataclass
class _Called:
    """The calls of one name by what they run; those whose callee is not settled yet are waiting."""

    seen: int = 0
    settled: set[cst.Call] = field(default_factory=set)
    waiting: dict[cst.Call, Module] = field(default_factory=dict)
    by_target: dict[cst.CSTNode, list[_Caller]] = field(default_factory=dict)


class Functions(Members):
    """The part of the evaluator that follows values into and out of functions."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._bodies: dict[cst.CSTNode, _Body] = {}
        self._called: dict[str, _Called] = {}

    def returns(self, function: FunctionValue) -> Value:
        """What a call of the function gives."""
        module, node = function.ref.module, function.ref.node
        if isinstance(node, cst.Lambda):
            return self.evaluate(module, node.body)
        assert isinstance(node, cst.FunctionDef)
        if node.asynchronous is not None:
            return Unknown(f"`{node.name.value}` is asynchronous")
        yields = self._body(node).yields
        if yields and not node.decorators and not any(isinstance(item.value, cst.From) for item in yields):
            return Collected("list", self.yielded(function))
        return self.awaited(function)

    def awaited(self, function: FunctionValue) -> Value:
        """What the `return` statements of the function give."""
        module, node = function.ref.module, function.ref.node
        assert isinstance(node, cst.FunctionDef)
        body = self._body(node)
        if body.yields:
            return Unknown(f"`{node.name.value}` is a generator")
        values = [self.evaluate(module, item.value) for item in body.returns if item.value is not None]
        if node.returns is not None:
            values = self.typed(values, module, node.returns.annotation)
        return union(values) if values else Unknown(f"`{node.name.value}` returns nothing")

    def returned(self, function: FunctionValue) -> list[cst.BaseExpression]:
        """The expressions of the `return` statements of a def."""
        assert isinstance(function.ref.node, cst.FunctionDef)
        return [item.value for item in self._body(function.ref.node).returns if item.value is not None]

    def yielded(self, function: FunctionValue) -> Value:
        """What the `yield`s of the function give."""
        module, node = function.ref.module, function.ref.node
        assert isinstance(node, cst.FunctionDef)
        values = [
            self.evaluate(module, item.value)
            for item in self._body(node).yields
            if isinstance(item.value, cst.BaseExpression)
        ]
        return union(values) if values else Unknown(f"`{node.name.value}` yields nothing")

    def _body(self, node: cst.FunctionDef) -> _Body:
        if node not in self._bodies:
            self._bodies[node] = _Body()
            visit(node.body, self._bodies[node])
        return self._bodies[node]

    def parameter(self, binding: Binding, module: Module) -> Value:
        """A parameter: `self`, its default, what callers in the project pass, else its annotation."""
        param = binding.node
        assert isinstance(param, cst.Param)
        function = binding.scope.node
        klass = self._class_of(function, module)
        name = param.name.value
        index = _position(function, param)
        if klass is not None and index == 0 and not _is_static(function):
            made = isinstance(function, cst.FunctionDef) and function.name.value == "__new__"
            is_class = made or _has_decorator(function, "classmethod")
            return klass if is_class else InstanceValue(klass)
        values: list[Value] = []
        if param.default is not None:
            values.append(self.evaluate(module, param.default))
        values += self._passed(function, module, klass, name, index)
        values += self.handed_values(FunctionValue(Ref(module, function)), param)
        if binding.annotation is not None:
            values = self.typed(values, module, binding.annotation)
        owner = function.name.value if isinstance(function, cst.FunctionDef) else "a lambda"
        if not values:
            line = module.source.position(module.span(function)[0]).line
            return Unknown(
                f"`{name}` is a parameter of `{owner}` ({module.path.name}:{line}), whose callers are not known"
            )
        if isinstance(function, cst.FunctionDef) and not is_plain(function):
            # What it is called with need not be what it was given.
            told = self.annotated(module, binding.annotation) if binding.annotation is not None else None
            values.append(told or Unknown(f"`{owner}` is decorated, and may be called from elsewhere"))
        return union(values)

    def typed(self, values: list[Value], module: Module, annotation: cst.BaseExpression) -> list[Value]:
        """The values, and what an annotation says in place of those that are not known."""
        options = [option for value in values for option in value.options()]
        known = [option for option in options if not isinstance(option, Unknown)]
        if len(known) == len(options) and any(_is_object(option) for option in known):
            return values
        told = self.annotated(module, annotation)
        return values if told is None else [*known, told]

    @abstractmethod
    def handed_values(self, function: FunctionValue, param: cst.Param) -> list[Value]:
        """What a parameter holds where the function is handed on."""

    def _class_of(self, function: cst.CSTNode, module: Module) -> ClassValue | None:
        scope = module.scope_of(function)
        return ClassValue(Ref(module, scope.node)) if scope.is_class else None

    def _passed(
        self, function: cst.CSTNode, module: Module, klass: ClassValue | None, name: str, index: int | None
    ) -> list[Value]:
        target = FunctionValue(Ref(module, function))
        if not isinstance(function, cst.FunctionDef):
            return self._given_by_name(target, names_of(module, function), name, index)
        values: list[Value] = []
        if klass is not None and function.name.value == "__init__":
            for made in [klass, *self.subclasses(klass)]:
                if made != klass and "__init__" in made.ref.module.scope_opened_by(made.ref.node).bindings:
                    continue
                values += self._given_to(target, made, name, index)
        return values + self._given_to(target, None, name, index)

    def _given_to(
        self, target: FunctionValue, made: ClassValue | None, name: str, index: int | None
    ) -> list[Value]:
        """What calls pass as a parameter of a function, or (with `made`) of a class's `__init__`."""
        node = made.ref.node if made else target.ref.node
        assert isinstance(node, (cst.ClassDef, cst.FunctionDef))
        names = [node.name.value] if made is None else [node.name.value, "cls"]
        return self._given_by_name(made or target, names, name, index)

    def _given_by_name(
        self, target: ClassValue | FunctionValue, names: list[str], name: str, index: int | None
    ) -> list[Value]:
        values: list[Value] = []
        for other, call, shifted in self._callers(names, target):
            values += self._argument(call, other, name, index, shifted)
        return values

    def _callers(self, names: list[str], target: ClassValue | FunctionValue) -> list[_Caller]:
        """The calls of a function or class, as far as they are seen under these names; whether they shift."""
        found: list[_Caller] = []
        for name in names:
            calls = self.project.calls_named(name)
            known = self._called.setdefault(name, _Called())
            if known.seen != len(calls):
                known.seen = len(calls)
                known.waiting.update((call, module) for module, call in calls if call not in known.settled)
            for call, module in list(known.waiting.items()):
                runs = list(self._run_by(self.evaluate(module, call.func)))
                if call.func in self._memo and not self.assumed and known.waiting.pop(call, None) is not None:
                    # What is settled never changes again, so nobody needs to look at it twice.
                    known.settled.add(call)
                    for run, shifted in runs:
                        known.by_target.setdefault(run.ref.node, []).append((module, call, shifted))
                else:
                    found += [(module, call, shifted) for run, shifted in runs if run == target]
            found += known.by_target.get(target.ref.node, [])
        return list({caller[1]: caller for caller in found}.values())

    @staticmethod
    def _run_by(callee: Value) -> Iterator[tuple[ClassValue | FunctionValue, bool]]:
        for option in callee.options():
            run = option.function if isinstance(option, BoundMethod) else option
            if isinstance(run, ClassValue):
                yield run, True
            elif isinstance(run, FunctionValue):
                yield run, is_shifted(option, run.ref.node)

    def _argument(
        self, call: cst.Call, module: Module, name: str, index: int | None, shifted: bool
    ) -> list[Value]:
        """The value of one argument of a call; nothing where the parameter's default holds."""
        wanted = None if index is None else index - shifted
        position = 0
        for arg in call.args:
            if arg.star == "**" or (arg.star and wanted is not None):
                return [Unknown(f"the arguments are unpacked with `{arg.star}`")]
            if arg.keyword is not None:
                if arg.keyword.value == name:
                    return [self.evaluate(module, arg.value)]
                continue
            if position == wanted:
                return [self.evaluate(module, arg.value)]
            position += 1
        return []


def _is_object(option: Value) -> bool:
    return not isinstance(option, Unknown) and not (isinstance(option, Constant) and option.value is None)


def _position(function: cst.CSTNode, param: cst.Param) -> int | None:
    params = function.params if isinstance(function, (cst.FunctionDef, cst.Lambda)) else None
    ordered = [*params.posonly_params, *params.params] if params else []
    return ordered.index(param) if param in ordered else None


def names_of(module: Module, node: cst.CSTNode) -> list[str]:
    """What a function is called by: its own name, or those that a lambda is assigned to.

    None for one that becomes a method, of whose calls it is not told what the first parameter holds.
    """
    if isinstance(node, cst.FunctionDef):
        return [node.name.value]
    holder = module.parent(node)
    targets: list[cst.BaseExpression] = []
    if isinstance(holder, cst.Assign):
        targets = [target.target for target in holder.targets]
    elif isinstance(holder, (cst.AnnAssign, cst.NamedExpr)):
        targets = [holder.target]
    if module.scope_of(node).is_class or not all(isinstance(target, cst.Name) for target in targets):
        return []
    return [target.value for target in targets if isinstance(target, cst.Name)]


def _has_decorator(function: cst.CSTNode, name: str) -> bool:
    return isinstance(function, cst.FunctionDef) and any(
        dotted_name(decorator.decorator) == name for decorator in function.decorators
    )


def takes_itself(function: cst.CSTNode) -> bool:
    """Whether the first parameter of a method is given by Python: `self` or `cls`."""
    return not _is_static(function)


def is_shifted(callee: Value, function: cst.CSTNode) -> bool:
    """Whether a call of the callee, which is this function, passes the first parameter by itself."""
    if isinstance(callee, BoundMethod):
        return not _is_static(function)
    return _has_decorator(function, "classmethod")


def _is_static(function: cst.CSTNode) -> bool:
    return _has_decorator(function, "staticmethod")


class _Body(cst.CSTVisitor):
    """The `return`s and `yield`s of a function body, nested functions left out."""

    def __init__(self) -> None:
        super().__init__()
        self.returns: list[cst.Return] = []
        self.yields: list[cst.Yield] = []

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def visit_Yield(self, node: cst.Yield) -> None:
        self.yields.append(node)

    def visit_Return(self, node: cst.Return) -> None:
        self.returns.append(node)
