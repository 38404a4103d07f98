"""Records each legacy call of a program, with its place in the source. Python imports this file at its start.

Runs inside other people's programs, on whatever Python they use: it needs the standard library only, imports nothing
of callr-migrate, and takes all it must know (which classes, which addresses) from one environment variable. It stands
above the network, so that calls are seen whose answers a test makes up. Arguments are not recorded.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import re
import sys
import threading
from typing import Any

VARIABLE = "CALLR_MIGRATE_TRACE"
_DEEPEST = 500  # frames that are looked at
_MOST = 8  # frames of the project that are kept


class _Recorder:
    def __init__(self, config: dict[str, Any]) -> None:
        self.file: str = config["file"]
        self.notes: str = config["notes"]
        self.root: str = os.path.realpath(config["root"])
        self.clients: list[dict[str, Any]] = config["clients"]
        self.addresses: list[dict[str, Any]] = config["addresses"]
        self.environment = os.path.realpath(sys.prefix)
        self.inside = threading.local()
        self.known: set[str] = set()

    # What is written

    def write(self, path: str, entry: dict[str, Any]) -> None:
        with contextlib.suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def record(self, method: Any, surface: str) -> None:
        """One call; where it comes from is found on the stack. A place is written once for each method."""
        entry = {
            "method": method if isinstance(method, str) else None,
            "surface": surface,
            "stack": self.stack(),
        }
        text = json.dumps(entry)
        if text not in self.known:
            self.known.add(text)
            self.write(self.file, entry)

    def stack(self) -> list[list[Any]]:
        """The frames of the project, the nearest first: path below the root, line, function."""
        found: list[list[Any]] = []
        frame = sys._getframe(2)
        for _ in range(_DEEPEST):
            if frame is None or len(found) == _MOST:
                break
            path = os.path.realpath(frame.f_code.co_filename)
            # Made from a text it has no file: `<string>`.
            if not frame.f_code.co_filename.startswith("<") and self.is_own(path):
                found.append(
                    [
                        os.path.relpath(path, self.root).replace(os.sep, "/"),
                        frame.f_lineno,
                        frame.f_code.co_name,
                    ]
                )
            frame = frame.f_back  # type: ignore[assignment]
        return found

    def is_own(self, path: str) -> bool:
        """Whether a file is the project's, and not of an environment that lies in its folder."""
        if not path.startswith(self.root + os.sep) or "site-packages" in path:
            return False
        return not (path.startswith(self.environment + os.sep) and self.environment != self.root)

    # Calls of client libraries

    def watch_client(self, module: Any, client: dict[str, Any]) -> None:
        kind = getattr(module, client["class"], None)
        if not isinstance(kind, type):
            return
        for name, leading in client["calls"].items():
            original = kind.__dict__.get(name)
            if callable(original):
                setattr(kind, name, self.watched(original, leading, client["surface"]))

    def watched(self, original: Any, leading: int, surface: str) -> Any:
        recorder = self

        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            if getattr(recorder.inside, "client", False):
                return original(self, *arguments, **named)
            method = arguments[leading] if len(arguments) > leading else named.get("method")
            recorder.record(method, surface)
            recorder.inside.client = True
            try:
                return original(self, *arguments, **named)
            finally:
                recorder.inside.client = False

        call.__name__, call.__doc__, call.__wrapped__ = original.__name__, original.__doc__, original  # type: ignore[attr-defined]
        return call

    # Posts of one's own

    def sent(self, verb: Any, url: Any, body: Any) -> None:
        """A request that goes out: if it is for a legacy address, it is recorded."""
        if getattr(self.inside, "client", False):
            return
        text = str(url)
        for address in self.addresses:
            _, found, rest = text.partition(address["text"])
            if found:
                self.record(self.method_of(address, str(verb).upper(), rest, body), address["surface"])
                return

    def method_of(self, address: dict[str, Any], verb: str, rest: str, body: Any) -> Any:
        for route in address["routes"]:
            if route["verb"] == verb and re.match(route["pattern"], rest):
                return route["method"]
        if address["method"] is None:
            return None
        try:
            if isinstance(body, (bytes, bytearray, str)):
                body = json.loads(body)
            return body[address["method"]]
        except (ValueError, TypeError, KeyError, IndexError):
            return None

    def watch_requests(self, module: Any) -> None:
        recorder, send = self, module.Session.send

        def watched_send(self: Any, request: Any, **named: Any) -> Any:
            recorder.sent(request.method, request.url, request.body)
            return send(self, request, **named)

        module.Session.send = watched_send

    def watch_httpx(self, module: Any) -> None:
        recorder = self
        send, send_async = module.Client.send, module.AsyncClient.send

        def content(request: Any) -> Any:
            try:
                return request.content
            except Exception:
                return None  # it is streamed

        def watched_send(self: Any, request: Any, **named: Any) -> Any:
            recorder.sent(request.method, request.url, content(request))
            return send(self, request, **named)

        async def watched_send_async(self: Any, request: Any, **named: Any) -> Any:
            recorder.sent(request.method, request.url, content(request))
            return await send_async(self, request, **named)

        module.Client.send, module.AsyncClient.send = watched_send, watched_send_async

    def watch_urllib(self, module: Any) -> None:
        recorder, open_ = self, module.OpenerDirector.open

        def watched_open(self: Any, fullurl: Any, data: Any = None, *rest: Any, **named: Any) -> Any:
            if isinstance(fullurl, str):
                recorder.sent("GET" if data is None else "POST", fullurl, data)
            else:
                body = data if data is not None else fullurl.data
                recorder.sent(fullurl.get_method(), fullurl.full_url, body)
            return open_(self, fullurl, data, *rest, **named)

        module.OpenerDirector.open = watched_open

    def watch_aiohttp(self, module: Any) -> None:
        recorder, request = self, module.ClientSession._request

        async def watched_request(self: Any, method: Any, url: Any, **named: Any) -> Any:
            body = named.get("json") if named.get("json") is not None else named.get("data")
            recorder.sent(method, url, body)
            return await request(self, method, url, **named)

        module.ClientSession._request = watched_request

    # Modules are watched when they are imported

    def install(self) -> None:
        hooks: dict[str, list[Any]] = {
            "requests": [self.watch_requests],
            "httpx": [self.watch_httpx],
            "urllib.request": [self.watch_urllib],
            "aiohttp": [self.watch_aiohttp],
        }
        for client in self.clients:
            hook = lambda module, client=client: self.watch_client(module, client)  # noqa: E731
            hooks.setdefault(client["module"], []).append(hook)
        for name, waiting in hooks.items():
            if name in sys.modules:
                for hook in waiting:
                    hook(sys.modules[name])
        sys.meta_path.insert(0, _Finder(hooks))


class _Finder:
    """Finds what the other finders find, and calls a hook once it is loaded."""

    def __init__(self, hooks: dict[str, list[Any]]) -> None:
        self.hooks = hooks
        self.busy = threading.local()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in self.hooks or getattr(self.busy, name, False):
            return None
        setattr(self.busy, name, True)
        try:
            spec = importlib.util.find_spec(name)
        finally:
            setattr(self.busy, name, False)
        load = getattr(spec and spec.loader, "exec_module", None)
        if spec is None or load is None:
            return None
        hooks = self.hooks[name]

        def exec_module(module: Any) -> None:
            load(module)
            for hook in hooks:
                with contextlib.suppress(AttributeError):  # another module of that name
                    hook(module)

        with contextlib.suppress(AttributeError):
            spec.loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]
        return spec


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
    recorder = _Recorder(json.loads(text))
    recorder.install()
    recorder.write(recorder.notes, {"loaded": os.getpid()})


_install()
_chain()
