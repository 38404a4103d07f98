"""Discover, gate, analyse, plan, and write or report: the one way through, for every command."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.config import ConfigError, Settings
from callr_migrate.discovery import discover, gate
from callr_migrate.findings import Applicability, Edit, Failure, Finding, Report, Unseen
from callr_migrate.pack import RulePack, load_pack, nearest
from callr_migrate.pack.verified import project_verified
from callr_migrate.source import SourceError, SourceFile

if TYPE_CHECKING:
    pass

# The tree of a long expression is deep, and so is walking it.
_STACK_BYTES = 512 * 1024 * 1024
_RECURSION_LIMIT = 20_000

_DECLARATION = re.compile(rb"coding[:=]")
_WORD = re.compile(rb"\w+")


@dataclass(frozen=True)
class Request:
    """What is asked of a run. `on_progress` is called with (files done, files in all)."""

    paths: tuple[Path, ...]
    settings: Settings
    write: bool = False
    unsafe: bool = False
    diff: bool = False
    on_progress: Callable[[int, int], None] | None = None


@dataclass
class Outcome:
    """What came of it. `sources` are the files as they are on disk, `changed` what a fix makes of them."""

    report: Report
    sources: dict[Path, SourceFile]
    changed: dict[Path, SourceFile]
    pack: RulePack


def run(request: Request) -> Outcome:
    """Do it all; raises `ConfigError` and `RuleError`. The work runs on a thread with a deep stack."""
    result: list[Outcome] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            result.append(_Run(request).run())
        except BaseException as error:
            failure.append(error)

    limit = sys.getrecursionlimit()
    previous = threading.stack_size(_STACK_BYTES)
    try:
        sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
    finally:
        threading.stack_size(previous)
    while thread.is_alive():
        thread.join(0.1)
    sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return result[0]


@dataclass
class _Candidates:
    """The files that may matter: `shown` are those that were asked for, by resolved path."""

    shown: dict[Path, Path] = field(default_factory=dict)
    sources: dict[Path, SourceFile] = field(default_factory=dict)


class _Run:
    def __init__(self, request: Request) -> None:
        self.request = request
        self.settings = request.settings
        self.report = Report()
        self.pack = project_verified(load_pack(self.settings.rules), self.settings.root, self.report.notes)
        _check_names(self.settings, self.pack)
        self.literals = [
            literal.encode() for surface in self.pack.surfaces.values() for literal in surface.gates
        ]
        self.changed: dict[Path, SourceFile] = {}

    def run(self) -> Outcome:
        found = discover(self.request.paths, self.settings)
        self.report.errors += found.errors
        self.report.files = len(found.files)
        raw = self._read(found.files)
        for path in found.excluded:
            if self._passes(path):
                self.report.unseen.append(
                    Unseen(path, 1, "the file is excluded, and holds what may be legacy code")
                )
        candidates = self._candidates(raw)
        everything = self._analyse(candidates, self.report)
        findings = [finding for finding in everything if self.settings.wants(finding.code)]
        if self.request.write or self.request.diff:
            findings = self._fix(findings, everything, candidates)
        self.report.findings += findings
        self.report.findings.sort(key=lambda finding: (str(finding.path), finding.start, finding.code))
        self.report.unseen.sort(key=lambda unseen: (str(unseen.path), unseen.line))
        sources = {source.path: source for source in candidates.sources.values()}
        return Outcome(self.report, sources, self.changed, self.pack)

    # Files

    def _read(self, files: list[Path]) -> dict[Path, bytes]:
        raw: dict[Path, bytes] = {}
        for done, path in enumerate(files, 1):
            try:
                raw[path] = path.read_bytes()
            except OSError as error:
                why = (error.strerror or str(error)).lower()
                self.report.errors.append(Failure(path, f"cannot be read: {why}"))
            if self.request.on_progress is not None:
                self.request.on_progress(done, len(files))
        return raw

    def _passes(self, path: Path) -> bool:
        try:
            return gate(path.read_bytes(), self.literals)
        except OSError:
            return False

    def _candidates(self, raw: dict[Path, bytes]) -> _Candidates:
        """The files with a gate hit, and those that import one: of the paths, and of the project around them."""
        candidates = _Candidates({path.resolve(): path for path in raw})
        for path, content in raw.items():
            problem = _unreadable(path, content)
            if problem is not None:
                self.report.errors.append(Failure(path, problem))
        everything = {
            path.resolve(): (path, content) for path, content in raw.items() if b"\0" not in content
        }
        for path in discover([self.settings.root], self.settings).files if self._has_project() else []:
            key = path.resolve()
            if key not in everything:
                try:
                    everything[key] = (path, path.read_bytes())
                except OSError:
                    continue
        for key in _reached(everything, self.literals):
            path, content = everything[key]
            try:
                candidates.sources[key] = SourceFile.from_bytes(path, content)
            except SourceError as error:
                if key in candidates.shown and _unreadable(path, content) is None:
                    self.report.errors.append(Failure(path, str(error)))
        return candidates

    def _has_project(self) -> bool:
        """Whether the root may be a project's folder: not the whole disk, nor all that a person has."""
        root = self.settings.root.resolve()
        try:
            home = Path.home().resolve()
        except RuntimeError:
            return root != Path(root.anchor)
        return root not in (Path(root.anchor), home, *home.parents)

    # Analysis

    def _analyse(self, candidates: _Candidates, report: Report) -> list[Finding]:
        """One pass of the engine: the findings of the files that were asked for; `report` takes what is unseen."""
        if not candidates.sources:
            return []
        # libcst takes a fifth of a second to import: only a run with candidates pays for it.
        from callr_migrate.engine import analyse

        return analyse(self.settings, self.pack, list(candidates.sources.values()), candidates.shown, report)

    # Fixing

    def _fix(
        self, findings: list[Finding], everything: list[Finding], candidates: _Candidates
    ) -> list[Finding]:
        """Apply the groups that may be applied; the findings that are left, and those that are done."""
        wanted = {Applicability.SAFE, Applicability.UNSAFE} if self.request.unsafe else {Applicability.SAFE}
        groups: dict[str, list[Finding]] = {}
        for finding in everything:
            if finding.fix is not None:
                groups.setdefault(finding.fix.group, []).append(finding)
        applied: set[str] = set()
        for group, members in groups.items():
            if all(member.applicability in wanted for member in members) and self._apply(members, candidates):
                applied.add(group)
        marked = []
        for finding in findings:
            done = finding.fix is not None and finding.fix.group in applied
            self.report.fixed += done
            marked.append(replace(finding, applied=done))
        if applied and self.request.write:
            return [finding for finding in marked if finding.applied] + self._left(candidates)
        return marked

    def _apply(self, members: list[Finding], candidates: _Candidates) -> bool:
        """Change the files of one group, all or none; False if that could not be done."""
        edits: dict[Path, list[Edit]] = {}
        for member in members:
            assert member.fix is not None
            for edit in member.fix.edits:
                edits.setdefault(edit.path, []).append(edit)
        sources = {source.path: source for source in candidates.sources.values()}
        new: list[SourceFile] = []
        try:
            for path, changes in edits.items():
                new.append(sources[path].replaced(changes))
        except SourceError as error:
            self.report.errors.append(Failure(path, str(error)))
            return False
        problem = self._verify(new, candidates)
        if problem is not None:
            self.report.errors.append(Failure(new[0].path, problem))
            return False
        if self.request.write and not self._write(new, sources):
            return False
        self.changed.update({source.path: source for source in new})
        return True

    def _write(self, new: list[SourceFile], old: dict[Path, SourceFile]) -> bool:
        written: list[SourceFile] = []
        for source in new:
            try:
                source.write()
            except OSError as error:
                why = error.strerror or str(error)
                self.report.errors.append(
                    Failure(source.path, f"cannot be written: {why.lower()}; its group is left as it was")
                )
                for done in written:
                    old[done.path].write()
                return False
            written.append(source)
        return True

    def _verify(self, new: list[SourceFile], candidates: _Candidates) -> str | None:
        """Parse and analyse the result again; a fault that is found leaves the files as they were."""
        replaced = _Candidates(candidates.shown, dict(candidates.sources))
        for source in new:
            replaced.sources[source.path.resolve()] = source
        paths = {source.path for source in new}
        for finding in self._analyse(replaced, Report()):
            if finding.path not in paths:
                continue
            if finding.code == "CLR901":
                return "internal fault: the rewritten file would not parse, so it is left as it was; please report this"
            if finding.fix is not None and any(edit.path in paths for edit in finding.fix.edits):
                line = replaced.sources[finding.path.resolve()].position(finding.start).line
                return (
                    "internal fault: a second run would change the file again "
                    f"({finding.code} at new line {line}), so it is left as it was; please report this"
                )
        return None

    def _left(self, candidates: _Candidates) -> list[Finding]:
        """What is left after writing, at its new place."""
        for source in self.changed.values():
            candidates.sources[source.path.resolve()] = source
        again = Report()
        findings = self._analyse(candidates, again)
        kept = [unseen for unseen in self.report.unseen if unseen.path not in set(candidates.shown.values())]
        self.report.unseen = [*kept, *again.unseen]
        return [finding for finding in findings if self.settings.wants(finding.code)]


def _check_names(settings: Settings, pack: RulePack) -> None:
    """Hold the names in the settings against the pack; raises `ConfigError`."""
    problems = []
    if settings.target is not None and settings.target not in pack.targets:
        problems.append(
            f"no target {settings.target!r}{nearest(settings.target, pack.targets)}; there is {', '.join(pack.targets)}"
        )
    for name, answer in settings.choices.items():
        choice = pack.choices.get(name)
        if choice is None:
            problems.append(f"choices: no choice {name!r}{nearest(name, pack.choices)}")
        elif answer not in choice.answers:
            problems.append(
                f"choices: {name!r} cannot be {answer!r}; it is one of {', '.join(choice.answers)}"
            )
    if problems:
        raise ConfigError(problems)


def _unreadable(path: Path, content: bytes) -> str | None:
    """Why a file cannot be Python source, for the mistakes that need no parser."""
    if b"\0" not in content and not _DECLARATION.search(content[:400]):
        return None
    try:
        SourceFile.from_bytes(path, content)
    except SourceError as error:
        return str(error)
    return None


def _reached(files: dict[Path, tuple[Path, bytes]], literals: list[bytes]) -> list[Path]:
    """The files with a gate hit, and those that name the module of one that is reached."""
    reached = {key for key, (_, content) in files.items() if gate(content, literals)}
    if not reached:
        return []
    waiting = {
        key: frozenset(_WORD.findall(content)) for key, (_, content) in files.items() if key not in reached
    }
    names = {_module_word(key) for key in reached}
    while names:
        new = {
            key
            for key, words in waiting.items()
            if not names.isdisjoint(words) and _imports(files[key][1], names)
        }
        for key in new:
            del waiting[key]
        reached |= new
        names = {_module_word(key) for key in new}
    return sorted(reached)


def _module_word(path: Path) -> bytes:
    return (path.parent.name if path.stem == "__init__" else path.stem).encode("utf-8", "replace")


def _imports(content: bytes, names: Iterable[bytes]) -> bool:
    """Whether an import statement may name one of the modules."""
    alternatives = b"|".join(re.escape(name) for name in sorted(names) if name)
    if not alternatives:
        return False
    return (
        re.search(
            rb"^[ \t]*(?:from[ \t][^\n#]*\b(?:"
            + alternatives
            + rb")\b|import[ \t][^\n#]*\b(?:"
            + alternatives
            + rb")\b"
            rb"|from[ \t][^\n#]*import[ \t]*\([^)]*\b(?:" + alternatives + rb")\b)",
            content,
            re.MULTILINE,
        )
        is not None
    )
