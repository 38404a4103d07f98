"""JSON-RPC v1: what each method does to the account, and what it answers, in the legacy words and forms.

Methods of the pack that are not here are taken note of and answered by what the pack says of their type
(`legacy_made_up`): half-migrated programs still run, and the log marks such answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from callr_migrate.twin import apps, background, media, messages, numbers
from callr_migrate.twin.legacy_shapes import (
    Call,
    app,
    call_record,
    job,
    library,
    money,
    number,
    order,
    sms,
    webhook,
)
from callr_migrate.twin.model import AudioFile, Message, Task, Webhook
from callr_migrate.twin.refusal import RefusedError, Why


def _found(call: Call, rows: list[Any], shown: Callable[[Any], Any]) -> dict[str, Any]:
    """A page of a search, by `offset` and `quantity`."""
    options = call.given.get("options") or {}
    offset, quantity = int(options.get("offset", 0)), int(options.get("quantity", 100))
    part = rows[offset : offset + quantity]
    more = offset + len(part) < len(rows)
    return {"hits": [shown(row) for row in part], "total": len(rows), "offset": offset, "has_more": more}


# Methods


def get_timestamp(call: Call) -> int:
    call.account.act("ask for the time")
    return call.account.now // 1000


def sms_send(call: Call) -> str:
    options = dict(call.given.get("options") or {})
    message = messages.send(
        call.account,
        sender=call.given["from"],
        to=call.given["to"],
        text=call.given["body"],
        traffic=call.word("SMS.nature", options.pop("nature", None)),
        encoding=call.word("SMS.encoding", options.pop("force_encoding", None)),
        options=options,
    )
    return message.sid.upper()


def sms_get(call: Call) -> dict[str, Any]:
    return sms(call.words, messages.read(call.account, call.sid("id")))


def sms_get_list(call: Call) -> list[dict[str, Any]]:
    direction = call.word("SMS.type", call.given["type"])
    found = messages.search(call.account, direction=direction, since=call.date("from"), until=call.date("to"))
    return [sms(call.words, message) for message in found]


def sms_count(call: Call) -> int:
    return messages.parts(Message("", "", "", "", call.given["body"], 0, 0))


def apps_create(call: Call) -> dict[str, Any]:
    kind, params = call.given["type"], dict(call.given.get("params") or {})
    if kind not in call.words.pack.apps:
        raise RefusedError(Why.VALUE, "type", "BAD_APP_TYPE")
    if kind == call.words.actions_app() and not params.get("script"):
        raise RefusedError(Why.MISSING, "script", "is missing")
    if "format" in params and kind == call.words.actions_app():
        params["format"] = call.word("ACTIONS10.format", params["format"])
    return app(call, apps.create(call.account, kind, call.given["name"], params))


def apps_edit(call: Call) -> dict[str, Any]:
    params = dict(call.given.get("params") or {})
    if "format" in params:
        params["format"] = call.word("ACTIONS10.format", params["format"])
    return app(call, apps.edit(call.account, call.sid("app"), call.given.get("name"), params))


def apps_delete(call: Call) -> bool:
    apps.delete(call.account, call.sid("app"))
    return True


def apps_get(call: Call) -> dict[str, Any]:
    call.account.act("read an app", app=call.sid("app"))
    return app(call, apps.find(call.account, call.sid("app")))


def apps_get_list(call: Call) -> list[dict[str, Any]]:
    return [app(call, found) for found in apps.search(call.account)]


def apps_search(call: Call) -> dict[str, Any]:
    name = (call.given.get("filters") or {}).get("name")
    return _found(call, apps.search(call.account, name=name), lambda row: app(call, row))


def apps_assign(call: Call) -> bool:
    apps.assign(call.account, call.sid("app"), call.number("did"))
    return True


def apps_remove(call: Call) -> bool:
    apps.remove(call.account, call.number("did"))
    return True


def apps_get_dids(call: Call) -> list[dict[str, Any]]:
    found = numbers.search(call.account)
    only = call.given.get("only_available")
    return [number(call.words, owned) for owned in found if not (only and owned.scenario)]


def did_search(call: Call) -> dict[str, Any]:
    filters = call.given.get("filters") or {}
    found = numbers.search(
        call.account,
        legacy_id=filters.get("hash"),
        category=call.word("DID.class", filters.get("class")),
        kind=call.word("DID.type", filters.get("type")),
    )
    return _found(call, found, lambda row: number(call.words, row))


def countries(call: Call) -> list[dict[str, Any]]:
    numbers.list_store(call.account, "countries")
    return [{"code": code} for code in numbers.COUNTRIES]


def types(call: Call) -> list[dict[str, Any]]:
    numbers.list_store(call.account, "types")
    kinds = numbers.COUNTRIES.get(call.given["country_code"], [])
    return [{"code": call.words.to_legacy("DID.type", kind)} for kind in kinds]


def area_codes(call: Call) -> list[dict[str, Any]]:
    numbers.list_store(call.account, "prefixes")
    return [
        {"id": a.id, "label": a.label, "local_prefix": a.prefix, "available": {"CLASSIC": a.available}}
        for a in numbers.AREAS
    ]


def quote(call: Call) -> dict[str, Any]:
    call.account.act("ask for a price", area=call.given["area_code_id"], quantity=call.given["quantity"])
    numbers.price(call.account, call.given["area_code_id"], call.given["quantity"])
    return {}


def reserve(call: Call) -> dict[str, Any]:
    reserved = numbers.reserve(
        call.account,
        area_id=call.given["area_code_id"],
        category=call.word("DID.class", call.given["class"]) or "",
        quantity=call.given["quantity"],
    )
    return order(call.words, reserved)


def view_order(call: Call) -> dict[str, Any]:
    return order(call.words, numbers.view(call.account, call.given["token"]))


def buy_order(call: Call) -> dict[str, Any]:
    bought = numbers.buy(call.account, call.given["token"])
    return {
        "success": [
            {"hash": n.legacy_id, "intl_number": n.e164, "local_number": "0" + n.e164[3:]} for n in bought
        ],
        "customer_debit": money(numbers.MONTH * len(bought)),
    }


def cancel_order(call: Call) -> bool:
    numbers.cancel(call.account, call.given["token"])
    return True


def cancel_subscription(call: Call) -> bool:
    owned = call.number("hash")
    call.account.act("give a number back", number=owned.e164)
    numbers.release(call.account, owned)
    return True


def cdr_get(call: Call) -> list[dict[str, Any]]:
    direction = call.word("CDR.type", call.given["type"])
    since, until = call.date("from"), call.date("to")
    call.account.act("list calls", direction=direction, since=since, until=until)
    return [
        call_record(call.words, record)
        for record in call.account.state.calls
        if record.direction == direction
        and (since is None or record.started >= since)
        and (until is None or record.started <= until)
    ]


def cdr_export(call: Call) -> str:
    filters = call.given.get("filters") or {}
    dates = {
        name: call.words.from_legacy_date(filters[name]) if isinstance(filters.get(name), str) else None
        for name in ("from", "to")
    }
    direction = call.word("CDR.type", filters.get("type"))
    task = background.export_calls(call.account, direction=direction, since=dates["from"], until=dates["to"])
    _hook(task, call.given.get("webhook"))
    return task.id


def _hook(task: Task, hook: Any) -> None:
    if isinstance(hook, dict) and isinstance(hook.get("endpoint"), str):
        task.hook = hook["endpoint"]


def jobs_get(call: Call) -> dict[str, Any]:
    return job(call.words, background.read_task(call.account, call.given["id"]))


def library_create(call: Call) -> int:
    return media.create(call.account, call.given["name"]).media_id


def _media(call: Call) -> AudioFile:
    return media.by_media_id(call.account, next(iter(call.given.values())))


def library_get(call: Call) -> dict[str, Any]:
    audio = _media(call)
    call.account.act("read an audio file", audio=audio.sid)
    return library(call.words, audio)


def library_delete(call: Call) -> bool:
    media.delete(call.account, _media(call))
    return True


def library_list(call: Call) -> dict[str, Any]:
    call.account.act("search audio files")
    return {str(a.media_id): library(call.words, a) for a in call.account.state.audio.values()}


def library_fill(kind: str, *names: str) -> Callable[[Call], bool]:
    def answer(call: Call) -> bool:
        media.fill(call.account, _media(call), kind, *(call.given.get(name) for name in names))
        return True

    return answer


def library_rename(call: Call) -> bool:
    _media(call).name = call.given["name"]
    call.account.act("rename an audio file", name=call.given["name"])
    return True


def library_tags(call: Call) -> bool:
    _media(call).tags = dict(call.given["tags"])
    call.account.act("tag an audio file", tags=call.given["tags"])
    return True


def credit(call: Call) -> str:
    call.account.act("read the credit")
    return money(call.account.state.credit)


def destinations(call: Call) -> list[Any]:
    call.account.act("list the destinations")
    return []


def import_file(call: Call) -> str:
    call.account.act("import a file", size=len(str(next(iter(call.given.values())))))
    name = f"import-{call.account.state.made.get('task', 0) + 1}.wav"
    task = background.start_task(call.account, "import", {"filename": name})
    _hook(task, call.given.get("webhook"))
    return task.id


def subscribe(call: Call) -> dict[str, Any]:
    event, endpoint = call.given["type"], call.given["endpoint"]
    call.account.act("subscribe", event=event, endpoint=endpoint, options=call.given.get("options"))
    if event not in call.words.pack.events:
        raise RefusedError(Why.VALUE, "type", f"there is no event {event!r}")
    hook = Webhook(call.account.new_id("webhook"), event, endpoint, dict(call.given.get("options") or {}))
    call.account.state.webhooks[hook.sid] = hook
    return webhook(call.words, hook)


def unsubscribe(call: Call) -> bool:
    sid = call.sid("hash")
    call.account.act("unsubscribe", webhook=sid)
    if call.account.state.webhooks.pop(sid, None) is None:
        raise RefusedError(Why.NOT_FOUND, "hash", "there is no such webhook")
    return True


def event_types(call: Call) -> list[str]:
    return list(call.words.pack.events)


def subscriptions(call: Call) -> list[dict[str, Any]]:
    return [
        webhook(call.words, hook)
        for hook in call.account.state.webhooks.values()
        if hook.event in call.words.pack.events
    ]


def broadcast(call: Call) -> str:
    given = call.given
    call.account.act("call and play", **given)
    for item in given["messages"]:
        if type(item) is int:
            media.by_media_id(call.account, item)
    target = given["target"].get("number")
    if not (isinstance(target, str) and numbers.is_number(target)):
        raise RefusedError(Why.VALUE, "target", "is no phone number in its E.164 form")
    if target[1] == "1":
        raise RefusedError(Why.FORBIDDEN, "target", "this account may not call there")
    call.account.state.others.append(["call and play", dict(given)])
    return call.account.new_id("broadcast").upper()


METHODS: dict[str, Callable[[Call], Any]] = {
    "system.get_timestamp": get_timestamp,
    "sms.send": sms_send,
    "sms.get": sms_get,
    "sms.get_list": sms_get_list,
    "sms.get_count_for_body": sms_count,
    "apps.create": apps_create,
    "apps.edit": apps_edit,
    "apps.delete": apps_delete,
    "apps.get": apps_get,
    "apps.get_list": apps_get_list,
    "apps.search": apps_search,
    "apps.assign_did": apps_assign,
    "apps.remove_did": apps_remove,
    "apps.get_dids": apps_get_dids,
    "did.search": did_search,
    "did/areacode.countries": countries,
    "did/areacode.types": types,
    "did/areacode.get_list": area_codes,
    "did/store.get_quote": quote,
    "did/store.reserve": reserve,
    "did/store.view_order": view_order,
    "did/store.buy_order": buy_order,
    "did/store.cancel_order": cancel_order,
    "did/store.cancel_subscription": cancel_subscription,
    "cdr.get": cdr_get,
    "cdr.export_async": cdr_export,
    "jobs.get": jobs_get,
    "media/library.create": library_create,
    "media.create": library_create,
    "media/library.get": library_get,
    "media/library.delete": library_delete,
    "media.delete": library_delete,
    "media/library.get_list": library_list,
    "media/library.set_name": library_rename,
    "media/library.set_tags": library_tags,
    "media/library.set_content": library_fill("audio", "text", "audio_data"),
    "media/library.set_content_from_file": library_fill("file", "filename"),
    "media/library.set_content_from_recording": library_fill("recording", "media_file"),
    "media/tts.set_content": library_fill("speech", "text", "voice"),
    "media.import_file_from_base64_async": import_file,
    "media.import_file_from_url_async": import_file,
    "billing.get_prepaid_credit": credit,
    "list.destinations": destinations,
    "webhooks.subscribe": subscribe,
    "webhooks.unsubscribe": unsubscribe,
    "webhooks.get_event_types": event_types,
    "webhooks.get_list": subscriptions,
    "calls.broadcast_1": broadcast,
    "sendr/simple.broadcast_1": broadcast,
}
