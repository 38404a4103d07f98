"""A small Callr account in memory. Both APIs of `stubs.py` read and write the same one.

Everything is stored the way JSON-RPC v1 writes it (upper-case ids and constants); the REST face translates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

LOGIN, PASSWORD = "acacias_login", "not-a-real-secret"
LEGACY_ID = re.compile(r"[A-Z0-9]{8}")
LEGACY_DATE = re.compile(r"2\d{3}-[01]\d-[0-3]\d [0-2]\d:[0-5]\d:[0-5]\d")
REST_DATE = re.compile(r"2\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d{3}|\.\d{6})?Z")
REFUSED_BY_CARRIER = "+33199001029"
JOB = "0123456789abcdef0123456789abcdef"


class RefusedError(Exception):
    """The server's answer to a request that it understands and does not accept."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Sms:
    id: str
    sender: str
    to: str
    text: str
    nature: str | None = None
    encoding: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    status: str = "PENDING"
    sent: str | None = None
    received: str | None = None


@dataclass
class Order:
    token: str
    number: str
    first_month: str = "1.00"
    state: str = "reserved"


class Account:
    """What the two faces have in common: the things of the account and what may be done to them."""

    def __init__(self) -> None:
        self.sms: dict[str, Sms] = {}
        self.sent: list[Sms] = []
        self.numbers = {"D1D00020": "+33199001020", "D1D00021": "+33199001021"}
        self.orders: dict[str, Order] = {"f0f0f0f0f0f0": Order("f0f0f0f0f0f0", "+33199001022")}
        self.apps: dict[str, dict[str, Any]] = {}
        self.assigned: dict[str, str] = {}
        self.media: dict[int, dict[str, Any]] = {}
        self.broadcasts: list[list[Any]] = []
        self.rooms: list[list[Any]] = []
        self.hooks: list[list[Any]] = []
        self.exports: list[list[Any]] = []
        self.job_polls = 0
        self._made = 0
        for number, status, received in (
            (5, "RECEIVED", "2026-11-02 08:33:10"),
            (6, "REMOTE_QUEUED", None),
            (7, "FAILED", None),
            (8, "SENT", None),
        ):
            self.sms[f"8242D94{number}"] = Sms(
                f"8242D94{number}",
                "Acacias",
                f"+3319900102{number}",
                "Clinique des Acacias : rendez-vous le 03/11 à 09:00.",
                status=status,
                sent="2026-11-02 08:30:00",
                received=received,
            )

    def new_id(self) -> str:
        self._made += 1
        return f"AC5E{self._made:04d}"

    def send_sms(
        self, sender: str, to: str, text: str, nature: str | None, encoding: str | None, extra: dict[str, Any]
    ) -> Sms:
        if not re.fullmatch(r"\+[1-9][0-9]{5,14}", to):
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [to]")
        if len(sender) > 11 and not sender.startswith("+"):
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [from]")
        if not text or len(text) > 3200:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [body]")
        if to == REFUSED_BY_CARRIER:
            raise RefusedError(1000, "SMS routing error")
        message = Sms(self.new_id(), sender, to, text, nature, encoding, extra)
        self.sms[message.id] = message
        self.sent.append(message)
        return message

    def find_sms(self, sms_id: str) -> Sms:
        if sms_id not in self.sms:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [id]")
        return self.sms[sms_id]

    def find_order(self, token: str) -> Order:
        if token not in self.orders or self.orders[token].state != "reserved":
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [token]")
        return self.orders[token]

    def reserve(self, area_id: int) -> Order:
        if area_id == 269:
            raise RefusedError(100, "FORBIDDEN")
        if area_id != 112:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [area_code_id]")
        token = f"70ce{len(self.orders):08d}"
        self.orders[token] = Order(token, "+33199001024")
        return self.orders[token]

    def buy(self, token: str) -> tuple[str, str]:
        order = self.find_order(token)
        order.state = "bought"
        did = self.new_id()
        self.numbers[did] = order.number
        return did, order.number

    def cancel_order(self, token: str) -> None:
        self.find_order(token).state = "cancelled"

    def release(self, did: str) -> None:
        if did not in self.numbers:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [hash]")
        del self.numbers[did]

    def create_app(self, kind: str, name: str, params: dict[str, Any]) -> str:
        app_id = self.new_id()
        self.apps[app_id] = {"type": kind, "name": name, "params": params}
        return app_id

    def assign(self, app_id: str, did: str) -> None:
        if app_id not in self.apps:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [app]")
        if did not in self.numbers:
            raise RefusedError(151, "PROPERTY_VALUE_ERROR [did]")
        self.assigned[self.numbers[did]] = app_id

    def create_media(self, name: str) -> int:
        media_id = 90001 + len(self.media)
        self.media[media_id] = {"name": name, "content": None}
        return media_id

    def poll_job(self, job_id: str) -> bool:
        """Is the job done? It is at the third look."""
        if job_id != JOB:
            raise RefusedError(115, "JOB_NOT_FOUND")
        self.job_polls += 1
        return self.job_polls >= 3

    def state(self) -> dict[str, Any]:
        """What a program has done to the account, to be compared between the two APIs."""
        return {
            "sms": [
                [message.sender, message.to, message.text, message.nature, message.encoding, message.extra]
                for message in self.sent
            ],
            "numbers": self.numbers,
            "orders": {token: order.state for token, order in self.orders.items()},
            "apps": self.apps,
            "assigned": self.assigned,
            "media": {str(media_id): media for media_id, media in self.media.items()},
            "broadcasts": self.broadcasts,
            "rooms": self.rooms,
            "hooks": self.hooks,
            "exports": self.exports,
        }
