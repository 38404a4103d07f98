"""What one API calls this, the other calls that: read from the rule pack."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import cached_property

from callr_migrate.pack.model import RulePack
from callr_migrate.twin.clock import formatted


class Words:
    """Both vocabularies of one pack."""

    def __init__(self, pack: RulePack) -> None:
        self.pack = pack

    def to_rest(self, enum: str, legacy: str) -> str | None:
        """The v2 word for a legacy constant; None if it is not in the table or has none."""
        return self.pack.enums[enum].values.get(legacy)

    def to_legacy(self, enum: str, word: str) -> str:
        """The legacy constant; a word of no table is written in capitals."""
        for legacy, rest in self.pack.enums[enum].values.items():
            if rest == word:
                return legacy
        return word.upper().replace("-", "_")

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
