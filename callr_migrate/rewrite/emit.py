"""Request plans -> Python text in the file's style, for a target client."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.pack.model import Target
from callr_migrate.rewrite.request import Emitted, PathValue, RequestPlan
from callr_migrate.rewrite.style import Style, copied, is_atom, line_indent, needs_parentheses
from callr_migrate.rewrite.text import Render, Texts

# No text goes beyond them.
_STATEMENTS = frozenset({cst.SimpleStatementLine, cst.SimpleStatementSuite, cst.IndentedBlock})


class CannotEmit(Exception):
    """The text cannot be written at its place; the message says why."""


def request_text(
    texts: Texts,
    call: LegacyCall,
    plan: RequestPlan,
    target: Target,
    style: Style,
    client: str,
    tail: str,
    quote: str,
    kept: Sequence[tuple[str, cst.BaseExpression]] = (),
) -> str:
    """The call that replaces a legacy call: on one line if it fits, else one argument a line.

    `client` is the receiver's text, `tail` what follows the request, `quote` the name that quotes path segments,
    `kept` further arguments (keyword with its `=`, value).
    Raises `CannotEmit`.
    """
    module = call.module
    start, end = module.span(call.node)
    enclosing = _enclosing_fstring(call)
    if enclosing is not None:
        style = _inside_fstring(style, enclosing)
    writer = _Writer(texts, style, quote)
    arguments = writer.arguments(plan, kept)
    has_body = bool(plan.json) and plan.request.verb in target.bodiless_verbs
    template = target.request_with_body if has_body else target.request

    def call_text(joined: str) -> str:
        return (
            template.replace("{client}", client)
            .replace("{verb}", plan.request.verb.lower())
            .replace("{VERB}", plan.request.verb)
            .replace("{arguments}", joined)
            + tail
        )

    comments = _lost_comments(call, plan, kept)
    told = [comment for place in comments.values() for comment in place]
    flat = call_text(", ".join(name + text for name, text in arguments))
    source = module.source
    last = source.position(end)
    line_end = source.line_text(last.line)
    extra = texts.extra_indent(start)
    room = (
        style.line_length
        - len(extra)
        - (source.position(start).column - 1)
        - len(line_end[last.column - 1 :])
    )
    if enclosing is not None:
        if "\n" in flat or "\r" in flat or "\\" in flat or "#" in flat or told or _clashes(flat, enclosing):
            raise CannotEmit("it stands inside of an f-string; take it out into a variable first")
        return flat
    if len(flat) <= room and not told and "\n" not in flat and "\r" not in flat:
        return flat
    outer = line_indent(module, start) + extra + texts.nested
    inner = outer + style.indent
    with texts.deeper(style.indent):
        arguments = writer.arguments(plan, kept)
    lines = [inner + comment for comment in comments.get(None, [])]
    for name, text in arguments:
        value = text
        lines += [inner + comment for comment in comments.get(name, [])]
        if name in ("params=", "json=") and len(inner) + len(name) + len(text) + 1 > style.line_length:
            items = plan.query if name == "params=" else plan.json
            with texts.deeper(style.indent * 2):
                value = writer.exploded(items, inner)
        lines.append(f"{inner}{name}{value},")
    lines += [inner + comment for comment in comments.get("end", [])]
    return call_text(style.newline + style.newline.join(lines) + style.newline + outer)


def check_place(texts: Texts, call: LegacyCall, render: Render) -> None:
    """Try the text of a call where its place may not take it; raises `CannotEmit`."""
    if _enclosing_fstring(call) is not None or "{" in call.module.text_of(call.node):
        render(texts)


class _Writer:
    def __init__(self, texts: Texts, style: Style, quote: str) -> None:
        self.texts = texts
        self.module = texts.module
        self.style = style
        self.quote = quote

    def arguments(
        self, plan: RequestPlan, kept: Sequence[tuple[str, cst.BaseExpression]] = ()
    ) -> list[tuple[str, str]]:
        """(keyword with its `=`, text) of each argument of the new call."""
        arguments = [("", self.path(plan.path))]
        if plan.query:
            arguments.append(("params=", self.mapping(plan.query)))
        if plan.json:
            arguments.append(("json=", self.mapping(plan.json)))
        return [*arguments, *((name, self.copy(node)) for name, node in kept)]

    def path(self, parts: list[str | PathValue]) -> str:
        """The path as a literal, an f-string, or (where an f-string of the oldest Python cannot hold it) a sum."""
        if all(isinstance(part, str) for part in parts):
            return self.style.quoted("".join(part for part in parts if isinstance(part, str)))
        values = [None if isinstance(part, str) else self._segment(part) for part in parts]
        for mark in dict.fromkeys([self.style.quote, '"', "'"]):
            if all(value is None or self._fits_fstring(value, mark) for value in values):
                text = "".join(
                    str(part).replace("{", "{{").replace("}", "}}") if value is None else f"{{{value}}}"
                    for part, value in zip(parts, values, strict=True)
                )
                return f"f{mark}{text}{mark}"
        return " + ".join(
            self.style.quoted(str(part)) if value is None else value
            for part, value in zip(parts, values, strict=True)
        )

    def _fits_fstring(self, value: str, mark: str) -> bool:
        if "\n" in value or "\r" in value or value.startswith("{"):
            return False
        return self.style.fancy_fstrings or not any(bad in value for bad in (mark, "\\", "#", "!"))

    def _segment(self, part: PathValue) -> str:
        text = self._with_key(part) if part.key is not None else self.copy(part.node)
        if part.lower:
            return (text if is_atom(self.module, part.node) else f"({text})") + ".lower()"
        other = '"' if self.style.quote == "'" else "'"
        return f"{self.quote}({text}, safe={other}{other})"

    def _with_key(self, part: PathValue) -> str:
        """The argument with the legacy name of another field, unless its answer changes and the key with it."""
        assert part.key is not None
        start, stop = self.module.span(part.key)
        if self.texts.at((start, stop)) is not None:
            return self.copy(part.node)
        low, high = copied(self.module, part.node)
        key = f"{part.key.quote}{part.take}{part.key.quote}"
        return self.texts.new_text((low, start)) + key + self.texts.new_text((stop, high))

    def copy(self, node: cst.BaseExpression) -> str:
        """The text of an argument, what changes inside of it included."""
        text = self.texts.new_text(copied(self.module, node))
        return f"({text})" if needs_parentheses(node) else text

    def value(self, emitted: Emitted) -> str:
        """One value of a mapping."""
        if emitted.node is None:
            constant = emitted.constant
            return self.style.quoted(constant) if isinstance(constant, str) else repr(constant)
        if emitted.constants or emitted.pieces:
            return self._changed(emitted)
        text = self.copy(emitted.node)
        if emitted.dated is not None:
            return self._dated(text, emitted)
        if emitted.table:
            rows = ", ".join(
                f"{self.style.quoted(old)}: {self.style.quoted(new)}" for old, new in emitted.table
            )
            return f"{{{rows}}}[{text}]"
        return text

    def _changed(self, emitted: Emitted) -> str:
        """The text of an argument, parts of it changed."""
        assert emitted.node is not None
        pieces = [(self.module.span(node), self.style.quoted(text)) for node, text in emitted.constants]
        at, end = copied(self.module, emitted.node)
        text = ""
        for (start, stop), new in sorted([*pieces, *emitted.pieces]):
            text += self.texts.new_text((at, start)) + new
            at = stop
        return text + self.texts.new_text((at, end))

    def _dated(self, text: str, emitted: Emitted) -> str:
        """A legacy date, converted where it is handed over."""
        assert emitted.node is not None
        assert emitted.dated is not None
        if not is_atom(self.module, emitted.node):
            text = f"({text})"
        forms, quoted = emitted.dated, self.style.quoted
        cut = f"[:{forms.length}]" if emitted.cut else ""
        old, new = forms.separators
        return f"{text}{cut}.replace({quoted(old)}, {quoted(new)}) + {quoted(forms.suffix)}"

    def mapping(self, items: list[tuple[str, Emitted]]) -> str:
        """A dict display on one line."""
        return "{" + ", ".join(self.entry(name, value) for name, value in items) + "}"

    def entry(self, name: str, value: Emitted) -> str:
        """One entry of a mapping; what may be absent is spread from a mapping that may be empty."""
        if value.spread and value.node is not None:
            text = self.copy(value.node)
            if not is_atom(self.module, value.node) and not needs_parentheses(value.node):
                text = f"({text})"
            return f"**({text} or {{}})" if value.may_miss else f"**{text}"
        text = f"{self.style.quoted(name)}: {self.value(value)}"
        if value.unless is None or value.node is None:
            return text
        condition = self.copy(value.node) + (" is not None" if value.unless == "None" else "")
        return f"**({{{text}}} if {condition} else {{}})"

    def exploded(self, items: list[tuple[str, Emitted]], indent: str) -> str:
        """A dict display, one entry a line."""
        newline = self.style.newline
        rows = "".join(
            f"{indent}{self.style.indent}{self.entry(name, value)},{newline}" for name, value in items
        )
        return "{" + newline + rows + indent + "}"


def _lost_comments(
    call: LegacyCall, plan: RequestPlan, further: Sequence[tuple[str, cst.BaseExpression]]
) -> dict[str | None, list[str]]:
    """The comments inside of the call that no copied argument carries along, by the new argument to stand above.

    A comment belongs to the value that it follows on its line, else to the value that comes next.
    """
    module = call.module
    start, end = module.span(call.node)
    inside = module.comments[
        bisect_left(module.comments, (start, start)) : bisect_left(module.comments, (end, end))
    ]
    if not inside:
        return {}
    places: list[tuple[int, int, str | None]] = []
    for name, entries in (("params=", plan.query), ("json=", plan.json)):
        places += [(*copied(module, value.node), name) for _, value in entries if value.node is not None]
    places += [(*copied(module, node), name) for name, node in further]
    places += [(*copied(module, part.node), "") for part in plan.path if isinstance(part, PathValue)]
    kept = [(low, high) for low, high, _ in places]
    if call.bound.method is not None:
        places.append((*copied(module, call.bound.method), None))
    places.sort(key=lambda place: place[:2])
    if call.receiver is not None:
        kept.append(copied(module, call.receiver))
    found: dict[str | None, list[str]] = {}
    for left, right in inside:
        if any(low <= left < high for low, high in kept):
            continue
        line = module.source.line_starts[module.source.position(left).line - 1]
        beside = [name for _, high, name in places if line < high <= left]
        after = [name for low, _, name in places if low >= right]
        alone = not module.source.text[line:left].strip()
        owner = beside[-1] if beside else None
        if alone:
            owner = after[0] if after else "end"
        found.setdefault(owner, []).append(module.source.text[left:right])
    return found


def _enclosing_fstring(call: LegacyCall) -> cst.FormattedString | None:
    for ancestor in call.module.ancestors(call.node):
        if type(ancestor) is cst.FormattedString:
            return ancestor
        if type(ancestor) in _STATEMENTS:
            break
    return None


def _inside_fstring(style: Style, enclosing: cst.FormattedString) -> Style:
    quote = "'" if enclosing.end.startswith('"') else '"'
    return Style(quote, style.indent, style.newline, style.line_length, style.fancy_fstrings)


def _clashes(text: str, enclosing: cst.FormattedString) -> bool:
    return enclosing.end[0] in text
