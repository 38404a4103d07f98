"""What the analysis says: findings, their fixes, and the places it could not judge.

Frozen data between the stages. Offsets in an `Edit` are code points of the decoded text (BOM left out);
bytes exist in `source.SourceFile` and in the output only.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from callr_migrate.records import dataclass


class Evidence(enum.Enum):
    """How well one fact of the rule pack is known."""

    is_safe: bool  # whether a fix that leans on such a fact may still be `safe`

    VERIFIED = "verified"
    DOCUMENTED = "documented"
    CORROBORATED = "corroborated"
    INFERRED = "inferred"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"

    def __init__(self, value: str) -> None:
        self.is_safe = value in ("verified", "documented", "corroborated")

    def __reduce_ex__(self, protocol: object) -> tuple[type[Evidence], tuple[str]]:
        # Pythons 3.11.0 to 3.11.3 would pickle a `getattr`, which the reader of compiled rules refuses.
        return Evidence, (self.value,)


_STRENGTH = list(Evidence)


def weakest(evidences: list[Evidence]) -> Evidence:
    """The evidence of a chain of facts: that of its weakest link (`verified` for an empty chain)."""
    return max(evidences, key=_STRENGTH.index, default=Evidence.VERIFIED)


class Applicability(enum.Enum):
    """Whether a fix may be applied unasked (`safe`), on request (`unsafe`), or does not exist (`manual`)."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"

    def __reduce_ex__(self, protocol: object) -> tuple[type[Applicability], tuple[str]]:
        # As for `Evidence`.
        return Applicability, (self.value,)

    @classmethod
    def worst(cls, *values: Applicability) -> Applicability:
        """The least applicable of several (`safe` for none)."""
        for worst in (cls.MANUAL, cls.UNSAFE):
            if worst in values:
                return worst
        return cls.SAFE

    @classmethod
    def given(cls, facts: Sequence[Fact], doubts: Sequence[str]) -> Applicability:
        """How safe a fix is that leans on facts, and has these doubts."""
        return cls.UNSAFE if doubts or not all(fact.evidence.is_safe for fact in facts) else cls.SAFE


@dataclass(frozen=True)
class Fact:
    """One statement about the two APIs that a fix leans on, with how well it is known and from where."""

    text: str
    evidence: Evidence
    source: str | None = None


@lru_cache(10_000)
def shared(text: str, evidence: Evidence, source: str | None) -> Fact:
    """The fact, once for all that lean on it: there are as many as the rules have, and calls without number."""
    return Fact(text, evidence, source)


@dataclass(frozen=True)
class Position:
    """A place in a text: line and column start at 1, columns count code points."""

    line: int
    column: int


@dataclass(frozen=True, order=True)
class Edit:
    """Replace `text[start:end]` of the file at `path` by `text`; an insertion where start equals end."""

    path: Path
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Fix:
    """A rewrite. All fixes with the same `group` are applied together or not at all."""

    description: str
    group: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Finding:
    """One diagnosis at one place.

    `start` and `end` are offsets into the text. `becomes` is the code after the fix, for people; secrets in it
    are masked. `secrets` are spans of literal credentials near the place, which no output may show. `once`: the help
    is for all places of its kind, and stands at the first that is reported.
    """

    code: str
    message: str
    path: Path
    start: int
    end: int
    method: str | None = None
    surface: str | None = None
    applicability: Applicability = Applicability.MANUAL
    facts: tuple[Fact, ...] = ()
    reason: str | None = None
    help: str | None = None
    url: str | None = None
    becomes: str | None = None
    fix: Fix | None = None
    applied: bool = False
    secrets: tuple[tuple[int, int], ...] = ()
    once: bool = False

    @property
    def evidence(self) -> Evidence:
        """That of the weakest fact."""
        return weakest([fact.evidence for fact in self.facts])


@dataclass(frozen=True)
class Unseen:
    """A place where the tool could not tell whether there is a legacy call (line starts at 1)."""

    path: Path
    line: int
    reason: str


@dataclass(frozen=True)
class Scenario:
    """A file to begin with, in place of a retired app: what the app is called, and the text.

    `places` (path, start, end) are those of the legacy calls that it stands for; `path` is the file of the first.
    """

    name: str
    text: str
    path: Path
    places: tuple[tuple[Path, int, int], ...]


@dataclass(frozen=True)
class Failure:
    """Work that could not be done (exit code 2): one line that says what and where, and what to do."""

    path: Path | None
    message: str


@dataclass
class Report:
    """The outcome of a run, ready for a renderer. `notes` are lines for people that concern no code."""

    findings: list[Finding] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)
    scenarios: list[Scenario] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    files: int = 0
    suppressed: int = 0
    baselined: int = 0
    unselected: int = 0  # findings whose codes are not selected
    digest: str | None = None  # of the files that were looked at, where it was asked for
    fixed: int = 0
