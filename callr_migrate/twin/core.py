"""One request -> one answer: which API it is for, who asks, faults, the account, and the record of it all.

Knows nothing of servers: `app` brings the requests.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import parse_qsl, unquote

from callr_migrate.pack.model import RulePack
from callr_migrate.pack.openapi import path_of
from callr_migrate.records import dataclass
from callr_migrate.twin import background, old_rest, webhooks
from callr_migrate.twin.access import LEGACY_SCHEMES, REST_SCHEMES, Access
from callr_migrate.twin.account import Account
from callr_migrate.twin.contract import Contract
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.faults import Fault, Faults
from callr_migrate.twin.legacy import INVALID_REQUEST, LegacyFace
from callr_migrate.twin.rest import RestFace, error
from callr_migrate.twin.words import Words

RPC_PATH = "/json-rpc/v1.1"
OLD_REST_PATH = "/rest/v1.1"
OLD_HOST = "api.thecallr.com"  # JSON-RPC at its root
LARGEST = 16_000_000  # bytes of a body
_KEPT = 100_000  # records
_CHANGES_NOTHING = ("read ", "list ", "search ", "ask ")


@dataclass(frozen=True)
class Asked:
    """A request as it came; `path` and `query` are still percent-encoded, `headers` have names in lower case."""

    verb: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    too_large: bool = False


@dataclass
class Told:
    """The answer; `fault` is what is to be done in its place, or before it."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None
    changed: bool = False


class Core:
    """Both APIs over one account."""

    def __init__(
        self, pack: RulePack, contract: Contract, account: Account, access: Access, faults: Faults
    ) -> None:
        self.account = account
        self.fresh: Callable[[], Account] | None = None  # makes an account as the twin began with
        self.words = Words(pack)
        self.access = access
        self.faults = faults
        self.contract = contract
        self.rest_path = path_of(pack.service.base_url.value)
        self.legacy = LegacyFace(account, self.words)
        self.rest = RestFace(account, self.words, contract)
        self.exchanges: list[Exchange] = []
        self.counted: Counter[str] = Counter()

    def restart(self, account: Account) -> None:
        """Go on with another account, and begin to count anew."""
        self.account = self.legacy.account = self.rest.account = account
        self.exchanges = []
        self.counted = Counter()

    def answer(self, asked: Asked) -> Told:
        """Do one request; raises nothing that is the request's fault."""
        self.account.clock.tick()
        background.settle(self.account)
        credit = self.account.state.credit
        exchange = Exchange(sum(self.counted.values()) + 1, self.account.now, self._api(asked), "")
        exchange.wire = self._wire(exchange.api, asked)
        fault = self.faults.of(exchange.wire) if exchange.api != "other" else None
        if fault is not None and fault.kind != "slow":
            told = _faulty(exchange.api, fault)
        else:
            told = self._told(exchange, asked)
        told.fault = fault
        exchange.fault = str(fault) if fault else None
        exchange.status = told.status
        exchange.acts = self.account.take_acts()
        background.settle(self.account)
        background.credit_events(self.account, credit)
        webhooks.queue(self.account, self.words)
        told.changed = any(not act.name.startswith(_CHANGES_NOTHING) for act in exchange.acts)
        self.counted[exchange.api] += 1
        self.exchanges.append(exchange)
        del self.exchanges[:-_KEPT]
        return told

    def _api(self, asked: Asked) -> str:
        host = asked.headers.get("host", "").partition(":")[0].lower()
        path = asked.path
        if path == RPC_PATH or path.startswith(f"{RPC_PATH}/") or (host == OLD_HOST and path in ("", "/")):
            return "json-rpc"
        if path == self.rest_path or path.startswith(f"{self.rest_path}/"):
            return "rest-v2"
        if path.startswith(f"{OLD_REST_PATH}/"):
            return "rest-v1.1"
        return "other"

    @staticmethod
    def _wire(api: str, asked: Asked) -> str:
        if api == "json-rpc":
            try:
                request = json.loads(asked.body)
                return str(request["method"])
            except (ValueError, TypeError, KeyError, RecursionError):
                return "a malformed request"
        return f"{asked.verb} {unquote(asked.path)}" + (f"?{unquote(asked.query)}" if asked.query else "")

    def _told(self, exchange: Exchange, asked: Asked) -> Told:
        if exchange.api == "json-rpc":
            return self._json_rpc(exchange, asked)
        if exchange.api == "rest-v1.1":
            return self._old_rest(exchange, asked)
        if exchange.api == "rest-v2":
            return self._rest(exchange, asked)
        exchange.error = "there is no such address"
        return Told(404, error(404, "not-found", f"there is no {asked.path}").body)

    def _json_rpc(self, exchange: Exchange, asked: Asked) -> Told:
        if asked.verb != "POST":
            exchange.error = "must be a POST"
            return Told(405, None, {"allow": "POST"})
        if not self.access.admits(asked.headers, LEGACY_SCHEMES):
            exchange.error = "wrong credentials"
            return Told(401, None, {"www-authenticate": 'Basic realm="Callr"'})
        if asked.too_large:
            exchange.error = "the body is too large"
            told = {"code": INVALID_REQUEST, "message": "Invalid Request: the body is too large"}
            return Told(200, {"jsonrpc": "2.0", "id": None, "error": told})
        return Told(200, self.legacy.answer(exchange, asked.body))

    def _old_rest(self, exchange: Exchange, asked: Asked) -> Told:
        if not self.access.admits(asked.headers, ("basic",)):
            exchange.error = "wrong credentials"
            told = {"code": 401, "message": "authentication failed"}
            return Told(401, {"status": "error", "data": told})
        if asked.too_large:
            exchange.error = "the body is too large"
            return Told(400, {"status": "error", "data": {"code": 151, "message": exchange.error}})
        path = unquote(asked.path[len(OLD_REST_PATH) :])
        query = dict(parse_qsl(asked.query, keep_blank_values=True))
        return Told(*old_rest.answer(self.legacy, exchange, asked.verb, path, query, asked.body))

    def _rest(self, exchange: Exchange, asked: Asked) -> Told:
        if not self.access.admits(asked.headers, REST_SCHEMES):
            exchange.error = "wrong credentials"
            answer = error(401, "unauthorized", "authentication failed")
            return Told(401, answer.body, {"www-authenticate": 'Basic realm="Callr"'})
        if asked.too_large:
            exchange.error = f"the body has more than {LARGEST} bytes"
            return Told(400, error(400, "bad-request", exchange.error).body)
        path = asked.path[len(self.rest_path) :] or "/"
        query = parse_qsl(asked.query, keep_blank_values=True)
        kind = asked.headers.get("content-type", "")
        answer = self.rest.answer(exchange, asked.verb, path, query, asked.body, kind)
        headers = {"allow": "see the message"} if answer.status == 405 else {}
        return Told(answer.status, answer.body, headers)


def _faulty(api: str, fault: Fault) -> Told:
    status = int(fault.kind) if fault.kind.isdigit() else 504
    body = None if api == "json-rpc" else error(status, "fault", "a fault on purpose").body
    headers = {"retry-after": "1"} if status == 429 else {}
    return Told(status, body, headers)
