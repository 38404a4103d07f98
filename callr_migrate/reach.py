"""Which importers can matter: those that get something that may carry a client, a wrapper or an answer.

In a large program nearly every file imports the module with the client in the end, but few import what comes of it.
The standard library's `ast` tells these apart a hundred times faster than the parser with which edits are made. A name
is *tainted* if the statement at the top of its module that binds it names something tainted, or holds what the first
gate looks for. This lets too much through, never too little: what cannot be told taints everything.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from callr_migrate.import_graph import Contents, ImportGraph, StatementsOf
from callr_migrate.import_statements import Parts
from callr_migrate.stages import staged

if TYPE_CHECKING:
    from callr_migrate.import_index import ImportIndex
    from callr_migrate.reach_summary import Step, Summary, Unit

ALL = "*"
_EVERYTHING = frozenset({ALL})

IsLegacy = Callable[[bytes], bool]


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
        index: ImportIndex | None = None,
    ) -> None:
        """Of some files; `statements_of` and `index` as for `ImportGraph`."""
        self.graph = ImportGraph(files, contents, root, statements_of, index)
        self.contents = contents
        self.is_legacy = is_legacy
        self._taints: dict[str, set[str]] = {}
        self._touched: set[str] = set()
        self._exposed: dict[str, frozenset[str]] = {}
        self._by_stem: dict[str, set[str]] = {}
        self._summaries: dict[str, Summary] = {}
        self._seeds: dict[str, set[Step]] = {}
        self._files: dict[str, _File] = {}

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
        # They refer to this: what stands in a circle would stay in memory until somebody looks for circles.
        self._files.clear()
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

    def _seeds_of(self, path: str, is_legacy: IsLegacy) -> set[Step]:
        """The steps that hold what a gate looks for."""
        lines = self.contents(path).splitlines(keepends=True)
        return {
            step
            for unit in self._summary(path).units
            for step in unit.steps
            if is_legacy(b"".join(lines[step.lines[0] - 1 : step.lines[1]]))
        }

    def _look(self, path: str) -> list[str]:
        """Settle what of a file is tainted, by what is known of the others; those whose own names that changes."""
        file = self._files.get(path)
        if file is None:
            summary = self._summary(path)
            if not summary.told:
                self._touched.add(path)
                self._exposed[path] = _EVERYTHING
                return []
            file = self._files[path] = _File(self, path, summary)
        changed = file.look()
        if file.tainted or file.taints:
            self._touched.add(path)
        self._exposed[path] = frozenset(file.taints | file.modules_with_taints())
        return sorted(changed)

    def taints_of(self, path: str) -> set[str]:
        """The names that a file itself makes tainted, or others in it; to be added to."""
        return self._taints.setdefault(path, set())

    def seeds_of(self, path: str) -> set[Step]:
        """The steps of a file that are tainted by themselves."""
        return self._seeds.get(path, set())

    def _summary(self, path: str) -> Summary:
        from callr_migrate.reach_summary import summarised  # most runs know the answer from before

        known = self._summaries.get(path)
        if known is None:
            known = self._summaries[path] = summarised(self.contents(path))
        return known


def _stem(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.basename(folder) if name == "__init__.py" else name.rpartition(".")[0]  # noqa: PTH119


class _Within:
    """A tainted unit: its steps that are not, by what would make them so."""

    def __init__(self, unit: Unit, names_of_modules: Iterable[str]) -> None:
        self.names: set[str] = set()  # its names for something tainted
        self.steps: defaultdict[str, list[Step]] = defaultdict(list)
        for step in unit.steps:
            for word in step.words:
                self.steps[word].append(step)
        self.by_module = [step for step in unit.steps if not step.words.isdisjoint(names_of_modules)]


class _File:
    """What of a file is tainted. Each look goes on where the last one ended, as nothing is ever taken back."""

    def __init__(self, reach: Reach, path: str, summary: Summary) -> None:
        self.reach = reach
        self.taints = reach.taints_of(path)
        self.tainted: dict[Unit, _Within] = {}
        self._path = path
        self._all = summary.units
        self._told: set[str] = set()  # the taints whose units and steps are found
        self._hit: set[Step] = set()
        self._changed: set[str] = set()
        self._modules: dict[str, set[str]] = {}  # local name -> the files that it may stand for
        self._folders: dict[str, set[str]] = {}  # local name -> the packages that it may stand for
        self._from: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        self._stars: list[str] = []
        self._own = set(summary.bound)
        folder = os.path.dirname(path)  # noqa: PTH120 - plain texts, for speed
        for item in summary.imports:
            self._own.discard(item.name)
            if item.attribute is None:
                self._module(item.name, folder, item.level, item.parts)
                continue
            files = reach.graph.files_of(folder, item.level, item.parts)
            if item.attribute == ALL:
                self._stars += files
                continue
            self._from[item.name] += [(file, item.attribute) for file in files]
            self._module(item.name, folder, item.level, (*item.parts, item.attribute))
        self._units: defaultdict[str, list[Unit]] = defaultdict(list)
        for unit in self._all:
            for word in unit.words:
                self._units[word].append(unit)
        self._by_module = [unit for unit in self._all if not unit.words.isdisjoint(self._modules)]

    def _module(self, name: str, folder: str, level: int, parts: Parts) -> None:
        self._modules.setdefault(name, set()).update(self.reach.graph.files_of(folder, level, parts))
        self._folders.setdefault(name, set()).update(self.reach.graph.folders_of(folder, level, parts))

    def look(self) -> set[str]:
        """Follow what is new; the files whose own names that changes."""
        self._changed = set()
        self._take_imported()
        seeds = self.reach.seeds_of(self._path)
        if not seeds <= self._hit:
            for unit in self._all:
                if not seeds.isdisjoint(unit.steps):
                    self._enter(unit)
        self._look_at_modules()
        while news := self.taints - self._told:
            self._told |= news
            for word in news:
                for unit in self._all if word == ALL else self._units.get(word, ()):
                    self._enter(unit)
                    self._follow(unit, unit.steps if word == ALL else self.tainted[unit].steps.get(word, ()))
        return self._changed

    def modules_with_taints(self) -> set[str]:
        """The names of modules that expose something."""
        return {name for name, files in self._modules.items() if any(map(self.reach.exposed, files))}

    def _take_imported(self) -> None:
        for file in self._stars:
            self.taints |= self.reach.exposed(file)
        for name, places in self._from.items():
            for file, attribute in places:
                names = self.reach.exposed(file)
                if ALL in names or attribute in names:
                    self.taints.add(name)

    def _look_at_modules(self) -> None:
        """What modules expose may have changed since the last look, and does not while the file is looked at."""
        for within in self.tainted.values():
            within.by_module = [step for step in within.by_module if step not in self._hit]
        for unit, within in list(self.tainted.items()):
            self._follow(unit, self._hit_by_modules(within))
        self._by_module = [unit for unit in self._by_module if unit not in self.tainted]
        for unit in self._by_module:
            if self._is_in_module(unit):
                self._enter(unit)

    def _hit_by_modules(self, within: _Within) -> list[Step]:
        return [step for step in within.by_module if self._is_in_module(step)]

    def _is_in_module(self, place: Unit | Step) -> bool:
        """Whether one of the words stands for a module, and it exposes another of them."""
        for name in place.words & self._modules.keys():
            for file in self._files(name, place.words):
                names = self.reach.exposed(file)
                if names and (ALL in names or name in place.bare or not place.words.isdisjoint(names)):
                    return True
        return False

    def _files(self, name: str, words: set[str]) -> Iterator[str]:
        yield from self._modules[name]
        for folder in self._folders[name]:
            yield from self.reach.below(folder, words)

    def _enter(self, unit: Unit) -> None:
        """A unit is tainted: so is what it binds, and those of its steps that something known makes so."""
        if unit in self.tainted:
            return
        within = self.tainted[unit] = _Within(unit, self._modules.keys())
        self.taints |= unit.binds
        seeds = self.reach.seeds_of(self._path)
        self._follow(unit, (step for step in unit.steps if ALL in self._told or step in seeds))
        for word in within.steps.keys() & self._told:
            self._follow(unit, within.steps[word])
        self._follow(unit, self._hit_by_modules(within))

    def _follow(self, unit: Unit, steps: Iterable[Step]) -> None:
        """What is tainted inside of a unit may be put into something that others see."""
        within = self.tainted[unit]
        waiting = list(steps)
        while waiting:
            step = waiting.pop()
            if step in self._hit:
                continue
            self._hit.add(step)
            for name, attributes in step.changed:
                if name in self._own:
                    self.taints.add(name)
                self._change(name, attributes)
            for name in step.stores.union(name for name, _ in step.changed) - within.names:
                within.names.add(name)
                waiting += within.steps.get(name, ())

    def _change(self, name: str, attributes: frozenset[str]) -> None:
        """Taint an imported thing where it is at home, and the names there that change with it."""
        places = [(file, {attribute}) for file, attribute in self._from.get(name, ())]
        if attributes:
            places += [(file, set(attributes)) for file in self._modules.get(name, ())]
        for file, names in places:
            theirs = self.reach.taints_of(file)
            if not names <= theirs:
                theirs |= names
                self._changed.add(file)
