"""The analysis of a project in parts that have nothing to do with each other (`components`): here, or by workers.

The result does not depend on who does the work. Behind this module libcst is imported.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any

from callr_migrate.cache.parts import Kept, Lookup, Parts, Rules, Setting
from callr_migrate.check.codes import ONCE_A_PROJECT
from callr_migrate.config import Settings
from callr_migrate.deep import Deep, lasting
from callr_migrate.executors import ExecutorError, Lost, Workers, checker
from callr_migrate.files import real_path
from callr_migrate.findings import Failure, Finding, Report
from callr_migrate.gates import Gates
from callr_migrate.pack.gating import GateFacts
from callr_migrate.pack.model import RulePack
from callr_migrate.progressing import OnProgress, unheard
from callr_migrate.records import dataclass, replace
from callr_migrate.secret_text import Credentials, may_stand_in
from callr_migrate.selection import Selection
from callr_migrate.settings_tree import SettingsTree
from callr_migrate.source import SourceFile
from callr_migrate.stages import Stages, current, stage
from callr_migrate.world import Question, World

Component = tuple[SourceFile, ...]
# Characters of source that are worth a message to another process.
_BATCH = 60_000


@dataclass(frozen=True)
class Setup:
    """What holds for all parts. `root` is checked by workers of other machines: they must see the project's files."""

    settings: Settings
    pack: RulePack
    gates: GateFacts
    tree: SettingsTree
    shown: Mapping[Path, Path]
    has_clients: bool
    scaffolds: bool
    further: tuple[str, ...] = ()  # code of the project that is not analysed
    known: Credentials = field(default_factory=Credentials)
    is_remote: bool = False


@dataclass
class Done:
    """What came of one part; `loaded` are further files that it has to do with, by resolved path."""

    findings: list[Finding] = field(default_factory=list)
    report: Report = field(default_factory=Report)
    loaded: dict[Path, SourceFile] = field(default_factory=dict)
    credentials: Credentials = field(default_factory=Credentials)
    # What was asked of the world outside of the part, with the answers; None where that changed meanwhile.
    asked: dict[Question, str] | None = None
    key: bytes | None = None  # what it is kept under
    stages: Stages | None = None  # the worker's, with the first part of a task

    @property
    def tells(self) -> bool:
        """Whether there is anything to tell of the part."""
        report = self.report
        return bool(self.findings or report.unseen or report.errors or report.scenarios)


@dataclass(frozen=True)
class _Task:
    """Both pickled. For processes of this machine they are in files: a pipe that is full hangs where its reader dies."""

    setup: bytes | Path
    parts: bytes | Path
    is_profiled: bool = False


@dataclass(frozen=True)
class Doing:
    """How the work is done: `workers_for` some parts, without those that `kept` knows from an earlier run."""

    workers_for: Callable[[Sequence[Component]], Workers]
    on_progress: OnProgress  # may raise to stop the work
    kept: Parts | None = None
    rules: Rules | None = None

    def lookup(self, setup: Setup) -> Lookup | None:
        """Looks for what is kept; None where nothing is."""
        if self.kept is None or self.rules is None or not self.rules.are_same():
            return None
        return self.kept.of(
            Setting(
                setup.settings,
                self.rules,
                setup.gates,
                setup.shown,
                setup.tree.of,
                setup.has_clients,
                setup.scaffolds,
                setup.further,
            )
        )


def analyse_parts(setup: Setup, parts: Sequence[Component], doing: Doing) -> list[Done]:
    """Analyse each part; what they found is in their order, with groups of fixes that no two parts share.

    A part that comes across a file of another one is analysed anew together with it.
    """
    lookup = doing.lookup(setup)
    pending = list(parts)
    done: list[tuple[Component, Done]] = []
    while pending:
        done += zip(pending, _results(setup, pending, doing, lookup), strict=True)
        pending, done = _joined(done)
    done = _hiding(setup, done, doing, lookup)
    first = {source.path: number for number, source in enumerate(_all(parts))}
    done.sort(key=lambda item: first[item[0][0].path])
    return _regrouped(_told_once([result for _, result in done]))


def _hiding(
    setup: Setup, done: list[tuple[Component, Done]], doing: Doing, lookup: Lookup | None
) -> list[tuple[Component, Done]]:
    """The same where no part shows a credential that another one is given: such parts are analysed anew."""
    known = Credentials.together(result.credentials for _, result in done)
    open_ = [
        index
        for index, (part, result) in enumerate(done)
        if may_stand_in(known.beyond(result.credentials), [source.text for source in part])
    ]
    parts = [done[index][0] for index in open_]
    if lookup is not None:
        # What they gave before shows a credential of others.
        for index in open_:
            lookup.forget(done[index][1].key)
        lookup.hide(known)
    again = zip(open_, _results(replace(setup, known=known), parts, doing, None), strict=True)
    done = list(done)
    for index, result in again if parts else ():
        done[index] = done[index][0], result
    return done


def _all(parts: Iterable[Component]) -> Iterator[SourceFile]:
    for part in parts:
        yield from part


def _joined(done: list[tuple[Component, Done]]) -> tuple[list[Component], list[tuple[Component, Done]]]:
    """Parts that have to be analysed together after all, and those that are done."""
    if not any(result.loaded for _, result in done):
        return [], done
    owner = {real_path(source.path): number for number, (part, _) in enumerate(done) for source in part}
    loaders: dict[Path, list[int]] = {}
    for number, (_, result) in enumerate(done):
        for path in result.loaded:
            loaders.setdefault(path, []).append(number)
    together: dict[int, set[int]] = {}
    for number, (_, result) in enumerate(done):
        others = {owner.get(path, number) for path in result.loaded}
        # What one would change in a file that belongs to no part, such as a constant, others may need as it is.
        for path in _changed(result) - owner.keys():
            others.update(loaders.get(path, ()))
        for other in others - {number}:
            both = together.get(number, {number}) | together.get(other, {other})
            together.update(dict.fromkeys(both, both))
    groups = {min(group): sorted(group) for group in together.values()}
    pending = [tuple(source for number in group for source in done[number][0]) for group in groups.values()]
    return pending, [item for number, item in enumerate(done) if number not in together]


def _changed(result: Done) -> set[Path]:
    """The files that the fixes of a part would change, by resolved path."""
    paths = {edit.path for finding in result.findings if finding.fix for edit in finding.fix.edits}
    return {real_path(path) for path in paths}


def _results(setup: Setup, parts: Sequence[Component], doing: Doing, lookup: Lookup | None) -> Iterator[Done]:
    """What came of each part, now or in an earlier run."""
    if lookup is None:
        yield from _analysed(setup, parts, doing.workers_for(parts), doing.on_progress)
        return
    keys = [lookup.key_of(part) for part in parts]
    known = [lookup.known(part, key) for part, key in zip(parts, keys, strict=True)]
    rest = [part for part, kept in zip(parts, known, strict=True) if kept is None]
    analysed = _analysed(setup, rest, doing.workers_for(rest), doing.on_progress) if rest else iter(())
    for part, key, kept in zip(parts, keys, known, strict=True):
        if kept is not None:
            yield Done(kept.findings, kept.report, kept.loaded, kept.credentials, key=key)
            continue
        done = next(analysed)
        if key is not None and done.asked is not None:
            done.key = key
            lookup.note(
                part, key, Kept(done.findings, done.report, done.loaded, done.credentials, done.asked)
            )
        yield done
    next(analysed, None)


def _analysed(
    setup: Setup, parts: Sequence[Component], workers: Workers, on_progress: OnProgress
) -> Iterator[Done]:
    if workers.is_one:
        selection = Selection(setup.tree.of)
        for number, part in enumerate(parts):
            if len(parts) > 1:
                on_progress(number, len(parts), "Analysing")
            yield analyse_part(setup, part, selection, on_progress if len(parts) == 1 else unheard)
        return
    names: dict[Path, Path] = {}
    if workers.is_remote:
        # Other machines work in other folders: there all paths are absolute, here they are as given.
        names = {key: setup.shown[key] for key in setup.shown}
        names |= {source.path.absolute(): source.path for source in _all(parts)}
        setup = replace(setup, is_remote=True, shown={key: key for key in setup.shown})
        parts = [tuple(replace(source, path=source.path.absolute()) for source in part) for part in parts]
    with contextlib.ExitStack() as stack:
        folder = None
        if not workers.is_remote:
            import tempfile

            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="callr-migrate-")))
        common = _packed(setup, folder, "setup")
        batches = list(_batches(parts))
        stages = current()
        profiled = stages is not None
        tasks = (_Task(common, _packed(batch, folder, str(n)), profiled) for n, batch in enumerate(batches))
        done = 0
        for batch, result in zip(batches, workers.results(_work, tasks), strict=True):
            done += len(batch)
            on_progress(done, len(parts), "Analysing")
            every: list[Done] = []
            # Of several parts only the one at fault is lost.
            for part in batch if isinstance(result, Lost) else ():
                task = _Task(common, _packed((part,), folder, "alone"), profiled)
                again = next(workers.results(_work, [task])) if len(batch) > 1 else result
                every += _lost(again, part) if isinstance(again, Lost) else again
            every += [] if isinstance(result, Lost) else result
            if stages is not None:
                stages.workers += [each.stages for each in every if each.stages is not None]
            yield from (_named(done, names) for done in every) if names else every


def _packed(what: object, folder: Path | None, name: str) -> bytes | Path:
    import pickle

    raw = pickle.dumps(what)
    if folder is None:
        return raw
    path = folder / name
    path.write_bytes(raw)
    return path


def _lost(lost: Lost, part: Component) -> list[Done]:
    why = f"could not be analysed: {lost.reason}"
    return [Done(report=Report(errors=[Failure(source.path, why) for source in part]))]


def _batches(parts: Iterable[Component]) -> Iterator[tuple[Component, ...]]:
    batch: list[Component] = []
    size = 0
    for part in parts:
        batch.append(part)
        size += sum(len(source.text) for source in part)
        if size >= _BATCH:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def analyse_part(
    setup: Setup, part: Component, selection: Selection, on_progress: OnProgress = unheard
) -> Done:
    """Analyse one part by itself."""
    _import_engine()
    from callr_migrate.engine import analyse

    done = Done()
    world = World()
    done.findings, done.credentials = analyse(
        setup.settings,
        setup.pack,
        part,
        setup.shown,
        done.report,
        loaded=done.loaded,
        passes=_gates(setup.gates).passes,
        has_clients=setup.has_clients,
        selection=selection,
        scaffolds=setup.scaffolds,
        known=setup.known,
        further=setup.further,
        on_progress=on_progress,
        world=world,
    )
    done.asked = world.answers if world.is_steady else None
    return done


def _named(done: Done, names: Mapping[Path, Path]) -> Done:
    """The same with other paths."""

    def path(of: Path) -> Path:
        return names.get(of, of)

    def finding(of: Finding) -> Finding:
        fix = of.fix and replace(
            of.fix, edits=tuple(replace(edit, path=path(edit.path)) for edit in of.fix.edits)
        )
        return replace(of, path=path(of.path), fix=fix)

    report = done.report
    report.unseen = [replace(each, path=path(each.path)) for each in report.unseen]
    report.errors = [replace(each, path=each.path and path(each.path)) for each in report.errors]
    report.scenarios = [
        replace(
            each,
            path=path(each.path),
            places=tuple((path(place), start, end) for place, start, end in each.places),
        )
        for each in report.scenarios
    ]
    loaded = {key: replace(source, path=path(source.path)) for key, source in done.loaded.items()}
    return Done([finding(each) for each in done.findings], report, loaded, done.credentials)


@lru_cache(1)
def _import_engine() -> None:
    """Import it once, with libcst, which takes a tenth of a second."""
    with stage("importing the analysis"), lasting():
        import callr_migrate.engine  # noqa: F401


@lru_cache(1)
def _gates(facts: GateFacts) -> Gates:
    """Made once: every part asks the same."""
    return Gates(facts)


@lru_cache(1)
def _setup(packed: bytes | Path) -> tuple[Setup, Selection]:
    setup: Setup = _unpacked(packed)
    return setup, Selection(setup.tree.of)


def _unpacked(packed: bytes | Path) -> Any:
    import pickle

    return pickle.loads(packed if isinstance(packed, bytes) else packed.read_bytes())


def _work(task: _Task) -> list[Done]:
    """In a worker: the parts of a task."""
    if not task.is_profiled:
        return _worked(task)
    from callr_migrate.profiling import in_worker

    results, stages = in_worker(lambda: _worked(task), is_process=isinstance(task.setup, Path))
    results[0].stages = stages
    return results


def _worked(task: _Task) -> list[Done]:
    setup, selection = _setup(task.setup)
    if setup.is_remote and not setup.settings.root.is_dir():
        raise ExecutorError(
            f"a worker does not see the project's files: it has no folder {setup.settings.root}"
        )
    parts: tuple[Component, ...] = _unpacked(task.parts)
    deep = Deep()
    check = checker()
    return deep.run(lambda: [analyse_part(setup, part, selection, lambda *_: check()) for part in parts])


def _told_once(results: list[Done]) -> list[Done]:
    """Without what one part repeats that a project is told once, at its first place."""
    for code in ONCE_A_PROJECT:
        places = [
            (str(each.path), each.start) for done in results for each in done.findings if each.code == code
        ]
        first = min(places, default=None)
        for done in results if len(places) > 1 else ():
            done.findings = [
                each for each in done.findings if each.code != code or (str(each.path), each.start) == first
            ]
    return results


def _regrouped(results: list[Done]) -> list[Done]:
    """Number the groups of all parts in one row."""
    numbers: dict[tuple[int, str], str] = {}
    for index, done in enumerate(results):
        done.findings = [
            finding
            if finding.fix is None
            else replace(
                finding,
                fix=replace(
                    finding.fix,
                    group=numbers.setdefault((index, finding.fix.group), f"group-{len(numbers) + 1}"),
                ),
            )
            for finding in done.findings
        ]
    return results
