"""What is this expression? One demand-driven, memoised evaluator over scopes and imports of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import libcst as cst

from callr_migrate.evaluate import answers, builtin, literals
from callr_migrate.evaluate.leading import Leading
from callr_migrate.evaluate.module import Binding, Module, Scope
from callr_migrate.evaluate.project import Project, dotted_name
from callr_migrate.evaluate.settling import short
from callr_migrate.evaluate.shapes import bind_call
from callr_migrate.evaluate.surfaces import Surfaces
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    ClassValue,
    Client,
    Collected,
    Constant,
    Extended,
    FunctionValue,
    InstanceValue,
    Literal,
    ModuleValue,
    Partial,
    Ref,
    Row,
    Symbol,
    Unknown,
    Value,
    constant_text,
    constants,
    union,
)
from callr_migrate.pack.model import RulePack

_CONTEXT_MANAGERS = frozenset(
    {
        "asynccontextmanager",
        "contextlib.asynccontextmanager",
        "contextlib.contextmanager",
        "contextmanager",
    }
)


class Evaluator(Surfaces):
    """Evaluates expressions of a project's modules against the surfaces and methods of a rule pack."""

    def __init__(self, project: Project, pack: RulePack) -> None:
        super().__init__(project, pack)
        self.leading = Leading(self.bindings_of)
        self._kinds: dict[type, Callable[[Module, Any], Value]] = {
            cst.Name: self._name,
            cst.Attribute: self._attribute,
            cst.Call: self._call,
            cst.Subscript: self._subscript,
            cst.IfExp: self._either,
            cst.BooleanOperation: self._boolean,
            cst.NamedExpr: self._walrus,
            cst.Tuple: self._display,
            cst.List: self._display,
            cst.Set: self._display,
            cst.Dict: self._dict,
            cst.ListComp: self._collected,
            cst.SetComp: self._collected,
            cst.GeneratorExp: self._collected,
            cst.DictComp: self._dict_comp,
            cst.Lambda: self._lambda,
            cst.FormattedString: self._formatted,
            cst.ConcatenatedString: self._formatted,
            cst.BinaryOperation: self._binary,
            cst.Await: self._await,
        }

    def evaluate(self, module: Module, node: cst.BaseExpression) -> Value:
        """The value of an expression; never raises, `Unknown` where it cannot be told."""
        known = self._memo.get(node)
        if known is not None:
            return known
        if self.assumed and self.leading.of(module, node).isdisjoint(self.assumed):
            # What holds for all calls is found once.
            with self.plainly():
                return self.evaluate(module, node)
        return self.settled(node, module, node, self._dispatch)

    def release(self) -> None:
        """Forget everything, and parts of its own that refer to it; it is of no use any more."""
        vars(self).clear()

    def know(self, values: Mapping[cst.CSTNode, Value]) -> None:
        """Take these values for what the expressions give; all that was found out without them is forgotten."""
        self._memo.clear()
        self._memo.update(values.items())

    def _dispatch(self, module: Module, node: cst.BaseExpression) -> Value:
        known = self._kinds.get(type(node))
        if known is not None:
            return known(module, node)
        found, value = literals.literal(node)
        if found:
            return Constant(value, Ref(module, node))
        return Unknown(f"`{short(module, node)}` is computed when the program runs")

    def _attribute(self, module: Module, node: cst.Attribute) -> Value:
        bases = list(self.evaluate(module, node.value).options())
        # `None.call` raises, so constants take nothing away from what the other alternatives tell.
        kept = [base for base in bases if not isinstance(base, Constant)] or bases
        if all(isinstance(base, Constant) and base.value is None for base in kept):
            return Unknown(f"`{short(module, node.value)}` is only ever None as far as is seen")
        return union([self.attribute(base, node.attr.value) for base in kept])

    def _either(self, module: Module, node: cst.IfExp) -> Value:
        return union([self.evaluate(module, node.body), self.evaluate(module, node.orelse)])

    def _walrus(self, module: Module, node: cst.NamedExpr) -> Value:
        return self.evaluate(module, node.value)

    def _display(self, module: Module, node: cst.Tuple | cst.List | cst.Set) -> Value:
        return Literal(Ref(module, node))

    def _dict(self, module: Module, node: cst.Dict) -> Value:
        return answers.spread(self, module, node) or Literal(Ref(module, node))

    def _collected(self, module: Module, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> Value:
        return Collected("list", self.evaluate(module, node.elt))

    def _dict_comp(self, module: Module, node: cst.DictComp) -> Value:
        return Collected("dict", self.evaluate(module, node.value), self.evaluate(module, node.key))

    def _lambda(self, module: Module, node: cst.Lambda) -> Value:
        return FunctionValue(Ref(module, node))

    def _name(self, module: Module, node: cst.Name) -> Value:
        if node.value in literals.KEYWORDS:
            return Constant(literals.KEYWORDS[node.value], Ref(module, node))
        return self.name(module, node)

    def _boolean(self, module: Module, node: cst.BooleanOperation) -> Value:
        left = list(self.evaluate(module, node.left).options())
        if isinstance(node.operator, cst.Or):
            if all(_is_true(option) for option in left):
                return union(left)
            kept = [option for option in left if not (isinstance(option, Constant) and not option.value)]
        else:
            kept = [option for option in left if isinstance(option, Constant) and not option.value]
        return union([*kept, self.evaluate(module, node.right)])

    def _formatted(self, module: Module, node: cst.FormattedString | cst.ConcatenatedString) -> Value:
        found, value = literals.literal(node)
        if found:
            return Constant(value, Ref(module, node))
        if isinstance(node, cst.ConcatenatedString):
            pieces = [self.evaluate(module, node.left), self.evaluate(module, node.right)]
        else:
            pieces = []
            for part in node.parts:
                if isinstance(part, cst.FormattedStringText):
                    text = literals.formatted_text(node, part)
                    pieces.append(Constant(text) if text is not None else Unknown("an odd escape"))
                    continue
                assert isinstance(part, cst.FormattedStringExpression)
                known = constants(self.evaluate(module, part.expression))
                if known is None or part.format_spec or part.conversion not in (None, "s"):
                    return Unknown(
                        f"the f-string holds `{short(module, part.expression)}`, which is not known"
                    )
                pieces.append(union(Constant(str(constant.value)) for constant in known))
        return literals.joined("", pieces, Ref(module, node)) or Unknown(
            f"`{short(module, node)}` is put together when the program runs"
        )

    def _binary(self, module: Module, node: cst.BinaryOperation) -> Value:
        left, right = self.evaluate(module, node.left), self.evaluate(module, node.right)
        value = None
        if isinstance(node.operator, cst.Add):
            value = literals.joined("", [left, right], Ref(module, node)) or self._chained(left, right)
        elif isinstance(node.operator, cst.Modulo) and constant_text(left) is not None:
            value = literals.filled(constant_text(left) or "", self.parts(right), Ref(module, node))
        return value or Unknown(f"`{short(module, node)}` is computed when the program runs")

    def _chained(self, left: Value, right: Value) -> Value | None:
        """Two tuples as one."""
        if isinstance(left, Constant) or isinstance(right, Constant):
            return None
        parts = self.parts(left), self.parts(right)
        return None if parts[0] is None or parts[1] is None else Row((*parts[0], *parts[1]))

    def _subscript(self, module: Module, node: cst.Subscript) -> Value:
        if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
            return self.sliced(module, node) or Unknown(f"`{short(module, node)}` is a slice")
        key = self.evaluate(module, node.slice[0].slice.value)
        bases = list(self.evaluate(module, node.value).options())
        # `None[key]` raises, so None takes nothing away from what the other alternatives tell.
        kept = [base for base in bases if not (isinstance(base, Constant) and base.value is None)] or bases
        return union(self.item(base, key, f"`{short(module, node)}`") for base in kept)

    # Calls

    def _call(self, module: Module, node: cst.Call) -> Value:
        return union(
            [self.called(callee, module, node) for callee in self.evaluate(module, node.func).options()]
        )

    def called(self, callee: Value, module: Module, node: cst.Call) -> Value:
        """What a call of the callee gives."""
        if isinstance(callee, Symbol):
            surface = self.constructors.get(callee.name)
            if surface is not None:
                return Client(surface.surface, Ref(module, node))
            known = builtin.called(self, callee.name, module, node)
            return (
                known
                if known is not None
                else self.told_little(Unknown(self.told_outside(callee.name)), module, node)
            )
        if isinstance(callee, ClassValue):
            return self.legacy_client(callee) or InstanceValue(callee)
        if isinstance(callee, InstanceValue):
            return self.instance_called(callee, module, node)
        if isinstance(callee, Partial):
            return union(
                self.called_partly(option, callee, module, node) for option in callee.function.options()
            )
        if isinstance(callee, FunctionValue):
            return self.returns(callee)
        if isinstance(callee, BoundMethod):
            if isinstance(callee.owner, Client):
                return self._legacy_answer(callee.owner, callee.name, module, node)
            if isinstance(callee.owner, (Answer, Extended)):
                return answers.method(self, callee.owner, callee.name, module, node)
            if callee.function is not None:
                return self.returns(callee.function)
        if isinstance(callee, Unknown):
            return self.told_little(Unknown(callee.reason), module, node)
        return Unknown(f"what `{short(module, node.func)}` returns is not known")

    def _await(self, module: Module, node: cst.Await) -> Value:
        if not isinstance(node.expression, cst.Call):
            return Unknown(f"`{short(module, node)}` is computed when the program runs")
        values: list[Value] = []
        for callee in self.evaluate(module, node.expression.func).options():
            function = callee.function if isinstance(callee, BoundMethod) else callee
            if isinstance(function, FunctionValue) and isinstance(function.ref.node, cst.FunctionDef):
                values.append(self.awaited(function))
            else:
                values.append(Unknown(f"what `{short(module, node)}` gives is not known"))
        return union(values)

    def entered(self, module: Module, node: cst.BaseExpression) -> Value:
        """What `with node as name` gives the name."""
        values: list[Value] = []
        functions = self.evaluate(module, node.func).options() if isinstance(node, cst.Call) else ()
        for callee in functions:
            function = callee.function if isinstance(callee, BoundMethod) else callee
            if isinstance(function, FunctionValue) and isinstance(function.ref.node, cst.FunctionDef):
                names = {dotted_name(decorator.decorator) for decorator in function.ref.node.decorators}
                if names & _CONTEXT_MANAGERS:
                    values.append(self.yielded(function))
        if values:
            return union(values)
        for option in self.evaluate(module, node).options():
            if isinstance(option, InstanceValue):
                for name in ("__enter__", "__aenter__"):
                    for method in self.member(option.of, name, option).options():
                        if isinstance(method, BoundMethod) and method.function is not None:
                            values.append(self.awaited(method.function))
            elif isinstance(option, (Client, Symbol, Unknown)):
                values.append(option)
        return union(values) if values else Unknown(f"what `with {short(module, node)}` gives is not known")

    def _legacy_answer(self, client: Client, name: str, module: Module, node: cst.Call) -> Value:
        shape = self.pack.surfaces[client.surface].calls.get(name)
        facade = self.pack.surfaces[client.surface].facade.get(name)
        if facade is not None:
            return answers.of(self.pack, [Constant(facade.method)], Ref(module, node))
        if shape is None:
            return Unknown(f"`{name}` is no call of the client")
        bound = bind_call(node, shape)
        names = constants(self.evaluate(module, bound.method)) if bound.method is not None else None
        return answers.of(self.pack, names or [], Ref(module, node))

    def item(self, base: Value, key: Value, shown: str) -> Value:
        """`base[key]`."""
        if isinstance(base, (Answer, Extended)):
            return answers.item(self.pack, base, key)
        return super().item(base, key, shown)

    def iterated(self, value: Value) -> Value:
        """One item of iterating a value."""
        return union(
            answers.iterated(option) if isinstance(option, (Answer, Extended)) else self.one_of(option)
            for option in value.options()
        )

    # Names

    def binding_value(self, binding: Binding, module: Module) -> Value:
        """The value that one binding gives its name."""
        assumed = self.assumed.get(binding.node)
        if assumed is not None:
            return assumed
        if binding.kind == "param":
            return self.settled(
                binding.node, module, binding.node, lambda module, _: self.parameter(binding, module)
            )
        if isinstance(binding.node, cst.Param):
            many = f"`{short(module, binding.node)}` is not followed"
            kind = "dict" if many.startswith("`**") else "tuple"
            return Collected(kind, Unknown(many), Unknown(many))
        if binding.value is None:
            typed = self.annotated(module, binding.annotation) if binding.annotation is not None else None
            return typed or Unknown(f"`{short(module, binding.node)}` gets its value when the program runs")
        if binding.kind == "caught":
            return Unknown("an exception")
        if binding.kind == "enter":
            value = self.entered(module, binding.value)
        else:
            value = self.evaluate(module, binding.value)
        if binding.annotation is not None:
            value = union(self.typed([value], module, binding.annotation))
        if binding.kind == "item":
            value = self.iterated(value)
        for index in binding.path:
            value = union(
                self.item(option, Constant(index), "an unpacked value") for option in value.options()
            )
        return value

    def module_value(self, module: Module) -> ModuleValue:
        """A module of the project as a value."""
        return ModuleValue(module)

    def scope_bindings(self, scope: Scope, name: str) -> list[Binding]:
        """The bindings of a name in one scope."""
        return scope.bindings.get(name, [])


def _is_true(option: Value) -> bool:
    return isinstance(option, (Client, FunctionValue, ClassValue, ModuleValue, BoundMethod)) or (
        isinstance(option, Constant) and bool(option.value)
    )
