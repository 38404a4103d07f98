"""Uses of whole objects of legacy answers: their fields, and what takes all of them at once."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate import Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.values import Answer, Extended
from callr_migrate.findings import shared
from callr_migrate.pack.model import ObjectField, RulePack
from callr_migrate.rewrite.answer_use import AnswerUse
from callr_migrate.rewrite.uses import shows


def look_at(pack: RulePack, use: AnswerUse, held: Answer | Extended) -> None:
    """What becomes of a use of an object, told in `use`."""
    module, node = use.module, use.node
    parent = module.parent(node)
    if isinstance(parent, cst.Subscript) and parent.value is node:
        element = parent.slice[0].slice if len(parent.slice) == 1 else None
        key = element.value if isinstance(element, cst.Index) else None
        stored = isinstance(module.parent(parent), (cst.AssignTarget, cst.AugAssign, cst.Del))
        if key is None or stored:
            use.blocked = f"the answer is changed or sliced (line {use.line()})"
        else:
            _Field(pack, use, held, key).taken(nested=True)
        return
    if isinstance(parent, cst.Attribute) and parent.value is node:
        call = module.parent(parent)
        if (
            parent.attr.value == "get"
            and isinstance(call, cst.Call)
            and call.func is parent
            and call.args
            and not any(arg.star or arg.keyword for arg in call.args)
        ):
            _Field(pack, use, held, call.args[0].value).got()
        elif parent.attr.value != "copy":
            use.blocked = f"`.{parent.attr.value}` of the whole answer is used (line {use.line()})"
        return
    asked = _asked_for(module, node)
    if asked is not None:
        _Field(pack, use, held, asked).taken(nested=False)
    elif shows(module, node) and not _keys_shown(module, node):
        use.shown = f"the whole answer is shown in its v2 form (line {use.line()})"
    else:
        use.place = node
        use.message = "the whole answer is handed on here, and its fields have other names in v2"
        use.blocked = f"the whole answer is handed on and not followed further (line {use.line()})"


def _asked_for(module: Module, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The key of `key in answer`."""
    target = module.parent(node)
    comparison = module.parent(target) if isinstance(target, cst.ComparisonTarget) else None
    if not isinstance(comparison, cst.Comparison) or len(comparison.comparisons) > 1:
        return None
    assert isinstance(target, cst.ComparisonTarget)
    return comparison.left if isinstance(target.operator, (cst.In, cst.NotIn)) else None


def _keys_shown(module: Module, node: cst.BaseExpression) -> bool:
    """Whether the text that shows an object picks its fields: `"%(x)s" % row`, `"{0[x]}".format(row)`."""
    parent = module.parent(node)
    if isinstance(parent, cst.BinaryOperation):
        return True
    call = module.parent(parent) if isinstance(parent, cst.Arg) else None
    if not isinstance(parent, cst.Arg) or not isinstance(call, cst.Call):
        return False
    texts = [literal(arg.value)[1] for arg in call.args]
    if isinstance(call.func, cst.Attribute):
        texts.append(literal(call.func.value)[1])
    picks = any(isinstance(text, str) and ("%(" in text or "[" in text) for text in texts)
    return bool(parent.star) or picks


class _Field:
    """One field that a use takes."""

    def __init__(
        self, pack: RulePack, use: AnswerUse, held: Answer | Extended, key: cst.BaseExpression
    ) -> None:
        self.use = use
        self.key = key
        self.own = held if isinstance(held, Extended) else None
        self.answer = held.answer if isinstance(held, Extended) else held
        self.kind = pack.objects.get(self.answer.object or "")

    def got(self) -> None:
        """`answer.get(key)`."""
        path = self._path()
        if path is None or not isinstance(self.key, cst.SimpleString):
            return
        quote = self.key.quote
        names = [f"{quote}{step}{quote}" for step in path]
        self._replace(", {}).get(".join(names))

    def taken(self, *, nested: bool) -> None:
        """`answer[key]`, or (not `nested`) a place where there is room for one key only."""
        path = self._path()
        if path is None or not isinstance(self.key, cst.SimpleString):
            return
        if len(path) > 1 and not nested:
            self.use.blocked = (
                f"`{literal(self.key)[1]}` is `{'.'.join(path)}` in v2, which takes more than one step "
                f"(line {self.use.line(self.key)})"
            )
            return
        quote = self.key.quote
        self._replace("][".join(f"{quote}{step}{quote}" for step in path))

    def _replace(self, text: str) -> None:
        self.use.replacements.append((self.use.module.span(self.key), text))

    def _where(self) -> str:
        return f"(line {self.use.line(self.key)})"

    def _path(self) -> list[str] | None:
        """The steps to the field in v2; None where it stays as it is, or is not known (then `use` is blocked)."""
        use, key = self.use, self.key
        found, name = literal(key)
        if not found or not isinstance(name, str) or not isinstance(key, cst.SimpleString):
            use.blocked = f"the field `{use.short(key)}` is not a literal {self._where()}"
            return None
        if self.own is not None and self.own.get(name) is not None:
            return None
        shown = f"`{name}` of {self.answer.object or 'the answer'}"
        use.place = key
        rule: ObjectField | None = self.kind.fields.get(name) if self.kind else None
        if rule is None:
            use.message = f"{shown} has no known counterpart in v2"
            use.blocked = f"{use.message} {self._where()}"
            return None
        if rule.evidence is not None:
            use.facts.append(
                shared(f"{self.answer.object}.{name} -> {rule.to or 'unknown'}", rule.evidence, rule.source)
            )
        if rule.amount is not None:
            use.code = "CLR606"
            use.message = f"{shown} is {rule.amount.told}"
            use.blocked = f"{use.message}; no conversion is made {self._where()}"
            return None
        if rule.to is None or rule.manual:
            use.message = f"{shown} cannot be carried over: {rule.manual}"
            use.blocked = f"{use.message} {self._where()}"
            return None
        if rule.to == name:
            return None
        path = rule.to.split(".")
        if self.own is not None and self.own.get(path[0]) is not None:
            use.blocked = (
                f"{shown} is `{rule.to}` in v2, and the copy has a `{path[0]}` of its own {self._where()}"
            )
            return None
        use.message = f"{shown} is `{rule.to}` in v2"
        return path
