"""What all parts of the rule pack are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from callr_migrate.findings import Evidence

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class Location:
    """Where in the YAML an entry stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Location("<built>", 0)


@dataclass(frozen=True)
class Param:
    """One positional parameter of a legacy method."""

    name: str
    type: str = "string"
    format: str | None = None
    enum: str | None = None
    object: str | None = None
    optional: bool = False  # may be left out or None
    app: bool = False  # the value is an app's package name
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: a bare name."""
        return {"name": text}


@dataclass(frozen=True)
class StatedFact:
    """A value with how well it is known."""

    value: str
    evidence: Evidence
    source: str | None = None
    note: str | None = None
