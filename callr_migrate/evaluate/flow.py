"""Which bindings of a name can a use of it see? The statements of one scope are walked in the order they run.

A state is the set of bindings that may hold; None in it says that the name may have no value yet. Whatever is not
certain (how often a loop runs, where an exception leaves a block) makes the set larger, never smaller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import libcst as cst

from callr_migrate.evaluate.module import Binding, Module, Scope

State = frozenset[Binding | None]

_NOTHING: State = frozenset()
_DEFINITIONS = (cst.FunctionDef, cst.ClassDef)
_JUMPS = (cst.Return, cst.Raise, cst.Break, cst.Continue)
# Loops nest; each is walked until nothing changes, so the work doubles with each level.
_EXACT_LOOPS = 4
# Parts of an expression that may be skipped, or may run several times.
_CONDITIONAL = (
    cst.BooleanOperation,
    cst.IfExp,
    cst.Lambda,
    cst.Comparison,
    cst.GeneratorExp,
    cst.ListComp,
    cst.SetComp,
    cst.DictComp,
)


class Flow:
    """One name in one scope. `at_end` is what holds when the scope's code has run."""

    def __init__(self, module: Module, scope: Scope, name: str) -> None:
        self.module = module
        self.scope = scope
        self.seen: dict[cst.CSTNode, State] = {}
        self.foreign: State = _NOTHING  # set elsewhere (`global`, `nonlocal`), so at any time
        self._events: dict[cst.CSTNode, list[tuple[cst.CSTNode, Binding | None]]] = defaultdict(list)
        self._statements: dict[cst.CSTNode, set[cst.CSTNode]] = defaultdict(set)
        self._collectors: list[set[Binding | None]] = []
        self._exits: list[dict[str, State]] = [{}]
        self._loops = 0
        bindings = scope.bindings.get(name, [])
        start: set[Binding | None] = set()
        for binding in bindings:
            if isinstance(binding.node, cst.Param):
                start.add(binding)
            elif binding.value is None and binding.annotation is not None:
                continue  # a mere declaration
            elif module.flow_scope(binding.node) is scope:
                self._event(binding.node, binding)
            elif binding.kind != "deleted":
                self.foreign |= {binding}
        for use in module.uses_in(scope, name):
            self._event(use, None)
        body = getattr(scope.node, "body", None)
        state: State = frozenset(start) or frozenset({None})
        if isinstance(scope.node, cst.Module):
            self.at_end = self._statements_of(scope.node, state)
        elif isinstance(body, cst.BaseSuite):
            self.at_end = self._block(body, state)
        else:
            self.at_end = state

    def at(self, use: cst.CSTNode) -> State | None:
        """The bindings that `use` can see; None if it is no use of the name in this scope."""
        return self.seen.get(use)

    # Preparation: where something happens to the name

    def _event(self, node: cst.CSTNode, binding: Binding | None) -> None:
        part, owner = node, self.module.parent(node)
        if binding is not None and node is binding.node and isinstance(node, _DEFINITIONS):
            self._place(node, owner)
            self._events[node].append((node, binding))
            return
        while owner is not None and not _is_owner(owner) and not isinstance(part, cst.BaseSmallStatement):
            part, owner = owner, self.module.parent(owner)
        self._events[part].append((node, binding))
        self._place(part, owner)

    def _place(self, child: cst.CSTNode, owner: cst.CSTNode | None) -> None:
        """Remember the way from the scope's body down to where something happens."""
        while owner is not None and owner is not self.scope.node:
            if child in self._statements[owner]:
                return
            self._statements[owner].add(child)
            child, owner = owner, self.module.parent(owner)
        if isinstance(owner, cst.Module):
            self._statements[owner].add(child)

    # Walking

    def _block(self, block: cst.BaseSuite, state: State) -> State:
        return self._statements_of(block, state)

    def _statements_of(self, block: cst.CSTNode, state: State) -> State:
        wanted = self._statements.get(block, set()).union(self.module.jumps_in(block))
        for statement in sorted(wanted, key=lambda node: self.module.span(node)[0]):
            state = self._statement(statement, state)
        return state

    def _statement(self, node: cst.CSTNode, state: State) -> State:
        if isinstance(node, cst.BaseSmallStatement):
            return self._small(node, state)
        walk = getattr(self, "_" + type(node).__name__, None)
        if walk is not None:
            result: State = walk(node, state)
            return result
        return self._statements_of(node, state)  # a line of small statements

    def _small(self, node: cst.BaseSmallStatement, state: State) -> State:
        state = self._part(node, state)
        if isinstance(node, _JUMPS):
            kind = type(node).__name__
            self._exits[-1][kind] = self._exits[-1].get(kind, _NOTHING) | state
            return _NOTHING
        return state

    def _part(self, part: cst.CSTNode, state: State) -> State:
        """The events of an expression or small statement, in order."""
        events = self._events.get(part)
        if not events:
            return state
        walruses = {binding for _, binding in events if binding and _is_walrus(self.module, binding)}
        before = state
        for node, binding in sorted(events, key=self._when):
            if binding is None:
                # Only where the walrus always runs, and first, is the old value out of sight.
                visible = state | walruses if state == before else state
                self.seen[node] = self.seen.get(node, _NOTHING) | visible
            elif binding.kind == "deleted":
                state = self._now(frozenset({None}))
            elif binding in walruses and self._is_conditional(node, part):
                state = self._now(state | {binding})
            else:
                state = self._now(frozenset({binding}))
        return state

    def _when(self, event: tuple[cst.CSTNode, Binding | None]) -> tuple[int, int, int]:
        """Targets are bound after the rest of their statement has been evaluated; a walrus after its value."""
        node, binding = event
        start = self.module.span(node)[0]
        if binding is None:
            return 0, start, 0
        if _is_walrus(self.module, binding):
            return 0, self.module.span(self.module.parents[node])[1], 1
        return 1, start, 0

    def _is_conditional(self, node: cst.CSTNode, part: cst.CSTNode) -> bool:
        child = node
        for parent in self.module.ancestors(node):
            if isinstance(parent, _CONDITIONAL) and child is not getattr(
                parent, "test" if isinstance(parent, cst.IfExp) else "left", None
            ):
                return True
            if parent is part:
                return False
            child = parent
        return False

    def _now(self, state: State) -> State:
        """The state has changed here: an exception may leave the blocks around with it."""
        for collector in self._collectors:
            collector |= state
        return state

    def _FunctionDef(self, node: cst.FunctionDef, state: State) -> State:
        return self._definition(node, state)

    def _ClassDef(self, node: cst.ClassDef, state: State) -> State:
        return self._definition(node, state)

    def _definition(self, node: cst.CSTNode, state: State) -> State:
        parts = [part for part in self._statements.get(node, ()) if not isinstance(part, cst.BaseSuite)]
        for part in sorted(parts, key=lambda part: self.module.span(part)[0]):
            state = self._part(part, state)
        return self._part(node, state)

    def _If(self, node: cst.If, state: State) -> State:
        state = self._part(node.test, state)
        return self._block(node.body, state) | self._else(node.orelse, state)

    def _else(self, node: cst.If | cst.Else | cst.Finally | None, state: State) -> State:
        if node is None:
            return state
        return self._If(node, state) if isinstance(node, cst.If) else self._block(node.body, state)

    def _For(self, node: cst.For, state: State) -> State:
        state = self._part(node.iter, state)

        def once(head: State) -> State:
            return self._block(node.body, self._part(node.target, head))

        head, broken = self._loop(node, state, once)
        return self._else(node.orelse, head) | broken

    def _While(self, node: cst.While, state: State) -> State:
        def once(head: State) -> State:
            return self._block(node.body, self._part(node.test, head))

        head, broken = self._loop(node, state, once)
        if _is_true(node.test):
            return broken
        return self._else(node.orelse, self._part(node.test, head)) | broken

    def _loop(self, node: cst.CSTNode, state: State, once: Callable[[State], State]) -> tuple[State, State]:
        """The states at the head of the loop, and at its `break`s."""
        self._loops += 1
        self._exits.append({})
        head = state
        if self._loops > _EXACT_LOOPS:
            head |= self._bound_below(node)
        while True:
            end = once(head) | self._exits[-1].get("Continue", _NOTHING)
            if end <= head:
                break
            head |= end
        exits = self._exits.pop()
        self._loops -= 1
        self._hand_on({"Return": exits.get("Return", _NOTHING), "Raise": exits.get("Raise", _NOTHING)})
        return head, exits.get("Break", _NOTHING)

    def _bound_below(self, node: cst.CSTNode) -> State:
        found: set[Binding | None] = set()
        waiting = [node]
        while waiting:
            part = waiting.pop()
            found.update(binding for _, binding in self._events.get(part, ()) if binding is not None)
            waiting += self._statements.get(part, ())
        return frozenset(binding for binding in found if binding and binding.kind != "deleted")

    def _hand_on(self, exits: dict[str, State]) -> None:
        for kind, state in exits.items():
            self._exits[-1][kind] = self._exits[-1].get(kind, _NOTHING) | state

    def _With(self, node: cst.With, state: State) -> State:
        for item in node.items:
            state = self._part(item, state)
        end, raised = self._watched(lambda: self._block(node.body, state), state)
        # A context manager may swallow what its block raises.
        return end | raised

    def _watched(self, walk: Callable[[], State], state: State) -> tuple[State, State]:
        """The end of a walk, and all states in which an exception may leave it."""
        collector: set[Binding | None] = set(state)
        self._collectors.append(collector)
        end = walk()
        self._collectors.pop()
        return end, frozenset(collector)

    def _Try(self, node: cst.Try | cst.TryStar, state: State) -> State:
        if node.finalbody is None:
            return self._handled(node, state)
        self._exits.append({})
        end, raised = self._watched(lambda: self._handled(node, state), state)
        exits = self._exits.pop()
        final = node.finalbody.body
        # Once for what an exception or a jump brings, which goes on from there; once for the ordinary way.
        self._block(final, raised)
        self._hand_on({kind: self._block(final, jumped) for kind, jumped in exits.items()})
        return self._block(final, end)

    _TryStar = _Try

    def _handled(self, node: cst.Try | cst.TryStar, state: State) -> State:
        end, raised = self._watched(lambda: self._block(node.body, state), state)
        if node.orelse is not None:
            end = self._block(node.orelse.body, end)
        for handler in node.handlers:
            entry = self._part(handler.type, raised) if handler.type is not None else raised
            if handler.name is not None:
                entry = self._part(handler.name, entry)
            left = self._block(handler.body, entry)
            bound = {binding for _, binding in self._events.get(handler.name, ())} if handler.name else set()
            # The name of the exception is taken away again.
            end |= frozenset({None}) if bound and left else left
        return end

    def _Match(self, node: cst.Match, state: State) -> State:
        state = self._part(node.subject, state)
        end: State = _NOTHING
        for case in node.cases:
            taken = self._part(case.pattern, state)
            missed = state | taken
            if case.guard is not None:
                taken = self._part(case.guard, taken)
                missed |= taken
            end |= self._block(case.body, taken)
            if case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None:
                return end
            state = missed
        return end | state


def _is_owner(node: cst.CSTNode) -> bool:
    return isinstance(
        node, (cst.BaseCompoundStatement, cst.ExceptHandler, cst.ExceptStarHandler, cst.MatchCase)
    )


def _is_walrus(module: Module, binding: Binding) -> bool:
    return isinstance(module.parent(binding.node), cst.NamedExpr)


def _is_true(node: cst.BaseExpression) -> bool:
    return (isinstance(node, cst.Name) and node.value == "True") or (
        isinstance(node, cst.Integer) and node.evaluated_value != 0
    )
