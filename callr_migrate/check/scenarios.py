"""Scenarios to begin with, in place of retired apps: the texts of the pack, filled with what the legacy calls give.

What is not known before the program runs, and what no line of the text takes, is named with its place in the source.
No literal credential gets in.
"""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from callr_migrate.check.apps import Story, place
from callr_migrate.check.given import Dicts, Given, Kind, Parameters, Steps, common
from callr_migrate.detect.calls import LegacyCall
from callr_migrate.detect.secrets import Secrets
from callr_migrate.evaluate import Evaluator
from callr_migrate.evaluate.values import Ref, constants
from callr_migrate.findings import Scenario
from callr_migrate.pack.forms import Scaffold
from callr_migrate.pack.scaffolds import MARK, Slot, conditions, shown_path, slot_of, slots
from callr_migrate.records import dataclass
from callr_migrate.rewrite.state import CallState
from callr_migrate.secret_text import IN_ADDRESS, is_credential_name

_WIDTH = 110  # columns of what is added to the pack's text
_MAX_PLACES = 3
_PARAMETER = re.compile(r"[?&]([\w.-]+)=")


@dataclass(frozen=True)
class Subject:
    """What a scenario stands for: a call that makes an app (None: made elsewhere), and the calls on it."""

    scaffold: Scaffold
    what: str
    made: CallState | None
    calls: tuple[CallState, ...]

    @property
    def first(self) -> CallState:
        """The call whose place stands for all."""
        return self.made or self.calls[0]


def all_scenarios(
    evaluator: Evaluator,
    stories: Iterable[Story],
    states: Iterable[CallState],
    secrets: Secrets,
    root: Path,
    failed: Callable[[Exception, Path], None],
    mentioning: Callable[[str], Path | None],
) -> Iterator[Scenario]:
    """The scenarios for all retired apps, and all calls that need one; `failed` is told of faults.

    `mentioning` gives a file with a word in it that is not analysed.
    """
    states = list(states)
    dicts = Dicts(evaluator, [state.call for state in states], mentioning)
    for subject in _subjects(evaluator, stories, states, dicts):
        try:
            yield from _scenarios(evaluator, subject, secrets, root, dicts)
        except Exception as error:
            failed(error, subject.first.call.module.path)


def _subjects(
    evaluator: Evaluator, stories: Iterable[Story], states: Iterable[CallState], dicts: Dicts
) -> Iterator[Subject]:
    """What there is a scaffold for."""
    pack = evaluator.pack
    by_app = {scaffold.app: scaffold for scaffold in pack.scaffolds.values() if scaffold.app}
    by_method: dict[str, list[Scaffold]] = {}
    for each in pack.scaffolds.values():
        for name in each.methods:
            by_method.setdefault(name, []).append(each)
    for story in stories:
        scaffold = by_app.get(story.app.app)
        if scaffold is None:
            continue
        starting = {name for slot in slots(scaffold.text) for name in slot.methods}
        # Of an app that is made elsewhere only what starts it tells anything.
        if story.made is not None or any(state.call.method in starting for state in story.calls):
            yield Subject(scaffold, f"the {story.app.app} app", story.made, tuple(story.calls))
    for state in states:
        for scaffold in by_method.get(state.call.method or "", ()):
            parameters = Parameters(evaluator, state.call, dicts)
            wanted = conditions(scaffold).items()
            if all(parameters.at(slot.steps).value in values for slot, values in wanted):
                yield Subject(scaffold, f"the {state.call.method}", state, ())


def _scenarios(
    evaluator: Evaluator, subject: Subject, secrets: Secrets, root: Path, dicts: Dicts
) -> list[Scenario]:
    """The scenarios for a subject: one for each name that its app may get. Places are told from `root`."""
    if subject.made is None:
        names: list[str | None] = [None]
    else:
        name = Parameters(evaluator, subject.made.call, dicts).arguments.get("name")
        known = constants(evaluator.evaluate(subject.made.call.module, name)) if name is not None else None
        texts = {each.value for each in known or () if isinstance(each.value, str) and each.value}
        module = subject.made.call.module
        names = [*sorted(text for text in texts if not secrets.holds(module, text))] or [None]
    states = [subject.made] if subject.made else subject.calls
    return [
        Scenario(
            name_text or subject.scaffold.scaffold,
            _Filling(evaluator, subject, secrets, root, dicts, name_text).text(),
            subject.first.call.module.path,
            tuple((state.call.module.path, *state.call.module.span(state.call.node)) for state in states),
        )
        for name_text in names
    ]


@dataclass
class _Line:
    """A line of the pack's text, and how far it is indented."""

    text: str
    indent: int


class _Filling:
    """One scenario being written."""

    def __init__(
        self,
        evaluator: Evaluator,
        subject: Subject,
        secrets: Secrets,
        root: Path,
        dicts: Dicts,
        name: str | None,
    ) -> None:
        self.subject = subject
        self.secrets = secrets
        self.root = root
        self.name = name
        self.made = Parameters(evaluator, subject.made.call, dicts) if subject.made else None
        self.calls = [(state, Parameters(evaluator, state.call, dicts)) for state in subject.calls]
        self.taken: set[tuple[str, Steps]] = set()  # method, or nothing for that of `made` -> steps

    def text(self) -> str:
        """All of it."""
        lines = [
            _Line(text, len(text) - len(text.lstrip())) for text in self.subject.scaffold.text.splitlines()
        ]
        body = [line.rstrip() for line in self._block(lines, None)]
        made = self.subject.made
        where = f"made at {self._place(made.call)}" if made else "made elsewhere"
        if self.subject.scaffold.methods and made:
            where = f"call at {self._place(made.call)}"
        head = (
            f"To begin with, in place of {self.subject.what} {where}. Where it says TODO, a person decides."
        )
        return "\n".join([*_comment(head), *body, *self._left_over(), *self._hanging()]) + "\n"

    def _block(self, lines: Sequence[_Line], index: int | None) -> Iterator[str]:
        at = 0
        while at < len(lines):
            end = at + 1
            while end < len(lines) and lines[end].indent > lines[at].indent:
                end += 1
            own = [slot_of(match) for match in MARK.finditer(lines[at].text)]
            listed = next((slot for slot in own if slot.list_steps), None)
            if listed is not None and index is None:
                for number in self._numbers(listed):
                    yield from self._block(lines[at:end], number)
            else:
                filled = self._filled(lines[at], index)
                if filled is not None:
                    yield from filled
                    yield from self._block(lines[at + 1 : end], index)
            at = end

    def _numbers(self, slot: Slot) -> range:
        """The indexes of a list's items; one for a list that is not known, or that is wanted."""
        steps = slot.list_steps
        assert steps is not None
        counts = [parameters.count(steps) for parameters in self._parameters(slot)]
        count = counts[0] if len(counts) == 1 else None
        return range(1 if count is None or (not count and slot.mode == "!") else count)

    def _filled(self, line: _Line, index: int | None) -> list[str] | None:
        """A line with what its slots stand for, and what is to be said above it; None if it is left out."""
        above: list[str] = []
        is_comment = line.text.lstrip().startswith("#")
        indent = " " * line.indent
        left_out = False
        unsure: list[Given] = []

        def fill(match: re.Match[str]) -> str:
            nonlocal left_out
            slot = slot_of(match)
            steps = tuple(index if step is None and index is not None else step for step in slot.steps)
            given = self._given(slot, steps)
            if slot.mode in ("#", "+"):
                left_out = left_out or not given.is_set
                unsure.extend([given] if slot.mode == "+" and given.kind is Kind.OPEN else [])
                return self._where(slot, steps)
            if given.kind is Kind.KNOWN:
                return scalar(given.value)
            if given.kind is Kind.OPEN and is_comment:
                return f"`{self._source(given)}` ({self._at(given.at)})"
            if slot.mode == "?":
                return '""'
            if given.kind is Kind.OPEN or slot.mode == "!":
                above.append(f"{indent}# TODO: {self._asked(slot, steps, given)}")
                return '""'
            left_out = True
            return ""

        text = MARK.sub(fill, line.text)
        if unsure:
            text = f"{indent}# TODO: if `{self._source(unsure[0])}`: {text.lstrip()}"
        return None if left_out else [*above, text]

    def _asked(self, slot: Slot, steps: Steps, given: Given) -> str:
        path = shown_path(steps)
        if given.kind is Kind.ABSENT:
            return f"the legacy call gives no {path}."
        what = f"{path} is `{self._source(given)}` ({self._at(given.at)})"
        return f"{what}, which the source does not tell." if not slot.methods else f"{what}, or differs."

    # Values

    def _parameters(self, slot: Slot) -> list[Parameters]:
        if slot.methods:
            return [parameters for state, parameters in self.calls if state.call.method in slot.methods]
        return [self.made] if self.made is not None else []

    def _given(self, slot: Slot, steps: Steps) -> Given:
        for method in slot.methods or ("",):
            self.taken.add((method, slot.steps))
        first = self.subject.first
        if not slot.methods and steps == ("name",):
            kind = Kind.ABSENT if self.name is None else Kind.KNOWN
            own = self.made.at(steps) if self.made else Given(kind, first.call.ref)
            return self._checked(Given(Kind.KNOWN, own.at, self.name, own.constant) if self.name else own)
        if None in steps:
            return Given(Kind.HIDDEN, first.call.ref)
        return self._checked(
            common([parameters.at(steps) for parameters in self._parameters(slot)], first.call.ref)
        )

    def _checked(self, given: Given) -> Given:
        """The same, without the value of what is or holds a credential, or is no plain value."""
        if given.kind is Kind.KNOWN and self._is_secret(given):
            return Given(Kind.OPEN, given.at, is_secret=True)
        if given.kind is Kind.KNOWN and not isinstance(given.value, (str, int, float)):
            return Given(Kind.OPEN, given.at)
        return given

    def _is_secret(self, given: Given) -> bool:
        value = given.value
        refs = [given.at, *([given.constant.at] if given.constant and given.constant.at else [])]
        if not isinstance(value, str):
            return any(self._covers_secret(ref) for ref in refs)
        if _has_secret(value) or any(self._covers_secret(ref) for ref in refs):
            return True
        return any(self.secrets.holds(ref.module, value) for ref in refs)

    def _covers_secret(self, ref: Ref) -> bool:
        if not ref.module.holds(ref.node):
            return False
        start, end = ref.module.span(ref.node)
        return any(low < end and start < high for low, high in self.secrets.of_module(ref.module))

    # Words

    def _source(self, given: Given) -> str:
        """Its source, unless a credential is part of it."""
        text = given.shown
        if given.is_secret or self._covers_secret(given.at) or _has_secret(text):
            return "***"
        return "***" if self.secrets.holds(given.at.module, text) else _printable(text)

    def _where(self, slot: Slot, steps: Steps) -> str:
        found = [parameters.at(steps) for parameters in self._parameters(slot) if None not in steps]
        places = list(dict.fromkeys(self._at(each.at) for each in found if each.is_set))
        more = len(places) - _MAX_PLACES
        return ", ".join(places[:_MAX_PLACES]) + (f" and {more} more" if more > 0 else "")

    def _at(self, ref: Ref) -> str:
        return place(ref.module, ref.node, self.root)

    def _place(self, call: LegacyCall) -> str:
        return place(call.module, call.node, self.root)

    def _left_over(self) -> list[str]:
        """What the legacy calls give and no line takes."""
        starting = {name for slot in slots(self.subject.scaffold.text) for name in slot.methods}
        calls: list[tuple[str, Parameters]] = [("", self.made)] if self.made is not None else []
        calls += [
            (state.call.method, parameters)
            for state, parameters in self.calls
            if state.call.method in starting and state.call.method
        ]
        lines: list[str] = []
        for method, parameters in calls:
            for steps, given in parameters.leaves():
                if self._is_taken(method, steps):
                    continue
                value = scalar(given.value) if isinstance(given.value, (bool, int)) else ""
                shown = (
                    f": {value}" if value and given.kind is Kind.KNOWN and not self._is_secret(given) else ""
                )
                name = f"{method}: {shown_path(steps)}" if method else shown_path(steps)
                lines += _comment(f"- {name}{shown} ({self._at(given.at)})", "  ")
        return ["", "# TODO: what this does not carry over:", *dict.fromkeys(lines)] if lines else []

    def _is_taken(self, method: str, steps: Steps) -> bool:
        return any(
            name == method
            and len(taken) <= len(steps)
            and all(own in (step, None) for own, step in zip(taken, steps, strict=False))
            for name, taken in self.taken
        )

    def _hanging(self) -> list[str]:
        lines: list[str] = []
        for state, parameters in self.calls:
            rule = state.call.rule
            instead = rule.none.instead if rule is not None and rule.none is not None else None
            if rule is not None and instead is None:
                requests = [rule.rest] if rule.rest else rule.alternatives
                instead = " or ".join(f"{each.verb} {each.path}" for each in requests if each)
            told = f"- {state.call.method or 'a legacy call'} ({self._place(state.call)})"
            told += "".join(f", {name} {value}" for name, value in self._other_ids(parameters))
            lines += _comment(f"{told}: {instead}" if instead else told, "  ")
        return ["", "# TODO: what hangs on the app in the source:", *lines] if lines else []

    def _other_ids(self, parameters: Parameters) -> Iterator[tuple[str, str]]:
        """The ids that a call is given and that come from no legacy call: a number that is assigned, for instance."""
        for name, found in parameters.ids():
            given = self._checked(found)
            known = given.kind is Kind.KNOWN
            yield name, scalar(given.value) if known else f"`{self._source(given)}`"


def scalar(value: Any) -> str:
    """A plain value as YAML in one line; texts are quoted."""
    import yaml

    style = '"' if isinstance(value, str) else None
    text = yaml.safe_dump(value, default_style=style, allow_unicode=True, width=math.inf)
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        _printable(text),
        _WIDTH,
        initial_indent="# ",
        subsequent_indent=f"# {indent}",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _printable(text: str) -> str:
    """A text as a comment may hold it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def _has_secret(text: str) -> bool:
    """Whether a text has an address with a credential in it, or among its parameters."""
    return bool(IN_ADDRESS.search(text)) or any(map(is_credential_name, _PARAMETER.findall(text)))
