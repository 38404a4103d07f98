"""YAML -> frozen dataclasses, strictly: every mistake is a line that names file, line, key and the nearest right name.

Works from the dataclasses' type hints, so the model is the only description of the format.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from callr_migrate.pack.base import nearest
from callr_migrate.pack.model import Location

T = TypeVar("T")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = {
    "str": "a text",
    "int": "a whole number",
    "bool": "true or false",
    "null": "nothing",
    "float": "a number",
}


class Decoder:
    """Decodes one file; mistakes collect in `problems`, and decoding goes on where it can."""

    def __init__(self, path: Path, shown: str) -> None:
        self.path = path
        self.shown = shown
        self.problems: list[str] = []
        self._constructor = yaml.constructor.SafeConstructor()

    def decode(self, into: type[T]) -> T | None:
        """The file as `into`, a dataclass; None if it is empty or has mistakes (see `problems`)."""
        try:
            text = self.path.read_text(encoding="utf-8")
            node = yaml.compose(text, Loader=_Loader)
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{self.shown}: cannot be read: {error}")
            return None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self.problems.append(f"{self.shown}:{line}: not valid YAML: {error.problem}")
            return None
        except (yaml.YAMLError, RecursionError) as error:
            self.problems.append(f"{self.shown}:1: not valid YAML: {str(error).splitlines()[0]}")
            return None
        if node is None or _tag(node) == "null":
            return None
        try:
            value = self._value(node, into, "the file")
        except RecursionError:
            self.problems.append(f"{self.shown}:1: nested too deeply")
            return None
        return value if not self.problems else None

    def _problem(self, node: yaml.Node, message: str) -> None:
        self.problems.append(f"{self.shown}:{node.start_mark.line + 1}: {message}")

    def _value(self, node: yaml.Node, hint: Any, key: str) -> Any:
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            options = [option for option in typing.get_args(hint) if option is not type(None)]
            return None if _tag(node) == "null" else self._value(node, options[0], key)
        if origin is list:
            return self._list(node, typing.get_args(hint)[0], key)
        if origin is dict:
            return self._dict(node, typing.get_args(hint)[1], key)
        if origin is typing.Literal:
            return self._one_of(node, typing.get_args(hint), key)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            word = self._one_of(node, [member.value for member in hint], key)
            return None if word is None else hint(word)
        if dataclasses.is_dataclass(hint):
            return self._dataclass(node, typing.cast("type[Any]", hint), key)
        if hint is Any:
            return self._scalar(node, None, key)
        return self._scalar(node, hint, key)

    def _scalar(self, node: yaml.Node, hint: type | None, key: str) -> Any:
        tag = _tag(node)
        if not isinstance(node, yaml.ScalarNode):
            self._problem(
                node,
                f"{key!r} must be {_SCALARS.get(hint.__name__ if hint else 'str', 'a value')}, not a {tag}",
            )
            return None
        value: Any = node.value
        if tag in ("int", "bool", "null"):
            try:
                value = self._constructor.construct_object(node)
            except (ValueError, KeyError):
                self._problem(node, f"{key!r} cannot be {node.value!r}: that is not {_SCALARS[tag]}")
                return None
        if hint is not None and type(value) is not hint:
            quote = f"; put {node.value!r} in quotes" if hint is str else ""
            self._problem(
                node, f"{key!r} must be {_SCALARS[hint.__name__]}, not {_SCALARS.get(tag, tag)}{quote}"
            )
            return None
        return value

    def _one_of(self, node: yaml.Node, words: Iterable[Any], key: str) -> Any:
        word = self._scalar(node, str, key)
        if word is not None and word not in words:
            self._problem(
                node, f"{key!r} cannot be {word!r}{nearest(word, words)}; it is one of {', '.join(words)}"
            )
            return None
        return word

    def _list(self, node: yaml.Node, item: Any, key: str) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode):
            self._problem(node, f"{key!r} must be a list")
            return []
        return [self._value(child, item, key) for child in node.value]

    def _pairs(self, node: yaml.Node, key: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            self._problem(
                node,
                f"{key!r} must be a mapping of keys and values, not {_SCALARS.get(_tag(node), 'a list')}",
            )
            return []
        pairs: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
        for name, value in node.value:
            if not isinstance(name, yaml.ScalarNode):
                self._problem(name, f"{key!r} has a key that is not a text")
            elif name.value in pairs:
                self._problem(name, f"key {name.value!r} is there twice in {key!r}")
            else:
                pairs[name.value] = (name.value, name, value)
        return list(pairs.values())

    def _dict(self, node: yaml.Node, item: Any, key: str) -> dict[str, Any]:
        return {name: self._value(value, item, name) for name, _, value in self._pairs(node, key)}

    def _dataclass(self, node: yaml.Node, into: Any, key: str) -> Any:
        from_scalar = getattr(into, "from_scalar", None)
        location = Location(self.shown, node.start_mark.line + 1)
        hints = _hints(into)
        has_location = any(entry.name == "location" for entry in dataclasses.fields(into))
        if isinstance(node, yaml.ScalarNode) and from_scalar:
            (name,) = from_scalar("")
            before = len(self.problems)
            value = self._value(node, hints[name], key)
            if len(self.problems) > before:
                return None
            return into(**from_scalar(value), **({"location": location} if has_location else {}))
        found: dict[str, Any] = {}
        before = len(self.problems)
        for name, name_node, value in self._pairs(node, key):
            if name in hints:
                found[name] = self._value(value, hints[name], name)
            else:
                self._problem(name_node, f"unknown key {name!r} in {key!r}{nearest(name, hints)}")
        required = {entry.name for entry in dataclasses.fields(into) if _required(entry)}
        if isinstance(node, yaml.MappingNode):
            for name in sorted(required - found.keys()):
                self._problem(node, f"{key!r} lacks the key {name!r}")
        if len(self.problems) > before:
            return None
        if has_location:
            found["location"] = location
        return into(**found)


def _tag(node: yaml.Node) -> str:
    kind = node.tag.rsplit(":", 1)[-1]
    return {"map": "mapping", "seq": "list", "timestamp": "date"}.get(kind, kind)


@cache
def _hints(into: type[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(into)
    return {entry.name: hints[entry.name] for entry in dataclasses.fields(into) if entry.name != "location"}


def _required(entry: dataclasses.Field[Any]) -> bool:
    return entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING
