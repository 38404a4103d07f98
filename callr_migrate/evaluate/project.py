"""The project's files as modules: loaded once, imports resolved to files on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import libcst as cst

from callr_migrate.evaluate.module import InexactTreeError, Module
from callr_migrate.source import SourceError, SourceFile


class Project:
    """Modules by path. `root` bounds what counts as the project's own."""

    def __init__(self, root: Path, read: Callable[[Path], SourceFile] = SourceFile.read) -> None:
        self.root = root.resolve()
        self._read = read
        self._modules: dict[Path, Module | None] = {}
        self._calls_by_name: dict[str, list[tuple[Module, cst.Call]]] = {}

    @property
    def modules(self) -> list[Module]:
        """All modules loaded so far."""
        return [module for module in self._modules.values() if module is not None]

    def add(self, source: SourceFile) -> Module:
        """Parse and keep a file; raises what `Module` raises."""
        key = source.path.resolve()
        known = self._modules.get(key)
        if known is not None:
            return known
        self._modules[key] = None
        module = Module(source, *_module_name(key))
        self._modules[key] = module
        for call in module.calls:
            name = last_name(call.func)
            if name:
                self._calls_by_name.setdefault(name, []).append((module, call))
        return module

    def calls_named(self, name: str) -> list[tuple[Module, cst.Call]]:
        """The calls of loaded modules whose callee ends in `name`."""
        return self._calls_by_name.get(name, [])

    def load(self, path: Path) -> Module | None:
        """The module of a file, or None if it cannot be read or parsed."""
        key = path.resolve()
        if key not in self._modules:
            try:
                return self.add(self._read(path))
            except (OSError, SourceError, cst.ParserSyntaxError, InexactTreeError, RecursionError):
                self._modules[key] = None
        return self._modules[key]

    def find(self, dotted: str, importer: Module, level: int = 0) -> Path | None:
        """The file of the project that an import names: a module, or a package's `__init__.py`.

        `level` is the number of leading dots. A folder without `__init__.py` (a namespace) has no file.
        """
        parts = dotted.split(".") if dotted else []
        for base in self._bases(importer, level):
            found = _file_below(base, parts)
            if found is not None:
                return found
        return None

    def is_package_folder(self, dotted: str, importer: Module, level: int = 0) -> bool:
        """Whether the dotted name is a folder with Python files of the project (a namespace package)."""
        parts = dotted.split(".") if dotted else []
        return any(
            base.joinpath(*parts).is_dir() and any(base.joinpath(*parts).glob("*.py"))
            for base in self._bases(importer, level)
        )

    def _bases(self, importer: Module, level: int) -> Iterable[Path]:
        folder = importer.path.resolve().parent
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return [folder]
        bases = []
        if not (folder / "__init__.py").exists():
            bases.append(folder)
        top = folder
        while (top / "__init__.py").exists() and top.parent != top:
            top = top.parent
        bases.append(top)
        # A script finds the packages beside its folder by the path that it is started with.
        if self.root in top.parents:
            bases += [parent for parent in top.parents if parent == self.root or self.root in parent.parents]
        bases += [self.root, *(base / "src" for base in (top, self.root))]
        return dict.fromkeys(bases)


def last_name(node: cst.BaseExpression) -> str | None:
    """`a.b.c` -> `c`, `c` -> `c`."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return None


def dotted_name(node: cst.CSTNode | None) -> str | None:
    """The dotted name that an expression spells, if it is nothing else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        left = dotted_name(node.value)
        return f"{left}.{node.attr.value}" if left else None
    return None


def _file_below(base: Path, parts: list[str]) -> Path | None:
    place = base.joinpath(*parts)
    if parts and place.with_name(place.name + ".py").is_file():
        return place.with_name(place.name + ".py")
    init = place / "__init__.py"
    return init if init.is_file() else None


def _module_name(path: Path) -> tuple[str, bool]:
    is_package = path.name == "__init__.py"
    parts = [] if is_package else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists() and folder.parent != folder:
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), is_package
