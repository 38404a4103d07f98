"""The contract is valid OpenAPI, says of each fact how it is known, and allows whatever the rules can send."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from callr_migrate.findings import Evidence
from callr_migrate.pack import RulePack, load_pack
from callr_migrate.pack.model import Binding, Method, Request

CONTRACT = Path(__file__).parents[2] / "contract" / "callr-rest-v2.openapi.yaml"
VERBS = ("get", "put", "post", "patch", "delete")
STRENGTH = ["documented", "corroborated", "inferred", "conflict", "unknown"]

OPERATIONS = """
GET /ping
GET /actions
POST /actions
PATCH /actions/{sid}
DELETE /actions/{sid}
POST /actions/{sid}/runs
PUT /actions/{sid}/numbers/{number}
DELETE /actions/{sid}/numbers/{number}
GET /billing/credit
GET /billing/destinations
POST /calls/export
GET /numbers/store/countries
GET /numbers/store/prefixes
GET /numbers/store/types
GET /numbers
PATCH /numbers/{number}
DELETE /numbers/{number}
PUT /numbers/{number}/scenario/{sid}
DELETE /numbers/{number}/scenario/{sid}
POST /numbers/store
POST /numbers/store/{token}
DELETE /numbers/store/{token}
DELETE /tasks/{taskid}
POST /tasks/{taskid}
POST /audio-files
GET /audio-files
GET /audio-files/{sid}
DELETE /audio-files/{sid}
PUT /audio-files/{sid}/phone-id
PUT /audio-files/{sid}/file
POST /sms
GET /sms
GET /sms/{sid}
"""
# The other side of a conflict: two pages name two verbs.
CONFLICTING = ["POST /audio-files/{sid}/file"]

EVENTS = """
v2.billing.credit.topup v2.billing.credit.warning v2.billing.credit.shutdown
v2.call.inbound.started v2.call.inbound.ended v2.call.outbound.started v2.call.outbound.ended
v2.number.assigned v2.number.unassigned v2.task.updated v2.audio-file.updated v2.recording.updated
v2.sms.inbound.received v2.sms.outbound.updated
"""

Node = dict[str, Any]


@pytest.fixture(scope="module")
def contract() -> Node:
    document = yaml.safe_load(CONTRACT.read_text("utf-8"))
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


# -- the document itself ----------------------------------------------------------------------------------------


def test_it_is_valid_openapi(contract: Node) -> None:
    assert contract["openapi"].startswith("3.1.")
    validate(contract, cls=OpenAPIV31SpecValidator)


def test_the_validator_would_tell(contract: Node) -> None:
    wrong = copy.deepcopy(contract)
    del wrong["paths"]["/sms"]["post"]["requestBody"]["content"]
    assert list(OpenAPIV31SpecValidator(wrong).iter_errors())


def test_it_has_the_known_operations(contract: Node) -> None:
    there = [
        f"{verb.upper()} {path}" for path, item in contract["paths"].items() for verb in VERBS if verb in item
    ]
    assert sorted(there) == sorted([*OPERATIONS.split("\n")[1:-1], *CONFLICTING])
    assert len(OPERATIONS.split("\n")[1:-1]) == 33


def test_it_has_the_known_events(contract: Node) -> None:
    assert sorted(contract["webhooks"]) == sorted(EVENTS.split())


def unmarked(document: Node) -> list[str]:
    """The facts that do not say how they are known, or from where."""
    found = []
    for where, node, is_fact in facts(document, "#", ""):
        if is_fact and not (
            node.get("x-evidence") in STRENGTH and str(node.get("x-source", "")).startswith("http")
        ):
            found.append(where)
    return found


def facts(node: Any, where: str, parent: str) -> Iterator[tuple[str, Node, bool]]:
    """All mappings of the document, with whether each is a fact."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from facts(item, f"{where}/{index}", parent)
    if not isinstance(node, dict):
        return
    last = where.rsplit("/", 1)[-1]
    is_reference = set(node) == {"$ref"}
    yield (
        where,
        node,
        (last in VERBS and "responses" in node)
        or (parent == "parameters" and not is_reference)
        or parent in ("properties", "securitySchemes", "schemas")
        or (parent == "responses" and not is_reference)
        or (last == "requestBody" and parent != "webhooks")
        or isinstance(node.get("enum"), list),
    )
    for key, item in node.items():
        yield from facts(item, f"{where}/{key}", last if isinstance(item, dict) else key)


def test_every_fact_says_how_it_is_known(contract: Node) -> None:
    assert sum(is_fact for *_, is_fact in facts(contract, "#", "")) > 200
    assert unmarked(contract) == []


@pytest.mark.parametrize(
    "spot",
    [
        lambda c: c["paths"]["/sms"]["post"],
        lambda c: c["paths"]["/sms"]["post"]["parameters"][1],
        lambda c: c["components"]["schemas"]["Sms"]["properties"]["status"],
        lambda c: c["components"]["schemas"]["SmsStatus"],
        lambda c: c["paths"]["/actions"]["get"]["parameters"][1]["schema"],
    ],
)
def test_a_fact_without_its_mark_is_noticed(contract: Node, spot: Callable[[Node], Node]) -> None:
    wrong = copy.deepcopy(contract)
    del spot(wrong)["x-evidence"]
    assert len(unmarked(wrong)) == 1


def test_conflicts_are_told(contract: Node) -> None:
    conflicts = {where for where, node, _ in facts(contract, "#", "") if node.get("x-evidence") == "conflict"}
    assert conflicts == {where for where, node, _ in facts(contract, "#", "") if "x-conflict" in node}
    assert conflicts == {
        "#/paths//audio-files/{sid}/file/put",
        "#/paths//audio-files/{sid}/file/post",
        "#/paths//numbers/{number}/delete",
        "#/paths//tasks/{taskid}/post",
    }


def test_nothing_known_is_left_free(contract: Node) -> None:
    free = [node for _, node, _ in facts(contract, "#", "") if node.get("additionalProperties") is True]
    assert free
    assert [node for node in free if node["x-evidence"] not in ("unknown", "inferred")] == []


# -- what the rules send ----------------------------------------------------------------------------------------


class Reader:
    """Reads the contract with no help of the code under test."""

    def __init__(self, contract: Node) -> None:
        self.contract = contract

    def at(self, node: Node) -> Node:
        while "$ref" in node and node["$ref"].startswith("#/"):
            beside = {key: value for key, value in node.items() if key != "$ref"}
            target = self.contract
            for part in node["$ref"][2:].split("/"):
                target = target[part]
            node = {**target, **beside}
        return node

    def operation(self, request: Request) -> Node | None:
        found = self.contract["paths"].get(request.path, {}).get(request.verb.lower())
        return found if found is None else dict(found)

    def parameters(self, request: Request, kind: str) -> dict[str, Node]:
        item = self.contract["paths"][request.path]
        listed = [*item.get("parameters", []), *item[request.verb.lower()].get("parameters", [])]
        return {node["name"]: node for node in map(self.at, listed) if node["in"] == kind}

    def body(self, request: Request) -> dict[str, Node]:
        content = (
            self.contract["paths"][request.path][request.verb.lower()]
            .get("requestBody", {})
            .get("content", {})
        )
        return self.properties(content.get("application/json", {}).get("schema", {}))

    def answer(self, request: Request) -> Node:
        answers = self.contract["paths"][request.path][request.verb.lower()]["responses"]
        (found,) = [self.at(answer) for status, answer in answers.items() if status.startswith("2")]
        return found

    def properties(self, schema: Node) -> dict[str, Node]:
        node = self.at(schema)
        found = dict(node.get("properties", {}))
        for part in node.get("allOf", []):
            found.update(self.properties(part))
        return found

    def field(self, request: Request, path: str) -> Node | None:
        """The property at a path of the answer."""
        (content,) = self.answer(request)["content"].values()
        schema: Node = content["schema"]
        for name in path.split("."):
            node = self.at(schema)
            schema = self.properties(node.get("items", node)).get(name.removesuffix("[]"), {})
            if not schema:
                return None
        return schema

    def accepts(self, schema: Node, value: Any) -> bool:
        return Draft202012Validator({**schema, "components": self.contract["components"]}).is_valid(value)

    def listed(self, schema: Node) -> Node | None:
        """The schema that lists the values; a mark beside a reference is of the name, not of the values."""
        while "enum" not in schema and "$ref" in schema:
            schema = self.at({"$ref": schema["$ref"]})
        return schema if "enum" in schema else None


def requests(pack: RulePack) -> Iterator[tuple[Method, Request]]:
    for method in pack.methods.values():
        for request in filter(None, [method.rest, *method.alternatives]):
            yield method, request


def sendable(pack: RulePack, binding: Binding) -> set[Any]:
    """The constants that a binding may send, whatever the call says."""
    values = {value for name in binding.ask.values() for value in pack.choices[name].answers.values()}
    if binding.enum:
        values |= set(pack.enums[binding.enum].values.values())
    if not (isinstance(binding.value, str) and binding.value.startswith("$")):
        values.add(binding.value)
    return values - {None}


def refused(contract: Node, pack: RulePack) -> list[str]:
    """What the rules may send and the contract does not name."""
    reader = Reader(contract)
    found = []
    for method, request in requests(pack):
        where = f"{method.method}: {request.verb} {request.path}"
        if reader.operation(request) is None:
            found.append(where)
            continue
        assert set(re.findall(r"{(\w+)}", request.path)) == set(request.path_params)
        for kind, there, sent in (
            (
                "path",
                {n: p["schema"] for n, p in reader.parameters(request, "path").items()},
                request.path_params,
            ),
            (
                "query",
                {n: p["schema"] for n, p in reader.parameters(request, "query").items()},
                request.query,
            ),
            ("json", reader.body(request), request.json),
        ):
            for name, binding in sent.items():
                if name not in there:
                    found.append(f"{where} {kind} {name}")
                    continue
                for value in sendable(pack, binding):
                    if not reader.accepts(there[name], value):
                        found.append(f"{where} {kind} {name}={value}")
    return found


def test_it_allows_every_request_of_the_rules(contract: Node, pack: RulePack) -> None:
    assert len(list(requests(pack))) >= 35
    assert refused(contract, pack) == []


CHANGES: dict[str, tuple[Callable[[Node], Any], list[str]]] = {
    "path": (
        lambda c: c["paths"].pop("/billing/credit"),
        ["billing.get_prepaid_credit: GET /billing/credit"],
    ),
    "verb": (
        lambda c: c["paths"]["/ping"].update(head=c["paths"]["/ping"].pop("get")),
        ["system.get_timestamp: GET /ping"],
    ),
    "braces": (
        lambda c: c["components"]["parameters"]["TaskId"].update(name="id"),
        ["jobs.get: POST /tasks/{taskid} path taskid", "jobs.cancel: DELETE /tasks/{taskid} path taskid"],
    ),
    "query": (
        lambda c: c["paths"]["/sms"]["post"]["parameters"][1].update(name="sender"),
        ["sms.send: POST /sms query from"],
    ),
    "a name that only the free parameter covers": (
        lambda c: c["paths"]["/numbers"]["get"]["parameters"].pop(0),
        ["did.search: GET /numbers query offset"],
    ),
    "json": (
        lambda c: c["components"]["schemas"]["NewScenario"]["properties"].pop("script"),
        ["apps.create: POST /actions json script"],
    ),
    "value": (
        lambda c: c["components"]["schemas"]["TrafficType"]["enum"].remove("alerting"),
        ["sms.send: POST /sms query trafficType=alerting"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_request_that_it_does_not_allow_is_noticed(contract: Node, pack: RulePack, change: str) -> None:
    wrong = copy.deepcopy(contract)
    act, expected = CHANGES[change]
    act(wrong)
    assert sorted(set(refused(wrong, pack))) == sorted(expected)


def test_a_choice_that_it_does_not_allow_is_noticed(contract: Node, pack: RulePack) -> None:
    wrong = copy.deepcopy(contract)
    wrong["paths"]["/sms"]["post"]["parameters"][1]["schema"] = {"type": "string", "maxLength": 2}
    assert refused(wrong, pack) == ["sms.send: POST /sms query from=SMS"]


# -- how well it is known ---------------------------------------------------------------------------------------


def overstated(contract: Node, pack: RulePack) -> list[str]:
    """Facts that the rules claim to know better than the contract does."""
    reader = Reader(contract)
    found = []

    def hold(where: str, evidence: Evidence | None, node: Node) -> None:
        assert evidence is not None
        if STRENGTH.index(evidence.value) < STRENGTH.index(node["x-evidence"]):
            found.append(f"{where}: {evidence.value} > {node['x-evidence']}")

    def hold_enum(where: str, name: str | None, schema: Node) -> None:
        listed = reader.listed(schema)
        if name is not None and listed is not None:
            hold(f"{where} enum {name}", pack.enums[name].evidence, listed)

    def hold_fields(where: str, request: Request, kind: str, prefix: str) -> None:
        for name, rule in pack.objects[kind].fields.items():
            if rule.to is None:
                continue
            there = reader.field(request, f"{prefix}{rule.to}")
            assert there is not None, f"{where}.{name}"
            hold(f"{where}.{name}", rule.evidence, there)
            hold_enum(f"{where}.{name}", rule.enum, there)
            if rule.object:
                hold_fields(where, request, rule.object, f"{prefix}{rule.to}.")

    for method, request in requests(pack):
        where = f"{method.method}: {request.verb} {request.path}"
        operation = reader.operation(request)
        assert operation is not None
        hold(where, request.evidence, operation)
        for kind, sent in (("path", request.path_params), ("query", request.query)):
            there = reader.parameters(request, kind)
            for name, binding in sent.items():
                hold(f"{where} {kind} {name}", binding.evidence, there[name])
                hold_enum(f"{where} {kind} {name}", binding.enum, there[name]["schema"])
        body = reader.body(request)
        for name, binding in request.json.items():
            hold(f"{where} json {name}", binding.evidence, body[name])
            hold_enum(f"{where} json {name}", binding.enum, body[name])
        result = request.result
        if result.legacy_value or result.object:
            hold(f"{where} result", result.evidence, reader.answer(request))
        if result.legacy_value:
            assert reader.field(request, result.legacy_value) is not None, where
        if result.object:
            hold_fields(f"{where} {result.object}", request, result.object, "")

    return found


def test_the_rules_claim_no_more_than_the_contract(contract: Node, pack: RulePack) -> None:
    assert overstated(contract, pack) == []


@pytest.mark.parametrize(
    ("spot", "expected"),
    [
        (lambda c: c["paths"]["/billing/credit"]["get"], "billing.get_prepaid_credit: GET /billing/credit"),
        (lambda c: c["paths"]["/sms"]["post"]["parameters"][0], "sms.send: POST /sms query to"),
        (
            lambda c: c["components"]["schemas"]["NewScenario"]["properties"]["script"],
            "apps.create: POST /actions json script",
        ),
        (
            lambda c: c["components"]["schemas"]["ScenarioFormat"],
            "apps.create: POST /actions json format enum ACTIONS10.format",
        ),
        (
            lambda c: c["components"]["schemas"]["Sms"]["properties"]["sid"],
            "sms.get: GET /sms/{sid} SMS.hash",
        ),
        (lambda c: c["paths"]["/actions"]["get"]["responses"]["2XX"], "apps.search: GET /actions result"),
    ],
)
def test_a_claim_beyond_the_contract_is_noticed(
    contract: Node, pack: RulePack, spot: Callable[[Node], Node], expected: str
) -> None:
    weaker = copy.deepcopy(contract)
    spot(weaker)["x-evidence"] = "unknown"
    assert f"{expected}: documented > unknown" in overstated(weaker, pack)
