"""Paths -> the files to look at: folders are walked, `.gitignore`, git's other excludes and the settings' are followed.

A file named on the command line is always taken. Nothing is skipped in silence: a folder that cannot be read and
a path that does not exist are failures, and files that the user's own excludes leave out are listed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.config import DEFAULT_EXCLUDE, ConfigError, Settings, is_there
from callr_migrate.files import real_path
from callr_migrate.git_excludes import exclude_files
from callr_migrate.ignores import Ignores, Layers
from callr_migrate.projectfiles.kinds import kind_of
from callr_migrate.settings_tree import NAMES, SettingsTree
from callr_migrate.stages import staged
from callr_migrate.suffixes import DOCUMENTS, SUFFIXES

if TYPE_CHECKING:
    from callr_migrate.cache.walks import Trail
    from callr_migrate.findings import Failure

_WILDCARDS = frozenset("*?[!\\/ #")
_VIRTUAL = "pyvenv.cfg"
_PATTERNS = ".gitignore"
# Fewer folders are walked sooner than what is known of them.
_FEW = 24

Identity = tuple[int, int]  # device and inode of a folder


class Named(Collection[Path]):
    """The paths of some names; made where somebody asks for all of them."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = frozenset(names)

    def __contains__(self, path: object) -> bool:
        return str(path) in self._names

    def __iter__(self) -> Iterator[Path]:
        return map(Path, self._names)

    def __len__(self) -> int:
        return len(self._names)


class Discovery:
    """The files to look at and those left out by the user's excludes, each sorted and unique; what went wrong.

    `around` are files that are no code: of requirements, settings and the like. All are kept by their names, and made
    paths where somebody asks for paths: most runs have thousands of files and no use for them.
    """

    def __init__(
        self,
        names: Sequence[str] = (),
        around_names: Sequence[str] = (),
        excluded_names: Sequence[str] = (),
        errors: Sequence[Failure] = (),
    ) -> None:
        self.names = list(names)
        self.around_names = list(around_names)
        self.excluded_names = list(excluded_names)
        self.errors = list(errors)

    @cached_property
    def files(self) -> list[Path]:
        """The code."""
        return list(map(Path, self.names))

    @cached_property
    def around(self) -> list[Path]:
        """The files around it."""
        return list(map(Path, self.around_names))

    @cached_property
    def shown(self) -> Named:
        """All of them that were asked for."""
        return Named((*self.names, *self.around_names))

    @cached_property
    def excluded(self) -> list[Path]:
        """Code that is left out."""
        return list(map(Path, self.excluded_names))


@staged("walking")
def discover(
    paths: Sequence[Path],
    settings: Settings | SettingsTree,
    *,
    docs: bool = False,
    cache: Callable[[], Path | None] | None = None,
) -> Discovery:
    """Find the Python files at and below `paths`, named as given (below a folder: the folder's name and the rest).

    In a folder with settings of its own its own excludes count, in place of those from above. With `docs` pages with
    code blocks are found, too. `cache` gives the folder for what is kept, if anything is.
    """
    tree = SettingsTree(settings, is_fixed=True) if isinstance(settings, Settings) else settings
    suffixes = (*SUFFIXES, *DOCUMENTS) if docs else SUFFIXES
    if cache is None or len(paths) != 1:
        return _walked(_Walk(tree, suffixes), paths)
    try:
        return _walked(_Walk(tree, suffixes, limit=_FEW), paths)
    except _ManyError as many:
        start, folder = many.start, cache()
    if folder is None:
        return _walked(_Walk(tree, suffixes), paths)
    from callr_migrate.cache.walks import known_or_walked

    def describe(folder: str) -> str:
        settings = tree.of_folder(folder)
        return repr((str(settings.root), settings.exclude, settings.extend_exclude))

    outer = [(ignores.prefix, ignores.lines) for ignores in start.ignores.files]
    holds = repr((suffixes, start.excluded, outer))
    return known_or_walked(
        folder,
        (start.path, start.absolute, holds, describe),
        lambda trail: _walked(_Walk(tree, suffixes, trail=trail), paths),
    )


def _walked(walk: _Walk, paths: Sequence[Path]) -> Discovery:
    # The deepest first: a folder that was asked for by name is taken even if another path's walk excludes it.
    for path in sorted(paths, key=lambda path: -os.path.abspath(path).count(os.sep)):  # noqa: PTH100 - with `..` gone
        walk.take(path)
    return walk.result()


def named(path: Path) -> Discovery:
    """One file, which need not be there."""
    return Discovery([str(path)]) if _is_code(path) else Discovery(around_names=[str(path)])


def _is_code(path: Path) -> bool:
    return path.name.endswith(SUFFIXES) or kind_of(path.name, path.parent.name) is None


class _Folder:
    """A folder still to be walked: its name as given, its absolute name, and what holds in it."""

    __slots__ = ("absolute", "excluded", "excludes", "ignores", "path")

    def __init__(
        self, path: str, absolute: str, ignores: Layers, excludes: _Excludes, excluded: bool
    ) -> None:
        self.path = path
        self.absolute = absolute
        self.ignores = ignores
        self.excludes = excludes
        self.excluded = excluded


class _Excludes:
    """The excludes of settings; their globs are relative to the root."""

    def __init__(self, settings: Settings) -> None:
        self.root = str(settings.root)
        user = [*settings.extend_exclude, *(text for text in settings.exclude if text not in DEFAULT_EXCLUDE)]
        # Plain names are most of them, and a set costs nothing.
        self.default_names = frozenset(settings.exclude) & frozenset(DEFAULT_EXCLUDE)
        self.user_names = frozenset(text for text in user if not _WILDCARDS & set(text))
        globs = [text for text in user if _WILDCARDS & set(text)]
        self.user_globs = Ignores(str(settings.root), globs) if globs else None
        self.has_any = bool(user)

    def cover(self, name: str, absolute: str, is_folder: bool) -> bool:
        """Whether the user wants to leave this out."""
        if name in self.user_names:
            return True
        return self.user_globs is not None and bool(self.user_globs.decision(name, absolute, is_folder))

    def cover_all(self, absolute: str) -> bool:
        """Whether a glob of the user's covers a folder from which a walk starts, or one above it."""
        return self.user_globs is not None and bool(self.user_globs.whole_decision(absolute, True))


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


class _ManyError(Exception):
    """There are more folders than a walk was to look at; nothing is wrong so far."""

    def __init__(self, start: _Folder) -> None:
        super().__init__()
        self.start = start


class _Walk:
    """Goes through at most `limit` folders, raising `_ManyError`; `trail` is told what is looked at."""

    def __init__(
        self,
        tree: SettingsTree,
        suffixes: tuple[str, ...],
        *,
        limit: int | None = None,
        trail: Trail | None = None,
    ) -> None:
        self.tree = tree
        self.suffixes = suffixes
        self.limit = limit
        self.trail = trail
        self._excludes: dict[int, _Excludes] = {}
        self.seen: set[Identity] = set()
        self.files: dict[tuple[Identity, str], str] = {}
        self.around: dict[tuple[Identity, str], str] = {}
        self.excluded: dict[tuple[Identity, str], str] = {}
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
            self._fail(path, "no such file or folder")
            return
        except (OSError, ValueError) as error:
            self._fail(path, f"cannot be read: {_why(error)}")
            return
        if stat.S_ISDIR(mode):
            absolute = os.path.abspath(path)  # noqa: PTH100 - `..` goes, links stay: that is the name for globs
            try:
                excludes = self._excludes_in(absolute)
            except ConfigError as error:
                self._misconfigured(error)
                return
            excluded = excludes.cover_all(absolute)
            self._walk(_Folder(str(path), absolute, self._outer_ignores(absolute), excludes, excluded))
        elif stat.S_ISREG(mode):
            try:
                self.tree.of(path)
            except ConfigError as error:
                self._misconfigured(error)
                return
            self._add(self.files if _is_code(path) else self.around, path)
        else:
            self._fail(path, "is neither a file nor a folder")

    def _fail(self, path: Path | None, message: str) -> None:
        from callr_migrate.findings import Failure

        failure = Failure(path, message)
        if failure not in self.errors:
            self.errors.append(failure)

    def _misconfigured(self, error: ConfigError) -> None:
        for problem in error.problems:
            self._fail(None, problem)

    def _walk(self, start: _Folder) -> None:
        # Links come last, so that a file is known by its own name wherever that is within reach.
        stack, self.links = [start], []
        is_asked_for = True
        while stack or self.links:
            if self.limit is not None and len(self.seen) >= self.limit and not self.errors:
                raise _ManyError(start)
            folder = stack.pop() if stack else self.links.pop()
            stack += self._enter(folder, is_asked_for=is_asked_for)
            is_asked_for = False

    def _enter(self, folder: _Folder, *, is_asked_for: bool) -> list[_Folder]:
        """Collect the files of one folder; the folders in it that are to be walked.

        This is the hot path: names are texts here.
        """
        try:
            info = os.stat(folder.path)  # noqa: PTH116 - see above
            identity = (info.st_dev, info.st_ino)
            if identity in self.seen:
                return []
            with os.scandir(folder.path) as entries:
                found = {entry.name: entry for entry in entries}
        except OSError as error:
            self._fail(Path(folder.path), f"cannot read folder: {_why(error)}")
            return []
        if self.trail is not None:
            self.trail.enter(folder.path, info, found, _PATTERNS, NAMES)
        if _VIRTUAL in found and not is_asked_for and is_there(Path(folder.path, _VIRTUAL)):
            return []
        self.seen.add(identity)
        ignores = folder.ignores
        if _PATTERNS in found and Path(folder.path, _PATTERNS).is_file():
            own = self._ignores(Path(folder.path, _PATTERNS), folder.absolute)
            ignores = Layers((*ignores.files, *own))
        excludes = folder.excludes
        if not found.keys().isdisjoint(NAMES):
            try:
                excludes = self._excludes_in(folder.absolute)
            except ConfigError as error:
                self._misconfigured(error)
                return []
        prefix = "" if folder.path == "." else folder.path.rstrip(os.sep) + os.sep
        place = folder.absolute.rstrip(os.sep) + os.sep
        own_name = os.path.basename(folder.path)  # noqa: PTH119
        default_names, suffixes = excludes.default_names, self.suffixes
        is_any, special_names, special_suffixes = ignores.is_any, ignores.names, ignores.suffixes
        may_exclude = folder.excluded or excludes.has_any
        inner: list[_Folder] = []
        for name in sorted(found):
            if name in default_names:
                continue
            entry = found[name]
            is_code = name.endswith(suffixes)
            try:
                is_folder = entry.is_dir()
                if not is_folder and not ((is_code or kind_of(name, own_name)) and entry.is_file()):
                    continue
                is_link = entry.is_symlink()
            except OSError as error:
                # A link to itself is as empty as one to nowhere.
                if error.errno != errno.ELOOP:
                    self._fail(Path(folder.path, name), f"cannot be read: {_why(error)}")
                continue
            absolute = place + name
            if (
                (is_any or name in special_names or name.endswith(special_suffixes))
                and ignores.ignore(name, absolute, is_folder)
            ):  # fmt: skip
                continue
            excluded = may_exclude and (folder.excluded or excludes.cover(name, absolute, is_folder))
            path = prefix + name
            if not is_folder:
                if excluded and not is_code:
                    continue
                files = self.excluded if excluded else self.files if is_code else self.around
                if is_link:
                    self._add(files, Path(path))
                else:
                    files[identity, name] = path
            elif is_link:
                if not _contains(Path(path), Path(folder.path)):
                    self.links.append(_Folder(path, absolute, ignores, excludes, excluded))
            else:
                inner.append(_Folder(path, absolute, ignores, excludes, excluded))
        return inner

    def _add(self, files: dict[tuple[Identity, str], str], path: Path) -> None:
        """Take a file by a name that may be a link's; its own name wins, should the walk meet it."""
        try:
            real = real_path(path)
            info = real.parent.stat()
        except OSError as error:
            self._fail(path, f"cannot be read: {_why(error)}")
            return
        files.setdefault(((info.st_dev, info.st_ino), real.name), str(path))

    def _excludes_in(self, folder: str) -> _Excludes:
        settings = self.tree.of_folder(folder)
        known = self._excludes.get(id(settings))
        if known is None:
            known = self._excludes[id(settings)] = _Excludes(settings)
        return known

    def _ignores(self, path: Path, folder: str) -> Iterator[Ignores]:
        try:
            raw = path.read_bytes()
        except OSError as error:
            self._fail(path, f"cannot be read: {_why(error)}")
            return
        yield Ignores(folder, raw.decode("utf-8-sig", "surrogateescape").splitlines())

    def _outer_ignores(self, absolute: str) -> Layers:
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
        files += [(folder / _PATTERNS, folder) for folder in reversed(outer)]
        ignores = Layers(
            ignore for path, folder in files if _is_file(path) for ignore in self._ignores(path, str(folder))
        )
        below = [Path(absolute), *outer[:-1]]
        is_ignored = any(ignores.ignore(folder.name, str(folder), is_folder=True) for folder in below)
        return Layers() if is_ignored else ignores


def _contains(link: Path, folder: Path) -> bool:
    """Whether a link leads to a folder that it stands in: a loop, or a way out to all of the disk."""
    target = real_path(link)
    real = real_path(folder)
    return target == real or target in real.parents


def _is_file(path: Path) -> bool:
    """Whether it is a file; `Path.is_file` raises where a folder above may not be read."""
    return os.path.isfile(path)  # noqa: PTH113


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names) if os.sep == "/" else sorted(names, key=lambda name: name.replace(os.sep, "/"))


def _failure_key(failure: Failure) -> tuple[str, str]:
    return (failure.path.as_posix() if failure.path else "", failure.message)


def _why(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return text[:1].lower() + text[1:]
