"""The token for a host: from the environment, else from the host's own command-line tool.

A token is for its host only: one that the environment holds for another host is never sent to this one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping

from callr_migrate.pullrequest.git import GitError
from callr_migrate.pullrequest.remotes import GITHUB, Remote, host_of

_PATIENCE = 20  # seconds


def find_token(remote: Remote, environment: Mapping[str, str] | None = None) -> str:
    """The token; raises `GitError` if there is none."""
    environment = os.environ if environment is None else environment
    names = _names(remote, environment)
    for name in names:
        token = environment.get(name, "").strip()
        if token:
            return token
    tool, *command = _tool(remote)
    token = _told(tool, command)
    if token:
        return token
    only = "" if names else f" (what the environment holds is not known to be for {remote.host})"
    wanted = names or _own_names(remote)
    raise GitError(
        f"no token for {remote.host}{only}: set {' or '.join(wanted)}, or log in with `{tool} auth login`"
    )


def _names(remote: Remote, environment: Mapping[str, str]) -> list[str]:
    """The variables that hold a token for this host, as `gh` and `glab` read them."""
    own = _own_names(remote)
    if remote.kind == GITHUB:
        if remote.host == "github.com" or remote.host.endswith(".ghe.com"):
            return own
        theirs = [
            name
            for name, said in (("GH_TOKEN", "GH_HOST"), ("GITHUB_TOKEN", "GITHUB_SERVER_URL"))
            if host_of(environment.get(said, "")) == remote.host
        ]
        return [*own, *theirs]
    said = ("GITLAB_HOST", "GITLAB_URI", "CI_SERVER_URL", "CI_SERVER_HOST")
    hosts = {host_of(environment.get(name, "")) for name in said} - {""} or {"gitlab.com"}
    return own if remote.host in hosts else []


def _own_names(remote: Remote) -> list[str]:
    if remote.kind != GITHUB:
        return ["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"]
    if remote.host == "github.com" or remote.host.endswith(".ghe.com"):
        return ["GH_TOKEN", "GITHUB_TOKEN"]
    return ["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"]


def _tool(remote: Remote) -> list[str]:
    if remote.kind == GITHUB:
        return ["gh", "auth", "token", "--hostname", remote.host]
    return ["glab", "config", "get", "token", "--host", remote.host]


def _told(tool: str, command: list[str]) -> str:
    """What the host's tool says; nothing if there is no such tool, or it knows none."""
    found = shutil.which(tool)
    if found is None:
        return ""
    try:
        done = subprocess.run(
            [found, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
