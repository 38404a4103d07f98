"""All that can be refused is refused before the work begins: the checkout, the branch, the remote, the token."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from callr_migrate.pullrequest.building import foreign
from callr_migrate.pullrequest.checkout import Checkout, open_checkout
from callr_migrate.pullrequest.families import Split
from callr_migrate.pullrequest.git import Git, GitError
from callr_migrate.pullrequest.remotes import GITHUB, Remote, parse_remote
from callr_migrate.pullrequest.tokens import find_token
from callr_migrate.records import dataclass

BRANCH = "callr-rest-v2"
_TOKEN = "CALLR_MIGRATE_TOKEN"
# git asks the user's own helpers first, and this one where none of them knows.
_HELPER = '!f() { test "$1" = get && echo "username=%s" && echo "password=$' + _TOKEN + '"; }; f'


@dataclass(frozen=True)
class Wish:
    """What is asked for. `base`: None for the branch that the checkout is on."""

    path: Path
    today: date
    branch: str = BRANCH
    base: str | None = None
    remote: str = "origin"
    kind: str | None = None  # of the remote's host, where its name does not tell
    api: str | None = None
    split: Split = Split.FAMILY
    push: bool = False
    open: bool = False
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    hooks: bool = True
    replace: bool = False  # the branch, whoever has worked on it
    asks: bool = False  # git may ask for a password
    dry: bool = False  # nothing will be done, so nothing is needed for it


@dataclass(frozen=True)
class Prepared:
    """What the work starts from. `local` is the commit of the branch that is to be replaced, if there is one.

    `remote` is None where it is on no host that is known, `token` is empty where none is needed or known.
    """

    wish: Wish
    checkout: Checkout
    remote: Remote | None
    local: str | None
    token: str

    @property
    def base(self) -> str:
        """The branch that the pull request is for."""
        return self.wish.base or self.checkout.branch


def prepare(wish: Wish) -> Prepared:
    """Look at everything; raises `GitError`."""
    folder = wish.path if wish.path.is_dir() else wish.path.parent
    checkout = open_checkout(wish.path, Git(folder, wish.asks), branch=wish.branch)
    remote = _remote(wish, checkout)
    local = checkout.branch_commit(wish.branch)
    if local is not None:
        elsewhere = checkout.is_checked_out(wish.branch)
        if elsewhere is not None:
            raise GitError(
                f"the branch {wish.branch!r} is checked out in {elsewhere}; finish there, or name another --branch"
            )
        if not wish.replace:
            refuse_foreign(checkout.git, checkout.head, local, f"the branch {wish.branch!r}")
    token = "" if wish.dry else _token(wish, remote)
    if remote is not None and token:
        git = replace(checkout.git, secrets=(token,), extra=credentials(remote, token, os.environ))
        checkout = replace(checkout, git=git)
    return Prepared(wish, checkout, remote, local, token)


def refuse_foreign(git: Git, base: str, tip: str, what: str) -> None:
    """Raise `GitError` if replacing a branch would lose somebody's work."""
    other = foreign(git, base, tip)
    if other is not None:
        raise GitError(
            f"{what} holds a commit that is not this tool's, {other}; merge it first, name another --branch, or say "
            "--replace if it may go"
        )


def _remote(wish: Wish, checkout: Checkout) -> Remote | None:
    # What was configured: `remote get-url` rewrites it by the user's `url.*.insteadOf`.
    address = checkout.git.ask("config", "--get", f"remote.{wish.remote}.url")
    needed = (wish.push or wish.open) and not wish.dry
    if address is None:
        if not needed:
            return None
        known = ", ".join(checkout.git.text("remote").split())
        there = f"there is {known}" if known else "there is none"
        raise GitError(
            f"{checkout.top} has no remote {wish.remote!r} ({there}); add it with `git remote add`, or name another --remote"
        )
    try:
        return parse_remote(address, wish.kind, wish.api)
    except GitError:
        if wish.open and not wish.dry:
            raise
        return None


def _token(wish: Wish, remote: Remote | None) -> str:
    if remote is None or not (wish.push or wish.open):
        return ""
    try:
        return find_token(remote)
    except GitError:
        # git may have credentials of its own, and ssh needs none.
        if wish.open:
            raise
        return ""


def credentials(remote: Remote, token: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment by which git knows the token where it would have to ask for a password."""
    parts = urlsplit(remote.web)
    count = environment.get("GIT_CONFIG_COUNT", "")
    number = int(count) if count.isdecimal() else 0
    return {
        _TOKEN: token,
        "GIT_CONFIG_COUNT": str(number + 1),
        f"GIT_CONFIG_KEY_{number}": f"credential.{parts.scheme}://{parts.netloc}.helper",
        f"GIT_CONFIG_VALUE_{number}": _HELPER % ("x-access-token" if remote.kind == GITHUB else "oauth2"),
    }
