"""What the pull request says: what changed, what is not certain, what is left, and how it was checked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

from callr_migrate import __version__
from callr_migrate.findings import Applicability, Evidence, Fact, Finding, Report
from callr_migrate.output.text import plural
from callr_migrate.pack.model import RulePack, Target
from callr_migrate.pullrequest.messages import day_of, shutdown
from callr_migrate.pullrequest.places import Places, code
from callr_migrate.pullrequest.wording import fenced, prose, sentence, short
from callr_migrate.records import dataclass

_Row = TypeVar("_Row")

BEGIN, END = "<!-- callr-migrate: begin -->", "<!-- callr-migrate: end -->"
# How much of each list is shown, the first that fits into the host's limit.
_CAPS = (None, 200, 100, 50, 25, 12, 6, 3, 1)
_PLACES = 8  # of one line
_CALLS = "CLR1"
# What is left because its call is left, and what only people look at where a call is.
_FOLLOWING = ("CLR2", "CLR3", "CLR4", "CLR601", "CLR602")
_TICKED = re.compile(r"^- \[[xX]\] (.+)$", re.MULTILINE)
_OPEN = re.compile(r"^- \[ \] (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\([^)]*\)")
# Reasons that another place has, or that are told once for all.
_TOLD_ELSEWHERE = ("it changes together with ", "the legacy client stays", "What to do is told at ")
_HANDLER = "except "
_NAMES = ("CLR2", "CLR3", "CLR4")
_USERS = 3  # places of a fact
_KNOWN = {
    Evidence.INFERRED: "follows from other facts, no page says so",
    Evidence.CONFLICT: "two sources disagree",
}
_CHOICES = re.compile(r"(?<=\)) (?=[A-Z])")


@dataclass(frozen=True)
class Checked:
    """How a rewrite was checked by running it: the command, the verdict in a line, and the whole report."""

    command: str
    verdict: str
    report: str
    equal: bool


@dataclass(frozen=True)
class Account:
    """All that the text is made from. `commits` are their first lines."""

    report: Report
    places: Places
    pack: RulePack
    target: Target
    commits: tuple[str, ...]
    today: date
    checked: Checked | None = None


def title(pack: RulePack) -> str:
    """The title of the pull request."""
    day = day_of(pack)
    return "Move from Callr's JSON-RPC API v1 to REST API v2" + (f" before {day}" if day else "")


def body(account: Account, limit: int, earlier: str = "") -> str:
    """The text, of at most `limit` characters. `earlier` is what the pull request says so far.

    Ticks of its task lists are kept, and so is what people wrote around our part.
    """
    head, tail = _around(earlier)
    room = limit - len(head) - len(tail)
    text = ""
    for cap in _CAPS:
        text = _ticked(_text(account, cap), earlier)
        if len(text) <= room:
            return f"{head}{text}{tail}"
    # The lists are as short as they can be: the end says that there is more.
    note = "\n\n(cut to what fits here; `callr-migrate check` says all)\n"
    keep = max(0, room - len(note) - len(END) - 1)
    return f"{head}{text[:keep].rpartition(chr(10))[0]}{note}{END}{tail}"[:limit]


def _around(earlier: str) -> tuple[str, str]:
    if BEGIN in earlier and END in earlier:
        return earlier.partition(BEGIN)[0], earlier.rpartition(END)[2]
    return "", ""


def _ticked(text: str, earlier: str) -> str:
    """Tick what is ticked already; a task is the same if it reads the same, wherever it links to."""
    done = Counter(_LINK.sub("]", task) for task in _TICKED.findall(earlier))

    def tick(match: re.Match[str]) -> str:
        key = _LINK.sub("]", match[1])
        if not done[key]:
            return match[0]
        done[key] -= 1
        return f"- [x] {match[1]}"

    return _OPEN.sub(tick, text)


def _text(account: Account, cap: int | None) -> str:
    parts = _Parts(account, cap)
    sections = [parts.summary(), parts.changed(), parts.before_after(), parts.uncertain(), parts.left()]
    sections += [parts.unseen(), parts.checks(), parts.commits()]
    text = "\n\n".join([BEGIN, *("\n".join(section) for section in sections if section), END])
    # A name of a file may be no Unicode.
    return text.encode("utf-8", "replace").decode()


class _Parts:
    """The sections, each a list of lines; empty if there is nothing to say. `cap`: rows of a list."""

    def __init__(self, account: Account, cap: int | None) -> None:
        self.account = account
        self.places = account.places
        self.cap = cap
        findings = account.report.findings
        self.done = [finding for finding in findings if finding.applied]
        self.open = [finding for finding in findings if not finding.applied]

    def summary(self) -> list[str]:
        calls = [one for one in self.account.report.findings if one.code.startswith(_CALLS)]
        done = [one for one in calls if one.applied]
        safe = sum(one.applicability is Applicability.SAFE for one in done)
        client = self.account.target.distribution
        files = len(self.places.changed)
        text = (
            f"{self._shutdown()} This moves {len(done)} of {plural(len(calls), 'legacy call')} to REST API v2 "
            f"with `{client}`, in {plural(files, 'file')}."
        )
        left = len(calls) - len(done)
        if left:
            text += (
                f" The other {'one stays as it is' if left == 1 else f'{left} stay as they are'}: where a client still "
                "has such calls, the old and the new one stand side by side, and the program runs with both."
            )
        lines = [text, "", "| Legacy calls | |", "| --- | ---: |"]
        lines += [f"| rewritten, every fact documented or settled (safe) | {safe} |"] if safe else []
        lines += [f"| rewritten, **look at these** (unsafe, see below) | {len(done) - safe} |"]
        lines += [f"| left for a person | {left} |"] if left else []
        return lines

    def _shutdown(self) -> str:
        pack = self.account.pack
        last = shutdown(pack)
        link = f"([notice]({pack.service.guide}))"
        if last is None:
            return f"Callr switches its JSON-RPC API v1 off {link}."
        days = (last - self.account.today).days
        if days < 0:
            return f"Callr's JSON-RPC API v1 was switched off on **{day_of(pack)}**, {plural(-days, 'day')} ago {link}."
        when = "today" if days == 0 else f"in {plural(days, 'day')}"
        return f"Callr switches its JSON-RPC API v1 off on **{day_of(pack)}**, {when} {link}."

    def changed(self) -> list[str]:
        rows: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.done:
            if finding.code.startswith(_CALLS) and finding.fix is not None:
                rows.setdefault((finding.method or "?", _request(finding)), []).append(finding)
        if not rows:
            return []
        lines = ["## What changed", "", "| Method | becomes | Calls | Where |", "| --- | --- | ---: | --- |"]
        ordered = sorted(rows.items(), key=lambda row: (-len(row[1]), row[0]))
        lines += self._capped(
            ordered,
            lambda row: f"| {code(row[0][0])} | {code(row[0][1])} | {len(row[1])} | {self._links(row[1])} |",
            "| and {} more | | | |",
        )
        return lines

    def before_after(self) -> list[str]:
        calls = [one for one in self.done if one.becomes and one.code.startswith(_CALLS)]
        names: dict[str, list[Finding]] = {}
        around: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.done:
            if finding.code.startswith(_NAMES):
                names.setdefault(finding.message, []).append(finding)
            elif finding.becomes and not finding.code.startswith(_CALLS):
                before, after = short(self.places.before(finding)), short(finding.becomes)
                if after.startswith(_HANDLER) and not before.startswith(_HANDLER):
                    before = f"{_HANDLER}{before}"
                around.setdefault((before, after), []).append(finding)
        lines: list[str] = []
        if calls:
            lines += ["## Before and after", "", "| | Before | After |", "| --- | --- | --- |"]
            first = list({(one.method, _request(one)): one for one in reversed(calls)}.values())[::-1]
            lines += self._capped(first, self._call_row, "| and {} more methods | | |")
            more = [one for one in calls if one not in first]
            if more:
                lines += ["", f"<details><summary>The other {plural(len(more), 'call')}</summary>", ""]
                lines += ["| | Before | After |", "| --- | --- | --- |"]
                lines += [*self._capped(more, self._call_row, "| and {} more | | |"), "", "</details>"]
        if names:
            lines += ["", "What answers are read and compared by:", "", "| | Where |", "| --- | --- |"]
            lines += self._capped(
                list(names.items()),
                lambda row: f"| {prose(row[0])} | {self._links(row[1])} |",
                "| and {} more | |",
            )
        if around:
            lines += ["", "<details><summary>Clients, handlers and the rest</summary>", ""]
            lines += ["| | Before | After |", "| --- | --- | --- |"]
            lines += self._capped(
                list(around.items()),
                lambda row: f"| {self._links(row[1])} | {code(row[0][0])} | {code(row[0][1])} |",
                "| and {} more | | |",
            )
            lines += ["", "</details>"]
        return lines

    def _call_row(self, finding: Finding) -> str:
        before, after = short(self.places.before(finding)), short(finding.becomes or "")
        return f"| {self.places.link(finding)} | {code(before)} | {code(after)} |"

    def uncertain(self) -> list[str]:
        unsafe = [one for one in self.done if one.applicability is Applicability.UNSAFE]
        if not unsafe:
            return []
        asked: dict[str, list[Finding]] = {}
        for finding in unsafe:
            for text in self._questions(finding):
                asked.setdefault(text, []).append(finding)
        lines = [
            "## To settle before merging",
            "",
            "The new code does the same only if these hold, and what is documented does not say so:",
            "",
        ]
        lines += self._capped(
            list(asked.items()),
            lambda row: f"- [ ] {prose(row[0])} ({self._links(row[1])})",
            "- and {} more points",
        )
        facts: dict[Fact, list[Finding]] = {}
        for finding in unsafe:
            for fact in finding.facts:
                if not fact.evidence.is_safe:
                    facts.setdefault(fact, []).append(finding)
        if facts:
            lines += self._facts(facts)
        return lines

    def _facts(self, facts: dict[Fact, list[Finding]]) -> list[str]:
        ordered = sorted(facts.items(), key=lambda row: (-len(row[1]), row[0].text))
        lines = [
            "",
            f"<details><summary>What the new code takes for granted ({plural(len(facts), 'fact')})</summary>",
            "",
            "| Fact | How well it is known | Used by |",
            "| --- | --- | --- |",
        ]

        def row(entry: tuple[Fact, list[Finding]]) -> str:
            fact, where = entry
            source = f" ([source]({fact.source}))" if fact.source else ""
            known = f"{fact.evidence.value}: {_KNOWN.get(fact.evidence, 'nobody knows')}{source}"
            return f"| {prose(fact.text)} | {known} | {self.places.links(where, _USERS)} |"

        return [*lines, *self._capped(ordered, row, "| and {} more | | |"), "", "</details>"]

    def _questions(self, finding: Finding) -> list[str]:
        """What a person has to settle or to look at, from what a finding says of its fix."""
        # What follows from another place is told there.
        reasons = [text for text in (finding.reason or "").split("; ") if text]
        reason = "; ".join(text for text in reasons if not text.startswith(_TOLD_ELSEWHERE))
        advice = "" if (finding.help or "").startswith(_TOLD_ELSEWHERE) else finding.help
        told = [sentence(self.places.relined(text, finding.path)) for text in (reason, advice) if text]
        if finding.help and "(choices: " in finding.help:
            # One question each, and the reason apart.
            return [*told[:-1], *_CHOICES.split(told[-1])]
        return [" ".join(told)] if told else []

    def left(self) -> list[str]:
        tasks: dict[str, list[Finding]] = {}
        following = 0
        for finding in self.open:
            if finding.code.startswith(_FOLLOWING):
                following += 1
            else:
                tasks.setdefault(self._task(finding), []).append(finding)
        if not tasks:
            return []
        calls = sum(one.code.startswith(_CALLS) for found in tasks.values() for one in found)
        others = sum(map(len, tasks.values())) - calls
        counted = [plural(calls, "call")] if calls else []
        counted += [plural(others, "other place")] if others else []
        lines = [f"## Left for a person: {' and '.join(counted)}", ""]
        lines += self._capped(
            list(tasks.items()),
            lambda row: f"- [ ] {self._links(row[1])}: {row[0]}",
            "- and {} more; `callr-migrate check` lists all",
        )
        if following:
            lines += [
                "",
                (
                    f"{plural(following, 'further place')} (fields of answers, constants, handlers, clients) "
                    f"{'follows' if following == 1 else 'follow'} from these; `callr-migrate check` shows each."
                ),
            ]
        return lines

    def _task(self, finding: Finding) -> str:
        """What is found, why it is left, and what to do."""
        found = prose(finding.message)
        if finding.method:
            found = found.replace(prose(finding.method), code(finding.method), 1)
        texts = [text for text in (finding.reason, finding.help) if text]
        told = [prose(sentence(self.places.relined(text, finding.path))) for text in texts]
        return " ".join([f"{found}." if not found.endswith((".", "?")) else found, *told])

    def unseen(self) -> list[str]:
        report = self.account.report
        if not report.unseen:
            return []
        lines = [
            "## Could not be judged",
            "",
            "Whether these are legacy calls only shows when the program runs:",
            "",
        ]
        return lines + self._capped(
            report.unseen,
            lambda one: f"- {self.places.at(one.path, one.line)} {prose(one.reason)}",
            "- and {} more",
        )

    def checks(self) -> list[str]:
        files = len(self.places.changed)
        lines = [
            "## How this was checked",
            "",
            (
                f"- {'The rewritten file' if files == 1 else f'All {files} rewritten files'} "
                f"{'was' if files == 1 else 'were'} analysed again: {'it parses' if files == 1 else 'they parse'}, and a "
                "second run would change nothing."
            ),
            "- After each commit every Python file that it touches compiles.",
        ]
        checked = self.account.checked
        if checked is None:
            lines += [
                (
                    "- **Nothing was run.** `callr-migrate pr --verify COMMAND` runs the program before and after against a "
                    "local double of the service."
                ),
            ]
        else:
            sign = "" if checked.equal else "**They differ.** "
            lines += [
                (
                    f"- {sign}{code(checked.command)} was run before and after against a local double of the service: "
                    f"{prose(checked.verdict)}."
                ),
                "",
                "<details><summary>Report of that run</summary>",
                "",
                *fenced(checked.report, self.cap),
                "",
                "</details>",
                "",
            ]
        return [
            *lines,
            "- Callr offers no sandbox, so nothing was tried against Callr itself. Send one message before you send a thousand.",
        ]

    def commits(self) -> list[str]:
        lines = [f"{index}. {prose(subject)}" for index, subject in enumerate(self.account.commits, 1)]
        made = f"<sub>Made by callr-migrate {__version__}. Run it again to bring this up to date; ticks are kept.</sub>"
        return ["## Commits", "", *lines, "", made] if len(lines) > 1 else [made]

    def _links(self, findings: Sequence[Finding]) -> str:
        return self.places.links(findings, _PLACES if self.cap is None else min(self.cap, _PLACES))

    def _capped(self, rows: Sequence[_Row], shown: Callable[[_Row], str], more: str) -> list[str]:
        """The first rows, and how many there are beyond them."""
        kept = rows[: self.cap]
        rest = len(rows) - len(kept)
        return [*map(shown, kept), *([more.format(rest)] if rest else [])]


def _request(finding: Finding) -> str:
    """What the fix of a call makes it."""
    return finding.fix.description.removeprefix("Call ") if finding.fix else ""
