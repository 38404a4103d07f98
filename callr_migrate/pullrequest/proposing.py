"""From a rewrite to a branch, and from the branch to an open pull request."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.files import real_path
from callr_migrate.findings import Report
from callr_migrate.pack.model import RulePack, Target
from callr_migrate.pullrequest.body import Account, Checked, body, title
from callr_migrate.pullrequest.building import Commit, Planned, build, same_series, worktree
from callr_migrate.pullrequest.families import steps_of
from callr_migrate.pullrequest.git import GitError
from callr_migrate.pullrequest.messages import Messages
from callr_migrate.pullrequest.places import Places
from callr_migrate.pullrequest.preparing import Prepared
from callr_migrate.pullrequest.pushing import push, refuse_unpublished
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

if TYPE_CHECKING:
    from callr_migrate.pullrequest.hosts import Host, Opened

_NO_LIMIT = 10**9


@dataclass(frozen=True)
class Rewrite:
    """What the analysis has found, and what it would change."""

    report: Report
    sources: Mapping[Path, SourceFile]
    changed: Mapping[Path, SourceFile]
    pack: RulePack
    target: Target
    checked: Checked | None = None


@dataclass(frozen=True)
class Plan:
    """What is to be said and committed."""

    title: str
    body: str
    commits: tuple[Planned, ...]


@dataclass(frozen=True)
class Done:
    """What was done. `is_new`: the branch, here or on the remote, is not what it was before.

    `updated`: the pull request was open already. `problem`: what it lacks, as one line.
    """

    commits: tuple[Commit, ...]
    is_new: bool
    pushed: bool = False
    opened: Opened | None = None
    updated: bool = False
    problem: str | None = None


def plan(prepared: Prepared, rewrite: Rewrite, revision: str | None = None, earlier: str = "") -> Plan:
    """What is to be done; `revision` is what the links lead to (None: the branch), `earlier` what is said so far.

    Raises `GitError`.
    """
    wish, remote = prepared.wish, prepared.remote
    names = _names(prepared, rewrite)
    steps = steps_of(rewrite.report.findings, rewrite.sources, rewrite.changed, wish.split)
    messages = Messages(rewrite.pack, rewrite.target, steps, names)
    places = Places(
        rewrite.report.findings, rewrite.sources, rewrite.changed, names, remote, revision or wish.branch
    )
    account = Account(
        rewrite.report,
        places,
        rewrite.pack,
        rewrite.target,
        tuple(map(messages.subject, steps)),
        wish.today,
        rewrite.checked,
    )
    commits = tuple(
        Planned(messages.message(step), {names[path]: after.raw for path, after in step.files.items()})
        for step in steps
    )
    limit = remote.body_limit if remote else _NO_LIMIT
    return Plan(title(rewrite.pack), body(account, limit, earlier), commits)


def propose(prepared: Prepared, rewrite: Rewrite) -> Done:
    """Make the branch; push it and open the pull request where that is wanted.

    Raises `GitError`, and then the checkout, its branches and the remote are as they were.
    """
    wish, checkout = prepared.wish, prepared.checkout
    with _host(prepared) as host, worktree(checkout) as git:
        there = host.find(wish.branch) if host else None
        if host and prepared.base == checkout.branch:
            refuse_unpublished(git, wish.remote, prepared.base, checkout.head)
        commits = build(git, plan(prepared, rewrite).commits, hooks=wish.hooks)
        tip = commits[-1].name
        pushed = None
        if wish.push or wish.open:
            pushed = push(
                git, wish.remote, wish.branch, checkout.head, commits, hooks=wish.hooks, replace=wish.replace
            )
            tip = pushed.tip
        opened, problem = None, None
        try:
            if host:
                said = plan(prepared, rewrite, tip, there.body if there else "")
                opened, problem = _open(prepared, host, said, there)
            is_new = _set_branch(prepared, tip, commits)
        except BaseException:
            if pushed:
                pushed.take_back()
            raise
    return Done(
        tuple(commits),
        is_new or bool(pushed and pushed.news),
        bool(pushed),
        opened,
        there is not None,
        problem,
    )


def _names(prepared: Prepared, rewrite: Rewrite) -> dict[Path, str]:
    """The name of each file in the repository; what changes must be known to git."""
    top = real_path(prepared.checkout.top)
    whole = {path: real_path(path) for path in {*rewrite.sources, *rewrite.changed}}
    names = {
        path: place.relative_to(top).as_posix() for path, place in whole.items() if place.is_relative_to(top)
    }
    tracked = {os.fsdecode(name) for name in prepared.checkout.git.run("ls-files", "-z").split(b"\0")}
    for path in rewrite.changed:
        if names.get(path) not in tracked:
            raise GitError(
                f"{path.as_posix()} would change and is not in this repository; leave it out with --extend-exclude"
            )
    return names


@contextlib.contextmanager
def _host(prepared: Prepared) -> Iterator[Host | None]:
    if not prepared.wish.open or prepared.remote is None:
        yield None
        return
    # httpx is there with an extra only.
    from callr_migrate.pullrequest.hosts import connect

    with connect(prepared.remote, prepared.token) as host:
        host.check()
        yield host


def _open(prepared: Prepared, host: Host, said: Plan, there: Opened | None) -> tuple[Opened, str | None]:
    """Open the pull request, or let the open one say what holds now; what it lacks, if anything."""
    from callr_migrate.pullrequest.hosts import HostError, Proposal

    wish = prepared.wish
    proposal = Proposal(
        said.title, said.body, wish.branch, prepared.base, wish.draft, wish.labels, wish.reviewers
    )
    if there is not None:
        opened = host.update(there.number, proposal)
    else:
        try:
            opened = host.open(proposal)
        except HostError as error:
            # Perhaps it was the answer that was lost, and not the request.
            found = host.find(wish.branch) if error.unclear else None
            if found is None:
                raise
            opened = found
    try:
        host.decorate(opened.number, proposal)
    except HostError as error:
        return opened, f"labels and reviewers were not all set: {error}"
    return opened, None


def _set_branch(prepared: Prepared, tip: str, commits: list[Commit]) -> bool:
    """Let the local branch be what was made; False if it was already."""
    git, local = prepared.checkout.git, prepared.local
    if local == tip:
        return False
    if local and not prepared.wish.push and same_series(git, prepared.checkout.head, local, commits):
        return False
    name = f"refs/heads/{prepared.wish.branch}"
    git.run("update-ref", "-m", "callr-migrate pr", name, tip, local or "0" * len(tip))
    return True
