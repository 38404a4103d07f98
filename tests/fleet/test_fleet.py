"""`fleet`: many repositories, each on its own, and only once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.checkout import ROOT, clean_environment, needs_git, run
from support.hosts import TOKEN, serving
from support.processes import is_alive, until

from callr_migrate.cli import main
from callr_migrate.executors import ExecutorError, Workers

PROGRAM = (
    'import callr\n\napi = callr.Api("login-made-up", "password-made-up")\napi.call("sms.get", "ABC123")\n'
)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="made by POSIX means")


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def results(self) -> dict[str, Any]:
        return {one["name"]: one for one in self.data["repositories"]}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    needs_git()
    wanted = clean_environment()
    odd = ("GH_", "GITHUB_", "GITLAB_", "CI_", "CALLR_MIGRATE_DEBUG")
    for name in list(os.environ):
        if name not in wanted or name.startswith(odd):
            monkeypatch.delenv(name)
    for name, value in wanted.items():
        if not name.startswith(odd):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fleet(capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    def call(*arguments: str) -> Told:
        capfd.readouterr()
        code = main(["fleet", "repos.yaml", *arguments])
        return Told(code, *capfd.readouterr())

    return call


def _repository(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, text in (
        {"app.py": PROGRAM} | {key.replace("_", "."): text for key, text in files.items()}
    ).items():
        (folder / name).write_text(text, "utf-8")
    run("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    run("git", "add", "--all", cwd=folder)
    run("git", "commit", "--quiet", "--message", "all of it", cwd=folder)
    return folder


def _listed(*entries: str, defaults: str = "") -> None:
    text = f"defaults: {{{defaults}}}\n" if defaults else ""
    Path("repos.yaml").write_text(
        text + "repositories:\n" + "".join(f"- {one}\n" for one in entries), "utf-8"
    )


@pytest.fixture
def five(tmp_path: Path) -> None:
    """Two that are cloned, one folder, and two that are broken."""
    for name in ("one", "two", "three"):
        _repository(tmp_path / "there" / name)
    _repository(tmp_path / "there" / "odd", **{"callr-migrate_toml": "[nonsense\n"})
    _listed(
        f"file://{tmp_path}/there/one",
        f"clone: file://{tmp_path}/there/two",
        "path: there/three",
        f"file://{tmp_path}/there/nowhere",
        "{path: there/odd, name: the odd one}",
    )


def _times(tmp_path: Path) -> dict[str, int]:
    return {
        path.parent.parent.name: path.stat().st_mtime_ns
        for path in tmp_path.glob("repos.fleet/clones/*/.git/index")
    }


def test_check_goes_on_where_some_fail(five: None, fleet: Callable[..., Told]) -> None:
    told = fleet()
    assert told.code == 2
    assert told.out.startswith("5 repositories: 3 done, 2 failed.\n3 legacy calls in 3 of them; ")
    assert "  there/nowhere: git clone failed: " in told.out
    assert "  the odd one: callr-migrate.toml: is not valid TOML" in told.out
    assert len(told.out.splitlines()) < 25
    state = json.loads(Path("repos.fleet/state.json").read_bytes())
    assert set(state["repositories"]) == {"there/one", "there/two", "three", "there/nowhere", "the odd one"}


def test_json(five: None, fleet: Callable[..., Told]) -> None:
    told = fleet("--output-format", "json", "--jobs", "2")
    assert told.code == 2
    assert [one["name"] for one in told.data["repositories"]] == [
        "there/one",
        "there/two",
        "three",
        "there/nowhere",
        "the odd one",
    ]
    assert told.data["summary"]["legacy_calls"] == 3
    assert told.results["there/one"]["counts"]["legacy_calls"] == 1
    assert not told.results["there/nowhere"]["done"]


def test_the_second_run_does_what_is_left(five: None, fleet: Callable[..., Told], tmp_path: Path) -> None:
    fleet()
    before = _times(tmp_path)
    _repository(tmp_path / "there" / "nowhere")
    told = fleet()
    assert told.code == 2
    assert "4 done (3 by an earlier run; --fresh does them anew), 1 failed." in told.out
    after = _times(tmp_path)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"there__nowhere"}


def test_other_options_are_another_task(five: None, fleet: Callable[..., Told]) -> None:
    fleet()
    text = (
        Path("repos.yaml")
        .read_text("utf-8")
        .replace("path: there/three", "{path: there/three, select: [CLR9]}")
    )
    Path("repos.yaml").write_text(text, "utf-8")
    told = fleet("--output-format", "json")
    assert told.data["summary"]["done_before"] == 2
    assert told.results["three"]["counts"]["findings"] == 0


def test_fresh_sees_new_commits(five: None, fleet: Callable[..., Told], tmp_path: Path) -> None:
    fleet()
    one = tmp_path / "there" / "one"
    (one / "app.py").write_text(PROGRAM + PROGRAM.splitlines()[-1] + "\n", "utf-8")
    run("git", "commit", "--quiet", "--all", "--message", "more", cwd=one)
    (tmp_path / "repos.fleet/clones/there__one/left.py").write_text(PROGRAM, "utf-8")
    told = fleet("--fresh", "--output-format", "json")
    assert told.results["there/one"]["counts"]["legacy_calls"] == 2
    assert not (tmp_path / "repos.fleet/clones/there__one/left.py").exists()


def test_fix_leaves_patches_of_clones(five: None, fleet: Callable[..., Told], tmp_path: Path) -> None:
    told = fleet("--command", "fix", "--unsafe-fixes")
    assert "6 of them rewritten" in told.out
    one = tmp_path / "there" / "one"
    run("git", "apply", str(tmp_path / "repos.fleet/patches/there__one.patch"), cwd=one)
    three = tmp_path / "there" / "three"
    assert (one / "app.py").read_bytes() == (three / "app.py").read_bytes()
    assert b"httpx" in (one / "app.py").read_bytes()
    assert not (tmp_path / "repos.fleet/patches/three.patch").exists(), "a folder is changed where it is"


def test_pr_makes_branches(five: None, fleet: Callable[..., Told], tmp_path: Path) -> None:
    text = Path("repos.yaml").read_text("utf-8")
    Path("repos.yaml").write_text("defaults: {command: pr, push: true, commits: one}\n" + text, "utf-8")
    told = fleet("--output-format", "json")
    assert told.results["there/one"]["state"] == "pushed"
    assert told.results["three"]["reason"].startswith(f"{tmp_path}/there/three has no remote 'origin'")
    log = run("git", "log", "--format=%s", "main..callr-rest-v2", cwd=tmp_path / "there" / "one").stdout
    assert log == "Move from the JSON-RPC API v1 to REST API v2\n"
    again = fleet("--output-format", "json", "--fresh")
    assert again.results["there/one"]["state"] == "unchanged"


def test_dry_run_changes_nothing(five: None, fleet: Callable[..., Told], tmp_path: Path) -> None:
    for command in ("fix", "pr"):
        told = fleet("--command", command, "--unsafe-fixes", "--dry-run", "--output-format", "json")
        assert told.data["summary"]["done"] == 3
    assert (tmp_path / "there/three/app.py").read_text("utf-8") == PROGRAM
    assert "callr-rest" not in run("git", "branch", "--list", cwd=tmp_path / "there" / "three").stdout
    # What was only looked at is not done.
    told = fleet("--command", "pr", "--output-format", "json")
    assert told.data["summary"]["done_before"] == 0
    assert told.results["three"]["state"] == "branch"


def _slow(tmp_path: Path, name: str) -> Path:
    """A repository that waits for ever when its branch is made."""
    folder = _repository(tmp_path / "there" / name)
    hook = folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho $$ > '{tmp_path}/{name}.pid'\nsleep 600\n", "utf-8")
    hook.chmod(0o755)
    return folder


def _is_alive(path: Path) -> bool:
    """Whether the process runs whose number is there."""
    told = path.read_text("utf-8") if path.exists() else ""
    return bool(told.strip()) and is_alive(int(told))


def test_what_lasts_too_long_is_stopped(
    tmp_path: Path, fleet: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Begun(subprocess.Popen[bytes]):
        """The time that it may take counts from when it waits for ever, however long it took to come there."""

        def communicate(self, input: bytes | None = None, timeout: float | None = None) -> Any:  # noqa: A002
            assert timeout != 1 or until(lambda: _is_alive(tmp_path / "slow.pid"))
            return super().communicate(input, timeout)

    monkeypatch.setattr("callr_migrate.fleet.task.subprocess.Popen", Begun)
    _repository(tmp_path / "there" / "quick")
    _slow(tmp_path, "slow")
    _listed("path: there/quick", "{path: there/slow, timeout: 1}", defaults="command: pr")
    told = fleet("--output-format", "json", "--jobs", "2")
    assert told.code == 2
    assert told.results["quick"]["done"]
    assert told.results["slow"]["reason"] == "did not end within 1 s, and was stopped"
    assert (tmp_path / "slow.pid").exists()
    assert until(lambda: not _is_alive(tmp_path / "slow.pid"))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_run_again(tmp_path: Path, fleet: Callable[..., Told], number: signal.Signals) -> None:
    names = ["a", "b", "c"]
    for name in names:
        _repository(tmp_path / "there" / name)
    slow = _slow(tmp_path, "slow")
    _listed(*(f"path: there/{name}" for name in [*names, "slow"]), defaults="command: pr")
    process = subprocess.Popen(
        [sys.executable, "-m", "callr_migrate", "fleet", "repos.yaml", "--jobs", "2"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    state = tmp_path / "repos.fleet" / "state.json"

    def kept() -> set[str]:
        return set(json.loads(state.read_bytes())["repositories"]) if state.exists() else set()

    try:
        assert until(lambda: kept() == set(names) and _is_alive(tmp_path / "slow.pid"))
    finally:
        process.send_signal(number)
        code = process.wait(300)
    assert code in (-number, 130)
    # Nothing goes on behind the back of the next run.
    assert until(lambda: not _is_alive(tmp_path / "slow.pid"))
    (slow / ".git" / "hooks" / "pre-commit").unlink()
    made = {
        name: run("git", "rev-parse", "callr-rest-v2", cwd=tmp_path / "there" / name).stdout for name in names
    }
    told = fleet("--output-format", "json")
    assert told.code == 0
    assert told.data["summary"] | {"done": 4, "done_before": 3, "failed": 0} == told.data["summary"]
    assert made == {
        name: run("git", "rev-parse", "callr-rest-v2", cwd=tmp_path / "there" / name).stdout for name in names
    }


def test_a_state_that_is_none(five: None, fleet: Callable[..., Told]) -> None:
    Path("repos.fleet").mkdir()
    Path("repos.fleet/state.json").write_text("{", "utf-8")
    told = fleet()
    assert told.code == 2
    assert "repos.fleet/state.json: is no state of this tool that can be read" in told.err


def test_a_folder_in_the_way_of_a_clone(five: None, fleet: Callable[..., Told]) -> None:
    mine = Path("repos.fleet/clones/there__one/mine.txt")
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", "utf-8")
    told = fleet("--output-format", "json")
    assert "is in the way, and no clone of this tool" in told.results["there/one"]["reason"]
    assert mine.read_text("utf-8") == "mine"


def test_credentials_of_an_address_are_nowhere(tmp_path: Path, fleet: Callable[..., Told]) -> None:
    _listed("https://somebody:made-up-secret@127.0.0.1:9/acme/app.git")
    told = fleet()
    assert told.code == 2
    assert "acme/app: git clone failed: " in told.out
    assert "made-up-secret" not in told.out + told.err
    assert "made-up-secret" not in Path("repos.fleet/state.json").read_text("utf-8")


MISTAKES = [
    (
        "repositorys: []\n",
        "repos.yaml:1: unknown key 'repositorys' in 'the file' (did you mean 'repositories'?)",
    ),
    ("", "repos.yaml:1: is empty; it needs the key 'repositories'"),
    (
        "repositories:\n- path: a\n  comand: fix\n",
        "repos.yaml:3: unknown key 'comand' in 'repositories' (did you mean 'command'?)",
    ),
    (
        "defaults:\n  command: fixx\nrepositories: []\n",
        "repos.yaml:2: 'command' cannot be 'fixx' (did you mean 'fix'?); it is one of check, fix, pr",
    ),
    ("repositories:\n- {}\n", "repos.yaml:2: a repository needs either 'clone' or 'path'"),
    ("repositories:\n- ../app\n", "repos.yaml:2: '../app' is no address to clone; say 'path' for a folder"),
    ("repositories:\n- --upload-pack=x:y\n", "is no address to clone"),
    (
        "repositories:\n- path: a\n  folder: ../b\n",
        "repos.yaml:2: 'folder' is below the top of the repository",
    ),
    (
        "repositories:\n- git@github.com:acme/app.git\n- https://github.com/acme/app\n",
        "repos.yaml:3: 'acme/app' is there already, at repos.yaml:2; say 'name' to tell them apart",
    ),
    ("repositories: [\n", "repos.yaml:2: not valid YAML"),
]


@pytest.mark.parametrize(("text", "message"), MISTAKES)
def test_mistakes_have_their_line(fleet: Callable[..., Told], text: str, message: str) -> None:
    Path("repos.yaml").write_text(text, "utf-8")
    told = fleet()
    assert told.code == 2
    assert message in told.err
    assert not Path("repos.fleet").exists()


@pytest.fixture
def cluster(five: None) -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        processes=True,
    ) as made:
        yield made.scheduler_address.replace("tcp://", "dask://")


def test_on_a_cluster(fleet: Callable[..., Told], cluster: str) -> None:
    told = fleet("--executor", cluster, "--output-format", "json")
    assert told.code == 2
    assert {name: one["done"] for name, one in told.results.items()} == {
        "there/one": True,
        "there/two": True,
        "three": True,
        "there/nowhere": False,
        "the odd one": False,
    }
    local = fleet("--fresh", "--output-format", "json")
    assert local.results == told.results


def test_no_cluster(five: None, fleet: Callable[..., Told]) -> None:
    told = fleet("--executor", "dask://nowhere")
    assert told.code == 2
    assert told.err == "error: executor 'dask://nowhere': must look like dask://HOST:PORT\n"


def test_a_cluster_that_is_gone(
    five: None, fleet: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Gone(Workers):
        is_remote = True

        def __init__(self, jobs: int, _: str) -> None:
            super().__init__(jobs)

        def results(self, *_: Any) -> Any:
            raise ExecutorError("executor 'dask://made-up:1': the connection to the cluster was lost")

    monkeypatch.setattr("callr_migrate.fleet.running.Workers", Gone)
    told = fleet("--executor", "dask://made-up:1", "--output-format", "json")
    assert told.code == 2
    assert {one["reason"] for one in told.results.values()} == {
        "executor 'dask://made-up:1': the connection to the cluster was lost"
    }


@pytest.mark.parametrize("kind", ["github", "gitlab"])
def test_pull_requests_from_clones(
    tmp_path: Path, fleet: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    made = _repository(tmp_path / "there" / "app")
    run("git", "clone", "--quiet", "--bare", str(made), str(tmp_path / "app.git"), cwd=tmp_path)
    run("git", "config", "http.receivepack", "true", cwd=tmp_path / "app.git")
    with serving(kind) as host:
        host.bare = tmp_path / "app.git"
        monkeypatch.setenv("GH_HOST" if kind == "github" else "GITLAB_HOST", host.url.removeprefix("http://"))
        monkeypatch.setenv("GH_TOKEN" if kind == "github" else "GITLAB_TOKEN", TOKEN)
        _listed(
            f"{host.url}/acme/app.git",
            f"{{clone: '{host.url}/acme/other.git'}}",
            defaults="command: pr, open: true, labels: [v2]",
        )
        told = fleet("--output-format", "json")
        (pull,) = host.pulls.values()
        assert pull["labels"] == ["v2"]
        assert told.results["acme/app"]["state"] == "opened"
        assert told.results["acme/app"]["url"] == pull["html_url" if kind == "github" else "web_url"]
        assert not told.results["acme/other"]["done"]
        again = fleet("--output-format", "json", "--fresh")
        assert again.results["acme/app"]["state"] == "updated"
        assert len(host.pulls) == 1
        assert host.wrong == []
    kept = [
        path.read_text("utf-8", "replace") for path in (tmp_path / "repos.fleet").rglob("*") if path.is_file()
    ]
    assert TOKEN not in "".join(kept) + told.out + told.err
