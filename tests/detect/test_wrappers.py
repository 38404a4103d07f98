"""Functions of a program's own that hand a method name on to a legacy call."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import check

HEAD = 'import callr\nfrom elsewhere import Other, cond, run\napi = callr.Api("l", "p")\n'

WRAPPERS = {
    "function": """
        def dispatch(method, *args):
            return api.call(method, *args)  # => CLR105
        dispatch("sms.get", "X")  # => sms.get
        dispatch("sms.send", "", "+33199001020", "x", None)  # => sms.send
        dispatch("sms.gett", "X")  # => CLR104 sms.gett
        dispatch(cond(), "X")  # => CLR105
        """,
    "function with one caller": """
        def dispatch(method, *args):
            return api.call(method, *args)  # => CLR105
        dispatch("sms.get", "X")  # => sms.get
        """,
    "nobody calls it": """
        def dispatch(method, *args):
            return api.call(method, *args)  # => CLR105
        """,
    "keyword": """
        def dispatch(method, h=None):
            return api.call(method, h)  # => CLR105
        dispatch(h="X", method="sms.get")  # => sms.get
        dispatch(**{"method": "sms.get", "h": "X"})  # => sms.get
        dispatch(*("sms.get", "X"))  # => sms.get
        dispatch(*Other())  # => CLR105
        """,
    "method of a class": """
        class Sms:
            def __init__(self):
                self.api = callr.Api("l", "p")
            def _call(self, method, *args):
                return self.api.call(method, *args)  # => CLR105
            def get(self, h):
                return self._call("sms.get", h)  # => sms.get
            def send(self, to):
                return self._call("sms.send", "", to, "x", None)  # => sms.send
        Sms().get("X")
        """,
    "inherited": """
        class Base:
            api = api
            def _call(self, method, *args):
                return self.api.call(method, *args)  # => CLR105
        class Sms(Base):
            def get(self, h):
                return self._call("sms.get", h)  # => sms.get
        class Loud(Sms):
            def get(self, h):
                super()._call("sms.get", h)  # => sms.get
                Base._call(self, "sms.get", h)  # => sms.get
        """,
    "class and static methods": """
        class Sms:
            @classmethod
            def one(cls, method, *args):
                return api.call(method, *args)  # => CLR105
            @staticmethod
            def two(method, *args):
                return api.call(method, *args)  # => CLR105
        Sms.one("sms.get", "X")  # => sms.get
        Sms().one("sms.get", "X")  # => sms.get
        Sms.two("sms.get", "X")  # => sms.get
        Sms().two("sms.get", "X")  # => sms.get
        """,
    "the verb in front": """
        class Client:
            def __init__(self, login, password):
                self.api = callr.Api(login, password)
            def call(self, verb, method, *args):
                return self.api.call(method, *args)  # => CLR105
        client = Client("l", "p")
        client.call("GET", "sms.get", "X")  # => sms.get
        client.call("POST", method="sms.send")  # => CLR106 sms.send
        """,
    "filter": """
        def call(method, *args):
            return api.call(method, *filter(None, args))  # => CLR105
        call("sms.get", "X", None)  # => sms.get
        """,
    "filter of all": """
        def call(*args):
            return api.call(*filter(None, args))  # => CLR105
        call("sms.get", "X", None)  # => CLR105
        """,
    "everything is handed on": """
        def call(*args, **kwargs):
            return api.call(*args, **kwargs)  # => CLR105
        call("sms.get", "X")  # => sms.get
        call(method="sms.get")  # => sms.get
        """,
    "the first of the arguments": """
        def call(*args):
            return api.call(args[0], *args[1:])  # => CLR105
        call("sms.get", "X")  # => sms.get
        def unpacked(*args):
            method, *rest = args
            return api.call(method, *rest)  # => CLR105
        unpacked("sms.get", "X")  # => sms.get
        def named(**kwargs):
            return api.call(kwargs["method"], kwargs.get("h"))  # => CLR105
        named(method="sms.get", h="X")  # => sms.get
        """,
    "put together": """
        def sms(verb, *args):
            return api.call("sms." + verb, *args)  # => CLR105
        def media(verb, *args):
            return api.call(f"media/{verb}", *args)  # => CLR105
        METHODS = {"get": "sms.get", "send": "sms.send"}
        def short(name, *args):
            return api.call(METHODS[name], *args)  # => CLR105
        sms("get", "X")  # => sms.get
        sms("gett", "X")  # => CLR104 sms.gett
        media("library.get", 1)  # => media/library.get
        short("get", "X")  # => sms.get
        short("send", "", "+33199001020", "x", None)  # => sms.send
        """,
    "changed on the way": """
        def call(name, *args):
            method = name
            if "." not in method:
                method = "sms." + method
            return api.call(method, *args)  # => CLR105
        call("get", "X")  # => CLR105
        def service(name, *args):
            name = "sms." + name
            return api.call(name, *args)  # => CLR105
        service("get", "X")  # => sms.get
        """,
    "default": """
        def get(h, method="sms.get"):
            return api.call(method, h)  # => sms.get
        get("X")
        get("Y")
        """,
    "default that is not always used": """
        def get(h, method="sms.get"):
            return api.call(method, h)  # => CLR105
        get("X")  # => sms.get
        get("Y", method="sms.send")  # => CLR106 sms.send
        """,
    "default None": """
        def get(h, method=None):
            return api.call(method or "sms.get", h)  # => CLR105
        get("X")  # => sms.get
        get("X", "media/library.get")  # => media/library.get
        """,
    "wrapper of a wrapper": """
        def inner(method, *args):
            return api.call(method, *args)  # => CLR105
        def outer(name, *args):
            return inner(name, *args)  # => CLR105
        outer("sms.get", "X")  # => sms.get
        inner("sms.send", "", "+33199001020", "x", None)  # => sms.send
        """,
    "wrapper of a wrapper with a fixed method": """
        def inner(method, *args):
            return api.call(method, *args)  # => CLR105
        def get(h):
            return inner("sms.get", h)  # => sms.get
        get("X")
        get("Y")
        """,
    "retries": """
        def call(method, *args):
            for _ in range(3):
                try:
                    return api.call(method, *args)  # => CLR105
                except callr.CallrException:
                    pass
        call("sms.get", "X")  # => sms.get
        """,
    "retries by an inner function": """
        def call(method, *args):
            def attempt():
                return api.call(method, *args)  # => CLR105
            return run(attempt)
        call("sms.get", "X")  # => sms.get
        """,
    "retries by itself": """
        def call(method, *args, tries=3):
            try:
                return api.call(method, *args)  # => CLR105
            except callr.CallrException:
                return call(method, *args, tries=tries - 1)  # => CLR105
        call("sms.get", "X")  # => sms.get
        """,
    "two clients": """
        backup = callr.Api("m", "q")
        def call(method, *args):
            try:
                return api.call(method, *args)  # => CLR105
            except callr.CallrException:
                return backup.call(method, *args)  # => CLR105
        call("sms.get", "X")  # => sms.get
        """,
    "lambda": """
        call = lambda method, *args: api.call(method, *args)  # => CLR105
        call("sms.get", "X")  # => sms.get
        """,
    "subclass of the client": """
        class Notifier(callr.Api):
            def sms(self, verb, *args):
                return self.call("sms." + verb, *args)  # => CLR105
            def call(self, method, *args):
                return super().call(method, *args)  # => CLR105
        Notifier("l", "p").sms("get", "X")  # => sms.get
        """,
    "decorated": """
        @run
        def call(method, *args):
            return api.call(method, *args)  # => CLR105
        call("sms.get", "X")  # => sms.get
        """,
    "decorated so that the client comes first": """
        @run
        def call(client: callr.Api, method, *args):
            return client.call(method, *args)  # => CLR105
        call("sms.get", "X")  # => sms.get
        """,
    "decorator of the project's own": """
        import functools
        def retry(fn):
            @functools.wraps(fn)
            def again(*args, **kwargs):
                try:
                    return fn(*args, **kwargs)
                except Exception:
                    return fn(*args, **kwargs)
            return again
        @retry
        def call(method, *args):
            return api.call(method, *args)  # => CLR105
        call("sms.get", "X")  # => sms.get
        """,
    "result of a decorator": """
        def retry(fn):
            def again(*args, **kwargs):
                return fn(*args, **kwargs)  # => CLR105
            return again
        call = retry(api.call)
        call("sms.get", "X")  # => sms.get
        other = run(api.call)
        other("sms.get", "X")  # => mixed sms.get
        """,
    "result of a decorator that has other uses": """
        def retry(fn):
            def again(*args, **kwargs):
                return fn(*args, **kwargs)  # => mixed CLR105
            return again
        call = retry(api.call)
        call("sms.get", "X")  # => sms.get
        retry(print)("hello")
        """,
    "getattr": """
        class Sms:
            api = api
            def call(self, method, *args):
                return getattr(self.api, "call")(method, *args)  # => CLR105
        Sms().call("sms.get", "X")  # => sms.get
        """,
    "called through the class": """
        class Call:
            def __init__(self, method, *args):
                self.answer = api.call(method, *args)  # => CLR105
        Call("sms.get", "X")  # => sms.get
        """,
    "an object that is called": """
        class Caller:
            def __init__(self, api):
                self.api = api
            def __call__(self, method, *args):
                return self.api.call(method, *args)  # => CLR105
        call = Caller(api)
        call("sms.get", "X")  # => sms.get
        """,
    "another function is run": """
        def safely(fn, *args):
            try:
                return fn(*args)  # => mixed CLR105
            except Exception:
                return None
        safely(api.call, "sms.get", "X")  # => sms.get
        safely(print, "sms.get")
        """,
    "async": """
        async def call(method, *args):
            return api.call(method, *args)  # => CLR105
        async def main():
            await call("sms.get", "X")  # => sms.get
        """,
    "send": """
        def call(method, params):
            return api.send(method, params)  # => CLR105
        call("sms.get", ["X"])  # => sms.get
        """,
    "posts": """
        import requests
        URL = "https://api.callr.com/json-rpc/v1.1/"
        class Client:
            def call(self, verb, method, *args):
                data = {"jsonrpc": "2.0", "method": method, "params": list(filter(None, args)), "id": 1}
                return requests.request(verb, URL, json=data).json()  # => CLR105
        client = Client()
        client.call("POST", "sms.get", "X")  # => sms.get
        client.call("POST", "sms.send", "", "+33199001020", "x", None)  # => sms.send
        """,
    "posts with a payload made elsewhere": """
        import requests
        URL = "https://api.callr.com/json-rpc/v1.1/"
        def payload(method, params):
            return {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
        def call(method, *params):
            return requests.post(URL, json=payload(method, params)).json()  # => CLR105
        call("sms.get", "X")  # => sms.get
        call("sms.send", "", "+33199001020", "x", None)  # => sms.send
        """,
    "one of several functions": """
        def raw(method, *args):
            return api.call(method, *args)  # => CLR105
        def other(*args):
            return None
        COMMANDS = {"raw": raw, "other": other}
        COMMANDS[cond()](*cond())
        COMMANDS[cond()]("sms.get", "X")  # => sms.get
        """,
    "task": """
        @app.task
        def call(method, *args):
            return api.call(method, *args)  # => CLR105
        call.delay("sms.get", "X")  # => sms.get
        call.apply_async(("sms.get", "X"))  # => sms.get
        call.apply_async(args=["sms.get", "X"])  # => sms.get
        """,
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in WRAPPERS.items()])
def test_wrapper(tmp_path: Path, source: str) -> None:
    check(tmp_path, HEAD + textwrap.dedent(source))
