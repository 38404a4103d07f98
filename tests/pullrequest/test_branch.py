"""`pr`: the branch, its commits, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.checkout import run
from support.repository import Repository, Told

from callr_migrate.cli import main

Pr = Callable[..., Told]


def _subjects(repository: Repository, branch: str = "callr-rest-v2") -> list[str]:
    return repository.git("log", "--reverse", "--format=%s", f"main..{branch}").splitlines()


def _compiles(repository: Repository, commit: str) -> None:
    names = repository.git("ls-tree", "-r", "--name-only", commit).splitlines()
    code = [name for name in names if name.endswith(".py")]
    assert code
    for name in code:
        raw = subprocess.run(
            ["git", "cat-file", "blob", f"{commit}:{name}"],
            cwd=repository.folder,
            capture_output=True,
            check=True,
        ).stdout
        compile(raw, name, "exec", dont_inherit=True)


def _fixed(repository: Repository, tmp_path: Path) -> Path:
    """The checkout as `fix --unsafe-fixes` leaves it."""
    copy = tmp_path / "fixed"
    run("git", "clone", "--quiet", str(repository.folder), str(copy), cwd=tmp_path)
    here = Path.cwd()
    os.chdir(copy)
    try:
        main(["fix", "--unsafe-fixes", "--quiet", "--output-file", os.devnull])
    finally:
        os.chdir(here)
    return copy


whole = pytest.mark.parametrize("repository", ["whole"], indirect=True)


@whole
@pytest.mark.parametrize("split", ["family", "one", "file"])
def test_commits_that_compile_and_come_to_what_fix_does(
    repository: Repository, pr: Pr, tmp_path: Path, split: str
) -> None:
    before = repository.git("status", "--porcelain=v2", "--branch")
    told = pr("--commits", split)
    assert (told.code, told.err) == (0, "")
    subjects = _subjects(repository)
    expected = {
        "family": [
            "Make httpx clients for REST API v2",
            "Call REST API v2 in place of JSON-RPC",
            "Read answers in the form of REST API v2",
            "Read dates in the form of REST API v2",
            "Require httpx for REST API v2",
        ],
        "one": ["Move from the JSON-RPC API v1 to REST API v2"],
    }
    if split == "file":
        changed = repository.git("diff", "--name-only", "main", "callr-rest-v2").splitlines()
        assert [subject.split()[1] for subject in subjects[:-1]] == changed[:-2] + changed[-1:]
        assert subjects[-1] == "Require httpx for REST API v2: requirements.txt"
    else:
        assert subjects == expected[split]
    for commit in repository.git("rev-list", "main..callr-rest-v2").split():
        _compiles(repository, commit)
    fixed = _fixed(repository, tmp_path)
    run("git", "add", "--all", cwd=fixed)
    assert run("git", "write-tree", cwd=fixed).stdout == repository.git("rev-parse", "callr-rest-v2^{tree}")
    # The checkout is where it was.
    assert repository.git("status", "--porcelain=v2", "--branch") == before
    assert len(repository.git("worktree", "list").splitlines()) == 1
    assert repository.there("for-each-ref").count("refs/") == 1, "nothing is pushed unasked"


def test_each_family_has_its_own_changes(repository: Repository, pr: Pr) -> None:
    pr()
    client, calls, results, dates, files = repository.git(
        "rev-list", "--reverse", "main..callr-rest-v2"
    ).split()
    shown = {
        name: [
            line[1:].strip()
            for line in repository.git("show", "--format=", "--unified=0", commit).splitlines()
            if line.startswith("+") and not line.startswith("+++")
        ]
        for name, commit in {
            "client": client,
            "calls": calls,
            "results": results,
            "dates": dates,
            "files": files,
        }.items()
    }
    assert "import httpx" in shown["client"]
    assert any("httpx.Client(" in line for line in shown["client"])
    assert not any("raise_for_status" in line for line in shown["client"])
    assert any(".raise_for_status()" in line for line in shown["calls"])
    assert any(line.startswith("except ") and "httpx.HTTPError" in line for line in shown["calls"])
    assert 'if sms["status"] in ("sent", "delivered"):' in shown["results"]
    assert not any("raise_for_status" in line or "import" in line for line in shown["results"])
    assert any("datetime.fromisoformat(" in line for line in shown["dates"])
    assert [line.split(">")[0].split("=")[0] for line in shown["files"]] == ["httpx"]


@whole
def test_messages_say_what_why_and_when_it_is_whole(repository: Repository, pr: Pr) -> None:
    pr()
    first, *_, last = repository.git("log", "--reverse", "--format=%B%x00", "main..callr-rest-v2").split(
        "\0"
    )[:-1]
    assert "Make a client for httpx (7 times)" in first
    assert "30 June 2027" in " ".join(first.split())
    assert "it runs again with the last one" in " ".join(first.split())
    assert "With this one the program is whole again." in last
    assert all(len(line) <= 72 or "https://" in line for line in first.splitlines())


def test_a_second_run_changes_nothing(repository: Repository, pr: Pr) -> None:
    pr("--push")
    state = repository.state()
    told = pr("--push")
    assert told.code == 0
    assert "up to date" in told.out
    assert repository.state() == state


def test_a_second_run_after_work_on_main_brings_the_branch_up_to_date(repository: Repository, pr: Pr) -> None:
    pr("--push")
    old = repository.git("rev-parse", "callr-rest-v2")
    (repository.folder / "acacias" / "patients.py").write_text("PATIENTS = []\n", "utf-8")
    repository.commit()
    assert pr("--push").code == 0
    assert repository.git("merge-base", "main", "callr-rest-v2") == repository.git("rev-parse", "main")
    assert (
        repository.there("rev-parse", "callr-rest-v2") == repository.git("rev-parse", "callr-rest-v2") != old
    )


def test_another_clone_takes_over(repository: Repository, pr: Pr, tmp_path: Path) -> None:
    pr("--push")
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "--branch", "main", str(repository.bare), str(clone), cwd=tmp_path)
    tip = repository.there("rev-parse", "callr-rest-v2")
    os.chdir(clone)
    told = pr("--push")
    assert (told.code, told.err) == (0, "")
    assert "up to date" not in told.out, "the branch is new in this clone"
    assert repository.there("rev-parse", "callr-rest-v2") == tip
    assert run("git", "rev-parse", "callr-rest-v2", cwd=clone).stdout == tip


def test_dry_run_touches_nothing(repository: Repository, pr: Pr) -> None:
    state = repository.state()
    told = pr("--dry-run", "--open", "--label", "api,v2", "--reviewer", "ada", "--draft")
    assert (told.code, told.err) == (0, "")
    assert repository.state() == state
    assert not (repository.folder / ".git" / "worktrees").exists()
    assert "Labels: api, v2" in told.out
    assert told.out.count("--- commit ") == 5


def test_json(repository: Repository, pr: Pr) -> None:
    told = pr("--output-format", "json")
    data = json.loads(told.out)
    assert data["state"] == "branch"
    assert [one["name"] for one in data["commits"]] == repository.git(
        "rev-list", "--reverse", "main..callr-rest-v2"
    ).split()
    assert data["summary"]["legacy_calls"] == 7


def test_nothing_to_do(repository: Repository, pr: Pr) -> None:
    for path in [*repository.folder.rglob("*.py"), repository.folder / "requirements.txt"]:
        path.write_text("x = 1\n" if path.suffix == ".py" else "flask\n", "utf-8")
    repository.commit()
    state = repository.state()
    told = pr("--push")
    assert (told.code, told.out) == (0, "Nothing to migrate, so no branch was made.\n")
    assert repository.state() == state


def test_safe_fixes_only(repository: Repository, pr: Pr) -> None:
    told = pr("--no-unsafe-fixes")
    assert told.code == 0
    assert told.out.startswith("Nothing can be rewritten, so no branch was made: ")


def test_hooks_run_and_may_format(repository: Repository, pr: Pr) -> None:
    hook = repository.folder / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    # What formatters do: change the files, and refuse what was to be committed.
    hook.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, subprocess, sys\n"
        "names = subprocess.run(['git', 'diff', '--cached', '--name-only'], capture_output=True, text=True).stdout.split()\n"
        "code = 0\n"
        "for name in names:\n"
        "    path = pathlib.Path(name)\n"
        "    if path.suffix == '.py' and not path.read_text('utf-8', 'replace').endswith('# formatted\\n'):\n"
        "        path.write_bytes(path.read_bytes() + b'# formatted\\n')\n"
        "        code = 1\n"
        "sys.exit(code)\n",
        "utf-8",
    )
    hook.chmod(0o755)
    told = pr("--push")
    assert (told.code, told.err) == (0, "")
    assert repository.git("show", "callr-rest-v2:acacias/clients.py").endswith("# formatted\n")
    assert not (repository.folder / "acacias" / "clients.py").read_text("utf-8").endswith("# formatted\n")
    # What a hook has made of it is this tool's all the same.
    assert "up to date" in pr("--push").out


def test_a_hook_that_refuses(repository: Repository, pr: Pr) -> None:
    hook = repository.folder / ".git" / "hooks" / "commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'error: no ticket in the message' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)
    state = repository.state()
    told = pr("--push")
    assert told.code == 2
    assert "no ticket in the message" in told.err
    assert "--no-hooks" in told.err
    assert told.err.count("\n") == 1
    assert repository.state() == state
    assert pr("--push", "--no-hooks").code == 0


def _dirty(repository: Repository) -> None:
    (repository.folder / "acacias" / "clients.py").write_text("x = 1\n", "utf-8")


def _untracked(repository: Repository) -> None:
    (repository.folder / "notes.py").write_text("x = 1\n", "utf-8")


def _detached(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--detach")


def _no_remote(repository: Repository) -> None:
    repository.git("remote", "remove", "origin")


def _gone(repository: Repository) -> None:
    repository.git("remote", "set-url", "origin", str(repository.folder.parent / "nowhere.git"))


def _on_it(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "callr-rest-v2")


def _taken(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "callr-rest-v2")
    repository.git("commit", "--quiet", "--allow-empty", "--message", "work of a person")
    repository.git("checkout", "--quiet", "main")


def _taken_there(repository: Repository) -> None:
    _taken(repository)
    repository.git("push", "--quiet", "origin", "callr-rest-v2")
    repository.git("branch", "--quiet", "-D", "callr-rest-v2")


def _in_use(repository: Repository) -> None:
    repository.git(
        "worktree", "add", "--quiet", "-b", "callr-rest-v2", str(repository.folder.parent / "other")
    )


def _declined(repository: Repository) -> None:
    hook = repository.bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'branches need a ticket' >&2\nexit 1\n", "utf-8")
    hook.chmod(0o755)


REFUSED = [
    (_dirty, "has changes that are not committed (acacias/clients.py)"),
    (_untracked, "has changes that are not committed (notes.py)"),
    (_detached, "is on no branch (detached HEAD at "),
    (_no_remote, "has no remote 'origin' (there is none)"),
    (_gone, "git ls-remote failed: "),
    (_on_it, "is on the branch 'callr-rest-v2' itself"),
    (_taken, "holds a commit that is not this tool's, "),
    (_taken_there, "the branch 'callr-rest-v2' of 'origin' holds a commit that is not this tool's, "),
    (_in_use, "is checked out in "),
    (
        _declined,
        "'origin' did not take the branch: [remote rejected] (pre-receive hook declined); branches need",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), REFUSED, ids=[entry[0].__name__[1:] for entry in REFUSED])
def test_what_is_refused_leaves_everything(
    repository: Repository, pr: Pr, spoil: Callable[[Repository], None], message: str
) -> None:
    spoil(repository)
    state = repository.state()
    told = pr("--push")
    assert told.code == 2
    assert message in told.err
    assert told.err.startswith("error: ")
    assert told.err.count("\n") == 1
    assert repository.state() == state


def test_a_branch_that_somebody_amended_is_theirs(repository: Repository, pr: Pr) -> None:
    pr("--push")
    repository.git("checkout", "--quiet", "callr-rest-v2")
    (repository.folder / "acacias" / "clients.py").write_text("x = 1\n", "utf-8")
    repository.git("commit", "--quiet", "--all", "--amend", "--no-edit")
    repository.git("checkout", "--quiet", "main")
    state = repository.state()
    told = pr("--push")
    assert told.code == 2
    assert "(Require httpx for REST API v2)" in told.err
    assert repository.state() == state
    repository.git("push", "--quiet", "--force", "origin", "callr-rest-v2")
    assert pr("--push", "--replace").code == 0
    assert repository.there("rev-parse", "callr-rest-v2") == repository.git("rev-parse", "callr-rest-v2")
    assert "import httpx" in repository.git("show", "callr-rest-v2:acacias/clients.py")


def test_no_repository(tmp_path: Path, pr: Pr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = pr()
    assert told.code == 2
    assert "is not in the work tree of a git repository" in told.err


def test_a_repository_that_calls_us_from_a_hook(
    repository: Repository, pr: Pr, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    told = pr()
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert (told.code, told.err) == (0, "")
    assert len(_subjects(repository)) == 5


def test_below_the_top(repository: Repository, pr: Pr, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository.folder / "scripts")
    assert pr(".").code == 0
    assert repository.git("diff", "--name-only", "main", "callr-rest-v2").split() == [
        "scripts/send_test_sms.py"
    ]


def test_an_ignored_file_is_not_committed(repository: Repository, pr: Pr) -> None:
    (repository.folder / ".gitignore").write_text("local.py\n", "utf-8")
    repository.commit()
    (repository.folder / "local.py").write_text(
        "import callr\napi = callr.Api('login', 'password')\napi.call('sms.get', 'ABC')\n", "utf-8"
    )
    told = pr()
    assert told.code == 0
    assert "local.py" not in repository.git("ls-tree", "-r", "--name-only", "callr-rest-v2")


def test_what_a_killed_run_has_left_goes_after_a_day(repository: Repository, pr: Pr, tmp_path: Path) -> None:
    places = []
    for name, age in (("callr-migrate-pr-old", 25), ("callr-migrate-pr-new", 23), ("mine", 25)):
        place = tmp_path / name / "acacias"
        place.parent.mkdir()
        repository.git("worktree", "add", "--quiet", "--detach", str(place))
        then = time.time() - age * 3600
        os.utime(place.parent, (then, then))
        places.append(place)
    assert pr().code == 0
    assert [place.exists() for place in places] == [False, True, True]
    assert len(repository.git("worktree", "list").splitlines()) == 3


def test_large_files_are_not_fetched(repository: Repository, pr: Pr) -> None:
    (repository.folder / ".gitattributes").write_text("*.bin filter=large\n", "utf-8")
    (repository.folder / "film.bin").write_text("a pointer\n", "utf-8")
    repository.commit()
    repository.git("config", "filter.large.clean", "cat")
    repository.git("config", "filter.large.smudge", 'test -n "$GIT_LFS_SKIP_SMUDGE" && cat')
    repository.git("config", "filter.large.required", "true")
    told = pr()
    assert (told.code, told.err) == (0, "")
    assert "film.bin" not in repository.git("diff", "--name-only", "main", "callr-rest-v2")
