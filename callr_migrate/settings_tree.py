"""The settings of each file: those of the nearest configuration below the one that the run goes by."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from callr_migrate.config import FILE_NAME, SECTION, Settings, load_settings

_SHARED = "pyproject.toml"
# The name of the section, also as people misspell it.
_MENTION = re.compile(re.escape(SECTION).replace("\\-", "[-_]").encode(), re.IGNORECASE)
NAMES = frozenset({FILE_NAME, _SHARED})


class SettingsTree:
    """`base` are the settings of the run; `overrides` is what the command line says, which holds everywhere.

    With `is_fixed` there are no others, since the command line named the file to read.
    """

    def __init__(
        self, base: Settings, overrides: Mapping[str, Any] | None = None, *, is_fixed: bool = False
    ) -> None:
        self.base = base
        self.overrides = overrides
        self._known: dict[str, Settings] = {str(base.root): base}
        self._is_fixed = is_fixed

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
        text = Path(folder, _SHARED).read_bytes()
    except OSError:
        return False
    return _MENTION.search(text) is not None and load_settings(Path(folder)).config == Path(folder, _SHARED)
