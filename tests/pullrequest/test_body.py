"""The text of a pull request: what it says, how long it may be, and what stays when it is written again."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from support.hosts import FakeHost
from support.repository import Repository, Told

from callr_migrate.config import load_settings
from callr_migrate.findings import Applicability
from callr_migrate.pipeline import Request, run
from callr_migrate.pullrequest.body import BEGIN, END, Account, Checked, body
from callr_migrate.pullrequest.places import Places, code
from callr_migrate.pullrequest.remotes import parse_remote

Pr = Callable[..., Told]
TODAY = date(2026, 9, 21)
CALLS = """import callr

api = callr.Api(login, password)
sms = api.call("sms.get", one)
if sms["status"] == "SENT":
    print(sms["hash"])
api.call("sms.get_list", "IN")
"""


def _account(tmp_path: Path, text: str = CALLS, remote: str | None = None) -> Account:
    path = tmp_path / "app.py"
    path.write_text(text, "utf-8")
    (tmp_path / ".git").mkdir(exist_ok=True)
    outcome = run(Request((path,), load_settings(path), unsafe=True, diff=True))
    places = Places(
        outcome.report.findings,
        outcome.sources,
        outcome.changed,
        {path: "app.py"},
        parse_remote(remote, environment={}) if remote else None,
        "0" * 40,
    )
    target = outcome.pack.targets[outcome.pack.default_target]
    return Account(outcome.report, places, outcome.pack, target, ("One", "Two"), TODAY)


@pytest.mark.parametrize(
    ("today", "words"),
    [
        (date(2026, 9, 21), "off on **30 June 2027**, in 282 days"),
        (date(2027, 6, 29), "off on **30 June 2027**, in 1 day "),
        (date(2027, 6, 30), "off on **30 June 2027**, today "),
        (date(2027, 7, 1), "was switched off on **30 June 2027**, 1 day ago"),
    ],
)
def test_days(tmp_path: Path, today: date, words: str) -> None:
    assert words in body(replace(_account(tmp_path), today=today), 10**6)


def test_sections(tmp_path: Path) -> None:
    account = _account(tmp_path)
    text = body(account, 10**6)
    (after,) = account.places.changed.values()
    call, left = (
        1 + after.text.split("\n").index(line)
        for line in (
            'sms = api_v2.get(f"/sms/{one.lower()}").raise_for_status().json()',
            'api.call("sms.get_list", "IN")',
        )
    )
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "What changed",
        "Before and after",
        "To settle before merging",
        "Left for a person: 1 call",
        "How this was checked",
        "Commits",
    ]
    assert f"| `sms.get` | `GET /sms/{{sid}}` | 1 | `app.py:{call}` |" in text
    assert "**Nothing was run.**" in text
    (task,) = re.findall(r"^- \[ \] (`app.*)$", text, re.MULTILINE)
    assert task.startswith(f"`app.py:{left}`: `sms.get_list` ")


def test_it_is_markdown_without_accidents(tmp_path: Path) -> None:
    odd = CALLS + 'api.call("sms.get", f"`|{one}|@all #1 <b>")\n'
    html = MarkdownIt("commonmark").enable("table").render(body(_account(tmp_path, odd), 10**6))
    assert html.count("<table>") >= 4
    rows = [row.count("<td") for row in re.findall(r"<tr>.*?</tr>", html, re.DOTALL)]
    assert set(rows) <= {0, 2, 3, 4}
    outside = re.sub(r"<code>.*?</code>", "", html, flags=re.DOTALL)
    assert "@all" not in outside
    assert "@all" in html
    assert "<b>" not in html


def test_code_in_a_cell() -> None:
    assert code("a | b") == "`a \\| b`"
    assert code("f`x`") == "`` f`x` ``"
    assert code("a\n  b") == "`a b`"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Account:
    """800 calls, half of which are rewritten."""
    many = "import callr\n\napi = callr.Api(login, password)\n" + "".join(
        f'api.call("sms.send", "", to, "message number {number}", {{"nature": "ALERTING"}})\n'
        f'api.call("sms.get_list", "{number}")\n'
        for number in range(400)
    )
    return _account(tmp_path_factory.mktemp("large"), many, "https://github.com/acme/app")


@pytest.mark.parametrize("limit", [65_536, 20_000, 6_000, 1_500, 300])
def test_the_text_fits(large: Account, limit: int) -> None:
    text = body(large, limit)
    assert len(text) <= limit
    if limit > 2_000:
        # The counts are those of everything, and each list says how much more there is.
        assert "400 of 800 legacy calls" in text
        assert "## Left for a person: 400 calls" in text
        assert re.search(r"\| and \d+ more \|", text)
        assert text.endswith(END)
    if limit == 1_500:
        assert "(cut to what fits here; `callr-migrate check` says all)" in text
        assert text.endswith(END)


def test_what_people_wrote_stays(tmp_path: Path) -> None:
    account = _account(tmp_path)
    text = body(account, 10**6)
    tasks = re.findall(r"^- \[ \] .*$", text, re.MULTILINE)
    ticked = text.replace(tasks[1], tasks[1].replace("[ ]", "[x]"))
    again = body(account, 10**6, f"Hello.\n\n{ticked}\n\nBye.")
    assert again.startswith(f"Hello.\n\n{BEGIN}")
    assert again.endswith(f"{END}\n\nBye.")
    assert [line[3] for line in re.findall(r"^- \[.\].*$", again, re.MULTILINE)].count("x") == 1
    assert tasks[1].replace("[ ]", "[x]") in again


def test_a_tick_follows_its_task_to_another_commit(tmp_path: Path) -> None:
    account = _account(tmp_path, remote="https://github.com/acme/app")
    ticked = body(account, 10**6).replace("- [ ] ", "- [X] ")
    later = replace(account, places=account.places)
    later.places.revision = "1" * 40
    again = body(later, 10**6, ticked)
    assert "- [ ] " not in again
    assert "0" * 40 not in again


def test_safe_alone_settles_nothing(tmp_path: Path) -> None:
    account = _account(tmp_path)
    report = account.report
    safe = [replace(one, applicability=Applicability.SAFE) if one.applied else one for one in report.findings]
    text = body(replace(account, report=replace(report, findings=safe)), 10**6)
    assert "To settle before merging" not in text
    assert "| rewritten, every fact documented or settled (safe) | 1 |" in text


def test_secrets_are_starred(tmp_path: Path) -> None:
    literal = CALLS.replace("login, password", '"made-up-login", "made-up-password"')
    text = body(_account(tmp_path, literal), 10**6)
    assert "made-up" not in text
    assert "***" in text


def test_a_run_that_differs(tmp_path: Path) -> None:
    checked = Checked("python app.py", "different: 1 difference", "before: `x`\n```\nafter\n", False)
    text = body(replace(_account(tmp_path), checked=checked), 10**6)
    assert "- **They differ.** `python app.py` was run before and after" in text
    assert "\n````text\nbefore: `x`\n```\nafter\n````\n" in text


def test_lines_that_messages_name_are_the_new_ones(repository: Repository, pr: Pr) -> None:
    (repository.folder / "handler.py").write_text(
        "import os\n"
        "import callr\n"
        'api = callr.Api(os.environ["A"], os.environ["B"])\n'
        'api.call("sms.get", "ABC")\n'
        "try:\n"
        '    api.call("sms.get", "DEF")\n'
        "except callr.CallrException as e:\n"
        "    print(e.code)\n",
        "utf-8",
    )
    # Another file of that name, and one that ends so.
    for name in ("other/handler.py", "other/a_handler.py"):
        (repository.folder / name).parent.mkdir(exist_ok=True)
        (repository.folder / name).write_text("import httpx\n", "utf-8")
    repository.commit()
    pr()
    text = pr("--dry-run").out
    (task,) = re.findall(r"^- \[ \] `handler.py:\d+`: .*e\.code.*$", text, re.MULTILINE)
    lines = repository.git("show", "callr-rest-v2:handler.py").splitlines()
    handler = next(number for number, line in enumerate(lines, 1) if line.startswith("except "))
    assert task.startswith(f"- [ ] `handler.py:{handler - 1}`")
    assert f"handler.py:{handler})" in task
    assert f"(line {handler + 1})" in task


@pytest.mark.parametrize("is_same", [True, False])
def test_verify(repository: Repository, pr: Pr, monkeypatch: pytest.MonkeyPatch, is_same: bool) -> None:
    for package in ("callr", "starlette", "uvicorn", "trustme", "httpx"):
        pytest.importorskip(package)
    shown = "" if is_same else "import sys\nprint('httpx' in sys.modules, os.environ['MADE_UP_PASSWORD'])\n"
    (repository.folder / "hello.py").write_text(
        "import os\n"
        "import callr\n"
        'api = callr.Api(os.environ["MADE_UP_LOGIN"], os.environ["MADE_UP_PASSWORD"])\n'
        f"{shown}"
        'api.call("sms.send", "", "+33199001020", "Hi", {"nature": "ALERTING"})\n'
        'print("the password is", os.environ["MADE_UP_PASSWORD"], "and", len(dir()) > 0)\n',
        "utf-8",
    )
    repository.commit()
    monkeypatch.setenv("MADE_UP_LOGIN", "made-up-login")
    monkeypatch.setenv("MADE_UP_PASSWORD", "made-up-password")
    state = repository.state()
    told = pr("--dry-run", "--verify", f"{sys.executable} hello.py")
    assert told.code == (0 if is_same else 1), told.err
    assert ("**They differ.** " in told.out) is not is_same
    assert "hello.py` was run before and after" in told.out
    assert "made-up-password" not in told.out
    assert ("True ***" in told.out) is not is_same
    assert repository.state() == state


def test_verify_that_shows_nothing(repository: Repository, pr: Pr) -> None:
    pytest.importorskip("starlette")
    told = pr("--verify", "/bin/true")
    assert told.code == 2
    assert "ran no Python that imports sitecustomize" in told.err
    assert "callr-rest-v2" not in repository.git("branch")


@pytest.mark.parametrize("narrowed", [["scripts"], ["--no-unsafe-fixes"], ["--select", "CLR1"]])
def test_verify_is_for_all_of_it(repository: Repository, pr: Pr, narrowed: list[str]) -> None:
    told = pr("--verify", "python -m acacias.clients", *narrowed)
    assert told.code == 2
    assert "--verify runs the whole rewrite" in told.err


def test_hosts_have_limits(host: FakeHost) -> None:
    assert parse_remote("https://github.com/a/b", environment={}).body_limit == 65_536
    assert parse_remote("https://gitlab.com/a/b", environment={}).body_limit == 1_048_576
