"""What is no legacy call, and what is told as unseen instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import check

NOTHING = {
    "subprocess": """
        import callr, subprocess
        from subprocess import call
        subprocess.call("sms.get", shell=True)
        subprocess.call(["sms.get"])
        call("sms.get")
        """,
    "mock": """
        import callr
        from unittest import mock
        from unittest.mock import call, MagicMock
        import unittest.mock
        mock.call("sms.get", "X")
        call("sms.get", "X")
        unittest.mock.call.call("sms.get", "X")
        m = MagicMock()
        m.assert_has_calls([call("sms.get", "X"), call.call("sms.get", "X")])
        """,
    "another vendor": """
        import callr
        from twilio.rest import Client
        client = Client("a", "b")
        client.sms.send(to="+33199001020", text="Hi")
        client.messages.create(to="+33199001020")
        client.send("hello")
        client.call("hello")
        """,
    "celery and sockets": """
        import callr, socket
        from celery import Celery
        app = Celery()
        app.send("x")
        s = socket.socket()
        s.send(b"sms.get")
        app.send_task("sms.get", ["X"])
        """,
    "own classes": """
        import callr
        class Bus:
            def call(self, name, *args):
                return name
            def send(self, name, params=()):
                return name
        bus = Bus()
        bus.call("sms.get", "X")
        bus.send("sms.get", ["X"])
        Bus().call("sms.get", "X")
        class Child(Bus):
            def f(self):
                self.call("sms.get", "X")
                super().call("sms.get", "X")
        """,
    "own functions": """
        import callr
        def call(name):
            return name
        call("sms.get")
        class C:
            pass
        C.call = call
        C.call("sms.get")
        """,
    "comments, texts and events": '''
        """callr.Api("l", "p").call("sms.get", "X")"""
        import callr
        # api.call("sms.get", "X")
        TEXT = 'api.call("sms.get", "X")'
        EVENTS = ["call.inbound_start", "sms.mo", "sms.get"]
        def f():
            """api.call("sms.get", "X")"""
            if event == "sms.get":
                handlers["sms.get"]()
        ''',
    "constants": """
        import callr
        "text".call("sms.get", "X")
        (1).call("sms.get", "X")
        """,
    "other names of the SDK": """
        import callr
        callr.CallrException("sms.get", -1)
        callr.call("sms.get", "X")
        callr.Api.mro()
        print(callr.__version__)
        """,
    "modules that look like it": """
        import callr2, mycallr
        from notcallr import Api
        import other.callr
        callr2.Api("l", "p").call("sms.gett", "X")
        mycallr.Api("l", "p").call("sms.gett", "X")
        Api("l", "p").call("sms.gett", "X")
        other.callr.Api("l", "p").call("sms.gett", "X")
        """,
}

UNSEEN = {
    "message bus": """
        import callr
        async def handler(ctx):
            await ctx.call("sms.send", {"to": "+33199001020"})  # => unseen
            await ctx.call("users.get", {"id": 1})
        """,
    "unknown parameter": """
        import callr
        def f(client):
            client.call("sms.get", "X")  # => unseen
            client.send("sms.get", ["X"])  # => unseen
            client.send(method="sms.get", params=["X"])  # => unseen
            client.call("other", "X")
            client.other("sms.get", "X")
        """,
    "unknown import": """
        import callr
        from elsewhere import api
        api.call("sms.get", "X")  # => unseen
        """,
    "unknown attribute": """
        import callr
        class C:
            def f(self):
                self.api.call("sms.get", "X")  # => unseen
        """,
    "an unknown function's result": """
        import callr
        make().call("sms.get", "X")  # => unseen
        """,
    "an unknown name of a constant": """
        import callr
        GET = "sms.get"
        def f(client):
            client.call(GET, "X")  # => unseen
        """,
    "something that is only ever None": """
        import callr
        api = None
        def f(other=None):
            api.call("sms.get", "X")  # => unseen
            other.call("sms.get", "X")  # => unseen
        """,
    "an unknown class": """
        import callr
        from elsewhere import Base
        class C(Base):
            def f(self):
                self.call("sms.get", "X")  # => unseen
        """,
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in NOTHING.items()])
def test_no_legacy_call(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in UNSEEN.items()])
def test_unseen(tmp_path: Path, source: str) -> None:
    check(tmp_path, source)


def test_the_reason_says_what_is_not_known(tmp_path: Path) -> None:
    source = """
        import callr, elsewhere
        def f(client):
            client.call("sms.get", "X")  # => unseen
        def g(api):
            api.call("sms.get", "X")  # => unseen
        g(elsewhere.api)
        elsewhere.make().call("sms.get", "X")  # => unseen
        class C:
            def f(self):
                self.api.call("sms.get", "X")  # => unseen
        for x in elsewhere.apis:
            x.call("sms.get", "X")  # => unseen
        apis["a"].call("sms.get", "X")  # => unseen
        """
    reasons = [unseen.reason.split(": ", 1)[1] for unseen in check(tmp_path, source).unseen]
    assert reasons == [
        "`client` is a parameter of `f` (program.py:3), whose callers are not known",
        "`elsewhere.api` is not part of the project",
        "`elsewhere.make` is not part of the project",
        "`api` is not set in `C` (program.py:9)",
        "`elsewhere.apis` is not part of the project",
        "`apis` is not defined in the file",
    ]
