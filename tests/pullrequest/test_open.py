"""`pr --open`: what the hosts are asked, and what happens where they refuse."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable

import pytest
from support.checkout import run
from support.hosts import TOKEN, FakeHost
from support.repository import Repository, Told

Pr = Callable[..., Told]


def _only(host: FakeHost) -> dict[str, object]:
    (pull,) = host.pulls.values()
    return pull


def _text(host: FakeHost) -> str:
    return str(_only(host)["body" if host.kind == "github" else "description"])


def test_open(repository: Repository, pr: Pr, host: FakeHost) -> None:
    told = pr("--open", "--draft", "--label", "api,v2", "--reviewer", "ada")
    assert (told.code, told.err) == (0, "")
    pull = _only(host)
    draft = "" if host.kind == "github" else "Draft: "
    assert pull["title"] == f"{draft}Move from Callr's JSON-RPC API v1 to REST API v2 before 30 June 2027"
    assert pull["labels"] == ["api", "v2"]
    if host.kind == "github":
        assert (pull["base"], pull["draft"], pull["reviewers"]) == ("main", True, ["ada"])
    else:
        assert (pull["target_branch"], pull["reviewers"]) == ("main", [{"id": 71}])
    assert f"Opened {host.url}/acme/app/" in told.out
    tip = repository.git("rev-parse", "callr-rest-v2").strip()
    assert repository.there("rev-parse", "callr-rest-v2").strip() == tip
    blob = "blob" if host.kind == "github" else "-/blob"
    assert f"]({host.url}/acme/app/{blob}/{tip}/acacias/delivery.py#L34)" in _text(host)
    assert TOKEN not in told.out + told.err + _text(host)


def test_links_lead_to_the_rewritten_lines(repository: Repository, pr: Pr, host: FakeHost) -> None:
    pr("--open")
    found = re.findall(r"blob/([0-9a-f]{40})/([^)#]+)#L(\d+)\) \| `[^|]*` \| `+ ?(.*?) ?`+ \|", _text(host))
    assert len(found) > 5
    for revision, name, line, after in found:
        code = repository.git("show", f"{revision}:{name}").split("\n")
        shown = " ".join(code[int(line) - 1 : int(line) + 2])
        first = re.split(r"[( ]", after)[0]
        assert first.strip('"') in shown, (name, line, after, shown)


def test_a_second_run_updates(repository: Repository, pr: Pr, host: FakeHost) -> None:
    pr("--open", "--draft")
    key = "body" if host.kind == "github" else "description"
    pull = _only(host)
    first = str(pull[key])
    ticked = first.replace("- [ ] [", "- [x] [", 3)
    pull[key] = f"Please look at this by Friday.\n\n{ticked}\n\nCloses #12"
    pull["title"] = "Draft: our own title"
    (repository.folder / "acacias" / "patients.py").write_text("PATIENTS = []\n", "utf-8")
    repository.publish()
    told = pr("--open")
    assert (told.code, told.err) == (0, "")
    assert "Updated " in told.out
    assert pull["title"] == "Draft: our own title"
    assert len(host.asked("POST")) == 1
    text = _text(host)
    assert text.startswith("Please look at this by Friday.\n\n<!-- callr-migrate: begin -->")
    assert text.endswith("<!-- callr-migrate: end -->\n\nCloses #12")
    assert text.count("- [x] ") == 3
    tip = repository.git("rev-parse", "callr-rest-v2").strip()
    assert tip in text
    assert tip not in first


def test_a_third_run_pushes_nothing(repository: Repository, pr: Pr, host: FakeHost) -> None:
    pr("--open")
    text, state = _text(host), repository.state()
    assert pr("--open").code == 0
    assert _text(host) == text
    assert repository.state() == state


def test_dry_run_asks_nobody(repository: Repository, pr: Pr, host: FakeHost) -> None:
    told = pr("--open", "--dry-run")
    assert told.code == 0
    assert host.requests == []


REFUSALS = {
    "expired": (("GET", ""), (401, {}, {"message": "Bad credentials"}), "refuses the token: it has expired"),
    "forbidden": (
        ("GET", ""),
        (403, {}, {"message": "Resource not accessible"}),
        "does not let this token do that (Resource not accessible)",
    ),
    "unknown": (("GET", ""), (404, {}, {"message": "Not Found"}), "knows no repository acme/app"),
    "moved": (("GET", ""), (301, {"location": "/elsewhere"}, {}), "has moved on"),
    "limited": (("POST", "(pulls|requests)$"), (429, {"retry-after": "61"}, {}), "try again in 61 s"),
    "limited for long": (
        ("POST", "(pulls|requests)$"),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 6000)}, {}),
        " min (at ",
    ),
    "refused": (
        ("POST", "(pulls|requests)$"),
        (422, {}, {"message": "Validation Failed", "errors": [{"message": "no drafts here"}]}),
        "422: Validation Failed; no drafts here",
    ),
    "token": (("GET", ""), (400, {}, {"message": f"bad {TOKEN} here"}), "400: bad *** here"),
    "broken": (("POST", "(pulls|requests)$"), (502, {}, "nonsense"), "with 502: Bad Gateway"),
}


@pytest.mark.parametrize("how", list(REFUSALS))
@pytest.mark.parametrize("again", [False, True], ids=["first", "second"])
def test_what_a_host_refuses_leaves_everything(
    repository: Repository, pr: Pr, host: FakeHost, how: str, again: bool
) -> None:
    where, answer, message = REFUSALS[how]
    if again:
        assert pr("--push").code == 0
        (repository.folder / "acacias" / "patients.py").write_text("PATIENTS = []\n", "utf-8")
        repository.publish()
    host.fail[where] = answer
    state = repository.state()
    told = pr("--open")
    assert told.code == 2
    assert message in told.err
    assert told.err.count("\n") == 1
    assert TOKEN not in told.out + told.err
    assert repository.state() == state
    assert host.pulls == {}


def test_an_answer_that_is_lost(repository: Repository, pr: Pr, host: FakeHost) -> None:
    host.fail["POST", "(pulls|requests)$"] = (0, {}, None)
    told = pr("--open")
    assert (told.code, told.err) == (0, "")
    assert len(host.pulls) == 1
    assert f"Opened {host.url}" in told.out


def test_a_reviewer_that_nobody_knows(repository: Repository, pr: Pr, host: FakeHost) -> None:
    where = ("POST", "requested_reviewers") if host.kind == "github" else ("GET", "/users")
    host.fail[where] = (422, {}, {"message": "not a collaborator"})
    told = pr("--open", "--reviewer", "nobody")
    assert told.code == 2
    assert "labels and reviewers were not all set: " in told.err
    assert f"Opened {host.url}" in told.out
    assert len(host.pulls) == 1


def test_a_host_that_is_not_there(repository: Repository, pr: Pr, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.git("remote", "set-url", "origin", "http://127.0.0.1:9/acme/app.git")
    repository.git("remote", "set-url", "--push", "origin", str(repository.bare))
    monkeypatch.setenv("GH_HOST", "127.0.0.1:9")
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    state = repository.state()
    told = pr("--open")
    assert told.code == 2
    assert "127.0.0.1:9 cannot be reached: " in told.err
    assert repository.state() == state


def test_no_token(repository: Repository, pr: Pr, host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GH_TOKEN", raising=False)
    monkeypatch.delenv("GITLAB_TOKEN", raising=False)
    state = repository.state()
    told = pr("--open")
    assert told.code == 2
    assert "no token for 127.0.0.1" in told.err
    assert repository.state() == state
    assert host.requests == []


def test_the_hosts_own_tool_knows_the_token(
    repository: Repository, pr: Pr, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GH_TOKEN", raising=False)
    monkeypatch.delenv("GITLAB_TOKEN", raising=False)
    tool = "gh" if host.kind == "github" else "glab"
    name = host.url.removeprefix("http://")
    wanted = (
        ["auth", "token", "--hostname", name] if tool == "gh" else ["config", "get", "token", "--host", name]
    )
    path = repository.folder.parent / "tools" / tool
    path.write_text(
        f"#!{sys.executable}\nimport sys\nassert sys.argv[1:] == {wanted!r}, sys.argv\nprint({TOKEN!r})\n",
        "utf-8",
    )
    path.chmod(0o755)
    if tool == "gh":
        monkeypatch.setenv("GH_HOST", name)
    told = pr("--open")
    assert (told.code, told.err) == (0, "")
    assert len(host.pulls) == 1


def test_a_token_for_another_host_is_not_sent(
    repository: Repository, pr: Pr, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("remote", "set-url", "origin", "https://github.example.com/acme/app.git")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    told = pr("--open")
    assert told.code == 2
    assert "no token for github.example.com: set GH_ENTERPRISE_TOKEN or GITHUB_ENTERPRISE_TOKEN" in told.err


def test_a_remote_on_no_host(repository: Repository, pr: Pr) -> None:
    told = pr("--open")
    assert told.code == 2
    assert "is no address of a repository on GitHub or GitLab" in told.err


def test_credentials_of_an_address_are_not_shown(repository: Repository, pr: Pr) -> None:
    repository.git("remote", "set-url", "origin", "https://somebody:made-up-secret@127.0.0.1:9/acme/app.git")
    told = pr("--push")
    assert told.code == 2
    assert "made-up-secret" not in told.out + told.err
    repository.git("remote", "set-url", "origin", "https://somebody:made-up-secret@127.0.0.1:9/acme")
    told = pr("--open")
    assert told.err.startswith("error: https://***@127.0.0.1:9/acme is no address of a repository")
    repository.git("remote", "set-url", "origin", "https://somebody:made-up-secret@127.0.0.1:9/acme/app.git")
    told = pr("--open")
    assert "whether 127.0.0.1:9 is GitHub or GitLab cannot be told" in told.err
    assert "made-up-secret" not in told.out + told.err


def test_git_gets_the_token_where_it_would_ask(
    repository: Repository, pr: Pr, host: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A hook runs with the environment of the push.
    out = repository.folder.parent / "filled"
    hook = repository.folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    name = host.url.removeprefix("http://")
    hook.write_text(
        f"#!/bin/sh\nprintf 'protocol=http\\nhost={name}\\n\\n' | git credential fill > '{out}'\nexit 1\n",
        "utf-8",
    )
    hook.chmod(0o755)
    told = pr("--open")
    assert told.code == 2
    user = "x-access-token" if host.kind == "github" else "oauth2"
    filled = out.read_text("utf-8").splitlines()
    assert f"username={user}" in filled
    assert f"password={TOKEN}" in filled
    assert TOKEN not in told.err
    assert os.environ.get("GIT_CONFIG_COUNT") is None


def test_options_for_open_alone(repository: Repository, pr: Pr) -> None:
    assert pr("--push", "--draft").code == 2


def test_commits_that_are_not_pushed_are_no_part_of_it(
    repository: Repository, pr: Pr, host: FakeHost
) -> None:
    (repository.folder / "acacias" / "patients.py").write_text("PATIENTS = []\n", "utf-8")
    repository.commit()
    state = repository.state()
    told = pr("--open")
    assert told.code == 2
    assert "'main' has 1 commit that 'origin' lacks; push that first" in told.err
    assert repository.state() == state
    assert host.pulls == {}
    # Work for another branch than one's own is meant to come along.
    repository.git("checkout", "--quiet", "-b", "feature")
    assert pr("--open", "--base", "main").code == 0
    assert len(host.pulls) == 1


def test_a_base_that_is_not_there(repository: Repository, pr: Pr, host: FakeHost) -> None:
    repository.git("checkout", "--quiet", "-b", "feature")
    told = pr("--open")
    assert told.code == 2
    assert "'origin' has no branch 'feature'; push it, or name another --base" in told.err


@pytest.fixture
def over_http(repository: Repository, host: FakeHost) -> FakeHost:
    """git talks to the host itself, which wants the token."""
    repository.git("config", "--unset", "remote.origin.pushurl")
    run("git", "config", "http.receivepack", "true", cwd=repository.bare)
    host.bare = repository.bare
    return host


def test_push_with_the_token_alone(repository: Repository, pr: Pr, over_http: FakeHost) -> None:
    told = pr("--open")
    assert (told.code, told.err) == (0, "")
    assert over_http.users == {"x-access-token" if over_http.kind == "github" else "oauth2"}
    assert repository.there("rev-parse", "callr-rest-v2") == repository.git("rev-parse", "callr-rest-v2")
    assert len(over_http.pulls) == 1
    repository.git("branch", "--quiet", "-D", "callr-rest-v2")
    assert pr("--open").code == 0, "the branch is fetched from there, too"
    assert TOKEN not in repository.git("config", "--list")


def test_a_token_that_git_is_refused_with(
    repository: Repository, pr: Pr, over_http: FakeHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "GH_TOKEN" if over_http.kind == "github" else "GITLAB_TOKEN"
    monkeypatch.setenv(name, "another-made-up-token")
    state = repository.state()
    told = pr("--push")
    assert told.code == 2
    assert told.err.startswith("error: git ls-remote failed: Authentication failed for ")
    assert told.err.count("\n") == 1
    assert "another-made-up" not in told.err
    assert repository.state() == state


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are Unicode there")
def test_a_name_that_is_no_unicode(repository: Repository, pr: Pr, host: FakeHost) -> None:
    name = os.fsdecode(b"caf\xe9 #1.py")
    (repository.folder / name).write_text(
        "import callr\napi = callr.Api(one, two)\napi.call('sms.get', 'ABC')\n", "utf-8"
    )
    repository.publish()
    told = pr("--open", "--commits", "file")
    assert (told.code, told.err) == (0, "")
    assert "/caf%E9%20%231.py#L3)" in _text(host)
    assert "Move caf\N{REPLACEMENT CHARACTER} #1.py to REST API v2" in repository.git("log", "callr-rest-v2")
