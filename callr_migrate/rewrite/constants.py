"""Constants that answers are held against: in comparisons, as keys of tables, in `match`, as members of enumerations.

A constant with a name is changed where it is written, if it serves nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import Answer, ClassValue, Constant, InstanceValue, Ref, Value
from callr_migrate.findings import Evidence, Fact
from callr_migrate.pack.model import EnumTable
from callr_migrate.rewrite.answer_use import AnswerUse
from callr_migrate.rewrite.carriers import Carriers
from callr_migrate.rewrite.definitions import Definition, Definitions, Site, Unresolved

_EQUAL = (cst.Equal, cst.NotEqual, cst.Is, cst.IsNot)
_INSIDE = (cst.In, cst.NotIn)


class _Blocked(Exception):
    """The constants of a use cannot be changed; the message says why."""


class Constants:
    """The constants of one project."""

    def __init__(self, carriers: Carriers) -> None:
        self.evaluator = carriers.evaluator
        self.pack = carriers.evaluator.pack
        self.definitions = Definitions(carriers.evaluator)
        self._named: dict[cst.CSTNode, AnswerUse] = {}  # literal -> its change
        self._only: dict[tuple[Definition, str], str | None] = {}

    @property
    def named(self) -> list[AnswerUse]:
        """The changes of constants with names, each together with all calls whose answers are held against them."""
        return list(self._named.values())

    def held(self, use: AnswerUse, enum: str) -> bool:
        """Tell in `use` what becomes of the constants that a part of an answer is held against; False for other uses."""
        found = self._places(use.module, use.node, enum)
        if found is None:
            return False
        use.code = "CLR301"
        try:
            self._change(use, enum, list(found))
        except (Unresolved, _Blocked) as reason:
            use.blocked = str(reason)
            use.replacements.clear()
            use.place = use.node
            use.message = "what a constant of the answer is held against cannot be changed"
        return True

    def beside(self, use: AnswerUse, enum: str) -> bool:
        """Change the constants that a value may be besides a part of an answer; False if they cannot be told."""
        try:
            sites = list(self.definitions.beside(use.module, use.node, lambda *at: self._is_told(enum, *at)))
            self._change(use, enum, sites)
        except (Unresolved, _Blocked):
            use.replacements.clear()
            return False
        return True

    def _is_told(self, enum: str, module: Module, node: cst.BaseExpression) -> bool:
        """Whether an expression is no constant of the enumeration: what the answer has, or another text."""
        table = self.pack.enums[enum].values
        return all(
            (isinstance(option, Answer) and option.enum == enum)
            or (isinstance(option, Constant) and option.value not in table)
            for option in self.evaluator.evaluate(module, node).options()
        )

    # Places

    def _places(self, module: Module, node: cst.BaseExpression, enum: str) -> Iterator[Site] | None:
        """The constants that a use holds an answer against; None where it does no such thing."""
        parent = module.parent(node)
        if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
            return self._compared(module, node, parent, enum)
        if isinstance(parent, cst.Index):
            subscript = module.parent(module.parents[parent])
            assert isinstance(subscript, cst.Subscript)
            return self._table(module, subscript.value, enum)
        if isinstance(parent, cst.Match):
            return self._matched(module, parent)
        call = module.parent(parent) if isinstance(parent, cst.Arg) else None
        if isinstance(call, cst.Call) and isinstance(parent, cst.Arg):
            return self._called(module, call, parent, enum)
        return None

    def _called(self, module: Module, call: cst.Call, arg: cst.Arg, enum: str) -> Iterator[Site] | None:
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "get" and call.args[0] is arg:
            return self._table(module, call.func.value, enum)
        options = list(self.evaluator.evaluate(module, call.func).options())
        if len(options) == 1 and isinstance(options[0], ClassValue) and len(call.args) == 1:
            if self.definitions.is_enumeration(options[0]) and not self.definitions.is_text(options[0]):
                return self._members(options[0])
        return None

    def _members(self, klass: ClassValue) -> Iterator[Site]:
        for member in self.definitions.members(klass):
            yield from self.definitions.sites(member.module, member.value, member)

    def _table(self, module: Module, node: cst.BaseExpression, enum: str) -> Iterator[Site] | None:
        return self._sites(module, node, enum) if self.definitions.is_table(module, node) else None

    def _sites(self, module: Module, node: cst.BaseExpression, enum: str) -> Iterator[Site]:
        found = self.definitions.of(module, node)
        # A container may be filled elsewhere, with constants that do not stand where it is made.
        reason = (
            self._other_use(found, enum)
            if found is not None and not isinstance(found.value, cst.SimpleString)
            else None
        )
        if found is not None and reason is not None:
            raise _Blocked(f"`{found.name}` is used for something else ({reason}), so it cannot be changed")
        yield from self.definitions.sites(module, node)

    def _compared(
        self, module: Module, node: cst.BaseExpression, parent: cst.CSTNode, enum: str
    ) -> Iterator[Site]:
        comparison = module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
        assert isinstance(comparison, cst.Comparison)
        line = module.source.position(module.span(node)[0]).line
        why = odd_comparison(node, comparison)
        if why is not None:
            raise _Blocked(f"{why} (line {line})")
        for side in (comparison.left, *(target.comparator for target in comparison.comparisons)):
            if side is node or self._is_same(module, side, enum):
                continue
            try:
                yield from self._sites(module, side, enum)
            except Unresolved as reason:
                raise _Blocked(f"a constant of the answer is compared with {reason}") from None

    def _is_same(self, module: Module, node: cst.BaseExpression, enum: str) -> bool:
        """Whether an expression is a part of an answer with the same constants."""
        options = list(self.evaluator.evaluate(module, node).options())
        return all(isinstance(option, Answer) and option.enum == enum for option in options)

    def _matched(self, module: Module, match: cst.Match) -> Iterator[Site]:
        for case in match.cases:
            for value in _values(module, case.pattern):
                yield from self.definitions.sites(module, value)

    # Changes

    def _change(self, use: AnswerUse, enum: str, sites: Iterable[Site]) -> None:
        table = self.pack.enums[enum]
        for site in self._whole_enumerations(sites):
            new = self._new(site, table)
            if new is None:
                continue
            text = literal(site.node)[1]
            told = f"`{text}` is `{new}`"
            quoted = f"{site.node.prefix}{site.node.quote}{new}{site.node.quote}"
            if site.by is None and site.module is use.module:
                before = use.message.removesuffix(" in v2") + ", " if use.message else ""
                use.message = f"{before}{told} in v2"
                use.replacements.append((site.module.span(site.node), quoted))
                continue
            if site.by is None:
                raise _Blocked(f"`{text}` stands in another file (line {_line(site.module, site.node)})")
            self._name(use, enum, site.by, site, told, quoted)
        if use.replacements:
            use.facts.append(Fact(f"enum {enum}", table.evidence or Evidence.UNKNOWN, table.source))
            use.compared = self._whole(use)

    def _whole_enumerations(self, sites: Iterable[Site]) -> Iterator[Site]:
        """The sites, and the other members of the enumerations among them."""
        for site in sites:
            klass = self.definitions.enumeration(site.by) if site.by is not None else None
            yield from [site] if klass is None else self._members(klass)

    def _whole(self, use: AnswerUse) -> tuple[int, int]:
        """What is shown of the new code: the other side of a comparison, else all that changes."""
        spans = sorted(span for span, _ in use.replacements)
        start, end = spans[0][0], spans[-1][1]
        node: cst.CSTNode | None = use.node
        comparison = next((a for a in use.module.ancestors(use.node) if isinstance(a, cst.Comparison)), None)
        sides = (
            [comparison.left, *(target.comparator for target in comparison.comparisons)] if comparison else []
        )
        for side in sides:
            low, high = use.module.span(side)
            if side is not node and low <= start and end <= high:
                return low, high
        return start, end

    def _new(self, site: Site, table: EnumTable) -> str | None:
        """What a constant becomes; None where it is none. Raises `_Blocked`."""
        text = literal(site.node)[1]
        line = _line(site.module, site.node)
        if text not in table.values:
            if text in table.values.values():
                raise _Blocked(f"`{text}` never matched, and would in v2 (line {line})")
            return None
        new = table.values[text]
        if new is None:
            raise _Blocked(f"`{text}` has no known v2 spelling (line {line})")
        return new

    def _name(self, use: AnswerUse, enum: str, by: Definition, site: Site, told: str, quoted: str) -> None:
        reason = self._other_use(by, enum)
        if reason is not None:
            raise _Blocked(f"`{by.name}` is used for something else ({reason}), so it cannot be changed")
        known = self._named.get(site.node)
        table = self.pack.enums[enum]
        if known is None:
            span = site.module.span(site.node)
            known = AnswerUse(site.module, site.node, use.calls, "CLR301", f"{told} in v2")
            known.replacements.append((span, quoted))
            known.facts.append(Fact(f"enum {enum}", table.evidence or Evidence.UNKNOWN, table.source))
            self._named[site.node] = known
        known.calls |= use.calls

    # What else a constant serves

    def _other_use(self, definition: Definition, enum: str) -> str | None:
        """Where a name is used for anything but this enumeration: its place; None if it is not."""
        key = definition, enum
        if key not in self._only:
            # Names that lean on each other add nothing.
            self._only[key] = None
            self._only[key] = self._found_other(definition, enum)
        return self._only[key]

    def _found_other(self, definition: Definition, enum: str) -> str | None:
        for module, node in self.definitions.loads(definition):
            if not self._serves(module, node, enum):
                return f"{module.path.name}:{_line(module, node)}"
        klass = self.definitions.enumeration(definition)
        return self._other_use_of(klass, enum) if klass is not None else None

    def _other_use_of(self, klass: ClassValue, enum: str) -> str | None:
        """Where an enumeration is used for anything but its members, or to make one of the answer."""
        assert isinstance(klass.ref.node, cst.ClassDef)
        for module, node in self._loads_of(klass.ref.node.name.value, klass):
            parent = module.parent(node)
            made = parent if isinstance(parent, cst.Call) and parent.func is node else None
            given = made.args[0].value if made is not None and len(made.args) == 1 else None
            fine = (
                isinstance(parent, cst.Annotation)
                or (isinstance(parent, cst.Attribute) and not parent.attr.value.startswith("_"))
                or (given is not None and self._is_same(module, given, enum))
            )
            if not fine:
                return f"{module.path.name}:{_line(module, node)}"
        for module, node in self._loads_of("value", None):
            if isinstance(node, cst.Attribute):
                owners = self.evaluator.evaluate(module, node.value).options()
                if InstanceValue(klass) in owners:
                    return f"{module.path.name}:{_line(module, node)}"
        return None

    def _loads_of(self, name: str, wanted: Value | None) -> Iterator[tuple[Module, cst.BaseExpression]]:
        for module, node in list(self.evaluator.project.names_of(name)):
            if isinstance(module.parent(node), (cst.ImportAlias, cst.ClassDef, cst.AssignTarget)):
                continue
            if wanted is None or wanted in self.evaluator.evaluate(module, node).options():
                yield module, node

    def _serves(self, module: Module, node: cst.BaseExpression, enum: str) -> bool:
        """Whether a constant, or a container of some, is held against a part of an answer here, and no more."""
        parent = module.parent(node)
        if self._has(module, node, enum):
            return True  # an answer that goes by the same name: its uses are judged as such
        if isinstance(parent, cst.Attribute) and parent.value is node:
            return self._serves_by_attribute(module, parent, enum)
        if isinstance(parent, cst.MatchValue):
            match = next((each for each in module.ancestors(node) if isinstance(each, cst.Match)), None)
            return match is not None and self._is_same(module, match.subject, enum)
        if isinstance(parent, cst.Subscript) and parent.value is node:
            element = parent.slice[0].slice if len(parent.slice) == 1 else None
            return isinstance(element, cst.Index) and self._has(module, element.value, enum)
        if isinstance(parent, cst.Element) or (isinstance(parent, cst.DictElement) and parent.key is node):
            return self._serves_in(module, module.parents[parent], enum)
        if isinstance(parent, (cst.Comparison, cst.ComparisonTarget)):
            comparison = module.parents[parent] if isinstance(parent, cst.ComparisonTarget) else parent
            assert isinstance(comparison, cst.Comparison)
            sides = [comparison.left, *(target.comparator for target in comparison.comparisons)]
            others = [side for side in sides if side is not node]
            return all(
                self._has(module, side, enum) or self._is_member(module, node, side) for side in others
            )
        return False

    def _serves_by_attribute(self, module: Module, attribute: cst.Attribute, enum: str) -> bool:
        name = attribute.attr.value
        if name == "value":
            return self._serves(module, attribute, enum)
        call = module.parent(attribute)
        if name == "get" and isinstance(call, cst.Call) and call.func is attribute and call.args:
            return self._has(module, call.args[0].value, enum)
        return False

    def _serves_in(self, module: Module, display: cst.CSTNode, enum: str) -> bool:
        """A constant in a display: what the display is for, or the name that it is given."""
        assert isinstance(display, cst.BaseExpression)
        parent = module.parent(display)
        if isinstance(parent, cst.Arg):
            call = module.parent(parent)
            assert isinstance(call, cst.BaseExpression)
            return isinstance(call, cst.Call) and len(call.args) == 1 and self._serves_in(module, call, enum)
        if isinstance(parent, (cst.AssignTarget, cst.Assign, cst.AnnAssign)):
            targets = (
                [target.target for target in parent.targets]
                if isinstance(parent, cst.Assign)
                else [parent.target]
            )
            return len(targets) == 1 and all(
                self._other_use(Definition(module, target, display), enum) is None for target in targets
            )
        return self._serves(module, display, enum)

    def _has(self, module: Module, node: cst.BaseExpression, enum: str) -> bool:
        """Whether an expression may be a part of an answer with these constants, and of no other kind."""
        found = [
            option for option in self.evaluator.evaluate(module, node).options() if isinstance(option, Answer)
        ]
        return bool(found) and all(answer.enum == enum for answer in found)

    def _is_member(self, module: Module, node: cst.BaseExpression, other: cst.BaseExpression) -> bool:
        """Whether a member of an enumeration is held against one that was made of an answer."""
        member = self.definitions.of(module, node)
        klass = self.definitions.enumeration(member) if member is not None else None
        options = list(self.evaluator.evaluate(module, other).options())
        return klass is not None and all(option == InstanceValue(klass) for option in options)


def odd_comparison(node: cst.BaseExpression, comparison: cst.Comparison) -> str | None:
    """Why the constants of a comparison cannot be mapped one by one, if they cannot."""
    targets = comparison.comparisons
    if len(targets) > 1 and not (len(targets) == 2 and targets[0].comparator is node):
        return "a constant of the answer is compared in a chain"
    for target in targets:
        if isinstance(target.operator, _INSIDE):
            if target.comparator is node or isinstance(target.comparator, cst.SimpleString):
                return "a constant of the answer is looked up as a part of a text"
        elif not isinstance(target.operator, _EQUAL):
            return "constants of the answer are compared by their order"
    return None


def _values(module: Module, pattern: cst.MatchPattern) -> Iterator[cst.BaseExpression]:
    """The values that a pattern names; names that it binds take the whole subject."""
    if isinstance(pattern, cst.MatchValue):
        yield pattern.value
    elif isinstance(pattern, cst.MatchOr):
        for part in pattern.patterns:
            yield from _values(module, part.pattern)
    elif isinstance(pattern, cst.MatchAs):
        if pattern.pattern is not None:
            yield from _values(module, pattern.pattern)
    elif not isinstance(pattern, cst.MatchSingleton):
        raise _Blocked(
            f"a constant of the answer is taken apart by a pattern (line {_line(module, pattern)})"
        )


def _line(module: Module, node: cst.CSTNode) -> int:
    return module.source.position(module.span(node)[0]).line


def calls_of(held: Iterable[Answer]) -> frozenset[Ref]:
    """The legacy calls that answers come from."""
    return frozenset().union(*(answer.calls for answer in held))
