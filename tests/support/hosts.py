"""A loopback server with the part of GitHub's and GitLab's REST APIs that pull requests need.

Each request is held against what the hosts publish of it: verb, path, query, headers, and the JSON Schema of the body
(https://docs.github.com/en/rest/pulls/pulls, https://docs.gitlab.com/api/merge_requests/). What does not fit is noted
in `wrong`, and refused.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from jsonschema import Draft202012Validator

TOKEN = "made-up-token-0123456789"


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
        "minProperties": 1,
    }


TEXT = {"type": "string", "minLength": 1}
TEXTS = {"type": "array", "items": TEXT}
BODY = {"type": "string", "maxLength": 65_536}
DESCRIPTION = {"type": "string", "maxLength": 1_048_576}
FLAG = {"type": "boolean"}

# verb, path -> the query parameters that there are, and the body
GITHUB: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("GET", r"/api/v3/repos/acme/app"): (set(), None),
    ("GET", r"/api/v3/repos/acme/app/pulls"): (
        {"state", "head", "base", "sort", "direction", "per_page", "page"},
        None,
    ),
    ("POST", r"/api/v3/repos/acme/app/pulls"): (
        set(),
        _object(
            "title head base",
            title=TEXT,
            head=TEXT,
            base=TEXT,
            body=BODY,
            draft=FLAG,
            maintainer_can_modify=FLAG,
        ),
    ),
    ("PATCH", r"/api/v3/repos/acme/app/pulls/\d+"): (
        set(),
        _object("", title=TEXT, body=BODY, base=TEXT, state={"enum": ["open", "closed"]}),
    ),
    ("POST", r"/api/v3/repos/acme/app/issues/\d+/labels"): (set(), _object("labels", labels=TEXTS)),
    ("POST", r"/api/v3/repos/acme/app/pulls/\d+/requested_reviewers"): (
        set(),
        _object("", reviewers=TEXTS, team_reviewers=TEXTS),
    ),
}
IDS = {"type": "array", "items": {"type": "integer"}}
GITLAB: dict[tuple[str, str], tuple[set[str], Any]] = {
    ("GET", r"/api/v4/projects/acme%2Fapp"): (set(), None),
    ("GET", r"/api/v4/users"): ({"username"}, None),
    ("GET", r"/api/v4/projects/acme%2Fapp/merge_requests"): (
        {"state", "source_branch", "target_branch", "order_by", "sort"},
        None,
    ),
    ("GET", r"/api/v4/projects/acme%2Fapp/merge_requests/\d+"): (set(), None),
    ("POST", r"/api/v4/projects/acme%2Fapp/merge_requests"): (
        set(),
        _object(
            "source_branch target_branch title",
            source_branch=TEXT,
            target_branch=TEXT,
            title=TEXT,
            description=DESCRIPTION,
            labels=TEXT,
            reviewer_ids=IDS,
            remove_source_branch=FLAG,
        ),
    ),
    ("PUT", r"/api/v4/projects/acme%2Fapp/merge_requests/\d+"): (
        set(),
        _object(
            "",
            title=TEXT,
            description=DESCRIPTION,
            target_branch=TEXT,
            add_labels=TEXT,
            reviewer_ids=IDS,
            state_event={"enum": ["close", "reopen"]},
        ),
    ),
}
PEOPLE = {"ada": 71, "grace": 72}


@dataclass
class FakeHost:
    """`requests` is what was asked, `pulls` what is open; `fail` answers in place of the real thing."""

    kind: str
    url: str = ""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    # (verb, part of the path) -> status, headers, body; status 0: the request is done and no answer comes
    fail: dict[tuple[str, str], tuple[int, dict[str, str], Any]] = field(default_factory=dict)
    bare: Path | None = None  # the repository that git itself is served
    users: set[str] = field(default_factory=set)  # who git said to be

    def asked(self, verb: str) -> list[Any]:
        return [body for asked, _, body in self.requests if asked == verb]

    def answer(self, verb: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        number = re.search(r"/(?:pulls|merge_requests|issues)/(\d+)", path)
        pull = self.pulls[int(number[1])] if number else None
        if self.kind == "github":
            return self._github(verb, path, query, body, pull)
        return self._gitlab(verb, path, query, body, pull)

    def _github(
        self, verb: str, path: str, query: dict[str, str], body: Any, pull: dict[str, Any] | None
    ) -> tuple[int, Any]:
        if path.endswith("/labels"):
            assert pull is not None
            pull["labels"] += body["labels"]
            return 200, []
        if path.endswith("/requested_reviewers"):
            assert pull is not None
            pull["reviewers"] += body["reviewers"] + body["team_reviewers"]
            return 201, pull
        if pull is not None:
            pull.update(body)
            return 200, pull
        if verb == "POST":
            new = {
                **body,
                "number": len(self.pulls) + 7,
                "state": "open",
                "labels": [],
                "reviewers": [],
                "head": {"ref": body["head"]},
            }
            new["html_url"] = f"{self.url}/acme/app/pull/{new['number']}"
            self.pulls[new["number"]] = new
            return 201, new
        if path.endswith("/pulls"):
            owner, branch = query["head"].split(":")
            assert owner == "acme"
            return 200, [one for one in self.pulls.values() if one["head"]["ref"] == branch]
        return 200, {"full_name": "acme/app", "permissions": {"pull": True, "push": True}}

    def _gitlab(
        self, verb: str, path: str, query: dict[str, str], body: Any, pull: dict[str, Any] | None
    ) -> tuple[int, Any]:
        if path.endswith("/users"):
            name = query["username"]
            return 200, [{"id": PEOPLE[name], "username": name}] if name in PEOPLE else []
        if pull is not None:
            data = dict(body or {})
            pull["labels"] += [name for name in data.pop("add_labels", "").split(",") if name]
            if "reviewer_ids" in data:
                pull["reviewers"] = [{"id": one} for one in data.pop("reviewer_ids")]
            pull.update(data)
            return 200, pull
        if verb == "POST":
            new = {**body, "iid": len(self.pulls) + 7, "state": "opened", "labels": [], "reviewers": []}
            new["web_url"] = f"{self.url}/acme/app/-/merge_requests/{new['iid']}"
            self.pulls[new["iid"]] = new
            return 201, new
        if path.endswith("/merge_requests"):
            return 200, [one for one in self.pulls.values() if one["source_branch"] == query["source_branch"]]
        return 200, {"permissions": {"project_access": {"access_level": 40}, "group_access": None}}


def _handler(host: FakeHost) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _git(self, path: str, query: str) -> None:
            """git's own server behind a password, which is the token."""
            sent = self.headers.get("authorization", "")
            user, _, password = base64.b64decode(sent.removeprefix("Basic ")).decode().partition(":")
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            if password != TOKEN:
                self._send(401, {}, {"www-authenticate": 'Basic realm="git"'})
                return
            host.users.add(user)
            assert host.bare is not None
            environment = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(host.bare),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path.removeprefix("/acme/app.git"),
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("content-type", ""),
                "CONTENT_LENGTH": str(len(raw)),
                "REMOTE_USER": user,
                "HTTP_CONTENT_ENCODING": self.headers.get("content-encoding", ""),
            }
            done = subprocess.run(
                ["git", "http-backend"], input=raw, env=environment, capture_output=True, check=False
            )
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            lines = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
            status = next((int(value[:3]) for name, value in lines if name == "Status"), 200)
            self.send_response(status)
            for name, value in lines:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/acme/app.git/"):
                self._git(parts.path, parts.query)
                return
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.loads(raw) if raw else None
            host.requests.append((self.command, unquote(parts.path), body))
            for (verb, part), (status, headers, data) in host.fail.items():
                if verb == self.command and re.search(part, parts.path):
                    if status == 0:
                        host.answer(self.command, parts.path, query, body)
                        self.close_connection = True
                        return
                    self._send(status, data, headers)
                    return
            if self.headers.get("authorization") != f"Bearer {TOKEN}":
                self._send(401, {"message": "Bad credentials"}, {})
                return
            problem = _problem(host.kind, self.command, parts.path, query, body, self.headers)
            if problem:
                host.wrong.append(problem)
                self._send(422, {"message": problem}, {})
                return
            self._send(*host.answer(self.command, parts.path, query, body), {})

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

        def _send(self, status: int, data: Any, headers: dict[str, str]) -> None:
            raw = json.dumps(data).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _problem(kind: str, verb: str, path: str, query: dict[str, str], body: Any, headers: Any) -> str | None:
    if kind == "github":
        if headers.get("accept") != "application/vnd.github+json" or not headers.get("x-github-api-version"):
            return "GitHub wants Accept and X-GitHub-Api-Version"
        if not headers.get("user-agent"):
            return "GitHub wants a User-Agent"
    for (known, pattern), (names, schema) in (GITHUB if kind == "github" else GITLAB).items():
        if known == verb and re.fullmatch(pattern, path):
            if set(query) - names:
                return f"{verb} {path}: no query parameters {set(query) - names}"
            if schema is None:
                return f"{verb} {path}: takes no body" if body is not None else None
            for error in Draft202012Validator(schema).iter_errors(body):
                return f"{verb} {path}: {error.message[:200]}"
            return None
    return f"there is no {verb} {path}"


@contextlib.contextmanager
def serving(kind: str) -> Iterator[FakeHost]:
    host = FakeHost(kind)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
