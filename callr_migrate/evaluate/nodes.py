"""libcst's nodes without what they do in Python and nobody here needs: a fifth of the parse, and each look-up by node."""

from __future__ import annotations

from abc import ABC, ABCMeta, abstractmethod
from threading import Lock

import libcst as cst

from callr_migrate.evaluate import constructors, sharing

_checked = cst.CSTNode.__post_init__


def parsed(text: str) -> cst.Module:
    """The tree of a text; raises `libcst.ParserSyntaxError` and `RecursionError`."""
    constructors.prepare(len(text))
    with _unchecked, _sharing:
        return cst.parse_module(text)


def parsed_expression(text: str) -> cst.BaseExpression:
    """The tree of an expression; raises as `parsed` does, and `ValueError` for half of a surrogate pair."""
    with _unchecked:
        return cst.parse_expression(text)


def visit(node: cst.CSTNode, visitor: cst.CSTVisitor) -> None:
    """Show a visitor the node and all below, each of which libcst makes anew meanwhile."""
    with _unchecked:
        node.visit(visitor)


class _Switch(ABC):
    """Something that is otherwise while this is entered."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._entered = 0  # within each other, or by several threads

    def __enter__(self) -> None:
        with self._lock:
            self._entered += 1
            if self._entered == 1:
                self.turn(on=True)

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._entered -= 1
            if not self._entered:
                self.turn(on=False)

    @abstractmethod
    def turn(self, *, on: bool) -> None:
        """Make it so, or as it was."""


class _Unchecked(_Switch):
    """As a node is made, libcst checks whether its white space may stand there and the like.

    Of what its parser makes it refuses only what Python allows, such as `a or.5`.
    """

    def turn(self, *, on: bool) -> None:
        """Check nothing, or all."""
        cst.CSTNode.__post_init__ = _nothing if on else _checked  # type: ignore[assignment,method-assign]
        constructors.CHECKS[:] = [] if on else [True]


def _nothing(_: cst.CSTNode) -> None: ...


class _Sharing(_Switch):
    """White space and signs that are alike are one node, which leaves half of the nodes (`sharing`)."""

    def turn(self, *, on: bool) -> None:
        """Share them, or make each anew."""
        for kind, maker in sharing.MAKERS.items():
            kind.__class__ = maker if on else ABCMeta


_unchecked = _Unchecked()
_sharing = _Sharing()


def _hash_as_objects() -> None:
    """Nodes are equal only to themselves, and hash by that: as objects do, but in Python."""
    # Each kind of node has this as its own, not as one that it inherits.
    for kind in vars(cst).values():
        # Not `issubclass`: it asks all subclasses of each abstract class, which takes some milliseconds.
        if isinstance(kind, type) and cst.CSTNode in kind.__mro__:
            kind.__hash__ = object.__hash__  # type: ignore[assignment,method-assign]


_hash_as_objects()
