"""An OpenAPI 3.0 or 3.1 document -> the operations it has, with what their parameters, bodies and answers may be.

Read for comparing, not for serving: what no question is asked about may be wrong in it. The references are
followed by the library `referencing` (extra `verify`); nothing is ever fetched.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from callr_migrate.pack.plain import DocumentError, parse, read_bytes
from callr_migrate.pack.schemas import References, Schemas, mapping, remote
from callr_migrate.records import dataclass

VERBS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
OWN_MARK = "x-evidence"  # stands in the project's own contract, and in no vendor's document

_BRACES = re.compile(r"\{([^{}]*)\}")
_JSON_TYPE = re.compile(r"(application|\*)/(\*|json|[\w.+-]+\+json)\s*(;.*)?\Z", re.IGNORECASE)
# Data, not structure: a key `$ref` in there is what an example happens to hold.
_DATA = ("example", "examples", "default", "enum", "const")


@dataclass(frozen=True)
class Body:
    """What a request may carry, or an answer does: `schema` of its JSON, or the media types where that is none."""

    schema: Any = None
    types: tuple[str, ...] = ()
    is_json: bool = False
    required: bool = False


@dataclass
class Operation:
    """One verb on one path of the document."""

    verb: str
    path: str  # as printed
    names: list[str]  # in its braces
    where: str
    summary: str = ""
    query: dict[str, Any] = field(default_factory=dict)  # name -> schema
    required_query: set[str] = field(default_factory=set)
    free_query: bool = False  # any name is allowed
    required_headers: set[str] = field(default_factory=set)
    body: Body | None = None
    answers: dict[str, Body] = field(default_factory=dict)  # 2xx status -> what it carries


@dataclass
class Document:
    """A document, its operations by the shape of their path below `base`, and by verb."""

    title: str
    version: str
    sha256: str
    own: bool  # has the marks of the project's own contract
    servers: list[str]
    schemas: Schemas
    operations: dict[str, dict[str, Operation]]
    events: set[str] = field(default_factory=set)  # names of webhooks, and the constants that tell them apart

    def at(self, path: str) -> dict[str, Operation]:
        """The operations on a path, whatever the names in its braces."""
        return self.operations.get(shape(path), {})

    @property
    def source(self) -> str:
        """How facts name the document."""
        return source(self.title, self.version, self.sha256)


def source(title: str, version: str, sha256: str) -> str:
    """How facts name a document."""
    return f"openapi {title} {version} {sha256[:12]}"


def shape(path: str) -> str:
    """A path without the names in its braces: two of one shape are the same place."""
    return _BRACES.sub("{}", path)


def names_in(path: str) -> list[str]:
    """The names in a path's braces, in order."""
    return _BRACES.findall(path)


def read_document(path: Path, base_url: str) -> Document:
    """Read a file; its paths count from `base_url`, whether the document prints them so or not.

    Raises `DocumentError`, and ImportError without the extra `verify`.
    """
    data = read_bytes(path)
    root = parse(data)
    if not isinstance(root, dict):
        raise DocumentError("is no OpenAPI document: it must be a mapping")
    _check_version(root)
    own = _look_through(root)
    info = mapping(root.get("info"), "info")
    document = Document(
        title=str(info.get("title") or "untitled"),
        version=str(info.get("version") or "without version"),
        sha256=hashlib.sha256(data).hexdigest(),
        own=own,
        servers=_servers(root, "servers") or [],
        schemas=Schemas(References(root)),
        operations={},
    )
    try:
        _Reader(root, document, path_of(base_url)).read()
    except RecursionError:
        raise DocumentError("is nested too deeply") from None
    return document


def path_of(url: str) -> str:
    """The path of an address, without a slash at its end."""
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def _check_version(root: dict[str, Any]) -> None:
    version = root.get("openapi")
    if version is None and "swagger" in root:
        raise DocumentError(f"is OpenAPI {root['swagger']}; 3.0 and 3.1 are read: convert it first")
    if version is None:
        raise DocumentError("is no OpenAPI document: it has no key 'openapi'")
    if not isinstance(version, str) or not re.match(r"3\.[01](\.|\Z)", version):
        raise DocumentError(f"is OpenAPI {version}; 3.0 and 3.1 are read")
    if not isinstance(root.get("paths"), dict):
        raise DocumentError("has no 'paths'")


def _look_through(root: Any) -> bool:
    """Refuse references to other documents; tell whether the project's own marks are there."""
    own = False
    waiting: list[tuple[Any, str]] = [(root, "#")]
    seen: set[int] = set()
    while waiting:
        node, where = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, list):
            waiting += [
                (item, f"{where}/{index}")
                for index, item in enumerate(node)
                if isinstance(item, (dict, list))
            ]
        elif isinstance(node, dict):
            own |= OWN_MARK in node
            target = node.get("$ref")
            if isinstance(target, str) and not target.startswith("#"):
                raise DocumentError(remote(target, where))
            for key, item in node.items():
                # Below `properties` these are names of properties.
                data = key in _DATA or key.startswith("x-")
                if isinstance(item, (dict, list)) and (not data or where.endswith("/properties")):
                    waiting.append((item, f"{where}/{_escaped(key)}"))
    return own


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _servers(node: dict[str, Any], where: str) -> list[str] | None:
    """The addresses of a block, variables filled in with their defaults; None if it has none."""
    if not node.get("servers"):
        return None
    if not isinstance(node["servers"], list):
        raise DocumentError(f"{where}: must be a list")
    found = []
    for entry in node["servers"]:
        if not isinstance(entry, dict) or not isinstance(entry.get("url"), str):
            raise DocumentError(f"{where}: each must be a mapping with a 'url'")
        url = entry["url"]
        for name, variable in mapping(entry.get("variables"), where).items():
            url = url.replace(f"{{{name}}}", str(mapping(variable, where).get("default", "")))
        found.append(url)
    return found


class _Reader:
    """Fills in the operations of one document."""

    def __init__(self, root: dict[str, Any], document: Document, base: str) -> None:
        self.root = root
        self.document = document
        self.base = base
        self.schemas = document.schemas
        self.references = document.schemas.references
        self.key_headers = {"authorization", "accept", "content-type"} | set(self._key_headers())

    def _key_headers(self) -> Iterator[str]:
        components = mapping(self.root.get("components"), "#/components")
        schemes = mapping(components.get("securitySchemes"), "#/components/securitySchemes")
        for name, scheme in schemes.items():
            node = self.references.follow(scheme, f"#/components/securitySchemes/{name}")
            if isinstance(node, dict) and node.get("in") == "header" and isinstance(node.get("name"), str):
                yield node["name"].lower()

    def read(self) -> None:
        for path, item in self.root["paths"].items():
            if path.startswith("x-"):
                continue
            where = f"#/paths/{_escaped(path)}"
            if not path.startswith("/"):
                raise DocumentError(f"{where}: a path must start with '/'")
            node = self._node(item, where)
            for verb in VERBS:
                if verb in node:
                    self._operation(path, verb, node, where)

        for key in ("webhooks", "x-webhooks"):
            for name, item in mapping(self.root.get(key), f"#/{key}").items():
                self.document.events.add(name)
                self._event(self._node(item, f"#/{key}/{_escaped(name)}"), f"#/{key}/{_escaped(name)}")

    def _event(self, item: dict[str, Any], above: str) -> None:
        for verb in VERBS:
            if verb not in item:
                continue
            where = f"{above}/{verb}/requestBody"
            body = self._body(self._node(self._node(item[verb], above).get("requestBody", {}), where), where)
            if body.is_json:
                for schemas in self.schemas.members(body.schema, where).found.values():
                    self.document.events |= self.schemas.values({"allOf": schemas}, where) or set()

    def _operation(self, path: str, verb: str, item: dict[str, Any], above: str) -> None:
        where = f"{above}/{verb}"
        node = self._node(item[verb], where)
        # The nearest list of servers counts.
        servers = _servers(node, where) or _servers(item, above) or self.document.servers
        place = self._below_base(path, servers)
        if place is None:
            return
        result = Operation(verb.upper(), path, names_in(path), where, str(node.get("summary") or ""))
        parameters = {**self._parameters(item, above), **self._parameters(node, where)}
        for (name, kind), parameter in parameters.items():
            if kind == "query":
                self._query(result, name, parameter)
            elif kind == "header" and parameter.get("required") is True:
                if name.lower() not in self.key_headers:
                    result.required_headers.add(name)
        if "requestBody" in node:
            result.body = self._body(
                self._node(node["requestBody"], f"{where}/requestBody"), f"{where}/requestBody"
            )
        for status, answer in mapping(node.get("responses"), f"{where}/responses").items():
            if re.match(r"2(\d\d|XX)\Z", status, re.IGNORECASE):
                inside = f"{where}/responses/{status}"
                result.answers[status.upper()] = self._body(self._node(answer, inside), inside)
        self.document.operations.setdefault(shape(place), {})[result.verb] = result

    def _below_base(self, path: str, servers: list[str]) -> str | None:
        """The path as the rules print it; None if it belongs to another API."""
        if self.base and path.startswith(f"{self.base}/"):
            return path[len(self.base) :]
        prefixes = {path_of(server) for server in servers} or {""}
        if self.base in prefixes or "" in prefixes:
            return path
        for prefix in sorted(prefixes):
            if self.base and f"{prefix}{path}".startswith(f"{self.base}/"):
                return f"{prefix}{path}"[len(self.base) :]
        return None

    def _node(self, node: Any, where: str) -> dict[str, Any]:
        found = self.references.follow(node, where)
        if not isinstance(found, dict):
            raise DocumentError(f"{where}: must be a mapping")
        return found

    def _parameters(self, node: dict[str, Any], where: str) -> dict[tuple[str, str], dict[str, Any]]:
        listed = node.get("parameters") or []
        if not isinstance(listed, list):
            raise DocumentError(f"{where}/parameters: must be a list")
        found = {}
        for index, entry in enumerate(listed):
            inside = f"{where}/parameters/{index}"
            parameter = self._node(entry, inside)
            name, kind = parameter.get("name"), parameter.get("in")
            if not isinstance(name, str) or not isinstance(kind, str):
                raise DocumentError(f"{inside}: a parameter must have 'name' and 'in'")
            found[name, kind] = parameter
        return found

    def _query(self, result: Operation, name: str, parameter: dict[str, Any]) -> None:
        where = f"{result.where}/parameters/{name}"
        content = mapping(parameter.get("content"), where)
        schema = parameter.get("schema")
        if schema is None and content:
            schema = self._node(next(iter(content.values())), where).get("schema")
        schema = {} if schema is None else schema
        members = self.schemas.members(schema, where)
        spread = (
            not content
            and parameter.get("style", "form") == "form"
            and parameter.get("explode", True) is True
        )
        if spread and self._is_object(schema, where):
            # Each property is a query parameter of its own.
            result.free_query |= members.is_open
            for inner, schemas in members.found.items():
                result.query[inner] = {"allOf": schemas}
            if parameter.get("required") is True:
                result.required_query |= members.required
            return
        result.query[name] = schema
        if parameter.get("required") is True:
            result.required_query.add(name)

    def _is_object(self, schema: Any, where: str) -> bool:
        node = self.references.follow(schema, where)
        return isinstance(node, dict) and (node.get("type") == "object" or "properties" in node)

    def _body(self, node: dict[str, Any], where: str) -> Body:
        content = mapping(node.get("content"), f"{where}/content")
        required = node.get("required") is True
        for kind in sorted(content, key=lambda kind: (kind.lower() != "application/json", kind)):
            if _JSON_TYPE.match(kind):
                media = mapping(content[kind], f"{where}/content/{_escaped(kind)}")
                return Body(media.get("schema", {}), tuple(content), True, required)
        return Body(None, tuple(content), False, required)
