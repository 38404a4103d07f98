"""What one API calls this, the other calls that.

The tables of constants are the twin's own, from the same pages as those of the rules: a twin that read the rules' would
agree with any mistake in them. A test holds one against the other.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import cached_property

from callr_migrate.pack.model import RulePack
from callr_migrate.twin.clock import formatted

_LOWER = {
    "SMS.nature": ("ALERTING", "MARKETING"),
    "SMS.encoding": ("GSM", "UNICODE"),
    "DID.class": ("CLASSIC", "GOLD"),
    "DID.type": ("GEOGRAPHIC", "PERSONAL", "TOLLFREE", "SHAREDCOST", "SHAREDREVENUE", "SPECIAL"),
    "ACTIONS10.format": ("YAML",),
}
TABLES: dict[str, dict[str, str]] = {
    **{name: {constant: constant.lower() for constant in constants} for name, constants in _LOWER.items()},
    "SMS.type": {"IN": "inbound", "OUT": "outbound"},
    "CDR.type": {"IN": "inbound", "OUT": "outbound"},
    "SMS.status": {
        "CREATED": "created",
        "PENDING": "pending",
        "SENT": "sent",
        "REMOTE_QUEUED": "remote-queued",
        "RECEIVED": "delivered",
        "EXPIRED": "expired",
        "FAILED": "failed",
        "ERROR": "error",
    },
    "Media.Library.status": {
        "READY": "ready",
        "PENDING_CONTENT": "pending-content",
        "PENDING_CONVERSION": "pending-conversion",
        "ERROR": "error",
        "PROCESSING": "processing",
    },
}


class Words:
    """Both vocabularies of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack

    def to_rest(self, enum: str, legacy: str) -> str | None:
        """The v2 word for a legacy constant; None if it is not in the table or has none."""
        return TABLES[enum].get(legacy)

    def to_legacy(self, enum: str, word: str) -> str:
        """The legacy constant of a word that the account uses."""
        return next(legacy for legacy, rest in TABLES[enum].items() if rest == word)

    def legacy_date(self, milliseconds: int | None) -> str | None:
        """As the legacy API writes times."""
        assert self.pack.dates is not None
        return None if milliseconds is None else formatted(milliseconds, self.pack.dates.legacy[0])

    def rest_date(self, milliseconds: int | None) -> str | None:
        """As REST v2 writes times: RFC 3339 with milliseconds."""
        assert self.pack.dates is not None
        return None if milliseconds is None else formatted(milliseconds, self.pack.dates.rest[-1])

    def from_legacy_date(self, text: str) -> int | None:
        """Milliseconds; None for what is no date in the legacy form."""
        assert self.pack.dates is not None
        for form in self.pack.dates.legacy:
            try:
                moment = datetime.strptime(text, form).replace(tzinfo=timezone.utc)
            except ValueError:
                continue
            return round(moment.timestamp() * 1000)
        return None

    @cached_property
    def legacy_id(self) -> re.Pattern[str]:
        """What a legacy short id looks like."""
        return re.compile(self.pack.identifiers["hash"].legacy)

    def rest_id(self, legacy: str) -> str:
        """A short id as REST v2 writes it."""
        return legacy.lower()

    def actions_app(self) -> str:
        """The one kind of app that REST v2 keeps."""
        return next(name for name, app in self.pack.apps.items() if not app.retired)
