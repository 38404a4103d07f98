"""What one call passes, argument by argument, whoever performs it.

A call may pass its arguments itself, add to those of `functools.partial`, or hand a function on to something that
calls it: a pool, a thread, an event loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING

import libcst as cst

from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import (
    ClassValue,
    Constant,
    FunctionValue,
    Literal,
    Named,
    Partial,
    Row,
    Unknown,
    Value,
    union,
)
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from callr_migrate.evaluate.evaluator import Evaluator
    from callr_migrate.evaluate.module import Module


@dataclass(frozen=True)
class Argument:
    """An expression, or a value that none stands for (an item of what `map` goes over)."""

    module: Module
    node: cst.BaseExpression | None
    known: Value | None = None

    def value(self, evaluator: Evaluator) -> Value:
        """What is passed."""
        if self.known is not None:
            return self.known
        assert self.node is not None
        return evaluator.evaluate(self.module, self.node)


@dataclass(frozen=True)
class Arguments:
    """The arguments of one call. `rest` and `more` say why further ones, without or by name, are not known."""

    positional: tuple[Argument, ...] = ()
    keywords: Mapping[str, Argument] = field(default_factory=dict)
    rest: str | None = None
    more: str | None = None

    def method(self, before: int, name: str) -> Argument | None:
        """The method name of a legacy call: behind so many others, or by its keyword."""
        if len(self.positional) > before:
            return self.positional[before]
        return self.keywords.get(name) if self.rest is None else None

    def behind(self, first: Arguments) -> Arguments:
        """These arguments behind those of a partial."""
        if first.rest is not None:
            return Arguments(first.positional, {**first.keywords, **self.keywords}, first.rest, self.more)
        return Arguments(
            (*first.positional, *self.positional),
            {**first.keywords, **self.keywords},
            self.rest,
            first.more or self.more,
        )


def passed(evaluator: Evaluator, module: Module, args: Sequence[cst.Arg]) -> Arguments:
    """The arguments of a call as they stand in it; what is unpacked is, as far as it is known."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    rest = more = None
    for arg in args:
        if arg.keyword is not None:
            keywords[arg.keyword.value] = Argument(module, arg.value)
        elif not arg.star:
            if rest is None:
                positional.append(Argument(module, arg.value))
        elif arg.star == "*":
            items = items_of(evaluator, Argument(module, arg.value)) if rest is None else None
            positional += items or ()
            if items is None:
                rest = "the arguments are unpacked with `*`"
        else:
            entries = _entries_of(evaluator, Argument(module, arg.value))
            keywords.update(entries or {})
            if entries is None:
                more = "the arguments are unpacked with `**`"
    return Arguments(tuple(positional), keywords, rest, more)


def items_of(evaluator: Evaluator, argument: Argument) -> list[Argument] | None:
    """The items of a tuple or list; None where they cannot be told one by one."""
    value = argument.value(evaluator)
    if isinstance(value, Literal) and isinstance(value.ref.node, (cst.List, cst.Tuple)):
        elements = value.ref.node.elements
        if evaluator.parts(value) is not None:
            return [Argument(value.ref.module, element.value) for element in elements]
    parts = evaluator.parts(value) if isinstance(value, Row) else None
    return None if parts is None else [Argument(argument.module, None, part) for part in parts]


def _entries_of(evaluator: Evaluator, argument: Argument) -> dict[str, Argument] | None:
    value = argument.value(evaluator)
    if isinstance(value, Named):
        return {name: Argument(argument.module, None, known) for name, known in value.entries}
    if not isinstance(value, Literal) or not isinstance(value.ref.node, cst.Dict):
        return None
    entries = evaluator.plain_items(value)
    return None if entries is None else {name: Argument(value.ref.module, node) for name, node in entries}


def bound(
    evaluator: Evaluator, function: FunctionValue, arguments: Arguments, *, shifted: bool
) -> dict[cst.Param, Argument]:
    """What each parameter of a function holds in one call; `shifted`: the first is given by itself (`self`)."""
    node, home = function.ref.node, function.ref.module
    assert isinstance(node, (cst.FunctionDef, cst.Lambda))
    params = node.params
    ordered = [*params.posonly_params, *params.params][int(shifted) :]
    left = dict(arguments.keywords)
    held: dict[cst.Param, Argument] = {}
    for index, param in enumerate([*ordered, *params.kwonly_params]):
        name = param.name.value
        if index < len(ordered) and index < len(arguments.positional):
            held[param] = arguments.positional[index]
        elif name in left:
            held[param] = left.pop(name)
        elif index < len(ordered) and arguments.rest is not None:
            held[param] = Argument(home, None, Unknown(arguments.rest))
        elif arguments.more is not None:
            held[param] = Argument(home, None, Unknown(arguments.more))
        elif param.default is not None:
            held[param] = Argument(home, param.default)
        else:
            held[param] = Argument(home, None, Unknown(f"`{name}` is not given"))
    if isinstance(params.star_arg, cst.Param) and arguments.rest is None:
        row = Row(tuple(argument.value(evaluator) for argument in arguments.positional[len(ordered) :]))
        held[params.star_arg] = Argument(home, None, row)
    if params.star_kwarg is not None and arguments.more is None:
        named = tuple((name, argument.value(evaluator)) for name, argument in left.items())
        held[params.star_kwarg] = Argument(home, None, Named(named))
    return held


# Handing on


@dataclass(frozen=True)
class Way:
    """How a function calls what is handed to it: which of its arguments that is, and where the arguments stand.

    Behind it one by one, as one tuple (`args`) and dict (`kwargs`), or one for each round (`each`).
    """

    at: int | None = None
    name: str | None = None
    args: int | None = None
    args_name: str | None = None
    kwargs_name: str | None = None
    each: bool = False
    starred: bool = False  # each round's is a tuple of arguments

    @property
    def is_packed(self) -> bool:
        """Whether the arguments are in a tuple."""
        return self.args is not None or self.args_name is not None


_BEHIND = Way()
_THREAD = Way(1, "target", 3, "args", "kwargs")
_APPLY = Way(0, "func", 1, "args", "kwds")
_MAP = Way(0, each=True)
_STARMAP = Way(0, each=True, starred=True)
_EVENT = Way(None, "action", 3, "argument", "kwargs")
_KEY = Way(99, "key", each=True)  # by its keyword only

# Python's own and the well-known libraries' functions that call what they are given, by their last name.
_WAYS: dict[str, Way] = {
    "Process": _THREAD,
    "Thread": _THREAD,
    "Timer": Way(1, "function", 2, "args", "kwargs"),
    "add_job": Way(0, "func", 2, "args", "kwargs"),
    "apply": _APPLY,
    "apply_async": _APPLY,
    "callFromThread": _BEHIND,
    "callInThread": _BEHIND,
    "callLater": _BEHIND,
    "call_at": _BEHIND,
    "call_later": _BEHIND,
    "call_soon": _BEHIND,
    "call_soon_threadsafe": _BEHIND,
    "deferToThread": _BEHIND,
    "enqueue": _BEHIND,
    "enter": _EVENT,
    "enterabs": _EVENT,
    "filter": _MAP,
    "imap": _MAP,
    "imap_unordered": _MAP,
    "map": _MAP,
    "map_async": _MAP,
    "max": _KEY,
    "min": _KEY,
    "retry_call": Way(0, "f", 1, "fargs", "fkwargs"),
    "run_in_executor": _BEHIND,
    "run_sync": _BEHIND,
    "sorted": _KEY,
    "spawn": _BEHIND,
    "spawn_later": _BEHIND,
    "starmap": _STARMAP,
    "starmap_async": _STARMAP,
    "start_new_thread": Way(0, "function", 1, "args", "kwargs"),
    "start_soon": _BEHIND,
    "submit": _BEHIND,
    "to_thread": _BEHIND,
}
# What a task queue adds to a function, so that a worker runs it: `function.delay(...)`.
_TASKS: dict[str, Way] = {
    "apply_async": Way(args=0, args_name="args", kwargs_name="kwargs"),
    "apply": Way(args=0, args_name="args", kwargs_name="kwargs"),
    "delay": _BEHIND,
    "remote": _BEHIND,
    "s": _BEHIND,
    "send": _BEHIND,
    "si": _BEHIND,
    "spawn": _BEHIND,
    "submit": _BEHIND,
}


def is_task(name: str) -> bool:
    """Whether an attribute of a function, so called, mostly has a worker run it."""
    return name in _TASKS


_PACKED_NAMES = ("args", "fargs", "argument")


@dataclass(frozen=True)
class Handed:
    """A function that a call hands on, and what it will be called with; `sure` if that is how the callee works."""

    function: cst.BaseExpression
    arguments: Arguments
    sure: bool


def handed_on(
    evaluator: Evaluator, module: Module, node: cst.Call, function: cst.BaseExpression
) -> Handed | None:
    """What is known of how `function`, an argument of the call or the owner of its callee, will be called.

    None where the callee is the project's own, so that what it does stands in its body.
    """
    if is_own(evaluator.evaluate(module, node.func)):
        return None
    name = last_name(node.func) or ""
    given = passed(evaluator, module, node.args)
    if isinstance(node.func, cst.Attribute) and node.func.value is function:
        way = _TASKS.get(name)
        return None if way is None else Handed(function, _as_told(evaluator, given, -1, way), sure=True)
    at = next((index for index, each in enumerate(given.positional) if each.node is function), None)
    keyword = next((word for word, each in given.keywords.items() if each.node is function), None)
    if at is None and keyword is None:
        return None
    if name == "partial" and at == 0:
        further = "a partial is given further arguments where it is called"
        behind = Arguments(given.positional[1:], given.keywords, given.rest or further, given.more or further)
        return Handed(function, behind, sure=True)
    way = _WAYS.get(name)
    if way is not None and _fits(way, at, keyword):
        return Handed(function, _as_told(evaluator, given, -1 if at is None else at, way), sure=True)
    return Handed(function, _as_guessed(evaluator, given, at), sure=False)


def _fits(way: Way, at: int | None, keyword: str | None) -> bool:
    if keyword is not None:
        return keyword == way.name
    return way.at is None or at == way.at


def is_own(callee: Value) -> bool:
    """Whether a callee can only be a function or class of the project, whose body says what it does."""
    return all(
        isinstance(option, (FunctionValue, ClassValue)) or getattr(option, "function", None) is not None
        for option in callee.options()
    )


def _as_told(evaluator: Evaluator, given: Arguments, at: int, way: Way) -> Arguments:
    behind = given.positional[at + 1 :]
    if way.each:
        rounds = [Argument(each.module, None, evaluator.iterated(each.value(evaluator))) for each in behind]
        if not way.starred:
            return Arguments(tuple(rounds), {}, given.rest)
        items = items_of(evaluator, rounds[0]) if rounds else None
        if items is None:
            rows = rounds[0].value(evaluator).options() if rounds else ()
            firsts = [evaluator.item(row, Constant(0), "the first argument") for row in rows]
            first = (Argument(rounds[0].module, None, union(firsts)),) if firsts else ()
            return Arguments(first, {}, "the arguments are unpacked with `*`")
        return Arguments(tuple(items))
    if not way.is_packed:
        own = {name: each for name, each in given.keywords.items() if name != way.name}
        return Arguments(behind, own, given.rest, given.more)
    packed = given.keywords.get(way.args_name or "")
    if packed is None and way.args is not None and len(given.positional) > way.args:
        packed = given.positional[way.args]
    named = given.keywords.get(way.kwargs_name or "")
    if named is None and way.args is not None and len(given.positional) > way.args + 1:
        named = given.positional[way.args + 1]
    return _unpacked(evaluator, packed, named, given.rest)


def _unpacked(
    evaluator: Evaluator, packed: Argument | None, named: Argument | None, unknown: str | None
) -> Arguments:
    items = items_of(evaluator, packed) if packed is not None else []
    entries = _entries_of(evaluator, named) if named is not None else {}
    return Arguments(
        tuple(items or ()),
        entries or {},
        "the tuple of arguments is made elsewhere" if items is None else unknown,
        "the dict of arguments is made elsewhere" if entries is None else None,
    )


def _as_guessed(evaluator: Evaluator, given: Arguments, at: int | None) -> Arguments:
    """Something unknown is given a function: behind it mostly stand its arguments, or a tuple of them."""
    for name in _PACKED_NAMES:
        if name in given.keywords:
            return _unpacked(evaluator, given.keywords[name], given.keywords.get("kwargs"), None)
    behind = given.positional[at + 1 :] if at is not None else ()
    if behind and isinstance(behind[0].value(evaluator), (Literal, Row)):
        items = items_of(evaluator, behind[0])
        if items is not None:
            return Arguments(tuple(items))
    return Arguments(behind, {}, given.rest, given.more)


def mentioned(module: Module, mention: cst.CSTNode) -> tuple[cst.Call, cst.BaseExpression] | None:
    """The call that an argument belongs to, and the argument."""
    arg = module.parent(mention)
    call = module.parent(arg) if isinstance(arg, cst.Arg) and not arg.star else None
    return (call, mention) if isinstance(call, cst.Call) and isinstance(mention, cst.BaseExpression) else None


def receivers(evaluator: Evaluator, callee: Value, arguments: Arguments) -> Iterator[tuple[Value, Arguments]]:
    """What is really called, partials taken apart, with all that it is called with."""
    for option in callee.options():
        if isinstance(option, Partial):
            made = option.place.node
            assert isinstance(made, cst.Call)
            first = passed(evaluator, option.place.module, made.args[1:])
            yield from receivers(evaluator, option.function, arguments.behind(first))
        else:
            yield option, arguments
