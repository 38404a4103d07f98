"""Where remotes lie, and whose token goes there."""

from __future__ import annotations

import pytest

from callr_migrate.pullrequest.git import GitError
from callr_migrate.pullrequest.remotes import parse_remote
from callr_migrate.pullrequest.tokens import find_token

KNOWN = [
    ("https://github.com/acme/app.git", "github", "github.com", "acme/app", "https://api.github.com"),
    ("git@github.com:acme/app.git", "github", "github.com", "acme/app", "https://api.github.com"),
    (
        "ssh://git@ssh.github.com:443/acme/app.git",
        "github",
        "github.com",
        "acme/app",
        "https://api.github.com",
    ),
    (
        "https://user:secret@github.com/acme/app/",
        "github",
        "github.com",
        "acme/app",
        "https://api.github.com",
    ),
    ("https://acme.ghe.com/acme/app", "github", "acme.ghe.com", "acme/app", "https://api.acme.ghe.com"),
    (
        "git@github.acme.example:acme/app.git",
        "github",
        "github.acme.example",
        "acme/app",
        "https://github.acme.example/api/v3",
    ),
    (
        "https://gitlab.com/group/sub/app.git",
        "gitlab",
        "gitlab.com",
        "group/sub/app",
        "https://gitlab.com/api/v4",
    ),
    (
        "ssh://git@gitlab.acme.example:2222/group/app.git",
        "gitlab",
        "gitlab.acme.example",
        "group/app",
        "https://gitlab.acme.example/api/v4",
    ),
    (
        "https://gitlab.acme.example:8443/group/app.git",
        "gitlab",
        "gitlab.acme.example:8443",
        "group/app",
        "https://gitlab.acme.example:8443/api/v4",
    ),
]


@pytest.mark.parametrize(("address", "kind", "host", "path", "api"), KNOWN, ids=[one[0] for one in KNOWN])
def test_known(address: str, kind: str, host: str, path: str, api: str) -> None:
    remote = parse_remote(address, environment={})
    assert (remote.kind, remote.host, remote.path, remote.api) == (kind, host, path, api)
    assert "secret" not in repr(remote)


@pytest.mark.parametrize(
    "address",
    ["/srv/git/app.git", "../app.git", "file:///srv/app.git", "C:\\git\\app", "https://github.com/acme"],
)
def test_no_host(address: str) -> None:
    with pytest.raises(GitError, match="is no address of a repository"):
        parse_remote(address, environment={})


def test_what_nobody_tells() -> None:
    with pytest.raises(GitError, match=r"whether code\.acme\.example is GitHub or GitLab cannot be told"):
        parse_remote("git@code.acme.example:acme/app.git", environment={})
    assert parse_remote("git@code.acme.example:acme/app.git", "gitlab", environment={}).kind == "gitlab"
    said = {"GITHUB_SERVER_URL": "https://code.acme.example"}
    assert parse_remote("git@code.acme.example:acme/app.git", environment=said).kind == "github"


@pytest.mark.parametrize(
    ("address", "environment", "token"),
    [
        ("https://github.com/a/b", {"GH_TOKEN": "one", "GITHUB_TOKEN": "two"}, "one"),
        ("https://github.com/a/b", {"GH_ENTERPRISE_TOKEN": "one"}, None),
        ("https://github.acme.example/a/b", {"GITHUB_TOKEN": "one"}, None),
        ("https://github.acme.example/a/b", {"GH_ENTERPRISE_TOKEN": "one"}, "one"),
        (
            "https://github.acme.example/a/b",
            {"GITHUB_TOKEN": "one", "GITHUB_SERVER_URL": "https://github.acme.example"},
            "one",
        ),
        ("https://gitlab.com/a/b", {"GITLAB_TOKEN": "one"}, "one"),
        ("https://gitlab.com/a/b", {"GITLAB_TOKEN": "one", "GITLAB_HOST": "gitlab.acme.example"}, None),
        ("https://gitlab.acme.example/a/b", {"GITLAB_TOKEN": "one"}, None),
        (
            "https://gitlab.acme.example/a/b",
            {"GITLAB_TOKEN": "one", "CI_SERVER_URL": "https://gitlab.acme.example"},
            "one",
        ),
    ],
)
def test_tokens(address: str, environment: dict[str, str], token: str | None) -> None:
    remote = parse_remote(address, environment={})
    if token is not None:
        assert find_token(remote, environment) == token
        return
    with pytest.raises(GitError, match="no token for"):
        find_token(remote, environment)
