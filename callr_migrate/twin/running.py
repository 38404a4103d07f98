"""`twin run`: a program against a twin of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from callr_migrate.twin import child, summary
from callr_migrate.twin.exchange import Exchange
from callr_migrate.twin.server import Beside, Setup, build


def run(
    setup: Setup,
    command: Sequence[str],
    on_exchange: Callable[[Exchange], None] | None = None,
    *,
    skip_sleep: bool = False,
) -> tuple[child.Ran, str]:
    """How it ended, and what it did as text; raises `ChildError`, `StateError`."""
    child.check_command(command)
    hosts = child.service_hosts(setup.pack)
    app = build(setup, on_exchange)
    before = summary.snapshot(app.core.account.state)
    with tempfile.TemporaryDirectory(prefix="callr-migrate-twin-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        notes = folder / "notes.jsonl"
        with Beside(app, hosts, folder) as twin:
            ports = (twin.port, twin.tls_port)
            environ = child.environment(hosts, ports, twin.authority, notes, skip_sleep=skip_sleep)
            ran = child.run(command, environ, notes)
    after = summary.snapshot(app.core.account.state)
    return ran, summary.report(before, after, app.core.exchanges)
