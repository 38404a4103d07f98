"""Who owns a file, by a CODEOWNERS file as GitHub or GitLab reads it.

Both take patterns much like those of `.gitignore`, and the last one that matches counts. Sources:
https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
https://docs.gitlab.com/user/project/codeowners/reference/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.config import is_there
from callr_migrate.files import real_path
from callr_migrate.records import dataclass

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

# Where the two look, in their order; what both read is taken for GitHub's unless it has sections.
_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_GITLAB_PLACE = _PLACES[-1]
# GitHub does not read larger ones.
_MAX_BYTES = 3_000_000
# Characters; an address has 320 at most.
_MAX_NAME = 400

_SECTION = re.compile(r"\^?\[(?P<name>[^\]]+)\](?:\[\d+\])?(?P<owners>(?:\s.*)?)$")
_WORD = re.compile(r"(?:\\.|[^\s\\])+")
_OWNER = re.compile(r"@?[\w.+/-]*@?[\w./-]*\w")
# No file is called so; see `_Entry`.
_END = ".\x01"


@dataclass(frozen=True)
class _Entry:
    """One pattern and its owners.

    `exact`: it names files themselves, so a folder that matches does not bring all that is in it along. pathspec knows
    no such patterns; an ending that is added to the pattern and to the file's path, and that no folder has, makes one.
    """

    spec: GitIgnoreSpec
    owners: tuple[str, ...]
    exact: bool
    excluded: bool = False

    def matches(self, path: str) -> bool:
        return self.spec.match_file(path + _END if self.exact else path)


@dataclass
class _Section:
    """Entries of which the last one that matches counts; each section gives owners of its own."""

    defaults: tuple[str, ...] = ()
    entries: list[_Entry] = field(default_factory=list)

    def owners(self, path: str) -> tuple[str, ...]:
        if any(entry.excluded and entry.matches(path) for entry in self.entries):
            return ()
        found = (entry for entry in reversed(self.entries) if not entry.excluded and entry.matches(path))
        entry = next(found, None)
        return entry.owners if entry is not None else ()


class Owners:
    """The owners that a CODEOWNERS file at `path` names, for files below `top`."""

    def __init__(self, top: Path, path: Path | None = None, text: str = "", *, gitlab: bool = False) -> None:
        self.top = top
        self.path = path
        self._sections = list(_gitlab(text) if gitlab or _has_sections(text) else _github(text))
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, path: Path) -> tuple[str, ...]:
        """The owners of a file, in the order of the file that names them; none if nobody does."""
        try:
            relative = real_path(path).relative_to(self.top).as_posix()
        except ValueError:
            return ()
        if relative not in self._known:
            found = [owner for section in self._sections for owner in section.owners(relative)]
            self._known[relative] = tuple(dict.fromkeys(found))
        return self._known[relative]


class ProjectOwners:
    """The owners of the files of a project, each as its own repository says: there may be several below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = real_path(folder)
        self._of_folder: dict[Path, Owners] = {}
        self._of_top: dict[Path, Owners] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """The CODEOWNERS files that were read."""
        self._in(self._folder)
        return tuple(sorted(owners.path for owners in self._of_top.values() if owners.path is not None))

    def of(self, path: Path) -> tuple[str, ...]:
        """The owners of a file, in the order of the file that names them; none if nobody does."""
        return self._in(real_path(path.parent)).of(path)

    def _in(self, folder: Path) -> Owners:
        known = self._of_folder.get(folder)
        if known is None:
            above = next((each for each in (folder, *folder.parents) if is_there(each / ".git")), None)
            # Without a repository it is the project's folder that the file stands in.
            top = above or (self._folder if folder.is_relative_to(self._folder) else folder)
            if top not in self._of_top:
                self._of_top[top] = _read(top)
            known = self._of_folder[folder] = self._of_top[top]
        return known


def _read(top: Path) -> Owners:
    """The CODEOWNERS file of a repository; without one nobody owns anything."""
    for place in _PLACES:
        path = top / place
        try:
            if path.is_file() and path.stat().st_size <= _MAX_BYTES:
                text = path.read_bytes().decode("utf-8-sig", "replace")
                return Owners(top, path, text, gitlab=place == _GITLAB_PLACE)
        except OSError:
            continue
    return Owners(top)


def _has_sections(text: str) -> bool:
    """Whether a file that both services read is written for GitLab: GitHub knows no sections, and no `[` in patterns."""
    return any(_SECTION.fullmatch(line.strip()) for line in text.splitlines())


def _github(text: str) -> Iterator[_Section]:
    section = _Section()
    for line in text.splitlines():
        words = _words(line)
        # Negation, ranges and an escaped `#` are not of its language; such a line counts for nothing.
        if not words or words[0].startswith(("!", "\\#")) or "[" in words[0]:
            continue
        entry = _entry(words[0], _named(words[1:]), exact=words[0].rpartition("/")[2] == "*")
        section.entries += [entry] if entry is not None else []
    yield section


def _gitlab(text: str) -> Iterator[_Section]:
    """Sections by name, in their order; what stands before the first one is a section without a name."""
    sections: dict[str, _Section] = {"": _Section()}
    current = sections[""]
    for line in text.splitlines():
        heading = _SECTION.fullmatch(line.strip())
        if heading is not None:
            owners = _named(_words(heading["owners"]))
            current = sections.setdefault(heading["name"].strip().casefold(), _Section())
            current.defaults = owners or current.defaults
            continue
        words = _words(line)
        if not words:
            continue
        excluded = words[0].startswith("!")
        pattern = words[0].removeprefix("!")
        # A relative pattern may match in any folder, also one with a slash in it.
        pattern = pattern if pattern.startswith("/") else f"**/{pattern}"
        owners = _named(words[1:]) or current.defaults
        entry = _entry(pattern, owners, exact=not pattern.endswith(("/", "/**")), excluded=excluded)
        current.entries += [entry] if entry is not None else []
    yield from sections.values()


def _words(line: str) -> list[str]:
    """The words of a line up to a comment; a space in a pattern is written behind a backslash."""
    return list(takewhile(lambda word: not word.startswith("#"), _WORD.findall(line)))


def _named(words: list[str]) -> tuple[str, ...]:
    """Those of the words that can be users, groups or addresses."""
    return tuple(word for word in words if "@" in word and len(word) < _MAX_NAME and _OWNER.fullmatch(word))


def _entry(pattern: str, owners: tuple[str, ...], *, exact: bool, excluded: bool = False) -> _Entry | None:
    from pathspec import GitIgnoreSpec

    try:
        spec = GitIgnoreSpec.from_lines([pattern + _END if exact else pattern])
    except ValueError:
        return None
    return _Entry(spec, owners, exact, excluded)
