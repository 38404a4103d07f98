"""Rules beside a document: each kind of agreement and contradiction, told exactly."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from callr_migrate.pack import RulePack, load_pack
from callr_migrate.pack.openapi import read_document
from callr_migrate.pack.verify import Comparison, Status, compare

CONTRACT = Path(__file__).parents[2] / "contract" / "callr-rest-v2.openapi.yaml"

RULES = """\
service:
  base_url: {value: https://api.example.com/v2, evidence: documented}
  credentials: {value: Kept., evidence: conflict}
  shutdown: {value: "2027-06-30", evidence: documented}
  timeout: 30
  guide: https://example.com/guide
enums:
- enum: Color
  values: {RED: red, BLUE: blue, GREEN: null}
choices:
- choice: paint.gloss
  question: Shiny?
  answers: {"yes": shiny, "no": null}
events:
- {event: dried, to: v2.paint.dried}
objects:
- object: Paint
  fields:
    color: {to: colour, enum: Color}
    name: label.text
    price: {manual: Ask.}
- object: Paints
  fields:
    rows: {to: items, object: Paint}
    count: total
methods:
- method: paint.mix
  summary: Mix a paint.
  params: [color, size, {name: options, type: object, optional: true}]
  rest:
    verb: POST
    path: /paints/{colour}
    evidence: inferred
    path_params: {colour: $color}
    query:
      tone: {value: $color, enum: Color}
      gloss: {value: $options.gloss, ask: {absent: paint.gloss}}
    json: {size: $size, kind: oil}
    result: {legacy_value: id}
- method: paint.get
  summary: Read a paint.
  params: [id]
  rest:
    verb: GET
    path: /paints/{id}
    evidence: conflict
    path_params: {id: $id}
    result: {object: Paint}
- method: paint.search
  summary: Search paints.
  params: []
  rest: {verb: GET, path: /paints, result: {object: Paints}}
- method: paint.drop
  summary: Drop a paint.
  params: [id]
  rest: {verb: DELETE, path: "/paints/{id}", path_params: {id: $id}, result: {success: true}}
- method: paint.order
  summary: Order a paint.
  params: [id]
  rest: {verb: PUT, path: "/orders/{id}", path_params: {id: $id}, manual: By hand.}
"""


def answer(schema: Any, status: str = "200") -> dict[str, Any]:
    return {status: {"description": "", "content": {"application/json": {"schema": schema}}}}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Paints", "version": "2.0"},
    "servers": [{"url": "https://api.example.com/v2"}],
    "paths": {
        "/paints/{id}": {
            "post": {
                "parameters": [
                    {"name": "tone", "in": "query", "schema": {"$ref": "#/components/schemas/Colour"}},
                    {"name": "gloss", "in": "query", "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {"size": {}, "kind": {"enum": ["oil", "water"]}},
                            }
                        }
                    }
                },
                "responses": answer({"type": "object", "properties": {"id": {}}}, "201"),
            },
            "get": {"responses": answer({"$ref": "#/components/schemas/Paint"})},
            "delete": {"responses": {"204": {"description": ""}}},
        },
        "/paints": {
            "get": {
                "responses": answer(
                    {
                        "allOf": [
                            {"properties": {"total": {}}},
                            {
                                "properties": {
                                    "items": {
                                        "type": "array",
                                        "items": {"$ref": "#/components/schemas/Paint"},
                                    }
                                }
                            },
                        ]
                    }
                )
            }
        },
        "/orders/{id}": {"put": {"responses": {"200": {"description": ""}}}},
        "/walls": {"get": {"summary": "List walls", "responses": {}}},
    },
    "webhooks": {
        "dried": {
            "post": {
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"properties": {"type": {"const": "v2.paint.dried"}}}}
                    }
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Colour": {"type": "string", "enum": ["red", "blue", "black"]},
            "Paint": {
                "type": "object",
                "properties": {
                    "colour": {"$ref": "#/components/schemas/Colour"},
                    "label": {"oneOf": [{"type": "null"}, {"properties": {"text": {}}}]},
                },
            },
        }
    },
}
ALL_KEYS = [
    "Paint.color -> colour",
    "Paint.name -> label.text",
    "Paints.count -> total",
    "Paints.rows -> items",
    "base address https://api.example.com/v2",
    "enum Color: RED=red, BLUE=blue",
    "event dried -> v2.paint.dried",
    "paint.drop: DELETE /paints/{id}",
    "paint.drop: DELETE /paints/{id} path id",
    "paint.drop: DELETE /paints/{id} result success",
    "paint.get: GET /paints/{id}",
    "paint.get: GET /paints/{id} path id",
    "paint.get: GET /paints/{id} result Paint",
    "paint.mix: POST /paints/{colour}",
    "paint.mix: POST /paints/{colour} json kind",
    "paint.mix: POST /paints/{colour} json size",
    "paint.mix: POST /paints/{colour} path colour",
    "paint.mix: POST /paints/{colour} query gloss",
    "paint.mix: POST /paints/{colour} query tone",
    "paint.mix: POST /paints/{colour} result id",
    "paint.order: PUT /orders/{id}",
    "paint.order: PUT /orders/{id} path id",
    "paint.search: GET /paints",
    "paint.search: GET /paints result Paints",
]

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> RulePack:
    folder = tmp_path_factory.mktemp("paints")
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    return load_pack(base=folder)


def held(tmp_path: Path, pack: RulePack, document: dict[str, Any], *changes: Change) -> Comparison:
    document = copy.deepcopy(document)
    for change in changes:
        change(document)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return compare(pack, read_document(path, pack.service.base_url.value))


def told(comparison: Comparison) -> list[tuple[str, str, str]]:
    """All that is not confirmed."""
    return [
        (row.status.value, row.subject, row.detail)
        for row in comparison.rows
        if row.status is not Status.CONFIRMED
    ]


def operation(verb: str, path: str = "/paints/{id}") -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda document: document["paths"][path][verb]


POST, GET, SEARCH = operation("post"), operation("get"), operation("get", "/paints")


def content(answered: dict[str, Any], status: str = "200") -> dict[str, Any]:
    return answered["responses"][status]["content"]


def test_all_is_confirmed(tmp_path: Path, pack: RulePack) -> None:
    comparison = held(tmp_path, pack, DOCUMENT)
    assert told(comparison) == []
    assert comparison.confirmed == ALL_KEYS
    assert [f"{found.verb} {found.path} {found.summary}" for found in comparison.unused] == [
        "GET /walls List walls"
    ]
    assert comparison.agrees


def body_schema(document: dict[str, Any]) -> dict[str, Any]:
    return POST(document)["requestBody"]["content"]["application/json"]["schema"]


MIX = "POST /paints/{colour}"
# What changes in the document, what is told of it, and which facts are not confirmed then.
CHANGES: dict[str, tuple[Change, list[tuple[str, str, str]], list[str]]] = {
    "query renamed": (
        lambda d: POST(d)["parameters"][1].update(name="glos"),
        [
            (
                "contradicted",
                f"{MIX} query gloss",
                "the rule sends 'gloss' in the query, the document has glos, tone there (did you mean 'glos'?)",
            )
        ],
        ["paint.mix: POST /paints/{colour} query gloss"],
    ),
    "query moved to the body": (
        lambda d: body_schema(d)["properties"].update(tone=POST(d)["parameters"].pop(0)["schema"]),
        [
            (
                "contradicted",
                f"{MIX} query tone",
                "the rule sends 'tone' in the query, the document has gloss there; it has 'tone' in the body",
            )
        ],
        ["paint.mix: POST /paints/{colour} query tone"],
    ),
    "a name of another case": (
        lambda d: POST(d)["parameters"][1].update(name="Gloss"),
        [
            (
                "contradicted",
                f"{MIX} query gloss",
                "the rule sends 'gloss' in the query, the document has Gloss, tone there (did you mean 'Gloss'?)",
            )
        ],
        ["paint.mix: POST /paints/{colour} query gloss"],
    ),
    "body field renamed": (
        lambda d: body_schema(d)["properties"].update(sort=body_schema(d)["properties"].pop("kind")),
        [
            (
                "contradicted",
                f"{MIX} json kind",
                "the rule sends 'kind' in the body, the document has size, sort there",
            )
        ],
        ["paint.mix: POST /paints/{colour} json kind"],
    ),
    "no body": (
        lambda d: POST(d).pop("requestBody"),
        [
            (
                "contradicted",
                f"{MIX} json kind",
                "the rule sends 'kind' in the body, the document has nothing there",
            ),
            (
                "contradicted",
                f"{MIX} json size",
                "the rule sends 'size' in the body, the document has nothing there",
            ),
        ],
        ["paint.mix: POST /paints/{colour} json kind", "paint.mix: POST /paints/{colour} json size"],
    ),
    "body of another type": (
        lambda d: POST(d)["requestBody"].update(content={"multipart/form-data": {}}),
        [
            ("contradicted", f"{MIX} json kind", "the document takes multipart/form-data"),
            ("contradicted", f"{MIX} json size", "the document takes multipart/form-data"),
        ],
        ["paint.mix: POST /paints/{colour} json kind", "paint.mix: POST /paints/{colour} json size"],
    ),
    "literal not listed": (
        lambda d: body_schema(d)["properties"].update(kind={"enum": ["water"]}),
        [("contradicted", f"{MIX} json kind", "the rule may send oil, the document lists water")],
        ["paint.mix: POST /paints/{colour} json kind"],
    ),
    "answer of a choice not listed": (
        lambda d: POST(d)["parameters"][1].update(schema={"enum": ["matt"]}),
        [("contradicted", f"{MIX} query gloss", "the rule may send shiny, the document lists matt")],
        ["paint.mix: POST /paints/{colour} query gloss"],
    ),
    "value not listed": (
        lambda d: POST(d)["parameters"][0].update(schema={"enum": ["red"]}),
        [("contradicted", f"enum Color at {MIX} query tone", "the rule has blue, the document lists red")],
        ["enum Color: RED=red, BLUE=blue"],
    ),
    "value not listed in an answer": (
        lambda d: d["components"]["schemas"]["Paint"]["properties"].update(colour={"enum": ["red"]}),
        [
            (
                "contradicted",
                "enum Color at GET /paints answer items.colour",
                "the rule has blue, the document lists red",
            ),
            (
                "contradicted",
                "enum Color at GET /paints/{id} answer colour",
                "the rule has blue, the document lists red",
            ),
        ],
        ["enum Color: RED=red, BLUE=blue"],
    ),
    "values nowhere": (
        lambda d: d["components"]["schemas"]["Colour"].pop("enum"),
        [
            (
                "not told",
                "enum Color at GET /paints answer items.colour",
                "the document lists no values there",
            ),
            (
                "not told",
                "enum Color at GET /paints/{id} answer colour",
                "the document lists no values there",
            ),
            ("not told", f"enum Color at {MIX} query tone", "the document lists no values there"),
        ],
        ["enum Color: RED=red, BLUE=blue"],
    ),
    "path gone": (
        lambda d: d["paths"].pop("/paints"),
        [("not in the document", "/paints", "the document has no such path")],
        [
            "Paints.count -> total",
            "Paints.rows -> items",
            "paint.search: GET /paints",
            "paint.search: GET /paints result Paints",
        ],
    ),
    "verb changed": (
        lambda d: d["paths"]["/paints/{id}"].update(patch=d["paths"]["/paints/{id}"].pop("delete")),
        [
            (
                "contradicted",
                "DELETE /paints/{id}",
                "the rule sends DELETE, the document has GET, PATCH, POST on this path",
            )
        ],
        [
            "paint.drop: DELETE /paints/{id}",
            "paint.drop: DELETE /paints/{id} path id",
            "paint.drop: DELETE /paints/{id} result success",
        ],
    ),
    "another name in the braces": (
        lambda d: d["paths"].update({"/paints/{key}": d["paths"].pop("/paints/{id}")}),
        # The one rule whose path is in conflict: there the name may be what it is about.
        [("not told", "GET /paints/{id} path id", "the document calls it 'key'")],
        ["paint.get: GET /paints/{id} path id"],
    ),
    "required, never sent": (
        lambda d: POST(d)["parameters"].append({"name": "key", "in": "query", "required": True}),
        [("requires", f"{MIX} query key", "the document requires it, which the rule never sends")],
        [],
    ),
    "required, not always sent": (
        lambda d: POST(d)["parameters"][1].update(required=True),
        [
            (
                "requires",
                f"{MIX} query gloss",
                "the document requires it, which the rule sends only where the legacy call has it",
            )
        ],
        [],
    ),
    "required in the body": (
        lambda d: body_schema(d).update(required=["size", "kind", "age"]),
        [("requires", f"{MIX} json age", "the document requires it, which the rule never sends")],
        [],
    ),
    "required header": (
        lambda d: POST(d)["parameters"].append({"name": "X-Key", "in": "header", "required": True}),
        [("requires", f"{MIX} header X-Key", "the document requires it, which the rule never sends")],
        [],
    ),
    "required body": (
        lambda d: operation("delete")(d).update(
            requestBody={"required": True, "content": {"application/json": {}}}
        ),
        [
            (
                "requires",
                "DELETE /paints/{id} body application/json",
                "the document requires it, which the rule never sends",
            )
        ],
        [],
    ),
    "names left open": (
        lambda d: (
            body_schema(d).update(properties={"size": {}}, additionalProperties=True),
            POST(d)["parameters"].append({"name": "m", "in": "query", "schema": {"type": "object"}}),
            POST(d)["parameters"].pop(0),
        ),
        [
            ("not told", f"{MIX} json kind", "the document leaves the names open"),
            ("not told", f"{MIX} query tone", "the document leaves the names open"),
        ],
        ["paint.mix: POST /paints/{colour} json kind", "paint.mix: POST /paints/{colour} query tone"],
    ),
    "taken field renamed": (
        lambda d: content(POST(d), "201").update(
            {"application/json": {"schema": {"properties": {"ids": {}}}}}
        ),
        [
            (
                "contradicted",
                f"{MIX} result id",
                "the rule takes 'id' of the answer, the document has ids there (did you mean 'ids'?)",
            )
        ],
        ["paint.mix: POST /paints/{colour} result id"],
    ),
    "answer empty": (
        lambda d: POST(d).update(responses={"204": {"description": ""}}),
        [
            (
                "contradicted",
                f"{MIX} result id",
                "the rule takes 'id' of the answer, the document's answer is empty",
            )
        ],
        ["paint.mix: POST /paints/{colour} result id"],
    ),
    "answer no JSON": (
        lambda d: POST(d)["responses"]["201"].update(content={"text/plain": {}}),
        [
            (
                "contradicted",
                f"{MIX} result id",
                "the rule takes 'id' of the answer, the document answers text/plain",
            )
        ],
        ["paint.mix: POST /paints/{colour} result id"],
    ),
    "answer not described": (
        lambda d: POST(d).update(responses={"default": {"description": ""}}),
        [("not told", f"{MIX} result id", "the document describes no answer")],
        ["paint.mix: POST /paints/{colour} result id"],
    ),
    "in one of two answers": (
        lambda d: POST(d)["responses"].update({"202": {"description": ""}}),
        [("not told", f"{MIX} result id", "the document has it in some of its answers only")],
        ["paint.mix: POST /paints/{colour} result id"],
    ),
    "answer free": (
        lambda d: content(POST(d), "201").update({"application/json": {}}),
        [("not told", f"{MIX} result id", "the document leaves the fields of the answer open")],
        ["paint.mix: POST /paints/{colour} result id"],
    ),
    "only a promise of success": (
        lambda d: operation("delete")(d).update(responses={"202": {"description": ""}}),
        [
            (
                "not told",
                "DELETE /paints/{id} result success",
                "the document does not say that an answer means it is done",
            )
        ],
        ["paint.drop: DELETE /paints/{id} result success"],
    ),
    "field of an object renamed": (
        lambda d: d["components"]["schemas"]["Paint"].update(
            properties={"colour": {"enum": ["red", "blue"]}, "label": {"properties": {"txt": {}}}}
        ),
        [
            (
                "contradicted",
                "GET /paints answer items.label.text",
                "the rule takes 'items.label.text' of the answer, the document has txt there (did you mean 'txt'?)",
            ),
            (
                "contradicted",
                "GET /paints/{id} answer label.text",
                "the rule takes 'label.text' of the answer, the document has txt there (did you mean 'txt'?)",
            ),
        ],
        ["Paint.name -> label.text"],
    ),
    "field in one of two operations": (
        lambda d: content(GET(d)).update(
            {"application/json": {"schema": {"properties": {"label": {"properties": {"text": {}}}}}}}
        ),
        [
            (
                "contradicted",
                "GET /paints/{id} answer colour",
                "the rule takes 'colour' of the answer, the document has label there",
            )
        ],
        ["Paint.color -> colour"],
    ),
    "a list in place of a page": (
        lambda d: content(SEARCH(d)).update(
            {
                "application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Paint"}}
                }
            }
        ),
        [
            (
                "contradicted",
                "GET /paints result Paints",
                "the rule takes it for Paints, the document has colour, label there",
            )
        ],
        ["Paints.count -> total", "Paints.rows -> items", "paint.search: GET /paints result Paints"],
    ),
    "another object": (
        lambda d: content(SEARCH(d)).update({"application/json": {"schema": {"properties": {"data": {}}}}}),
        [
            (
                "contradicted",
                "GET /paints result Paints",
                "the rule takes it for Paints, the document has data there",
            )
        ],
        ["Paints.count -> total", "Paints.rows -> items", "paint.search: GET /paints result Paints"],
    ),
    "another server": (
        lambda d: d.update(servers=[{"url": "https://eu.example.com/v2"}]),
        [
            (
                "contradicted",
                "base address https://api.example.com/v2",
                "the rules send to https://api.example.com/v2, the document's servers are https://eu.example.com/v2",
            )
        ],
        ["base address https://api.example.com/v2"],
    ),
    "another event": (
        lambda d: d.update(webhooks={"x": {"post": {}}}),
        [("not told", "event v2.paint.dried", "the document does not name it")],
        ["event dried -> v2.paint.dried"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_told_of_a_change(tmp_path: Path, pack: RulePack, change: str) -> None:
    act, rows, unconfirmed = CHANGES[change]
    comparison = held(tmp_path, pack, DOCUMENT, act)
    assert told(comparison) == rows
    assert sorted(set(ALL_KEYS) - set(comparison.confirmed)) == sorted(unconfirmed)
    assert comparison.agrees is not any(status in ("contradicted", "requires") for status, *_ in rows)


def test_a_rule_that_writes_no_request_may_lack_what_is_required(tmp_path: Path, pack: RulePack) -> None:
    needed = [{"name": "key", "in": "query", "required": True}]
    comparison = held(
        tmp_path, pack, DOCUMENT, lambda d: operation("put", "/orders/{id}")(d).update(parameters=needed)
    )
    assert [(status, subject) for status, subject, _ in told(comparison)] == [
        ("requires", "PUT /orders/{id} query key")
    ]
    assert comparison.agrees


THINNING = """\
methods:
- method: paint.thin
  summary: Thin a paint.
  params: [always, left_out, asked, {name: may_lack, optional: true}, {name: options, type: object}]
  rest:
    verb: POST
    path: /thin
    query:
      always: $always
      left_out: {value: $left_out, omit_if: ""}
      asked: {value: $asked, ask: {x: paint.gloss}}
      may_lack: $may_lack
      key: $options.key
      demanded: {value: $options.demanded, required: true}
      literal: 1
"""


def test_what_is_not_always_sent(tmp_path: Path) -> None:
    for name, text in (("base", RULES), ("more", THINNING)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.yaml").write_text(text, encoding="utf-8")
    thinning = load_pack([tmp_path / "more"], base=tmp_path / "base")
    names = list(thinning.methods["paint.thin"].rest.query)  # type: ignore[union-attr]
    parameters = [{"name": name, "in": "query", "required": True} for name in names]
    post = {"post": {"parameters": parameters, "responses": {}}}
    comparison = held(tmp_path, thinning, DOCUMENT, lambda d: d["paths"].update({"/thin": post}))
    assert [row.subject for row in comparison.with_status(Status.REQUIRES)] == [
        f"POST /thin query {name}" for name in ("asked", "key", "left_out", "may_lack")
    ]


def test_a_contradiction_names_the_rule_and_its_line(tmp_path: Path, pack: RulePack) -> None:
    (row,) = held(tmp_path, pack, DOCUMENT, CHANGES["verb changed"][0]).with_status(Status.CONTRADICTED)
    ((name, location),) = row.rules
    line = RULES.splitlines().index("- method: paint.drop") + 4
    assert (name, location.line) == ("paint.drop", line)
    assert location.file.endswith("/rules.yaml")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(servers=[]),
        lambda d: d.update(
            servers=[{"url": "https://api.example.com"}],
            paths={f"/v2{path}": item for path, item in d["paths"].items()},
        ),
        lambda d: d.update(openapi="3.0.3"),
        lambda d: d["paths"]["/paints/{id}"].update(parameters=POST(d).pop("parameters")),
        lambda d: (
            d["paths"].update({"/paints/{id}": {"$ref": "#/components/pathItems/P"}})
            or d["components"].update(pathItems={"P": DOCUMENT["paths"]["/paints/{id}"]})
        ),
    ],
)
def test_other_ways_to_say_the_same(tmp_path: Path, pack: RulePack, change: Change) -> None:
    comparison = held(tmp_path, pack, DOCUMENT, change)
    assert told(comparison) == []
    assert set(ALL_KEYS) - set(comparison.confirmed) <= {"base address https://api.example.com/v2"}


# -- the contract -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    document = yaml.safe_load(CONTRACT.read_text("utf-8"))
    assert isinstance(document, dict)
    return document


def test_the_contract_confirms_all_that_it_has(tmp_path: Path, contract: dict[str, Any]) -> None:
    comparison = held(tmp_path, load_pack(), contract)
    assert {row.status for row in comparison.rows} == {Status.CONFIRMED, Status.UNSTATED}
    assert len(comparison.confirmed) > 120
    # What it does not tell, it marks as unknown: the statuses of answers, and two lists of values.
    assert {row.subject.rsplit(" ", 1)[0].split()[-1] for row in comparison.with_status(Status.UNSTATED)} == {
        "result",
        "answer",
    }
    assert [f"{found.verb} {found.path}" for found in comparison.unused] == ["POST /audio-files/{sid}/file"]


def test_three_changes_give_three_lines(tmp_path: Path, contract: dict[str, Any]) -> None:
    before = held(tmp_path, load_pack(), contract)
    after = held(
        tmp_path,
        load_pack(),
        contract,
        lambda d: d["paths"]["/sms"]["post"]["parameters"][1].update(name="sender"),
        lambda d: d["paths"].pop("/audio-files/{sid}"),
        lambda d: d["paths"]["/calls/export"].update(get=d["paths"]["/calls/export"].pop("post")),
    )
    new = [row for row in after.rows if row.status is not Status.CONFIRMED and row not in before.rows]
    assert [(row.status.value, row.subject, [name for name, _ in row.rules]) for row in new] == [
        ("contradicted", "POST /calls/export", ["cdr.export_async"]),
        ("contradicted", "POST /sms query from", ["sms.send"]),
        (
            "not in the document",
            "/audio-files/{sid}",
            ["media/library.delete", "media/library.get", "media.delete"],
        ),
    ]
    assert not after.agrees
    gone = {key for key in before.confirmed if key not in after.confirmed}
    assert "sms.send: POST /sms query from" in gone
    assert not any(key.startswith("sms.send") for key in gone - {"sms.send: POST /sms query from"})
