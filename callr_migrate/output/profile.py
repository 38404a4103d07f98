"""The stages of a run as a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from callr_migrate.stages import Stage, Stages

_ORDER: tuple[Stage, ...] = get_args(Stage)


def profile_table(stages: Stages) -> list[str]:
    """The lines: stage, seconds, share of them, and how much of what; then the workers' own, and memory."""
    lines = [f"{'stage':24}{'seconds':>9}{'share':>8}", *_rows(stages.seconds, stages.counts, "in all")]
    if stages.workers:
        who = len({each.worker for each in stages.workers})
        seconds, counts = _together(stages.workers)
        lines += ["", f"in {who} worker{'s' if who > 1 else ''}, beside the above"]
        lines += _rows(seconds, counts, "in all of them")
    most = max((each.memory or 0 for each in stages.workers), default=0)
    if stages.memory is not None:
        largest = f"; {_megabytes(most)} in the largest worker" if most else ""
        lines += ["", f"peak memory: {_megabytes(stages.memory)}{largest}"]
    return lines


def _rows(
    seconds: Mapping[Stage, float], counts: Mapping[Stage, Mapping[str, int]], last: str
) -> Iterable[str]:
    total = sum(seconds.values())
    for name in _ORDER:
        if name in seconds:
            yield _row(name, seconds[name], total, counts.get(name, {}))
    yield _row(last, total, total, {})


def _row(name: str, seconds: float, total: float, counts: Mapping[str, int]) -> str:
    share = seconds / total if total else 0.0
    amounts = ", ".join(f"{number:,} {what if number != 1 else what[:-1]}" for what, number in counts.items())
    return f"{name:24}{seconds:9.3f}{share:8.1%}  {amounts}".rstrip()


def _together(workers: Iterable[Stages]) -> tuple[dict[Stage, float], dict[Stage, dict[str, int]]]:
    """The sums over all workers."""
    seconds: dict[Stage, float] = {}
    counts: dict[Stage, dict[str, int]] = {}
    for each in workers:
        for name, number in each.seconds.items():
            seconds[name] = seconds.get(name, 0.0) + number
        for name, amounts in each.counts.items():
            own = counts.setdefault(name, {})
            for what, amount in amounts.items():
                own[what] = own.get(what, 0) + amount
    return seconds, counts


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
