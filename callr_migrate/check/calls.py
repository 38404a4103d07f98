"""CLR1xx: what each legacy call is, before anybody asks whether it can be rewritten."""

from __future__ import annotations

from callr_migrate.check.apps import retired_app
from callr_migrate.detect.calls import LegacyCall
from callr_migrate.evaluate import Evaluator
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack import nearest
from callr_migrate.pack.model import Method, Request
from callr_migrate.rewrite.request import Refusal, RequestPlan, RequestPlanner
from callr_migrate.rewrite.state import CallState, is_used


def judge(evaluator: Evaluator, planner: RequestPlanner, call: LegacyCall) -> CallState:
    """The code of a call, and a plan of its rewrite where its rule has one."""
    state = _judge(evaluator, planner, call)
    state.used = is_used(call)
    state.doubts += [call.doubt] if call.doubt else []
    if call.rule is not None:
        state.url = state.url or _url(call.rule)
    return state


def _url(rule: Method) -> str | None:
    requests = [rule.rest] if rule.rest else rule.alternatives
    for source in [
        *(request.source for request in requests if request),
        rule.none and rule.none.source,
        rule.source,
    ]:
        if source and source.startswith("http"):
            return source.split(" ")[0]
    return None


def _judge(evaluator: Evaluator, planner: RequestPlanner, call: LegacyCall) -> CallState:
    if call.bound.named is not None:
        return CallState(
            call,
            "CLR107",
            f"{_named(call)} is given its parameters by name, which the legacy server refuses",
            help="The server takes a list of parameters. Mend the call, or remove it if it never worked.",
            reason="a call that cannot work has no counterpart",
        )
    if call.forwards is not None:
        return CallState(
            call,
            "CLR105",
            f"this legacy call has whatever method the callers of {call.forwards} name",
            help="Each of these callers is reported on its own. Migrate them, then remove this call.",
            reason=call.method_reason,
        )
    if not call.methods:
        return CallState(
            call,
            "CLR105",
            "the method of this legacy call is not known before the program runs",
            help="Find out which methods it can be, and call each by its name.",
            reason=call.method_reason,
        )
    if len(call.methods) > 1:
        return CallState(
            call,
            "CLR105",
            f"this legacy call has one of several methods: {', '.join(call.methods)}",
            help="Branch on the method, so that each has a call of its own.",
            reason="each of the methods becomes another request",
        )
    rule = call.rule
    if rule is None:
        known = evaluator.pack.methods
        return CallState(
            call,
            "CLR104",
            f"no legacy method {call.methods[0]!r} is known{nearest(call.methods[0], known)}",
            help="Mend the name; if Callr told you of the method, add a rule for it with --rules.",
            reason="what is not known cannot be mapped",
        )
    wrong = _wrong_arity(call, rule)
    if wrong is not None:
        return wrong
    retired = retired_app(evaluator, call)
    if retired is not None:
        return CallState(
            call,
            "CLR103",
            f"{rule.method} makes a {retired.app} app, and REST v2 has none",
            help=retired.instead,
            reason=retired.reason,
            facts=[Fact(f"{retired.app} is retired", retired.evidence or Evidence.UNKNOWN, retired.source)],
        )
    if rule.none is not None:
        return CallState(
            call,
            "CLR103",
            f"{rule.method} has no counterpart in REST v2",
            help=rule.none.instead,
            reason=rule.none.reason,
            facts=[Fact(rule.none.reason, rule.none.evidence or Evidence.UNKNOWN, rule.none.source)],
        )
    return _mapped(planner, call, rule)


def _named(call: LegacyCall) -> str:
    return call.method or "this legacy call"


def _wrong_arity(call: LegacyCall, rule: Method) -> CallState | None:
    arguments = call.bound.arguments
    if arguments is None or rule.params is None or call.bound.problem is not None:
        return None
    least, most = rule.required, len(rule.params)
    if least <= len(arguments) <= most:
        return None
    takes = f"{most}" if least == most else f"{least} to {most}"
    names = ", ".join(param.name for param in rule.params)
    evidence = rule.evidence or Evidence.DOCUMENTED
    is_sure = evidence.is_safe
    return CallState(
        call,
        "CLR106",
        f"{rule.method} {'takes' if is_sure else 'seems to take'} "
        f"{takes} argument{'' if takes == '1' else 's'}, not {len(arguments)}",
        help=f"Its parameters are: {names}." if names else "It has no parameters.",
        reason="the legacy server refuses this call"
        if is_sure
        else " ".join(filter(None, [f"its parameters are {evidence.value}.", rule.note])),
        facts=[] if is_sure else [Fact("its parameters", evidence, rule.source)],
    )


def _joined(reasons: list[str]) -> str:
    """All reasons as one; what another one says too is said once."""
    said = [
        reason
        for reason in dict.fromkeys(reasons)
        if not any(reason in more for more in reasons if more != reason)
    ]
    return "; or ".join([*(reason.rstrip(".") for reason in said[:-1]), *said[-1:]])


def _mapped(planner: RequestPlanner, call: LegacyCall, rule: Method) -> CallState:
    requests: list[Request] = [rule.rest] if rule.rest else list(rule.alternatives)
    code = "CLR101" if rule.rest else "CLR102"
    forms = " or ".join(f"{request.verb} {request.path}" for request in requests)
    state = CallState(call, code, f"{rule.method} is {forms} in REST v2")
    state.help = " ".join(filter(None, dict.fromkeys(request.note for request in requests))) or None
    refusals: list[Refusal] = []
    for request in requests:
        try:
            plan: RequestPlan = planner.plan(call, rule, request)
        except Refusal as refusal:
            refusals.append(refusal)
            continue
        state.plan = plan
        state.facts = list(plan.facts)
        state.doubts = list(plan.doubts)
        if plan.questions or plan.notes:
            state.help = " ".join([*plan.questions, *plan.notes, *filter(None, [state.help])])
        return state
    state.reason = _joined([refusal.reason for refusal in refusals])
    told = dict.fromkeys([*(refusal.help for refusal in refusals), state.help])
    state.help = " ".join(text for text in told if text) or None
    state.facts = [
        Fact(f"{request.verb} {request.path}", request.evidence or Evidence.UNKNOWN, request.source)
        for request in requests
    ]
    return state
