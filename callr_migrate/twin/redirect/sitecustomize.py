"""Leads what a program sends to the service to the twin instead. Python imports this file at its start.

Runs inside other people's programs, on whatever Python they use: it needs the standard library only, imports nothing
of callr-migrate, and takes all it must know from one environment variable. Two layers:

- patches that lead: names resolve to an address that nobody has, and a connection to it goes to the twin; TLS
  contexts trust the twin's certificate for these names;
- an audit hook that refuses: what goes round the patches (another resolver, another program) does not get out.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import re
import socket
import sys
from typing import Any, NoReturn

VARIABLE = "CALLR_MIGRATE_TWIN"
# Of a block kept for documentation (RFC 5737): were it ever really connected to, nobody would answer.
_NOWHERE = "203.0.113.77"
# Modules that resolve and connect outside of Python, where nothing can be led elsewhere.
_OWN_NETWORK = ("uvloop", "pycurl", "curl_cffi")
# Options of the interpreter by which it would not look at `PYTHONPATH`, or not import `sitecustomize`.
_BLIND = re.compile(r"-(?![WXcm])[a-zA-Z]*[IES]")
_TO_PROXY = re.compile(rb"(?:CONNECT |[A-Z]+ https?://)\[?([^\s:/\]]+)")


class _Redirect:
    def __init__(self, config: dict[str, Any]) -> None:
        self.hosts: list[str] = config["hosts"]
        self.domains: list[str] = config["domains"]
        self.port: int = config["port"]
        self.tls_port: int = config["tls_port"]
        self.notes: str = config["notes"]
        with open(config["authority"], encoding="ascii") as file:
            self.authority = file.read()
        self.trusting: dict[int, Any] = {}
        self.told: set[str] = set()

    def note(self, **what: Any) -> None:
        with contextlib.suppress(OSError), open(self.notes, "a", encoding="utf-8") as file:
            file.write(json.dumps(what) + "\n")

    def name(self, host: Any) -> str | None:
        """A host as text, lower case; None for what is no name."""
        if isinstance(host, (bytes, bytearray)):
            host = bytes(host).decode("ascii", "replace")
        return host.rstrip(".").lower() if isinstance(host, str) else None

    def is_service(self, host: Any) -> bool:
        name = self.name(host)
        return name is not None and any(name == one or name.endswith("." + one) for one in self.domains)

    def refuse(self, what: str) -> NoReturn:
        message = "callr-migrate twin: refused: " + what
        if what not in self.told:
            self.told.add(what)
            self.note(refused=what)
            with contextlib.suppress(Exception):
                sys.stderr.write(message + "\n")
        raise ConnectionRefusedError(message)

    def place(self, address: Any) -> Any:
        """Where a connection to this address is to go."""
        if not (isinstance(address, tuple) and len(address) >= 2):
            return address
        host, port = address[0], address[1]
        if host != _NOWHERE and not self.is_service(host):
            return address
        if host != _NOWHERE and self.name(host) not in self.hosts:
            self.refuse(f"a connection to {self.name(host)}, which the twin does not stand for")
        if port == 443:
            return ("127.0.0.1", self.tls_port)
        if port != 80:
            self.refuse(f"a connection to port {port!r} of the service")
        return ("127.0.0.1", self.port)

    def resolved(self, host: Any) -> Any:
        """The name to resolve in place of this one."""
        if not self.is_service(host):
            return host
        name = self.name(host)
        if name not in self.hosts:
            self.refuse(f"looking up {name}, which the twin does not stand for")
        return _NOWHERE

    def trust(self, context: Any) -> None:
        """Let a TLS context believe the twin's certificate."""
        if id(context) not in self.trusting:
            context.load_verify_locations(cadata=self.authority)
            self.trusting[id(context)] = context

    # Patches

    def patch_sockets(self) -> None:
        redirect = self
        for owner in (socket, getattr(socket, "_socket", None)):
            if owner is not None:
                self.patch_lookups(owner)
        connect, connect_ex = socket.socket.connect, socket.socket.connect_ex
        send, sendall = socket.socket.send, socket.socket.sendall

        def led_connect(self: Any, address: Any) -> Any:
            return connect(self, redirect.place(address))

        def led_connect_ex(self: Any, address: Any) -> Any:
            return connect_ex(self, redirect.place(address))

        def checked_send(self: Any, data: Any, *rest: Any) -> Any:
            redirect.check(data)
            return send(self, data, *rest)

        def checked_sendall(self: Any, data: Any, *rest: Any) -> Any:
            redirect.check(data)
            return sendall(self, data, *rest)

        socket.socket.connect = led_connect  # type: ignore[method-assign]
        socket.socket.connect_ex = led_connect_ex  # type: ignore[method-assign]
        socket.socket.send = checked_send  # type: ignore[method-assign]
        socket.socket.sendall = checked_sendall  # type: ignore[method-assign]

    def patch_lookups(self, owner: Any) -> None:
        redirect = self
        getaddrinfo = owner.getaddrinfo

        def led_getaddrinfo(host: Any, *rest: Any, **named: Any) -> Any:
            return getaddrinfo(redirect.resolved(host), *rest, **named)

        owner.getaddrinfo = led_getaddrinfo
        for name in ("gethostbyname", "gethostbyname_ex"):
            lookup = getattr(owner, name, None)
            if lookup is not None:
                setattr(owner, name, lambda host, lookup=lookup: lookup(redirect.resolved(host)))

    def check(self, data: Any) -> None:
        """Refuse a request to a proxy that it lead to the service."""
        found = _TO_PROXY.match(bytes(data[:300]))
        if found and self.is_service(found.group(1)):
            self.refuse(f"reaching {self.name(found.group(1))} through a proxy")

    def patch_tls(self) -> None:
        try:
            import ssl
        except ImportError:
            return
        redirect = self
        wrap_socket, wrap_bio = ssl.SSLContext.wrap_socket, ssl.SSLContext.wrap_bio

        def trusting_socket(
            self: Any,
            sock: Any,
            server_side: bool = False,
            do_handshake_on_connect: bool = True,
            suppress_ragged_eofs: bool = True,
            server_hostname: Any = None,
            session: Any = None,
        ) -> Any:
            if not server_side and redirect.is_service(server_hostname):
                redirect.check_peer(sock, server_hostname)
                redirect.trust(self)
            return wrap_socket(
                self,
                sock,
                server_side,
                do_handshake_on_connect,
                suppress_ragged_eofs,
                server_hostname,
                session,
            )

        def trusting_bio(
            self: Any,
            incoming: Any,
            outgoing: Any,
            server_side: bool = False,
            server_hostname: Any = None,
            session: Any = None,
        ) -> Any:
            if not server_side and redirect.is_service(server_hostname):
                redirect.trust(self)
            return wrap_bio(self, incoming, outgoing, server_side, server_hostname, session)

        ssl.SSLContext.wrap_socket = trusting_socket  # type: ignore[method-assign]
        ssl.SSLContext.wrap_bio = trusting_bio  # type: ignore[method-assign]

    def check_peer(self, sock: Any, host: Any) -> None:
        """Refuse TLS with the service over a connection that does not end at the twin."""
        try:
            peer = sock.getpeername()
        except OSError:
            return  # not connected yet: the connection itself is led
        if peer[:2] != ("127.0.0.1", self.tls_port):
            self.refuse(f"TLS with {self.name(host)} at {peer[0]}:{peer[1]}")

    def patch_processes(self) -> None:
        """Lead programs that are started with an environment of their own there, too."""
        import subprocess

        init = subprocess.Popen.__init__
        own = {VARIABLE: os.environ[VARIABLE], "PYTHONPATH": os.path.dirname(os.path.abspath(__file__))}

        def led_init(self: Any, *arguments: Any, **named: Any) -> None:
            env = named.get("env")
            if env is not None:
                led = {os.fsdecode(name): value for name, value in env.items()}
                if VARIABLE not in led:
                    path = os.fsdecode(led.get("PYTHONPATH") or "")
                    led.update(own)
                    if path:
                        led["PYTHONPATH"] += os.pathsep + path
                    named["env"] = led
            init(self, *arguments, **named)

        subprocess.Popen.__init__ = led_init  # type: ignore[method-assign]

    def patch_sleep(self) -> None:
        """Let sleeping move the twin's clock in place of waiting."""
        import time

        connect = socket.create_connection
        real = time.sleep

        def sleep(seconds: Any) -> None:
            if seconds < 0:
                real(seconds)  # raises as it always does
            body = json.dumps({"advance": float(seconds)}).encode()
            head = (
                f"POST /_twin/clock HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            )
            with connect(("127.0.0.1", self.port), timeout=30) as line:
                line.sendall(head.encode() + body)
                while line.recv(4096):
                    pass

        time.sleep = sleep

    # The second layer

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo" or event.startswith("socket.gethostby"):
            if self.is_service(arguments[0]):
                self.refuse(f"looking up {self.name(arguments[0])} past the redirection")
        elif event == "socket.connect":
            address = arguments[1]
            if (
                isinstance(address, tuple)
                and address
                and (self.is_service(address[0]) or address[0] == _NOWHERE)
            ):
                self.refuse("a connection to the service past the redirection")
        elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn"):
            self.check_command(arguments[1] if event != "os.spawn" else arguments[2])
        elif event == "os.system":
            self.check_command(arguments[0])
        elif event == "import" and arguments[0] in _OWN_NETWORK:
            raise ImportError(f"{arguments[0]} cannot be led to the twin, so it is not there")

    def check_command(self, command: Any) -> None:
        """Refuse to start a program that is told to talk to the service: it would really do so."""
        parts = command if isinstance(command, (list, tuple)) else [command]
        texts = [os.fsdecode(part) for part in parts if isinstance(part, (str, bytes, os.PathLike))]
        if texts and "python" in os.path.basename(texts[0]).lower():
            for option in texts[1:]:
                if not option.startswith("-") or option in ("-", "-c", "-m") or option.startswith("--"):
                    return
                if _BLIND.match(option):
                    self.refuse(f"starting Python with {option}, which would not be led to the twin")
            return
        for domain in self.domains:
            if any(
                re.search(r"(?<![\w-])" + re.escape(domain) + r"(?![\w.-])", text)
                for text in texts[1:] or texts
            ):
                self.refuse(f"starting {os.path.basename(texts[0].split()[0])} with an address of {domain}")

    # What the copy of a project must not do

    def watch_modules(self, origin: str, copy: str) -> None:
        """Find modules of the copied project in the copy, and tell of those that came from the original."""
        import atexit

        def moved(path: str) -> str:
            inside = path == origin or path.startswith(origin + os.sep)
            return copy + path[len(origin) :] if inside and not path.startswith(copy + os.sep) else path

        sys.path[:] = [moved(entry) if isinstance(entry, str) else entry for entry in sys.path]

        def tell() -> None:
            for module in list(sys.modules.values()):
                path = getattr(module, "__file__", None)
                if isinstance(path, str) and path.startswith(origin + os.sep) and "site-packages" not in path:
                    self.note(original=path)

        atexit.register(tell)


def _chain() -> None:
    """Run the sitecustomize that this one stands before, if there is one."""
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != own]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _install() -> None:
    text = os.environ.get(VARIABLE)
    if not text:
        return
    config = json.loads(text)
    redirect = _Redirect(config)
    redirect.patch_sockets()
    redirect.patch_tls()
    redirect.patch_processes()
    sys.addaudithook(redirect.audit)
    if config.get("skip_sleep"):
        redirect.patch_sleep()
    if config.get("origin"):
        redirect.watch_modules(config["origin"], config["copy"])
    redirect.note(loaded=os.getpid())


_install()
_chain()
