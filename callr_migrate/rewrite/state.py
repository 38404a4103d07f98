"""What is decided about each legacy call, client and handler while a rewrite is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Module
from callr_migrate.evaluate.values import Ref
from callr_migrate.findings import Fact
from callr_migrate.pack.model import Surface
from callr_migrate.records import dataclass
from callr_migrate.rewrite.clients import Construction
from callr_migrate.rewrite.posts import Post
from callr_migrate.rewrite.request import RequestPlan
from callr_migrate.rewrite.uses import ClientUse
from callr_migrate.secret_text import Credentials
from callr_migrate.source import SourceFile


@dataclass(frozen=True)
class RewriteOptions:
    """What the user settled. `target` is a name of the pack; `auth` the credentials' form, None while open."""

    target: str
    choices: Mapping[str, str] = field(default_factory=dict)
    auth: str | None = None
    # The line length and the oldest Python that a file's rewritten code is for.
    layout_of: Callable[[Path], tuple[int, tuple[int, int]]] = lambda _: (88, (3, 10))
    # Why a finding of a code at a place (offsets) does not count, so that its place must stay; None if it counts.
    why_not: Callable[[SourceFile, str, int, int], str | None] = lambda *_: None
    credentials: Credentials = field(default_factory=Credentials)  # of other parts of the project


@dataclass(eq=False)
class CallState:
    """One legacy call: its code and message, and its plan as long as nothing stands against it."""

    call: LegacyCall
    code: str
    message: str
    help: str | None = None
    url: str | None = None
    plan: RequestPlan | None = None
    reason: str | None = None  # why there is no fix
    facts: list[Fact] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    used: bool = True  # whether the answer is used
    post: Post | None = None  # how a post of one's own is taken apart, if it is to be rewritten

    @property
    def rewritten(self) -> bool:
        """Whether the call is (still) to be rewritten."""
        return self.plan is not None and self.reason is None

    def converts(self, node: cst.BaseExpression) -> bool:
        """Whether the request takes the value for a date, in whatever form it comes."""
        values = [*self.plan.query, *self.plan.json] if self.plan is not None else []
        return any(value.node is node and value.cut for _, value in values)

    @property
    def mapped(self) -> bool:
        """Whether the new API has a request for the call, so that its answer matters."""
        return self.code in ("CLR101", "CLR102")

    def refuse(self, reason: str, help_text: str | None = None) -> bool:
        """Give up the rewrite, for the first reason only; True if that is news."""
        if not self.rewritten:
            if self.reason is None:
                self.reason = reason
            return False
        self.reason = reason
        self.help = help_text or self.help
        return True

    @property
    def line(self) -> int:
        """The line on which the call starts."""
        return self.call.module.source.position(self.call.module.span(self.call.node)[0]).line


@dataclass(eq=False)
class ClientState:
    """One construction of a client. `keeps` are the reasons why the legacy client must stay."""

    ref: Ref
    surface: Surface
    made: Construction | None
    refusal: str | None
    uses: list[ClientUse] = field(default_factory=list)
    calls: list[CallState] = field(default_factory=list)
    split: bool = False
    keeps: list[str] = field(default_factory=list)
    new_name: str | None = None

    @property
    def module(self) -> Module:
        """Where it is made."""
        return self.ref.module

    @property
    def rewritten(self) -> bool:
        """Whether a new client is made here."""
        return self.made is not None and self.refusal is None and any(state.rewritten for state in self.calls)

    @property
    def line(self) -> int:
        """The line of the construction."""
        return self.module.source.position(self.module.span(self.ref.node)[0]).line


def is_used(call: LegacyCall) -> bool:
    """Whether anything is done with the call's answer."""
    return not isinstance(call.module.parent(call.node), cst.Expr)
