"""REST v2: what each operation does to the account, and what it answers.

An answer whose fields no page shows is an empty object: a program that reads a made-up field of it fails here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin import apps, background, media, messages, numbers
from callr_migrate.twin.account import Account
from callr_migrate.twin.clock import parse_instant
from callr_migrate.twin.model import AudioFile, CallRecord, Message, Number, Scenario, Task
from callr_migrate.twin.refusal import RefusedError, Why
from callr_migrate.twin.words import Words

_NOTHING_KNOWN: dict[str, Any] = {}


@dataclass
class Call:
    """One request that the contract allows."""

    account: Account
    words: Words
    path: dict[str, str]
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None

    def sid(self, name: str = "sid") -> str:
        """A short id from the path; raises `RefusedError` for one that is not in lower case."""
        value = self.path[name]
        if value != value.lower() or not self.words.legacy_id.fullmatch(value.upper()):
            raise RefusedError(Why.VALUE, name, f"{value!r} is no sid: eight letters and digits, lower case")
        return value

    def instant(self, name: str) -> int | None:
        """A time of the query; raises `RefusedError`."""
        if name not in self.query:
            return None
        try:
            return parse_instant(self.query[name])
        except ValueError as error:
            raise RefusedError(Why.VALUE, name, str(error)) from None

    def number(self) -> Number:
        """The number in the path; raises `RefusedError`."""
        value = self.path["number"]
        if not numbers.is_number(value):
            raise RefusedError(Why.VALUE, "number", f"{value!r} is no number in its E.164 form")
        return numbers.by_e164(self.account, value)


@dataclass(frozen=True)
class Answer:
    """Status and JSON body; None for an empty one."""

    status: int = 200
    body: Any = None


def page(call: Call, rows: list[Any], shown: Callable[[Any], Any], sort: str, keys: dict[str, str]) -> Answer:
    """One page of a search, by `offset`, `limit`, `sort` and `order`."""
    forms = call.words.pack.pages
    assert forms is not None
    offset = int(call.query.get(forms.offset, 0))
    limit = int(call.query.get(forms.limit, forms.default_limit))
    key = call.query.get("sort", sort)
    if key not in keys:
        raise RefusedError(Why.VALUE, "sort", f"cannot be {key!r}")
    rows = sorted(
        rows, key=lambda row: getattr(row, keys[key]), reverse=call.query.get("order", "desc") == "desc"
    )
    part = rows[offset : offset + limit]
    return Answer(
        200,
        {
            forms.offset: offset,
            forms.total: len(rows),
            forms.more: offset + len(part) < len(rows),
            forms.hits: [shown(row) for row in part],
        },
    )


# What things look like


def sms(words: Words, message: Message) -> dict[str, Any]:
    """An SMS; `error`, `network`, `cost` and `paymentType` are left out, since nobody knows what they hold."""
    return {
        "direction": message.direction,
        "sid": message.sid,
        "from": message.sender,
        "to": message.to,
        "body": {"text": message.text},
        "trafficType": message.traffic or "marketing",
        "status": message.status,
        "created": words.rest_date(message.created),
        "delivered": words.rest_date(message.delivered),
        "updated": words.rest_date(message.updated),
        "sent": words.rest_date(message.sent),
        "parts": messages.parts(message),
        "encoding": messages.encoding(message),
        "statusHistory": [
            {"before": before, "after": after, "at": words.rest_date(at)}
            for before, after, at in message.history
        ],
    }


def number(words: Words, owned: Number) -> dict[str, Any]:
    """A number as a scenario lists it."""
    return {
        "e164": owned.e164,
        "class": owned.category,
        "type": owned.kind,
        "assigned": words.rest_date(owned.assigned),
        "country": owned.country,
    }


def scenario(call: Call, app: Scenario) -> dict[str, Any]:
    """A scenario."""
    return {
        "sid": app.sid,
        "name": app.name,
        "script": app.params.get("script", ""),
        "format": "yaml",
        "numbers": [number(call.words, owned) for owned in apps.numbers_of(call.account, app.sid)],
        "version": app.version,
        "created": call.words.rest_date(app.created),
        "updated": call.words.rest_date(app.updated),
    }


def audio_file(_words: Words, audio: AudioFile) -> dict[str, Any]:
    """An audio file: of its fields, the three that are known or inferred."""
    return {"sid": audio.sid, "name": audio.name, "status": audio.status}


def task(_words: Words, _task: Task) -> dict[str, Any]:
    """A task, whose fields are not known."""
    return _NOTHING_KNOWN


def call_record(words: Words, call: CallRecord) -> dict[str, Any]:
    """The record of a call, as far as the twin has it."""
    return {
        "direction": call.direction,
        "callid": call.callid,
        "callerNumber": call.caller,
        "callee": call.callee,
        "started": words.rest_date(call.started),
        "answered": words.rest_date(call.answered),
        "ended": words.rest_date(call.ended),
        "status": call.status,
        "durationTotal": (call.ended - call.started) // 1000,
    }


# Operations


def ping(call: Call) -> Answer:
    """Tell the time."""
    call.account.act("ask for the time")
    return Answer(200, {"pong": "pong", "time": call.words.rest_date(call.account.now)})


def send_sms(call: Call) -> Answer:
    """Send an SMS."""
    message = messages.send(
        call.account,
        to=call.query["to"],
        text=call.body["text"],
        sender=call.query.get("from", ""),
        traffic=call.query.get("trafficType"),
        encoding=call.query.get("encoding"),
    )
    return Answer(201, sms(call.words, message))


def read_sms(call: Call) -> Answer:
    """Read one SMS."""
    return Answer(200, sms(call.words, messages.read(call.account, call.sid())))


def search_sms(call: Call) -> Answer:
    """Search SMS."""
    wanted = {
        name: call.query.get(key)
        for name, key in (
            ("direction", "direction"),
            ("sid", "sid"),
            ("sender", "from"),
            ("to", "to"),
            ("text", "text"),
            ("traffic", "trafficType"),
            ("status", "status"),
        )
    }
    found = messages.search(call.account, **wanted)
    return page(call, found, lambda row: sms(call.words, row), "created", {"created": "created"})


def search_scenarios(call: Call) -> Answer:
    """Search scenarios."""
    found = apps.search(call.account, name=call.query.get("name"), kind=call.words.actions_app())
    keys = {"name": "name", "created": "created", "updated": "updated"}
    return page(call, found, lambda row: scenario(call, row), "updated", keys)


def create_scenario(call: Call) -> Answer:
    """Create a scenario."""
    params = {name: call.body[name] for name in ("script", "format") if name in call.body}
    made = apps.create(call.account, call.words.actions_app(), call.body["name"], params)
    return Answer(201, scenario(call, made))


def edit_scenario(call: Call) -> Answer:
    """Edit a scenario."""
    body = call.body if isinstance(call.body, dict) else {}
    params = {name: body[name] for name in ("script", "format") if name in body}
    return Answer(200, scenario(call, apps.edit(call.account, call.sid(), body.get("name"), params)))


def delete_scenario(call: Call) -> Answer:
    """Delete a scenario."""
    apps.delete(call.account, call.sid())
    return Answer(204)


def assign_number(call: Call) -> Answer:
    """Lead a number to a scenario."""
    apps.assign(call.account, call.sid(), call.number())
    return Answer(204)


def remove_number(call: Call) -> Answer:
    """Free a number from a scenario."""
    apps.remove(call.account, call.number(), call.sid())
    return Answer(204)


def run_scenario(call: Call) -> Answer:
    """Start a scenario."""
    apps.start(call.account, call.sid(), call.body)
    return Answer(202, _NOTHING_KNOWN)


def search_numbers(call: Call) -> Answer:
    """Search the account's numbers."""
    found = numbers.search(call.account)
    return page(call, found, lambda row: number(call.words, row), "e164", {"e164": "e164"})


def change_number(call: Call) -> Answer:
    """Change a number: with what fields is not known, so nothing changes."""
    owned = call.number()
    call.account.act("change a number", number=owned.e164, fields=call.body)
    return Answer(200, _NOTHING_KNOWN)


def release_number(call: Call) -> Answer:
    """Give a number back."""
    call.account.act("give a number back", number=call.path["number"])
    numbers.release(call.account, call.number())
    return Answer(204)


def look_in_store(what: str) -> Callable[[Call], Answer]:
    """List something of the store; what such a list holds is not known."""

    def answer(call: Call) -> Answer:
        numbers.list_store(call.account, what)
        return Answer(200, _NOTHING_KNOWN)

    return answer


def reserve(call: Call) -> Answer:
    """Reserve a number: which parameters name it is not known; the answer must hold a token."""
    place = " ".join(str(call.query[name]) for name in ("prefix", "area") if name in call.query)
    order = numbers.reserve(call.account, area_id=None, category="classic", quantity=1, place=place or None)
    return Answer(201, {"token": order.token})


def buy(call: Call) -> Answer:
    """Buy a reservation."""
    numbers.buy(call.account, call.path["token"])
    return Answer(200, _NOTHING_KNOWN)


def cancel_order(call: Call) -> Answer:
    """Cancel a reservation."""
    numbers.cancel(call.account, call.path["token"])
    return Answer(204)


def read_task(call: Call) -> Answer:
    """Read a task."""
    return Answer(200, task(call.words, background.read_task(call.account, call.path["taskid"])))


def cancel_task(call: Call) -> Answer:
    """Cancel a task."""
    background.cancel_task(call.account, call.path["taskid"])
    return Answer(204)


def export_calls(call: Call) -> Answer:
    """Export the records of calls."""
    since, until = call.instant("from"), call.instant("to")
    background.export_calls(call.account, direction=call.query.get("direction"), since=since, until=until)
    return Answer(202, _NOTHING_KNOWN)


def create_audio_file(call: Call) -> Answer:
    """Create an audio file; only its name is read, from JSON."""
    if isinstance(call.body, bytes):
        audio = media.create(call.account, "upload")
        media.fill(call.account, audio, "upload", len(call.body))
    else:
        audio = media.create(call.account, (call.body or {}).get("name", ""))
    return Answer(201, audio_file(call.words, audio))


def read_audio_file(call: Call) -> Answer:
    """Read an audio file."""
    call.account.act("read an audio file", audio=call.path["sid"])
    return Answer(200, audio_file(call.words, media.by_sid(call.account, call.sid())))


def delete_audio_file(call: Call) -> Answer:
    """Delete an audio file."""
    media.delete(call.account, media.by_sid(call.account, call.sid()))
    return Answer(204)


def search_audio_files(call: Call) -> Answer:
    """Search audio files; what that answers is not known."""
    call.account.act("search audio files")
    return Answer(200, _NOTHING_KNOWN)


def fill_audio_file(call: Call) -> Answer:
    """Set an audio file's content; how it is sent is not known."""
    size = len(call.body) if isinstance(call.body, bytes) else 0
    media.fill(call.account, media.by_sid(call.account, call.sid()), "file", size)
    return Answer(204)


def phone_id(call: Call) -> Answer:
    """Get an id to record by telephone; what it looks like is not known."""
    audio = media.by_sid(call.account, call.sid())
    call.account.act("get a phone id", audio=audio.sid)
    return Answer(200, _NOTHING_KNOWN)


def credit(call: Call) -> Answer:
    """Read the credit; how it is told is not known."""
    call.account.act("read the credit")
    return Answer(200, _NOTHING_KNOWN)


def destinations(call: Call) -> Answer:
    """List the destinations; what such a list holds is not known."""
    call.account.act("list the destinations")
    return Answer(200, _NOTHING_KNOWN)


# By verb and the shape of the path below the base address.
OPERATIONS: dict[tuple[str, str], tuple[tuple[str, ...], Callable[[Call], Answer]]] = {
    ("GET", "/ping"): ((), ping),
    ("POST", "/sms"): ((), send_sms),
    ("GET", "/sms"): ((), search_sms),
    ("GET", "/sms/{}"): (("sid",), read_sms),
    ("GET", "/actions"): ((), search_scenarios),
    ("POST", "/actions"): ((), create_scenario),
    ("PATCH", "/actions/{}"): (("sid",), edit_scenario),
    ("DELETE", "/actions/{}"): (("sid",), delete_scenario),
    ("PUT", "/actions/{}/numbers/{}"): (("sid", "number"), assign_number),
    ("DELETE", "/actions/{}/numbers/{}"): (("sid", "number"), remove_number),
    ("POST", "/actions/{}/runs"): (("sid",), run_scenario),
    ("GET", "/numbers"): ((), search_numbers),
    ("PATCH", "/numbers/{}"): (("number",), change_number),
    ("DELETE", "/numbers/{}"): (("number",), release_number),
    ("PUT", "/numbers/{}/scenario/{}"): (("number", "sid"), assign_number),
    ("DELETE", "/numbers/{}/scenario/{}"): (("number", "sid"), remove_number),
    ("POST", "/numbers/store"): ((), reserve),
    ("GET", "/numbers/store/countries"): ((), look_in_store("countries")),
    ("GET", "/numbers/store/types"): ((), look_in_store("types")),
    ("GET", "/numbers/store/prefixes"): ((), look_in_store("prefixes")),
    ("POST", "/numbers/store/{}"): (("token",), buy),
    ("DELETE", "/numbers/store/{}"): (("token",), cancel_order),
    ("POST", "/tasks/{}"): (("taskid",), read_task),
    ("DELETE", "/tasks/{}"): (("taskid",), cancel_task),
    ("POST", "/calls/export"): ((), export_calls),
    ("POST", "/audio-files"): ((), create_audio_file),
    ("GET", "/audio-files"): ((), search_audio_files),
    ("GET", "/audio-files/{}"): (("sid",), read_audio_file),
    ("DELETE", "/audio-files/{}"): (("sid",), delete_audio_file),
    ("PUT", "/audio-files/{}/file"): (("sid",), fill_audio_file),
    ("POST", "/audio-files/{}/file"): (("sid",), fill_audio_file),
    ("PUT", "/audio-files/{}/phone-id"): (("sid",), phone_id),
    ("GET", "/billing/credit"): ((), credit),
    ("GET", "/billing/destinations"): ((), destinations),
}
