"""The program that runs against a twin: its environment, and how its requests are led there."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from types import FrameType
from typing import Any

from callr_migrate.pack.model import RulePack
from callr_migrate.records import dataclass

REDIRECT = Path(__file__).resolve().parent / "redirect"
VARIABLE = "CALLR_MIGRATE_TWIN"
_HOST = re.compile(r"(?:https?://)?([^/:]+)")
# Options of the interpreter by which it would not look at `PYTHONPATH`, or not import `sitecustomize`.
_BLIND = re.compile(r"-(?![WXcm])[a-zA-Z]*[IES]")
_ALONE = re.compile(r"-[bBdhiOqsuvVxP]*\Z")


class ChildError(Exception):
    """The program cannot be run so; the message is one line."""


@dataclass
class Notes:
    """What the redirection had to say."""

    loaded: bool = False
    refused: list[str] = field(default_factory=list)
    originals: list[str] = field(default_factory=list)  # modules that were not taken from the copy


@dataclass
class Ran:
    """How a program ended: `code` as a shell would tell it."""

    code: int
    notes: Notes
    stdout: bytes = b""
    stderr: bytes = b""


def service_hosts(pack: RulePack) -> tuple[str, ...]:
    """The names of both APIs, which the twin stands for."""
    addresses = [pack.service.base_url.value]
    addresses += [address for surface in pack.surfaces.values() for address in surface.addresses]
    found = (_HOST.match(address) for address in addresses)
    return tuple(dict.fromkeys(match[1].lower() for match in found if match))


def domains(hosts: Sequence[str]) -> list[str]:
    """The domains that no request may reach: those of the hosts."""
    return sorted({".".join(host.split(".")[-2:]) for host in hosts})


def environment(
    hosts: Sequence[str],
    ports: tuple[int, int],
    authority: Path,
    notes: Path,
    base: Mapping[str, str] | None = None,
    copied: tuple[Path, Path] | None = None,
    *,
    skip_sleep: bool = False,
) -> dict[str, str]:
    """The program's environment; `ports` are the plain and the secure one, `copied` a project and its copy.

    `skip_sleep`: `time.sleep` moves the twin's clock in place of waiting.
    """
    environ = dict(os.environ if base is None else base)
    config: dict[str, Any] = {
        "hosts": list(hosts),
        "domains": domains(hosts),
        "port": ports[0],
        "tls_port": ports[1],
        "authority": str(authority),
        "notes": str(notes),
        "skip_sleep": skip_sleep,
    }
    if copied is not None:
        config["origin"], config["copy"] = map(str, copied)
    environ[VARIABLE] = json.dumps(config)
    known = environ.get("PYTHONPATH")
    environ["PYTHONPATH"] = os.pathsep.join([str(REDIRECT), *([known] if known else [])])
    # Proxies are for the rest of the world.
    for name in ("NO_PROXY", "no_proxy"):
        environ[name] = ",".join([*([environ[name]] if environ.get(name) else []), *hosts])
    return environ


def check_command(command: Sequence[str]) -> None:
    """Raise `ChildError` for a command that could not be led to the twin."""
    if not command:
        raise ChildError("say what to run, after '--': -- python app.py")
    if not re.match(r"(python|pypy)[\d.]*(\.exe)?\Z", Path(command[0]).name.lower()):
        return
    for option in command[1:]:
        if not option.startswith("-") or option in ("-", "-c", "-m") or option.startswith("--"):
            return
        if _BLIND.match(option):
            raise ChildError(
                f"with {option} Python does not import sitecustomize, so nothing would be led to the twin; leave it out"
            )
        if not _ALONE.match(option) and not option.startswith(("-W", "-X")):
            return


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    notes: Path,
    *,
    cwd: Path | None = None,
    capture: bool = False,
    timeout: float | None = None,
) -> Ran:
    """Run it to its end; raises `ChildError`. An interruption is the program's; this waits for what it makes of it."""
    check_command(command)
    pipe = subprocess.PIPE if capture else None
    try:
        process = subprocess.Popen(
            list(command),
            env=dict(environ),
            cwd=cwd,
            stdin=subprocess.DEVNULL if capture else None,
            stdout=pipe,
            stderr=pipe,
        )
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise ChildError(f"{command[0]}: cannot be started: {why}") from None
    with _Handed(process):
        stdout, stderr = _waited(process, command[0], timeout)
    code = process.returncode
    return Ran(code if code >= 0 else 128 - code, read_notes(notes), stdout or b"", stderr or b"")


def _waited(
    process: subprocess.Popen[bytes], name: str, timeout: float | None
) -> tuple[bytes | None, bytes | None]:
    while True:
        try:
            return process.communicate(timeout=timeout)
        except KeyboardInterrupt:
            continue  # the terminal told the program, too
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise ChildError(f"{name} did not end within {timeout:g} seconds") from None


class _Handed:
    """While it holds, SIGTERM goes on to the program."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.before: Any = None

    def __enter__(self) -> None:
        def hand_on(number: int, frame: FrameType | None) -> None:
            self.process.terminate()

        try:
            self.before = signal.signal(signal.SIGTERM, hand_on)
        except ValueError:  # not on the main thread
            self.before = None

    def __exit__(self, *_: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGTERM, self.before)


def read_notes(path: Path) -> Notes:
    """What the redirection wrote; nothing if it was never loaded."""
    notes = Notes()
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return notes
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        notes.loaded |= "loaded" in entry
        for name, found in (("refused", notes.refused), ("original", notes.originals)):
            if name in entry and entry[name] not in found:
                found.append(entry[name])
    return notes
