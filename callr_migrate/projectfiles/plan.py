"""CLR7xx: what the files around the code require, lock and configure, and how that follows the code.

A group of fixes brings the target client along, beside the legacy one. The legacy one goes with the last group that
needs it: with it if there is one group only, else as a group of its own that holds all of them, so that it can never
be applied while something still needs it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from callr_migrate.files import real_path
from callr_migrate.findings import Applicability, Edit, Finding, Fix
from callr_migrate.pack.model import RulePack, Surface, Target
from callr_migrate.patterns import regex
from callr_migrate.projectfiles.configured import Setting, module_settings, settings_of
from callr_migrate.projectfiles.entries import Entry, Span, line_of
from callr_migrate.projectfiles.kinds import Kind
from callr_migrate.projectfiles.lists import made_by
from callr_migrate.projectfiles.locks import command_for, locked
from callr_migrate.projectfiles.reading import contents
from callr_migrate.projectfiles.requirement import normal
from callr_migrate.projectfiles.usage import Use, use_of
from callr_migrate.records import dataclass
from callr_migrate.selection import Selection
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.stages import staged

REQUIRED, LOCKED, ADDRESS, CREDENTIAL = "CLR701", "CLR702", "CLR703", "CLR704"
_CALLS = "CLR1"
_GROUP = "project-files"
_USER = regex(r"://([^/\s@]+)@")
_SETTINGS = frozenset({Kind.SETTINGS, Kind.INI, Kind.YAML, Kind.SHELL})


@dataclass(frozen=True)
class Project:
    """What the plan is made from. `files` are the files around the code that were asked for.

    `code` are all files of the project that may be legacy, whatever was asked for, `shown` those that were.
    `is_whole`: there are no others.
    """

    pack: RulePack
    target: Target
    files: Mapping[Path, Kind]
    sources: Mapping[Path, SourceFile]
    code: Sequence[SourceFile]
    shown: Sequence[SourceFile]
    is_whole: bool
    selection: Selection


@staged("project files")
def project_findings(project: Project, found: Sequence[Finding]) -> list[Finding]:
    """All findings: those of the code, whose fixes may have got further edits, and those of the files around it."""
    return _Plan(project, found).run()


class _Plan:
    def __init__(self, project: Project, found: Sequence[Finding]) -> None:
        self.project = project
        self.pack = project.pack
        self.found = list(found)
        self.groups: dict[str, Applicability] = {
            finding.fix.group: finding.applicability for finding in found if finding.fix is not None
        }
        self.libraries: dict[str, Surface] = {
            normal(surface.distribution): surface
            for surface in self.pack.surfaces.values()
            if surface.distribution is not None
        }
        self.brought: dict[str, list[str]] = {
            normal(name): modules
            for surface in self.pack.surfaces.values()
            for name, modules in surface.requires.items()
        }
        self.wanted = frozenset({*self.libraries, *self.brought, normal(project.target.distribution)})
        self.modules = [surface.module for surface in self.libraries.values() if surface.module]
        self.removals: list[tuple[Finding, list[Edit]]] = []
        self.additions: list[Edit] = []

    @cached_property
    def before(self) -> dict[str, Use | None]:
        """What needs each library now."""
        return {name: self._use([surface], self.project.code) for name, surface in self.libraries.items()}

    @cached_property
    def after(self) -> dict[str, Use | None]:
        """What needs it once all fixes are applied."""
        return {name: self._use([surface], self._after) for name, surface in self.libraries.items()}

    @staticmethod
    def _use(surfaces: Iterable[Surface], sources: Sequence[SourceFile]) -> Use | None:
        return use_of([surface.module for surface in surfaces if surface.module], sources)

    @cached_property
    def _after(self) -> list[SourceFile]:
        """The code as all fixes together make it."""
        edits: dict[Path, list[Edit]] = {}
        for finding in self.found:
            for edit in finding.fix.edits if finding.fix is not None else ():
                edits.setdefault(edit.path, []).append(edit)
        sources = []
        for source in self.project.code:
            try:
                sources.append(source.replaced(edits[source.path]) if source.path in edits else source)
            except SourceError:
                # The same is told when the fixes are applied.
                sources.append(source)
        return sources

    def run(self) -> list[Finding]:
        own: list[Finding] = []
        for path, kind in self.project.files.items():
            source = self.project.sources[path]
            command = made_by(source.text) if kind is Kind.REQUIREMENTS else None
            if kind is Kind.LOCK or command is not None:
                own += self._lock(source, command)
            else:
                own += self._requirements(source, kind)
            if kind in _SETTINGS:
                own += self._settings(source)
        for source in self.project.shown:
            own += self._module(source)
        return [*self._with_additions(), *own, *self._removed()]

    # Requirements

    def _requirements(self, source: SourceFile, kind: Kind) -> Iterator[Finding]:
        found = contents(source, kind, self.wanted)
        if found.problem is not None:
            place = locked(source, self.libraries)
            if place is not None:
                yield self._finding(source, place[0], place[1], reason=found.problem)
            return
        for entry in found.entries:
            if entry.name in self.libraries:
                yield from self._library(source, entry, found.entries)

    def _library(self, source: SourceFile, entry: Entry, entries: Sequence[Entry]) -> Iterator[Finding]:
        finding = self._finding(source, entry.name, entry.span)
        if self.project.selection.why_not(source, REQUIRED, *entry.span) is not None:
            yield finding
            return
        target = self.project.target
        beside = [other for other in entries if other.container == entry.container]
        has_target = any(other.name == normal(target.distribution) for other in beside)
        addition: list[Edit] = []
        if self.groups and not has_target and entry.insert_at is not None:
            addition = [Edit(source.path, entry.insert_at, entry.insert_at, entry.inserted(target))]
        stays = self._stays(source, entry)
        if stays is not None:
            self.additions += addition
            yield replace(finding, reason=stays)
            return
        becomes = None if has_target or not self.groups else entry.replaced(target)
        if len(self.groups) == 1 and becomes is not None:
            edits = [Edit(source.path, *entry.span, becomes)]
        elif entry.removal is not None:
            edits = [Edit(source.path, *entry.removal, "")]
            self.additions += addition
        else:
            self.additions += addition
            yield replace(
                finding, reason=entry.note or "it cannot go without what is beside it; change it by hand"
            )
            return
        self.removals.append((replace(finding, becomes=becomes or "(nothing)"), edits))
        yield from self._brought_along(source, entry, beside)

    def _stays(self, source: SourceFile, entry: Entry) -> str | None:
        """Why a library is still required; None if it is not."""
        use = self.after[entry.name]
        if use is not None:
            return f"{_seen_from(source.path, use.path)}:{use.line} still needs it"
        if not self.project.is_whole:
            return "not all of the project is looked at, so whether something needs it is not known"
        return entry.note if entry.replacement is None else None

    def _brought_along(self, source: SourceFile, entry: Entry, beside: Sequence[Entry]) -> Iterator[Finding]:
        """What only the library needed goes with it."""
        surface = self.libraries[entry.name]
        for other in beside:
            if other.name not in {normal(name) for name in surface.requires} or other.removal is None:
                continue
            if use_of(self.brought[other.name], self._after) is not None:
                continue
            finding = Finding(
                REQUIRED,
                f"{other.name} is required here, and only {surface.distribution} needed it",
                source.path,
                *other.span,
                becomes="(nothing)",
                secrets=_url_secrets(source, other.span),
            )
            if self.project.selection.why_not(source, REQUIRED, *other.span) is None:
                self.removals.append((finding, [Edit(source.path, *other.removal, "")]))
            else:
                yield finding

    def _finding(
        self, source: SourceFile, name: str, span: tuple[int, int], *, reason: str | None = None
    ) -> Finding:
        surface = self.libraries[name]
        service = self.pack.service
        used = self.before[name]
        message = f"{surface.distribution} is required here, a client of the API that ends on {service.shutdown.value}"
        if used is None and self.project.is_whole:
            message = f"{surface.distribution} is required here, and nothing in the project imports it"
        return Finding(
            REQUIRED,
            message,
            source.path,
            *span,
            surface=surface.surface,
            reason=reason,
            help=f"The rewritten code needs {self.project.target.distribution}.",
            url=service.guide,
            secrets=_url_secrets(source, span),
        )

    # Groups

    def _with_additions(self) -> list[Finding]:
        """The findings of the code, with the target client put beside the legacy one in each group."""
        additions = tuple(dict.fromkeys(self.additions))
        done: set[str] = set()
        found = []
        for finding in self.found:
            fix = finding.fix
            if additions and fix is not None and fix.group not in done:
                done.add(fix.group)
                finding = replace(finding, fix=replace(fix, edits=(*fix.edits, *additions)))
            found.append(finding)
        return found

    def _removed(self) -> Iterator[Finding]:
        """The findings of libraries that go, each with a fix."""
        everything = [
            edit for finding in self.found for edit in (finding.fix.edits if finding.fix is not None else ())
        ]
        worst = Applicability.worst(*self.groups.values())
        for finding, edits in self.removals:
            name = next(iter(self.groups)) if len(self.groups) == 1 else _GROUP
            needed = everything if len(self.groups) > 1 else []
            whole = dict.fromkeys([*edits, *needed, *(self.additions if len(self.groups) > 1 else ())])
            reason = (
                "it goes together with the last calls, of which some are unsafe"
                if worst is Applicability.UNSAFE
                else None
            )
            yield replace(
                finding,
                applicability=worst,
                reason=reason,
                fix=Fix("Require the new client" if self.groups else "Remove it", name, tuple(whole)),
            )

    # Locks and settings

    def _lock(self, source: SourceFile, command: str | None) -> Iterator[Finding]:
        place = locked(source, self.libraries)
        if place is None:
            return
        name, span = place
        run = f"`{command}`" if command else command_for(source.path.name)
        yield Finding(
            LOCKED,
            f"{self.libraries[name].distribution} is locked here",
            source.path,
            *span,
            surface=self.libraries[name].surface,
            reason="a lock file is made by its tool",
            help=f"Once nothing requires it any more, run {run}.",
            url=self.pack.service.guide,
        )

    @cached_property
    def _addresses(self) -> list[str]:
        found = {address.lower() for surface in self.pack.surfaces.values() for address in surface.addresses}
        return sorted(found, key=len, reverse=True)

    @cached_property
    def _calling(self) -> frozenset[Path]:
        """The files in which legacy calls are made."""
        return frozenset(finding.path for finding in self.found if finding.code.startswith(_CALLS))

    def _module(self, source: SourceFile) -> Iterator[Finding]:
        """The settings of a Python file that makes no legacy call itself; where one is made, its finding says it all."""
        if not any(address.encode() in source.raw for address in self._addresses):
            return
        if source.path not in self._calling:
            for setting in module_settings(source, self._addresses):
                yield self._address(source, setting)

    def _settings(self, source: SourceFile) -> Iterator[Finding]:
        in_use = any(self.before.values()) or any(finding.method for finding in self.found)
        service = self.pack.service
        for setting in settings_of(source, self.modules, self._addresses):
            if setting.address is not None:
                yield self._address(source, setting)
            elif in_use:
                yield Finding(
                    CREDENTIAL,
                    f"{setting.name} seems to hold a credential of the API that ends on {service.shutdown.value}",
                    source.path,
                    *setting.span,
                    help=service.credentials.note,
                    url=service.credentials.source,
                    secrets=setting.secrets,
                )

    def _address(self, source: SourceFile, setting: Setting) -> Finding:
        service = self.pack.service
        return Finding(
            ADDRESS,
            f"{setting.name} holds an address of the API that ends on {service.shutdown.value}",
            source.path,
            *setting.span,
            help=f"The address of REST v2 is {service.base_url.value}, and its requests are others.",
            url=service.guide,
            secrets=setting.secrets,
        )


def _url_secrets(source: SourceFile, span: Span) -> tuple[Span, ...]:
    """What addresses on the lines of a span hold before their host: tokens and passwords of package indexes."""
    low, high = line_of(source, span[0])[0], line_of(source, span[1])[1]
    return tuple(match.span(1) for match in _USER.finditer(source.text, low, high))


def _seen_from(path: Path, other: Path) -> str:
    """Where the other file lies below the folder that holds both."""
    path, other = real_path(path), real_path(other)
    try:
        return other.relative_to(os.path.commonpath((path.parent, other))).as_posix()
    except ValueError:  # two drives of Windows have no such folder
        return other.as_posix()
