"""What is known of a value only because all of the project's own calls are seen."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate.evaluator import Evaluator
from callr_migrate.evaluate.module import Module


def parameter_in(evaluator: Evaluator, module: Module, node: cst.BaseExpression) -> str | None:
    """The parameter of a function that an expression, or a local variable in it, takes its value from; None if none."""
    seen: set[cst.CSTNode] = set()
    waiting: list[cst.CSTNode] = [node]
    while waiting:
        part = waiting.pop()
        # The name of an attribute or of a keyword argument is no variable.
        waiting += [part.value] if isinstance(part, (cst.Attribute, cst.Arg)) else part.children
        if not isinstance(part, cst.Name) or part in seen:
            continue
        seen.add(part)
        for binding in evaluator.bindings_of(module, part)[1]:
            if binding.kind == "param":
                return part.value
            if binding.kind == "assign" and binding.value is not None and binding.scope.is_function:
                waiting.append(binding.value)
    return None
