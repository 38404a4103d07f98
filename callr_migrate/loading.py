"""A part's files -> the sources that may matter: of the files asked for, and of the project around them."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from callr_migrate.discovery import Discovery, discover
from callr_migrate.embedded import code_of, is_embedding, load, searched
from callr_migrate.findings import Failure, Report, Unseen
from callr_migrate.gates import Gates, resolved
from callr_migrate.pack import RulePack
from callr_migrate.projectfiles.kinds import kind_of_path
from callr_migrate.projectfiles.reading import FileGate, decoded
from callr_migrate.reach import Reach
from callr_migrate.settings_tree import SettingsTree
from callr_migrate.source import SourceError, SourceFile

# Bytes. No source file has so many; a disk image that is called x.py shall not fill the memory.
_MAX_READ = 256_000_000
_DECLARATION = re.compile(rb"coding[:=]")
# A comment of other tools that names a code of this one.
_COMMENT = re.compile(rb"noqa[ \t]*:[^\r\n]*\bCLR", re.IGNORECASE)


@dataclass
class Candidates:
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

    def with_changes(self, changed: Iterable[SourceFile]) -> Candidates:
        """The same with some files replaced."""
        new = {source.path.resolve(): source for source in changed}
        around = {key: new.pop(key, source) for key, source in self.around.items()}
        return Candidates(self.shown, {**self.sources, **new}, around, self.hidden)


@dataclass
class Loader:
    """Reads files of the project at `named_root`; `overlay` is what files hold, by resolved path, whatever is on disk.

    `noted` are files without legacy code that have comments to suppress some; `hashes` (SHA-256, by path below
    `hashed_below`, if that is given) are those of all code that was asked for. `on_file` is called with (files done,
    files in all).
    """

    named_root: Path
    paths: Iterable[Path]
    tree: SettingsTree
    gates: Gates
    pack: RulePack
    report: Report
    on_file: Callable[[int, int], None]
    overlay: Mapping[Path, bytes] = field(default_factory=dict)
    hashed_below: Path | None = None
    has_clients: bool = False
    noted: dict[Path, SourceFile] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)

    @cached_property
    def root(self) -> Path:
        """The project's folder, without links."""
        return self.named_root.resolve()

    def load(self, part: Discovery, everywhere: Discovery) -> Candidates:
        """The files of a part that may matter, of all that were found `everywhere`, and those around them."""
        candidates = self._code(part, everywhere)
        for path in part.excluded:
            raw = self._read(path)
            if raw is not None and self._passes(path, raw):
                line = self.gates.first_line(raw)
                self.report.unseen.append(
                    Unseen(path, line, "the file is excluded, and holds what may be legacy code")
                )
                with contextlib.suppress(SourceError):
                    candidates.hidden.append(load(path, raw))
        self._take_around(candidates, part.around)
        return candidates

    def _read(self, path: Path, *, report: bool = False) -> bytes | None:
        """The bytes of a file; None if it cannot be had, which is reported if asked for."""
        if self.overlay and (laid := self.overlay.get(path.resolve())) is not None:
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

    def _code(self, found: Discovery, everywhere: Discovery) -> Candidates:
        """The files with a gate hit, and those that import one: of the paths, and of the project around them."""
        keys = resolved(found.files)
        candidates = Candidates({key: path for path, key in keys.items()})
        passed: dict[str, bytes] = {}
        for done, path in enumerate(found.files, 1):
            raw = self._read(path, report=True)
            if raw is not None:
                if self.hashed_below is not None:
                    self.hashes[_below(keys[path], self.hashed_below)] = hashlib.sha256(raw).hexdigest()
                problem = _unreadable(path, raw)
                if problem is not None:
                    self.report.errors.append(Failure(path, problem))
                elif self._passes(path, raw):
                    passed[str(keys[path])] = raw
                elif _COMMENT.search(raw):
                    self._note(path, raw)
            self.on_file(done, len(found.files))
        names = {str(key): path for key, path in candidates.shown.items()}
        around = self._around(candidates.shown, everywhere) if found.files or found.around else {}
        for key, path in around.items():
            names[str(key)] = path
            raw = self._read(path)
            if raw is not None and self._passes(path, raw):
                passed[str(key)] = raw
        reached = set(passed)
        sources = self.gates.sources(passed)
        self.has_clients = bool(sources)
        if sources:
            reach = Reach(names, lambda name: self._code_of(name, passed), str(self.root), self.gates.passes)
            reached |= reach.files(sources, self.gates.forwards)
        # Else the analysis might come across one of them on its own, as it is on disk.
        reached |= names.keys() & {str(path) for path in self.overlay}
        for name in sorted(reached):
            self._take(candidates, Path(name), names[name], self._contents(name, passed))
        return candidates

    def _take(self, candidates: Candidates, key: Path, path: Path, raw: bytes) -> None:
        try:
            candidates.sources[key] = load(path, raw)
        except SourceError as error:
            # What is wrong at first sight is told already.
            if key in candidates.shown and _unreadable(path, raw) is None:
                self.report.errors.append(Failure(path, str(error)))

    def _take_around(self, candidates: Candidates, paths: Iterable[Path]) -> None:
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
            self.noted[path] = load(path, raw)

    def _contents(self, name: str, passed: dict[str, bytes]) -> bytes:
        known = passed.get(name)
        return known if known is not None else self._read(Path(name)) or b""

    def _code_of(self, name: str, passed: dict[str, bytes]) -> bytes:
        return code_of(Path(name), self._contents(name, passed))

    def _passes(self, path: Path, raw: bytes) -> bool:
        return self.gates.passes(searched(path.name, raw))

    def _around(self, shown: dict[Path, Path], everywhere: Discovery) -> dict[Path, Path]:
        """The project's further files by resolved path: analysis covers all of them, whatever is shown."""
        if any(path.resolve() == self.root for path in self.paths):
            files = self.tree.below(self.named_root, everywhere.files)
        else:
            files = discover([self.named_root], self.tree).files if self.has_project() else []
        return {key: path for path, key in resolved(files).items() if key not in shown}

    def has_project(self) -> bool:
        """Whether the root may be a project's folder: not the whole disk, nor all that a person has."""
        try:
            home = Path.home().resolve()
        except RuntimeError:
            return self.root != Path(self.root.anchor)
        return self.root not in (Path(self.root.anchor), home, *home.parents)


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


def _below(path: Path, root: Path) -> str:
    """A path as seen from the project, if it is inside."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()
