"""The JSON-RPC v1 face: envelopes, arguments held against the rule pack, errors with the legacy codes.

Error codes -32xxx are those of the JSON-RPC 2.0 specification; the service's pages name no others for a malformed
request. Pages say: no batch, no notifications, no named parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.pack.base import Param
from callr_migrate.pack.model import Method
from callr_migrate.twin.account import Account
from callr_migrate.twin.contract import Used
from callr_migrate.twin.exchange import Exchange, masked
from callr_migrate.twin.legacy_answers import METHODS
from callr_migrate.twin.legacy_shapes import Call
from callr_migrate.twin.refusal import RefusedError, Why
from callr_migrate.twin.words import Words

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
# Codes of the service itself, as far as they are known.
_CODES = {
    Why.MISSING: 150,
    Why.VALUE: 151,
    Why.NOT_FOUND: 151,
    Why.FORBIDDEN: 100,
    Why.ROUTING: 1000,
    Why.NOT_ASSIGNABLE: 205,
}
_MESSAGES = {
    Why.MISSING: "PROPERTY_MISSING",
    Why.VALUE: "PROPERTY_VALUE_ERROR",
    Why.NOT_FOUND: "PROPERTY_VALUE_ERROR",
}
_TYPES: dict[str, tuple[type[Any], ...]] = {
    "string": (str,),
    "int": (int,),
    "bool": (bool,),
    "object": (dict,),
    "array": (list,),
}


class RpcError(Exception):
    """The answer is an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LegacyFace:
    """JSON-RPC v1.1 over one account."""

    def __init__(self, account: Account, words: Words) -> None:
        self.account = account
        self.words = words

    def answer(self, exchange: Exchange, body: bytes) -> dict[str, Any]:
        """Do one request; the answer is always an envelope."""
        request_id: Any = None
        try:
            try:
                request = json.loads(body)
            except (ValueError, RecursionError):
                raise RpcError(PARSE_ERROR, "Parse error") from None
            method, params, request_id = self._read(request)
            exchange.wire = shown(method, params)
            return {"jsonrpc": "2.0", "id": request_id, "result": self.call(exchange, method, params)}
        except RpcError as refusal:
            exchange.error = refusal.message
            return {
                "jsonrpc": "2.0",
                "id": request_id,
                "error": {"code": refusal.code, "message": refusal.message},
            }

    @staticmethod
    def _read(request: Any) -> tuple[str, Any, Any]:
        if isinstance(request, list):
            raise RpcError(INVALID_REQUEST, "Invalid Request: batches are not supported")
        if not isinstance(request, dict) or request.get("jsonrpc") != "2.0":
            raise RpcError(INVALID_REQUEST, "Invalid Request")
        method, params = request.get("method"), request.get("params", [])
        if not isinstance(method, str) or not isinstance(params, (list, dict)):
            raise RpcError(INVALID_REQUEST, "Invalid Request")
        request_id = request.get("id")
        if "id" not in request:
            raise RpcError(INVALID_REQUEST, "Invalid Request: notifications are not supported")
        if isinstance(request_id, (bool, list, dict)):
            raise RpcError(INVALID_REQUEST, "Invalid Request")
        return method, params, request_id

    def call(self, exchange: Exchange, method: str, params: Any) -> Any:
        """One method with its parameters; raises `RpcError`."""
        rule = self.words.pack.methods.get(method)
        if rule is None:
            raise RpcError(METHOD_NOT_FOUND, f"Method not found: {method}")
        exchange.used.append(Used(f"legacy {method}", rule.evidence or Evidence.UNKNOWN))
        if isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, "Invalid params: they must be a list")
        try:
            given = self._arguments(rule, params)
            if method in METHODS:
                return METHODS[method](Call(self.account, self.words, given))
            return self._made_up(exchange, rule, params)
        except RefusedError as refusal:
            exchange.error = refusal.message
            name = _MESSAGES.get(refusal.why)
            raise RpcError(
                _CODES[refusal.why], f"{name} [{refusal.what}]" if name else refusal.message
            ) from None

    def _arguments(self, rule: Method, params: list[Any]) -> dict[str, Any]:
        """Arguments by name, held against what the pack says of the parameters; raises `RefusedError`."""
        if rule.params is None:
            return {str(index): value for index, value in enumerate(params)}
        if len(params) > len(rule.params):
            raise RefusedError(Why.VALUE, str(len(params)), "has more arguments than the method takes")
        given: dict[str, Any] = {}
        for index, param in enumerate(rule.params):
            value = params[index] if index < len(params) else None
            if value is None:
                if index < rule.required and not param.optional:
                    raise RefusedError(Why.MISSING, param.name, "is missing")
                given[param.name] = None
                continue
            self._check(param, value)
            given[param.name] = value
        return given

    def _check(self, param: Param, value: Any) -> None:
        if param.format == "media":
            return
        kinds = _TYPES.get(param.type)
        # An empty map of some languages is an empty list.
        fits = kinds is None or isinstance(value, kinds) or (param.type == "object" and value == [])
        if not fits or (param.type == "int" and isinstance(value, bool)):
            raise RefusedError(Why.VALUE, param.name, f"must be of the type {param.type}")
        if isinstance(value, str):
            self._check_text(param, value)

    def _check_text(self, param: Param, value: str) -> None:
        kind = self.words.pack.identifiers.get(param.format or "")
        if kind is not None and not re.fullmatch(kind.legacy, value):
            raise RefusedError(Why.VALUE, param.name, f"{value!r} is no {param.format}")
        if param.format == "datetime" and self.words.from_legacy_date(value) is None:
            raise RefusedError(Why.VALUE, param.name, f"{value!r} is no date")
        if param.enum is not None and value not in self.words.pack.enums[param.enum].values:
            raise RefusedError(Why.VALUE, param.name, f"cannot be {value!r}")

    def _made_up(self, exchange: Exchange, rule: Method, params: list[Any]) -> Any:
        """What a method that the twin does not do answers: something of its type."""
        self.account.act(rule.method, arguments=params)
        self.account.state.others.append([rule.method, params])
        exchange.unproven.append(f"the twin does not do {rule.method}: its answer is made up from its type")
        return self._of_type(rule)

    def _of_type(self, rule: Method) -> Any:
        returns = rule.returns
        made: dict[str, Callable[[], Any]] = {
            "bool": lambda: True,
            "int": lambda: self.account.state.made.get("other", 0),
            "array": list,
            "map": dict,
        }
        if returns.type in made:
            return made[returns.type]()
        if returns.type == "string":
            return self.account.new_long_id("other") if returns.format == "hid" else self._new_id()
        if returns.type == "object":
            fields = self.words.pack.objects[returns.object].fields if returns.object else {}
            return {**dict.fromkeys(fields), "hash": self._new_id()}
        return None

    def _new_id(self) -> str:
        return self.account.new_id("other").upper()


def shown(method: str, params: Any) -> str:
    """A call as people write it."""
    try:
        text = json.dumps(masked(params), ensure_ascii=False)
    except (TypeError, ValueError):
        text = "..."
    return f"{method} {text if len(text) <= 300 else text[:300] + '...'}"
