"""Where a remote lies: its host, whether that is GitHub or GitLab, and the addresses of its API and pages."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from callr_migrate.pullrequest.git import GitError, hidden
from callr_migrate.records import dataclass

GITHUB, GITLAB = "github", "gitlab"
KINDS = (GITHUB, GITLAB)
_SCP = re.compile(r"^(?:[^@/\s]+@)?(?P<host>[^:/\s]{2,}|\[[^\]]+\]):(?!//)(?P<path>.+)$")
_SSH_FRONTS = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}


@dataclass(frozen=True)
class Remote:
    """A repository on a host. `host` has the port if the address has one; `web` is the address of its page."""

    kind: str
    host: str
    path: str  # owner/name, or group/subgroup/name
    web: str
    api: str

    @property
    def body_limit(self) -> int:
        """How many characters the text of a pull request may have."""
        return 65_536 if self.kind == GITHUB else 1_048_576

    def line(self, revision: str, path: str, line: int) -> str:
        """The address of a line of a file."""
        blob = "blob" if self.kind == GITHUB else "-/blob"
        name = quote(os.fsencode(path))  # the bytes that git knows it by
        return f"{self.web}/{blob}/{quote(revision)}/{name}#L{line}"


def parse_remote(
    address: str,
    kind: str | None = None,
    api: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Remote:
    """Understand a remote's address; `kind` and `api` are what the user says of it. Raises `GitError`."""
    environment = os.environ if environment is None else environment
    scheme, host, path = _split(address)
    path = path.strip("/").removesuffix(".git").strip("/")
    if not host or path.count("/") < 1:
        raise GitError(
            f"{hidden(address)} is no address of a repository on GitHub or GitLab, so no pull request can be opened "
            "there; name another --remote"
        )
    kind = kind or _kind(host, environment)
    if kind is None:
        raise GitError(
            f"whether {host} is GitHub or GitLab cannot be told; say --host github or --host gitlab"
        )
    start = f"{scheme}://{host}"
    return Remote(kind, host, path, f"{start}/{path}", (api or _api(kind, start, host)).rstrip("/"))


def _split(address: str) -> tuple[str, str, str]:
    """Scheme of the pages, host and path. ssh's own port and user say nothing of the pages."""
    if "://" in address:
        parts = urlsplit(address)
        try:
            port = parts.port
        except ValueError:
            raise GitError(f"{hidden(address)} has a port that is no number") from None
        host = parts.hostname or ""
        if parts.scheme in ("http", "https"):
            return parts.scheme, f"{host}:{port}" if port else host, parts.path
        if parts.scheme in ("ssh", "git", "git+ssh"):
            return "https", _SSH_FRONTS.get(host, host), parts.path
        return "https", "", ""
    scp = _SCP.match(address)
    if scp is None:
        return "https", "", ""
    host = scp["host"].strip("[]").lower()
    return "https", _SSH_FRONTS.get(host, host), scp["path"]


def _kind(host: str, environment: Mapping[str, str]) -> str | None:
    """By the name of the host, and by what the two hosts' own tools and pipelines set."""
    said = {
        GITHUB: ("GITHUB_SERVER_URL", "GH_HOST"),
        GITLAB: ("CI_SERVER_URL", "CI_SERVER_HOST", "GITLAB_HOST", "GITLAB_URI"),
    }
    for kind, names in said.items():
        if any(host == host_of(environment.get(name, "")) for name in names):
            return kind
    labels = re.split(r"[.:-]", host)
    if host.endswith(".ghe.com") or "github" in labels:
        return GITHUB
    return GITLAB if "gitlab" in labels else None


def host_of(text: str) -> str:
    """The host of an address, or of a bare name; with the port if there is one."""
    return (urlsplit(text).netloc if "://" in text else text.split("/")[0]).rpartition("@")[2].lower()


def _api(kind: str, start: str, host: str) -> str:
    if kind == GITLAB:
        return f"{start}/api/v4"
    if host == "github.com":
        return "https://api.github.com"
    if host.endswith(".ghe.com"):
        return f"https://api.{host}"
    return f"{start}/api/v3"
