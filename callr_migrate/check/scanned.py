"""CLR1xx, CLR501 and CLR901 of files that do not parse: what each call found in the text becomes, and what to do first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callr_migrate.check.apps import app_finding
from callr_migrate.detect.scan import ScannedCall
from callr_migrate.findings import Evidence, Fact, Finding
from callr_migrate.lexing import Lexed, Span, value_of
from callr_migrate.pack import nearest
from callr_migrate.pack.model import App, Method, RulePack
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

# Characters behind a call within which its app is named, and the literals in them: its method, and some more.
_NEAR = 200
_LITERALS = 3
_PORT = "Port it to Python 3 first: 2to3 (part of Python up to 3.12) or pyupgrade does most of it. Then run this again."
# Constructs that Python 3 refuses, in code whose strings and comments are blanked out.
_SIGNS = (
    ("a print statement", regex(r"(?m)(?:^|[;:])[ \t]*print(?:[ \t]*>>|[ \t]+[\w'\"`{\[]|[ \t]*$)")),
    ("`except A, b`", regex(r"(?m)^[ \t]*except\b[^:\n()]*,[ \t]*\w+[ \t]*:")),
    ("`raise A, b`", regex(r"(?m)(?:^|[;:])[ \t]*raise[ \t]+[\w.]+[ \t]*,")),
    ("an exec statement", regex(r"(?m)(?:^|[;:])[ \t]*exec[ \t]+[\w'\"]")),
    ("`<>`", regex(r"<>")),
    ("backquotes", regex(r"`[^`\n]+`")),
    (
        "a number such as 0777 or 1L",
        regex(r"(?<![\w.])(?:0[0-7]+|\d+[lL]|0[xX][0-9a-fA-F]+[lL])(?![\w.])"),
    ),
    ("a string with the prefix ur", regex(r"(?<!\w)[uU][rR]['\"]")),
)
_CONFLICT = regex(r"(?m)^<<<<<<< .*$(?=[\s\S]*^=======[ \t]*\r?$[\s\S]*^>>>>>>> )")
_TEMPLATE = regex(r"\{%|\{\{\s*\w[\w.| ]*\}\}")


@dataclass(frozen=True)
class Obstacle:
    """Why a file is not analysed: its code, in words that follow `the file`, the parser's own, and what to do first."""

    code: str
    what: str
    help: str
    reason: str | None = None


def syntax_obstacle(lexed: Lexed, source: SourceFile, line: int | None, reason: str | None) -> Obstacle:
    """What kind of file does not parse. `line` is the parser's, None for Python 2 that happens to parse."""
    conflict = _CONFLICT.search(lexed.text)
    if conflict is not None:
        at = source.position(conflict.start()).line
        return Obstacle(
            "CLR901",
            f"holds a merge conflict (line {at})",
            "Resolve the conflict, then run this again.",
            reason,
        )
    signs = [(match.start(), name) for name, sign in _SIGNS if (match := sign.search(lexed.code))]
    if signs:
        start, name = min(signs)
        at = source.position(start + re.match(r"[\s;:]*", lexed.code[start:]).end()).line  # type: ignore[union-attr]
        return Obstacle("CLR901", f"is Python 2 source ({name} in line {at})", _PORT, reason)
    if line is None:
        return Obstacle("CLR901", "is Python 2 source", _PORT, reason)
    what = f"does not parse as Python 3 (line {line})"
    if _TEMPLATE.search(lexed.code):
        return Obstacle(
            "CLR901",
            what,
            "It looks like a template: change these lines by hand, or exclude the file.",
            reason,
        )
    return Obstacle("CLR901", what, "Mend it so that Python 3 reads it, then run this again.", reason)


def call_findings(
    pack: RulePack, source: SourceFile, calls: list[ScannedCall], obstacle: Obstacle
) -> Iterator[Finding]:
    """One finding a call, as for a file that parses, but never with a fix."""
    for call in calls:
        rule = pack.methods.get(call.methods[0]) if len(call.methods) == 1 else None
        method = call.methods[0] if len(call.methods) == 1 else None
        code, message, guidance = _judged(pack, call, rule)
        facts = _facts(rule)
        reason = rule.none.reason if rule and rule.none else None
        named = _retired_app(pack, source, call, rule)
        if named is not None and rule is not None:
            app, span = named
            code, message = "CLR103", f"{rule.method} makes a {app.app} app, and REST v2 has none"
            guidance, reason = app.instead, app.reason
            found = app_finding(app, source.path, span, method, call.surface)
            facts = found.facts
            yield found
        why = f"the file {obstacle.what}, so the call was found as text only"
        yield Finding(
            code,
            message,
            source.path,
            *call.span,
            method=method,
            surface=call.surface,
            facts=facts,
            reason=f"{reason.rstrip('.')}; {why}" if reason else why,
            help=guidance,
            url=_url(rule),
        )


def _retired_app(
    pack: RulePack, source: SourceFile, call: ScannedCall, rule: Method | None
) -> tuple[App, Span] | None:
    """The retired app that a call seems to make, and where it is named: in one of the next literals."""
    if rule is None or not any(param.app for param in rule.params or ()):
        return None
    text = source.unmasked
    following = [span for span in Lexed.of(text).strings if call.span[0] <= span[0] <= call.span[1] + _NEAR]
    for span in following[:_LITERALS]:
        app = pack.apps.get(value_of(text[slice(*span)]) or "")
        if app is not None:
            return (app, span) if app.retired else None
    return None


def _judged(pack: RulePack, call: ScannedCall, rule: Method | None) -> tuple[str, str, str | None]:
    if not call.methods:
        what = "the method of this legacy call is not known before the program runs"
        return "CLR105", what, "Find out which methods it can be, and call each by its name."
    if len(call.methods) > 1:
        what = f"this legacy call has one of several methods: {', '.join(call.methods)}"
        return "CLR105", what, "Branch on the method, so that each has a call of its own."
    if rule is None:
        name = call.methods[0]
        return "CLR104", f"no legacy method {name!r} is known{nearest(name, pack.methods)}", None
    if rule.none is not None:
        return "CLR103", f"{rule.method} has no counterpart in REST v2", rule.none.instead
    requests = [rule.rest] if rule.rest else rule.alternatives
    forms = " or ".join(f"{request.verb} {request.path}" for request in requests)
    note = " ".join(filter(None, dict.fromkeys(request.note for request in requests))) or None
    return "CLR101" if rule.rest else "CLR102", f"{rule.method} is {forms} in REST v2", note


def _facts(rule: Method | None) -> tuple[Fact, ...]:
    if rule is None:
        return ()
    if rule.none is not None:
        return (Fact(rule.none.reason, rule.none.evidence or Evidence.UNKNOWN, rule.none.source),)
    requests = [rule.rest] if rule.rest else rule.alternatives
    return tuple(
        Fact(f"{request.verb} {request.path}", request.evidence or Evidence.UNKNOWN, request.source)
        for request in requests
    )


def _url(rule: Method | None) -> str | None:
    if rule is None:
        return None
    requests = [rule.rest] if rule.rest else rule.alternatives
    sources = [*(request.source for request in requests), rule.none and rule.none.source, rule.source]
    return next((text.split(" ")[0] for text in sources if text and text.startswith("http")), None)
