"""Discover, gate, analyse, plan, and write or report: the one way through, for every command."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from callr_migrate.baseline import open_baseline
from callr_migrate.config import ConfigError, Settings
from callr_migrate.counting import Counting
from callr_migrate.deep import Deep
from callr_migrate.discovery import Discovery, discover
from callr_migrate.embedded import code_of, is_embedding, load, possible, searched, told, unseen_on_disk
from callr_migrate.findings import Failure, Finding, Report, Unseen
from callr_migrate.fixing import Fixing
from callr_migrate.gates import Gates, importers, resolved
from callr_migrate.pack import RulePack, load_pack, nearest
from callr_migrate.pack.verified import project_verified
from callr_migrate.projectfiles.kinds import kind_of_path
from callr_migrate.projectfiles.reading import FileGate, decoded
from callr_migrate.selection import Selection
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.writing import WriteError, write_together

# Bytes. No source file has so many; a disk image that is called x.py shall not fill the memory.
_MAX_READ = 256_000_000
_DECLARATION = re.compile(rb"coding[:=]")
# A comment of other tools that names a code of this one.
_COMMENT = re.compile(rb"noqa[ \t]*:[^\r\n]*\bCLR", re.IGNORECASE)


@dataclass(frozen=True)
class Request:
    """What is asked of a run.

    `on_progress` is called with (files done, files in all); `cache` is the folder for what is worth keeping.
    """

    paths: tuple[Path, ...]
    settings: Settings
    write: bool = False
    unsafe: bool = False
    diff: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    attest: bool = False
    diff_base: str | None = None  # only what is in lines changed since this revision counts
    content: bytes | None = None  # what the only path holds, whatever is on disk
    overlay: Mapping[Path, bytes] = field(default_factory=dict)  # what files hold, by resolved path
    on_progress: Callable[[int, int], None] | None = None
    cache: Path | None = None
    docs: bool = False  # the code blocks of pages, too


@dataclass
class Outcome:
    """What came of it.

    `sources` are the files before any fix, `changed` what the fixes make of them, `written` those of `changed` that
    are on disk: findings that are left point into `written` where it has their file, all others into `sources`.
    """

    report: Report
    sources: dict[Path, SourceFile]
    changed: dict[Path, SourceFile]
    written: dict[Path, SourceFile]
    pack: RulePack
    content: bytes | None = None  # of the request


def run(request: Request) -> Outcome:
    """Do it all; raises `ConfigError` and `RuleError`. The work runs on a thread with a deep stack.

    An interruption waits until the group of files that is being written is done, so that none is half written.
    """
    deep = Deep()
    return deep.run(lambda: _Run(request, deep).run())


@dataclass
class _Candidates:
    """The files that may matter, by resolved path; `shown` are those that were asked for, with their names.

    `around` are the files around the code of those, `hidden` code that is excluded and may be legacy all the same.
    """

    shown: dict[Path, Path] = field(default_factory=dict)
    sources: dict[Path, SourceFile] = field(default_factory=dict)
    around: dict[Path, SourceFile] = field(default_factory=dict)
    hidden: list[SourceFile] = field(default_factory=list)

    @property
    def all(self) -> dict[Path, SourceFile]:
        """Every file that a finding may be about, by the path as given."""
        return {source.path: source for source in (*self.sources.values(), *self.around.values())}

    def with_changes(self, changed: Iterable[SourceFile]) -> _Candidates:
        """The same with some files replaced."""
        new = {source.path.resolve(): source for source in changed}
        around = {key: new.pop(key, source) for key, source in self.around.items()}
        return _Candidates(self.shown, {**self.sources, **new}, around, self.hidden)


class _Run:
    def __init__(self, request: Request, deep: Deep) -> None:
        self.request = request
        self.settings = request.settings
        self.deep = deep
        self.report = Report()
        pack = load_pack(self.settings.rules, cache=request.cache)
        self.pack = project_verified(pack, self.settings.root, self.report.notes)
        _check_names(self.settings, self.pack)
        self.gates = Gates(self.pack)
        self.has_clients = False
        self.given = None if request.content is None else request.paths[0].resolve()
        self.selection = Selection(lambda _: self.settings)
        self.counting = Counting(
            self.selection,
            self.report,
            open_baseline(request.baseline, request.write_baseline),
            request.diff_base,
            self._root,
        )
        self.changed: dict[Path, SourceFile] = {}
        self.written: dict[Path, SourceFile] = {}

    def run(self) -> Outcome:
        found = (
            Discovery([*self.request.paths])
            if self.given
            else discover(self.request.paths, self.settings, docs=self.request.docs)
        )
        self.report.errors += found.errors
        self.report.files = len(found.files)
        hidden: list[SourceFile] = []
        for path in found.excluded:
            raw = self._read(path)
            if raw is not None and self._passes(path, raw):
                line = self.gates.first_line(raw)
                self.report.unseen.append(
                    Unseen(path, line, "the file is excluded, and holds what may be legacy code")
                )
                with contextlib.suppress(SourceError):
                    hidden.append(load(path, raw))
        self.counting.shown = frozenset((*found.files, *found.around))
        candidates = self._candidates(found)
        candidates.hidden += hidden
        self._take_around(candidates, found.around)
        everything = self._analyse(candidates, self.report)
        sources = candidates.all
        if self.request.write or self.request.diff:
            findings = self._fix(everything, candidates, sources)
        else:
            findings = self.counting.selected(everything, sources)
        sources = {**self.counting.noted, **sources}
        self.report.findings += self.counting.counted(
            findings, {**sources, **self.written}, written=bool(self.written)
        )
        self.report.findings.sort(key=lambda finding: (str(finding.path), finding.start, finding.code))
        self.report.unseen.sort(key=lambda unseen: (str(unseen.path), unseen.line))
        return Outcome(self.report, sources, self.changed, self.written, self.pack, self.request.content)

    # Files

    def _read(self, path: Path, *, report: bool = False) -> bytes | None:
        """The bytes of a file; None if it cannot be had, which is reported if asked for."""
        if self.given is not None and path.resolve() == self.given:
            return self.request.content
        if self.request.overlay and (laid := self.request.overlay.get(path.resolve())) is not None:
            return laid
        try:
            if path.stat().st_size > _MAX_READ:
                why = f"is larger than {_MAX_READ // 1_000_000} MB; exclude it"
            else:
                return path.read_bytes()
        except OSError as error:
            why = f"cannot be read: {(error.strerror or str(error)).lower()}"
        except MemoryError:
            why = "cannot be read: there is not enough memory"
        if report:
            self.report.errors.append(Failure(path, why))
        return None

    def _candidates(self, found: Discovery) -> _Candidates:
        """The files with a gate hit, and those that import one: of the paths, and of the project around them."""
        keys = resolved(found.files)
        candidates = _Candidates({key: path for path, key in keys.items()})
        passed: dict[str, bytes] = {}
        hashes: dict[str, str] = {}
        for done, path in enumerate(found.files, 1):
            raw = self._read(path, report=True)
            if raw is not None:
                if self.request.attest:
                    hashes[_below(keys[path], self._root)] = hashlib.sha256(raw).hexdigest()
                problem = _unreadable(path, raw)
                if problem is not None:
                    self.report.errors.append(Failure(path, problem))
                elif self._passes(path, raw):
                    passed[str(keys[path])] = raw
                elif _COMMENT.search(raw):
                    self._note(path, raw)
            self._progress(done, len(found.files))
        self.report.digest = _digest(hashes) if self.request.attest else None
        names = {str(key): path for key, path in candidates.shown.items()}
        for key, path in self._around(candidates.shown).items():
            names[str(key)] = path
            raw = self._read(path)
            if raw is not None and self._passes(path, raw):
                passed[str(key)] = raw
        reached = set(passed)
        sources = self.gates.sources(passed)
        self.has_clients = bool(sources)
        if sources:
            reached |= importers(sources, names, lambda name: self._code(name, passed), str(self._root))
        # Else the analysis might come across one of them on its own, as it is on disk.
        reached |= names.keys() & {str(path) for path in self.request.overlay}
        for name in sorted(reached):
            self._take(candidates, Path(name), names[name], self._contents(name, passed))
        return candidates

    def _take(self, candidates: _Candidates, key: Path, path: Path, raw: bytes) -> None:
        try:
            candidates.sources[key] = load(path, raw)
        except SourceError as error:
            # What is wrong at first sight is told already.
            if key in candidates.shown and _unreadable(path, raw) is None:
                self.report.errors.append(Failure(path, str(error)))

    def _take_around(self, candidates: _Candidates, paths: Iterable[Path]) -> None:
        """The files around the code that name a legacy library or address; most projects have none."""
        gate = FileGate(self.pack)
        for path in paths:
            raw = self._read(path, report=True)
            kind = kind_of_path(path)
            if raw is None or kind is None or not gate.passes(raw):
                continue
            source = decoded(path, raw, kind)
            if source is None:
                self.report.unseen.append(
                    Unseen(path, 1, "the file is too large or no text, and names a legacy library")
                )
            else:
                candidates.around[path.resolve()] = source

    def _note(self, path: Path, raw: bytes) -> None:
        with contextlib.suppress(SourceError):
            self.counting.noted[path] = load(path, raw)

    def _contents(self, name: str, passed: dict[str, bytes]) -> bytes:
        known = passed.get(name)
        return known if known is not None else self._read(Path(name)) or b""

    def _code(self, name: str, passed: dict[str, bytes]) -> bytes:
        return code_of(Path(name), self._contents(name, passed))

    def _passes(self, path: Path, raw: bytes) -> bool:
        return self.gates.passes(searched(path.name, raw))

    def _progress(self, done: int, total: int) -> None:
        self.deep.check()
        if self.request.on_progress is not None:
            self.request.on_progress(done, total)

    @property
    def _root(self) -> Path:
        return self.settings.root.resolve()

    def _around(self, shown: dict[Path, Path]) -> dict[Path, Path]:
        """The project's further files by resolved path: analysis covers all of them, whatever is shown."""
        if not self._has_project() or any(path.resolve() == self._root for path in self.request.paths):
            return {}
        files = discover([self.settings.root], self.settings).files
        return {key: path for path, key in resolved(files).items() if key not in shown}

    def _has_project(self) -> bool:
        """Whether the root may be a project's folder: not the whole disk, nor all that a person has."""
        try:
            home = Path.home().resolve()
        except RuntimeError:
            return self._root != Path(self._root.anchor)
        return self._root not in (Path(self._root.anchor), home, *home.parents)

    # Analysis

    def _analyse(self, candidates: _Candidates, report: Report) -> list[Finding]:
        """One pass of the engine: the findings of the files that were asked for; `report` takes what is unseen.

        Files that the engine loads on its own join the candidates.
        """
        found = self._code_findings(candidates, report) if candidates.sources else []
        files = {
            source.path: kind
            for key, source in (*candidates.around.items(), *candidates.sources.items())
            for kind in [kind_of_path(source.path)]
            if kind is not None and (key in candidates.around or key in candidates.shown)
        }
        if not files:
            return found
        from callr_migrate.projectfiles.plan import Project, project_findings

        return project_findings(
            Project(
                self.pack,
                self.pack.targets[self.settings.target or self.pack.default_target],
                files,
                candidates.all,
                [source for source in (*candidates.sources.values(), *candidates.hidden) if source.fixable],
                self._has_project(),
                self.selection,
            ),
            found,
        )

    def _code_findings(self, candidates: _Candidates, report: Report) -> list[Finding]:
        # libcst takes a fifth of a second to import: only a run with candidates pays for it.
        from callr_migrate.engine import analyse

        self.deep.check()
        sources = list(candidates.sources.values())
        own = Report()
        found = analyse(
            self.settings,
            self.pack,
            sources,
            candidates.shown,
            own,
            loaded=candidates.sources,
            passes=self.gates.passes,
            has_clients=self.has_clients,
            selection=self.selection,
        )
        # What is told of a notebook's or page's code names its places as the file has them.
        named = candidates.all
        report.unseen += [unseen_on_disk(unseen, named) for unseen in own.unseen]
        report.errors += [failure for failure in own.errors if failure not in report.errors]
        return [told(finding, named) for finding in possible(found, named)]

    # Fixing

    def _fix(
        self, everything: list[Finding], candidates: _Candidates, sources: dict[Path, SourceFile]
    ) -> list[Finding]:
        """Apply the groups that may be applied; the findings that are left, and those that are done."""
        fixing = Fixing(self.counting.to_fix(everything, sources), sources, unsafe=self.request.unsafe)
        left, again = self._verified(fixing, candidates)
        if self.request.write and not self._write(fixing, sources):
            again = Report()
            left = self._analyse(candidates.with_changes(fixing.changed().values()), again)
        self.changed = fixing.changed()
        self.written = self.changed if self.request.write else {}
        marked = [
            replace(finding, applied=finding.fix is not None and finding.fix.group in fixing.accepted)
            for finding in self.counting.selected(everything, sources)
        ]
        self.report.fixed += sum(finding.applied for finding in marked)
        if not self.written:
            return marked
        shown = self.counting.shown
        self.report.unseen = [unseen for unseen in self.report.unseen if unseen.path not in shown]
        self.report.unseen += again.unseen
        self.report.errors += [failure for failure in again.errors if failure not in self.report.errors]
        left = self.counting.selected(left, {**sources, **self.written})
        return [finding for finding in marked if finding.applied] + left

    def _verified(self, fixing: Fixing, candidates: _Candidates) -> tuple[list[Finding], Report]:
        """Take the groups whose result holds; the findings after them, and the report of that analysis.

        All of them are tried at once. Only where that fails each is tried on its own, to find the one at fault.
        """
        again = Report()
        trial = fixing.accept_all()
        if trial is None:
            changed = fixing.changed()
            left = self._analyse(candidates.with_changes(changed.values()), again) if changed else []
            if fixing.fault(left) is None:
                return left, again
        for group in fixing.restart():
            problem = fixing.accept(group)
            if problem is None:
                left = self._analyse(candidates.with_changes(fixing.changed().values()), Report())
                problem = fixing.fault(left)
                if problem is not None:
                    fixing.accepted.discard(group)
            if problem is not None:
                self.report.errors.append(problem)
        again = Report()
        return self._analyse(candidates.with_changes(fixing.changed().values()), again), again

    def _write(self, fixing: Fixing, sources: dict[Path, SourceFile]) -> bool:
        """Write the accepted groups one by one; False if one of them could not be written, and was taken back."""
        complete = True
        on_disk = dict(sources)
        wanted = [group for group in fixing.groups if group in fixing.accepted]
        fixing.accepted.clear()
        for group in wanted:
            fixing.accepted.add(group)
            paths = fixing.paths_of(group)
            changed = fixing.changed()
            try:
                with self.deep.uninterrupted():
                    write_together([(on_disk[path], changed[path]) for path in paths])
                    on_disk.update({path: changed[path] for path in paths})
            except WriteError as error:
                fixing.accepted.discard(group)
                complete = False
                self.report.errors.append(Failure(error.path, str(error)))
        return complete


def _below(path: Path, root: Path) -> str:
    """A path as seen from the project, if it is inside."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _digest(hashes: Mapping[str, str]) -> str:
    """The SHA-256 of the lines that `sha256sum` prints for the files, sorted by their paths."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


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
    """Why a file cannot be Python source, for the mistakes that can be told at first sight."""
    if is_embedding(path.name):
        return None
    if b"\0" not in content and not _DECLARATION.search(content[:400]):
        return None
    try:
        SourceFile.from_bytes(path, content)
    except SourceError as error:
        return str(error)
    return None
