"""Attributes: of modules, classes, instances and clients."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import libcst as cst

from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.names import Names, is_plain, live
from callr_migrate.evaluate.project import dotted_name
from callr_migrate.evaluate.scopes import Binding
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    ClassValue,
    Client,
    Collected,
    Constant,
    Extended,
    FolderValue,
    FunctionValue,
    InstanceValue,
    Literal,
    ModuleValue,
    Named,
    Recursion,
    Ref,
    Row,
    SuperValue,
    Symbol,
    Unknown,
    Value,
    union,
)

_PROPERTIES = frozenset({"property", "cached_property", "functools.cached_property"})
# Of these no constructor comes that takes the fields of a class.
_PLAIN_BASES = frozenset({"abc.ABC", "builtins.object", "typing.Generic", "typing.Protocol"})
_DISPLAYS = {cst.Dict: "dict", cst.List: "list", cst.Tuple: "tuple", cst.Set: "set"}


class Members(Names):
    """The part of the evaluator that follows attributes."""

    @abstractmethod
    def returns(self, function: FunctionValue) -> Value:
        """What a call of a function gives."""

    @abstractmethod
    def legacy_client(self, klass: ClassValue) -> Client | None:
        """The client that instances of the class are, if it inherits from one."""

    def attribute(self, base: Value, name: str) -> Value:
        """`base.name`."""
        if isinstance(base, Symbol):
            return self.outside(f"{base.name}.{name}")
        if isinstance(base, ModuleValue):
            found = self.global_name(base.module, name)
            if found is None and base.module.is_package:
                inner = self.project.find(name, base.module, 1)
                found = self.module_at(inner) if inner is not None else None
            return found or Unknown(f"`{name}` is not found in {base.module.path.name}")
        if isinstance(base, FolderValue):
            return self._below(base, name)
        if isinstance(base, Client) and base.of is not None:
            return self.member(base.of, name, InstanceValue(base.of))
        if isinstance(base, (Client, Answer, Extended)):
            return BoundMethod(base, name)
        if isinstance(base, BoundMethod) and isinstance(base.owner, Client):
            # A facade spells the method as attributes: `client.service.method(...)`.
            return BoundMethod(base.owner, f"{base.name}.{name}")
        if isinstance(base, InstanceValue):
            return self.member(base.of, name, base)
        if isinstance(base, ClassValue):
            return self.member(base, name, None)
        if isinstance(base, SuperValue):
            return self._super_member(base, name)
        if isinstance(base, Unknown):
            return Unknown(base.reason) if isinstance(base, Recursion) else base
        if isinstance(base, FunctionValue):
            return self._function_attribute(base, name)
        if isinstance(base, Constant) and name == "value":
            return base  # the member of an enumeration
        return Symbol(f"builtins.{_type_name(base)}.{name}")

    def _below(self, base: FolderValue, name: str) -> Value:
        """A module or folder in a namespace package."""
        place = base.path / name
        for path in (place.with_name(f"{name}.py"), place / "__init__.py"):
            if self.project.world.is_file(path):
                return self.module_at(path)
        return (
            FolderValue(place)
            if self.project.world.is_folder(place)
            else Unknown(f"`{name}` is not found in {base.path.name}")
        )

    def _function_attribute(self, function: FunctionValue, name: str) -> Value:
        """`function.name`, as far as something is stored there."""
        values = [
            self.binding_value(binding, other)
            for other, binding in self.project.attribute_bindings(name)
            if isinstance(binding.node, cst.Attribute)
            and isinstance(binding.node.value, cst.Name)
            and function in self.evaluate(other, binding.node.value).options()
        ]
        return union(values) if values else Symbol(f"builtins.function.{name}")

    def member(self, klass: ClassValue, name: str, instance: InstanceValue | None) -> Value:
        """An attribute of a class or of its instances: assignments to it anywhere, methods, properties."""
        client = self.legacy_client(klass) if instance is not None else None
        if client is not None and self.is_request(client, name):
            return BoundMethod(client, name)
        found: list[Value] = []
        for owner in self.mro(klass):
            found += self._own_members(owner, klass, name, instance)
            if found:
                break
        if instance is not None:
            for below in self.subclasses(klass):
                found += self._class_members(below, name, instance)
        assert isinstance(klass.ref.node, cst.ClassDef)
        module = klass.ref.module
        told = self.told(module, [klass.ref.node.name.value], name, union(found) if found else None)
        if told is not None:
            return told
        if client is not None:
            return BoundMethod(client, name)
        line = module.source.position(module.span(klass.ref.node)[0]).line
        return Unknown(f"`{name}` is not set in `{klass.ref.node.name.value}` ({module.path.name}:{line})")

    @abstractmethod
    def is_request(self, client: Client, name: str) -> bool:
        """Whether a method of a client performs a request."""

    def _super_member(self, base: SuperValue, name: str) -> Value:
        client = self.legacy_client(base.of)
        if client is not None and self.is_request(client, name):
            return BoundMethod(client, name)
        instance = InstanceValue(base.of)
        for owner in self.mro(base.of)[1:]:
            found = self._own_members(owner, owner, name, instance)
            if found:
                return union(found)
        if client is not None:
            return BoundMethod(client, name)
        return Unknown(f"`{name}` is not set in the classes above")

    def _own_members(
        self, owner: ClassValue, klass: ClassValue, name: str, instance: InstanceValue | None
    ) -> list[Value]:
        values = []
        for other, binding in self.project.attribute_bindings(name):
            assert isinstance(binding.node, cst.Attribute)
            if self._holds(other, binding.node.value, owner, klass):
                values.append(self.binding_value(binding, other))
        for other, changed, value in self.project.set_by_text(name):
            if self._holds(other, changed, owner, klass):
                values.append(self.evaluate(other, value))
        return [*self._class_members(owner, name, instance, is_set=bool(values)), *values]

    def _holds(self, module: Module, node: cst.BaseExpression, owner: ClassValue, klass: ClassValue) -> bool:
        """Whether an expression may be the class, or an instance of it or of a class below."""
        for option in self.evaluate(module, node).options():
            target = option.of if isinstance(option, InstanceValue) else option
            if isinstance(target, ClassValue) and (target in (owner, klass) or owner in self.mro(target)):
                return True
        return False

    def _class_members(
        self, owner: ClassValue, name: str, instance: InstanceValue | None, *, is_set: bool = False
    ) -> list[Value]:
        """What the class body gives an attribute; `is_set`: it is set elsewhere, too."""
        module = owner.ref.module
        scope = module.scope_opened_by(owner.ref.node)
        values: list[Value] = []
        for binding in self.final_bindings(module, scope, name):
            if is_set and self._is_declaration(owner, binding):
                # What it says is what is set.
                if isinstance(binding.value, cst.Name):
                    values.append(self.evaluate(module, binding.value))
                continue
            if not isinstance(binding.node, cst.FunctionDef):
                values.append(self.bound(binding, module))
                continue
            function = FunctionValue(Ref(module, binding.node))
            decorators = {dotted_name(decorator.decorator) for decorator in binding.node.decorators}
            if decorators & _PROPERTIES:
                values.append(self.returns(function))
                continue
            if any(name and name.endswith((".setter", ".deleter")) for name in decorators):
                getters = [other for other in live(scope.bindings[name]) if other is not binding]
                # `x = property(...)` may stand for the getter, too.
                values += [
                    self.returns(FunctionValue(Ref(module, getter.node)))
                    if isinstance(getter.node, cst.FunctionDef)
                    else Unknown(f"`{name}` is a property that is not followed")
                    for getter in getters[:1]
                ]
                continue
            values.append(function if instance is None else BoundMethod(instance, name, function))
            if not is_plain(binding.node):
                values.append(Unknown(f"`{name}` is decorated"))
        return values

    def _is_declaration(self, owner: ClassValue, binding: Binding) -> bool:
        """Whether a class body says of an attribute what it will be, and nobody can give it to the constructor."""
        if binding.annotation is None:
            return False
        value = binding.value
        if isinstance(value, cst.Call):
            return any(
                arg.keyword is not None
                and arg.keyword.value == "init"
                and isinstance(arg.value, cst.Name)
                and arg.value.value == "False"
                for arg in value.args
            )
        is_empty = value is None or (isinstance(value, cst.Name) and value.value == "None")
        return is_empty and all(self._makes_no_constructor(each) for each in self.mro(owner))

    def _makes_no_constructor(self, klass: ClassValue) -> bool:
        """Whether the constructor is the one that is written: no decorator and no base can make one of the fields."""
        node, module = klass.ref.node, klass.ref.module
        assert isinstance(node, cst.ClassDef)
        if self.final_bindings(module, module.scope_opened_by(node), "__init__"):
            return True
        return not node.decorators and all(
            isinstance(option, ClassValue) or (isinstance(option, Symbol) and option.name in _PLAIN_BASES)
            for base in node.bases
            for option in self.evaluate(module, base.value).options()
        )

    # Classes

    def bases(self, klass: ClassValue) -> Iterator[Value]:
        """The values of the base-class expressions, those of the project's own bases included."""
        for owner in self.mro(klass):
            assert isinstance(owner.ref.node, cst.ClassDef)
            for base in owner.ref.node.bases:
                yield from self.evaluate(owner.ref.module, base.value).options()

    def mro(self, klass: ClassValue) -> list[ClassValue]:
        """The class and its bases of the project, nearest first."""
        order = [klass]
        seen: set[Value] = {klass}
        for owner in order:
            assert isinstance(owner.ref.node, cst.ClassDef)
            for base in owner.ref.node.bases:
                for option in self.evaluate(owner.ref.module, base.value).options():
                    if isinstance(option, ClassValue) and option not in seen:
                        seen.add(option)
                        order.append(option)
        return order

    def subclasses(self, klass: ClassValue) -> list[ClassValue]:
        """The classes of the project that inherit from the class, as far as they name it as it is called."""
        order = [klass]
        seen: set[cst.CSTNode] = {klass.ref.node}
        for above in order:
            assert isinstance(above.ref.node, cst.ClassDef)
            for module, node in self.project.classes_on(above.ref.node.name.value):
                if node not in seen and any(
                    above in self.evaluate(module, base.value).options() for base in node.bases
                ):
                    seen.add(node)
                    order.append(ClassValue(Ref(module, node)))
        return order[1:]


def _type_name(value: Value) -> str:
    if isinstance(value, Constant):
        return type(value.value).__name__
    if isinstance(value, Literal):
        return _DISPLAYS.get(type(value.ref.node), "object")
    if isinstance(value, Collected):
        return value.kind
    if isinstance(value, Named):
        return "dict"
    return "tuple" if isinstance(value, Row) else "object"
