"""Names, attributes, imports, parameters and returns: where a value comes from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import libcst as cst

from callr_migrate.evaluate.module import Binding, Module, Scope
from callr_migrate.evaluate.project import Project, dotted_name
from callr_migrate.evaluate.reaching import reaching
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    ClassValue,
    Client,
    FunctionValue,
    InstanceValue,
    ModuleValue,
    Ref,
    Symbol,
    Unknown,
    Value,
    union,
)


class Names(ABC):
    """The part of the evaluator that follows names; expressions are left to `evaluate`."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._returns: dict[cst.CSTNode, list[cst.Return]] = {}

    @abstractmethod
    def evaluate(self, module: Module, node: cst.BaseExpression) -> Value:
        """The value of an expression."""

    @abstractmethod
    def binding_value(self, binding: Binding, module: Module) -> Value:
        """The value that one binding gives its name."""

    @abstractmethod
    def annotated(self, module: Module, annotation: cst.BaseExpression) -> Value | None:
        """What an annotation says."""

    @abstractmethod
    def outside(self, dotted: str) -> Value:
        """A name from outside of the project."""

    @abstractmethod
    def star_symbol(self, dotted: str, name: str) -> Value | None:
        """What a star import of a surface gives for a name."""

    # Names

    def bindings_of(self, module: Module, node: cst.Name) -> tuple[Scope | None, list[Binding]]:
        """The scope that a name is looked up in, and the bindings that the place can see."""
        scope: Scope | None = module.scope_of(node)
        start = scope
        while scope is not None:
            name = node.value
            if start is scope and name in scope.outer:
                target = module.scope if scope.outer[name] else scope.parent
                scope = target
                continue
            if name in scope.bindings and not (scope.is_class and scope is not start):
                found = scope.bindings[name]
                return scope, reaching(module, node, scope, found) if scope is start else _live(found)
            scope = scope.parent
        return None, []

    def name(self, module: Module, node: cst.Name) -> Value:
        """The value of a name at its place."""
        scope, bindings = self.bindings_of(module, node)
        if scope is None:
            return self._starred(module, node.value) or Symbol(f"builtins.{node.value}")
        return union(self._bound(binding, module) for binding in bindings)

    def global_name(self, module: Module, name: str) -> Value | None:
        """The value of a module's global, seen from outside; None if there is no such name."""
        bindings = module.scope.bindings.get(name)
        if bindings:
            return union(self._bound(binding, module) for binding in _live(bindings))
        return self._starred(module, name)

    def _starred(self, module: Module, name: str) -> Value | None:
        for star in module.scope.stars:
            dotted = dotted_name(star.module) or ""
            path = self.project.find(dotted, module, len(star.relative))
            if path is not None:
                other = self.project.load(path)
                found = self.global_name(other, name) if other is not None and other is not module else None
            else:
                found = self.star_symbol(dotted, name)
            if found is not None:
                return found
        return None

    def _bound(self, binding: Binding, module: Module) -> Value:
        if binding.kind == "import":
            return self.imported(binding.node, module)
        if binding.kind == "function":
            assert isinstance(binding.node, cst.FunctionDef)
            if binding.node.decorators and not _plain_decorators(binding.node):
                return Unknown(f"`{binding.node.name.value}` is decorated")
            return FunctionValue(Ref(module, binding.node))
        if binding.kind == "class":
            return ClassValue(Ref(module, binding.node))
        return self.binding_value(binding, module)

    # Imports

    def imported(self, alias: cst.CSTNode, module: Module) -> Value:
        """What an import statement's alias brings in: a module or name of the project, or a symbol."""
        assert isinstance(alias, cst.ImportAlias)
        statement = module.parents[alias]
        dotted = dotted_name(alias.name) or ""
        if isinstance(statement, cst.Import):
            return self._module_named(dotted if alias.asname else dotted.split(".")[0], module, 0)
        assert isinstance(statement, cst.ImportFrom)
        base = dotted_name(statement.module) or ""
        level = len(statement.relative)
        inside = self.project.find(f"{base}.{dotted}" if base else dotted, module, level)
        path = self.project.find(base, module, level) if base or level else None
        if path is not None and path.resolve() != module.path.resolve():
            other = self.project.load(path)
            found = self.global_name(other, dotted) if other is not None else None
            if found is not None:
                return found
        if inside is not None:
            return self._module_at(inside)
        if path is not None:
            return Unknown(f"`{dotted}` is not found in {path.name}")
        if level or self.project.is_package_folder(base, module, level):
            return Unknown(f"`{dotted}` is not found in the project")
        return self.outside(f"{base}.{dotted}")

    def _module_named(self, dotted: str, module: Module, level: int) -> Value:
        path = self.project.find(dotted, module, level)
        if path is not None:
            return self._module_at(path)
        return self.outside(dotted)

    def _module_at(self, path: object) -> Value:
        other = self.project.load(path)  # type: ignore[arg-type]
        return ModuleValue(other) if other is not None else Unknown(f"{path} cannot be read or parsed")

    # Attributes

    def attribute(self, base: Value, name: str, module: Module, node: cst.Attribute) -> Value:
        """`base.name`."""
        if isinstance(base, Symbol):
            return self.outside(f"{base.name}.{name}")
        if isinstance(base, ModuleValue):
            found = self.global_name(base.module, name)
            if found is None and base.module.is_package:
                inner = self.project.find(name, base.module, 1)
                found = self._module_at(inner) if inner is not None else None
            return found or Unknown(f"`{name}` is not found in {base.module.path.name}")
        if isinstance(base, Client):
            return BoundMethod(base, name)
        if isinstance(base, InstanceValue):
            return self.member(base.of, name, base)
        if isinstance(base, ClassValue):
            return self.member(base, name, None)
        if isinstance(base, Unknown):
            return base
        if isinstance(base, Answer):
            return BoundMethod(base, name)
        return Unknown(f"`{name}` of this value is not known")

    def member(self, klass: ClassValue, name: str, instance: InstanceValue | None) -> Value:
        """An attribute of a class or of its instances: assignments to it anywhere, methods, properties."""
        found: list[Value] = []
        for owner in self.mro(klass):
            found += self._own_members(owner, klass, name, instance)
            if found:
                break
        return union(found) if found else Unknown(f"`{name}` is not set in the class")

    def _own_members(
        self, owner: ClassValue, klass: ClassValue, name: str, instance: InstanceValue | None
    ) -> list[Value]:
        module = owner.ref.module
        scope = module.scope_opened_by(owner.ref.node)
        values: list[Value] = []
        for binding in _live(scope.bindings.get(name, [])):
            if binding.kind != "function":
                values.append(self._bound(binding, module))
                continue
            assert isinstance(binding.node, cst.FunctionDef)
            function = FunctionValue(Ref(module, binding.node))
            decorators = {dotted_name(decorator.decorator) for decorator in binding.node.decorators}
            if decorators & {"property", "cached_property", "functools.cached_property"}:
                values.append(self.returns(function))
            elif decorators - {"staticmethod", "classmethod"}:
                values.append(Unknown(f"`{name}` is decorated"))
            elif instance is not None:
                values.append(BoundMethod(instance, name, function))
            else:
                values.append(function)
        related = {owner, klass}
        for other in self.project.modules:
            for binding in other.attribute_bindings.get(name, []):
                assert isinstance(binding.node, cst.Attribute)
                for option in self.evaluate(other, binding.node.value).options():
                    target = option.of if isinstance(option, InstanceValue) else option
                    if isinstance(target, ClassValue) and (target in related or owner in self.mro(target)):
                        values.append(self.binding_value(binding, other))
        return values

    def bases(self, klass: ClassValue) -> Iterator[Value]:
        """The values of the base-class expressions, those of the project's own bases included."""
        for owner in self.mro(klass):
            assert isinstance(owner.ref.node, cst.ClassDef)
            for base in owner.ref.node.bases:
                yield from self.evaluate(owner.ref.module, base.value).options()

    def mro(self, klass: ClassValue) -> list[ClassValue]:
        """The class and its bases of the project, nearest first."""
        order = [klass]
        for owner in order:
            assert isinstance(owner.ref.node, cst.ClassDef)
            for base in owner.ref.node.bases:
                for option in self.evaluate(owner.ref.module, base.value).options():
                    if isinstance(option, ClassValue) and option not in order:
                        order.append(option)
        return order

    # Functions

    def returns(self, function: FunctionValue) -> Value:
        """What a call of the function gives."""
        module, node = function.ref.module, function.ref.node
        if isinstance(node, cst.Lambda):
            return self.evaluate(module, node.body)
        assert isinstance(node, cst.FunctionDef)
        if node.asynchronous is not None:
            return Unknown(f"`{node.name.value}` is asynchronous")
        values = [
            self.evaluate(module, item.value)
            for item in self._returned(module, node)
            if item.value is not None
        ]
        if not values and node.returns is not None:
            typed = self.annotated(module, node.returns.annotation)
            if typed is not None:
                return typed
        return union(values) if values else Unknown(f"`{node.name.value}` returns nothing")

    def _returned(self, module: Module, node: cst.FunctionDef) -> list[cst.Return]:
        if node not in self._returns:
            collector = _Returns()
            node.body.visit(collector)
            self._returns[node] = collector.found if not collector.generator else []
        return self._returns[node]

    def parameter(self, binding: Binding, module: Module) -> Value:
        """A parameter: `self`, its default, what callers in the project pass, else its annotation."""
        param = binding.node
        assert isinstance(param, cst.Param)
        function = binding.scope.node
        klass = self._class_of(function, module)
        name = param.name.value
        index = _position(function, param)
        if klass is not None and index == 0 and not _is_static(function):
            return klass if _has_decorator(function, "classmethod") else InstanceValue(klass)
        values: list[Value] = []
        if param.default is not None:
            values.append(self.evaluate(module, param.default))
        values += self._passed(function, module, klass, name, index)
        if any(isinstance(option, Client) for value in values for option in value.options()):
            return union(values)
        if binding.annotation is not None:
            typed = self.annotated(module, binding.annotation)
            if typed is not None:
                return union([*values, typed])
        if values and param.default is None:
            return union(values)
        if values:
            return union(values)
        owner = function.name.value if isinstance(function, cst.FunctionDef) else "a lambda"
        line = module.source.position(module.span(function)[0]).line
        return Unknown(
            f"`{name}` is a parameter of `{owner}` ({module.path.name}:{line}), whose callers are not known"
        )

    def _class_of(self, function: cst.CSTNode, module: Module) -> ClassValue | None:
        scope = module.scope_of(function)
        return ClassValue(Ref(module, scope.node)) if scope.is_class else None

    def _passed(
        self, function: cst.CSTNode, module: Module, klass: ClassValue | None, name: str, index: int | None
    ) -> list[Value]:
        if not isinstance(function, cst.FunctionDef):
            return []
        makes = klass is not None and function.name.value == "__init__"
        called = klass.ref.node.name.value if makes and klass is not None else function.name.value  # type: ignore[attr-defined]
        target = FunctionValue(Ref(module, function))
        values: list[Value] = []
        for other, call in self.project.calls_named(called):
            for callee in self.evaluate(other, call.func).options():
                bound = isinstance(callee, BoundMethod) and callee.function == target
                if callee == target or bound or (makes and callee == klass):
                    shift = 1 if klass is not None and (bound or makes) and not _is_static(function) else 0
                    argument = _argument(call, name, None if index is None else index - shift)
                    if argument is not None:
                        values.append(self.evaluate(other, argument))
        return values


def _live(bindings: list[Binding]) -> list[Binding]:
    return [binding for binding in bindings if binding.kind != "deleted"]


def _argument(call: cst.Call, name: str, index: int | None) -> cst.BaseExpression | None:
    position = 0
    for arg in call.args:
        if arg.star:
            return None
        if arg.keyword is not None:
            if arg.keyword.value == name:
                return arg.value
            continue
        if position == index:
            return arg.value
        position += 1
    return None


def _position(function: cst.CSTNode, param: cst.Param) -> int | None:
    params = function.params if isinstance(function, (cst.FunctionDef, cst.Lambda)) else None
    ordered = [*params.posonly_params, *params.params] if params else []
    return ordered.index(param) if param in ordered else None


def _has_decorator(function: cst.CSTNode, name: str) -> bool:
    return isinstance(function, cst.FunctionDef) and any(
        dotted_name(decorator.decorator) == name for decorator in function.decorators
    )


def _is_static(function: cst.CSTNode) -> bool:
    return _has_decorator(function, "staticmethod")


def _plain_decorators(function: cst.FunctionDef) -> bool:
    """Whether the decorators leave what a call does as it is, as far as the usual ones are known by name."""
    plain = {
        "staticmethod",
        "classmethod",
        "lru_cache",
        "cache",
        "functools.lru_cache",
        "functools.cache",
        "wraps",
    }
    for decorator in function.decorators:
        node = decorator.decorator
        name = dotted_name(node.func if isinstance(node, cst.Call) else node)
        if name not in plain:
            return False
    return True


class _Returns(cst.CSTVisitor):
    """The `return` statements of a function body, nested functions left out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[cst.Return] = []
        self.generator = False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, node: cst.Lambda) -> bool:
        return False

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:
        return False

    def visit_Yield(self, node: cst.Yield) -> None:
        self.generator = True

    def visit_Return(self, node: cst.Return) -> None:
        self.found.append(node)
