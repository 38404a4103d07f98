"""`except` clauses that catch the legacy client's errors, and what their bodies do with them."""

from __future__ import annotations

from dataclasses import dataclass, field

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Literal, Symbol, Value
from callr_migrate.pack.model import LegacyError, Surface, Target
from callr_migrate.rewrite.coverage import Coverage, calls_in
from callr_migrate.rewrite.style import copied
from callr_migrate.rewrite.text import Render, Texts
from callr_migrate.rewrite.uses import is_load, shows

# What reports an exception takes any; these are names of Python's own habits.
_WRITING = {"dump", "dumps"}  # of what decodes and encodes, they raise other errors
_REPORTING = {"capture_exception", "print_exception", "format_exception", "type"}


@dataclass
class Handler:
    """One clause. `legacy` are the elements of its type that name legacy exceptions.

    `blocked` says why it cannot be rewritten; `covered` are the legacy calls that may raise into it. `changes` is
    False for a clause that catches legacy errors among all others, and so stays as it is.
    """

    module: Module
    node: cst.ExceptHandler
    surface: Surface
    legacy: list[cst.BaseExpression]
    blocked: str | None = None
    covered: set[cst.CSTNode] = field(default_factory=set)

    @property
    def changes(self) -> bool:
        """Whether its type names legacy exceptions."""
        return bool(self.legacy)

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
        named: list[tuple[cst.BaseExpression, str]] = []
        blocked = None
        for element in _elements(node):
            names = self.named_in(self.evaluator.evaluate(module, element))
            if isinstance(self.evaluator.evaluate(module, element), Symbol):
                named += [(element, name) for name in names]
            elif names:
                named.append((element, names[0]))
                text = module.text_of(element)
                blocked = f"`{text}` is put together elsewhere; name the exceptions in the clause itself"
        if not named:
            return self._of_everything(module, node)
        surface, _ = self.errors[named[0][1]]
        handler = Handler(module, node, surface, [element for element, _ in named])
        handler.blocked = (
            blocked
            or self._too_narrow(surface, {name for _, name in named})
            or self._error_used(module, node, surface)
            or self._caught_earlier(module, node)
            or self._raised_by_others(module, node)
        )
        holder = module.parents[node]
        assert isinstance(holder, (cst.Try, cst.TryStar))
        handler.covered = self.coverage.of(module, [holder.body]) or self.coverage.near(module)
        return handler

    def _of_everything(self, module: Module, node: cst.ExceptHandler) -> Handler | None:
        """A clause for all errors whose body asks for an attribute that only legacy ones have."""
        if node.name is None or not isinstance(node.name.name, cst.Name):
            return None
        name = node.name.name.value
        kinds = [self.evaluator.evaluate(module, element) for element in _elements(node)]
        if not any(isinstance(kind, Symbol) and kind.name in _ALL_ERRORS for kind in kinds):
            return None
        attributes = {attribute for _, error in self.errors.values() for attribute in error.attributes}
        for use in _reads(module, node, name):
            parent = module.parent(use)
            asked = parent.attr.value if isinstance(parent, cst.Attribute) and parent.value is use else None
            if asked is None and isinstance(parent, cst.Arg):
                asked = _getattr_name(module, parent)
            if asked not in attributes:
                continue
            holder = module.parents[node]
            assert isinstance(holder, (cst.Try, cst.TryStar))
            covered = self.coverage.of(module, [holder.body])
            if covered:
                surface = next(iter(self.evaluator.pack.surfaces.values()))
                line = module.source.position(module.span(use)[0]).line
                why = f"`{name}.{asked}` (line {line}) has no counterpart in the new client's errors"
                return Handler(module, node, surface, [], why, covered)
        return None

    def _too_narrow(self, surface: Surface, names: set[str]) -> str | None:
        """Why a clause cannot be rewritten that catches one kind of legacy errors only."""
        # The pack names the class first that all others inherit from.
        widest = next(iter(surface.exceptions))
        if widest in names:
            return None
        shown = " and ".join(sorted(name.rsplit(".", 1)[-1] for name in names))
        return f"which of the new client's errors take the place of {shown} alone is not known"

    def _error_used(self, module: Module, node: cst.ExceptHandler, surface: Surface) -> str | None:
        """Why what the handler does with the exception has no counterpart."""
        if node.name is None or not isinstance(node.name.name, cst.Name):
            return None
        name = node.name.name.value
        attributes = {attribute for error in surface.exceptions.values() for attribute in error.attributes}
        for use in _reads(module, node, name):
            parent = module.parent(use)
            line = module.source.position(module.span(use)[0]).line
            if isinstance(parent, cst.Attribute) and parent.value is use:
                if parent.attr.value in attributes or parent.attr.value == "args":
                    return f"`{name}.{parent.attr.value}` (line {line}) has no counterpart in the new client's errors"
            if not _is_harmless(module, use):
                whole = module.parent(parent) if isinstance(parent, cst.Arg) else parent
                shown = " ".join(module.text_of(whole or use).split())
                return f"what `{shown}` (line {line}) does with the error is not followed"
        return None

    def _caught_earlier(self, module: Module, node: cst.ExceptHandler) -> str | None:
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

    def _raised_by_others(self, module: Module, node: cst.ExceptHandler) -> str | None:
        """Whether the body of the `try` itself uses what raises the new errors, too."""
        holder = module.parents[node]
        assert isinstance(holder, (cst.Try, cst.TryStar))
        for call in calls_in(module, holder.body):
            for option in self.evaluator.evaluate(module, call.func).options():
                root = option.name.split(".")[0] if isinstance(option, Symbol) else None
                if root in self.target.exception_modules and last_name(call.func) not in _WRITING:
                    line = module.source.position(module.span(call)[0]).line
                    return f"`{module.text_of(call.func)}` (line {line}) can raise the same errors as the new client"
        return None


_ALL_ERRORS = ("builtins.Exception", "builtins.BaseException")


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


def _getattr_name(module: Module, arg: cst.Arg) -> str | None:
    """The attribute that `getattr(x, "name")` or `hasattr` asks `x` for."""
    call = module.parent(arg)
    if isinstance(call, cst.Call) and last_name(call.func) in ("getattr", "hasattr") and len(call.args) > 1:
        found, value = literal(call.args[1].value)
        return value if found and isinstance(value, str) else None
    return None


def _is_harmless(module: Module, use: cst.BaseExpression) -> bool:
    """Whether a use of an exception works with any exception: raised, shown, or handed to a new one as its cause."""
    parent = module.parent(use)
    if shows(module, use):
        call = module.parent(parent) if isinstance(parent, cst.Arg) else None
        if isinstance(call, cst.Call) and last_name(call.func) in ("str", "repr"):
            # Its text is another one now: harmless where nothing looks at it.
            return not isinstance(
                module.parent(call), (cst.Comparison, cst.ComparisonTarget, cst.Attribute, cst.Subscript)
            )
        return True
    if isinstance(parent, (cst.Raise, cst.From, cst.Expr)):
        return True
    if isinstance(parent, cst.Arg):
        call = module.parent(parent)
        if isinstance(call, cst.Call):
            raised = isinstance(module.parent(call), cst.Raise)
            return raised or last_name(call.func) in _REPORTING
    return False


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
