"""What the commits say: what was changed, why, and whether the program is whole after it."""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from callr_migrate.findings import Finding
from callr_migrate.output.text import one_line
from callr_migrate.pack.model import RulePack, Target
from callr_migrate.pullrequest.families import Family, Step, family_of
from callr_migrate.suffixes import SUFFIXES

_WIDTH = 72
_MOST = 12  # lines of one list

_SUBJECTS = {
    Family.CLIENT: "Make {client} clients for REST API v2",
    Family.CALLS: "Call REST API v2 in place of JSON-RPC",
    Family.RESULTS: "Read answers in the form of REST API v2",
    Family.DATES: "Read dates in the form of REST API v2",
    Family.FILES: "Require {client} for REST API v2",
}
_WHAT = {
    Family.CLIENT: "The clients of the JSON-RPC API get one of REST API v2, in their place or beside them, with its imports.",
    Family.CALLS: "Each call becomes the request that does the same, and handlers catch the errors of the new client.",
    Family.RESULTS: "Fields and constants of the answers have other names in v2; comparisons would silently be false.",
    Family.DATES: "v2 writes dates as RFC 3339, where the program expects the legacy form.",
    Family.FILES: "The files around the code follow it.",
}


_IMPORTED = "The new calls need these imports."


class Messages:
    """The messages of one series of commits. `paths` gives the name of a file in the repository."""

    def __init__(self, pack: RulePack, target: Target, steps: Sequence[Step], paths: dict[Path, str]) -> None:
        self.pack = pack
        self.target = target
        self.steps = steps
        self.paths = {path: os.fsencode(name).decode("utf-8", "replace") for path, name in paths.items()}
        self.parted = _parted(steps)

    def subject(self, step: Step) -> str:
        """The first line."""
        if _only_imports(step):
            return f"Import {self.target.distribution} for REST API v2"
        if step.family is not None:
            return _SUBJECTS[step.family].format(client=self.target.distribution)
        if len(self.steps) == 1:
            return "Move from the JSON-RPC API v1 to REST API v2"
        path = next(iter(step.files))
        if not path.name.endswith(SUFFIXES):
            return f"{_SUBJECTS[Family.FILES].format(client=self.target.distribution)}: {self.paths[path]}"
        return f"Move {self.paths[path]} to REST API v2"

    def message(self, step: Step) -> str:
        """All of it, without the trailer."""
        parts = [self.subject(step), self._why(step), "\n".join(self._changes(step))]
        whole = self._wholeness(step)
        return "\n\n".join([*parts, *([whole] if whole else [])]) + "\n"

    def _why(self, step: Step) -> str:
        day = day_of(self.pack)
        what = f"{_WHAT[step.family]} " if step.family is not None else ""
        if _only_imports(step):
            what = f"{_IMPORTED} "
        return _wrapped(
            f"{what}The JSON-RPC API is switched off on {day}: {self.pack.service.guide}"
            if day
            else f"{what}The JSON-RPC API is switched off: {self.pack.service.guide}"
        )

    def _changes(self, step: Step) -> list[str]:
        """What becomes of what, the most frequent first; the files where nothing better is known."""
        counted = Counter(line for line in map(_line, self._told(step)) if line)
        lines = [
            f"- {line}" + (f" ({count} times)" if count > 1 else "") for line, count in counted.most_common()
        ]
        if not lines:
            lines = [f"- {self.paths[path]}" for path in step.files]
        if len(lines) > _MOST:
            lines = [*lines[:_MOST], f"- and {len(lines) - _MOST} more"]
        return [wrapped for line in lines for wrapped in _wrapped(line, "  ").split("\n")]

    def _told(self, step: Step) -> list[Finding]:
        own = [
            finding
            for finding in step.findings
            if step.family is None or family_of(finding.code) is step.family
        ]
        return own or step.findings

    def _wholeness(self, step: Step) -> str:
        index = self.steps.index(step)
        if len(self.steps) == 1 or not self.parted:
            return ""
        place = f"Commit {index + 1} of {len(self.steps)}."
        if step is self.steps[-1]:
            return _wrapped(f"{place} With this one the program is whole again.")
        last = self.subject(self.steps[-1])
        return _wrapped(
            f"{place} The code compiles after each; a client and its uses change together, so it runs again with "
            f'the last one ("{last}").'
        )


def day_of(pack: RulePack) -> str:
    """The day of the shutdown for people; nothing if the rules do not have one."""
    day = shutdown(pack)
    return f"{day.day} {day:%B} {day.year}" if day else ""


def shutdown(pack: RulePack) -> date | None:
    """The day on which the legacy API ends, as the rules have it."""
    try:
        return date.fromisoformat(pack.service.shutdown.value)
    except ValueError:
        return None


def _parted(steps: Sequence[Step]) -> bool:
    """Whether the changes of a group are in several commits."""
    homes: dict[str, set[int]] = {}
    for index, step in enumerate(steps):
        for finding in step.findings:
            if finding.fix is not None:
                homes.setdefault(finding.fix.group, set()).add(index)
        for path in step.files:
            homes.setdefault(f"file {path}", set()).add(index)
    return any(len(where) > 1 for where in homes.values())


def _only_imports(step: Step) -> bool:
    """Whether a commit about clients makes none."""
    return step.family is Family.CLIENT and not any(
        family_of(finding.code) is Family.CLIENT for finding in step.findings
    )


def _line(finding: Finding) -> str:
    if finding.method is not None and finding.fix is not None:
        request = finding.fix.description.removeprefix("Call ")
        return one_line(f"{finding.method}: {request}")
    return one_line(finding.fix.description if finding.fix else finding.message)


def _wrapped(text: str, indent: str = "") -> str:
    return "\n".join(
        textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    )
