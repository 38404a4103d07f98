"""One parsed file: spans, parents, scopes and bindings, all collected in a single pass over the tree.

The stock metadata providers of libcst cost a multiple of the parse; generating the code once with hooks gives
offsets and parents together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from callr_migrate.source import SourceFile

Span = tuple[int, int]

_TRIVIA = (
    cst.SimpleWhitespace,
    cst.TrailingWhitespace,
    cst.EmptyLine,
    cst.Newline,
    cst.ParenthesizedWhitespace,
)
_COMPREHENSIONS = (cst.GeneratorExp, cst.ListComp, cst.SetComp, cst.DictComp)
_FUNCTIONS = (cst.FunctionDef, cst.Lambda)


class InexactTreeError(Exception):
    """The tree does not give the source back, so its places cannot be trusted."""


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
        return isinstance(self.node, _FUNCTIONS)


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


class Module:
    """A parsed file with its index. `name` is its dotted module name as far as the folders tell."""

    def __init__(self, source: SourceFile, name: str = "", is_package: bool = False) -> None:
        """Parse and index; raises `libcst.ParserSyntaxError`, `RecursionError` or `InexactTreeError`."""
        self.source = source
        self.name = name
        self.is_package = is_package
        self.tree = cst.parse_module(source.text)
        index = _Index(self.tree)
        index.align(source.text)
        self.spans: dict[cst.CSTNode, Span] = index.inner
        self.outer_spans: dict[cst.CSTNode, Span] = index.outer
        self.parents: dict[cst.CSTNode, cst.CSTNode] = index.parents
        self.calls: list[cst.Call] = index.calls
        self.names: list[cst.Name | cst.Attribute] = index.names
        self.subscripts: list[cst.Subscript] = index.subscripts
        self.comments: list[Span] = index.comments
        self.imports: list[cst.Import | cst.ImportFrom] = index.imports
        self.handlers: list[cst.ExceptHandler] = index.handlers
        self.strings: list[cst.SimpleString | cst.FormattedString | cst.ConcatenatedString] = index.strings
        self._scopes: dict[cst.CSTNode, Scope] = {}
        self.scope = Scope(self.tree, None)
        self._scopes[self.tree] = self.scope
        self.attribute_bindings: dict[str, list[Binding]] = {}  # attribute name -> assignments to `x.name`
        for statement in index.binders:
            _Binder(self, statement).bind()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.source.path

    def text_of(self, node: cst.CSTNode) -> str:
        """The source text of a node, its own parentheses left out."""
        start, end = self.spans[node]
        return self.source.text[start:end]

    def span(self, node: cst.CSTNode) -> Span:
        """The offsets of a node, its own parentheses left out."""
        return self.spans[node]

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The enclosing node."""
        return self.parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The enclosing nodes, from the inside out."""
        current = self.parents.get(node)
        while current is not None:
            yield current
            current = self.parents.get(current)

    def statement_of(self, node: cst.CSTNode) -> cst.CSTNode:
        """The innermost statement line or compound statement that holds the node."""
        for ancestor in (node, *self.ancestors(node)):
            if isinstance(ancestor, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return ancestor
        return self.tree

    def function_of(self, node: cst.CSTNode) -> cst.FunctionDef | cst.Lambda | None:
        """The function in whose scope the node stands."""
        scope: Scope | None = self.scope_of(node)
        while scope is not None and not scope.is_function:
            scope = scope.parent
        return scope.node if scope is not None else None  # type: ignore[return-value]

    def scope_of(self, node: cst.CSTNode) -> Scope:
        """The scope in which the names of an expression or statement are looked up."""
        current = node
        parent = self.parents.get(current)
        while parent is not None:
            if parent in self._scopes and self._opens(parent, current):
                return self._scopes[parent]
            if self._opens(parent, current):
                return self.scope_opened_by(parent)
            current, parent = parent, self.parents.get(parent)
        return self.scope

    def scope_opened_by(self, node: cst.CSTNode) -> Scope:
        """The scope that a def, lambda, class or comprehension opens."""
        scope = self._scopes.get(node)
        if scope is None:
            scope = self._scopes[node] = Scope(node, self.scope_of(node))
        return scope

    def _opens(self, parent: cst.CSTNode, child: cst.CSTNode) -> bool:
        """Whether `child` stands in the scope that `parent` opens (a default or decorator does not)."""
        if isinstance(parent, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return child is parent.body
        if isinstance(parent, _COMPREHENSIONS):
            return True
        if isinstance(parent, cst.CompFor) and child is parent.iter:
            # The first iterable is evaluated outside of the comprehension: skip it by lending the outer scope.
            return False
        return isinstance(parent, cst.Module)


class _Index(CodegenState):
    """Generates the code without keeping it, and notes where each node starts and ends."""

    def __init__(self, tree: cst.Module) -> None:
        super().__init__(tree.default_indent, tree.default_newline)
        self.tokens = [""]
        self.offset = 0
        self.stack: list[cst.CSTNode] = []
        self.inner: dict[cst.CSTNode, Span] = {}
        self.outer: dict[cst.CSTNode, Span] = {}
        self.parents: dict[cst.CSTNode, cst.CSTNode] = {}
        self.calls: list[cst.Call] = []
        self.names: list[cst.Name | cst.Attribute] = []
        self.subscripts: list[cst.Subscript] = []
        self.comments: list[Span] = []
        self.imports: list[cst.Import | cst.ImportFrom] = []
        self.handlers: list[cst.ExceptHandler] = []
        self.strings: list[cst.SimpleString | cst.FormattedString | cst.ConcatenatedString] = []
        self.binders: list[cst.CSTNode] = []
        self._lists: dict[type, list[Any]] = {
            cst.Call: self.calls,
            cst.Name: self.names,
            cst.Attribute: self.names,
            cst.Subscript: self.subscripts,
            cst.SimpleString: self.strings,
            cst.FormattedString: self.strings,
            cst.ConcatenatedString: self.strings,
        }
        for kind in _BINDERS:
            self._lists[kind] = self.binders
        tree._codegen(self)

    def add_token(self, value: str) -> None:
        self.tokens.append(value)
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        for token in self.indent_tokens:
            self.tokens.append(token)
            self.offset += len(token)

    def pop_trailing_newline(self) -> None:
        self.offset -= len(self.tokens.pop())

    def align(self, text: str) -> None:
        """Make the offsets those of `text`.

        The generator loses white space in rare places (`except E :`), which shifts all that follows; any other
        difference raises `InexactTreeError`.
        """
        generated = "".join(self.tokens)
        if generated == text:
            return
        offsets: list[int] = []
        at = 0
        for character in generated:
            while at < len(text) and text[at] != character and text[at] in " \t\f\\\r\n":
                at += 1
            if at == len(text) or text[at] != character:
                raise InexactTreeError
            offsets.append(at)
            at += 1
        offsets.append(len(text))

        def moved(span: Span) -> Span:
            start, end = span
            return offsets[start], offsets[end - 1] + 1 if end > start else offsets[start]

        self.inner = {node: moved(span) for node, span in self.inner.items()}
        self.outer = {node: moved(span) for node, span in self.outer.items()}
        self.comments = [moved(span) for span in self.comments]

    def before_codegen(self, node: cst.CSTNode) -> None:
        kind = type(node)
        if kind in _TRIVIA:
            return
        if self.stack:
            self.parents[node] = self.stack[-1]
        self.stack.append(node)
        self.outer[node] = (self.offset, 0)
        found = self._lists.get(kind)
        if found is not None:
            found.append(node)
        if kind is cst.Import or kind is cst.ImportFrom:
            self.imports.append(node)  # type: ignore[arg-type]
        elif kind is cst.ExceptHandler:
            self.handlers.append(node)  # type: ignore[arg-type]

    def after_codegen(self, node: cst.CSTNode) -> None:
        kind = type(node)
        if kind in _TRIVIA:
            return
        self.stack.pop()
        span = (self.outer[node][0], self.offset)
        self.outer[node] = span
        self.inner.setdefault(node, span)
        if kind is cst.Comment:
            self.comments.append(span)

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        start = self.offset
        yield
        if start_node is not None and start_node in self.outer:
            start = self.outer[start_node][0]
        end = self.offset
        if end_node is not None and end_node in self.outer:
            end = self.outer[end_node][1]
        self.inner[node] = (start, end)


_BINDERS = (
    cst.Assign,
    cst.AnnAssign,
    cst.AugAssign,
    cst.NamedExpr,
    cst.For,
    cst.CompFor,
    cst.WithItem,
    cst.ExceptHandler,
    cst.Import,
    cst.ImportFrom,
    cst.FunctionDef,
    cst.Lambda,
    cst.ClassDef,
    cst.Global,
    cst.Nonlocal,
    cst.MatchAs,
    cst.MatchStar,
    cst.MatchMapping,
    cst.Del,
)


class _Binder:
    """Turns one binding statement into `Binding`s of the right scope."""

    def __init__(self, module: Module, node: cst.CSTNode) -> None:
        self.module = module
        self.node = node
        self.scope = module.scope_of(node)

    def bind(self) -> None:
        getattr(self, "_" + type(self.node).__name__)(self.node)

    def _add(self, name: str, binding: Binding) -> None:
        scope = binding.scope
        if name in scope.outer:
            binding.scope = scope = _declared_scope(self.module, scope, name)
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
                    self._target(element.value, "opaque", None, scope=scope)
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
        while isinstance(scope.node, _COMPREHENSIONS) and scope.parent is not None:
            scope = scope.parent
        self._target(node.target, "assign", node.value, scope=scope)

    def _For(self, node: cst.For) -> None:
        self._target(node.target, "item", node.iter)

    def _CompFor(self, node: cst.CompFor) -> None:
        holder: cst.CSTNode = node
        while not isinstance(holder, _COMPREHENSIONS):
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
        if node.name is not None:
            self._target(node.name, "opaque", None)

    def _MatchStar(self, node: cst.MatchStar) -> None:
        if node.name is not None:
            self._target(node.name, "opaque", None)

    def _MatchMapping(self, node: cst.MatchMapping) -> None:
        if node.rest is not None:
            self._target(node.rest, "opaque", None)

    def _Del(self, node: cst.Del) -> None:
        if isinstance(node.target, cst.Name):
            self._target(node.target, "deleted", None)


def _declare(module: Module, scope: Scope, name: str, *, is_global: bool) -> None:
    scope.outer[name] = is_global
    # A binding met before the declaration cannot exist in valid code, except as a parameter: an error in Python.


def _declared_scope(module: Module, scope: Scope, name: str) -> Scope:
    """Where a `global` or `nonlocal` name lives."""
    if scope.outer[name] or scope.parent is None:
        return module.scope
    outer: Scope | None = scope.parent
    while outer is not None:
        if outer.is_function and name not in outer.outer:
            return outer
        outer = outer.parent
    return module.scope
