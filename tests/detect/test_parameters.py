"""Clients and method names that come in as parameters."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import check

HEAD = "import callr\nfrom elsewhere import Other, cond, run\nfrom typing import Optional, Union, Annotated\n"

CALLERS = {
    "positional": """
        def f(api, h):
            return api.call("sms.get", h)  # => sms.get
        f(callr.Api("l", "p"), "X")
        """,
    "keyword": """
        def f(h, api):
            return api.call("sms.get", h)  # => sms.get
        f("X", api=callr.Api("l", "p"))
        """,
    "keyword only": """
        def f(h, *, api):
            return api.call("sms.get", h)  # => sms.get
        f("X", api=callr.Api("l", "p"))
        """,
    "positional only": """
        def f(api, /, h):
            return api.call("sms.get", h)  # => sms.get
        f(callr.Api("l", "p"), "X")
        """,
    "default and caller": """
        def f(api=None):
            return api.call("sms.get", "X")  # => sms.get
        f(callr.Api("l", "p"))
        f()
        """,
    "default that is something else": """
        def f(api=Other()):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        """,
    "several callers": """
        def f(api):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        f(Other())
        """,
    "caller that unpacks": """
        def f(api):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        f(*Other())
        """,
    "caller that unpacks names": """
        def f(api):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        f(**Other())
        """,
    "through two functions": """
        def inner(api):
            return api.call("sms.get", "X")  # => sms.get
        def outer(api):
            return inner(api)
        outer(callr.Api("l", "p"))
        """,
    "recursion": """
        def f(api, n):
            if n:
                f(api, n - 1)
            return api.call("sms.get", "X")  # => sms.get
        f(callr.Api("l", "p"), 3)
        """,
    "two functions that call each other": """
        def even(api, n):
            odd(api, n - 1)
            api.call("sms.get", "X")  # => sms.get
        def odd(api, n):
            even(api, n - 1)
            api.call("sms.get", "X")  # => sms.get
        even(callr.Api("l", "p"), 4)
        """,
    "recursion only": """
        def f(api):
            f(api)
            api.call("sms.get", "X")  # => unseen
        """,
    "function that is handed on": """
        def f(api):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        run(f)
        """,
    "function that is stored": """
        def f(api):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        HANDLERS = {"get": f}
        """,
    "decorated function": """
        @run
        def f(api):
            return api.call("sms.get", "X")  # => mixed sms.get
        f(callr.Api("l", "p"))
        """,
    "decorated factory": """
        @run
        def make():
            return callr.Api("l", "p")
        make().call("sms.get", "X")  # => mixed sms.get
        """,
    "method": """
        class C:
            def f(self, api):
                return api.call("sms.get", "X")  # => sms.get
        C().f(callr.Api("l", "p"))
        """,
    "method through the class": """
        class C:
            def f(self, api):
                return api.call("sms.get", "X")  # => sms.get
        C.f(C(), callr.Api("l", "p"))
        """,
    "method of self": """
        class C:
            def f(self):
                return self.g(callr.Api("l", "p"))
            def g(self, api):
                return api.call("sms.get", "X")  # => sms.get
        """,
    "static method": """
        class C:
            @staticmethod
            def f(api):
                return api.call("sms.get", "X")  # => sms.get
        C.f(callr.Api("l", "p"))
        C().f(callr.Api("l", "p"))
        """,
    "class method": """
        class C:
            @classmethod
            def f(cls, api):
                return api.call("sms.get", "X")  # => sms.get
        C.f(callr.Api("l", "p"))
        C().f(callr.Api("l", "p"))
        """,
    "inherited method": """
        class A:
            def f(self, api):
                return api.call("sms.get", "X")  # => sms.get
        class B(A):
            pass
        B().f(callr.Api("l", "p"))
        """,
    "overridden method": """
        class A:
            def f(self, api):
                return api.call("sms.get", "X")  # => unseen
        class B(A):
            def f(self, api):
                return api.call("sms.get", "X")  # => sms.get
        B().f(callr.Api("l", "p"))
        """,
    "method that may be overridden": """
        class A:
            def g(self):
                return self.f(callr.Api("l", "p"))
            def f(self, api):
                return api.call("sms.get", "X")  # => sms.get
        class B(A):
            def f(self, api):
                return api.call("sms.get", "X")  # => sms.get
        """,
    "__init__": """
        class C:
            def __init__(self, api):
                self.api = api
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        C(callr.Api("l", "p"))
        """,
    "__init__ by keyword": """
        class C:
            def __init__(self, name, api=None):
                self.api = api
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        C("n", api=callr.Api("l", "p"))
        """,
    "__init__ of the base": """
        class A:
            def __init__(self, api):
                self.api = api
        class B(A):
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        B(callr.Api("l", "p"))
        """,
    "__init__ of the base through super": """
        class A:
            def __init__(self, api):
                self.api = api
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        class B(A):
            def __init__(self, name):
                super().__init__(callr.Api("l", "p"))
        B("n")
        """,
    "__init__ of the base by its name": """
        class A:
            def __init__(self, api):
                self.api = api
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        class B(A):
            def __init__(self, name):
                A.__init__(self, callr.Api("l", "p"))
        B("n")
        """,
    "made by cls": """
        class C:
            def __init__(self, api):
                self.api = api
            @classmethod
            def make(cls):
                return cls(callr.Api("l", "p"))
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "a bound method as argument": """
        def f(call):
            return call("sms.get", "X")  # => sms.get
        f(callr.Api("l", "p").call)
        """,
    "a factory as argument": """
        def make():
            return callr.Api("l", "p")
        def f(factory):
            return factory().call("sms.get", "X")  # => sms.get
        f(make)
        """,
    "a class as argument": """
        def f(kind):
            return kind("l", "p").call("sms.get", "X")  # => sms.get
        f(callr.Api)
        """,
    "the method's name": """
        api = callr.Api("l", "p")
        def f(method, *args):
            return api.call(method, *args)  # => CLR105
        f("sms.get", "X")  # => sms.get
        """,
    "the method's name, from several": """
        api = callr.Api("l", "p")
        def f(method):
            return api.call(method, "X")  # => CLR105
        f("sms.get")  # => sms.get
        f("sms.send")  # => sms.send
        """,
    "lambda": """
        f = lambda api: api.call("sms.get", "X")  # => CLR101 sms.get
        f(callr.Api("l", "p"))
        """,
    "yielded": """
        def apis():
            yield callr.Api("l", "p")
        for api in apis():
            api.call("sms.get", "X")  # => CLR101 sms.get
        """,
}

ANNOTATIONS = {
    "class": "callr.Api",
    "text": '"callr.Api"',
    "Optional": "Optional[callr.Api]",
    "text of Optional": '"Optional[callr.Api]"',
    "or None": "callr.Api | None",
    "None or": "None | callr.Api",
    "Union": "Union[callr.Api, None]",
    "text in Optional": 'Optional["callr.Api"]',
    "Annotated": 'Annotated[callr.Api, "x"]',
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in CALLERS.items()])
def test_caller(tmp_path: Path, source: str) -> None:
    check(tmp_path, HEAD + textwrap.dedent(source))


@pytest.mark.parametrize("annotation", [pytest.param(text, id=name) for name, text in ANNOTATIONS.items()])
def test_annotation(tmp_path: Path, annotation: str) -> None:
    check(
        tmp_path,
        HEAD
        + f"""
class C:
    api: {annotation}
    def __init__(self, client: {annotation}, other=None) -> None:
        self.client = client
        self.other: {annotation} = other
    def f(self):
        self.api.call("sms.get", "X")  # => sms.get
        self.client.call("sms.get", "X")  # => sms.get
        self.other.call("sms.get", "X")  # => sms.get
def f(api: {annotation}, other: int):
    api.call("sms.get", "X")  # => sms.get
    other.call("sms.get", "X")  # => unseen
def make() -> {annotation}:
    return run()
make().call("sms.get", "X")  # => sms.get
""",
    )


def test_annotation_of_something_that_holds_clients(tmp_path: Path) -> None:
    check(
        tmp_path,
        HEAD
        + """
def f(apis: list[callr.Api], named: "dict[str, callr.Api]", make: Callable[[], callr.Api], kind: type[callr.Api]):
    apis.call("sms.get", "X")
    named.call("sms.get", "X")
    make.call("sms.get", "X")  # => unseen
    kind.call("sms.get", "X")  # => unseen
    apis[0].call("sms.get", "X")  # => sms.get
    for api in apis:
        api.call("sms.get", "X")  # => sms.get
    named["a"].call("sms.get", "X")  # => sms.get
    for name, api in named.items():
        api.call("sms.get", "X")  # => sms.get
""",
    )
