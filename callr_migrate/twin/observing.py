"""One run of a program against a fresh twin, and all that can be told of it afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from callr_migrate.records import dataclass
from callr_migrate.twin import child, copying, summary
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.server import Beside, Setup, build


@dataclass
class Observation:
    """What a program did. `ids` are the short ids of its account; `seen` the credentials that it showed."""

    code: int
    stdout: str
    stderr: str
    exchanges: list[Exchange]
    account: dict[str, Any]
    start: dict[str, Any]
    ids: frozenset[str]
    seen: frozenset[str]
    notes: child.Notes
    files: dict[str, bytes | None] = field(
        default_factory=dict
    )  # that it wrote; None for one that it removed
    found: dict[str, bytes] = field(default_factory=dict)  # files that were there before


def observe(
    setup: Setup,
    command: Sequence[str],
    work: Path,
    *,
    cwd: Path,
    project: Path,
    copied: Path,
    timeout: float | None = None,
    skip_sleep: bool = False,
    base: Mapping[str, str] | None = None,
) -> Observation:
    """Run `command` in `cwd` of the project's copy; `work` is a folder to be made, `base` the environment.

    Raises `ChildError`.
    """
    work.mkdir(parents=True)
    app = build(setup)
    hosts = child.service_hosts(setup.pack)
    start = summary.snapshot(app.core.account.state)
    before = copying.contents(copied)
    notes = work / "notes.jsonl"
    with Beside(app, hosts, work) as twin:
        environ = child.environment(
            hosts,
            (twin.port, twin.tls_port),
            twin.authority,
            notes,
            copying.moved_environment(project, copied, base),
            (project, copied),
            skip_sleep=skip_sleep,
        )
        ran = child.run(
            copying.moved_command(command, project, copied),
            environ,
            notes,
            cwd=copying.moved(cwd, project, copied),
            capture=True,
            timeout=timeout,
        )
    account = summary.snapshot(app.core.account.state)
    return Observation(
        code=ran.code,
        stdout=_placed(ran.stdout, copied),
        stderr=_placed(ran.stderr, copied),
        exchanges=app.core.exchanges,
        account=account,
        start=start,
        ids=short_ids(account),
        seen=frozenset(app.core.access.seen),
        notes=ran.notes,
        files=copying.written(copied, before),
        found=before,
    )


def _placed(output: bytes, copied: Path) -> str:
    """Text, in which the copy's own folder has no name of its own."""
    text = output.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    for path in (str(copied.resolve()), str(copied)):
        text = text.replace(path, "<project>")
    return text


_NAMES_ONE = ("sid", "legacy_id", "scenario")


def short_ids(account: dict[str, Any]) -> frozenset[str]:
    """All short ids in an account, in lower case."""
    found = {str(run[0]).lower() for run in account["runs"]}
    for table in ("messages", "numbers", "scenarios", "audio", "webhooks"):
        for entry in account[table].values():
            found |= {str(entry[name]).lower() for name in _NAMES_ONE if entry.get(name)}
    return frozenset(found)


def with_credentials(setup: Setup, seen: frozenset[str]) -> Setup:
    """The same twin, which lets in only who was there before."""
    return setup if setup.allowed is not None or not seen else replace(setup, allowed=seen)
