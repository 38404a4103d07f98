"""SMS: sending, reading, searching."""

from __future__ import annotations

import re
from typing import Any

from callr_migrate.twin.account import Account
from callr_migrate.twin.model import Message
from callr_migrate.twin.refusal import RefusedError, Why

# Characters of the GSM alphabet in one part alone, and in each of several; of the others likewise.
_GSM, _UNICODE = (160, 153), (70, 67)
_GSM_TEXT = re.compile(
    r"[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\\[~\]|€]*\Z"
)
_NUMBER = re.compile(r"\+[1-9][0-9]{5,14}\Z")
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 _-]{1,11}\Z")
LONGEST = 3200  # characters
PRICE = 5  # cents a part: the twin's own

# How the numbers of the twin's world take a message, by their last digits. All others receive it.
REFUSED, QUEUED, FAILED, EXPIRED = "1029", "1026", "1027", "1028"


def send(
    account: Account,
    *,
    to: str,
    text: str,
    sender: str = "",
    traffic: str | None = None,
    encoding: str | None = None,
    options: dict[str, Any] | None = None,
) -> Message:
    """Send one; raises `RefusedError`."""
    account.act(
        "send an SMS",
        to=to,
        text=text,
        sender=sender,
        traffic=traffic,
        encoding=encoding,
        options=options or None,
    )
    if not _NUMBER.match(to):
        raise RefusedError(Why.VALUE, "to", "is no phone number in its E.164 form")
    if sender and not (_SENDER.match(sender) or _NUMBER.match(sender)):
        raise RefusedError(Why.VALUE, "from", "is neither a phone number nor up to eleven letters and digits")
    if not text or len(text) > LONGEST:
        raise RefusedError(Why.VALUE, "text", f"must have 1 to {LONGEST} characters")
    if to.endswith(REFUSED):
        raise RefusedError(Why.ROUTING, "to", "SMS routing error")
    now = account.now
    message = Message(
        sid=account.new_id("sms"),
        direction="outbound",
        sender=sender,
        to=to,
        text=text,
        created=now,
        updated=now,
        traffic=traffic,
        encoding=encoding,
        options=options or {},
        history=[[None, "created", now]],
    )
    account.state.messages[message.sid] = message
    account.state.credit -= PRICE * parts(message)
    account.plan(now, "message", message.sid)
    return message


def receive(account: Account, *, sender: str, to: str, text: str) -> Message:
    """One comes in."""
    now = account.now
    message = Message(
        sid=account.new_id("sms"),
        direction="inbound",
        sender=sender,
        to=to,
        text=text,
        created=now,
        updated=now,
        status="delivered",
        sent=now,
        delivered=now,
        history=[[None, "delivered", now]],
    )
    account.state.messages[message.sid] = message
    account.tell("sms.mo", message)
    return message


def read(account: Account, sid: str) -> Message:
    """One by its sid; raises `RefusedError`."""
    account.act("read an SMS", sid=sid)
    if sid not in account.state.messages:
        raise RefusedError(Why.NOT_FOUND, "id", "there is no such SMS")
    return account.state.messages[sid]


def search(account: Account, **wanted: Any) -> list[Message]:
    """Those that fit every filter that is not None, oldest first; `text` fits by a part, `since`, `until` by date."""
    account.act("search SMS", **wanted)
    return [message for message in account.state.messages.values() if _fits(message, wanted)]


def _fits(message: Message, wanted: dict[str, Any]) -> bool:
    for name, value in wanted.items():
        if value is None:
            continue
        if name == "since":
            fits = message.created >= value
        elif name == "until":
            fits = message.created <= value
        elif name == "text":
            fits = value in message.text
        else:
            fits = getattr(message, name) == value
        if not fits:
            return False
    return True


def encoding(message: Message) -> str:
    """As forced, or as the text needs it: `gsm` or `unicode`."""
    return message.encoding or ("gsm" if _GSM_TEXT.match(message.text) else "unicode")


def parts(message: Message) -> int:
    """How many SMS the text takes."""
    alone, each = _GSM if encoding(message) == "gsm" else _UNICODE
    return 1 if len(message.text) <= alone else -(-len(message.text) // each)
