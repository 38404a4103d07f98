"""Dicts of options that are made elsewhere than in the call: all that is put into them, and all that is done with them.

Such a dict is translated where it is made. That is right only if every use of it is known, and is one of: filling it,
testing it, handing it on, and giving it to legacy calls that are rewritten, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Collected, Constant, Literal, Ref, Unknown, Value
from callr_migrate.records import dataclass
from callr_migrate.rewrite.uses import Flows, is_tested, loads


class Unfollowed(Exception):
    """The dict cannot be translated where it is made; the message says why."""


@dataclass(frozen=True)
class Entry:
    """One key of a dict and its value. `key_span` is the text of the key, bare for the keyword of a call.

    `gone` is what to cut to be rid of the entry, None if it is not that simple.
    """

    module: Module
    key: str
    key_span: Span
    bare: bool
    value: cst.BaseExpression
    gone: Span | None = None


@dataclass
class OptionDict:
    """What a dict of options may hold. `certain` are the keys that it has in any case; `calls` the legacy calls that
    are given it; `maybe_none` whether there may be none at all.
    """

    entries: list[Entry] = field(default_factory=list)
    certain: set[str] = field(default_factory=set)
    calls: set[cst.CSTNode] = field(default_factory=set)
    maybe_none: bool = False


def identity(value: Value) -> Ref | None:
    """Where a dict is made, if that is seen."""
    if isinstance(value, Literal) and isinstance(value.ref.node, cst.Dict):
        return value.ref
    return value.at if isinstance(value, Collected) else None


class OptionDicts:
    """Looks dicts up in all modules of a project."""

    def __init__(self, evaluator: Evaluator, mentioning: Callable[[str], Path | None]) -> None:
        """`mentioning` gives a file with a word in it that is not analysed."""
        self.evaluator = evaluator
        self.mentioning = mentioning
        self._uses: dict[cst.CSTNode, list[tuple[Module, cst.BaseExpression]]] = {}
        self._modules = 0

    def of(
        self, module: Module, node: cst.BaseExpression, takers: Mapping[cst.CSTNode, cst.CSTNode]
    ) -> OptionDict:
        """The dict that an argument is. `takers`: the argument nodes at which legacy calls take such a dict -> calls.

        Raises `Unfollowed`.
        """
        self._index()
        return _Following(self, takers).run(module, node)

    def uses(self, made: Ref) -> list[tuple[Module, cst.BaseExpression]]:
        """The places that read a dict."""
        return self._uses.get(made.node, [])

    def _index(self) -> None:
        modules = self.evaluator.project.modules
        if len(modules) == self._modules:
            return
        self._modules = len(modules)
        self._uses = {}
        for module in list(modules):
            for node in loads(module):
                for option in self.evaluator.evaluate(module, node).options():
                    made = identity(option)
                    # A call that makes the dict is the making itself.
                    if made is not None and made.node is not node:
                        self._uses.setdefault(made.node, []).append((module, node))


class _Following:
    def __init__(self, dicts: OptionDicts, takers: Mapping[cst.CSTNode, cst.CSTNode]) -> None:
        self.dicts = dicts
        self.evaluator = dicts.evaluator
        self.takers = takers
        self.found = OptionDict()
        self.seen: set[cst.CSTNode] = set()
        self.steps: list[tuple[Ref, Module, cst.CSTNode, str]] = []

    def run(self, module: Module, node: cst.BaseExpression) -> OptionDict:
        made = self._made(module, node)
        keys = [self._certain(ref, module, node) for ref in made]
        self.found.certain = set.intersection(*keys) if keys and not self.found.maybe_none else set()
        return self.found

    def _made(self, module: Module, node: cst.BaseExpression) -> list[Ref]:
        """The dicts that an expression may give, each followed."""
        made = []
        shown = _short(module, node)
        for option in self.evaluator.evaluate(module, node).options():
            ref = identity(option)
            if ref is not None:
                made.append(ref)
            elif isinstance(option, Constant) and option.value is None:
                self.found.maybe_none = True
            else:
                why = f": {option.reason}" if isinstance(option, Unknown) else ""
                raise Unfollowed(f"what `{shown}` holds is not known{why}")
        for ref in made:
            self._follow(ref)
        return made

    def _follow(self, made: Ref) -> None:
        if made.node in self.seen:
            return
        self.seen.add(made.node)
        self._display(made)
        place = made.module.parent(made.node)
        assert isinstance(made.node, cst.BaseExpression)
        if not self._is_fine(made.module, made.node, place):
            raise self._elsewhere(made.module, made.node)
        name = _name_outside(made)
        path = self.dicts.mentioning(name) if name is not None else None
        if path is not None:
            raise Unfollowed(
                f"`{name}` may be used in {path.name}, too, which has nothing else to do with it"
            )
        for module, use in self.dicts.uses(made):
            parent = module.parent(use)
            if not self._is_fine(module, use, parent) and not self._fills(made, module, use, parent):
                raise self._elsewhere(module, use)

    def _elsewhere(self, module: Module, node: cst.BaseExpression) -> Unfollowed:
        line = module.source.position(module.span(node)[0]).line
        parent = module.parent(node)
        around = module.parent(parent) if isinstance(parent, cst.Arg) else parent
        text = _short(module, around if isinstance(around, cst.BaseExpression) else node)
        return Unfollowed(f"the dict is used elsewhere, too: `{text}` ({module.path.name}:{line})")

    def _is_fine(self, module: Module, node: cst.BaseExpression, parent: cst.CSTNode | None) -> bool:
        """Whether a use of the dict leaves it as it is, or gives it to legacy calls."""
        if self._is_taken(node):
            return True
        if isinstance(parent, cst.Expr) or is_tested(parent, node) or self._is_copied(module, node, parent):
            return True
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.BitOr):
            return self._is_taken(parent) or self._is_fine(module, parent, module.parent(parent))
        if isinstance(parent, cst.StarredDictElement):
            return self._is_followed_dict(module, module.parents[parent])
        if isinstance(parent, cst.Arg):
            call = module.parent(parent)
            if isinstance(call, cst.Call) and (parent.star == "**" or parent.keyword is None):
                if self._is_followed_dict(module, call):
                    return True
                filled = call.func.value if isinstance(call.func, cst.Attribute) else None
                if filled is not None and last_name(call.func) == "update" and not parent.star:
                    options = self.evaluator.evaluate(module, filled).options()
                    return all(
                        (ref := identity(option)) is not None and ref.node in self.seen for option in options
                    )
        return Flows(self.evaluator, module).is_followed(node)

    def _is_copied(self, module: Module, node: cst.CSTNode, parent: cst.CSTNode | None) -> bool:
        """Whether the use makes a copy that counts as the dict itself."""
        call = module.parent(parent) if isinstance(parent, cst.Attribute) and parent.value is node else None
        if not isinstance(call, cst.Call) or call.func is not parent or call.args:
            return False
        refs = [identity(option) for option in self.evaluator.evaluate(module, call).options()]
        return last_name(call.func) == "copy" and all(
            ref is not None and ref.node in self.seen for ref in refs
        )

    def _is_followed_dict(self, module: Module, node: cst.CSTNode) -> bool:
        """Whether a display or `dict(...)` that takes the dict's keys over goes to a call, or can be followed itself."""
        if self._is_taken(node):
            return True
        refs = [
            ref
            for option in (
                self.evaluator.evaluate(module, node).options()
                if isinstance(node, cst.BaseExpression)
                else ()
            )
            if (ref := identity(option)) is not None and ref.node is node
        ]
        for ref in refs:
            self._follow(ref)
        return bool(refs)

    def _is_taken(self, node: cst.CSTNode) -> bool:
        """Whether a legacy call takes it; noted."""
        call = self.takers.get(node)
        if call is not None:
            self.found.calls.add(call)
        return call is not None

    # What is in it

    def _display(self, made: Ref) -> None:
        module, node = made.module, made.node
        if isinstance(node, cst.Dict):
            for part in node.elements:
                if isinstance(part, cst.DictElement):
                    self._entry(module, part.key, part.value, cut(module, part, node.elements))
                else:
                    self._made(module, part.value)
        elif isinstance(node, cst.Call):
            for arg in node.args:
                if arg.keyword is not None:
                    self._keyword(module, arg, node.args)
                elif arg.star in ("", "**"):
                    self._made(module, arg.value)
                else:
                    raise self._elsewhere(module, arg.value)

    def _keyword(self, module: Module, arg: cst.Arg, args: Sequence[cst.Arg]) -> None:
        assert arg.keyword is not None
        self.found.entries.append(
            Entry(
                module, arg.keyword.value, module.span(arg.keyword), True, arg.value, cut(module, arg, args)
            )
        )

    def _entry(
        self, module: Module, key: cst.BaseExpression, value: cst.BaseExpression, gone: Span | None
    ) -> str:
        found, name = literal(key)
        if not found or not isinstance(name, str) or not isinstance(key, cst.SimpleString):
            line = module.source.position(module.span(key)[0]).line
            raise Unfollowed(
                f"the key `{_short(module, key)}` is not a literal text ({module.path.name}:{line})"
            )
        self.found.entries.append(Entry(module, name, module.span(key), False, value, gone))
        return name

    def _fills(self, made: Ref, module: Module, use: cst.BaseExpression, parent: cst.CSTNode | None) -> bool:
        """Whether a use puts something into the dict."""
        if isinstance(parent, cst.Subscript) and parent.value is use:
            target = module.parent(parent)
            statement = module.parent(target) if isinstance(target, cst.AssignTarget) else None
            keys = [part.slice.value for part in parent.slice if isinstance(part.slice, cst.Index)]
            if not isinstance(statement, cst.Assign) or len(statement.targets) > 1 or len(keys) != 1:
                return False
            name = self._entry(module, keys[0], statement.value, _line_of(module, statement))
            self.steps.append((made, module, statement, name))
            return True
        call = module.parent(parent) if isinstance(parent, cst.Attribute) and parent.value is use else None
        if not isinstance(call, cst.Call) or call.func is not parent or not isinstance(parent, cst.Attribute):
            return False
        if not isinstance(module.parent(call), cst.Expr):
            return False
        if (
            parent.attr.value == "setdefault"
            and len(call.args) == 2
            and not any(arg.keyword for arg in call.args)
        ):
            self._entry(module, call.args[0].value, call.args[1].value, None)
            return True
        if parent.attr.value != "update":
            return False
        for arg in call.args:
            if arg.keyword is not None:
                self._keyword(module, arg, call.args)
            elif arg.star in ("", "**"):
                self._made(module, arg.value)
            else:
                return False
        return True

    def _certain(self, made: Ref, module: Module, node: cst.CSTNode) -> set[str]:
        """The keys that a dict has whenever the call at `node` is made."""
        keys: set[str] = set()
        for part in made.node.elements if isinstance(made.node, cst.Dict) else ():
            if isinstance(part, cst.DictElement):
                keys.add(str(literal(part.key)[1]))
            else:
                keys |= self._certain_of(made.module, part.value, node)
        for arg in made.node.args if isinstance(made.node, cst.Call) else ():
            if arg.keyword is not None:
                keys.add(arg.keyword.value)
            else:
                keys |= self._certain_of(made.module, arg.value, node)
        here = _block_of(made.module, made.node)
        for owner, home, statement, name in self.steps:
            # A step beside the making, before the call, is always taken.
            if (
                owner.node is made.node
                and home is made.module is module
                and _block_of(home, statement) is here
            ):
                if here in set(module.ancestors(node)) and module.span(statement)[0] < module.span(node)[0]:
                    keys.add(name)
        return keys

    def _certain_of(self, module: Module, node: cst.BaseExpression, call: cst.CSTNode) -> set[str]:
        refs = [identity(option) for option in self.evaluator.evaluate(module, node).options()]
        found = [self._certain(ref, module, call) if ref is not None else set() for ref in refs]
        return set.intersection(*found) if found else set()


def _name_outside(made: Ref) -> str | None:
    """The name by which other files can get at the dict: of a module, or what a function there gives."""
    module, node = made.module, made.node
    parent = module.parent(node)
    if isinstance(parent, cst.Return):
        function = module.function_of(node)
        return function.name.value if isinstance(function, cst.FunctionDef) else None
    if module.scope_of(node).is_function:
        return None
    targets: list[cst.BaseExpression] = []
    if isinstance(parent, cst.Assign):
        targets = [target.target for target in parent.targets]
    elif isinstance(parent, cst.AnnAssign):
        targets = [parent.target]
    return next((last_name(target) for target in targets), None)


def _short(module: Module, node: cst.CSTNode) -> str:
    text = " ".join(module.text_of(node).split())
    return text if len(text) <= 40 else text[:37] + "..."


def _block_of(module: Module, node: cst.CSTNode) -> cst.CSTNode | None:
    return next(
        (each for each in module.ancestors(node) if isinstance(each, (cst.BaseSuite, cst.Module))), None
    )


def cut(module: Module, part: cst.CSTNode, parts: Sequence[cst.CSTNode]) -> Span | None:
    """What to cut to be rid of an element or argument; None where a comment would go with it."""
    spans = [module.span(each) for each in parts]
    at = next(index for index, each in enumerate(parts) if each is part)
    if at + 1 < len(spans):
        low, high = spans[at][0], spans[at + 1][0]
    elif at:
        low, high = spans[at - 1][1], spans[at][1]
    else:
        low, high = spans[at]
    text = module.source.text[low:high]
    return None if any(low <= left < high for left, _ in module.comments) or not text else (low, high)


def _line_of(module: Module, statement: cst.Assign) -> Span | None:
    """The whole line of a statement, where it stands there alone and beside others."""
    line = module.parent(statement)
    block = module.parent(line) if line is not None else None
    body: Sequence[cst.CSTNode] = getattr(block, "body", ())
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or len(body) < 2:
        return None
    source = module.source
    start, end = module.span(statement)
    first, last = source.position(start).line, source.position(end).line
    if last >= len(source.line_starts) or any(
        source.line_starts[first - 1] <= left < source.line_starts[last] for left, _ in module.comments
    ):
        return None
    return source.line_starts[first - 1], source.line_starts[last]
