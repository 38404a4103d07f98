"""Which change of the rewrite goes into which commit, so that each commit leaves code that compiles.

The rewrite is one whole: a client and its uses. A series of commits tells it family by family to whoever reads it; the
program works again after the last one. Where a part of a file's changes would leave text that does not compile, they
wait for the next commit.
"""

from __future__ import annotations

import ast
import enum
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from callr_migrate.findings import Edit, Finding
from callr_migrate.records import dataclass
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.suffixes import SUFFIXES


class Family(enum.Enum):
    """A family of changes, in the order of the commits."""

    CLIENT = "client"
    CALLS = "calls"
    RESULTS = "results"
    DATES = "dates"
    FILES = "files"


class Split(enum.Enum):
    """How many commits there are to be."""

    ONE = "one"
    FAMILY = "family"
    FILE = "file"


@dataclass
class Step:
    """What one commit does: the files as they are after it, and the findings that it settles.

    `family` is None where the commit is not one of a family.
    """

    family: Family | None
    files: dict[Path, SourceFile] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


# By the beginning of a code, the longest first.
_FAMILIES = {
    "CLR602": Family.CALLS,
    "CLR6": Family.CLIENT,
    "CLR1": Family.CALLS,
    "CLR5": Family.CALLS,
    "CLR2": Family.RESULTS,
    "CLR3": Family.RESULTS,
    "CLR4": Family.DATES,
    "CLR7": Family.FILES,
}
_ORDER = list(Family)
_IMPORTS = ("import ", "from ")


def family_of(code: str) -> Family:
    """The family of a finding's own changes."""
    matching = [start for start in _FAMILIES if code.startswith(start)]
    return _FAMILIES[max(matching, key=len)] if matching else Family.CALLS


def steps_of(
    findings: Iterable[Finding],
    sources: Mapping[Path, SourceFile],
    changed: Mapping[Path, SourceFile],
    split: Split,
) -> list[Step]:
    """The commits in their order; `findings` are those of the rewrite, `changed` is what it comes to."""
    applied = [finding for finding in findings if finding.applied and finding.fix is not None]
    if split is Split.FAMILY:
        return _by_family(applied, sources, changed)
    if split is Split.FILE:
        return _by_file(applied, changed)
    return [Step(None, dict(changed), applied)] if changed else []


def _by_file(applied: Sequence[Finding], changed: Mapping[Path, SourceFile]) -> list[Step]:
    """Code first, and the files around it at last."""
    order = sorted(changed, key=lambda path: (not path.name.endswith(SUFFIXES), path.as_posix()))
    return [
        Step(None, {path: changed[path]}, [finding for finding in applied if finding.path == path])
        for path in order
    ]


def _by_family(
    applied: Sequence[Finding], sources: Mapping[Path, SourceFile], changed: Mapping[Path, SourceFile]
) -> list[Step]:
    edits = _edits(applied, sources)
    steps = [Step(family) for family in Family]
    for path, after in sorted(changed.items()):
        states = _states(sources[path], after, edits.get(path, {}))
        before: SourceFile | None = None
        for step, state in zip(steps, states, strict=True):
            if state is not None and (before is None or state.raw != before.raw):
                step.files[path] = state
            before = state or before
    done = {path: [index for index, step in enumerate(steps) if path in step.files] for path in changed}
    for finding in applied:
        # Changes that waited are told where they are made.
        own = _ORDER.index(family_of(finding.code))
        later = [index for index in done.get(finding.path, ()) if index >= own]
        steps[later[0] if later else own].findings.append(finding)
    return [step for step in steps if step.files]


def _states(source: SourceFile, after: SourceFile, edits: Mapping[Edit, Family]) -> list[SourceFile | None]:
    """The file after each family, as the commits have it; None as long as it is as it was."""
    states: list[SourceFile | None] = []
    state: SourceFile | None = None
    whole = _compiles(source)
    for index, _ in enumerate(_ORDER):
        taken = [edit for edit, family in edits.items() if _ORDER.index(family) <= index]
        if len(taken) == len(edits):
            state = after
        elif taken and whole:
            state = _part(source, taken) or state
        states.append(state)
    return states


def _part(source: SourceFile, edits: Sequence[Edit]) -> SourceFile | None:
    """The file after some of its edits; None if it would not compile then."""
    try:
        part = source.replaced(edits)
    except SourceError:
        return None
    return part if _compiles(part) else None


def _compiles(source: SourceFile) -> bool:
    """Whether this is Python that compiles, or no Python at all."""
    if not source.path.name.endswith(SUFFIXES):
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(source.text, "<rewritten>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


# -- which edit is of which family --------------------------------------------------------------------------------


def _edits(applied: Sequence[Finding], sources: Mapping[Path, SourceFile]) -> dict[Path, dict[Edit, Family]]:
    """Each edit once, in the order in which the rewrite makes them, with its family."""
    by_group: dict[str, list[Finding]] = {}
    by_path: dict[Path, list[Finding]] = {}
    for finding in applied:
        assert finding.fix is not None
        by_group.setdefault(finding.fix.group, []).append(finding)
        by_path.setdefault(finding.path, []).append(finding)
    edits: dict[Path, dict[Edit, Family]] = {}
    imports: dict[Path, frozenset[int]] = {}
    for members in by_group.values():
        for finding in members:
            assert finding.fix is not None
            for edit in finding.fix.edits:
                known = edits.setdefault(edit.path, {})
                if edit in known:
                    continue
                source = sources[edit.path]
                if edit.path not in imports:
                    imports[edit.path] = _import_lines(source)
                known[edit] = _family(edit, finding, by_path.get(edit.path, []), source, imports[edit.path])
    return edits


def _family(
    edit: Edit, holder: Finding, around: Sequence[Finding], source: SourceFile, imports: frozenset[int]
) -> Family:
    """That of the narrowest finding around the edit.

    Else imports and the indentation of blocks make the client known; the rest is of an answer on the same line, or of
    the finding that holds it.
    """
    # What is put in at the very edge of a place, such as the indentation of a block, is no part of it.
    inner = 1 if edit.start == edit.end else 0
    within = [
        finding
        for finding in around
        if finding.start + inner <= edit.start and edit.end <= finding.end - inner
    ]
    if within:
        return family_of(min(within, key=lambda finding: finding.end - finding.start).code)
    if family_of(holder.code) is Family.FILES or not edit.path.name.endswith(SUFFIXES):
        return Family.FILES
    line = source.position(edit.start).line
    if not edit.text.strip() and edit.start == edit.end:
        return Family.CLIENT
    if line in imports or edit.text.lstrip().startswith(_IMPORTS):
        return Family.CLIENT
    beside = [finding for finding in around if source.position(finding.start).line == line]
    if edit.end > edit.start and any(family_of(finding.code) is Family.RESULTS for finding in beside):
        return Family.RESULTS
    return family_of(holder.code)


def _import_lines(source: SourceFile) -> frozenset[int]:
    """The lines of import statements; none in what does not parse."""
    if not source.path.name.endswith(SUFFIXES):
        return frozenset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source.text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return frozenset()
    return frozenset(
        line
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )
