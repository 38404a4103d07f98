"""The branch on the remote: replaced as one step if it is what it was, and put back if what follows fails."""

from __future__ import annotations

from collections.abc import Sequence

from callr_migrate.pullrequest.building import Commit, same_series
from callr_migrate.pullrequest.git import Git, GitError, hidden
from callr_migrate.pullrequest.preparing import refuse_foreign
from callr_migrate.records import dataclass


@dataclass(frozen=True)
class Pushed:
    """What the remote's branch was before (None: it was not there) and is now."""

    git: Git
    remote: str
    branch: str
    before: str | None
    tip: str

    @property
    def news(self) -> bool:
        """Whether it has changed."""
        return self.before != self.tip

    def take_back(self) -> None:
        """Let the branch be what it was before, unless somebody has changed it since."""
        if self.news:
            lease = f"--force-with-lease=refs/heads/{self.branch}:{self.tip}"
            target = f"{self.before or ''}:refs/heads/{self.branch}"
            self.git.attempt("push", "--quiet", "--no-verify", lease, self.remote, target)


def push(
    git: Git,
    remote: str,
    branch: str,
    base: str,
    commits: Sequence[Commit],
    *,
    hooks: bool,
    replace: bool = False,
) -> Pushed:
    """Push the commits; raises `GitError`, and then the remote is as it was. `replace`: whoever has worked on it.

    A branch that already holds the same commits is left, so that reviews of them stay.
    """
    there = _tip(git, remote, branch)
    if there is not None:
        _fetch(git, remote, branch, there)
        if not replace:
            refuse_foreign(git, base, there, f"the branch {branch!r} of {remote!r}")
        if same_series(git, base, there, commits):
            return Pushed(git, remote, branch, there, there)
    tip = commits[-1].name
    done = git.attempt(
        *("push", "--porcelain", "--atomic", f"--force-with-lease=refs/heads/{branch}:{there or ''}"),
        *(() if hooks else ("--no-verify",)),
        *(remote, f"{tip}:refs/heads/{branch}"),
    )
    if done.returncode:
        raise GitError(f"{remote!r} did not take the branch: {_refusal(git, done.stdout, done.stderr)}")
    return Pushed(git, remote, branch, there, tip)


def refuse_unpublished(git: Git, remote: str, base: str, head: str) -> None:
    """Raise `GitError` if a pull request into `base` would bring along more than our own commits."""
    there = _tip(git, remote, base)
    if there is None:
        raise GitError(f"{remote!r} has no branch {base!r}; push it, or name another --base")
    _fetch(git, remote, base, there)
    more = int(git.text("rev-list", "--count", head, f"^{there}"))
    if more:
        commits = "1 commit" if more == 1 else f"{more} commits"
        raise GitError(
            f"{base!r} has {commits} that {remote!r} lacks; push that first, so that it is no part of this"
        )


def _tip(git: Git, remote: str, branch: str) -> str | None:
    """The commit of the remote's branch."""
    # Where the remote is pushed to elsewhere than it is fetched from, the former counts.
    place = git.text("remote", "get-url", "--push", remote)
    fetched = git.text("remote", "get-url", remote)
    listed = git.text(
        "ls-remote", "--heads", "--", place if place != fetched else remote, f"refs/heads/{branch}"
    )
    return listed.split()[0] if listed.strip() else None


def _fetch(git: Git, remote: str, branch: str, tip: str) -> None:
    if git.ask("cat-file", "-e", f"{tip}^{{commit}}") is None:
        place = git.text("remote", "get-url", "--push", remote)
        git.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", place, f"refs/heads/{branch}")


def _refusal(git: Git, stdout: bytes, stderr: bytes) -> str:
    """Why a push was refused: what git has noted at the branch, and what the remote itself has said."""
    noted = [
        line.split("\t")[-1]
        for line in stdout.decode("utf-8", "replace").splitlines()
        if line.startswith("!")
    ]
    said = [
        line.removeprefix("remote:").strip()
        for line in stderr.decode("utf-8", "replace").splitlines()
        if line.startswith("remote:")
    ]
    parts = [part for part in (*noted, *said) if part]
    if not parts:
        return git.reason(stderr)
    return " ".join(hidden("; ".join(parts), git.secrets).split())[:500]
