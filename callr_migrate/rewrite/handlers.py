"""`except` clauses that catch the legacy client's errors, and what their bodies do with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Literal, Symbol, Value
from callr_migrate.pack.model import LegacyError, Surface, Target
from callr_migrate.records import dataclass
from callr_migrate.rewrite.caught import CaughtError, ErrorUse, Untranslatable
from callr_migrate.rewrite.coverage import Coverage, calls_in
from callr_migrate.rewrite.style import copied
from callr_migrate.rewrite.text import Render, Texts
from callr_migrate.rewrite.uses import is_load

_TRACING = {"exception", "print_exc", "format_exc"}
_WRITING = {"dump", "dumps"}  # of what decodes and encodes, they raise other errors


@dataclass
class Handler:
    """One clause. `legacy` are the elements of its type that are legacy exceptions, `tuples` those that it names by a
    tuple which is put together elsewhere (the elements, and the tuples themselves).

    `blocked` says why it cannot be rewritten; `covered` are the legacy calls that may raise into it. `uses` are places
    of its body that change with it.
    """

    module: Module
    node: cst.ExceptHandler
    surface: Surface
    legacy: list[cst.BaseExpression]
    blocked: str | None = None
    covered: set[cst.CSTNode] = field(default_factory=set)
    uses: list[ErrorUse] = field(default_factory=list)
    tuples: list[tuple[cst.BaseExpression, cst.CSTNode]] = field(default_factory=list)

    @property
    def named(self) -> list[cst.BaseExpression]:
        """The elements of its type that name legacy exceptions."""
        return [*self.legacy, *(element for element, _ in self.tuples)]

    @property
    def changes(self) -> bool:
        """Whether it names legacy exceptions, or shows what may be one of the new client's errors."""
        return bool(self.named or self.uses)

    @property
    def traced(self) -> list[int]:
        """The lines of its body that write the whole traceback."""
        module = self.module
        calls = [
            call
            for call in calls_in(module, self.node.body)
            if last_name(call.func) in _TRACING
            or any(arg.keyword is not None and arg.keyword.value == "exc_info" for arg in call.args)
        ]
        return sorted({module.source.position(module.span(call)[0]).line for call in calls})

    @property
    def only_legacy(self) -> bool:
        """Whether it catches nothing but legacy errors."""
        return len(self.legacy) == len(_elements(self.node))

    @property
    def span(self) -> Span:
        """The place of its finding: the type that it catches."""
        assert self.node.type is not None
        return copied(self.module, self.node.type)


class Handlers:
    """Finds the clauses of a module that matter, in source order."""

    def __init__(self, evaluator: Evaluator, target: Target, coverage: Coverage) -> None:
        self.evaluator = evaluator
        self.target = target
        self.coverage = coverage
        self.errors: dict[str, tuple[Surface, LegacyError]] = {
            name: (surface, error)
            for surface in evaluator.pack.surfaces.values()
            for name, error in surface.exceptions.items()
        }

    def of(self, module: Module) -> list[Handler]:
        """Its handlers of legacy errors, and those of all errors that ask for what only legacy errors have."""
        return [handler for node in module.handlers if (handler := self._handler(module, node)) is not None]

    def is_named(self, modules: Iterable[Module]) -> bool:
        """Whether the name of a legacy exception is written anywhere; else nothing can stand for one."""
        names = {name.rpartition(".")[2] for name in self.errors}
        return any(name in module.source.text for module in modules for name in names)

    def named_in(self, value: Value, seen: frozenset[cst.CSTNode] = frozenset()) -> list[str]:
        """The legacy exceptions that an expression for `except` stands for; `seen` are the tuples it is inside of."""
        names = []
        for option in value.options():
            if isinstance(option, Symbol) and option.name in self.errors:
                names.append(option.name)
            elif isinstance(option, Literal) and isinstance(option.ref.node, (cst.Tuple, cst.List, cst.Set)):
                inside = seen | {option.ref.node}
                for element in option.ref.node.elements if len(inside) > len(seen) else ():
                    names += self.named_in(self.evaluator.evaluate(option.ref.module, element.value), inside)
        return names

    def _handler(self, module: Module, node: cst.ExceptHandler) -> Handler | None:
        direct: list[cst.BaseExpression] = []
        tuples: list[tuple[cst.BaseExpression, cst.CSTNode]] = []
        kinds: set[str] = set()
        blocked = None
        for element in _elements(node):
            value = self.evaluator.evaluate(module, element)
            names = self.named_in(value)
            kinds.update(names)
            if names and isinstance(value, Symbol):
                direct.append(element)
            elif names:
                simple = isinstance(value, Literal) and isinstance(value.ref.node, cst.Tuple)
                tuples.append((element, value.ref.node if isinstance(value, Literal) else element))
                if not simple:
                    text = module.text_of(element)
                    blocked = f"`{text}` is put together elsewhere; name the exceptions in the clause itself"
        if not kinds:
            return self._of_everything(module, node)
        surface = next(surface for name, (surface, _) in self.errors.items() if name in kinds)
        handler = Handler(module, node, surface, direct, tuples=tuples)
        handler.blocked = (
            blocked
            or self._too_narrow(surface, kinds)
            or self._error_used(handler)
            or self.caught_earlier(module, node)
            or self.raised_by_others(module, _body_of(module, node))
        )
        handler.covered = self.coverage.of(module, [_body_of(module, node)]) or self.coverage.near(module)
        return handler

    def _of_everything(self, module: Module, node: cst.ExceptHandler) -> Handler | None:
        """A clause for all errors that shows its error, or asks for an attribute that only legacy ones have."""
        name = _name_of(node)
        if name is None or not self._reaches(module, node):
            return None
        covered = self.coverage.of(module, [_body_of(module, node)])
        if not covered:
            return None
        surface = next(iter(self.evaluator.pack.surfaces.values()))
        handler = Handler(module, node, surface, [], covered=covered)
        caught = CaughtError(self.evaluator, module, surface, mixed=True)
        try:
            handler.uses = caught.lenient(_reads(module, node, name))
        except Untranslatable as error:
            handler.blocked = str(error)
        return handler if handler.blocked or handler.uses else None

    def _reaches(self, module: Module, node: cst.ExceptHandler) -> bool:
        """Whether the new client's errors get as far as a clause for a builtin exception that they are."""
        holder = module.parents[node]
        assert isinstance(holder, (cst.Try, cst.TryStar))
        for clause in holder.handlers:
            values = [self.evaluator.evaluate(module, element) for element in _elements(clause)]
            names = {value.name.removeprefix("builtins.") for value in values if isinstance(value, Symbol)}
            # The only ones of that kind are about JSON, and name no address.
            wide = bool(names.intersection(self.target.outage_bases) - {"ValueError"})
            if clause is node:
                return wide
            if wide or any(self.named_in(value) for value in values):
                return False
        return False

    def _too_narrow(self, surface: Surface, names: set[str]) -> str | None:
        """Why a clause cannot be rewritten that catches one kind of legacy errors only."""
        # The pack names the class first that all others inherit from.
        widest = next(iter(surface.exceptions))
        if widest in names:
            return None
        shown = " and ".join(sorted(name.rsplit(".", 1)[-1] for name in names))
        return f"which of the new client's errors take the place of {shown} alone is not known"

    def _error_used(self, handler: Handler) -> str | None:
        """Why what the handler does with the exception has no counterpart; what has is noted."""
        name = _name_of(handler.node)
        if name is None:
            return None
        module = handler.module
        caught = CaughtError(self.evaluator, module, handler.surface, mixed=not handler.only_legacy)
        try:
            handler.uses = caught.strict(_reads(module, handler.node, name))
        except Untranslatable as error:
            return str(error)
        return None

    def caught_earlier(self, module: Module, node: cst.ExceptHandler) -> str | None:
        """Whether an earlier clause of the same `try` would catch the new client's errors first."""
        holder = module.parents[node]
        assert isinstance(holder, (cst.Try, cst.TryStar))
        for clause in holder.handlers:
            if clause is node:
                break
            for kind in _elements(clause):
                value = self.evaluator.evaluate(module, kind)
                name = value.name.removeprefix("builtins.") if isinstance(value, Symbol) else ""
                if name in self.target.outage_bases:
                    line = module.source.position(module.span(clause)[0]).line
                    return f"the clause before it (line {line}) catches {name}, which the new client's errors are too"
        return None

    def raised_by_others(self, module: Module, body: cst.BaseSuite) -> str | None:
        """Whether the body of a `try` or `with` itself uses what raises the new errors, too."""
        for call in calls_in(module, body):
            for option in self.evaluator.evaluate(module, call.func).options():
                root = option.name.split(".")[0] if isinstance(option, Symbol) else None
                if root in self.target.exception_modules and last_name(call.func) not in _WRITING:
                    line = module.source.position(module.span(call)[0]).line
                    return f"`{module.text_of(call.func)}` (line {line}) can raise the same errors as the new client"
        return None


def _body_of(module: Module, node: cst.ExceptHandler) -> cst.BaseSuite:
    """What a clause guards."""
    holder = module.parents[node]
    assert isinstance(holder, (cst.Try, cst.TryStar))
    return holder.body


def _name_of(node: cst.ExceptHandler) -> str | None:
    """What a clause calls its error."""
    return node.name.name.value if node.name is not None and isinstance(node.name.name, cst.Name) else None


def _elements(node: cst.ExceptHandler | cst.ExceptStarHandler) -> list[cst.BaseExpression]:
    if node.type is None:
        return []
    return (
        [element.value for element in node.type.elements] if isinstance(node.type, cst.Tuple) else [node.type]
    )


def _reads(module: Module, node: cst.ExceptHandler, name: str) -> list[cst.Name]:
    """The places in the body of a clause that read a name."""
    start, end = module.span(node.body)
    return [
        use
        for use in module.names
        if isinstance(use, cst.Name)
        and use.value == name
        and start <= module.span(use)[0] < end
        and is_load(module, use)
    ]


def write_types(
    texts: Texts, node: cst.BaseExpression, gone: list[cst.BaseExpression], new: list[str]
) -> None:
    """Put the new exceptions of a clause in place of those that go, or behind those that stay."""
    module = texts.module
    elements = list(node.elements) if isinstance(node, cst.Tuple) else []
    low, high = copied(module, node)
    commented = any(low <= left < high for left, _ in module.comments)
    if not commented:
        kept = [element.value for element in elements] if elements else [node]
        names = [module.text_of(element) for element in kept if element not in gone]
        names += [name for name in new if name not in names]
        text = names[0] if len(names) == 1 else f"({', '.join(names)})"
        texts.replace((low, high), lambda _: [text])
        return
    # A tuple with comments keeps its lines: each comment stays beside what it stood beside.
    present = {module.text_of(element.value) for element in elements if element.value not in gone}
    names = [name for name in new if name not in present]
    for element in elements:
        start, end = copied(module, element.value)
        if element.value not in gone:
            continue
        comma = module.source.text.find(",", end, high)
        is_last = element is elements[-1]
        if names:
            joined = ", ".join(names)
            texts.replace((start, end), _constant(joined))
            names = []
        else:
            blank = module.source.text[end:comma] if comma >= 0 else "x"
            texts.replace((start, end if is_last or blank.strip() else comma + 1), _constant(""))
    if names and elements:
        end = copied(module, elements[-1].value)[1]
        texts.insert(end, "".join(f", {name}" for name in names))


def _constant(text: str) -> Render:
    return lambda _: [text]
