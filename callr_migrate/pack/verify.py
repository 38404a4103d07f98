"""Hold the rules against a vendor's OpenAPI document, fact by fact."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import field
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.pack import facts
from callr_migrate.pack.answers import Absent, Found, Open, look_up, nested_fields
from callr_migrate.pack.base import nearest
from callr_migrate.pack.model import Binding, EnumTable, Location, Method, Request, RulePack
from callr_migrate.pack.openapi import Document, Operation, names_in, shape
from callr_migrate.records import dataclass


class Status(enum.Enum):
    """What the document says of a fact."""

    CONTRADICTED = "contradicted"
    REQUIRES = "requires"  # it wants what the rule does not send
    MISSING = "not in the document"
    CONFIRMED = "confirmed"
    UNSTATED = "not told"  # the operation is there, and silent about this


@dataclass(frozen=True)
class Row:
    """One fact, or several rules' same fact, beside what the document says of it."""

    status: Status
    subject: str  # the fact on the v2 side
    detail: str  # both sides, where they differ
    rules: tuple[tuple[str, Location], ...]
    counts: bool  # makes the comparison fail


@dataclass
class Comparison:
    """What came of it: `confirmed` are keys of `pack.facts`, `unused` operations that no rule sends."""

    rows: list[Row] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    unused: list[Operation] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether nothing is contradicted."""
        return not any(row.counts for row in self.rows)

    def with_status(self, status: Status) -> list[Row]:
        """The rows of one status."""
        return [row for row in self.rows if row.status is status]


def compare(pack: RulePack, document: Document) -> Comparison:
    """Hold every request of the pack, and what it leans on, against the document; raises `DocumentError`."""
    return _Comparing(pack, document).run()


@dataclass(frozen=True)
class _Note:
    status: Status
    subject: str
    detail: str
    counts: bool


class _Comparing:
    def __init__(self, pack: RulePack, document: Document) -> None:
        self.pack = pack
        self.document = document
        # What was said of each fact, and which rules state it. Objects and tables are met in several places.
        self.said: dict[str, list[_Note]] = defaultdict(list)
        self.rules: dict[_Note, dict[tuple[str, Location], None]] = defaultdict(dict)

    def run(self) -> Comparison:
        used = set()
        self._base_address()
        for method in self.pack.methods.values():
            for request in facts.requests_of(method):
                used.add((shape(request.path), request.verb))
                self._request(method, request)
        for event in self.pack.events.values():
            if event.to and self.document.events:
                there = event.to in self.document.events
                self.say(
                    facts.event_key(event.event, event.to),
                    Status.CONFIRMED if there else Status.UNSTATED,
                    f"event {event.to}",
                    "" if there else "the document does not name it",
                    event.event,
                    event.location,
                )
        result = Comparison()
        for note, rules in self.rules.items():
            result.rows.append(Row(note.status, note.subject, note.detail, tuple(rules), note.counts))
        order = list(Status)
        result.rows.sort(key=lambda row: (order.index(row.status), row.subject, row.detail))
        result.confirmed = sorted(
            key
            for key, notes in self.said.items()
            if {note.status for note in notes} & {Status.CONFIRMED}
            and not {note.status for note in notes} & {Status.CONTRADICTED}
        )
        for place, operations in sorted(self.document.operations.items()):
            result.unused += [operations[verb] for verb in sorted(operations) if (place, verb) not in used]
        return result

    def say(
        self,
        key: str,
        status: Status,
        subject: str,
        detail: str,
        rule: str,
        location: Location,
        counts: bool = True,
    ) -> None:
        failing = counts and status in (Status.CONTRADICTED, Status.REQUIRES)
        note = _Note(status, subject, detail, failing)
        self.said[key].append(note)
        self.rules[note][(rule, location)] = None

    def _base_address(self) -> None:
        base = self.pack.service.base_url.value.rstrip("/")
        servers = [server.rstrip("/") for server in self.document.servers if "://" in server]
        if not servers:
            return
        printed = {
            operation.path for place in self.document.operations.values() for operation in place.values()
        }
        fits = base in servers or any(
            base.startswith(f"{server}/")
            and all(f"{server}{path}".startswith(f"{base}/") for path in printed)
            for server in servers
            if printed
        )
        status = Status.CONFIRMED if fits else Status.CONTRADICTED
        detail = "" if fits else f"the rules send to {base}, the document's servers are {_listed(servers)}"
        location = self.pack.service.location
        self.say(facts.base_key(self.pack), status, f"base address {base}", detail, "service", location)

    # Requests

    def _request(self, method: Method, request: Request) -> None:
        place = self.document.at(request.path)
        subject = f"{request.verb} {request.path}"
        key = facts.request_key(method.method, request)
        rule = (method.method, request.location)
        if not place:
            self.say(key, Status.MISSING, request.path, "the document has no such path", *rule)
            return
        operation = place.get(request.verb)
        if operation is None:
            there = f"the rule sends {request.verb}, the document has {_listed(sorted(place))} on this path"
            self.say(key, Status.CONTRADICTED, subject, there, *rule)
            return
        self.say(key, Status.CONFIRMED, subject, "", *rule)
        _Request(self, method, request, operation).run()

    def table(self, table: EnumTable, at: str, stated: set[str] | None) -> None:
        """Hold a table against the values that the document lists at one place."""
        values = facts.mapped_values(table)
        if not values:
            return
        key = facts.enum_key(table)
        subject = f"enum {table.enum} at {at}"
        rule = (table.enum, table.location)
        if stated is None:
            self.say(key, Status.UNSTATED, subject, "the document lists no values there", *rule)
            return
        wrong = sorted(set(values.values()) - stated)
        detail = (
            f"the rule has {_listed(wrong)}, the document lists {_listed(sorted(stated))}" if wrong else ""
        )
        self.say(key, Status.CONTRADICTED if wrong else Status.CONFIRMED, subject, detail, *rule)


class _Request:
    """One request beside the operation that the document has in its place."""

    def __init__(self, whole: _Comparing, method: Method, request: Request, operation: Operation) -> None:
        self.whole = whole
        self.pack = whole.pack
        self.schemas = whole.document.schemas
        self.method = method
        self.request = request
        self.operation = operation
        self.subject = f"{request.verb} {request.path}"
        self.optional = {param.name for param in method.params or () if param.optional}

    def run(self) -> None:
        self._path()
        self._query()
        self._json()
        self._answer()

    def _say(self, status: Status, kind: str, name: str, detail: str = "", counts: bool = True) -> None:
        key = facts.part_key(self.method.method, self.request, kind, name)
        rule = (self.method.method, self.request.location)
        self.whole.say(key, status, f"{self.subject} {kind} {name}", detail, *rule, counts)

    def _path(self) -> None:
        for name, theirs in zip(names_in(self.request.path), self.operation.names, strict=True):
            if name == theirs or self.request.evidence is not Evidence.CONFLICT:
                self._say(Status.CONFIRMED, "path", name)
            else:
                # What the braces mean may be the very thing in conflict.
                self._say(Status.UNSTATED, "path", name, f"the document calls it {theirs!r}")

    def _query(self) -> None:
        where = f"{self.operation.where}/parameters"
        for name, binding in self.request.query.items():
            if name in self.operation.query:
                self._say(Status.CONFIRMED, "query", name)
                values = self.schemas.values(self.operation.query[name], f"{where}/{name}")
                self._values("query", name, binding, values)
            elif self.operation.free_query:
                self._say(Status.UNSTATED, "query", name, "the document leaves the names open")
            else:
                self._say(Status.CONTRADICTED, "query", name, self._other_place(name, "query"))
        self._required("query", self.operation.required_query, self.request.query)
        for name in sorted(self.operation.required_headers):
            self._wants("header", name, "which the rule never sends")

    def _json(self) -> None:
        body = self.operation.body
        sent = self.request.json
        if body is None or (sent and not body.is_json):
            for name in sent:
                why = (
                    self._other_place(name, "json")
                    if body is None
                    else f"the document takes {_listed(body.types)}"
                )
                self._say(Status.CONTRADICTED, "json", name, why)
            return
        if not sent:
            if body.required:
                self._wants("body", _listed(body.types) or "any", "which the rule never sends")
            return
        where = f"{self.operation.where}/requestBody"
        members = self.schemas.members(body.schema, where)
        for name, binding in sent.items():
            if name in members.found:
                self._say(Status.CONFIRMED, "json", name)
                values = self.schemas.values({"allOf": members.found[name]}, where)
                self._values("json", name, binding, values)
            elif members.is_open:
                self._say(Status.UNSTATED, "json", name, "the document leaves the names open")
            else:
                self._say(Status.CONTRADICTED, "json", name, self._other_place(name, "json"))
        self._required("json", members.required, sent)

    def _other_place(self, name: str, kind: str) -> str:
        """Both sides of a name that is not where the rule puts it."""
        query = list(self.operation.query)
        body = self.operation.body
        fields: list[str] = []
        if body is not None and body.is_json:
            fields = list(self.schemas.members(body.schema, f"{self.operation.where}/requestBody").found)
        here, there = (query, fields) if kind == "query" else (fields, query)
        words = {"query": "the query", "json": "the body"}
        other = words["json" if kind == "query" else "query"]
        moved = f"; it has {name!r} in {other}" if name in there else nearest(name, here)
        return f"the rule sends {name!r} in {words[kind]}, the document has {_listed(sorted(here)) or 'nothing'} there{moved}"

    def _values(self, kind: str, name: str, binding: Binding, stated: set[str] | None) -> None:
        """Hold what a rule may send under a name against the values that the document lists."""
        literals = {
            answer
            for choice in binding.ask.values()
            for answer in self.pack.choices[choice].answers.values()
            if answer is not None
        }
        if isinstance(binding.value, str) and not binding.value.startswith("$"):
            literals.add(binding.value)
        if stated is not None and literals - stated:
            wrong = f"the rule may send {_listed(sorted(literals - stated))}, the document lists {_listed(sorted(stated))}"
            self._say(Status.CONTRADICTED, kind, name, wrong)
        if binding.enum is not None:
            self.whole.table(self.pack.enums[binding.enum], f"{self.subject} {kind} {name}", stated)

    # What the document wants

    def _required(self, kind: str, wanted: set[str], sent: dict[str, Binding]) -> None:
        for name in sorted(wanted):
            if name not in sent:
                self._wants(kind, name, "which the rule never sends")
            elif not self._always_sent(sent[name]):
                self._wants(kind, name, "which the rule sends only where the legacy call has it")

    def _always_sent(self, binding: Binding) -> bool:
        value = binding.value
        if binding.required:
            return True
        if not (isinstance(value, str) and value.startswith("$")):
            return value is not None
        return (
            "." not in value
            and value[1:] not in self.optional
            and binding.omit_if is None
            and not binding.ask
        )

    def _wants(self, kind: str, name: str, which: str) -> None:
        # A rule that writes no request cannot write a wrong one.
        counts = self.request.manual is None
        self._say(Status.REQUIRES, kind, name, f"the document requires it, {which}", counts)

    # The answer

    def _answer(self) -> None:
        result = self.request.result
        taken = facts.result_name(result)
        if taken is None:
            return
        if result.legacy_value:
            self._told("result", taken, look_up(self.operation, self.schemas, result.legacy_value))
        elif result.object:
            self._object(result.object)
        else:
            known = set(self.operation.answers)
            # 202 is a promise, and a range names no status.
            certain = bool(known) and known <= {"200", "201", "204"}
            why = "" if certain else "the document does not say that an answer means it is done"
            self._say(Status.CONFIRMED if certain else Status.UNSTATED, "result", taken, why)

    def _told(self, kind: str, name: str, told: Found | Absent | Open) -> None:
        if isinstance(told, Found):
            self._say(Status.CONFIRMED, kind, name)
        elif isinstance(told, Open):
            self._say(Status.UNSTATED, kind, name, told.why)
        else:
            self._say(
                Status.CONTRADICTED,
                kind,
                name,
                f"the rule takes {name!r} of the answer, {told.why}{nearest(name, told.names)}",
            )

    def _object(self, name: str) -> None:
        """The fields of an answered object, and of those inside it: if none is there, it is another object."""
        fields = list(nested_fields(self.pack, name))
        told: list[tuple[Any, Found | Absent | Open]] = [
            (entry, look_up(self.operation, self.schemas, entry.path)) for entry in fields
        ]
        answers = [answer for _, answer in told]
        if not answers:
            self._say(Status.UNSTATED, "result", name, "the rules map none of its fields")
        elif any(isinstance(answer, Found) for answer in answers):
            self._say(Status.CONFIRMED, "result", name)
        elif any(isinstance(answer, Open) for answer in answers):
            self._say(Status.UNSTATED, "result", name, next(a.why for a in answers if isinstance(a, Open)))
            return
        else:
            first = answers[0]
            assert isinstance(first, Absent)
            self._say(Status.CONTRADICTED, "result", name, f"the rule takes it for {name}, {first.why}")
            return
        for entry, answer in told:
            subject = f"{self.subject} answer {entry.path}"
            rule = (f"{entry.object}.{entry.name}", entry.location)
            if isinstance(answer, Found):
                self.whole.say(entry.key, Status.CONFIRMED, subject, "", *rule)
                if entry.enum is not None:
                    values = self.schemas.values({"allOf": answer.schemas}, self.operation.where)
                    self.whole.table(self.pack.enums[entry.enum], subject, values)
            elif isinstance(answer, Open):
                self.whole.say(entry.key, Status.UNSTATED, subject, answer.why, *rule)
            else:
                hint = nearest(entry.path.split(".")[-1], answer.names)
                wrong = f"the rule takes {entry.path!r} of the answer, {answer.why}{hint}"
                self.whole.say(entry.key, Status.CONTRADICTED, subject, wrong, *rule)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(repr(name) if " " in name else name for name in names)
