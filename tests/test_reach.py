"""Which files get something that may carry a client, told from their names."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from callr_migrate.gates import Gates
from callr_migrate.pack import load_pack
from callr_migrate.reach import Reach
from callr_migrate.reach_summary import summarised

CLIENT = "import callr\napi = callr.Api('l', 'p')\nOTHER = 1\n"


def reached(files: dict[str, str]) -> set[str]:
    gates = Gates(load_pack())
    contents = {f"/r/{name}": text.encode() for name, text in files.items()}
    passed = {path: raw for path, raw in contents.items() if gates.passes(raw)}
    reach = Reach(contents, contents.__getitem__, "/r", gates.passes)
    return {path.removeprefix("/r/") for path in reach.files(gates.sources(passed))}


# What gets the client of `client.py`, and what looks alike and does not.
CASES: dict[str, tuple[dict[str, str], set[str]]] = {
    "a name": (
        {"a.py": "from client import api\n", "b.py": "from client import OTHER\n", "c.py": "import client\n"},
        {"a.py"},
    ),
    "another name for it": (
        {
            "a.py": "from client import api as x\ny = x\nz = 1\n",
            "b.py": "from a import y\n",
            "c.py": "from a import z\n",
        },
        {"a.py", "b.py"},
    ),
    "an attribute of the module": (
        {
            "a.py": "import client\ndef f():\n    return client.api\n",
            "b.py": "import client\ndef f():\n    return client.OTHER\n",
            "c.py": "import client as c\nprint(c)\n",
            "d.py": "import client\ngetattr(client, 'api')\n",
        },
        {"a.py", "c.py", "d.py"},
    ),
    "only where nothing is bound": (
        {"a.py": "import client\nif client:\n    client.api.call(M)\n"},
        {"a.py"},
    ),
    "inside of a function": (
        {"a.py": "def f():\n    from client import api\n    return api\n", "b.py": "from a import f\n"},
        {"a.py", "b.py"},
    ),
    "a class and what is made of it": (
        {
            "a.py": "from client import api\nclass A:\n    def send(self):\n        return api\nclass B:\n    pass\n",
            "b.py": "from a import A\nthing = A()\n",
            "c.py": "from b import thing\n",
            "d.py": "from a import B\n",
        },
        {"a.py", "b.py", "c.py"},
    ),
    "a package that hands it on": (
        {
            "p/__init__.py": "from .inner import api\nfrom .clean import x\n",
            "p/inner.py": "from client import api\n",
            "p/clean.py": "x = 1\n",
            "a.py": "from p import api\n",
            "b.py": "from p import x\n",
            "c.py": "import p\nprint(p.api)\n",
            "d.py": "import p\nprint(p.x)\n",
        },
        {"p/__init__.py", "p/inner.py", "a.py", "c.py"},
    ),
    "a module of a package": (
        {
            "p/__init__.py": "from . import inner\n",
            "p/inner.py": "from client import api\n",
            "q/inner.py": "from client import api\n",
            "a.py": "import p\nprint(p.inner.api)\n",
            "b.py": "from p import inner\ninner.api\n",
            "c.py": "import q.inner\nq.inner.api\n",
            "d.py": "import q.inner as i\ni.api\n",
            "e.py": "from q import inner\ninner.nothing\n",
        },
        {"p/__init__.py", "p/inner.py", "q/inner.py", "a.py", "b.py", "c.py", "d.py"},
    ),
    "a star": (
        {"a.py": "from client import *\n", "b.py": "from a import api\n", "c.py": "from a import OTHER\n"},
        {"a.py", "b.py"},
    ),
    "a global that a function sets": (
        {
            "a.py": "import client\nx = None\ny = None\ndef f():\n    global x\n    x = client.api\n",
            "b.py": "from a import x\n",
            "c.py": "from a import y\n",
        },
        {"a.py", "b.py"},
    ),
    "it is put into something": (
        {
            "conf.py": "class C: pass\nsettings = C()\nother = C()\nclients = []\n",
            "a.py": "from client import api\nfrom conf import settings\nsettings.sms = api\n",
            "b.py": "import conf\nfrom client import api\nconf.clients.append(api)\nconf.late = api\n",
            "c.py": "from conf import settings\nsettings.sms\n",
            "d.py": "from conf import other\nother.sms\n",
            "e.py": "from conf import clients\n",
            "f.py": "from conf import late\n",
        },
        {"conf.py", "a.py", "b.py", "c.py", "e.py", "f.py"},
    ),
    "a function puts it there": (
        {
            "web.py": "class App: pass\napp = App()\nrest = App()\n",
            "setup.py": "from client import api\ndef install(app):\n    app.sms = api\n",
            "main.py": "from setup import install\nfrom web import app\ninstall(app)\n",
            "view.py": "from web import app\napp.sms\n",
            "rest.py": "from web import rest\n",
        },
        {"web.py", "setup.py", "main.py", "view.py"},
    ),
    "what is logged goes nowhere": (
        {
            "log.py": "import logging\nlog = logging.getLogger()\n",
            "a.py": "from client import api\nfrom log import log\nanswer = api.call(M)\nlog.info('%s', answer)\n",
            "b.py": "from log import log\n",
        },
        {"a.py"},
    ),
    "in a circle": (
        {"a.py": "from b import y\nx = y\n", "b.py": "from a import x\nfrom client import api as y\n"},
        {"a.py", "b.py"},
    ),
    "names that nobody spells": (
        {
            "a.py": "import client\nx = globals()['client']\n",
            "b.py": "from a import anything\n",
            "c.py": "import importlib\nx = importlib.import_module('client')\n",
            "d.py": "import client\ndef __getattr__(name):\n    return 1\n",
        },
        {"a.py", "b.py", "c.py", "d.py"},
    ),
    "what this Python cannot read": (
        {"a.py": "import client\nprint 'x'\n", "b.py": "print 'x'\n", "c.py": "from a import x\n"},
        {"a.py", "c.py"},
    ),
    "in a text": (
        {"a.py": "import client\nx: 'client.api' = None\n", "b.py": "from a import x\n"},
        {"a.py", "b.py"},
    ),
    "in a case and a handler": (
        {
            "a.py": "import client\ntry:\n    pass\nexcept client.api as e:\n    x = e\n",
            "b.py": "from a import x\n",
            "c.py": "from client import api\nmatch api:\n    case [y]:\n        pass\n",
            "d.py": "from c import y\n",
        },
        {"a.py", "b.py", "c.py", "d.py"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reach(name: str) -> None:
    files, expected = CASES[name]
    assert reached({"client.py": CLIENT, **files}) == {"client.py", *expected}


def test_an_address_is_enough() -> None:
    files = {
        "settings.py": "URL = 'https://api.callr.com/json-rpc/v1.1/'\nDEBUG = True\n",
        "a.py": "from settings import URL\n",
        "b.py": "from settings import DEBUG\n",
    }
    assert reached(files) == {"settings.py", "a.py"}


def test_what_is_said_of_it_elsewhere_does_not_count() -> None:
    """A comment, or a function beside it, taints nothing else."""
    files = {
        "client.py": f"{CLIENT}\n# the callr client\ndef plain():\n    return 1\n",
        "a.py": "from client import plain\n",
    }
    assert reached(files) == {"client.py"}


def test_a_generated_file_hands_on_whatever_is_asked_of_it() -> None:
    files = {
        "client.py": CLIENT + "#" * 1_000_000,
        "a.py": "from client import OTHER\n",
        "b.py": "import os\n",
    }
    assert reached(files) == {"client.py", "a.py"}


def test_who_else_calls_what_a_client_is_handed_to() -> None:
    contents = {
        "/r/main.py": b"import callr, helpers\nhelpers.send(callr.Api('a', 'b'), 'sms.get')\n",
        "/r/helpers.py": b"from inner import send\n",
        "/r/inner.py": b"def send(client, method):\n    client.call(method)\n",
        "/r/plain.py": b"def send(client):\n    client.call('x')\n",
        "/r/other.py": b"import inner\ninner.send(1, 2)\n",
        "/r/third.py": b"import plain\nplain.send(1)\n",
    }
    gates = Gates(load_pack())
    reach = Reach(contents, contents.__getitem__, "/r", gates.passes)
    found = reach.files(["/r/main.py"], gates.forwards)
    assert found == {"/r/main.py", "/r/inner.py", "/r/helpers.py", "/r/other.py"}


def test_what_nobody_else_can_get_is_not_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Legacy files that only import each other need no names; one importer more, and they do."""
    files = {
        "client.py": CLIENT,
        "script.py": CLIENT,
        "both.py": f"import client\n{CLIENT}",
        "a.py": "import os\n",
    }
    looked_at: list[bytes] = []

    def noted(raw: bytes) -> object:
        looked_at.append(raw)
        return summarised(raw)

    monkeypatch.setattr("callr_migrate.reach_summary.summarised", noted)
    assert reached(files) == {"client.py", "script.py", "both.py"}
    assert not looked_at
    assert reached({**files, "b.py": "from script import api\n"}) == {
        "client.py",
        "script.py",
        "both.py",
        "b.py",
    }
    assert looked_at


def work_for_chain(length: int) -> int:
    """How often imports are resolved, and something is put into a name of another file, round after round."""
    files = {
        f"m{i}.py": f"from m{i - 1} import x{i - 1}\nx{i} = x{i - 1}\n" if i else CLIENT + "x0 = api\n"
        for i in range(length)
    }
    files["other.py"] = "shared = {}\n"
    files["hub.py"] = "".join(f"from m{i} import x{i}\n" for i in range(length)) + (
        "from other import shared\n" + "".join(f"shared[{i}] = x{i}\n" for i in range(length))
    )
    gates = Gates(load_pack())
    contents = {f"/r/{name}": text.encode() for name, text in files.items()}
    reach = Reach(contents, contents.__getitem__, "/r", gates.passes)
    count = 0
    resolved = reach.graph.files_of

    class Counted(dict[str, set[str]]):
        def setdefault(self, *key: Any) -> Any:
            nonlocal count
            count += 1
            return super().setdefault(*key)

    def files_of(*arguments: Any) -> Iterator[str]:
        nonlocal count
        count += 1
        return resolved(*arguments)

    reach._taints = Counted()
    reach.graph.files_of = files_of  # type: ignore[method-assign]
    assert reach.files(["/r/m0.py"]) == set(contents)
    return count


def test_a_file_that_is_looked_at_again_is_not_followed_anew() -> None:
    assert work_for_chain(60) < 3 * work_for_chain(30)


def test_what_was_read_of_the_files_goes_with_their_reach() -> None:
    contents = {"/r/client.py": CLIENT.encode(), "/r/a.py": b"from client import api\n"}
    reach = Reach(contents, contents.__getitem__, "/r", Gates(load_pack()).passes)
    gc.collect()
    gc.disable()
    try:
        assert reach.files(["/r/client.py"]) == set(contents)
        kept = weakref.ref(reach)
        del reach
        assert kept() is None
    finally:
        gc.enable()
