"""Spans, parents and lists of the nodes that matter, from generating the code once.

The stock metadata providers of libcst cost a multiple of the parse; the generator's hooks give offsets and parents
together.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

Span = tuple[int, int]

_TRIVIA = (
    cst.SimpleWhitespace,
    cst.TrailingWhitespace,
    cst.EmptyLine,
    cst.Newline,
    cst.ParenthesizedWhitespace,
)

# What gives a name a value, or says whose name it is.
BINDERS = (
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
    cst.TypeAlias,
)


class InexactTreeError(Exception):
    """The tree does not give the source back, so its places cannot be trusted."""


class Index(CodegenState):
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
        self.classes: list[cst.ClassDef] = []
        self.jumps: list[cst.CSTNode] = []
        self.binders: list[cst.CSTNode] = []
        self._lists: dict[type, list[Any]] = {
            cst.Call: self.calls,
            cst.Name: self.names,
            cst.Attribute: self.names,
            cst.Subscript: self.subscripts,
            cst.SimpleString: self.strings,
            cst.FormattedString: self.strings,
            cst.ConcatenatedString: self.strings,
            cst.Return: self.jumps,
            cst.Raise: self.jumps,
            cst.Break: self.jumps,
            cst.Continue: self.jumps,
        }
        for kind in BINDERS:
            self._lists[kind] = self.binders
        tree._codegen(self)

    def add_token(self, value: str) -> None:
        """Count a token."""
        self.tokens.append(value)
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        """Count the indentation."""
        for token in self.indent_tokens:
            self.tokens.append(token)
            self.offset += len(token)

    def pop_trailing_newline(self) -> None:
        """Take back the last token."""
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
        """A node starts."""
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
        elif kind is cst.ClassDef:
            self.classes.append(node)  # type: ignore[arg-type]

    def after_codegen(self, node: cst.CSTNode) -> None:
        """A node ends."""
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
        """Note the span of a node without its own parentheses and white space."""
        start = self.offset
        yield
        if start_node is not None and start_node in self.outer:
            start = self.outer[start_node][0]
        end = self.offset
        if end_node is not None and end_node in self.outer:
            end = self.outer[end_node][1]
        self.inner[node] = (start, end)
