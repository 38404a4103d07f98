"""Wrappers that the settings name: calls through them are found where their code does not show what they send."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from callr_migrate.cli import main

Check = Callable[..., dict[str, Any]]

OWN = {
    "mypkg/__init__.py": "",
    "mypkg/gateway.py": "import bus\n\n\ndef send(method, *params):\n    return bus.publish(method, params)\n\n\n"
    "class Gateway:\n    def __init__(self):\n        self.bus = bus.Bus()\n\n"
    "    def call(self, method, *params):\n        return self.bus.publish(method, params)\n\n"
    "made = bus.sender()\n",
}
# Name in the settings, what the file imports, the callee.
FORMS = {
    "a function of the project": ("mypkg.gateway.send", "from mypkg.gateway import send", "send"),
    "by its module": ("mypkg.gateway.send", "import mypkg.gateway", "mypkg.gateway.send"),
    "by another name": ("mypkg.gateway.send", "from mypkg import gateway as g", "g.send"),
    "a method of the project": (
        "mypkg.gateway.Gateway.call",
        "from mypkg.gateway import Gateway",
        "Gateway().call",
    ),
    "what is only made there": ("mypkg.gateway.made", "from mypkg.gateway import made", "made"),
    "by its module, what is only made there": (
        "mypkg.gateway.made",
        "from mypkg import gateway",
        "gateway.made",
    ),
    "a function from outside": ("corp.sms.send", "from corp.sms import send", "send"),
    "outside by its module": ("corp.sms.send", "import corp.sms", "corp.sms.send"),
    "everything of a module outside": ("corp.sms.send", "from corp.sms import *", "send"),
    "a class among everything": ("corp.Client.request", "from corp import *", "Client(1).request"),
    "a method from outside": ("corp.Client.request", "from corp import Client", "Client(1).request"),
}


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    monkeypatch.chdir(tmp_path)

    def run(files: Mapping[str, str], *names: str, command: str = "check", **settings: Any) -> dict[str, Any]:
        text = f"wrappers = {json.dumps(names)}\n" if names else ""
        write({"callr-migrate.toml": text, **files})
        capfd.readouterr()
        code = main([command, "--output-format", "json", *settings.get("arguments", ())])
        out, err = capfd.readouterr()
        assert code in settings.get("codes", (0, 1)), err
        report: dict[str, Any] = json.loads(out) if out else {}
        report["stderr"] = err
        return report

    return run


def write(files: Mapping[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, "utf-8")


def calls(report: dict[str, Any]) -> list[tuple[str, int, str, str | None, str]]:
    return [
        (found["path"], found["start"]["line"], found["code"], found["method"], found["surface"])
        for found in report["findings"]
        if found["code"].startswith("CLR1")
    ]


@pytest.mark.parametrize("form", FORMS)
def test_each_form(check: Check, form: str) -> None:
    name, imported, callee = FORMS[form]
    files = {**OWN, "app.py": f'{imported}\n\nanswer = {callee}("sms.get", "ABCDEF12")\n'}
    assert calls(check(files)) == []
    report = check(files, name)
    assert calls(report) == [("app.py", 3, "CLR101", "sms.get", "wrapper")]
    (found,) = report["findings"]
    assert found["applicability"] == "manual"
    assert "which the settings name" in found["reason"]
    assert check(files, name, "corp.other.send")["findings"] == report["findings"]


def test_methods_that_are_not_known_or_not_told(check: Check) -> None:
    files = {**OWN, "app.py": "from corp import send\n\nsend('no.such')\nsend(name)\nsend()\nsend(*many)\n"}
    assert [(line, code) for _, line, code, _, _ in calls(check(files, "corp.send"))] == [
        (3, "CLR104"),
        (4, "CLR105"),
        (5, "CLR105"),
        (6, "CLR105"),
    ]


def test_as_far_as_clients_are_followed(check: Check) -> None:
    """Through self, parameters, annotations, partials, pools, subclasses and functions that forward."""
    app = """\
import functools
import corp

class App:
    def __init__(self):
        self.gate = corp.Client(1)

    def run(self, pool):
        self.gate.request("sms.get", "A1")
        pool.submit(self.gate.request, "sms.get", "A2")
        functools.partial(self.gate.request, "sms.get")("A3")
        forward(self.gate, "sms.get", "A4")
        self.gate.close("sms.get")

def forward(gate, method, *params):
    return gate.request(method, *params)

def typed(gate: corp.Client):
    return gate.request("sms.get", "A5")

class Mine(corp.Client):
    def again(self):
        return self.request("sms.get", "A6")
"""
    found = calls(check({"app.py": app}, "corp.Client.request"))
    assert [(line, method) for _, line, code, method, _ in found if code == "CLR101"] == [
        (9, "sms.get"),
        (10, "sms.get"),
        (11, "sms.get"),
        (12, "sms.get"),
        (19, "sms.get"),
        (23, "sms.get"),
    ]
    assert [(line, code) for _, line, code, _, _ in found if code != "CLR101"] == [(16, "CLR105")]


def test_a_wrapper_that_is_seen_through_stays_so(check: Check) -> None:
    gateway = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n\n\ndef send(method, *params):\n    return api.call(method, *params)\n"
    files = {"gate.py": gateway, "app.py": 'from gate import send\n\nsend("sms.get", "ABCDEF12")\n'}
    without = check(files)
    assert ("app.py", 3, "CLR101", "sms.get", "wrapper") in calls(without)
    assert check(files, "gate.send")["findings"] == without["findings"]


def test_its_class_is_no_client_to_be_replaced(check: Check) -> None:
    report = check(
        {"app.py": 'import corp\n\ngate = corp.Client()\ngate.request("sms.get", "A1")\n'},
        "corp.Client.request",
    )
    assert [found["code"] for found in report["findings"]] == ["CLR101"]


def test_answers_are_told(check: Check) -> None:
    app = 'from corp import send\n\nsms = send("sms.get", "A1")\nprint(sms["hash"])\n'
    codes = [
        (found["start"]["line"], found["code"]) for found in check({"app.py": app}, "corp.send")["findings"]
    ]
    assert codes == [(3, "CLR101"), (4, "CLR201")]


def test_nothing_is_rewritten(check: Check) -> None:
    app = 'from corp import send\n\nsms = send("sms.get", "A1")\nprint(sms["hash"])\n'
    check({"app.py": app}, "corp.send", command="fix", arguments=("--unsafe-fixes",))
    assert Path("app.py").read_text("utf-8") == app


def test_other_functions_of_the_same_name_are_none(check: Check) -> None:
    app = """\
from other import send
from corp import receive
from mypkg.mail import send as mail
send("sms.get", "A1")
receive("sms.get", "A1")
mail("sms.get", "A1")
"""
    files = {"mypkg/__init__.py": "", "mypkg/mail.py": "def send(text, *to):\n    pass\n", "app.py": app}
    report = check(files, "corp.send")
    assert calls(report) == []


def test_over_files_that_do_not_name_it(check: Check) -> None:
    files = {
        "gates.py": "from corp import Client\n\ngate = Client()\n",
        "app.py": "from gates import gate\n\ngate.request('sms.get', 'A1')\n",
    }
    assert calls(check(files, "corp.Client.request")) == [("app.py", 3, "CLR101", "sms.get", "wrapper")]


def test_over_files_that_give_it_another_name(check: Check) -> None:
    files = {
        "tools/__init__.py": "",
        "tools/first.py": "from corp import send as deliver\n",
        "tools/second.py": "from tools.first import *\n",
        "app.py": "from tools import second\n\nsecond.deliver('sms.get', 'A1')\n",
    }
    assert calls(check(files, "corp.send")) == [("app.py", 3, "CLR101", "sms.get", "wrapper")]


def test_settings_below_have_their_own(check: Check) -> None:
    write({"below/callr-migrate.toml": 'extend = "../callr-migrate.toml"\nwrappers = ["corp.more"]\n'})
    files = {
        "app.py": "from corp import more, send\n\nmore('sms.get', 'A1')\nsend('sms.get', 'A1')\n",
        "below/app.py": "from corp import more, send\n\nmore('sms.get', 'A1')\nsend('sms.get', 'A1')\n",
    }
    found = [(path, line) for path, line, *_ in calls(check(files, "corp.send"))]
    assert found == [("app.py", 4), ("below/app.py", 3), ("below/app.py", 4)]


# -- names that are wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["send", "corp.", ".send", "corp..send", "corp.send()", "corp/sms.send", "corp.1"]
)
def test_what_is_no_dotted_name(check: Check, name: str) -> None:
    report = check({"app.py": ""}, name, codes=(2,))
    assert f"callr-migrate.toml: 'wrappers' holds {name!r}; it takes dotted names" in report["stderr"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("mypkg.gateway.sned", "mypkg/gateway.py has no 'sned' (did you mean 'send'?)"),
        ("mypkg.gatewy.send", "mypkg/__init__.py has no 'gatewy' (did you mean 'gateway'?)"),
        ("mypkg.gateway", "mypkg.gateway is a module; name a function or a method in it"),
        ("mypkg.gateway.Gateway", "'Gateway' is a class; name its method that sends"),
        ("mypkg.gateway.Gateway.cal", "'Gateway' in mypkg/gateway.py has no 'cal' (did you mean 'call'?)"),
        ("mypkg.gateway.send.call", "'send' is a function"),
    ],
)
@pytest.mark.parametrize("below", ["", "src/"])
def test_what_is_not_there(check: Check, below: str, name: str, told: str) -> None:
    report = check({below + path: text for path, text in OWN.items()}, name, codes=(2,))
    assert report["stderr"] == f"error: wrappers: {name!r} is not there: {told}\n"


@pytest.mark.parametrize(
    "module",
    [
        "from corp import *\n",
        "def __getattr__(name):\n    return name\n",
        "print 'Python 2'\n",
        "try:\n    import send\nexcept E:\n    pass\n",
    ],
)
def test_what_cannot_be_told_is_taken(check: Check, module: str) -> None:
    check({"mypkg/__init__.py": "", "mypkg/gateway.py": module}, "mypkg.gateway.send")


@pytest.mark.parametrize("name", ["mypkg.gateway.Gateway.bus", "mypkg.gateway.made", "corp.nothing.at.all"])
def test_what_may_be_called_is_taken(check: Check, name: str) -> None:
    assert "is not there" not in check({**OWN, "app.py": ""}, name)["stderr"]


def test_a_name_that_nothing_calls_is_told_where_there_is_legacy_code(check: Check) -> None:
    app = "from corp import send\n\nsend('sms.get', 'A1')\n"
    note = check({"app.py": app}, "corp.send", "core.sedn")["stderr"]
    assert note == "note: wrappers: no call of `core.sedn` is seen\n"


def test_the_command_that_shows_settings(check: Check, capfd: pytest.CaptureFixture[str]) -> None:
    check({"app.py": ""}, "corp.send")
    main(["config"])
    assert 'wrappers = ["corp.send"]  # callr-migrate.toml' in capfd.readouterr().out


def test_files_that_look_clean_otherwise_are_looked_at(
    check: Check, capfd: pytest.CaptureFixture[str]
) -> None:
    check({"app.py": "from corp import push\n\npush('sms.get', 'A1')\n"}, "corp.push")
    assert main(["check"]) == 1
    assert "app.py:3:1: CLR101" in capfd.readouterr().out
