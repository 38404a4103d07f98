"""Who imports which file: names are resolved as any start of the program allows."""

from __future__ import annotations

import contextlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from callr_migrate.import_statements import (
    Import,
    Parts,
    Statement,
    decoded,
    imports_in,
    statements,
    words_of,
)

_ATTRIBUTE = re.compile(rb"\.[ \t]*([\w\x80-\xff]+)")

Contents = Callable[[str], bytes]
StatementsOf = Callable[[str], Iterable[Statement]]
_Places = tuple[tuple[str, ...], tuple[str, ...]]  # the files and the packages that an import may name


class ImportGraph:
    """Who imports which file; names are resolved as generously as any way to start the program allows.

    What a file imports is read from it alone. Who imports a file is told from the statements that could name it: they
    are found by their words, so that all others are never resolved.
    """

    def __init__(
        self,
        files: Iterable[str],
        contents: Contents,
        root: str,
        statements_of: StatementsOf | None = None,
    ) -> None:
        """Of some files; `statements_of` gives the import statements of each, where they need not be read."""
        self.contents = contents
        self.statements_of = statements_of or (lambda path: statements(contents(path)))
        self.root = root
        self.files = set(files)
        self.folders: set[str] = set()
        for path in self.files:
            folder = os.path.dirname(path)  # noqa: PTH120 - plain texts, for speed
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
        below = folder if name == "__init__.py" else path.rpartition(".")[0]
        # In `from . import x` the package has no word.
        self._resolve(os.path.basename(below), dots=below in self.folders)  # noqa: PTH119
        if name == "__init__.py":
            self._resolve("__init__")  # as in `from .__init__ import x`, which has the folder's name nowhere
        yield from self._by_file.get(path, ())
        while len(below) > 1:
            folder, name = os.path.split(below)
            self._resolve(os.path.basename(folder))  # noqa: PTH119
            if folder in self._by_folder:
                yield from self._by_attribute(folder).get(name, ())
            below = folder

    @cached_property
    def _modules(self) -> dict[str, list[str]]:
        """What an import may name, as a path without an ending -> the files of that name, one or two."""
        found: dict[str, list[str]] = {}
        for path in self.files:
            if path.endswith(".py"):
                found.setdefault(path[:-3], []).append(path)
            folder, name = os.path.split(path)
            if name == "__init__.py":
                found.setdefault(folder, []).append(path)
        return found

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
            for file in (f"{place}.py", f"{place}{os.sep}__init__.py"):
                if file in self.files:
                    yield file

    def folders_of(self, folder: str, level: int, parts: Parts, *, exist: bool = True) -> Iterator[str]:
        """The folders that an import may name: packages, with or without a file of their own."""
        for base in self._bases_of(folder, level, parts):
            place = base.rstrip(os.sep) + "".join(os.sep + part for part in parts)
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
    def _importing(self) -> dict[Statement, list[str]]:
        """The statements of all files, and the files that have them. The same ones stand in many."""
        found: dict[Statement, list[str]] = {}
        for path in self.files:
            for statement in self.statements_of(path):
                files = found.get(statement)
                if files is None:
                    found[statement] = [path]
                else:
                    files.append(path)
        return found

    @cached_property
    def _by_word(self) -> dict[bytes, list[Statement]]:
        """Word -> the statements that may import something of that name; nothing -> those that name a folder by dots."""
        found: dict[bytes, list[Statement]] = {}
        for statement in self._importing:
            for word in words_of(statement):
                found.setdefault(word, []).append(statement)
        return found

    def _resolve(self, name: str, *, dots: bool = False) -> None:
        """Note who imports the files and the packages of a name; with `dots` also what is imported by dots alone."""
        words = {b""} if dots else set()
        for encoding in ("utf-8", "latin-1"):
            with contextlib.suppress(UnicodeEncodeError):  # then no text names it
                words.add(name.encode(encoding))
        for word in words:
            for statement in self._by_word.pop(word, ()):
                for path in self._importing.pop(statement, ()):
                    for files, packages in self._named_by(statement, os.path.dirname(path)):  # noqa: PTH120
                        for file in files:
                            self._by_file[file].add(path)
                        for package in packages:
                            self._by_folder[package].add(path)

    def _named_in(self, path: str) -> _Places:
        """The files and the packages that the statements of a file name."""
        known = self._targets.get(path)
        if known is None:
            folder = os.path.dirname(path)  # noqa: PTH120
            found: tuple[dict[str, None], dict[str, None]] = {}, {}
            for statement in self.statements_of(path):
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
                base.rstrip(os.sep) + "".join(os.sep + part for part in parts[:length])
                for length in range(0 if names and not parts else 1, len(parts) + 1)
            ]
            if names:
                whole = places[-1]
                files += self._modules.get(whole, ())
                places = [f"{whole}{os.sep}{name}" for name in names] if whole in self.folders else []
            for place in places:
                files += self._modules.get(place, ())
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
