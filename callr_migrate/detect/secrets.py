"""Literal credentials: where they stand in the source, so that no output shows them.

What a client is made with counts, wherever it was written; so does what the names around a literal call a credential,
an address with a password in it, and every other place where one of these is written again. Too much is hidden rather
than too little: all that it costs is a less telling excerpt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal, text_value
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Constant, Ref
from callr_migrate.findings import Finding
from callr_migrate.patterns import regex
from callr_migrate.records import replace
from callr_migrate.secret_text import (
    IN_ADDRESS,
    Credentials,
    Values,
    in_comment,
    is_credential_name,
    without,
)

# Their first argument names a thing and is none.
_LOOKUPS = regex(r"(?i)^(get|read|load|fetch|find|require|ask|prompt|input|env|config|setdefault|pop)")
_HEADER = regex(r"(?i)^(?:basic|bearer)\s+\S")

_Text = cst.SimpleString | cst.ConcatenatedString | cst.FormattedString
_ASSIGNING = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.NamedExpr)
# A literal in these, and in no name's reach, is given to nothing.
_ENDING = (cst.Subscript, cst.Lambda, cst.Expr, cst.Raise, cst.Assert, cst.ClassDef, cst.Decorator)
# All that `_named_by` has something to say of. By type: to ask an abstract base takes longer.
_NAMING = frozenset(
    {
        cst.Arg,
        cst.Call,
        cst.DictElement,
        cst.Param,
        cst.Comparison,
        cst.FunctionDef,
        *_ASSIGNING,
        *_ENDING,
    }
)


class Secrets:
    """The literal credentials of a project's modules."""

    def __init__(
        self,
        evaluator: Evaluator,
        clients: Iterable[Ref],
        calls: Iterable[LegacyCall],
        known: Credentials | None = None,
    ) -> None:
        """`clients` are the constructions of legacy clients, `known` what other parts of the project are given."""
        known = known or Credentials()
        self.evaluator = evaluator
        self.legacy = {call.node for call in calls}
        self.given: dict[Module, set[cst.CSTNode]] = {}
        self.values: set[str] = set(known.of_clients)
        for client in clients:
            for ref in self.of_client(client):
                self._give(ref)
        self.of_clients = frozenset(self.values)
        self.values |= known.of_calls
        for call in calls:
            for ref in self._named_parameters(call):
                self._give(ref)
        self._spans: dict[Module, tuple[Span, ...]] = {}
        self._literals: dict[Module, dict[Span, cst.CSTNode]] = {}
        self._texts: dict[Module, dict[Span, set[str]]] = {}
        self._values: dict[Module, Values] = {}

    @property
    def credentials(self) -> Credentials:
        """What clients and calls are given, for other parts of the project."""
        return Credentials(self.of_clients, frozenset(self.values - self.of_clients))

    def of_client(self, client: Ref) -> list[Ref]:
        """The literals that a client is, or may be, made with, wherever they were written."""
        assert isinstance(client.node, cst.Call)
        return [ref for arg in client.node.args for ref in self.literals(client.module, arg.value)]

    def of_module(self, module: Module) -> tuple[Span, ...]:
        """All places of a module that no output may show, sorted."""
        found = self._spans.get(module)
        if found is None:
            found = self._spans[module] = tuple(sorted(set(self._all(module))))
        return found

    def inside(self, module: Module, place: Span) -> set[str]:
        """The literal credentials that stand inside of a place, as their values."""
        spans = self.of_module(module)
        inside = spans[bisect_left(spans, (place[0], place[0])) : bisect_left(spans, (place[1], place[1]))]
        if not inside:
            return set()
        texts = self._shown(module)
        return set().union(*(texts[span] for span in inside if span in texts))

    def kept_from(self, finding: Finding, module: Module) -> Finding:
        """The finding without the credentials of its module, and with the places of all of them."""
        spans = self.of_module(module)
        values = self._values[module]
        if not values and spans == finding.secrets:
            return finding

        def clean(text: str | None) -> str | None:
            return text and without(text, values)

        method = finding.method and ("***" if values.are_in(finding.method) else finding.method)
        return replace(
            finding,
            secrets=spans,
            message=without(finding.message, values),
            method=method,
            reason=clean(finding.reason),
            help=clean(finding.help),
            becomes=clean(finding.becomes),
        )

    def holds(self, module: Module, text: str) -> bool:
        """Whether a credential of the module stands in a text."""
        self.of_module(module)
        return text in self.values or self._values[module].are_in(text)

    def sent_with(self, call: LegacyCall) -> list[Ref]:
        """The literal credentials that a call has as arguments, in source order."""
        start, end = call.module.span(_sending(call))
        named = self._named(call.module)
        spans = list(named)
        inside = spans[bisect_left(spans, (start, start)) : bisect_left(spans, (end, end))]
        return [Ref(call.module, named[span]) for span in inside] + self._variables(call)

    def _variables(self, call: LegacyCall) -> list[Ref]:
        """The literals in what a variable holds that is handed on as a credential: `auth=AUTH`."""
        found: list[Ref] = []
        sending = _sending(call)
        for arg in sending.args if isinstance(sending, cst.Call) else ():
            if arg.keyword is None or not is_credential_name(arg.keyword.value):
                continue
            found += self.literals(call.module, arg.value)
            if isinstance(arg.value, cst.Name):
                for binding in self.evaluator.bindings_of(call.module, arg.value)[1]:
                    if isinstance(binding.value, cst.BaseExpression) and not binding.path:
                        found += [Ref(call.module, part) for part in literal_parts(binding.value)]
        return found

    def _give(self, ref: Ref) -> None:
        self.given.setdefault(ref.module, set()).add(ref.node)
        self.values.update(_values(ref.node))

    def literals(self, module: Module, node: cst.BaseExpression) -> Iterator[Ref]:
        """The texts that an expression gives, or may give, wherever they were written."""
        for part in literal_parts(node):
            if _values(part):
                yield Ref(module, part)
        for option in self.evaluator.evaluate(module, node).options():
            if isinstance(option, Constant) and option.value and isinstance(option.value, (str, bytes)):
                if option.at is not None and isinstance(option.at.node, _Text):
                    yield option.at

    def _named_parameters(self, call: LegacyCall) -> Iterator[Ref]:
        for param, argument in zip(
            call.rule.params or () if call.rule else (), call.bound.arguments or (), strict=False
        ):
            if is_credential_name(param.name):
                yield from self.literals(call.module, argument)

    # One module

    def _all(self, module: Module) -> Iterator[Span]:
        hidden = {module.span(node) for node in self.given.get(module, ())} | set(self._named(module))
        texts = self._shown(module)
        values = self.values.union(*(texts[span] for span in hidden if span in texts))
        long = self._values[module] = Values(values)
        yield from hidden
        for span, shown in texts.items() if values else ():
            if shown & values or any(map(long.are_in, shown)):
                yield span
        for span in module.comments:
            yield from in_comment(module.source.text, span, long)

    def _named(self, module: Module) -> dict[Span, cst.CSTNode]:
        """The literals that are told to be credentials where they stand, in source order."""
        found = self._literals.get(module)
        if found is None:
            texts = self._shown(module)
            spans = {module.span(node): node for node in module.strings}
            secret = [span for span, node in spans.items() if self._is_secret(module, node, texts[span])]
            found = self._literals[module] = {span: spans[span] for span in sorted(secret)}
        return found

    def _shown(self, module: Module) -> dict[Span, set[str]]:
        """What each literal of a module may stand for."""
        found = self._texts.get(module)
        if found is None:
            found = self._texts[module] = {module.span(node): _values(node) for node in module.strings}
        return found

    def _is_secret(self, module: Module, node: cst.CSTNode, values: set[str]) -> bool:
        if not values and not isinstance(node, cst.FormattedString):
            return False
        return (
            bool(IN_ADDRESS.search(module.text_of(node)))
            or any(map(_HEADER.match, values))
            or self._is_named(module, node)
        )

    def _is_named(self, module: Module, node: cst.CSTNode) -> bool:
        """Whether a name that the literal is given to calls it a credential."""
        child: cst.CSTNode = node
        for parent in module.ancestors(node):
            if type(parent) in _NAMING:
                named = _named_by(parent, child)
                if named is not None:
                    return named
                if type(parent) is cst.Call and parent in self.legacy:
                    return False
            child = parent
        return False


def _sending(call: LegacyCall) -> cst.CSTNode:
    """The call that sends; one entry of a batch stands inside of it."""
    around = (node for node in call.module.ancestors(call.node) if isinstance(node, cst.Call))
    return call.node if isinstance(call.node, cst.Call) else next(around, call.node)


def literal_parts(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The texts that an expression may give as they are: defaults, alternatives, what is only converted."""
    if isinstance(node, _Text):
        return [node]
    if isinstance(node, cst.BooleanOperation):
        return literal_parts(node.left) + literal_parts(node.right)
    if isinstance(node, cst.BinaryOperation):
        return literal_parts(node.left) + literal_parts(node.right)
    if isinstance(node, (cst.Tuple, cst.List)):
        return [part for element in node.elements for part in literal_parts(element.value)]
    if isinstance(node, cst.IfExp):
        return literal_parts(node.body) + literal_parts(node.orelse)
    if isinstance(node, cst.NamedExpr):
        return literal_parts(node.value)
    if isinstance(node, cst.Call):
        # The first argument of os.environ.get is a name; its second, the default, may be the secret itself.
        looks_up = _LOOKUPS.match(last_name(node.func) or "")
        held = [part for arg in node.args[1 if looks_up else 0 :] for part in literal_parts(arg.value)]
        return held + (literal_parts(node.func.value) if isinstance(node.func, cst.Attribute) else [])
    return []


def _named_by(parent: cst.CSTNode, child: cst.CSTNode) -> bool | None:
    """Whether `parent` gives `child` the name of a credential; None if it is further up that the name stands."""
    if isinstance(parent, cst.Arg):
        return True if parent.keyword is not None and is_credential_name(parent.keyword.value) else None
    if isinstance(parent, cst.Call):
        first = bool(parent.args) and child is parent.args[0] and parent.args[0].keyword is None
        return False if first and _LOOKUPS.match(last_name(parent.func) or "") else None
    if isinstance(parent, cst.DictElement):
        if child is parent.key:
            return False
        found, key = literal(parent.key)
        return True if found and isinstance(key, str) and is_credential_name(key) else None
    if isinstance(parent, _ASSIGNING):
        targets = (
            [each.target for each in parent.targets] if isinstance(parent, cst.Assign) else [parent.target]
        )
        named = any(map(is_credential_name, (name for target in targets for name in _names(target))))
        return True if named else None if isinstance(parent, cst.NamedExpr) else False
    if isinstance(parent, cst.Param):
        return is_credential_name(parent.name.value)
    if isinstance(parent, cst.Comparison):
        sides = [parent.left, *(each.comparator for each in parent.comparisons)]
        return any(map(is_credential_name, (name for side in sides for name in _names(side))))
    if isinstance(parent, cst.FunctionDef):
        return is_credential_name(parent.name.value)
    return False if isinstance(parent, _ENDING) else None


def _names(target: cst.CSTNode) -> Iterator[str]:
    """The names that an assignment or a comparison speaks of."""
    if isinstance(target, cst.Name):
        yield target.value
    elif isinstance(target, cst.Attribute):
        yield target.attr.value
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            yield from _names(element.value)
    elif isinstance(target, cst.Subscript):
        for part in target.slice:
            if isinstance(part.slice, cst.Index):
                found, key = literal(part.slice.value)
                if found and isinstance(key, str):
                    yield key


def _values(node: cst.CSTNode) -> set[str]:
    """What a literal may stand for, as text; the pieces of an f-string."""
    if isinstance(node, cst.FormattedString):
        return {part.value for part in node.parts if isinstance(part, cst.FormattedStringText) and part.value}
    if not isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        return set()
    value = text_value(node)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return {value} if value else set()
