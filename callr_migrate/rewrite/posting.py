"""What is decided about posts of one's own before the rest is planned, and how they are written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate import answers as legacy_answers
from callr_migrate.evaluate.values import Answer, Constant, Value
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack.model import Result
from callr_migrate.rewrite import posts
from callr_migrate.rewrite.emit import CannotEmit, check_place, request_text
from callr_migrate.rewrite.envelope import catches_missing_keys, envelope, key_of, results_lead_on
from callr_migrate.rewrite.imports import Imports
from callr_migrate.rewrite.request import PathValue, Refusal, RequestPlan
from callr_migrate.rewrite.state import CallState
from callr_migrate.rewrite.style import Style, copied, line_indent
from callr_migrate.rewrite.text import Piece, Texts

_QUOTE = ("urllib.parse", "quote")
_FAILS = "an error of the method is an error status in v2, and no longer part of the answer"


def prepare(evaluator: Evaluator, states: Iterable[CallState], *, settled: bool) -> None:
    """Take the posts apart that are to be rewritten, and let the evaluator know what their answers are.

    So it knows what calls of wrappers give that hand the answer back as it is: what the method that they name does.

    `settled`: the user has told what becomes of the credentials.
    """
    known: dict[cst.CSTNode, Value] = {}
    names: dict[Module, set[str]] = {}
    for state in states:
        known.update(_through_wrapper(evaluator, state))
        shape = evaluator.pack.surfaces[state.call.surface].payload if state.rewritten else None
        if shape is None or state.plan is None:
            continue
        try:
            post = posts.taken_apart(evaluator, state.call)
            message = evaluator.pack.service.error_message
            given = names.setdefault(state.call.module, set())
            envelope(evaluator, state.call, post, shape, message.value if message else None, given)
            _check_results(state, post, state.plan.result)
        except Refusal as refusal:
            state.refuse(refusal.reason)
            continue
        state.post = post
        state.used = bool(post.results)
        state.facts += _facts(evaluator, settled)
        if not settled:
            note = evaluator.pack.service.credentials.note
            state.help = " ".join(filter(None, [state.help, note]))
        if post.results or post.replaced:
            state.doubts.append(_FAILS)
        answer = legacy_answers.of(evaluator.pack, [Constant(state.call.method)], state.call.ref)
        known.update(dict.fromkeys(post.results, answer))
    if known:
        evaluator.know(known)


def _through_wrapper(evaluator: Evaluator, state: CallState) -> dict[cst.CSTNode, Value]:
    """What the call of a wrapper gives, by the method that it names; nothing where that is not the whole answer."""
    call = state.call
    node, module = call.node, call.module
    if call.through is None or call.method is None or not isinstance(node, cst.Call):
        return {}
    awaited = module.parent(node)
    given: cst.BaseExpression = awaited if isinstance(awaited, cst.Await) else node
    if isinstance(module.parent(given), cst.Expr):
        return {}
    options = list(evaluator.evaluate(module, given).options())
    if not all(isinstance(option, Answer) and not option.part for option in options):
        return {}
    return {given: legacy_answers.of(evaluator.pack, [Constant(call.method)], call.ref)}


def _check_results(state: CallState, post: posts.Post, result: Result) -> None:
    """Whether the answer's value has a place in the new one, and an error cannot pass for it."""
    if not post.results:
        return
    if not (result.object or result.legacy_value):
        why = f" {result.note}" if result.note else ""
        raise Refusal(f"the answer is used, and the shape of the v2 answer is not known.{why}")
    statement, post.raise_after = post.raise_after, None
    if not post.raises:
        return
    # A field that is missing raises a KeyError by itself, as the missing result did.
    post.raises = not result.legacy_value and any(results_lead_on(state.call.module, post))
    if not post.raises:
        return
    if catches_missing_keys(state.call):
        raise Refusal("an error of the method is caught as a KeyError here; in v2 it is an error status")
    if post.target.check:
        return
    # This library raises in a statement of its own only.
    post.raises, post.raise_after = False, statement
    if statement is None:
        raise Refusal(
            "an error would pass for an answer; keep the response in a variable, and call its raise_for_status()"
        )


def _facts(evaluator: Evaluator, settled: bool) -> list[Fact]:
    service = evaluator.pack.service
    credentials, base = service.credentials, service.base_url
    return [
        Fact(
            credentials.value,
            Evidence.VERIFIED if settled else credentials.evidence,
            "config" if settled else credentials.source,
        ),
        Fact(f"base address {base.value}", base.evidence, base.source),
    ]


def write_post(evaluator: Evaluator, state: CallState, texts: Texts, style: Style, imports: Imports) -> None:
    """Put the new request in the place of a post; refuses the call if that cannot be written."""
    call, plan, post = state.call, state.plan, state.post
    assert plan is not None
    assert post is not None
    assert isinstance(call.node, cst.Call)
    assert isinstance(call.node.func, cst.Attribute)
    module, library = call.module, call.node.func.value
    if any(isinstance(part, PathValue) and not part.lower for part in plan.path):
        imports.need_name(*_QUOTE)
    quote = imports.local_name(".".join(_QUOTE))
    whole = _with_address(plan, evaluator.pack.service.base_url.value)
    tail = post.target.check if post.raises else ""

    def render(texts: Texts) -> list[Piece]:
        kept = [(f"{name}=", value) for name, value in post.kept]
        client = module.text_of(library)
        text = request_text(texts, call, whole, post.target, style, client, tail, quote, kept)
        return [f"({post.named} := {text})" if post.named else text]

    try:
        check_place(texts, call, render)
    except CannotEmit as error:
        state.refuse(str(error))
        return
    texts.replace(module.span(call.node), render)
    if post.removed is not None:
        texts.replace(post.removed, lambda _: [])
    for span, text in post.replaced:
        texts.replace(span, lambda _, text=text: [text])  # type: ignore[misc]
    steps = plan.result.legacy_value.split(".") if plan.result.legacy_value else []
    for node in post.results:
        key = key_of(node)
        assert key is not None
        found = "".join(f"[{key.quote}{step}{key.quote}]" for step in steps)
        span = copied(module, node.value)[1], module.span(node)[1]
        texts.replace(span, lambda _, found=found: [found])  # type: ignore[misc]
    if post.raise_after is not None:
        statement, name = post.raise_after
        start, end = module.span(statement)
        line = f"{style.newline}{line_indent(module, start)}{name}.raise_for_status()"
        texts.insert(_line_end(module.source.text, end), line)


def _with_address(plan: RequestPlan, base: str) -> RequestPlan:
    first, *rest = plan.path
    assert isinstance(first, str)
    return replace(plan, path=[base + first, *rest])


def _line_end(text: str, offset: int) -> int:
    while offset < len(text) and text[offset] not in "\r\n":
        offset += 1
    return offset
