"""The twin's own requests, under `/_twin/`: look at the account, move its time, let something come in.

Not part of either API. They want a loopback name in the Host header, so that no web page can send them.
"""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from callr_migrate.twin import background, files, messages, webhooks
from callr_migrate.twin.core import Asked, Core, Told
from callr_migrate.twin.model import CallRecord, Webhook

PREFIX = "/_twin/"


def answer(core: Core, asked: Asked) -> Told:
    """One request under the prefix."""
    if not _is_local(asked.headers.get("host", "")):
        return Told(403, {"message": "the twin's own requests are for this machine only"})
    what = asked.path[len(PREFIX) :]
    try:
        given = json.loads(asked.body) if asked.body else {}
        if not isinstance(given, dict):
            raise ValueError("the body must be an object")
        if asked.verb == "GET":
            return _look(core, what)
        if asked.verb == "POST":
            return _do(core, what, given)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        return Told(400, {"message": f"{type(error).__name__}: {error}"})
    return Told(405, {"message": "GET or POST"})


def _is_local(host: str) -> bool:
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
    if name in ("localhost", "testserver"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _look(core: Core, what: str) -> Told:
    if what == "account":
        core.account.state.now = core.account.now
        return Told(200, json.loads(files.dump(core.account.state)))
    if what == "log":
        return Told(200, [exchange.as_json() for exchange in core.exchanges])
    return Told(404, {"message": "there is /_twin/account and /_twin/log"})


def _do(core: Core, what: str, given: dict[str, Any]) -> Told:
    account = core.account
    if what == "reset":
        if core.fresh is None:
            raise ValueError("this twin cannot begin anew")
        core.restart(core.fresh())
        account = core.account
    elif what == "clock":
        account.clock.advance(round(float(given["advance"]) * 1000))
        background.settle(account)
    elif what == "sms":
        messages.receive(account, sender=str(given["from"]), to=str(given["to"]), text=str(given["text"]))
    elif what == "calls":
        _call(core, given)
    elif what == "webhooks":
        event = str(given["type"])
        known = {name for rule in core.words.pack.events.values() for name in (rule.event, rule.to)}
        if event not in known:
            raise ValueError(f"there is no event {event!r}")
        hook = Webhook(
            account.new_id("webhook"), event, str(given["endpoint"]), dict(given.get("options", {}))
        )
        account.state.webhooks[hook.sid] = hook
    elif what == "credit":
        account.state.credit += round(float(given["add"]) * 100)
        account.tell("billing.credit", account.state.credit)
    else:
        return Told(404, {"message": "there is reset, clock, sms, calls, webhooks, credit"})
    webhooks.queue(account, core.words)
    return Told(200, {"now": core.words.rest_date(account.now)}, changed=True)


def _call(core: Core, given: dict[str, Any]) -> None:
    """A call took place, and has just ended."""
    account = core.account
    seconds = int(given.get("seconds", 60))
    direction = str(given.get("direction", "inbound"))
    if direction not in ("inbound", "outbound") or seconds < 0:
        raise ValueError("'direction' is inbound or outbound, 'seconds' is not negative")
    started = account.now - seconds * 1000
    made = account.state.made["call"] = account.state.made.get("call", 0) + 1
    call = CallRecord(
        1000 + made, direction, str(given["from"]), str(given["to"]), started, started, account.now
    )
    account.state.calls.append(call)
    account.tell(f"call.{direction}_start", call)
    account.tell(f"call.{direction}_hangup", call)
