"""Namespaces and the bindings in them."""

from __future__ import annotations

from dataclasses import field

import libcst as cst

from callr_migrate.records import dataclass

# Kinds of nodes are looked up by their type: `isinstance` of libcst's abstract classes runs Python code.
FUNCTIONS = frozenset({cst.FunctionDef, cst.Lambda})
COMPREHENSIONS = frozenset({cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp})


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
        return type(self.node) is cst.ClassDef

    @property
    def is_function(self) -> bool:
        """Whether this is the body of a def or lambda."""
        return type(self.node) in FUNCTIONS


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
