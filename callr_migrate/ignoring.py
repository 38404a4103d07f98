"""Comments that suppress what was found, written into the files: a line gets one, with all codes found on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from callr_migrate.findings import Edit, Failure, Finding
from callr_migrate.projectfiles.kinds import Kind, kind_of_path
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.suppression import FILE, LINE, UNUSED, Layout, Suppressions
from callr_migrate.writing import WriteError, write_together

# What Python and the system look for in the first two lines.
_FIRST_LINES = re.compile(r"#!|[ \t\f]*#.*?coding[:=]")

# Not Python itself, but with Python in them.
_WITH_CODE = frozenset({".ipynb", ".markdown", ".md", ".rst"})


def add_ignores(findings: Iterable[Finding], sources: Mapping[Path, SourceFile]) -> tuple[int, list[Failure]]:
    """Write comments for the findings; how many there are, and what could not be done.

    Only Python files get some, and findings about comments get none. A file that does not parse has no lines to
    rely on: one comment at its top is for all of it.
    """
    by_path: dict[Path, list[Finding]] = {}
    for finding in findings:
        if finding.code != UNUSED and _is_python(finding.path):
            by_path.setdefault(finding.path, []).append(finding)
    added = 0
    failures: list[Failure] = []
    for path, found in by_path.items():
        source = sources[path]
        edits = _edits(source, found)
        try:
            after = source.replaced(edits)
            if Layout(after).code != Layout(source).code:
                raise SourceError("a comment would change what the file does; add it by hand")
            write_together([(source, after)])
        except (SourceError, WriteError) as error:
            failures.append(Failure(path, str(error)))
        else:
            added += len(edits)
    return added, failures


def _is_python(path: Path) -> bool:
    return path.suffix.lower() not in _WITH_CODE and kind_of_path(path) in (None, Kind.SETUP)


def _edits(source: SourceFile, findings: Iterable[Finding]) -> list[Edit]:
    layout = Layout(source)
    by_line: dict[int, set[str]] = {}
    for finding in findings:
        line = source.position(finding.start).line
        whole = not layout.is_whole or finding.code.startswith("CLR9")
        by_line.setdefault(0 if whole else layout.ends.get(line, line), set()).add(finding.code)
    comments = Suppressions(source).comments
    edits = []
    for line, codes in sorted(by_line.items()):
        listed = ",".join(sorted(codes))
        own = [
            comment
            for comment in comments
            if comment.codes and not comment.is_noqa and comment.mistake is None
            if (comment.for_file if line == 0 else comment.line == line and not comment.for_file)
        ]
        if own:
            end = (own[0].codes or ())[-1].span[1]
            edits.append(Edit(source.path, end, end, f",{listed}"))
        elif line == 0:
            at = source.line_starts[_top(source) - 1]
            edits.append(Edit(source.path, at, at, f"# callr-migrate: {FILE}[{listed}]{source.newline}"))
        else:
            text = source.line_text(line)
            start = source.line_starts[line - 1] + len(text.rstrip())
            end = source.line_starts[line - 1] + len(text)
            edits.append(Edit(source.path, start, end, f"  # callr-migrate: {LINE}[{listed}]"))
    return edits


def _top(source: SourceFile) -> int:
    """The first line that does not have to stay where it is."""
    line = 1
    while line <= 2 and line < len(source.line_starts) and _FIRST_LINES.match(source.line_text(line)):
        line += 1
    return line
