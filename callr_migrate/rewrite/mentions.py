"""Legacy exceptions that are named elsewhere than in `except`: raised, inherited from, compared, handed on."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.rewrite.coverage import Coverage
from callr_migrate.rewrite.handlers import Handlers
from callr_migrate.rewrite.uses import is_load


@dataclass(frozen=True)
class Mention:
    """A place that names legacy exceptions. `own`: the program raises them itself, or makes a kind of its own.

    Otherwise the errors of the calls in `covered` may get there, and what is done with them is not followed.
    """

    module: Module
    node: cst.BaseExpression
    own: bool
    covered: frozenset[cst.CSTNode] = frozenset()

    @property
    def reason(self) -> str:
        """Why the covered calls must stay."""
        line = self.module.source.position(self.module.span(self.node)[0]).line
        return f"`{self.module.text_of(self.node)}` is used where it is not followed (line {line})"


def find_mentions(handlers: Handlers, coverage: Coverage, module: Module) -> list[Mention]:
    """The mentions of a module, in source order."""
    found = []
    for node in module.names:
        if not is_load(module, node) or not _names_error(handlers, module, node):
            continue
        mention = _mention(handlers, coverage, module, node)
        if mention is not None:
            found.append(mention)
    return found


def _names_error(handlers: Handlers, module: Module, node: cst.BaseExpression) -> bool:
    return bool(handlers.named_in(handlers.evaluator.evaluate(module, node)))


def _mention(
    handlers: Handlers, coverage: Coverage, module: Module, node: cst.BaseExpression
) -> Mention | None:
    parent = module.parent(node)
    if isinstance(parent, cst.Raise) or (isinstance(parent, cst.Call) and parent.func is node):
        return Mention(module, node, own=True)
    if isinstance(parent, cst.Arg) and isinstance(module.parent(parent), cst.ClassDef):
        return Mention(module, node, own=True)
    inside: cst.CSTNode = node
    for ancestor in module.ancestors(node):
        if isinstance(ancestor, (cst.Annotation, cst.ImportAlias)):
            return None
        if isinstance(ancestor, cst.ExceptHandler):
            if inside is ancestor.type:
                return None
            holder = module.parents[ancestor]
            assert isinstance(holder, (cst.Try, cst.TryStar))
            return _used(coverage, module, node, [holder.body])
        if isinstance(ancestor, cst.WithItem):
            holder_with = module.parents[ancestor]
            assert isinstance(holder_with, cst.With)
            return _used(coverage, module, node, [holder_with.body])
        if isinstance(ancestor, cst.Decorator):
            decorated = module.parents[ancestor]
            assert isinstance(decorated, (cst.FunctionDef, cst.ClassDef))
            return _used(coverage, module, node, [decorated.body])
        if isinstance(ancestor, (cst.Assign, cst.AnnAssign)) and _is_constant(module, node, ancestor):
            # A name for it, or a tuple of several: where that is used is looked at there.
            return None
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
    coverage: Coverage, module: Module, node: cst.BaseExpression, bodies: list[cst.BaseSuite]
) -> Mention | None:
    covered = coverage.of(module, bodies)
    return Mention(module, node, own=False, covered=frozenset(covered)) if covered else None
