"""A place where a legacy answer is used."""

from __future__ import annotations

from dataclasses import field

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Ref
from callr_migrate.findings import Fact
from callr_migrate.records import dataclass


@dataclass
class AnswerUse:
    """A place where a legacy answer, or a part of it, is used.

    `blocked`: why the call must stay as it is. `replacements`: (span, new text) that the use needs. `shown`: where
    the value becomes visible in its new form.
    """

    module: Module
    node: cst.BaseExpression
    calls: frozenset[Ref]
    code: str = "CLR201"
    message: str | None = None
    blocked: str | None = None
    place: cst.BaseExpression | None = None  # the key, constant or expression that it is about
    compared: Span | None = None  # what is shown of the new code: a side of a comparison, an expression
    either: bool = False  # whether the new code takes answers of both APIs
    handed_to: cst.CSTNode | None = None  # the legacy call that an identifier or a date goes to
    together: bool = False  # whether its calls change all or none
    once: str | None = None  # what to do about all of its kind, told at the first place
    dated: bool = False  # whether it is a date that goes to the call
    shown: str | None = None
    replacements: list[tuple[Span, str]] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)

    @property
    def span(self) -> Span:
        """The place of its finding."""
        if self.place is not None:
            return self.module.span(self.place)
        if self.replacements:
            return self.replacements[0][0]
        return self.module.span(self.module.parent(self.node) or self.node)

    def line(self, node: cst.CSTNode | None = None) -> int:
        """The line of the use, or of a node beside it."""
        return self.module.source.position(self.module.span(node or self.node)[0]).line

    def short(self, node: cst.CSTNode | None = None) -> str:
        """The source of the use, or of a node beside it, in few words."""
        text = " ".join(self.module.text_of(node or self.node).split())
        return text if len(text) <= 40 else text[:37] + "..."
