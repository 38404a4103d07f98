"""libcst's nodes without what they do in Python and nobody here needs: a fifth of the parse, and each look-up by node.

All trees come from libcst's parser, so checking each node as it is made (whether its white space may stand there)
finds nothing; and nodes are equal only to themselves, which is what objects hash by anyway.
"""

from __future__ import annotations

import libcst as cst


def lighten() -> None:
    """Take both away, in this process."""
    cst.CSTNode.__post_init__ = _unchecked  # type: ignore[assignment,method-assign]
    # Each kind of node has this as its own, not as one that it inherits.
    for kind in vars(cst).values():
        # Not `issubclass`: it asks all subclasses of each abstract class, which takes some milliseconds.
        if isinstance(kind, type) and cst.CSTNode in kind.__mro__:
            kind.__hash__ = object.__hash__  # type: ignore[assignment,method-assign]


def _unchecked(_: cst.CSTNode) -> None: ...
