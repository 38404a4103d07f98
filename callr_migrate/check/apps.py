"""CLR5xx: kinds of app that were retired, and what hangs on each app of such a kind."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path

import libcst as cst

from callr_migrate.detect.calls import WRAPPER, LegacyCall
from callr_migrate.embedded import EmbeddedSource
from callr_migrate.evaluate import Evaluator, Module
from callr_migrate.evaluate.answers import of as answer_of
from callr_migrate.evaluate.module import Span
from callr_migrate.evaluate.values import Constant, Ref, answers, constants
from callr_migrate.findings import Evidence, Fact, Finding
from callr_migrate.pack.model import App
from callr_migrate.records import dataclass, replace
from callr_migrate.rewrite.state import CallState

# A finding is read by people; the facts name every place.
_MAX_NAMED = 8


def retired_app(evaluator: Evaluator, call: LegacyCall) -> App | None:
    """The retired app that a call makes or names, if its argument can only be such."""
    found = _app_argument(evaluator, call)
    return found[0] if found else None


def _app_argument(evaluator: Evaluator, call: LegacyCall) -> tuple[App, cst.BaseExpression] | None:
    for argument in _app_arguments(call):
        known = constants(evaluator.evaluate(call.module, argument))
        for constant in known or ():
            app = evaluator.pack.apps.get(constant.value) if isinstance(constant.value, str) else None
            if app is not None and app.retired:
                return app, argument
    return None


def _app_arguments(call: LegacyCall) -> list[cst.BaseExpression]:
    """The arguments that may name a kind of app: all of them where it is not told which is which."""
    params = call.rule.params or () if call.rule else ()
    if not any(param.app for param in params):
        return []
    if call.bound.arguments is not None:
        pairs = zip(params, call.bound.arguments, strict=False)
        return [argument for param, argument in pairs if param.app]
    return [arg.value for arg in call.node.args if not arg.star] if isinstance(call.node, cst.Call) else []


def app_finding(app: App, path: Path, span: Span, method: str | None, surface: str | None) -> Finding:
    """CLR501 at the place that names a retired app."""
    return Finding(
        "CLR501",
        f"{app.app} is retired: {app.summary[0].lower()}{app.summary[1:].rstrip('.')}",
        path,
        *span,
        method=method,
        surface=surface,
        facts=(_retired(app),),
        reason=app.reason,
        help=app.instead,
        url=app.source,
    )


@dataclass(eq=False)
class Story:
    """A retired app, and what has to change together with it.

    `made` is the call that makes the app, None where that is not seen. `hanging` are the calls that are given what
    that call answered, `kin` those on an app of the same kind that may be this one.
    """

    app: App
    made: CallState | None = None
    hanging: list[CallState] = field(default_factory=list)
    kin: list[CallState] = field(default_factory=list)

    @property
    def calls(self) -> list[CallState]:
        """All calls but the one that makes it, in the order of their places."""
        return sorted([*self.hanging, *self.kin], key=_order)


class Stories:
    """The stories of the legacy calls of all modules."""

    def __init__(self, evaluator: Evaluator, states: Sequence[CallState]) -> None:
        self.evaluator = evaluator
        self.pack = evaluator.pack
        self.states = sorted(states, key=_order)
        self.all: list[Story] = []
        self._of: dict[Ref, list[Story]] = {}  # legacy call -> the stories that it is part of
        for state in self.states:
            app = self._made_by(state.call)
            if app is not None:
                self._begin(Story(app, state), state)
        with self._answers_of_wrappers():
            self._follow()
        self._add_kin()
        self._tell()

    def finding(self, call: LegacyCall) -> Finding | None:
        """CLR501 at the argument that names a retired app."""
        found = _app_argument(self.evaluator, call)
        if found is None:
            return None
        app, argument = found
        finding = replace(
            app_finding(app, call.module.path, call.module.span(argument), call.method, call.surface),
            help=" ".join(filter(None, [app.instead, *self._offered(app)])),
        )
        story = next(iter(self._of.get(call.ref, ())), None)
        if story is None:
            return finding
        return replace(
            finding,
            help=" ".join(filter(None, [finding.help, *self._hanging_on(story)])),
            facts=(*finding.facts, *_places_of(story)),
        )

    # Which calls

    def _made_by(self, call: LegacyCall) -> App | None:
        app = retired_app(self.evaluator, call)
        if app is None and call.rule is not None and call.rule.makes is not None:
            app = self.pack.apps.get(call.rule.makes)
        return app if app is not None and app.retired else None

    @contextmanager
    def _answers_of_wrappers(self) -> Iterator[None]:
        """Let each call through a wrapper have an answer of its own, where such a call makes an app.

        Else all of them have that of the one call in the wrapper.
        """
        wrapped = [state.call for state in self.states if state.call.surface == WRAPPER]
        if not any(map(self._made_by, wrapped)):
            yield
            return
        self.evaluator.know(
            {
                call.node: answer_of(self.pack, map(Constant, call.methods), call.ref)
                for call in wrapped
                if call.methods
            }
        )
        try:
            yield
        finally:
            self.evaluator.know({})

    def _begin(self, story: Story, *states: CallState) -> None:
        self.all.append(story)
        for state in states:
            self._of.setdefault(state.call.ref, []).append(story)

    def _follow(self) -> None:
        """Add the calls that are given an app, those that are given what these answered, and so on."""
        changed = bool(self.all)
        while changed:
            changed = False
            for state in self.states:
                own = self._of.setdefault(state.call.ref, [])
                for story in [story for ref in self._given(state.call) for story in self._of.get(ref, ())]:
                    if story not in own and story.made is not state:
                        own.append(story)
                        story.hanging.append(state)
                        changed = True

    def _given(self, call: LegacyCall) -> Iterator[Ref]:
        """The legacy calls whose answers a call is given, in place of the ids that they hold."""
        params = call.rule.params or () if call.rule else ()
        for param, argument in zip(params, call.bound.arguments or (), strict=False):
            if param.format in self.pack.identifiers or (
                call.rule is not None and call.rule.none is not None
            ):
                for answer in answers(self.evaluator.evaluate(call.module, argument)):
                    yield from sorted(answer.calls, key=lambda ref: _place_key(ref.module, ref))

    def _add_kin(self) -> None:
        """Add the calls that are for one kind of app only, where the app is not followed to where it is made."""
        elsewhere: dict[str, Story] = {}
        for state in self.states:
            kind = state.call.rule.app if state.call.rule is not None else None
            if kind is None or self._of.get(state.call.ref):
                continue
            stories = [story for story in self.all if story.app.app == kind and story.made is not None]
            if not stories and kind in self.pack.apps:
                if kind not in elsewhere:
                    elsewhere[kind] = Story(self.pack.apps[kind])
                    self.all.append(elsewhere[kind])
                stories = [elsewhere[kind]]
            for story in stories:
                story.kin.append(state)
            self._of[state.call.ref] = stories

    # What is told

    def _tell(self) -> None:
        for state in self.states:
            stories = self._of.get(state.call.ref, [])
            made = [story for story in stories if story.made is not None]
            for story in made:
                assert story.made is not None
                if story.made is state:
                    state.help = " ".join(filter(None, [state.help, *self._hanging_on(story)])) or None
                    state.facts += _places_of(story)
                elif state in story.hanging:
                    here = _at(story.made)
                    self._add(state, f"It hangs on the {story.app.app} app that is made at {here}.")
                    state.facts.append(_hangs_on(story, here))
                    state.refuse(
                        f"it works on the {story.app.app} app that is made at {here}, a kind that was retired"
                    )
            kin = [story for story in made if state in story.kin]
            if kin:
                places = _listed([_at(story.made) for story in kin if story.made is not None])
                self._add(state, f"It works on a {kin[0].app.app} app; such are made at {places}.")
                state.facts += [_hangs_on(story, _at(story.made)) for story in kin if story.made is not None]
            # There may be hundreds of each: those that are made somewhere have told what they have.
            for story in (each for each in stories if each.made is None):
                others = [other for other in story.calls if other is not state]
                if others:
                    self._add(
                        state,
                        f"The {story.app.app} app that it works on is made elsewhere; calls on such an app, too: "
                        f"{_listed(map(_named, others))}.",
                    )
                    state.facts += [
                        Fact(f"{_what(other)} hangs on it, too", *_known(story.app, other))
                        for other in others
                    ]

    def _offered(self, app: App) -> Iterator[str]:
        if any(scaffold.app == app.app for scaffold in self.pack.scaffolds.values()):
            yield "`callr-migrate fix --scaffold DIR` writes one to begin with."

    @staticmethod
    def _add(state: CallState, sentence: str) -> None:
        state.help = f"{state.help} {sentence}" if state.help else sentence

    @staticmethod
    def _hanging_on(story: Story) -> Iterator[str]:
        if story.hanging:
            yield f"What hangs on this app: {_listed(map(_named, sorted(story.hanging, key=_order)))}."
        if story.kin:
            yield f"What may hang on it: {_listed(map(_named, story.kin))}."


def place(module: Module, node: cst.CSTNode, base: Path | None = None) -> str:
    """Where a node stands, for people: `path:line` from `base`, or else as the findings name their files."""
    start = module.span(node)[0]
    path = module.path
    if base or path.is_absolute():
        with suppress(ValueError):  # on another drive
            path = Path(os.path.relpath(path, base))
    cell = module.source.cell(start) if isinstance(module.source, EmbeddedSource) else None
    if cell is not None:
        return f"{path.as_posix()}, cell {cell[0]}, line {cell[1]}"
    return f"{path.as_posix()}:{module.source.line_number(module.source.position(start).line)}"


def _at(state: CallState) -> str:
    return place(state.call.module, state.call.node)


def _what(state: CallState) -> str:
    return state.call.method or "a legacy call"


def _named(state: CallState) -> str:
    return f"{_what(state)} ({_at(state)})"


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - _MAX_NAMED
    return ", ".join(found[:_MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _retired(app: App) -> Fact:
    return Fact(f"{app.app} is retired", app.evidence or Evidence.UNKNOWN, app.source)


def _known(app: App, state: CallState) -> tuple[Evidence, str]:
    return app.evidence or Evidence.UNKNOWN, _at(state)


def _places_of(story: Story) -> list[Fact]:
    """The story for programs: one fact for each place, which is its source."""
    return [
        *(
            Fact(f"{_what(state)} hangs on it", *_known(story.app, state))
            for state in sorted(story.hanging, key=_order)
        ),
        *(Fact(f"{_what(state)} may hang on it", *_known(story.app, state)) for state in story.kin),
    ]


def _hangs_on(story: Story, here: str) -> Fact:
    return Fact(f"hangs on a {story.app.app} app", story.app.evidence or Evidence.UNKNOWN, here)


def _order(state: CallState) -> tuple[str, int]:
    return _place_key(state.call.module, state.call.ref)


def _place_key(module: Module, ref: Ref) -> tuple[str, int]:
    return module.path.as_posix(), module.span(ref.node)[0]
