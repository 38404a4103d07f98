"""The REST contract, enforced: what a request may be, and how well each fact is known that it leans on.

Reads the project's own `contract/` or, with `--openapi`, the vendor's document. Schemas are held against values by
`openapi-schema-validator`; what no schema can say (no names but the known ones) is looked at here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from openapi_schema_validator import (
    OAS30Validator,
    OAS31Validator,
    oas30_format_checker,
    oas31_format_checker,
)
from referencing import Registry
from referencing.jsonschema import DRAFT4, DRAFT202012

from callr_migrate.findings import Evidence
from callr_migrate.pack.openapi import OWN_MARK, VERBS, path_of, shape
from callr_migrate.pack.plain import DocumentError, parse, read_bytes
from callr_migrate.records import dataclass

_BRACES = re.compile(r"\{([^{}]*)\}")
_HERE = "urn:contract"
# What stands below is no schema: a key `$ref` in there is what an example happens to hold.
_DATA = ("example", "examples", "default", "enum", "const")
_FILE = "callr-rest-v2.openapi.yaml"


def shipped_contract() -> Path:
    """The shipped document: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "contract" / _FILE
    return inside if inside.is_file() else package.parent / "contract" / _FILE


class ContractError(Exception):
    """The request is not one of the contract's; `status` is the answer's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Used:
    """One fact of the contract that a request leans on."""

    text: str
    evidence: Evidence


@dataclass
class Operation:
    """One verb on one path."""

    verb: str
    path: str
    node: dict[str, Any]
    where: str  # JSON pointer
    parameters: dict[tuple[str, str], tuple[dict[str, Any], str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As people write it."""
        return f"{self.verb} {self.path}"

    @property
    def shape(self) -> tuple[str, str]:
        """The same, whatever the names in its braces."""
        return self.verb, shape(self.path)


@dataclass
class Match:
    """An operation, and what the braces of its path hold."""

    operation: Operation
    values: dict[str, str]


class Contract:
    """A document, ready to be held against requests."""

    def __init__(self, document: dict[str, Any], base_url: str) -> None:
        self.document = document
        self.own = OWN_MARK in json.dumps(document, default=str)
        title = document.get("info", {})
        self.title = f"{title.get('title', 'untitled')} {title.get('version', '')}".strip()
        old = str(document.get("openapi", "")).startswith("3.0")
        self._validator = OAS30Validator if old else OAS31Validator
        self._formats = oas30_format_checker if old else oas31_format_checker
        resource = (DRAFT4 if old else DRAFT202012).create_resource(document)
        self._registry: Registry[Any] = Registry().with_resource(_HERE, resource)
        self._validators: dict[str, Any] = {}
        self._check_references()
        self.operations = list(self._operations(path_of(base_url)))
        # A path without braces goes before one with.
        in_order = sorted(self.operations, key=lambda found: found.path.count("{"))
        self._routes = [(_pattern(found.path), found) for found in in_order]

    @classmethod
    def read(cls, path: Path, base_url: str) -> Contract:
        """Raises `DocumentError`."""
        document = parse(read_bytes(path))
        if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith(("3.0", "3.1")):
            raise DocumentError("is no OpenAPI document of version 3.0 or 3.1")
        if not isinstance(document.get("paths"), dict):
            raise DocumentError("has no 'paths'")
        try:
            _count(document)
            return cls(document, base_url)
        except (KeyError, TypeError, AttributeError, RecursionError):
            raise DocumentError("is no sound OpenAPI document; 'rules verify' may say why") from None

    def _check_references(self) -> None:
        """All of them must lead somewhere in the document itself; raises `DocumentError`."""
        waiting: list[Any] = [self.document]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                target = node.get("$ref")
                if isinstance(target, str):
                    if not target.startswith("#"):
                        raise DocumentError(
                            f"refers to another document, {target}: put all into one file first"
                        )
                    try:
                        self.follow(node, "")
                    except (KeyError, TypeError):
                        raise DocumentError(f"has a reference {target} that leads nowhere") from None
                waiting += [
                    part for key, part in node.items() if key not in _DATA and not key.startswith("x-")
                ]

    def _operations(self, base: str) -> Iterator[Operation]:
        for path, node in self.document["paths"].items():
            above = f"/paths/{_escaped(path)}"
            item, where = self.follow(node, above)
            if not isinstance(item, dict):
                raise TypeError("must be a mapping")
            place = path[len(base) :] if base and path.startswith(f"{base}/") else path
            for verb in VERBS:
                if verb in item:
                    operation = Operation(verb.upper(), place, item[verb], f"{where}/{verb}")
                    for entries, inside in (
                        (item.get("parameters", []), f"{where}/parameters"),
                        (item[verb].get("parameters", []), f"{where}/{verb}/parameters"),
                    ):
                        for index, entry in enumerate(entries):
                            parameter, at = self.follow(entry, f"{inside}/{index}")
                            operation.parameters[parameter["name"], parameter["in"]] = (parameter, at)
                    yield operation

    def follow(self, node: Any, where: str) -> tuple[Any, str]:
        """The node that a reference leads to, and where it stands."""
        for _ in range(20):
            if not (isinstance(node, dict) and isinstance(node.get("$ref"), str)):
                break
            where = node["$ref"].removeprefix("#")
            node = self.document
            for part in where.split("/")[1:]:
                node = node[unquote(part).replace("~1", "/").replace("~0", "~")]
        return node, where

    # Requests

    def match(self, verb: str, path: str) -> Match:
        """The operation of a raw path (still percent-encoded) below the base; raises `ContractError`."""
        allowed = []
        for pattern, operation in self._routes:
            found = pattern.match(path)
            if found is None:
                continue
            if operation.verb == verb:
                names = _BRACES.findall(operation.path)
                return Match(operation, dict(zip(names, map(unquote, found.groups()), strict=True)))
            allowed.append(operation.verb)
        if allowed:
            raise ContractError(
                405,
                "method-not-allowed",
                f"{path} does not take {verb}; it takes {', '.join(sorted(set(allowed)))}",
            )
        raise ContractError(404, "not-found", f"there is no {path}")

    def check(
        self, match: Match, query: list[tuple[str, str]], body: bytes, content_type: str
    ) -> tuple[dict[str, Any], Any, list[Used]]:
        """Query (values of the types that the schemas want), JSON body, facts; raises `ContractError`."""
        operation = match.operation
        used = [Used(operation.name, self._evidence(operation.node))]
        for name, text in match.values.items():
            parameter, where = operation.parameters.get((name, "path"), ({}, ""))
            if parameter:
                self._value(f"path parameter '{name}'", text, parameter, where)
                used.append(Used(f"{operation.name} path {name}", self._evidence(parameter)))
        values = self._query(operation, query, used)
        data = self._body(operation, body, content_type, used)
        return values, data, used

    def _query(self, operation: Operation, query: list[tuple[str, str]], used: list[Used]) -> dict[str, Any]:
        known = {name: found for (name, kind), found in operation.parameters.items() if kind == "query"}
        free = [parameter for parameter, _ in known.values() if self._is_free(parameter)]
        values: dict[str, Any] = {}
        for name, text in query:
            if name in values:
                raise ContractError(400, "bad-request", f"query parameter '{name}' is there twice")
            parameter, where = known.get(name, ({}, ""))
            if parameter and parameter not in free:
                values[name] = self._value(f"query parameter '{name}'", text, parameter, where)
                used.append(Used(f"{operation.name} query {name}", self._evidence(parameter)))
                used += self._enum_used(operation, "query", name, f"{where}/schema", values[name])
            elif free:
                values[name] = text
                used.append(Used(f"{operation.name} query {name}", Evidence.UNKNOWN))
            else:
                names = ", ".join(sorted(known)) or "none"
                raise ContractError(
                    400, "bad-request", f"there is no query parameter '{name}'; there is {names}"
                )
        for name, (parameter, _) in known.items():
            if parameter.get("required") is True and name not in values:
                raise ContractError(400, "bad-request", f"query parameter '{name}' is missing")
        return values

    @staticmethod
    def _is_free(parameter: Mapping[str, Any]) -> bool:
        """Whether it stands for any names."""
        schema = parameter.get("schema", {})
        return schema.get("type") == "object" and schema.get("additionalProperties") not in (None, False)

    def _value(self, what: str, text: str, parameter: Mapping[str, Any], where: str) -> Any:
        if "schema" not in parameter:
            return text
        pointer = f"{where}/schema"
        wrong = self._wrong(pointer, text)
        if wrong is None:
            return text
        for convert in (int, float, _boolean):
            try:
                value = convert(text)
            except ValueError:
                continue
            if self._wrong(pointer, value) is None:
                return value
        raise ContractError(400, "bad-request", f"{what}: {wrong}")

    def _body(self, operation: Operation, body: bytes, content_type: str, used: list[Used]) -> Any:
        node, where = self.follow(operation.node.get("requestBody"), f"{operation.where}/requestBody")
        if node is None:
            if body:
                raise ContractError(400, "bad-request", f"{operation.name} takes no body")
            return None
        if not body:
            if node.get("required") is True:
                raise ContractError(400, "bad-request", "the body is missing")
            return None
        used.append(Used(f"{operation.name} body", self._evidence(node)))
        kind = content_type.partition(";")[0].strip().lower()
        content = node.get("content", {})
        media = next((name for name in (kind, f"{kind.partition('/')[0]}/*", "*/*") if name in content), None)
        if media is None:
            raise ContractError(
                400, "bad-request", f"the body is {kind or 'of no type'}; it must be {' or '.join(content)}"
            )
        if media != "application/json":
            return body
        try:
            data = json.loads(body)
        except (ValueError, RecursionError):
            raise ContractError(400, "bad-request", "the body is no JSON") from None
        pointer = f"{where}/content/{_escaped(media)}/schema"
        # Names first: a wrong one says more than what is missing because of it.
        self._fields(operation, pointer, data, "", used)
        wrong = self._wrong(pointer, data)
        if wrong is not None:
            raise ContractError(400, "bad-request", f"body: {wrong}")
        return data

    def _fields(self, operation: Operation, pointer: str, data: Any, prefix: str, used: list[Used]) -> None:
        """Each name in a body must be one of the schema's, unless that says that there are others."""
        if not isinstance(data, dict):
            return
        known, is_open = self._members(pointer)
        for name, value in data.items():
            if name in known:
                schema, where = known[name]
                used.append(Used(f"{operation.name} body {prefix}{name}", self._evidence(schema)))
                used += self._enum_used(operation, "body", f"{prefix}{name}", where, value)
                self._fields(operation, where, value, f"{prefix}{name}.", used)
            elif is_open:
                used.append(Used(f"{operation.name} body {prefix}{name}", Evidence.UNKNOWN))
            else:
                names = ", ".join(sorted(known)) or "none"
                raise ContractError(
                    400, "bad-request", f"there is no body field '{prefix}{name}'; there is {names}"
                )

    def _members(self, pointer: str) -> tuple[dict[str, tuple[dict[str, Any], str]], bool]:
        schema, where = self.follow(self._at(pointer), pointer)
        if not isinstance(schema, dict):
            return {}, True
        known = {
            name: (node, f"{where}/properties/{_escaped(name)}")
            for name, node in schema.get("properties", {}).items()
        }
        is_open = schema.get("additionalProperties", not known and "allOf" not in schema) not in (None, False)
        for key in ("allOf", "anyOf", "oneOf"):
            for index in range(len(schema.get(key, []))):
                found, opened = self._members(f"{where}/{key}/{index}")
                known.update(found)
                is_open |= opened
        return known, is_open

    # Facts and answers

    def answer_used(self, operation: Operation) -> Used:
        """What the answer of a request leans on."""
        for status, node in operation.node.get("responses", {}).items():
            if str(status).startswith("2"):
                answer, _ = self.follow(node, "")
                return Used(f"{operation.name} answer", self._evidence(answer))
        return Used(f"{operation.name} answer", Evidence.UNKNOWN)

    def wrong_answer(self, operation: Operation, status: int, data: Any) -> str | None:
        """Why an answer is not one of the contract's; None if it is."""
        responses = operation.node.get("responses", {})
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in responses:
                node, where = self.follow(responses[key], f"{operation.where}/responses/{key}")
                if data is not None and "application/json" in node.get("content", {}):
                    return self._wrong(f"{where}/content/application~1json/schema", data)
                return None
        return f"no answer {status} is described"

    def _evidence(self, node: Any) -> Evidence:
        if not self.own:
            return Evidence.VERIFIED
        return Evidence(node.get(OWN_MARK, "unknown")) if isinstance(node, dict) else Evidence.UNKNOWN

    def _enum_used(self, operation: Operation, kind: str, name: str, pointer: str, value: Any) -> list[Used]:
        schema, _ = self.follow(self._at(pointer), pointer)
        if isinstance(schema, dict) and "enum" in schema:
            return [Used(f"{operation.name} {kind} {name}={value}", self._evidence(schema))]
        return []

    def _at(self, pointer: str) -> Any:
        node: Any = self.document
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node.get(key)
            if node is None:
                return None
        return node

    def _wrong(self, pointer: str, value: Any) -> str | None:
        """The first thing that a schema says against a value."""
        if self._at(pointer) is None:
            return None
        if pointer not in self._validators:
            self._validators[pointer] = self._validator(
                {"$ref": f"{_HERE}#{pointer}"}, registry=self._registry, format_checker=self._formats
            )
        error = next(iter(self._validators[pointer].iter_errors(value)), None)
        return None if error is None else _told(error)


def _told(error: Any) -> str:
    place = ".".join(str(part) for part in error.absolute_path)
    text = str(error.message)
    text = text if len(text) <= 200 else f"{text[:200]}..."
    return f"'{place}': {text}" if place else text


def _pattern(path: str) -> re.Pattern[str]:
    parts = _BRACES.split(path)
    return re.compile(
        "".join(re.escape(part) if i % 2 == 0 else "([^/]+)" for i, part in enumerate(parts)) + r"\Z"
    )


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


_NUMBERS = re.compile(r"(exclusive)?(min|max)(imum|Length|Items|Properties)\Z|multipleOf\Z", re.IGNORECASE)


def _count(node: Any) -> None:
    """Turn texts into numbers where a schema wants numbers: `plain.parse` leaves all of them texts."""
    if isinstance(node, list):
        for item in node:
            _count(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str) and _NUMBERS.match(key):
                node[key] = _number(value)
            elif key in ("enum", "const", "default") and node.get("type") in ("integer", "number"):
                node[key] = [_number(one) for one in value] if isinstance(value, list) else _number(value)
            else:
                _count(value)


def _number(text: Any) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            continue
    return text


def _boolean(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise ValueError(text)
