"""Requirements at their places: how one is replaced, how another one is put beside it, and how it goes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from callr_migrate.pack.model import Target
from callr_migrate.patterns import regex
from callr_migrate.projectfiles.requirement import Requirement, pinned
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

Span = tuple[int, int]

_OWN_LINE = regex(r"\s*(?:-[ \t]+)?")


@dataclass(frozen=True)
class Entry:
    """One requirement in a file.

    `span` is what is marked and replaced. `container` names the list that it stands in, so that nothing is added
    there twice. `removal` is what goes with it and `insert_at` where another one may come; both can be done at once.
    Where one of them is None, or `replacement` is, that takes a person; `note` says why. In the templates `{name}`
    is the target and `{}` its versions, or all of it where the requirement is `written` in the grammar of PEP 508.
    """

    name: str
    span: Span
    container: str
    replacement: str | None = None
    removal: Span | None = None
    insert_at: int | None = None
    insertion: str = "{}"
    written: Requirement | None = None
    spec: str = ""
    note: str | None = None

    def _text(self, template: str, target: Target) -> str:
        text = self.written.replaced(target) if self.written is not None else pinned(self.spec, target)
        return template.replace("{name}", target.distribution).replace("{}", text)

    def replaced(self, target: Target) -> str | None:
        """What stands at `span` with the target in place of it."""
        return None if self.replacement is None else self._text(self.replacement, target)

    def inserted(self, target: Target) -> str:
        """What comes at `insert_at`."""
        return self._text(self.insertion, target)


@dataclass(frozen=True)
class Contents:
    """All requirements of a file; `problem` says why they could not be read."""

    entries: Sequence[Entry] = ()
    problem: str | None = None


def line_of(source: SourceFile, offset: int) -> Span:
    """The line that an offset stands in, its newline included."""
    line = source.position(offset).line
    starts = source.line_starts
    return starts[line - 1], starts[line] if line < len(starts) else len(source.text)


def entry(
    source: SourceFile,
    span: Span,
    name: str,
    container: str,
    *,
    written: Requirement | None = None,
    spec: str = "",
    bare: str = "{}",
    comma: str = "",
) -> Entry:
    """An entry of a list at a place; `span` includes its quotes. `bare` is the template without them.

    `comma` ends the lines of a list in brackets. Alone on its line, it goes with the line; else with the comma beside it.
    """
    text = source.text
    quote = text[span[0]] if text[span[0]] in "'\"" else ""
    template = f"{quote}{bare}{quote}"
    start, end = line_of(source, span[0])
    lead, behind = text[start : span[0]], text[span[1] : end]
    after = behind.strip().removeprefix(",").strip() if comma else behind.strip()
    if _OWN_LINE.fullmatch(lead) and (not after or after.startswith("#")):
        # A comment outlives what it was about; whether it still makes sense is a person's to say.
        stop = span[1] + len(behind) - len(behind.lstrip(" \t,") if comma else behind)
        is_last = comma or not behind.endswith(("\n", "\r"))
        return Entry(
            name,
            span,
            container,
            template,
            removal=(start + len(lead) - len(lead.lstrip()), stop) if after else (start, end),
            insert_at=start if is_last else end,
            insertion=f"{lead}{template}{comma}{source.newline}",
            written=written,
            spec=spec,
        )
    before = re.search(r",\s*\Z", text[: span[0]])
    following = re.match(r"\s*,\s*(?=[^\s\])}])", text[span[1] :])
    return Entry(
        name,
        span,
        container,
        template,
        removal=(before.start(), span[1])
        if before
        else (span[0], span[1] + (following.end() if following else 0)),
        insert_at=span[1] if before else span[0],
        insertion=f", {template}" if before else f"{template}, ",
        written=written,
        spec=spec,
    )
