"""The legacy REST API v1.1, which has SMS only: four routes onto the legacy methods."""

from __future__ import annotations

import json
import re
from typing import Any

from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.legacy import LegacyFace, RpcError

_STATUS = {100: 403, -32601: 404}


def answer(
    face: LegacyFace, exchange: Exchange, verb: str, path: str, query: dict[str, str], body: bytes
) -> tuple[int, dict[str, Any]]:
    """Status and envelope of one request; `path` is below the base."""
    try:
        method, params = _call(verb, path, query, body)
        return 200, {"status": "success", "data": face.call(exchange, method, params)}
    except RpcError as refusal:
        exchange.error = refusal.message
        told = {"code": refusal.code, "message": refusal.message}
        return _STATUS.get(refusal.code, 400), {"status": "error", "data": told}


def _call(verb: str, path: str, query: dict[str, str], body: bytes) -> tuple[str, list[Any]]:
    if (verb, path) == ("POST", "/sms"):
        try:
            given = json.loads(body)
        except (ValueError, RecursionError):
            raise RpcError(-32700, "the body is no JSON") from None
        if not isinstance(given, dict):
            raise RpcError(-32600, "the body must be an object")
        return "sms.send", [given.get("from", ""), given.get("to"), given.get("body"), given.get("options")]
    if (verb, path) == ("GET", "/sms/send"):
        return "sms.send", [query.get("from", ""), query.get("to"), query.get("body")]
    if (verb, path) == ("GET", "/sms"):
        return "sms.get_list", [query.get("type"), query.get("from"), query.get("to")]
    found = re.fullmatch(r"/sms/([^/]+)", path)
    if verb == "GET" and found:
        return "sms.get", [found[1]]
    raise RpcError(-32601, f"there is no {verb} {path}")
