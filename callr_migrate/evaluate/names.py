"""Names and imports: where a value comes from."""

from __future__ import annotations

import builtins
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import libcst as cst

from callr_migrate.evaluate.flow import Flow
from callr_migrate.evaluate.module import Binding, Module, Scope
from callr_migrate.evaluate.project import Project, dotted_name
from callr_migrate.evaluate.settling import Settling
from callr_migrate.evaluate.values import (
    ClassValue,
    FolderValue,
    FunctionValue,
    ModuleValue,
    Ref,
    Symbol,
    Unknown,
    Value,
    union,
)

_PLAIN_DECORATORS = frozenset(
    {
        "abstractmethod",
        "abc.abstractmethod",
        "cache",
        "asynccontextmanager",
        "classmethod",
        "contextlib.asynccontextmanager",
        "contextlib.contextmanager",
        "contextmanager",
        "functools.cache",
        "functools.lru_cache",
        "functools.wraps",
        "lru_cache",
        "override",
        "staticmethod",
        "typing.override",
        "wraps",
    }
)


class Names(Settling, ABC):
    """The part of the evaluator that follows names; expressions are left to `evaluate`."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self._flows: dict[tuple[Scope, str], Flow] = {}

    @abstractmethod
    def evaluate(self, module: Module, node: cst.BaseExpression) -> Value:
        """The value of an expression."""

    @abstractmethod
    def is_surface(self, dotted: str) -> bool:
        """Whether a module's name is that of a client library."""

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

    @abstractmethod
    def told(self, module: Module, holders: Sequence[str], name: str, value: Value | None) -> Value | None:
        """What the settings say of a name, where nothing else is known."""

    # Names

    def bindings_of(self, module: Module, node: cst.Name) -> tuple[Scope | None, list[Binding]]:
        """The scope that a name is looked up in, and the bindings that the place can see."""
        start = scope = module.scope_of(node)
        name = node.value
        # Where the name is read in the course of the scope's own code, the order of statements counts.
        in_course = module.course_of(start) if module.holds(node) else None
        found: list[Binding] = []
        while True:
            if name in scope.outer and scope.parent and (scope is start or not scope.is_class):
                in_course = None
                scope = module.scope if scope.outer[name] else scope.parent
                continue
            if name in scope.bindings and not (scope.is_class and scope is not start):
                seen, complete = self._visible(module, scope, name, node if scope is in_course else None)
                found += seen
                # A class body reads the name from outside as long as it has not set it itself.
                if complete or not scope.is_class:
                    return scope, found
            if scope.parent is None:
                return (scope, found) if found else (None, [])
            scope = scope.parent

    def _visible(
        self, module: Module, scope: Scope, name: str, use: cst.Name | None
    ) -> tuple[list[Binding], bool]:
        """The bindings of a scope's name that a place sees, and whether one of them holds for sure."""
        bindings = live(scope.bindings[name])
        if use is None or (len(bindings) < 2 and not scope.is_class) or isinstance(scope.node, cst.Lambda):
            return bindings, True
        flow = self.flow(module, scope, name)
        state = flow.at(use)
        if state is None:
            return bindings, True
        visible = [binding for binding in bindings if binding in state or binding in flow.foreign]
        if scope.is_class:
            return visible, None not in state
        return visible or bindings, True

    def flow(self, module: Module, scope: Scope, name: str) -> Flow:
        """The course of a name's values through a scope."""
        known = self._flows.get((scope, name))
        if known is None:
            known = self._flows[scope, name] = Flow(module, scope, name)
        return known

    def final_bindings(self, module: Module, scope: Scope, name: str) -> list[Binding]:
        """The bindings of a name that can hold when a module's or class's code has run."""
        bindings = live(scope.bindings.get(name, []))
        if len(bindings) < 2:
            return bindings
        flow = self.flow(module, scope, name)
        return [
            binding for binding in bindings if binding in flow.at_end or binding in flow.foreign
        ] or bindings

    def name(self, module: Module, node: cst.Name) -> Value:
        """The value of a name at its place."""
        scope, bindings = self.bindings_of(module, node)
        if scope is None:
            starred = self._starred(module, node.value)
            if starred is not None:
                return starred
            return (
                Symbol(f"builtins.{node.value}")
                if hasattr(builtins, node.value)
                else self._undefined(module, node)
            )
        values = [self.bound(binding, module) for binding in bindings]
        if any(binding.scope is module.scope for binding in bindings):
            values += self._set_from_outside(module, node.value)
            return self.told(module, (), node.value, union(values)) or union(values)
        return union(values)

    def _undefined(self, module: Module, node: cst.Name) -> Unknown:
        stars = [f"`from {dotted_name(star.module) or '.'} import *`" for star in module.scope.stars]
        if stars:
            return Unknown(f"`{node.value}` is not defined in the file; perhaps {stars[0]} brings it in")
        return Unknown(f"`{node.value}` is not defined in the file")

    def global_name(self, module: Module, name: str) -> Value | None:
        """The value of a module's global, seen from outside; None if there is no such name."""
        bindings = self.final_bindings(module, module.scope, name)
        values = [self.bound(binding, module) for binding in bindings]
        values += self._set_from_outside(module, name)
        if not bindings:
            starred = self._starred(module, name)
            values += [starred] if starred is not None else []
        return self.told(module, (), name, union(values) if values else None)

    def _set_from_outside(self, module: Module, name: str) -> list[Value]:
        """What other modules give a module's global: `module.name = value`."""
        values: list[Value] = []
        for other, binding in self.project.attribute_bindings(name):
            assert isinstance(binding.node, cst.Attribute)
            base = binding.node.value
            while isinstance(base, cst.Attribute):
                base = base.value
            # Only what an import binds can be a module; anything else need not be evaluated.
            if isinstance(base, cst.Name) and self._is_imported(other, base):
                if ModuleValue(module) in self.evaluate(other, binding.node.value).options():
                    values.append(self.binding_value(binding, other))
        return values

    def _is_imported(self, module: Module, name: cst.Name) -> bool:
        return any(binding.kind == "import" for binding in self.bindings_of(module, name)[1])

    def _starred(self, module: Module, name: str, passed: frozenset[Module] = frozenset()) -> Value | None:
        values: list[Value] = []
        for star in module.scope.stars:
            dotted = dotted_name(star.module) or ""
            path = self.project.find(dotted, module, len(star.relative))
            if path is None:
                found = self.star_symbol(dotted, name)
            else:
                other = self.project.load(path)
                if other is None or other is module or other in passed:
                    continue
                found = self._exported(other, name, passed | {module})
            if found is not None:
                values.append(found)
        return union(values) if values else None

    def _exported(self, module: Module, name: str, passed: frozenset[Module]) -> Value | None:
        """What `from module import *` gives for a name."""
        listed = self._all_of(module)
        if name not in listed if listed is not None else name.startswith("_"):
            return None
        bindings = self.final_bindings(module, module.scope, name)
        if bindings:
            return union(self.bound(binding, module) for binding in bindings)
        return self._starred(module, name, passed)

    def _all_of(self, module: Module) -> set[str] | None:
        """The names in `__all__`; None where there is none, or it is not a plain list."""
        bindings = module.scope.bindings.get("__all__", [])
        if len(bindings) != 1 or not isinstance(bindings[0].value, (cst.List, cst.Tuple)):
            return None
        names = [element.value for element in bindings[0].value.elements]
        texts = [name.evaluated_value for name in names if isinstance(name, cst.SimpleString)]
        return {text for text in texts if isinstance(text, str)} if len(texts) == len(names) else None

    def bound(self, binding: Binding, module: Module) -> Value:
        """The value of a binding, definitions and imports included."""
        if binding.kind == "import":
            return self.settled(
                binding.node, module, binding.node, lambda module, node: self.imported(node, module)
            )
        if binding.kind == "function":
            assert isinstance(binding.node, cst.FunctionDef)
            return self.defined(Ref(module, binding.node), binding.node)
        if binding.kind == "class":
            return ClassValue(Ref(module, binding.node))
        return self.binding_value(binding, module)

    def defined(self, ref: Ref, node: cst.FunctionDef) -> Value:
        """A def as a value. What a decorator makes of it is not known, but mostly it still calls the function."""
        function = FunctionValue(ref)
        if is_plain(node):
            return function
        return union([function, Unknown(f"`{node.name.value}` is decorated")])

    # Imports

    def imported(self, alias: cst.CSTNode, module: Module) -> Value:
        """What an import statement's alias brings in: a module or name of the project, or a symbol."""
        assert isinstance(alias, cst.ImportAlias)
        statement = module.parents[alias]
        dotted = dotted_name(alias.name) or ""
        if isinstance(statement, cst.Import):
            if alias.asname:
                return self.module_named(dotted, module, 0)
            first = dotted.split(".")[0]
            folder = None if self.is_surface(first) else self.project.folder(first, dotted, module)
            top = self.module_named(first, module, 0)
            return FolderValue(folder) if folder is not None and isinstance(top, Symbol) else top
        assert isinstance(statement, cst.ImportFrom)
        base = dotted_name(statement.module) or ""
        level = len(statement.relative)
        inside = self.project.find(f"{base}.{dotted}" if base else dotted, module, level)
        path = self.project.find(base, module, level) if base or level else None
        if path is not None and self.project.world.resolved(path) != module.real:
            other = self.project.load(path)
            if other is None:
                return self.module_at(path)
            found = self.global_name(other, dotted)
            if found is not None:
                return found
        if inside is not None:
            return self.module_at(inside)
        if path is not None:
            return Unknown(f"`{dotted}` is not found in {path.name}")
        if level or (not self.is_surface(base) and self.project.is_package_folder(base, module, level)):
            return Unknown(f"`{dotted}` is not found in the project")
        return self.outside(f"{base}.{dotted}")

    def module_named(self, dotted: str, module: Module, level: int) -> Value:
        """The module that an absolute or relative name means."""
        path = self.project.find(dotted, module, level)
        if path is not None:
            return self.module_at(path)
        return self.outside(dotted)

    def module_at(self, path: Path) -> Value:
        """The module of a file."""
        other = self.project.load(path)
        return ModuleValue(other) if other is not None else Unknown(f"{path.name} cannot be read or parsed")


def live(bindings: list[Binding]) -> list[Binding]:
    """The bindings that give a value."""
    return [binding for binding in bindings if binding.kind != "deleted"]


def is_plain(function: cst.FunctionDef) -> bool:
    """Whether the decorators leave what a call does as it is, as far as the usual ones are known by name."""
    for decorator in function.decorators:
        node = decorator.decorator
        if dotted_name(node.func if isinstance(node, cst.Call) else node) not in _PLAIN_DECORATORS:
            return False
    return True
