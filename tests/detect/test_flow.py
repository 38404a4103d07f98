"""Which of a name's values a call can see: rebinding, branches, loops, scopes."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import check

HEAD = "import callr\nfrom elsewhere import Other, cond\n"

REBINDING = {
    "before the use": """
        api = callr.Api("l", "p")
        api = 1
        api.call("sms.get", "X")
        """,
    "before the use, by something not known": """
        api = callr.Api("l", "p")
        api = Other()
        api.call("sms.get", "X")  # => unseen
        """,
    "after the use": """
        api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        api = Other()
        """,
    "in a branch": """
        api = callr.Api("l", "p")
        if cond():
            api = Other()
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "in both branches": """
        api = callr.Api("l", "p")
        if cond():
            api = 1
        else:
            api = 2
        api.call("sms.get", "X")
        """,
    "in each branch something else": """
        if cond():
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        else:
            api = Other()
            api.call("sms.get", "X")  # => unseen
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "in a branch that ends": """
        def f():
            api = callr.Api("l", "p")
            if cond():
                api = Other()
                return api
            api.call("sms.get", "X")  # => sms.get
        """,
    "in a branch that raises": """
        api = callr.Api("l", "p")
        if cond():
            api = Other()
            raise SystemExit
        api.call("sms.get", "X")  # => sms.get
        """,
    "in a loop, after the use": """
        api = callr.Api("l", "p")
        for x in range(2):
            api.call("sms.get", "X")  # => mixed sms.get
            api = Other()
        """,
    "in a loop, before the use": """
        api = callr.Api("l", "p")
        for x in range(2):
            api = Other()
            api.call("sms.get", "X")  # => unseen
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "back in a loop": """
        api = callr.Api("l", "p")
        while cond():
            api.call("sms.get", "X")  # => mixed sms.get
            if cond():
                api = Other()
        """,
    "in a loop before continue": """
        for x in range(2):
            api = callr.Api("l", "p")
            if cond():
                api = Other()
                continue
            api.call("sms.get", "X")  # => sms.get
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "in a loop before break": """
        api = callr.Api("l", "p")
        while True:
            api.call("sms.get", "X")  # => sms.get
            if cond():
                api = Other()
                break
        api.call("sms.get", "X")  # => unseen
        """,
    "skipped by a continue": """
        api = Other()
        for x in range(2):
            if cond():
                continue
            api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "skipped by a continue, used in the next round": """
        api = Other()
        for x in range(2):
            api.call("sms.get", "X")  # => mixed sms.get
            if cond():
                continue
            api = callr.Api("l", "p")
        """,
    "killed at the end of the loop": """
        api = Other()
        for x in range(2):
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
            api = Other()
        """,
    "loop variable of the same name": """
        api = callr.Api("l", "p")
        for api in Other():
            api.call("sms.get", "X")  # => unseen
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "else of a loop": """
        api = Other()
        for x in range(2):
            if cond():
                break
        else:
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "try": """
        api = Other()
        try:
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        except Exception:
            api.call("sms.get", "X")  # => mixed sms.get
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "try that ends": """
        def f():
            try:
                api = callr.Api("l", "p")
            except Exception:
                return
            api.call("sms.get", "X")  # => sms.get
        """,
    "except": """
        try:
            api = callr.Api("l", "p")
        except Exception:
            api = Other()
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "except that ends": """
        def f():
            try:
                api = callr.Api("l", "p")
            except Exception:
                api = Other()
                return
            api.call("sms.get", "X")  # => sms.get
        """,
    "changed in try, used in except": """
        api = callr.Api("l", "p")
        try:
            cond()
            api = Other()
            cond()
        except Exception:
            api.call("sms.get", "X")  # => mixed sms.get
        else:
            api.call("sms.get", "X")  # => unseen
        """,
    "finally": """
        api = callr.Api("l", "p")
        try:
            cond()
        finally:
            api = Other()
        api.call("sms.get", "X")  # => unseen
        """,
    "changed in try, used in finally": """
        api = callr.Api("l", "p")
        try:
            cond()
            api = Other()
        finally:
            api.call("sms.get", "X")  # => mixed sms.get
        """,
    "changed before a return, used in finally": """
        def f():
            api = callr.Api("l", "p")
            try:
                if cond():
                    api = Other()
                    return
            finally:
                api.call("sms.get", "X")  # => mixed sms.get
        """,
    "set in finally": """
        try:
            api = Other()
        finally:
            api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "with that may swallow": """
        import contextlib
        api = Other()
        with contextlib.suppress(Exception):
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "with target": """
        api = callr.Api("l", "p")
        with Other() as api:
            api.call("sms.get", "X")  # => unseen
        api.call("sms.get", "X")  # => unseen
        """,
    "match": """
        api = callr.Api("l", "p")
        match cond():
            case 1:
                api = Other()
            case 2:
                api.call("sms.get", "X")  # => sms.get
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "match with a capture": """
        api = callr.Api("l", "p")
        match cond():
            case [api, *_]:
                api.call("sms.get", "X")  # => unseen
            case {"a": 1, **api}:
                api.call("sms.get", "X")  # => unseen
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "match with a case for all": """
        api = callr.Api("l", "p")
        match cond():
            case 1:
                api = 1
            case _:
                api = 2
        api.call("sms.get", "X")
        """,
    "match on the client": """
        match callr.Api("l", "p"):
            case api:
                api.call("sms.get", "X")  # => sms.get
        """,
    "del": """
        api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        del api
        """,
    "del, then something else": """
        api = callr.Api("l", "p")
        del api
        api = Other()
        api.call("sms.get", "X")  # => unseen
        """,
    "del in a branch": """
        api = callr.Api("l", "p")
        if cond():
            del api
            api = Other()
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "walrus": """
        api = callr.Api("l", "p")
        if cond() and (api := Other()):
            api.call("sms.get", "X")  # => mixed sms.get
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "walrus that always runs": """
        api = callr.Api("l", "p")
        if (api := Other()):
            api.call("sms.get", "X")  # => unseen
        """,
    "def": """
        api = callr.Api("l", "p")
        def api(): pass
        api.call("sms.get", "X")
        """,
    "class": """
        api = callr.Api("l", "p")
        class api: pass
        api.call("sms.get", "X")
        """,
    "import": """
        api = callr.Api("l", "p")
        import api
        api.call("sms.get", "X")  # => unseen
        """,
    "exception name": """
        api = callr.Api("l", "p")
        try:
            cond()
        except Exception as api:
            api.call("sms.get", "X")  # => unseen
        """,
    "augmented": """
        api = callr.Api("l", "p")
        api += 1
        api.call("sms.get", "X")  # => unseen
        """,
    "unpacking": """
        api = callr.Api("l", "p")
        api, x = Other()
        api.call("sms.get", "X")  # => unseen
        """,
    "swap": """
        a, b = callr.Api("l", "p"), 1
        a, b = b, a
        b.call("sms.get", "X")  # => sms.get
        a.call("sms.get", "X")
        """,
    "the right side sees the old value": """
        api = callr.Api("l", "p")
        api = api.call("sms.get", "X")  # => sms.get
        api.call("sms.get", "X")
        """,
    "the right side sees the old value, in a loop": """
        api = callr.Api("l", "p")
        for x in range(2):
            api = api.call("sms.get", "X")  # => mixed sms.get
        """,
    "wrapped in itself": """
        api = callr.Api("l", "p")
        api = Other(api)
        api.call("sms.get", "X")  # => unseen
        """,
    "global that others change": """
        api = callr.Api("l", "p")
        def f():
            api.call("sms.get", "X")  # => mixed sms.get
        def g():
            global api
            api = Other()
        """,
    "global that others change, between two statements": """
        api = callr.Api("l", "p")
        def g():
            global api
            api = Other()
        g()
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "nonlocal that others change": """
        def outer():
            api = callr.Api("l", "p")
            def g():
                nonlocal api
                api = Other()
            g()
            api.call("sms.get", "X")  # => mixed sms.get
        """,
    "global in the function itself": """
        api = Other()
        def f():
            global api
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => mixed sms.get
        """,
    "module attribute that others set": {
        "a.py": """
            import callr
            api = callr.Api("l", "p")
            def f():
                api.call("sms.get", "X")  # => mixed sms.get
            """,
        "b.py": """
            import a
            from elsewhere import Other
            a.api = Other()
            """,
    },
    "attribute that others set": """
        class C:
            def __init__(self):
                self.api = callr.Api("l", "p")
            def f(self):
                self.api.call("sms.get", "X")  # => mixed sms.get
        C().api = Other()
        """,
    "attribute of the class, rebound": """
        class C:
            api = callr.Api("l", "p")
            api = 1
            def f(self):
                self.api.call("sms.get", "X")
        """,
    "class and instance": """
        class C:
            api = callr.Api("l", "p")
            def __init__(self, other):
                self.api = Other()
            def f(self):
                self.api.call("sms.get", "X")  # => mixed sms.get
        """,
    "closure sees the last value": """
        def outer():
            api = callr.Api("l", "p")
            def inner():
                api.call("sms.get", "X")  # => mixed sms.get
            api = Other()
            return inner
        """,
    "function global that is rebound at the end of the file": """
        api = callr.Api("l", "p")
        def f():
            api.call("sms.get", "X")  # => mixed sms.get
        f()
        api = Other()
        """,
    "parameter that is rebound": """
        def f(api):
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        f(Other())
        """,
    "parameter that is rebound in a branch": """
        def f(api):
            if cond():
                api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => mixed sms.get
        f(Other())
        """,
    "or": """
        api = Other() or callr.Api("l", "p")
        api.call("sms.get", "X")  # => mixed sms.get
        """,
    "or with the client first": """
        api = callr.Api("l", "p") or Other()
        api.call("sms.get", "X")  # => sms.get
        """,
    "code that never runs": """
        def f():
            api = callr.Api("l", "p")
            return
            api = Other()
            api.call("sms.get", "X")  # => unseen
        """,
}

SCOPES = {
    "parameter": """
        api = callr.Api("l", "p")
        def f(api):
            api.call("sms.get", "X")  # => unseen
        """,
    "lambda's parameter": """
        api = callr.Api("l", "p")
        f = lambda api: api.call("sms.get", "X")  # => unseen
        """,
    "star parameters": """
        api = callr.Api("l", "p")
        def f(*api):
            api.call("sms.get", "X")
        def g(**api):
            api.call("sms.get", "X")
        """,
    "local": """
        api = callr.Api("l", "p")
        def f():
            api = Other()
            api.call("sms.get", "X")  # => unseen
        """,
    "local that is set below": """
        api = callr.Api("l", "p")
        def f():
            api.call("sms.get", "X")  # => unseen
            api = Other()
        """,
    "comprehension variable": """
        api = callr.Api("l", "p")
        [api.call("sms.get", "X") for api in Other()]  # => unseen
        api.call("sms.get", "X")  # => sms.get
        """,
    "first iterable of a comprehension": """
        api = callr.Api("l", "p")
        [api for api in api.call("sms.get", "X")]  # => sms.get
        [api for x in y for api in api.call("sms.get", "X")]  # => unseen
        """,
    "comprehension in a class": """
        class C:
            api = callr.Api("l", "p")
            a = [x for x in api.call("sms.get", "X")]  # => sms.get
            b = [api.call("sms.get", x) for x in y]  # => unseen
        """,
    "class body": """
        api = callr.Api("l", "p")
        class C:
            api = Other()
            api.call("sms.get", "X")  # => unseen
            def f(self):
                api.call("sms.get", "X")  # => sms.get
        """,
    "class body reads the global first": """
        api = callr.Api("l", "p")
        class C:
            api = api
            api.call("sms.get", "X")  # => sms.get
            def f(self):
                self.api.call("sms.get", "X")  # => sms.get
        """,
    "class in a function": """
        def f():
            api = callr.Api("l", "p")
            class C:
                api.call("sms.get", "X")  # => sms.get
                def g(self):
                    api.call("sms.get", "X")  # => sms.get
        """,
    "global skips the enclosing function": """
        api = callr.Api("l", "p")
        def outer():
            api = Other()
            def inner():
                global api
                api.call("sms.get", "X")  # => sms.get
        """,
    "nonlocal skips the module": """
        api = Other()
        def outer():
            api = callr.Api("l", "p")
            def inner():
                nonlocal api
                api.call("sms.get", "X")  # => sms.get
        """,
    "global in a class body": """
        class C:
            global api
            api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "module name is shadowed": """
        def f(callr):
            callr.Api("l", "p").call("sms.get", "X")  # => unseen
        def g():
            callr = Other()
            callr.Api("l", "p").call("sms.get", "X")  # => unseen
        """,
    "two functions with the same local": """
        def f():
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        def g():
            api = Other()
            api.call("sms.get", "X")  # => unseen
        """,
    "decorator and default are outside": """
        api = callr.Api("l", "p")
        def f(api=api.call("sms.get", "X")):  # => sms.get
            pass
        """,
    "two classes with the same attribute": """
        class A:
            def __init__(self):
                self.api = callr.Api("l", "p")
            def f(self):
                self.api.call("sms.get", "X")  # => sms.get
        class B:
            def __init__(self):
                self.api = Other()
            def f(self):
                self.api.call("sms.get", "X")  # => unseen
        """,
    "type parameters": """
        def f[api](x):
            return x
        api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in REBINDING.items()])
def test_rebinding(tmp_path: Path, source: str | dict[str, str]) -> None:
    _check(tmp_path, source)


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in SCOPES.items()])
def test_scope(tmp_path: Path, source: str) -> None:
    _check(tmp_path, source)


def _check(folder: Path, source: str | dict[str, str]) -> None:
    check(folder, HEAD + textwrap.dedent(source) if isinstance(source, str) else source)
