"""What the method name may be, and in which form the call stands."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from marked import check

HEAD = 'import callr\napi = callr.Api("l", "p")\n'

NAMES = {
    "literals": """
        api.call("sms.get", "X")  # => sms.get
        api.call('sms.get', "X")  # => sms.get
        api.call(u"sms.get", "X")  # => sms.get
        api.call(r"sms.get", "X")  # => sms.get
        api.call("sms" ".get", "X")  # => sms.get
        api.call("\\x73ms.get", "X")  # => sms.get
        api.call(\"\"\"sms.get\"\"\", "X")  # => sms.get
        api.call(("sms.get"), "X")  # => sms.get
        api.call(f"sms.get", "X")  # => sms.get
        api.call("sms" f".get", "X")  # => sms.get
        """,
    "constant": """
        GET = "sms.get"
        api.call(GET, "X")  # => sms.get
        def f(method=GET):
            api.call(method, "X")  # => sms.get
        """,
    "constant that is set below its use": """
        def f():
            api.call(GET, "X")  # => sms.get
        GET = "sms.get"
        """,
    "f-strings": """
        SERVICE, VERB = "sms", "get"
        api.call(f"{SERVICE}.get", "X")  # => sms.get
        api.call(f"{SERVICE}.{VERB}", "X")  # => sms.get
        api.call(f"{SERVICE}" f".{VERB}", "X")  # => sms.get
        api.call(f"{SERVICE}" ".get", "X")  # => sms.get
        api.call(f"{SERVICE!s}.get", "X")  # => sms.get
        api.call(f"{'sms'}.{f'{VERB}'}", "X")  # => sms.get
        """,
    "other ways of formatting": """
        SERVICE, VERB = "sms", "get"
        api.call("%s.%s" % (SERVICE, VERB), "X")  # => sms.get
        api.call("%s.get" % SERVICE, "X")  # => sms.get
        api.call("{}.{}".format(SERVICE, VERB), "X")  # => sms.get
        api.call("{s}.{v}".format(s=SERVICE, v=VERB), "X")  # => sms.get
        api.call(".".join((SERVICE, VERB)), "X")  # => sms.get
        api.call(".".join([SERVICE, VERB]), "X")  # => sms.get
        """,
    "concatenation": """
        SERVICE = "sms"
        api.call(SERVICE + ".get", "X")  # => sms.get
        api.call("sms" + "." + "get", "X")  # => sms.get
        PREFIX = SERVICE + "."
        api.call(PREFIX + "get", "X")  # => sms.get
        name = "sms"
        name += ".get"
        api.call(name, "X")  # => CLR105
        """,
    "class constant": """
        class Method:
            GET = "sms.get"
            def f(self):
                api.call(self.GET, "X")  # => sms.get
                api.call(Method.GET, "X")  # => sms.get
        api.call(Method.GET, "X")  # => sms.get
        """,
    "enum": """
        import enum
        class Method(enum.Enum):
            GET = "sms.get"
        class Text(str, enum.Enum):
            GET = "sms.get"
        class Strong(enum.StrEnum):
            GET = "sms.get"
        api.call(Method.GET.value, "X")  # => sms.get
        api.call(Text.GET, "X")  # => sms.get
        api.call(Text.GET.value, "X")  # => sms.get
        api.call(Strong.GET, "X")  # => sms.get
        """,
    "dict": """
        METHODS = {"get": "sms.get", "list": "did/areacode.countries"}
        api.call(METHODS["get"], "X")  # => sms.get
        api.call(METHODS.get("get"), "X")  # => sms.get
        api.call({"get": "sms.get"}["get"], "X")  # => sms.get
        api.call(METHODS[which], "X")  # => CLR105
        api.call(METHODS["non"], "X")  # => CLR105
        """,
    "dict made by dict()": """
        METHODS = dict(get="sms.get")
        api.call(METHODS["get"], "X")  # => sms.get
        """,
    "nested dict": """
        METHODS = {"sms": {"get": "sms.get"}}
        api.call(METHODS["sms"]["get"], "X")  # => sms.get
        """,
    "list and tuple": """
        METHODS = ("sms.get", "sms.send")
        api.call(METHODS[0], "X")  # => sms.get
        api.call(METHODS[-2], "X")  # => sms.get
        for method in ["sms.get"]:
            api.call(method, "X")  # => sms.get
        for method in METHODS:
            api.call(method, "X")  # => CLR105
        """,
    "dict that is changed": """
        METHODS = {"get": "sms.get"}
        METHODS["get"] = "sms.other"
        api.call(METHODS["get"], "X")  # => CLR105
        more = {"get": "sms.get"}
        more.update(get=other)
        api.call(more["get"], "X")  # => CLR105
        """,
    "containers that are put into each other": """
        one = {"get": "sms.get"}
        two = {}
        two.update(one)
        one.update(two)
        api.call(one["get"], "X")  # => sms.get
        for method in one.values():
            api.call(method, "X")  # => sms.get
        for method in two.values():
            api.call(method, "X")  # => sms.get
        three = ["sms.get"]
        three.extend(three)
        for method in three:
            api.call(method, "X")  # => sms.get
        first = ["sms.get"]
        second = ["sms.send"]
        second.extend(first)
        first.extend(second)
        for method in first:
            api.call(method, "X")  # => CLR105
        for method in second:
            api.call(method, "X")  # => CLR105
        """,
    "conditional": """
        api.call("sms.get" if x else "sms.get", "X")  # => sms.get
        api.call("sms.get" if x else "sms.send", "X")  # => CLR105
        method = "sms.get"
        if x:
            method = "sms.send"
        api.call(method, "X")  # => CLR105
        api.call(x or "sms.get", "X")  # => CLR105
        api.call(None or "sms.get", "X")  # => sms.get
        """,
    "parameter": """
        def get(method, h):
            api.call(method, h)  # => CLR105
        get("sms.get", "X")  # => sms.get
        def both(method, h):
            api.call(method, h)  # => CLR105
        both("sms.get", "X")  # => sms.get
        both("sms.send", "X")  # => CLR106 sms.send
        def nobody(method, h):
            api.call(method, h)  # => CLR105
        """,
    "unknown names": """
        api.call("sms.gett", "X")  # => CLR104 sms.gett
        api.call("", "X")  # => CLR104
        api.call("SMS.GET", "X")  # => CLR104 SMS.GET
        """,
    "no text": """
        api.call(1, "X")  # => CLR105
        api.call(None, "X")  # => CLR105
        api.call(b"sms.get", "X")  # => CLR105
        api.call(["sms.get"], "X")  # => CLR105
        api.call(*["sms.get", "X"])  # => CLR105
        api.call()  # => CLR105
        """,
    "number of arguments": """
        api.call("sms.get")  # => CLR106 sms.get
        api.call("sms.get", 1, 2)  # => CLR106 sms.get
        api.send("sms.get", [])  # => CLR106 sms.get
        api.send("sms.get")  # => CLR106 sms.get
        """,
    "call": """
        api.call("sms.get", "X")  # => sms.get
        api.call(method="sms.get")  # => CLR106 sms.get
        api.call("system.get_timestamp")  # => system.get_timestamp
        api.call(method="system.get_timestamp")  # => system.get_timestamp
        """,
    "send": """
        api.send("sms.get", ["X"])  # => sms.get
        api.send("sms.get", ("X",))  # => sms.get
        api.send("sms.get", params=["X"])  # => sms.get
        api.send(method="sms.get", params=["X"])  # => sms.get
        api.send(params=["X"], method="sms.get")  # => sms.get
        api.send("sms.get", ["X"], 7)  # => sms.get
        api.send(method="sms.get", params=["X"], id=1)  # => sms.get
        api.send("sms.get", ["X"], id=7)  # => sms.get
        api.send("system.get_timestamp")  # => system.get_timestamp
        api.send(method="system.get_timestamp")  # => system.get_timestamp
        api.send("system.get_timestamp", [])  # => system.get_timestamp
        api.send("system.get_timestamp", ())  # => system.get_timestamp
        api.send("system.get_timestamp", None)  # => system.get_timestamp
        """,
    "parameters by name": """
        api.send("sms.get", {"hash": "X"})  # => CLR107 sms.get
        api.send("sms.get", params={"hash": "X"})  # => CLR107 sms.get
        api.send("sms.get", dict(hash="X"))  # => CLR107 sms.get
        named = {"hash": "X"}
        api.send("sms.get", named)  # => CLR107 sms.get
        listed = ["X"]
        api.send("sms.get", listed)  # => sms.get
        """,
    "unpacked": """
        args = ["X"]
        api.call("sms.get", *args)  # => sms.get
        api.call(*args)  # => CLR105
        api.call(*["sms.get"], "X")  # => CLR105
        kw = {}
        api.call(**kw)  # => CLR105
        api.call("sms.get", "X", **kw)  # => sms.get
        api.send("sms.get", [*args])  # => sms.get
        api.send(**{"method": "sms.get", "params": ["X"]})  # => CLR105
        api.send("sms.get", **kw)  # => sms.get
        """,
    "keywords that the client does not take": """
        api.call("sms.get", hash="X")  # => sms.get
        """,
    "attributes that perform no request": """
        api.set_options({})
        api.call
        api.send
        print(api.call)
        """,
    "an answer's methods are no calls": """
        r = api.call("sms.get", "X")  # => sms.get
        r.call("sms.get", "X")
        r.send("sms.get", ["X"])
        """,
}


@pytest.mark.parametrize("source", [pytest.param(text, id=name) for name, text in NAMES.items()])
def test_name(tmp_path: Path, source: str) -> None:
    check(tmp_path, HEAD + textwrap.dedent(source))
