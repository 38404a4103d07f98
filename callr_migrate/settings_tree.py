"""The settings of each file: those of the nearest configuration below the one that the run goes by."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from callr_migrate.config import FILE_NAME, SECTION, ConfigError, Settings, is_project, load_settings
from callr_migrate.files import read_regular

_SHARED = "pyproject.toml"
# The name of the section, also as people misspell it.
_MENTION = re.escape(SECTION).replace("\\-", "[-_]").encode()
NAMES = frozenset({FILE_NAME, _SHARED})


class SettingsTree:
    """`base` are the settings of the run; `overrides` is what the command line says, which holds everywhere.

    With `is_fixed` there are no others, since the command line named the file to read. Where the root is no project,
    only a folder that `paths` happen to share, each of them has the root that it would have alone.
    """

    def __init__(
        self,
        base: Settings,
        overrides: Mapping[str, Any] | None = None,
        *,
        is_fixed: bool = False,
        paths: Sequence[Path] = (),
    ) -> None:
        self.base = base
        self.overrides = overrides
        self._known: dict[str, Settings] = {str(base.root): base}
        self._is_fixed = is_fixed
        self._roots = {} if len(paths) < 2 or is_project(base) else self._apart(paths)
        if not is_fixed:
            self._known.update(self._roots)

    def _apart(self, paths: Sequence[Path]) -> dict[str, Settings]:
        roots: dict[str, Settings] = {}
        for path in paths:
            # What is wrong with a configuration is told where the path is walked.
            with contextlib.suppress(ConfigError):
                own = load_settings(path, self.base.config if self._is_fixed else None, self.overrides)
                roots[str(own.root)] = own
        return roots

    @property
    def is_one_project(self) -> bool:
        """Whether all files belong to the project of `base`."""
        return not self._roots

    def root_of(self, path: Path) -> Path:
        """The folder of the project that a file belongs to."""
        if not self._roots:
            return self.base.root
        absolute = Path(os.path.abspath(path))  # noqa: PTH100 - `..` goes
        holder = next((folder for folder in absolute.parents if str(folder) in self._roots), None)
        return holder or self.base.root

    def below(self, root: Path, names: list[str]) -> list[str]:
        """The files that belong to the project at `root`."""
        return [name for name in names if self.root_of(Path(name)) == root]

    def seen(self) -> Collection[Settings]:
        """All settings that hold for some file that was found so far; those of the run among them."""
        return {id(settings): settings for settings in (self.base, *self._known.values())}.values()

    def of(self, path: Path) -> Settings:
        """The settings of a file; raises `ConfigError`."""
        return self.of_folder(os.path.dirname(os.path.abspath(path)))  # noqa: PTH100, PTH120 - `..` goes

    def of_folder(self, folder: str) -> Settings:
        """The settings of the files in a folder, whose name is absolute; raises `ConfigError`."""
        if self._is_fixed:
            return self.base
        known = self._known.get(folder)
        if known is None:
            parent = os.path.dirname(folder)  # noqa: PTH120 - plain texts, for speed
            if parent == folder:
                known = self.base
            elif _has_own(folder):
                known = load_settings(Path(folder), None, self.overrides)
            else:
                known = self.of_folder(parent)
            self._known[folder] = known
        return known


def _has_own(folder: str) -> bool:
    """Whether a folder has a configuration of this tool; what is wrong with it, loading tells."""
    if os.path.lexists(os.path.join(folder, FILE_NAME)):  # noqa: PTH118
        return True
    try:
        # A file of others that is no TOML, a template for instance, is none of ours.
        text = read_regular(Path(folder, _SHARED))
    except OSError:
        return False
    return re.search(_MENTION, text, re.IGNORECASE) is not None and load_settings(
        Path(folder)
    ).config == Path(folder, _SHARED)
