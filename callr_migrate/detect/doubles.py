"""Test doubles: where a program, mostly its tests, puts something else in place of a legacy client."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.project import dotted_name, last_name
from callr_migrate.evaluate.values import ClassValue, Client, InstanceValue, Symbol, Value
from callr_migrate.records import dataclass

# What replaces something for a while, or makes a stand-in: names of Python's own habits.
_REPLACING = {"patch", "object", "setattr", "delattr", "spy", "stub", "create_autospec", "wraps"}
_MOCKS = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec"}
_FAKE_SERVERS = {
    "responses",
    "requests_mock",
    "respx",
    "respx_mock",
    "httpretty",
    "httpx_mock",
    "aioresponses",
    "pook",
}
_TAKING = _REPLACING | _MOCKS
_SPECS = {"spec", "spec_set", "target"}


@dataclass(frozen=True)
class Double:
    """A place that replaces a legacy client, or a class that stands in for one (`is_class`)."""

    module: Module
    node: cst.CSTNode
    is_class: bool = False

    @property
    def line(self) -> int:
        """The line on which it starts."""
        return self.module.source.position(self.module.span(self.node)[0]).line


def find_doubles(evaluator: Evaluator, module: Module) -> list[Double]:
    """The places of a module that replace a legacy client."""
    found = [Double(module, node) for node in _replaced(evaluator, module)]
    for node in module.classes:
        klass = evaluator.evaluate(module, node.name)
        if isinstance(klass, ClassValue) and _overrides(evaluator, klass):
            found.append(Double(module, node.name, is_class=True))
    return found


def stand_ins(evaluator: Evaluator, calls: list[LegacyCall]) -> list[Double]:
    """The classes of the project whose objects get to legacy calls in place of a client."""
    found: dict[cst.CSTNode, Double] = {}
    for call in calls:
        if not call.mixed or call.receiver is None:
            continue
        for option in evaluator.evaluate(call.module, call.receiver).options():
            if isinstance(option, InstanceValue):
                ref = option.of.ref
                assert isinstance(ref.node, cst.ClassDef)
                found.setdefault(ref.node, Double(ref.module, ref.node.name, is_class=True))
    return list(found.values())


def _replaced(evaluator: Evaluator, module: Module) -> Iterator[cst.BaseExpression]:
    addresses = [each for surface in evaluator.pack.surfaces.values() for each in surface.addresses]
    for call in module.calls:
        if (dotted_name(call.func) or "").split(".")[0] in _FAKE_SERVERS:
            texts = [literal(arg.value)[1] for arg in call.args]
            if any(isinstance(text, str) and address in text for text in texts for address in addresses):
                yield call
            continue
        name = last_name(call.func)
        for index, arg in enumerate(call.args):
            keyword = arg.keyword.value if arg.keyword is not None else None
            given = keyword in _SPECS or (keyword is None and index == 0 and name in _TAKING)
            if (
                given
                and not arg.star
                and _is_legacy(evaluator, module, arg.value, as_text=name in _REPLACING)
            ):
                yield call
                break
    for node in module.names:
        if type(node) is cst.Attribute and type(module.parent(node)) is cst.AssignTarget:
            if _names_client(evaluator, evaluator.evaluate(module, node.value)):
                yield node


def _is_legacy(evaluator: Evaluator, module: Module, node: cst.BaseExpression, *, as_text: bool) -> bool:
    """Whether an argument is a legacy client, its class or library, or (`as_text`) the dotted name of one."""
    found, text = literal(node)
    if not found:
        return _names_client(evaluator, evaluator.evaluate(module, node))
    if not as_text or not isinstance(text, str):
        return False
    first, *rest = text.split(".")
    values = [evaluator.module_named(first, module, 0)]
    for name in rest:
        if any(_names_client(evaluator, value) for value in values):
            return True
        values = [evaluator.attribute(option, name) for value in values for option in value.options()]
    return bool(rest) and any(_names_client(evaluator, value) for value in values)


def _names_client(evaluator: Evaluator, value: Value) -> bool:
    return any(
        isinstance(option, Client)
        or (
            isinstance(option, Symbol)
            and (option.name in evaluator.constructors or evaluator.is_surface(option.name))
        )
        for option in value.options()
    )


def _overrides(evaluator: Evaluator, klass: ClassValue) -> bool:
    """Whether a class inherits from a client and makes the calls itself."""
    surface = evaluator.legacy_base(klass)
    node = klass.ref.node
    if surface is None or not isinstance(node, cst.ClassDef):
        return False
    own = klass.ref.module.scope_opened_by(node).bindings
    return any(name in own for name in surface.calls)
