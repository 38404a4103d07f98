"""Who imports which file, told statement by statement as it was first written: what the quick forms are held against."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from callr_migrate.import_graph import Contents, ImportGraph
from callr_migrate.import_statements import Import, Parts, _dotted_names, _line_start, _listed, decoded

_WORD = re.compile(rb"\bimport\b")
# What may stand before it: nothing or `from x`, behind the start of a line, `;` or `:`.
_BEFORE = re.compile(rb"(?:^|[;:])(?:\xef\xbb\xbf)?[ \t\f]*(?:from\b([^;:#\"']*))?\Z")
# A statement goes on behind a backslash and in parentheses.
_LINES = rb"(?:[^\n\r;#(\\]|\\(?:\r\n?|\n))*"
_REST = re.compile(_LINES + rb"(?:\((?:[^()#]|#[^\r\n]*)*" + _LINES + rb")?")
_BY_NAME = re.compile(rb"(?:import_module|__import__)\([ \t\r\n]*['\"]([\w.\x80-\xff]+)['\"]")
_COMMENT = re.compile(rb"#[^\r\n]*")
_ODD = re.compile(rb"[^\w\s.,*()\\\x80-\xff].*", re.DOTALL)
_TOKEN = re.compile(rb"[\w\x80-\xff]+|[.,*]")
_ATTRIBUTE = re.compile(rb"\.[ \t]*([\w\x80-\xff]+)")


class PlainGraph(ImportGraph):
    """The same graph, each statement of each file read and resolved anew, whether or not it is asked for."""

    def __init__(self, files: Iterable[str], contents: Contents, root: str) -> None:
        super().__init__(files, contents, root)
        self.by_file: defaultdict[str, set[str]] = defaultdict(set)
        self.by_folder: defaultdict[str, set[str]] = defaultdict(set)
        for path in self.files:
            self._note(path)

    def imported_by(self, paths: Iterable[str]) -> set[str]:
        """Each file of which one that is reached is an importer."""
        reached, found = set(paths), set[str]()
        while more := {
            file for file in self.files - found if not self.by_file[file].isdisjoint(reached | found)
        }:
            found |= more
        return found

    def importers_of(self, path: str) -> Iterator[str]:
        """By file, and by each package above together with the attribute that leads to the file."""
        yield from self.by_file[path]
        below = os.path.dirname(path) if path.endswith(f"{os.sep}__init__.py") else path.rpartition(".")[0]  # noqa: PTH120
        while len(below) > 1:
            folder, name = os.path.split(below)
            for importer in self.by_folder[folder]:
                if name in {decoded(word) for word in _ATTRIBUTE.findall(self.contents(importer))}:
                    yield importer
            below = folder

    def targets_of(self, path: str) -> set[str]:
        """The files of which this one is an importer."""
        return {file for file in self.files if path in set(self.importers_of(file))}

    def _note(self, path: str) -> None:
        folder = os.path.dirname(path)  # noqa: PTH120
        for level, parts, names in plain_imports(self.contents(path)):
            for base in self._bases_of(folder, level, parts):
                # `import a.b.c` names all three, `from a.b import c` binds c alone.
                for length in range(1, len(parts) + 1) if not names else (len(parts),):
                    self._target(path, base, parts[:length], is_bound=not names)
                for name in names:
                    self._target(path, base, (*parts, name), is_bound=True)

    def _target(self, importer: str, base: str, parts: Parts, *, is_bound: bool) -> None:
        place = base.rstrip(os.sep) + "".join(os.sep + part for part in parts)
        for file in (f"{place}.py", f"{place}{os.sep}__init__.py"):
            if file in self.files:
                self.by_file[file].add(importer)
        if is_bound and place in self.folders:
            self.by_folder[place].add(importer)


def plain_imports(raw: bytes) -> Iterator[Import]:
    """The import statements of a file: leading dots, dotted name, and the names of a `from` (`*` for all).

    A text that only looks like one, in a string for instance, may come along.
    """
    for word in _WORD.finditer(raw):
        before = _BEFORE.search(raw[_line_start(raw, word.start()) : word.start()])
        # Each is read on its own, so that a parenthesis in prose cannot hide the statements behind it.
        rest = _REST.match(raw, word.end())
        if before is None or rest is None:
            continue
        tokens = [decoded(token) for token in _TOKEN.findall(_ODD.sub(b"", _COMMENT.sub(b"", rest[0])))]
        if before[1] is None:
            yield from ((0, parts, ()) for parts in _dotted_names(tokens))
            continue
        dotted = [decoded(token) for token in _TOKEN.findall(before[1])]
        parts = tuple(token for token in dotted if token != ".")
        level = next((at for at, token in enumerate(dotted) if token != "."), len(dotted))
        if parts or level:
            yield level, parts, tuple(_listed(tokens))
    for match in _BY_NAME.finditer(raw) if b"import_" in raw else ():
        yield 0, tuple(decoded(match[1]).strip(".").split(".")), ()


def plain_components(files: Iterable[str], graph: ImportGraph) -> list[list[str]]:
    """The parts, each sorted, in the order of their first files.

    Two files are in one part if one imports the other, be it by way of files that are not asked about: those are what
    the analysis may come across.
    """
    wanted = sorted(set(files))
    parent = {file: file for file in wanted}

    def root(file: str) -> str:
        while parent[file] != file:
            parent[file] = file = parent[parent[file]]
        return file

    passed: dict[str, list[str]] = {}  # a file that is not asked about -> those that it leads to
    for file in wanted:
        for target in graph.targets_of(file):
            for met in [target] if target in parent else _behind(target, graph, parent, passed):
                parent[root(met)] = root(file)
    parts: dict[str, list[str]] = {}
    for file in wanted:
        parts.setdefault(root(file), []).append(file)
    return list(parts.values())


def _behind(start: str, graph: ImportGraph, wanted: Iterable[str], passed: dict[str, list[str]]) -> list[str]:
    """The first files that are asked about on every way from another one."""
    known = passed.get(start)
    if known is not None:
        return known
    found: set[str] = set()
    seen, waiting = {start}, [start]
    while waiting:
        for target in graph.targets_of(waiting.pop()):
            if target in wanted:
                found.add(target)
            elif target not in seen:
                seen.add(target)
                waiting.append(target)
    passed[start] = sorted(found)
    return passed[start]
