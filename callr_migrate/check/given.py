"""What a legacy call gives at a place in its parameters, as far as the source tells."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator
from callr_migrate.evaluate.settling import short
from callr_migrate.evaluate.values import (
    Answer,
    Collected,
    Constant,
    Literal,
    Named,
    Ref,
    Unknown,
    Value,
    constants,
)
from callr_migrate.records import dataclass
from callr_migrate.rewrite.options import OptionDicts, Unfollowed

Steps = tuple[str | int | None, ...]


class Kind(enum.Enum):
    """How much is known."""

    ABSENT = "absent"  # not given, or None
    KNOWN = "known"
    OPEN = "open"  # given, but not known before the program runs
    HIDDEN = "hidden"  # it may be inside of something that is not known


@dataclass(frozen=True)
class Given:
    """One thing that a call gives. `value` is that of a `KNOWN` one; `at` is where it is written, or its call.

    What `is_secret` is not to be shown, not even its source.
    """

    kind: Kind
    at: Ref
    value: Any = None
    constant: Constant | None = None
    is_secret: bool = False

    @property
    def is_set(self) -> bool:
        """Whether it is given and may be something else than false, empty or nothing."""
        return self.kind is Kind.OPEN or (self.kind is Kind.KNOWN and bool(self.value))

    @property
    def shown(self) -> str:
        """Its source, in short."""
        return short(self.at.module, self.at.node)


@dataclass(frozen=True)
class _Found:
    value: Value
    at: Ref


_Entries = dict[str | int | None, Ref | Value | _Found]


class Dicts:
    """The dicts that some legacy calls are given, also those that are filled in several steps."""

    def __init__(
        self, evaluator: Evaluator, calls: Iterable[LegacyCall], mentioning: Callable[[str], Path | None]
    ) -> None:
        """`mentioning` gives a file with a word in it that is not analysed."""
        self.evaluator = evaluator
        self._dicts = OptionDicts(evaluator, mentioning)
        self._takers: dict[cst.CSTNode, cst.CSTNode] = {
            argument: call.node for call in calls for argument in call.bound.arguments or ()
        }

    def entries(self, at: Ref) -> _Entries | None:
        """What an argument holds by its keys; None where that is not known. What may be missing is not known."""
        if at.node not in self._takers or not isinstance(at.node, cst.BaseExpression):
            return None
        try:
            held = self._dicts.of(at.module, at.node, self._takers)
        except Unfollowed:
            return None
        found: _Entries = {}
        for entry in held.entries:
            place = Ref(entry.module, entry.value)
            is_sure = entry.key in held.certain and entry.key not in found
            value = (
                self.evaluator.evaluate(entry.module, entry.value) if is_sure else Unknown("it may differ")
            )
            found[entry.key] = _Found(value, place)
        return found


class Parameters:
    """The parameters of one legacy call."""

    def __init__(self, evaluator: Evaluator, call: LegacyCall, dicts: Dicts) -> None:
        self.evaluator = evaluator
        self.call = call
        self.dicts = dicts
        self.params = list(call.rule.params or ()) if call.rule is not None else []
        arguments = call.bound.arguments
        self.are_known = arguments is not None
        self.arguments = {param.name: node for param, node in zip(self.params, arguments or (), strict=False)}

    def at(self, steps: Steps) -> Given:
        """What is given there; `steps` has no None."""
        here = self.call.ref
        if not self.are_known:
            return Given(Kind.HIDDEN, here)
        node = self.arguments.get(str(steps[0]))
        if node is None:
            return Given(Kind.ABSENT, here)
        found = self._found(Ref(self.call.module, node))
        for step in steps[1:]:
            if _is_none(found.value):
                return Given(Kind.ABSENT, found.at)
            inside = self._inside(found)
            if inside is None:
                return Given(Kind.HIDDEN, found.at)
            if step not in inside:
                return Given(Kind.ABSENT, found.at)
            found = self._found(inside[step], found.at)
        return self._given(found)

    def count(self, steps: Steps) -> int | None:
        """How many items the list there has; None if that is not known, 0 for one that is not given."""
        given = self.at(steps)
        if given.kind is Kind.ABSENT:
            return 0
        node = given.at.node
        if given.kind is Kind.HIDDEN or not isinstance(node, cst.BaseExpression):
            return None
        inside = self._inside(self._found(given.at))
        return None if inside is None else len(inside)

    def leaves(self) -> Iterator[tuple[Steps, Given]]:
        """Everything that is given, taken apart as far as it is known; ids from other legacy calls left out."""
        if not self.are_known and self.params:
            yield (self.params[0].name,), Given(Kind.HIDDEN, self.call.ref)
        for param in self.params:
            if param.name in self.arguments and not param.app and param.format is None:
                found = self._found(Ref(self.call.module, self.arguments[param.name]))
                yield from self._leaves((param.name,), found)

    def ids(self) -> Iterator[tuple[str, Given]]:
        """The ids that are given, by the names of their parameters; those from other legacy calls left out."""
        for param in self.params:
            if param.name in self.arguments and param.format in self.evaluator.pack.identifiers:
                found = self._found(Ref(self.call.module, self.arguments[param.name]))
                if not any(isinstance(option, Answer) for option in found.value.options()):
                    yield param.name, self._given(found)

    def _leaves(self, steps: Steps, found: _Found) -> Iterator[tuple[Steps, Given]]:
        inside = self._inside(found)
        if inside:
            for key, part in inside.items():
                yield from self._leaves((*steps, key), self._found(part, found.at))
        elif inside is None and not any(isinstance(option, Answer) for option in found.value.options()):
            given = self._given(found)
            if given.kind is not Kind.ABSENT:
                yield steps, given

    def _found(self, part: Ref | Value | _Found, at: Ref | None = None) -> _Found:
        if isinstance(part, _Found):
            return part
        if isinstance(part, Ref):
            assert isinstance(part.node, cst.BaseExpression)
            return _Found(self.evaluator.evaluate(part.module, part.node), part)
        assert at is not None
        return _Found(part, at)

    def _inside(self, found: _Found) -> _Entries | None:
        """The entries of a dict or list, each once; None for anything else, and where they are not all known."""
        plain = self._plain(found.value, found.at)
        if plain is not None:
            return plain
        return self.dicts.entries(found.at)

    def _plain(self, given: Value, at: Ref) -> _Entries | None:
        options = list(given.options())
        value = options[0]
        if len(options) > 1:
            return None
        if isinstance(value, Named):
            return dict(value.entries)
        if isinstance(value, Collected) and value.at is not None and value.at.node is at.node:
            return _keywords(value.at)
        if not isinstance(value, Literal):
            return None
        module, node = value.ref.module, value.ref.node
        if isinstance(node, cst.Dict):
            items = self.evaluator.plain_items(value)
            return None if items is None else {key: Ref(module, part) for key, part in items}
        if isinstance(node, (cst.List, cst.Tuple)) and self.evaluator.parts(value) is not None:
            return {index: Ref(module, element.value) for index, element in enumerate(node.elements)}
        return None

    def _given(self, found: _Found) -> Given:
        if _is_none(found.value):
            return Given(Kind.ABSENT, found.at)
        known = constants(found.value)
        if known is not None and len({(type(each.value), each.value) for each in known}) == 1:
            return Given(Kind.KNOWN, found.at, known[0].value, known[0])
        return Given(Kind.OPEN, found.at)


def common(found: Sequence[Given], otherwise: Ref) -> Given:
    """What several calls give in the same place: one value if all that give any agree."""
    given = [each for each in found if each.kind is not Kind.ABSENT]
    if not given:
        return Given(Kind.ABSENT, otherwise)
    first = given[0]
    if all(each.kind is first.kind and each.value == first.value for each in given):
        return first
    return Given(Kind.OPEN if any(each.kind is not Kind.HIDDEN for each in given) else Kind.HIDDEN, first.at)


def _keywords(call: Ref) -> _Entries | None:
    """The entries of `dict(key=value)`."""
    args = call.node.args if isinstance(call.node, cst.Call) else ()
    if any(arg.keyword is None for arg in args):
        return None
    return {arg.keyword.value: Ref(call.module, arg.value) for arg in args if arg.keyword is not None}


def _is_none(value: Value) -> bool:
    return all(isinstance(option, Constant) and option.value is None for option in value.options())
