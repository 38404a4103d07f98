"""libcst's nodes without what they do in Python and nobody here needs: a fifth of the parse, and each look-up by node."""

from __future__ import annotations

import libcst as cst

_checked = cst.CSTNode.__post_init__


def parsed(text: str) -> cst.Module:
    """The tree of a text; raises `libcst.ParserSyntaxError` and `RecursionError`.

    As a node is made, libcst checks whether its white space may stand there and the like. What its parser makes is in
    order, so that finds nothing.
    """
    cst.CSTNode.__post_init__ = _unchecked  # type: ignore[assignment,method-assign]
    try:
        return cst.parse_module(text)
    finally:
        # Where several threads parse, the others go on with nodes that are checked.
        cst.CSTNode.__post_init__ = _checked  # type: ignore[method-assign]


def _unchecked(_: cst.CSTNode) -> None: ...


def _hash_as_objects() -> None:
    """Nodes are equal only to themselves, and hash by that: as objects do, but in Python."""
    # Each kind of node has this as its own, not as one that it inherits.
    for kind in vars(cst).values():
        # Not `issubclass`: it asks all subclasses of each abstract class, which takes some milliseconds.
        if isinstance(kind, type) and cst.CSTNode in kind.__mro__:
            kind.__hash__ = object.__hash__  # type: ignore[assignment,method-assign]


_hash_as_objects()
