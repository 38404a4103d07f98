"""Which findings count: those of selected codes that no comment suppresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from callr_migrate.config import Settings
from callr_migrate.source import SourceFile
from callr_migrate.suppression import Suppressions


class Selection:
    """Asks the settings of a file, which are known by its path, and the comments in it."""

    def __init__(self, settings_of: Callable[[Path], Settings]) -> None:
        self._settings_of = settings_of
        self._settings: dict[Path, Settings] = {}
        self._known: dict[Path, Suppressions] = {}
        self._wanted: dict[tuple[Path, str], bool] = {}

    def settings_of(self, path: Path) -> Settings:
        """The settings of a file, asked for once."""
        known = self._settings.get(path)
        if known is None:
            known = self._settings[path] = self._settings_of(path)
        return known

    def suppressions(self, source: SourceFile) -> Suppressions:
        """The comments of a file, read once."""
        known = self._known.get(source.path)
        if known is None or known.source is not source:
            known = self._known[source.path] = Suppressions(source)
        return known

    def is_wanted(self, path: Path, code: str) -> bool:
        """Whether findings of this code are selected in a file."""
        known = self._wanted.get((path, code))
        if known is None:
            known = self._wanted[path, code] = self.settings_of(path).wants(code, path)
        return known

    def layout_of(self, path: Path) -> tuple[int, tuple[int, int]]:
        """The line length and the oldest Python of a file."""
        settings = self.settings_of(path)
        return settings.line_length, settings.target_version

    def why_not(self, source: SourceFile, code: str, start: int, end: int) -> str | None:
        """Why a finding does not count; None if it does."""
        if not self.is_wanted(source.path, code):
            return f"{code} is not selected"
        comments = self.suppressions(source).of(code, start, end)
        return f"{code} is suppressed by a comment" if comments else None
