"""Namespaces and the bindings in them."""

from __future__ import annotations

from dataclasses import field

import libcst as cst

from callr_migrate.records import dataclass

FUNCTIONS = (cst.FunctionDef, cst.Lambda)
COMPREHENSIONS = (cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)


@dataclass(eq=False)
class Scope:
    """A namespace: `node` is the Module, FunctionDef, Lambda, ClassDef or comprehension that opens it."""

    node: cst.CSTNode
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outer: dict[str, bool] = field(default_factory=dict)  # name -> True for `global`, False for `nonlocal`
    stars: list[cst.ImportFrom] = field(default_factory=list)  # `from x import *`

    @property
    def is_class(self) -> bool:
        """Whether names of this scope are invisible to nested functions."""
        return isinstance(self.node, cst.ClassDef)

    @property
    def is_function(self) -> bool:
        """Whether this is the body of a def or lambda."""
        return isinstance(self.node, FUNCTIONS)


@dataclass(eq=False)
class Binding:
    """One place that gives a name a value.

    `kind`: assign, item (of iterating `value`), enter (`with value as`), import, function, class, param, opaque.
    `path` is the way into `value` for unpacking (`a, (b, c) = value` binds c with path (1, 1)).
    """

    kind: str
    node: cst.CSTNode  # the Name, Attribute, alias or definition that is bound; its span is the place
    scope: Scope
    value: cst.BaseExpression | None = None
    path: tuple[int, ...] = ()
    annotation: cst.BaseExpression | None = None
