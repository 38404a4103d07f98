"""One parsed file: its tree, the places in it, and its scopes with their bindings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import libcst as cst

from callr_migrate.evaluate.binder import Binder, place_nonlocal
from callr_migrate.evaluate.index import Index, InexactTreeError, Span
from callr_migrate.evaluate.scopes import COMPREHENSIONS, Binding, Scope
from callr_migrate.source import SourceFile
from callr_migrate.stages import count, stage

__all__ = ["Binding", "InexactTreeError", "Module", "Scope", "Span"]

# They use up the generator that they are given before they return.
_CONSUMERS = frozenset(
    {"all", "any", "dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"}
)


class Module:
    """A parsed file with its index. `name` is its dotted module name as far as the folders tell."""

    def __init__(self, source: SourceFile, name: str = "", is_package: bool = False) -> None:
        """Parse and index; raises `libcst.ParserSyntaxError`, `RecursionError` or `InexactTreeError`."""
        self.source = source
        self.name = name
        self.is_package = is_package
        with stage("parsing"):
            self.tree = cst.parse_module(source.text)
        count("parsing", files=1, characters=len(source.text))
        index = Index(self.tree)
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
        self.classes: list[cst.ClassDef] = index.classes
        self.functions = [node for node in index.binders if type(node) is cst.FunctionDef]
        self.stores: list[tuple[cst.Subscript, cst.BaseExpression | None]] = []  # `a[b] = c`, None: not told
        self.strings: list[cst.SimpleString | cst.FormattedString | cst.ConcatenatedString] = index.strings
        self._scopes: dict[cst.CSTNode, Scope] = {}
        self._scope_of: dict[cst.CSTNode, Scope] = {}
        self.scope = Scope(self.tree, None)
        self._scopes[self.tree] = self.scope
        self.attribute_bindings: dict[str, list[Binding]] = {}  # attribute name -> assignments to `x.name`
        self._uses: dict[tuple[Scope, str], list[cst.Name]] | None = None
        self._jumps: dict[cst.CSTNode, set[cst.CSTNode]] = {}
        for jump in index.jumps:
            self._add_jump(jump)
        undecided: list[Binding] = []
        for statement in index.binders:
            Binder(self, statement, undecided).bind()
        for binding in undecided:
            place_nonlocal(self, binding)

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
        passed: list[cst.CSTNode] = []
        current, parent = node, self.parents.get(node)
        found = self.scope
        while parent is not None:
            known = self._scope_of.get(current)
            if known is not None:
                found = known
                break
            passed.append(current)
            holder = self.parents.get(parent)
            if (
                isinstance(parent, cst.CompFor)
                and current is parent.iter
                and isinstance(holder, COMPREHENSIONS)
            ):
                # The first iterable is evaluated outside of the comprehension.
                current, parent = holder, self.parents.get(holder)
                continue
            if self._opens(parent, current):
                found = self.scope_opened_by(parent)
                break
            current, parent = parent, holder
        self._scope_of.update(dict.fromkeys(passed, found))
        return found

    def flow_scope(self, node: cst.CSTNode) -> Scope:
        """The scope in whose course the node runs: comprehensions run where they stand, generators later."""
        scope = self.scope_of(node)
        while (
            scope.parent is not None
            and isinstance(scope.node, COMPREHENSIONS)
            and self._runs_at_once(scope.node)
        ):
            scope = scope.parent
        return scope

    def _runs_at_once(self, node: cst.CSTNode) -> bool:
        if not isinstance(node, cst.GeneratorExp):
            return True
        arg = self.parents[node]
        call = self.parents[arg]
        return (
            isinstance(arg, cst.Arg)
            and isinstance(call, cst.Call)
            and isinstance(call.func, cst.Name)
            and call.func.value in _CONSUMERS
        )

    def uses_in(self, scope: Scope, name: str) -> list[cst.Name]:
        """Where the name may be read in the course of a scope's code."""
        if self._uses is None:
            self._uses = {}
            for node in self.names:
                if isinstance(node, cst.Name) and not _is_label(self.parents[node], node):
                    self._uses.setdefault((self.flow_scope(node), node.value), []).append(node)
        return self._uses.get((scope, name), [])

    def jumps_in(self, block: cst.CSTNode) -> set[cst.CSTNode]:
        """The statements of a block that leave it, or that hold one that does."""
        return self._jumps.get(block, set())

    def _add_jump(self, jump: cst.CSTNode) -> None:
        child, parent = jump, self.parents.get(jump)
        while parent is not None and not isinstance(child, (cst.FunctionDef, cst.ClassDef)):
            known = self._jumps.setdefault(parent, set())
            if child in known:
                return
            known.add(child)
            child, parent = parent, self.parents.get(parent)

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
        if isinstance(parent, COMPREHENSIONS):
            return True
        return isinstance(parent, cst.Module)


def _is_label(parent: cst.CSTNode, node: cst.Name) -> bool:
    """Whether a name is the label of an attribute or keyword, which refers to no variable."""
    if isinstance(parent, cst.Attribute):
        return parent.attr is node
    return isinstance(parent, cst.Arg) and parent.keyword is node
