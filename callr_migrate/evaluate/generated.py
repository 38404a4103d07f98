"""The index of a tree by generating its code: slow, but of any tree that libcst knows, and of one that it gives back
with other white space.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst
from libcst._nodes.internal import CodegenState

from callr_migrate.evaluate.index import Index, InexactTreeError, Span, UnknownLayoutError, Walk
from callr_migrate.evaluate.layouts import SIGNS

_UNPLACED = frozenset(
    {
        cst.SimpleWhitespace,
        cst.TrailingWhitespace,
        cst.EmptyLine,
        cst.Newline,
        cst.ParenthesizedWhitespace,
        cst.Comment,
        *SIGNS,
    }
)


def index_of(tree: cst.Module, text: str) -> Index:
    """The places of a tree in the text that it was parsed from; raises `InexactTreeError`."""
    try:
        index: Index = Walk(tree)
        if "".join(index.tokens) != text:
            index = Generated(tree, text).index
    except (AttributeError, UnknownLayoutError):
        # Of a libcst that spells it in another way.
        index = Generated(tree, text).index
    index.tokens.clear()
    return index


class Generated(CodegenState):
    """Generates the code without keeping it, and notes where each node starts and ends."""

    def __init__(self, tree: cst.Module, text: str) -> None:
        super().__init__(tree.default_indent, tree.default_newline)
        self.index = Index()
        self.offset = 0
        self.stack: list[cst.CSTNode] = []
        self._numbers: dict[cst.CSTNode, int] = {}  # by what is open
        self.tokens = [""]
        tree._codegen(self)
        self._align(text)

    def add_token(self, value: str) -> None:
        """Count a token."""
        self.tokens.append(value)
        self.offset += len(value)

    def add_indent_tokens(self) -> None:
        """Count the indentation."""
        for token in self.indent_tokens:
            self.add_token(token)

    def pop_trailing_newline(self) -> None:
        """Take back the last token."""
        self.offset -= len(self.tokens.pop())

    def before_codegen(self, node: cst.CSTNode) -> None:
        """A node starts."""
        kind = type(node)
        if kind is cst.Comment:
            self.index.comments.append((self.offset, self.offset + len(node.value)))  # type: ignore[attr-defined]
        if kind in _UNPLACED:
            return
        index = self.index
        index.parents.append(self.stack[-1] if self.stack else None)
        self.stack.append(node)
        self._numbers[node] = 4 * len(index.nodes)
        index.nodes.append(node)
        index.spans += (self.offset, 0, -1, -1)
        for found in self.index.lists.get(kind, ()):
            found.append(node)

    def after_codegen(self, node: cst.CSTNode) -> None:
        """A node ends."""
        if type(node) in _UNPLACED:
            return
        self.stack.pop()
        spans, at = self.index.spans, self._numbers.pop(node)
        spans[at + 1] = self.offset
        if spans[at + 2] < 0:
            spans[at + 2 : at + 4] = spans[at : at + 2]

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        """Note the span of a node without its own parentheses and white space."""
        start = self.offset
        yield
        at = self._numbers.get(node)
        if at is not None:
            self.index.spans[at + 2 : at + 4] = start, self.offset

    def _align(self, text: str) -> None:
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

        index = self.index
        spans = index.spans
        for at in range(0, len(spans), 2):
            spans[at : at + 2] = moved((spans[at], spans[at + 1]))
        index.comments = [moved(span) for span in index.comments]
