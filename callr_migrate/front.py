"""The first stage of a run: which files there are, and which of them have to be looked at closer.

A run over clean files ends here, with next to nothing imported.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.discovery import Discovery, discover
from callr_migrate.files import real_path
from callr_migrate.pack.gating import VERIFIED
from callr_migrate.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from callr_migrate.cache.parts import Parts, Rules
    from callr_migrate.cache.records import Records
    from callr_migrate.config import Settings
    from callr_migrate.gates import Gates
    from callr_migrate.pack.gating import GateFacts
    from callr_migrate.settings_tree import SettingsTree


class Front:
    """The files of a run: `found` below its paths, and all of its project, which the analysis always covers."""

    def __init__(
        self,
        paths: Sequence[Path],
        tree: SettingsTree,
        *,
        docs: bool = False,
        found: Discovery | None = None,
        cache: Callable[[], Path | None] = lambda: None,
    ) -> None:
        """Look for the files, unless they are `found`; raises `ConfigError`. `cache` gives the folder for what is kept."""
        self.paths = tuple(paths)
        self.tree = tree
        self.cache = cache
        if found is not None:
            for name in (*found.names, *found.around_names):
                tree.of(Path(name))
        self.found = discover(paths, tree, docs=docs, cache=self._folder) if found is None else found
        self._projects: dict[Path, Discovery] = {}
        self._sieves: dict[object, Sieve] = {}

    def sieve(self, gates: Gates) -> Sieve:
        """Sorts out the files by these gates."""
        known = self._sieves.get(gates.facts)
        if known is None:
            known = self._sieves[gates.facts] = Sieve(gates, lambda: self._records(gates.facts))
        return known

    def _records(self, facts: GateFacts) -> Records | None:
        folder = self._folder()
        if folder is None:
            return None
        from callr_migrate.cache.records import Records

        return Records(folder, self.tree.base.root, facts)

    def _folder(self) -> Path | None:
        """The folder for what is kept, where files can be known by their stamps."""
        folder = self.cache()
        if folder is None:
            return None
        from callr_migrate.cache.stamps import TRUSTED

        return folder if TRUSTED else None

    @cached_property
    def parts(self) -> Parts | None:
        """What is kept of the analysis of parts, if anything is."""
        folder = self.cache()
        if folder is None:
            return None
        from callr_migrate.cache.parts import Parts

        return Parts(folder, self.tree.base.root)

    def rules(self, overlays: tuple[Path, ...], verified_below: Path) -> Rules | None:
        """What rules that are about to be read are made of, if anything is kept by that."""
        if self.parts is None:
            return None
        from callr_migrate.cache.parts import Rules

        return Rules.told(overlays, verified_below)

    def keep(self) -> None:
        """Keep for later runs what was found out of the files."""
        if "parts" in self.__dict__ and self.parts is not None:
            self.parts.keep()
        for sieve in self._sieves.values():
            if sieve.records is not None:
                sieve.records.keep()

    def project(self, named_root: Path) -> Discovery:
        """All files of a project, by names below its root; what is wrong with other files is no concern of the run."""
        known = self._projects.get(named_root)
        if known is None:
            known = self._projects[named_root] = self._project(named_root)
        return known

    def _project(self, named_root: Path) -> Discovery:
        root = real_path(named_root)
        if any(real_path(path) == root for path in self.paths):
            if self.tree.is_one_project:
                return self.found
            return Discovery(self.tree.below(named_root, self.found.names))
        return discover([named_root], self.tree, cache=self._folder) if may_be_project(root) else Discovery()

    @property
    def is_plain(self) -> bool:
        """Whether nothing was amiss so far, and all files go by the shipped rules as they are."""
        return (
            not self.found.errors
            and self.tree.is_one_project
            and all(map(_is_plain, self.tree.seen()))
            and not os.path.lexists(os.path.join(self.tree.base.root, VERIFIED))  # noqa: PTH118
        )

    def is_clean(self, gates: Gates, on_file: Callable[[int, int], None] | None = None) -> bool:
        """Whether no file that counts has to be looked at closer, by the gates of the shipped rules.

        False does not say that there is something to be found.
        """
        found, sieve = self.found, self.sieve(gates)
        project = self.project(self.tree.base.root)
        return not (
            sieve.suspects(found.names, on_file)
            or (project is not found and sieve.suspects(project.names))
            or sieve.suspects(found.excluded_names)
            or sieve.suspects_around(found.around_names)
        )


def _is_plain(settings: Settings) -> bool:
    """Whether nothing in some settings can be wrong that only the rules tell."""
    named = settings.choices or settings.rules or settings.wrappers
    return settings.target is None and not named and settings.auth is None


def may_be_project(root: Path) -> bool:
    """Whether a folder may be a project's: not the whole disk, nor all that a person has."""
    try:
        home = real_path(Path.home())
    except RuntimeError:
        return root != Path(root.anchor)
    return root not in (Path(root.anchor), home, *home.parents)
