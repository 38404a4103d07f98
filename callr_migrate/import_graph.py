"""Who imports which file: names are resolved as any start of the program allows."""

from __future__ import annotations

import contextlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import pairwise

from callr_migrate.import_index import ImportIndex, Whole
from callr_migrate.import_statements import (
    Import,
    Parts,
    Statement,
    decoded,
    imports_in,
    statements,
)

_ATTRIBUTE = re.compile(rb"\.[ \t]*([\w\x80-\xff]+)")

Contents = Callable[[str], bytes]
StatementsOf = Callable[[str], Iterable[Statement]]
_Places = tuple[tuple[str, ...], tuple[str, ...]]  # the files and the packages that an import may name


class ImportGraph:
    """Who imports which file; names are resolved as generously as any way to start the program allows.

    What a file imports is read from it alone. Who imports a file is told from the statements that could name it, or a
    package around it: they are found by their words, so that all others are never resolved.
    """

    def __init__(
        self,
        files: Iterable[str],
        contents: Contents,
        root: str,
        statements_of: StatementsOf | None = None,
        index: ImportIndex | None = None,
    ) -> None:
        """Of some files; `statements_of` gives the import statements of each, where they need not be read.

        `index` is of those of them that were read already; it is used up.
        """
        self.contents = contents
        self._statements_of = statements_of or (lambda path: statements(contents(path)))
        self._is_known = statements_of is not None
        self._index = index or ImportIndex()
        self.root = root
        self.files = set(files)
        self.folders: set[str] = set()
        # Plain texts, for speed: of each folder one file is looked at closer.
        for path in {path.rpartition(os.sep)[0]: path for path in self.files}.values():
            folder = os.path.dirname(path)  # noqa: PTH120
            while folder not in self.folders:
                self.folders.add(folder)
                folder = os.path.dirname(folder)  # noqa: PTH120
        self._bases: dict[str, tuple[str, ...]] = {}
        self._named: dict[tuple[str, str], tuple[str, ...]] = {}
        self._named_below: dict[str, dict[str, list[str]]] = {}
        self._attributes: dict[str, dict[str, set[str]]] = {}
        self._read: dict[Statement, list[Import]] = {}
        self._resolved: dict[tuple[tuple[str, ...], Parts, Parts], _Places] = {}
        self._targets: dict[str, _Places] = {}
        # Names that were asked about, and who has a `from` of what has such a name: a path without an ending -> files.
        self._asked: set[str] = set()
        self._by_place: defaultdict[str, list[str]] = defaultdict(list)
        self._told: set[str] = set()
        # What imports a file or a package, as far as the statements with its word are resolved.
        self._by_file: defaultdict[str, set[str]] = defaultdict(set)
        self._by_folder: defaultdict[str, set[str]] = defaultdict(set)

    def imported_by(self, paths: Iterable[str]) -> set[str]:
        """The files that these import, also by way of others."""
        found: set[str] = set()
        waiting = list(paths)
        while waiting:
            for target in self._named_in(waiting.pop())[0]:
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return found

    def targets_of(self, path: str) -> set[str]:
        """The files that a file imports, and those below a package that it imports and then names as attributes."""
        files, packages = self._named_in(path)
        found = set(files)
        if packages:
            attributes = self._attributes_in(path)
            for folder in packages:
                below = self._by_name(folder)
                for name in below.keys() & attributes:
                    found.update(below[name])
        return found

    def importers_of(self, path: str) -> Iterator[str]:
        """The files that import a file, or import a package that it stands below and then name it as an attribute."""
        folder, name = os.path.split(path)
        is_package = name == "__init__.py"
        below = folder if is_package else path.rpartition(".")[0]
        places = [below, *_above(below)]
        self._take_froms(b"")
        # In `from . import x` the package has no word.
        self._resolve(os.path.basename(below), dots=below in self.folders)  # noqa: PTH119
        if is_package:
            # As in `from .__init__ import x`, which has the folder's name nowhere.
            self._resolve("__init__")
            self._tell(f"{folder}{os.sep}__init__")
        for place in places:
            # Who imports from a package may get the file by name, or a package around it.
            self._resolve(os.path.basename(place))  # noqa: PTH119
            self._tell(place)
        yield from self._by_file.get(path, ())
        for inner, outer in pairwise(places):
            if outer in self._by_folder:
                yield from self._by_attribute(outer).get(os.path.basename(inner), ())  # noqa: PTH119

    def _files_at(self, place: str) -> Iterator[str]:
        """The files that an import may name by a path without an ending."""
        for file in (f"{place}.py", f"{place}{os.sep}__init__.py"):
            if file in self.files:
                yield file

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        """Folder -> the files at any depth below it."""
        found: dict[str, list[str]] = {}
        for path in self.files:
            folder = os.path.dirname(path)  # noqa: PTH120
            while len(folder) >= len(self.root) and len(folder) > 1:
                found.setdefault(folder, []).append(path)
                folder = os.path.dirname(folder)  # noqa: PTH120
        return found

    def _by_name(self, folder: str) -> dict[str, list[str]]:
        """Name in a folder -> the file of that name, or all files at any depth below the folder of that name."""
        known = self._named_below.get(folder)
        if known is None:
            known = self._named_below[folder] = {}
            for file in self._below.get(folder, ()):
                inside = file[len(folder) + 1 :].split(os.sep)  # noqa: PTH206
                name = inside[0] if len(inside) > 1 else inside[0].rpartition(".")[0]
                known.setdefault(name, []).append(file)
        return known

    def files_of(self, folder: str, level: int, parts: Parts) -> Iterator[str]:
        """The files that an import in a folder may name; `level` counts the leading dots."""
        for place in self.folders_of(folder, level, parts, exist=False):
            yield from self._files_at(place)

    def folders_of(self, folder: str, level: int, parts: Parts, *, exist: bool = True) -> Iterator[str]:
        """The folders that an import may name: packages, with or without a file of their own."""
        for base in self._bases_of(folder, level, parts):
            place = _place(base, parts)
            if not exist or place in self.folders:
                yield place

    def _by_attribute(self, folder: str) -> dict[str, set[str]]:
        """Attribute -> the files that import the package and have such an attribute somewhere."""
        known = self._attributes.get(folder)
        if known is None:
            known = self._attributes[folder] = {}
            for importer in self._by_folder[folder]:
                for name in self._attributes_in(importer):
                    known.setdefault(name, set()).add(importer)
        return known

    def _attributes_in(self, path: str) -> set[str]:
        return {decoded(word) for word in set(_ATTRIBUTE.findall(self.contents(path)))}

    @cached_property
    def _whole_index(self) -> ImportIndex:
        index = self._index
        for path in self.files - index.files:
            if self._is_known:
                index.take(path, self._statements_of(path))
            else:
                index.read(path, self.contents(path))
        return index

    @cached_property
    def _froms(self) -> dict[bytes, list[bytes]]:
        return self._whole_index.froms()

    @cached_property
    def _others(self) -> dict[bytes, list[Whole]]:
        return self._whole_index.others()

    def _resolve(self, name: str, *, dots: bool = False) -> None:
        """Note who imports the files and the packages of a name; with `dots` also what is imported by dots alone.

        Of a `from` with names it is only noted from what they are imported.
        """
        words = {b""} if dots else set()
        if name not in self._asked:
            self._asked.add(name)
            for encoding in ("utf-8", "latin-1"):
                with contextlib.suppress(UnicodeEncodeError):  # then no text names it
                    words.add(name.encode(encoding))
        for word in words:
            for whole in self._others.pop(word, ()):
                several, paths = self._index.pop(whole)
                for path in paths:
                    folder = os.path.dirname(path)  # noqa: PTH120
                    for statement in several:
                        for found in self._named_by(statement, folder):
                            self._note(path, found)
            self._take_froms(word)

    def _take_froms(self, word: bytes) -> None:
        """Note the places that those statements name whose last word is this one; nothing is that of dots alone."""
        for start in self._froms.pop(word, ()):
            level, parts, paths = self._index.of(start)
            for path in paths:
                for base in self._bases_of(os.path.dirname(path), level, parts):  # noqa: PTH120
                    self._by_place[_place(base, parts)].append(path)

    def _tell(self, place: str) -> None:
        """Note all that those import who import from a place."""
        for path in self._by_place.pop(place.rstrip(os.sep), ()):
            if path not in self._told:
                self._told.add(path)
                self._note(path, self._named_in(path))

    def _note(self, importer: str, found: _Places) -> None:
        files, packages = found
        for file in files:
            self._by_file[file].add(importer)
        for package in packages:
            self._by_folder[package].add(importer)

    def _named_in(self, path: str) -> _Places:
        """The files and the packages that the statements of a file name."""
        known = self._targets.get(path)
        if known is None:
            folder = os.path.dirname(path)  # noqa: PTH120
            found: tuple[dict[str, None], dict[str, None]] = {}, {}
            for statement in self._statements_of(path):
                for files, packages in self._named_by(statement, folder):
                    found[0].update(dict.fromkeys(files))
                    found[1].update(dict.fromkeys(packages))
            known = self._targets[path] = tuple(found[0]), tuple(found[1])
        return known

    def _named_by(self, statement: Statement, folder: str) -> Iterator[_Places]:
        """What a statement in a folder names; most mean the same in many."""
        read = self._read.get(statement)
        if read is None:
            read = self._read[statement] = list(imports_in(statement))
        for level, parts, names in read:
            bases = self._bases_of(folder, level, parts)
            if bases:
                key = bases, parts, names
                known = self._resolved.get(key)
                if known is None:
                    known = self._resolved[key] = self._places(*key)
                yield known

    def _places(self, bases: Iterable[str], parts: Parts, names: Parts) -> _Places:
        files: list[str] = []
        packages: list[str] = []
        for base in bases:
            # `import a.b.c` names all three, `from a.b import c` binds c alone.
            places = [
                _place(base, parts[:length])
                for length in range(0 if names and not parts else 1, len(parts) + 1)
            ]
            if names:
                whole = places[-1]
                files += self._files_at(whole)
                places = [f"{whole}{os.sep}{name}" for name in names] if whole in self.folders else []
            for place in places:
                files += self._files_at(place)
                if place in self.folders:
                    packages.append(place)
        return tuple(files), tuple(packages)

    def _bases_of(self, folder: str, level: int, parts: Parts) -> tuple[str, ...]:
        """The folders below which a name may be looked up, if they hold its first part."""
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)  # noqa: PTH120
            return (folder,)
        key = (folder, parts[0])
        known = self._named.get(key)
        if known is None:
            known = self._named[key] = tuple(
                base for base in self._absolute_bases(folder) if self._holds(base, parts[0])
            )
        return known

    def _absolute_bases(self, folder: str) -> tuple[str, ...]:
        known = self._bases.get(folder)
        if known is None:
            outer = [folder]
            while (parent := os.path.dirname(outer[-1])) != outer[-1]:  # noqa: PTH120
                outer.append(parent)
            outer.append(self.root)
            bases = [*outer, *(f"{base.rstrip(os.sep)}{os.sep}src" for base in outer)]
            known = self._bases[folder] = tuple(dict.fromkeys(base for base in bases if base in self.folders))
        return known

    def _holds(self, base: str, name: str) -> bool:
        place = f"{base.rstrip(os.sep)}{os.sep}{name}"
        return place in self.folders or f"{place}.py" in self.files


def _above(path: str) -> Iterator[str]:
    """The folders that a path stands in, the innermost first."""
    while (folder := os.path.dirname(path)) != path:  # noqa: PTH120
        yield folder
        path = folder


def _place(base: str, parts: Iterable[str]) -> str:
    """A path below a folder."""
    return base.rstrip(os.sep) + "".join(os.sep + part for part in parts)
