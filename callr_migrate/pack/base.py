"""What all parts of the rule pack are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from callr_migrate.findings import Evidence
from callr_migrate.records import dataclass

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
    personal: bool = False  # the value is about a person, and should not stand in logs
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


class RuleError(Exception):
    """One or more mistakes in rule files; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean X?)` for the most similar known name, or nothing."""
    # Costs more than all else here, and only a mistake needs it.
    import difflib

    match = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {match[0]!r}?)" if match else ""
