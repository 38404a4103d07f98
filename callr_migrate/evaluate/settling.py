"""Values that are computed once, also where they lean on themselves, and not for ever."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import libcst as cst

from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.values import Exhausted, Recursion, Union, Unknown, Value, union

# A machine-made expression ends in `Unknown` instead of taking the run down.
_MAX_DEPTH = 300
_MAX_STEPS = 20_000
_MIN_STEPS = 1_000

NodeT = TypeVar("NodeT", bound=cst.CSTNode)


class _OutOfBudgetError(Exception):
    """An expression takes too many steps; caught where its evaluation began."""


class _State:
    """Values by what they belong to, and what is being evaluated."""

    def __init__(self, memo: dict[Hashable, Value]) -> None:
        self.memo = memo
        self.open: dict[Hashable, int] = {}  # what is being evaluated -> how deep
        self.hits = 0  # which of these depths were met again, as bits
        self.passing: dict[
            Hashable, tuple[Value, int]
        ] = {}  # values that lean on what is open at these depths
        self.leaning: dict[int, list[Hashable]] = {}  # by depth: what is forgotten when it closes


class Settling:
    """Keeps values by what they belong to."""

    def __init__(self) -> None:
        self._lasting = self._state = _State({})
        self._memo = self._state.memo
        self.assumed: Mapping[cst.CSTNode, Value] = {}  # parameter -> what it holds, as far as one call goes
        self._steps = 0
        self._budget = _MAX_STEPS

    @contextmanager
    def assuming(self, known: Mapping[cst.CSTNode, Value]) -> Iterator[None]:
        """Evaluate as if these parameters held these values; what is found so is kept for the block alone."""
        together = {**self.assumed, **known}
        with self._within(_State(dict[Hashable, Value](together.items())), together):
            yield

    @contextmanager
    def plainly(self) -> Iterator[None]:
        """Evaluate without the assumptions around."""
        with self._within(self._lasting, {}):
            yield

    @contextmanager
    def _within(self, state: _State, assumed: Mapping[cst.CSTNode, Value]) -> Iterator[None]:
        before = self._state, self.assumed
        if not self._lasting.open and not self._state.open:
            self._steps = 0
        self._state, self._memo, self.assumed = state, state.memo, assumed
        try:
            yield
        finally:
            self._state, self.assumed = before
            self._memo = self._state.memo

    def settled(
        self, key: Hashable, module: Module, node: NodeT, compute: Callable[[Module, NodeT], Value]
    ) -> Value:
        """A value that is computed once; `key` tells what, where a node stands for more than one."""
        state = self._state
        known = state.memo.get(key)
        if known is not None:
            return known
        passing = state.passing.get(key) if state.passing else None
        if passing is not None:
            state.hits |= passing[1]
            return passing[0]
        depth = len(state.open)
        if key in state.open:
            state.hits |= 1 << state.open[key]
            return Recursion(f"`{short(module, node)}` depends on itself", key)
        if depth == 0 and not self.assumed:
            self._steps = 0
        self._steps += 1
        if self._steps > self._budget:
            raise _OutOfBudgetError
        if depth >= _MAX_DEPTH:
            return self._exhausted(state, module, node, depth)
        return self._computed(state, key, module, node, compute)

    def _computed(
        self,
        state: _State,
        key: Hashable,
        module: Module,
        node: NodeT,
        compute: Callable[[Module, NodeT], Value],
    ) -> Value:
        depth = len(state.open)
        state.open[key] = depth
        outer, state.hits = state.hits, 0
        try:
            value = _without_itself(compute(module, node), key)
        except (RecursionError, _OutOfBudgetError):
            value = self._exhausted(state, module, node, depth)
            if depth:
                # It would run into the same again, from wherever it is asked for.
                state.memo[key] = value
                raise
            # Code that does this once does it all over; the whole run must stay bounded, too.
            self._budget = max(_MIN_STEPS, self._budget // 2)
        finally:
            del state.open[key]
            for leaning in state.leaning.pop(depth, ()):
                state.passing.pop(leaning, None)
        # What leans on something that is still open is passing: it holds until the first of these is closed.
        below = state.hits & ((1 << depth) - 1)
        if below:
            state.passing[key] = value, below
            state.leaning.setdefault(below.bit_length() - 1, []).append(key)
        else:
            state.memo[key] = value
        state.hits = outer | below
        return value

    @staticmethod
    def _exhausted(state: _State, module: Module, node: cst.CSTNode, depth: int) -> Unknown:
        # Whatever leans on this would be told better from the start.
        state.hits |= (1 << depth) - 1
        return Exhausted(f"`{short(module, node)}` is too involved to follow (the analysis budget ran out)")


def _without_itself(value: Value, key: Hashable) -> Value:
    """Drop the alternatives in which an expression is only itself again."""
    if not isinstance(value, (Union, Recursion)):
        return value
    options = list(value.options())
    kept = [option for option in options if not (isinstance(option, Recursion) and option.key == key)]
    if len(kept) == len(options):
        return value
    return union(kept) if kept else Unknown(next(o.reason for o in options if isinstance(o, Recursion)))


def short(module: Module, node: cst.CSTNode) -> str:
    """The source of a node, short enough for one line of a message; literals are masked by the renderer."""
    # What is read out of a string annotation has no place of its own.
    source = module.text_of(node) if module.holds(node) else cst.Module([]).code_for_node(node)
    text = " ".join(source.split())
    return text if len(text) <= 40 else text[:37] + "..."
