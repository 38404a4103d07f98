"""Code before and after its fixes, as the report shows it: whole lines, without literal credentials."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.output.excerpt import Span, hidden_in
from callr_migrate.output.text import plain

if TYPE_CHECKING:
    from callr_migrate.findings import Edit, Finding
    from callr_migrate.source import SourceFile

_MOST_LINES = 60
_MOST_COLUMNS = 400
# Lines that are added beside a place belong to it where a client is made.
_CLIENTS = "CLR6"


class Code:
    """The lines of the findings' places. No edit holds a credential; `secrets` are those of the files, by place."""

    def __init__(self, findings: Iterable[Finding], secrets: dict[Path, tuple[Span, ...]]) -> None:
        self.secrets = secrets
        edits: dict[Path, set[Edit]] = {}
        for finding in findings:
            for edit in finding.fix.edits if finding.fix is not None else ():
                edits.setdefault(edit.path, set()).add(edit)
        self._edits = {path: sorted(some) for path, some in edits.items()}
        self._starts = {path: [edit.start for edit in some] for path, some in self._edits.items()}

    def of(self, finding: Finding, source: SourceFile) -> tuple[str, str | None]:
        """The lines of a finding before all fixes and after them; None without a fix of its own."""
        start, end = _lines(source, finding.start, finding.end)
        before = "".join(self._kept(source, start, end))
        indent = len(before) - len(before.lstrip())
        edits = self._within(finding, start, end) if finding.fix is not None else None
        if edits is None and finding.fix is not None and finding.becomes is not None:
            # Something reaches over these lines, so only the place itself can be shown.
            place = "".join(self._kept(source, finding.start, finding.end))
            return _moved(place, 0), _moved(finding.becomes, 0)
        if edits is None:
            return _moved(before, indent), None
        pieces: list[str] = []
        done = start
        for edit in edits:
            pieces += (*self._kept(source, done, edit.start), edit.text)
            done = edit.end
        after = "".join((*pieces, *self._kept(source, done, end)))
        return _moved(before, indent), _moved(after.strip("\r\n"), indent)

    def _within(self, finding: Finding, start: int, end: int) -> list[Edit] | None:
        """The edits of these lines; None if one of them reaches further, or there are none."""
        found: list[Edit] = []
        known = self._edits.get(finding.path, [])
        # An edit that starts before may reach into the lines; there are no two that overlap.
        first = max(bisect_left(self._starts.get(finding.path, []), start) - 1, 0)
        for edit in known[first:]:
            if edit.start > end:
                break
            if edit.start == edit.end and edit.start in (start, end):
                found += [edit] if finding.code.startswith(_CLIENTS) else []
            elif edit.start >= start and edit.end <= end:
                found.append(edit)
            elif edit.end > start and edit.start < end:
                return None
        return found or None

    def _kept(self, source: SourceFile, start: int, end: int) -> Iterator[str]:
        """What people wrote there, with stars for credentials."""
        text = list(source.unmasked[start:end])
        for offset in hidden_in(self.secrets.get(source.path, ()), start, end):
            text[offset - start] = "*"
        yield "".join(text)


def _lines(source: SourceFile, start: int, end: int) -> Span:
    """From the beginning of the first line to the end of the last one, without its newline."""
    starts = source.line_starts
    last = source.position(max(start, end - 1)).line
    stop = starts[last] if last < len(starts) else len(source.text)
    first = starts[source.position(start).line - 1]
    return first, first + len(source.text[first:stop].rstrip("\r\n"))


def _moved(text: str, indent: int) -> str:
    """Code moved to the left, without control characters and changes of direction; what is very long is cut."""
    lines = [line[indent:] if not line[:indent].strip() else line for line in text.splitlines()]
    return showable("\n".join(line.rstrip() for line in lines))


def showable(text: str) -> str:
    """Code as it may be shown; where it is cut, it says so."""
    lines = text.expandtabs(4).splitlines()
    cut = len(lines) - _MOST_LINES
    shown = [
        "".join(map(plain, line[:_MOST_COLUMNS])) + " ..." * (len(line) > _MOST_COLUMNS) for line in lines
    ]
    return "\n".join([*shown[:_MOST_LINES], f"# ... {cut} more lines"] if cut > 0 else shown)
