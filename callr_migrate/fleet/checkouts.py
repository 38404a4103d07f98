"""The repository of a task: a folder as it is, or a clone that is made once and brought up to date."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from callr_migrate.fleet.listing import Repository, stem_of
from callr_migrate.pullrequest.git import Git, GitError, hidden
from callr_migrate.pullrequest.preparing import credentials
from callr_migrate.pullrequest.remotes import parse_remote
from callr_migrate.pullrequest.tokens import find_token

# In the clone's `.git`: that it is ours to change, and how it was made.
_MARK = "callr-migrate-fleet"


def checked_out(repository: Repository, work: Path) -> Path:
    """The folder of the repository, at the commit that is to be worked on; raises `GitError` and `OSError`."""
    if repository.path is not None:
        folder = Path(repository.path)
        if not folder.is_dir():
            raise GitError(f"{folder.as_posix()} is no folder")
        return folder
    assert repository.address is not None
    clones = work / "clones"
    clones.mkdir(parents=True, exist_ok=True)
    folder = clones / stem_of(repository.name)
    git = _git(repository, clones)
    made: dict[str, object] = {
        "address": hidden(repository.address),
        "checkout": repository.options.checkout,
        "whole": _is_whole(repository),
    }
    if _mark(folder) == made:
        _refresh(git.at(folder), repository)
    else:
        _clone(git, repository, folder, made)
    return folder


def _is_whole(repository: Repository) -> bool:
    """Whether the history is needed."""
    return repository.options.command == "pr"


def _git(repository: Repository, folder: Path) -> Git:
    """git, with the token for the host where there is one; it never asks anybody."""
    git = Git(folder)
    assert repository.address is not None
    if not repository.address.startswith(("https://", "http://")):
        return git
    try:
        remote = parse_remote(repository.address, repository.options.host, repository.options.api)
        token = find_token(remote)
    except GitError:
        return git
    return replace(git, secrets=(token,), extra=credentials(remote, token, os.environ))


def _mark(folder: Path) -> object:
    try:
        return json.loads((folder / ".git" / _MARK).read_bytes())
    except (OSError, ValueError):
        return None


def _clone(git: Git, repository: Repository, folder: Path, made: dict[str, object]) -> None:
    """Into a folder of its own first, so that half a clone is never taken for one."""
    assert repository.address is not None
    if folder.exists():
        if _mark(folder) is None:
            raise GitError(f"{folder.as_posix()} is in the way, and no clone of this tool; remove it")
        shutil.rmtree(folder)
    for left in folder.parent.glob(f"{folder.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    place = Path(tempfile.mkdtemp(prefix=f"{folder.name}.new-", dir=folder.parent))
    try:
        depth = [] if _is_whole(repository) else ["--depth=1"]
        branch = repository.options.checkout
        at = [f"--branch={branch}"] if branch else []
        git.run(
            "clone",
            "--quiet",
            "--single-branch",
            "--no-tags",
            *depth,
            *at,
            "--",
            repository.address,
            str(place),
        )
        (place / ".git" / _MARK).write_text(json.dumps(made), "utf-8")
        place.rename(folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _refresh(git: Git, repository: Repository) -> None:
    """What the remote has now, whatever the last run has left in the clone."""
    depth = [] if _is_whole(repository) else ["--depth=1"]
    git.run("fetch", "--quiet", "--no-tags", *depth, "origin")
    git.run("reset", "--quiet", "--hard")
    git.run("clean", "--quiet", "-d", "--force", "--force")
    branch = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    if branch is not None:
        git.run("reset", "--quiet", "--hard", f"refs/remotes/origin/{branch}")
