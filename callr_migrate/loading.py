"""A part's files -> the sources that may matter: of the files asked for, and of the project around them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.components import components, strangers
from callr_migrate.discovery import Discovery
from callr_migrate.embedded import code_of, load
from callr_migrate.files import real_path
from callr_migrate.findings import Failure, Report, Unseen
from callr_migrate.front import Front
from callr_migrate.gates import Gates
from callr_migrate.import_graph import ImportGraph
from callr_migrate.projectfiles.kinds import kind_of_path
from callr_migrate.projectfiles.reading import decoded
from callr_migrate.reach import Reach
from callr_migrate.records import dataclass
from callr_migrate.sieve import MAX_READ, has_comment, is_declared, read
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.stages import count, staged
from callr_migrate.suffixes import is_embedding, searched

if TYPE_CHECKING:
    from callr_migrate.cache.reached import Reached
    from callr_migrate.import_graph import StatementsOf


class Shown(Mapping[Path, Path]):
    """Resolved path -> path as given, of the files that were asked for; made paths where they are asked for."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names  # resolved -> as given

    def __getitem__(self, key: Path) -> Path:
        return Path(self._names[str(key)])

    def __contains__(self, key: object) -> bool:
        return str(key) in self._names

    def __iter__(self) -> Iterator[Path]:
        return map(Path, self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass
class Candidates:
    """The files that may matter, by resolved path; `shown` are those that were asked for, with their names.

    `around` are the files around the code of those, `hidden` code that is excluded and may be legacy all the same,
    `further` the project's code that nothing legacy seems to get to.
    `parts` are files of code that have nothing to do with those of other parts; what is in none belongs together.
    """

    shown: Mapping[Path, Path] = field(default_factory=dict)
    sources: dict[Path, SourceFile] = field(default_factory=dict)
    around: dict[Path, SourceFile] = field(default_factory=dict)
    hidden: list[SourceFile] = field(default_factory=list)
    further: tuple[str, ...] = ()
    parts: list[list[Path]] = field(default_factory=list)

    @property
    def components(self) -> list[tuple[SourceFile, ...]]:
        """The files of code in the parts of which none has to do with another."""
        grouped = {key for part in self.parts for key in part}
        rest = tuple(source for key, source in self.sources.items() if key not in grouped)
        found = [tuple(self.sources[key] for key in part if key in self.sources) for part in self.parts]
        return [part for part in (*found, rest) if part]

    @property
    def all(self) -> dict[Path, SourceFile]:
        """Every file that a finding may be about, by the path as given."""
        return {source.path: source for source in (*self.sources.values(), *self.around.values())}

    def with_changes(self, changed: Iterable[SourceFile]) -> Candidates:
        """The same with some files replaced."""
        new = {real_path(source.path): source for source in changed}
        around = {key: new.pop(key, source) for key, source in self.around.items()}
        return Candidates(self.shown, {**self.sources, **new}, around, self.hidden, self.further, self.parts)


@dataclass
class Loader:
    """Reads files of the project at `named_root`; `overlay` is what files hold, by resolved path, whatever is on disk.

    `noted` are files without legacy code that have comments to suppress some; `hashes` (SHA-256, by path below
    `hashed_below`, if that is given) are those of all code that was asked for. `on_file` is called with (files done,
    files in all).
    """

    named_root: Path
    front: Front
    gates: Gates
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
        return real_path(self.named_root)

    @staged("reading and searching")
    def load(self, part: Discovery) -> Candidates:
        """The files of a part that may matter, and those around them."""
        candidates = self._code(part)
        for path in self._suspects(part.excluded_names):
            raw = self._read(path)
            if raw is not None and self._passes(path, raw):
                line = self.gates.first_line(raw)
                self.report.unseen.append(
                    Unseen(path, line, "the file is excluded, and holds what may be legacy code")
                )
                with contextlib.suppress(SourceError):
                    candidates.hidden.append(load(path, raw))
        self._take_around(candidates, part.around_names)
        return candidates

    def _suspects(
        self, names: Iterable[str], on_file: Callable[[int, int], None] | None = None
    ) -> list[Path]:
        """The files that have to be looked at closer: of some all, where what is on disk does not count."""
        if self.hashed_below is not None:
            return list(map(Path, names))
        laid = {path.name for path in self.overlay}
        names = list(names)
        sieve = self.front.sieve(self.gates)
        found = set(sieve.suspects((name for name in names if os.path.basename(name) not in laid), on_file))  # noqa: PTH119
        return [Path(name) for name in names if name in found or os.path.basename(name) in laid]  # noqa: PTH119

    def _read(self, path: Path, *, report: bool = False) -> bytes | None:
        """The bytes of a file; None if it cannot be had, which is reported if asked for."""
        if self.overlay and (laid := self.overlay.get(real_path(path))) is not None:
            return laid
        try:
            if path.stat().st_size > MAX_READ:
                why = f"is larger than {MAX_READ // 1_000_000} MB; exclude it"
            else:
                return path.read_bytes()
        except OSError as error:
            why = f"cannot be read: {(error.strerror or str(error)).lower()}"
        except MemoryError:
            why = "cannot be read: there is not enough memory"
        if report:
            self.report.errors.append(Failure(path, why))
        return None

    def _code(self, found: Discovery) -> Candidates:
        """The files with a gate hit, and those that import one: of the paths, and of the project around them."""
        keys = resolved(found.names)
        shown = {key: name for name, key in keys.items()}
        candidates = Candidates(Shown(shown))
        passed: dict[str, bytes] = {}
        suspects = self._suspects(found.names, self.on_file)
        for done, path in enumerate(suspects, 1):
            raw = self._read(path, report=True)
            if raw is not None:
                if self.hashed_below is not None:
                    from hashlib import sha256  # here there may be much to digest

                    own = Path(keys[str(path)])
                    self.hashes[_below(own, self.hashed_below)] = sha256(raw).hexdigest()
                problem = _unreadable(path, raw)
                if problem is not None:
                    self.report.errors.append(Failure(path, problem))
                elif self._passes(path, raw):
                    passed[keys[str(path)]] = raw
                elif has_comment(raw):
                    self._note(path, raw)
            if self.hashed_below is not None:
                self.on_file(done, len(suspects))
        further = {key: name for name, key in resolved(self._further(found)).items() if key not in shown}
        names = shown | further
        for path in self._suspects(further.values()):
            raw = self._read(path)
            if raw is not None and self._passes(path, raw):
                passed[str(real_path(path))] = raw
        reached = set(passed)
        sources = self.gates.sources(passed)
        self.has_clients = bool(sources)
        if sources or len(passed) > 1:
            more, parts = self._reached(names, sources, passed)
            reached.update(more)
            candidates.parts = [[Path(name) for name in part] for part in parts]
            count("following imports", files=len(reached), parts=len(candidates.parts))
        # Else the analysis might come across one of them on its own, as it is on disk.
        reached |= names.keys() & {str(path) for path in self.overlay}
        for name in sorted(reached):
            self._take(candidates, Path(name), Path(names[name]), self._contents(name, passed))
        candidates.further = tuple(name for name in names if name not in reached)
        return candidates

    def _reached(self, names: Mapping[str, str], sources: list[str], passed: dict[str, bytes]) -> Reached:
        """The files that something legacy gets to, and those of them that have to do with each other."""
        root = str(self.root)
        read: dict[str, bytes] = {}

        def contents(name: str) -> bytes:
            # What is told of the files must be what they were known by.
            if name not in read:
                read[name] = self._contents(name, passed)
            return read[name]

        def code(name: str) -> bytes:
            raw = read[name] if name in read else self._contents(name, passed)
            return code_of(Path(name), raw) if is_embedding(name) else raw

        def find(statements_of: StatementsOf | None = None) -> Reached:
            if not sources:
                # Nothing of one can get to another. To tell whose calls these are, they may be followed all the same.
                found = passed.keys() & names.keys()
                return sorted(found), strangers(found, ImportGraph(names, code, root, statements_of))
            reach = Reach(names, code, root, self.gates.passes, statements_of, index)
            found = {*passed, *reach.files(sources, self.gates.forwards)} & names.keys()
            return sorted(found), components(found, reach.graph)

        sieve = self.front.sieve(self.gates)
        index = None if self.overlay or not sources else sieve.taken_imports()
        if index is not None:
            index.rename({name: key for key, name in names.items()})
        records = sieve.records
        folder = self.front.cache()
        if records is None or folder is None or self.overlay or self.hashed_below is not None:
            return find()
        from callr_migrate.cache.reached import reached
        from callr_migrate.cache.statements import KeptStatements

        def find_by_kept() -> Reached:
            kept = KeptStatements(folder, root, names, records, code)
            found = find(kept.of)
            kept.keep()
            return found

        return reached(folder, root, self.gates.facts, names, records, contents, find_by_kept)

    def _take(self, candidates: Candidates, key: Path, path: Path, raw: bytes) -> None:
        try:
            candidates.sources[key] = load(path, raw)
        except SourceError as error:
            # What is wrong at first sight is told already.
            if key in candidates.shown and _unreadable(path, raw) is None:
                self.report.errors.append(Failure(path, str(error)))

    def _take_around(self, candidates: Candidates, names: Iterable[str]) -> None:
        """The files around the code that name a legacy library or address; most projects have none."""
        suspects = names if self.overlay else self.front.sieve(self.gates).suspects_around(names)
        for path in map(Path, suspects):
            raw = self._read(path, report=True)
            kind = kind_of_path(path)
            if raw is None or kind is None or not self.gates.passes_around(raw):
                continue
            source = decoded(path, raw, kind)
            if source is None:
                self.report.unseen.append(
                    Unseen(path, 1, "the file is too large or no text, and names a legacy library")
                )
            else:
                candidates.around[real_path(path)] = source

    def _note(self, path: Path, raw: bytes) -> None:
        with contextlib.suppress(SourceError):
            self.noted[path] = load(path, raw)

    def _contents(self, name: str, passed: dict[str, bytes]) -> bytes:
        known = passed.get(name)
        if known is not None:
            return known
        return (self._read(Path(name)) if self.overlay else read(name)) or b""

    def _passes(self, path: Path, raw: bytes) -> bool:
        return self.gates.passes(searched(path.name, raw))

    def _further(self, found: Discovery) -> list[str]:
        """The names of the project's further files: analysis covers all of them, whatever is shown."""
        if not (found.names or found.around_names):
            return []
        project = self.front.project(self.named_root)
        return [] if project is found else project.names


def _unreadable(path: Path, content: bytes) -> str | None:
    """Why a file cannot be Python source, for the mistakes that can be told at first sight."""
    if is_embedding(path.name):
        return None
    if b"\0" not in content and not is_declared(content):
        return None
    try:
        SourceFile.from_bytes(path, content)
    except SourceError as error:
        return str(error)
    return None


def _below(path: Path, root: Path) -> str:
    """A path as seen from the project, if it is inside."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def resolved(names: Iterable[str]) -> dict[str, str]:
    """Name as given -> name without links; folders are looked up once."""
    folders: dict[str, str] = {}
    found: dict[str, str] = {}
    for name in names:
        folder, own = os.path.split(name)
        if os.path.islink(name):  # noqa: PTH114 - plain texts, for speed
            found[name] = os.path.realpath(name)
            continue
        known = folders.get(folder)
        if known is None:
            known = folders[folder] = os.path.realpath(folder)
        found[name] = os.path.join(known, own)  # noqa: PTH118
    return found
