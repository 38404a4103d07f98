"""What the new client does otherwise although each call is the same: told at the client that is made."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest
from harness import migrate, write

from callr_migrate.evaluate import Module
from callr_migrate.rewrite import traps
from callr_migrate.rewrite.uses import loads

SEND = 'api.call("sms.send", "", "+33199001020", "Hi")\n'
OUTSIDE = "the credentials may be None where the environment does not have them"
CREDENTIALS = {
    'callr.Api(os.environ.get("LOGIN"), os.getenv("PASSWORD"))': True,
    'callr.Api(os.environ["LOGIN"], os.getenv("PASSWORD"))': True,
    'callr.Api(os.environ["LOGIN"], os.getenv("PASSWORD", "x"))': False,
    'callr.Api(os.environ["LOGIN"], os.getenv("PASSWORD") or "x")': False,
    'callr.Api(os.environ["LOGIN"], "" or os.getenv("PASSWORD"))': True,
    "callr.Api(LOGIN, settings.PASSWORD)": True,
    "callr.Api(settings.LOGIN, settings.LOGIN)": False,
    'callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])': False,
}


@pytest.mark.parametrize(("client", "doubted"), CREDENTIALS.items())
def test_credentials_that_the_environment_may_not_have(tmp_path: Path, client: str, doubted: bool) -> None:
    text = f'import os\n\nimport callr\nimport settings\n\nLOGIN = os.environ.get("LOGIN")\napi = {client}\n{SEND}'
    settings = 'import os\n\nLOGIN = os.environ["LOGIN"]\nPASSWORD = os.environ.get("PASSWORD")\n'
    folder = write(tmp_path / "p", {"main.py": text.encode(), "settings.py": settings.encode()})
    outcome = migrate(folder, "httpx", fix=False)
    assert outcome.report.errors == []
    (found,) = [finding for finding in outcome.report.findings if finding.code == "CLR601"]
    assert found.fix is not None
    assert (OUTSIDE in (found.reason or "")) is doubted


POOL = """from concurrent.futures import {kind}
import os

import callr


class Sender:
    def __init__(self):
        self.api = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])

    def send(self, number):
        self.{send}

def send_all(numbers):
    sender = Sender()
    with {kind}() as pool:
        list(pool.map(sender.send, numbers))
"""


@pytest.mark.parametrize(
    ("kind", "target", "stays"),
    [
        ("ProcessPoolExecutor", "httpx", True),
        ("ProcessPoolExecutor", "requests", False),  # whose sessions can be copied
        ("ThreadPoolExecutor", "httpx", False),
    ],
)
def test_a_client_in_another_process(tmp_path: Path, kind: str, target: str, stays: bool) -> None:
    folder = write(tmp_path / "p", {"main.py": POOL.format(kind=kind, send=SEND).encode()})
    outcome = migrate(folder, target, fix=False)
    assert outcome.report.errors == []
    (found,) = [finding for finding in outcome.report.findings if finding.code == "CLR101"]
    assert ("`map` (main.py:18) copies it or sends it to another process" in (found.reason or "")) is stays
    assert (found.fix is None) is stays


CLIENT = 'import os\n\nimport callr\n\napi = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])\n'
FILES = {
    "sms/first.py": CLIENT + 'api.call("system.get_timestamp")\n' + SEND + SEND,
    "sms/second.py": CLIENT + SEND,
}


@pytest.mark.parametrize(("target", "logger"), [("httpx", '"httpx"'), ("requests", '"urllib3"')])
def test_numbers_in_addresses_are_told_once(tmp_path: Path, target: str, logger: str) -> None:
    folder = write(tmp_path / "p", {name: text.encode() for name, text in FILES.items()})
    outcome = migrate(folder, target, fix=False)
    assert outcome.report.errors == []
    (found,) = [finding for finding in outcome.report.findings if finding.code == "CLR607"]
    assert (found.path.name, found.start) == ("first.py", FILES["sms/first.py"].index(SEND))
    assert logger in (found.help or "")


def test_without_numbers_nothing_is_told(tmp_path: Path) -> None:
    text = CLIENT + 'api.call("did/store.cancel_order", "+33199001020")\n'
    folder = write(tmp_path / "p", {"main.py": text.encode()})
    codes = [finding.code for finding in migrate(folder, "httpx", fix=False).report.findings]
    assert "CLR101" in codes
    assert "CLR607" not in codes


def test_many_objects_that_are_sent_are_looked_up_in_one_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program has many classes, and very many places that ask their objects for something."""
    walked: list[str] = []

    def counted(module: Module) -> Iterator[cst.BaseExpression]:
        walked.append(module.path.name)
        return loads(module)

    monkeypatch.setattr(traps, "loads", counted)
    text = POOL.format(kind="ProcessPoolExecutor", send=SEND)
    text += "".join(
        f"\n\nclass Task{n}:\n    def __init__(self):\n        self.name = 'x'\n\n    def run(self, number):\n"
        f"        print(self.name)\n\n\nProcessPoolExecutor().submit(Task{n}().run, 1)\n"
        for n in range(5)
    )
    folder = write(tmp_path / "p", {"main.py": text.encode()})
    outcome = migrate(folder, "httpx", fix=False)
    (found,) = [finding for finding in outcome.report.findings if finding.code == "CLR101"]
    assert "copies it or sends it to another process" in (found.reason or "")
    assert walked == ["main.py"]
