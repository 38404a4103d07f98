"""What comes from outside of the project: client libraries, wrappers that the settings name, anything else."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from callr_migrate.evaluate import hints
from callr_migrate.evaluate.handing import Handing
from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.project import Project
from callr_migrate.evaluate.values import (
    BoundMethod,
    ClassValue,
    Client,
    FunctionValue,
    InstanceValue,
    Symbol,
    Unknown,
    Value,
)
from callr_migrate.pack.declared import is_declared
from callr_migrate.pack.model import RulePack, Surface


class Surfaces(Handing):
    """The part of the evaluator that knows the surfaces of the rule pack."""

    def __init__(self, project: Project, pack: RulePack) -> None:
        super().__init__(project, pack)
        self._aliases: dict[str, str] = {}
        for surface in pack.surfaces.values():
            self._aliases.update(surface.aliases)
        self._declared = [surface for surface in pack.surfaces.values() if is_declared(surface.surface)]
        self._modules = {surface.module: surface for surface in pack.surfaces.values() if surface.module}

    # Clients

    def legacy_base(self, klass: ClassValue) -> Surface | None:
        """The surface whose client the class inherits from."""
        for base in self.bases(klass):
            if isinstance(base, Symbol) and base.name in self.constructors:
                return self.constructors[base.name]
        return None

    def legacy_client(self, klass: ClassValue) -> Client | None:
        """The client that instances of the class are, if it inherits from one."""
        surface = self.legacy_base(klass)
        return Client(surface.surface, None, klass) if surface is not None else None

    def is_request(self, client: Client, name: str) -> bool:
        """Whether a method of a client performs a request."""
        surface = self.pack.surfaces[client.surface]
        return name in surface.calls or name in surface.facade

    def annotated(self, module: Module, annotation: cst.BaseExpression) -> Value | None:
        """What an annotation says a value is, where that is a legacy client or a class of the project."""

        def plain(part: cst.BaseExpression) -> Value | None:
            for value in self.evaluate(module, part).options():
                if isinstance(value, Symbol) and value.name in self.constructors:
                    return Client(self.constructors[value.name].surface, None)
                if isinstance(value, ClassValue):
                    return self.legacy_client(value) or InstanceValue(value)
            return None

        return hints.typed(annotation, plain)

    # Names

    def surface_symbol(self, name: str) -> str:
        """A dotted name with the surfaces' aliases undone (`x.y.Api` -> `x.Api`)."""
        for alias, real in self._aliases.items():
            if name == alias or name.startswith(alias + "."):
                return real + name[len(alias) :]
        return name

    def is_surface(self, dotted: str) -> bool:
        """Whether a module's name is that of a client library."""
        return self.surface_symbol(dotted) in self._modules

    def outside(self, dotted: str) -> Value:
        """A name that an import brings in from outside of the project."""
        name = self.surface_symbol(dotted)
        base, _, last = name.rpartition(".")
        if base in self.constructors and last in self.constructors[base].calls:
            surface = self.constructors[base].surface
            if is_declared(surface):
                return BoundMethod(Client(surface, None), last)
            return Unknown(f"`{name}` is taken from the class, not from a client")
        return Symbol(name)

    def declared(self, module: Module, holders: Sequence[str], name: str) -> Surface | None:
        """The surface of a wrapper that the settings name, for a name in a module or in classes of it."""
        for surface in self._declared:
            owner = surface.clients[0].split(".")
            home = owner[: len(owner) - len(holders)]
            parts = module.real.with_suffix("").parts
            here = parts[:-1] if parts[-1] == "__init__" else parts
            if name in surface.calls and [*here[-len(home) :], *holders] == owner:
                return surface
        return None

    def told(self, module: Module, holders: Sequence[str], name: str, value: Value | None) -> Value | None:
        """The value of a name in a module or class; a wrapper where the settings call it so and nothing is known."""
        if not self._declared or (value is not None and any(map(_is_definition, value.options()))):
            return value
        surface = self.declared(module, holders, name)
        return value if surface is None else BoundMethod(Client(surface.surface, None), name)

    def star_symbol(self, dotted: str, name: str) -> Value | None:
        """What `from dotted import *` gives for a name, where `dotted` is a surface's module, or a wrapper's."""
        for declared in self._declared:
            owner = declared.clients[0]
            if owner == f"{dotted}.{name}" or (owner == dotted and name in declared.calls):
                return self.outside(f"{dotted}.{name}")
        surface = self._modules.get(self.surface_symbol(dotted))
        return self.outside(f"{surface.module}.{name}") if surface and name in surface.exports else None

    def told_outside(self, name: str) -> str:
        """Why something from outside tells nothing."""
        if name.startswith("builtins."):
            return f"`{name.removeprefix('builtins.')}` is not followed"
        return f"`{name}` is not part of the project"


def _is_definition(option: Value) -> bool:
    return isinstance(option, (FunctionValue, ClassValue)) or (
        isinstance(option, BoundMethod) and (option.function is not None or isinstance(option.owner, Client))
    )
