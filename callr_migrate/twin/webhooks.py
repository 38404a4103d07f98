"""Deliveries of events: v1 and v2 envelopes, signed if the subscription has a secret, to loopback addresses only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from callr_migrate.twin import legacy_shapes, rest_answers
from callr_migrate.twin.account import Account
from callr_migrate.twin.clock import formatted
from callr_migrate.twin.model import AudioFile, CallRecord, Delivery, Message, Number, Task
from callr_migrate.twin.words import Words

TIMEOUT = 5.0  # seconds: the facts
TRIES = 10
SIGNATURE, EVENT_ID = "X-CALLR-HmacSignature", "X-CALLR-EventId"
_FIRST_PAUSE = 1_000  # milliseconds; doubled at each try
_LEGACY: dict[type[Any], Callable[[Words, Any], Any]] = {
    Message: legacy_shapes.sms,
    Number: legacy_shapes.number,
    Task: legacy_shapes.job,
    AudioFile: legacy_shapes.library,
    CallRecord: legacy_shapes.call_record,
}
_REST: dict[type[Any], Callable[[Words, Any], Any]] = {
    Message: rest_answers.sms,
    Number: rest_answers.number,
    Task: rest_answers.task,
    AudioFile: rest_answers.audio_file,
    CallRecord: rest_answers.call_record,
}


def queue(account: Account, words: Words) -> None:
    """Turn what happened into deliveries."""
    events, account.events = account.events, []
    for event, thing in events:
        known = words.pack.events[event]
        for hook in account.state.webhooks.values():
            if hook.event == event:
                _add(account, event, hook.endpoint, _seen(_LEGACY, words, thing), hook.sid, hook.options)
            elif hook.event == known.to:
                _add(account, hook.event, hook.endpoint, _seen(_REST, words, thing), hook.sid, hook.options)
        own = _own_endpoint(thing)
        if own is not None:
            _add(account, event, own, _seen(_LEGACY, words, thing), None, {})


def _own_endpoint(thing: Any) -> str | None:
    """The address that came with the one request, which no subscription stands for."""
    if isinstance(thing, Task):
        return thing.hook
    if isinstance(thing, Message) and isinstance(thing.options.get("webhook"), dict):
        endpoint = thing.options["webhook"].get("endpoint")
        return endpoint if isinstance(endpoint, str) else None
    return None


def _seen(shapes: dict[type[Any], Callable[[Words, Any], Any]], words: Words, thing: Any) -> Any:
    shape = shapes.get(type(thing))
    return shape(words, thing) if shape else {}


def _add(
    account: Account, event: str, endpoint: str, payload: Any, hook: str | None, options: dict[str, Any]
) -> None:
    delivery = Delivery(
        id=account.new_long_id("event"),
        event=event,
        endpoint=endpoint,
        at=account.now,
        next_at=account.now,
        payload=payload,
        hook=hook,
        options=options,
    )
    if loopback(endpoint) is None:
        delivery.state = "not loopback"
    account.state.deliveries.append(delivery)


def loopback(endpoint: str) -> SplitResult | None:
    """The address in parts; None if it is not plain HTTP to this machine."""
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return None
    if parts.scheme != "http":
        return None
    if host == "localhost":
        return parts
    try:
        return parts if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


def due(account: Account) -> list[Delivery]:
    """Those that are to be tried now."""
    return [one for one in account.state.deliveries if one.state == "waiting" and one.next_at <= account.now]


def envelope(delivery: Delivery) -> bytes:
    """The body, in the form of the API that the event's name is of."""
    at = formatted(delivery.at, "%Y-%m-%dT%H:%M:%S.%fZ")
    if delivery.event.startswith("v2."):
        data = {
            "id": delivery.id,
            "at": at,
            "sid": delivery.hook,
            "type": delivery.event,
            "try": delivery.tries,
            "payload": delivery.payload,
        }
    else:
        data = {
            "event_id": delivery.id,
            "event_at": at,
            "hook_hash": delivery.hook and delivery.hook.upper(),
            "try": delivery.tries,
            "type": delivery.event,
            "data": delivery.payload,
        }
    return json.dumps(data).encode()


def headers(delivery: Delivery, body: bytes) -> dict[str, str]:
    """Those of the legacy API; how v2 calls its own is not known."""
    found = {"Content-Type": "application/json", EVENT_ID: delivery.id}
    secret = delivery.options.get("hmac_secret")
    if isinstance(secret, str) and secret:
        algorithm = hashlib.md5 if delivery.options.get("hmac_algo") == "MD5" else hashlib.sha256
        found[SIGNATURE] = base64.b64encode(hmac.new(secret.encode(), body, algorithm).digest()).decode()
    return found


def post(endpoint: str, body: bytes, headers: dict[str, str]) -> bool:
    """Deliver once; True for a 2xx answer in time. Blocks for five seconds at most."""
    parts = loopback(endpoint)
    if parts is None:
        return False
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        return 200 <= connection.getresponse().status < 300
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def settle(account: Account, delivery: Delivery, *, arrived: bool) -> None:
    """Take note of one try."""
    delivery.tries += 1
    if arrived:
        delivery.state = "delivered"
    elif delivery.tries >= TRIES:
        delivery.state = "failed"
    else:
        delivery.next_at = account.now + _FIRST_PAUSE * 2**delivery.tries
