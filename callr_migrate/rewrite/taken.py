"""An argument that v2 wants another field for: `row["hash"]` where it names the row by its number."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import Answer
from callr_migrate.pack.methods import Binding


def other_key(
    evaluator: Evaluator, module: Module, node: cst.BaseExpression, binding: Binding
) -> tuple[cst.SimpleString | None, str | None]:
    """The key in an argument that the other field's name takes the place of; or None, and what to do instead."""
    wanted = binding.instead
    assert wanted is not None
    options = list(evaluator.evaluate(module, node).options())
    if not options or not all(
        isinstance(option, Answer) and option.owner == wanted.object and option.part[-1] == wanted.field
        for option in options
    ):
        return None, binding.manual
    key = _key(node)
    if isinstance(key, cst.SimpleString) and literal(key)[1] == wanted.field:
        return key, None
    shown = " ".join(module.text_of(node).split())
    return None, (
        f"`{shown}` is `{wanted.field}` of a {wanted.object}; v2 wants the object's `{wanted.take}`: give it that one"
    )


def _key(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The key of `row[key]` or `row.get(key)`."""
    if (
        isinstance(node, cst.Subscript)
        and len(node.slice) == 1
        and isinstance(node.slice[0].slice, cst.Index)
    ):
        return node.slice[0].slice.value
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "get":
        return node.args[0].value if len(node.args) == 1 else None
    return None
