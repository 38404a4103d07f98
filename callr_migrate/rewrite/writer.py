"""A plan -> the texts of each module."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Span
from callr_migrate.rewrite.clients import ClientWriter, Construction, with_region
from callr_migrate.rewrite.emit import CannotEmit, request_text
from callr_migrate.rewrite.handlers import Handler
from callr_migrate.rewrite.imports import Imports, LegacyImport
from callr_migrate.rewrite.planner import Plan
from callr_migrate.rewrite.request import PathValue
from callr_migrate.rewrite.state import CallState, ClientState, RewriteOptions
from callr_migrate.rewrite.style import Style, copied, is_atom
from callr_migrate.rewrite.text import Piece, Render, Texts
from callr_migrate.rewrite.uses import is_load

_QUOTE = ("urllib.parse", "quote")


class Writer:
    """Writes one plan. `texts` holds what each module becomes."""

    def __init__(
        self, evaluator: Evaluator, modules: Iterable[Module], plan: Plan, options: RewriteOptions
    ) -> None:
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
        self._constructing: dict[Module, str] = {}
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
            if use.replacements and any(self.is_rewritten(ref.node) for ref in use.calls):
                for span, text in use.replacements:
                    self.texts[use.module].replace(span, _constant(text))
        for handler in self.plan.handlers:
            self._handler(handler)
        for module, alias, name in self.plan.imported:
            self._import_new_name(module, alias, name)
        for module in self.modules:
            self._module_imports(module)

    def is_rewritten(self, node: cst.CSTNode) -> bool:
        """Whether a legacy call changes."""
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
            client = (
                receiver
                if receiver is not None and self._split(state)
                else texts.new_text(copied(module, node))
            )
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
        style = self.styles[module]
        self._constructing.setdefault(module, local)
        if client.split:
            assert client.new_name is not None
            self.clients.beside(self.texts[module], made, local, style, client.new_name)
            return
        self._consumed[module].add(made.node.func)
        rewritten: set[cst.CSTNode] = {state.call.node for state in client.calls if state.rewritten}
        region = with_region(self.evaluator, made, rewritten) if self.target.closes else None
        if region is None:
            self.clients.replace(self.texts[module], made, local, style)
        else:
            region = (region[0], max([region[1], *self._regions_within(made, region)]))
            self.clients.replace_with(self.texts[module], made, local, style, region)

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
        unit = self.styles[module].indent
        lines = [_reindented(line, unit) for line in helper.strip("\n").split("\n")]
        text = "\n\n" + "\n".join(lines) + "\n" + "\n" * max(0, 2 - blank)
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
            return any(self.is_rewritten(node) for node in handler.covered)
        return any(state.rewritten and state.call.module is handler.module for state in self.plan.calls)

    def _keeps_legacy(self, handler: Handler) -> bool:
        """Whether a legacy call may still raise into the handler."""
        if handler.covered:
            return any(not self.is_rewritten(node) for node in handler.covered)
        return any(not state.rewritten for state in self.plan.calls)

    # Imports

    def _import_new_name(self, module: Module, alias: cst.ImportAlias, name: str) -> None:
        """Import the new client beside the old one, or in place of it where nothing here needs the old one."""
        old = alias.evaluated_name
        rewritten = {
            id(state.call.receiver)
            for state in self.plan.calls
            if state.call.node in self.plan.receivers and state.rewritten
        }
        reads = [
            use
            for use in module.names
            if isinstance(use, cst.Name) and use.value == old and is_load(module, use)
        ]
        if all(id(use) in rewritten for use in reads) and not self.imports[module].is_taken(old):
            self.texts[module].replace(module.span(alias), _constant(name))
        else:
            self.texts[module].insert(module.span(alias)[1], f", {name}")

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
        helper = self.clients.helper(self._constructing[module]) if module in self._constructing else None
        if helper is not None:
            self._helper(module, helper)

    @staticmethod
    def _is_inside(module: Module, use: cst.CSTNode, consumed: set[cst.CSTNode]) -> bool:
        return use in consumed or any(ancestor in consumed for ancestor in module.ancestors(use))


def _reindented(line: str, unit: str) -> str:
    """A line of a template, which is written with four blanks a level."""
    body = line.lstrip(" ")
    return unit * ((len(line) - len(body)) // 4) + body


def _constant(text: str) -> Render:
    def render(_: Texts) -> list[Piece]:
        return [text]

    return render
