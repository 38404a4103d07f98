"""CLR8xx: code that receives legacy webhooks, or subscribes to them.

Only what is known to be such a webhook counts: something whose type is compared with the names of events, in a project
that uses the service, or in a module with a mark of its webhooks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import BoundMethod, FunctionValue, Literal, constants
from callr_migrate.findings import Evidence, Fact, Finding
from callr_migrate.pack.forms import WebhookEvent, Webhooks
from callr_migrate.pack.model import ObjectField, RulePack
from callr_migrate.records import dataclass
from callr_migrate.rewrite.identifiers import FORMAT as IDENTIFIER

Owner = cst.CSTNode | None  # the function that code stands in; None for a module


@dataclass
class _Received:
    """What one function takes for a webhook: the source of the expression, and the events that it is asked for."""

    text: str
    owner: Owner
    events: list[tuple[WebhookEvent, cst.SimpleString]] = field(default_factory=list)
    foreign: bool = False  # whether it is also asked for events of somebody else


def webhook_findings(
    evaluator: Evaluator, modules: Iterable[Module], calls: Sequence[LegacyCall]
) -> Iterator[Finding]:
    """The findings of all modules."""
    pack = evaluator.pack
    rules = pack.webhooks
    if rules is None:
        return
    modules = list(modules)
    migrated = any(pack.service.base_url.value in module.source.text for module in modules)
    joined = migrated or any(_gives_identifiers(pack, call) for call in calls)
    names = [gate for surface in pack.surfaces.values() if surface.clients for gate in surface.gates]
    for call in calls:
        yield from _subscribed(evaluator, rules, call)
    nodes = frozenset(call.node for call in calls)
    for module in modules:
        marked = any(mark in module.source.text for mark in rules.marks)
        if calls or migrated or marked or any(name in module.source.text for name in names):
            reader = _Reader(evaluator, rules, module, nodes, joined=joined)
            # What several places hand to one function is told there once.
            yield from dict.fromkeys(reader.findings(marked=marked))


def _gives_identifiers(pack: RulePack, call: LegacyCall) -> bool:
    if call.rule is None:
        return False
    kind = pack.objects.get(call.rule.returns.object or "")
    fields = kind.fields.values() if kind is not None else ()
    return call.rule.returns.format == IDENTIFIER or any(each.format == IDENTIFIER for each in fields)


def _subscribed(evaluator: Evaluator, rules: Webhooks, call: LegacyCall) -> Iterator[Finding]:
    """The event that a call names, where the call's rule has a parameter for one."""
    params = call.rule.params if call.rule is not None else None
    for param, node in zip(params or (), call.bound.arguments or (), strict=False):
        table = evaluator.pack.enums.get(param.enum or "")
        if table is None or not set(table.values) & set(evaluator.pack.events):
            continue
        for constant in constants(evaluator.evaluate(call.module, node)) or ():
            event = evaluator.pack.events.get(constant.value) if isinstance(constant.value, str) else None
            if event is not None:
                yield _event_finding(evaluator.pack, rules, call.module, node, event)


def _event_finding(
    pack: RulePack, rules: Webhooks, module: Module, node: cst.BaseExpression, event: WebhookEvent
) -> Finding:
    becomes = f"is `{event.to}` in v2" if event.to else "has no known counterpart in v2"
    changes = ", ".join(_renamed(pack, event))
    return Finding(
        "CLR801",
        f"the webhook event `{event.event}` {becomes}",
        module.path,
        *module.span(node),
        facts=(Fact(f"event {event.event} -> {event.to}", event.evidence or Evidence.UNKNOWN, event.source),),
        reason=event.note or "webhooks are set up by hand, and the code goes with them",
        help=" ".join(filter(None, [rules.instead, f"In its payload: {changes}." if changes else None])),
        url=rules.source,
    )


def _renamed(pack: RulePack, event: WebhookEvent) -> Iterator[str]:
    kind = pack.objects.get(event.object or "")
    for name, rule in kind.fields.items() if kind is not None else ():
        if rule.to is not None and rule.to != name:
            yield f"`{name}` -> `{rule.to}`"


class _Reader:
    """One module."""

    def __init__(
        self,
        evaluator: Evaluator,
        rules: Webhooks,
        module: Module,
        calls: AbstractSet[cst.CSTNode],
        *,
        joined: bool,
    ) -> None:
        self.evaluator = evaluator
        self.pack = evaluator.pack
        self.rules = rules
        self.module = module
        self.calls = calls
        self.joined = joined  # whether the project also has identifiers of answers
        self.found: dict[tuple[Owner, str], _Received] = {}

    def findings(self, *, marked: bool) -> Iterator[Finding]:
        """What is known to be a webhook, and what is read of it."""
        texts = [(text, literal(text)[1]) for text in self.module.strings if type(text) is cst.SimpleString]
        if any(value == self.rules.type for _, value in texts):
            # Without the name of the field nobody asks for it.
            for text, value in texts:
                self._asked(text, value)
            for node in (*self.module.subscripts, *self.module.calls):
                self._looked_up(node)
        for received in self.found.values():
            if not received.events or (received.foreign and not marked):
                continue
            for event, node in received.events:
                yield _event_finding(self.pack, self.rules, self.module, node, event)
            yield from self._read(received)

    # Which event it is

    def _asked(self, text: cst.SimpleString, value: object) -> None:
        """Note a constant that a webhook's type is held against."""
        other = self._held_against(text)
        base = self._taken(other, self.rules.type) if other is not None else None
        if base is not None and isinstance(value, str):
            self._note(base, value, text)

    def _looked_up(self, node: cst.BaseExpression) -> None:
        """Note the keys of a table that the type of a webhook is looked up in."""
        key = _key(node)
        table = self._field(node, None, any_key=True) if key is not None else None
        base = self._taken(key, self.rules.type) if key is not None and table is not None else None
        if base is None or table is None:
            return
        for option in self.evaluator.evaluate(self.module, table).options():
            if isinstance(option, Literal) and option.ref.module is self.module:
                for element in getattr(option.ref.node, "elements", ()):
                    text = element.key if isinstance(element, cst.DictElement) else None
                    if isinstance(text, cst.SimpleString):
                        self._note(base, literal(text)[1], text)

    def _note(self, base: cst.BaseExpression, value: str, text: cst.SimpleString) -> None:
        owner = self.module.function_of(base)
        received = self.found.setdefault((owner, self._text(base)), _Received(self._text(base), owner))
        event = self.pack.events.get(value)
        if event is not None:
            received.events.append((event, text))
        elif value not in {event.to for event in self.pack.events.values()}:
            received.foreign = True

    def _held_against(self, text: cst.BaseExpression) -> cst.BaseExpression | None:
        """The value that a constant is compared with: `==`, `in`, `match`, or the key of a table."""
        parent = self.module.parent(text)
        if isinstance(parent, cst.Element):
            display = self.module.parents[parent]
            return self._held_against(display) if isinstance(display, cst.BaseExpression) else None
        if isinstance(parent, cst.Comparison) and len(parent.comparisons) == 1:
            return parent.comparisons[0].comparator
        if isinstance(parent, cst.ComparisonTarget):
            comparison = self.module.parents[parent]
            assert isinstance(comparison, cst.Comparison)
            return comparison.left if len(comparison.comparisons) == 1 else None
        if isinstance(parent, (cst.MatchValue, cst.MatchOrElement)):
            return next(
                (node.subject for node in self.module.ancestors(text) if isinstance(node, cst.Match)), None
            )
        return None

    def _taken(self, node: cst.BaseExpression, name: str) -> cst.BaseExpression | None:
        """What the field is taken of: the base of `x["name"]`, `x.get("name")`, or of a variable that holds it."""
        if isinstance(node, cst.Name):
            _, bindings = self.evaluator.bindings_of(self.module, node)
            values = [binding.value for binding in bindings]
            only = values[0] if len(values) == 1 else None
            return self._field(only, name) if isinstance(only, cst.BaseExpression) else None
        return self._field(node, name)

    def _field(
        self, node: cst.BaseExpression, name: str | None, *, any_key: bool = False
    ) -> cst.BaseExpression | None:
        """What a field is taken of; `name`: this field only."""
        key = _key(node)
        if key is None or (name and literal(key)[1] != name):
            return None
        if not any_key and not isinstance(key, cst.SimpleString):
            return None
        if isinstance(node, cst.Subscript):
            return node.value
        return (
            node.func.value if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) else None
        )

    def _text(self, node: cst.CSTNode) -> str:
        return "".join(self.module.text_of(node).split())

    # What is read of it

    def _read(self, received: _Received) -> Iterator[Finding]:
        envelope = self.pack.objects[self.rules.envelope]
        inner = set()
        for node in self._fields_of({received.text}, received.owner):
            name = literal(_key(node) or node)[1]
            if name == self.rules.data:
                inner |= {self._text(node), *self._names(node)}
            rule = envelope.fields.get(name)
            if rule is not None and rule.to is not None and rule.to != name:
                told = f"`{name}` of a webhook is `{rule.to}` in v2"
                yield self._finding("CLR802", told, node, envelope.object, name, rule)
        for node in self._fields_of(inner, received.owner):
            yield from self._payload(self._events_at(received, node), node)
        yield from self._handed_on(received, inner)

    def _handed_on(self, received: _Received, inner: set[str]) -> Iterator[Finding]:
        """What a function of the project reads that is given the payload."""
        for call in self.module.calls if inner else ():
            for index, arg in enumerate(call.args):
                if self._text(arg.value) not in inner or self.module.function_of(call) is not received.owner:
                    continue
                events = self._events_at(received, call)
                for option in self.evaluator.evaluate(self.module, call.func).options():
                    bound = isinstance(option, BoundMethod)
                    function = option.function if isinstance(option, BoundMethod) else option
                    if isinstance(function, FunctionValue) and isinstance(function.ref.node, cst.FunctionDef):
                        name = _parameter(function.ref.node, arg, index + bound)
                        home = _Reader(
                            self.evaluator,
                            self.rules,
                            function.ref.module,
                            self.calls,
                            joined=self.joined,
                        )
                        for node in home._fields_of({name} if name else set(), function.ref.node):
                            yield from home._payload(events, node)

    def _fields_of(self, texts: set[str], owner: Owner) -> list[cst.BaseExpression]:
        """The fields with literal names that are taken of one of these expressions in a function."""
        nodes: list[cst.BaseExpression] = [*self.module.subscripts, *self.module.calls]
        found = []
        for node in nodes:
            base = self._field(node, None)
            if base is not None and self._text(base) in texts and self.module.function_of(node) is owner:
                found.append(node)
        return found

    def _names(self, node: cst.BaseExpression) -> Iterator[str]:
        """The variable that an expression is assigned to."""
        parent = self.module.parent(node)
        if isinstance(parent, cst.Assign):
            for target in parent.targets:
                if isinstance(target.target, cst.Name):
                    yield target.target.value

    def _payload(self, events: list[WebhookEvent], node: cst.BaseExpression) -> Iterator[Finding]:
        kinds = {event.object for event in events}
        kind = self.pack.objects.get(next(iter(kinds)) or "") if len(kinds) == 1 else None
        name = literal(_key(node) or node)[1]
        if kind is None or not isinstance(name, str):
            return
        named = f"`{name}` of {kind.object}"
        where = " and ".join(dict.fromkeys(f"`{event.to}`" for event in events))
        rule = kind.fields.get(name)
        if rule is None:
            return
        if rule.format == IDENTIFIER and rule.to is not None and self.joined and not self._is_argument(node):
            told = (
                f"{named} is in capitals here as long as the webhook is one of v1, and REST answers in lower case; "
                f"it is `{rule.to}` in {where}"
            )
            yield self._finding("CLR803", told, node, kind.object, name, rule)
        elif rule.amount is not None:
            yield self._finding("CLR802", f"{named} is {rule.amount.told}", node, kind.object, name, rule)
        elif rule.to is None:
            told = f"{named} has no known counterpart in {where}: {rule.manual}"
            yield self._finding("CLR802", told, node, kind.object, name, rule)
        else:
            changes = [f"is `{rule.to}`"] if rule.to != name else []
            changes += ["has other constants"] if rule.enum is not None else []
            changes += ["is in RFC 3339"] if (rule.format or "").startswith("date") else []
            if changes:
                told = f"{named} {' and '.join(changes)} in {where}"
                yield self._finding("CLR802", told, node, kind.object, name, rule)

    def _is_argument(self, node: cst.CSTNode) -> bool:
        """Whether the value goes to a legacy call, whose rewrite lowers it."""
        arg = self.module.parent(node)
        return isinstance(arg, cst.Arg) and self.module.parent(arg) in self.calls

    def _events_at(self, received: _Received, node: cst.CSTNode) -> list[WebhookEvent]:
        """The events that it can be at a place: those of the `if` or `case` around it, else all that are asked for."""
        inside = set(self.module.ancestors(node))
        here = []
        for event, text in received.events:
            branch = next(
                (each for each in self.module.ancestors(text) if isinstance(each, (cst.If, cst.MatchCase))),
                None,
            )
            if branch is not None and branch.body in inside:
                here.append(event)
        return here or [event for event, _ in received.events]

    def _finding(
        self, code: str, message: str, node: cst.BaseExpression, kind: str, name: str, rule: ObjectField
    ) -> Finding:
        key = _key(node)
        fact = Fact(
            f"{kind}.{name} -> {rule.to or 'unknown'}", rule.evidence or Evidence.UNKNOWN, rule.source
        )
        return Finding(
            code,
            message,
            self.module.path,
            *self.module.span(key if key is not None else node),
            facts=(fact,),
            reason="webhooks are set up by hand, and the code goes with them",
            help=self.rules.instead
            if code == "CLR802"
            else "Lower it before it is compared, stored or looked up together with identifiers of REST answers.",
            url=self.rules.source,
        )


def _parameter(function: cst.FunctionDef, arg: cst.Arg, index: int) -> str | None:
    """The parameter that takes an argument."""
    if arg.keyword is not None:
        return arg.keyword.value
    params = [*function.params.posonly_params, *function.params.params]
    return params[index].name.value if not arg.star and index < len(params) else None


def _key(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The key of `x[key]` or `x.get(key)`."""
    if isinstance(node, cst.Subscript):
        element = node.slice[0].slice if len(node.slice) == 1 else None
        return element.value if isinstance(element, cst.Index) else None
    if (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "get"
        and node.args
        and not node.args[0].star
        and node.args[0].keyword is None
    ):
        return node.args[0].value
    return None
