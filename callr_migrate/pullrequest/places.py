"""Where findings are after the rewrite, and how the pull request links them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from callr_migrate.findings import Edit, Finding
from callr_migrate.output.excerpt import Span, masked, secrets_by_file
from callr_migrate.pullrequest.remotes import Remote
from callr_migrate.source import SourceFile

_OTHER_LINE = re.compile(r"((?:[\w.-]+/)*[\w.-]+\.\w+):(\d+)\b")
_OWN_LINE = re.compile(r"\b(line )(\d+)\b")


class Places:
    """Names, lines and texts of the findings of a rewrite. `paths` gives the name of a file in the repository.

    `remote` and `revision` say where the links lead; without a remote there are none.
    """

    def __init__(
        self,
        findings: Iterable[Finding],
        sources: Mapping[Path, SourceFile],
        changed: Mapping[Path, SourceFile],
        paths: Mapping[Path, str],
        remote: Remote | None,
        revision: str,
    ) -> None:
        self.sources = sources
        self.changed = changed
        self.paths = paths
        self.remote = remote
        self.revision = revision
        findings = list(findings)
        self.secrets: dict[Path, tuple[Span, ...]] = secrets_by_file(findings)
        self.edits: dict[Path, list[Edit]] = {}
        for finding in findings:
            if finding.applied and finding.fix is not None:
                for edit in finding.fix.edits:
                    self.edits.setdefault(edit.path, []).append(edit)
        self.edits = {path: list(dict.fromkeys(edits)) for path, edits in self.edits.items()}

    def line(self, finding: Finding) -> int:
        """The line of a finding in the rewritten file; 1 where the file could not be read."""
        source = self.sources.get(finding.path)
        if source is None:
            return 1
        line = source.on_disk(finding.start).line
        return line + sum(
            _lines_added(source, edit)
            for edit in self.edits.get(finding.path, ())
            if edit.end <= finding.start
        )

    def new_line(self, path: Path, line: int) -> int:
        """What a line of a file is in the rewritten one."""
        source = self.sources.get(path)
        if source is None or path not in self.edits or source.whole is not source:
            return line
        return line + sum(
            _lines_added(source, edit) for edit in self.edits[path] if edit.end <= _start_of(source, line)
        )

    def relined(self, text: str, path: Path) -> str:
        """A message of the analysis, with the lines that it names as they are after the rewrite."""

        def other(match: re.Match[str]) -> str:
            found = self._named(match[1])
            return match[0] if found is None else f"{match[1]}:{self.new_line(found, int(match[2]))}"

        def own(match: re.Match[str]) -> str:
            return f"{match[1]}{self.new_line(path, int(match[2]))}"

        return _OWN_LINE.sub(own, _OTHER_LINE.sub(other, text))

    def _named(self, text: str) -> Path | None:
        """The one file whose name ends so."""
        found = [path for path, name in self.paths.items() if f"/{name}".endswith(f"/{text}")]
        if not found and "/" in text:
            return self._named(text.partition("/")[2])
        return found[0] if len(found) == 1 else None

    def link(self, finding: Finding) -> str:
        """The place as Markdown."""
        return self.at(finding.path, self.line(finding))

    def at(self, path: Path, line: int) -> str:
        """A line as Markdown."""
        name = self.paths.get(path, path.as_posix())
        shown = code(os.fsencode(f"{name}:{line}").decode("utf-8", "replace"))
        return f"[{shown}]({self.remote.line(self.revision, name, line)})" if self.remote else shown

    def links(self, findings: Sequence[Finding], most: int | None = None) -> str:
        """Several places; of more than `most` the count."""
        unique: dict[str, None] = dict.fromkeys(map(self.link, findings))
        shown = list(unique)[:most]
        more = len(unique) - len(shown)
        return ", ".join(shown) + (f" and {more} more" if more else "")

    def before(self, finding: Finding) -> str:
        """The code of the place as it was, secrets starred."""
        source = self.sources.get(finding.path)
        if source is None:
            return ""
        return masked(source, finding.start, finding.end, self.secrets.get(finding.path, ()))


def _lines_added(source: SourceFile, edit: Edit) -> int:
    return edit.text.count("\n") - source.text.count("\n", edit.start, edit.end)


def _start_of(source: SourceFile, line: int) -> int:
    """Where a line begins: what is put in there moves it."""
    starts = source.line_starts
    return starts[line - 1] if 0 < line <= len(starts) else len(source.text)


def code(text: str) -> str:
    """`text` as inline code of Markdown that may stand in a table."""
    text = " ".join(text.split()) or " "
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0)
    fence = "`" * (longest + 1)
    padding = " " if longest else ""
    # A pipe ends a cell even inside of code.
    return f"{fence}{padding}{text.replace('|', chr(92) + '|')}{padding}{fence}"
