"""The ASGI application: requests in, answers out, the state on disk before a change is answered."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from pathlib import Path

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from callr_migrate.twin import control, files, webhooks
from callr_migrate.twin.core import LARGEST, Asked, Core, Told
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.model import Delivery
from callr_migrate.twin.saving import Saver


class App:
    """One twin as an application; `on_exchange` is called with each record."""

    def __init__(
        self, core: Core, state: Path | None = None, on_exchange: Callable[[Exchange], None] | None = None
    ) -> None:
        self.core = core
        self.saver = Saver(state, self.dump)
        self.on_exchange = on_exchange
        self._delivering: set[asyncio.Task[None]] = set()

    def dump(self) -> bytes:
        """The state as it is now."""
        self.core.account.state.now = self.core.account.now
        return files.dump(self.core.account.state)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return
        if response is not None:
            await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response | None:
        asked = await _asked(request)
        try:
            told = self._answer(asked)
        except Exception as problem:
            # The twin's own fault must not look like the service's.
            frame = traceback.extract_tb(problem.__traceback__)[-1]
            place = f"{type(problem).__name__} at {Path(frame.filename).name}:{frame.lineno}"
            told = Told(
                500, {"code": "twin", "message": f"internal fault of the twin ({place}); please report it"}
            )
        if told.changed:
            try:
                await self.saver.commit()
            except OSError as problem:
                why = (problem.strerror or str(problem)).lower()
                told = Told(500, {"code": "state", "message": f"the state file cannot be written: {why}"})
        self._deliver()
        if told.fault is not None and told.fault.seconds:
            await asyncio.sleep(told.fault.seconds)
        return _response(told)

    def _answer(self, asked: Asked) -> Told:
        if asked.path.startswith(control.PREFIX):
            return control.answer(self.core, asked)
        told = self.core.answer(asked)
        if self.on_exchange is not None:
            self.on_exchange(self.core.exchanges[-1])
        return told

    def _deliver(self) -> None:
        for delivery in webhooks.due(self.core.account):
            delivery.state = "under way"
            task = asyncio.create_task(self._post(delivery))
            self._delivering.add(task)
            task.add_done_callback(self._delivering.discard)

    async def _post(self, delivery: Delivery) -> None:
        body = webhooks.envelope(delivery)
        arrived = await asyncio.to_thread(
            webhooks.post, delivery.endpoint, body, webhooks.headers(delivery, body)
        )
        delivery.state = "waiting"
        webhooks.settle(self.core.account, delivery, arrived=arrived)

    async def settled(self) -> None:
        """Wait for the deliveries that are under way."""
        while self._delivering:
            await asyncio.wait(self._delivering)


async def _asked(request: Request) -> Asked:
    body = bytearray()
    too_large = False
    async for chunk in request.stream():
        # The rest is read and thrown away, so that the client gets its answer.
        if not too_large:
            body += chunk
        if len(body) > LARGEST:
            too_large = True
            body.clear()
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return Asked(
        request.method,
        raw.partition(b"?")[0].decode("latin-1"),
        request.scope["query_string"].decode("latin-1"),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]},
        bytes(body),
        too_large,
    )


def _response(told: Told) -> Response:
    if told.body is None:
        return Response(status_code=told.status, headers=told.headers)
    content = json.dumps(told.body, ensure_ascii=False).encode()
    return Response(content, told.status, {"content-type": "application/json", **told.headers})
