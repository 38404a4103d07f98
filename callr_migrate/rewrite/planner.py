"""Which calls can change, and together with what: decided for the whole project, then written.

Whatever stands against one call may stand against others (a shared answer, a handler, a client that cannot be
split), so refusals spread until nothing changes any more. Only what is left is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.detect.doubles import Double, find_doubles, stand_ins
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import dotted_name
from callr_migrate.evaluate.values import ClassValue, Client, InstanceValue, ModuleValue, Ref
from callr_migrate.pack.declared import is_declared
from callr_migrate.pack.model import Target
from callr_migrate.records import dataclass
from callr_migrate.rewrite.answers import Answers, AnswerUse
from callr_migrate.rewrite.carriers import Carriers
from callr_migrate.rewrite.clients import construction
from callr_migrate.rewrite.constants import Constants
from callr_migrate.rewrite.coverage import Coverage
from callr_migrate.rewrite.handlers import Handler, Handlers
from callr_migrate.rewrite.mentions import Mention, find_mentions
from callr_migrate.rewrite.request import PathValue, Refusal
from callr_migrate.rewrite.state import CallState, ClientState, RewriteOptions
from callr_migrate.rewrite.traps import copied_clients, tried_again
from callr_migrate.rewrite.uses import ClientUses, Flows, loads

CLIENT = "CLR601"
HANDLER = "CLR602"
_AGAIN = (
    "it is tried again when it fails; the new client gives up waiting where the old one did not, so the first try may "
    "have worked"
)


@dataclass
class Plan:
    """The outcome for the project."""

    calls: list[CallState]
    clients: list[ClientState]
    handlers: list[Handler]
    answers: list[AnswerUse]
    mentions: list[Mention] = field(default_factory=list)
    doubles: list[Double] = field(default_factory=list)
    receivers: dict[cst.CSTNode, str] = field(default_factory=dict)  # call -> text of its new receiver
    imported: list[tuple[Module, cst.ImportAlias, str]] = field(
        default_factory=list
    )  # further names to import

    def client(self, ref: Ref | None) -> ClientState | None:
        """The state of a construction."""
        return next((client for client in self.clients if client.ref == ref), None)


class Planner:
    """Decides for all modules at once. `may_change` says whether a module's file may be edited."""

    def __init__(
        self,
        evaluator: Evaluator,
        modules: Sequence[Module],
        states: list[CallState],
        options: RewriteOptions,
        may_change: Callable[[Module], bool],
    ) -> None:
        self.evaluator = evaluator
        self.pack = evaluator.pack
        self.modules = modules
        self.options = options
        self.target: Target = self.pack.targets[options.target]
        self.may_change = may_change
        self.states = states
        self.by_node: dict[cst.CSTNode, CallState] = {state.call.node: state for state in states}
        self.plan = Plan(states, [], [], [])
        self._clients: dict[Ref, ClientState] = {}
        self._tried: set[cst.CSTNode] = set()

    def run(self) -> Plan:
        """Plan everything."""
        self._collect_clients()
        if self.plan.clients and not self.target.copied:
            for ref, why in copied_clients(self.evaluator, self.modules).items():
                client = self._clients.get(ref)
                if client is not None and client.refusal is None:
                    client.refusal = why
        self._collect_uses()
        self._collect_errors()
        for state in self.states:
            self._first_look(state)
        for mention in self.plan.mentions:
            reason = mention.reason
            if reason is None and not self.may_change(mention.module):
                reason = f"{mention.module.path.name} names its errors, and is not to be changed"
            if reason is None:
                reason = self._why_not(mention.module, HANDLER, mention.module.span(mention.node))
            if reason is not None:
                for node in mention.covered:
                    self.by_node[node].refuse(reason)
        while self._spread():
            pass
        for client in self.plan.clients:
            client.split = client.rewritten and bool(
                client.keeps or any(not call.rewritten for call in client.calls)
            )
        return self.plan

    # Collecting

    def _collect_clients(self) -> None:
        for module in self.modules:
            for node in module.calls:
                made = [
                    option
                    for option in self.evaluator.evaluate(module, node).options()
                    if isinstance(option, Client)
                    and option.made_at is not None
                    and option.made_at.node is node
                ]
                # Where it may be of one of two libraries, the same one counts in each run.
                for option in sorted(made, key=lambda option: option.surface):
                    # What holds a wrapper of the user's own is no client to be replaced.
                    if option.made_at is not None and not is_declared(option.surface):
                        self._client(option.made_at, option.surface)
        for state in self.states:
            for client in state.call.clients:
                if client.made_at is not None:
                    self._client(client.made_at, client.surface).calls.append(state)

    def _client(self, ref: Ref, surface: str) -> ClientState:
        known = self._clients.get(ref)
        if known is None:
            try:
                made, refusal = construction(self.evaluator, ref, self.pack.surfaces[surface]), None
            except Refusal as error:
                made, refusal = None, error.reason
            if refusal is None and not self.may_change(ref.module):
                refusal = "the file in which the client is made is not to be changed"
            if refusal is None and not self.pack.surfaces[surface].rewritable:
                refusal = "clients of this kind are not rewritten"
            if refusal is None:
                refusal = self._why_not(ref.module, CLIENT, ref.module.span(ref.node))
            known = ClientState(ref, self.pack.surfaces[surface], made, refusal)
            self._clients[ref] = known
            self.plan.clients.append(known)
        return known

    def _collect_uses(self) -> None:
        if not self.states and not self.plan.clients:
            return
        legacy = set(self.by_node)
        carriers = Carriers(self.evaluator)
        constants = Constants(carriers)
        taken = {
            part.key: (state, part)
            for state in self.states
            for part in (state.plan.path if state.plan is not None else ())
            if isinstance(part, PathValue) and part.key is not None
        }
        for module in self.modules:
            reads = list(loads(module))
            self.plan.answers += Answers(carriers, constants, module, reads, legacy).found
            for use in self.plan.answers if taken else ():
                if use.place in taken:
                    self._take(use, *taken[use.place])  # type: ignore[index]
            for ref, found in ClientUses(Flows(self.evaluator, module), reads, legacy).found.items():
                client = self._clients.get(ref)
                if client is not None:
                    client.uses += found
                    client.keeps += [use.reason for use in found]
        self.plan.answers += constants.named

    def _take(self, use: AnswerUse, state: CallState, part: PathValue) -> None:
        """The key of an answer whose other field goes to a call."""
        assert part.key is not None
        if part.taken is None:
            return
        use.handed_to = state.call.node
        use.blocked = None
        use.message = f"v2 wants `{part.taken}` here"
        use.replacements = [(use.module.span(part.key), f"{part.key.quote}{part.taken}{part.key.quote}")]

    def _collect_errors(self) -> None:
        """What handles the calls' errors, runs them again, or stands in for their client."""
        coverage = Coverage(self.evaluator, {state.call.node: state.call.module for state in self.states})
        handlers = Handlers(self.evaluator, self.target, coverage)
        for module in self.modules:
            self._tried |= tried_again(coverage, module)
            found = handlers.of(module)
            for handler in found:
                if not handler.named and (
                    not self.may_change(module) or self._why_not(module, HANDLER, handler.span) is not None
                ):
                    handler.uses = []
            self.plan.handlers += found
            self.plan.doubles += find_doubles(self.evaluator, module)
        known = {double.node for double in self.plan.doubles}
        fakes = stand_ins(self.evaluator, [state.call for state in self.states])
        self.plan.doubles += [double for double in fakes if double.node not in known]
        guarded: dict[cst.CSTNode, set[cst.CSTNode]] = {}
        for handler in self.plan.handlers:
            for _, node in handler.tuples:
                guarded.setdefault(node, set()).update(handler.covered)
        for module in self.modules if handlers.is_named(self.evaluator.project.modules) else ():
            self.plan.mentions += find_mentions(handlers, coverage, module, guarded)

    # Refusals

    def _first_look(self, state: CallState) -> None:
        call = state.call
        if not self.may_change(call.module):
            state.refuse("the file is not to be changed")
        left_out = self._why_not(call.module, state.code, call.module.span(call.node))
        if left_out is not None:
            state.refuse(left_out)
        if call.receiver is None and state.post is None:
            state.refuse("the call goes through a stored bound method; call it on the client itself")
        if call.mixed:
            state.refuse("the receiver can also be something else than the legacy client")
        if any(client.made_at is None for client in call.clients):
            state.refuse(
                "where this client is made is not seen: it comes in from outside, or its class inherits from the SDK's"
            )
        for client in self._clients_of(call):
            if client.refusal is not None:
                where = f"{client.module.path.name}:{client.line}"
                state.refuse(f"its client ({where}) cannot be replaced: {client.refusal}")
        if state.plan is not None and state.used:
            result = state.plan.result
            if not (result.object or result.legacy_value or result.success):
                why = f" {result.note}" if result.note else ""
                state.refuse(f"the answer is used, and the shape of the v2 answer is not known.{why}")
        if state.plan is not None and self.plan.doubles and state.post is None:
            double = self.plan.doubles[0]
            told = f"{double.module.path.name}:{double.line} replaces the legacy client, and would not reach the new one"
            if told not in state.doubts:
                state.doubts.append(told)
        if state.plan is not None and state.plan.request.verb == "POST" and call.node in self._tried:
            if _AGAIN not in state.doubts:
                state.doubts.append(_AGAIN)

    def _clients_of(self, call: LegacyCall) -> list[ClientState]:
        return [self._clients[client.made_at] for client in call.clients if client.made_at in self._clients]

    def _why_not(self, module: Module, code: str, span: Span) -> str | None:
        return self.options.why_not(module.source, code, *span)

    def _spread(self) -> bool:
        """One round; True if something was refused."""
        changed = False
        for state in self.states:
            changed |= state.rewritten and self._spread_options(state)
        for use in self.plan.answers:
            changed |= self._spread_answer(use)
        for handler in self.plan.handlers:
            changed |= self._spread_handler(handler)
        for client in self.plan.clients:
            changed |= self._spread_client(client)
        return changed

    def _spread_options(self, state: CallState) -> bool:
        """A dict of options that is made elsewhere changes for all calls that are given it, or for none."""
        assert state.plan is not None
        for moved in state.plan.moved:
            if not self.may_change(moved.module):
                return state.refuse(
                    f"its options are made in {moved.module.path.name}, which is not to be changed"
                )
        for node in state.plan.sharing:
            other = self.by_node.get(node)
            if other is not None and not other.rewritten:
                return state.refuse(
                    f"its options are also given to a call that stays legacy (line {other.line})"
                )
        return False

    def _spread_answer(self, use: AnswerUse) -> bool:
        states = [self.by_node[ref.node] for ref in use.calls if ref.node in self.by_node]
        reason = use.blocked
        if reason is None and use.replacements and not self.may_change(use.module):
            reason = f"its answer is used in {use.module.path.name}, which is not to be changed"
        if reason is None and use.replacements:
            left_out = self._why_not(use.module, use.code, use.span)
            if left_out is not None:
                line = use.module.source.position(use.module.span(use.node)[0]).line
                reason = f"its answer is used in line {line}, and {left_out}"
        if reason is None and use.handed_to is not None:
            receiver = self.by_node.get(use.handed_to)
            if receiver is not None and not receiver.rewritten:
                what = "a date of its answer" if use.dated else "its identifier"
                reason = f"{what} goes to a call that stays legacy (line {receiver.line}), which wants {'it in the old form' if use.dated else 'it in upper case'}"
            elif receiver is not None and use.dated and not receiver.converts(use.node):
                reason = f"a date of its answer goes into line {receiver.line} as a text"
        if (
            reason is None
            and (use.together or (use.replacements and not use.either))
            and not all(state.rewritten for state in states)
        ):
            other = next(state for state in states if not state.rewritten)
            reason = f"its answer shares code with that of a call that stays legacy (line {other.line})"
        if reason is None:
            return False
        # Each of them, so no short cut.
        return sum(state.refuse(reason) for state in states) > 0

    def _spread_handler(self, handler: Handler) -> bool:
        reason = handler.blocked
        if reason is None and handler.named and not self.may_change(handler.module):
            reason = "the file is not to be changed"
        if reason is None and handler.named:
            reason = self._why_not(handler.module, HANDLER, handler.span)
        if reason is None:
            return False
        line = handler.module.source.position(handler.module.span(handler.node)[0]).line
        where = f"{handler.module.path.name}:{line}"
        told = f"the handler of its errors ({where}) cannot be rewritten: {reason}"
        return sum(self.by_node[node].refuse(told) for node in handler.covered if node in self.by_node) > 0

    def _spread_client(self, client: ClientState) -> bool:
        rewritten = [state for state in client.calls if state.rewritten]
        if not rewritten:
            return False
        staying = [state for state in client.calls if not state.rewritten]
        if not client.keeps and not staying:
            return False
        # The legacy client stays for some uses, so the new one needs a name of its own.
        why = client.keeps[0] if client.keeps else f"line {staying[0].line} stays legacy"
        made = client.made
        changed = False
        if made is None or made.assign is None or self._stands_alone(client):
            for state in rewritten:
                changed |= state.refuse(
                    f"the legacy client is still needed ({why}), and no second one can stand beside it"
                )
            return changed
        if client.new_name is None:
            client.new_name = self._fresh_name(made.name)
        for state in rewritten:
            receiver = self._renamed(state.call, client)
            if receiver is None:
                changed |= state.refuse(
                    f"the legacy client is still needed ({why}), and this call reaches it under another name"
                )
            else:
                self.plan.receivers[state.call.node] = receiver
        return changed

    def _stands_alone(self, client: ClientState) -> bool:
        """Whether a second name beside the client's would need a declaration: `global`, `nonlocal`, `__slots__`."""
        made = client.made
        assert made is not None
        scope = made.module.scope_of(made.node)
        if isinstance(made.target, cst.Name):
            return made.name in scope.outer
        return any(
            "__slots__" in made.module.scope_opened_by(node).bindings
            for node in made.module.ancestors(made.node)
            if isinstance(node, cst.ClassDef)
        )

    def _fresh_name(self, name: str) -> str:
        taken = {word.value for module in self.modules for word in module.names if isinstance(word, cst.Name)}
        number = 2
        while any(word.startswith(f"{name}_v{number}") for word in taken):
            number += 1
        return f"{name}_v{number}"

    def _renamed(self, call: LegacyCall, client: ClientState) -> str | None:
        """The receiver's text with the new client's name, or None if the receiver is not the assigned name."""
        made, receiver, module = client.made, call.receiver, call.module
        assert made is not None
        assert client.new_name is not None
        if len(call.clients) > 1:
            return None
        if isinstance(receiver, cst.Attribute):
            if receiver.attr.value != made.name or not self._same_owner(module, receiver.value, client):
                return None
            text = module.text_of(receiver)
            return text[: len(text) - len(made.name)] + client.new_name
        if not isinstance(receiver, cst.Name) or not isinstance(made.target, cst.Name):
            return None
        _, bindings = self.evaluator.bindings_of(module, receiver)
        if module is made.module:
            own = all(binding.node is made.target or _is_none(binding) for binding in bindings)
            return client.new_name if own and receiver.value == made.name else None
        if len(bindings) == 1 and isinstance(bindings[0].node, cst.ImportAlias):
            alias = bindings[0].node
            if (
                alias.asname is None
                and receiver.value == made.name
                and self.may_change(module)
                and self._gives_both(module, alias, client)
            ):
                entry = (module, alias, client.new_name)
                if entry not in self.plan.imported:
                    self.plan.imported.append(entry)
                return client.new_name
        return None

    def _gives_both(self, module: Module, alias: cst.ImportAlias, client: ClientState) -> bool:
        """Whether the new name can be imported wherever the old one can: from where both are always made."""
        made = client.made
        statement = module.parent(alias)
        assert made is not None
        if not isinstance(statement, cst.ImportFrom):
            return False
        dotted = dotted_name(statement.module) or ""
        found = self.evaluator.project.find(dotted, module, len(statement.relative))
        bindings = made.module.scope.bindings.get(made.name, [])
        return (
            found is not None
            and self.evaluator.project.world.resolved(found) == made.module.real
            and all(binding.node is made.target for binding in bindings)
        )

    def _same_owner(self, module: Module, owner: cst.BaseExpression, client: ClientState) -> bool:
        """Whether `owner.name` is the very attribute that the client is assigned to, and no further name for it."""
        made = client.made
        assert made is not None
        home = made.module
        scope = home.scope_of(made.node)
        if isinstance(made.target, cst.Attribute):
            values = list(self.evaluator.evaluate(home, made.target.value).options())
        elif scope is home.scope:
            values = [ModuleValue(home)]
        elif scope.is_class:
            values = [ClassValue(Ref(home, scope.node))]
        else:
            return False
        wanted = {value.of if isinstance(value, InstanceValue) else value for value in values}
        for option in self.evaluator.evaluate(module, owner).options():
            value = option.of if isinstance(option, InstanceValue) else option
            family = self.evaluator.mro(value) if isinstance(value, ClassValue) else [value]
            if not wanted.intersection(family):
                return False
        return True


def _is_none(binding: object) -> bool:
    value = getattr(binding, "value", None)
    return isinstance(value, cst.Name) and value.value == "None"
