"""Calls that may be legacy calls, where it cannot be told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.project import dotted_name
from callr_migrate.evaluate.values import (
    ClassValue,
    Exhausted,
    InstanceValue,
    ModuleValue,
    SuperValue,
    Symbol,
    Unknown,
    Value,
    constants,
    union,
    unknown_reason,
)


class Doubts:
    """Why calls of a module that are no known legacy call may be one."""

    def __init__(self, evaluator: Evaluator, module: Module) -> None:
        self.evaluator = evaluator
        self.module = module
        self.surfaces = evaluator.pack.surfaces.values()
        self.names = {name for surface in self.surfaces for name in surface.calls}
        self.labels = {shape.method for surface in self.surfaces for shape in surface.calls.values()}
        self.shortcuts = {name for surface in self.surfaces for name in surface.facade}
        self._gave_up = False
        self._reached: dict[tuple[str, int], bool] = {}  # by what the module's imports name

    def of(self, node: cst.Call, callee: Value) -> str | None:
        """Why a call may be a legacy call, if it may.

        Its receiver is not known, and it names a method of the pack; or its receiver may come from where clients
        come from, and what it names is not known; or the analysis gave up where it may be one (told once a file).
        """
        if (
            not self._gave_up
            and any(isinstance(option, Exhausted) for option in callee.options())
            and self._is_involved(node)
        ):
            self._gave_up = True
            return unknown_reason(union(each for each in callee.options() if isinstance(each, Exhausted)))
        if not isinstance(node.func, cst.Attribute) or node.func.attr.value not in self.names:
            return None
        receiver = node.func.value
        options = self.evaluator.evaluate(self.module, receiver).options()
        if all(_is_own(self.evaluator, option) for option in options):
            return None
        reason = _not_known(self.evaluator, callee)
        if reason is None:
            return None
        candidates = list(self._candidates(node))
        for value in candidates:
            for constant in constants(value) or []:
                if isinstance(constant.value, str) and constant.value in self.evaluator.pack.methods:
                    return f"`{constant.value}` is called on something that is not known: {reason}"
        if (not candidates or unknown_reason(candidates[0])) and self._comes_from_clients(
            self.module, receiver
        ):
            return f"neither the method nor the receiver is known: {reason}"
        return None

    def _is_involved(self, node: cst.Call) -> bool:
        """Whether a call that is too involved to follow may be a legacy call for all that its words tell.

        It names a method of the pack; or that is not known, and the callee goes by a name of a client's methods, or
        the file names a legacy library and the project gives the callee's name to something.
        """
        named = [constants(value) for value in self._candidates(node)]
        methods = self.evaluator.pack.methods
        if any(each.value in methods for known in named for each in known or ()):
            return True
        callee = node.func.attr.value if isinstance(node.func, cst.Attribute) else None
        given = not named or None in named
        if callee in self.names | self.shortcuts:
            return given
        if not self._is_marked:
            return False
        return callee is None or (given and self.evaluator.project.is_given(callee))

    @cached_property
    def _is_marked(self) -> bool:
        """Whether the file holds what its bytes are searched for."""
        return any(gate in self.module.source.text for surface in self.surfaces for gate in surface.gates)

    def _candidates(self, node: cst.Call) -> Iterator[Value]:
        """What may be the method name: the first argument, and the second, too (`Class.call(client, name)`)."""
        left = 2
        for arg in node.args:
            if arg.star:
                break
            if arg.keyword is None:
                left -= 1
            if left < 0 if arg.keyword is None else arg.keyword.value not in self.labels:
                continue
            yield self.evaluator.evaluate(self.module, arg.value)

    def _comes_from_clients(self, module: Module, node: cst.BaseExpression) -> bool:
        """Whether an expression is made from a name that a module gives which reaches a client library."""
        waiting, seen = [node], set[cst.CSTNode]()
        while waiting:
            for name in _names_in(waiting.pop()):
                for binding in self.evaluator.bindings_of(module, name)[1]:
                    if binding.node in seen:
                        continue
                    seen.add(binding.node)
                    if isinstance(binding.node, cst.ImportAlias):
                        if self._is_import_of_clients(module, binding.node):
                            return True
                    elif binding.value is not None and binding.kind != "param":
                        waiting.append(binding.value)
        return False

    def _is_import_of_clients(self, module: Module, alias: cst.ImportAlias) -> bool:
        statement = module.parent(alias)
        dotted = dotted_name(alias.name) or ""
        if not isinstance(statement, cst.ImportFrom):
            return self._reaches(module, dotted, 0)
        base = dotted_name(statement.module) or ""
        level = len(statement.relative)
        inside = f"{base}.{dotted}" if base else dotted
        return self._reaches(module, base, level) or self._reaches(module, inside, level)

    def _reaches(self, module: Module, dotted: str, level: int) -> bool:
        """Whether a module is a client library, or one of the project that imports one, if by way of others."""
        key = dotted, level
        if key not in self._reached:
            self._reached[key] = self._leads_to_clients(module, dotted, level)
        return self._reached[key]

    def _leads_to_clients(self, module: Module, dotted: str, level: int) -> bool:
        waiting, seen = [(module, dotted, level)], set()
        while waiting:
            importer, name, dots = waiting.pop()
            if not name and not dots:
                continue
            path = self.evaluator.project.find(name, importer, dots)
            if path is None:
                if not dots and self.evaluator.is_surface(name):
                    return True
                continue
            value = self.evaluator.module_at(path)
            if isinstance(value, ModuleValue) and value.module not in seen:
                seen.add(value.module)
                waiting += [(value.module, *target) for target in _imported(value.module)]
        return False


def _imported(module: Module) -> Iterator[tuple[str, int]]:
    """The modules that a module's imports may name, with their leading dots."""
    for statement in module.imports:
        if isinstance(statement, cst.Import):
            yield from ((dotted_name(alias.name) or "", 0) for alias in statement.names)
            continue
        base, level = dotted_name(statement.module) or "", len(statement.relative)
        yield base, level
        for alias in () if isinstance(statement.names, cst.ImportStar) else statement.names:
            name = dotted_name(alias.name) or ""
            yield f"{base}.{name}" if base else name, level


def _names_in(node: cst.CSTNode) -> Iterator[cst.Name]:
    """The variables that an expression names; labels of attributes and arguments are none."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, cst.Name):
            yield part
        elif isinstance(part, (cst.Attribute, cst.Arg)):
            waiting.append(part.value)
        else:
            waiting += part.children


def _is_own(evaluator: Evaluator, option: Value) -> bool:
    """Whether a receiver is an object of the project's own, all of whose bases are known."""
    klass = option.of if isinstance(option, (InstanceValue, SuperValue)) else option
    return isinstance(klass, ClassValue) and not any(
        isinstance(base, Unknown) or (isinstance(base, Symbol) and not _is_python_own(base))
        for base in evaluator.bases(klass)
    )


def _is_python_own(symbol: Symbol) -> bool:
    package = symbol.name.split(".")[0]
    return package == "builtins" or package in sys.stdlib_module_names


def _not_known(evaluator: Evaluator, callee: Value) -> str | None:
    """Why the callee is not known; what Python itself brings along is no client."""
    reason = unknown_reason(callee)
    if reason is not None:
        return reason
    for option in callee.options():
        if isinstance(option, Symbol):
            own = {surface.module for surface in evaluator.pack.surfaces.values()}
            if not _is_python_own(option) and option.name.split(".")[0] not in own:
                return evaluator.told_outside(option.name.rpartition(".")[0])
    return None
