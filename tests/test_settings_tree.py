"""Settings of their own below: what holds for each file, and what divides a run into parts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.settings_tree import SettingsTree

START = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'api.call("system.get_timestamp")\n'
SMS = 'api.call("sms.send", "", "+33199001020", text)\n'


class Result(NamedTuple):
    code: int
    report: dict[str, Any]
    err: str

    @property
    def found(self) -> list[tuple[str, str]]:
        return [(finding["path"], finding["code"]) for finding in self.report["findings"]]


Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def call(command: str, *arguments: str) -> Result:
        capfd.readouterr()
        code = main([command, "--output-format", "json", *arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Result(code, json.loads(out) if out.startswith("{") else {}, err)

    return call


def write(**files: str) -> None:
    for name, text in files.items():
        path = Path(name.replace("__", "/")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def configure(folder: str, text: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "callr-migrate.toml").write_text(text)


# -- the tree ---------------------------------------------------------------------------------------------------


def test_the_nearest_settings_of_a_file(project: Path) -> None:
    configure(".", 'select = ["CLR1"]')
    configure("a/b", 'select = ["CLR2"]')
    Path("a/c").mkdir()
    Path("a/c/pyproject.toml").write_text("[tool.callr-migrate]\nselect = ['CLR3']\n")
    Path("a/pyproject.toml").write_text("[project]\nname = 'callr-migrate-user'\n")
    tree = SettingsTree(load_settings(project), {"ignore": ["CLR9"]})
    selected = {path: tree.of(Path(path)).select for path in ("x.py", "a/x.py", "a/b/d/x.py", "a/c/x.py")}
    assert selected == {
        "x.py": ("CLR1",),
        "a/x.py": ("CLR1",),
        "a/b/d/x.py": ("CLR2",),
        "a/c/x.py": ("CLR3",),
    }
    # What the command line says holds everywhere.
    assert tree.of(Path("a/b/x.py")).ignore == ("CLR9",)
    assert tree.of(Path("a/b/x.py")) is tree.of(Path("a/b/y.py"))


def test_a_file_named_on_the_command_line_holds_everywhere(run: Run) -> None:
    write(a__x=START)
    configure("a", 'ignore = ["ALL"]')
    Path("other.toml").write_text("")
    assert run("check").found == []
    assert run("check", "--config", "other.toml").found == [("a/x.py", "CLR601")]


# -- what holds file by file ------------------------------------------------------------------------------------


def test_codes_by_file(run: Run) -> None:
    write(x=START + CALL, a__x=START + CALL, b__x=START + CALL)
    configure(".", 'ignore = ["CLR601"]')
    configure("a", 'ignore = ["CLR1"]')
    Path("b/pyproject.toml").write_text('[tool.callr-migrate.per-file-ignores]\n"/x.py" = ["CLR1"]\n')
    for paths in ([], ["x.py", "a/x.py", "b/x.py"], ["a", "b", "x.py"]):
        assert run("check", *paths).found == [("a/x.py", "CLR601"), ("b/x.py", "CLR601"), ("x.py", "CLR101")]
    assert run("check", "--ignore", "CLR1", "--select", "ALL").found == [
        (path, "CLR601") for path in ("a/x.py", "b/x.py", "x.py")
    ]


def test_excludes_by_folder(run: Run) -> None:
    write(
        **dict.fromkeys(
            ("gen__x", "a__gen__x", "a__old__x", "a__deep__old__x", "b__old__x", "b__gen__x"), START
        )
    )
    configure(".", 'extend-exclude = ["gen", "/b/old"]')
    configure("a", 'extend-exclude = ["/old"]')
    assert [path for path, _ in run("check").found] == ["a/deep/old/x.py", "a/gen/x.py"]
    assert run("check").report["summary"]["unseen"] == 4
    assert [path for path, _ in run("check", "a").found] == ["a/deep/old/x.py", "a/gen/x.py"]


def test_line_length_by_file(run: Run) -> None:
    write(x=START + SMS, a__x=START + SMS)
    configure(".", "line-length = 200")
    configure("a", "line-length = 60")
    run("fix", "--unsafe-fixes")
    assert max(map(len, Path("x.py").read_text().splitlines())) > 88
    assert max(map(len, Path("a/x.py").read_text().splitlines())) <= 60


def test_a_group_over_several_settings_is_one(run: Run) -> None:
    write(client=START, a__user="from client import api\n\n" + SMS)
    configure(".", "line-length = 200")
    configure("a", "line-length = 60")
    assert run("fix", "--unsafe-fixes").code == 0
    assert "callr" not in Path("client.py").read_text().replace("callr.com", "")


# -- what divides a run -----------------------------------------------------------------------------------------


@pytest.fixture
def services() -> None:
    """Two services, each with a target of its own, and a client that both of them use."""
    write(common__client=START, x=START + CALL, a__x=START + CALL, b__x=START + CALL)
    write(
        a__user="from common.client import api\n\n" + CALL, b__user="from common.client import api\n\n" + CALL
    )
    configure(".", 'target = "httpx"')
    configure("b", 'target = "requests"')


@pytest.mark.usefixtures("services")
def test_each_part_has_its_target(run: Run) -> None:
    report = run("check").report
    assert report["summary"]["files"] == 6
    becomes = {
        finding["path"]: finding["fix"]["description"]
        for finding in report["findings"]
        if finding["code"] == "CLR601" and finding["fix"]
    }
    assert becomes == {
        "a/x.py": "Make a client for httpx",
        "b/x.py": "Make a client for requests",
        "common/client.py": "Make a client for httpx",
        "x.py": "Make a client for httpx",
    }
    groups = {finding["path"]: finding["fix"]["group"] for finding in report["findings"] if finding["fix"]}
    assert len({groups[name] for name in ("x.py", "a/x.py", "b/x.py")}) == 3


@pytest.mark.usefixtures("services")
def test_each_part_is_fixed_for_itself(run: Run) -> None:
    result = run("fix", "--unsafe-fixes")
    assert result.err == f"{result.report['summary']['fixed']} fixed, 2 need a person.\n"
    assert "httpx.Client" in Path("a/x.py").read_text()
    assert "CallrSession" in Path("b/x.py").read_text()
    # The client is another part's, so this call keeps the legacy one, which so stays beside the new one.
    assert Path("b/user.py").read_text() == "from common.client import api\n\n" + CALL
    assert "api = callr.Api(" in Path("common/client.py").read_text()
    assert "api_v2.get" in Path("a/user.py").read_text()
    assert result.found.count(("b/user.py", "CLR101")) == 1
    before = {path: path.read_bytes() for path in Path().rglob("*.py")}
    run("fix", "--unsafe-fixes")
    assert {path: path.read_bytes() for path in Path().rglob("*.py")} == before


@pytest.mark.usefixtures("services")
def test_baselines_and_counts_are_of_the_whole_run(run: Run) -> None:
    Path("b/x.py").write_text(f"{START}{CALL[:-1]}  # noqa\n")
    every = run("check").report["summary"]
    assert every["suppressed"] == 1
    first = run("check", "--write-baseline", "known.json")
    assert (first.code, first.report["summary"]["baselined"]) == (0, every["findings"])
    assert first.err == f"note: known.json: {every['findings']} findings are known\n"
    again = run("check", "--baseline", "known.json", "--write-baseline", "known.json")
    assert (again.code, again.err) == (0, first.err)


@pytest.mark.usefixtures("services")
def test_what_is_excluded_is_told_once(run: Run) -> None:
    configure(".", 'extend-exclude = ["/x.py"]')
    assert run("check").report["unseen"] == [
        {"path": "x.py", "line": 1, "reason": "the file is excluded, and holds what may be legacy code"}
    ]


@pytest.mark.usefixtures("services")
def test_one_part_asked_for_by_name(run: Run) -> None:
    result = run("check", "b/x.py", "b/user.py", "a/x.py")
    assert [path for path, _ in result.found] == ["a/x.py"] * 2 + ["b/user.py"] + ["b/x.py"] * 2


# -- mistakes ---------------------------------------------------------------------------------------------------


def test_a_mistake_below_costs_its_folder_only(run: Run) -> None:
    write(x=START, a__x=START, a__deep__x=START)
    configure("a", "traget = 1\nselect = 2\n")
    for paths in ([], ["x.py", "a/x.py", "a/deep"]):
        result = run("check", *paths)
        assert (result.code, result.found) == (2, [("x.py", "CLR601")])
        assert result.err == (
            "error: a/callr-migrate.toml: 'select' must be a list of texts\n"
            "error: a/callr-migrate.toml: unknown key 'traget' (did you mean 'target'?)\n"
        )


def test_a_name_below_that_the_rules_do_not_have(run: Run) -> None:
    write(x=START, a__x=START)
    configure("a", 'target = "htpx"\n')
    result = run("check")
    assert (result.code, result.err) == (
        2,
        "error: no target 'htpx' (did you mean 'httpx'?); there is httpx, requests\n",
    )


def test_files_of_others_that_are_no_toml_do_not_matter(run: Run) -> None:
    write(a__x=START)
    Path("a/pyproject.toml").write_text("{{ cookiecutter }}\n")
    assert run("check").found == [("a/x.py", "CLR601")]
