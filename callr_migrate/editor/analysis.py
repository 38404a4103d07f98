"""Runs of the pipeline over open documents, as they are in the editor and not on disk."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterable, Mapping
from pathlib import Path

from callr_migrate.config import ConfigError, Settings, load_settings
from callr_migrate.files import real_path
from callr_migrate.findings import Applicability, Edit, Finding
from callr_migrate.output import sources_of
from callr_migrate.pack import RuleError
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.records import dataclass
from callr_migrate.settings_tree import SettingsTree
from callr_migrate.source import SourceFile


class AnalysisError(Exception):
    """The documents cannot be analysed; the message is one line."""


@dataclass(frozen=True)
class Document:
    """An open document; `path` is absolute."""

    path: Path
    text: str
    version: int | None

    @property
    def raw(self) -> bytes:
        """Its bytes if it were saved now."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(self.text.encode("utf-8", "replace")).readline)
            return self.text.encode(encoding)
        except (SyntaxError, UnicodeError):
            return self.text.encode("utf-8", "replace")


@dataclass(frozen=True)
class Analysis:
    """What came of a run. `versions` are those of the documents that it was made of, by path."""

    outcome: Outcome
    versions: Mapping[Path, int | None]

    def findings_in(self, path: Path) -> list[Finding]:
        """Those of a document, in the order of their places."""
        return [finding for finding in self.outcome.report.findings if finding.path == path]

    def source_of(self, finding: Finding) -> SourceFile | None:
        """The text that a finding points into."""
        return sources_of(self.outcome, finding).get(finding.path)

    def edits_of(self, group: str) -> list[Edit]:
        """All edits of a group of fixes, over all files."""
        members = [each.fix for each in self.outcome.report.findings if each.fix and each.fix.group == group]
        return list(dict.fromkeys(edit for fix in members for edit in fix.edits))

    def applied_edits(self) -> list[Edit]:
        """The edits of the fixes that a run with `fix` would apply."""
        fixes = [each.fix for each in self.outcome.report.findings if each.fix and each.applied]
        return list(dict.fromkeys(edit for fix in fixes for edit in fix.edits))


def settings_of(path: Path) -> Settings:
    """The settings that hold for a document; raises `AnalysisError`."""
    try:
        return load_settings(path)
    except ConfigError as error:
        raise AnalysisError("; ".join(error.problems)) from None


def analyse(
    settings: Settings,
    documents: Iterable[Document],
    folders: Iterable[Path],
    fix: Applicability | None = None,
) -> Analysis:
    """Analyse the project of `settings` with its open documents.

    All of the project is looked at if it lies in one of the editor's folders, else the documents alone. `fix`: up to
    which applicability fixes are tried; none is written.

    Raises `AnalysisError`.
    """
    opened = {each.path: each for each in documents if each.path.is_file()}
    inside = any(folder in (settings.root, *settings.root.parents) for folder in folders)
    paths = (settings.root,) if inside else tuple(opened)
    request = Request(
        paths,
        settings,
        diff=fix is not None,
        unsafe=fix is Applicability.UNSAFE,
        overlay={real_path(path): each.raw for path, each in opened.items()},
        tree=SettingsTree(settings),
    )
    try:
        outcome = run(request)
    except (ConfigError, RuleError) as error:
        raise AnalysisError("; ".join(error.problems)) from None
    return Analysis(outcome, {path: each.version for path, each in opened.items()})
