"""Files that have nothing to do with each other, by who imports whom: each such part of a project is analysed alone.

That bounds the memory, keeps the work linear in the number of files, and lets several processes share it.
"""

from __future__ import annotations

from collections.abc import Iterable

from callr_migrate.import_graph import ImportGraph
from callr_migrate.stages import staged


@staged("following imports")
def components(files: Iterable[str], graph: ImportGraph) -> list[list[str]]:
    """The parts, each sorted, in the order of their first files.

    Two files are in one part if one imports the other, be it by way of files that are not asked about: those are what
    the analysis may come across.
    """
    wanted = sorted(set(files))
    targets = _between(wanted, graph)
    parent = {file: file for file in (*wanted, *targets)}

    def root(file: str) -> str:
        while parent[file] != file:
            parent[file] = file = parent[parent[file]]
        return file

    for file in wanted:
        targets[file] = graph.targets_of(file)
    for file, imported in targets.items():
        for target in imported:
            if target in parent:
                parent[root(target)] = root(file)
    parts: dict[str, list[str]] = {}
    for file in wanted:
        parts.setdefault(root(file), []).append(file)
    return list(parts.values())


def _between(wanted: Iterable[str], graph: ImportGraph) -> dict[str, set[str]]:
    """The other files by way of which one of `wanted` imports another, or the same, and what these files import.

    Each is looked at once, however many ways lead there.
    """
    asked = set(wanted)
    targets: dict[str, set[str]] = {}
    waiting = [target for file in asked for target in graph.targets_of(file) if target not in asked]
    while waiting:
        file = waiting.pop()
        if file not in targets:
            targets[file] = graph.targets_of(file)
            waiting += [target for target in targets[file] if target not in asked and target not in targets]
    importers: dict[str, list[str]] = {}
    for file, imported in targets.items():
        for target in imported:
            importers.setdefault(target, []).append(file)
    leading: set[str] = set()
    waiting = [importer for file in asked for importer in importers.get(file, ())]
    while waiting:
        file = waiting.pop()
        if file not in leading:
            leading.add(file)
            waiting += importers.get(file, ())
    return {file: targets[file] for file in leading}


@staged("following imports")
def strangers(files: Iterable[str], graph: ImportGraph) -> list[list[str]]:
    """Parts that do not even import the same file, be it by way of others; each sorted, in the order of their first files.

    Nothing that one part does, such as to set an attribute of a module, can be seen by another one.
    """
    parts: dict[str, list[str]] = {}  # by one of the files in it
    found_by: dict[str, str] = {}
    merged: dict[str, str] = {}
    for file in sorted(set(files)):
        parts[file] = [file]
        waiting = [file]
        while waiting:
            each = waiting.pop()
            first = found_by.get(each)
            if first is None:
                found_by[each] = file
                waiting += graph.targets_of(each)
                continue
            while first in merged:
                first = merged[first]
            if first != file:
                parts[file] += parts.pop(first)
                merged[first] = file
    return sorted(map(sorted, parts.values()))
