"""Where a legacy client is made: replaced by a new one, kept beside a new one, or left alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import libcst as cst

from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.module import Binding, Span
from callr_migrate.evaluate.values import Ref, constants
from callr_migrate.pack.model import Surface, Target
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass
from callr_migrate.rewrite.effects import has_effects, is_repeatable
from callr_migrate.rewrite.request import Refusal
from callr_migrate.rewrite.style import Style, copied, line_indent
from callr_migrate.rewrite.text import Piece, Texts
from callr_migrate.rewrite.traps import may_be_none
from callr_migrate.rewrite.uses import is_load

_CREDENTIAL = regex(r"(\{login\}|\{password\})")


@dataclass(frozen=True)
class Construction:
    """The construction of a client: its credentials, and the assignment that holds it, if it is that simple."""

    module: Module
    node: cst.Call
    surface: Surface
    login: cst.BaseExpression
    password: cst.BaseExpression
    assign: cst.Assign | cst.AnnAssign | None
    target: cst.Name | cst.Attribute | None
    doubt: str | None = None  # what may go otherwise where it is made

    @property
    def name(self) -> str:
        """The last name that the client is assigned to."""
        assert self.target is not None
        return self.target.attr.value if isinstance(self.target, cst.Attribute) else self.target.value


def construction(evaluator: Evaluator, ref: Ref, surface: Surface) -> Construction:
    """The construction at a place; raises `Refusal` where the new client could not be given the same."""
    module, node = ref.module, ref.node
    assert isinstance(node, cst.Call)
    given: dict[str, cst.BaseExpression] = {}
    names = [param.name for param in surface.constructor]
    for index, arg in enumerate(node.args):
        if arg.star:
            raise Refusal("the client's arguments are unpacked with `*`")
        if arg.keyword is not None:
            given[arg.keyword.value] = arg.value
        elif index < len(names):
            given[names[index]] = arg.value
        else:
            raise Refusal("the client is made with more arguments than it takes")
    login, password = given.pop(names[0], None), given.pop(names[1], None)
    if login is None or password is None:
        raise Refusal("the client is made without a login and a password")
    for name, value in given.items():
        if name not in names:
            raise Refusal(f"the client takes no argument `{name}`")
        known = constants(evaluator.evaluate(module, value))
        if known is None or any(constant.value for constant in known):
            raise Refusal(
                f"the client is made with `{name}`; give them to the new client by hand (a proxy needs a scheme, and "
                "counts for that client only)"
            )
    for value in (login, password):
        known = constants(evaluator.evaluate(module, value))
        if known is not None and any(constant.value is None for constant in known):
            raise Refusal("the credentials may be None, which the new client refuses at once")
    if module.span(login)[0] > module.span(password)[0]:
        raise Refusal("the client is given its password before its login")
    assign, target = _assignment(module, node)
    doubt = None
    if may_be_none(evaluator, module, login) or may_be_none(evaluator, module, password):
        doubt = (
            "the credentials may be None where the environment does not have them: the old client then failed at the "
            "first call, the new one may when it is made"
        )
    return Construction(module, node, surface, login, password, assign, target, doubt)


def _assignment(
    module: Module, node: cst.Call
) -> tuple[cst.Assign | cst.AnnAssign | None, cst.Name | cst.Attribute | None]:
    """The assignment of the client to one name, also in one branch of a conditional (`A() if x else None`)."""
    value: cst.BaseExpression = node
    parent = module.parent(value)
    while isinstance(parent, (cst.IfExp, cst.BooleanOperation)):
        others = (
            [parent.test, parent.body, parent.orelse]
            if isinstance(parent, cst.IfExp)
            else [parent.left, parent.right]
        )
        if any(has_effects(other) for other in others if other is not value):
            return None, None
        value, parent = parent, module.parent(parent)
    if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
        target = parent.targets[0].target
    elif isinstance(parent, cst.AnnAssign):
        target = parent.target
    else:
        return None, None
    line = module.parent(parent)
    if (
        isinstance(line, cst.SimpleStatementLine)
        and len(line.body) == 1
        and isinstance(target, (cst.Name, cst.Attribute))
    ):
        return parent, target
    return None, None


@dataclass(frozen=True)
class LocalNames:
    """What a target's module, and the class that it needs beside it, are called in one file."""

    module: str
    helper: str


class ClientWriter:
    """Writes the new client of a construction for a target, in the style of its file."""

    def __init__(self, target: Target, base_url: str, timeout: int) -> None:
        self.target = target
        self.base_url = base_url
        self.timeout = timeout

    def helper(self, names: LocalNames) -> str | None:
        """The text of the class that the target needs, if it needs one."""
        if self.target.helper is None:
            return None
        return (
            self.target.helper.replace("{module}", names.module)
            .replace("{helper}", names.helper)
            .replace("{base_url}", self.base_url)
            .replace("{timeout}", str(self.timeout))
        )

    def type_name(self, names: LocalNames) -> str:
        """The class of the new client, as an annotation names it."""
        return self.target.client.replace("{module}", names.module).replace("{helper}", names.helper)

    def call(
        self,
        login: Piece,
        password: Piece,
        names: LocalNames,
        style: Style,
        indent: str,
        room: int,
        width: int,
        comments: Sequence[tuple[str, str]] = (),
    ) -> list[Piece]:
        """The construction as pieces: on one line if `width` (the credentials' columns) leaves it in `room`.

        `comments` are to stand above the argument that holds a part of the template; "" is for the end.
        """
        fill = {
            "{module}": names.module,
            "{helper}": names.helper,
            "{base_url}": style.quoted(self.base_url),
            "{timeout}": str(self.timeout),
        }
        head, arguments = self.target.client, list(self.target.client_arguments)
        for name, text in fill.items():
            head = head.replace(name, text)
            arguments = [argument.replace(name, text) for argument in arguments]
        flat = f"{head}({', '.join(arguments)})"
        given = {"{login}": login, "{password}": password}

        def filled(text: str) -> list[Piece]:
            return [given.get(part, part) for part in _CREDENTIAL.split(text)]

        if len(flat) - len("{login}{password}") + width <= room and not comments:
            return filled(flat)
        inner = style.newline + indent + style.indent
        pieces: list[Piece] = [head + "("]
        for argument in arguments:
            pieces += [inner + comment for part, comment in comments if part and part in argument]
            pieces += [inner, *filled(argument), ","]
        pieces += [inner + comment for part, comment in comments if not part]
        return [*pieces, style.newline + indent + ")"]

    def _pieces(
        self, texts: Texts, made: Construction, names: LocalNames, style: Style, extra: int = 0
    ) -> list[Piece]:
        """The construction at its place. `extra`: columns that the rest of the new line takes."""
        module = made.module
        spans = copied(module, made.login), copied(module, made.password)
        start, end = module.span(made.node)
        width = sum(right - left for left, right in spans)
        used = module.source.position(start).column - 1 + extra + len(texts.extra_indent(start))
        tail = _line_end(module, end) - end
        indent = line_indent(module, start) + texts.extra_indent(start)
        room = style.line_length - used - tail
        return self.call(*spans, names, style, indent, room, width, _comments(made))

    def replace(self, texts: Texts, made: Construction, names: LocalNames, style: Style) -> None:
        """The new client in place of the old; the credentials stay where they are, outside of the edits."""
        texts.replace(
            made.module.span(made.node), lambda now: self._pieces(now, made, names, style), fine=True
        )

    def replace_with(
        self, texts: Texts, made: Construction, names: LocalNames, style: Style, region: Span
    ) -> None:
        """`with NewClient(...) as name:`, the statements of `region` indented below it."""
        assert made.assign is not None
        extra = len(f"with  as {made.name}:") - len(f"{made.name} = ")

        def render(now: Texts) -> list[Piece]:
            return ["with ", *self._pieces(now, made, names, style, extra), f" as {made.name}:"]

        texts.replace(made.module.span(made.assign), render, fine=True)
        texts.indent(region, style.indent)

    def beside(
        self, texts: Texts, made: Construction, names: LocalNames, style: Style, new_name: str
    ) -> None:
        """The new client on a line of its own behind the old one."""
        module, source = made.module, made.module.source
        assert made.assign is not None
        assert made.target is not None
        indent = line_indent(module, module.span(made.assign)[0])
        start, end = module.span(made.assign)
        call_start, call_end = module.span(made.node)
        target = module.text_of(made.target)
        new_target = target[: len(target) - len(made.name)] + new_name
        value = made.assign.value
        assert value is not None
        value_start, value_end = copied(module, value)
        before = f"{new_target} = {source.text[value_start:call_start]}"
        behind = source.text[call_end:value_end]
        room = style.line_length - len(indent) - len(before) - len(behind)
        if is_repeatable(made.login) and is_repeatable(made.password):
            login, password = (module.text_of(part) for part in (made.login, made.password))
            made_new = self.call(login, password, names, style, indent, room, len(login + password))
            texts.insert(
                _line_end(module, end), source.newline + indent + before + _joined(made_new) + behind
            )
            return
        # Credentials that are literal, or take work to get, are named once, so that they stand in one place.
        held = [f"{new_name}_{param.name}" for param in made.surface.constructor[:2]]
        made_new = self.call(held[0], held[1], names, style, indent, room, sum(map(len, held)))
        rest = (
            f"{source.newline}{indent}{source.text[start:call_start]}{module.text_of(made.node.func)}"
            f"({held[0]}, {held[1]}){source.text[call_end:end]}{source.newline}{indent}"
            f"{before}{_joined(made_new)}{behind}"
        )
        told = "".join(f"{comment}{source.newline}{indent}" for _, comment in _comments(made))
        pieces: list[Piece] = [
            f"{told}{held[0]}, {held[1]} = ",
            copied(module, made.login),
            ", ",
            copied(module, made.password),
            rest,
        ]
        texts.replace((start, end), lambda _: pieces, fine=True)


def _comments(made: Construction) -> list[tuple[str, str]]:
    """The comments between the arguments, each with the part of the template that it belongs to.

    That is the credential that it follows on its line, else the one that comes next; "" for what comes last.
    """
    module, source = made.module, made.module.source
    places = [("{login}", copied(module, made.login)), ("{password}", copied(module, made.password))]
    found = []
    for left, right in moved_comments(made):
        line = source.line_starts[source.position(left).line - 1]
        beside = [part for part, (_, high) in places if line < high <= left]
        after = [part for part, (low, _) in places if low >= right]
        found.append((beside[-1] if beside else after[0] if after else "", source.text[left:right]))
    return found


def moved_comments(made: Construction) -> list[Span]:
    """The places of the comments inside of a construction that no credential carries along."""
    module = made.module
    start, end = module.span(made.node)
    first, last = (bisect_left(module.comments, (at, at)) for at in (start, end))
    copies = [copied(module, part) for part in (made.login, made.password)]
    return [
        span for span in module.comments[first:last] if not any(low <= span[0] < high for low, high in copies)
    ]


def _joined(pieces: list[Piece]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


def _line_end(module: Module, offset: int) -> int:
    source = module.source
    line = source.position(offset).line
    return source.line_starts[line - 1] + len(source.line_text(line))


def with_region(evaluator: Evaluator, made: Construction, rewritten: set[cst.CSTNode]) -> Span | None:
    """The statements to put below `with`, if the client lives in one block of a function or loop.

    None where the client belongs to the module or an object, escapes, or is used outside of the block.
    """
    module = made.module
    if made.assign is None or made.assign.value is not made.node or not isinstance(made.target, cst.Name):
        return None
    line = module.parents[made.assign]
    block = module.parents[line]
    scope = module.scope_of(made.assign)
    in_loop = any(isinstance(node, (cst.For, cst.While)) for node in module.ancestors(line))
    if not isinstance(block, cst.IndentedBlock) or not (scope.is_function or in_loop):
        return None
    bindings: list[Binding] = scope.bindings.get(made.name, [])
    if len(bindings) != 1 or made.name in scope.outer:
        return None
    siblings = list(block.body)
    after = siblings[siblings.index(line) + 1 :]  # type: ignore[arg-type]
    last: cst.CSTNode | None = None
    for use in module.names:
        if not isinstance(use, cst.Name) or use.value != made.name or not is_load(module, use):
            continue
        if not any(binding is bindings[0] for binding in evaluator.bindings_of(module, use)[1]):
            continue
        call = module.parent(module.parents[use])
        if call not in rewritten or module.scope_of(use) is not scope:
            return None
        holder = next((node for node in (use, *module.ancestors(use)) if node in after), None)
        if holder is None:
            return None
        if last is None or module.span(holder)[0] > module.span(last)[0]:
            last = holder
    if last is None:
        return None
    return _line_end(module, module.span(made.assign)[1]), _end_of(module, last)


def _end_of(module: Module, statement: cst.CSTNode) -> int:
    return _line_end(module, max(module.span(statement)[1] - 1, 0))
