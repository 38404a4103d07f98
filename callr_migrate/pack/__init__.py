"""The rule pack: what is known about the two APIs. The engine knows nothing else about them."""

from callr_migrate.pack.base import RuleError, nearest
from callr_migrate.pack.compiled import load_pack, shipped_rules
from callr_migrate.pack.model import RulePack

__all__ = ["RuleError", "RulePack", "load_pack", "nearest", "shipped_rules"]
