"""A part of a project goes as soon as it is done, without the garbage collector."""

from __future__ import annotations

import gc
from pathlib import Path

import libcst as cst

from callr_migrate.config import load_settings
from callr_migrate.pipeline import Request, run

_PROGRAM = """\
import callr

api = callr.Api(LOGIN, PASSWORD)


class Sender:
    def __init__(self, client):
        self.client = client

    def send(self, *numbers, text="Hi"):
        return [self.client.call("sms.send", "", number, text, None) for number in numbers]


def show(name):
    sms = Sender(api).client.call("sms.get", name)
    print(sms["text"], sms["status"])


def forward(method, *arguments):
    return api.call(method, *arguments)


forward("apps.get_list")
"""


def test_no_tree_waits_for_the_garbage_collector(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(_PROGRAM)
    request = Request((tmp_path,), load_settings(tmp_path))
    run(request)
    gc.collect()
    before = len(_trees())
    gc.disable()
    try:
        outcome = run(request)
        after = len(_trees())
    finally:
        gc.enable()
    assert outcome.report.findings
    assert after == before


def _trees() -> list[cst.Module]:
    return [node for node in gc.get_objects() if isinstance(node, cst.Module) and node.body]
