"""A written plan -> findings with their fixes, in groups."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from urllib.parse import quote

import libcst as cst

from callr_migrate.detect.doubles import Double
from callr_migrate.detect.secrets import Secrets
from callr_migrate.evaluate import Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Ref
from callr_migrate.findings import Applicability, Edit, Evidence, Fact, Finding, Fix
from callr_migrate.rewrite.answers import AnswerUse
from callr_migrate.rewrite.clients import moved_comments
from callr_migrate.rewrite.error_report import handler_finding, mention_finding
from callr_migrate.rewrite.paging import loop
from callr_migrate.rewrite.state import CallState, ClientState
from callr_migrate.rewrite.style import copied, line_indent
from callr_migrate.rewrite.text import Replacement, Texts, apart
from callr_migrate.rewrite.uses import ClientUse
from callr_migrate.rewrite.writer import Writer


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

    def all(self) -> list[Finding]:
        """All findings, fixes grouped, sorted by place."""
        found: list[tuple[Module, Finding, Applicability]] = []
        doubled = {double.node for double in self.plan.doubles}
        for state in self.plan.calls:
            found.append((state.call.module, *self._call(state)))
        for client in self.plan.clients:
            found.append((client.module, *self._client(client)))
            found += [
                (use.module, *self._setting(use))
                for use in client.uses
                if self._is_setting(use) and use.module.parent(use.node) not in doubled
            ]
        for handler in self.plan.handlers:
            if handler.changes:
                found.append((handler.module, *handler_finding(self, handler)))
        found += [(mention.module, *mention_finding(self, mention)) for mention in self.plan.mentions]
        found += [(double.module, *self._double(double)) for double in self.plan.doubles]
        found += [(state.call.module, *self._number(state)) for state in self._with_numbers()[:1]]
        for use in self.plan.answers:
            answer = self._answer(use)
            if answer is not None:
                found.append((use.module, *answer))
        grouped = self._grouped(found)
        ordered = sorted(grouped, key=lambda finding: (str(finding.path), finding.start, finding.code))
        return self._told_once(ordered)

    def _told_once(self, ordered: list[Finding]) -> list[Finding]:
        """What is to be done for all findings of a kind stands at the first of them; the others name its place."""
        modules = {module.path: module for module in self.writer.modules}
        pending = {use.once for use in self.plan.answers}
        first: dict[str, str] = {}
        results: list[Finding] = []
        for finding in ordered:
            text = finding.help
            if text is None or text not in pending:
                results.append(finding)
            elif text in first:
                results.append(replace(finding, help=f"What to do is told at {first[text]}."))
            else:
                line = modules[finding.path].source.position(finding.start).line
                first[text] = f"{finding.path.as_posix()}:{line}"
                results.append(finding)
        return results

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
        return Finding(
            code,
            message,
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
                facts.append(Fact(f"answer: {what}", result.evidence or Evidence.UNKNOWN, result.source))
                doubts += [note for note in [result.note] if note]
            for use in self._answers.get(call.ref, ()):
                facts += [fact for fact in use.facts if fact not in facts]
                doubts += [use.shown] if use.shown and use.shown not in doubts else []
            fix = self.fix(call.module, span, f"Call {state.plan.request.verb} {state.plan.request.path}")
            moved = [edit for part in state.plan.moved for edit in self.fix(part.module, part.span, "").edits]
            fix = replace(fix, edits=tuple(dict.fromkeys([*fix.edits, *moved])))
            becomes = self.becomes(call.module, span)
            own = _applicability(facts, doubts)
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

    def _client(self, client: ClientState) -> tuple[Finding, Applicability]:
        credentials = self.pack.service.credentials
        settled = self.options.auth is not None
        facts = (
            Fact(
                credentials.value,
                Evidence.VERIFIED if settled else credentials.evidence,
                "config" if settled else credentials.source,
            ),
            Fact(
                f"base address {self.pack.service.base_url.value}",
                self.pack.service.base_url.evidence,
                self.pack.service.base_url.source,
            ),
        )
        fix = becomes = None
        own = Applicability.MANUAL
        reason = client.refusal
        span = client.module.span(client.ref.node)
        if client.rewritten:
            assert client.made is not None
            at = span
            if client.split and client.made.assign is not None:
                at = client.module.span(client.made.assign)
            fix = self.fix(client.module, at, f"Make a client for {self.options.target}")
            becomes = self._client_becomes(client)
            doubt = client.made.doubt
            own = _applicability(list(facts), [doubt] if doubt else [])
            reason = doubt
            if client.split:
                staying = [state for state in client.calls if not state.rewritten]
                stays = "the legacy client stays: " + (
                    client.keeps[0] if client.keeps else f"line {staying[0].line} is not rewritten"
                )
                reason = f"{stays}; {doubt}" if doubt else stays
        elif reason is None and client.calls:
            reason = "none of its calls can be rewritten"
        elif reason is None:
            reason = "no call of it is seen"
        finding = self.finding(
            client.module,
            "CLR601",
            f"a client of the JSON-RPC API is made here, which ends on {self.pack.service.shutdown.value}",
            span,
            surface=client.surface.surface,
            facts=facts,
            reason=reason,
            help=None if settled else credentials.note,
            url=self.pack.service.guide,
            becomes=becomes,
            fix=fix,
        )
        return finding, own

    def _client_becomes(self, client: ClientState) -> str:
        module, made = client.module, client.made
        assert made is not None
        masked = self.masked(module)
        parts = [masked.new_text(copied(module, part)) for part in (made.login, made.password)]
        local = self.writer.local_names(module)
        text = "".join(
            piece
            for piece in self.writer.clients.call(
                parts[0],
                parts[1],
                local,
                self.writer.styles[module],
                "",
                self.writer.styles[module].line_length,
                len("".join(parts)),
            )
            if isinstance(piece, str)
        )
        return f"{client.new_name} = {text}" if client.split else text

    @staticmethod
    def _is_setting(use: ClientUse) -> bool:
        return isinstance(use.module.parent(use.node), cst.Attribute)

    def _with_numbers(self) -> list[CallState]:
        """The calls whose requests have a phone number in their address, by their places."""
        found = []
        for state in self.plan.calls:
            rule = state.call.rule
            if state.plan is None or rule is None:
                continue
            request = state.plan.request
            numbers = {f"${param.name}" for param in rule.params or () if param.personal}
            if any(
                binding.value in numbers
                for binding in (*request.query.values(), *request.path_params.values())
                if isinstance(binding.value, str)
            ):
                found.append(state)
        return sorted(
            found, key=lambda state: (str(state.call.module.path), state.call.module.span(state.call.node))
        )

    def _number(self, state: CallState) -> tuple[Finding, Applicability]:
        finding = self.finding(
            state.call.module,
            "CLR607",
            "phone numbers stand in the addresses of requests now, and so in logs",
            state.call.module.span(state.call.node),
            reason="addresses are written to logs by the client, by proxies, and in the text of errors",
            help=self.writer.target.logs,
            url=self.pack.service.guide,
        )
        return finding, Applicability.MANUAL

    def _double(self, double: Double) -> tuple[Finding, Applicability]:
        module = double.module
        name = " ".join(module.text_of(double.node).split())
        finding = self.finding(
            module,
            "CLR605",
            f"`{name}` stands in for the legacy client, and cannot for the new one"
            if double.is_class
            else "the legacy client is replaced here, and the new one would not be",
            module.span(double.node),
            reason="what it says is about calls that are no longer made once these are rewritten",
            help=self.writer.target.double,
            url=self.pack.service.guide,
        )
        return finding, Applicability.MANUAL

    def _setting(self, use: ClientUse) -> tuple[Finding, Applicability]:
        module, node = use.module, use.node
        attribute = module.parent(node)
        assert isinstance(attribute, cst.Attribute)
        name = attribute.attr.value
        guidance = next(
            (surface.settings[name] for surface in self.pack.surfaces.values() if name in surface.settings),
            None,
        )
        finding = self.finding(
            module,
            "CLR603",
            f"`{name}` of the legacy client is used",
            module.span(attribute),
            reason=None if guidance else "what it becomes is not known",
            help=guidance,
        )
        return finding, Applicability.MANUAL

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
            url=self.pack.service.guide,
            becomes=becomes,
            fix=fix,
        )
        return finding, _applicability(list(use.facts), []) if fix else Applicability.MANUAL

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


def _applicability(facts: list[Fact], doubts: list[str]) -> Applicability:
    if doubts or not all(fact.evidence.is_safe for fact in facts):
        return Applicability.UNSAFE
    return Applicability.SAFE
