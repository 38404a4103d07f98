"""Values that are computed once, also where they lean on themselves, and not for ever."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import libcst as cst

from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.values import Exhausted, Recursion, Unknown, Value, union

# A machine-made expression ends in `Unknown` instead of taking the run down.
_MAX_DEPTH = 300
_MAX_STEPS = 20_000
_MIN_STEPS = 1_000

NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class _OutOfBudgetError(Exception):
    """An expression takes too many steps; caught where its evaluation began."""


class Settling:
    """Keeps values by what they belong to."""

    def __init__(self) -> None:
        self._memo: dict[Hashable, Value] = {}
        self._open: dict[Hashable, int] = {}  # what is being evaluated -> how deep
        self._hits = 0  # which of these depths were met again, as bits
        self._passing: dict[
            Hashable, tuple[Value, int]
        ] = {}  # values that lean on what is open at these depths
        self._leaning: list[list[Hashable]] = []  # by depth: what is forgotten when it closes
        self._steps = 0
        self._budget = _MAX_STEPS

    def settled(
        self, key: Hashable, module: Module, node: NodeT, compute: Callable[[Module, NodeT], Value]
    ) -> Value:
        """A value that is computed once; `key` tells what, where a node stands for more than one."""
        known = self._memo.get(key)
        if known is not None:
            return known
        passing = self._passing.get(key)
        if passing is not None:
            self._hits |= passing[1]
            return passing[0]
        depth = len(self._open)
        if key in self._open:
            self._hits |= 1 << self._open[key]
            return Recursion(f"`{short(module, node)}` depends on itself", key)
        if depth == 0:
            self._steps = 0
        self._steps += 1
        if self._steps > self._budget:
            raise _OutOfBudgetError
        if depth >= _MAX_DEPTH:
            return self._exhausted(module, node, depth)
        return self._computed(key, module, node, compute)

    def _computed(
        self, key: Hashable, module: Module, node: NodeT, compute: Callable[[Module, NodeT], Value]
    ) -> Value:
        depth = len(self._open)
        self._open[key] = depth
        self._leaning.append([])
        outer, self._hits = self._hits, 0
        try:
            value = _without_itself(compute(module, node), key)
        except (RecursionError, _OutOfBudgetError):
            value = self._exhausted(module, node, depth)
            if depth:
                # It would run into the same again, from wherever it is asked for.
                self._memo[key] = value
                raise
            # Code that does this once does it all over; the whole run must stay bounded, too.
            self._budget = max(_MIN_STEPS, self._budget // 2)
        finally:
            del self._open[key]
            for leaning in self._leaning.pop():
                self._passing.pop(leaning, None)
        # What leans on something that is still open is passing: it holds until the first of these is closed.
        below = self._hits & ((1 << depth) - 1)
        if below:
            self._passing[key] = value, below
            self._leaning[below.bit_length() - 1].append(key)
        else:
            self._memo[key] = value
        self._hits = outer | below
        return value

    def _exhausted(self, module: Module, node: cst.CSTNode, depth: int) -> Unknown:
        # Whatever leans on this would be told better from the start.
        self._hits |= (1 << depth) - 1
        return Exhausted(f"`{short(module, node)}` is too involved to follow (the analysis budget ran out)")


def _without_itself(value: Value, key: Hashable) -> Value:
    """Drop the alternatives in which an expression is only itself again."""
    options = list(value.options())
    kept = [option for option in options if not (isinstance(option, Recursion) and option.key == key)]
    if len(kept) == len(options):
        return value
    return union(kept) if kept else Unknown(next(o.reason for o in options if isinstance(o, Recursion)))


def short(module: Module, node: cst.CSTNode) -> str:
    """The source of a node, short enough for one line of a message; literals are masked by the renderer."""
    # What is read out of a string annotation has no place of its own.
    source = module.text_of(node) if node in module.spans else cst.Module([]).code_for_node(node)
    text = " ".join(source.split())
    return text if len(text) <= 40 else text[:37] + "..."
