"""Every legacy call of the fixture projects is found as what it is, and nothing else is."""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest
from projects import Project, looked_at, projects
from table import Row, main, row, table

from callr_migrate import pipeline
from callr_migrate.pack import load_pack

PROJECTS = projects()
# What the tool promises to see through; each stands in two projects at least.
SHAPES = """
    REST v1.1 URLs | None or 'disabled' on another branch | a module of one's own named callr | async functions
    attribute of an imported module | batches of payloads | bound methods passed as values | celery | class attributes
    client in a constants module | client in a tuple | comprehensions | context managers | ctx.call of a service bus
    data=json.dumps | dataclass fields | dependency injection through annotations | exceptions | facade
    factories | filter over the arguments | functools.partial | global set in a nested function
    helper that builds the payload | home-made JSON-RPC class with the verb first | import cycles | inheritance
    inheritance from the client | init parameters stored on self | lazy client | match | method names in constants
    method names in dicts | namespace package | other vendors' client.sms.send | payload built in steps
    payload literal | properties | raw JSON-RPC over aiohttp | raw JSON-RPC over httpx | raw JSON-RPC over requests
    raw JSON-RPC over urllib | re-exports through __init__ | relative imports | src layout | star imports with __all__
    strings in comments and docstrings | subprocess.call | the R bridge packages | thecallr | thecallrapi
    thread pool | unknown method | walrus | webhook event names | wrapper in another package
    wrapper that forwards the method name | wrong arity
"""


@pytest.fixture(autouse=True)
def one_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "load_pack", functools.lru_cache(load_pack))


def _cases() -> list[object]:
    return [
        pytest.param(
            project,
            id=project.name,
            marks=[pytest.mark.xfail(reason=project.xfail, strict=True)] if project.xfail else [],
        )
        for project in PROJECTS
    ]


@pytest.mark.parametrize("project", _cases())
def test_all_is_found_and_nothing_else(project: Project, tmp_path: Path) -> None:
    result = looked_at(project, tmp_path)
    assert result.errors == ()
    assert (result.calls, result.unseen) == (project.calls, project.unseen)
    assert not result.told & set(project.silent)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.name)
def test_expectations_point_into_the_files(project: Project) -> None:
    for file, line in [*((call[0], call[1]) for call in project.calls), *project.unseen, *project.silent]:
        lines = (project.folder / file).read_text("utf-8").splitlines()
        assert lines[line - 1].strip(), f"{file}:{line}"


def test_each_shape_stands_in_two_projects_at_least() -> None:
    count = Counter(shape for project in PROJECTS for shape in project.shapes)
    wanted = [shape.strip() for line in SHAPES.strip().splitlines() for shape in line.split("|")]
    assert {shape: count[shape] for shape in wanted if count[shape] < 2} == {}
    assert len(PROJECTS) >= 30


def test_the_table_counts_what_is_missing_and_what_is_too_much() -> None:
    rows = [
        Row("one", 4, 3, 2, ("a.py:1 sms.get",), ("a.py:2 sms.send",)),
        Row("none", 0, 0, 0, (), ()),
    ]
    lines = table(rows).splitlines()
    assert [line.split() for line in lines if line.split()[0] in ("one", "none", "all")] == [
        ["one", "4", "3", "2", "50.0%", "66.7%"],
        ["none", "0", "0", "0", "100.0%", "100.0%"],
        ["all", "4", "3", "2", "50.0%", "66.7%"],
    ]
    assert lines[2:4] == ["    missing a.py:1 sms.get", "    extra   a.py:2 sms.send"]


def test_the_table_fails_where_an_expectation_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    folder.joinpath("a.py").write_text('import callr\ncallr.Api("a", "b").call("sms.get", "A")\n', "utf-8")
    folder.joinpath("expected.yaml").write_text(
        "summary: Wrong.\nshapes: []\ncalls: []\nunseen: []\nsilent:\n- {file: a.py, line: 2}\n", "utf-8"
    )
    monkeypatch.setattr("projects.FIXTURES", tmp_path)
    assert main([]) == 1
    assert "extra   a.py:2 alarm" in capsys.readouterr().out
    assert row(Project.read(folder), looked_at(Project.read(folder), tmp_path / "copy")).precision == 0
