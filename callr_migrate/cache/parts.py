"""What the analysis of each part of a project gave, by all that it depends on: its files, the rules, the settings.

What it asked of the world besides is kept with it, and asked anew before it is used again. Of credentials only their
places are kept; a part that shows any, or where anything went wrong, is not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from importlib.util import find_spec
from pathlib import Path

from callr_migrate.cache import stored
from callr_migrate.cache.stored import SIZE, digest_of, encoded
from callr_migrate.config import ConfigError, Settings
from callr_migrate.files import read_regular
from callr_migrate.findings import Applicability, Edit, Evidence, Fact, Finding, Fix, Report, Scenario, Unseen
from callr_migrate.kept import loads
from callr_migrate.pack.compiled import pack_key
from callr_migrate.pack.gating import VERIFIED, GateFacts, dumped
from callr_migrate.records import dataclass
from callr_migrate.secret_text import SHORTEST, Credentials
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.stages import count, staged
from callr_migrate.world import Question, World, mentioning

Component = tuple[SourceFile, ...]
_KINDS = (
    *(Applicability, Edit, Evidence, Fact, Finding, Fix, Scenario, Unseen),
    type(Path()),
)
_PROTOCOL = 4
_LENGTH = 8  # bytes of a number
# So many parts that a run has no use for are kept besides those that it has, and so many bytes of all.
_OTHERS = 200
_MOST = 100_000_000


@dataclass(frozen=True)
class Rules:
    """All that the rules are made of, what the settings call a wrapper aside, as it was before they were read."""

    overlays: tuple[Path, ...]
    verified_below: Path  # the folder with what is verified of them
    key: bytes

    @classmethod
    def told(cls, overlays: tuple[Path, ...], verified_below: Path) -> Rules:
        """Those of now."""
        text = _content(verified_below / VERIFIED)
        return cls(overlays, verified_below, digest_of(pack_key(overlays), text))

    def are_same(self) -> bool:
        """Whether nobody has changed them meanwhile."""
        return self == Rules.told(self.overlays, self.verified_below)


@dataclass(frozen=True)
class Setting:
    """What holds for all parts of an analysis, besides the rules. `shown` and `settings_of` are asked file by file."""

    settings: Settings
    rules: Rules
    gates: GateFacts
    shown: Mapping[Path, Path]
    settings_of: Callable[[Path], Settings]
    has_clients: bool
    scaffolds: bool
    further: Sequence[str]


@dataclass
class Kept:
    """What came of a part; `loaded` are further files that it has to do with, by resolved path."""

    findings: list[Finding]
    report: Report
    loaded: dict[Path, SourceFile]
    credentials: Credentials
    asked: dict[Question, str] = field(default_factory=dict)


class Parts:
    """Those of one project, by their keys."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._path = stored.place(folder, stored.PARTS, encoded(str(root)))
        self._key = _version()
        self._kept: dict[bytes, bytes] | None = None
        self._used: dict[bytes, bytes] = {}
        self._hidden: set[bytes] = set()
        self._is_news = False

    def of(self, setting: Setting) -> Lookup:
        """Look parts up in one analysis, during which files on disk stay as they are."""
        if self._kept is None:
            self._kept = self._read()
        return Lookup(self, setting)

    def key_of(self, setting: Setting, part: Component, world: World) -> bytes:
        """All that the analysis of a part is given; raises `ConfigError`."""
        texts: list[bytes] = [
            setting.rules.key,
            encoded(setting.settings.described()),
            dumped(setting.gates),
            encoded(os.getcwd()),  # noqa: PTH109
            b"%d %d %d" % (setting.has_clients, setting.scaffolds, sys.getrecursionlimit()),
        ]
        for source in part:
            real = world.resolved(source.path)
            named = setting.shown.get(real)
            texts += [
                encoded(str(source.path)),
                encoded(str(real)),
                b"" if named is None else encoded(str(named)),
                encoded(setting.settings_of(source.path).described()),
                source.raw,
                source.text.encode("utf-8", "surrogatepass"),
                source.bom,
                source.encoding.encode(),
            ]
        return digest_of(*texts)

    def get(self, key: bytes) -> bytes | None:
        """What is kept under a key."""
        return None if self._kept is None else self._kept.get(key)

    def use(self, key: bytes, raw: bytes, *, is_news: bool = False) -> None:
        """This is to be kept on."""
        self._used[key] = raw
        self._is_news |= is_news

    def forget(self, key: bytes) -> None:
        """This is not to be kept."""
        self._used.pop(key, None)
        self._is_news |= self._kept is not None and self._kept.pop(key, None) is not None

    def hide(self, values: Iterable[str]) -> None:
        """None of these may be in what is kept, in whatever case."""
        self._hidden.update(_searched(values))

    @staged("cache")
    def keep(self) -> None:
        """Write down what is new."""
        if self._hidden:
            for key, raw in [*(self._kept or {}).items(), *self._used.items()]:
                if _shows(raw, self._hidden):
                    self.forget(key)
        if not self._is_news:
            return
        self._is_news = False
        if _version() != self._key:
            # Somebody works on the tool itself.
            return
        others = [(key, raw) for key, raw in (self._kept or {}).items() if key not in self._used]
        parts = [*self._used.items(), *others[: len(self._used) + _OTHERS]]
        size = 0
        body = []
        for key, raw in parts:
            size += len(raw)
            if size > _MOST:
                break
            body += [key, len(raw).to_bytes(_LENGTH, "big"), raw]
        stored.write(self._path, self._key, b"".join(body))

    def _read(self) -> dict[bytes, bytes]:
        body = stored.read(self._path, self._key) or b""
        found: dict[bytes, bytes] = {}
        at, head = 0, SIZE + _LENGTH
        while at + head <= len(body):
            end = at + head + int.from_bytes(body[at + SIZE : at + head], "big")
            if end > len(body):
                return {}
            found[body[at : at + SIZE]] = body[at + head : end]
            at = end
        return found if at == len(body) else {}


class Lookup:
    """Finds what is kept of parts in one analysis, and keeps what is new."""

    def __init__(self, parts: Parts, setting: Setting) -> None:
        self._parts = parts
        self._setting = setting
        self._world = World()

    def key_of(self, part: Component) -> bytes | None:
        """What a part is kept under; None where that cannot be said."""
        try:
            return self._parts.key_of(self._setting, part, self._world)
        except (ConfigError, OSError, UnicodeError):
            return None

    @staged("cache")
    def known(self, part: Component, key: bytes | None) -> Kept | None:
        """What an earlier analysis of the very same gave."""
        raw = None if key is None else self._parts.get(key)
        if raw is None:
            return None
        try:
            asked, loaded, report, findings, places = loads(raw, _KINDS)
            if not all(self._answer(question, part) == answer for question, answer in asked.items()):
                return None
            sources = {Path(real): self._source(Path(path)) for real, path in loaded}
            values = [frozenset(part[at].text[start:end] for at, start, end in each) for each in places]
            credentials = Credentials(*values)
        except Exception:  # bytes that were made up can raise anything
            return None
        assert key is not None
        self._parts.use(key, raw)
        count("cache", parts=1)
        told = Report(unseen=report[0], scenarios=report[1], notes=report[2])
        return Kept(findings, told, sources, credentials, asked)

    @staged("cache")
    def note(self, part: Component, key: bytes, done: Kept) -> None:
        """Keep what came of a part that was not known."""
        places = [
            _places(values, part) for values in (done.credentials.of_clients, done.credentials.of_calls)
        ]
        if done.report.errors or None in places:
            return
        loaded = [(str(real), str(source.path)) for real, source in done.loaded.items()]
        report = done.report.unseen, done.report.scenarios, done.report.notes
        try:
            import pickle

            raw = pickle.dumps((done.asked, loaded, report, done.findings, places), _PROTOCOL)
        except Exception:  # what cannot be kept costs time, nothing else
            return
        if not _shows(raw, _searched(_secrets(done, part))):
            self._parts.use(key, raw, is_news=True)

    def forget(self, key: bytes | None) -> None:
        """This is not to be kept."""
        if key is not None:
            self._parts.forget(key)

    def hide(self, credentials: Credentials) -> None:
        """None of these may be in what is kept."""
        self._parts.hide(credentials.beyond(Credentials()))

    def _answer(self, question: Question, part: Component) -> str | None:
        """The answer to a question as of now."""
        kind, about = question
        if kind == "names":
            named = self._setting.shown.get(Path(about))
            return "" if named is None else str(named)
        if kind == "settings":
            return self._setting.settings_of(Path(about)).described()
        if kind == "mentions":
            known = {self._world.resolved(source.path) for source in part}
            found = mentioning(about, self._setting.further, known)
            return "" if found is None else str(found)
        return self._world.answer(kind, about)

    def _source(self, path: Path) -> SourceFile:
        """A further file; raises `SourceError` where it is not what was asked about any more."""
        before = self._world.answer("read", str(path))
        source = SourceFile.from_bytes(path, self._world.read(path))
        if not self._world.is_steady or before is None:
            raise SourceError("changed meanwhile")
        return source


def _places(values: Iterable[str], part: Component) -> list[tuple[int, int, int]] | None:
    """Where each of some texts is written out in a part: number of the source, start, end; None if one is not."""
    found = []
    for value in sorted(values):
        number = next((number for number, source in enumerate(part) if value in source.text), None)
        if number is None:
            return None
        start = part[number].text.index(value)
        found.append((number, start, start + len(value)))
    return found


def _searched(values: Iterable[str]) -> set[bytes]:
    """Texts as they are looked for; short ones may stand anywhere."""
    return {value.encode("utf-8", "surrogatepass").lower() for value in values if len(value) >= SHORTEST}


def _shows(raw: bytes, values: set[bytes]) -> bool:
    lowered = raw.lower()
    return any(value in lowered for value in values)


def _secrets(done: Kept, part: Component) -> set[str]:
    """The credentials, and what the findings hide."""
    texts = {source.path: source.text for source in (*part, *done.loaded.values())}
    places = {(each.path, *span) for each in done.findings for span in each.secrets}
    values = {texts[path][start:end].strip("rRbBuUfF\"'") for path, start, end in places if path in texts}
    return values | done.credentials.beyond(Credentials())


def _version() -> bytes:
    """What changes with the version of all that takes part in the analysis."""
    package = Path(stored.PACKAGE)
    modules = [
        str(Path(folder, name).relative_to(package))
        for folder, _, names in os.walk(package)
        for name in names
        if name.endswith(".py")
    ]
    parser = find_spec("libcst")
    origin = parser.origin if parser is not None else None
    with suppress(OSError):
        return digest_of(
            stored.version_key(sorted(modules)),
            sys.version.encode(),
            str(origin).encode(),
            b"" if origin is None else _content(Path(origin).with_name("_version.py")),
            b"" if origin is None else str(Path(origin).stat().st_mtime_ns).encode(),
        )
    return b"\0" * SIZE


def _content(path: Path) -> bytes:
    try:
        return read_regular(path)
    except OSError:
        return b""
