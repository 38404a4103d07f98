"""What went over the wire, and what it did: one record a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin.account import Act
from callr_migrate.twin.contract import Used

_SECRET = re.compile(r"pass(word|wd)?$|secret|auth$|api_?key|^pin$", re.IGNORECASE)


def masked(value: Any) -> Any:
    """The same with what looks like a secret, by its name, made unreadable."""
    if isinstance(value, Mapping):
        return {
            key: "***" if isinstance(key, str) and _SECRET.search(key) and item is not None else masked(item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [masked(item) for item in value]
    return value


def told(act: Act) -> str:
    """An act as people read it."""
    parts = ", ".join(f"{key}={value!r}" for key, value in masked(act.details).items() if value is not None)
    return f"{act.name}: {parts}" if parts else act.name


@dataclass
class Exchange:
    """One request and its answer. No credential is ever put in here."""

    number: int
    at: int
    api: str  # json-rpc, rest-v1.1, rest-v2, other
    wire: str  # as people write it: a method with its arguments, or verb, path and parameters
    status: int = 0
    error: str | None = None  # why it was refused
    unproven: list[str] = field(default_factory=list)  # what the contract does not know, or the twin made up
    acts: list[Act] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    fault: str | None = None

    def lines(self) -> list[str]:
        """For the log."""
        first = f"{self.number} {self.api} {self.wire} -> {self.status}"
        first += f" fault: {self.fault}" if self.fault else ""
        first += f" refused: {self.error}" if self.error else ""
        lines = [first]
        lines += [f"    did: {told(act)}" for act in self.acts]
        lines += [f"    unproven: {what}" for what in self.unproven]
        return lines

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "number": self.number,
            "at": self.at,
            "api": self.api,
            "wire": self.wire,
            "status": self.status,
            "error": self.error,
            "unproven": self.unproven,
            "did": [told(act) for act in self.acts],
            "facts": {used.text: used.evidence.value for used in self.used},
            "fault": self.fault,
        }
