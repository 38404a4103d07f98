"""An argument that goes because of what the project's own calls pass: it is said that others may pass something else."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from harness import migrate, read, write

HEAD = """\
import callr
import config

EMPTY = ""
api = callr.Api(config.LOGIN, config.PASSWORD)
"""
CASES = {
    "a default": (
        """
        def send(to, sender=None):
            api.call("sms.send", sender or "", to, "Hi", {"nature": "ALERTING"})

        send("+33199001020")
        """,
        "sender",
    ),
    "through a variable": (
        """
        def send(to, sender=""):
            name = sender
            api.call("sms.send", name, to, "Hi", {"nature": "ALERTING"})

        send("+33199001020")
        """,
        "sender",
    ),
    "a constant": (
        """
        def send(to, EMPTY_=""):
            api.call("sms.send", EMPTY, to, "Hi", {"nature": "ALERTING"})

        send("+33199001020")
        """,
        None,
    ),
    "an attribute of the same name": (
        """
        class Defaults:
            sender = ""

        def send(to, sender=None):
            api.call("sms.send", Defaults.sender, to, "Hi", {"nature": "ALERTING"})

        send("+33199001020")
        """,
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_others_may_pass_is_told(tmp_path: Path, name: str) -> None:
    code, param = CASES[name]
    folder = tmp_path / "one"
    config = b"LOGIN, PASSWORD = input(), input()\n"
    write(folder, {"main.py": (HEAD + textwrap.dedent(code)).encode(), "config.py": config}, "")
    (finding,) = [
        each for each in migrate(folder, "httpx", fix=False).report.findings if each.code == "CLR101"
    ]
    told = f"what other projects pass as `{param}` would be lost"
    assert finding.fix is not None
    assert (told in (finding.reason or "")) == (param is not None)
    migrate(folder, "httpx")
    assert "from" not in read(folder)["main.py"].decode()
