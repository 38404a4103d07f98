"""The rule pack: what is known about the two APIs. The engine knows nothing else about them.

Its parts are imported when they are asked for: the model alone costs more than a run over clean files.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callr_migrate.pack.base import RuleError, nearest
    from callr_migrate.pack.compiled import load_pack, shipped_rules
    from callr_migrate.pack.model import RulePack

__all__ = ["RuleError", "RulePack", "load_pack", "nearest", "shipped_rules"]

_HOMES = {
    "RuleError": "callr_migrate.pack.base",
    "RulePack": "callr_migrate.pack.model",
    "load_pack": "callr_migrate.pack.compiled",
    "nearest": "callr_migrate.pack.base",
    "shipped_rules": "callr_migrate.pack.compiled",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)
