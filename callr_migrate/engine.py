"""Sources -> findings: parse, detect, judge, plan, write. Everything that needs libcst is behind this module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import libcst as cst

from callr_migrate.check.apps import Stories
from callr_migrate.check.calls import judge
from callr_migrate.check.credentials import credential_findings
from callr_migrate.check.scanned import Obstacle, syntax_obstacle
from callr_migrate.check.unparsed import SIMPLIFY, Unparsed, obstacle
from callr_migrate.check.webhooks import webhook_findings
from callr_migrate.config import Settings
from callr_migrate.detect import posts, sdk
from callr_migrate.detect.calls import Detection, LegacyCall
from callr_migrate.detect.declared import unused
from callr_migrate.detect.facade import AWAITED
from callr_migrate.detect.secrets import Secrets
from callr_migrate.detect.wrappers import through_wrappers
from callr_migrate.evaluate import Evaluator, InexactTreeError, Module, Project
from callr_migrate.faults import described
from callr_migrate.findings import Failure, Finding, Report, Unseen
from callr_migrate.lexing import Lexed
from callr_migrate.pack.model import RulePack
from callr_migrate.progressing import OnProgress, unheard
from callr_migrate.records import replace
from callr_migrate.rewrite.planner import Plan, Planner
from callr_migrate.rewrite.posting import prepare
from callr_migrate.rewrite.report import Findings
from callr_migrate.rewrite.request import RequestPlanner
from callr_migrate.rewrite.state import CallState, RewriteOptions
from callr_migrate.rewrite.writer import Writer
from callr_migrate.secret_text import Credentials, in_text
from callr_migrate.selection import Selection
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.stages import count, stage, staged
from callr_migrate.world import World, mentioning

_MAX_ROUNDS = 50


@staged("other analysis")
def analyse(
    settings: Settings,
    pack: RulePack,
    sources: Sequence[SourceFile],
    shown: Mapping[Path, Path],
    report: Report,
    loaded: dict[Path, SourceFile] | None = None,
    passes: Callable[[bytes], bool] | None = None,
    *,
    has_clients: bool = True,
    selection: Selection | None = None,
    scaffolds: bool = False,
    further: Sequence[str] = (),
    on_progress: OnProgress = unheard,
    known: Credentials | None = None,
    world: World | None = None,
) -> Analysis:
    """Look for legacy code in the files in `shown` (resolved path -> name), by the analysis of all `sources`.

    What cannot be seen is added to `report.unseen`. Further files of the project that the analysis comes across are
    added to `loaded`, by resolved path. `passes` tells whether a file's bytes may hold legacy code. Without
    `has_clients` there is none that could find its way into a further file, so only `sources` are searched.
    What `selection` (default: that of `settings`) leaves out stays as it is; `further` is the project's other code,
    which is not analysed. With `scaffolds` `report.scenarios` gets
    what may stand in place of retired apps. `known` are credentials of other parts of the project.
    `world` notes what is asked of all that lies outside of `sources`.
    """
    selection = selection or Selection(lambda _: settings)
    engine = _Engine(settings, pack, shown, report, {} if loaded is None else loaded, passes, selection)
    engine.goes_further = has_clients
    engine.scaffolds = scaffolds
    engine.further = further
    engine.on_progress = on_progress
    engine.world = world or engine.world
    engine.options = replace(engine.options, credentials=known or Credentials())
    findings = engine.run(sources)
    return Analysis(findings, Credentials() if engine.secrets is None else engine.secrets.credentials)


class Analysis(NamedTuple):
    """What was found, and the literal credentials that other parts of the project have to hide, too."""

    findings: list[Finding]
    credentials: Credentials


class _Engine:
    def __init__(
        self,
        settings: Settings,
        pack: RulePack,
        shown: Mapping[Path, Path],
        report: Report,
        loaded: dict[Path, SourceFile],
        passes: Callable[[bytes], bool] | None,
        selection: Selection,
    ) -> None:
        self.settings = settings
        self.selection = selection
        self.pack = pack
        self.shown = shown
        self.report = report
        self.loaded = loaded
        self.known: dict[Path, SourceFile] = {}
        # Asked for each call; to resolve a path is to ask the system for each of its folders.
        self._shown: dict[Path, bool] = {}
        self._changeable: dict[Module, bool] = {}
        self.goes_further = True
        self.further: Sequence[str] = ()
        self.on_progress: OnProgress = unheard
        self.scaffolds = False
        self.secrets: Secrets | None = None
        self.stories: Stories | None = None
        self.world = World()
        self.unparsed = Unparsed(pack, passes)
        self.options = RewriteOptions(
            settings.target or pack.default_target,
            settings.choices,
            settings.auth,
            selection.layout_of,
            selection.why_not,
        )

    def run(self, sources: Sequence[SourceFile]) -> list[Finding]:
        for source in sources:
            self.known[self.world.resolved(source.path)] = source
        project = Project(self.settings.root, self._read, self.world)
        findings: list[Finding] = []
        for done, source in enumerate(sources):
            self.on_progress(done, len(sources), "Parsing")
            problem = self._parse(project, source)
            if problem is not None and self._is_shown(source.path):
                told, unseen = self.unparsed.findings(source, problem)
                findings += told
                self.report.unseen += unseen
            elif self._is_shown(source.path):
                findings += self.unparsed.hidden(source)
        evaluator = Evaluator(project, self.pack)
        states, extra = self._calls(evaluator, project)
        if self.goes_further:
            self.report.notes += unused(self.pack, [state.call for state in states])
        extra += self._received(evaluator, project, states)
        found = self._plan(evaluator, project, states)
        self._scenarios(evaluator, states)
        found = [finding for finding in [*extra, *found] if self._is_shown(finding.path)]
        if self.secrets is not None:
            modules = {module.path: module for module in project.modules}
            found = [self.secrets.kept_from(finding, modules[finding.path]) for finding in found]
        # What refers to itself would keep the trees until the garbage collector comes, which looks at all of them.
        project.release()
        evaluator.release()
        return findings + found

    def _read(self, path: Path) -> SourceFile:
        """A file of the project that an import leads to; raises `SourceError` where the parser should not be tried."""
        key = self.world.resolved(path)
        source = self.known.get(key)
        if source is None:
            named = self.shown.get(key)
            self.world.note("names", str(key), "" if named is None else str(named))
            own = named or key
            source = SourceFile.from_bytes(own, self.world.read(own))
            self.world.note("settings", str(own), self.selection.settings_of(own).described())
            self.known[key] = self.loaded[key] = source
        if self._stands_against(source) is not None:
            raise SourceError("is not to be parsed")
        return source

    def _mentioning(self, name: str) -> Path | None:
        """A file that is not analysed and has a word in it."""
        found = mentioning(name, self.further, self.known)
        self.world.note("mentions", name, "" if found is None else str(found))
        return found

    def _is_shown(self, path: Path) -> bool:
        known = self._shown.get(path)
        if known is None:
            known = self._shown[path] = self.world.resolved(path) in self.shown
        return known

    def _stands_against(self, source: SourceFile) -> Obstacle | None:
        return obstacle(source, self.selection.layout_of(source.path)[1])

    def _parse(self, project: Project, source: SourceFile) -> Obstacle | None:
        try:
            before = self._stands_against(source)
            if before is not None:
                return before
            project.add(source)
        except cst.ParserSyntaxError as error:
            words = str(error.message).strip().splitlines()
            return syntax_obstacle(
                Lexed.of(source.text), source, error.raw_line, words[0] if words else "syntax error"
            )
        except RecursionError:
            return Obstacle("CLR901", "nests too deeply to be parsed", SIMPLIFY)
        except InexactTreeError:
            return Obstacle("CLR901", "is not given back exactly by the parser", SIMPLIFY)
        except Exception as error:
            self._failed(error, source.path)
        return None

    def _calls(self, evaluator: Evaluator, project: Project) -> tuple[list[CallState], list[Finding]]:
        """The legacy calls of all modules; evaluation loads further modules, so until there are no more."""
        planner = RequestPlanner(
            evaluator, self.options.choices, self.settings.accept_dropped, self._mentioning
        )
        calls: list[LegacyCall] = []
        done: set[Module] = set()
        while True:
            calls += self._detected(evaluator, project, done)
            try:
                with stage("searching for calls"):
                    every = through_wrappers(evaluator, project.modules, calls)
            except Exception as error:
                self._failed(error)
                every = calls
            states, findings = self._judged(evaluator, planner, every)
            if not self.goes_further or done.issuperset(project.modules):
                return states, findings

    def _detected(self, evaluator: Evaluator, project: Project, done: set[Module]) -> Iterator[LegacyCall]:
        while pending := [module for module in project.modules if module not in done]:
            if done and not self.goes_further:
                break
            for module in pending:
                self.on_progress(len(done), len(project.modules), "Searching")
                done.add(module)
                detectors = [posts.detect]
                if self.goes_further or self.unparsed.markers.search(module.source.text):
                    detectors.append(sdk.detect)
                detections: list[Detection] = []
                for detect in detectors:
                    try:
                        with stage("searching for calls"):
                            detections.append(detect(evaluator, module))
                    except Exception as error:
                        self._failed(error, module.path)
                for detection in detections:
                    yield from detection.calls
                if self._is_shown(module.path):
                    self.report.unseen += [
                        Unseen(module.path, line, reason)
                        for detection in detections
                        for line, reason in detection.unseen
                    ]

    @staged("judging calls")
    def _judged(
        self, evaluator: Evaluator, planner: RequestPlanner, calls: list[LegacyCall]
    ) -> tuple[list[CallState], list[Finding]]:
        states: list[CallState] = []
        planner.calls = calls
        count("judging calls", calls=len(calls))
        for done, call in enumerate(calls):
            self.on_progress(done, len(calls), "Judging calls")
            try:
                state = judge(evaluator, planner, call)
            except Exception as error:
                self._failed(error, call.module.path)
                continue
            surface = self.pack.surfaces.get(call.surface)
            if call.obstacle is not None and state.mapped:
                state.reason = call.obstacle
            elif surface is not None and not surface.rewritable:
                state.refuse(
                    f"calls of this kind are not rewritten: {surface.summary} {surface.note or ''}".strip()
                )
            states.append(state)
        # A client is asynchronous or it is not.
        awaited = {client for call in calls if call.obstacle == AWAITED for client in call.clients}
        for state in states:
            if awaited.intersection(state.call.clients):
                state.refuse(AWAITED)
        try:
            self.stories = Stories(evaluator, states)
            found = [self.stories.finding(state.call) for state in states]
        except Exception as error:
            self._failed(error)
            found = []
        return states, [finding for finding in found if finding is not None]

    @staged("searching for calls")
    def _received(self, evaluator: Evaluator, project: Project, states: list[CallState]) -> list[Finding]:
        try:
            return list(webhook_findings(evaluator, project.modules, [state.call for state in states]))
        except Exception as error:
            self._failed(error)
            return []

    def _plan(self, evaluator: Evaluator, project: Project, states: list[CallState]) -> list[Finding]:
        if not states and not self.goes_further:
            return []
        self.on_progress(0, 0, "Planning")
        try:
            return self._planned(evaluator, project, states)
        except Exception as error:
            self._failed(error)
            return [_only_told(state) for state in states]

    @staged("planning")
    def _planned(self, evaluator: Evaluator, project: Project, states: list[CallState]) -> list[Finding]:
        prepare(evaluator, states, settled=self.options.auth is not None)
        for _ in range(_MAX_ROUNDS):
            modules, plan = self._whole_plan(evaluator, project, states)
            before = sum(state.rewritten for state in states)
            writer = Writer(evaluator, modules, plan, self.options)
            writer.write()
            findings = Findings(writer)
            findings.keep_credentials()
            # A call that could not be written was refused, which may stand against others: plan anew without it.
            if sum(state.rewritten for state in states) == before:
                break
        clients = [(client.ref, client.surface) for client in plan.clients]
        calls = [state.call for state in states]
        self.secrets = findings.secrets
        found = [
            *findings.all(),
            *credential_findings(findings.secrets, clients, calls, self._may_change),
        ]
        writer.texts.clear()  # they refer to it, see `run`
        return found

    @staged("planning")
    def _scenarios(self, evaluator: Evaluator, states: list[CallState]) -> None:
        """What may stand in place of retired apps, where that is asked for."""
        if not self.scaffolds or self.stories is None or self.secrets is None:
            return
        # A YAML writer, which nothing else here needs.
        from callr_migrate.check.scenarios import all_scenarios

        root = self.world.resolved(self.settings.root)
        found = all_scenarios(
            evaluator, self.stories.all, states, self.secrets, root, self._failed, self._mentioning
        )
        self.report.scenarios += [each for each in found if self._is_shown(each.path)]

    def _whole_plan(
        self, evaluator: Evaluator, project: Project, states: list[CallState]
    ) -> tuple[list[Module], Plan]:
        """A plan for all modules, those included that are loaded while it is made."""
        while True:
            modules = project.modules
            plan = Planner(evaluator, modules, states, self.options, self._may_change).run()
            if len(project.modules) == len(modules):
                return modules, plan

    def _failed(self, error: Exception, path: Path | None = None) -> None:
        """Tell of a fault, once a place; what it does not touch is done all the same."""
        failure = Failure(path, described(error))
        if failure not in self.report.errors:
            self.report.errors.append(failure)

    def _may_change(self, module: Module) -> bool:
        known = self._changeable.get(module)
        if known is None:
            source = module.source
            known = self._is_shown(module.path) and source.fixable and not self.unparsed.hidden(source)
            self._changeable[module] = known
        return known


def _only_told(state: CallState) -> Finding:
    """A call whose rewrite could not be planned."""
    module = state.call.module
    return Finding(
        state.code,
        state.message,
        module.path,
        *module.span(state.call.node),
        method=state.call.method,
        surface=state.call.surface,
        facts=tuple(state.facts),
        reason=state.reason or "the rewrite could not be planned: see the error",
        help=state.help,
        url=state.url,
        secrets=in_text(Lexed.of(module.source.text)),
    )
