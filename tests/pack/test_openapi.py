"""Documents of any origin: read exactly, or refused in one line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callr_migrate.pack.openapi import Document, read_document
from callr_migrate.pack.plain import DocumentError, parse

CONTRACT = Path(__file__).parents[2] / "contract" / "callr-rest-v2.openapi.yaml"
BASE = "https://api.example.com/v2"
MINIMAL: dict[str, Any] = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": {}}


def read(tmp_path: Path, document: Any, base: str = BASE) -> Document:
    path = tmp_path / "openapi.json"
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    path.write_bytes(data)
    return read_document(path, base)


def with_paths(paths: Any, **more: Any) -> dict[str, Any]:
    return {**MINIMAL, "paths": paths, **more}


# -- text -------------------------------------------------------------------------------------------------------


def test_yaml_is_taken_as_it_is_written() -> None:
    text = b"""\
version: 2.10
date: 2027-01-31
on: no
200: {enum: [yes, NO, 012, 1e3]}
nothing: ~
sure: true
quoted: "true"
"""
    assert parse(text) == {
        "version": "2.10",
        "date": "2027-01-31",
        "on": "no",
        "200": {"enum": ["yes", "NO", "012", "1e3"]},
        "nothing": None,
        "sure": True,
        "quoted": "true",
    }


def test_json_is_taken_as_it_is_written() -> None:
    assert parse(b'\xef\xbb\xbf {"version": 2.10, "n": null, "big": 1e400}') == {
        "version": "2.10",
        "n": None,
        "big": "1e400",
    }


def test_yaml_anchors_and_merges() -> None:
    text = (
        b"a: &a {x: one, y: one}\nb: {<<: *a, y: two}\nc: [*a]\nd: {<<: [{x: three}, *a]}\n'e': {'<<': 1}\n"
    )
    assert parse(text) == {
        "a": {"x": "one", "y": "one"},
        "b": {"x": "one", "y": "two"},
        "c": [{"x": "one", "y": "one"}],
        "d": {"x": "three", "y": "one"},
        "e": {"<<": "1"},
    }


BAD_TEXT = {
    b"": "is empty",
    b" \n": "is empty",
    b'{"openapi": "3.1.0", "pa': "is not valid JSON: Unterminated string starting at (line 1, column 22)",
    b'{"a": 1, "a": 2}': "has the key 'a' twice in one object",
    b"[" * 100_000: "is nested too deeply",
    b"a:\n " + b"[" * 100_000: "is nested too deeply (line 2)",
    b"openapi: 3.1.0\ninfo:\n\ttitle: T\n": "is not valid YAML: found character that cannot start any token (line 3, column 1)",
    b"a: 1\na: 2\n": "has the key 'a' twice in one mapping (line 2)",
    b"a: 1\n---\nb: 2\n": "holds a second document (line 2)",
    b"a: &a\n  b: *a\n": "uses *a before or inside its definition (line 2)",
    b"? [a]\n: b\n": "has a key that is not a text (line 1)",
    b"a: &x 1\n? *x\n: b\n": "has a key that is not a text (line 2)",
    b"a: {<<: 1}\n": "merges ('<<') what is no mapping (line 1)",
    b"a: \xff\n": "is not UTF-8 (byte 3)",
    "{}".encode("utf-16"): "is not UTF-8 (byte 0)",
    b"a: \x00\n": "is not valid YAML:",
}


@pytest.mark.parametrize("text", BAD_TEXT, ids=BAD_TEXT.values())
def test_a_text_that_is_no_document(text: bytes) -> None:
    with pytest.raises(DocumentError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.startswith(BAD_TEXT[text])
    assert "\n" not in message


# -- structure --------------------------------------------------------------------------------------------------

REMOTE = ": nothing is fetched; bundle the document into one file first"
BAD_DOCUMENTS: list[tuple[Any, str | None]] = [
    ([1], "is no OpenAPI document: it must be a mapping"),
    ("text", "is no OpenAPI document: it must be a mapping"),
    ({"a": 1}, "is no OpenAPI document: it has no key 'openapi'"),
    ({"swagger": "2.0", "paths": {}}, "is OpenAPI 2.0; 3.0 and 3.1 are read: convert it first"),
    ({**MINIMAL, "openapi": "3.2.0"}, "is OpenAPI 3.2.0; 3.0 and 3.1 are read"),
    ({**MINIMAL, "openapi": ["3.1"]}, "is OpenAPI ['3.1']; 3.0 and 3.1 are read"),
    ({"openapi": "3.1.0"}, "has no 'paths'"),
    (with_paths([]), "has no 'paths'"),
    (with_paths({"x": {}}), "#/paths/x: a path must start with '/'"),
    (with_paths({"/x": []}), "#/paths/~1x: must be a mapping"),
    (with_paths({"/x": {"get": "no"}}), "#/paths/~1x/get: must be a mapping"),
    (
        with_paths({"/x": {"get": {"parameters": {}, "responses": []}}}),
        "#/paths/~1x/get/responses: must be a mapping",
    ),
    (with_paths({"/x": {"parameters": {"a": 1}, "get": {}}}), "#/paths/~1x/parameters: must be a list"),
    (
        with_paths({"/x": {"get": {"parameters": [{"name": "a"}]}}}),
        "#/paths/~1x/get/parameters/0: a parameter must have 'name' and 'in'",
    ),
    (
        with_paths({"/x": {"get": {"parameters": [{"name": "a", "in": "query", "schema": "s"}]}}}),
        "#/paths/~1x/get/parameters/a: a schema must be a mapping",
    ),
    (
        with_paths({"/x": {"get": {"parameters": [{"$ref": "#/components/parameters/A"}]}}}),
        "#/paths/~1x/get/parameters/0: '$ref' leads nowhere: #/components/parameters/A",
    ),
    (
        with_paths(
            {"/x": {"$ref": "#/components/pathItems/A"}},
            components={
                "pathItems": {
                    "A": {"$ref": "#/components/pathItems/B"},
                    "B": {"$ref": "#/components/pathItems/A"},
                }
            },
        ),
        "#/paths/~1x: '$ref' runs in a circle: #/components/pathItems/A -> #/components/pathItems/B -> #/components/pathItems/A",
    ),
    (
        with_paths({"/x": {"get": {"requestBody": {"$ref": "https://example.com/body.json#/x"}}}}),
        "#/paths/~1x/get/requestBody: '$ref' to another document, 'https://example.com/body.json#/x'"
        + REMOTE,
    ),
    (
        with_paths({}, components={"schemas": {"A": {"properties": {"example": {"$ref": "other.yaml"}}}}}),
        "#/components/schemas/A/properties/example: '$ref' to another document, 'other.yaml'" + REMOTE,
    ),
    (with_paths({}, servers={}), None),
    (with_paths({}, servers=["x"]), "servers: each must be a mapping with a 'url'"),
    (with_paths({}, servers={"url": "x"}), "servers: must be a list"),
]


@pytest.mark.parametrize(("document", "message"), BAD_DOCUMENTS)
def test_a_document_with_a_mistake(tmp_path: Path, document: Any, message: str | None) -> None:
    if message is None:
        read(tmp_path, document)
        return
    with pytest.raises(DocumentError) as caught:
        read(tmp_path, document)
    assert str(caught.value) == message


def test_examples_may_hold_references(tmp_path: Path) -> None:
    media = {"example": {"$ref": "https://example.com/x"}, "x-note": {"$ref": "y"}}
    read(tmp_path, with_paths({"/x": {"post": {"requestBody": {"content": {"application/json": media}}}}}))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json", tmp_path / "a\0b"):
        with pytest.raises(DocumentError, match="cannot be read: "):
            read_document(path, BASE)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_document_never_does_more_than_complain(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = bytearray(CONTRACT.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        text[start : start + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=8))
    path = tmp_path_factory.mktemp("damaged") / "x.yaml"
    path.write_bytes(text)
    try:
        document = read_document(path, BASE)
    except DocumentError as error:
        message = str(error)
    else:
        message = document.title
    assert "\n" not in message


SMALL_NODES = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from(["#/components/schemas/A", "object", "get", "x"])
    | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$ref",
                    "get",
                    "parameters",
                    "name",
                    "in",
                    "schema",
                    "properties",
                    "required",
                    "allOf",
                    "oneOf",
                    "type",
                    "items",
                    "enum",
                    "content",
                    "application/json",
                    "responses",
                    "200",
                    "requestBody",
                    "servers",
                    "url",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(SMALL_NODES, SMALL_NODES, SMALL_NODES)
def test_whatever_stands_where_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, one: Any, two: Any, three: Any
) -> None:
    document = with_paths(
        {"/x": {"get": one, "parameters": two}}, components={"schemas": {"A": three}}, webhooks={"e": one}
    )
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(document))
    try:
        found = read_document(path, BASE)
        for operations in found.operations.values():
            for operation in operations.values():
                for body in filter(None, [operation.body, *operation.answers.values()]):
                    found.schemas.members(body.schema or {}, "here")
                    found.schemas.values(body.schema, "here")
    except DocumentError as error:
        message = str(error)
    else:
        message = found.title
    assert "\n" not in message


def test_a_large_document_takes_seconds(tmp_path: Path) -> None:
    schemas = {
        f"S{i}": {
            "type": "object",
            "properties": {f"p{j}": {"type": "string", "description": "x" * 60} for j in range(20)},
        }
        for i in range(10_000)
    }
    data = json.dumps(with_paths({"/x": {"get": {}}}, components={"schemas": schemas})).encode()
    assert len(data) > 20_000_000
    start = time.process_time()
    assert read(tmp_path, data).at("/x")
    assert time.process_time() - start < 30


def test_references_over_and_over_cost_no_more_than_they_are(tmp_path: Path) -> None:
    """Each schema twice refers to the next: two to the power of sixty ways through."""
    schemas: dict[str, Any] = {
        f"S{i}": {
            "allOf": [{"$ref": f"#/components/schemas/S{i + 1}"}] * 2,
            "anyOf": [{"$ref": f"#/components/schemas/S{i + 1}"}] * 2,
        }
        for i in range(60)
    }
    schemas["S60"] = {"properties": {"end": {"enum": ["a"]}}, "items": {"enum": ["b"]}}
    found = read(tmp_path, with_paths({}, components={"schemas": schemas})).schemas
    assert set(found.members({"$ref": "#/components/schemas/S0"}, "").found) == {"end"}
    assert found.values({"$ref": "#/components/schemas/S0"}, "") == {"b"}
    assert found.items({"$ref": "#/components/schemas/S0"}, "") == [{"enum": ["b"]}]


# -- what is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "servers", "there"),
    [
        ("/x", None, True),
        ("/x", ["https://api.example.com/v2"], True),
        ("/x", ["https://api.example.com/v2/"], True),
        ("/v2/x", ["https://api.example.com"], True),
        ("/v2/x", ["https://api.example.com/v2"], True),
        ("/x", ["/v2"], True),
        ("/v2/x", None, True),
        ("/x", ["https://old.example.com/v1", "https://api.example.com/v2"], True),
        ("/x", ["https://api.example.com/v1"], False),
        ("/v1/x", None, False),
        ("/v2x", None, False),
        ("/x", ["http://[bad"], True),
    ],
)
def test_the_base_may_stand_in_the_server_or_the_path(
    tmp_path: Path, path: str, servers: list[str] | None, there: bool
) -> None:
    more = {} if servers is None else {"servers": [{"url": url} for url in servers]}
    assert bool(read(tmp_path, with_paths({path: {"get": {}}}, **more)).at("/x")) is there


def test_servers_have_variables_and_are_near(tmp_path: Path) -> None:
    variable = [{"url": "https://api.example.com/{v}", "variables": {"v": {"default": "v2"}}}]
    paths = {"/x": {"get": {}}, "/y": {"servers": [{"url": "https://api.example.com/v1"}], "get": {}}}
    document = read(tmp_path, with_paths(paths, servers=variable))
    assert document.servers == ["https://api.example.com/v2"]
    assert (bool(document.at("/x")), bool(document.at("/y"))) == (True, False)


def test_braces_are_places(tmp_path: Path) -> None:
    document = read(
        tmp_path, with_paths({"/a/{id}": {"get": {}}, "/a/{no}": {"delete": {}}, "/a/b": {"put": {}}})
    )
    assert sorted(document.at("/a/{sid}")) == ["DELETE", "GET"]
    assert sorted(document.at("/a/b")) == ["PUT"]
    assert document.at("/a/{sid}")["GET"].names == ["id"]


def test_parameters_come_from_path_reference_and_properties(tmp_path: Path) -> None:
    components = {
        "parameters": {"Q": {"name": "q", "in": "query", "required": True, "schema": {"type": "string"}}},
        "schemas": {
            "F": {"type": "object", "required": ["r"], "properties": {"r": {"enum": ["1"]}, "s": {}}}
        },
        "securitySchemes": {"K": {"type": "apiKey", "in": "header", "name": "X-Key"}},
    }
    operation: dict[str, Any] = {
        "parameters": [
            {"$ref": "#/components/parameters/Q"},
            {"name": "p", "in": "query", "content": {"application/json": {"schema": {"type": "object"}}}},
            {"name": "filter", "in": "query", "required": True, "schema": {"$ref": "#/components/schemas/F"}},
            {
                "name": "deep",
                "in": "query",
                "style": "deepObject",
                "schema": {"$ref": "#/components/schemas/F"},
            },
            *({"name": n, "in": "header", "required": True} for n in ("x-key", "Authorization", "X-Other")),
        ]
    }
    item = {"parameters": [{"name": "above", "in": "query"}, {"name": "q", "in": "query"}], "get": operation}
    document = read(tmp_path, with_paths({"/x": item}, components=components))
    found = document.at("/x")["GET"]
    assert sorted(found.query) == ["above", "deep", "p", "q", "r", "s"]
    assert found.required_query == {"q", "r"}
    del operation["parameters"][2]["required"]
    again = read(tmp_path, with_paths({"/x": item}, components=components))
    assert again.at("/x")["GET"].required_query == {"q"}
    assert found.required_headers == {"X-Other"}
    assert not found.free_query
    assert document.schemas.values(found.query["r"], "") == {"1"}


def test_a_free_object_in_the_query_allows_any_name(tmp_path: Path) -> None:
    free = {"name": "more", "in": "query", "schema": {"type": "object", "additionalProperties": True}}
    assert read(tmp_path, with_paths({"/x": {"get": {"parameters": [free]}}})).at("/x")["GET"].free_query


@pytest.mark.parametrize(
    ("kind", "is_json"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("application/problem+json", True),
        ("*/*", True),
        ("multipart/form-data", False),
        ("text/json-like", False),
    ],
)
def test_json_by_its_media_type(tmp_path: Path, kind: str, is_json: bool) -> None:
    body = {"content": {"text/plain": {}, kind: {"schema": {"type": "object"}}}}
    found = read(tmp_path, with_paths({"/x": {"post": {"requestBody": body}}})).at("/x")["POST"].body
    assert found is not None
    assert found.is_json is is_json


A = {"properties": {"a": {}}, "required": ["a"]}
B = {"properties": {"b": {}}, "required": ["b"]}
SCHEMAS: list[tuple[Any, set[str], set[str], bool]] = [
    (A, {"a"}, {"a"}, False),
    ({"allOf": [A, B]}, {"a", "b"}, {"a", "b"}, False),
    ({"oneOf": [A, B]}, {"a", "b"}, set(), False),
    ({"anyOf": [A, {"allOf": [A, B]}]}, {"a", "b"}, {"a"}, False),
    ({"oneOf": [A, {"type": "null"}]}, {"a"}, {"a"}, False),
    ({"oneOf": [A, {}]}, {"a"}, set(), True),
    (
        {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}},
        {"a", "b"},
        set(),
        False,
    ),
    ({"$ref": "#/components/schemas/Self"}, {"a", "me"}, {"a"}, False),
    ({"$ref": "#/components/schemas/Beside", "required": ["b"]}, {"b"}, {"b"}, False),
    ({**A, "additionalProperties": False}, {"a"}, {"a"}, False),
    ({**A, "additionalProperties": {"type": "string"}}, {"a"}, {"a"}, True),
    ({**A, "patternProperties": {"^x": {}}}, {"a"}, {"a"}, True),
    ({}, set(), set(), True),
    (True, set(), set(), True),
    (False, set(), set(), False),
    ({"type": "object"}, set(), set(), True),
    ({"type": "string"}, set(), set(), False),
    ({"allOf": [{"type": ["string", "null"]}]}, set(), set(), False),
    ({"if": {}, "then": A, "else": B}, {"a", "b"}, set(), False),
    ({"required": True, "properties": {"a": {}}}, {"a"}, set(), False),
]


@pytest.mark.parametrize(("schema", "names", "required", "free"), SCHEMAS)
def test_members(tmp_path: Path, schema: Any, names: set[str], required: set[str], free: bool) -> None:
    components = {
        "schemas": {
            "Self": {
                "allOf": [A, {"$ref": "#/components/schemas/Self"}],
                "properties": {"me": {"$ref": "#/components/schemas/Self"}},
            },
            "Beside": {"properties": {"b": {}}},
        }
    }
    members = read(tmp_path, with_paths({}, components=components)).schemas.members(schema, "here")
    if schema is False:
        return
    assert (set(members.found), members.required, members.is_open) == (names, required, free)


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": ["a", "b", None]}, {"a", "b"}),
        ({"const": "a"}, {"a"}),
        ({"oneOf": [{"const": "a"}, {"enum": ["b"]}, {"type": "null"}]}, {"a", "b"}),
        ({"oneOf": [{"const": "a"}, {"type": "string"}]}, None),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, {"b"}),
        ({"type": "array", "items": {"enum": ["a"]}}, {"a"}),
        ({"type": "string"}, None),
        (True, None),
    ],
)
def test_values(tmp_path: Path, schema: Any, values: set[str] | None) -> None:
    assert read(tmp_path, MINIMAL).schemas.values(schema, "here") == values
