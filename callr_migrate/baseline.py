"""A file of findings that are known, so that only new ones fail.

A finding is known by its file, code, method and text, never by its line: what is above it may change, and so may its
white space and its quotes. Of several that are alike, as many are known as there were. A baseline only shrinks: what
is no longer found is dropped when it is written again, and what is new is never taken in.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from callr_migrate.config import ConfigError
from callr_migrate.digests import sha256
from callr_migrate.files import real_path
from callr_migrate.findings import Failure, Finding, Report
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

VERSION = 1
_LOOSE_COMMA = regex(r",([)\]}])")


@dataclass(frozen=True, order=True)
class Entry:
    """What is known of a finding; `path` is relative to the baseline's folder, with `/`."""

    path: str
    code: str
    method: str
    fingerprint: str


@dataclass
class Baseline:
    """The entries of a file, with how many findings each stands for."""

    file: Path
    known: Counter[Entry] = field(default_factory=Counter)

    def entries(self, findings: Iterable[Finding], sources: Mapping[Path, SourceFile]) -> list[Entry]:
        """The entry that each finding is or would be; `sources` are the files that it points into."""
        findings = list(findings)
        secrets: dict[Path, set[tuple[int, int]]] = {}
        for finding in findings:
            secrets.setdefault(finding.path, set()).update(finding.secrets)
        return [
            Entry(
                self._place(finding.path),
                finding.code,
                finding.method or "",
                _fingerprint(finding, sources[finding.path].text, secrets[finding.path]),
            )
            for finding in findings
        ]

    def new(self, findings: Iterable[Finding], sources: Mapping[Path, SourceFile]) -> list[Finding]:
        """Those that are not known."""
        findings = list(findings)
        left = self.known.copy()
        unknown = []
        for finding, entry in zip(findings, self.entries(findings, sources), strict=True):
            if left[entry]:
                left[entry] -= 1
            else:
                unknown.append(finding)
        return unknown

    def shrink(self, found: Iterable[Entry], was_looked_for: Callable[[Path, str], bool]) -> int:
        """Drop what is not among `found`, and say how much that is.

        What was not looked for (by file and code) stays, unless its file is gone.
        """
        there = Counter(found)
        dropped = 0
        for entry, count in list(self.known.items()):
            path = self._path(entry)
            gone = count - min(count, there[entry])
            if gone and (was_looked_for(path, entry.code) or not path.exists()):
                self.known[entry] -= gone
                dropped += gone
        self.known = +self.known
        return dropped

    def _place(self, path: Path) -> str:
        place = os.path.abspath(path)  # noqa: PTH100 - `..` goes, links stay
        try:
            return Path(os.path.relpath(place, self._folder)).as_posix()
        except ValueError:  # on another drive
            return Path(place).as_posix()

    def _path(self, entry: Entry) -> Path:
        return Path(os.path.normpath(Path(self._folder, entry.path)))

    @property
    def _folder(self) -> Path:
        return self.file.absolute().parent

    def write(self) -> None:
        """Replace the file, whole or not at all; raises `OSError`."""
        files: dict[str, list[dict[str, Any]]] = {}
        for entry, count in sorted(self.known.items()):
            item: dict[str, Any] = {"code": entry.code}
            item |= {"method": entry.method} if entry.method else {}
            item |= {"count": count} if count > 1 else {}
            files.setdefault(entry.path, []).append({**item, "fingerprint": entry.fingerprint})
        # A name that is no Unicode stays readable as an escape.
        text = json.dumps({"version": VERSION, "files": files}, indent=2) + "\n"
        target = real_path(self.file)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            temporary.write_bytes(text.encode())
            os.replace(temporary, target)  # noqa: PTH105 - the atomic call, by its own name
        finally:
            temporary.unlink(missing_ok=True)


@dataclass
class Comparison:
    """A run's findings held against a baseline; `writes`: the file is written again, or made if there is none."""

    baseline: Baseline
    writes: bool
    is_new: bool

    def new(
        self,
        left: Sequence[Finding],
        applied: Sequence[Finding],
        sources: Mapping[Path, SourceFile],
        was_looked_for: Callable[[Path, str], bool],
        report: Report,
    ) -> list[Finding]:
        """Those of `left` that are not known; counts, notes and failures go to `report`.

        `applied` are further findings that are still there, since their fixes are only shown.
        """
        baseline = self.baseline
        entries = baseline.entries(left, sources)
        if self.is_new:
            baseline.known = Counter(entries)
        unknown = baseline.new(left, sources)
        report.baselined = len(left) - len(unknown)
        dropped = baseline.shrink([*entries, *baseline.entries(applied, sources)], was_looked_for)
        if self.writes:
            self._write(dropped, len(unknown), report)
        elif dropped:
            report.notes.append(
                f"{baseline.file}: {dropped} of its findings are no longer there; "
                f"--write-baseline {baseline.file} drops them"
            )
        return unknown

    def _write(self, dropped: int, new: int, report: Report) -> None:
        file = self.baseline.file
        try:
            self.baseline.write()
        except OSError as error:
            report.errors.append(
                Failure(file, f"cannot be written: {(error.strerror or str(error)).lower()}")
            )
            return
        told = [f"{sum(self.baseline.known.values())} findings are known"]
        told += [f"{dropped} dropped"] if dropped else []
        told += [f"{new} new ones not taken in (remove the file first to start anew)"] if new else []
        report.notes.append(f"{file}: {', '.join(told)}")


def open_baseline(read: Path | None, write: Path | None) -> Comparison | None:
    """The baseline to read, or to write, or both, which must be one file; raises `ConfigError`."""
    file = write or read
    if file is None:
        return None
    if read is not None and write is not None and real_path(read) != real_path(write):
        raise ConfigError(["--baseline and --write-baseline name different files"])
    try:
        return Comparison(load_baseline(file), write is not None, is_new=False)
    except FileNotFoundError:
        if write is None:
            raise ConfigError([f"{file}: there is no such file; --write-baseline {file} makes it"]) from None
    return Comparison(Baseline(file), writes=True, is_new=True)


def load_baseline(file: Path) -> Baseline:
    """Read a baseline; raises `ConfigError` if there is none in the file, and `FileNotFoundError` without a file."""
    try:
        data = json.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read: {(error.strerror or str(error)).lower()}"]) from None
    except (ValueError, RecursionError):
        raise ConfigError([_told(file, "it is not JSON")]) from None
    baseline = Baseline(file)
    try:
        _decode(data, baseline.known)
    except _ShapeError as error:
        raise ConfigError([_told(file, str(error))]) from None
    return baseline


class _ShapeError(Exception):
    """What is wrong with the contents."""


def _decode(data: Any, known: Counter[Entry]) -> None:
    if not isinstance(data, dict) or not isinstance(data.get("files"), dict):
        raise _ShapeError("it has no table 'files'")
    if data.get("version") != VERSION:
        raise _ShapeError(f"its version is {data.get('version')!r}, and this program reads version {VERSION}")
    for path, items in data["files"].items():
        for item in items if isinstance(items, list) else [None]:
            if not isinstance(item, dict):
                raise _ShapeError(f"the entries of {path!r} are no list of tables")
            count = item.get("count", 1)
            texts = [item.get("code"), item.get("method", ""), item.get("fingerprint")]
            code, method, mark = (text if isinstance(text, str) else None for text in texts)
            if type(count) is not int or count < 1 or code is None or method is None or mark is None:
                raise _ShapeError(f"an entry of {path!r} lacks code or fingerprint, or counts wrongly")
            known[Entry(path, code, method, mark)] += count


def _told(file: Path, problem: str) -> str:
    return f"{file}: is no baseline: {problem}; mend it, or remove it and write it anew with --write-baseline"


def _fingerprint(finding: Finding, text: str, secrets: Iterable[tuple[int, int]]) -> str:
    characters = list(text[finding.start : finding.end])
    # A hash of a short secret could be tried out, so it must not go in.
    for start, end in secrets:
        for index in range(max(start, finding.start), min(end, finding.end)):
            characters[index - finding.start] = "*"
    # What formatters change does not count: white space, quotes, the comma behind a last argument.
    content = _LOOSE_COMMA.sub(r"\1", "".join("".join(characters).split()).replace("'", '"'))
    return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:16]
