"""What answers a value holds, and where one that holds some goes on to."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.containers import names_of
from callr_migrate.evaluate.module import Scope
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import (
    Answer,
    BoundMethod,
    Client,
    Collected,
    Constant,
    Extended,
    FunctionValue,
    Literal,
    Named,
    Row,
    Symbol,
    Union,
    Unknown,
    Value,
)
from callr_migrate.records import dataclass
from callr_migrate.rewrite.uses import Flows, is_tested

# Of Python's own, what tells nothing of the items of a container, and nothing of a whole answer's fields.
_NEVER_MIND = {"builtins.bool", "builtins.isinstance", "builtins.type", "builtins.id"}
_OF_CONTAINERS = _NEVER_MIND | {"builtins.len", "builtins.any", "builtins.all"}
# Methods of lists, dicts and sets that give nothing, and those that put what they are given into them.
_SILENT = {"append", "appendleft", "add", "clear", "extend", "insert", "reverse", "update"}
_ORDERING = {"builtins.max", "builtins.min", "builtins.sorted"}


# What may hold an answer that it is not itself.
_HOLDERS = frozenset({Extended, Literal, Collected, Row, Named, Union})
_NOTHING: frozenset[Answer] = frozenset()


def matters(answer: Answer) -> bool:
    """Whether v2 has this in another form, so that what is done with it matters."""
    return (
        answer.kind in ("object", "array", "map", "unknown")
        or answer.enum is not None
        or answer.format is not None
    )


class Carriers:
    """The answers that values hold, in themselves or in containers."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._known: dict[Value, frozenset[Answer]] = {}
        self._changed: set[cst.CSTNode] | None = None

    def is_changed_elsewhere(self, value: Value) -> bool:
        """Whether a container is changed under another name than those that the evaluator looks for."""
        if self._changed is None:
            self._changed = {
                option.ref.node
                for module, holder in self.evaluator.project.changed()
                for option in self.evaluator.evaluate(module, holder).options()
                if isinstance(option, Literal) and last_name(holder) not in names_of(option.ref)
            }
        changed = self._changed
        return any(isinstance(option, Literal) and option.ref.node in changed for option in value.options())

    def carried(self, value: Value) -> frozenset[Answer]:
        """The answers in a value whose form matters."""
        if isinstance(value, Answer):
            return frozenset({value}) if matters(value) else _NOTHING
        if type(value) not in _HOLDERS:
            return _NOTHING
        known = self._known.get(value)
        if known is None:
            # A container that is put into itself adds nothing to what it holds.
            self._known[value] = frozenset()
            known = self._known[value] = frozenset().union(
                *(self.carried(part) for part in self._parts(value))
            )
        return known

    def _parts(self, value: Value) -> Iterable[Value]:
        if isinstance(value, Extended):
            return [value.answer, *(part for _, part in value.entries)]
        if isinstance(value, Literal):
            return [self.evaluator.values_of(value)] if _may_hold(value.ref.node) else []
        if isinstance(value, Collected):
            return [value.item, *([value.key] if value.key is not None else [])]
        if isinstance(value, Row):
            return value.items
        if isinstance(value, Named):
            return [part for _, part in value.entries]
        return value.options()


def _may_hold(node: cst.CSTNode) -> bool:
    """Whether a display is no mere table of texts and numbers; those may be large."""
    elements = getattr(node, "elements", ())
    plain = (cst.SimpleString, cst.Integer, cst.Float, cst.ConcatenatedString)
    return not elements or not all(isinstance(element.value, plain) for element in elements)


# Most values go into these, and only what is done there tells more. By type: to ask an abstract base takes longer.
_USES = frozenset({cst.Arg, cst.Attribute, cst.BinaryOperation, cst.FormattedStringExpression, cst.Subscript})


@dataclass(frozen=True)
class Way:
    """Where an expression's value goes: `wider` is the expression that it is part of, `lost` that it is not followed."""

    wider: cst.BaseExpression | None = None
    lost: bool = False


FOLLOWED = Way()
LOST = Way(lost=True)


class Ways(Flows):
    """Whether the evaluator follows what the values of one module hold."""

    def __init__(self, carriers: Carriers, module: Module) -> None:
        super().__init__(carriers.evaluator, module)
        self.carriers = carriers

    def holds(self, value: Value, wanted: Value) -> bool:
        """Whether a value holds all the answers and clients that another does."""
        clients = {option for option in wanted.options() if isinstance(option, Client)}
        return self._arrived(value, wanted) and clients <= set(value.options())

    def _arrived(self, value: Value, wanted: Value) -> bool:
        return self.carriers.carried(wanted) <= self.carriers.carried(value)

    def way(self, node: cst.BaseExpression, value: Value) -> Way | None:
        """Where the value of an expression goes; None where it is used."""
        parent = self.module.parent(node)
        kind = type(parent)
        if kind in _USES:
            return self._used(parent, node, value)
        if kind is cst.Expr or is_tested(parent, node):
            return FOLLOWED
        if isinstance(parent, (cst.IfExp, cst.BooleanOperation, cst.NamedExpr, cst.Await)):
            return self._wider(parent, node, value)
        if isinstance(parent, (cst.Element, cst.StarredElement, cst.DictElement, cst.StarredDictElement)):
            if isinstance(parent, cst.DictElement) and parent.key is node:
                return LOST
            return self._wider(self.module.parents[parent], node, value)
        if isinstance(parent, (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)):
            if isinstance(parent, cst.DictComp) and parent.key is node:
                return LOST
            ordered = self._is_ordered(parent) and self._has_scalars(value)
            return None if ordered else self._wider(parent, node, value)
        if isinstance(parent, (cst.For, cst.CompFor)) and parent.iter is node:
            return self._iterated(parent.target, value)
        if isinstance(parent, cst.Assign):
            return _followed(all(self._stored(target.target, value) for target in parent.targets))
        if isinstance(parent, cst.AnnAssign):
            return _followed(self._stored(parent.target, value))
        if isinstance(parent, cst.Param):
            return FOLLOWED
        if isinstance(parent, (cst.Return, cst.Yield)):
            function = self.module.function_of(node)
            return _followed(isinstance(function, cst.FunctionDef) and self._arrives_at_calls(node, function))
        if isinstance(parent, cst.Lambda) and parent.body is node:
            return None if self._is_key(parent) else LOST
        return self._used(parent, node, value)

    def _used(self, parent: cst.CSTNode | None, node: cst.BaseExpression, value: Value) -> Way | None:
        if isinstance(parent, cst.BinaryOperation) and isinstance(parent.operator, cst.Add):
            return self._wider(parent, node, value)
        if isinstance(parent, cst.Arg):
            return self._argument(parent, value)
        if isinstance(parent, cst.Subscript) and parent.value is node:
            return self._taken(parent, parent, value)
        if isinstance(parent, cst.Attribute) and parent.value is node:
            call = self.module.parent(parent)
            if isinstance(call, cst.Call) and call.func is parent:
                return self._taken(call, parent, value)
        return None

    # The places that a value goes to

    def _wider(self, parent: cst.CSTNode, node: cst.BaseExpression, value: Value) -> Way:
        assert isinstance(parent, cst.BaseExpression)
        if self._arrived(self.evaluator.evaluate(self.module, parent), value):
            return Way(wider=parent)
        tested = isinstance(parent, cst.BooleanOperation) and isinstance(parent.operator, cst.And)
        return FOLLOWED if tested and parent.left is node else LOST  # type: ignore[attr-defined]

    def _iterated(self, target: cst.BaseAssignTargetExpression, value: Value) -> Way | None:
        if any(not self._gives_items(option) for option in value.options()):
            return None
        return _followed(self._bound(target, self.evaluator.iterated(value)))

    @staticmethod
    def _gives_items(option: Value) -> bool:
        """Whether iterating gives items, not the names of an answer's fields."""
        if isinstance(option, Answer):
            return option.kind == "array"
        return not isinstance(option, Extended)

    def _stored(self, target: cst.BaseExpression, value: Value) -> bool:
        if isinstance(target, cst.Subscript):
            holder = self.evaluator.evaluate(self.module, target.value)
            return all(
                isinstance(option, (Literal, Collected)) and self._arrived(option, value)
                for option in holder.options()
            )
        if isinstance(target, (cst.Tuple, cst.List)):
            return self._bound(target, value)
        return self._target_is_followed(target)

    def _bound(self, target: cst.BaseExpression, value: Value) -> bool:
        """Whether the names of a target, together, are known to hold what a value does."""
        names: list[cst.BaseExpression] = [target]
        held: list[Value] = []
        while names:
            name = names.pop()
            if isinstance(name, (cst.Tuple, cst.List)):
                names += [element.value for element in name.elements]
            elif isinstance(name, cst.Name):
                held += self._given(name)
            elif not self._target_is_followed(name):
                return False
            else:
                held += [self.evaluator.evaluate(self.module, name)]
        wanted = self.carriers.carried(value)
        return wanted <= frozenset().union(*(self.carriers.carried(each) for each in held))

    def _given(self, name: cst.Name) -> list[Value]:
        scope: Scope | None = self.module.scope_of(name)
        while scope is not None:
            for binding in scope.bindings.get(name.value, []):
                if binding.node is name:
                    return [self.evaluator.binding_value(binding, self.module)]
            scope = scope.parent
        return []

    def _argument(self, arg: cst.Arg, value: Value) -> Way | None:
        call = self.module.parent(arg)
        if not isinstance(call, cst.Call):
            return LOST
        if self._passed_to_own_function(arg):
            return FOLLOWED
        callees = list(self.evaluator.evaluate(self.module, call.func).options())
        names = {callee.name for callee in callees if isinstance(callee, Symbol)}
        if len(names) < len(callees):
            return None
        whole = any(isinstance(option, (Answer, Extended)) for option in value.options())
        if names <= (_NEVER_MIND if whole and not self._is_list(value) else _OF_CONTAINERS):
            return FOLLOWED
        if isinstance(call.func, cst.Attribute) and call.func.attr.value in _SILENT:
            holder = self.evaluator.evaluate(self.module, call.func.value)
            given = self.evaluator.iterated(value) if call.func.attr.value in ("extend", "update") else value
            if all(isinstance(option, (Literal, Collected)) for option in holder.options()):
                return _followed(self._arrived(holder, value) or self._arrived(holder, given))
        ordered = names <= _ORDERING and not any(arg.keyword for arg in call.args)
        if not self._are_told(call, value) or (ordered and self._has_scalars(value)):
            return None
        given = self.evaluator.evaluate(self.module, call)
        items = self.evaluator.iterated(value)
        if self._arrived(given, value) or (self.carriers.carried(items) and self._arrived(given, items)):
            return FOLLOWED
        return None

    def _has_scalars(self, value: Value) -> bool:
        return any(answer.kind not in ("object", "array") for answer in self.carriers.carried(value))

    def _is_ordered(self, node: cst.BaseExpression) -> bool:
        """Whether an expression is all that is given to `sorted` and the like."""
        arg = self.module.parent(node)
        call = self.module.parent(arg) if isinstance(arg, cst.Arg) else None
        if not isinstance(call, cst.Call) or len(call.args) > 1:
            return False
        callees = self.evaluator.evaluate(self.module, call.func).options()
        return all(isinstance(callee, Symbol) and callee.name in _ORDERING for callee in callees)

    @staticmethod
    def _is_list(value: Value) -> bool:
        return all(isinstance(option, Answer) and option.kind == "array" for option in value.options())

    def _are_told(self, call: cst.Call, value: Value) -> bool:
        """Whether the functions among the arguments (`key=lambda each: ...`) are known to be given the items."""
        items = self.evaluator.iterated(value)
        takes = last_name(call.func) in ("filter", "map")
        for index, arg in enumerate(call.args):
            named = arg.keyword.value if arg.keyword is not None else None
            wanted = named == "key" or (takes and index == 0)
            for option in self.evaluator.evaluate(self.module, arg.value).options():
                function = option.function if isinstance(option, BoundMethod) else option
                if isinstance(function, FunctionValue):
                    if not self._is_given(function, items):
                        return False
                elif wanted and not (isinstance(option, Constant) and option.value is None):
                    # `itemgetter("field")` and the like take fields by their legacy names.
                    return False
        return True

    def _is_given(self, function: FunctionValue, items: Value) -> bool:
        home, node = function.ref.module, function.ref.node
        assert isinstance(node, (cst.FunctionDef, cst.Lambda))
        scope = home.scope_opened_by(node)
        return any(
            binding.node is param and self._arrived(self.evaluator.binding_value(binding, home), items)
            for param in (*node.params.posonly_params, *node.params.params)
            for binding in scope.bindings.get(param.name.value, [])
        )

    def _is_key(self, function: cst.Lambda) -> bool:
        """Whether what a lambda gives is only compared: the `key` of a sort."""
        arg = self.module.parent(function)
        return isinstance(arg, cst.Arg) and arg.keyword is not None and arg.keyword.value == "key"

    def _taken(self, taken: cst.BaseExpression, step: cst.CSTNode, value: Value) -> Way | None:
        """`rows[0]`, `rows.items()`: whether what it gives is known; fields of an object are uses."""
        if any(
            isinstance(option, Extended) or (isinstance(option, Answer) and option.kind != "array")
            for option in value.options()
        ):
            return None
        if isinstance(step, cst.Attribute) and step.attr.value in _SILENT:
            return None if any(isinstance(option, Answer) for option in value.options()) else FOLLOWED
        given = self.evaluator.evaluate(self.module, taken)
        known = not any(isinstance(option, (Unknown, Symbol)) for option in given.options())
        return FOLLOWED if known else None


def _followed(arrives: bool) -> Way:
    return FOLLOWED if arrives else LOST
