"""A written plan -> findings with their fixes, in groups."""

from __future__ import annotations

from bisect import bisect_left
from sys import intern
from urllib.parse import quote

import libcst as cst

from callr_migrate.detect.secrets import Secrets
from callr_migrate.evaluate import Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Ref
from callr_migrate.findings import Applicability, Edit, Evidence, Finding, Fix, shared
from callr_migrate.records import replace
from callr_migrate.rewrite.answers import AnswerUse
from callr_migrate.rewrite.client_report import (
    client_finding,
    double_finding,
    is_setting,
    number_finding,
    numbered_calls,
    setting_finding,
)
from callr_migrate.rewrite.clients import moved_comments
from callr_migrate.rewrite.error_report import handler_finding, mention_finding
from callr_migrate.rewrite.paging import loop
from callr_migrate.rewrite.state import CallState
from callr_migrate.rewrite.style import line_indent
from callr_migrate.rewrite.text import Replacement, Texts, apart
from callr_migrate.rewrite.writer import Writer
from callr_migrate.stages import staged


class Findings:
    """The findings of a written plan."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.plan = writer.plan
        self.pack = writer.pack
        self.options = writer.options
        self.secrets = Secrets(
            writer.evaluator,
            [client.ref for client in self.plan.clients],
            [state.call for state in self.plan.calls],
            self.options.credentials,
        )
        self._masked: dict[Module, Texts] = {}
        self._tops = {module: texts.outermost() for module, texts in writer.texts.items()}
        self._starts = {module: [item.span[0] for item in tops] for module, tops in self._tops.items()}
        self._taken: set[tuple[Module, Span]] = set()
        self._answers: dict[Ref, list[AnswerUse]] = {}
        for use in self.plan.answers:
            for ref in use.calls:
                self._answers.setdefault(ref, []).append(use)
        self._mapped = {state.call.ref for state in self.plan.calls if state.mapped}

    @staged("writing edits")
    def all(self) -> list[Finding]:
        """All findings, fixes grouped, sorted by place."""
        found: list[tuple[Module, Finding, Applicability]] = []
        doubled = {double.node for double in self.plan.doubles}
        for state in self.plan.calls:
            found.append((state.call.module, *self._call(state)))
        for client in self.plan.clients:
            found.append((client.module, *client_finding(self, client)))
            found += [
                (use.module, *setting_finding(self, use))
                for use in client.uses
                if is_setting(use) and use.module.parent(use.node) not in doubled
            ]
        for handler in self.plan.handlers:
            if handler.changes:
                found.append((handler.module, *handler_finding(self, handler)))
        found += [(mention.module, *mention_finding(self, mention)) for mention in self.plan.mentions]
        found += [(double.module, *double_finding(self, double)) for double in self.plan.doubles]
        found += [(state.call.module, *number_finding(self, state)) for state in numbered_calls(self)[:1]]
        for use in self.plan.answers:
            answer = self._answer(use)
            if answer is not None:
                found.append((use.module, *answer))
        grouped = self._grouped(found)
        return sorted(grouped, key=lambda finding: (str(finding.path), finding.start, finding.code))

    @staged("writing edits")
    def keep_credentials(self) -> None:
        """Refuse the calls whose new text, or that of their client, would hold a literal credential."""
        for state in self.plan.calls:
            if state.rewritten and self._writes_credential(state):
                state.refuse(
                    "a credential stands in it as a literal, and would have to be written anew; name it once, and "
                    "use the name here"
                )
        for client in self.plan.clients:
            if not client.rewritten or client.made is None:
                continue
            spans = self.secrets.of_module(client.module)
            for low, high in moved_comments(client.made):
                if any(low <= start < high for start, _ in spans):
                    for state in client.calls:
                        state.refuse(
                            "a comment between its client's arguments holds a credential; take it out"
                        )

    def _writes_credential(self, state: CallState) -> bool:
        module = state.call.module
        span = module.span(state.call.node)
        held = self.secrets.inside(module, span) & self.secrets.of_clients
        item = self.writer.texts[module].at(span) if held else None
        if item is None:
            return False
        new = " ".join(edit.text for edit in self._edits(module, item))
        # Texts go into paths in lower case, and quoted.
        return any(form in new for value in held for form in (value, value.lower(), quote(value, safe="")))

    # One kind each: the finding without its group, and the applicability of its own facts

    def finding(self, module: Module, code: str, message: str, span: Span, **more: object) -> Finding:
        """One finding of a module, without its group."""
        # All findings are kept to the end, and many say the same.
        for name in ("reason", "help"):
            if isinstance(text := more.get(name), str):
                more[name] = intern(text)
        return Finding(
            code,
            intern(message),
            module.path,
            *span,
            **more,  # type: ignore[arg-type]
        )

    def _call(self, state: CallState) -> tuple[Finding, Applicability]:
        call = state.call
        facts, doubts = list(state.facts), list(state.doubts)
        own = Applicability.MANUAL
        fix = becomes = None
        span = call.module.span(call.node)
        if state.rewritten:
            assert state.plan is not None
            if state.used:
                result = state.plan.result
                what = result.legacy_value or result.object or "success"
                facts.append(shared(f"answer: {what}", result.evidence or Evidence.UNKNOWN, result.source))
                doubts += [note for note in [result.note] if note]
            for use in self._answers.get(call.ref, ()):
                facts += [fact for fact in use.facts if fact not in facts]
                doubts += [use.shown] if use.shown and use.shown not in doubts else []
            fix = self.fix(call.module, span, f"Call {state.plan.request.verb} {state.plan.request.path}")
            moved = [edit for part in state.plan.moved for edit in self.fix(part.module, part.span, "").edits]
            fix = replace(fix, edits=tuple(dict.fromkeys([*fix.edits, *moved])))
            becomes = self.becomes(call.module, span)
            own = Applicability.given(facts, doubts)
        finding = self.finding(
            call.module,
            state.code,
            state.message,
            span,
            method=call.method,
            surface=call.surface,
            facts=tuple(facts),
            reason=state.reason or "; ".join(doubt.rstrip(".") for doubt in doubts) or None,
            help="\n".join(filter(None, [state.help, self._loop(state, becomes)])) or None,
            url=state.url,
            becomes=becomes,
            fix=fix,
        )
        return finding, own

    def _loop(self, state: CallState, becomes: str | None) -> str | None:
        """How to read all rows, where v2 gives them page by page."""
        rule, pages = state.call.rule, self.pack.pages
        request = next(
            (each for each in (rule.rest, *rule.alternatives) if each is not None and each.result.page)
            if rule is not None
            else iter(()),
            None,
        )
        if request is None or pages is None or not state.mapped:
            return None
        receiver = state.call.receiver
        client = state.call.module.text_of(receiver) if receiver is not None else "api"
        return loop(pages, request, self.writer.target, client, becomes)

    def _answer(self, use: AnswerUse) -> tuple[Finding, Applicability] | None:
        message, replacements = use.message, use.replacements
        if message is None or self._mapped.isdisjoint(use.calls):
            return None
        module = use.module
        changes = any(self.writer.is_rewritten(ref.node) for ref in use.calls)
        rewritten = bool(replacements) and changes
        span = use.span
        fix = becomes = None
        if changes and not rewritten and use.blocked is None:
            # It is told of what the fix of the call does.
            ref = next(ref for ref in use.calls if self.writer.is_rewritten(ref.node))
            fix = self.fix(ref.module, ref.module.span(ref.node), message)
        if rewritten:
            fix = self.fix(module, span, message)
            whole = use.compared or span
            becomes = self.masked(module).new_text(whole) if use.compared else replacements[0][1]
        finding = self.finding(
            module,
            use.code,
            message,
            span,
            facts=tuple(use.facts),
            reason=use.blocked or (None if changes else "its call stays as it is, so it must, too"),
            help=use.once,
            once=use.once is not None,
            url=self.pack.service.guide,
            becomes=becomes,
            fix=fix,
        )
        return finding, Applicability.given(list(use.facts), []) if fix else Applicability.MANUAL

    # Fixes

    def masked(self, module: Module) -> Texts:
        """What the module becomes, for people to see."""
        if module not in self._masked:
            self._masked[module] = self.writer.texts[module].masked(self.secrets.of_module(module))
        return self._masked[module]

    def becomes(self, module: Module, span: Span) -> str:
        """What stands at a place afterwards, for people to see."""
        masked = self.masked(module)
        item = masked.at(span)
        text = masked.rendered(item) if item is not None else masked.new_text(span)
        indent = line_indent(module, span[0]) + masked.extra_indent(span[0])
        return text.replace(f"{module.source.newline}{indent}", module.source.newline)

    def fix(self, module: Module, span: Span, description: str) -> Fix:
        """The edits that reach into a place, without their group."""
        edits: list[Edit] = []
        tops = self._tops[module]
        # The outermost ones lie one behind the other, so only the one before the span can reach into it.
        for item in tops[max(0, bisect_left(self._starts[module], span[0]) - 1) :]:
            if item.span[0] > span[1]:
                break
            inside = item.span[0] <= span[0] and span[1] <= item.span[1]
            within = span[0] <= item.span[0] and item.span[1] <= span[1]
            if inside or within:
                self._taken.add((module, item.span))
                edits += self._edits(module, item)
        return Fix(description, "", tuple(edits))

    def _grouped(self, found: list[tuple[Module, Finding, Applicability]]) -> list[Finding]:
        """Give each fix its group: what shares clients, answers or handlers, file by file."""
        groups = self._components()
        worst: dict[int, Applicability] = {}
        reasons: dict[int, str] = {}
        for module, finding, own in found:
            if finding.fix is not None:
                group = groups[module]
                worst[group] = Applicability.worst(worst.get(group, Applicability.SAFE), own)
                if own is Applicability.UNSAFE and group not in reasons:
                    line = module.source.position(finding.start).line
                    reasons[group] = f"it changes together with {module.path.name}:{line}, which is unsafe"
        results: list[Finding] = []
        carrier: set[Module] = set()
        for module, finding, own in found:
            if finding.fix is None:
                results.append(finding)
                continue
            group = groups[module]
            edits = list(finding.fix.edits)
            if module not in carrier:
                carrier.add(module)
                edits += self._unclaimed(module)
            results.append(
                replace(
                    finding,
                    applicability=worst[group],
                    reason=finding.reason or (reasons.get(group) if own is not worst[group] else None),
                    fix=Fix(finding.fix.description, f"group-{group}", tuple(dict.fromkeys(edits))),
                )
            )
        return results

    def _unclaimed(self, module: Module) -> list[Edit]:
        """The edits of a module that no finding has as its own: imports, indentation, a helper class."""
        edits: list[Edit] = []
        for item in self._tops[module]:
            if (module, item.span) not in self._taken:
                edits += self._edits(module, item)
        return edits

    def _edits(self, module: Module, item: Replacement) -> list[Edit]:
        """A replacement as edits that no literal credential is part of."""
        return apart(
            self.writer.texts[module].edits(item), module.source.text, self.secrets.of_module(module)
        )

    def _components(self) -> dict[Module, int]:
        """Modules -> number of their group; modules that share a client, an answer or an import are one."""
        parent: dict[Module, Module] = {module: module for module in self.writer.modules}

        def root(module: Module) -> Module:
            while parent[module] is not module:
                module = parent[module]
            return module

        def join(left: Module, right: Module) -> None:
            parent[root(left)] = root(right)

        nodes: dict[cst.CSTNode, Module] = {state.call.node: state.call.module for state in self.plan.calls}
        for client in self.plan.clients:
            for state in client.calls:
                if state.rewritten:
                    join(state.call.module, client.module)
        for use in self.plan.answers:
            for ref in use.calls:
                join(use.module, ref.module)
        for state in self.plan.calls:
            for moved in state.plan.moved if state.plan is not None and state.rewritten else ():
                join(state.call.module, moved.module)
        for place, covered in [
            *((handler.module, handler.covered) for handler in self.plan.handlers),
            *((mention.module, mention.covered) for mention in self.plan.mentions),
        ]:
            for node in covered & nodes.keys():
                join(place, nodes[node])
        numbers: dict[Module, int] = {}
        result: dict[Module, int] = {}
        for module in self.writer.modules:
            result[module] = numbers.setdefault(root(module), len(numbers) + 1)
        return result
