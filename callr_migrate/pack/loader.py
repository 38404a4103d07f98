"""Rule files -> one `RulePack`: folders laid over each other, defaults filled in, references checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import RuleError, nearest
from callr_migrate.pack.compiled import rule_files, shown
from callr_migrate.pack.decode import Decoder
from callr_migrate.pack.model import Binding, Location, Method, Request, RuleFile, RulePack
from callr_migrate.pack.scaffolds import scaffold_problems

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_CREDENTIAL = re.compile(r"\{(login|password)\}")
# kind in a rule file -> the attribute that names an entry
_KINDS = {
    "methods": "method",
    "objects": "object",
    "enums": "enum",
    "choices": "choice",
    "apps": "app",
    "surfaces": "surface",
    "targets": "target",
    "identifiers": "identifier",
    "events": "event",
    "scaffolds": "scaffold",
}
# What there is once in a pack; a later file's stands for it.
_SINGLES = ("service", "dates", "pages", "webhooks")


def read_pack(folders: Sequence[Path]) -> RulePack:
    """The pack of the first folder with the others laid over it, entry by entry.

    Raises `RuleError` with every mistake found.
    """
    entries: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
    singles: dict[str, Any] = dict.fromkeys(_SINGLES)
    problems: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            raise RuleError([f"{folder}: no such folder of rules"])
        seen: dict[tuple[str, str], Location] = {}
        for path in rule_files(folder):
            decoder = Decoder(path, shown(path, folder))
            rules = decoder.decode(RuleFile)
            problems += decoder.problems
            if rules is None:
                continue
            for kind in _SINGLES:
                if getattr(rules, kind) is not None:
                    singles[kind] = _with_defaults(getattr(rules, kind), rules)
            for kind, name_of in _KINDS.items():
                for entry in getattr(rules, kind):
                    name = getattr(entry, name_of)
                    if (kind, name) in seen:
                        problems.append(
                            f"{entry.location}: {name!r} is already defined at {seen[kind, name]}"
                        )
                    seen[kind, name] = entry.location
                    entries[kind][name] = _with_defaults(entry, rules)
    if problems:
        raise RuleError(problems)
    if singles["service"] is None:
        raise RuleError([f"{folders[0]}: no file has the key 'service'"])
    parts: dict[str, Any] = {**singles, **entries}
    pack = RulePack(**parts)
    problems = list(_dangling(pack))
    if problems:
        raise RuleError(problems)
    return pack


def _with_defaults(entry: Any, file: RuleFile) -> Any:
    """Fill in `evidence` and `source` from the enclosing block, at last the file; what nobody stated is unknown."""
    if not hasattr(entry, "evidence"):
        return entry
    entry = _inherit(entry, file.evidence or Evidence.UNKNOWN, file.source)
    known = (entry.evidence, entry.source)
    if isinstance(entry, Method):
        # What is known of a legacy method says nothing about its request.
        return replace(
            entry,
            params=None if entry.params is None else [_inherit(param, *known) for param in entry.params],
            returns=_inherit(entry.returns, *known),
            rest=entry.rest and _request(entry.rest, file),
            alternatives=[_request(request, file) for request in entry.alternatives],
            none=entry.none and _inherit(entry.none, file.evidence or Evidence.UNKNOWN, file.source),
        )
    changes: dict[str, Any] = {}
    for part in ("fields", "exceptions"):
        if hasattr(entry, part):
            changes[part] = {name: _inherit(value, *known) for name, value in getattr(entry, part).items()}
    return replace(entry, **changes)


def _request(request: Request, file: RuleFile) -> Request:
    request = _inherit(request, file.evidence or Evidence.UNKNOWN, file.source)
    known = (request.evidence, request.source)
    return replace(
        request,
        path_params={name: _inherit(binding, *known) for name, binding in request.path_params.items()},
        query={name: _inherit(binding, *known) for name, binding in request.query.items()},
        json={name: _inherit(binding, *known) for name, binding in request.json.items()},
        result=_inherit(request.result, *known),
    )


def _inherit(part: Any, evidence: Evidence | None, source: str | None) -> Any:
    return replace(part, evidence=part.evidence or evidence, source=part.source or source)


def _dangling(pack: RulePack) -> Iterator[str]:
    """One line for each reference that points at nothing."""
    for method in pack.methods.values():
        yield from _method_problems(pack, method)
    for kind in pack.objects.values():
        for name, field in kind.fields.items():
            where = f"{kind.location}: field {name!r} of {kind.object}"
            yield from _refer(where, "enum", field.enum, pack.enums)
            yield from _refer(where, "object", field.object, pack.objects)
            if not field.to and not field.manual and not field.amount:
                yield f"{where} needs 'to', or 'manual' with what to do"
    yield from _other_problems(pack)
    for surface in pack.surfaces.values():
        for shape in surface.calls.values():
            if shape.spread == bool(shape.params):
                yield f"{surface.location}: each of the 'calls' of {surface.surface} needs either 'spread' or 'params'"


def _other_problems(pack: RulePack) -> Iterator[str]:
    for surface in pack.surfaces.values():
        called = [call.method for call in surface.facade.values()] + [
            route.method for route in surface.routes
        ]
        for name in called:
            yield from _refer(f"{surface.location}: {surface.surface}", "method", name, pack.methods)
        if not (surface.clients or surface.addresses):
            yield f"{surface.location}: {surface.surface} needs 'clients' (with a 'module') or 'addresses'"
        if surface.clients and surface.module is None:
            yield f"{surface.location}: {surface.surface} has 'clients' but lacks the key 'module'"
    for target in pack.targets.values():
        given = _CREDENTIAL.findall(" ".join(target.client_arguments))
        if given != ["login", "password"]:
            yield (
                f"{target.location}: 'client_arguments' of {target.target} must hold {{login}} and {{password}}, "
                "once each and in this order"
            )
    for scaffold in pack.scaffolds.values():
        yield from scaffold_problems(pack, scaffold)
    if pack.webhooks is not None:
        yield from _refer(
            f"{pack.webhooks.location}: 'webhooks'", "object", pack.webhooks.envelope, pack.objects
        )
    for event in pack.events.values():
        yield from _refer(f"{event.location}: {event.event}", "object", event.object, pack.objects)
    if pack.dates is not None and not pack.dates.is_regular:
        yield (
            f"{pack.dates.location}: the first form of 'rest' has to be the first of 'legacy' with another separator "
            "and something behind it"
        )
    for kind in pack.identifiers.values():
        try:
            re.compile(kind.legacy)
        except re.error as error:
            yield f"{kind.location}: 'legacy' of {kind.identifier} is no regular expression: {error}"


def _method_problems(pack: RulePack, method: Method) -> Iterator[str]:
    where = f"{method.location}: {method.method}"
    ways = [bool(method.rest), bool(method.alternatives), bool(method.none)]
    if sum(ways) != 1:
        yield f"{where} needs exactly one of 'rest', 'alternatives', 'none'"
    for app in (method.makes, method.app):
        yield from _refer(where, "app", app, pack.apps)
    names = {param.name for param in method.params or ()}
    for param in method.params or ():
        yield from _refer(f"{where}: parameter {param.name!r}", "enum", param.enum, pack.enums)
        yield from _refer(f"{where}: parameter {param.name!r}", "object", param.object, pack.objects)
    yield from _refer(f"{where}: 'returns'", "object", method.returns.object, pack.objects)
    for key in method.dropped:
        if key.split(".")[0] not in names:
            yield f"{where}: 'dropped' names {key!r}, but there is no such parameter{nearest(key, names)}"
    for request in filter(None, [method.rest, *method.alternatives]):
        yield from _request_problems(pack, method, request, names)


def _request_problems(pack: RulePack, method: Method, request: Request, names: set[str]) -> Iterator[str]:
    where = f"{request.location}: {method.method}"
    if set(_PLACEHOLDER.findall(request.path)) != set(request.path_params):
        yield f"{where}: the braces of {request.path!r} and the keys of 'path_params' differ"
    yield from _refer(f"{where}: 'result'", "object", request.result.object, pack.objects)
    if request.result.page and pack.pages is None:
        yield f"{where}: 'result' has pages, and no 'pages' of the pack tell how they are asked for"
    for name in request.when:
        if name not in names:
            yield f"{where}: 'when' names {name!r}, but there is no such parameter{nearest(name, names)}"
    bindings = {**request.path_params, **request.query, **request.json}
    for name, binding in bindings.items():
        yield from _refer(f"{where}: {name!r}", "enum", binding.enum, pack.enums)
        if binding.instead is not None:
            yield from _taken_problems(pack, f"{where}: {name!r}", binding)
        for choice in binding.ask.values():
            yield from _refer(f"{where}: {name!r}", "choice", choice, pack.choices)
        value = binding.value
        if isinstance(value, str) and value.startswith("$"):
            used = value[1:].split(".")[0]
            if used not in names:
                yield f"{where}: {name!r} is {value!r}, but there is no such parameter{nearest(used, names)}"


def _taken_problems(pack: RulePack, where: str, binding: Binding) -> Iterator[str]:
    assert binding.instead is not None
    kind = pack.objects.get(binding.instead.object)
    if kind is None:
        yield from _refer(where, "object", binding.instead.object, pack.objects)
        return
    for name in (binding.instead.field, binding.instead.take):
        if name not in kind.fields:
            yield f"{where}: {kind.object} has no field {name!r}{nearest(name, kind.fields)}"
    if not binding.manual:
        yield f"{where} has 'instead' and needs 'manual' with what to do where the object is not known"


def _refer(where: str, kind: str, name: str | None, known: dict[str, Any]) -> Iterator[str]:
    if name is not None and name not in known:
        yield f"{where}: no {kind} {name!r} in the pack{nearest(name, known)}"
