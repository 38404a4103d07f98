"""Legacy exceptions that are named elsewhere than in `except`: raised, inherited from, compared, handed on."""

from __future__ import annotations

from collections.abc import Mapping

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Symbol
from callr_migrate.records import dataclass
from callr_migrate.rewrite.coverage import Coverage
from callr_migrate.rewrite.handlers import Handlers
from callr_migrate.rewrite.uses import names_read


@dataclass(frozen=True)
class Mention:
    """A place that names legacy exceptions. `own`: the program raises them itself, or makes a kind of its own.

    Otherwise the errors of the calls in `covered` may get there. `form` is how the new client's errors are named in
    their place: in a `tuple`, or one `list`ed behind the other; None where what is done with them is not followed.
    """

    module: Module
    node: cst.BaseExpression
    own: bool
    covered: frozenset[cst.CSTNode] = frozenset()
    form: str | None = None

    @property
    def reason(self) -> str | None:
        """Why the covered calls must stay."""
        if self.form is not None:
            return None
        line = self.module.source.position(self.module.span(self.node)[0]).line
        return f"`{self.module.text_of(self.node)}` is used where it is not followed (line {line})"


def find_mentions(
    handlers: Handlers, coverage: Coverage, module: Module, guarded: Mapping[cst.CSTNode, set[cst.CSTNode]]
) -> list[Mention]:
    """The mentions of a module, in source order. `guarded`: tuples that clauses name -> the calls in their bodies."""
    found = []
    for node in names_read(module):
        if not _names_error(handlers, module, node):
            continue
        mention = _mention(handlers, coverage, module, node, guarded)
        if mention is not None:
            found.append(mention)
    return found


def _names_error(handlers: Handlers, module: Module, node: cst.BaseExpression) -> bool:
    return bool(handlers.named_in(handlers.evaluator.evaluate(module, node)))


def _mention(
    handlers: Handlers,
    coverage: Coverage,
    module: Module,
    node: cst.BaseExpression,
    guarded: Mapping[cst.CSTNode, set[cst.CSTNode]],
) -> Mention | None:
    parent = module.parent(node)
    if isinstance(parent, cst.Raise) or (isinstance(parent, cst.Call) and parent.func is node):
        return Mention(module, node, own=True)
    if isinstance(parent, cst.Arg) and isinstance(module.parent(parent), cst.ClassDef):
        return Mention(module, node, own=True)
    form = _form(handlers, module, node)
    inside: cst.CSTNode = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.Annotation, cst.ImportAlias)):
            return None
        if isinstance(ancestor, cst.ExceptHandler):
            if inside is ancestor.type:
                return None
            holder = module.parents[ancestor]
            assert isinstance(holder, (cst.Try, cst.TryStar))
            known = (
                form is not None
                and _asks_for_caught(module, node, ancestor)
                and not handlers.caught_earlier(module, ancestor)
                and not handlers.raised_by_others(module, holder.body)
            )
            return _used(coverage, module, node, [holder.body], form if known else None)
        if isinstance(ancestor, cst.WithItem):
            holder_with = module.parents[ancestor]
            assert isinstance(holder_with, cst.With)
            known = ancestor.asname is None and not handlers.raised_by_others(module, holder_with.body)
            return _used(coverage, module, node, [holder_with.body], form if known else None)
        if isinstance(ancestor, cst.Decorator):
            decorated = module.parents[ancestor]
            assert isinstance(decorated, (cst.FunctionDef, cst.ClassDef))
            return _used(coverage, module, node, [decorated.body])
        if isinstance(ancestor, (cst.Assign, cst.AnnAssign)) and _is_constant(module, node, ancestor):
            # A name for it, or a tuple of several: where that is used is looked at there.
            holder_of = module.parent(parent) if isinstance(parent, cst.Element) else None
            calls = guarded.get(holder_of) if holder_of is not None else None
            return Mention(module, node, False, frozenset(calls), "list") if calls else None
        if isinstance(ancestor, (cst.FunctionDef, cst.ClassDef)):
            break
        inside = ancestor
    return Mention(module, node, own=False, covered=frozenset(coverage.near(module)))


def _is_constant(module: Module, node: cst.BaseExpression, statement: cst.Assign | cst.AnnAssign) -> bool:
    for ancestor in (node, *module.ancestors(node)):
        if ancestor is statement:
            break
        if not isinstance(ancestor, (cst.Name, cst.Attribute, cst.Tuple, cst.Element)):
            return False
    targets = (
        [target.target for target in statement.targets]
        if isinstance(statement, cst.Assign)
        else [statement.target]
    )
    return all(isinstance(target, cst.Name) for target in targets)


def _used(
    coverage: Coverage,
    module: Module,
    node: cst.BaseExpression,
    bodies: list[cst.BaseSuite],
    form: str | None = None,
) -> Mention | None:
    covered = coverage.of(module, bodies)
    return Mention(module, node, False, frozenset(covered), form) if covered else None


# What takes the kinds of errors one by one, or as one kind or a tuple of several.
_LISTED = {"contextlib.suppress"}
_IN_ONE = {"builtins.isinstance", "pytest.raises"}
_IN_ONE_OF_TESTS = {"assertRaises"}


def _form(handlers: Handlers, module: Module, node: cst.BaseExpression) -> str | None:
    """How the errors are to be named where the widest of the legacy ones is a whole argument, or in a tuple of it."""
    value = handlers.evaluator.evaluate(module, node)
    widest = {next(iter(surface.exceptions), None) for surface in handlers.evaluator.pack.surfaces.values()}
    call = _call_with(module, node)
    if not isinstance(value, Symbol) or value.name not in widest or call is None:
        return None
    callee = handlers.evaluator.evaluate(module, call.func)
    name = callee.name if isinstance(callee, Symbol) else ""
    # A text that is searched for in the error is another one with the new client.
    plain = all(arg.keyword is None for arg in call.args)
    if name in _LISTED:
        return "list"
    if not plain or not (name in _IN_ONE or last_name(call.func) in _IN_ONE_OF_TESTS):
        return None
    return "list" if isinstance(module.parent(node), cst.Element) else "tuple"


def _call_with(module: Module, node: cst.BaseExpression) -> cst.Call | None:
    """The call that has a node as an argument, or as an element of one."""
    parent = module.parent(node)
    if isinstance(parent, cst.Element):
        parent = module.parent(module.parents[parent])
    call = module.parent(parent) if isinstance(parent, cst.Arg) and not parent.star else None
    return call if isinstance(call, cst.Call) else None


def _asks_for_caught(module: Module, node: cst.BaseExpression, handler: cst.ExceptHandler) -> bool:
    """Whether the call around a node asks for the kind of the handler's own error."""
    call = _call_with(module, node)
    name = handler.name.name if handler.name is not None else None
    if call is None or len(call.args) != 2 or not isinstance(name, cst.Name):
        return False
    asked = call.args[0].value
    return isinstance(asked, cst.Name) and asked.value == name.value
