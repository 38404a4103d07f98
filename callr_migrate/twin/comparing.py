"""`twin compare`: a project as it is and as it would be rewritten, against fresh twins with the same seed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from callr_migrate.config import load_settings
from callr_migrate.findings import Evidence
from callr_migrate.records import dataclass
from callr_migrate.twin import child, copying, files, summary
from callr_migrate.twin.clock import Clock
from callr_migrate.twin.explaining import Explainer
from callr_migrate.twin.judging import Difference, Judgement, judge
from callr_migrate.twin.observing import Observation, observe, with_credentials
from callr_migrate.twin.server import Setup

_SHOWN = 20  # differences of one kind, and lines of standard error


@dataclass(frozen=True)
class Wish:
    """What is to be compared. `project`: None for the one around the working directory."""

    command: tuple[str, ...]
    cwd: Path
    project: Path | None = None
    target: str | None = None
    rules: tuple[str, ...] = ()
    keep: bool = False
    timeout: float | None = None
    skip_sleep: bool = False


@dataclass
class Comparison:
    """What came of it; `kept` is the folder with both copies.

    `unsteady`: where the two differ, in how many things the program as it is differs from its own second run.
    """

    rewritten: copying.Rewritten
    before: Observation
    after: Observation
    judgement: Judgement
    kept: Path | None = None
    unsteady: int = 0


def compare(setup: Setup, wish: Wish) -> Comparison:
    """Do it; raises `ChildError`, `ConfigError`, `RuleError`, `StateError`."""
    child.check_command(wish.command)
    cwd = wish.cwd.resolve()
    project = (wish.project or _project_of(cwd)).resolve()
    if not cwd.is_relative_to(project):
        raise child.ChildError(f"{cwd} is not inside the project {project}; start it from there")
    overrides: dict[str, object] = {
        "target": wish.target,
        "rules": [str(Path(one).resolve()) for one in wish.rules] or None,
    }
    # Both stand still at the same time, so that both runs see the same hours.
    setup = replace(setup, start=Clock().now() // 1000 * 1000 if setup.start is None else setup.start)
    folder = Path(tempfile.mkdtemp(prefix="callr-migrate-compare-"))
    try:
        copies = [copying.copy(project, folder / side / project.name) for side in ("before", "after")]
        rewritten = copying.rewrite(copies[1], overrides)
        choices = load_settings(copies[1], overrides=overrides).choices
        before = _run(setup, wish, cwd, project, folder, "before")
        after = _run(with_credentials(setup, before.seen), wish, cwd, project, folder, "after")
        explainer = Explainer(setup.pack, before.ids | after.ids, dict(choices))
        comparison = Comparison(rewritten, before, after, judge(before, after, explainer))
        if not comparison.judgement.equal:
            copying.copy(project, folder / "again" / project.name)
            again = _run(setup, wish, cwd, project, folder, "again")
            comparison.unsteady = len(judge(before, again, explainer).differences)
    finally:
        if not wish.keep:
            shutil.rmtree(folder, ignore_errors=True)
    comparison.kept = folder if wish.keep else None
    return comparison


def _run(setup: Setup, wish: Wish, cwd: Path, project: Path, folder: Path, side: str) -> Observation:
    """Run the copy of one side."""
    run = observe(
        _fresh(setup),
        wish.command,
        folder / f"{side}-twin",
        cwd=cwd,
        project=project,
        copied=folder / side / project.name,
        timeout=wish.timeout,
        skip_sleep=wish.skip_sleep,
    )
    if wish.keep:
        _keep(folder, side, run)
    return run


def _fresh(setup: Setup) -> Setup:
    """A setup whose account no other run has had."""
    if setup.initial is None:
        return setup
    return replace(setup, initial=files.read(files.dump(setup.initial)))


def _project_of(cwd: Path) -> Path:
    root = load_settings(cwd).root.resolve()
    # A whole home or disk is no project.
    return cwd if root in (Path(root.anchor), Path.home().resolve()) else root


def _keep(folder: Path, side: str, run: Observation) -> None:
    (folder / f"{side}.log").write_text(
        "".join(f"{line}\n" for exchange in run.exchanges for line in exchange.lines()),
        "utf-8",
        errors="backslashreplace",
    )
    for name, text in (("out", run.stdout), ("err", run.stderr)):
        (folder / f"{side}.{name}").write_text(text, "utf-8", errors="backslashreplace")
    # The certificate's key is of no use any more.
    shutil.rmtree(folder / f"{side}-twin", ignore_errors=True)


def report(comparison: Comparison, contract: str) -> str:
    """For the people who look at a rewrite."""
    before, after, judgement = comparison.before, comparison.after, comparison.judgement
    lines = list(comparison.rewritten.lines)
    if not comparison.rewritten.changed:
        lines.append("nothing was rewritten, so both runs are of the same program")
    lines.append(f"before: {summary.counted(before.exchanges)}, exit code {before.code}")
    lines.append(f"after:  {summary.counted(after.exchanges)}, exit code {after.code}")
    counted = [one for one in judgement.differences if not one.explained]
    explained = [one for one in judgement.differences if one.explained]
    for title, found in (("different", counted), ("explained by the migration notes or a choice", explained)):
        if found:
            lines.append(f"{title}:")
            lines += [f"  {line}" for one in found[:_SHOWN] for line in one.lines()]
            if len(found) > _SHOWN:
                lines.append(f"  and {len(found) - _SHOWN} more")
    if comparison.unsteady:
        lines.append(
            f"note: a second run of the program as it is differs from its first in {comparison.unsteady} things, too: "
            "it does not do the same twice, because of threads, random numbers or the time"
        )
    lines += _aside(judgement.aside)
    lines += _notes(before, after)
    lines += summary.leaned_on([*before.exchanges, *after.exchanges]).splitlines()
    return "\n".join([*lines, verdict(comparison, contract)]) + "\n"


def _aside(aside: Sequence[Difference]) -> list[str]:
    if not aside:
        return []
    lines = [
        f"standard error differs (not counted: what errors and logs say is another thing), {len(aside)} lines:"
    ]
    lines += [f"  - {one.before}\n  + {one.after}" for one in aside[:5]]
    return lines


def _notes(before: Observation, after: Observation) -> list[str]:
    lines = []
    if not before.exchanges and not after.exchanges:
        lines.append("note: no request was made at all, so this shows nothing")
    for side, run in (("before", before), ("after", after)):
        lines += [f"note: {side}: refused: {what}" for what in run.notes.refused]
        if not run.notes.loaded:
            lines.append(f"note: {side}: no Python was started that could be led to the twin")
        lines += [
            f"note: {side}: {path} was taken from the project itself, not from the copy"
            for path in run.notes.originals
        ]
        unproven = sum(bool(exchange.unproven) for exchange in run.exchanges)
        if unproven:
            lines.append(f"note: {side}: {unproven} of {len(run.exchanges)} requests are unproven")
    return lines


def verdict(comparison: Comparison, contract: str) -> str:
    """The last line."""
    judgement = comparison.judgement
    counted = sum(not one.explained for one in judgement.differences)
    if counted:
        return f"different: {counted} difference{'' if counted == 1 else 's'}"
    weak = summary.facts([*comparison.before.exchanges, *comparison.after.exchanges])
    number = sum(len(weak[kind]) for kind in (Evidence.INFERRED, Evidence.CONFLICT, Evidence.UNKNOWN))
    apart = f", apart from {len(judgement.differences)} explained" if judgement.differences else ""
    text = f"equal{apart}: both programs agree with {contract}"
    return text + (
        f", {number} facts of which are not documented; this shows nothing of Callr itself" if number else ""
    )
