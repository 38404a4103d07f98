"""The user's checkout, as it must be before anything is proposed from it."""

from __future__ import annotations

from pathlib import Path

from callr_migrate.pullrequest.git import Git, GitError
from callr_migrate.records import dataclass

_SHOWN = 3  # names of changed files


@dataclass(frozen=True)
class Checkout:
    """A clean work tree: its top folder, the branch that it is on, and the commit of that."""

    git: Git
    top: Path
    branch: str
    head: str

    def branch_commit(self, branch: str) -> str | None:
        """The commit of a local branch; None if there is no such branch."""
        return self.git.ask("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")

    def is_checked_out(self, branch: str) -> Path | None:
        """The work tree that is on this branch, if one is."""
        folder: Path | None = None
        for line in self.git.text("worktree", "list", "--porcelain").splitlines():
            if line.startswith("worktree "):
                folder = Path(line.removeprefix("worktree "))
            elif line == f"branch refs/heads/{branch}":
                return folder
        return None


def open_checkout(path: Path, git: Git, *, branch: str) -> Checkout:
    """Look at the checkout around `path`, from which `branch` is to be made; raises `GitError`."""
    top = git.ask("rev-parse", "--show-toplevel")
    if top is None:
        raise GitError(f"{path} is not in the work tree of a git repository")
    git = git.at(Path(top))
    head = git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head is None:
        raise GitError(f"{top} has no commit yet; make one first")
    current = git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    if current is None:
        raise GitError(
            f"{top} is on no branch (detached HEAD at {head[:10]}); switch to the branch that this is for"
        )
    if git.ask("check-ref-format", "--branch", branch) is None:
        raise GitError(f"--branch: {branch!r} is no name that git takes for a branch")
    if current == branch:
        raise GitError(f"{top} is on the branch {branch!r} itself; switch to the one that it is for")
    # NUL between the entries; a rename has its old name as an entry of its own.
    changed = [entry for entry in git.run("status", "--porcelain", "-z").split(b"\0") if entry]
    if changed:
        names = [entry[3:].decode("utf-8", "replace") for entry in changed[:_SHOWN]]
        more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise GitError(
            f"{top} has changes that are not committed ({', '.join(names)}{more}); commit them, or put them away"
        )
    return Checkout(git, Path(top), current, head)
