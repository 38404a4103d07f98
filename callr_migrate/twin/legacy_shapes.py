"""JSON-RPC v1: a call, and what the things of the account look like in the legacy words and forms."""

from __future__ import annotations

from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin import apps, messages, numbers
from callr_migrate.twin.account import Account
from callr_migrate.twin.model import AudioFile, CallRecord, Message, Number, Order, Scenario, Task, Webhook
from callr_migrate.twin.refusal import RefusedError, Why
from callr_migrate.twin.words import Words

NO_DATE = "0000-00-00 00:00:00"


@dataclass
class Call:
    """One call whose arguments fit the method; `given` are they by the names of the parameters."""

    account: Account
    words: Words
    given: dict[str, Any]

    def sid(self, name: str) -> str:
        """A short id as the account keeps it."""
        return self.words.rest_id(self.given[name])

    def number(self, name: str) -> Number:
        """A number by its legacy id; raises `RefusedError`."""
        return numbers.by_legacy_id(self.account, self.given[name])

    def date(self, name: str) -> int | None:
        """A time; None where it is left out."""
        value = self.given.get(name)
        return None if value is None else self.words.from_legacy_date(value)

    def word(self, enum: str, value: str | None) -> str | None:
        """A constant as the account keeps it; raises `RefusedError`."""
        if value is None:
            return None
        word = self.words.to_rest(enum, value)
        if word is None:
            raise RefusedError(Why.VALUE, enum.rpartition(".")[2], f"cannot be {value!r}")
        return word


def sms(words: Words, message: Message) -> dict[str, Any]:
    """An SMS."""
    return {
        "type": words.to_legacy("SMS.type", message.direction),
        "hash": message.sid.upper(),
        "from": message.sender,
        "to": message.to,
        "text": message.text,
        "options": message.options,
        "b_customer_mode": "PREPAID",
        "b_customer_debit": messages.PRICE * messages.parts(message),
        "status": words.to_legacy("SMS.status", message.status),
        "status_error": None,
        "date_creation": words.legacy_date(message.created),
        "date_update": words.legacy_date(message.updated),
        "date_sent": words.legacy_date(message.sent),
        "date_received": words.legacy_date(message.delivered),
        "parts": messages.parts(message),
    }


def number(words: Words, owned: Number) -> dict[str, Any]:
    """A number."""
    local = "0" + owned.e164[3:]
    return {
        "hash": owned.legacy_id,
        "class": words.to_legacy("DID.class", owned.category),
        "type": words.to_legacy("DID.type", owned.kind),
        "local_number": local,
        "intl_number": owned.e164,
        "country_code": owned.country,
        "app": owned.scenario and owned.scenario.upper(),
        "assigned_at": words.legacy_date(owned.assigned),
        "is_used": owned.scenario is not None,
    }


def app(call: Call, scenario: Scenario) -> dict[str, Any]:
    """An app."""
    params = dict(scenario.params)
    if "format" in params:
        params["format"] = call.words.to_legacy("ACTIONS10.format", params["format"])
    changed = scenario.updated != scenario.created
    return {
        "hash": scenario.sid.upper(),
        "name": scenario.name,
        "p": params,
        "did": [number(call.words, owned) for owned in apps.numbers_of(call.account, scenario.sid)],
        "package": {"name": scenario.kind},
        "date_creation": call.words.legacy_date(scenario.created),
        "date_update": call.words.legacy_date(scenario.updated) if changed else NO_DATE,
    }


def library(words: Words, audio: AudioFile) -> dict[str, Any]:
    """A media."""
    return {
        "id": audio.media_id,
        "hash": audio.sid.upper(),
        "name": audio.name,
        "status": words.to_legacy("Media.Library.status", audio.status),
        "tags": audio.tags,
        "is_editable": True,
    }


def job(words: Words, task: Task) -> dict[str, Any]:
    """A job. Of the states only DONE is known."""
    state = {"done": "DONE", "running": "RUNNING", "cancelled": "CANCELLED"}[task.state]
    return {"id": task.id, "status": state, "result": task.result if task.state == "done" else None}


def call_record(words: Words, record: CallRecord) -> dict[str, Any]:
    """The record of a call."""
    seconds = (record.ended - record.started) // 1000
    return {
        "callid": record.callid,
        "cli_number": record.caller,
        "number": record.callee,
        "did_intl_number": record.callee if record.direction == "inbound" else None,
        "start": words.legacy_date(record.started),
        "answer": words.legacy_date(record.answered),
        "hangup": words.legacy_date(record.ended),
        "duration": seconds,
        "duration_billed": -(-seconds // 60) * 60,
    }


def money(cents: int) -> str:
    """An amount as the legacy API writes it."""
    return f"{cents // 100}.{cents % 100:02d}"


def order(words: Words, reserved: Order) -> dict[str, Any]:
    """A reservation."""
    return {
        "token": reserved.token,
        "expire": words.legacy_date(reserved.expires),
        "items": [{"intl_number": e164, "local_number": "0" + e164[3:]} for e164 in reserved.numbers],
        "cost": {
            "amount_first_month": money(numbers.MONTH * len(reserved.numbers)),
            "amount_per_month": money(numbers.MONTH * len(reserved.numbers)),
            "quantity": len(reserved.numbers),
        },
    }


def webhook(_words: Words, hook: Webhook) -> dict[str, Any]:
    """A subscription."""
    return {"hash": hook.sid.upper(), "type": hook.event, "endpoint": hook.endpoint, "options": hook.options}
