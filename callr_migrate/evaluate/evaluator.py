"""What is this expression? One demand-driven, memoised evaluator over scopes and imports of the project."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from callr_migrate.evaluate import literals
from callr_migrate.evaluate.module import Binding, Module, Scope
from callr_migrate.evaluate.names import Names
from callr_migrate.evaluate.project import Project
from callr_migrate.evaluate.shapes import bind_call
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    ClassValue,
    Client,
    Constant,
    FunctionValue,
    InstanceValue,
    Literal,
    ModuleValue,
    Ref,
    Symbol,
    Unknown,
    Value,
    constant_text,
    constants,
    union,
)
from callr_migrate.pack.model import RulePack, Surface

# A cycle of assignments or a machine-made expression ends in `Unknown` instead of taking the run down.
_MAX_DEPTH = 120
_MAX_STEPS = 20_000
_MAX_TEXTS = 32


class Evaluator(Names):
    """Evaluates expressions of a project's modules against the surfaces and methods of a rule pack."""

    def __init__(self, project: Project, pack: RulePack) -> None:
        super().__init__(project)
        self.pack = pack
        self._memo: dict[cst.CSTNode, Value] = {}
        self._open: set[cst.CSTNode] = set()
        self._depth = 0
        self._steps = 0
        self._constructors: dict[str, Surface] = {}
        self._aliases: dict[str, str] = {}
        for surface in pack.surfaces.values():
            self._constructors.update(dict.fromkeys(surface.clients, surface))
            self._aliases.update(surface.aliases)
        self._modules = {surface.module: surface for surface in pack.surfaces.values() if surface.module}

    def evaluate(self, module: Module, node: cst.BaseExpression) -> Value:
        """The value of an expression; never raises, `Unknown` where it cannot be told."""
        known = self._memo.get(node)
        if known is not None:
            return known
        if node in self._open:
            return Unknown(f"`{_short(module, node)}` depends on itself")
        if self._depth == 0:
            self._steps = 0
        self._steps += 1
        if self._depth >= _MAX_DEPTH or self._steps > _MAX_STEPS:
            return Unknown(
                f"`{_short(module, node)}` is too involved to follow (the analysis budget ran out)"
            )
        self._open.add(node)
        self._depth += 1
        complete = len(self._open)
        try:
            value = self._dispatch(module, node)
        finally:
            self._depth -= 1
            self._open.discard(node)
        # Inside of a cycle the value is provisional: only the outermost evaluation may be kept.
        if complete == 1 or not any(isinstance(option, Unknown) for option in value.options()):
            self._memo[node] = value
        return value

    def surface_symbol(self, name: str) -> str:
        """A dotted name with the surfaces' aliases undone (`x.y.Api` -> `x.Api`)."""
        for alias, real in self._aliases.items():
            if name == alias or name.startswith(alias + "."):
                return real + name[len(alias) :]
        return name

    def _dispatch(self, module: Module, node: cst.BaseExpression) -> Value:
        if isinstance(node, cst.Name):
            return self._name(module, node)
        if isinstance(node, cst.Attribute):
            bases = list(self.evaluate(module, node.value).options())
            # `None.call` raises, so constants take nothing away from what the other alternatives tell.
            kept = [base for base in bases if not isinstance(base, Constant)] or bases
            return union(self.attribute(base, node.attr.value, module, node) for base in kept)
        if isinstance(node, cst.Call):
            return self._call(module, node)
        if isinstance(node, cst.Subscript):
            return self._subscript(module, node)
        if isinstance(node, cst.IfExp):
            return union([self.evaluate(module, node.body), self.evaluate(module, node.orelse)])
        if isinstance(node, cst.BooleanOperation):
            return self._boolean(module, node)
        if isinstance(node, cst.NamedExpr):
            return self.evaluate(module, node.value)
        if isinstance(node, (cst.Tuple, cst.List, cst.Set, cst.Dict)):
            return Literal(Ref(module, node))
        if isinstance(node, cst.Lambda):
            return FunctionValue(Ref(module, node))
        if isinstance(node, cst.FormattedString):
            return self._formatted(module, node)
        if isinstance(node, cst.BinaryOperation):
            return self._binary(module, node)
        found, value = literals.literal(node)
        if found:
            return Constant(value, Ref(module, node))
        return Unknown(f"`{_short(module, node)}` is computed when the program runs")

    def _name(self, module: Module, node: cst.Name) -> Value:
        if node.value in literals.KEYWORDS:
            return Constant(literals.KEYWORDS[node.value], Ref(module, node))
        return self.name(module, node)

    def _boolean(self, module: Module, node: cst.BooleanOperation) -> Value:
        left = self.evaluate(module, node.left)
        right = self.evaluate(module, node.right)
        if isinstance(node.operator, cst.Or):
            kept: Iterable[Value] = (
                option for option in left.options() if not (isinstance(option, Constant) and not option.value)
            )
        else:
            kept = (option for option in left.options() if isinstance(option, Constant) and not option.value)
        return union([*kept, right])

    def _formatted(self, module: Module, node: cst.FormattedString) -> Value:
        texts = [""]
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                pieces = [part.value.replace("{{", "{").replace("}}", "}")]
                if "\\" in part.value:
                    return Unknown("an f-string with escapes is put together when the program runs")
            else:
                assert isinstance(part, cst.FormattedStringExpression)
                found = constants(self.evaluate(module, part.expression))
                if found is None or part.conversion or part.format_spec:
                    return Unknown(
                        f"the f-string holds `{_short(module, part.expression)}`, which is not known"
                    )
                pieces = [str(constant.value) for constant in found]
            texts = [left + right for left in texts for right in pieces]
            if len(texts) > _MAX_TEXTS:
                return Unknown("the f-string can be too many texts")
        return union(Constant(text, Ref(module, node)) for text in texts)

    def _binary(self, module: Module, node: cst.BinaryOperation) -> Value:
        left, right = self.evaluate(module, node.left), self.evaluate(module, node.right)
        texts = (constant_text(left), constant_text(right))
        if isinstance(node.operator, cst.Add) and texts[0] is not None and texts[1] is not None:
            return Constant(texts[0] + texts[1], Ref(module, node))
        return Unknown(f"`{_short(module, node)}` is computed when the program runs")

    def _subscript(self, module: Module, node: cst.Subscript) -> Value:
        if len(node.slice) != 1 or not isinstance(node.slice[0].slice, cst.Index):
            return Unknown(f"`{_short(module, node)}` is a slice")
        key = self.evaluate(module, node.slice[0].slice.value)
        return union(
            self.item(base, key, f"`{_short(module, node)}`")
            for base in self.evaluate(module, node.value).options()
        )

    def item(self, base: Value, key: Value, shown: str) -> Value:
        """`base[key]`."""
        if isinstance(base, Literal):
            return self._literal_item(base, key, shown)
        if isinstance(base, Answer):
            return self._answer_item(base, key)
        return Unknown(f"{shown} is taken from a value that is not known")

    def _literal_item(self, base: Literal, key: Value, shown: str) -> Value:
        module, node = base.ref.module, base.ref.node
        entries = literals.entries(node, lambda part: self.evaluate(module, part))
        if entries is None:
            return Unknown(f"{shown} is taken from a display with `*` or `**`")
        wanted = constants(key)
        if wanted is None:
            return union(self.evaluate(module, value) for _, value in entries)
        chosen = []
        for constant in wanted:
            index = constant.value
            if isinstance(index, int) and index < 0 and not isinstance(node, cst.Dict):
                index += len(entries)
            chosen += [self.evaluate(module, value) for name, value in entries if name == index]
        return union(chosen) if chosen else Unknown(f"{shown} has no such key")

    def _answer_item(self, base: Answer, key: Value) -> Value:
        if base.kind in ("array", "map"):
            return Answer("object", base.object, None, None, base.calls, (*base.part, "[]"))
        name = constant_text(key)
        kind = self.pack.objects.get(base.object or "")
        part = (*base.part, name or "?")
        if base.kind == "object" and kind is not None and name in kind.fields:
            field = kind.fields[name]
            sort = "object" if field.object else "scalar"
            return Answer(sort, field.object, field.format, field.enum, base.calls, part)
        return Answer("unknown", None, None, None, base.calls, part)

    # Calls

    def _call(self, module: Module, node: cst.Call) -> Value:
        return union(
            self._called(callee, module, node) for callee in self.evaluate(module, node.func).options()
        )

    def _called(self, callee: Value, module: Module, node: cst.Call) -> Value:
        if isinstance(callee, Symbol):
            surface = self._constructors.get(callee.name)
            if surface is not None:
                return Client(surface.surface, Ref(module, node))
            return Unknown(f"`{callee.name}` is not part of the project")
        if isinstance(callee, ClassValue):
            inherited = self.legacy_base(callee)
            return Client(inherited.surface, None) if inherited else InstanceValue(callee)
        if isinstance(callee, FunctionValue):
            return self.returns(callee)
        if isinstance(callee, BoundMethod):
            if isinstance(callee.owner, Client):
                return self._legacy_answer(callee.owner, callee.name, module, node)
            if isinstance(callee.owner, Answer):
                return self._answer_method(callee.owner, callee.name, module, node)
            if callee.function is not None:
                return self.returns(callee.function)
        if isinstance(callee, Unknown):
            return callee
        return Unknown(f"what `{_short(module, node.func)}` returns is not known")

    def _legacy_answer(self, client: Client, name: str, module: Module, node: cst.Call) -> Value:
        shape = self.pack.surfaces[client.surface].calls.get(name)
        if shape is None:
            return Unknown(f"`{name}` is no call of the client")
        bound = bind_call(node, shape)
        names = constants(self.evaluate(module, bound.method)) if bound.method is not None else None
        here = frozenset([Ref(module, node)])
        values: list[Value] = []
        for constant in names or ():
            rule = self.pack.methods.get(constant.value) if isinstance(constant.value, str) else None
            returns = rule.returns if rule else None
            if returns is None:
                values.append(Answer("unknown", None, None, None, here))
            else:
                values.append(Answer(returns.type, returns.object, returns.format, None, here))
        return union(values) if values else Answer("unknown", None, None, None, here)

    def _answer_method(self, answer: Answer, name: str, module: Module, node: cst.Call) -> Value:
        """`answer.get(key, default)`; what other methods give is not followed."""
        if name == "get" and node.args and not any(arg.star or arg.keyword for arg in node.args):
            field = self._answer_item(answer, self.evaluate(module, node.args[0].value))
            return union([field, *(self.evaluate(module, arg.value) for arg in node.args[1:2])])
        return Unknown(f"`{name}` of an answer is not followed")

    def legacy_base(self, klass: ClassValue) -> Surface | None:
        """The surface whose client the class inherits from."""
        for base in self.bases(klass):
            if isinstance(base, Symbol) and base.name in self._constructors:
                return self._constructors[base.name]
        return None

    def annotated(self, module: Module, annotation: cst.BaseExpression) -> Value | None:
        """What an annotation says a value is, where that is a legacy client or a class of the project."""
        for part in literals.annotation_parts(annotation):
            value = self.evaluate(module, part)
            if isinstance(value, Symbol) and value.name in self._constructors:
                return Client(self._constructors[value.name].surface, None)
            if isinstance(value, ClassValue):
                inherited = self.legacy_base(value)
                return Client(inherited.surface, None) if inherited else InstanceValue(value)
        return None

    def outside(self, dotted: str) -> Value:
        """A name that an import brings in from outside of the project."""
        return Symbol(self.surface_symbol(dotted))

    def star_symbol(self, dotted: str, name: str) -> Value | None:
        """What `from dotted import *` gives for a name, where `dotted` is a surface's module."""
        surface = self._modules.get(self.surface_symbol(dotted))
        return self.outside(f"{surface.module}.{name}") if surface and name in surface.exports else None

    def iterated(self, value: Value) -> Value:
        """One item of iterating a value."""
        items: list[Value] = []
        for option in value.options():
            if isinstance(option, Answer) and option.kind == "array":
                items.append(Answer("object", option.object, None, None, option.calls, (*option.part, "[]")))
            elif isinstance(option, Answer):
                # Over a map these are its keys; over anything else the shape is not known.
                items.append(Answer("unknown", None, None, None, option.calls, (*option.part, "?")))
            elif isinstance(option, Literal):
                items.append(self._literal_item(option, Unknown("any"), "an item"))
            else:
                items.append(Unknown("the items of what is iterated are not known"))
        return union(items)

    def binding_value(self, binding: Binding, module: Module) -> Value:
        """The value that one binding gives its name."""
        if binding.kind == "param":
            return self.parameter(binding, module)
        if binding.value is None:
            typed = self.annotated(module, binding.annotation) if binding.annotation is not None else None
            return typed or Unknown(f"`{_short(module, binding.node)}` gets its value when the program runs")
        value = self.evaluate(module, binding.value)
        if binding.kind == "item":
            value = self.iterated(value)
        elif binding.kind == "enter":
            value = union(
                option if isinstance(option, Client) else Unknown("`with` decides")
                for option in value.options()
            )
        elif binding.kind == "caught":
            return Unknown("an exception")
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


def _short(module: Module, node: cst.CSTNode) -> str:
    """The source of a node, short enough for one line of a message; literals are masked by the renderer."""
    text = " ".join(module.text_of(node).split())
    return text if len(text) <= 40 else text[:37] + "..."
