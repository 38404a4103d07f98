"""A run's files by what concerns a whole project: each part has one pack of rules, one target, one set of choices."""

from __future__ import annotations

from pathlib import Path

from callr_migrate.config import Settings
from callr_migrate.discovery import Discovery
from callr_migrate.settings_tree import SettingsTree


def parts_of(found: Discovery, tree: SettingsTree) -> list[tuple[Settings, Discovery]]:
    """The parts and their files, that of the run's own settings first; what is excluded is in each.

    What differs in other settings, such as codes and line length, is no part of its own.
    """
    parts: dict[object, tuple[Settings, Discovery]] = {}

    def part(path: Path) -> Discovery:
        settings = tree.of(path)
        return parts.setdefault(_key(settings), (settings, Discovery(excluded=found.excluded)))[1]

    parts[_key(tree.base)] = (tree.base, Discovery(excluded=found.excluded))
    for path in found.files:
        part(path).files.append(path)
    for path in found.around:
        part(path).around.append(path)
    return list(parts.values())


def _key(settings: Settings) -> object:
    return settings.target, settings.rules, tuple(sorted(settings.choices.items())), settings.auth
