"""Programs of wrappers made at random are run; each request must be told, with its method, where it comes from.

Every line of these programs runs, so that nothing may be told of a method that its line never performs.
"""

from __future__ import annotations

import sys
import types
from concurrent.futures import Future
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marked import report_of, write
from test_oracle import folder

METHODS = ("sms.get", "sms.get_list", "media/library.get")


@dataclass
class Tried:
    """What the program did: the method of each request, and the lines of the program that led to it."""

    requests: list[tuple[str, frozenset[int]]] = field(default_factory=list)

    def run(self, source: str) -> None:
        tried = self

        class Api:
            def __init__(self, *args: object) -> None:
                pass

            def call(self, method: str, *args: object) -> None:
                lines, frame = set(), sys._getframe(1)
                while frame is not None:
                    if frame.f_code.co_filename == "program.py":
                        lines.add(frame.f_lineno)
                    frame = frame.f_back  # type: ignore[assignment]
                tried.requests.append((method, frozenset(lines)))

        class Pool:
            def submit(self, function: object, *args: object) -> Future[object]:
                function(*args)  # type: ignore[operator]
                return Future()

            def apply_async(self, function: object, args: tuple[object, ...] = ()) -> None:
                function(*args)  # type: ignore[operator]

            def map(self, function: object, items: list[object]) -> None:
                for item in items:
                    function(item)  # type: ignore[operator]

        callr = types.ModuleType("callr")
        callr.Api = Api  # type: ignore[attr-defined]
        elsewhere = types.ModuleType("elsewhere")
        elsewhere.pool = Pool()  # type: ignore[attr-defined]
        saved = {name: sys.modules.get(name) for name in ("callr", "elsewhere")}
        sys.modules.update({"callr": callr, "elsewhere": elsewhere})
        try:
            exec(compile(source, "program.py", "exec"), {"__name__": "program", "print": lambda *args: None})
        finally:
            for name, module in saved.items():
                sys.modules.pop(name)
                if module is not None:
                    sys.modules[name] = module


@dataclass
class Callee:
    """Something that a program calls: `before` stands in front of the method's name."""

    name: str
    before: str = ""


# The definition of a wrapper, its name in {w}, what it calls in {t}, what stands before the method's name in {b}.
FORMS = (
    ("def {w}(method, *args):\n    return {t}({b}method, *args)", ""),
    ("def {w}(verb, method, *args):\n    return {t}({b}method, *args)", "'GET', "),
    ("def {w}(*args):\n    return {t}({b}*args)", ""),
    ("def {w}(*args, **kwargs):\n    return {t}({b}*args, **kwargs)", ""),
    ("def {w}(*args):\n    return {t}({b}args[0], *args[1:])", ""),
    ("def {w}(h, method='sms.get_list', *args):\n    return {t}({b}method, h)", "'X', "),
    ("def {w}(name, *args):\n    method = name\n    return {t}({b}method, *args)", ""),
    (
        "def {w}(method, *args):\n    def inner():\n        return {t}({b}method, *args)\n    return inner()",
        "",
    ),
    ("{w} = lambda method, *args: {t}({b}method, *args)", ""),
    (
        "{w} = run_{w}({t})",
        "{b}",
        "def run_{w}(f):\n    def again(*args):\n        return f(*args)\n    return again",
    ),
    (
        "class C_{w}:\n    def go(self, method, *args):\n        return {t}({b}method, *args)\n{w} = C_{w}().go",
        "",
    ),
    (
        "class C_{w}:\n    def __call__(self, method, *args):\n        return {t}({b}method, *args)\n{w} = C_{w}()",
        "",
    ),
    ("def {w}(f, *args):\n    return f(*args)\n{w}(print, 'sms.get')", "{t}, {b}"),
    ("async_{w} = partial({t})\n{w} = partial(async_{w})", "{b}"),
)


@st.composite
def programs(draw: st.DrawFn) -> str:
    lines = ["import callr", "from functools import partial", "from elsewhere import pool"]
    lines += ["api = callr.Api('l', 'p')"]
    known = [Callee("api.call")]
    for number in range(draw(st.integers(1, 4))):
        target = draw(st.sampled_from(known))
        form = draw(st.sampled_from(FORMS))
        made = Callee(f"w{number}", form[1].format(t=target.name, b=target.before))
        for text in (*form[2:], form[0]):
            lines += text.format(w=made.name, t=target.name, b=target.before).split("\n")
        known.append(made)
    for callee in known:
        for _ in range(draw(st.integers(1, 2))):
            method = repr(draw(st.sampled_from(METHODS)))
            shape = draw(
                st.sampled_from(
                    (
                        "{c}({b}{m})",
                        "pool.submit({c}, {b}{m})",
                        "pool.apply_async({c}, ({b}{m},))",
                        "partial({c}, {b}{m})()",
                    )
                )
            )
            lines.append(shape.format(c=callee.name, b=callee.before, m=method))
    return "\n".join(lines) + "\n"


def told(source: str) -> list[tuple[int, str, str | None]]:
    """Line, code and method of the calls that are reported."""
    with folder() as path:
        write(path, {"program.py": source})
        report = report_of(path)
    assert report.errors == []
    return [
        (source.count("\n", 0, finding.start) + 1, finding.code, finding.method)
        for finding in report.findings
        if finding.code.startswith("CLR1")
    ]


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(programs())
def test_each_request_is_told_where_it_comes_from(source: str) -> None:
    tried = Tried()
    tried.run(source)
    found = told(source)
    performed = {(line, method) for method, lines in tried.requests for line in lines}
    for method, lines in tried.requests:
        assert any(line in lines and name == method for line, _, name in found), (method, lines, source)
    for line, code, name in found:
        assert code == "CLR105" or (line, name) in performed, (line, code, name, source)
    assert len({line for line, _, _ in found}) == len(found), source


def test_the_programs_perform_requests() -> None:
    tried = Tried()
    tried.run("import callr\ndef f(m):\n    callr.Api().call(m)\nf('sms.get')\n")
    assert tried.requests == [("sms.get", frozenset({3, 4}))]
