"""Which groups of fixes are taken, what the files become by them, and whether that holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from callr_migrate.findings import Applicability, Edit, Failure, Finding
from callr_migrate.source import SourceError, SourceFile
from callr_migrate.stages import staged

# What the files around the code need follows from all of the code, so it may come up again while some of it is left.
_FOLLOWING = "CLR7"
_FAULT = "so it is left as it was; please report this"


class Fixing:
    """The groups that may be applied, and `accepted`, those of them that are."""

    def __init__(
        self, findings: Iterable[Finding], sources: Mapping[Path, SourceFile], *, unsafe: bool
    ) -> None:
        self.sources = sources
        members: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.fix is not None:
                members.setdefault(finding.fix.group, []).append(finding)
        self.wanted = wanted = {Applicability.SAFE, Applicability.UNSAFE} if unsafe else {Applicability.SAFE}
        self.groups = {
            group: _edits(found)
            for group, found in members.items()
            if all(finding.applicability in wanted for finding in found)
        }
        self.accepted: set[str] = set()

    def paths_of(self, group: str) -> list[Path]:
        """The files that a group changes."""
        return list(self.groups[group])

    @staged("writing edits")
    def accept_all(self) -> Failure | None:
        """Take every group; what stands against it, if anything."""
        self.accepted = set(self.groups)
        return self._problem(self.accepted)

    def restart(self) -> list[str]:
        """Take none; all that could be."""
        self.accepted = set()
        return list(self.groups)

    @staged("writing edits")
    def accept(self, group: str) -> Failure | None:
        """Take one group more; what stands against it, if anything."""
        problem = self._problem({group}) or self._problem({*self.accepted, group})
        if problem is None:
            self.accepted.add(group)
        return problem

    def _problem(self, groups: set[str]) -> Failure | None:
        for path, edits in self._by_path(groups).items():
            try:
                self.sources[path].replaced(edits)
            except SourceError as error:
                return Failure(path, str(error))
        return None

    @staged("writing edits")
    def changed(self) -> dict[Path, SourceFile]:
        """The files as the accepted groups make them."""
        return {
            path: self.sources[path].replaced(edits) for path, edits in self._by_path(self.accepted).items()
        }

    def _by_path(self, groups: set[str]) -> dict[Path, list[Edit]]:
        """The edits of several groups, which may share a file."""
        edits: dict[Path, list[Edit]] = {}
        for group, by_path in self.groups.items():
            if group in groups:
                for path, own in by_path.items():
                    edits.setdefault(path, []).extend(own)
        return edits

    def fault(self, left: Iterable[Finding]) -> Failure | None:
        """What is wrong with the changed files, told from their findings: they must parse, and be done with."""
        changed = self.changed()
        for finding in left:
            source = changed.get(finding.path)
            if source is None:
                continue
            if finding.code == "CLR901":
                return Failure(finding.path, f"internal fault: the rewritten file would not parse, {_FAULT}")
            if finding.code.startswith(_FOLLOWING) or finding.applicability not in self.wanted:
                continue
            if finding.fix is not None and any(edit.path in changed for edit in finding.fix.edits):
                line = source.position(finding.start).line
                return Failure(
                    finding.path,
                    "internal fault: a second run would change the file again "
                    f"({finding.code} at new line {line}), {_FAULT}",
                )
        return None


def _edits(findings: Iterable[Finding]) -> dict[Path, list[Edit]]:
    edits: dict[Path, list[Edit]] = {}
    for finding in findings:
        assert finding.fix is not None
        for edit in finding.fix.edits:
            edits.setdefault(edit.path, []).append(edit)
    return edits
