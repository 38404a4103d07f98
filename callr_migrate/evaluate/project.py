"""The project's files as modules: loaded once, imports resolved to files on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import libcst as cst

from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Binding, InexactTreeError, Module
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.stages import staged
from callr_migrate.world import World

# The methods of lists, dicts and sets that put something into them.
CHANGING = frozenset({"add", "append", "appendleft", "extend", "insert", "setdefault", "update"})

# A function that stands there is called from somewhere else.
_HANDING_ON = frozenset(
    {
        cst.AnnAssign,
        cst.Arg,
        cst.Assign,
        cst.BooleanOperation,
        cst.DictElement,
        cst.Element,
        cst.IfExp,
        cst.NamedExpr,
        cst.Param,
        cst.Return,
        cst.StarredDictElement,
        cst.StarredElement,
        cst.Yield,
    }
)

_SETTING = "setattr"
_Setting = tuple[Module, cst.BaseExpression, cst.BaseExpression]


class Project:
    """Modules by path. `root` bounds what counts as the project's own."""

    def __init__(
        self, root: Path, read: Callable[[Path], SourceFile] | None = None, world: World | None = None
    ) -> None:
        self.world = world or World()
        self.root = self.world.resolved(root)
        self._read = read or self._from_disk
        self._modules: dict[Path, Module | None] = {}
        self._calls: dict[str, list[tuple[Module, cst.Call]]] = {}
        self._attributes: dict[str, list[tuple[Module, Binding]]] = {}
        self._classes: dict[str, list[tuple[Module, cst.ClassDef]]] = {}
        self._changes: dict[
            str, list[tuple[Module, cst.Call | cst.Subscript, cst.BaseExpression | None]]
        ] = {}
        # Files do not come and go during a run.
        self._found: dict[tuple[Path, int, str], Path | None] = {}
        self._import_folders: dict[tuple[Path, int], list[Path]] = {}
        self._other_names: dict[str, set[str]] = {}
        self._names: dict[str, list[tuple[Module, cst.Name | cst.Attribute]]] = {}
        self._named: set[Module] = set()
        self._mentions: dict[str, list[tuple[Module, cst.Name | cst.Attribute]]] = {}
        self._set_by_text: dict[str, list[_Setting]] = {}

    @property
    def modules(self) -> list[Module]:
        """All modules loaded so far."""
        return [module for module in self._modules.values() if module is not None]

    @staged("indexing")
    def add(self, source: SourceFile) -> Module:
        """Parse and keep a file; raises what `Module` raises."""
        key = self.world.resolved(source.path)
        known = self._modules.get(key)
        if known is not None:
            return known
        self._modules[key] = None
        module = Module(source, key, *self._module_name(key))
        self._modules[key] = module
        self._note(module)
        return module

    def _note(self, module: Module) -> None:
        for call in module.calls:
            name = last_name(call.func)
            if name:
                self._calls.setdefault(name, []).append((module, call))
            if name == _SETTING:
                for text, setting in _set_in(module, call):
                    self._set_by_text.setdefault(text, []).append(setting)
            if isinstance(call.func, cst.Attribute) and name in CHANGING:
                changed = last_name(call.func.value)
                self._changes.setdefault(changed or "", []).append((module, call, None))
        for mention in module.names:
            parent = module.parent(mention)
            if type(parent) in _HANDING_ON and getattr(parent, "keyword", None) is not mention:
                self._mentions.setdefault(last_name(mention) or "", []).append((module, mention))
        for store, value in module.stores:
            self._changes.setdefault(last_name(store.value) or "", []).append((module, store, value))
        for name, bindings in module.attribute_bindings.items():
            self._attributes.setdefault(name, []).extend((module, binding) for binding in bindings)
        for node in module.classes:
            for base in node.bases:
                name = last_name(base.value)
                if name:
                    self._classes.setdefault(name, []).append((module, node))
        for statement in module.imports:
            for alias in () if isinstance(statement.names, cst.ImportStar) else statement.names:
                if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                    name = last_name(alias.name) or ""
                    self._other_names.setdefault(name, set()).add(alias.asname.name.value)

    def release(self) -> None:
        """Take apart what refers to itself; the modules are of no use any more."""
        for module in self.modules:
            module.release()

    def calls_named(self, name: str) -> list[tuple[Module, cst.Call]]:
        """The calls of loaded modules whose callee ends in `name`, or in what an import calls it."""
        calls = self._calls.get(name, [])
        others = self._other_names.get(name, set()) - {name}
        return (
            calls + [call for other in sorted(others) for call in self._calls.get(other, [])]
            if others
            else calls
        )

    def set_by_text(self, name: str) -> list[_Setting]:
        """Where `setattr` gives an attribute of this name: the module, of what, and which value."""
        found = self._set_by_text.setdefault(name, [])
        for other in sorted(self.other_names(_SETTING)):
            for module, call in self._calls.get(other, ()):
                found = found + [setting for text, setting in _set_in(module, call) if text == name]
        return found

    def mentions_of(self, name: str) -> list[tuple[Module, cst.Name | cst.Attribute]]:
        """Where a name, or an attribute of this name, is handed on rather than called."""
        found = self._mentions.get(name, [])
        for other in sorted(self._other_names.get(name, set()) - {name}):
            found = found + self._mentions.get(other, [])
        return found

    def other_names(self, name: str) -> set[str]:
        """What imports call a name besides (`import name as other`)."""
        return self._other_names.get(name, set()) - {name}

    def names_of(self, name: str) -> list[tuple[Module, cst.Name | cst.Attribute]]:
        """Where a name, or an attribute of this name, stands in loaded modules."""
        for module in self.modules:
            if module not in self._named:
                self._named.add(module)
                for node in module.names:
                    self._names.setdefault(last_name(node) or "", []).append((module, node))
        return self._names.get(name, [])

    def attribute_bindings(self, name: str) -> list[tuple[Module, Binding]]:
        """The assignments to an attribute of this name."""
        return self._attributes.get(name, [])

    def is_given(self, name: str) -> bool:
        """Whether a loaded module gives this name to an attribute of something: set, or defined in a class or module."""
        return name in self._attributes or any(name in module.given for module in self.modules)

    def classes_on(self, name: str) -> list[tuple[Module, cst.ClassDef]]:
        """The classes that name a base so."""
        return self._classes.get(name, [])

    def changes_of(
        self, name: str
    ) -> list[tuple[Module, cst.Call | cst.Subscript, cst.BaseExpression | None]]:
        """Where items are put into something of this name: `name[key] = value`, `name.append(value)`."""
        return self._changes.get(name, [])

    def changed(self) -> Iterator[tuple[Module, cst.BaseExpression]]:
        """What items are put into, anywhere in the loaded modules."""
        for changes in list(self._changes.values()):
            for module, change, _ in changes:
                yield module, change.value if isinstance(change, cst.Subscript) else change.func.value  # type: ignore[attr-defined]
        for module in self.modules:
            for node in module.names:
                parent = module.parent(node)
                if type(parent) is cst.AugAssign and parent.target is node:
                    yield module, node

    def load(self, path: Path) -> Module | None:
        """The module of a file, or None if it cannot be read or parsed."""
        key = self.world.resolved(path)
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
        place = importer.path.parent, level, dotted
        if place not in self._found:
            parts = dotted.split(".") if dotted else []
            below = (self._file_below(base, parts) for base in self._bases(importer, level))
            self._found[place] = next((file for file in below if file is not None), None)
        return self._found[place]

    def is_package_folder(self, dotted: str, importer: Module, level: int = 0) -> bool:
        """Whether the dotted name is a folder with Python files of the project (a namespace package)."""
        parts = dotted.split(".") if dotted else []
        return any(
            self.world.is_folder(base.joinpath(*parts)) and self.world.holds_code(base.joinpath(*parts))
            for base in self._bases(importer, level)
        )

    def folder(self, first: str, dotted: str, importer: Module) -> Path | None:
        """The folder `first` of a namespace package, as far as `dotted` leads to a file in it."""
        for base in self._bases(importer, 0):
            if self.world.is_folder(base / first) and self._file_below(base, dotted.split(".")) is not None:
                return base / first
        return None

    def _bases(self, importer: Module, level: int) -> Iterable[Path]:
        place = importer.path.parent, level
        if place not in self._import_folders:
            self._import_folders[place] = list(self._folders_of_imports(importer, level))
        return self._import_folders[place]

    def _folders_of_imports(self, importer: Module, level: int) -> Iterable[Path]:
        folder = importer.real.parent
        if level:
            for _ in range(level - 1):
                folder = folder.parent
            return [folder]
        bases = []
        if not self.world.exists(folder / "__init__.py"):
            bases.append(folder)
        top = folder
        while self.world.exists(top / "__init__.py") and top.parent != top:
            top = top.parent
        bases.append(top)
        # A script finds the packages beside its folder by the path that it is started with.
        if self.root in top.parents:
            bases += [parent for parent in top.parents if parent == self.root or self.root in parent.parents]
        bases += [self.root, *(base / "src" for base in (top, self.root))]
        return dict.fromkeys(bases)

    def _file_below(self, base: Path, parts: list[str]) -> Path | None:
        place = base.joinpath(*parts)
        if parts and self.world.is_file(place.with_name(place.name + ".py")):
            return place.with_name(place.name + ".py")
        init = place / "__init__.py"
        return init if self.world.is_file(init) else None

    def _module_name(self, path: Path) -> tuple[str, bool]:
        is_package = path.name == "__init__.py"
        parts = [] if is_package else [path.stem]
        folder = path.parent
        while self.world.exists(folder / "__init__.py") and folder.parent != folder:
            parts.insert(0, folder.name)
            folder = folder.parent
        return ".".join(parts), is_package

    def _from_disk(self, path: Path) -> SourceFile:
        return SourceFile.from_bytes(path, self.world.read(path))


def last_name(node: cst.BaseExpression) -> str | None:
    """`a.b.c` -> `c`, `c` -> `c`."""
    if type(node) is cst.Name:
        return node.value
    if type(node) is cst.Attribute:
        return node.attr.value
    return None


def dotted_name(node: cst.CSTNode | None) -> str | None:
    """The dotted name that an expression spells, if it is nothing else."""
    if type(node) is cst.Name:
        return node.value
    if type(node) is cst.Attribute:
        left = dotted_name(node.value)
        return f"{left}.{node.attr.value}" if left else None
    return None


def _set_in(module: Module, call: cst.Call) -> Iterator[tuple[str, _Setting]]:
    arguments = [arg.value for arg in call.args if not arg.star and arg.keyword is None]
    if len(arguments) == 3:
        _, name = literal(arguments[1])
        if isinstance(name, str):
            yield name, (module, arguments[0], arguments[2])
