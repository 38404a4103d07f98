"""Names for texts: where a constant is written, and what it is used for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Binding, Scope
from callr_migrate.evaluate.names import live
from callr_migrate.evaluate.project import dotted_name, last_name
from callr_migrate.evaluate.values import (
    Answer,
    ClassValue,
    Extended,
    InstanceValue,
    Literal,
    ModuleValue,
    Ref,
    Symbol,
    Value,
)
from callr_migrate.records import dataclass
from callr_migrate.rewrite.uses import is_load

_DISPLAYS = {"builtins.frozenset", "builtins.set", "builtins.tuple", "builtins.list"}
# What an enumeration's members are to Python besides.
_TEXTS = {"StrEnum", "TextChoices", "str"}


@dataclass(frozen=True)
class Definition:
    """A name that is given a value once: a variable, a class's attribute."""

    module: Module
    target: cst.BaseExpression
    value: cst.BaseExpression

    @property
    def name(self) -> str:
        """What it is called."""
        return last_name(self.target) or ""

    def __hash__(self) -> int:
        return hash(self.target)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and other.target is self.target


@dataclass(frozen=True)
class Site:
    """A text literal; `by` is the name that it goes by, None where it stands at its use."""

    module: Module
    node: cst.SimpleString
    by: Definition | None


class Unresolved(Exception):
    """It cannot be told where a constant is written; the message is for the user."""


class Definitions:
    """Looks from an expression to the literals that it stands for."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def sites(self, module: Module, node: cst.BaseExpression, by: Definition | None = None) -> Iterator[Site]:
        """The texts that an expression is or holds (of a dict its keys). Raises `Unresolved`."""
        if isinstance(node, cst.SimpleString):
            yield Site(module, node, by)
        elif isinstance(node, (cst.Tuple, cst.List, cst.Set)):
            for element in node.elements:
                if isinstance(element, cst.StarredElement):
                    raise Unresolved(self._told(module, node))
                yield from self.sites(module, element.value, by)
        elif isinstance(node, cst.Dict):
            for entry in node.elements:
                if not isinstance(entry, cst.DictElement):
                    raise Unresolved(self._told(module, node))
                yield from self.sites(module, entry.key, by)
        elif isinstance(node, cst.Call) and self._is_display(module, node):
            yield from self.sites(module, node.args[0].value, by)
        elif isinstance(node, (cst.Name, cst.Attribute)):
            if isinstance(node, cst.Name) and node.value == "None":
                return
            found = self.of(module, node)
            if found is None:
                raise Unresolved(self._told(module, node))
            yield from self.sites(found.module, found.value, found)
        elif not isinstance(node, (cst.Integer, cst.Float)):
            raise Unresolved(self._told(module, node))

    def _told(self, module: Module, node: cst.CSTNode) -> str:
        text = " ".join(module.text_of(node).split())
        line = module.source.position(module.span(node)[0]).line
        return f"`{text if len(text) <= 40 else text[:37] + '...'}`, which is no literal (line {line})"

    def _is_display(self, module: Module, node: cst.Call) -> bool:
        callees = list(self.evaluator.evaluate(module, node.func).options())
        plain = len(node.args) == 1 and not node.args[0].star and node.args[0].keyword is None
        return plain and all(isinstance(callee, Symbol) and callee.name in _DISPLAYS for callee in callees)

    # Names

    def of(self, module: Module, node: cst.BaseExpression) -> Definition | None:
        """What a name or attribute is defined by; None where that is not one place."""
        found = self.bindings(module, node)
        return found[0] if found is not None and len(found) == 1 else None

    def bindings(self, module: Module, node: cst.BaseExpression) -> list[Definition] | None:
        """All places that give a name or attribute its value; None where one of them is not an assignment."""
        if isinstance(node, cst.Name):
            _, bindings = self.evaluator.bindings_of(module, node)
            return self._assigned(module, bindings, node.value)
        if not isinstance(node, cst.Attribute):
            return None
        if node.attr.value == "value" and isinstance(node.value, (cst.Name, cst.Attribute)):
            member = self.of(module, node.value)
            return [member] if member is not None and self.enumeration(member) is not None else None
        found: list[Definition] = []
        for option in self.evaluator.evaluate(module, node.value).options():
            inside = self._members(option, node.attr.value)
            if inside is None:
                return None
            found += [each for each in inside if each not in found]
        return found or None

    def _assigned(self, module: Module, bindings: list[Binding], name: str) -> list[Definition] | None:
        found: list[Definition] = []
        for binding in bindings:
            if binding.kind == "import" and isinstance(binding.node, cst.ImportAlias):
                inside = self._imported(module, binding.node)
            else:
                value = _element(binding)
                target = binding.node
                known = binding.kind == "assign" and value is not None
                inside = (
                    [Definition(module, target, value)]
                    if known and isinstance(target, (cst.Name, cst.Attribute)) and value is not None
                    else None
                )
            if inside is None:
                return None
            found += inside
        return found or None

    def _imported(self, module: Module, alias: cst.ImportAlias) -> list[Definition] | None:
        statement = module.parents[alias]
        if not isinstance(statement, cst.ImportFrom):
            return None
        base = dotted_name(statement.module) or ""
        path = self.evaluator.project.find(base, module, len(statement.relative))
        other = self.evaluator.project.load(path) if path is not None else None
        if other is None or other is module:
            return None
        return self._global(other, dotted_name(alias.name) or "")

    def _global(self, module: Module, name: str) -> list[Definition] | None:
        bindings = self.evaluator.final_bindings(module, module.scope, name)
        return self._assigned(module, bindings, name)

    def _members(self, owner: Value, name: str) -> list[Definition] | None:
        if isinstance(owner, ModuleValue):
            return self._global(owner.module, name)
        klass = owner.of if isinstance(owner, InstanceValue) else owner
        if not isinstance(klass, ClassValue):
            return None
        family = self.evaluator.mro(klass)
        stored = [
            Definition(other, binding.node, value)
            for other, binding in self.evaluator.project.attribute_bindings(name)
            if isinstance(binding.node, cst.Attribute)
            and self._is_of(other, binding.node.value, family)
            and (value := _element(binding)) is not None
        ]
        for above in family:
            scope: Scope = above.ref.module.scope_opened_by(above.ref.node)
            if live(scope.bindings.get(name, [])):
                inside = self._assigned(above.ref.module, live(scope.bindings[name]), name)
                return None if inside is None else [*inside, *stored]
        return stored or None

    def _is_of(self, module: Module, node: cst.BaseExpression, family: list[ClassValue]) -> bool:
        for option in self.evaluator.evaluate(module, node).options():
            klass = option.of if isinstance(option, InstanceValue) else option
            if klass in family or (isinstance(klass, ClassValue) and family[0] in self.evaluator.mro(klass)):
                return True
        return False

    def loads(self, definition: Definition) -> Iterator[tuple[Module, cst.BaseExpression]]:
        """Where a definition may be read, whatever a module calls it."""
        names = [definition.name, *sorted(self.evaluator.project.other_names(definition.name))]
        for name in names:
            for module, node in list(self.evaluator.project.names_of(name)):
                if is_load(module, node) and definition in (self.bindings(module, node) or ()):
                    yield module, node

    # Enumerations

    def enumeration(self, definition: Definition) -> ClassValue | None:
        """The class of an enumeration that a definition is a member of."""
        scope = definition.module.scope_of(definition.target)
        klass = ClassValue(Ref(definition.module, scope.node)) if scope.is_class else None
        return klass if klass is not None and self.is_enumeration(klass) else None

    def is_enumeration(self, klass: ClassValue) -> bool:
        """Whether a class makes its attributes members."""
        return any(
            name.rpartition(".")[2] in ("Enum", "StrEnum", "TextChoices") for name in self._bases(klass)
        )

    def is_text(self, klass: ClassValue) -> bool:
        """Whether the members of an enumeration are texts."""
        return any(name.rpartition(".")[2] in _TEXTS for name in self._bases(klass))

    def _bases(self, klass: ClassValue) -> list[str]:
        return [base.name for base in self.evaluator.bases(klass) if isinstance(base, Symbol)]

    def members(self, klass: ClassValue) -> list[Definition]:
        """The members of an enumeration. Raises `Unresolved`."""
        module = klass.ref.module
        scope = module.scope_opened_by(klass.ref.node)
        found: list[Definition] = []
        for name, bindings in scope.bindings.items():
            if name.startswith("_") or all(binding.kind == "function" for binding in bindings):
                continue
            inside = self._assigned(module, live(bindings), name)
            if inside is None or len(inside) != 1:
                raise Unresolved(
                    f"the members of an enumeration ({module.path.name}), which are not all known"
                )
            found += inside
        return found

    # What a name that holds an answer may hold besides

    def beside(
        self, module: Module, node: cst.BaseExpression, is_told: Callable[[Module, cst.BaseExpression], bool]
    ) -> Iterator[Site]:
        """The literals that an expression may be in place of what `is_told`. Raises `Unresolved`."""
        yield from self._beside(module, node, is_told, None, set())

    def _beside(
        self,
        module: Module,
        node: cst.BaseExpression,
        is_told: Callable[[Module, cst.BaseExpression], bool],
        by: Definition | None,
        seen: set[Definition],
    ) -> Iterator[Site]:
        if isinstance(node, cst.SimpleString):
            yield Site(module, node, by)
            return
        if is_told(module, node):
            return
        parts = self._alternatives(module, node)
        if parts is not None:
            for part in parts:
                yield from self._beside(module, part, is_told, by, seen)
            return
        found = self.bindings(module, node) if isinstance(node, (cst.Name, cst.Attribute)) else None
        if found is None:
            raise Unresolved(self._told(module, node))
        for definition in found:
            if definition not in seen:
                seen.add(definition)
                yield from self._beside(definition.module, definition.value, is_told, definition, seen)

    def _alternatives(self, module: Module, node: cst.BaseExpression) -> list[cst.BaseExpression] | None:
        """What an expression chooses from; None for one that makes no choice."""
        if isinstance(node, cst.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, cst.BooleanOperation):
            return [node.left, node.right]
        if isinstance(node, cst.NamedExpr):
            return [node.value]
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and len(node.args) == 2:
            owners = self.evaluator.evaluate(module, node.func.value).options()
            if node.func.attr.value == "get" and all(isinstance(each, (Answer, Extended)) for each in owners):
                return [node.args[1].value]
        return None

    def is_table(self, module: Module, node: cst.BaseExpression) -> bool:
        """Whether an expression is a dict of the project's own."""
        options = list(self.evaluator.evaluate(module, node).options())
        return all(
            isinstance(option, Literal) and isinstance(option.ref.node, cst.Dict) for option in options
        )


def _element(binding: Binding) -> cst.BaseExpression | None:
    """The expression that a binding takes its value from: `a, b = "A", "B"` is taken apart."""
    value = binding.value
    for index in binding.path:
        if not isinstance(value, (cst.Tuple, cst.List)) or not -len(value.elements) <= index < len(
            value.elements
        ):
            return None
        if any(isinstance(element, cst.StarredElement) for element in value.elements):
            return None
        value = value.elements[index].value
    return value
