"""The rules and the codes as Markdown pages, for `docs/`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.check.codes import CODES
from callr_migrate.output.describe import (
    STATES,
    becomes,
    evidence_of,
    requests_of,
    service_of,
    state_of,
)
from callr_migrate.output.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from callr_migrate.findings import Evidence
    from callr_migrate.pack.model import Binding, Method, ObjectType, Request, RulePack

_MADE = "<!-- Made by `callr-migrate rules docs`; changes go into the rules. -->"


def pages(pack: RulePack) -> dict[str, str]:
    """Return all pages by their file names."""
    return {"rules.md": _rules_page(pack), "codes.md": codes_page()}


def codes_page() -> str:
    """Return every code with its explanation."""
    lines = [
        _MADE,
        "",
        "# Codes",
        "",
        "Each finding has a code. A code never changes its meaning. `callr-migrate explain CODE` says the same.",
        "",
        *_table(
            ["Code", "Name", "Summary"],
            ([_link(code.code), code.name, code.summary] for code in CODES.values()),
        ),
    ]
    for code in CODES.values():
        lines += ["", f"## {code.code}", "", f"**{code.name}.** {code.summary}", "", code.explanation.strip()]
    return "\n".join(lines) + "\n"


def _rules_page(pack: RulePack) -> str:
    methods = [pack.methods[name] for name in sorted(pack.methods)]
    states = [state_of(method) for method in methods]
    count = plural(len(methods), "legacy method")
    lines = [
        _MADE,
        "",
        "# Rules",
        "",
        f"What becomes of {count} in REST v2, as far as is known.",
        "`callr-migrate rules show METHOD` says the same, with examples.",
        "",
        *_table(
            ["State", "Methods", ""],
            ([state, str(states.count(state)), meaning] for state, meaning in STATES.items()),
        ),
        "",
        "*Evidence* says how well it is known what becomes of a method: documented, corroborated, inferred, in",
        "conflict, or unknown. A fix is safe only where every fact that it uses is documented, corroborated or",
        "verified.",
        "",
        "## All methods",
        "",
        *_table(["Legacy method", "REST v2", "State", "Evidence", "Note"], map(_row, methods)),
    ]
    for service in sorted({service_of(method.method) for method in methods}):
        lines += ["", f"## {service}"]
        for method in methods:
            if service_of(method.method) == service:
                lines += ["", *_method(method)]
    lines += _named_rules(pack)
    lines += ["", "## Objects", "", "Where the fields of a legacy answer are in v2."]
    for kind in sorted(pack.objects.values(), key=lambda kind: kind.object):
        if kind.fields:
            lines += ["", f"### {kind.object}", "", *_object(kind)]
    lines += ["", "## Constants", "", "Constants are mapped by these tables; they are not just lower case."]
    for table in sorted(pack.enums.values(), key=lambda table: table.enum):
        rows = ([f"`{old}`", f"`{new}`" if new else "not known"] for old, new in table.values.items())
        lines += ["", f"### {table.enum}", "", *_table(["Legacy", "v2"], rows)]
        lines += ["", f"Evidence: {_sourced(table.evidence, table.source)}."]
        lines += ["", table.note] if table.note else []
    return "\n".join(lines) + "\n"


def _named_rules(pack: RulePack) -> Iterator[str]:
    """Choices, apps, webhook events and identifiers: a table each."""
    yield from (
        "",
        "## Choices",
        "",
        "What the config settles; until then a fix that depends on it is unsafe.",
        "",
    )
    yield from _table(
        ["Choice", "Question", "Answers"],
        (
            [f"`{name}`", choice.question, ", ".join(f"`{answer}`" for answer in choice.answers)]
            for name, choice in sorted(pack.choices.items())
        ),
    )
    yield from ("", "## Apps", "")
    yield from _table(
        ["App", "", "Evidence", "Instead"],
        (
            [f"`{name}`", app.summary, _word(app.evidence), app.instead or ""]
            for name, app in sorted(pack.apps.items())
        ),
    )
    yield from ("", "## Webhook events", "")
    yield from _table(
        ["Legacy", "v2", "Evidence", "Note"],
        (
            [
                f"`{name}`",
                f"`{event.to}`" if event.to else "not known",
                _word(event.evidence),
                event.note or "",
            ]
            for name, event in sorted(pack.events.items())
        ),
    )
    yield from ("", "## Identifiers", "")
    yield from _table(
        ["Identifier", "Legacy form", "What becomes of it", "Evidence"],
        (
            [f"`{name}`", f"`{kind.legacy}`", kind.becomes, _word(kind.evidence)]
            for name, kind in sorted(pack.identifiers.items())
        ),
    )


def _row(method: Method) -> list[str]:
    requests = "<br>".join(f"`{request.verb} {request.path}`" for request in requests_of(method))
    notes = [*(request.note or "" for request in requests_of(method)), method.note or ""]
    if method.deprecated:
        notes.append("Deprecated already in v1.")
    known = evidence_of(method).value
    note = " ".join(dict.fromkeys(note for note in notes if note))
    return [_link(method.method), requests or becomes(method), state_of(method), known, note]


def _method(method: Method) -> Iterator[str]:
    yield f"### {method.method}"
    yield ""
    yield method.summary
    yield ""
    if method.params is None:
        yield "Its parameters are not known."
    else:
        names = [f"[{param.name}]" if param.optional else param.name for param in method.params]
        yield f"`{method.method}({', '.join(names)})`, {_sourced(method.evidence, method.source)}."
    for request in requests_of(method):
        yield ""
        yield f"**`{request.verb} {request.path}`**, {_sourced(request.evidence, request.source)}."
        rows = [*_bindings("path", request.path_params, request), *_bindings("query", request.query, request)]
        rows += _bindings("body", request.json, request)
        if rows:
            yield ""
            yield from _table(["In", "Parameter", "Legacy", "Evidence", "Note"], rows)
        for text in (request.manual and f"No fix: {request.manual}", request.note):
            if text:
                yield ""
                yield _text(text)
    if method.none:
        yield ""
        yield f"**No counterpart**, {_sourced(method.none.evidence, method.none.source)}. {_text(method.none.reason)}"
        yield ""
        yield f"Instead: {_text(method.none.instead)}"
    if method.dropped:
        yield ""
        rows = [
            [f"`{key}`", "by hand" if dropped.manual else "left out", dropped.manual or dropped.note or ""]
            for key, dropped in method.dropped.items()
        ]
        yield from _table(["Without a place in v2", "", ""], rows)


def _bindings(place: str, bindings: Mapping[str, Binding], request: Request) -> list[list[str]]:
    rows = []
    for name, binding in bindings.items():
        value = f"`{binding.value}`" + (f" by {binding.enum}" if binding.enum else "")
        asks = [
            f"if {constant}, the choice `{choice}` settles it" for constant, choice in binding.ask.items()
        ]
        note = "; ".join([*asks, *([binding.note] if binding.note else [])])
        rows.append([place, f"`{name}`", value, _word(binding.evidence or request.evidence), note])
    return rows


def _object(kind: ObjectType) -> list[str]:
    rows = []
    for name, field in kind.fields.items():
        where = f"`{field.to}`" if field.to else "by hand"
        how = [
            f"constants of {field.enum}" if field.enum else "",
            f"a {field.format}" if field.format else "",
        ]
        note = "; ".join(
            filter(None, [*how, field.amount.told if field.amount else None, field.manual, field.note])
        )
        rows.append([f"`{name}`", where, _word(field.evidence or kind.evidence), note])
    lines = _table(["Legacy", "v2", "Evidence", "Note"], rows)
    return [*lines, "", _text(kind.note)] if kind.note else lines


def _sourced(evidence: Evidence | None, source: str | None) -> str:
    return f"[{_word(evidence)}]({source})" if source and source.startswith("http") else _word(evidence)


def _word(evidence: Evidence | None) -> str:
    return evidence.value if evidence else "unknown"


def _link(name: str) -> str:
    # As GitHub and GitLab name the anchors of headings.
    anchor = "".join(character for character in name.lower() if character.isalnum() or character in "-_")
    return f"[{name}](#{anchor})"


def _text(text: str) -> str:
    return " ".join(text.split())


def _table(header: list[str], rows: Iterable[list[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(_text(cell).replace('|', chr(92) + '|') for cell in cells)} |" for cells in lines]
