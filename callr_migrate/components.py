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
