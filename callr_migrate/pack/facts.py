"""The facts of a pack that a vendor's document can confirm, each with a key that stays as long as the fact does.

    paint.mix: POST /paints                verb and path
    paint.mix: POST /paints query colour   a name; also `path`, `json`, and `result` for what is taken of the answer
    Paint.name -> label                    a field of an object that requests answer
    enum Colour: RED=red, BLUE=blue        a table, with all that it maps
    event paint.dry -> v2.paint.dried      a notification
    base address https://example.com/v2    where all paths begin

When a rule changes what it sends or takes, the key changes with it, and what was confirmed of the old one is void.
"""

from __future__ import annotations

from collections.abc import Iterator

from callr_migrate.pack.model import EnumTable, Method, ObjectField, Request, Result, RulePack


def requests_of(method: Method) -> list[Request]:
    """The requests that a method may become."""
    return [request for request in (method.rest, *method.alternatives) if request is not None]


def request_key(method: str, request: Request) -> str:
    """Of verb and path."""
    return f"{method}: {request.verb} {request.path}"


def part_key(method: str, request: Request, kind: str, name: str) -> str:
    """Of one name in a request: `kind` is path, query, json or result."""
    return f"{request_key(method, request)} {kind} {name}"


def result_name(result: Result) -> str | None:
    """What a rule takes of an answer; None if it says nothing of it."""
    return result.legacy_value or result.object or ("success" if result.success else None)


def field_key(kind: str, name: str, field: ObjectField) -> str:
    """Of a field of an object."""
    return f"{kind}.{name} -> {field.to}"


def mapped_values(table: EnumTable) -> dict[str, str]:
    """The constants of a table that have a known counterpart."""
    return {old: new for old, new in table.values.items() if new is not None}


def enum_key(table: EnumTable) -> str:
    """Of a table."""
    pairs = ", ".join(f"{old}={new}" for old, new in mapped_values(table).items())
    return f"enum {table.enum}: {pairs}"


def event_key(name: str, to: str) -> str:
    """Of an event."""
    return f"event {name} -> {to}"


def base_key(pack: RulePack) -> str:
    """Of the address before all paths."""
    return f"base address {pack.service.base_url.value}"


def all_keys(pack: RulePack) -> Iterator[str]:
    """The keys of a whole pack, in its order."""
    yield base_key(pack)
    for method in pack.methods.values():
        for request in requests_of(method):
            yield request_key(method.method, request)
            for kind, names in (
                ("path", request.path_params),
                ("query", request.query),
                ("json", request.json),
            ):
                for name in names:
                    yield part_key(method.method, request, kind, name)
            taken = result_name(request.result)
            if taken:
                yield part_key(method.method, request, "result", taken)
    for rule in pack.objects.values():
        for name, field in rule.fields.items():
            if field.to:
                yield field_key(rule.object, name, field)
    for table in pack.enums.values():
        if mapped_values(table):
            yield enum_key(table)
    for event in pack.events.values():
        if event.to:
            yield event_key(event.event, event.to)
