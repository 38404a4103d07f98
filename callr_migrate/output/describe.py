"""Rules as text for people: the table of all methods, and one method in full."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from callr_migrate.findings import Evidence
from callr_migrate.output.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callr_migrate.pack.model import Binding, Method, Request, RulePack

_WIDTH = 100


def method_table(pack: RulePack) -> str:
    """Return one line a method: its name, how well it is known, what becomes of it."""
    rows = [(method.method, _evidence(method).value, _becomes(method)) for method in pack.methods.values()]
    rows.sort()
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    lines = [f"{name:<{first}}  {evidence:<{second}}  {becomes}" for name, evidence, becomes in rows]
    return "\n".join([*lines, f"{plural(len(rows), 'method')}."]) + "\n"


def describe_method(method: Method) -> str:
    """Return all that is known about one method."""
    lines = [f"{method.method}: {method.summary}", "", *_legacy(method)]
    for request in _requests(method):
        lines += ["", *_request(request)]
    if method.none:
        known = _known(method.none.evidence, method.none.source)
        lines += ["", f"No counterpart in v2{known}", *_wrapped("why", method.none.reason)]
        lines += _wrapped("instead", method.none.instead)
    for key, dropped in method.dropped.items():
        text = dropped.manual or dropped.note or "has no place in v2"
        lines += _wrapped(f"{key} is left out", text)
    for example in method.examples:
        lines += ["", "Before:", *_code(example.before)]
        lines += ["Stays as it is."] if example.after is None else ["After:", *_code(example.after)]
    lines += ["", f"Defined in {method.location}"]
    return "\n".join(lines) + "\n"


def _legacy(method: Method) -> Iterator[str]:
    yield f"Legacy call{_known(method.evidence, method.source)}"
    if method.params is None:
        yield "  parameters: unknown"
    for param in method.params or ():
        kind = param.object or param.enum or param.format or param.type
        optional = ", may be left out" if param.optional else ""
        yield f"  {param.name}: {kind}{optional}"
        if param.note:
            yield from _wrapped("  note", param.note)
    of = f" of {method.returns.object}" if method.returns.object else ""
    yield f"  answers {method.returns.type}{of}"
    if method.deprecated:
        yield "  deprecated already in v1"
    if method.note:
        yield from _wrapped("note", method.note)


def _request(request: Request) -> Iterator[str]:
    yield f"Becomes {request.verb} {request.path}{_known(request.evidence, request.source)}"
    for name, values in request.when.items():
        yield f"  where {name} is {' or '.join(values)}"
    for title, bindings in (("path", request.path_params), ("query", request.query), ("body", request.json)):
        yield from _bindings(title, bindings, request)
    result = request.result
    if result.legacy_value:
        yield f"  where the answer is used: its {result.legacy_value!r}{_known(result.evidence, result.source)}"
    elif result.success:
        yield f"  where the answer is used: whether it succeeded{_known(result.evidence, result.source)}"
    elif result.object:
        yield f"  answers {result.object}{_known(result.evidence, result.source)}"
    if request.manual:
        yield from _wrapped("no fix", request.manual)
    if request.note:
        yield from _wrapped("note", request.note)


def _bindings(title: str, bindings: Mapping[str, Binding], request: Request) -> Iterator[str]:
    for name, binding in bindings.items():
        how = f" by {binding.enum}" if binding.enum else f" as {binding.format}" if binding.format else ""
        # Said once for the request; again only where it differs.
        known = _known(binding.evidence, None) if binding.evidence is not request.evidence else ""
        yield f"  {title} {name}: {binding.value}{how}{known}"
        for constant, choice in binding.ask.items():
            yield f"    if {constant}: the choice {choice!r} settles it"


def _requests(method: Method) -> list[Request]:
    return [method.rest] if method.rest else method.alternatives


def _becomes(method: Method) -> str:
    return " or ".join(f"{request.verb} {request.path}" for request in _requests(method)) or "no counterpart"


def _evidence(method: Method) -> Evidence:
    stated = method.none.evidence if method.none else _requests(method)[0].evidence
    return stated or Evidence.UNKNOWN


def _known(evidence: Evidence | None, source: str | None) -> str:
    words = [word for word in (evidence.value if evidence else None, source) if word]
    return f" ({', '.join(words)})" if words else ""


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=f"  {label}: ",
        subsequent_indent="    ",
        break_long_words=False,
    )


def _code(text: str) -> list[str]:
    return textwrap.indent(text.rstrip(), "    ").split("\n")
