"""One parsed file: its tree, the places in it, and its scopes with their bindings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import libcst as cst

from callr_migrate.evaluate.binder import Binder, place_nonlocal
from callr_migrate.evaluate.generated import index_of
from callr_migrate.evaluate.index import InexactTreeError, Places, Span
from callr_migrate.evaluate.nodes import parsed
from callr_migrate.evaluate.scopes import COMPREHENSIONS, Binding, Scope
from callr_migrate.source import SourceFile
from callr_migrate.stages import count, stage

__all__ = ["Binding", "InexactTreeError", "Module", "Scope", "Span"]

_DEFINITIONS = frozenset({cst.FunctionDef, cst.Lambda, cst.ClassDef})
# They use up the generator that they are given before they return.
_CONSUMERS = frozenset(
    {"all", "any", "dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"}
)


class Module:
    """A parsed file with its index. `name` is its dotted module name as far as the folders tell."""

    def __init__(self, source: SourceFile, real: Path, name: str, is_package: bool) -> None:
        """Parse and index; raises `libcst.ParserSyntaxError`, `RecursionError` or `InexactTreeError`.

        `real` is the file's path without links.
        """
        self.real = real
        self.source = source
        self.name = name
        self.is_package = is_package
        with stage("parsing"):
            self.tree = parsed(source.text)
        count("parsing", files=1, characters=len(source.text))
        index = index_of(self.tree, source.text)
        self.parents = Places(index)
        index.nodes.clear()
        index.spans.clear()
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
        self.scope = Scope(self.tree, None)
        self._scopes: dict[int, Scope] = {id(self.tree): self.scope}  # by the node that opens it
        self._scope_of: list[Scope | None] = [None] * len(self.parents.parents)  # by the numbers of nodes
        self.attribute_bindings: dict[str, list[Binding]] = {}  # attribute name -> assignments to `x.name`
        self._uses: dict[tuple[Scope, str], list[cst.Name]] | None = None
        self._jumps: dict[cst.CSTNode, list[cst.CSTNode]] = {}
        for jump in index.jumps:
            self._add_jump(jump)
        undecided: list[Binding] = []
        for statement in index.binders:
            Binder(self, statement, undecided).bind()
        for binding in undecided:
            place_nonlocal(self, binding)

    @cached_property
    def given(self) -> frozenset[str]:
        """The names that the module and its classes bind, which are attributes of theirs."""
        scopes = [scope for scope in self._scopes.values() if not scope.is_function]
        return frozenset(name for scope in scopes for name in scope.bindings)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.source.path

    def text_of(self, node: cst.CSTNode) -> str:
        """The source text of a node, its own parentheses left out."""
        start, end = self.span(node)
        return self.source.text[start:end]

    def span(self, node: cst.CSTNode) -> Span:
        """The offsets of a node, its own parentheses left out."""
        return self.parents.inner(node)

    def outer_span(self, node: cst.CSTNode) -> Span:
        """The offsets of a node with its own parentheses and white space."""
        return self.parents.outer(node)

    def holds(self, node: cst.CSTNode) -> bool:
        """Whether a node stands in the file; what is read out of a string annotation does not."""
        return node in self.parents.numbers

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The enclosing node."""
        return self.parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The enclosing nodes, from the inside out."""
        parents = self.parents
        current = parents.get(node)
        while current is not None:
            yield current
            current = parents[current]

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
        numbers, parents, known_of = self.parents.numbers, self.parents.parents, self._scope_of
        passed: list[int] = []
        found = self.scope
        current, at = node, numbers.get(node)
        parent = parents[at] if at is not None else None
        while parent is not None:
            assert at is not None
            known = known_of[at]
            if known is not None:
                found = known
                break
            passed.append(at)
            kind = type(parent)
            if kind is cst.CompFor and current is parent.iter:
                holder = parents[numbers[parent]]
                if type(holder) in COMPREHENSIONS:
                    # The first iterable is evaluated outside of the comprehension.
                    assert holder is not None
                    current, at = holder, numbers[holder]
                    parent = parents[at]
                    continue
            # A default or a decorator does not stand in the scope of what it belongs to.
            if kind in COMPREHENSIONS or (kind in _DEFINITIONS and current is parent.body):
                found = self.scope_opened_by(parent)
                break
            current, at = parent, numbers[parent]
            parent = parents[at]
        for at in passed:
            known_of[at] = found
        return found

    def flow_scope(self, node: cst.CSTNode) -> Scope:
        """The scope in whose course the node runs: comprehensions run where they stand, generators later."""
        return self.course_of(self.scope_of(node))

    def course_of(self, scope: Scope) -> Scope:
        """The scope in whose course the code of a scope runs."""
        while (
            scope.parent is not None and type(scope.node) in COMPREHENSIONS and self._runs_at_once(scope.node)
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

    def jumps_in(self, block: cst.CSTNode) -> Sequence[cst.CSTNode]:
        """The statements of a block that leave it, or that hold one that does."""
        return self._jumps.get(block, ())

    def _add_jump(self, jump: cst.CSTNode) -> None:
        child, parent = jump, self.parent(jump)
        while parent is not None and not isinstance(child, (cst.FunctionDef, cst.ClassDef)):
            known = self._jumps.setdefault(parent, [])
            # They come in the order of the source.
            if known and known[-1] is child:
                return
            known.append(child)
            child, parent = parent, self.parent(parent)

    def release(self) -> None:
        """Take the scopes and their bindings apart, which refer to each other."""
        for scope in self._scopes.values():
            scope.bindings.clear()

    def scope_opened_by(self, node: cst.CSTNode) -> Scope:
        """The scope that a def, lambda, class or comprehension opens."""
        scope = self._scopes.get(id(node))
        if scope is None:
            scope = self._scopes[id(node)] = Scope(node, self.scope_of(node))
        return scope


def _is_label(parent: cst.CSTNode, node: cst.Name) -> bool:
    """Whether a name is the label of an attribute or keyword, which refers to no variable."""
    if isinstance(parent, cst.Attribute):
        return parent.attr is node
    return isinstance(parent, cst.Arg) and parent.keyword is node
