"""Wrappers that a project's settings name: functions and methods of its own that send what they are given.

Each is laid over the pack as a surface, whose summary is what the wrappers are called, so that all that is known of
clients holds for them, too. They are called as `wrapper(method, *params)`. Nothing is rewritten in their place.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from callr_migrate.pack.base import nearest
from callr_migrate.pack.model import CallShape, RulePack, Surface

# The surface of calls through wrappers, whoever names them.
WRAPPER = "wrapper"


def with_wrappers(pack: RulePack, names: Sequence[str]) -> RulePack:
    """The pack with a surface for each module or class that holds wrappers, by their dotted names."""
    if not names:
        return pack
    held: dict[str, list[str]] = {}
    for name in names:
        owner, _, last = name.rpartition(".")
        held.setdefault(owner, []).append(last)
    surfaces = {
        f"{WRAPPER} {owner}": Surface(
            f"{WRAPPER} {owner}",
            " or ".join(f"`{owner}.{last}`" for last in lasts),
            gates=_gates(owner.rpartition(".")[2], lasts),
            clients=[owner],
            calls={last: CallShape(spread=True) for last in lasts},
            rewritable=False,
        )
        for owner, lasts in held.items()
    }
    return replace(pack, surfaces={**pack.surfaces, **surfaces})


def _gates(owner: str, lasts: list[str]) -> list[str]:
    """What every file holds that uses one: the class, or the module or (in the module itself) the function."""
    return [owner] if owner[:1].isupper() else [owner, *lasts]


def is_declared(surface: str) -> bool:
    """Whether a surface is one of the settings' wrappers."""
    return surface.startswith(f"{WRAPPER} ")


def declared_names(pack: RulePack) -> list[str]:
    """The dotted names of the settings' wrappers."""
    return [
        f"{owner}.{last}"
        for surface in pack.surfaces.values()
        if is_declared(surface.surface)
        for owner in surface.clients
        for last in surface.calls
    ]


def wrapper_problems(names: Iterable[str], root: Path) -> Iterator[str]:
    """One line for each name that a module of the project should have, and has not.

    What stands in no folder of the project may be installed elsewhere, and is not looked for.
    """
    for name in names:
        parts = name.split(".")
        bases = (
            base
            for base in (root, root / "src")
            if _module_file(base / parts[0]) or (base / parts[0]).is_dir()
        )
        base = next(bases, None)
        problem = _problem(base, parts) if base is not None else None
        if problem is not None:
            yield f"wrappers: {name!r} is not there: {problem}"


def _problem(base: Path, parts: list[str]) -> str | None:
    length = next((n for n in range(len(parts), 0, -1) if _module_file(base.joinpath(*parts[:n]))), 0)
    module = _module_file(base.joinpath(*parts[:length])) if length else None
    rest = parts[length:]
    if module is None:
        return None
    if not rest:
        return f"{'.'.join(parts)} is a module; name a function or a method in it"
    names = _names(module)
    if names is None:
        return None
    shown = module.relative_to(base).as_posix()
    below = {path.stem for path in module.parent.iterdir()} if module.name == "__init__.py" else set()
    if rest[0] not in names:
        return f"{shown} has no {rest[0]!r}{nearest(rest[0], [*names, *below])}"
    body = names[rest[0]]
    if isinstance(body, ast.ClassDef) and len(rest) == 1:
        return f"{rest[0]!r} is a class; name its method that sends"
    if isinstance(body, (ast.FunctionDef, ast.AsyncFunctionDef)) and len(rest) > 1:
        return f"{rest[0]!r} is a function"
    if isinstance(body, ast.ClassDef) and not (body.bases or body.keywords or body.decorator_list):
        members = _bound(body.body) | _set_on_self(body)
        if rest[1] not in members and "__getattr__" not in members:
            return f"{rest[0]!r} in {shown} has no {rest[1]!r}{nearest(rest[1], members)}"
    return None


def _module_file(place: Path) -> Path | None:
    for file in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if file.is_file():
            return file
    return None


def _names(module: Path) -> dict[str, ast.stmt | None] | None:
    """The names at the top of a module; None where they cannot be told."""
    try:
        tree = ast.parse(module.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = _bound(tree.body)
    return None if names.keys() & {"*", "__getattr__"} else names


def _bound(statements: Iterable[ast.stmt]) -> dict[str, ast.stmt | None]:
    """The names that statements bind where they stand, with the definitions among them."""
    names: dict[str, ast.stmt | None] = {}
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names[node.name] = node
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(dict.fromkeys((alias.asname or alias.name).split(".")[0] for alias in node.names))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, None)
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return names


def _set_on_self(body: ast.ClassDef) -> dict[str, ast.stmt | None]:
    return {
        node.attr: None
        for node in ast.walk(body)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
