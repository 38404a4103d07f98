"""Clients and names that come from other files of the project."""

from __future__ import annotations

from pathlib import Path

import pytest
from marked import check

CLIENT = """
    import callr
    api = callr.Api("l", "p")
    GET = "sms.get"
    """

PROJECTS = {
    "import": {
        "clients.py": CLIENT,
        "main.py": """
            import clients
            clients.api.call("sms.get", "X")  # => sms.get
            clients.api.call(clients.GET, "X")  # => sms.get
            """,
    },
    "import with another name": {
        "clients.py": CLIENT,
        "main.py": """
            import clients as c
            c.api.call("sms.get", "X")  # => sms.get
            """,
    },
    "from": {
        "clients.py": CLIENT,
        "main.py": """
            from clients import api, GET as NAME
            api.call("sms.get", "X")  # => sms.get
            api.call(NAME, "X")  # => sms.get
            """,
    },
    "from with another name": {
        "clients.py": CLIENT,
        "main.py": """
            from clients import (
                api as telephone,
            )
            telephone.call("sms.get", "X")  # => sms.get
            """,
    },
    "star": {
        "clients.py": CLIENT,
        "main.py": """
            from clients import *
            api.call(GET, "X")  # => sms.get
            """,
    },
    "star with __all__": {
        "clients.py": """
            import callr
            _private = api = callr.Api("l", "p")
            GET = "sms.get"
            __all__ = ["GET"]
            """,
        "main.py": """
            from clients import *
            api.call(GET, "X")  # => unseen
            _private.call(GET, "X")  # => unseen
            """,
    },
    "star of a star": {
        "clients.py": CLIENT,
        "middle.py": "from clients import *\n",
        "main.py": """
            from middle import *
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "the SDK's star handed on": {
        "middle.py": "from callr import *\n",
        "main.py": """
            from middle import Api
            Api("l", "p").call("sms.get", "X")  # => sms.get
            """,
    },
    "the SDK handed on": {
        "middle.py": "import callr\nfrom callr import Api as Telephone\n",
        "main.py": """
            import middle
            from middle import callr as sdk
            middle.callr.Api("l", "p").call("sms.get", "X")  # => sms.get
            sdk.Api("l", "p").call("sms.get", "X")  # => sms.get
            middle.Telephone("l", "p").call("sms.get", "X")  # => sms.get
            """,
    },
    "package": {
        "pkg/__init__.py": "",
        "pkg/clients.py": CLIENT,
        "pkg/other.py": """
            from . import clients
            from .clients import api
            from pkg.clients import api as again
            import pkg.clients
            import pkg.clients as m
            from pkg import clients as n
            clients.api.call("sms.get", "X")  # => sms.get
            api.call("sms.get", "X")  # => sms.get
            again.call("sms.get", "X")  # => sms.get
            pkg.clients.api.call("sms.get", "X")  # => sms.get
            m.api.call("sms.get", "X")  # => sms.get
            n.api.call("sms.get", "X")  # => sms.get
            """,
        "pkg/sub/__init__.py": "",
        "pkg/sub/deep.py": """
            from .. import clients
            from ..clients import api
            from ... import nothing
            clients.api.call("sms.get", "X")  # => sms.get
            api.call("sms.get", "X")  # => sms.get
            """,
        "main.py": """
            import pkg.clients
            pkg.clients.api.call("sms.get", "X")  # => sms.get
            """,
    },
    "handed on by __init__": {
        "pkg/__init__.py": "from .clients import api\nfrom . import clients\n",
        "pkg/clients.py": CLIENT,
        "main.py": """
            import pkg
            from pkg import api
            pkg.api.call("sms.get", "X")  # => sms.get
            pkg.clients.api.call("sms.get", "X")  # => sms.get
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "star in __init__": {
        "pkg/__init__.py": "from .clients import *\n",
        "pkg/clients.py": CLIENT,
        "main.py": """
            from pkg import api
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "name of a module and of its content": {
        "pkg/__init__.py": "from .api import api\n",
        "pkg/api.py": CLIENT,
        "main.py": """
            from pkg import api
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "namespace package": {
        "space/clients.py": CLIENT,
        "main.py": """
            from space.clients import api
            from space import clients
            import space.clients
            api.call("sms.get", "X")  # => sms.get
            clients.api.call("sms.get", "X")  # => sms.get
            space.clients.api.call("sms.get", "X")  # => sms.get
            """,
    },
    "src layout": {
        "pyproject.toml": "",
        "src/pkg/__init__.py": "",
        "src/pkg/clients.py": CLIENT,
        "src/pkg/main.py": """
            from pkg.clients import api
            api.call("sms.get", "X")  # => sms.get
            """,
        "tests/test_it.py": """
            from pkg.clients import api
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "cycle": {
        "a.py": """
            import callr
            import b
            api = callr.Api("l", "p")
            def f():
                b.get("X")
            """,
        "b.py": """
            import a
            def get(h):
                return a.api.call("sms.get", h)  # => sms.get
            """,
    },
    "cycle of stars": {
        "a.py": "from b import *\nimport callr\napi = callr.Api('l', 'p')\n",
        "b.py": """
            from a import *
            api.call("sms.get", "X")  # => sms.get
            nothing.call("sms.get", "X")  # => unseen
            """,
    },
    "cycle of names": {
        "a.py": "from b import api\nimport callr\n",
        "b.py": """
            from a import api
            api.call("sms.get", "X")  # => unseen
            """,
    },
    "import in a function": {
        "clients.py": CLIENT,
        "main.py": """
            def f():
                from clients import api
                api.call("sms.get", "X")  # => sms.get
            """,
    },
    "import that may fail": {
        "clients.py": CLIENT,
        "main.py": """
            try:
                from clients import api
            except ImportError:
                api = None
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "factory in another module": {
        "clients.py": """
            import callr
            def make():
                return callr.Api("l", "p")
            """,
        "main.py": """
            from clients import make as build
            build().call("sms.get", "X")  # => sms.get
            """,
    },
    "class in another module": {
        "clients.py": """
            import callr
            class Base:
                def __init__(self, login):
                    self.api = callr.Api(login, "p")
            """,
        "main.py": """
            from clients import Base
            class C(Base):
                def f(self):
                    return self.api.call("sms.get", "X")  # => sms.get
            Base("l").api.call("sms.get", "X")  # => sms.get
            """,
    },
    "client is passed to another module": {
        "work.py": """
            def get(api, h):
                return api.call("sms.get", h)  # => sms.get
            """,
        "main.py": """
            import callr
            from work import get
            get(callr.Api("l", "p"), "X")
            """,
    },
    "client is passed under another name of the function": {
        "work.py": """
            def get(api, h):
                return api.call("sms.get", h)  # => sms.get
            """,
        "main.py": """
            import callr
            from work import get as fetch
            fetch(callr.Api("l", "p"), "X")
            """,
    },
    "client is set in another module": {
        "state.py": "api = None\n",
        "main.py": """
            import callr, state
            state.api = callr.Api("l", "p")
            """,
        "work.py": """
            import state
            from state import api
            state.api.call("sms.get", "X")  # => sms.get
            """,
    },
    "own module callr": {
        "callr.py": """
            class Api:
                def __init__(self, *a): pass
                def call(self, *a): pass
            """,
        "main.py": """
            import callr
            from callr import Api
            callr.Api("l", "p").call("sms.get", "X")
            Api("l", "p").call("sms.get", "X")
            """,
    },
    "own package callr": {
        "callr/__init__.py": "from .client import Api\n",
        "callr/client.py": "class Api:\n    def call(self, *a): pass\n",
        "main.py": """
            import callr
            from callr import Api
            callr.Api().call("sms.get", "X")
            Api().call("sms.get", "X")
            """,
    },
    "own module callr that uses the SDK's Api": {
        "pkg/__init__.py": "",
        "pkg/callr.py": """
            from callr import Api
            api = Api("l", "p")
            api.call("sms.get", "X")  # => sms.get
            """,
        "pkg/main.py": """
            from .callr import api
            api.call("sms.get", "X")  # => sms.get
            """,
    },
    "own module callr in a package, the SDK beside it": {
        "pkg/__init__.py": "",
        "pkg/callr.py": "class Api:\n    def call(self, *a): pass\n",
        "pkg/a.py": """
            from .callr import Api
            Api().call("sms.get", "X")
            """,
        "pkg/b.py": """
            from callr import Api
            Api("l", "p").call("sms.get", "X")  # => sms.get
            """,
    },
    "own folder callr without Python files": {
        "callr/readme.txt": "",
        "main.py": """
            import callr
            callr.Api("l", "p").call("sms.get", "X")  # => sms.get
            """,
    },
    "own folder callr with scripts": {
        "callr/send.py": """
            import callr
            callr.Api("l", "p").call("sms.get", "X")  # => sms.get
            """,
        "main.py": """
            import callr
            from callr import Api
            callr.Api("l", "p").call("sms.get", "X")  # => sms.get
            Api("l", "p").call("sms.get", "X")  # => sms.get
            """,
    },
    "nested namespace packages": {
        "a/b/c.py": CLIENT,
        "main.py": """
            import a.b.c
            from a.b.c import api
            from a.b import c
            a.b.c.api.call("sms.get", "X")  # => sms.get
            api.call("sms.get", "X")  # => sms.get
            c.api.call("sms.get", "X")  # => sms.get
            """,
    },
    "module that does not parse": {
        "broken.py": "import callr  # => unseen\napi = callr.Api('l', 'p'\n",
        "main.py": """
            import callr
            from broken import api
            api.call("sms.get", "X")  # => unseen
            """,
    },
}


@pytest.mark.parametrize("files", [pytest.param(files, id=name) for name, files in PROJECTS.items()])
def test_project(tmp_path: Path, files: dict[str, str]) -> None:
    check(tmp_path, files)
