"""Which importers can matter: those that get something that may carry a client, a wrapper or an answer.

In a large program nearly every file imports the module with the client in the end, but few import what comes of it.
The standard library's `ast` tells these apart a hundred times faster than the parser with which edits are made. A name
is *tainted* if the statement at the top of its module that binds it names something tainted, or holds what the first
gate looks for. This lets too much through, never too little: what cannot be told taints everything.
"""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from callr_migrate.import_graph import Contents, ImportGraph, StatementsOf
from callr_migrate.import_statements import Parts
from callr_migrate.records import dataclass
from callr_migrate.stages import staged

ALL = "*"
_EVERYTHING = frozenset({ALL})
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
# Names by which a module's names can be had or set without being spelled.
_UNTOLD = re.compile(
    rb"\b(?:__import__|import_module|globals|vars|exec|eval)[ \t]*\(|\bsys\.modules\b|^def[ \t]+__getattr__\b",
    re.MULTILINE,
)
# A logger takes answers in all day long and gives none back.
_TAKING = frozenset(
    {"critical", "debug", "error", "exception", "format", "info", "log", "print", "warn", "warning", "write"}
)
# Bytes. Larger files are generated; their names are not worth the seconds.
_MAX_SIZE = 1_000_000
# Longer texts are prose or data.
_MAX_TEXT = 200
_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

IsLegacy = Callable[[bytes], bool]


@dataclass(frozen=True)
class _Import:
    """`name` is bound to a module (`attribute` None) or to an attribute of one (`*`: all of them)."""

    name: str
    level: int
    parts: Parts
    attribute: str | None


@dataclass
class _Step:
    """A simple statement, or the head of a compound one."""

    lines: tuple[int, int]
    words: set[str] = field(default_factory=set)
    bare: set[str] = field(
        default_factory=set
    )  # names that stand for themselves, not for an attribute of theirs
    stores: set[str] = field(default_factory=set)
    # What something may be put into: (name, the attributes of it that are set or handed on).
    changed: list[tuple[str, frozenset[str]]] = field(default_factory=list)


@dataclass
class _Unit:
    """A statement at the top of a module, with all that stands inside of it."""

    steps: list[_Step] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)


@dataclass
class _Summary:
    """What the names of a file depend on; `told` is false if that cannot be said."""

    told: bool
    imports: list[_Import] = field(default_factory=list)
    units: list[_Unit] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)


class Reach:
    """Follows what is tainted from file to file. All paths are resolved."""

    @staged("following imports")
    def __init__(
        self,
        files: Iterable[str],
        contents: Contents,
        root: str,
        is_legacy: IsLegacy,
        statements_of: StatementsOf | None = None,
    ) -> None:
        """Of some files; `statements_of` as for `ImportGraph`."""
        self.graph = ImportGraph(files, contents, root, statements_of)
        self.contents = contents
        self.is_legacy = is_legacy
        self._taints: dict[str, set[str]] = {}
        self._touched: set[str] = set()
        self._exposed: dict[str, frozenset[str]] = {}
        self._by_stem: dict[str, set[str]] = {}
        self._summaries: dict[str, _Summary] = {}
        self._seeds: dict[str, set[int]] = {}

    @staged("following imports")
    def files(self, sources: Iterable[str], forwards: IsLegacy = lambda _: False) -> set[str]:
        """The files that get something tainted from `sources`, these included.

        What the sources import may be given their clients: where it `forwards`, by its bytes, it is tainted, too.
        """
        reached = set(sources)
        imported = self.graph.imported_by(reached)
        if imported <= reached and all(reached.issuperset(self.graph.importers_of(path)) for path in reached):
            # There is nobody else who could get anything from them.
            return reached
        for path in reached:
            self._seeds[path] = self._seeds_of(path, self.is_legacy)
        for path in imported:
            if forwards(self.contents(path)):
                self._seeds.setdefault(path, set()).update(self._seeds_of(path, forwards))
                reached.add(path)
        # In rounds, so that a file is looked at once for all that changed in the round before.
        waiting = sorted(reached)
        while waiting:
            following: set[str] = set()
            for path in waiting:
                before = self._exposed.get(path, frozenset())
                following.update(self._look(path))
                if self._exposed[path] != before:
                    self._by_stem.setdefault(_stem(path), set()).add(path)
                    following.update(self.graph.importers_of(path))
            waiting = sorted(following)
        return reached | self._touched

    def exposed(self, path: str) -> frozenset[str]:
        """The names of a file by which others get something tainted, as far as is known by now."""
        return self._exposed.get(path, frozenset())

    def below(self, folder: str, words: set[str]) -> Iterator[str]:
        """The files below a folder that expose something and whose own name is among the words."""
        for stem in words & self._by_stem.keys():
            for path in self._by_stem[stem]:
                if path.startswith(folder + os.sep):
                    yield path

    def _seeds_of(self, path: str, is_legacy: IsLegacy) -> set[int]:
        """The steps, by their identity, that hold what a gate looks for."""
        summary = self._summary(path)
        lines = self.contents(path).splitlines(keepends=True)
        return {
            id(step)
            for unit in summary.units
            for step in unit.steps
            if is_legacy(b"".join(lines[step.lines[0] - 1 : step.lines[1]]))
        }

    def _look(self, path: str) -> list[str]:
        """Settle what of a file is tainted, by what is known of the others; those whose own names that changes."""
        summary = self._summary(path)
        taints = self._taints.setdefault(path, set())
        if not summary.told:
            self._touched.add(path)
            self._exposed[path] = _EVERYTHING
            return []
        view = _View(self, path, summary)
        seeds = self._seeds.get(path, set())
        taints |= view.imported
        changed: set[str] = set()
        tainted: list[_Unit] = []
        pending = list(summary.units)
        progress = True
        while progress:
            size = len(taints), len(tainted)
            for unit in list(pending):
                if view.hits(unit.words, unit.bare, taints) or any(id(step) in seeds for step in unit.steps):
                    pending.remove(unit)
                    tainted.append(unit)
                    taints |= unit.binds
            for unit in tainted:
                changed |= self._follow(view, unit, taints, seeds)
            progress = (len(taints), len(tainted)) > size
        if tainted or taints:
            self._touched.add(path)
        self._exposed[path] = frozenset(taints | view.modules_with_taints())
        return sorted(changed)

    def _follow(self, view: _View, unit: _Unit, taints: set[str], seeds: set[int]) -> set[str]:
        """What is tainted inside of a statement may be put into something that others see."""
        inside: set[str] = set()
        changed: set[str] = set()
        size = -1
        while len(inside) > size:
            size = len(inside)
            for step in unit.steps:
                if not (step.words & inside or id(step) in seeds or view.hits(step.words, step.bare, taints)):
                    continue
                inside |= step.stores
                for name, attributes in step.changed:
                    inside.add(name)
                    if view.is_own(name):
                        taints.add(name)
                    for file, names in view.origins(name, attributes):
                        theirs = self._taints.setdefault(file, set())
                        if not names <= theirs:
                            theirs |= names
                            changed.add(file)
        return changed

    def _summary(self, path: str) -> _Summary:
        known = self._summaries.get(path)
        if known is None:
            known = self._summaries[path] = _summarised(self.contents(path))
        return known


def _stem(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.basename(folder) if name == "__init__.py" else name.rpartition(".")[0]  # noqa: PTH119


class _View:
    """The names of one file, as far as they come from other files."""

    def __init__(self, reach: Reach, path: str, summary: _Summary) -> None:
        self.reach = reach
        self.imported: set[str] = set()
        self.modules: dict[str, set[str]] = {}  # local name -> the files that it may stand for
        self.folders: dict[str, set[str]] = {}  # local name -> the packages that it may stand for
        self._from: dict[str, list[tuple[str, str]]] = {}
        self._own = set(summary.bound)
        folder = os.path.dirname(path)  # noqa: PTH120 - plain texts, for speed
        for item in summary.imports:
            self._own.discard(item.name)
            if item.attribute is None:
                self._module(item.name, folder, item.level, item.parts)
                continue
            for file in reach.graph.files_of(folder, item.level, item.parts):
                names = reach.exposed(file)
                if item.attribute == ALL:
                    self.imported |= names
                    continue
                self._from.setdefault(item.name, []).append((file, item.attribute))
                if ALL in names or item.attribute in names:
                    self.imported.add(item.name)
            if item.attribute != ALL:
                self._module(item.name, folder, item.level, (*item.parts, item.attribute))

    def _module(self, name: str, folder: str, level: int, parts: Parts) -> None:
        self.modules.setdefault(name, set()).update(self.reach.graph.files_of(folder, level, parts))
        self.folders.setdefault(name, set()).update(self.reach.graph.folders_of(folder, level, parts))

    def hits(self, words: set[str], bare: set[str], taints: set[str]) -> bool:
        """Whether one of the words stands for something tainted."""
        if ALL in taints or not words.isdisjoint(taints):
            return True
        for name in words & self.modules.keys():
            for file in self._files(name, words):
                names = self.reach.exposed(file)
                if names and (ALL in names or name in bare or not words.isdisjoint(names)):
                    return True
        return False

    def _files(self, name: str, words: set[str]) -> Iterator[str]:
        yield from self.modules[name]
        for folder in self.folders[name]:
            yield from self.reach.below(folder, words)

    def modules_with_taints(self) -> set[str]:
        """The names of modules that expose something."""
        return {name for name, files in self.modules.items() if any(map(self.reach.exposed, files))}

    def is_own(self, name: str) -> bool:
        """Whether the file itself makes what is behind a name."""
        return name in self._own

    def origins(self, name: str, attributes: frozenset[str]) -> Iterator[tuple[str, set[str]]]:
        """Where the thing behind an imported name is at home, and the names there that change with it."""
        for file, attribute in self._from.get(name, ()):
            yield file, {attribute}
        for file in self.modules.get(name, ()):
            if attributes:
                yield file, set(attributes)


# From source to summary


def _summarised(raw: bytes) -> _Summary:
    if len(raw) > _MAX_SIZE or _UNTOLD.search(raw):
        return _Summary(told=False)
    summary = _Summary(told=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(raw)
        for statement in tree.body:
            unit = _Unit()
            _take(statement, unit, summary.imports, is_top=True)
            for step in unit.steps:
                unit.words |= step.words
                unit.bare |= step.bare
            summary.units.append(unit)
            summary.bound |= unit.binds
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _Summary(told=False)
    return summary


def _take(statement: ast.stmt, unit: _Unit, imports: list[_Import], *, is_top: bool) -> None:
    """Add a statement and those inside of it; what is bound at the top belongs to the module."""
    waiting = [(statement, is_top)]
    while waiting:
        node, is_top = waiting.pop()
        step = _Step(_head(node))
        unit.steps.append(step)
        if isinstance(node, _BLOCKS):
            step.stores.add(node.name)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            unit.binds.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found = list(_imports(node))
            imports += found
            step.stores.update(item.name for item in found)
            # What is imported inside of a function counts as used there.
            step.words.update(item.name for item in found if not is_top)
        inner = is_top and not isinstance(node, _BLOCKS)
        for child in _parts(node):
            if isinstance(child, ast.stmt):
                waiting.append((child, inner))
            else:
                _read(child, step)
        if is_top:
            unit.binds |= step.stores


def _head(node: ast.stmt) -> tuple[int, int]:
    """The lines of a simple statement, or of a compound one down to its body."""
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body or isinstance(body[0], ast.match_case):
        last = node.end_lineno if not body else node.lineno
        return first, last or first
    return first, max(first, body[0].lineno - (body[0].lineno > node.lineno))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The children of a statement; those of its handlers and cases among them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from ast.iter_child_nodes(child)
        else:
            yield child


def _read(expression: ast.AST, step: _Step) -> None:
    """Take in the words of an expression, and what it stores and changes."""
    bases: set[ast.AST] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            step.words.add(node.id)
            if node not in bases:
                step.bare.add(node.id)
            if not isinstance(node.ctx, ast.Load):
                step.stores.add(node.id)
        elif isinstance(node, ast.Attribute):
            step.words.add(node.attr)
            bases.add(node.value)
            if not isinstance(node.ctx, ast.Load):
                _change(node, step)
        elif isinstance(node, ast.Subscript):
            if not isinstance(node.ctx, ast.Load):
                _change(node.value, step)
        elif isinstance(node, ast.arg):
            step.stores.add(node.arg)
        elif isinstance(node, ast.keyword) and node.arg:
            step.words.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) <= _MAX_TEXT:
                step.words.update(_IDENTIFIER.findall(node.value))
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            step.stores.add(node.name)
        elif isinstance(node, ast.Call):
            _read_call(node, step)


def _read_call(call: ast.Call, step: _Step) -> None:
    """`a.add(x)` may put x into a; `f(a, x)` may do so, too; `setattr(a, "b", x)` names what it sets."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute) and given and call.func.attr not in _TAKING:
        _change(call.func.value, step, depth=1)
    texts = frozenset(
        node.value
        for node in given
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
    )
    for node in given:
        _change(node.value if isinstance(node, ast.Starred) else node, step, texts, depth=1)


def _change(
    node: ast.AST, step: _Step, attributes: frozenset[str] = frozenset(), depth: int | None = None
) -> None:
    """Note that something may be put into what `a.b.c` begins with, if no more than `depth` attributes are between."""
    named: list[str] = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute):
            named.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and (depth is None or len(named) <= depth):
        # Of a module it is the first attribute that is another one's name.
        step.changed.append((node.id, attributes | frozenset(named[-1:])))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[_Import]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            parts = tuple(node.module.split(".")) if node.module else ()
            yield _Import(alias.asname or alias.name, node.level, parts, alias.name)
            continue
        parts = tuple(alias.name.split("."))
        if alias.asname:
            yield _Import(alias.asname, 0, parts, None)
            continue
        # `import a.b.c` binds `a`, through which all three are had.
        for length in range(1, len(parts) + 1):
            yield _Import(parts[0], 0, parts[:length], None)
