"""Findings about the errors of the legacy client: where they are caught, shown, or named otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callr_migrate.findings import Applicability, Finding, Fix
from callr_migrate.rewrite.handlers import Handler
from callr_migrate.rewrite.mentions import Mention
from callr_migrate.rewrite.style import copied

if TYPE_CHECKING:
    from callr_migrate.rewrite.report import Findings

_CODE = "CLR602"
_OTHERS = "other conditions raise these errors"


def handler_finding(report: Findings, handler: Handler) -> tuple[Finding, Applicability]:
    """The finding of a clause, and how safe its own change is."""
    module, span = handler.module, handler.span
    changes = report.writer.handler_changes(handler)
    names = " and ".join(dict.fromkeys(module.text_of(element) for element in handler.named))
    fix = becomes = None
    if changes:
        places = [span, *(use.span for use in handler.uses)]
        edits = [edit for place in places for edit in report.fix(module, place, "").edits]
        description = "Catch the errors of the new client" if names else "Show errors without their address"
        fix = Fix(description, "", tuple(dict.fromkeys(edits)))
        becomes = f"except {report.becomes(module, span)}" if handler.legacy else None
        if not handler.legacy and handler.uses:
            becomes = report.becomes(module, handler.uses[0].span)
    finding = report.finding(
        module,
        _CODE,
        f"the errors of the new client are not {names}"
        if names
        else "the errors of the new client are shown here, and their text names the address",
        span,
        surface=handler.surface.surface,
        reason=handler.blocked
        or ("; ".join(_doubts(handler)) if changes else "no call that may raise into it is rewritten"),
        help="Look at what is logged: the text of an HTTP error holds the address, and with it phone numbers.",
        url=report.pack.service.guide,
        becomes=becomes,
        fix=fix,
    )
    return finding, Applicability.UNSAFE if changes else Applicability.MANUAL


def _doubts(handler: Handler) -> list[str]:
    found = [_OTHERS]
    if handler.uses:
        found.append("what is shown of them is the text of the answer, which is another one")
    if handler.traced:
        lines = ", ".join(map(str, handler.traced))
        found.append(
            f"the traceback that is written (line {lines}) names the address, and with it phone numbers"
        )
    return found


def mention_finding(report: Findings, mention: Mention) -> tuple[Finding, Applicability]:
    """The finding of a place that names a legacy error, and how safe its own change is."""
    module = mention.module
    span = copied(module, mention.node)
    changes = report.writer.mention_changes(mention)
    name = module.text_of(mention.node)
    reason = mention.reason or (_OTHERS if changes else "no call whose errors may get here is rewritten")
    if mention.own:
        reason = "the program raises it, or makes a kind of its own of it; give it an error of its own"
    finding = report.finding(
        module,
        _CODE,
        f"{name} goes with the legacy client"
        if mention.own
        else f"the errors of the new client are not {name}",
        span,
        reason=reason,
        url=report.pack.service.guide,
        becomes=report.becomes(module, span) if changes else None,
        fix=report.fix(module, span, "Name the errors of the new client") if changes else None,
    )
    return finding, Applicability.UNSAFE if changes else Applicability.MANUAL
