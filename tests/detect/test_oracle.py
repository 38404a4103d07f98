"""Programs made at random are run with clients that note who calls them; each such line must be reported.

The analysis may report more, as it does not know which branches are taken: but never where no client can be, which
the programs without branches show, and as `mixed` wherever something else was called, too.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import types
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marked import found, report_of, write

NAMES = ("a", "b", "c", "api")
_STEPS = 3_000


class TooLongError(BaseException):
    """A program that does not end by itself."""


@dataclass
class Recorder:
    """The lines on which a call was performed, by what it was called on."""

    legacy: set[int] = field(default_factory=set)
    other: set[int] = field(default_factory=set)
    truths: list[bool] = field(default_factory=list)
    steps: int = 0

    def modules(self) -> dict[str, types.ModuleType]:
        recorder = self

        class Thing:
            def __init__(self, *args: object) -> None:
                pass

            def call(self, *args: object) -> None:
                recorder.note(recorder.other)

        class Api(Thing):
            def call(self, *args: object) -> None:
                recorder.note(recorder.legacy)

        callr = types.ModuleType("callr")
        callr.Api = Api  # type: ignore[attr-defined]
        elsewhere = types.ModuleType("elsewhere")
        elsewhere.Other = Thing  # type: ignore[attr-defined]
        elsewhere.cond = self.cond  # type: ignore[attr-defined]
        return {"callr": callr, "elsewhere": elsewhere}

    def note(self, lines: set[int]) -> None:
        lines.add(sys._getframe(2).f_lineno)

    def cond(self) -> bool:
        self.steps += 1
        if self.steps > _STEPS:
            raise TooLongError
        return self.truths[self.steps % len(self.truths)] if self.truths else False


def execute(source: str, truths: list[bool]) -> Recorder:
    recorder = Recorder(truths=truths)
    modules = recorder.modules()
    saved = {name: sys.modules.get(name) for name in modules}
    sys.modules.update(modules)
    limit = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(limit + 200)
        with contextlib.suppress(Exception, TooLongError):
            exec(compile(source, "program.py", "exec"), {"__name__": "program"})
    finally:
        sys.setrecursionlimit(limit)
        for name, module in saved.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return recorder


# Programs

name = st.sampled_from(NAMES)


@dataclass
class Writer:
    """Draws statements one after the other."""

    draw: st.DrawFn
    branches: bool
    lines: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def name(self) -> str:
        return self.draw(name)

    def value(self, depth: int = 0) -> str:
        options = ["client", "client", "other", "name", "name", "none"]
        if depth < 2:
            options += [
                "conditional",
                "or",
                "and",
                "item",
                "tuple item",
                "dict",
                "walrus",
                "lambda",
                "comprehension",
                "values",
            ]
            options += ["function"] * bool(self.functions) + ["object", "attribute"] * bool(self.classes)
        kind = self.pick(*options)
        if not self.branches and kind in ("conditional", "or", "and"):
            kind = "name"
        inner = depth + 1
        if kind == "client":
            return 'callr.Api("l", "p")'
        if kind == "other":
            return "Other()"
        if kind == "none":
            return "None"
        if kind == "conditional":
            return f"({self.value(inner)} if cond() else {self.value(inner)})"
        if kind == "or":
            return f"({self.value(inner)} or {self.value(inner)})"
        if kind == "and":
            return f"({self.value(inner)} and {self.value(inner)})"
        if kind == "item":
            return f"[{self.value(inner)}, {self.value(inner)}][{self.pick('0', '1', '-1')}]"
        if kind == "tuple item":
            return f"({self.value(inner)},)[0]"
        if kind == "dict":
            return f'{{"x": {self.value(inner)}, "y": {self.value(inner)}}}["{self.pick("x", "y")}"]'
        if kind == "values":
            return f'list({{"x": {self.value(inner)}}}.values())[0]'
        if kind == "walrus":
            return f"({self.name()} := {self.value(inner)})"
        if kind == "lambda":
            return f"(lambda: {self.value(inner)})()"
        if kind == "comprehension":
            return f"[{self.name()} for {self.name()} in [{self.value(inner)}]][0]"
        if kind == "function":
            return f"{self.pick(*self.functions)}({self.value(inner)})"
        if kind == "object":
            return f"{self.pick(*self.classes)}({self.value(inner)}).get()"
        if kind == "attribute":
            return f"{self.pick(*self.classes)}({self.value(inner)}).{self.pick('one', 'two')}"
        return self.name()

    def block(self, depth: int, indent: str, *, loop: bool, function: bool) -> None:
        for _ in range(self.draw(st.integers(1, 4))):
            self.statement(depth, indent, loop=loop, function=function)

    def statement(self, depth: int, indent: str, *, loop: bool, function: bool) -> None:
        simple = ["assign", "assign", "call", "call", "call", "unpack", "swap", "alias", "delete", "method"]
        if function and self.branches:
            simple += ["return"]
        if loop:
            simple += ["break", "continue"]
        nested = ["for", "with"]
        if self.branches:
            nested += ["if", "if", "ifelse", "while", "try", "finally", "except", "match"]
        if not function:
            nested += ["def", "class", "global"]
        kind = self.pick(*(simple if depth > 2 else simple + nested))
        if not self.branches and kind in ("break", "continue", "delete"):
            kind = "call"
        write_it = getattr(self, f"_{kind}", None)
        if write_it is not None:
            write_it(depth, indent, loop, function)
            return
        text = {
            "assign": lambda: f"{self.name()} = {self.value()}",
            "call": lambda: f"{self.name()}.call('sms.get', 'X')",
            "method": lambda: f"{self.value(1)}.call('sms.get', 'X')",
            "unpack": lambda: f"{self.name()}, {self.name()} = {self.value()}, {self.value()}",
            "swap": lambda: "a, b = b, a",
            "alias": lambda: f"{self.name()} = {self.name()} = {self.name()}",
            "delete": lambda: f"del {self.name()}",
            "return": lambda: f"return {self.value()}",
            "break": lambda: "break",
            "continue": lambda: "continue",
        }[kind]()
        self.lines.append(indent + text)

    def _inside(self, head: str, depth: int, indent: str, loop: bool, function: bool) -> None:
        self.lines.append(indent + head)
        self.block(depth + 1, indent + "    ", loop=loop, function=function)

    def _if(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside("if cond():", depth, indent, loop, function)

    def _ifelse(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside("if cond():", depth, indent, loop, function)
        self._inside("else:", depth, indent, loop, function)

    def _for(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside(
            f"for {self.name()} in [{self.value()}, {self.value()}]:", depth, indent, self.branches, function
        )
        if self.branches and self.draw(st.booleans()):
            self._inside("else:", depth, indent, loop, function)

    def _while(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside("while cond():", depth, indent, True, function)

    def _try(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside("try:", depth, indent, loop, function)
        self._inside("except Exception:", depth, indent, loop, function)
        if self.draw(st.booleans()):
            self._inside("else:", depth, indent, loop, function)

    def _finally(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside("try:", depth, indent, loop, function)
        self._inside("finally:", depth, indent, loop, function)

    def _except(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside("try:", depth, indent, loop, function)
        self._inside(f"except Exception as {self.name()}:", depth, indent, loop, function)
        self._inside("finally:", depth, indent, loop, function)

    def _match(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self.lines.append(f"{indent}match {self.value()}:")
        self._inside("case None:", depth + 1, indent + "    ", loop, function)
        self._inside(f"case {self.name()}:", depth + 1, indent + "    ", loop, function)

    def _with(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        self._inside(f"with nullcontext({self.value()}) as {self.name()}:", depth, indent, loop, function)

    def _global(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        made = f"g{len(self.lines)}"
        self.lines += [f"{indent}def {made}():", f"{indent}    global {self.name()}"]
        self.block(depth + 1, indent + "    ", loop=False, function=True)
        self.lines.append(f"{indent}{made}()")

    def _def(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        made = f"f{len(self.lines)}"
        parameter = self.name()
        default = self.pick("", f"={self.value()}")
        self._inside(f"def {made}({parameter}{default}):", depth, indent, False, True)
        self.lines.append(f"{indent}    return {self.pick(*NAMES)}")
        if not indent:
            self.functions.append(made)
        self.lines.append(f"{indent}{made}({self.value()})")

    def _class(self, depth: int, indent: str, loop: bool, function: bool) -> None:
        made = f"C{len(self.lines)}"
        base = self.pick("", *(f"({known})" for known in self.classes))
        self.lines += [
            f"{indent}class {made}{base}:",
            f"{indent}    one = {self.value()}",
            f"{indent}    def __init__(self, {self.pick('a', 'value')}):",
        ]
        parameter = self.lines[-1].split(", ")[1].rstrip("):")
        self.lines += [
            f"{indent}        self.two = {self.pick(parameter, self.value())}",
            f"{indent}    def get(self):",
            f"{indent}        self.{self.pick('one', 'two')}.call('sms.get', 'X')",
            f"{indent}        return self.{self.pick('one', 'two')}",
        ]
        if not indent:
            self.classes.append(made)
        self.lines.append(f"{indent}{made}({self.value()}).get()")


@st.composite
def programs(draw: st.DrawFn, branches: bool) -> str:
    writer = Writer(draw, branches)
    writer.lines = [
        "import callr",
        "from contextlib import nullcontext",
        "from elsewhere import Other, cond",
        "",
    ]
    writer.lines += [f"{known} = {writer.pick('Other()', 'None', 'callr.Api()')}" for known in NAMES]
    for _ in range(draw(st.integers(2, 8))):
        writer.statement(0, "", loop=False, function=False)
    return "\n".join(writer.lines) + "\n"


def is_valid(source: str) -> bool:
    try:
        compile(source, "program.py", "exec")
    except SyntaxError:  # a name that is used before its `global`
        return False
    return True


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def told(source: str) -> tuple[set[int], set[int], set[int]]:
    """The lines of legacy calls, of those that may be something else, and of those that took too long to judge.

    The analysis is bounded, and names that are swapped in loops over and over can exceed any bound: what counts is
    that it says so.
    """
    with folder() as path:
        write(path, {"program.py": source})
        report = report_of(path)
        marks = found(report, path)
    legacy = {line for _, line, mark in marks if "CLR101" in mark}
    mixed = {line for _, line, mark in marks if mark.startswith("mixed")}
    given_up = {unseen.line for unseen in report.unseen if "budget" in unseen.reason}
    return legacy, mixed, given_up


bounded = settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)


@bounded
@given(programs(branches=True), st.lists(st.booleans(), min_size=1, max_size=7))
def test_every_call_that_is_performed_is_reported(source: str, truths: list[bool]) -> None:
    if not is_valid(source):
        return
    ran = execute(source, truths)
    legacy, mixed, given_up = told(source)
    assert ran.legacy <= legacy | given_up, source
    # A rewrite would break these.
    assert ran.legacy & ran.other <= mixed, source
    assert ran.other & legacy <= mixed, source


@bounded
@given(programs(branches=False))
def test_nothing_is_reported_where_no_client_is(source: str) -> None:
    if not is_valid(source):
        return
    ran = execute(source, [])
    legacy, mixed, _ = told(source)
    # Without branches nothing leans on itself.
    assert ran.legacy <= legacy, source
    assert ran.other & legacy <= mixed, source


# The same programs each time, so that a change is judged by what it changed; `SOAK=random` looks for new ones.
@pytest.mark.soak
@settings(parent=bounded, max_examples=600, derandomize=os.environ.get("SOAK") != "random")
@given(programs(branches=True), st.lists(st.booleans(), min_size=1, max_size=7))
def test_every_call_that_is_performed_is_reported_at_length(source: str, truths: list[bool]) -> None:
    test_every_call_that_is_performed_is_reported.hypothesis.inner_test(source, truths)  # type: ignore[attr-defined]
