"""Clients' methods, and functions of a program's own, that something else calls: pools, threads, event loops."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import check

HEAD = 'import callr, functools\nfrom elsewhere import Other, cond, run\napi = callr.Api("l", "p")\n'

METHODS = {
    "pools": """
        from concurrent.futures import ThreadPoolExecutor
        from multiprocessing.pool import ThreadPool
        pool = ThreadPool(4)
        pool.apply_async(api.call, ("sms.get", "X"))  # => sms.get
        pool.apply_async(func=api.call, args=("sms.get", "X"))  # => sms.get
        pool.apply(api.call, ["sms.get", "X"])  # => sms.get
        args = ("sms.get", "X")
        pool.apply_async(api.call, args)  # => sms.get
        pool.apply_async(api.call, cond())  # => CLR105
        with ThreadPoolExecutor() as executor:
            future = executor.submit(api.call, "sms.get", "X")  # => sms.get
            executor.submit(api.call, cond(), "X")  # => CLR105
            print(future.result())
        """,
    "map": """
        pool.map(api.call, ["system.get_timestamp"])  # => system.get_timestamp
        pool.map(api.call, ["sms.get", "sms.send"])  # => CLR105
        pool.map(functools.partial(api.call, "sms.get"), cond())  # => sms.get
        list(map(functools.partial(api.call, "sms.get"), cond()))  # => sms.get
        pool.starmap(api.call, [("sms.get", "X"), ("sms.get", "Y")])  # => sms.get
        list(map(lambda h: api.call("sms.get", h), cond()))  # => sms.get
        """,
    "threads": """
        import threading
        from threading import Thread
        Thread(target=api.call, args=("sms.get", "X")).start()  # => sms.get
        threading.Thread(None, api.call, "worker", ("sms.get", "X")).start()  # => sms.get
        Thread(target=api.call, kwargs={"method": "sms.get"}).start()  # => CLR106 sms.get
        threading.Timer(5, api.call, ("sms.get", "X")).start()  # => sms.get
        threading.Timer(5, api.call, args=["sms.get", "X"]).start()  # => sms.get
        """,
    "event loops": """
        import asyncio
        async def main(loop):
            await loop.run_in_executor(None, api.call, "sms.get", "X")  # => sms.get
            await asyncio.to_thread(api.call, "sms.get", "X")  # => sms.get
            await loop.run_in_executor(None, functools.partial(api.call, "sms.get"), "X")  # => sms.get
            loop.call_later(5, api.call, "sms.get", "X")  # => sms.get
            await sync_to_async(api.call)("sms.get", "X")  # => mixed sms.get
        """,
    "something unknown": """
        retry(api.call, "sms.get", "X")  # => sms.get
        retry(3, api.call, ("sms.get", "X"))  # => sms.get
        retry(api.call, args=["sms.get", "X"])  # => sms.get
        retry(api.call, "no method at all")
        print(api.call)
        callable(api.call)
        """,
    "under another name": """
        call = api.call
        class Job:
            def __init__(self, api):
                self.call = api.call
            def start(self, pool):
                pool.submit(self.call, "sms.get", "X")  # => sms.get
        Job(api)
        pool.submit(call, "sms.get", "X")  # => sms.get
        pool.submit(call if cond() else print, "sms.get", "X")  # => mixed sms.get
        pool.submit(print, "sms.get", "X")
        """,
    "send": """
        pool.submit(api.send, "sms.get", ["X"])  # => sms.get
        """,
    "partials": """
        get = functools.partial(api.call, "sms.get")
        get("X")  # => sms.get
        again = functools.partial(get, "X")
        again()  # => sms.get
        named = functools.partial(api.call, method="sms.get")
        named()  # => CLR106 sms.get
        never = functools.partial(api.call, "sms.get")  # => sms.get
        HANDLERS = {"get": functools.partial(api.call, "sms.get")}
        HANDLERS["get"]("X")  # => sms.get
        make = functools.partial(callr.Api, "l", "p")
        make().call("sms.get", "X")  # => sms.get
        functools.partial(print, "sms.get")("X")
        """,
    "a partial as default": """
        def show(h, get=functools.partial(api.call, "sms.get")):
            return get(h)  # => sms.get
        show("X")
        """,
    "handed on in a function that is given the name": """
        class Queue:
            def later(self, method, *args):
                self.pool.submit(api.call, method, *args)  # => CLR105
        Queue().later("sms.get", "X")  # => sms.get
        """,
}

FUNCTIONS = {
    "a wrapper with a fixed method": """
        from sender import send
        pool.submit(send, "+33199001020")
        Thread(target=send, args=("+33199001020",))
        functools.partial(send, "+33199001020")()
        """,
    "a wrapper that is given the name": """
        from sender import dispatch
        pool.submit(dispatch, "sms.get", "X")  # => sms.get
        Thread(target=dispatch, args=("sms.get", "X")).start()  # => sms.get
        pool.apply_async(dispatch, ("sms.get", "X"))  # => sms.get
        functools.partial(dispatch, "sms.get")("X")  # => sms.get
        get = functools.partial(dispatch, "sms.get")
        pool.map(get, cond())  # => sms.get
        pool.map(dispatch, ["sms.get"])  # => CLR106 sms.get
        loop.run_in_executor(None, dispatch, "sms.get", "X")  # => sms.get
        register(dispatch)
        def make():
            return functools.partial(dispatch, "sms.get")  # => sms.get
        """,
    "methods of an object": """
        from sender import Sender
        sender = Sender()
        pool.submit(sender.send, "+33199001020")
        pool.submit(sender.dispatch, "sms.get", "X")  # => sms.get
        """,
}

SENDER = """
import callr
api = callr.Api("l", "p")
def send(number):
    return api.call("sms.send", "", number, "x", None)  # => sms.send
def dispatch(method, *args):
    return api.call(method, *args)  # => CLR105
class Sender:
    api = api
    def send(self, number):
        return self.api.call("sms.send", "", number, "x", None)  # => sms.send
    def dispatch(self, method, *args):
        return self.api.call(method, *args)  # => CLR105
"""

CLIENTS = {
    "as an argument of what a thread runs": """
        from threading import Thread
        def send(api, number):
            api.call("sms.send", "", number, "x", None)  # => sms.send
        Thread(target=send, args=(api, "+33199001020")).start()
        """,
    "as an argument of what a pool runs": """
        def send(number, api=None):
            api.call("sms.send", "", number, "x", None)  # => sms.send
        pool.submit(send, "+33199001020", api)
        pool.apply_async(send, ("+33199001020",), {"api": api})
        """,
    "as an argument of a partial": """
        def send(api, number):
            api.call("sms.send", "", number, "x", None)  # => sms.send
        pool.map(functools.partial(send, api), cond())
        """,
    "one for each round": """
        def ping(api):
            api.call("system.get_timestamp")  # => system.get_timestamp
        pool.map(ping, [api, callr.Api("m", "q")])
        """,
    "of a method": """
        class Job:
            def run(self, api):
                api.call("system.get_timestamp")  # => system.get_timestamp
            def start(self):
                pool.submit(self.run, api)
        """,
    "to something unknown": """
        def send(api, number):
            api.call("sms.send", "", number, "x", None)  # => mixed sms.send
        send(api, "+33199001020")
        whatever(send, api)
        """,
}


def _cases(cases: dict[str, str]) -> list[object]:
    return [pytest.param(text, id=name) for name, text in cases.items()]


@pytest.mark.parametrize("source", _cases(METHODS))
def test_method_of_a_client(tmp_path: Path, source: str) -> None:
    check(tmp_path, HEAD + textwrap.dedent(source))


@pytest.mark.parametrize("source", _cases(CLIENTS))
def test_client(tmp_path: Path, source: str) -> None:
    check(tmp_path, HEAD + textwrap.dedent(source))


@pytest.mark.parametrize("source", _cases(FUNCTIONS))
def test_function_of_another_module(tmp_path: Path, source: str) -> None:
    check(tmp_path, {"sender.py": SENDER, "program.py": "import functools\n" + textwrap.dedent(source)})
