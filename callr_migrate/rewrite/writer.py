"""A plan -> the texts of each module."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Client, Symbol
from callr_migrate.rewrite.caught import ErrorUse
from callr_migrate.rewrite.clients import ClientWriter, Construction, LocalNames, with_region
from callr_migrate.rewrite.emit import CannotEmit, check_place, request_text
from callr_migrate.rewrite.handlers import Handler, write_types
from callr_migrate.rewrite.imports import Imports, LegacyImport
from callr_migrate.rewrite.mentions import Mention
from callr_migrate.rewrite.planner import Plan
from callr_migrate.rewrite.plans import Moved, PathValue
from callr_migrate.rewrite.posting import write_post
from callr_migrate.rewrite.state import CallState, ClientState, RewriteOptions
from callr_migrate.rewrite.style import Style, copied, is_atom
from callr_migrate.rewrite.text import Piece, Render, Texts
from callr_migrate.rewrite.uses import is_load
from callr_migrate.stages import staged

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
        self.styles = {module: Style.of(module, *options.layout_of(module.path)) for module in self.modules}
        self.imports = {module: Imports(evaluator, module) for module in self.modules}
        self._constructing: set[Module] = set()
        self._states = {state.call.node: state for state in plan.calls}
        self._clients: dict[CallState, list[ClientState]] = {}
        for client in plan.clients:
            for state in client.calls:
                self._clients.setdefault(state, []).append(client)
        self._consumed: dict[Module, set[cst.CSTNode]] = {module: set() for module in self.modules}
        self._by_module: dict[Module, list[CallState]] | None = None

    @staged("writing edits")
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
                    if span[0] == span[1]:
                        self.texts[use.module].insert(span[0], text)
                    else:
                        self.texts[use.module].replace(span, _constant(text))
        for handler in self.plan.handlers:
            self._handler(handler)
        for mention in self.plan.mentions:
            self._mention(mention)
        if (
            self.plan.clients
            and all(client.rewritten and not client.split for client in self.plan.clients)
            and all(state.rewritten for state in self.plan.calls)
        ):
            for module in self.modules:
                self._annotations(module)
        for module, alias, name in self.plan.imported:
            self._import_new_name(module, alias, name)
        for module in self.modules:
            self._module_imports(module)
        for texts in self.texts.values():
            texts.complete()

    def is_rewritten(self, node: cst.CSTNode) -> bool:
        """Whether a legacy call changes."""
        state = self._states.get(node)  # type: ignore[call-overload]
        return state is not None and state.rewritten

    # Calls

    def _call(self, state: CallState) -> None:
        call, plan = state.call, state.plan
        assert plan is not None
        for moved in plan.moved:
            self._moved(moved)
        if state.post is not None:
            home = call.module
            write_post(self.evaluator, state, self.texts[home], self.styles[home], self.imports[home])
            return
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
            check_place(self.texts[module], call, render)
        except CannotEmit as error:
            state.refuse(str(error))
            return
        self.texts[module].replace(module.span(call.node), render)

    def _moved(self, moved: Moved) -> None:
        """What changes of a dict where it is made; calls that share it ask for the same."""
        texts, style = self.texts[moved.module], self.styles[moved.module]
        if moved.table:
            rows = ", ".join(f"{style.quoted(old)}: {style.quoted(new)}" for old, new in moved.table)
            texts.insert(moved.span[0], f"{{{rows}}}[")
            texts.insert(moved.span[1], "]")
            return
        quoted = moved.text.startswith("'")
        texts.replace(moved.span, _constant(style.quoted(moved.text[1:-1]) if quoted else moved.text))

    def _split(self, state: CallState) -> bool:
        return any(client.split for client in self._clients_of(state))

    def _clients_of(self, state: CallState) -> list[ClientState]:
        return self._clients.get(state, [])

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
        # A class beside the imports needs its module there; without one the import may stay where it was.
        near = imports.import_behind(made.node.func) if self.target.helper is None else None
        imports.need_module(self.target.module, near)
        local = self.local_names(module)
        style = self.styles[module]
        self._constructing.add(module)
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

    def local_names(self, module: Module) -> LocalNames:
        """What the target's parts are called in a module."""
        helper = self.target.helper_name or ""
        while helper in module.scope.bindings and not self._is_helper(module, helper):
            helper += "_"
        return LocalNames(self.imports[module].local_name(self.target.module), helper)

    def _is_helper(self, module: Module, name: str) -> bool:
        """Whether a name is the class that an earlier run has put there."""
        return any(
            isinstance(value, Symbol) and value.name.split(".")[0] == self.target.module
            for binding in module.scope.bindings.get(name, [])
            if isinstance(binding.node, cst.ClassDef)
            for base in binding.node.bases
            for value in [self.evaluator.evaluate(module, base.value)]
        )

    def _helper(self, module: Module, helper: str) -> None:
        if self._is_helper(module, self.local_names(module).helper):
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
        near = imports.import_behind(handler.legacy[0]) if handler.legacy else None
        shown = [self.target.module] if handler.uses else []
        for name in self.target.exception_modules if handler.legacy else shown:
            local = name == self.target.module and self.target.helper is None
            imports.need_module(name, near if local else None)
        keep = self._keeps_legacy(handler.covered)
        if handler.legacy:
            new = self._exceptions(module)
            if not keep:
                self._consumed[module].update(handler.legacy)
            write_types(self.texts[module], node, [] if keep else handler.legacy, new)
        for use in handler.uses:
            text = self._error_text(handler, use, imports.local_name(self.target.module), keep)
            nested = use.nested or (use.kind != "text" and " if " in text)
            self.texts[module].replace(use.span, _constant(f"({text})" if nested else text))

    def _error_text(self, handler: Handler, use: ErrorUse, local: str, keep: bool) -> str:
        """What a use of a caught error becomes."""
        mixed = keep or not handler.only_legacy
        template = self.target.mixed_error_text if mixed else self.target.error_text
        if use.kind != "text":
            template = self.target.answered if use.kind == "status" else f"not {self.target.answered}"
        assert template is not None
        shown = use.name if use.legacy == use.name else f"str({use.name})"
        text = template.replace("{error}", use.name).replace("{module}", local).replace("{shown}", shown)
        if not keep or not use.legacy.startswith(f"{use.name}."):
            return text
        # A legacy error still has its own attributes.
        if not handler.only_legacy:
            own = use.quote or ("'" if self.styles[handler.module].quote == '"' else '"')
            mark = "'" if own == '"' else '"'
            return f"{use.legacy} if hasattr({use.name}, {mark}{use.legacy[len(use.name) + 1 :]}{mark}) else {text}"
        kinds = ", ".join(handler.module.text_of(element) for element in handler.legacy)
        kinds = f"({kinds})" if len(handler.legacy) > 1 else kinds
        return f"{use.legacy} if isinstance({use.name}, {kinds}) else {text}"

    def _mention(self, mention: Mention) -> None:
        """Name the new client's errors where the legacy ones are named outside of an `except`."""
        if not self.mention_changes(mention):
            return
        module, node = mention.module, mention.node
        for name in self.target.exception_modules:
            self.imports[module].need_module(name, None)
        names = self._exceptions(module)
        if self._keeps_legacy(mention.covered):
            names.insert(0, module.text_of(node))
        else:
            self._consumed[module].add(node)
        joined = ", ".join(names)
        text = f"({joined})" if mention.form == "tuple" and len(names) > 1 else joined
        self.texts[module].replace(copied(module, node), _constant(text))

    def mention_changes(self, mention: Mention) -> bool:
        """Whether the errors of a rewritten call may get there."""
        return mention.form is not None and any(self.is_rewritten(node) for node in mention.covered)

    def _exceptions(self, module: Module) -> list[str]:
        """The exceptions of the target by their names in a file."""
        imports = self.imports[module]
        found = []
        for template in self.target.exceptions:
            home, _, name = template.replace("{module}", self.target.module).rpartition(".")
            found.append(f"{imports.local_name(home)}.{name}" if home else name)
        return found

    def handler_changes(self, handler: Handler) -> bool:
        """Whether a rewritten call may raise into the handler."""
        return (
            handler.changes
            and handler.blocked is None
            and any(self.is_rewritten(node) for node in handler.covered)
        )

    def _keeps_legacy(self, covered: Iterable[cst.CSTNode]) -> bool:
        """Whether a legacy error may still be raised: by one of the calls, or by the program itself."""
        return any(mention.own for mention in self.plan.mentions) or any(
            not self.is_rewritten(node) for node in covered
        )

    # Annotations

    def _annotations(self, module: Module) -> None:
        """Where no legacy client is left, what is annotated as one is a new one."""
        if self.target.helper is not None and module not in self._constructing:
            # The class that the target needs stands in another file.
            return
        new = self.clients.type_name(self.local_names(module))
        for text in module.strings:
            if isinstance(text, cst.SimpleString) and self._is_annotation(module, text):
                if isinstance(self.evaluator.annotated(module, text), Client) and "[" not in text.value:
                    self.imports[module].need_module(self.target.module, None)
                    self.texts[module].replace(module.span(text), _constant(f"{text.quote}{new}{text.quote}"))
        classes = {name for surface in self.pack.surfaces.values() for name in surface.clients}
        for node in module.names:
            if not self._is_annotation(module, node):
                continue
            value = self.evaluator.evaluate(module, node)
            if isinstance(value, Symbol) and value.name in classes:
                self.imports[module].need_module(self.target.module, None)
                self._consumed[module].add(node)
                self.texts[module].replace(module.span(node), _constant(new))

    @staticmethod
    def _is_annotation(module: Module, node: cst.CSTNode) -> bool:
        return any(isinstance(ancestor, cst.Annotation) for ancestor in module.ancestors(node))

    # Imports

    def _import_new_name(self, module: Module, alias: cst.ImportAlias, name: str) -> None:
        """Import the new client beside the old one, or in place of it where nothing here needs the old one."""
        old = alias.evaluated_name
        rewritten = {id(state.call.receiver) for state in self._received(module) if state.rewritten}
        reads = [
            use
            for use in module.names
            if isinstance(use, cst.Name) and use.value == old and is_load(module, use)
        ]
        if all(id(use) in rewritten for use in reads) and not self.imports[module].is_taken(old):
            self.texts[module].replace(module.span(alias), _constant(name))
        else:
            self.texts[module].insert(module.span(alias)[1], f", {name}")

    def _received(self, module: Module) -> list[CallState]:
        """The calls of a module that get a new receiver; grouped once, or each module would go through all calls."""
        if self._by_module is None:
            self._by_module = {}
            for state in self.plan.calls:
                if state.call.node in self.plan.receivers:
                    self._by_module.setdefault(state.call.module, []).append(state)
        return self._by_module.get(module, [])

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
        helper = self.clients.helper(self.local_names(module)) if module in self._constructing else None
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
