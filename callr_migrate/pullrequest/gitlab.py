"""Merge requests of GitLab, by its REST API (https://docs.gitlab.com/api/merge_requests/)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from callr_migrate.pullrequest.hosts import Api, HostError, Opened, Proposal
from callr_migrate.pullrequest.remotes import Remote

_DRAFT = "Draft: "
_DEVELOPER = 30  # the access level from which on one may push


class GitLab(Api):
    """gitlab.com, or a server of one's own."""

    def __init__(self, remote: Remote, token: str) -> None:
        super().__init__(remote, token, {"Accept": "application/json"})
        self.project = f"/projects/{quote(remote.path, safe='')}"

    def __enter__(self) -> GitLab:
        return self

    def check(self) -> None:
        """See that the token may push."""
        access = self.send("GET", self.project).get("permissions") or {}
        levels = [entry["access_level"] for entry in access.values() if entry]
        if levels and max(levels) < _DEVELOPER:
            raise HostError(f"{self.remote.host} does not let this token write to {self.remote.path}")

    def find(self, branch: str) -> Opened | None:
        """The oldest open one of this branch."""
        query = {"state": "opened", "source_branch": branch, "order_by": "created_at", "sort": "asc"}
        found = self.send("GET", f"{self.project}/merge_requests", query=query)
        return _opened(found[0]) if found else None

    def open(self, proposal: Proposal) -> Opened:
        """Open it."""
        return _opened(
            self.send(
                "POST",
                f"{self.project}/merge_requests",
                json={
                    "title": f"{_DRAFT if proposal.draft else ''}{proposal.title}",
                    "source_branch": proposal.branch,
                    "target_branch": proposal.base,
                    "description": proposal.body,
                    "remove_source_branch": True,
                },
            )
        )

    def update(self, number: int, proposal: Proposal) -> Opened:
        """Text and base; the title is left as people have it, since it also says whether it is a draft."""
        data = {"description": proposal.body, "target_branch": proposal.base}
        return _opened(self.send("PUT", f"{self.project}/merge_requests/{number}", json=data))

    def decorate(self, number: int, proposal: Proposal) -> None:
        """Add labels, and reviewers to those that are there."""
        data: dict[str, Any] = {}
        if proposal.labels:
            data["add_labels"] = ",".join(proposal.labels)
        if proposal.reviewers:
            there = self.send("GET", f"{self.project}/merge_requests/{number}").get("reviewers") or []
            ids = [int(one["id"]) for one in there] + [self._person(name) for name in proposal.reviewers]
            data["reviewer_ids"] = list(dict.fromkeys(ids))
        if data:
            self.send("PUT", f"{self.project}/merge_requests/{number}", json=data)

    def _person(self, name: str) -> int:
        found = self.send("GET", "/users", query={"username": name})
        if not found:
            raise HostError(f"{self.remote.host} knows nobody called {name!r} (--reviewer)")
        return int(found[0]["id"])


def _opened(told: dict[str, Any]) -> Opened:
    return Opened(int(told["iid"]), str(told["web_url"]), str(told.get("description") or ""))
