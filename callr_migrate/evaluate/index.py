"""Places, parents and lists of the nodes that matter, from one walk over the tree.

The stock metadata providers of libcst cost a multiple of the parse, and generating the code with hooks most of it. The
walk adds up the lengths of what stands in the source, by the layouts of the nodes. What it puts together must be the
source; if it is not, the code is generated after all (`generated`).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import libcst as cst
from libcst import MaybeSentinel

from callr_migrate.evaluate.layouts import BARE, LAYOUTS, SIGNS, Part, Step

Span = tuple[int, int]

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


class Places:
    """Where the nodes of a tree stand, and in which others.

    Each node has a number, and a few bytes at it: of large projects this is most of what is in memory.
    """

    __slots__ = ("numbers", "parents", "spans")

    def __init__(self, index: Index) -> None:
        self.numbers: dict[cst.CSTNode, int] = dict(
            zip(index.nodes, _numbers(len(index.nodes)), strict=False)
        )
        self.parents: list[Any] = index.parents  # None for the whole tree
        self.spans = array("I", index.spans)

    def __getitem__(self, node: cst.CSTNode) -> cst.CSTNode:
        """What a node stands in, which is not the whole tree; raises `KeyError` for a node of another one."""
        parent: cst.CSTNode = self.parents[self.numbers[node]]
        return parent

    def get(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """What a node stands in, if it does."""
        at = self.numbers.get(node)
        parent: cst.CSTNode | None = None if at is None else self.parents[at]
        return parent

    def outer(self, node: cst.CSTNode) -> Span:
        """The offsets of a node with its parentheses and white space."""
        at = 4 * self.numbers[node]
        return self.spans[at], self.spans[at + 1]

    def inner(self, node: cst.CSTNode) -> Span:
        """The offsets of a node without them."""
        at = 4 * self.numbers[node] + 2
        return self.spans[at], self.spans[at + 1]


_known_numbers: Sequence[int] = ()
_MAX_NUMBERS = 50_000


def _numbers(count: int) -> Iterable[int]:
    """The numbers from 0 on, at least so many. Those of small files are the same objects: each has 32 bytes."""
    global _known_numbers
    known = _known_numbers
    if len(known) < min(count, _MAX_NUMBERS):
        known = _known_numbers = tuple(range(min(2 * count, _MAX_NUMBERS)))
    return chain(known, range(len(known), count))


class Index:
    """What is noted of a tree, first of all its nodes, what each stands in, and four offsets of each: where it starts
    and ends with parentheses and white space, and without. White space, brackets and commas have none.
    """

    def __init__(self) -> None:
        self.nodes: list[cst.CSTNode] = []
        self.parents: list[cst.CSTNode | None] = []
        self.spans: list[int] = []
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
        self.tokens: list[str] = []
        binder = (self.binders,)
        self.lists: dict[type, tuple[list[Any], ...]] = dict.fromkeys(BINDERS, binder)
        self.lists |= {
            cst.Call: (self.calls,),
            cst.Name: (self.names,),
            cst.Attribute: (self.names,),
            cst.Subscript: (self.subscripts,),
            cst.SimpleString: (self.strings,),
            cst.FormattedString: (self.strings,),
            cst.ConcatenatedString: (self.strings,),
            cst.Return: (self.jumps,),
            cst.Raise: (self.jumps,),
            cst.Break: (self.jumps,),
            cst.Continue: (self.jumps,),
            cst.Import: (self.imports, *binder),
            cst.ImportFrom: (self.imports, *binder),
            cst.ExceptHandler: (self.handlers, *binder),
            cst.ClassDef: (self.classes, *binder),
        }


class UnknownLayoutError(Exception):
    """A node that the layouts do not tell the parts of."""


# The kinds of steps, by names that are found fast.
_CHILD, _SPACE, _TOKEN, _OPEN, _CLOSE = Part.CHILD, Part.SPACE, Part.TOKEN, Part.OPEN, Part.CLOSE
_INDENT, _DEEPER, _BACK, _IF, _UNLESS, _ELIF = (
    Part.INDENT,
    Part.DEEPER,
    Part.BACK,
    Part.IF,
    Part.UNLESS,
    Part.ELIF,
)
_LINES = frozenset({cst.EmptyLine, cst.TrailingWhitespace})
_NOTHING = frozenset({type(None), MaybeSentinel})
_DEFAULT = MaybeSentinel.DEFAULT
_PLAIN = cst.SimpleWhitespace
_WORDS = frozenset({cst.Name, cst.SimpleString, cst.Integer})


class Walk(Index):
    """Goes over a tree in the order of the source; raises `UnknownLayoutError`.

    Each step is given the offset at which something starts and gives that at which it ends.
    """

    def __init__(self, tree: cst.Module) -> None:
        super().__init__()
        self._indent = ""
        self._around: list[str] = []  # the indentations of the blocks around
        self._default_indent = tree.default_indent
        self._newline = tree.default_newline
        self._node(tree, LAYOUTS[cst.Module], None, 0)
        if not tree.has_trailing_newline:
            # The last line has one in the tree all the same.
            taken = len(self.tokens.pop()) if self.tokens else 0
            self._end_at(self.spans[-1] - taken)
        elif not self.tokens:
            self.tokens.append(self._newline)
            self._end_at(len(self._newline))

    def _end_at(self, end: int) -> None:
        """Let the tree, which comes last of all nodes, end there."""
        self.spans[-1] = self.spans[-3] = end

    def _child(self, child: Any, parent: cst.CSTNode, at: int) -> int:
        """What an attribute holds that is no node: a sign, white space, a text, several of anything, or nothing."""
        kind = type(child)
        if kind in SIGNS:
            return self._sign(child, at)
        if kind is list or kind is tuple:
            for each in child:
                steps = LAYOUTS.get(type(each))
                if steps is not None:
                    at = self._node(each, steps, parent, at)
                else:
                    at = self._child(each, parent, at)
            return at
        if kind is str:
            self.tokens.append(child)
            return at + len(child)
        return self._space(child, at)

    def _node(self, node: cst.CSTNode, steps: Sequence[Step], parent: cst.CSTNode | None, at: int) -> int:
        kind = type(node)
        for found in self.lists.get(kind, ()):
            found.append(node)
        tokens = self.tokens
        if kind in _WORDS and not node.lpar:  # type: ignore[attr-defined]
            # A third of all nodes; their layout says the same.
            word = node.value  # type: ignore[attr-defined]
            tokens.append(word)
            end = at + len(word)
            self.nodes.append(node)
            self.parents.append(parent)
            self.spans += (at, end, at, end)
            return end
        start = opened = at
        closed = -1
        bare = BARE.get(kind)
        if bare is not None and not node.lpar:  # type: ignore[attr-defined]
            steps = bare
        for part, what, text in steps:
            if part is _CHILD:
                child = getattr(node, what)
                inner = LAYOUTS.get(type(child))
                if inner is not None:
                    at = self._node(child, inner, node, at)
                elif child and child is not _DEFAULT:
                    at = self._child(child, node, at)
                continue
            if part is _SPACE:
                space = getattr(node, what)
                if type(space) is not _PLAIN:
                    at = self._space(space, at)
                elif space.value:
                    tokens.append(space.value)
                    at += len(space.value)
                continue
            if part is _TOKEN:
                tokens.append(text)
                at += len(text)
                continue
            if part is _OPEN:
                opened = at
                continue
            if part is _CLOSE:
                closed = at
                continue
            if part is _DEEPER:
                self._around.append(self._indent)
                self._indent += self._default_indent if node.indent is None else node.indent  # type: ignore[attr-defined]
                continue
            if part is _BACK:
                self._indent = self._around.pop()
                continue
            if part is _INDENT:
                text = self._indent
            elif part is _IF or part is _UNLESS:
                text = text if (getattr(node, what) is not None) is (part is _IF) else ""
            elif part is _ELIF:
                text = "elif" if type(parent) is cst.If else "if"
            else:
                text = "->" if type(parent) is cst.FunctionDef else ":"
            tokens.append(text)
            at += len(text)
        self.nodes.append(node)
        self.parents.append(parent)
        self.spans += (start, at, opened, closed) if closed >= 0 else (start, at, start, at)
        return at

    def _sign(self, node: cst.CSTNode, at: int) -> int:
        for part, what, text in SIGNS[type(node)]:
            if part is _SPACE:
                at = self._space(getattr(node, what), at)
            else:
                self.tokens.append(text)
                at += len(text)
        return at

    def _space(self, space: Any, at: int) -> int:
        kind = type(space)
        if kind is _PLAIN:
            text = space.value
            if text:
                self.tokens.append(text)
            return at + len(text)
        if kind in _LINES:
            return self._line(space, at)
        if kind is cst.ParenthesizedWhitespace:
            at = self._line(space.first_line, at)
            for line in space.empty_lines:
                at = self._line(line, at)
            if space.indent:
                self.tokens.append(self._indent)
                at += len(self._indent)
            return self._space(space.last_line, at)
        if kind in _NOTHING:
            return at
        raise UnknownLayoutError

    def _line(self, line: Any, at: int) -> int:
        """The rest of a line, or one without code."""
        texts = [line.whitespace.value]
        if type(line) is cst.EmptyLine and line.indent:
            texts.insert(0, self._indent)
        at += sum(map(len, texts))
        if line.comment is not None:
            comment = line.comment.value
            self.comments.append((at, at + len(comment)))
            texts.append(comment)
            at += len(comment)
        newline = self._newline if line.newline.value is None else line.newline.value
        # The newline is a token of its own, which a last line without one takes back.
        self.tokens += ("".join(texts), newline)
        return at + len(newline)
