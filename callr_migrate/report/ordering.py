"""In which order files can be migrated: those that others import first, so wrappers before their callers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.files import real_path
from callr_migrate.records import dataclass
from callr_migrate.report.model import Counts, Place, Step

if TYPE_CHECKING:
    from callr_migrate.source import SourceFile

FIX = "fix"
CYCLE = "cycle"


@dataclass
class _Node:
    """Files that are migrated together, and why they are if there are several."""

    files: list[str]
    together: str | None = None


def steps(
    places: Sequence[Place], imports: Mapping[str, Iterable[str]], minutes: Mapping[str, int]
) -> tuple[Step, ...]:
    """The order of the files that have places; `imports` maps any file to the files that it imports.

    Files with edits of one group are one step, as the group is applied whole, and so are files that import each other.
    """
    by_file: dict[str, list[Place]] = {}
    for place in places:
        by_file.setdefault(place.path, []).append(place)
    nodes = _joined(by_file)
    needs = _needs(by_file, imports)
    waves = _waves(nodes, needs)
    ordered = [(wave, node) for wave, found in enumerate(waves, 1) for node in sorted(found, key=_first)]
    number = {file: at for at, (_, node) in enumerate(ordered, 1) for file in node.files}
    return tuple(
        Step(
            at,
            wave,
            tuple(node.files),
            Counts.of(place for file in node.files for place in by_file[file]),
            sum(minutes.get(file, 0) for file in node.files),
            tuple(sorted({number[need] for file in node.files for need in needs[file]} - {at})),
            node.together,
        )
        for at, (wave, node) in enumerate(ordered, 1)
    )


def _first(node: _Node) -> str:
    return node.files[0]


def _joined(by_file: Mapping[str, list[Place]]) -> list[_Node]:
    """One node for all files with edits of one group."""
    home: dict[str, _Node] = {file: _Node([file]) for file in by_file}
    of_group: dict[str, str] = {}
    for file, places in sorted(by_file.items()):
        for group in sorted({place.group for place in places if place.group is not None}):
            first = home[of_group.setdefault(group, file)]
            own = home[file]
            if own is not first:
                _merge([first, own], home, FIX)
    return list({id(node): node for node in home.values()}.values())


def _merge(nodes: Sequence[_Node], home: dict[str, _Node], why: str) -> _Node:
    whole = _Node(sorted(file for node in nodes for file in node.files), why)
    home.update(dict.fromkeys(whole.files, whole))
    return whole


def _needs(by_file: Iterable[str], imports: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """The files with places that a file imports, directly or by way of files without any."""
    wanted = set(by_file)
    found: dict[str, set[str]] = {}
    for file in wanted:
        needs: set[str] = set()
        seen = {file}
        waiting = list(imports.get(file, ()))
        while waiting:
            target = waiting.pop()
            if target in seen:
                continue
            seen.add(target)
            if target in wanted:
                needs.add(target)
            else:
                waiting += imports.get(target, ())
        found[file] = needs
    return found


def _waves(nodes: Sequence[_Node], needs: Mapping[str, set[str]]) -> list[list[_Node]]:
    """The nodes in waves, each of which needs earlier ones only; nodes that need each other become one."""
    home = {file: node for node in nodes for file in node.files}
    while True:
        current = {id(node): node for node in home.values()}
        graph = {
            key: {id(home[need]) for file in node.files for need in needs[file]} - {key}
            for key, node in current.items()
        }
        sorter: TopologicalSorter[int] = TopologicalSorter(graph)
        try:
            sorter.prepare()
        except CycleError as error:
            circle = list(dict.fromkeys(error.args[1]))
            _merge([current[key] for key in circle], home, CYCLE)
            continue
        waves: list[list[_Node]] = []
        while sorter.is_active():
            ready = sorter.get_ready()
            waves.append([current[key] for key in ready])
            sorter.done(*ready)
        return waves


def imports_of(
    sources: Mapping[Path, SourceFile], root: Path, shown: Mapping[Path, str]
) -> dict[str, set[str]]:
    """Which of the analysed files imports which, by the names that `shown` gives them."""
    from callr_migrate.embedded import code_of
    from callr_migrate.import_graph import ImportGraph
    from callr_migrate.loading import resolved

    names = {key: Path(name) for name, key in resolved(map(str, sources)).items()}
    graph = ImportGraph(
        names, lambda name: code_of(Path(name), sources[names[name]].raw), str(real_path(root))
    )
    found: dict[str, set[str]] = {}
    for target in names:
        for importer in graph.importers_of(target):
            found.setdefault(shown[names[importer]], set()).add(shown[names[target]])
    return found
