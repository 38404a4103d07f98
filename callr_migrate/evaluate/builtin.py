"""What calls of Python's own functions give, as far as clients and names pass through them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import libcst as cst

from callr_migrate.evaluate import answers, literals
from callr_migrate.evaluate.values import (
    ClassValue,
    Client,
    Collected,
    FunctionValue,
    Partial,
    Ref,
    Row,
    SuperValue,
    Symbol,
    Unknown,
    Value,
    constant_text,
    union,
)

if TYPE_CHECKING:
    from callr_migrate.evaluate.evaluator import Evaluator
    from callr_migrate.evaluate.module import Module


class _Call:
    """One call: its arguments as values, and the object whose method it is."""

    def __init__(self, evaluator: Evaluator, module: Module, node: cst.Call) -> None:
        self.evaluator = evaluator
        self.module = module
        self.node = node
        self.nodes = [arg.value for arg in node.args if not arg.star and arg.keyword is None]
        self.keywords = {arg.keyword.value: arg.value for arg in node.args if arg.keyword is not None}
        self.is_plain = not any(arg.star for arg in node.args)

    @property
    def ref(self) -> Ref:
        return Ref(self.module, self.node)

    def argument(self, index: int) -> Value:
        return self.evaluator.evaluate(self.module, self.nodes[index])

    def owner(self) -> Value:
        if not isinstance(self.node.func, cst.Attribute):
            return Unknown("the method is called by another name")
        return self.evaluator.evaluate(self.module, self.node.func.value)


def called(evaluator: Evaluator, name: str, module: Module, node: cst.Call) -> Value | None:
    """What a call of a function from outside gives; None where it is not one of these."""
    if name == "functools.partial" and node.args and not node.args[0].star:
        return Partial(evaluator.evaluate(module, node.args[0].value), Ref(module, node))
    found = _FUNCTIONS.get(name)
    if found is None:
        return None
    least, most, give = found
    call = _Call(evaluator, module, node)
    if not call.is_plain or not least <= len(call.nodes) <= most:
        return None
    return give(call)


def _getattr(call: _Call) -> Value | None:
    name = constant_text(call.argument(1))
    if name is None:
        return Unknown("`getattr` with a name that is not known")
    values = [call.evaluator.attribute(base, name) for base in call.argument(0).options()]
    values += [call.argument(index) for index in range(2, len(call.nodes))]
    return union(values)


def _super(call: _Call) -> Value | None:
    if call.nodes:
        return union(
            SuperValue(option) if isinstance(option, ClassValue) else Unknown("`super` of something else")
            for option in call.argument(0).options()
        )
    for parent in call.module.ancestors(call.node):
        if isinstance(parent, cst.ClassDef):
            return SuperValue(ClassValue(Ref(call.module, parent)))
    return None


def _import(call: _Call) -> Value | None:
    name = constant_text(call.argument(0))
    if name is None or name.startswith("."):
        return Unknown("which module is imported is not known")
    if isinstance(call.node.func, cst.Name) and call.node.func.value == "__import__":
        name = name.split(".")[0]
    return call.evaluator.module_named(name, call.module, 0)


def _filtered(call: _Call) -> Value:
    return Collected("list", call.evaluator.iterated(call.argument(1)))


def _first(call: _Call) -> Value:
    return call.argument(0)


def _cast(call: _Call) -> Value:
    value = call.argument(1)
    if any(isinstance(option, Client) for option in value.options()):
        return value
    return call.evaluator.annotated(call.module, call.nodes[0]) or value


def _listed(call: _Call) -> Value:
    return Collected(
        "list", call.evaluator.iterated(call.argument(0)) if call.nodes else Unknown("it is empty")
    )


def _next(call: _Call) -> Value:
    rest = [call.argument(index) for index in range(1, len(call.nodes))]
    return union([call.evaluator.iterated(call.argument(0)), *rest])


def _one(call: _Call) -> Value:
    if len(call.nodes) == 1:
        return call.evaluator.iterated(call.argument(0))
    return union(call.argument(index) for index in range(len(call.nodes)))


def _mapped(call: _Call) -> Value:
    given = [
        call.evaluator.called(option, call.module, call.node)
        for option in call.argument(0).options()
        if isinstance(option, FunctionValue)
    ]
    return Collected("list", union(given)) if given else Unknown("what `map` calls is not followed")


def _enumerate(call: _Call) -> Value:
    number = Unknown("a number")
    return Collected("list", Row((number, call.evaluator.iterated(call.argument(0)))))


def _zip(call: _Call) -> Value:
    return Collected(
        "list", Row(tuple(call.evaluator.iterated(call.argument(index)) for index in range(len(call.nodes))))
    )


def _dict(call: _Call) -> Value | None:
    own = [(name, call.evaluator.evaluate(call.module, value)) for name, value in call.keywords.items()]
    copied = answers.extended(call.argument(0), own) if call.nodes else None
    if copied is not None:
        return copied
    values = [value for _, value in own]
    values += [
        call.evaluator.values_of(option)
        for node in call.nodes
        for option in call.evaluator.evaluate(call.module, node).options()
    ]
    return Collected("dict", union(values), at=Ref(call.module, call.node))


def _get(call: _Call) -> Value:
    key = call.argument(0)
    shown = f"`{call.module.text_of(call.node)}`"
    values = [call.evaluator.item(option, key, shown) for option in call.owner().options()]
    values += [call.argument(index) for index in range(1, len(call.nodes))]
    return union(values)


def _values(call: _Call) -> Value:
    return Collected("list", union(call.evaluator.values_of(option) for option in call.owner().options()))


def _keys(call: _Call) -> Value:
    return Collected("list", union(call.evaluator.keys_of(option) for option in call.owner().options()))


def _items(call: _Call) -> Value:
    rows = [
        Row((call.evaluator.keys_of(option), call.evaluator.values_of(option)))
        for option in call.owner().options()
    ]
    return Collected("list", union(rows))


def _popped(call: _Call) -> Value:
    return call.evaluator.iterated(call.owner())


def _same(call: _Call) -> Value:
    return call.owner()


def _format(call: _Call) -> Value | None:
    text = constant_text(call.owner())
    if text is None:
        return None
    parts = [call.argument(index) for index in range(len(call.nodes))]
    named = {name: call.evaluator.evaluate(call.module, value) for name, value in call.keywords.items()}
    return literals.formatted(text, parts, named, call.ref)


def _join(call: _Call) -> Value | None:
    between = constant_text(call.owner())
    parts = call.evaluator.parts(call.argument(0))
    if between is None or parts is None:
        return None
    return literals.joined(between, parts, call.ref)


_Give = Callable[[_Call], "Value | None"]


# Name -> (least and most arguments, what it gives).
def _field(call: _Call) -> Value:
    """A field of a dataclass: what it holds where nothing is given."""
    if "default" in call.keywords:
        return call.evaluator.evaluate(call.module, call.keywords["default"])
    factory = call.keywords.get("default_factory") or call.keywords.get("factory")
    if factory is None:
        return Unknown("the field gets its value when the program runs")
    options = call.evaluator.evaluate(call.module, factory).options()
    return union(call.evaluator.called(option, call.module, call.node) for option in options)


def _entered(call: _Call) -> Value:
    return call.evaluator.entered(call.module, call.nodes[0])


_FUNCTIONS: dict[str, tuple[int, int, _Give]] = {
    "attr.field": (0, 0, _field),
    "attr.ib": (0, 0, _field),
    "attrs.field": (0, 0, _field),
    "builtins.__import__": (1, 5, _import),
    # A stack is as good as its class: all that counts is what is entered.
    "contextlib.AsyncExitStack": (0, 0, lambda _: Symbol("contextlib.ExitStack")),
    "contextlib.ExitStack": (0, 0, lambda _: Symbol("contextlib.ExitStack")),
    "contextlib.ExitStack.enter_context": (1, 1, _entered),
    "dataclasses.field": (0, 0, _field),
    "builtins.dict": (0, 1, _dict),
    "builtins.dict.copy": (0, 0, _same),
    "builtins.dict.get": (1, 2, _get),
    "builtins.dict.items": (0, 0, _items),
    "builtins.dict.keys": (0, 0, _keys),
    "builtins.dict.pop": (1, 2, _get),
    "builtins.dict.setdefault": (2, 2, _get),
    "builtins.dict.values": (0, 0, _values),
    "builtins.enumerate": (1, 2, _enumerate),
    "builtins.filter": (2, 2, _filtered),
    "builtins.frozenset": (1, 1, _listed),
    "builtins.getattr": (2, 3, _getattr),
    "builtins.iter": (1, 1, _listed),
    "builtins.list": (1, 1, _listed),
    "builtins.list.copy": (0, 0, _same),
    "builtins.list.pop": (0, 1, _popped),
    "builtins.map": (2, 2, _mapped),
    "builtins.max": (1, 99, _one),
    "builtins.min": (1, 99, _one),
    "builtins.next": (1, 2, _next),
    "builtins.reversed": (1, 1, _listed),
    "builtins.set": (1, 1, _listed),
    "builtins.set.pop": (0, 0, _popped),
    "builtins.sorted": (1, 1, _listed),
    "builtins.str.format": (0, 99, _format),
    "builtins.str.join": (1, 1, _join),
    "builtins.super": (0, 2, _super),
    "builtins.tuple": (1, 1, _listed),
    "builtins.zip": (1, 99, _zip),
    "contextlib.closing": (1, 1, _first),
    "contextlib.nullcontext": (1, 1, _first),
    "copy.copy": (1, 1, _first),
    "copy.deepcopy": (1, 1, _first),
    "importlib.import_module": (1, 1, _import),
    "typing.cast": (2, 2, _cast),
}
