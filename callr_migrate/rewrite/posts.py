"""Posts that a program makes itself -> requests of REST v2 by the same library, where they are whole and exact.

A post is taken apart here: its address, payload and further arguments (`Post`), and what becomes of the envelope of
its answer (`envelope`). Whatever is not understood refuses the rewrite; the post stays as it is then.
"""

from __future__ import annotations

from dataclasses import field

import libcst as cst

from callr_migrate.detect.calls import LegacyCall
from callr_migrate.detect.payloads import Payload, Payloads
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.literals import literal
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.project import last_name
from callr_migrate.evaluate.values import Literal, Symbol, constant_text
from callr_migrate.pack.model import PayloadShape, Target
from callr_migrate.records import dataclass
from callr_migrate.rewrite.effects import has_effects
from callr_migrate.rewrite.request import Refusal

_KEPT = ("auth", "timeout", "verify", "proxies", "cert")
_BODIES = ("json", "data", "content")


@dataclass
class Post:
    """A post that can be rewritten.

    `kept` are the arguments that go on as they are; `removed` the statements that built the payload; `replaced` the
    uses of the envelope, as span -> text; `results` the `answer["result"]`s. `named` is the fresh name that the
    response needs, `raises` tells that the new call has to raise for an error status, `raise_after` that it is done
    by a statement behind this place.
    """

    target: Target
    kept: list[tuple[str, cst.BaseExpression]] = field(default_factory=list)
    removed: Span | None = None
    replaced: list[tuple[Span, str]] = field(default_factory=list)
    results: list[cst.Subscript] = field(default_factory=list)
    named: str | None = None
    raises: bool = False
    raise_after: tuple[cst.CSTNode, str] | None = None


def taken_apart(evaluator: Evaluator, call: LegacyCall) -> Post:
    """The request side of a post; raises `Refusal`."""
    return _Taking(evaluator, call).run()


class _Taking:
    def __init__(self, evaluator: Evaluator, call: LegacyCall) -> None:
        self.evaluator = evaluator
        self.call = call
        self.module: Module = call.module
        self.surface = evaluator.pack.surfaces[call.surface]

    def run(self) -> Post:
        node = self.call.node
        if isinstance(node, cst.Dict):
            raise Refusal("it is one of a batch of payloads, and REST v2 takes each as a request of its own")
        post = Post(self._target(node))
        arguments = self._arguments(node)
        address = arguments.pop("url", None)
        if address is None or not self._is_address(address):
            raise Refusal("its address is not known to be that of the legacy API alone")
        bodies = [name for name in _BODIES if name in arguments]
        if len(bodies) != 1:
            raise Refusal("its payload is not given as one of json, data and content")
        post.removed = self._payload(arguments.pop(bodies[0]), bodies[0])
        headers = arguments.pop("headers", None)
        if headers is not None and not self._only_content_type(headers):
            raise Refusal(
                "its headers may hold more than the content type, and what v2 makes of them is not known"
            )
        if "auth" not in arguments:
            raise Refusal("it gives no auth, so what it identifies itself with is not seen")
        for name, value in arguments.items():
            if name not in _KEPT:
                raise Refusal(f"its argument `{name}` is not followed")
            post.kept.append((name, value))
        return post

    def _target(self, node: cst.Call) -> Target:
        options = list(self.evaluator.evaluate(self.module, node.func).options())
        targets = self.evaluator.pack.targets.values()
        for target in targets:
            if target.post and options == [Symbol(target.post)] and isinstance(node.func, cst.Attribute):
                return target
        names = " and ".join(sorted(f"`{target.post}`" for target in targets if target.post))
        raise Refusal(f"only posts by {names} are rewritten")

    def _arguments(self, node: cst.Call) -> dict[str, cst.BaseExpression]:
        arguments: dict[str, cst.BaseExpression] = {}
        for index, arg in enumerate(node.args):
            if arg.star or (arg.keyword is None and index):
                raise Refusal("its arguments are not all given by name")
            arguments[arg.keyword.value if arg.keyword is not None else "url"] = arg.value
        return arguments

    def _is_address(self, node: cst.BaseExpression) -> bool:
        text = constant_text(self.evaluator.evaluate(self.module, node))
        return (
            text is not None
            and "?" not in text
            and not has_effects(node)
            and any(text.startswith(f"https://{address}") for address in self.surface.addresses)
        )

    def _only_content_type(self, node: cst.BaseExpression) -> bool:
        if isinstance(node, cst.Name) and self.evaluator.project.changes_of(node.value):
            return False
        options = list(self.evaluator.evaluate(self.module, node).options())
        display = options[0].ref.node if len(options) == 1 and isinstance(options[0], Literal) else None
        if not isinstance(display, cst.Dict):
            return False
        for element in display.elements:
            name = literal(element.key)[1] if isinstance(element, cst.DictElement) else None
            if not isinstance(name, str) or name.lower() != "content-type":
                return False
        return True

    # The payload

    def _payload(self, node: cst.BaseExpression, keyword: str) -> Span | None:
        """What is removed with the payload; it must be whole, and made for this post alone."""
        shape = self.surface.payload
        assert shape is not None
        found = Payloads(self.evaluator, shape).of(self.module, node)
        if len(found) != 1 or not found[0].direct:
            raise Refusal("its payload is put together by something that is not taken apart")
        payload = found[0]
        self._only_an_envelope(payload, shape)
        inner = node if keyword == "json" else _serialised(node)
        if inner is payload.node:
            return None
        if not isinstance(inner, cst.Name):
            raise Refusal("its payload is serialised in a way that is not followed")
        return self._statements(inner, payload)

    def _only_an_envelope(self, payload: Payload, shape: PayloadShape) -> None:
        keys = {shape.version, shape.method, shape.params, shape.id}
        further = sorted(payload.entries.keys() - keys)
        if further or (isinstance(payload.node, cst.Dict) and not _is_plain(payload.node)):
            raise Refusal(
                f"its payload holds more than a call: {', '.join(further) or 'what is spread into it'}"
            )
        for name in (shape.version, shape.id):
            part = payload.entries.get(name)
            if part is not None and has_effects(part.node):
                raise Refusal(f"`{name}` of its payload would be dropped, but working it out does something")

    def _statements(self, name: cst.Name, payload: Payload) -> Span:
        """The span of the statements that build the payload just before the post, and do nothing else."""
        module = self.module
        scope, bindings = self.evaluator.bindings_of(module, name)
        if scope is module.scope and is_read_elsewhere(self.evaluator, module, name.value):
            raise Refusal(f"its payload `{name.value}` may be used by other modules, too")
        wanted = {binding.node for binding in bindings}
        first = module.statement_of(payload.node)
        post = module.statement_of(self.call.node)
        suite = module.parent(first)
        body = list(getattr(suite, "body", ()))
        if post not in body or first not in body:
            raise Refusal("its payload is not built in the statements just before it")
        steps = body[body.index(first) : body.index(post)]
        for use in module.names:
            if not isinstance(use, cst.Name) or use.value != name.value or use is name:
                continue
            if isinstance(module.parent(use), cst.AssignTarget) and use not in wanted:
                continue  # another value by the same name
            if not wanted & {binding.node for binding in self.evaluator.bindings_of(module, use)[1]}:
                continue
            statement = module.statement_of(use)
            if statement not in steps or not _fills(module, statement, use):
                line = module.source.position(module.span(use)[0]).line
                raise Refusal(f"its payload is used in line {line}, too")
        if not all(_fills(module, statement, name) for statement in steps):
            raise Refusal("its payload is not built in the statements just before it")
        source = module.source
        start = source.line_starts[source.position(module.span(first)[0]).line - 1]
        end = source.line_starts[source.position(module.span(steps[-1])[1]).line]
        if any(start <= comment[0] < end for comment in module.comments):
            raise Refusal("a comment stands among the statements that build its payload; move it")
        return start, end


def is_read_elsewhere(evaluator: Evaluator, module: Module, name: str) -> bool:
    """Whether another module of the project may read a global of this one."""
    return any(
        last_name(word) == name
        and (
            isinstance(word, cst.Attribute)
            or isinstance(other.parent(word), cst.ImportAlias)
            or any(isinstance(statement.names, cst.ImportStar) for statement in other.imports)
        )
        for other in evaluator.project.modules
        if other is not module
        for word in other.names
    )


def _serialised(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The value in `json.dumps(value)`, also with `.encode()`."""
    if (
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value == "encode"
    ):
        node = node.func.value
    if isinstance(node, cst.Call) and last_name(node.func) == "dumps" and len(node.args) == 1:
        return node.args[0].value
    return None


def _is_plain(node: cst.Dict) -> bool:
    return all(isinstance(element, cst.DictElement) for element in node.elements)


def _fills(module: Module, statement: cst.CSTNode, name: cst.Name) -> bool:
    """Whether a statement only gives the payload its name, or sets one key of it."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    assign = statement.body[0]
    if not isinstance(assign, cst.Assign) or len(assign.targets) != 1:
        return False
    target: cst.BaseExpression = assign.targets[0].target
    if isinstance(target, cst.Subscript):
        target = target.value
    return isinstance(target, cst.Name) and target.value == name.value
