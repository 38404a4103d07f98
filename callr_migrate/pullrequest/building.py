"""The commits, made in a work tree of their own: the user's checkout, index and branch are never touched.

`git commit` runs there as the user would run it, with hooks, identity and signature; a hook that formats files is given
a second chance, as people give it one.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from callr_migrate.pullrequest.checkout import Checkout
from callr_migrate.pullrequest.git import Git, GitError
from callr_migrate.records import dataclass

# The last line of each message. It holds the tree, so that a commit that somebody amended is known to be theirs.
TRAILER = "Callr-Migrate-Tree"
_TRAILER = re.compile(rf"^{TRAILER}: ([0-9a-f]{{40,64}})$", re.MULTILINE)

_PREFIX = "callr-migrate-pr-"
_STALE = 24 * 60 * 60  # seconds
_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg")


@dataclass(frozen=True)
class Planned:
    """A commit to be made: its message without the trailer, and the files' new bytes by their path in the repository."""

    message: str
    files: dict[str, bytes]


@dataclass(frozen=True)
class Commit:
    """A commit that was made."""

    name: str
    tree: str
    message: str


@contextlib.contextmanager
def worktree(checkout: Checkout) -> Iterator[Git]:
    """A work tree at the checkout's commit, on no branch, that is gone afterwards."""
    _sweep(checkout)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    place = folder / checkout.top.name
    try:
        # A hook may think that the user has switched branches.
        quiet = ("-c", f"core.hooksPath={os.devnull}", "-c", "advice.detachedHead=false")
        # Large files (git-lfs) are no source: their contents need not be fetched.
        light = replace(checkout.git, extra={**checkout.git.extra, "GIT_LFS_SKIP_SMUDGE": "1"})
        light.run(*quiet, "worktree", "add", "--quiet", "--detach", str(place), checkout.head)
        yield checkout.git.at(place)
    finally:
        checkout.git.ask("worktree", "remove", "--force", "--force", str(place))
        shutil.rmtree(folder, ignore_errors=True)
        checkout.git.ask("worktree", "prune")


def _sweep(checkout: Checkout) -> None:
    """Take away what runs that were killed have left, once nobody can be at work there any more."""
    for line in checkout.git.text("worktree", "list", "--porcelain").splitlines():
        place = Path(line.removeprefix("worktree "))
        if not line.startswith("worktree ") or not place.parent.name.startswith(_PREFIX):
            continue
        with contextlib.suppress(OSError):
            if time.time() - place.parent.stat().st_mtime > _STALE:
                checkout.git.ask("worktree", "remove", "--force", "--force", str(place))
                shutil.rmtree(place.parent, ignore_errors=True)


def build(git: Git, planned: Sequence[Planned], *, hooks: bool = True) -> list[Commit]:
    """Make the commits in a work tree, one after the other; raises `GitError`."""
    commits = []
    for one in planned:
        for name, raw in one.files.items():
            path = git.folder / name
            if not path.is_file() or path.is_symlink():
                raise GitError(f"{name} is no file that git has, so it cannot be committed; leave it out")
            path.write_bytes(raw)
        _add(git, list(one.files))
        commits.append(_commit(git, one, hooks=hooks))
    return commits


def _add(git: Git, names: Sequence[str]) -> None:
    listed = b"\0".join(name.encode("utf-8", "surrogateescape") for name in names)
    git.run(
        *("--literal-pathspecs", "add", "--force", "--pathspec-from-file=-", "--pathspec-file-nul"),
        given=listed,
    )


def _commit(git: Git, planned: Planned, *, hooks: bool) -> Commit:
    options = ["--quiet", "--cleanup=verbatim", "--file=-", *([] if hooks else ["--no-verify"])]

    def attempt() -> None:
        tree = git.text("write-tree")
        message = f"{planned.message.rstrip()}\n\n{TRAILER}: {tree}\n"
        git.run("commit", *options, given=message.encode(errors="replace"), users_language=True)

    try:
        attempt()
    except GitError as error:
        # What hooks have formatted is in the files, not in the index.
        if git.ask("diff", "--quiet") is not None:
            raise _explained(git, error) from None
        git.run("add", "--update")
        try:
            attempt()
        except GitError as again:
            raise _explained(git, again) from None
    _settle(git, options)
    name = git.text("rev-parse", "HEAD")
    return Commit(name, git.text("rev-parse", "HEAD^{tree}"), planned.message)


def _settle(git: Git, options: Sequence[str]) -> None:
    """Let the trailer name the tree that was committed, where a hook has added to it."""
    tree, message = git.text("rev-parse", "HEAD^{tree}"), git.text("log", "-1", "--format=%B")
    if tree not in _TRAILER.findall(message):
        message = f"{_TRAILER.sub('', message).rstrip()}\n\n{TRAILER}: {tree}\n"
        plain = [option for option in options if option != "--no-verify"]
        git.run("commit", "--amend", "--no-verify", *plain, given=message.encode(), users_language=True)


def _explained(git: Git, error: GitError) -> GitError:
    folder = git.folder / git.text("rev-parse", "--git-path", "hooks")
    if not any((folder / name).exists() for name in _HOOKS):
        return error
    return GitError(f"{error}; if that is a hook, mend what it names, or say --no-hooks")


def foreign(git: Git, base: str, tip: str) -> str | None:
    """What stands against replacing the branch at `tip`: a commit that is not one of ours; None if nothing does.

    `base` is the commit that the new branch starts from.
    """
    listed = git.run("log", "-z", "--format=%H%n%T%n%P%n%B", tip, f"^{base}").decode("utf-8", "replace")
    for entry in filter(None, listed.split("\0")):
        name, tree, parents, message = entry.split("\n", 3)
        if len(parents.split()) > 1 or tree not in _TRAILER.findall(message):
            subject = message.split("\n", 1)[0]
            return f"{name[:10]} ({subject})"
    return None


def same_series(git: Git, base: str, tip: str, commits: Sequence[Commit]) -> bool:
    """Whether the branch at `tip` already holds these commits on top of `base`, whenever they were made."""
    listed = git.ask("log", "-z", "--reverse", "--format=%T%n%P%n%B", tip, f"^{base}")
    entries = [entry.split("\n", 2) for entry in (listed or "").split("\0") if entry]
    if len(entries) != len(commits) or not commits or entries[0][1] != base:
        return False
    return all(
        tree == commit.tree and _TRAILER.sub("", message).strip() == commit.message.strip()
        for (tree, _, message), commit in zip(entries, commits, strict=True)
    )
