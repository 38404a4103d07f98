"""Lists, tuples, dicts and sets: what is in them, and what is put into them later."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from callr_migrate.evaluate import literals
from callr_migrate.evaluate.functions import Functions
from callr_migrate.evaluate.module import Module
from callr_migrate.evaluate.project import Project, last_name
from callr_migrate.evaluate.values import (
    Answer,
    Collected,
    Constant,
    Literal,
    Named,
    Ref,
    Row,
    Symbol,
    Unknown,
    Value,
    constants,
    union,
)

_Change = cst.Call | cst.Subscript


class Containers(Functions):
    """The part of the evaluator that follows values into and out of containers."""

    def __init__(self, project: Project) -> None:
        super().__init__(project)
        self._plain: dict[cst.CSTNode, list[tuple[object, cst.BaseExpression]] | None] = {}

    def item(self, base: Value, key: Value, shown: str) -> Value:
        """`base[key]`."""
        if isinstance(base, Literal):
            return self._literal_item(base, key, shown)
        if isinstance(base, Collected):
            return base.item
        if isinstance(base, Row):
            wanted = constants(key)
            if wanted and len(wanted) == 1 and isinstance(wanted[0].value, int):
                index = wanted[0].value
                if -len(base.items) <= index < len(base.items):
                    return base.items[index]
            return union(base.items)
        if isinstance(base, Named):
            wanted = constants(key)
            known = [base.get(constant.value) for constant in wanted or ()]
            found = [value for value in known if value is not None]
            return union(found) if found else Unknown(f"{shown} has no such key")
        if isinstance(base, Unknown):
            return Unknown(base.reason)
        if isinstance(base, Symbol):
            return Unknown(self.told_outside(base.name))
        return Unknown(f"{shown} is taken from a value that is not known")

    def sliced(self, module: Module, node: cst.Subscript) -> Value | None:
        """`rows[1:]`: the very items where they are known one by one, else some of them."""
        bounds = node.slice[0].slice if len(node.slice) == 1 else None
        if not isinstance(bounds, cst.Slice):
            return None
        base = self.evaluate(module, node.value)
        numbers = literals.numbers([bounds.lower, bounds.upper, bounds.step])
        parts = None if isinstance(base, Constant) or numbers is None else self.parts(base)
        if parts is not None and numbers is not None:
            return Row(tuple(parts[slice(*numbers)]))
        some = [self._some_of(option) for option in base.options()]
        return None if None in some else union(value for value in some if value is not None)

    def _some_of(self, option: Value) -> Value | None:
        """What a slice of a list or tuple is."""
        if isinstance(option, Answer) and option.kind == "array":
            return option
        is_list = isinstance(option, Literal) and isinstance(option.ref.node, (cst.List, cst.Tuple))
        if is_list or isinstance(option, Row) or (isinstance(option, Collected) and option.kind == "list"):
            return Collected("list", self.one_of(option))
        return None

    def told_outside(self, name: str) -> str:
        """Why something from outside tells nothing."""
        raise NotImplementedError

    def one_of(self, value: Value) -> Value:
        """One item of iterating a container."""
        if isinstance(value, Literal):
            keys = self._keys(value) if isinstance(value.ref.node, cst.Dict) else None
            return keys or self._literal_item(value, Unknown("any"), "an item")
        if isinstance(value, Collected):
            return value.item if value.kind != "dict" else value.key or Unknown("the keys are not known")
        if isinstance(value, Row):
            return union(value.items)
        if isinstance(value, Unknown):
            return Unknown(value.reason)
        if isinstance(value, Symbol):
            return Unknown(self.told_outside(value.name))
        return Unknown("the items of what is iterated are not known")

    def parts(self, value: Value) -> list[Value] | None:
        """The items of a list or tuple one by one; None where they cannot be told. Anything else is its own."""
        if isinstance(value, Row):
            return list(value.items)
        if isinstance(value, Literal) and isinstance(value.ref.node, (cst.List, cst.Tuple)):
            found = self._entries(value)
            if found is None or self._is_changed(value):
                return None
            return [self.evaluate(value.ref.module, part) for _, part in found]
        return [value] if isinstance(value, Constant) else None

    def plain_items(self, value: Literal) -> list[tuple[str, cst.BaseExpression]] | None:
        """The entries of a dict whose keys are texts; None where some are not known."""
        found = self._entries(value)
        if found is None or self._is_changed(value) or not all(isinstance(key, str) for key, _ in found):
            return None
        return [(str(key), node) for key, node in found]

    def values_of(self, value: Value) -> Value:
        """What the values of a dict may be."""
        if isinstance(value, Literal):
            return self._literal_item(value, Unknown("any"), "an item")
        return value.item if isinstance(value, Collected) else Unknown("the values of the dict are not known")

    def keys_of(self, value: Value) -> Value:
        """What the keys of a dict may be."""
        if isinstance(value, Literal):
            return self._keys(value) or Unknown("the keys of the dict are not known")
        return self.one_of(value)

    def _keys(self, base: Literal) -> Value | None:
        node = base.ref.node
        if not isinstance(node, cst.Dict) or self._is_changed(base):
            return None
        return union(
            self.evaluate(base.ref.module, element.key)
            if isinstance(element, cst.DictElement)
            else Unknown("a dict is unpacked into this one")
            for element in node.elements
        )

    def _entries(self, base: Literal) -> list[tuple[object, cst.BaseExpression]] | None:
        node = base.ref.node
        if node not in self._plain:
            self._plain[node] = literals.plain_entries(node)
        plain = self._plain[node]
        if plain is not None:
            return plain
        return literals.entries(node, lambda part: self.evaluate(base.ref.module, part))

    def _literal_item(self, base: Literal, key: Value, shown: str) -> Value:
        module, node = base.ref.module, base.ref.node
        entries = self._entries(base)
        if entries is None:
            return Unknown(f"{shown} is taken from a display whose entries are not all known")
        wanted = constants(key)
        chosen = self._put_into(base)
        if wanted is None:
            chosen += [self.evaluate(module, value) for _, value in entries]
            return union(chosen) if chosen else Unknown(f"{shown} is taken from something empty")
        for constant in wanted:
            index = constant.value
            if isinstance(index, int) and index < 0 and not isinstance(node, cst.Dict):
                index += len(entries)
            chosen += [self.evaluate(module, value) for name, value in entries if name == index]
        return union(chosen) if chosen else Unknown(f"{shown} has no such key")

    def _changes_of(self, base: Literal) -> Iterator[tuple[Module, _Change, cst.BaseExpression | None]]:
        """Where something is put into a container after it was made, under the names that it is given where it stands."""
        for name in names_of(base.ref):
            for module, change, stored in self.project.changes_of(name):
                holder = change.value if isinstance(change, cst.Subscript) else change.func.value  # type: ignore[attr-defined]
                if base in self.evaluate(module, holder).options():
                    yield module, change, stored

    def _is_changed(self, base: Literal) -> bool:
        return any(True for _ in self._changes_of(base))

    def _put_into(self, base: Literal) -> list[Value]:
        """What is put into a container. Two may be put into each other, so this is settled as expressions are."""
        if not self._is_changed(base):
            return []

        def computed(_: Module, node: cst.CSTNode) -> Value:
            return union(
                value
                for module, change, stored in self._changes_of(base)
                for value in (
                    [self.evaluate(module, stored)] if stored is not None else self._given(module, change)
                )
            )

        node = base.ref.node
        return list(self.settled((node, "put into"), base.ref.module, node, computed).options())

    def _given(self, module: Module, change: _Change) -> list[Value]:
        if isinstance(change, cst.Subscript):
            return [Unknown("what is stored in it is not known")]
        name = last_name(change.func)
        args = change.args
        if any(arg.star or arg.keyword for arg in args) and name == "update":
            return [
                Unknown("it is updated with what is not known")
                if arg.star
                else self.evaluate(module, arg.value)
                for arg in args
            ]
        if name in ("append", "appendleft", "add") and len(args) == 1:
            return [self.evaluate(module, args[0].value)]
        if name in ("insert", "setdefault") and len(args) == 2:
            return [self.evaluate(module, args[1].value)]
        if name == "update" and len(args) == 1:
            value = self.evaluate(module, args[0].value)
            return [self.values_of(option) for option in value.options()]
        if name == "extend" and len(args) == 1:
            return [self.one_of(option) for option in self.evaluate(module, args[0].value).options()]
        return [Unknown(f"what `{name}` puts into it is not known")]


def names_of(ref: Ref) -> set[str]:
    """The names that a display is assigned to where it stands; empty for one that is part of something else."""
    parent = ref.module.parent(ref.node)
    targets: list[cst.CSTNode] = []
    if isinstance(parent, cst.Assign):
        targets = [target.target for target in parent.targets]
    elif isinstance(parent, (cst.AnnAssign, cst.NamedExpr)):
        targets = [parent.target]
    names = {last_name(target) for target in targets if isinstance(target, cst.BaseExpression)}
    return {name for name in names if name}
