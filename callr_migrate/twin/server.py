"""Serving a twin: on the main thread until a signal, or on a thread beside a program under test."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

import uvicorn

from callr_migrate.pack.model import RulePack
from callr_migrate.records import dataclass
from callr_migrate.twin import background, files
from callr_migrate.twin.access import Access
from callr_migrate.twin.account import Account
from callr_migrate.twin.app import App
from callr_migrate.twin.clock import Clock
from callr_migrate.twin.contract import Contract
from callr_migrate.twin.core import OLD_REST_PATH, RPC_PATH, Core
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.faults import Faults
from callr_migrate.twin.model import State

_LEAVE = 2  # seconds that requests have to end when the twin stops


@dataclass(frozen=True)
class Setup:
    """What a twin starts with. `initial`: the account as a state file holds it; `start`: where its clock stands."""

    pack: RulePack
    contract: Contract
    seed: int = 0
    state: Path | None = None
    initial: State | None = None
    start: int | None = None
    faults: Faults | None = None
    allowed: frozenset[str] | None = None


def build(setup: Setup, on_exchange: Callable[[Exchange], None] | None = None) -> App:
    """A twin that is not served yet; raises `StateError`."""
    state = setup.initial or (files.load(setup.state) if setup.state else None)
    began = None if state is None else files.dump(state)

    def fresh() -> Account:
        return _account(setup, None if began is None else files.read(began))

    # One that was used in another run has thrown its dice already.
    faults = copy.deepcopy(setup.faults) or Faults([], [], setup.seed)
    core = Core(setup.pack, setup.contract, _account(setup, state), Access(setup.allowed), faults)
    core.fresh = fresh
    return App(core, setup.state, on_exchange)


def _account(setup: Setup, state: State | None) -> Account:
    clock = Clock(setup.start)
    if state is None:
        return Account.new(setup.seed, clock)
    clock.advance(max(0, state.now - clock.now()))
    account = Account(state, clock)
    background.resume(account)
    return account


class _Server(uvicorn.Server):
    """Leaves the signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Serving:
    """One app on one plain address and, with a TLS context, on a second one."""

    def __init__(self, app: App, plain: socket.socket, secure: socket.socket | None = None) -> None:
        self.app = app
        self.sockets = [plain] + ([secure] if secure is not None else [])
        self.servers: list[_Server] = []

    async def run(self, tls: Callable[[], tuple[str, str]] | None, ready: Callable[[], None]) -> None:
        """Serve until `stop`; `ready` is called once all addresses answer."""
        for index, _ in enumerate(self.sockets):
            certificate, key = tls() if tls is not None and index == 1 else (None, None)
            config = uvicorn.Config(
                self.app,
                log_level="critical",
                access_log=False,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_LEAVE,
                ssl_certfile=certificate,
                ssl_keyfile=key,
                backlog=1024,
            )
            self.servers.append(_Server(config))
        tasks = [
            asyncio.create_task(server.serve(sockets=[bound]))
            for server, bound in zip(self.servers, self.sockets, strict=True)
        ]
        while not all(server.started for server in self.servers):
            if any(task.done() for task in tasks):
                break
            await asyncio.sleep(0.005)
        ready()
        await asyncio.gather(*tasks)
        await self.app.settled()
        await self.app.saver.commit()

    def stop(self) -> None:
        """Let it end; may be called from the loop's thread only."""
        for server in self.servers:
            server.should_exit = True


def bind(host: str, port: int) -> socket.socket:
    """A socket that is not listening yet; raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def serve_forever(app: App, bound: socket.socket, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `say` gets the ready line."""
    host, port = bound.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}"
    line = (
        f"ready: {base} (JSON-RPC {RPC_PATH}/, REST {app.core.rest_path}, legacy REST {OLD_REST_PATH}); "
        f"enforces {app.core.contract.title}\n"
    )

    async def main() -> None:
        serving = Serving(app, bound)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, serving.stop)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(serving.stop))
        await serving.run(None, lambda: say(line))

    asyncio.run(main())


class Beside:
    """A twin on a thread, on ports of its own, with a certificate for the real hosts: `with Beside(app) as twin`."""

    def __init__(self, app: App, hosts: tuple[str, ...], folder: Path) -> None:
        self.app = app
        self.hosts = hosts
        self.folder = folder
        self.port = 0
        self.tls_port = 0
        self.authority = folder / "authority.pem"
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: Serving | None = None
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)
        self._failed: BaseException | None = None

    def __enter__(self) -> Beside:
        """Start; raises `OSError`."""
        plain, secure = bind("127.0.0.1", 0), bind("127.0.0.1", 0)
        self.port, self.tls_port = plain.getsockname()[1], secure.getsockname()[1]
        self._serving = Serving(self.app, plain, secure)
        self._thread.start()
        self._ready.wait(60)
        if self._failed is not None:
            raise self._failed
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait until it has."""
        if self._loop is not None and self._serving is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._serving.stop)
        self._thread.join(30)

    def _run(self) -> None:
        assert self._serving is not None
        try:
            asyncio.run(self._main(self._serving))
        except BaseException as error:
            self._failed = error
        finally:
            self._ready.set()

    async def _main(self, serving: Serving) -> None:
        self._loop = asyncio.get_running_loop()
        await serving.run(self._certificate, self._ready.set)

    def _certificate(self) -> tuple[str, str]:
        """Files of a fresh certificate and key for the hosts; its authority is for one program only."""
        import trustme

        authority = trustme.CA(organization_name="callr-migrate twin")
        issued = authority.issue_cert(*self.hosts)
        chain, key = self.folder / "chain.pem", self.folder / "key.pem"
        authority.cert_pem.write_to_path(self.authority)
        for index, blob in enumerate(issued.cert_chain_pems):
            blob.write_to_path(chain, append=index > 0)
        issued.private_key_pem.write_to_path(key)
        return str(chain), str(key)
