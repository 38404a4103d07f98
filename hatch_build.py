"""The wheel holds the rules compiled beside their YAML, so that the first run need not check them again."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledRules(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `callr_migrate/rules.compiled` to a standard wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, unless the wheel only points at the checkout, whose rules change."""
        if version == "editable":
            return
        root = Path(self.root)
        sys.path.insert(0, str(root))
        try:
            from callr_migrate.pack.compiled import compile_pack
        finally:
            sys.path.remove(str(root))
        self._folder = tempfile.TemporaryDirectory()
        compiled = Path(self._folder.name) / "rules.compiled"
        compiled.write_bytes(compile_pack(root / "rules"))
        build_data["force_include"][str(compiled)] = "callr_migrate/rules.compiled"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was only for the build."""
        if version != "editable":
            self._folder.cleanup()
