"""Findings about the legacy client: where it is made, set up, replaced, and what its requests have in their address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from callr_migrate.detect.doubles import Double
from callr_migrate.findings import Applicability, Evidence, Fact, Finding
from callr_migrate.rewrite.state import CallState, ClientState
from callr_migrate.rewrite.style import copied
from callr_migrate.rewrite.uses import ClientUse

if TYPE_CHECKING:
    from callr_migrate.rewrite.report import Findings


def client_finding(report: Findings, client: ClientState) -> tuple[Finding, Applicability]:
    """The finding of a construction, and how safe its own change is."""
    credentials = report.pack.service.credentials
    settled = report.options.auth is not None
    facts = (
        Fact(
            credentials.value,
            Evidence.VERIFIED if settled else credentials.evidence,
            "config" if settled else credentials.source,
        ),
        Fact(
            f"base address {report.pack.service.base_url.value}",
            report.pack.service.base_url.evidence,
            report.pack.service.base_url.source,
        ),
    )
    fix = becomes = None
    own = Applicability.MANUAL
    reason = client.refusal
    span = client.module.span(client.ref.node)
    if client.rewritten:
        assert client.made is not None
        at = span
        if client.split and client.made.assign is not None:
            at = client.module.span(client.made.assign)
        fix = report.fix(client.module, at, f"Make a client for {report.options.target}")
        becomes = _becomes(report, client)
        doubt = client.made.doubt
        own = Applicability.given(facts, [doubt] if doubt else [])
        reason = doubt
        if client.split:
            staying = [state for state in client.calls if not state.rewritten]
            stays = "the legacy client stays: " + (
                client.keeps[0] if client.keeps else f"line {staying[0].line} is not rewritten"
            )
            reason = f"{stays}; {doubt}" if doubt else stays
    elif reason is None and client.calls:
        reason = "none of its calls can be rewritten"
    elif reason is None:
        reason = "no call of it is seen"
    finding = report.finding(
        client.module,
        "CLR601",
        f"a client of the JSON-RPC API is made here, which ends on {report.pack.service.shutdown.value}",
        span,
        surface=client.surface.surface,
        facts=facts,
        reason=reason,
        help=None if settled else credentials.note,
        url=report.pack.service.guide,
        becomes=becomes,
        fix=fix,
    )
    return finding, own


def _becomes(report: Findings, client: ClientState) -> str:
    module, made = client.module, client.made
    assert made is not None
    masked = report.masked(module)
    parts = [masked.new_text(copied(module, part)) for part in (made.login, made.password)]
    local = report.writer.local_names(module)
    text = "".join(
        piece
        for piece in report.writer.clients.call(
            parts[0],
            parts[1],
            local,
            report.writer.styles[module],
            "",
            report.writer.styles[module].line_length,
            len("".join(parts)),
        )
        if isinstance(piece, str)
    )
    return f"{client.new_name} = {text}" if client.split else text


def is_setting(use: ClientUse) -> bool:
    """Whether a use of a client reads or changes something of it."""
    return isinstance(use.module.parent(use.node), cst.Attribute)


def numbered_calls(report: Findings) -> list[CallState]:
    """The calls whose requests have a phone number in their address, by their places."""
    found = []
    for state in report.plan.calls:
        rule = state.call.rule
        if state.plan is None or rule is None:
            continue
        request = state.plan.request
        numbers = {f"${param.name}" for param in rule.params or () if param.personal}
        if any(
            binding.value in numbers
            for binding in (*request.query.values(), *request.path_params.values())
            if isinstance(binding.value, str)
        ):
            found.append(state)
    return sorted(
        found, key=lambda state: (str(state.call.module.path), state.call.module.span(state.call.node))
    )


def number_finding(report: Findings, state: CallState) -> tuple[Finding, Applicability]:
    """The finding of phone numbers in addresses, at the first call that puts one there."""
    finding = report.finding(
        state.call.module,
        "CLR607",
        "phone numbers stand in the addresses of requests now, and so in logs",
        state.call.module.span(state.call.node),
        reason="addresses are written to logs by the client, by proxies, and in the text of errors",
        help=report.writer.target.logs,
        url=report.pack.service.guide,
    )
    return finding, Applicability.MANUAL


def double_finding(report: Findings, double: Double) -> tuple[Finding, Applicability]:
    """The finding of what stands in for the legacy client."""
    module = double.module
    name = " ".join(module.text_of(double.node).split())
    finding = report.finding(
        module,
        "CLR605",
        f"`{name}` stands in for the legacy client, and cannot for the new one"
        if double.is_class
        else "the legacy client is replaced here, and the new one would not be",
        module.span(double.node),
        reason="what it says is about calls that are no longer made once these are rewritten",
        help=report.writer.target.double,
        url=report.pack.service.guide,
    )
    return finding, Applicability.MANUAL


def setting_finding(report: Findings, use: ClientUse) -> tuple[Finding, Applicability]:
    """The finding of a client that is changed after it was made."""
    module, node = use.module, use.node
    attribute = module.parent(node)
    assert isinstance(attribute, cst.Attribute)
    name = attribute.attr.value
    guidance = next(
        (surface.settings[name] for surface in report.pack.surfaces.values() if name in surface.settings),
        None,
    )
    finding = report.finding(
        module,
        "CLR603",
        f"`{name}` of the legacy client is used",
        module.span(attribute),
        reason=None if guidance else "what it becomes is not known",
        help=guidance,
    )
    return finding, Applicability.MANUAL
