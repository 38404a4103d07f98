"""Rules as text for people: the table of all methods, and one method in full."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from callr_migrate.findings import Evidence
from callr_migrate.output.text import Paint, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from callr_migrate.pack.model import Binding, Choice, Method, ObjectType, Request, RulePack

_WIDTH = 100
# What becomes of a method, in one word: the words of `rules list --state`.
STATES = {
    "mapped": "one request does the same, and the call is rewritten",
    "manual": "a request is known, but a person must write it",
    "alternatives": "several requests may do; a person chooses",
    "none": "no counterpart is known",
}


def service_of(method: str) -> str:
    """`a/b` of `a/b.c`."""
    return method.rpartition(".")[0]


def state_of(method: Method) -> str:
    """Return a word of `STATES`."""
    if method.none:
        return "none"
    if method.alternatives:
        return "alternatives"
    return "manual" if requests_of(method)[0].manual else "mapped"


def requests_of(method: Method) -> list[Request]:
    """All requests that may take the method's place."""
    return [method.rest] if method.rest else method.alternatives


def evidence_of(method: Method) -> Evidence:
    """How well it is known what becomes of the method."""
    stated = method.none.evidence if method.none else requests_of(method)[0].evidence
    return stated or Evidence.UNKNOWN


def becomes(method: Method) -> str:
    """Return the requests, or that there is none."""
    return (
        " or ".join(f"{request.verb} {request.path}" for request in requests_of(method)) or "no counterpart"
    )


def selected(
    pack: RulePack, services: Iterable[str] = (), evidences: Iterable[str] = (), states: Iterable[str] = ()
) -> list[Method]:
    """The methods by name, of these services (`a` has `a/b` in it), evidences and states; empty: of all."""
    services, evidences, states = set(services), set(evidences), set(states)
    return [
        method
        for name, method in sorted(pack.methods.items())
        if (not services or any(f"{service_of(name)}/".startswith(f"{service}/") for service in services))
        and (not evidences or evidence_of(method).value in evidences)
        and (not states or state_of(method) in states)
    ]


def method_table(methods: list[Method], *, color: bool = False) -> str:
    """Return one line a method: its name, how well it is known, what becomes of it."""
    paint = Paint(color)
    first = max((len(method.method) for method in methods), default=0)
    second = max(len(evidence.value) for evidence in Evidence)
    lines = []
    for method in methods:
        evidence = evidence_of(method)
        known = paint.evidence(evidence, f"{evidence.value:<{second}}")
        by_hand = " (by hand)" if state_of(method) in ("manual", "alternatives") else ""
        lines.append(f"{paint('bold', f'{method.method:<{first}}')}  {known}  {becomes(method)}{by_hand}")
    return "\n".join([*lines, f"{plural(len(methods), 'method')}."]) + "\n"


def describe_method(method: Method, pack: RulePack, *, color: bool = False) -> str:
    """Return all that is known about one method, and of the objects, tables and choices that it needs."""
    return _Description(method, pack, Paint(color)).text()


class _Description:
    def __init__(self, method: Method, pack: RulePack, paint: Paint) -> None:
        self.method = method
        self.pack = pack
        self.paint = paint

    def text(self) -> str:
        method = self.method
        lines = [f"{self.paint('bold', method.method)}: {method.summary}", "", *self._legacy()]
        for request in requests_of(method):
            lines += ["", *self._request(request)]
        if method.none:
            known = self._known(method.none.evidence, method.none.source)
            lines += ["", f"{self._title('No counterpart in v2')}{known}"]
            lines += _wrapped("why", method.none.reason) + _wrapped("instead", method.none.instead)
        lines += self._dropped()
        for name in self._choices():
            lines += ["", *self._choice(self.pack.choices[name])]
        for name in self._objects():
            lines += ["", *self._object(self.pack.objects[name])]
        for name in self._enums():
            lines += ["", *self._enum(name)]
        for example in method.examples:
            lines += ["", self._title("Before:"), *_code(example.before)]
            if example.after is None:
                lines.append("Stays as it is.")
            else:
                lines += [self._title("After:"), *_code(example.after)]
        lines += ["", f"Defined in {method.location}"]
        return "\n".join(lines) + "\n"

    def _title(self, text: str) -> str:
        return self.paint("bold", text)

    def _known(self, evidence: Evidence | None, source: str | None) -> str:
        words = [self.paint.evidence(evidence, evidence.value)] if evidence else []
        words += [source] if source else []
        return f" ({', '.join(words)})" if words else ""

    def _legacy(self) -> Iterator[str]:
        method = self.method
        yield f"{self._title('Legacy call')}{self._known(method.evidence, method.source)}"
        if method.params is None:
            yield "  parameters: unknown"
        for param in method.params or ():
            kind = param.object or param.enum or param.format or param.type
            optional = ", may be left out" if param.optional else ""
            differs = param.evidence is not method.evidence
            yield f"  {param.name}: {kind}{optional}{self._known(param.evidence, None) if differs else ''}"
            if param.note:
                yield from _wrapped("  note", param.note)
        if method.params and method.required < sum(not param.optional for param in method.params):
            yield f"  the first {method.required} are enough"
        returns = method.returns
        of = f" of {returns.object}" if returns.object else ""
        written = f", a {returns.format}" if returns.format else ""
        yield f"  answers {returns.type}{of}{written}"
        if returns.note:
            yield from _wrapped("  note", returns.note)
        if method.deprecated:
            yield "  deprecated already in v1"
        if method.note:
            yield from _wrapped("note", method.note)

    def _request(self, request: Request) -> Iterator[str]:
        becomes = self._title(f"Becomes {request.verb} {request.path}")
        yield f"{becomes}{self._known(request.evidence, request.source)}"
        for name, values in request.when.items():
            yield f"  where {name} is {' or '.join(values)}"
        parts = (("path", request.path_params), ("query", request.query), ("body", request.json))
        for title, bindings in parts:
            yield from self._bindings(title, bindings, request)
        result = request.result
        known = self._known(result.evidence, result.source)
        if result.legacy_value:
            yield f"  where the answer is used: its {result.legacy_value!r}{known}"
        elif result.success:
            yield f"  where the answer is used: whether it succeeded{known}"
        elif result.object:
            yield f"  answers {result.object}{known}"
        if result.page:
            yield "  its rows come page by page; as many as a page holds are asked for"
        if result.note:
            yield from _wrapped("  note", result.note)
        if request.manual:
            yield from _wrapped("no fix", request.manual)
        if request.note:
            yield from _wrapped("note", request.note)

    def _bindings(self, title: str, bindings: Mapping[str, Binding], request: Request) -> Iterator[str]:
        for name, binding in bindings.items():
            how = f" by {binding.enum}" if binding.enum else f" as {binding.format}" if binding.format else ""
            # Said once for the request; again only where it differs.
            known = self._known(binding.evidence, None) if binding.evidence is not request.evidence else ""
            needed = ", required" if binding.required else ""
            yield f"  {title} {name}: {binding.value}{how}{needed}{known}"
            if binding.omit_if is not None:
                yield f"    left out if it is {binding.omit_if!r}"
            for constant, choice in binding.ask.items():
                yield f"    if {constant}: the choice {choice!r} settles it"
            if binding.note:
                yield from _wrapped("  note", binding.note)

    def _dropped(self) -> Iterator[str]:
        if self.method.dropped:
            yield ""
            yield self._title("What v2 has no place for")
        for key, dropped in self.method.dropped.items():
            how = "by hand" if dropped.manual else "left out"
            yield from _wrapped(f"{key} ({how})", dropped.manual or dropped.note or "not part of v2")

    def _choices(self) -> list[str]:
        asked = [
            choice
            for request in requests_of(self.method)
            for binding in _all_bindings(request)
            for choice in binding.ask.values()
        ]
        return list(dict.fromkeys(asked))

    def _choice(self, choice: Choice) -> Iterator[str]:
        yield f"{self._title(f'Choice {choice.choice}')}{self._known(None, choice.source)}"
        yield from _wrapped("question", choice.question)
        for answer, value in choice.answers.items():
            yield f"  {answer}: {'sends nothing' if value is None else f'sends {value!r}'}"

    def _objects(self) -> list[str]:
        """The objects of parameters and of the answer, and those in them."""
        method = self.method
        waiting = [param.object for param in method.params or ()]
        waiting += [request.result.object for request in requests_of(method)] or [method.returns.object]
        names: dict[str, None] = {}
        while waiting:
            name = waiting.pop(0)
            if name and name not in names and name in self.pack.objects:
                names[name] = None
                waiting += [field.object for field in self.pack.objects[name].fields.values()]
        return list(names)

    def _object(self, kind: ObjectType) -> Iterator[str]:
        yield f"{self._title(f'Object {kind.object}')}{self._known(kind.evidence, kind.source)}"
        width = max(map(len, kind.fields), default=0)
        for name, field in kind.fields.items():
            where = field.to or "by hand"
            by = f" by {field.enum}" if field.enum else f", a {field.format}" if field.format else ""
            known = self._known(field.evidence, None) if field.evidence is not kind.evidence else ""
            yield f"  {name:<{width}}  {where}{by}{known}"
            for label, text in (
                ("amount", field.amount and field.amount.told),
                ("why", field.manual),
                ("note", field.note),
            ):
                if text:
                    yield from _wrapped(f"  {label}", text)
        if not kind.fields:
            yield "  its fields are not known"
        if kind.note:
            yield from _wrapped("note", kind.note)

    def _enums(self) -> list[str]:
        method = self.method
        used = [param.enum for param in method.params or ()]
        used += [binding.enum for request in requests_of(method) for binding in _all_bindings(request)]
        used += [field.enum for name in self._objects() for field in self.pack.objects[name].fields.values()]
        return list(dict.fromkeys(name for name in used if name))

    def _enum(self, name: str) -> Iterator[str]:
        table = self.pack.enums[name]
        yield f"{self._title(f'Constants {name}')}{self._known(table.evidence, table.source)}"
        width = max(map(len, table.values), default=0)
        for old, new in table.values.items():
            yield f"  {old:<{width}}  {new or 'not known'}"
        if table.note:
            yield from _wrapped("note", table.note)


def _all_bindings(request: Request) -> list[Binding]:
    return [*request.path_params.values(), *request.query.values(), *request.json.values()]


def _wrapped(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        " ".join(text.split()),
        _WIDTH,
        initial_indent=f"  {label}: ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _code(text: str) -> list[str]:
    return textwrap.indent(text.rstrip(), "    ").split("\n")
