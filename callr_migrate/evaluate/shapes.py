"""Which argument of a call is what, by the shapes that a surface's rule describes."""

from __future__ import annotations

import libcst as cst

from callr_migrate.pack.model import CallShape
from callr_migrate.records import dataclass


@dataclass(frozen=True)
class BoundCall:
    """The parts of a legacy call. `arguments` is None where they cannot be told one by one; `problem` says why."""

    method: cst.BaseExpression | None
    arguments: tuple[cst.BaseExpression, ...] | None
    problem: str | None = None
    named: cst.BaseExpression | None = None  # the parameters as one dict, which the server refuses
    ignored: tuple[cst.BaseExpression, ...] = ()  # arguments without effect on the request
    params: cst.BaseExpression | None = None  # the one expression that holds the parameters


def bind_call(node: cst.Call, shape: CallShape) -> BoundCall:
    """The method name and the parameters of a legacy call, as far as its form tells."""
    positional: list[cst.BaseExpression] = []
    keywords: dict[str, cst.BaseExpression] = {}
    before = len(shape.leading)
    for arg in node.args:
        if arg.star:
            method = keywords.get(shape.method) or (positional[before] if len(positional) > before else None)
            return BoundCall(method, None, f"the arguments are unpacked with `{arg.star}`")
        if arg.keyword is not None:
            keywords[arg.keyword.value] = arg.value
        else:
            positional.append(arg.value)
    leading = [*positional[:before], *(keywords.pop(name) for name in shape.leading if name in keywords)]
    del positional[:before]
    method = positional.pop(0) if positional else keywords.pop(shape.method, None)
    if shape.spread:
        problem = f"the client takes no argument named `{next(iter(keywords))}`" if keywords else None
        return BoundCall(method, tuple(positional), problem, ignored=tuple(leading))
    names = [shape.params or "", *shape.ignored]
    given = dict(zip(names, positional, strict=False))
    given.update(keywords)
    params = given.pop(shape.params or "", None)
    ignored = tuple(given.values())
    if params is None:
        return BoundCall(method, (), ignored=ignored)
    if isinstance(params, cst.Dict):
        return BoundCall(method, None, named=params, ignored=ignored, params=params)
    if isinstance(params, (cst.List, cst.Tuple)):
        values = []
        for element in params.elements:
            if isinstance(element, cst.StarredElement):
                return BoundCall(
                    method, None, "the arguments are unpacked with `*`", ignored=ignored, params=params
                )
            values.append(element.value)
        return BoundCall(method, tuple(values), ignored=ignored, params=params)
    return BoundCall(
        method, None, "the parameters are a list that is made elsewhere", ignored=ignored, params=params
    )
