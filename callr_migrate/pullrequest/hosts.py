"""What the two hosts have in common: a proposal, an open pull request, and requests whose failure is one line."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, Protocol

import httpx

from callr_migrate import __version__
from callr_migrate.pullrequest.git import GitError, hidden
from callr_migrate.pullrequest.remotes import GITHUB, Remote
from callr_migrate.records import dataclass

_PATIENCE = 30.0  # seconds


class HostError(GitError):
    """The host did not do it; the message is one line.

    `unclear`: nobody knows whether it did, since no answer came.
    """

    def __init__(self, message: str, *, unclear: bool = False) -> None:
        super().__init__(message)
        self.unclear = unclear


@dataclass(frozen=True)
class Opened:
    """A pull request that is open: its number, the address of its page, and the text that it has."""

    number: int
    url: str
    body: str


@dataclass(frozen=True)
class Proposal:
    """What a pull request is to say. `labels` and `reviewers` are added to those that it has."""

    title: str
    body: str
    branch: str
    base: str
    draft: bool = False
    labels: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()


class Host(Protocol):
    """A place where pull requests are opened. Everything raises `HostError`."""

    def check(self) -> None:
        """Ask whether the token may do what is to come, before anything is pushed."""
        ...

    def find(self, branch: str) -> Opened | None:
        """The open pull request of this branch."""
        ...

    def open(self, proposal: Proposal) -> Opened:
        """Open one."""
        ...

    def update(self, number: int, proposal: Proposal) -> Opened:
        """Make one say what is proposed now."""
        ...

    def decorate(self, number: int, proposal: Proposal) -> None:
        """Add labels and reviewers."""
        ...

    def __enter__(self) -> Host:
        """Connect."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the connection."""
        ...


def connect(remote: Remote, token: str) -> Host:
    """The host of a remote."""
    if remote.kind == GITHUB:
        from callr_migrate.pullrequest.github import GitHub

        return GitHub(remote, token)
    from callr_migrate.pullrequest.gitlab import GitLab

    return GitLab(remote, token)


class Api:
    """Requests to a host's REST API with one token, which no message holds."""

    def __init__(self, remote: Remote, token: str, headers: Mapping[str, str]) -> None:
        self.remote = remote
        self.token = token
        self.client = httpx.Client(
            base_url=remote.api,
            headers={
                "Authorization": f"Bearer {token}",
                "User-Agent": f"callr-migrate/{__version__}",
                **headers,
            },
            timeout=_PATIENCE,
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def send(
        self, verb: str, path: str, *, query: Mapping[str, str] | None = None, json: object = None
    ) -> Any:
        """The JSON of the answer; raises `HostError`."""
        host = self.remote.host
        try:
            answer = self.client.request(verb, path, params=query, json=json)
        except httpx.HTTPError as error:
            why = hidden(str(error), [self.token]) or type(error).__name__
            raise HostError(f"{host} cannot be reached: {why}", unclear=verb != "GET") from None
        if answer.is_success:
            try:
                return answer.json()
            except ValueError:
                raise HostError(f"{host} answered {verb} {path} with something that is no JSON") from None
        raise HostError(self._refusal(answer, verb, path), unclear=answer.status_code >= 500)

    def _refusal(self, answer: httpx.Response, verb: str, path: str) -> str:
        host, status = self.remote.host, answer.status_code
        said = hidden(_message(answer), [self.token])
        waits = _waits(answer)
        if status == 429 or (status == 403 and (waits or "rate limit" in said.lower())):
            return f"{host} limits how much may be asked, and that is reached; {waits or 'try again later'}"
        if status == 401:
            return f"{host} refuses the token: it has expired, was revoked or is wrong; make a new one"
        if status == 403:
            return (
                f"{host} does not let this token do that ({said}); it needs to write code and pull requests"
            )
        if status == 404:
            return f"{host} knows no repository {self.remote.path}, or this token may not see it"
        if answer.is_redirect:
            return (
                f"{self.remote.path} has moved on {host}; set the remote's new address (git remote set-url)"
            )
        return f"{host} answered {verb} {path} with {status}: {said}"


def _waits(answer: httpx.Response) -> str:
    """When to try again, from the headers of both hosts; nothing if they do not limit."""
    headers = answer.headers
    after = headers.get("retry-after", "")
    if after.isdecimal():
        return f"try again in {_duration(int(after))}"
    if headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining")) == "0":
        reset = headers.get("x-ratelimit-reset", headers.get("ratelimit-reset", ""))
        if reset.isdecimal():
            moment = datetime.fromtimestamp(int(reset), timezone.utc)
            left = max(0, int(reset) - int(time.time()))
            return f"try again in {_duration(left)} (at {moment:%H:%M:%S} UTC)"
        return "try again later"
    return ""


def _duration(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} min"


def _message(answer: httpx.Response) -> str:
    """What the host says of a refusal, in both hosts' forms, on one line."""
    try:
        data = answer.json()
    except ValueError:
        return answer.reason_phrase or "no reason given"
    if not isinstance(data, dict):
        return answer.reason_phrase or "no reason given"
    parts = [_flat(data.get("message") or data.get("error") or data.get("error_description"))]
    for one in data.get("errors") or () if isinstance(data.get("errors"), list) else ():
        parts.append(_flat(one.get("message") or one if isinstance(one, dict) else one))
    return (
        " ".join("; ".join(dict.fromkeys(part for part in parts if part)).split())[:300] or "no reason given"
    )


def _flat(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_flat(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    return "" if value is None else str(value)
