"""What the new client does otherwise than the old one although each call is the same: tried again, copied, made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import (
    BoundMethod,
    InstanceValue,
    ModuleValue,
    Ref,
    Symbol,
    Value,
    clients,
)
from callr_migrate.rewrite.coverage import Coverage
from callr_migrate.rewrite.effects import names_of_target
from callr_migrate.rewrite.uses import loads

# Names of Python's libraries. A decorator that has one of these in its name runs what it decorates again.
_RETRYING = ("retry", "backoff", "retrying", "tenacity", "stamina")
_COPYING = {
    "copy.deepcopy",
    "pickle.dumps",
    "pickle.dump",
    "multiprocessing.Process",
    "multiprocessing.context.Process",
}
# Methods that send what they get to another process, where the module has to do with processes.
_SENDING = {
    "map",
    "submit",
    "apply",
    "apply_async",
    "map_async",
    "starmap",
    "starmap_async",
    "imap",
    "imap_unordered",
    "delay",
    "run_in_executor",
}
_PROCESSES = {"ProcessPoolExecutor", "multiprocessing", "celery", "billiard", "loky", "joblib"}


def tried_again(coverage: Coverage, module: Module) -> set[cst.CSTNode]:
    """The legacy calls that code of a module runs again when they fail, in functions that it calls, too."""
    found: set[cst.CSTNode] = set()
    for node in module.handlers:
        holder = module.parents[node]
        if isinstance(holder, (cst.Try, cst.TryStar)) and _is_repeated(module, holder):
            found |= coverage.of(module, [holder.body])
    for function in _decorated(module):
        found |= coverage.of(module, [function.body])
    return found


def _decorated(module: Module) -> Iterator[cst.FunctionDef]:
    """The functions with a decorator that runs them again."""
    for function in module.functions:
        if any(map(_retries, function.decorators)):
            yield function


def _is_repeated(module: Module, holder: cst.Try | cst.TryStar) -> bool:
    """Whether a `try` stands in a loop in which each round does the same."""
    start, end = module.span(holder.body)
    for ancestor in module.ancestors(holder):
        if isinstance(ancestor, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            return False
        if isinstance(ancestor, cst.While):
            return True
        if isinstance(ancestor, cst.For):
            bound = {name.value for name in names_of_target(ancestor.target)}
            used = {
                name.value
                for name in module.names
                if isinstance(name, cst.Name) and start <= module.span(name)[0] < end
            }
            return not bound & used
    return False


def _retries(decorator: cst.Decorator) -> bool:
    node = decorator.decorator
    names = []
    while isinstance(node, (cst.Call, cst.Attribute)):
        if isinstance(node, cst.Attribute):
            names.append(node.attr.value)
            node = node.value
        else:
            node = node.func
    if isinstance(node, cst.Name):
        names.append(node.value)
    return any(word in name.lower() for name in names for word in _RETRYING)


def copied_clients(evaluator: Evaluator, modules: Sequence[Module]) -> dict[Ref, str]:
    """Constructions of clients -> where an object that holds one is copied, or sent to another process."""
    found: dict[Ref, str] = {}
    holders = _Holders(evaluator, modules)
    for module in modules:
        for call in module.calls:
            if not call.args or not _copies(evaluator, module, call):
                continue
            line = module.source.position(module.span(call)[0]).line
            for arg in _handed(call):
                for option in evaluator.evaluate(module, arg).options():
                    for ref in holders.held(option):
                        found.setdefault(
                            ref,
                            f"`{last_name(call.func)}` ({module.path.name}:{line}) copies it or sends it to another "
                            "process, and the new client cannot be",
                        )
    return found


def _handed(call: cst.Call) -> Iterator[cst.BaseExpression]:
    """The values that a call is given, tuples of them taken apart: `args=(service, 1)`."""
    for arg in call.args:
        if isinstance(arg.value, (cst.Tuple, cst.List)):
            yield from (element.value for element in arg.value.elements)
        yield arg.value


def _copies(evaluator: Evaluator, module: Module, call: cst.Call) -> bool:
    name = last_name(call.func)
    for option in evaluator.evaluate(module, call.func).options():
        if isinstance(option, Symbol) and option.name in _COPYING:
            return True
    if name == "Process":
        return _has_processes(module)
    return name in _SENDING and isinstance(call.func, cst.Attribute) and _has_processes(module)


def _has_processes(module: Module) -> bool:
    return any(isinstance(name, cst.Name) and name.value in _PROCESSES for name in module.names)


class _Holders:
    """The clients that objects hold in their attributes."""

    def __init__(self, evaluator: Evaluator, modules: Sequence[Module]) -> None:
        self.evaluator = evaluator
        self.modules = modules
        self._known: dict[cst.CSTNode, set[Ref]] = {}

    def held(self, value: Value) -> set[Ref]:
        """The constructions of the clients that an object, or that of a method, holds."""
        owner = value.owner if isinstance(value, BoundMethod) else value
        if not isinstance(owner, InstanceValue):
            return set()
        klass = owner.of.ref.node
        if klass not in self._known:
            family = {each.ref.node for each in self.evaluator.mro(owner.of)}
            self._known[klass] = {
                client.made_at
                for node in family
                for module, asked in self._asked.get(node, ())
                for client in clients(self.evaluator.evaluate(module, asked))
                if client.made_at is not None
            }
        return self._known[klass]

    @cached_property
    def _asked(self) -> dict[cst.CSTNode, list[tuple[Module, cst.Attribute]]]:
        """Class -> where its objects are asked for an attribute: a program has many classes and very many places."""
        found: dict[cst.CSTNode, list[tuple[Module, cst.Attribute]]] = {}
        for module in self.modules:
            for node in loads(module):
                if isinstance(node, cst.Attribute):
                    for option in self.evaluator.evaluate(module, node.value).options():
                        if isinstance(option, InstanceValue):
                            found.setdefault(option.of.ref.node, []).append((module, node))
        return found


def may_be_none(evaluator: Evaluator, module: Module, node: cst.BaseExpression, depth: int = 0) -> bool:
    """Whether a value is that of an environment variable which may not be set."""
    if isinstance(node, cst.Call):
        names = {
            option.name
            for option in evaluator.evaluate(module, node.func).options()
            if isinstance(option, Symbol)
        }
        return bool(names & {"os.getenv", "os.environ.get"}) and len(node.args) == 1
    if isinstance(node, cst.BooleanOperation) and isinstance(node.operator, cst.Or):
        return may_be_none(evaluator, module, node.right, depth)
    if isinstance(node, cst.Attribute):
        owners = list(evaluator.evaluate(module, node.value).options())
        for option in owners:
            if isinstance(option, ModuleValue) and depth < 3:
                for binding in option.module.scope.bindings.get(node.attr.value, []):
                    value = binding.value
                    if isinstance(value, cst.BaseExpression) and not binding.path:
                        if may_be_none(evaluator, option.module, value, depth + 1):
                            return True
        return False
    if not isinstance(node, cst.Name) or depth > 3:
        return False
    return any(
        may_be_none(evaluator, module, binding.value, depth + 1)
        for binding in evaluator.bindings_of(module, node)[1]
        if isinstance(binding.value, cst.BaseExpression)
        and not binding.path
        and binding.kind not in ("param",)
    )
