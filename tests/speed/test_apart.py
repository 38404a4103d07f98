"""Files that only look like legacy code: what they have to do with is followed no further than it must be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from callr_migrate import analysing, pipeline
from callr_migrate.components import strangers
from callr_migrate.config import load_settings
from callr_migrate.evaluate import Project
from callr_migrate.import_graph import ImportGraph
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.records import replace
from callr_migrate.source import SourceFile

OTHERS = """\
import requests
from {far} import options

def post(url, data):
    requests.post(url, json={{"jsonrpc": "2.0", "method": "eth_call", "params": data}})
    return options.get({key})
"""
POSTING = """\
import os
import requests

requests.post(os.environ["URL"], json={"jsonrpc": "2.0", "method": "system.get_timestamp", "params": []})
"""
RECEIVING = """\
def received(event):
    if event["type"] == "sms.mt.status_update":
        return event["data"]["hash"]
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def checked(**files: str) -> Outcome:
    for name, text in files.items():
        path = Path(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return run(Request([Path()], load_settings(Path())))


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    add = Project.add

    def noted(self: Project, source: SourceFile) -> Any:
        names.append(source.path.as_posix())
        return add(self, source)

    monkeypatch.setattr(Project, "add", noted)
    return names


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[list[list[str]]]:
    asked: list[list[list[str]]] = []
    analyse = analysing.analyse_parts

    def noted(setup: Any, parts: Sequence[analysing.Component], doing: Any) -> Any:
        asked.append([[source.path.as_posix() for source in part] for part in parts])
        return analyse(setup, parts, doing)

    monkeypatch.setattr(analysing, "analyse_parts", noted)
    return asked


def test_what_is_written_out_needs_no_owner(parsed: list[str]) -> None:
    assert checked(rpc=OTHERS.format(far="far", key="'name'"), far="options = {}\n").report.findings == []
    assert parsed == ["rpc.py"]


def test_what_comes_from_elsewhere_does(parsed: list[str]) -> None:
    assert checked(rpc=OTHERS.format(far="far", key="url"), far="options = {}\n").report.findings == []
    assert parsed == ["rpc.py", "far.py"]


def test_those_that_import_nothing_in_common_are_analysed_apart(parts: list[list[list[str]]]) -> None:
    checked(
        one__rpc=OTHERS.format(far="common.far", key="1"),
        two__rpc=OTHERS.format(far="two.near", key="1"),
        two__near="from two.further import options\n",
        two__further="from three.rpc import options\n",
        three__rpc=OTHERS.format(far="three.far", key="1"),
        three__far="options = {}\n",
        four__rpc=OTHERS.format(far="four.near", key="1"),
        four__near="from common.far import options\n",
        common__far="options = {}\n",
    )
    assert parts == [[["four/rpc.py", "one/rpc.py"], ["three/rpc.py", "two/rpc.py"]]]


def test_what_is_found_in_one_counts_for_the_others(
    parts: list[list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"posting": POSTING, "receiving": RECEIVING}
    apart = checked(**files).report.findings
    assert parts == [[["posting.py"], ["receiving.py"]], [["posting.py", "receiving.py"]]]
    assert {finding.code[:4] for finding in apart} == {"CLR1", "CLR8"}
    monkeypatch.setattr("callr_migrate.loading.strangers", lambda files, _: [sorted(files)])
    assert checked(**files).report.findings == apart
    assert checked(receiving=RECEIVING, posting="").report.findings == []


def test_the_new_api_in_one_counts_for_the_others(
    parts: list[list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def renamed(*args: Any, **options: Any) -> Any:
        pack = load(*args, **options)
        url = replace(pack.service.base_url, value="https://new.example/v2")
        return replace(pack, service=replace(pack.service, base_url=url))

    load = pipeline.load_pack
    monkeypatch.setattr(pipeline, "load_pack", renamed)
    found = checked(migrated='"""jsonrpc"""\nURL = "https://new.example/v2"\n', receiving=RECEIVING)
    assert parts == [[["migrated.py", "receiving.py"]]]
    assert {finding.code[:4] for finding in found.report.findings} == {"CLR8"}


@pytest.mark.parametrize("order", [1, -1])
def test_strangers_by_way_of_several(order: int) -> None:
    imports = {
        "a": "", "b": "x", "c": "y", "d": "z", "e": "", "x": "a", "y": "z", "z": "y", "f": "d b", "g": "a y"
    }  # fmt: skip
    texts = {
        f"/p/{name}.py": "".join(f"import {each}\n" for each in names.split()[::order]).encode()
        for name, names in imports.items()
    }
    graph = ImportGraph(texts, texts.__getitem__, "/p")

    def found(names: str) -> list[str]:
        parts = strangers([f"/p/{name}.py" for name in names[::order]], graph)
        return ["".join(Path(file).stem for file in part) for part in parts]

    assert found("abcde") == ["ab", "cd", "e"]
    assert found("abcdef") == ["abcdf", "e"]
    assert found("abcdeg") == ["abcdg", "e"]
    assert found("f") == ["f"]
    assert found("") == []
