"""A legacy call -> the REST request that its rule describes, or the reason why there is none.

Nothing is rendered here: a `RequestPlan` names the nodes whose text is copied, so nested calls can change first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import Constant, answers, constants
from callr_migrate.findings import Evidence, shared
from callr_migrate.pack.model import Binding, Choice, Method, Param, Request
from callr_migrate.patterns import regex
from callr_migrate.records import replace
from callr_migrate.rewrite import dates, paging
from callr_migrate.rewrite.callers import parameter_in
from callr_migrate.rewrite.date_arguments import dated, literal_branches
from callr_migrate.rewrite.effects import has_effects, is_repeatable
from callr_migrate.rewrite.options import OptionDicts
from callr_migrate.rewrite.plans import Emitted as Emitted
from callr_migrate.rewrite.plans import PathValue as PathValue
from callr_migrate.rewrite.plans import Refusal as Refusal
from callr_migrate.rewrite.plans import RequestPlan as RequestPlan
from callr_migrate.rewrite.spread import Spread, option_parts
from callr_migrate.rewrite.taken import other_key

_PLACEHOLDER = regex(r"\{(\w+)\}")
_PLAIN_SEGMENT = regex(r"[\w.~+-]+\Z", re.ASCII)


class RequestPlanner:
    """Plans requests with the evaluator's knowledge and the user's choices (choice name -> answer).

    `accepted` are the options that the user agrees to lose, `calls` all legacy calls of the project; `mentioning` gives
    a file with a word in it that is not analysed.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        choices: Mapping[str, str],
        accepted: Collection[str] = (),
        mentioning: Callable[[str], Path | None] = lambda _: None,
    ) -> None:
        self.evaluator = evaluator
        self.pack = evaluator.pack
        self.choices = choices
        self.accepted = accepted
        self.dicts = OptionDicts(evaluator, mentioning)
        self.calls: list[LegacyCall] = []

    def takers(self, rule: Method, name: str) -> dict[cst.CSTNode, cst.CSTNode]:
        """The nodes that calls of a method have as one argument, each with its call."""
        at = [param.name for param in rule.params or ()].index(name)
        return {
            call.bound.arguments[at]: call.node
            for call in self.calls
            if call.rule is rule and call.bound.arguments is not None and len(call.bound.arguments) > at
        }

    def plan(self, call: LegacyCall, rule: Method, request: Request) -> RequestPlan:
        """The request for a call; raises `Refusal`."""
        return Planning(self, call, rule, request).run()


class Planning:
    """One call being planned."""

    def __init__(self, planner: RequestPlanner, call: LegacyCall, rule: Method, request: Request) -> None:
        self.planner = planner
        self.evaluator = planner.evaluator
        self.pack = planner.pack
        self.call = call
        self.rule = rule
        self.request = request
        self.result = RequestPlan(request)
        self.arguments: dict[str, cst.BaseExpression] = {}
        self.options: dict[str, dict[str, cst.BaseExpression]] = {}
        self.used: set[str] = set()
        self.emitted: list[cst.BaseExpression] = []
        self.spreads: dict[str, Spread] = {}

    def run(self) -> RequestPlan:
        """The request; raises `Refusal`."""
        if self.call.bound.arguments is None:
            raise Refusal(self.call.bound.problem or "the arguments are not known one by one")
        if self.request.manual:
            raise Refusal(self.request.manual)
        self._bind_arguments()
        self._check_when()
        self.fact(f"{self.request.verb} {self.request.path}", self.request.evidence, self.request.source)
        if self.request.note and self.request.evidence is Evidence.CONFLICT:
            self.result.doubts.append(self.request.note)
        self._path()
        for name, binding in self.request.query.items():
            self._parameter(self.result.query, "query parameter", name, binding)
        if self.request.result.page and self.pack.pages is not None:
            paging.ask_for_most(self, self.pack.pages)
        for name, binding in self.request.json.items():
            self._parameter(self.result.json, "body field", name, binding)
        for spread in self.spreads.values():
            spread.finish()
        self._nothing_lost()
        self._order_kept()
        return self.result

    def fact(self, text: str, evidence: Evidence | None, source: str | None) -> None:
        """Note what the request leans on."""
        self.result.facts.append(shared(text, evidence or Evidence.UNKNOWN, source))

    def _bind_arguments(self) -> None:
        params = self.rule.params
        if params is None:
            raise Refusal("the parameters of this legacy method were never documented")
        for param, node in zip(params, self.call.bound.arguments or (), strict=False):
            if param.optional and self._is_none(node):
                self.no_effect(node, param.name)
                self.used.add(param.name)
                continue
            self.arguments[param.name] = node
        for param in params:
            if self._is_unfolded(param):
                self._unfold(param)

    def _is_none(self, node: cst.BaseExpression) -> bool:
        known = constants(self.evaluator.evaluate(self.call.module, node))
        return known is not None and all(constant.value is None for constant in known)

    def _is_unfolded(self, param: Param) -> bool:
        """Whether a rule takes the parameter apart by its keys."""
        if param.type != "object":
            return False
        prefix = f"${param.name}."
        bindings = [
            *self.request.path_params.values(),
            *self.request.query.values(),
            *self.request.json.values(),
        ]
        return any(
            isinstance(binding.value, str) and binding.value.startswith(prefix) for binding in bindings
        ) or any(key.startswith(f"{param.name}.") for key in self.rule.dropped)

    def _unfold(self, param: Param) -> None:
        node = self.arguments.get(param.name)
        self.options[param.name] = {}
        if node is None:
            return
        parts = option_parts(self.evaluator, self.call.module, node, param.name)
        if any(key is None for key, _ in parts):
            self.used.add(param.name)
            self.spreads[param.name] = Spread(self, param.name, parts)
            return
        for key, value in parts:
            assert key is not None
            if key in self.options[param.name]:
                raise Refusal(f"`{param.name}` has the key `{key}` twice")
            self.options[param.name][key] = value

    def _check_when(self) -> None:
        for name, wanted in self.request.when.items():
            node = self.arguments.get(name)
            known = constants(self.evaluator.evaluate(self.call.module, node)) if node is not None else None
            if known is None:
                raise Refusal(f"`{name}` is not known; the request exists only for {', '.join(wanted)}")
            if any(constant.value not in wanted for constant in known):
                raise Refusal(f"the request exists only for {', '.join(wanted)}")
            assert node is not None
            self.no_effect(node, name)
            self.used.add(name)

    def _argument(self, value: Any) -> cst.BaseExpression | None:
        """The node that a `$name` or `$name.key` stands for."""
        if not isinstance(value, str) or not value.startswith("$"):
            return None
        name, _, key = value[1:].partition(".")
        if not key:
            self.used.add(name)
            return self.arguments.get(name)
        self.used.add(f"{name}.{key}")
        return self.options.get(name, {}).get(key)

    # Path

    def _path(self) -> None:
        parts = _PLACEHOLDER.split(self.request.path)
        for index, part in enumerate(parts):
            if index % 2 == 0:
                self._add_segment(part)
            else:
                self._segment(part, self.request.path_params[part])

    def _add_segment(self, text: str) -> None:
        path = self.result.path
        if path and isinstance(path[-1], str):
            path[-1] += text
        elif text:
            path.append(text)

    def _segment(self, name: str, binding: Binding) -> None:
        self.fact(f"path parameter {name}", binding.evidence, binding.source)
        node = self._argument(binding.value)
        if node is None:
            raise Refusal(f"the call gives no value for `{name}`")
        if binding.instead is not None:
            self._instead(node, binding)
        lower = binding.format == "hash"
        known = constants(self.evaluator.evaluate(self.call.module, node))
        told = "is not known to hold something"
        if known is not None and any(constant.value in (None, "") for constant in known):
            told = "may be empty"
        certain = known is not None or bool(answers(self.evaluator.evaluate(self.call.module, node)))
        if told == "may be empty" or not certain:
            if self.request.verb == "DELETE":
                raise Refusal(
                    f"`{name}` {told}, and without it the DELETE would be one of the whole collection"
                )
            self.result.doubts.append(f"`{name}` {told}; without it the path would be another one")
        for constant in known or ():
            if constant.value in (None, ""):
                continue
            if lower and not isinstance(constant.value, str):
                raise Refusal(f"`{name}` should be an identifier, a text of letters and digits")
            if not isinstance(constant.value, str) and not literal(node)[0]:
                raise Refusal(f"`{name}` may be {constant.value!r}; the path takes texts only")
        found, value = literal(node)
        if found and isinstance(value, (str, int)):
            text = str(value).lower() if lower else str(value)
            self._add_segment(text if _PLAIN_SEGMENT.match(text) else quote(text, safe=""))
            return
        self.emitted.append(node)
        self.result.path.append(self._instead(node, binding) or PathValue(node, lower))

    def _instead(self, node: cst.BaseExpression, binding: Binding) -> PathValue | None:
        """Another field of the object that the argument is a field of, where v2 wants that one."""
        if binding.instead is None:
            return None
        key, reason = other_key(self.evaluator, self.call.module, node, binding)
        if key is None:
            raise Refusal(reason or "v2 wants another field")
        field = self.pack.objects[binding.instead.object].fields[binding.instead.take]
        return PathValue(node, lower=False, key=key, take=binding.instead.take, taken=field.to)

    # Query and body

    def _parameter(self, into: list[tuple[str, Emitted]], kind: str, name: str, binding: Binding) -> None:
        value = self._value(kind, name, binding)
        if value is not None:
            into.append((name, value))

    def _value(self, kind: str, name: str, binding: Binding) -> Emitted | None:
        if not (isinstance(binding.value, str) and binding.value.startswith("$")):
            self.fact(f"{kind} {name}", binding.evidence, binding.source)
            return Emitted(constant=binding.value)
        param, _, key = binding.value[1:].partition(".")
        if key and param in self.spreads:
            return self.spreads[param].default(kind, name, key, binding)
        return self.given(kind, name, binding, self._argument(binding.value))

    def given(
        self, kind: str, name: str, binding: Binding, node: cst.BaseExpression | None
    ) -> Emitted | None:
        """The entry of a query or body for the argument `node`; None if there is none."""
        assert isinstance(binding.value, str)
        if node is not None and self._is_none(node):
            self.no_effect(node, name)
            if not binding.value.count("."):
                self.result.doubts.append(f"`{name}` is None; v2 is not sent it")
            node = None
        if node is None:
            if binding.required:
                raise Refusal(f"v2 wants `{name}`, and the call does not give it")
            return self.asked(kind, name, binding, "absent", None)
        known = constants(self.evaluator.evaluate(self.call.module, node))
        values = None if known is None else {constant.value for constant in known}
        if binding.omit_if is not None and values == {binding.omit_if}:
            self._left_out(node, name, binding.omit_if)
            return None
        if values is not None and len(values) == 1 and (only := next(iter(values))) in binding.ask:
            return self.asked(kind, name, binding, only, node)
        self.fact(f"{kind} {name}", binding.evidence, binding.source)
        unless = None
        left_out = [
            value
            for value in dict.fromkeys((None, binding.omit_if))
            if values is not None and value in values
        ]
        if left_out:
            unless = repr(left_out[0])
            if len(left_out) > 1 or not is_repeatable(node) or binding.enum is not None:
                raise Refusal(
                    f"`{name}` may be {' or '.join(map(repr, left_out))}, which v2 is not to be sent"
                )
        if binding.format in dates.FORMATS:
            return self._dated(name, node, known, unless)
        self.emitted.append(node)
        if binding.enum is None:
            return Emitted(node, unless=unless)
        return self.mapped(name, binding.enum, node, known)

    def _dated(
        self, name: str, node: cst.BaseExpression, known: list[Constant] | None, unless: str | None
    ) -> Emitted:
        """A legacy date, in the form of v2."""
        forms = self.pack.dates
        if forms is None:
            raise Refusal(f"`{name}` is a date, and its form in v2 is not known")
        self.fact("dates are RFC 3339", forms.evidence, forms.source)
        self.emitted.append(node)
        value, doubt = dated(self.evaluator, self.call.module, forms, name, node, known)
        self.result.doubts += [doubt] if doubt else []
        return value if value.unless or unless is None else replace(value, unless=unless)

    def mapped(self, name: str, enum: str, node: cst.BaseExpression, known: list[Constant] | None) -> Emitted:
        """A value by the table of an enum; raises `Refusal` where one of its values is not known."""
        table = self.pack.enums[enum]
        self.fact(f"enum {enum}", table.evidence, table.source)
        if known is None:
            raise Refusal(f"the value of `{name}` is not known, so its constants cannot be mapped")
        for constant in known:
            if table.values.get(constant.value) is None:
                raise Refusal(f"`{constant.value}` of `{name}` has no known v2 form")
        if literal(node)[0]:
            return Emitted(constant=table.values[known[0].value])
        literals = literal_branches(node)
        if literals is not None:
            return Emitted(
                node, constants=tuple((part, table.values[literal(part)[1]] or "") for part in literals)
            )
        return Emitted(node, table=tuple((old, new) for old, new in table.values.items() if new is not None))

    def asked(
        self, kind: str, name: str, binding: Binding, case: str, node: cst.BaseExpression | None
    ) -> Emitted | None:
        """A value that the vendor leaves open: the user's answer counts as verified, without one the fix is unsafe."""
        if case not in binding.ask:
            return None
        choice: Choice = self.pack.choices[binding.ask[case]]
        answer = self.planner.choices.get(choice.choice)
        if answer is None:
            self.result.questions.append(
                f"{choice.question} (choices: {choice.choice} = {' | '.join(choice.answers)})"
            )
            self.fact(f"choice {choice.choice}", Evidence.UNKNOWN, choice.source)
            if node is None:
                return None
            self.fact(f"{kind} {name}", binding.evidence, binding.source)
            self.emitted.append(node)
            return Emitted(node)
        self.fact(f"choice {choice.choice} = {answer}", Evidence.VERIFIED, "config")
        value = choice.answers[answer]
        if value is None:
            if node is not None:
                self._left_out(node, name, case)
            return None
        self.fact(f"{kind} {name}", binding.evidence, binding.source)
        if node is not None and case == value:
            self.emitted.append(node)
            return Emitted(node)
        return Emitted(constant=value)

    # What must not get lost

    def _nothing_lost(self) -> None:
        for name, node in self.arguments.items():
            if name in self.options:
                for key, value in self.options[name].items():
                    if f"{name}.{key}" not in self.used:
                        self.drop(f"{name}.{key}", key, value)
            elif name not in self.used:
                self.drop(name, name, node)
        for node in self.call.bound.ignored:
            self.no_effect(node, "the request id")
        if self.call.bound.method is not None:
            self.no_effect(self.call.bound.method, "the method name")

    def drop(self, path: str, name: str, node: cst.BaseExpression) -> None:
        """Leave out what v2 has no place for, and say so; raises `Refusal` where that is for the user to decide."""
        dropped = self.rule.dropped.get(path)
        if dropped is None:
            raise Refusal(f"`{name}` has no known place in v2")
        if dropped.manual and name not in self.planner.accepted:
            raise Refusal(
                f"`{name}` cannot be carried over: {dropped.manual}",
                f'`accept-dropped = ["{name}"]` in the config has calls rewritten without it.',
            )
        self.no_effect(node, name)
        accepted = ", as the config accepts" if dropped.manual else ""
        self.result.notes.append(f"`{name}` is dropped{accepted}: {dropped.manual or dropped.note}")

    def _left_out(self, node: cst.BaseExpression, name: str, value: str) -> None:
        """An argument goes for what it is known to be; that can be wrong where others call the function."""
        self.no_effect(node, name)
        param = parameter_in(self.evaluator, self.call.module, node)
        if param is not None:
            self.result.doubts.append(
                f"`{name}` is left out, since it is {value!r} in every call that is seen; what other projects pass as "
                f"`{param}` would be lost"
            )

    def no_effect(self, node: cst.BaseExpression, name: str) -> None:
        """Raise `Refusal` if leaving an expression out would leave out what it does."""
        if has_effects(node):
            raise Refusal(f"the value of `{name}` would be dropped, but working it out does something")

    def _order_kept(self) -> None:
        """What does something when it is worked out must come before and after what it did before."""
        if not any(has_effects(node) for node in self.emitted):
            return
        for entries in (self.result.query, self.result.json):
            entries.sort(key=lambda entry: self._place(entry[1]))
        nodes = [part.node for part in self.result.path if isinstance(part, PathValue)]
        nodes += [
            value.node for _, value in (*self.result.query, *self.result.json) if value.node is not None
        ]
        places = [self.call.module.span(node)[0] for node in nodes if not literal(node)[0]]
        if places != sorted(places):
            raise Refusal(
                "the arguments would be worked out in another order, and one of them does something"
            )

    def _place(self, value: Emitted) -> int:
        return self.call.module.span(value.node)[0] if value.node is not None else -1
