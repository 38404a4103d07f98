"""Every use of a legacy answer: what it becomes, or why the call must stay as it is."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.values import Answer, Constant, Extended, Literal, Value, answers
from callr_migrate.rewrite import dates, fields, identifiers
from callr_migrate.rewrite.answer_use import AnswerUse
from callr_migrate.rewrite.carriers import FOLLOWED, Carriers, Ways
from callr_migrate.rewrite.constants import Constants, calls_of
from callr_migrate.rewrite.uses import is_tested, shows

__all__ = ["AnswerUse", "Answers"]


class Answers:
    """The uses of legacy answers in one module."""

    def __init__(
        self,
        carriers: Carriers,
        constants: Constants,
        module: Module,
        reads: Iterable[cst.BaseExpression],
        legacy_calls: set[cst.CSTNode],
    ) -> None:
        """`reads` are the `loads` of the module."""
        self.carriers = carriers
        self.constants = constants
        self.flows = Ways(carriers, module)
        self.evaluator = carriers.evaluator
        self.pack = carriers.evaluator.pack
        self.module = module
        self.legacy_calls = legacy_calls
        self.dates = dates.DateUses(self.flows, self.pack.dates)
        rule = self.pack.identifiers.get(identifiers.FORMAT)
        self.identifiers = identifiers.IdentifierUses(self.flows, rule)
        self.found: list[AnswerUse] = []
        self._seen: set[cst.CSTNode] = set()
        for node in reads:
            self._look_at(node)

    def _look_at(self, node: cst.BaseExpression) -> None:
        value = self.evaluator.evaluate(self.module, node)
        held = self.carriers.carried(value)
        if not held or node in self._seen:
            return
        self._seen.add(node)
        if self.carriers.is_changed_elsewhere(value):
            use = AnswerUse(self.module, node, calls_of(held))
            use.blocked = f"`{self._short(node)}` holds answers, and is changed under another name (line {self._line(node)})"
            self._keep(use)
            return
        direct = answers(value)
        if direct and all(answer.format in dates.FORMATS for answer in direct) and self._is_asked(node):
            use = AnswerUse(self.module, node, calls_of(held))
            self.dates.tested(use, direct[0])
            self._keep(use)
        scalar = all(answer.kind not in ("object", "array") for answer in direct)
        if direct and scalar and self._legacy_receiver(node) is not None:
            self._used(node, value, held)
            return
        if not direct and all(answer.format == identifiers.FORMAT for answer in held):
            use = AnswerUse(self.module, node, calls_of(held))
            if self.identifiers.searched(use):
                self._keep(use)
                return
        way = self.flows.way(node, value)
        if way is not None and way.wider is not None:
            self._look_at(way.wider)
        elif way is not FOLLOWED:
            self._used(node, value, held)

    def _line(self, node: cst.CSTNode) -> int:
        return self.module.source.position(self.module.span(node)[0]).line

    def _short(self, node: cst.CSTNode) -> str:
        text = " ".join(self.module.text_of(node).split())
        return text if len(text) <= 40 else text[:37] + "..."

    def _used(self, node: cst.BaseExpression, value: Value, held: frozenset[Answer]) -> None:
        use = AnswerUse(self.module, node, calls_of(held))
        direct = answers(value)
        copies = [option for option in value.options() if isinstance(option, Extended)]
        others = [
            option
            for option in value.options()
            if not isinstance(option, (Answer, Extended)) and not self._is_nothing(option)
        ]
        kinds: set[object] = {(answer.kind, answer.object, answer.enum, answer.format) for answer in direct}
        kinds |= {(copy.answer.object, copy.entries) for copy in copies}
        if not kinds:
            self._container(use, held)
        elif len(kinds) > 1 or (
            others and self._mixes(use, direct[0] if direct else copies[0].answer, others)
        ):
            use.blocked = f"`{self._short(node)}` can also hold something else (line {self._line(node)})"
        elif copies or direct[0].kind == "object":
            fields.look_at(self.pack, use, copies[0] if copies else direct[0])
        elif direct[0].kind == "array":
            self._container(use, held)
        else:
            nothing = [option for option in value.options() if self._is_nothing(option)]
            self._scalar(use, direct[0], [*others, *nothing])
        self._keep(use)

    def _keep(self, use: AnswerUse) -> None:
        told = use.blocked or use.replacements or use.shown or use.message
        if told or use.handed_to or use.together:
            self.found.append(use)

    def _is_asked(self, node: cst.BaseExpression) -> bool:
        """Whether a value is asked whether it is there."""
        parent = self.module.parent(node)
        return is_tested(parent, node) or (isinstance(parent, cst.BooleanOperation) and parent.left is node)

    def _is_nothing(self, option: Value) -> bool:
        """Whether a value is None or empty, where an answer may be missing."""
        if isinstance(option, Literal):
            node = option.ref.node
            inline = isinstance(option.ref.module.parent(node), (cst.BooleanOperation, cst.IfExp, cst.Arg))
            return inline and not getattr(node, "elements", ())
        return isinstance(option, Constant) and (option.value is None or option.value is False)

    def _container(self, use: AnswerUse, held: frozenset[Answer]) -> None:
        """A list, dict or the like with answers in it."""
        if all(answer.format == identifiers.FORMAT for answer in held):
            self.identifiers.goes_on(use)
        elif shows(self.module, use.node):
            use.shown = f"answers are shown in their v2 form (line {self._line(use.node)})"
        elif all(answer.format in dates.FORMATS for answer in held):
            self.dates.handed_on(use)
        else:
            use.code = "CLR301" if all(answer.enum is not None for answer in held) else "CLR201"
            use.place = use.node
            use.message = "answers are handed on here, and v2 has them in another form"
            use.blocked = (
                f"`{self._short(use.node)}` holds answers, and is handed on and not followed further "
                f"(line {self._line(use.node)})"
            )

    def _mixes(self, use: AnswerUse, answer: Answer, others: list[Value]) -> bool:
        """Whether what the value may be otherwise stands against rewriting what is done with it."""
        if answer.enum is None:
            return answer.kind == "object"
        if not all(isinstance(other, Constant) for other in others):
            return True
        table = self.pack.enums[answer.enum].values
        same = any(isinstance(other, Constant) and other.value in table for other in others)
        return same and not self.constants.beside(use, answer.enum)

    def _scalar(self, use: AnswerUse, answer: Answer, others: list[Value]) -> None:
        line = self._line(use.node)
        if answer.kind in ("unknown", "array", "map") and answer.part:
            use.blocked = f"`{self._short(use.node)}` is a part of the answer that is not known (line {line})"
        elif answer.enum is not None:
            if self.constants.held(use, answer.enum):
                pass
            elif shows(self.module, use.node):
                use.shown = f"a constant is shown in its v2 spelling (line {line})"
            else:
                use.code, use.place = "CLR301", use.node
                use.message = "a constant of the answer is handed on here, and v2 has its own spelling"
                use.blocked = f"a constant of the answer is handed on and not followed further (line {line})"
        elif answer.format in dates.FORMATS and (call := self._legacy_receiver(use.node)) is not None:
            use.handed_to, use.dated = call, True
        elif answer.format in dates.FORMATS:
            self.dates.look(use, answer, others)
        elif answer.format == identifiers.FORMAT and (call := self._legacy_receiver(use.node)) is not None:
            use.handed_to = call
        elif answer.format == identifiers.FORMAT:
            self.identifiers.look(use, others)

    def _legacy_receiver(self, node: cst.BaseExpression) -> cst.CSTNode | None:
        """The legacy call that has the value for an argument, or as an entry of one."""
        parent = self.module.parent(node)
        while isinstance(parent, (cst.Element, cst.DictElement)):
            parent = self.module.parent(self.module.parents[parent])
        call = self.module.parent(parent) if isinstance(parent, cst.Arg) else None
        return call if call in self.legacy_calls else None
