"""Pull requests of GitHub, by its REST API (https://docs.github.com/en/rest/pulls/pulls)."""

from __future__ import annotations

from typing import Any

from callr_migrate.pullrequest.hosts import Api, HostError, Opened, Proposal
from callr_migrate.pullrequest.remotes import Remote

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}


class GitHub(Api):
    """github.com, or an Enterprise server."""

    def __init__(self, remote: Remote, token: str) -> None:
        super().__init__(remote, token, _HEADERS)
        self.repository = f"/repos/{remote.path}"
        self.owner = remote.path.split("/")[0]

    def __enter__(self) -> GitHub:
        return self

    def check(self) -> None:
        """See that the token may push."""
        told = self.send("GET", self.repository)
        allowed = told.get("permissions")
        if isinstance(allowed, dict) and allowed.get("push") is False:
            raise HostError(f"{self.remote.host} does not let this token write to {self.remote.path}")

    def find(self, branch: str) -> Opened | None:
        """There is one at most for a branch and a base; of several bases the oldest."""
        query = {"state": "open", "head": f"{self.owner}:{branch}", "sort": "created", "direction": "asc"}
        found = self.send("GET", f"{self.repository}/pulls", query=query)
        # A server that does not understand the filter answers with all there are.
        mine = [one for one in found if one["head"]["ref"] == branch]
        return _opened(mine[0]) if mine else None

    def open(self, proposal: Proposal) -> Opened:
        """Open it."""
        return _opened(
            self.send(
                "POST",
                f"{self.repository}/pulls",
                json={
                    "title": proposal.title,
                    "head": proposal.branch,
                    "base": proposal.base,
                    "body": proposal.body,
                    "draft": proposal.draft,
                },
            )
        )

    def update(self, number: int, proposal: Proposal) -> Opened:
        """Text and base; the title and whether it is a draft are left to people."""
        data = {"body": proposal.body, "base": proposal.base}
        return _opened(self.send("PATCH", f"{self.repository}/pulls/{number}", json=data))

    def decorate(self, number: int, proposal: Proposal) -> None:
        """Add labels and reviewers; `organisation/team` names a team."""
        if proposal.labels:
            labels = {"labels": list(proposal.labels)}
            self.send("POST", f"{self.repository}/issues/{number}/labels", json=labels)
        if proposal.reviewers:
            teams = [name.rpartition("/")[2] for name in proposal.reviewers if "/" in name]
            people = [name for name in proposal.reviewers if "/" not in name]
            asked = {"reviewers": people, "team_reviewers": teams}
            self.send("POST", f"{self.repository}/pulls/{number}/requested_reviewers", json=asked)


def _opened(told: dict[str, Any]) -> Opened:
    return Opened(int(told["number"]), str(told["html_url"]), str(told.get("body") or ""))
