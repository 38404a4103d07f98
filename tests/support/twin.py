"""A twin without a server, and one in a process of its own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from callr_migrate.pack import load_pack
from callr_migrate.twin.account import Account
from callr_migrate.twin.clock import Clock
from callr_migrate.twin.contract import Contract, shipped_contract
from callr_migrate.twin.core import Asked, Core, Told
from callr_migrate.twin.model import CallRecord, Message, Order, Scenario, State, Task
from callr_migrate.twin.server import Setup, build

ROOT = Path(__file__).resolve().parents[2]
LOGIN, PASSWORD = "acacias_login", "not-a-real-secret"
START = 1_793_606_400_000  # 2026-11-02 08:00:00 UTC
JOB = "0123456789abcdef0123456789abcdef"
# Seconds in which a server or a process must have done what takes it moments: the machine may be busy.
LIMIT = 120
NUMBER, OTHER = "+33199001020", "+33199001021"

# Waits longer than the five seconds of `httpx.get`, and keeps no connection.
http = httpx.Client(timeout=LIMIT, limits=httpx.Limits(max_keepalive_connections=0))


def basic(login: str = LOGIN, password: str = PASSWORD) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


@lru_cache
def setup() -> Setup:
    pack = load_pack()
    return Setup(pack, Contract.read(shipped_contract(), pack.service.base_url.value), start=START)


class Client:
    """Asks a core, as a client would a server."""

    def __init__(self, **changes: Any) -> None:
        self.core: Core = build(replace(setup(), **changes)).core
        self.headers = {"authorization": basic(), "host": "api.callr.com"}

    def rest(self, verb: str, path: str, query: Any = (), body: Any = None, **headers: str) -> Told:
        data = b"" if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"content-type": "application/json"}
        return self.core.answer(
            Asked(verb, f"/v2.0{path}", urlencode(query), {**self.headers, **kind, **headers}, data)
        )

    def post(self, body: bytes, path: str = "/json-rpc/v1.1/", **headers: str) -> Told:
        return self.core.answer(Asked("POST", path, "", {**self.headers, **headers}, body))

    def rpc(self, method: str, *params: Any) -> Any:
        """The result; an error is `(code, message)`."""
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        told = self.post(json.dumps(request).encode())
        assert told.status == 200
        if "error" in told.body:
            return told.body["error"]["code"], told.body["error"]["message"]
        return told.body["result"]

    def wait(self, seconds: float) -> None:
        self.core.account.clock.advance(int(seconds * 1000))

    @property
    def last(self) -> Any:
        return self.core.exchanges[-1]


class Process:
    """A twin that was started from the command line."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url


@contextlib.contextmanager
def running(*arguments: str | Path, cwd: Path | None = None) -> Iterator[Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", "callr_migrate", "twin", "--port", "0", *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.match(r"ready: (http://[\d.:]+) ", line)
        if found is None:
            process.kill()
            raise AssertionError(line + process.communicate()[1])
        yield Process(process, found[1])
    finally:
        if process.poll() is None:
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=LIMIT)
        if process.poll() is None:
            process.kill()
            process.communicate()


def rpc(url: str, method: str, *params: Any) -> Any:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = http.post(f"{url}/json-rpc/v1.1/", json=request, auth=(LOGIN, PASSWORD))
    assert answer.status_code == 200
    return answer.json()["result"]


def twin_command(*arguments: str, code: str = "") -> subprocess.CompletedProcess[str]:
    start = (
        ["-c", f"{code}; from callr_migrate.__main__ import main; raise SystemExit(main())"]
        if code
        else ["-m", "callr_migrate"]
    )
    return subprocess.run(
        [sys.executable, *start, "twin", *arguments],
        capture_output=True, encoding="utf-8", env={"PYTHONPATH": str(ROOT)}, timeout=LIMIT,
    )  # fmt: skip


def eventually(check: Any, seconds: float = LIMIT) -> Any:
    """The first true answer of `check`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def acacias_state() -> State:
    """The account that the programs of `examples/` talk about."""
    account = Account.new(0, Clock(START))
    state = account.state
    for number in state.numbers.values():
        number.legacy_id = f"D1D000{number.e164[-2:]}"
    for digit, status in ((5, "delivered"), (6, "remote-queued"), (7, "failed"), (8, "sent")):
        sent = START + 60_000
        message = Message(
            f"8242d94{digit}",
            "outbound",
            "Acacias",
            f"+3319900102{digit}",
            "Clinique des Acacias : rendez-vous le 03/11 à 09:00.",
            created=START,
            updated=sent,
            status=status,
            sent=sent,
            delivered=sent + 190_000 if status == "delivered" else None,
        )
        state.messages[message.sid] = message
    # Far from the last state of its life: it stays as it is while the program runs.
    state.messages["8242d948"].created = START + 10**9
    state.orders["f0f0f0f0f0f0"] = Order("f0f0f0f0f0f0", ["+33199001022"], "classic", START + 10**9)
    state.tasks[JOB] = Task(JOB, "import", START, START + 3_000, result={"numbers_imported": 42})
    state.scenarios["abcdef12"] = Scenario("abcdef12", "ACTIONS10", "Day", START, START, {"script": "a: 1"})
    for index, (direction, other, seconds) in enumerate(
        (("inbound", OTHER, 95), ("inbound", "+33199001022", 30), ("outbound", "+33199001023", 181))
    ):
        start = START - 86_400_000 * (20 - index)
        state.calls.append(
            CallRecord(1000 + index, direction, other, NUMBER, start, start, start + seconds * 1000)
        )
    state.now = START
    return state
