"""What is to become of one legacy call: a request, its parts as nodes whose text is copied."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.module import Span
from callr_migrate.findings import Fact
from callr_migrate.pack.forms import DateForms
from callr_migrate.pack.model import Request, Result
from callr_migrate.records import dataclass


class Refusal(Exception):
    """No fix can be made; `reason` says why, `help` what to do."""

    def __init__(self, reason: str, help_text: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.help = help_text


@dataclass(frozen=True)
class Emitted:
    """A value of a request: the text of `node`, mapped by `table` if given, or a `constant`.

    `constants` are literals inside of `node` that become other ones, `pieces` parts of its text that do.
    `dated`: the value is a legacy date, converted by these forms; `cut`: it may be one of v2 already.
    `unless`: the entry is left out where the value is that. `spread`: the value is a dict of entries, or None too if it
    `may_miss`.
    """

    node: cst.BaseExpression | None = None
    constant: Any = None
    table: tuple[tuple[str, str], ...] = ()
    constants: tuple[tuple[cst.BaseExpression, str], ...] = ()
    unless: str | None = None  # the value that leaves the entry out, as Python text: "None" or "''"
    pieces: tuple[tuple[Span, str], ...] = ()
    dated: DateForms | None = None
    cut: bool = False
    spread: bool = False
    may_miss: bool = False


@dataclass(frozen=True)
class PathValue:
    """A path segment from `node`: lowered (an identifier) or quoted."""

    node: cst.BaseExpression
    lower: bool
    key: cst.SimpleString | None = None  # a key in `node`, in whose place another field is taken
    take: str = ""  # that field, where the answer stays a legacy one
    taken: str | None = None  # and in an answer of v2


@dataclass(frozen=True)
class Moved:
    """A change of a dict of options where it is made: a new `text`, or the value looked up in a `table`."""

    module: Module
    span: Span
    text: str = ""
    table: tuple[tuple[str, str], ...] = ()


@dataclass
class RequestPlan:
    """A request ready to be rendered. `facts` is what it leans on, `doubts` why it is not safe beyond them."""

    request: Request
    path: list[str | PathValue] = field(default_factory=list)
    query: list[tuple[str, Emitted]] = field(default_factory=list)
    json: list[tuple[str, Emitted]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    sharing: set[cst.CSTNode] = field(default_factory=set)  # the legacy calls that are given the same dict

    @property
    def result(self) -> Result:
        """What the request answers."""
        return self.request.result
