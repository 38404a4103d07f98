"""Programs that are hard on an analysis: none may take it down, hang it, or be told wrongly."""

from __future__ import annotations

import sys
import textwrap
import time
from pathlib import Path

import pytest
from marked import check, report_of, write

HEAD = 'import callr\napi = callr.Api("l", "p")\n'

HARD = {
    "a name that is itself": """
        a = a
        a.call("sms.get", "X")  # => unseen
        """,
    "names in a circle": """
        a = b
        b = c
        c = a
        a.call("sms.get", "X")  # => unseen
        def f():
            c.call("sms.get", "X")  # => unseen
        """,
    "names in a circle with a way in": """
        def f():
            global a, b
            a = b
            b = a
            b = callr.Api("l", "p")
        def g():
            a.call("sms.get", "X")  # => sms.get
            b.call("sms.get", "X")  # => sms.get
        """,
    "a setter of what is no function": """
        class C:
            x = property(run)
            @x.setter
            def x(self, value):
                self.x.call("sms.get", "X")  # => unseen
        """,
    "wrappers in a circle": """
        def a(method, *args):
            api.call(method, *args)  # => CLR105
            b(method, *args)  # => CLR105
        def b(method, *args):
            c(method, *args)  # => CLR105
        def c(method, *args):
            a(method, *args)  # => CLR105
        c("sms.get", "X")  # => sms.get
        """,
    "partials in a circle": """
        import functools
        f = functools.partial(f, "sms.get")
        f("X")
        g = functools.partial(api.call, "sms.get")
        while cond():
            g = functools.partial(g, "X")
        g()  # => mixed sms.get
        """,
    "a wrapper that hands itself on": """
        def f(fn, *args):
            return fn(fn, *args)  # => mixed CLR105
        f(f, api.call, "sms.get")
        f(api.call, "sms.get", "X")
        """,
    "a loop that hands on": """
        node = Other()
        while cond():
            node = node.next
            node.call("sms.get", "X")  # => unseen
        """,
    "a loop that rebuilds": """
        a = callr.Api("l", "p")
        while cond():
            a = a or callr.Api("m", "q")
            a.call("sms.get", "X")  # => sms.get
        """,
    "a loop along attributes": """
        class A: pass
        class B: pass
        A.next = B()
        B.next = api
        x = A()
        while cond():
            x = x.next
        x.call("sms.get", "X")  # => unseen
        """,
    "attributes in a circle": """
        class C:
            def __init__(self):
                self.a = self.b
                self.b = self.a
            def f(self):
                self.a.call("sms.get", "X")  # => unseen
        """,
    "attribute of itself": """
        class C:
            def __init__(self):
                self.me = self.me.me
            def f(self):
                self.me.call("sms.get", "X")  # => unseen
        """,
    "functions in a circle": """
        def f(): return g()
        def g(): return f()
        f().call("sms.get", "X")  # => unseen
        def h(): return h() if x else api
        h().call("sms.get", "X")  # => sms.get
        """,
    "class that inherits from itself": """
        class C(C):
            def f(self):
                self.api.call("sms.get", "X")  # => unseen
                super().call("sms.get", "X")
        """,
    "classes that inherit from each other": """
        class A(B):
            def f(self):
                self.api.call("sms.get", "X")  # => unseen
        class B(A):
            def g(self):
                self.api.call("sms.get", "X")  # => unseen
        """,
    "class with a computed base": """
        class C(make(C), metaclass=M, **kw):
            def f(self):
                self.api.call("sms.get", "X")  # => unseen
        """,
    "default that needs itself": """
        def f(a=lambda: f()):
            return a()
        f().call("sms.get", "X")  # => unseen
        """,
    "comprehension of itself": """
        a = [b for b in a]
        a[0].call("sms.get", "X")  # => unseen
        """,
    "dict of itself": """
        d = {}
        d["d"] = d
        d["d"]["d"].call("sms.get", "X")
        d["x"] = d["x"]
        """,
    "async": """
        async def f():
            async with make() as x:
                api.call("sms.get", "X")  # => sms.get
            async for x in y:
                api.call("sms.get", "X")  # => sms.get
            z = [api.call("sms.get", x) async for x in y]  # => sms.get
            return await api.call("sms.get", "X")  # => sms.get
        """,
    "match": """
        match api.call("sms.get", "X"):  # => sms.get
            case {"status": status} if api.call("sms.get", "X"):  # => sms.get
                api.call("sms.get", "X")  # => sms.get
            case Point(x=0) | [1, *_] | str() as y:
                api.call("sms.get", "X")  # => sms.get
            case api:
                api.call("sms.get", "X")
        """,
    "except star": """
        try:
            api.call("sms.get", "X")  # => sms.get
        except* ValueError as e:
            api.call("sms.get", "X")  # => sms.get
        finally:
            api.call("sms.get", "X")  # => sms.get
        """,
    "type parameters": """
        type X = callr.Api
        type Y[T] = list[T]
        def f[T: callr.Api](a: T, b: X):
            b.call("sms.get", "X")  # => sms.get
        class C[T]:
            def g[*Ts, **P](self, a: X):
                a.call("sms.get", "X")  # => sms.get
        """,
    "star in an index": """
        x[*a].call("sms.get", "X")  # => unseen
        x[*a, api.call("sms.get", "X")]  # => sms.get
        """,
    "nested f-strings": """
        f"{f'{api.call(chr(1))}'}"  # => CLR105
        f"{api.call('sms.get', f'{x}')}"  # => sms.get
        """,
    "walrus in a comprehension": """
        [y for x in z if (y := api.call("sms.get", x))]  # => sms.get
        [a.call("sms.get", x) for x in z if (a := api)]  # => sms.get
        """,
    "decorators": """
        @api.call
        def f(): pass
        @api.call("sms.get", "X")  # => sms.get
        class C: pass
        """,
    "all sorts of targets": """
        for a.b, c[api.call("sms.get", "X")], *d in e:  # => sms.get
            pass
        with a as (b, c), d as e.f, g as h[0]:
            pass
        (a.b, c[0]), [d, *e] = f
        a: int
        b: str = "x"
        del a.b, c[0], d
        """,
    "code behind a return": """
        def f():
            return
            api.call("sms.get", "X")  # => sms.get
        """,
    "empty things": """
        class C: ...
        def f(): ...
        lambda: ...
        api.call(*())  # => CLR105
        api.call(**{})  # => CLR105
        """,
    "global at the top": """
        global api
        api.call("sms.get", "X")  # => sms.get
        """,
    "nonlocal of a nonlocal": """
        def a():
            x = None
            def b():
                def c():
                    nonlocal x
                    x = api
                c()
                x.call("sms.get", "X")  # => sms.get
        """,
    "global in a comprehension's function": """
        def outer():
            api = Other()
            def f():
                global api
                [api.call("sms.get", x) for x in y]  # => sms.get
                (lambda: api.call("sms.get", "X"))()  # => sms.get
        """,
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in HARD.items()])
def test_hard(tmp_path: Path, source: str) -> None:
    check(tmp_path, HEAD + textwrap.dedent(source))


LARGE = {
    "chain of names": "a0 = api\n"
    + "".join(f"a{n + 1} = a{n}\n" for n in range(5000))
    + 'a5000.call("sms.get", "X")\n',
    "chain of functions": "def f0(): return api\n"
    + "".join(f"def f{n + 1}(): return f{n}()\n" for n in range(2000))
    + 'f2000().call("sms.get", "X")\n',
    "chain of attributes": "x = a" + ".b" * 1500 + '\nx.call("sms.get", "X")\n',
    "chain of calls": "x = a" + ".b()" * 600 + '\nx.call("sms.get", "X")\n',
    "huge dict": "d = {"
    + ", ".join(f'"k{n}": "sms.get"' for n in range(20_000))
    + "}\n"
    + "".join(f'api.call(d["k{n}"], "X")\n' for n in range(200)),
    "text built step by step": 's = "a"\n' + 's = s + "b"\n' * 2000 + 'api.call(s, "X")\n',
    "f-string with many values": "".join(f'v{n} = "a" if x else "b"\n' for n in range(30))
    + 'api.call(f"'
    + "".join(f"{{v{n}}}" for n in range(30))
    + '", "X")\n',
    "nested loops": "".join("    " * n + f"for i{n} in x:\n" for n in range(19))
    + "    " * 19
    + 'api = api or callr.Api("l", "p")\n'
    + "    " * 19
    + 'api.call("sms.get", "X")\n',
    "nested ifs": "".join("    " * n + "if x:\n" for n in range(90))
    + "    " * 90
    + "api = api or y\n"
    + 'api.call("sms.get", "X")\n',
    "ladder of elifs": "if x: api = a\n" + "elif y: api = b\n" * 1500 + 'api.call("sms.get", "X")\n',
    "many classes on one": "class A:\n    pass\n"
    + "".join(
        f"class B{n}(A):\n    def f(self):\n        self.api.call('sms.get', 'X')\n" for n in range(300)
    ),
    "functions that all call each other": "".join(
        f"def f{n}(a):\n    a.call('sms.get', 'X')\n" + "".join(f"    f{m}(a)\n" for m in range(40))
        for n in range(40)
    )
    + "f0(api)\n",
    "names that all give each other": "def f():\n    global "
    + ", ".join(f"v{n}" for n in range(40))
    + "\n"
    + "".join(f"    v{n} = v{m}\n" for n in range(40) for m in range(40))
    + "    v7 = api\ndef g():\n"
    + "".join(f"    v{n}.call('sms.get', 'X')\n" for n in range(40)),
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in LARGE.items()])
def test_large(tmp_path: Path, source: str) -> None:
    write(tmp_path, {"program.py": HEAD + source})
    began = time.process_time()
    report = report_of(tmp_path)
    assert time.process_time() - began < 60
    places = sum(finding.code.startswith("CLR1") for finding in report.findings) + len(report.unseen)
    assert places >= source.count('.call("') + source.count(".call('") + source.count(".call(d[")


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="the form means something else there")
def test_a_file_of_python_2_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"program.py": 'import callr\nprint "x"\ncallr.Api("l", "p").call("sms.get", "X")\n'})
    found = report_of(tmp_path).findings
    assert [(finding.code, finding.method) for finding in found] == [("CLR901", None), ("CLR101", "sms.get")]


def test_a_setter_of_a_property_that_is_no_function(tmp_path: Path) -> None:
    check(
        tmp_path,
        """
        import callr

        class Box:
            api = property(lambda self: callr.Api("l", "p"))

            @api.setter
            def api(self, value):
                pass

        Box().api.call("sms.get", "X1")  # => unseen
        """,
    )
