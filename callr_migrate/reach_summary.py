"""What the names of a file depend on, as far as the standard library's `ast` tells: the material of `reach`."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import field

from callr_migrate.import_statements import Parts
from callr_migrate.records import dataclass

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
# Names by which a module's names can be had or set without being spelled.
_UNTOLD = re.compile(
    rb"\b(?:__import__|import_module|globals|vars|exec|eval)[ \t]*\(|\bsys\.modules\b|^def[ \t]+__getattr__\b",
    re.MULTILINE,
)
# A logger takes answers in all day long and gives none back.
_TAKING = frozenset(
    {"critical", "debug", "error", "exception", "format", "info", "log", "print", "warn", "warning", "write"}
)
# Bytes. Larger files are generated; their names are not worth the seconds.
_MAX_SIZE = 1_000_000
# Longer texts are prose or data.
_MAX_TEXT = 200
_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Imported:
    """`name` is bound to a module (`attribute` None) or to an attribute of one (`*`: all of them)."""

    name: str
    level: int
    parts: Parts
    attribute: str | None


@dataclass(eq=False)
class Step:
    """A simple statement, or the head of a compound one."""

    lines: tuple[int, int]
    words: set[str] = field(default_factory=set)
    bare: set[str] = field(
        default_factory=set
    )  # names that stand for themselves, not for an attribute of theirs
    stores: set[str] = field(default_factory=set)
    # What something may be put into: (name, the attributes of it that are set or handed on).
    changed: list[tuple[str, frozenset[str]]] = field(default_factory=list)


@dataclass(eq=False)
class Unit:
    """A statement at the top of a module, with all that stands inside of it."""

    steps: list[Step] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Summary:
    """What the names of a file depend on; `told` is false if that cannot be said."""

    told: bool
    imports: list[Imported] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)


def summarised(raw: bytes) -> Summary:
    """Summarise the source of a file."""
    if len(raw) > _MAX_SIZE or _UNTOLD.search(raw):
        return Summary(told=False)
    summary = Summary(told=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(raw)
        for statement in tree.body:
            unit = Unit()
            _take(statement, unit, summary.imports, is_top=True)
            for step in unit.steps:
                unit.words |= step.words
                unit.bare |= step.bare
            summary.units.append(unit)
            summary.bound |= unit.binds
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Summary(told=False)
    return summary


def _take(statement: ast.stmt, unit: Unit, imports: list[Imported], *, is_top: bool) -> None:
    """Add a statement and those inside of it; what is bound at the top belongs to the module."""
    waiting = [(statement, is_top)]
    while waiting:
        node, is_top = waiting.pop()
        step = Step(_head(node))
        unit.steps.append(step)
        if isinstance(node, _BLOCKS):
            step.stores.add(node.name)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            unit.binds.update(node.names)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found = list(_imports(node))
            imports += found
            step.stores.update(item.name for item in found)
            # What is imported inside of a function counts as used there.
            step.words.update(item.name for item in found if not is_top)
        inner = is_top and not isinstance(node, _BLOCKS)
        for child in _parts(node):
            if isinstance(child, ast.stmt):
                waiting.append((child, inner))
            else:
                _read(child, step)
        if is_top:
            unit.binds |= step.stores


def _head(node: ast.stmt) -> tuple[int, int]:
    """The lines of a simple statement, or of a compound one down to its body."""
    first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])
    body = getattr(node, "body", None) or getattr(node, "cases", None)
    if not body or isinstance(body[0], ast.match_case):
        last = node.end_lineno if not body else node.lineno
        return first, last or first
    return first, max(first, body[0].lineno - (body[0].lineno > node.lineno))


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The children of a statement; those of its handlers and cases among them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from ast.iter_child_nodes(child)
        else:
            yield child


def _read(expression: ast.AST, step: Step) -> None:
    """Take in the words of an expression, and what it stores and changes."""
    bases: set[ast.AST] = set()
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            step.words.add(node.id)
            if node not in bases:
                step.bare.add(node.id)
            if not isinstance(node.ctx, ast.Load):
                step.stores.add(node.id)
        elif isinstance(node, ast.Attribute):
            step.words.add(node.attr)
            bases.add(node.value)
            if not isinstance(node.ctx, ast.Load):
                _change(node, step)
        elif isinstance(node, ast.Subscript):
            if not isinstance(node.ctx, ast.Load):
                _change(node.value, step)
        elif isinstance(node, ast.arg):
            step.stores.add(node.arg)
        elif isinstance(node, ast.keyword) and node.arg:
            step.words.add(node.arg)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if len(node.value) <= _MAX_TEXT:
                step.words.update(_IDENTIFIER.findall(node.value))
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            step.stores.add(node.name)
        elif isinstance(node, ast.Call):
            _read_call(node, step)


def _read_call(call: ast.Call, step: Step) -> None:
    """`a.add(x)` may put x into a; `f(a, x)` may do so, too; `setattr(a, "b", x)` names what it sets."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    if isinstance(call.func, ast.Attribute) and given and call.func.attr not in _TAKING:
        _change(call.func.value, step, depth=1)
    texts = frozenset(
        node.value
        for node in given
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier()
    )
    for node in given:
        _change(node.value if isinstance(node, ast.Starred) else node, step, texts, depth=1)


def _change(
    node: ast.AST, step: Step, attributes: frozenset[str] = frozenset(), depth: int | None = None
) -> None:
    """Note that something may be put into what `a.b.c` begins with, if no more than `depth` attributes are between."""
    named: list[str] = []
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Attribute):
            named.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name) and (depth is None or len(named) <= depth):
        # Of a module it is the first attribute that is another one's name.
        step.changed.append((node.id, attributes | frozenset(named[-1:])))


def _imports(node: ast.Import | ast.ImportFrom) -> Iterator[Imported]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            parts = tuple(node.module.split(".")) if node.module else ()
            yield Imported(alias.asname or alias.name, node.level, parts, alias.name)
            continue
        parts = tuple(alias.name.split("."))
        if alias.asname:
            yield Imported(alias.asname, 0, parts, None)
            continue
        # `import a.b.c` binds `a`, through which all three are had.
        for length in range(1, len(parts) + 1):
            yield Imported(parts[0], 0, parts[:length], None)
