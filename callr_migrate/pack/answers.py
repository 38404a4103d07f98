"""Where the fields that rules take of an answer stand in an operation's schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callr_migrate.pack import facts
from callr_migrate.pack.model import Location, RulePack
from callr_migrate.pack.openapi import Body, Operation
from callr_migrate.pack.schemas import Schemas
from callr_migrate.records import dataclass


@dataclass(frozen=True)
class Found:
    """The document has it; `schemas` speak of it."""

    schemas: list[Any]


@dataclass(frozen=True)
class Absent:
    """The document has `names` in its place."""

    why: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Open:
    """The document does not say."""

    why: str


@dataclass(frozen=True)
class AnsweredField:
    """One field of an object, at its path in an answer."""

    object: str
    name: str
    path: str
    key: str
    enum: str | None
    location: Location


def nested_fields(
    pack: RulePack, kind: str, prefix: str = "", above: tuple[str, ...] = ()
) -> Iterator[AnsweredField]:
    """The mapped fields of an object, and of the objects in its fields."""
    rule = pack.objects[kind]
    for name, field in rule.fields.items():
        if not field.to:
            continue
        path = f"{prefix}{field.to}"
        key = facts.field_key(kind, name, field)
        yield AnsweredField(kind, name, path, key, field.enum, rule.location)
        if field.object and field.object not in (*above, kind):
            yield from nested_fields(pack, field.object, f"{path}.", (*above, kind))


def look_up(operation: Operation, schemas: Schemas, path: str) -> Found | Absent | Open:
    """What the operation's answers have at a path such as `colour.name` or `rows[].label`; raises `DocumentError`."""
    if not operation.answers:
        return Open("the document describes no answer")
    told = [
        _in_answer(body, schemas, path, f"{operation.where}/responses/{status}")
        for status, body in operation.answers.items()
    ]
    found = [answer for answer in told if isinstance(answer, Found)]
    if len(found) == len(told):
        return Found([schema for answer in found for schema in answer.schemas])
    if found:
        return Open("the document has it in some of its answers only")
    return next((answer for answer in told if isinstance(answer, Open)), told[0])


def _in_answer(body: Body, schemas: Schemas, path: str, where: str) -> Found | Absent | Open:
    if not body.types:
        return Absent("the document's answer is empty")
    if not body.is_json:
        return Absent(f"the document answers {', '.join(body.types)}")
    here = [body.schema]
    for segment in path.split("."):
        name = segment.removesuffix("[]")
        members = schemas.members({"allOf": here}, where)
        if not members.found:
            # The rows of a list, where the path goes on below a list.
            items = [item for schema in here for item in schemas.items(schema, where)]
            if items:
                members = schemas.members({"allOf": items}, where)
        if name not in members.found:
            if members.is_open:
                return Open("the document leaves the fields of the answer open")
            names = tuple(sorted(members.found))
            return Absent(f"the document has {', '.join(names) or 'a plain value'} there", names)
        here = members.found[name]
    return Found(here)
