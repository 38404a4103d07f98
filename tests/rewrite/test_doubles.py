"""Test doubles of the legacy client are told, with how the new one is replaced; what replaces anything else is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import TARGETS, migrate, write

from callr_migrate.findings import Applicability, Finding

SERVICE = """import os

import callr

api = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])


def send(number):
    return api.call("sms.send", "", number, "Hi")


class Service:
    def __init__(self, api=None):
        self.api = api or callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])

    def credit(self):
        self.api.call("billing.get_prepaid_credit")
"""
HEAD = """from unittest import mock
from unittest.mock import MagicMock, patch

import callr
import service

"""
# Each line with its mark is the start of a finding.
DOUBLES = {
    "a text": 'with patch("callr.Api.call", return_value="8242D945"):  # <-\n    service.send("+33199001020")\n',
    "a text of a class": 'patch("callr.Api").start()  # <-\n',
    "the module inside": 'with mock.patch("callr.callr.Api.send"):  # <-\n    pass\n',
    "a name of the project": 'with mock.patch("service.api.call"):  # <-\n    pass\n',
    "a library where it is imported": 'with mock.patch("service.callr.Api"):  # <-\n    pass\n',
    "a decorator": '@patch("callr.Api.call")  # <-\ndef test_send(call):\n    service.send("+33199001020")\n',
    "an object": 'with patch.object(callr.Api, "call"):  # <-\n    pass\n',
    "a client": 'with patch.object(service.api, "call"):  # <-\n    pass\n',
    "by name": 'with patch.object(target=callr.Api, attribute="call"):  # <-\n    pass\n',
    "monkeypatch": 'def test_send(monkeypatch):\n    monkeypatch.setattr(callr.Api, "call", lambda *_: 1)  # <-\n',
    "monkeypatch of a text": 'def test_send(monkeypatch):\n    monkeypatch.setattr("callr.Api.call", lambda *_: 1)  # <-\n',
    "monkeypatch of the library": 'def test_send(monkeypatch):\n    monkeypatch.setattr(callr, "Api", dict)  # <-\n',
    "mocker": 'def test_send(mocker):\n    mocker.patch("callr.Api.call")  # <-\n',
    "a specification": "api = MagicMock(spec=callr.Api)  # <-\n",
    "a specified mock": "api = mock.create_autospec(callr.Api)  # <-\n",
    "an assignment": "callr.Api.call = lambda *_: 1  # <-\n",
    "an assignment to a client": "service.api.call = lambda *_: 1  # <-\n",
    "a subclass": "class Fake(callr.Api):  # <-\n    def call(self, method, *params):\n        return 1\n",
    "a class of its own": "class Fake:  # <-\n    def call(self, method, *params):\n        return 1\n\n\n"
    "service.Service(Fake()).credit()\n",
    "a server": 'def test_send(requests_mock):\n    requests_mock.post("https://api.callr.com/json-rpc/v1.1/")  # <-\n',
}
OTHERS = {
    "another library": 'with patch("os.environ"):\n    pass\n',
    "another object": 'with patch.object(service, "send"):\n    pass\n',
    "a text that names nothing": 'print("callr.Api.call", setattr(service, "name", "callr.Api"))\n',
    "a function of the project": 'with patch("service.send"):\n    pass\n',
    "a class that is no stand-in": "class Fake:\n    def call(self, method, *params):\n        return 1\n\n\nFake().call(1)\n",
    "an error that is made": "print(MagicMock(spec=dict), callr.Api)\n",
}


def doubles(tmp_path: Path, text: str, target: str = "httpx", config: str = "") -> list[Finding]:
    folder = write(
        tmp_path / "p", {"service.py": SERVICE.encode(), "tests.py": (HEAD + text).encode()}, config
    )
    outcome = migrate(folder, target, fix=False)
    assert outcome.report.errors == []
    return outcome.report.findings


@pytest.mark.parametrize("text", DOUBLES.values(), ids=DOUBLES.keys())
def test_a_double_is_told(tmp_path: Path, text: str) -> None:
    found = [each for each in doubles(tmp_path, text) if each.code == "CLR605"]
    marked = [number for number, line in enumerate((HEAD + text).splitlines(), 1) if "# <-" in line]
    lines = [(HEAD + text)[: each.start].count("\n") + 1 for each in found]
    assert lines == marked
    assert {each.path.name for each in found} == {"tests.py"}
    assert all(each.help and each.help.startswith("Patch httpx.Client.request") for each in found)


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS.keys())
def test_what_is_none_is_not_told(tmp_path: Path, text: str) -> None:
    assert [each for each in doubles(tmp_path, text) if each.code == "CLR605"] == []


@pytest.mark.parametrize("target", TARGETS)
def test_each_client_has_a_way_of_its_own(tmp_path: Path, target: str) -> None:
    (found,) = [each for each in doubles(tmp_path, DOUBLES["a text"], target) if each.code == "CLR605"]
    assert target in (found.help or "")


def test_what_tests_replace_is_not_rewritten_unasked(tmp_path: Path) -> None:
    config = 'auth = "keep"\n'
    plain = doubles(tmp_path / "a", OTHERS["another library"], config=config)
    replaced = doubles(tmp_path / "b", DOUBLES["a text"], config=config)
    (before,) = [each for each in plain if each.method == "billing.get_prepaid_credit"]
    (after,) = [each for each in replaced if each.method == "billing.get_prepaid_credit"]
    assert "tests.py:7 replaces the legacy client" not in (before.reason or "")
    assert "tests.py:7 replaces the legacy client" in (after.reason or "")
    assert after.applicability is not Applicability.SAFE
