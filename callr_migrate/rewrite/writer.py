"""A plan -> the texts of each module, and from them findings with their fixes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Span
from callr_migrate.findings import Applicability, Edit, Evidence, Fact, Finding, Fix
from callr_migrate.rewrite.clients import ClientWriter, Construction, secret_spans, with_region
from callr_migrate.rewrite.emit import CannotEmit, request_text
from callr_migrate.rewrite.handlers import Handler
from callr_migrate.rewrite.imports import Imports, LegacyImport
from callr_migrate.rewrite.planner import Plan
from callr_migrate.rewrite.request import PathValue
from callr_migrate.rewrite.state import CallState, ClientState, RewriteOptions
from callr_migrate.rewrite.style import Style, copied, is_atom
from callr_migrate.rewrite.text import Piece, Texts

_QUOTE = ("urllib.parse", "quote")


class Writer:
    """Writes one plan. `texts` holds what each module becomes."""

    def __init__(self, evaluator: Evaluator, modules: Iterable[Module], plan: Plan, options: RewriteOptions) -> None:
        self.evaluator = evaluator
        self.pack = evaluator.pack
        self.plan = plan
        self.options = options
        self.target = self.pack.targets[options.target]
        self.clients = ClientWriter(self.target, self.pack.service.base_url.value, self.pack.service.timeout)
        self.modules = list(modules)
        self.texts = {module: Texts(module) for module in self.modules}
        self.styles = {
            module: Style.of(module, options.line_length, options.target_version) for module in self.modules
        }
        self.imports = {module: Imports(evaluator, module) for module in self.modules}
        self._consumed: dict[Module, set[cst.CSTNode]] = {module: set() for module in self.modules}

    def write(self) -> None:
        """Fill `texts`. Calls that turn out not to be writable are refused; then the caller plans anew."""
        for client in self.plan.clients:
            if client.rewritten:
                self._client(client)
        for state in self.plan.calls:
            if state.rewritten:
                self._call(state)
        for use in self.plan.answers:
            if use.replacements and any(self._is_rewritten(ref.node) for ref in use.calls):
                for span, text in use.replacements:
                    self.texts[use.module].replace(span, _constant(text))
        for handler in self.plan.handlers:
            self._handler(handler)
        for module, alias, name in self.plan.imported:
            self.texts[module].insert(module.span(alias)[1], f", {name}")
        for module in self.modules:
            self._module_imports(module)

    def _is_rewritten(self, node: cst.CSTNode) -> bool:
        return any(state.call.node is node and state.rewritten for state in self.plan.calls)

    # Calls

    def _call(self, state: CallState) -> None:
        call, plan = state.call, state.plan
        assert plan is not None
        assert call.receiver is not None
        module, style, target = call.module, self.styles[call.module], self.target
        if any(isinstance(part, PathValue) and not part.lower for part in plan.path):
            self.imports[module].need_name(*_QUOTE)
        quote = self.imports[module].local_name(".".join(_QUOTE))
        tail = target.check
        if state.used:
            tail += self._value_tail(state, style)
        receiver = self.plan.receivers.get(call.node)
        node = call.receiver

        def render(texts: Texts) -> list[Piece]:
            client = receiver if receiver is not None and self._split(state) else texts.new_text(copied(module, node))
            if not is_atom(module, node):
                client = f"({client})"
            return [request_text(texts, call, plan, target, style, client, tail, quote)]

        try:
            render(self.texts[module])
        except CannotEmit as error:
            state.refuse(str(error))
            return
        self.texts[module].replace(module.span(call.node), render)

    def _split(self, state: CallState) -> bool:
        return any(client.split for client in self._clients_of(state))

    def _clients_of(self, state: CallState) -> list[ClientState]:
        return [client for client in self.plan.clients if state in client.calls]

    def _value_tail(self, state: CallState, style: Style) -> str:
        assert state.plan is not None
        result = state.plan.result
        if result.legacy_value:
            steps = "".join(f"[{style.quoted(step)}]" for step in result.legacy_value.split("."))
            return self.target.value + steps
        return self.target.value if result.object else self.target.success

    # Clients

    def _client(self, client: ClientState) -> None:
        made = client.made
        assert made is not None
        module = made.module
        imports = self.imports[module]
        near = imports.import_behind(made.node.func)
        imports.need_module(self.target.module, near)
        local = imports.local_name(self.target.module)
        helper = self.clients.helper(local)
        if helper is not None:
            self._helper(module, helper)
        if client.split:
            assert client.new_name is not None
            self.clients.beside(self.texts[module], made, local, client.new_name)
            return
        self._consumed[module].add(made.node.func)
        rewritten: set[cst.CSTNode] = {state.call.node for state in client.calls if state.rewritten}
        region = with_region(self.evaluator, made, rewritten) if self.target.closes else None
        if region is None:
            self.clients.replace(self.texts[module], made, local)
        else:
            region = (region[0], max([region[1], *self._regions_within(made, region)]))
            self.clients.replace_with(self.texts[module], made, local, region, module.tree.default_indent)

    def _regions_within(self, made: Construction, region: Span) -> list[int]:
        """The ends of the blocks of other clients that are made inside of this one's block."""
        ends = []
        for other in self.plan.clients:
            if other.made is None or other.made is made or other.module is not made.module or other.split:
                continue
            if not other.rewritten or not region[0] < other.module.span(other.ref.node)[0] < region[1]:
                continue
            rewritten: set[cst.CSTNode] = {state.call.node for state in other.calls if state.rewritten}
            inner = with_region(self.evaluator, other.made, rewritten)
            if inner is not None:
                ends.append(inner[1])
        return ends

    def _helper(self, module: Module, helper: str) -> None:
        name = self.target.helper_name
        if name in module.scope.bindings:
            return
        source = module.source
        at = self.imports[module].after_imports()
        line = source.position(at).line
        blank = 0
        while line + blank <= len(source.line_starts) and not source.line_text(line + blank).strip():
            blank += 1
            if line + blank > len(source.line_starts):
                break
        text = "\n\n" + helper.strip("\n") + "\n" + "\n" * max(0, 2 - blank)
        self.texts[module].insert(at, text.replace("\n", source.newline))

    # Handlers

    def _handler(self, handler: Handler) -> None:
        if not self.handler_changes(handler):
            return
        module = handler.module
        imports = self.imports[module]
        node = handler.node.type
        assert node is not None
        near = imports.import_behind(handler.legacy[0])
        for name in self.target.exception_modules:
            imports.need_module(name, near if name == self.target.module else None)
        local = imports.local_name(self.target.module)
        new = [name.replace("{module}", local) for name in self.target.exceptions]
        keep = self._keeps_legacy(handler)
        if not keep:
            self._consumed[module].update(handler.legacy)
        elements = [element.value for element in node.elements] if isinstance(node, cst.Tuple) else [node]
        kept = [element for element in elements if keep or element not in handler.legacy]
        texts = [module.text_of(element) for element in kept]
        pieces = [*texts, *(name for name in new if name not in texts)]
        text = pieces[0] if len(pieces) == 1 else f"({', '.join(pieces)})"
        self.texts[module].replace(copied(module, node), _constant(text))

    def handler_changes(self, handler: Handler) -> bool:
        """Whether a rewritten call may raise into the handler."""
        if handler.blocked is not None:
            return False
        if handler.covered:
            return any(self._is_rewritten(node) for node in handler.covered)
        return any(state.rewritten and state.call.module is handler.module for state in self.plan.calls)

    def _keeps_legacy(self, handler: Handler) -> bool:
        """Whether a legacy call may still raise into the handler."""
        if handler.covered:
            return any(not self._is_rewritten(node) for node in handler.covered)
        return any(not state.rewritten for state in self.plan.calls)

    # Imports

    def _module_imports(self, module: Module) -> None:
        imports = self.imports[module]
        consumed = self._consumed[module]
        gone: list[LegacyImport] = []
        for item in imports.legacy:
            if not item.references or imports.is_exported(item):
                continue
            if all(self._is_inside(module, use, consumed) for use in item.references):
                gone.append(item)
        imports.apply(self.texts[module], gone)

    @staticmethod
    def _is_inside(module: Module, use: cst.CSTNode, consumed: set[cst.CSTNode]) -> bool:
        return use in consumed or any(ancestor in consumed for ancestor in module.ancestors(use))


def _constant(text: str):  # type: ignore[no-untyped-def]
    def render(_: Texts) -> list[Piece]:
        return [text]

    return render


class Findings:
    """The findings of a written plan."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.plan = writer.plan
        self.pack = writer.pack
        self.options = writer.options
        secrets: dict[Module, set[Span]] = {}
        for client in self.plan.clients:
            secrets.setdefault(client.module, set()).update(secret_spans(client.ref))
        self.secrets = {module: frozenset(spans) for module, spans in secrets.items()}
        self.masked = {
            module: texts.masked(self.secrets.get(module, frozenset())) for module, texts in writer.texts.items()
        }
        self._tops = {module: texts.outermost() for module, texts in writer.texts.items()}
        self._taken: set[tuple[Module, Span]] = set()

    def all(self) -> list[Finding]:
        """All findings, fixes grouped, sorted by place."""
        found: list[tuple[Module, Finding, Applicability]] = []
        for state in self.plan.calls:
            found.append((state.call.module, *self._call(state)))
        for client in self.plan.clients:
            found.append((client.module, *self._client(client)))
            found += [(use.module, *self._setting(use)) for use in client.uses if self._is_setting(use)]
        for handler in self.plan.handlers:
            found.append((handler.module, *self._handler(handler)))
        for use in self.plan.answers:
            answer = self._answer(use)
            if answer is not None:
                found.append((use.module, *answer))
        grouped = self._grouped(found)
        return sorted(grouped, key=lambda finding: (str(finding.path), finding.start, finding.code))

    # One kind each: the finding without its group, and the applicability of its own facts

    def _finding(self, module: Module, code: str, message: str, span: Span, **more: object) -> Finding:
        return Finding(
            code, message, module.path, *span, secrets=tuple(sorted(self.secrets.get(module, ()))), **more  # type: ignore[arg-type]
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
            for use in self.plan.answers:
                if call.ref in use.calls:
                    facts += [fact for fact in use.facts if fact not in facts]
                    doubts += [use.shown] if use.shown and use.shown not in doubts else []
            fix = self._fix(call.module, span, f"Call {state.plan.request.verb} {state.plan.request.path}")
            becomes = self._becomes(call.module, span)
            own = _applicability(facts, doubts)
        finding = self._finding(
            call.module,
            state.code,
            state.message,
            span,
            method=call.method,
            surface=call.surface,
            facts=tuple(facts),
            reason=state.reason or "; ".join(doubts) or None,
            help=state.help,
            url=state.url,
            becomes=becomes,
            fix=fix,
        )
        return finding, own

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
            fix = self._fix(client.module, at, f"Make a client for {self.options.target}")
            becomes = self._client_becomes(client)
            own = _applicability(list(facts), [])
            if client.split:
                staying = [state for state in client.calls if not state.rewritten]
                reason = "the legacy client stays: " + (
                    client.keeps[0] if client.keeps else f"line {staying[0].line} is not rewritten"
                )
        elif reason is None and client.calls:
            reason = "none of its calls can be rewritten"
        elif reason is None:
            reason = "no call of it is seen"
        finding = self._finding(
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
        before, between, after = self.writer.clients.template(
            self.writer.imports[module].local_name(self.writer.target.module)
        )
        masked = self.masked[module]
        parts = [masked.new_text(copied(module, part)) for part in (made.login, made.password)]
        text = f"{before}{parts[0]}{between}{parts[1]}{after}"
        return f"{client.new_name} = {text}" if client.split else text

    @staticmethod
    def _is_setting(use: object) -> bool:
        module, node = use.module, use.node  # type: ignore[attr-defined]
        return isinstance(module.parent(node), cst.Attribute)

    def _setting(self, use: object) -> tuple[Finding, Applicability]:
        module, node = use.module, use.node  # type: ignore[attr-defined]
        attribute = module.parent(node)
        assert isinstance(attribute, cst.Attribute)
        name = attribute.attr.value
        guidance = next(
            (surface.settings[name] for surface in self.pack.surfaces.values() if name in surface.settings), None
        )
        finding = self._finding(
            module,
            "CLR603",
            f"`{name}` of the legacy client is used",
            module.span(attribute),
            reason=None if guidance else "what it becomes is not known",
            help=guidance,
        )
        return finding, Applicability.MANUAL

    def _handler(self, handler: Handler) -> tuple[Finding, Applicability]:
        assert handler.node.type is not None
        span = copied(handler.module, handler.node.type)
        changes = self.writer.handler_changes(handler)
        names = " and ".join(dict.fromkeys(handler.module.text_of(element) for element in handler.legacy))
        finding = self._finding(
            handler.module,
            "CLR602",
            f"the errors of the new client are not {names}",
            span,
            surface=handler.surface.surface,
            reason=handler.blocked
            if handler.blocked
            else "other conditions raise these errors, and their text names the address with its parameters"
            if changes
            else "no call that may raise into it is rewritten",
            help="Look at what is logged: the text of an HTTP error holds the address, and with it phone numbers.",
            url=self.pack.service.guide,
            becomes=f"except {self._becomes(handler.module, span)}" if changes else None,
            fix=self._fix(handler.module, span, "Catch the errors of the new client") if changes else None,
        )
        return finding, Applicability.UNSAFE if changes else Applicability.MANUAL

    def _answer(self, use: object) -> tuple[Finding, Applicability] | None:
        message, replacements = use.message, use.replacements  # type: ignore[attr-defined]
        if message is None:
            return None
        module, node = use.module, use.node  # type: ignore[attr-defined]
        rewritten = bool(replacements) and any(self.writer._is_rewritten(ref.node) for ref in use.calls)  # type: ignore[attr-defined]
        span = replacements[0][0] if replacements else module.span(module.parent(node) or node)
        fix = becomes = None
        if rewritten:
            fix = self._fix(module, span, message)
            becomes = replacements[0][1]
        finding = self._finding(
            module,
            use.code,  # type: ignore[attr-defined]
            message,
            span,
            facts=tuple(use.facts),  # type: ignore[attr-defined]
            reason=use.blocked or (None if rewritten else "its call stays as it is, so it must, too"),  # type: ignore[attr-defined]
            url=self.pack.service.guide,
            becomes=becomes,
            fix=fix,
        )
        return finding, _applicability(list(use.facts), []) if rewritten else Applicability.MANUAL  # type: ignore[attr-defined]

    # Fixes

    def _becomes(self, module: Module, span: Span) -> str:
        masked = self.masked[module]
        item = masked.at(span)
        return masked.rendered(item) if item is not None else masked.new_text(span)

    def _fix(self, module: Module, span: Span, description: str) -> Fix:
        texts = self.writer.texts[module]
        edits: list[Edit] = []
        for item in self._tops[module]:
            inside = item.span[0] <= span[0] and span[1] <= item.span[1]
            within = span[0] <= item.span[0] and item.span[1] <= span[1]
            if inside or within:
                self._taken.add((module, item.span))
                edits += texts.edits(item)
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
        texts = self.writer.texts[module]
        edits: list[Edit] = []
        for item in self._tops[module]:
            if (module, item.span) not in self._taken:
                edits += texts.edits(item)
        return edits

    def _components(self) -> dict[Module, int]:
        """Modules -> number of their group; modules that share a client, an answer or an import are one."""
        parent: dict[Module, Module] = {module: module for module in self.writer.modules}

        def root(module: Module) -> Module:
            while parent[module] is not module:
                module = parent[module]
            return module

        def join(left: Module, right: Module) -> None:
            parent[root(left)] = root(right)

        nodes = {state.call.node: state.call.module for state in self.plan.calls}
        for client in self.plan.clients:
            for state in client.calls:
                if state.rewritten:
                    join(state.call.module, client.module)
        for use in self.plan.answers:
            for ref in use.calls:
                join(use.module, ref.module)
        for handler in self.plan.handlers:
            for node in handler.covered:
                if node in nodes:
                    join(handler.module, nodes[node])
        numbers: dict[Module, int] = {}
        result: dict[Module, int] = {}
        for module in self.writer.modules:
            result[module] = numbers.setdefault(root(module), len(numbers) + 1)
        return result


def _applicability(facts: list[Fact], doubts: list[str]) -> Applicability:
    if doubts or not all(fact.evidence.is_safe for fact in facts):
        return Applicability.UNSAFE
    return Applicability.SAFE
