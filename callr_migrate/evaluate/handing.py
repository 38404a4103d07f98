"""Functions that go through other hands: partials, pools and threads, decorators."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, cast

import libcst as cst

from callr_migrate.evaluate import answers
from callr_migrate.evaluate.arguments import Arguments, Handed, bound, handed_on, mentioned, passed, receivers
from callr_migrate.evaluate.containers import Containers
from callr_migrate.evaluate.functions import is_shifted, names_of
from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.project import Project
from callr_migrate.evaluate.settling import short
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    Client,
    Constant,
    FunctionValue,
    InstanceValue,
    Partial,
    Ref,
    Symbol,
    Unknown,
    Value,
    constants,
    union,
)
from callr_migrate.pack.model import RulePack, Surface

if TYPE_CHECKING:
    from callr_migrate.evaluate.evaluator import Evaluator


class Handing(Containers):
    """The part of the evaluator that follows functions as values."""

    def __init__(self, project: Project, pack: RulePack) -> None:
        super().__init__(project)
        self.pack = pack
        self.constructors: dict[str, Surface] = {}
        for surface in pack.surfaces.values():
            self.constructors.update(dict.fromkeys(surface.clients, surface))

    @abstractmethod
    def called(self, callee: Value, module: Module, node: cst.Call) -> Value:
        """What a call of the callee gives."""

    @property
    def _whole(self) -> Evaluator:
        return cast("Evaluator", self)

    # Parameters

    def handed_values(self, function: FunctionValue, param: cst.Param) -> list[Value]:
        """What a parameter holds where the function is handed on rather than called; nothing if it is not."""
        node = function.ref.node
        values: list[Value] = []
        if isinstance(node, cst.Lambda):
            handed = self._handed(function.ref.module, node)
            if handed is not None and handed.sure:
                held = bound(self._whole, function, handed.arguments, shifted=False).get(param)
                values += [held.value(self._whole)] if held is not None else []
        called = names_of(function.ref.module, node)
        for module, mention in (each for name in called for each in self.project.mentions_of(name)):
            for option in self.evaluate(module, mention).options():
                if option != function and not (
                    isinstance(option, BoundMethod) and option.function == function
                ):
                    continue
                handed = self._handed(module, mention)
                if handed is None or not handed.sure:
                    values.append(Unknown(f"`{called[0]}` is handed on, and may be called from elsewhere"))
                    continue
                shifted = is_shifted(option, node)
                held = bound(self._whole, function, handed.arguments, shifted=shifted).get(param)
                values += [held.value(self._whole)] if held is not None else []
        return values

    def _handed(self, module: Module, mention: cst.CSTNode) -> Handed | None:
        found = mentioned(module, mention)
        return handed_on(self._whole, module, *found) if found is not None else None

    # Calls

    def called_partly(self, option: Value, partial: Partial, module: Module, node: cst.Call) -> Value:
        """A partial of something is called; its arguments do not stand in this call alone."""
        if isinstance(option, Symbol) and option.name in self.constructors:
            return Client(self.constructors[option.name].surface, Ref(module, node))
        if isinstance(option, BoundMethod) and isinstance(option.owner, Client):
            return answers.of(self.pack, self.method_names(partial, module, node), Ref(module, node))
        if isinstance(option, (Answer, Symbol)):
            return Unknown(f"what `{short(module, node.func)}` returns is not known")
        return self.called(option, module, node)

    def method_names(self, callee: Value, module: Module, node: cst.Call) -> list[Constant]:
        """The names that a legacy call through a partial may have."""
        names: list[Constant] = []
        for option, arguments in receivers(self._whole, callee, passed(self._whole, module, node.args)):
            if isinstance(option, BoundMethod) and isinstance(option.owner, Client):
                value = self.named_by(option.owner, option.name, arguments)
                names += (constants(value) if value is not None else None) or []
        return names

    def named_by(self, client: Client, name: str, arguments: Arguments) -> Value | None:
        """The method name that a call of a client's method is given; None where it is given none."""
        surface = self.pack.surfaces[client.surface]
        if name in surface.facade:
            return Constant(surface.facade[name].method)
        shape = surface.calls.get(name)
        given = arguments.method(len(shape.leading), shape.method) if shape is not None else None
        if given is not None:
            return given.value(self._whole)
        reason = arguments.rest or arguments.more
        return Unknown(reason) if reason else None

    def instance_called(self, callee: InstanceValue, module: Module, node: cst.Call) -> Value:
        """What an object of the project gives that is called itself."""
        found = [
            self.returns(method.function)
            for method in self.member(callee.of, "__call__", callee).options()
            if isinstance(method, BoundMethod) and method.function is not None
        ]
        return union(found) if found else Unknown(f"what `{short(module, node.func)}` returns is not known")

    def told_little(self, unknown: Unknown, module: Module, node: cst.Call) -> Value:
        """A call of something unknown. Given nothing but a function, it mostly gives a function that calls it."""
        if len(node.args) != 1 or node.args[0].star or node.args[0].keyword is not None:
            return unknown
        if not isinstance(node.args[0].value, (cst.Name, cst.Attribute, cst.Call)):
            return unknown
        kept = [
            option
            for option in self.evaluate(module, node.args[0].value).options()
            if self._is_legacy(option)
        ]
        return union([*kept, unknown]) if kept else unknown

    def _is_legacy(self, option: Value) -> bool:
        """Whether a value is a legacy client's method that performs requests, or a function of the project."""
        if isinstance(option, Partial):
            return any(self._is_legacy(inner) for inner in option.function.options())
        if isinstance(option, BoundMethod) and isinstance(option.owner, Client):
            return self.is_request(option.owner, option.name)
        return isinstance(option, FunctionValue) or (
            isinstance(option, BoundMethod) and option.function is not None
        )

    @abstractmethod
    def is_request(self, client: Client, name: str) -> bool:
        """Whether a method of a client performs a request."""
