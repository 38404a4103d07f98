"""What JSON Schemas of an OpenAPI document say of names and values, through `$ref`, `allOf`, `oneOf`, `anyOf`."""

from __future__ import annotations

from dataclasses import field
from typing import Any
from urllib.parse import unquote

from callr_migrate.pack.plain import DocumentError
from callr_migrate.records import dataclass

_SCALARS = {"string", "number", "integer", "boolean", "null"}


class References:
    """Follows the references of one document, within it."""

    def __init__(self, root: Any) -> None:
        """Raises ImportError without the library that resolves them."""
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        registry: Any = Registry().with_resource("", DRAFT202012.create_resource(root))
        self._resolver = registry.resolver()
        self._known: dict[str, Any] = {}
        self._joined: dict[int, tuple[Any, Any]] = {}

    def follow(self, node: Any, where: str) -> Any:
        """What stands for `node` after all references; raises `DocumentError`, with `where` the node stands."""
        seen: list[str] = []
        while isinstance(node, dict) and isinstance(node.get("$ref"), str):
            target = node["$ref"]
            if target in seen:
                raise DocumentError(f"{where}: '$ref' runs in a circle: {' -> '.join([*seen, target])}")
            seen.append(target)
            found = self._lookup(target, where)
            # OpenAPI 3.1 lets a schema say more beside its reference; that more narrows what is referred to.
            node = self._join(node, found)
        return node

    def _join(self, node: dict[str, Any], found: Any) -> Any:
        if id(node) not in self._joined:
            beside = {key: value for key, value in node.items() if key in _BESIDE}
            self._joined[id(node)] = (node, {"allOf": [found, beside]} if beside else found)
        return self._joined[id(node)][1]

    def _lookup(self, target: str, where: str) -> Any:
        from referencing.exceptions import Unresolvable

        if not target.startswith("#"):
            raise DocumentError(remote(target, where))
        if target not in self._known:
            try:
                self._known[target] = self._resolver.lookup(target).contents
            except (Unresolvable, ValueError, TypeError, LookupError):
                raise DocumentError(f"{where}: '$ref' leads nowhere: {unquote(target)}") from None
        return self._known[target]


_BESIDE = (
    "properties",
    "required",
    "additionalProperties",
    "allOf",
    "oneOf",
    "anyOf",
    "enum",
    "const",
    "items",
)


def remote(target: str, where: str) -> str:
    """The message for a reference to another document."""
    return (
        f"{where}: '$ref' to another document, {target!r}: nothing is fetched; "
        "bundle the document into one file first"
    )


@dataclass
class Members:
    """The properties of an object, by name, each with the schemas that speak of it.

    `free`: it says that there may be others. `scalar`: the value is no object at all.
    """

    found: dict[str, list[Any]] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    free: bool = False
    scalar: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a name that is not among them may still be right."""
        return self.free or (not self.found and not self.scalar)


class Schemas:
    """Questions to the schemas of one document.

    Schemas may refer to themselves, and to the same others over and over: answers are kept by identity, so each is
    looked at once, and within a circle it adds nothing to itself.
    """

    def __init__(self, references: References) -> None:
        self.references = references
        # Beside each answer its schema, whose identity must not go to another one.
        self._members: dict[int, tuple[Any, Members]] = {}
        self._items: dict[int, tuple[Any, list[Any]]] = {}
        self._values: dict[int, tuple[Any, set[str] | None]] = {}

    def members(self, schema: Any, where: str) -> Members:
        """The properties of `schema`, as an object; raises `DocumentError`."""
        node = self.references.follow(schema, where)
        if isinstance(node, bool):
            return Members(free=node)
        if not isinstance(node, dict):
            raise DocumentError(f"{where}: a schema must be a mapping")
        if id(node) not in self._members:
            self._members[id(node)] = (node, Members())
            self._members[id(node)] = (node, self._all_members(node, where))
        return self._members[id(node)][1]

    def _all_members(self, node: dict[str, Any], where: str) -> Members:
        result = Members()
        for name, value in mapping(node.get("properties"), f"{where}/properties").items():
            result.found.setdefault(name, []).append(value)
        required = node.get("required")
        # `required: true`, an old habit, is no list of names.
        if isinstance(required, list):
            result.required |= {name for name in required if isinstance(name, str)}
        result.free = any(node.get(key) not in (None, False) for key in _MORE)
        kinds = node.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        result.scalar = all(isinstance(kind, str) and kind in _SCALARS for kind in kinds)
        for part in _parts(node, "allOf", where):
            _merge(result, self.members(part, f"{where}/allOf"))
        for key in ("then", "else"):
            if key in node:
                _merge(result, self.members(node[key], f"{where}/{key}"), sure=False)
        for key in ("oneOf", "anyOf"):
            parts = [self.members(part, f"{where}/{key}") for part in _parts(node, key, where)]
            _add_alternatives(result, [part for part in parts if not part.scalar])
        return result

    def items(self, schema: Any, where: str) -> list[Any]:
        """The schemas of a list's items; none if it is no list."""
        node = self.references.follow(schema, where)
        if not isinstance(node, dict):
            return []
        if id(node) not in self._items:
            self._items[id(node)] = (node, [])
            found = [node["items"]] if "items" in node else []
            for key in ("allOf", "oneOf", "anyOf"):
                for part in _parts(node, key, where):
                    known = {id(item) for item in found}
                    found += [item for item in self.items(part, f"{where}/{key}") if id(item) not in known]
            self._items[id(node)] = (node, found)
        return self._items[id(node)][1]

    def values(self, schema: Any, where: str) -> set[str] | None:
        """The texts that a value may be; None if they are not listed. Those of a list are those of its items."""
        node = self.references.follow(schema, where)
        if not isinstance(node, dict):
            return None
        if id(node) not in self._values:
            self._values[id(node)] = (node, None)
            self._values[id(node)] = (node, self._all_values(node, where))
        return self._values[id(node)][1]

    def _all_values(self, node: dict[str, Any], where: str) -> set[str] | None:
        stated: list[set[str] | None] = []
        if isinstance(node.get("enum"), list):
            stated.append({value for value in node["enum"] if isinstance(value, str)})
        if isinstance(node.get("const"), str):
            stated.append({node["const"]})
        stated += [self.values(part, f"{where}/allOf") for part in _parts(node, "allOf", where)]
        for key in ("oneOf", "anyOf"):
            alternatives = [
                self.values(part, f"{where}/{key}")
                for part in _parts(node, key, where)
                if not (isinstance(part, dict) and part.get("type") == "null")
            ]
            if alternatives and None not in alternatives:
                stated.append({value for values in alternatives for value in values or ()})
        if "items" in node:
            stated.append(self.values(node["items"], f"{where}/items"))
        known = [values for values in stated if values is not None]
        return set.intersection(*known) if known else None


_MORE = ("additionalProperties", "patternProperties", "unevaluatedProperties")


def _merge(result: Members, part: Members, *, sure: bool = True) -> None:
    for name, schemas in part.found.items():
        have = result.found.setdefault(name, [])
        known = {id(schema) for schema in have}
        have += [schema for schema in schemas if id(schema) not in known]
    result.free |= part.free
    if sure:
        result.required |= part.required
        result.scalar |= part.scalar


def _add_alternatives(result: Members, parts: list[Members]) -> None:
    if not parts:
        return
    for part in parts:
        _merge(result, part, sure=False)
        # An alternative of which nothing is told may hold anything, unless it only demands what stands beside it.
        result.free |= not part.found and not part.required
    result.required |= set.intersection(*(part.required for part in parts))


def _parts(node: dict[str, Any], key: str, where: str) -> list[Any]:
    parts = node.get(key, [])
    if not isinstance(parts, list):
        raise DocumentError(f"{where}/{key}: must be a list")
    return parts


def mapping(node: Any, where: str) -> dict[str, Any]:
    """`node`, if it is a mapping, empty for nothing; raises `DocumentError`."""
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise DocumentError(f"{where}: must be a mapping")
    return node
