"""Discover, gate, analyse, plan, and write or report: the one way through, for every command."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.config import ConfigError, Settings
from callr_migrate.counting import Counting
from callr_migrate.deep import Deep
from callr_migrate.digests import sha256
from callr_migrate.discovery import named
from callr_migrate.embedded import possible, told, unseen_on_disk
from callr_migrate.executors import ExecutorError, Workers, available
from callr_migrate.files import real_path
from callr_migrate.findings import Failure, Finding, Report, Scenario
from callr_migrate.front import Front, may_be_project
from callr_migrate.gates import Gates
from callr_migrate.loading import Candidates, Loader
from callr_migrate.pack import RulePack, load_pack, nearest
from callr_migrate.pack.declared import with_wrappers, wrapper_problems
from callr_migrate.pack.gating import VERIFIED
from callr_migrate.parts import Part, parts_of
from callr_migrate.progressing import OnProgress, unheard
from callr_migrate.projectfiles.kinds import kind_of_path
from callr_migrate.records import dataclass
from callr_migrate.selection import Selection
from callr_migrate.settings_tree import SettingsTree
from callr_migrate.source import SourceFile
from callr_migrate.stages import stage

if TYPE_CHECKING:
    from callr_migrate.baseline import Comparison
    from callr_migrate.fixing import Fixing
    from callr_migrate.scaffolding import ScaffoldFile

# Characters of source: two batches (`analysing._BATCH`). Of less, one worker would get all or most of it. From there on two
# processes win by the clock, for files with few calls and with many: `benchmarks/jobs.py` puts the line at 33,000 to
# 59,000 characters on two idle cores, and at 40,000 to 66,000 by processors' time.
_WORTH_PROCESSES = 120_000


@dataclass(frozen=True)
class Request:
    """What is asked of a run.

    `on_progress` is told how far each step of the work is; `cache` is the folder for what is worth keeping.
    """

    paths: tuple[Path, ...]
    settings: Settings
    write: bool = False
    unsafe: bool = False
    diff: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    attest: bool = False
    diff_base: str | None = None  # only what is in lines changed since this revision counts
    content: bytes | None = None  # what the only path holds, whatever is on disk
    overlay: Mapping[Path, bytes] = field(default_factory=dict)  # what files hold, by resolved path
    on_progress: OnProgress = unheard
    cache: Path | None = None
    scaffold: Path | None = None  # the folder for scenarios in place of retired apps
    docs: bool = False  # the code blocks of pages, too
    tree: SettingsTree | None = None  # of `settings`; None: they hold for all files
    front: Front | None = None  # of `paths` and `tree`, if that is done
    jobs: int = 1  # processes that analyse; 0: as many as are worth it
    executor: str | None = None  # the address of a cluster that does the work


@dataclass
class Outcome:
    """What came of it.

    `sources` are the files before any fix, `changed` what the fixes make of them, `written` those of `changed` that
    are on disk: findings that are left point into `written` where it has their file, all others into `sources`.
    """

    report: Report
    sources: dict[Path, SourceFile]
    changed: dict[Path, SourceFile]
    written: dict[Path, SourceFile]
    pack: RulePack
    content: bytes | None = None  # of the request
    scaffold: list[ScaffoldFile] = field(default_factory=list)  # on disk if the request is to write


def run(request: Request) -> Outcome:
    """Do it all; raises `ConfigError` and `RuleError`. The work runs on a thread with a deep stack.

    An interruption waits until the group of files that is being written is done, so that none is half written.
    """
    deep = Deep()
    try:
        with Workers(request.jobs or available(), request.executor) as workers:
            deep.stopping.append(workers.stop)
            return deep.run(lambda: _whole(request, deep, workers))
    except ExecutorError as error:
        raise ConfigError([str(error)]) from None


def _whole(request: Request, deep: Deep, workers: Workers) -> Outcome:
    """Find the files, work on each part of them, and count what came of all."""
    settings = request.settings
    tree = request.tree or SettingsTree(settings, is_fixed=True)
    counting = Counting(
        Selection(tree.of),
        Report(),
        _baseline(request),
        request.diff_base,
        real_path(settings.root),
    )
    report = counting.report
    front = request.front or Front(
        request.paths,
        tree,
        docs=request.docs,
        found=None if request.content is None else named(*request.paths),
        cache=lambda: request.cache,
    )
    found = front.found
    report.errors += found.errors
    report.files = len(found.names)
    counting.shown = found.shown
    runs: list[_Run] = []
    for part in parts_of(found, tree):
        # Without any file of its own the run's own settings are checked all the same.
        if not runs or part.files.names or part.files.around_names:
            runs.append(_Run(request, deep, workers, counting, front, part, len(runs)))
    findings = [finding for run in runs for finding in run.work()]
    front.keep()
    if workers.is_without:
        report.notes.append(
            "no further processes can be started here, so this one did everything: as --jobs 1"
        )
    sources: dict[Path, SourceFile] = dict(counting.noted)
    for run in runs:
        sources |= {path: source for path, source in run.sources.items() if path not in sources}
    for run in runs:
        sources |= {path: source for path, source in run.sources.items() if path in run.shown}
    written = {path: source for run in runs for path, source in run.written.items()}
    changed = {path: source for run in runs for path, source in run.changed.items()}
    report.findings = counting.counted(findings, {**sources, **written}, written=bool(written))
    report.findings.sort(key=lambda finding: (str(finding.path), finding.start, finding.code))
    report.findings = counting.told_once(report.findings, sources, written)
    report.unseen = sorted(dict.fromkeys(report.unseen), key=lambda unseen: (str(unseen.path), unseen.line))
    report.notes = list(dict.fromkeys(report.notes))
    hashes = {name: digest for run in runs for name, digest in run.loader.hashes.items()}
    report.digest = _digest(hashes) if request.attest else None
    outcome = Outcome(report, sources, changed, written, runs[0].pack, request.content)
    if request.scaffold is not None:
        from callr_migrate.scaffolding import scaffold_files, told_of, write_scaffold

        report.scenarios = told_of([each for run in runs for each in run.scenarios], report.findings)
        outcome.scaffold, failures = scaffold_files(report.scenarios, request.scaffold)
        report.errors += failures + (write_scaffold(outcome.scaffold) if request.write else [])
    return outcome


def _baseline(request: Request) -> Comparison | None:
    if request.baseline is None and request.write_baseline is None:
        return None
    from callr_migrate.baseline import open_baseline

    return open_baseline(request.baseline, request.write_baseline)


class _Run:
    """The work on one part of the files, with settings of its own."""

    def __init__(
        self,
        request: Request,
        deep: Deep,
        workers: Workers,
        counting: Counting,
        front: Front,
        part: Part,
        number: int,
    ) -> None:
        self.request = request
        self.deep = deep
        self.workers = workers
        self.counting = counting
        self.report = counting.report
        self.tree = front.tree
        self.settings = part.settings._replace(root=part.root)
        self.part = part.files
        self.number = number
        self.shown = self.part.shown
        self.rules = front.rules(self.settings.rules, part.settings.root)
        pack = load_pack(self.settings.rules, cache=request.cache)
        if os.path.lexists(part.settings.root / VERIFIED):
            # With it come YAML and JSON schemas.
            from callr_migrate.pack.verified import project_verified

            pack = project_verified(pack, part.settings.root, self.report.notes)
        _check_names(self.settings, pack)
        self.pack = with_wrappers(pack, self.settings.wrappers)
        self.loader = Loader(
            part.root,
            front,
            Gates(self.pack),
            self.report,
            self._progress,
            request.overlay if request.content is None else {real_path(request.paths[0]): request.content},
            hashed_below=real_path(request.settings.root) if request.attest else None,
            noted=counting.noted,
        )
        self.sources: dict[Path, SourceFile] = {}
        self.changed: dict[Path, SourceFile] = {}
        self.written: dict[Path, SourceFile] = {}
        self.scenarios: list[Scenario] = []

    def work(self) -> list[Finding]:
        """The findings of the part, as they are after what is written."""
        candidates = self.loader.load(self.part)
        everything = self._analyse(candidates, self.report)
        self.scenarios, self.report.scenarios = self.report.scenarios, []
        sources = candidates.all
        if self.request.write or self.request.diff:
            findings = self._fix(everything, candidates, sources)
        else:
            findings = self.counting.selected(everything, sources, self.shown)
        self.sources = sources
        return findings

    def _progress(self, done: int, total: int, what: str = "Reading") -> None:
        self.deep.check()
        self.request.on_progress(done, total, what)

    # Analysis

    def _analyse(self, candidates: Candidates, report: Report) -> list[Finding]:
        """One pass of the engine: the findings of the files that were asked for; `report` takes what is unseen.

        Files that the engine loads on its own join the candidates.
        """
        found = self._code_findings(candidates, report) if candidates.sources else []
        files = {
            source.path: kind
            for key, source in (*candidates.around.items(), *candidates.sources.items())
            for kind in [kind_of_path(source.path)]
            if kind is not None and (key in candidates.around or key in candidates.shown)
        }
        if not (candidates.sources or candidates.around):
            return self._regrouped(found)
        if not files and not self._has_addresses(candidates):
            return self._regrouped(found)
        with stage("project files"):
            from callr_migrate.projectfiles.plan import Project, project_findings

        return self._regrouped(
            project_findings(
                Project(
                    self.pack,
                    self.pack.targets[self.settings.target or self.pack.default_target],
                    files,
                    candidates.all,
                    [
                        source
                        for source in (*candidates.sources.values(), *candidates.hidden)
                        if source.fixable
                    ],
                    [source for key, source in candidates.sources.items() if key in candidates.shown],
                    may_be_project(self.loader.root),
                    self.counting.selection,
                ),
                found,
            )
        )

    def _has_addresses(self, candidates: Candidates) -> bool:
        """Whether any code that was asked for names an address of the service, which may be a setting."""
        shown = [source.raw for key, source in candidates.sources.items() if key in candidates.shown]
        return any(
            address.lower().encode() in raw for address in self.loader.gates.facts.addresses for raw in shown
        )

    def _is_migrated(self, candidates: Candidates) -> bool:
        """Whether any of the code names the new API."""
        return any(self.pack.service.base_url.value in source.text for source in candidates.sources.values())

    def _regrouped(self, findings: list[Finding]) -> list[Finding]:
        """With groups that no other part has."""
        if not self.number:
            return findings
        return [
            finding
            if finding.fix is None
            else replace(finding, fix=replace(finding.fix, group=f"{finding.fix.group}-{self.number}"))
            for finding in findings
        ]

    def _code_findings(self, candidates: Candidates, report: Report) -> list[Finding]:
        # What it brings along is for runs with candidates.
        from callr_migrate.analysing import Doing, Setup, analyse_parts

        self.deep.check()
        setup = Setup(
            self.settings,
            self.pack,
            self.loader.gates.facts,
            self.tree,
            candidates.shown,
            self.loader.has_clients,
            self.request.scaffold is not None,
            candidates.further,
        )
        # Workers of other machines see what they see.
        kept = None if self.workers.is_remote else self.loader.front.parts
        doing = Doing(self._workers_for, self._progress, kept, self.rules)
        parts, together = candidates.components, [tuple(candidates.sources.values())]
        if not self.loader.has_clients and self._is_migrated(candidates):
            parts = together
        done = analyse_parts(setup, parts, doing)
        if not self.loader.has_clients and len(parts) > 1 and any(each.tells for each in done):
            # Of files without a client one part may tell how another is to be read, as webhooks are.
            done = analyse_parts(setup, together, doing)
        own = Report()
        found: list[Finding] = []
        for each in done:
            found += each.findings
            own.unseen += each.report.unseen
            own.errors += [error for error in each.report.errors if error not in own.errors]
            report.scenarios += each.report.scenarios
            candidates.sources.update(each.loaded)
        # What no part has seen, nobody has.
        self.report.notes += [
            note for note in done[0].report.notes if all(note in each.report.notes for each in done)
        ]
        # What is told of a notebook's or page's code names its places as the file has them.
        named = candidates.all
        report.unseen += [unseen_on_disk(unseen, named) for unseen in own.unseen]
        report.errors += [failure for failure in own.errors if failure not in report.errors]
        return [told(finding, named) for finding in possible(found, named)]

    def _workers_for(self, parts: Sequence[tuple[SourceFile, ...]]) -> Workers:
        """Who is to analyse the parts: processes only if asked for, or where they win."""
        size = sum(len(source.text) for part in parts for source in part)
        # Without clients it is soon told that there is nothing.
        is_worth = size >= _WORTH_PROCESSES and self.loader.has_clients
        if len(parts) < 2 or not (self.workers.is_remote or self.request.jobs or is_worth):
            return Workers(1)
        return self.workers

    # Fixing

    def _fix(
        self, everything: list[Finding], candidates: Candidates, sources: dict[Path, SourceFile]
    ) -> list[Finding]:
        """Apply the groups that may be applied; the findings that are left, and those that are done."""
        from callr_migrate.fixing import Fixing

        fixing = Fixing(self.counting.to_fix(everything, sources), sources, unsafe=self.request.unsafe)
        left, again = self._verified(fixing, candidates)
        if self.request.write and not self._write(fixing, sources):
            again = Report()
            left = self._analyse(candidates.with_changes(fixing.changed().values()), again)
        self.changed = fixing.changed()
        self.written = self.changed if self.request.write else {}
        marked = [
            replace(finding, applied=finding.fix is not None and finding.fix.group in fixing.accepted)
            for finding in self.counting.selected(everything, sources, self.shown)
        ]
        self.report.fixed += sum(finding.applied for finding in marked)
        if not self.written:
            return marked
        self.report.unseen = [unseen for unseen in self.report.unseen if unseen.path not in self.shown]
        self.report.unseen += again.unseen
        self.scenarios = again.scenarios
        self.report.errors += [failure for failure in again.errors if failure not in self.report.errors]
        left = self.counting.selected(left, {**sources, **self.written}, self.shown)
        return [finding for finding in marked if finding.applied] + left

    def _verified(self, fixing: Fixing, candidates: Candidates) -> tuple[list[Finding], Report]:
        """Take the groups whose result holds; the findings after them, and the report of that analysis.

        All of them are tried at once. Only where that fails each is tried on its own, to find the one at fault.
        """
        again = Report()
        trial = fixing.accept_all()
        if trial is None:
            changed = fixing.changed()
            left = self._analyse(candidates.with_changes(changed.values()), again) if changed else []
            if fixing.fault(left) is None:
                return left, again
        for group in fixing.restart():
            problem = fixing.accept(group)
            if problem is None:
                left = self._analyse(candidates.with_changes(fixing.changed().values()), Report())
                problem = fixing.fault(left)
                if problem is not None:
                    fixing.accepted.discard(group)
            if problem is not None:
                self.report.errors.append(problem)
        again = Report()
        return self._analyse(candidates.with_changes(fixing.changed().values()), again), again

    def _write(self, fixing: Fixing, sources: dict[Path, SourceFile]) -> bool:
        """Write the accepted groups one by one; False if one of them could not be written, and was taken back."""
        from callr_migrate.writing import WriteError, write_together

        complete = True
        on_disk = dict(sources)
        wanted = [group for group in fixing.groups if group in fixing.accepted]
        fixing.accepted.clear()
        for group in wanted:
            fixing.accepted.add(group)
            paths = fixing.paths_of(group)
            changed = fixing.changed()
            try:
                with self.deep.uninterrupted():
                    write_together([(on_disk[path], changed[path]) for path in paths])
                    on_disk.update({path: changed[path] for path in paths})
            except WriteError as error:
                fixing.accepted.discard(group)
                complete = False
                self.report.errors.append(Failure(error.path, str(error)))
        return complete


def _digest(hashes: Mapping[str, str]) -> str:
    """The SHA-256 of the lines that `sha256sum` prints for the files, sorted by their paths."""
    lines = "".join(f"{hashes[name]}  {name}\n" for name in sorted(hashes))
    return sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _check_names(settings: Settings, pack: RulePack) -> None:
    """Hold the names in the settings against the pack; raises `ConfigError`."""
    problems = list(wrapper_problems(settings.wrappers, settings.root))
    if settings.target is not None and settings.target not in pack.targets:
        problems.append(
            f"no target {settings.target!r}{nearest(settings.target, pack.targets)}; there is {', '.join(pack.targets)}"
        )
    for name, answer in settings.choices.items():
        choice = pack.choices.get(name)
        if choice is None:
            problems.append(f"choices: no choice {name!r}{nearest(name, pack.choices)}")
        elif answer not in choice.answers:
            problems.append(
                f"choices: {name!r} cannot be {answer!r}; it is one of {', '.join(choice.answers)}"
            )
    options = {key.rpartition(".")[2] for method in pack.methods.values() for key in method.dropped}
    problems += [
        f"accept-dropped: no option {name!r} is ever dropped{nearest(name, options)}"
        for name in settings.accept_dropped
        if name not in options
    ]
    if problems:
        raise ConfigError(problems)
