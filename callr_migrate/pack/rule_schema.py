"""The JSON Schema of a rule file, made from the model: editors complete and check rules with it."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import json
import re
import types
import typing
from typing import Any

from callr_migrate.pack.model import RuleFile

FILE_NAME = "rules.schema.json"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAMES = {str: "string", int: "integer", bool: "boolean", float: "number"}
_COMMENT = re.compile(r"^    (\w+): [^#\n]*?#[ ]*(.+)$", re.MULTILINE)


def schema_text() -> str:
    """The schema as it is shipped."""
    return json.dumps(rule_file_schema(), indent=2, ensure_ascii=False) + "\n"


def rule_file_schema() -> dict[str, Any]:
    """Return the schema of one rule file."""
    made = _Schema()
    top = made.object(RuleFile)
    return {"$schema": _DIALECT, "title": "A rule file of callr-migrate", **top, "$defs": made.sorted_defs()}


class _Schema:
    def __init__(self) -> None:
        self.defs: dict[str, Any] = {}

    def sorted_defs(self) -> dict[str, Any]:
        return dict(sorted(self.defs.items()))

    def object(self, kind: type[Any]) -> dict[str, Any]:
        """A dataclass as an object: its docstring and the comments of its fields are the descriptions."""
        hints = typing.get_type_hints(kind)
        comments = dict(_COMMENT.findall(inspect.getsource(kind)))
        properties: dict[str, Any] = {}
        required = []
        for entry in dataclasses.fields(kind):
            if entry.name == "location":
                continue
            properties[entry.name] = self.value(hints[entry.name])
            if entry.name in comments:
                properties[entry.name] = {"description": comments[entry.name], **properties[entry.name]}
            if entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
                required.append(entry.name)
        schema: dict[str, Any] = {"description": " ".join((kind.__doc__ or "").split()), "type": "object"}
        schema |= {"properties": properties, "additionalProperties": False}
        return {**schema, "required": required} if required else schema

    def value(self, hint: Any) -> dict[str, Any]:
        """A type of the model as the loader takes it."""
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return _or_null(self.value(next(option for option in arguments if option is not type(None))))
        if origin is list:
            return {"type": "array", "items": self.value(arguments[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.value(arguments[1])}
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return {"enum": [member.value for member in hint]}
        if dataclasses.is_dataclass(hint):
            return self._reference(typing.cast("type[Any]", hint))
        if hint is Any:
            return {"type": ["string", "number", "boolean", "null"]}
        return {"type": _NAMES[hint]}

    def _reference(self, kind: type[Any]) -> dict[str, Any]:
        name = kind.__name__
        if name not in self.defs:
            self.defs[name] = {}
            schema = self.object(kind)
            shorthand = getattr(kind, "from_scalar", None)
            if shorthand is not None:
                (only,) = shorthand("")
                short = {
                    "description": " ".join((shorthand.__doc__ or "").split()),
                    **self.value(typing.get_type_hints(kind)[only]),
                }
                schema = {"anyOf": [short, schema]}
            self.defs[name] = schema
        return {"$ref": f"#/$defs/{name}"}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
