"""Many small programs run over real HTTP against a twin, and two such runs held against each other."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from support.twin import LOGIN, PASSWORD, ROOT, acacias_state, setup

from callr_migrate.twin import child, summary
from callr_migrate.twin.account import Account
from callr_migrate.twin.explaining import Explainer
from callr_migrate.twin.judging import judge
from callr_migrate.twin.observing import Observation, short_ids
from callr_migrate.twin.server import Beside, build

BATCH = ROOT / "tests" / "support" / "twin_batch.py"

Job = tuple[str, Path, str]


def observe(
    jobs: list[Job], work: Path, allowed: frozenset[str] | None = frozenset({f"{LOGIN}:{PASSWORD}"})
) -> dict[str, Observation]:
    """Run `file` of each folder on an account of its own, all in one process; None allows any credentials."""
    work.mkdir()
    app = build(replace(setup(), initial=acacias_state(), allowed=allowed))
    start = summary.snapshot(app.core.account.state)
    runs: list[tuple[dict[str, Any], list[Any]]] = []
    restart = app.core.restart

    def kept(account: Account) -> None:
        runs.append((summary.snapshot(app.core.account.state), app.core.exchanges))
        restart(account)

    app.core.restart = kept  # type: ignore[method-assign]
    hosts = child.service_hosts(setup().pack)
    notes = work / "notes.jsonl"
    with Beside(app, hosts, work) as twin:
        environ = child.environment(hosts, (twin.port, twin.tls_port), twin.authority, notes, skip_sleep=True)
        done = subprocess.run(
            [sys.executable, str(BATCH)],
            input=json.dumps([[name, str(folder), file] for name, folder, file in jobs]),
            capture_output=True,
            encoding="utf-8",
            env={**environ, "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"},
            timeout=900,
        )
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    # What was before the first program is nobody's.
    return {
        name: Observation(
            code=int(bool(results[name]["failed"])),
            stdout=results[name]["output"],
            stderr=results[name]["failed"],
            exchanges=exchanges,
            account=account,
            start=start,
            ids=short_ids(account),
            seen=frozenset(),
            notes=child.read_notes(notes),
        )
        for (name, _, _), (account, exchanges) in zip(jobs, runs[1:], strict=True)
    }


def told(before: Observation, after: Observation) -> str:
    """What is different and not explained; empty for nothing."""
    judgement = judge(before, after, Explainer(setup().pack, before.ids | after.ids, {}))
    if judgement.equal:
        return ""
    return "\n".join(line for one in judgement.differences for line in one.lines()) + after.stderr
