"""What a fleet's run comes to: on one screen for people, all of it for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from callr_migrate.fleet.running import Ran
from callr_migrate.fleet.task import Result
from callr_migrate.output.text import one_line, plural

_ROWS = 12  # of each list, so that it fits a screen
_COUNTED = ("legacy_calls", "safe", "unsafe", "manual", "fixed", "unseen")
_STATES = {
    "opened": "pull requests opened",
    "updated": "pull requests brought up to date",
    "pushed": "branches pushed",
    "branch": "branches made",
    "unchanged": "branches up to date",
    "dry-run": "looked at, nothing changed",
    "nothing": "without anything to rewrite",
}


def as_json(ran: Ran) -> str:
    """One object, with a final newline."""
    results = []
    for result in ran.results:
        entry = {name: value for name, value in asdict(result).items() if name != "patch"}
        results.append({**entry, "done": result.is_done})
    data = {
        "schema": 1,
        "summary": {
            "repositories": len(ran.results),
            "done": sum(result.is_done for result in ran.results),
            "done_before": ran.before,
            "failed": sum(not result.is_done for result in ran.results),
            **_sums(ran.results),
        },
        "repositories": results,
    }
    return json.dumps(data, indent=2) + "\n"


def as_text(ran: Ran, work: str) -> str:
    """Counts, the repositories with the most to do, and those that failed."""
    done = [result for result in ran.results if result.is_done]
    failed = [result for result in ran.results if not result.is_done]
    counts = _sums(done)
    earlier = f" ({ran.before} by an earlier run; --fresh does them anew)" if ran.before else ""
    is_done = counts["fixed"] and not any(result.state == "dry-run" for result in done)
    fixed = f", {counts['fixed']} of them rewritten" if is_done else ""
    names = "repository" if len(ran.results) == 1 else "repositories"
    lines = [f"{len(ran.results)} {names}: {len(done)} done{earlier}, {len(failed)} failed."]
    lines.append(
        f"{plural(counts['legacy_calls'], 'legacy call')} in "
        f"{sum(bool(result.counts.get('legacy_calls')) for result in done)} of them; findings: "
        f"{counts['safe']} safe, {counts['unsafe']} unsafe, {counts['manual']} manual"
        f"{fixed}; "
        f"{plural(counts['unseen'], 'place')} could not be seen."
    )
    states = Counter(result.state for result in done if result.state)
    if states:
        lines.append(
            "; ".join(f"{states[state]} {words}" for state, words in _STATES.items() if states[state]) + "."
        )
    lines += _table(done)
    if failed:
        lines += ["", "Failed:"]
        lines += [f"  {one_line(result.name)}: {one_line(result.reason or '')}" for result in failed[:_ROWS]]
        if len(failed) > _ROWS:
            lines.append(f"  and {len(failed) - _ROWS} more")
    again = "; run the same again for what failed" if failed else ""
    lines += ["", f"All of it is in {work}{again}."]
    return "".join(f"{line}\n" for line in lines)


def _table(done: list[Result]) -> list[str]:
    rows = sorted(
        (result for result in done if result.counts.get("legacy_calls") or result.url),
        key=lambda result: (-result.counts.get("legacy_calls", 0), result.name),
    )
    if not rows:
        return []
    lines = ["", f"{'calls':>7} {'safe':>6} {'unsafe':>6} {'manual':>6}  repository"]
    for result in rows[:_ROWS]:
        counts = [result.counts.get(name, 0) for name in ("legacy_calls", "safe", "unsafe", "manual")]
        where = f"  {result.url}" if result.url else ""
        lines.append(
            f"{counts[0]:>7} "
            + " ".join(f"{count:>6}" for count in counts[1:])
            + f"  {one_line(result.name)}{where}"
        )
    return [*lines, *([f"{'':>7} and {len(rows) - _ROWS} more"] if len(rows) > _ROWS else [])]


def _sums(results: Sequence[Result]) -> dict[str, int]:
    return {name: sum(result.counts.get(name, 0) for result in results) for name in _COUNTED}
