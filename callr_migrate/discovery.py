"""Paths -> the files to look at: folders are walked, `.gitignore`, git's other excludes and the settings' are followed.

A file named on the command line is always taken. Nothing is skipped in silence: a folder that cannot be read and
a path that does not exist are failures, and files that the user's own excludes leave out are listed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from callr_migrate.config import DEFAULT_EXCLUDE, ConfigError, Settings, is_there
from callr_migrate.embedded import DOCUMENTS, NOTEBOOK
from callr_migrate.findings import Failure
from callr_migrate.git_excludes import exclude_files
from callr_migrate.projectfiles.kinds import kind_of
from callr_migrate.settings_tree import NAMES, SettingsTree

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SUFFIXES = (".py", ".pyi", ".pyw", NOTEBOOK)
_WILDCARDS = frozenset("*?[!\\/ #")

Identity = tuple[int, int]  # device and inode of a folder


@dataclass
class Discovery:
    """The files to look at and those left out by the user's excludes, each sorted and unique; what went wrong.

    `around` are files that are no code: of requirements, settings and the like.
    """

    files: list[Path] = field(default_factory=list)
    around: list[Path] = field(default_factory=list)
    excluded: list[Path] = field(default_factory=list)
    errors: list[Failure] = field(default_factory=list)


def discover(paths: Sequence[Path], settings: Settings | SettingsTree, *, docs: bool = False) -> Discovery:
    """Find the Python files at and below `paths`, named as given (below a folder: the folder's name and the rest).

    In a folder with settings of its own its own excludes count, in place of those from above. With `docs` pages with
    code blocks are found, too.
    """
    tree = SettingsTree(settings, is_fixed=True) if isinstance(settings, Settings) else settings
    walk = _Walk(tree, (*SUFFIXES, *DOCUMENTS) if docs else SUFFIXES)
    # The deepest first: a folder that was asked for by name is taken even if another path's walk excludes it.
    for path in sorted(paths, key=lambda path: -os.path.abspath(path).count(os.sep)):  # noqa: PTH100 - with `..` gone
        walk.take(path)
    return walk.result()


def named(path: Path) -> Discovery:
    """One file, which need not be there."""
    return Discovery([path]) if _is_code(path) else Discovery(around=[path])


def _is_code(path: Path) -> bool:
    return path.name.endswith(SUFFIXES) or kind_of(path.name, path.parent.name) is None


def gate(raw: bytes, literals: Sequence[bytes]) -> bool:
    """Whether a file of these bytes may hold what is looked for; without literals every file may."""
    return not literals or any(literal in raw for literal in literals)


class _Ignores(NamedTuple):
    """The patterns of one `.gitignore`, relative to its folder."""

    folder: str
    spec: GitIgnoreSpec


class _Folder(NamedTuple):
    """A folder still to be walked: its name as given, its absolute name, and what holds in it."""

    path: Path
    absolute: str
    ignores: tuple[_Ignores, ...]
    excludes: _Excludes
    excluded: bool


class _Excludes:
    """The excludes of settings; their globs are relative to the root."""

    def __init__(self, settings: Settings) -> None:
        self.root = str(settings.root)
        user = [*settings.extend_exclude, *(text for text in settings.exclude if text not in DEFAULT_EXCLUDE)]
        # Plain names are most of them, and a set costs nothing.
        self.default_names = frozenset(settings.exclude) & frozenset(DEFAULT_EXCLUDE)
        self.user_names = frozenset(text for text in user if not _WILDCARDS & set(text))
        globs = [text for text in user if _WILDCARDS & set(text)]
        self.user_globs = _spec(globs) if globs else None

    def cover(self, name: str, absolute: str, is_folder: bool) -> bool:
        """Whether the user wants to leave this out."""
        if name in self.user_names:
            return True
        return self.user_globs is not None and bool(
            _decision(self.user_globs, self.root, absolute, is_folder)
        )


def excluder(settings: Settings) -> Callable[[str], bool]:
    """Whether the excludes of settings leave out a file, or a folder that it is in, by the file's absolute name."""
    excludes = _Excludes(settings)
    prefix = str(settings.root).rstrip(os.sep) + os.sep

    def is_excluded(absolute: str) -> bool:
        start = len(prefix) if absolute.startswith(prefix) else 0
        while start < len(absolute):
            end = absolute.find(os.sep, start)
            is_folder = end >= 0
            end = end if is_folder else len(absolute)
            name = absolute[start:end]
            if name in excludes.default_names or excludes.cover(name, absolute[:end], is_folder):
                return True
            start = end + 1
        return False

    return is_excluded


class _Walk:
    def __init__(self, tree: SettingsTree, suffixes: tuple[str, ...]) -> None:
        self.tree = tree
        self.suffixes = suffixes
        self._excludes: dict[int, _Excludes] = {}
        self.seen: set[Identity] = set()
        self.files: dict[tuple[Identity, str], Path] = {}
        self.around: dict[tuple[Identity, str], Path] = {}
        self.excluded: dict[tuple[Identity, str], Path] = {}
        self.errors: list[Failure] = []
        self.links: list[_Folder] = []

    def result(self) -> Discovery:
        left_out = [path for key, path in self.excluded.items() if key not in self.files]
        return Discovery(
            _sorted(self.files.values()),
            _sorted(self.around.values()),
            _sorted(left_out),
            sorted(self.errors, key=_failure_key),
        )

    def take(self, path: Path) -> None:
        """One path of the command line."""
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 - one name for one call, as with scandir
        except (FileNotFoundError, NotADirectoryError):
            self.errors.append(Failure(path, "no such file or folder"))
            return
        except (OSError, ValueError) as error:
            self.errors.append(Failure(path, f"cannot be read: {_why(error)}"))
            return
        if stat.S_ISDIR(mode):
            absolute = os.path.abspath(path)  # noqa: PTH100 - `..` goes, links stay: that is the name for globs
            try:
                excludes = self._excludes_in(absolute)
            except ConfigError as error:
                self._misconfigured(error)
                return
            self._walk(_Folder(path, absolute, self._outer_ignores(absolute), excludes, excluded=False))
        elif stat.S_ISREG(mode):
            try:
                self.tree.of(path)
            except ConfigError as error:
                self._misconfigured(error)
                return
            self._add(self.files if _is_code(path) else self.around, path)
        else:
            self.errors.append(Failure(path, "is neither a file nor a folder"))

    def _misconfigured(self, error: ConfigError) -> None:
        failures = [Failure(None, problem) for problem in error.problems]
        self.errors += [failure for failure in failures if failure not in self.errors]

    def _walk(self, start: _Folder) -> None:
        # Links come last, so that a file is known by its own name wherever that is within reach.
        stack, self.links = [start], []
        while stack or self.links:
            folder = stack.pop() if stack else self.links.pop()
            stack += self._enter(folder)

    def _enter(self, folder: _Folder) -> list[_Folder]:
        """Collect the files of one folder; the folders in it that are to be walked."""
        try:
            info = os.stat(folder.path)  # noqa: PTH116 - see above
            identity = (info.st_dev, info.st_ino)
            if identity in self.seen:
                return []
            self.seen.add(identity)
            with os.scandir(folder.path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.errors.append(Failure(folder.path, f"cannot read folder: {_why(error)}"))
            return []
        names = {entry.name for entry in found}
        name = folder.path.name
        ignores = folder.ignores
        if ".gitignore" in names and (folder.path / ".gitignore").is_file():
            ignores = (*ignores, *self._ignores(folder.path / ".gitignore", folder.absolute))
        excludes = folder.excludes
        if not NAMES.isdisjoint(names):
            try:
                excludes = self._excludes_in(folder.absolute)
            except ConfigError as error:
                self._misconfigured(error)
                return []
        inner: list[_Folder] = []
        for entry in found:
            if entry.name in excludes.default_names:
                continue
            try:
                is_folder, is_link = entry.is_dir(), entry.is_symlink()
                is_code = entry.name.endswith(self.suffixes)
                if not is_folder and not ((is_code or kind_of(entry.name, name)) and entry.is_file()):
                    continue
            except OSError as error:
                # A link to itself is as empty as one to nowhere.
                if error.errno != errno.ELOOP:
                    self.errors.append(Failure(folder.path / entry.name, f"cannot be read: {_why(error)}"))
                continue
            absolute = os.path.join(folder.absolute, entry.name)  # noqa: PTH118 - the hot path: no Path objects
            if _ignored(ignores, absolute, is_folder):
                continue
            excluded = folder.excluded or excludes.cover(entry.name, absolute, is_folder)
            path = folder.path / entry.name
            if not is_folder:
                if excluded and not is_code:
                    continue
                files = self.excluded if excluded else self.files if is_code else self.around
                if is_link:
                    self._add(files, path)
                else:
                    files[identity, entry.name] = path
            elif is_there(path / "pyvenv.cfg"):
                continue
            elif is_link:
                if not _contains(path, folder.path):
                    self.links.append(_Folder(path, absolute, ignores, excludes, excluded))
            else:
                inner.append(_Folder(path, absolute, ignores, excludes, excluded))
        return inner

    def _add(self, files: dict[tuple[Identity, str], Path], path: Path) -> None:
        """Take a file by a name that may be a link's; its own name wins, should the walk meet it."""
        try:
            real = path.resolve()
            info = real.parent.stat()
        except OSError as error:
            self.errors.append(Failure(path, f"cannot be read: {_why(error)}"))
            return
        files.setdefault(((info.st_dev, info.st_ino), real.name), path)

    def _excludes_in(self, folder: str) -> _Excludes:
        settings = self.tree.of_folder(folder)
        known = self._excludes.get(id(settings))
        if known is None:
            known = self._excludes[id(settings)] = _Excludes(settings)
        return known

    def _ignores(self, path: Path, folder: str) -> Iterator[_Ignores]:
        try:
            raw = path.read_bytes()
        except OSError as error:
            self.errors.append(Failure(path, f"cannot be read: {_why(error)}"))
            return
        yield _Ignores(folder, _spec(raw.decode("utf-8-sig", "surrogateescape").splitlines()))

    def _outer_ignores(self, absolute: str) -> tuple[_Ignores, ...]:
        """Read the `.gitignore` files above a folder, the repository's root first.

        None of them counts if they ignore the folder itself: somebody asked for it all the same.
        """
        outer: list[Path] = []
        for folder in Path(absolute).parents if not is_there(Path(absolute, ".git")) else ():
            outer.append(folder)
            if is_there(folder / ".git"):
                break
        else:
            outer = []
        top = outer[-1] if outer else Path(absolute)
        files = [(file, top) for file in exclude_files(top)]
        files += [(folder / ".gitignore", folder) for folder in reversed(outer)]
        ignores = tuple(
            ignore for path, folder in files if is_there(path) for ignore in self._ignores(path, str(folder))
        )
        below = [Path(absolute), *outer[:-1]]
        return () if any(_ignored(ignores, str(folder), is_folder=True) for folder in below) else ignores


def _spec(lines: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    good: list[str] = []
    for line in lines:
        try:
            GitIgnoreSpec.from_lines([line])
        except ValueError:
            continue  # as git does: a pattern that makes no sense matches nothing
        good.append(line)
    return GitIgnoreSpec.from_lines(good)


def _decision(spec: GitIgnoreSpec, folder: str, absolute: str, is_folder: bool) -> bool | None:
    """Tell what patterns relative to `folder` say of a path: ignored, expressly not ignored, or nothing."""
    prefix = folder.rstrip(os.sep) + os.sep
    if not absolute.startswith(prefix):
        return None
    relative = absolute[len(prefix) :].replace(os.sep, "/")
    return spec.check_file(relative + "/" if is_folder else relative).include


def _ignored(ignores: tuple[_Ignores, ...], absolute: str, is_folder: bool) -> bool:
    """As git decides: the file nearest to the path that says anything."""
    for ignore in reversed(ignores):
        decision = _decision(ignore.spec, ignore.folder, absolute, is_folder)
        if decision is not None:
            return decision
    return False


def _contains(link: Path, folder: Path) -> bool:
    """Whether a link leads to a folder that it stands in: a loop, or a way out to all of the disk."""
    target = link.resolve()
    real = folder.resolve()
    return target == real or target in real.parents


def _sorted(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: path.as_posix())


def _failure_key(failure: Failure) -> tuple[str, str]:
    return (failure.path.as_posix() if failure.path else "", failure.message)


def _why(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
