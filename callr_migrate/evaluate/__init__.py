"""What is this expression? See `evaluator`."""

from callr_migrate.evaluate.evaluator import Evaluator
from callr_migrate.evaluate.module import InexactTreeError, Module
from callr_migrate.evaluate.project import Project

__all__ = ["Evaluator", "InexactTreeError", "Module", "Project"]
