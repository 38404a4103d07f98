"""Turns the statements that bind names into bindings of the right scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from callr_migrate.evaluate.scopes import COMPREHENSIONS, Binding, Scope

if TYPE_CHECKING:
    from callr_migrate.evaluate.module import Module


class Binder:
    """Turns one binding statement into `Binding`s of the right scope."""

    def __init__(self, module: Module, node: cst.CSTNode, undecided: list[Binding]) -> None:
        """`undecided` takes the bindings of `nonlocal` names, whose scope is known when all are bound."""
        self.module = module
        self.node = node
        self.undecided = undecided
        self.scope = module.scope_of(node)

    def bind(self) -> None:
        """Add the bindings of the statement."""
        getattr(self, "_" + type(self.node).__name__)(self.node)

    def _add(self, name: str, binding: Binding) -> None:
        scope = binding.scope
        if scope.outer.get(name) is False:
            self.undecided.append(binding)
            return
        if name in scope.outer:
            binding.scope = scope = self.module.scope
        scope.bindings.setdefault(name, []).append(binding)

    def _target(
        self,
        target: cst.CSTNode,
        kind: str,
        value: cst.BaseExpression | None,
        path: tuple[int, ...] = (),
        annotation: cst.BaseExpression | None = None,
        scope: Scope | None = None,
    ) -> None:
        if isinstance(target, cst.Name):
            self._add(target.value, Binding(kind, target, scope or self.scope, value, path, annotation))
        elif kind == "deleted" and not isinstance(target, (cst.Tuple, cst.List)):
            return
        elif isinstance(target, cst.Subscript):
            known = kind == "assign" and not path
            self.module.stores.append((target, value if known else None))
        elif isinstance(target, cst.Attribute):
            binding = Binding(kind, target, self.scope, value, path, annotation)
            self.module.attribute_bindings.setdefault(target.attr.value, []).append(binding)
        elif isinstance(target, (cst.Tuple, cst.List)):
            starred = False
            for index, element in enumerate(target.elements):
                if isinstance(element, cst.StarredElement):
                    starred = True
                    self._target(element.value, "opaque", None, scope=scope)
                elif starred:
                    from_end = index - len(target.elements)
                    self._target(element.value, kind, value, (*path, from_end), scope=scope)
                else:
                    self._target(element.value, kind, value, (*path, index), scope=scope)

    def _Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._target(target.target, "assign", node.value)

    def _AnnAssign(self, node: cst.AnnAssign) -> None:
        self._target(node.target, "assign", node.value, annotation=node.annotation.annotation)

    def _AugAssign(self, node: cst.AugAssign) -> None:
        self._target(node.target, "opaque", None)

    def _NamedExpr(self, node: cst.NamedExpr) -> None:
        scope = self.scope
        while type(scope.node) in COMPREHENSIONS and scope.parent is not None:
            scope = scope.parent
        self._target(node.target, "assign", node.value, scope=scope)

    def _For(self, node: cst.For) -> None:
        self._target(node.target, "item", node.iter)

    def _CompFor(self, node: cst.CompFor) -> None:
        holder: cst.CSTNode = node
        while type(holder) not in COMPREHENSIONS:
            holder = self.module.parents[holder]
        self._target(node.target, "item", node.iter, scope=self.module.scope_opened_by(holder))

    def _WithItem(self, node: cst.WithItem) -> None:
        if node.asname is not None:
            self._target(node.asname.name, "enter", node.item)

    def _ExceptHandler(self, node: cst.ExceptHandler) -> None:
        if node.name is not None:
            self._target(node.name.name, "caught", node.type)

    def _Import(self, node: cst.Import) -> None:
        for alias in node.names:
            name = alias.asname.name if alias.asname else alias.name
            while isinstance(name, cst.Attribute):
                name = name.value  # type: ignore[assignment]
            if isinstance(name, cst.Name):
                self._add(name.value, Binding("import", alias, self.scope))

    def _ImportFrom(self, node: cst.ImportFrom) -> None:
        if isinstance(node.names, cst.ImportStar):
            self.scope.stars.append(node)
            return
        for alias in node.names:
            name = alias.asname.name if alias.asname else alias.name
            if isinstance(name, cst.Name):
                self._add(name.value, Binding("import", alias, self.scope))

    def _FunctionDef(self, node: cst.FunctionDef) -> None:
        self._add(node.name.value, Binding("function", node, self.scope))
        self._params(node, node.params)

    def _Lambda(self, node: cst.Lambda) -> None:
        self._params(node, node.params)

    def _params(self, function: cst.CSTNode, params: cst.Parameters) -> None:
        scope = self.module.scope_opened_by(function)
        stars = [star for star in (params.star_arg, params.star_kwarg) if isinstance(star, cst.Param)]
        for param in (*params.posonly_params, *params.params, *params.kwonly_params, *stars):
            annotation = param.annotation.annotation if param.annotation else None
            kind = "opaque" if param in stars else "param"
            self._add(param.name.value, Binding(kind, param, scope, param.default, annotation=annotation))

    def _ClassDef(self, node: cst.ClassDef) -> None:
        self._add(node.name.value, Binding("class", node, self.scope))

    def _Global(self, node: cst.Global) -> None:
        for item in node.names:
            _declare(self.module, self.scope, item.name.value, is_global=True)

    def _Nonlocal(self, node: cst.Nonlocal) -> None:
        for item in node.names:
            _declare(self.module, self.scope, item.name.value, is_global=False)

    def _MatchAs(self, node: cst.MatchAs) -> None:
        if node.name is None:
            return
        found = self._matched(node)
        if found is not None:
            self._target(node.name, "assign", *found)
        else:
            self._target(node.name, "opaque", None)

    def _matched(self, node: cst.MatchAs) -> tuple[cst.BaseExpression, tuple[int, ...]] | None:
        """The subject of a pattern and the way to the part that a name of it takes, through sequences alone."""
        path: list[int] = []
        child: cst.CSTNode = node
        while not isinstance(child, cst.MatchCase):
            parent = self.module.parents[child]
            if isinstance(parent, (cst.MatchTuple, cst.MatchList)):
                before = list(parent.patterns)
                index = next(number for number, pattern in enumerate(before) if pattern is child)
                starred = any(isinstance(pattern, cst.MatchStar) for pattern in before[:index])
                path.insert(0, index - len(before) if starred else index)
            elif not isinstance(
                parent,
                (cst.MatchSequenceElement, cst.MatchOr, cst.MatchOrElement, cst.MatchAs, cst.MatchCase),
            ):
                return None
            child = parent
        match = self.module.parents[child]
        assert isinstance(match, cst.Match)
        return match.subject, tuple(path)

    def _MatchStar(self, node: cst.MatchStar) -> None:
        if node.name is not None:
            self._target(node.name, "opaque", None)

    def _MatchMapping(self, node: cst.MatchMapping) -> None:
        if node.rest is not None:
            self._target(node.rest, "opaque", None)

    def _TypeAlias(self, node: cst.TypeAlias) -> None:
        self._target(node.name, "assign", node.value)

    def _Del(self, node: cst.Del) -> None:
        self._target(node.target, "deleted", None)


def _declare(module: Module, scope: Scope, name: str, *, is_global: bool) -> None:
    scope.outer[name] = is_global
    # A binding met before the declaration cannot exist in valid code, except as a parameter: an error in Python.


def place_nonlocal(module: Module, binding: Binding) -> None:
    """Add a `nonlocal` binding to the nearest enclosing function that has the name."""
    name = binding.node.value if isinstance(binding.node, cst.Name) else _name_of(binding.node)
    outer = binding.scope.parent
    while outer is not None and not (outer.is_function and name in outer.bindings):
        outer = outer.parent
    binding.scope = outer or module.scope
    binding.scope.bindings.setdefault(name, []).append(binding)


def _name_of(node: cst.CSTNode) -> str:
    """The name that a definition or an import binds."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return node.name.value
    assert isinstance(node, cst.ImportAlias)
    name: cst.CSTNode = node.asname.name if node.asname else node.name
    while isinstance(name, cst.Attribute):
        name = name.value
    assert isinstance(name, cst.Name)
    return name.value
