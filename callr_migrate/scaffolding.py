"""Scenarios -> files: their names, and what is there already. What a person changed is never replaced.

The last line of a file holds a digest of all that is above it: as long as that is right nobody has touched the file,
and a later run may bring it up to date.
"""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from callr_migrate.digests import sha256
from callr_migrate.files import real_path
from callr_migrate.findings import Failure, Finding, Scenario
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

SUFFIX = ".actions.yaml"
_MARK = "# Unchanged since callr-migrate wrote it: "
_MAX_STEM = 80  # characters; file systems take 255 bytes
# Source: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED = regex(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


@dataclass(frozen=True)
class ScaffoldFile:
    """A file to be written: `before` is what it holds now, None where there is none."""

    path: Path
    before: bytes | None
    after: bytes

    @property
    def is_new(self) -> bool:
        """Whether it says something that the file does not say yet."""
        return self.before != self.after


def told_of(scenarios: Iterable[Scenario], findings: Iterable[Finding]) -> list[Scenario]:
    """Those that stand for a call of which a finding is told; what is suppressed or not selected gets no file."""
    starts: dict[Path, list[int]] = {}
    for finding in findings:
        starts.setdefault(finding.path, []).append(finding.start)
    return [
        scenario
        for scenario in scenarios
        if any(
            start <= offset < end for path, start, end in scenario.places for offset in starts.get(path, ())
        )
    ]


def scaffold_files(scenarios: Sequence[Scenario], folder: Path) -> tuple[list[ScaffoldFile], list[Failure]]:
    """The files for the scenarios in a folder, which need not be there, and what stands against some of them."""
    files: list[ScaffoldFile] = []
    failures: list[Failure] = []
    taken: set[str] = set()
    for scenario in sorted(scenarios, key=lambda each: (each.path.as_posix(), each.places)):
        path = folder / f"{_unique(_stem(scenario.name), taken)}{SUFFIX}"
        after = _marked(scenario.text)
        try:
            before = path.read_bytes()
        except FileNotFoundError:
            before = None
        except OSError as error:
            failures.append(_failure(path, error))
            continue
        if before is not None and before != after and not _is_untouched(before):
            failures.append(
                Failure(
                    path,
                    "was changed since it was written, so it is left as it is; "
                    "move it away to get a new one, or name another folder",
                )
            )
            continue
        files.append(ScaffoldFile(path, before, after))
    return files, failures


def write_scaffold(files: Sequence[ScaffoldFile]) -> list[Failure]:
    """Write them, each whole or not at all; what went wrong."""
    failures: list[Failure] = []
    for file in files:
        if not file.is_new:
            continue
        temporary = file.path.with_name(f".{file.path.name}.{os.getpid()}.tmp")
        try:
            file.path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("xb") as opened:
                opened.write(file.after)
            os.replace(temporary, real_path(file.path))  # noqa: PTH105 - the atomic call, by its own name
        except OSError as error:
            failures.append(_failure(file.path, error))
            with contextlib.suppress(OSError):
                temporary.unlink()
    return failures


def _failure(path: Path, error: OSError) -> Failure:
    return Failure(path, f"cannot be written: {(error.strerror or str(error)).lower()}")


def _stem(name: str) -> str:
    """A name as a file's name on any system: letters, digits and `_`, all else as one `-`."""
    words = re.sub(r"\W+", "-", unicodedata.normalize("NFC", name)).strip("-")
    stem = words[:_MAX_STEM].rstrip("-") or "app"
    while len(os.fsencode(stem)) > 2 * _MAX_STEM:
        stem = stem[:-1]
    return f"{stem}-app" if _RESERVED.match(stem) else stem


def _unique(stem: str, taken: set[str]) -> str:
    """The stem, or the first of `stem-2`, `stem-3` and so on that no file has, whatever the case of letters."""
    name, number = stem, 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(name.casefold())
    return name


def _marked(text: str) -> bytes:
    return f"{text}\n{_MARK}{_digest(text)}\n".encode()


def _is_untouched(raw: bytes) -> bool:
    try:
        text = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return False
    body, mark, digest = text.rpartition(f"\n{_MARK}")
    return bool(mark) and digest.strip() == _digest(body)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]
