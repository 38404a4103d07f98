"""What a vendor's document confirmed for a project: the file it is kept in, and a pack that counts with it."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.pack import facts
from callr_migrate.pack.base import RuleError, nearest
from callr_migrate.pack.decode import Decoder
from callr_migrate.pack.gating import VERIFIED
from callr_migrate.pack.model import Binding, Request, RulePack
from callr_migrate.pack.openapi import source
from callr_migrate.records import dataclass

FILE_NAME = VERIFIED

_HEADER = """\
# What an OpenAPI document of the vendor confirms of the rules: `check` and `fix` take it as verified.
# Written by `callr-migrate rules verify --openapi FILE --write`; write it again when the document or the rules
# change, and commit it.
"""


@dataclass(frozen=True)
class VerifiedDocument:
    """The document that confirmed, as the file names it."""

    title: str
    version: str
    sha256: str


@dataclass(frozen=True)
class Confirmed:
    """The facts that a document confirmed, by the keys of `pack.facts`. The fields are those of the file."""

    document: VerifiedDocument
    date: str  # UTC, YYYY-MM-DD
    confirmed: list[str]

    @property
    def source(self) -> str:
        """How facts name where this comes from."""
        return source(self.document.title, self.document.version, self.document.sha256)


def today() -> str:
    """The date, UTC."""
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def load_verified(root: Path) -> Confirmed | None:
    """The file of a project; None if there is none.

    Raises `RuleError` with file and line of each mistake.
    """
    path = root / FILE_NAME
    try:
        if not path.is_file():
            return None
    except OSError:
        return None
    decoder = Decoder(path, FILE_NAME)
    found = decoder.decode(Confirmed)
    problems = decoder.problems
    if found is None:
        raise RuleError(problems or [f"{FILE_NAME}:1: is empty; remove it, or write it again"])
    if not re.fullmatch(r"[0-9a-f]{64}", found.document.sha256):
        problems.append(f"{FILE_NAME}: 'sha256' must be 64 digits from 0 to f")
    try:
        datetime.date.fromisoformat(found.date)
    except ValueError:
        problems.append(f"{FILE_NAME}: 'date' must be a date such as 2027-01-31")
    if problems:
        raise RuleError(problems)
    return found


def render(confirmed: Confirmed) -> str:
    """The file's text: the same for the same facts."""
    document = confirmed.document
    lines = [
        _HEADER,
        "document:\n",
        f"  title: {_quoted(document.title)}\n",
        f"  version: {_quoted(document.version)}\n",
        f"  sha256: {_quoted(document.sha256)}\n",
        f"date: {_quoted(confirmed.date)}\n",
        "confirmed:\n" if confirmed.confirmed else "confirmed: []\n",
        *(f"  - {_quoted(key)}\n" for key in sorted(set(confirmed.confirmed))),
    ]
    return "".join(lines)


def write_verified(root: Path, confirmed: Confirmed) -> Path:
    """Write the file of a project, whole or not at all; a file that says the same keeps its date.

    Raises OSError.
    """
    path = root / FILE_NAME
    try:
        before = load_verified(root)
    except RuleError:
        before = None
    if before is not None:
        kept = replace(confirmed, date=before.date)
        if render(kept) == render(before):
            confirmed = kept
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(render(confirmed).encode("utf-8"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def _quoted(text: str) -> str:
    # A JSON text is a YAML text too, whatever is in it.
    return json.dumps(text)


def stale(pack: RulePack, confirmed: Confirmed) -> list[str]:
    """One line for each confirmed fact that the pack no longer states."""
    known = set(facts.all_keys(pack))
    return [
        f"{FILE_NAME}: {key!r} is ignored: no rule states this any more{nearest(key, known)}; write the file again"
        for key in confirmed.confirmed
        if key not in known
    ]


def with_verified(pack: RulePack, confirmed: Confirmed) -> RulePack:
    """The pack with the evidence of confirmed facts raised to verified, and the document as their source."""
    return _Raising(confirmed).pack(pack)


def project_verified(pack: RulePack, root: Path, notes: list[str]) -> RulePack:
    """The pack as it counts in the project at `root`; `notes` takes what of its file is ignored.

    Raises `RuleError`.
    """
    confirmed = load_verified(root)
    if confirmed is None:
        return pack
    notes += stale(pack, confirmed)
    return with_verified(pack, confirmed)


class _Raising:
    """Raises facts of one document."""

    def __init__(self, confirmed: Confirmed) -> None:
        self.keys = frozenset(confirmed.confirmed)
        self.source = confirmed.source

    def fact(self, part: Any, key: str) -> Any:
        if key not in self.keys:
            return part
        return replace(part, evidence=Evidence.VERIFIED, source=self.source)

    def pack(self, pack: RulePack) -> RulePack:
        service = pack.service
        return replace(
            pack,
            service=replace(service, base_url=self.fact(service.base_url, facts.base_key(pack))),
            methods={
                name: replace(
                    method,
                    rest=method.rest and self.request(name, method.rest),
                    alternatives=[self.request(name, request) for request in method.alternatives],
                )
                for name, method in pack.methods.items()
            },
            objects={
                name: replace(
                    kind,
                    fields={
                        old: self.fact(field, facts.field_key(kind.object, old, field))
                        for old, field in kind.fields.items()
                    },
                )
                for name, kind in pack.objects.items()
            },
            enums={name: self.fact(table, facts.enum_key(table)) for name, table in pack.enums.items()},
            events={
                name: self.fact(event, facts.event_key(event.event, event.to)) if event.to else event
                for name, event in pack.events.items()
            },
        )

    def request(self, method: str, request: Request) -> Request:
        def bindings(kind: str, found: Mapping[str, Binding]) -> dict[str, Binding]:
            return {
                name: self.fact(binding, facts.part_key(method, request, kind, name))
                for name, binding in found.items()
            }

        taken = facts.result_name(request.result)
        changed = replace(
            request,
            path_params=bindings("path", request.path_params),
            query=bindings("query", request.query),
            json=bindings("json", request.json),
        )
        if taken:
            changed = replace(
                changed, result=self.fact(request.result, facts.part_key(method, request, "result", taken))
            )
        confirmed: Request = self.fact(changed, facts.request_key(method, request))
        return confirmed
