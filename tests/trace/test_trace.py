"""`trace -- COMMAND`: the legacy calls that a program really makes, and `check --trace FILE`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The service, as a test would put it in place: nothing reaches the network.
ANSWERED = """
import io, json, urllib.request, urllib.response
import httpx, requests

def urlopen(request, *rest, **named):
    answer = urllib.response.addinfourl(io.BytesIO(b'{"result": "ABCDEF12"}'), {}, "", 200)
    answer.msg = "OK"
    return answer

urllib.request.urlopen = urlopen
httpx.HTTPTransport.handle_request = lambda self, request: httpx.Response(200, json={"result": 1})
async def handle_async_request(self, request):
    return httpx.Response(200, json={"result": 1})
httpx.AsyncHTTPTransport.handle_async_request = handle_async_request
def send(self, request, **named):
    response = requests.Response()
    response.status_code, response.raw = 200, io.BytesIO(b'{"result": 1}')
    return response
requests.adapters.HTTPAdapter.send = send
"""


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def project(folder: Path, **files: str) -> Path:
    (folder / "callr-migrate.toml").touch()
    (folder / "answered.py").write_text(ANSWERED, "utf-8")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text).lstrip("\n"), "utf-8")
    return folder


def calls(folder: Path, name: str = "callr-migrate.trace.json") -> list[tuple[Any, ...]]:
    data = json.loads((folder / name).read_bytes())
    assert data["schema"] == 1
    return [
        (
            call["method"],
            call["surface"],
            *(f"{f['path']}:{f['line']}:{f['function']}" for f in call["stack"]),
        )
        for call in data["calls"]
    ]


APP = """
import answered
import callr

api = callr.Api("login", "hush")


def look(names):
    for name in names:
        api.call(name)


def never():
    api.call("sms.get", "ABCDEF12")


api.call(
    "sms.send",
    "",
    "+33199001020",
    "Hi",
)
look(input().split())
exec("api.call('list.countries')")
api.send("did.search", [{}, {}])
"""


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = project(tmp_path_factory.mktemp("traced"), app=APP)
    (folder / "run.sh").write_text("echo ignored\n")
    (folder / "start.py").write_text(
        "import subprocess, sys\n"
        "done = subprocess.run([sys.executable, 'app.py'], input='webhooks.get_list sms.get_settings', text=True)\n"
        "sys.exit(done.returncode + 5)\n"
    )
    return folder, run(folder, "trace", "--", sys.executable, "start.py")


def test_calls_are_recorded_with_method_and_place(
    traced: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = traced
    # The exit code is that of the command.
    assert done.returncode == 5, done.stderr
    assert calls(folder) == [
        ("sms.send", "callr", "app.py:16:<module>"),
        ("webhooks.get_list", "callr", "app.py:9:look", "app.py:22:<module>"),
        ("sms.get_settings", "callr", "app.py:9:look", "app.py:22:<module>"),
        ("list.countries", "callr", "app.py:23:<module>"),
        ("did.search", "callr", "app.py:24:<module>"),
    ]


def test_they_are_joined_with_the_findings(traced: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = traced
    lines = done.stderr.splitlines()
    assert "trace: 5 calls in callr-migrate.trace.json" in lines
    assert "3 confirmed, 1 found only at run time, 1 never reached" in lines
    assert "  confirmed: app.py:16: sms.send" in lines
    assert (
        "  confirmed: app.py:9: sms.get_settings, webhooks.get_list (its name is known from the run)" in lines
    )
    assert "  only at run time: app.py:23: list.countries" in lines
    assert "  never reached: app.py:13: sms.get" in lines


def test_check_uses_a_trace(traced: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = traced
    plain = run(folder, "check", "--output-format", "json", "app.py")
    told = run(folder, "check", "--output-format", "json", "--trace", "callr-migrate.trace.json", "app.py")
    assert told.returncode == plain.returncode == 1
    before, after = json.loads(plain.stdout), json.loads(told.stdout)
    changed = [
        new["message"]
        for old, new in zip(before["findings"], after["findings"], strict=True)
        if old["message"] != new["message"]
    ]
    assert len(changed) == 1
    assert changed[0].endswith("; the trace saw sms.get_settings, webhooks.get_list")
    added = [one for one in after["unseen"] if one not in before["unseen"]]
    assert added == [
        {
            "path": "app.py",
            "line": 23,
            "reason": "list.countries was called here while the trace was made, and is no finding",
        }
    ]
    text = run(folder, "check", "--trace", "callr-migrate.trace.json", "app.py").stdout
    assert "trace: 3 confirmed, 1 found only at run time, 1 never reached" in text


def test_no_argument_and_no_secret_is_recorded(traced: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = traced
    text = (folder / "callr-migrate.trace.json").read_text("utf-8") + done.stderr
    assert "+33199001020" not in text
    assert "hush" not in text


def test_posts_of_ones_own(tmp_path: Path) -> None:
    code = """
    import answered, asyncio, httpx, json, requests, urllib.request
    URL = "https://api.callr.com/json-rpc/v1.1/"
    def body(method):
        return {"jsonrpc": "2.0", "id": 1, "method": method, "params": []}
    requests.post(URL, json=body("sms.send"))
    requests.Session().post(URL, data=json.dumps(body("sms.get")))
    httpx.post(URL, json=body("did.search"))
    with httpx.Client() as client:
        client.post(URL, content=json.dumps(body("jobs.get")).encode())
    async def main():
        async with httpx.AsyncClient() as client:
            await client.post(URL, json=body("apps.get"))
    asyncio.run(main())
    requests.get("https://api.callr.com/rest/v1.1/sms", params={"type": "IN"})
    requests.get("https://api.callr.com/rest/v1.1/sms/ABCDEF12")
    requests.post("https://api.callr.com/rest/v1.1/sms", json={})
    requests.post("https://api.thecallr.com/", json=body("system.get_timestamp"))
    requests.post(URL, data="no json")
    # None of the legacy API's:
    requests.post("https://api.callr.com/v2.0/sms", json={"text": "Hi"})
    requests.post("https://acacias.example/json-rpc", json=body("sms.send"))
    """
    folder = project(tmp_path, app=code)
    done = run(folder, "trace", "--output", "t.json", "--", sys.executable, "app.py")
    assert done.returncode == 0, done.stderr
    assert [call[:3] for call in calls(folder, "t.json")] == [
        ("sms.send", "json-rpc", "app.py:5:<module>"),
        ("sms.get", "json-rpc", "app.py:6:<module>"),
        ("did.search", "json-rpc", "app.py:7:<module>"),
        ("jobs.get", "json-rpc", "app.py:9:<module>"),
        ("apps.get", "json-rpc", "app.py:12:main"),
        ("sms.get_list", "rest-v1.1", "app.py:14:<module>"),
        ("sms.get", "rest-v1.1", "app.py:15:<module>"),
        ("sms.send", "rest-v1.1", "app.py:16:<module>"),
        ("system.get_timestamp", "json-rpc", "app.py:17:<module>"),
        (None, "json-rpc", "app.py:18:<module>"),
    ]


def test_urllib_without_the_sdk(tmp_path: Path) -> None:
    code = """
    import json, urllib.request
    class Handler(urllib.request.HTTPSHandler):
        def https_open(self, request):
            import io, urllib.response
            answer = urllib.response.addinfourl(io.BytesIO(b"{}"), {}, "", 200)
            answer.msg = "OK"
            return answer
    urllib.request.install_opener(urllib.request.build_opener(Handler))
    data = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "sms.get", "params": ["ABCDEF12"]}).encode()
    urllib.request.urlopen(urllib.request.Request("https://api.callr.com/json-rpc/v1.1/", data))
    urllib.request.urlopen("https://api.callr.com/json-rpc/v1.1/", data)
    """
    folder = project(tmp_path, app=code)
    done = run(folder, "trace", "--", sys.executable, "app.py")
    assert done.returncode == 0, done.stderr
    assert calls(folder) == [
        ("sms.get", "json-rpc", "app.py:10:<module>"),
        ("sms.get", "json-rpc", "app.py:11:<module>"),
    ]


def test_the_tests_of_a_project(tmp_path: Path) -> None:
    test = """
    import answered
    import service

    def test_it():
        assert service.send("+33199001020") == "ABCDEF12"
    """
    service = """
    import callr

    def send(to):
        return callr.Api("login", "hush").call("sms.send", "", to, "Hi")
    """
    folder = project(tmp_path, test_service=test, service=service)
    done = run(folder, "trace", "--", sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert calls(folder) == [
        ("sms.send", "callr", "service.py:4:send", "test_service.py:5:test_it"),
    ]
    assert "1 confirmed, 0 found only at run time, 0 never reached" in done.stderr


def test_a_call_in_a_call(tmp_path: Path) -> None:
    code = """
    import answered, callr
    api = callr.Api("login", "hush")
    api.call("sms.get", api.call("sms.send", "", "+33199001020", "Hi"))
    """
    done = run(project(tmp_path, app=code), "trace", "--", sys.executable, "app.py")
    assert "2 confirmed, 0 found only at run time, 0 never reached" in done.stderr


def test_an_environment_inside_the_project_is_none_of_it(tmp_path: Path) -> None:
    folder = project(tmp_path, app="import answered, helper\nhelper.call()\n")
    inside = folder / ".venv" / "lib" / "site-packages"
    inside.mkdir(parents=True)
    (inside / "helper.py").write_text(
        "import callr\ndef call():\n    callr.Api('a', 'b').call('sms.get', 'ABCDEF12')\n"
    )
    path = os.pathsep.join([str(ROOT), str(inside)])
    done = run(folder, "trace", "--", sys.executable, "app.py", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert calls(folder) == [("sms.get", "callr", "app.py:2:<module>")]
    assert "  only at run time: app.py:2: sms.get" in done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "cannot be read"),
        ("", "is no trace"),
        ("[]", "is no trace"),
        ('{"schema": 2, "calls": []}', "is no trace"),
        ('{"schema": 1, "calls": [{"method": 1, "surface": "callr", "stack": []}]}', "is no trace"),
        (
            '{"schema": 1, "calls": [{"method": "a", "surface": "callr", "stack": [{"path": 1}]}]}',
            "is no trace",
        ),
    ],
)
def test_a_file_that_is_no_trace(tmp_path: Path, text: str | None, told: str) -> None:
    folder = project(tmp_path, app="print()")
    if text is not None:
        (folder / "trace.json").write_text(text)
    done = run(folder, "check", "--trace", "trace.json")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert told in done.stderr


def test_commands_that_cannot_be_traced(tmp_path: Path) -> None:
    folder = project(tmp_path, app="print()")
    assert "cannot be started" in run(folder, "trace", "--", "no-such-program").stderr
    assert "nothing was recorded" in run(folder, "trace", "--", "echo", "hello").stderr
    assert (
        "does not import sitecustomize" in run(folder, "trace", "--", sys.executable, "-I", "app.py").stderr
    )
    told = run(folder, "trace", "--output", "no/such/folder", "--", sys.executable, "app.py")
    assert "cannot be written" in told.stderr
