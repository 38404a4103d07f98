"""Both Callr APIs, put in place of the network inside one process.

`install` replaces what stands just above the sockets: `urllib.request.urlopen` (the SDKs), httpx's transport and
requests' adapter. Both APIs work on one `Account`, so a half-migrated program sees one Callr. A socket that is
opened all the same raises.

The REST face is strict where the facts are known and opaque where they are not: an answer whose fields no page
shows is an empty object, so a rewritten program that reads a made-up field fails.
"""

from __future__ import annotations

import base64
import email.message
import io
import json
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
import urllib.response
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from account import JOB, LEGACY_DATE, LEGACY_ID, LOGIN, PASSWORD, REST_DATE, Account, RefusedError, Sms

LEGACY_URLS = ("https://api.callr.com/json-rpc/v1.1/", "https://api.thecallr.com/")
REST_URL = "https://api.callr.com/v2.0"

STATUS = {
    "CREATED": "created",
    "PENDING": "pending",
    "SENT": "sent",
    "REMOTE_QUEUED": "remote-queued",
    "RECEIVED": "delivered",
    "EXPIRED": "expired",
    "FAILED": "failed",
    "ERROR": "error",
}

# The path answers, but no page shows with what.
UNKNOWN_SHAPE: dict[str, Any] = {}


@dataclass
class Record:
    """What went over the wire, in order."""

    requests: list[list[Any]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


class LegacyFace:
    """JSON-RPC v1: a method name and positional parameters."""

    def __init__(self, account: Account, record: Record) -> None:
        self.account = account
        self.record = record

    def __call__(self, method: str, params: Any) -> Any:
        self.record.requests.append(["rpc", method, params])
        if not isinstance(params, list):
            raise RefusedError(-32602, "Invalid params")
        answer = getattr(self, re.sub(r"\W", "_", method), None)
        if answer is None:
            self.record.unknown.append(method)
            raise RefusedError(-32601, f"Method not found: {method}")
        try:
            return answer(*params)
        except TypeError as error:
            if "positional argument" not in str(error):
                raise
            raise RefusedError(150, "PROPERTY_MISSING") from error

    @staticmethod
    def _id(value: str) -> str:
        if not isinstance(value, str) or not LEGACY_ID.fullmatch(value):
            raise RefusedError(151, "INVALID_PARAM_FORMAT [hash]")
        return value

    def system_get_timestamp(self) -> int:
        return int(time.time())

    def sms_send(self, sender: str, to: str, body: str, options: dict[str, Any] | None = None) -> str:
        extra = dict(options or {})
        nature, encoding = extra.pop("nature", None), extra.pop("force_encoding", None)
        return self.account.send_sms(sender, to, body, nature, encoding, extra).id

    def sms_get(self, sms_id: str) -> dict[str, Any]:
        message = self.account.find_sms(self._id(sms_id))
        return {
            "type": "OUT",
            "hash": message.id,
            "from": message.sender,
            "to": message.to,
            "text": message.text,
            "status": message.status,
            "status_error": None,
            "date_creation": "2026-11-02 08:29:58",
            "date_update": message.received or message.sent,
            "date_sent": message.sent,
            "date_received": message.received,
            "parts": 1,
        }

    def sms_get_count_for_body(self, body: str) -> int:
        return 1 + len(body) // 160

    def did_areacode_countries(self) -> list[dict[str, Any]]:
        return [{"code": "FR"}, {"code": "DE"}]

    def did_areacode_types(self, country: str) -> list[dict[str, Any]]:
        return [{"code": "GEOGRAPHIC"}, {"code": "TOLLFREE"}] if country == "FR" else [{"code": "TOLLFREE"}]

    def did_areacode_get_list(self, country: str, kind: str | None) -> list[dict[str, Any]]:
        return [
            {"id": 112, "label": "Paris", "local_prefix": "1", "available": {"CLASSIC": 40}},
            {"id": 269, "label": "Lyon", "local_prefix": "4", "available": {"CLASSIC": 3}},
            {"id": 244, "label": "Nantes", "local_prefix": "2", "available": {"CLASSIC": 0}},
        ]

    def did_store_get_quote(self, area_id: int, number_class: str, quantity: int) -> dict[str, Any]:
        return {}

    def did_store_reserve(self, area_id: int, number_class: str, quantity: int, mode: str) -> dict[str, Any]:
        order = self.account.reserve(area_id)
        return {
            "token": order.token,
            "expire": "2026-11-02 09:00:00",
            "items": [{"intl_number": order.number}],
            "cost": {
                "amount_first_month": order.first_month,
                "amount_per_month": "1.00",
                "quantity": quantity,
            },
        }

    def did_store_buy_order(self, token: str) -> dict[str, Any]:
        did, number = self.account.buy(token)
        return {"success": [{"hash": did, "intl_number": number}], "customer_debit": "1.00"}

    def did_store_cancel_order(self, token: str) -> bool:
        self.account.cancel_order(token)
        return True

    def did_store_cancel_subscription(self, did: str) -> bool:
        self.account.release(self._id(did))
        return True

    def apps_create(self, kind: str, name: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        if kind not in ("ACTIONS10", "CALLTRACKING10", "CLICKTOCALL10", "REALTIME10"):
            raise RefusedError(151, "BAD_APP_TYPE")
        app_id = self.account.create_app(kind, name, params or {})
        return {"hash": app_id, "name": name, "p": params, "did": [], "package": {"name": kind}}

    def apps_assign_did(self, app_id: str, did: str) -> bool:
        self.account.assign(self._id(app_id), self._id(did))
        return True

    def cdr_get(
        self, direction: str, start: str, end: str, app: str | None, number: str | None
    ) -> list[dict[str, Any]]:
        calls = [
            ("IN", "2026-10-05 07:58:12", "+33199001021", 95, 120),
            ("IN", "2026-10-19 16:20:45", "+33199001022", 30, 60),
            ("OUT", "2026-10-20 09:00:03", "+33199001023", 181, 240),
        ]
        return [
            {
                "callid": 1000 + index,
                "start": at,
                "cli_number": other,
                "number": other,
                "duration": duration,
                "duration_billed": billed,
            }
            for index, (kind, at, other, duration, billed) in enumerate(calls)
            if kind == direction and start <= at <= end
        ]

    def cdr_export_async(self, filters: dict[str, Any], webhook: Any = None) -> str:
        filters = dict(filters)
        kind, start, end = (filters.pop(name, None) for name in ("type", "from", "to"))
        if filters or any(text is not None and not LEGACY_DATE.fullmatch(text) for text in (start, end)):
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [filters]")
        self.account.exports.append([kind, start, end])
        return JOB

    def media_library_create(self, name: str) -> int:
        return self.account.create_media(name)

    def media_tts_set_content(
        self, media_id: int, text: str, voice: str, options: dict[str, Any] | None = None
    ) -> bool:
        if type(media_id) is not int or media_id not in self.account.media:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [media_id]")
        self.account.media[media_id]["content"] = [text, voice]
        return True

    def calls_broadcast_1(self, target: dict[str, Any], messages: list[Any], options: Any = None) -> str:
        if any(type(item) is int and item not in self.account.media for item in messages):
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [messages]")
        if not target["number"].startswith("+33"):
            raise RefusedError(100, "FORBIDDEN")
        self.account.broadcasts.append([target, messages, options])
        return self.account.new_id()

    def conference_10_create_room(self, name: str, params: Any, access: list[Any]) -> dict[str, Any]:
        self.account.rooms.append([name, params, access])
        return {"hash": self.account.new_id(), "name": name}

    def jobs_get(self, job_id: str) -> dict[str, Any]:
        if self.account.poll_job(job_id):
            return {"id": job_id, "status": "DONE", "result": {"numbers_imported": 42}}
        return {"id": job_id, "status": "RUNNING", "result": None}

    def webhooks_subscribe(self, kind: str, endpoint: str, options: Any = None) -> dict[str, Any]:
        self.account.hooks.append([kind, endpoint, options])
        return {"hash": self.account.new_id(), "type": kind, "endpoint": endpoint}


@dataclass
class Answer:
    status: int
    body: Any = None

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body).encode()


class RestFace:
    """REST v2, as far as the facts go. What they do not allow is a violation, which fails the test."""

    def __init__(self, account: Account, record: Record) -> None:
        self.account = account
        self.record = record
        self.routes: list[tuple[str, str, set[str], Callable[..., Answer]]] = [
            ("GET", r"/ping", set(), self.ping),
            ("POST", r"/sms", {"to", "from", "encoding", "trafficType"}, self.send_sms),
            ("GET", r"/sms/([^/]+)", set(), self.get_sms),
            ("POST", r"/actions", set(), self.create_scenario),
            ("PUT", r"/actions/([^/]+)/numbers/([^/]+)", set(), self.assign),
            (
                "PUT",
                r"/numbers/([^/]+)/scenario/([^/]+)",
                set(),
                lambda call, n, sid: self.assign(call, sid, n),
            ),
            ("GET", r"/numbers/store/(?:countries|types|prefixes)", {"prefix", "area"}, self.opaque),
            ("POST", r"/numbers/store/([^/]+)", set(), self.buy),
            ("DELETE", r"/numbers/store/([^/]+)", set(), self.cancel_order),
            ("DELETE", r"/numbers/([^/]+)", set(), self.release),
            ("POST", r"/calls/export", {"direction", "from", "to"}, self.export_calls),
            ("POST", r"/tasks/([^/]+)", set(), self.task),
            ("POST", r"/audio-files", set(), self.create_audio_file),
        ]

    def __call__(self, verb: str, url: str, authorization: str | None, content: bytes) -> Answer:
        parts = urllib.parse.urlsplit(url)
        query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        path = parts.path.removeprefix("/v2.0")
        name = f"{verb} {path}"
        body = None
        if content:
            try:
                body = json.loads(content)
            except ValueError:
                self.violation(f"{name}: the body is no JSON")
        self.record.requests.append(["rest", verb, path, {k: v[0] for k, v in query.items()}, body])
        if not url.startswith(REST_URL + "/"):
            self.record.unknown.append(f"{verb} {url}")
            return Answer(404, {"code": "not-found", "message": "no such address"})
        if authorization != basic(LOGIN, PASSWORD):
            return Answer(401, {"code": "unauthorized", "message": "authentication failed"})
        if verb == "GET" and content:
            self.violation(f"{name}: a body with GET")
        for route_verb, pattern, allowed, answer in self.routes:
            match = re.fullmatch(pattern, path)
            if match and verb == route_verb:
                for key, values in query.items():
                    if key not in allowed or len(values) != 1:
                        self.violation(f"{name}: query {key}={values}")
                arguments = [urllib.parse.unquote(part) for part in match.groups()]
                try:
                    return answer({"name": name, "query": query, "body": body}, *arguments)
                except RefusedError as refusal:
                    return Answer(400, {"code": "bad-request", "message": refusal.message})
        self.record.unknown.append(name)
        return Answer(404, {"code": "not-found", "message": name})

    def violation(self, text: str) -> None:
        self.record.violations.append(text)

    def _id(self, call: dict[str, Any], sid: str) -> str:
        if not re.fullmatch(r"[a-z0-9]{8}", sid):
            self.violation(f"{call['name']}: {sid!r} is no sid")
            raise RefusedError(151, "bad sid")
        return sid.upper()

    def _number(self, call: dict[str, Any], number: str) -> str:
        for did, owned in self.account.numbers.items():
            if owned == number:
                return did
        self.violation(f"{call['name']}: {number!r} is no number of the account")
        raise RefusedError(151, "bad number")

    def _no_body(self, call: dict[str, Any]) -> None:
        if call["body"] is not None:
            self.violation(f"{call['name']}: a body whose fields no page shows")

    def _fields(self, call: dict[str, Any], required: set[str], optional: set[str] = frozenset()) -> Any:  # type: ignore[assignment]
        body = call["body"]
        names = set(body) if isinstance(body, dict) else set()
        if not required <= names <= required | optional:
            self.violation(f"{call['name']}: body {body!r}")
            raise RefusedError(151, "bad body")
        return body

    def ping(self, call: dict[str, Any]) -> Answer:
        return Answer(200, {"pong": "pong", "time": "2026-11-02T08:30:00.000Z"})

    def opaque(self, call: dict[str, Any]) -> Answer:
        return Answer(200, UNKNOWN_SHAPE)

    def send_sms(self, call: dict[str, Any]) -> Answer:
        query = {key: values[0] for key, values in call["query"].items()}
        text = self._fields(call, {"text"})["text"]
        if query.get("trafficType", "marketing") not in ("marketing", "alerting"):
            self.violation(f"{call['name']}: trafficType {query['trafficType']}")
        if query.get("encoding", "gsm") not in ("gsm", "unicode"):
            self.violation(f"{call['name']}: encoding {query['encoding']}")
        if "to" not in query:
            self.violation(f"{call['name']}: nobody to send to")
            raise RefusedError(150, "to is missing")
        nature, encoding = query.get("trafficType"), query.get("encoding")
        message = self.account.send_sms(
            query.get("from", ""),
            query["to"],
            text,
            nature and nature.upper(),
            encoding and encoding.upper(),
            {},
        )
        return Answer(201, self._sms(message))

    def get_sms(self, call: dict[str, Any], sid: str) -> Answer:
        self._no_body(call)
        return Answer(200, self._sms(self.account.find_sms(self._id(call, sid))))

    @staticmethod
    def _sms(message: Sms) -> dict[str, Any]:
        def rfc3339(value: str | None) -> str | None:
            return value and value.replace(" ", "T") + ".000Z"

        return {
            "direction": "outbound",
            "sid": message.id.lower(),
            "from": message.sender,
            "to": message.to,
            "body": {"text": message.text},
            "trafficType": (message.nature or "MARKETING").lower(),
            "status": STATUS[message.status],
            "created": "2026-11-02T08:29:58.000Z",
            "updated": rfc3339(message.received or message.sent),
            "sent": rfc3339(message.sent),
            "delivered": rfc3339(message.received),
            "parts": 1,
        }

    def create_scenario(self, call: dict[str, Any]) -> Answer:
        body = self._fields(call, {"name", "script"}, {"format"})
        if body.get("format", "yaml") != "yaml":
            self.violation(f"{call['name']}: format {body['format']}")
        app_id = self.account.create_app(
            "ACTIONS10", body["name"], {"format": "YAML", "script": body["script"]}
        )
        return Answer(201, {**body, "format": "yaml", "sid": app_id.lower(), "numbers": []})

    def assign(self, call: dict[str, Any], sid: str, number: str) -> Answer:
        self._no_body(call)
        self.account.assign(self._id(call, sid), self._number(call, number))
        return Answer(204)

    def buy(self, call: dict[str, Any], token: str) -> Answer:
        self._no_body(call)
        self.account.buy(token)
        return Answer(200, UNKNOWN_SHAPE)

    def cancel_order(self, call: dict[str, Any], token: str) -> Answer:
        self._no_body(call)
        self.account.cancel_order(token)
        return Answer(204)

    def release(self, call: dict[str, Any], number: str) -> Answer:
        self._no_body(call)
        self.account.release(self._number(call, number))
        return Answer(204)

    def export_calls(self, call: dict[str, Any]) -> Answer:
        self._no_body(call)
        query = {key: values[0] for key, values in call["query"].items()}
        dates = [query.get("from"), query.get("to")]
        for text in dates:
            if text is not None and not REST_DATE.fullmatch(text):
                self.violation(f"{call['name']}: {text!r} is no time in RFC 3339")
        legacy = [text and text[:19].replace("T", " ") for text in dates]
        kinds = {None: None, "inbound": "IN", "outbound": "OUT"}
        self.account.exports.append([kinds[query.get("direction")], *legacy])
        return Answer(202, UNKNOWN_SHAPE)

    def task(self, call: dict[str, Any], task_id: str) -> Answer:
        self._no_body(call)
        self.account.poll_job(task_id)
        return Answer(200, UNKNOWN_SHAPE)

    def create_audio_file(self, call: dict[str, Any]) -> Answer:
        self.account.create_media(self._fields(call, {"name"})["name"])
        return Answer(201, {"status": "pending-content"})


def basic(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def _answered(face: LegacyFace, content: bytes) -> Answer:
    """What the legacy API answers to a payload."""
    sent = json.loads(content)
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": sent["id"]}
    try:
        answer["result"] = face(sent["method"], sent["params"])
    except RefusedError as refusal:
        answer["error"] = {"code": refusal.code, "message": refusal.message}
    return Answer(200, answer)


def _over_http(rest: RestFace, legacy: LegacyFace) -> Callable[..., Answer]:
    """Both APIs by their addresses, for programs that post payloads themselves."""

    def answer(verb: str, url: str, auth: str | None, content: bytes) -> Answer:
        if url not in LEGACY_URLS:
            return rest(verb, url, auth, content)
        return _answered(legacy, content) if auth == basic(LOGIN, PASSWORD) else Answer(401)

    return answer


def _legacy_urlopen(face: LegacyFace) -> Callable[..., Any]:
    def urlopen(request: Any, *_: Any, **__: Any) -> Any:
        headers = email.message.Message()
        if request.full_url not in LEGACY_URLS:
            face.record.unknown.append(request.full_url)
            raise urllib.error.HTTPError(request.full_url, 404, "Not Found", headers, io.BytesIO())
        if request.get_header("Authorization") != basic(LOGIN, PASSWORD):
            raise urllib.error.HTTPError(request.full_url, 401, "Unauthorized", headers, io.BytesIO())
        response = urllib.response.addinfourl(
            io.BytesIO(_answered(face, request.data).content), headers, request.full_url, 200
        )
        response.msg = "OK"
        return response

    return urlopen


def _stub_httpx(face: Callable[..., Answer], down: bool) -> None:
    import httpx

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if down:
            raise httpx.ConnectError("connection refused", request=request)
        answer = face(request.method, str(request.url), request.headers.get("authorization"), request.read())
        headers = {"content-type": "application/json"} if answer.body is not None else {}
        return httpx.Response(answer.status, headers=headers, content=answer.content, request=request)

    httpx.HTTPTransport.handle_request = handle_request  # type: ignore[method-assign]


def _stub_requests(face: Callable[..., Answer], down: bool) -> None:
    import requests

    def send(self: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        if down:
            raise requests.ConnectionError("connection refused", request=request)
        content = request.body or b""
        if isinstance(content, str):
            content = content.encode()
        answer = face(request.method or "", request.url or "", request.headers.get("Authorization"), content)
        response = requests.Response()
        response.status_code = answer.status
        response.reason = "stub"
        response.url = request.url or ""
        response.request = request
        response.raw = io.BytesIO(answer.content)
        return response

    requests.adapters.HTTPAdapter.send = send  # type: ignore[method-assign]


def install(down: bool = False) -> tuple[Account, Record]:
    """Put both APIs in place; with `down`, neither can be reached."""
    account, record = Account(), Record()

    def unreachable(*_: Any, **__: Any) -> Any:
        raise urllib.error.URLError("connection refused")

    legacy = LegacyFace(account, record)
    urllib.request.urlopen = unreachable if down else _legacy_urlopen(legacy)
    both = _over_http(RestFace(account, record), legacy)
    _stub_httpx(both, down)
    _stub_requests(both, down)

    def no_network(*arguments: Any, **_: Any) -> Any:
        record.violations.append(f"the network was used: {arguments[1:]!r}")
        raise RuntimeError("no network here")

    socket.socket.connect = no_network  # type: ignore[method-assign]
    socket.socket.connect_ex = no_network  # type: ignore[method-assign]
    socket.getaddrinfo = no_network
    return account, record
