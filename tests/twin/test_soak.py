"""Long runs: many clients at once, kills at random moments, and whatever the contract allows or does not."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.killing import kill_at_random
from support.twin import NUMBER, basic, running

from callr_migrate.twin import files

CLIENTS = 200
SECONDS = 30

pytestmark = pytest.mark.soak


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, verb: str, path: str, body: Any = None
) -> tuple[int, Any]:
    data = b"" if body is None else json.dumps(body).encode()
    head = f"{verb} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {basic()}\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)
    await writer.drain()
    status = int((await reader.readline()).split()[1])
    length = 0
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    content = await reader.readexactly(length)
    return status, json.loads(content) if content else None


async def client(number: int, url: str, end: float, sent: set[str], statuses: set[int]) -> None:
    """Writes through one API, reads through the other, until the time is over."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    while time.monotonic() < end:
        if number % 2:
            status, told = await ask(reader, writer, "POST", f"/v2.0/sms?to=%2B{NUMBER[1:]}", {"text": "Hi"})
            sid = told["sid"]
            request = {"jsonrpc": "2.0", "id": 1, "method": "sms.get", "params": [sid.upper()]}
            other, read = await ask(reader, writer, "POST", "/json-rpc/v1.1/", request)
            assert read["result"]["hash"] == sid.upper()
        else:
            request = {"jsonrpc": "2.0", "id": 1, "method": "sms.send", "params": ["", NUMBER, "Hi", None]}
            status, told = await ask(reader, writer, "POST", "/json-rpc/v1.1/", request)
            sid = told["result"].lower()
            other, read = await ask(reader, writer, "GET", f"/v2.0/sms/{sid}")
            assert read["sid"] == sid
        statuses |= {status, other}
        assert sid not in sent
        sent.add(sid)
    writer.close()


def test_many_clients_at_once_lose_nothing(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    sent: set[str] = set()
    statuses: set[int] = set()

    async def all_of_them(url: str) -> None:
        end = time.monotonic() + SECONDS
        await asyncio.gather(*(client(number, url, end, sent, statuses) for number in range(CLIENTS)))

    with running("--state", state) as twin:
        asyncio.run(asyncio.wait_for(all_of_them(twin.url), SECONDS + 60))
        during = files.load(state)
        assert during is not None
        assert during.messages.keys() == sent
        credit = during.credit
    kept = files.load(state)
    assert kept is not None
    assert kept.messages.keys() == sent
    assert credit == kept.credit == 10_000 - 5 * len(sent)
    assert statuses == {200, 201}
    assert len(sent) > 2 * CLIENTS


def test_fifty_kills(tmp_path: Path) -> None:
    kill_at_random(tmp_path, tries=50, seed=2026)
