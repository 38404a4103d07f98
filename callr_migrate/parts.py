"""A run's files by what concerns a whole project: each part has one root, pack, target and set of choices."""

from __future__ import annotations

from pathlib import Path

from callr_migrate.config import Settings
from callr_migrate.discovery import Discovery
from callr_migrate.records import dataclass
from callr_migrate.settings_tree import SettingsTree


@dataclass(frozen=True)
class Part:
    """Files that share the settings which concern a whole project, and `root`, the folder of that project.

    Files that are excluded are in each part of their project.
    """

    settings: Settings
    root: Path
    files: Discovery


def parts_of(found: Discovery, tree: SettingsTree) -> list[Part]:
    """The parts, that of the run's own settings first.

    What differs in other settings, such as codes and line length, is no part of its own.
    """
    if tree.is_one_project and len({_key(settings) for settings in tree.seen()}) == 1:
        return [Part(tree.base, tree.base.root, found)]
    parts: dict[tuple[object, ...], Part] = {}

    def part(settings: Settings, root: Path) -> Discovery:
        key = (root, *_key(settings))
        if key not in parts:
            excluded = [name for name in found.excluded_names if tree.root_of(Path(name)) == root]
            parts[key] = Part(settings, root, Discovery(excluded_names=excluded))
        return parts[key].files

    part(tree.base, tree.base.root)
    for path in found.files:
        part(tree.of(path), tree.root_of(path)).names.append(str(path))
    for path in found.around:
        part(tree.of(path), tree.root_of(path)).around_names.append(str(path))
    return list(parts.values())


def _key(settings: Settings) -> tuple[object, ...]:
    choices = tuple(sorted(settings.choices.items()))
    own = settings.target, settings.rules, settings.wrappers, settings.auth, settings.accept_dropped
    return (*own, choices)
