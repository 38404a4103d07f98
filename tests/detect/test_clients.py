"""Where the client comes from, inside of one file."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import check

IMPORTS = {
    "module": """
        import callr
        callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "module with another name": """
        import callr as c
        api = c.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "class": """
        from callr import Api
        Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "class with another name": """
        from callr import Api as Telephone, CallrException as Broken
        try:
            Telephone("l", "p").call("sms.get", "X")  # => sms.get
        except Broken:
            pass
        """,
    "inner module from the package": """
        from callr import callr
        callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "inner module from the package, with another name": """
        from callr import callr as inner
        inner.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "inner module": """
        import callr.callr
        callr.callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "inner module with another name": """
        import callr.callr as inner
        inner.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "class from the inner module": """
        from callr.callr import Api
        Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "star": """
        from callr import *
        api = Api("l", "p")
        def f():
            return api.call("sms.get", "X")  # => sms.get
        """,
    "star from the inner module": """
        from callr.callr import *
        Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "star inside of a try": """
        try:
            from callr import *
        except ImportError:
            raise
        Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "the ancestor": """
        import thecallr
        api = thecallr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "the ancestor's class": """
        from thecallr import Api
        Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "the ancestor's inner module": """
        from thecallr import thecallr
        thecallr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "several on a line": """
        import os, callr as c, sys
        c.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "inside of a function": """
        def f():
            import callr
            api = callr.Api("l", "p")
            return api.call("sms.get", "X")  # => sms.get
        """,
    "inside of a function, as a global": """
        def load():
            global callr
            import callr
        def f():
            return callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "inside of a class": """
        class C:
            import callr
            api = callr.Api("l", "p")
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
            def g(self):
                return self.callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "or None": """
        try:
            import callr
        except ImportError:
            callr = None
        def f():
            return callr.Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
    "either name": """
        try:
            from callr import Api
        except ImportError:
            from thecallr import Api
        api = Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "either SDK under one name": """
        try:
            import callr
        except ImportError:
            import thecallr as callr
        api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "only for type checkers": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import callr
        def f(api: "callr.Api"):
            return api.call("sms.get", "X")  # => sms.get
        """,
    "by importlib": """
        import importlib
        callr = importlib.import_module("callr")
        api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "by importlib's function": """
        from importlib import import_module
        api = import_module("callr").Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "by __import__": """
        api = __import__("callr").Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "the class under a name of its own": """
        import callr
        Api = callr.Api
        api = Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "the class by getattr": """
        import callr
        api = getattr(callr, "Api")("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "below a version test": """
        import sys
        if sys.version_info >= (3,):
            from callr import Api
        else:
            from thecallr import Api
        Api("l", "p").call("sms.get", "X")  # => sms.get
        """,
}

PLACES = {
    "module global": """
        import callr
        api = callr.Api("l", "p")
        def f():
            return api.call("sms.get", "X")  # => sms.get
        """,
    "module global that is set below its use": """
        import callr
        def f():
            return api.call("sms.get", "X")  # => sms.get
        api = callr.Api("l", "p")
        """,
    "annotated": """
        import callr
        api: callr.Api = callr.Api("l", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "annotated without a value": """
        import callr
        api: callr.Api
        def f():
            api.call("sms.get", "X")  # => sms.get
        """,
    "alias": """
        import callr
        a = callr.Api("l", "p")
        b = a
        c = b
        c.call("sms.get", "X")  # => sms.get
        """,
    "several targets": """
        import callr
        a = b = callr.Api("l", "p")
        a.call("sms.get", "X")  # => sms.get
        b.call("sms.get", "X")  # => sms.get
        """,
    "attribute of the instance": """
        import callr
        class C:
            def __init__(self):
                self.api = callr.Api("l", "p")
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        C().api.call("sms.get", "X")  # => sms.get
        """,
    "attribute of the instance, None at first": """
        import callr
        class C:
            api = None
            def connect(self):
                self.api = callr.Api("l", "p")
            def f(self):
                if self.api is None:
                    self.connect()
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "instance under another name than self": """
        import callr
        class C:
            def __init__(this):
                this.api = callr.Api("l", "p")
            def f(me):
                return me.api.call("sms.get", "X")  # => sms.get
        """,
    "attribute of the class": """
        import callr
        class C:
            api = callr.Api("l", "p")
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
            @classmethod
            def g(cls):
                return cls.api.call("sms.get", "X")  # => sms.get
            @staticmethod
            def h():
                return C.api.call("sms.get", "X")  # => sms.get
        C.api.call("sms.get", "X")  # => sms.get
        """,
    "attribute of the class, set from outside": """
        import callr
        class C:
            pass
        C.api = callr.Api("l", "p")
        C.api.call("sms.get", "X")  # => sms.get
        """,
    "attribute that is set from outside": """
        import callr
        class C:
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        c = C()
        c.api = callr.Api("l", "p")
        """,
    "attribute of a function": """
        import callr
        def f():
            return f.api.call("sms.get", "X")  # => sms.get
        f.api = callr.Api("l", "p")
        """,
    "attribute of self under another name": """
        import callr
        class C:
            def __init__(self):
                me = self
                me.api = callr.Api("l", "p")
            def f(self):
                me = self
                return me.api.call("sms.get", "X")  # => sms.get
        """,
    "by setattr": """
        import callr
        class C:
            def __init__(self):
                setattr(self, "api", callr.Api("l", "p"))
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "by getattr": """
        import callr
        class C:
            def __init__(self):
                self.api = callr.Api("l", "p")
            def f(self):
                return getattr(self, "api").call("sms.get", "X")  # => sms.get
            def g(self):
                return getattr(self, "api", None).call("sms.get", "X")  # => sms.get
        """,
    "base class": """
        import callr
        class Base:
            def __init__(self):
                self.api = callr.Api("l", "p")
        class Middle(Base):
            pass
        class Low(Middle):
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "base class's method": """
        import callr
        class Base:
            def client(self):
                return callr.Api("l", "p")
        class Low(Base):
            def f(self):
                return self.client().call("sms.get", "X")  # => sms.get
            def g(self):
                return super().client().call("sms.get", "X")  # => sms.get
        """,
    "set in the subclass, used in the base": """
        import callr
        class Base:
            api = None
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        class Low(Base):
            api = callr.Api("l", "p")
        """,
    "set in the subclass's __init__, used in the base": """
        import callr
        class Base:
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        class Low(Base):
            def __init__(self):
                self.api = callr.Api("l", "p")
        """,
    "property": """
        import callr
        class C:
            @property
            def api(self):
                return callr.Api("l", "p")
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "cached property that keeps the client": """
        import callr
        class C:
            _api = None
            @property
            def api(self):
                if self._api is None:
                    self._api = callr.Api("l", "p")
                return self._api
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "dataclass field": """
        import callr
        from dataclasses import dataclass
        @dataclass
        class C:
            api: callr.Api
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "factory": """
        import callr
        def make():
            return callr.Api("l", "p")
        make().call("sms.get", "X")  # => sms.get
        """,
    "factory through a name": """
        import callr
        def make():
            api = callr.Api("l", "p")
            return api
        def f():
            api = make()
            return api.call("sms.get", "X")  # => sms.get
        """,
    "factory with a cache": """
        import callr, functools
        @functools.lru_cache(maxsize=None)
        def make():
            return callr.Api("l", "p")
        make().call("sms.get", "X")  # => sms.get
        """,
    "factory with a global": """
        import callr
        _api = None
        def make():
            global _api
            if _api is None:
                _api = callr.Api("l", "p")
            return _api
        make().call("sms.get", "X")  # => sms.get
        """,
    "factory as a class method": """
        import callr
        class C:
            @classmethod
            def make(cls):
                return callr.Api("l", "p")
            @staticmethod
            def make_too():
                return callr.Api("l", "p")
        C.make().call("sms.get", "X")  # => sms.get
        C.make_too().call("sms.get", "X")  # => sms.get
        C().make().call("sms.get", "X")  # => sms.get
        """,
    "factory as a lambda": """
        import callr
        make = lambda: callr.Api("l", "p")
        make().call("sms.get", "X")  # => sms.get
        """,
    "factory that is only annotated": """
        import callr
        def make() -> "callr.Api":
            return load_it_somehow()
        make().call("sms.get", "X")  # => sms.get
        """,
    "factory that awaits": """
        import callr
        async def make():
            return callr.Api("l", "p")
        async def f():
            api = await make()
            api.call("sms.get", "X")  # => sms.get
        """,
    "factory that returns a pair": """
        import callr
        def make():
            return callr.Api("l", "p"), "ok"
        api, state = make()
        api.call("sms.get", "X")  # => sms.get
        make()[0].call("sms.get", "X")  # => sms.get
        """,
    "factory that makes a factory": """
        import callr
        def outer():
            def inner():
                return callr.Api("l", "p")
            return inner
        outer()().call("sms.get", "X")  # => sms.get
        """,
    "default argument": """
        import callr
        def f(api=callr.Api("l", "p")):
            return api.call("sms.get", "X")  # => sms.get
        """,
    "default argument of a lambda": """
        import callr
        f = lambda api=callr.Api("l", "p"): api.call("sms.get", "X")  # => sms.get
        """,
    "default argument by keyword only": """
        import callr
        def f(*, api=callr.Api("l", "p")):
            return api.call("sms.get", "X")  # => sms.get
        """,
    "default argument None": """
        import callr
        def f(api=None):
            api = api or callr.Api("l", "p")
            return api.call("sms.get", "X")  # => sms.get
        """,
    "default argument None with an if": """
        import callr
        def f(api=None):
            if api is None:
                api = callr.Api("l", "p")
            return api.call("sms.get", "X")  # => sms.get
        """,
    "conditional": """
        import callr
        api = callr.Api("l", "p") if enabled else None
        api.call("sms.get", "X")  # => sms.get
        """,
    "conditional receiver": """
        import callr
        a, b = callr.Api("l", "p"), callr.Api("m", "q")
        (a if x else b).call("sms.get", "X")  # => sms.get
        (a or b).call("sms.get", "X")  # => sms.get
        """,
    "if and else": """
        import callr
        if live:
            api = callr.Api("l", "p")
        else:
            api = callr.Api("t", "p")
        api.call("sms.get", "X")  # => sms.get
        """,
    "None, then global": """
        import callr
        api = None
        def setup():
            global api
            api = callr.Api("l", "p")
        def f():
            return api.call("sms.get", "X")  # => sms.get
        """,
    "disabled, then global": """
        import callr
        api = "disabled"
        def setup():
            global api
            api = callr.Api("l", "p")
        def f():
            return api.call("sms.get", "X")  # => sms.get
        """,
    "global in a nested function, without a binding in the module": """
        import callr
        def outer():
            def setup():
                global api
                api = callr.Api("l", "p")
            setup()
        def f():
            return api.call("sms.get", "X")  # => sms.get
        """,
    "global is used where it is set": """
        import callr
        def setup():
            global api
            api = callr.Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
        """,
    "nonlocal": """
        import callr
        def outer():
            api = None
            def setup():
                nonlocal api
                api = callr.Api("l", "p")
            setup()
            return api.call("sms.get", "X")  # => sms.get
        """,
    "nested functions": """
        import callr
        def outer():
            api = callr.Api("l", "p")
            def middle():
                def inner():
                    return api.call("sms.get", "X")  # => sms.get
                return inner
            return middle
        """,
    "closure over a parameter": """
        import callr
        def outer(api):
            def inner():
                return api.call("sms.get", "X")  # => sms.get
            return inner
        outer(callr.Api("l", "p"))()
        """,
    "lambda": """
        import callr
        api = callr.Api("l", "p")
        send = lambda h: api.call("sms.get", h)  # => sms.get
        """,
    "lambda that is given it": """
        import callr
        send = lambda client, h: client.call("sms.get", h)  # => sms.get
        send(callr.Api("l", "p"), "X")
        class Holder:
            send = lambda self, client, h: client.call("sms.get", h)  # => unseen
        Holder.other = lambda self, client, h: client.call("sms.get", h)  # => unseen
        Holder().send(callr.Api("l", "p"), "X")
        Holder().other(callr.Api("l", "p"), "X")
        """,
    "lambda that is handed on, and given it then": """
        import callr
        status = lambda client: client.call("sms.get", "X")  # => sms.get
        list(map(status, [callr.Api("l", "p")]))
        """,
    "comprehensions": """
        import callr
        api = callr.Api("l", "p")
        a = [api.call("sms.get", h) for h in hashes]  # => sms.get
        b = {api.call("sms.get", h) for h in hashes}  # => sms.get
        c = {h: api.call("sms.get", h) for h in hashes}  # => sms.get
        d = (api.call("sms.get", h) for h in hashes)  # => sms.get
        e = [x for x in api.call("sms.get", "X")]  # => sms.get
        f = [x for x in y if api.call("sms.get", x)]  # => sms.get
        """,
    "comprehension over clients": """
        import callr
        apis = [callr.Api("l", "p"), callr.Api("m", "q")]
        [api.call("sms.get", "X") for api in apis]  # => sms.get
        [api.call("sms.get", h) for h in hashes for api in apis]  # => sms.get
        """,
    "clients made by a comprehension": """
        import callr
        apis = [callr.Api(l, p) for l, p in accounts]
        for api in apis:
            api.call("sms.get", "X")  # => sms.get
        apis[0].call("sms.get", "X")  # => sms.get
        by_name = {l: callr.Api(l, p) for l, p in accounts}
        by_name["a"].call("sms.get", "X")  # => sms.get
        """,
    "tuple unpacking": """
        import callr
        api, other = callr.Api("l", "p"), 1
        api.call("sms.get", "X")  # => sms.get
        (x, (y, z)) = (1, (2, callr.Api("l", "p")))
        z.call("sms.get", "X")  # => sms.get
        [p, q] = [callr.Api("l", "p"), 2]
        p.call("sms.get", "X")  # => sms.get
        first, *rest = callr.Api("l", "p"), 1, 2
        first.call("sms.get", "X")  # => sms.get
        *rest, last = 1, 2, callr.Api("l", "p")
        last.call("sms.get", "X")  # => sms.get
        """,
    "walrus": """
        import callr
        if (api := callr.Api("l", "p")):
            api.call("sms.get", "X")  # => sms.get
        (api2 := callr.Api("l", "p")).call("sms.get", "X")  # => sms.get
        [y := callr.Api("l", "p") for _ in range(1)]
        y.call("sms.get", "X")  # => sms.get
        """,
    "with": """
        import callr
        from contextlib import closing, contextmanager, nullcontext
        with callr.Api("l", "p") as api:
            api.call("sms.get", "X")  # => sms.get
        with closing(callr.Api("l", "p")) as api2:
            api2.call("sms.get", "X")  # => sms.get
        with nullcontext(callr.Api("l", "p")) as api4:
            api4.call("sms.get", "X")  # => sms.get
        @contextmanager
        def session():
            yield callr.Api("l", "p")
        with session() as api3:
            api3.call("sms.get", "X")  # => sms.get
        """,
    "context manager class": """
        import callr
        class Session:
            def __enter__(self):
                self.api = callr.Api("l", "p")
                return self.api
            def __exit__(self, *a):
                pass
        with Session() as api:
            api.call("sms.get", "X")  # => sms.get
        class Me:
            def __init__(self):
                self.api = callr.Api("l", "p")
            def __enter__(self):
                return self
            def __exit__(self, *a):
                pass
        with Me() as me:
            me.api.call("sms.get", "X")  # => sms.get
        """,
    "dict and list": """
        import callr
        apis = {"fr": callr.Api("l", "p"), "uk": callr.Api("m", "q")}
        apis["fr"].call("sms.get", "X")  # => sms.get
        apis[country].call("sms.get", "X")  # => sms.get
        apis.get("fr").call("sms.get", "X")  # => sms.get
        for api in apis.values():
            api.call("sms.get", "X")  # => sms.get
        for name, api in apis.items():
            api.call("sms.get", "X")  # => sms.get
        some = [callr.Api("l", "p"), callr.Api("m", "q")]
        some[0].call("sms.get", "X")  # => sms.get
        some[-1].call("sms.get", "X")  # => sms.get
        some[i].call("sms.get", "X")  # => sms.get
        for api in some:
            api.call("sms.get", "X")  # => sms.get
        for i, api in enumerate(some):
            api.call("sms.get", "X")  # => sms.get
        for api, x in zip(some, others):
            api.call("sms.get", "X")  # => sms.get
        """,
    "dict and list that are filled later": """
        import callr
        apis = {}
        apis["fr"] = callr.Api("l", "p")
        apis["fr"].call("sms.get", "X")  # => sms.get
        some = []
        some.append(callr.Api("l", "p"))
        some[0].call("sms.get", "X")  # => sms.get
        for api in some:
            api.call("sms.get", "X")  # => sms.get
        """,
    "loop variable": """
        import callr
        for api in (callr.Api("l", "p"), callr.Api("m", "q")):
            api.call("sms.get", "X")  # => sms.get
        api.call("sms.get", "X")  # => sms.get
        """,
    "bound method": """
        import callr
        api = callr.Api("l", "p")
        call = api.call
        call("sms.get", "X")  # => sms.get
        class C:
            def __init__(self):
                self.do = api.call
            def f(self):
                self.do("sms.get", "X")  # => sms.get
        def f(do=api.send):
            do("sms.get", ["X"])  # => sms.get
        """,
    "bound method by getattr": """
        import callr
        api = callr.Api("l", "p")
        getattr(api, "call")("sms.get", "X")  # => sms.get
        """,
    "bound method from a function": """
        import callr
        def caller():
            return callr.Api("l", "p").call
        caller()("sms.get", "X")  # => sms.get
        """,
    "bound method in a dict": """
        import callr
        api = callr.Api("l", "p")
        do = {"sms": api.call}
        do["sms"]("sms.get", "X")  # => sms.get
        """,
    "subclass": """
        import callr
        class Mine(callr.Api):
            def get(self, h):
                return self.call("sms.get", h)  # => sms.get
        Mine("l", "p").call("sms.get", "X")  # => sms.get
        Mine("l", "p").get("X")
        """,
    "subclass with a super call": """
        import callr
        class Mine(callr.Api):
            def get(self, h):
                return super().call("sms.get", h)  # => sms.get
            def get2(self, h):
                return super(Mine, self).call("sms.get", h)  # => sms.get
            def get3(self, h):
                return callr.Api.call(self, "sms.get", h)  # => unseen
        """,
    "subclass of a subclass": """
        import callr
        class A(callr.Api):
            pass
        class B(A):
            def get(self, h):
                return self.call("sms.get", h)  # => sms.get
        B("l", "p").send("sms.get", ["X"])  # => sms.get
        """,
    "awaited in a thread": """
        import callr, asyncio
        api = callr.Api("l", "p")
        async def f():
            return await asyncio.to_thread(lambda: api.call("sms.get", "X"))  # => sms.get
        """,
    "conditional on a test of the class": """
        import callr
        class C:
            def __init__(self, api=None):
                self.api = api if api is not None else callr.Api("l", "p")
            def f(self):
                return self.api.call("sms.get", "X")  # => sms.get
        """,
    "chain of attributes": """
        import callr
        class A:
            def __init__(self):
                self.api = callr.Api("l", "p")
        class B:
            def __init__(self):
                self.a = A()
        class C:
            b = B()
        C().b.a.api.call("sms.get", "X")  # => sms.get
        """,
    "over several lines": """
        import callr
        api = callr.Api("l", "p")
        (api  # => sms.get
            .call(
                "sms.get",
                "X"))
        """,
    "call in a default, decorator, annotation and base": """
        import callr
        api = callr.Api("l", "p")
        def f(x=api.call("sms.get", "X")):  # => sms.get
            pass
        @api.call("sms.get", "X")  # => sms.get
        def g(x: api.call("sms.get", "X")) -> api.call("sms.get", "X"):  # => sms.get; sms.get
            pass
        class C(api.call("sms.get", "X"), k=api.call("sms.get", "X")):  # => sms.get; sms.get
            x = api.call("sms.get", "X")  # => sms.get
        """,
    "call inside of everything": """
        import callr
        api = callr.Api("l", "p")
        f"{api.call('sms.get', 'X')!r:>{api.call('sms.get', 'X')}}"  # => sms.get; sms.get
        x[api.call("sms.get", "X")] = 1  # => sms.get
        del x[api.call("sms.get", "X")]  # => sms.get
        assert api.call("sms.get", "X"), api.call("sms.get", "X")  # => sms.get; sms.get
        print(*api.call("sms.get", "X"), **api.call("sms.get", "X"))  # => sms.get; sms.get
        api.call("sms.get", api.call("sms.get", "X"))  # => sms.get; sms.get
        while api.call("sms.get", "X") and not api.call("sms.get", "X"):  # => sms.get; sms.get
            raise api.call("sms.get", "X") from api.call("sms.get", "X")  # => sms.get; sms.get
        x += api.call("sms.get", "X")  # => sms.get
        x = y = api.call("sms.get", "X")  # => sms.get
        x: int = api.call("sms.get", "X")  # => sms.get
        -api.call("sms.get", "X")  # => sms.get
        1 < api.call("sms.get", "X") < 2  # => sms.get
        x[1:api.call("sms.get", "X")]  # => sms.get
        api.call("sms.get", "X")["a"].b(1)  # => sms.get
        def gen():
            yield api.call("sms.get", "X")  # => sms.get
            yield from api.call("sms.get", "X")  # => sms.get
        """,
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in IMPORTS.items()])
def test_import(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in PLACES.items()])
def test_place(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)


OUT_OF_PATTERNS = """
    import callr
    from elsewhere import other
    def connect():
        return 1, callr.Api("l", "p"), None
    match connect():
        case [_, api, *_]:
            api.call("sms.get", "X")  # => sms.get
        case (*_, third, None) | [_, third]:
            third.call("sms.get", "X")  # => sms.get
        case (1, (inner, _), None):
            inner.call("sms.get", "X")  # => unseen
        case [1, callr.Api() as named, _] as whole:
            named.call("sms.get", "X")  # => sms.get
            whole[1].call("sms.get", "X")  # => sms.get
        case {"api": by_key}:
            by_key.call("sms.get", "X")  # => unseen
    match other:
        case [api2]:
            api2.call("sms.get", "X")  # => unseen
    """

OUT_OF_STACKS = """
    import callr, contextlib
    from contextlib import ExitStack
    from elsewhere import other
    @contextlib.contextmanager
    def phone():
        yield callr.Api("l", "p")
    with ExitStack() as stack, other() as strange:
        stack.enter_context(phone()).call("sms.get", "X")  # => sms.get
        strange.enter_context(phone()).call("sms.get", "X")  # => unseen
    class C:
        def __init__(self):
            self.stack = contextlib.ExitStack()
            self.api = self.stack.enter_context(phone())
        def f(self):
            self.api.call("sms.get", "X")  # => sms.get
    """

OUT_OF_FIELDS = """
    import attrs, callr, dataclasses
    from dataclasses import dataclass, field
    def make():
        return callr.Api("l", "p")
    @dataclass
    class C:
        a: object = field(default_factory=make)
        b: object = dataclasses.field(default_factory=lambda: callr.Api("l", "p"), repr=False)
        c: object = field(default=make())
        d: object = field()
    @attrs.define
    class D:
        a = attrs.field(factory=make)
    def f(x: C, y: D):
        x.a.call("sms.get", "X")  # => sms.get
        x.b.call("sms.get", "X")  # => sms.get
        x.c.call("sms.get", "X")  # => sms.get
        x.d.call("sms.get", "X")  # => unseen
        y.a.call("sms.get", "X")  # => sms.get
    """


@pytest.mark.parametrize("source", [OUT_OF_PATTERNS, OUT_OF_STACKS, OUT_OF_FIELDS])
def test_out_of_what_pythons_library_makes(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)
