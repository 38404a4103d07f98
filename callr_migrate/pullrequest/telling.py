"""What a run of `pr` says, for people and for programs."""

from __future__ import annotations

import json

from callr_migrate.output.summary import Summary
from callr_migrate.output.text import plain, plural
from callr_migrate.pullrequest.preparing import Prepared
from callr_migrate.pullrequest.proposing import Done, Plan, Rewrite
from callr_migrate.records import dataclass


@dataclass
class Told:
    """A run: `plan` for a dry one, `done` for the others; neither where there is nothing to rewrite."""

    prepared: Prepared
    rewrite: Rewrite
    plan: Plan | None = None
    done: Done | None = None

    @property
    def state(self) -> str:
        """What came of it, as a word."""
        if self.plan is not None:
            return "dry-run"
        if self.done is None:
            return "nothing"
        if self.done.opened is not None:
            return "updated" if self.done.updated else "opened"
        if not self.done.is_new:
            return "unchanged"
        return "pushed" if self.done.pushed else "branch"


def as_json(told: Told) -> str:
    """The object that programs read, with a final newline."""
    prepared, done, plan = told.prepared, told.done, told.plan
    commits: list[dict[str, str | None]] = []
    if plan is not None:
        commits = [{"name": None, "message": one.message} for one in plan.commits]
    elif done is not None:
        commits = [{"name": one.name, "message": one.message} for one in done.commits]
    data = {
        "schema": 1,
        "state": told.state,
        "branch": prepared.wish.branch,
        "base": prepared.base,
        "head": prepared.checkout.head,
        "url": done.opened.url if done and done.opened else None,
        "title": plan.title if plan else None,
        "body": plan.body if plan else None,
        "commits": commits,
        "verified": told.rewrite.checked.equal if told.rewrite.checked else None,
        "summary": Summary.of(told.rewrite.report).as_json(),
    }
    return json.dumps(data, ensure_ascii=True, indent=2) + "\n"


def as_text(told: Told, *, quiet: bool = False) -> str:
    """For people; all of the text of a dry run."""
    prepared, done, plan = told.prepared, told.done, told.plan
    if plan is not None:
        return "".join(map(_safe, _dry(told, plan)))
    if done is None:
        return "" if quiet else _nothing(told)
    url = done.opened.url if done.opened else ""
    if quiet:
        return f"{url}\n" if url else ""
    branch = prepared.wish.branch
    lines = [
        (
            f"Branch {branch}: {plural(len(done.commits), 'commit')} on {prepared.checkout.branch}, "
            f"{plural(len(told.rewrite.changed), 'file')}{'' if done.is_new else '; it was up to date'}."
        )
    ]
    lines += [
        f"  {commit.name[:10]} {commit.message.splitlines()[0]}" for commit in done.commits if done.is_new
    ]
    if done.pushed and done.is_new:
        lines.append(f"Pushed to {prepared.wish.remote}.")
    if url:
        lines.append(f"{'Updated' if done.updated else 'Opened'} {url}")
    elif not done.pushed:
        lines.append(
            f"Look at it with `git log -p {prepared.checkout.branch}..{branch}`; --push and --open send it."
        )
    return "".join(f"{line}\n" for line in lines)


def _nothing(told: Told) -> str:
    counts = Summary.of(told.rewrite.report)
    if not counts.findings:
        return "Nothing to migrate, so no branch was made.\n"
    return (
        f"Nothing can be rewritten, so no branch was made: {plural(counts.findings, 'finding')}, "
        f"{counts.unsafe} unsafe, {counts.manual} manual; `callr-migrate check` lists them.\n"
    )


def _dry(told: Told, plan: Plan) -> list[str]:
    prepared = told.prepared
    wish = prepared.wish
    what = [f"Branch: {wish.branch}, from {prepared.checkout.branch} at {prepared.checkout.head[:10]}\n"]
    if wish.open:
        where = f" on {prepared.remote.host}" if prepared.remote else ""
        what.append(f"Pull request: into {prepared.base}{where}{', as a draft' if wish.draft else ''}\n")
        what += [f"Labels: {', '.join(wish.labels)}\n"] if wish.labels else []
        what += [f"Reviewers: {', '.join(wish.reviewers)}\n"] if wish.reviewers else []
    parts = ["Dry run: nothing was changed.\n", *what]
    for number, commit in enumerate(plan.commits, 1):
        parts.append(f"\n--- commit {number} of {len(plan.commits)}: {plural(len(commit.files), 'file')}\n\n")
        parts.append("".join(f"    {line}".rstrip() + "\n" for line in commit.message.rstrip().splitlines()))
        parts.append("\n" + "".join(f"    M {name}\n" for name in commit.files))
    return [*parts, f"\n--- title\n\n{plan.title}\n\n--- text\n\n{plan.body}\n"]


def _safe(text: str) -> str:
    """Without what a terminal would obey."""
    return "".join(one if one == "\n" else plain(one) for one in text)
