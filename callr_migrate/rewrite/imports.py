"""Imports of one module: legacy ones that go, new ones that come, and the names the new ones have here."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Binding, Span
from callr_migrate.evaluate.project import dotted_name
from callr_migrate.evaluate.values import Symbol
from callr_migrate.records import dataclass
from callr_migrate.rewrite.layout import (
    after_prologue,
    import_lines,
    imported_module,
    is_stdlib,
    only_imports,
)
from callr_migrate.rewrite.text import Texts
from callr_migrate.rewrite.uses import is_load

# Words for tools, about the very import that goes.
_PRAGMAS = ("noqa", "type:", "pylint:", "isort:", "pragma:", "mypy:", "pyright:", "ruff:")


@dataclass
class LegacyImport:
    """One imported name of a legacy surface, and the places that read it."""

    alias: cst.ImportAlias
    statement: cst.Import | cst.ImportFrom
    binding: Binding
    references: list[cst.Name]


class Imports:
    """Plans the import changes of a module; `apply` writes them into its `Texts`."""

    def __init__(self, evaluator: Evaluator, module: Module) -> None:
        self.evaluator = evaluator
        self.module = module
        self.legacy = self._find_legacy()
        self._modules: dict[
            str, set[cst.CSTNode | None]
        ] = {}  # module -> statements to stand at; None: the top
        self._names: set[tuple[str, str]] = set()
        self._chosen: dict[str, str] = {}  # what is imported -> its name here
        self._top: list[cst.SimpleStatementLine] = import_lines(module)

    # Legacy imports

    def _find_legacy(self) -> list[LegacyImport]:
        roots = tuple(surface.module for surface in self.evaluator.pack.surfaces.values() if surface.module)
        found: list[LegacyImport] = []
        for statement in self.module.imports:
            if isinstance(statement.names, cst.ImportStar):
                continue
            for alias in statement.names:
                value = self.evaluator.imported(alias, self.module)
                if isinstance(value, Symbol) and value.name.split(".")[0] in roots:
                    found.append(self._legacy_import(statement, alias))
        return found

    def _legacy_import(self, statement: cst.Import | cst.ImportFrom, alias: cst.ImportAlias) -> LegacyImport:
        name: cst.CSTNode = alias.asname.name if alias.asname else alias.name
        while isinstance(name, cst.Attribute):
            name = name.value
        assert isinstance(name, cst.Name)
        bindings = [
            binding
            for scope in self._inner_scopes()
            for binding in scope.bindings.get(name.value, [])
            if binding.node is alias
        ]
        references = [
            use
            for use in self.module.names
            if isinstance(use, cst.Name)
            and use.value == name.value
            and is_load(self.module, use)
            and not any(isinstance(node, cst.ImportAlias) for node in self.module.ancestors(use))
            and any(binding.node is alias for binding in self.evaluator.bindings_of(self.module, use)[1])
        ]
        return LegacyImport(alias, statement, bindings[0], references)

    def import_behind(self, node: cst.BaseExpression) -> LegacyImport | None:
        """The legacy import that an expression such as `module.Name` starts from."""
        while isinstance(node, cst.Attribute):
            node = node.value
        return next((item for item in self.legacy if node in item.references), None)

    def is_exported(self, item: LegacyImport) -> bool:
        """Whether another module of the project, or `__all__`, takes the import's name from here."""
        return self.is_taken(item.alias.evaluated_alias or item.alias.evaluated_name)

    def is_taken(self, name: str) -> bool:
        """Whether another module of the project, or `__all__`, takes a name from here."""
        exported = self.evaluator.global_name(self.module, "__all__")
        if exported is not None and any(
            f"{quote}{name}{quote}" in self.module.source.text for quote in "'\""
        ):
            return True
        for other in self.evaluator.project.modules:
            if other is self.module:
                continue
            for statement in other.imports:
                if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
                    continue
                path = self.evaluator.project.find(
                    dotted_name(statement.module) or "", other, len(statement.relative)
                )
                if path is not None and self.evaluator.project.world.resolved(path) == self.module.real:
                    if any(alias.evaluated_name == name for alias in statement.names):
                        return True
        return False

    # New imports

    def local_name(self, dotted: str) -> str:
        """How a module or a name of it (`package.module.name`) is, or will be, called in this file."""
        known = self._chosen.get(dotted)
        if known is None:
            known = self._chosen[dotted] = self._choose_name(dotted)
        return known

    def _choose_name(self, dotted: str) -> str:
        for name, bindings in self.module.scope.bindings.items():
            if len(bindings) == 1 and bindings[0].kind == "import" and not self.clash(name, dotted):
                value = self.evaluator.imported(bindings[0].node, self.module)
                if isinstance(value, Symbol) and value.name == dotted:
                    return name
        name = dotted.rsplit(".", 1)[-1]
        while self.clash(name, dotted):
            name += "_"
        return name

    def clash(self, name: str, dotted: str) -> bool:
        """Whether the name means something else somewhere in this file."""
        for scope in self._inner_scopes():
            for binding in scope.bindings.get(name, []):
                if binding.kind == "import":
                    value = self.evaluator.imported(binding.node, self.module)
                    if isinstance(value, Symbol) and value.name == dotted:
                        continue
                return True
        return False

    def _inner_scopes(self) -> list:  # type: ignore[type-arg]
        return list(self.module._scopes.values())

    def _is_imported(self, dotted: str) -> bool:
        bindings = self.module.scope.bindings.get(self.local_name(dotted), [])
        return any(
            binding.kind == "import" and self.evaluator.imported(binding.node, self.module) == Symbol(dotted)
            for binding in bindings
        )

    def need_module(self, name: str, near: LegacyImport | None) -> None:
        """`import name`, in place of or beside the legacy import `near` if that is local to a function."""
        if self._is_imported(name):
            return
        local = near is not None and near.binding.scope is not self.module.scope
        self._modules.setdefault(name, set()).add(near.statement if near and local else None)

    def need_name(self, module: str, name: str) -> None:
        """`from module import name` at the top."""
        if not self._is_imported(f"{module}.{name}"):
            self._names.add((module, name))

    # Writing

    def apply(self, texts: Texts, gone: list[LegacyImport]) -> None:
        """Write the changes; `gone` are the legacy imports that nothing needs any more."""
        for places in self._modules.values():
            if None in places:
                # What the whole file has is not imported again in a function.
                places.intersection_update({None})
        by_statement: dict[cst.CSTNode, list[LegacyImport]] = {}
        for item in gone:
            by_statement.setdefault(item.statement, []).append(item)
        pending = {name for name, places in self._modules.items() if None in places}
        for statement, items in by_statement.items():
            assert isinstance(statement, (cst.Import, cst.ImportFrom))
            local = {name for name, places in self._modules.items() if statement in places}
            top = (
                pending
                if self.module.scope_of(statement) is self.module.scope and self._always_runs(statement)
                else set()
            )
            third = {name for name in top if not is_stdlib(name)}
            self._remove(texts, statement, items, sorted(local | third))
            pending -= third
        for name, places in self._modules.items():
            for place in places:
                if place is not None and place not in by_statement:
                    self._beside(texts, place, self._import_of(name))
        for name in sorted(pending):
            self._insert_top(texts, self._import_of(name), name)
        for module, name in sorted(self._names):
            text = f"from {module} import {name}{self._as(f'{module}.{name}')}"
            self._insert_top(texts, text, module)

    def _import_of(self, module: str) -> str:
        return f"import {module}{self._as(module)}"

    def _as(self, dotted: str) -> str:
        local = self.local_name(dotted)
        return "" if local == dotted.rsplit(".", 1)[-1] else f" as {local}"

    def _always_runs(self, statement: cst.CSTNode) -> bool:
        """Whether an import stands directly in the module, or in a `try` there that holds nothing but imports."""
        suite = self.module.parents.get(self.module.parents[statement])
        holder = self.module.parents.get(suite) if suite is not None else None
        if isinstance(holder, cst.Try) and holder.body is suite and only_imports(holder.body):
            suite = self.module.parents.get(holder)
        return suite is self.module.tree

    def _remove(
        self,
        texts: Texts,
        statement: cst.Import | cst.ImportFrom,
        items: list[LegacyImport],
        instead: list[str],
    ) -> None:
        assert not isinstance(statement.names, cst.ImportStar)
        removed = [item.alias for item in items]
        newline = self.module.source.newline
        line = self.module.parents[statement]
        start, end = self.module.span(statement)
        indent = self._indent(start)
        new = [self._import_of(name) for name in instead]
        if len(removed) == len(statement.names):
            alone = isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1
            if new:
                for comment in self._comments(start, end):
                    texts.insert(self._line_start(start), indent + comment + newline)
                joint = newline + indent if alone else "; "
                texts.replace((start, end), lambda _: [joint.join(new)])
            elif alone and self._suite_size(line) > 1:
                low, high = self._whole_line(start, end)
                kept = "".join(indent + comment + newline for comment in self._comments(low, high))
                texts.replace((low, high), lambda _: [kept])
            else:
                texts.replace((start, end), lambda _: ["pass"])
            return
        if self._comments(start, end):
            for alias in removed:
                texts.replace(self._own_line(alias), lambda _: [""])
        else:
            self._remove_some(texts, statement.names, removed)
        for text in new:
            texts.insert(self._line_start(start), indent + text + newline)

    def _remove_some(
        self, texts: Texts, names: Sequence[cst.ImportAlias], removed: list[cst.ImportAlias]
    ) -> None:
        spans = [self.module.span(alias) for alias in names]
        kept = [index for index, alias in enumerate(names) if alias not in removed]
        for index, alias in enumerate(names):
            if alias in removed and index < kept[-1]:
                texts.replace((spans[index][0], spans[index + 1][0]), lambda _: [""])
        if kept[-1] < len(spans) - 1:
            tail = (self._alias_end(names[kept[-1]]), self._alias_end(names[-1]))
            texts.replace(tail, lambda _: [""])

    def _own_line(self, alias: cst.ImportAlias) -> Span:
        """An alias with its comma, and its line if nothing else stands there: what is left keeps its comments."""
        text = self.module.source.text
        start, end = self.module.span(alias)[0], self._alias_end(alias)
        if isinstance(alias.comma, cst.Comma):
            end = text.index(",", end) + 1
        low, high = self._whole_line(start, end)
        if not (text[low:start] + text[end:high]).strip():
            return low, high
        while end < high and text[end] in " \t":
            end += 1
        return start, end

    def _comments(self, start: int, end: int) -> list[str]:
        """The comments in a span that mean something to people."""
        text = self.module.source.text
        found = [text[low:high] for low, high in self.module.comments if start <= low < end]
        return [comment for comment in found if not comment.lstrip("# ").startswith(_PRAGMAS)]

    def _alias_end(self, alias: cst.ImportAlias) -> int:
        return self.module.span(alias.asname.name if alias.asname else alias.name)[1]

    def _suite_size(self, line: cst.CSTNode) -> int:
        suite = self.module.parents[line]
        return len(suite.body) if isinstance(suite, (cst.IndentedBlock, cst.Module)) else 1

    def _line_start(self, offset: int) -> int:
        source = self.module.source
        return source.line_starts[source.position(offset).line - 1]

    def _indent(self, offset: int) -> str:
        return self.module.source.text[self._line_start(offset) : offset]

    def _whole_line(self, start: int, end: int) -> Span:
        source = self.module.source
        line = source.position(end).line
        after = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
        return self._line_start(start), after

    def _beside(self, texts: Texts, statement: cst.CSTNode, text: str) -> None:
        start, end = self.module.span(statement)
        texts.insert(self._whole_line(start, end)[1], self._indent(start) + text + self.module.source.newline)

    def _insert_top(self, texts: Texts, text: str, module: str) -> None:
        """Insert an import line where an import sorter would put it."""
        newline = self.module.source.newline
        same = [line for line in self._top if is_stdlib(imported_module(line)) == is_stdlib(module)]
        plain = text.startswith("import ")
        for line in same:
            other = imported_module(line)
            is_plain = isinstance(line.body[0], cst.Import)
            if (plain and not is_plain) or (plain == is_plain and other > module):
                texts.insert(self._line_start(self.module.span(line.body[0])[0]), text + newline)
                return
        if same:
            texts.insert(self._whole_line(*self.module.span(same[-1].body[0]))[1], text + newline)
        elif self._top and is_stdlib(module):
            texts.insert(
                self._line_start(self.module.span(self._top[0].body[0])[0]), text + newline + newline
            )
        elif self._top:
            texts.insert(self._whole_line(*self.module.span(self._top[-1].body[0]))[1], text + newline)
        else:
            texts.insert(after_prologue(self.module), text + newline)

    def after_imports(self) -> int:
        """The offset behind the leading imports, those in a `try` or `if` included."""
        last: cst.CSTNode | None = None
        for index, statement in enumerate(self.module.tree.body):
            if isinstance(statement, cst.SimpleStatementLine):
                first = statement.body[0]
                if isinstance(first, (cst.Import, cst.ImportFrom)):
                    last = statement
                elif index > 0 or not isinstance(first, cst.Expr):
                    break
            elif isinstance(statement, (cst.Try, cst.If)) and only_imports(statement.body):
                last = statement
            else:
                break
        if last is None:
            return after_prologue(self.module)
        end = self.module.span(last)[1]
        return self._whole_line(
            end, max(end - 1, 0) if not isinstance(last, cst.SimpleStatementLine) else end
        )[1]
