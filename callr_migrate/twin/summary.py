"""What a program did: its requests, what has become of the account, and the facts that it leaned on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from callr_migrate.findings import Evidence
from callr_migrate.twin import files
from callr_migrate.twin.contract import Used
from callr_migrate.twin.exchange import Exchange, masked
from callr_migrate.twin.model import State

# What follows from the rest, or from when it was looked at.
_DERIVED = ("format", "now", "made", "seed")


def snapshot(state: State) -> dict[str, Any]:
    """The account as plain data."""
    data: dict[str, Any] = json.loads(files.dump(state))
    return {key: value for key, value in data.items() if key not in _DERIVED}


def differences(before: Any, after: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each place where two snapshots differ, and what stands there; `...` where there is nothing."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            inside = f"{where}.{key}" if where else str(key)
            yield from differences(before.get(key, ...), after.get(key, ...), inside)
    elif isinstance(before, list) and isinstance(after, list):
        for index in range(max(len(before), len(after))):
            old = before[index] if index < len(before) else ...
            new = after[index] if index < len(after) else ...
            yield from differences(old, new, f"{where}[{index}]")
    elif before != after:
        yield where, before, after


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What has become of an account, a line each."""
    lines = []
    for where, old, new in differences(before, after):
        if old is ...:
            lines.append(f"+ {where}: {shown(new)}")
        elif new is ...:
            lines.append(f"- {where}: {shown(old)}")
        else:
            lines.append(f"~ {where}: {shown(old)} -> {shown(new)}")
    return lines


def shown(value: Any) -> str:
    """A value on one line."""
    text = json.dumps(masked(value), ensure_ascii=False)
    return text if len(text) <= 300 else f"{text[:300]}..."


def facts(exchanges: Iterable[Exchange]) -> dict[Evidence, list[str]]:
    """The facts that requests leaned on, each once, by how well they are known."""
    found: dict[Used, None] = {}
    for exchange in exchanges:
        found.update(dict.fromkeys(exchange.used))
    return {kind: sorted(used.text for used in found if used.evidence is kind) for kind in Evidence}


def leaned_on(exchanges: Iterable[Exchange]) -> str:
    """The count of them, and the weak ones by name."""
    by_kind = facts(exchanges)
    counts = ", ".join(
        f"{len(by_kind[kind])} {kind.value}"
        for kind in Evidence
        if by_kind[kind] or kind in (Evidence.DOCUMENTED, Evidence.INFERRED, Evidence.UNKNOWN)
    )
    lines = [f"facts leaned on: {counts}"]
    for kind in (Evidence.INFERRED, Evidence.CONFLICT, Evidence.UNKNOWN):
        lines += [f"    {kind.value}: {text}" for text in by_kind[kind]]
    return "\n".join(lines)


def counted(exchanges: list[Exchange]) -> str:
    """How many requests by which API, and how many were refused."""
    names = {"json-rpc": "JSON-RPC", "rest-v1.1": "legacy REST", "rest-v2": "REST v2", "other": "elsewhere"}
    by_api = Counter(exchange.api for exchange in exchanges)
    told = ", ".join(f"{by_api[api]} {name}" for api, name in names.items() if by_api[api])
    refused = sum(exchange.error is not None for exchange in exchanges)
    text = f"{len(exchanges)} request{'' if len(exchanges) == 1 else 's'}" + (f" ({told})" if told else "")
    return text + (f", {refused} refused" if refused else "")


def report(before: dict[str, Any], after: dict[str, Any], exchanges: list[Exchange]) -> str:
    """All of it, for people."""
    lines = [f"twin: {counted(exchanges)}"]
    lines += [f"  {line}" for exchange in exchanges for line in exchange.lines()]
    made = changes(before, after)
    lines += ["account: " + ("" if made else "as it was"), *(f"  {line}" for line in made)]
    return "\n".join([*lines, leaned_on(exchanges)]).rstrip() + "\n"
