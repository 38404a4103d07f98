"""The server: diagnostics as text is typed, quick fixes, hover, and fixing all, over standard input and output."""

from __future__ import annotations

import asyncio
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from callr_migrate import __version__
from callr_migrate.editor.analysis import Analysis, AnalysisError, Document, analyse, settings_of
from callr_migrate.editor.convert import SOURCE, Places, overlaps
from callr_migrate.findings import Applicability, Finding
from callr_migrate.output.describe import describe_method

FIX_ALL = "source.fixAll.callrMigrate"
REWRITE_ALL = "source.rewriteAll.callrMigrate"
_TITLES = {
    FIX_ALL: (Applicability.SAFE, "callr-migrate: apply all safe fixes"),
    REWRITE_ALL: (Applicability.UNSAFE, "callr-migrate: apply all fixes, unsafe ones too"),
}
_PAUSE = 0.3  # seconds without a key before the analysis starts


class Server:
    """The state between requests: the last analysis of each project."""

    def __init__(self, lsp: LanguageServer) -> None:
        self.lsp = lsp
        self.analyses: dict[Path, Analysis] = {}  # by the project's root
        self._busy = asyncio.Lock()
        self._waiting: asyncio.Task[None] | None = None

    @property
    def places(self) -> Places:
        """Positions in the client's units."""
        return Places(self.lsp.workspace.position_encoding)

    def documents(self) -> list[Document]:
        """The open documents that are files."""
        found = []
        for uri, document in self.lsp.workspace.text_documents.items():
            path = _path(uri)
            if path is not None:
                found.append(Document(path, document.source, document.version))
        return found

    def folders(self) -> list[Path]:
        """The editor's folders."""
        paths = [_path(uri) for uri in self.lsp.workspace.folders]
        root = self.lsp.workspace.root_uri
        return [path for path in (*paths, _path(root) if root else None) if path is not None]

    def analysis_of(self, uri: str) -> tuple[Path, Analysis] | None:
        """Path and last analysis of a document, if it was made of what the document is now."""
        path = _path(uri)
        for analysis in self.analyses.values():
            if path is not None and path in analysis.versions:
                version = self.lsp.workspace.get_text_document(uri).version
                return (path, analysis) if analysis.versions[path] == version else None
        return None

    def changed(self) -> None:
        """Analyse once nobody has typed for a moment."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.ensure_future(self._later())

    async def _later(self) -> None:
        await asyncio.sleep(_PAUSE)
        await asyncio.shield(self.refresh())

    async def refresh(self) -> None:
        """Analyse the projects of all open documents, and publish what is found in them."""
        async with self._busy:
            documents = self.documents()
            projects: dict[Path, list[Document]] = {}
            try:
                settings = {document.path: settings_of(document.path) for document in documents}
                for document in documents:
                    projects.setdefault(settings[document.path].root, []).append(document)
                for root, found in projects.items():
                    self.analyses[root] = await asyncio.to_thread(
                        analyse, settings[found[0].path], found, self.folders()
                    )
            except AnalysisError as error:
                self.lsp.window_show_message(types.ShowMessageParams(types.MessageType.Error, str(error)))
                return
            for document in documents:
                self._publish(document, self.analyses[settings[document.path].root])

    def _publish(self, document: Document, analysis: Analysis) -> None:
        findings = analysis.findings_in(document.path)
        self.lsp.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                document.path.as_uri(),
                [self.places.diagnostic(analysis, finding) for finding in findings],
                document.version,
            )
        )

    # What is asked

    def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """The fixes at a place, and the two that are for all places."""
        known = self.analysis_of(params.text_document.uri)
        if known is None:
            return []
        path, analysis = known
        actions = [
            types.CodeAction(title, kind, data=params.text_document.uri)
            for kind, (_, title) in _TITLES.items()
        ]
        for finding in analysis.findings_in(path):
            action = self._quick_fix(finding, analysis, params)
            if action is not None:
                actions.append(action)
        only = params.context.only
        return [
            action
            for action in actions
            if only is None or any(f"{_name(action.kind)}.".startswith(f"{_name(kind)}.") for kind in only)
        ]

    def _quick_fix(
        self, finding: Finding, analysis: Analysis, params: types.CodeActionParams
    ) -> types.CodeAction | None:
        diagnostic = self.places.diagnostic(analysis, finding)
        if finding.fix is None or not overlaps(diagnostic.range, params.range):
            return None
        edits = analysis.edits_of(finding.fix.group)
        with_more = "" if len(edits) == 1 else ", with all that must change with it"
        return types.CodeAction(
            f"{finding.fix.description}{with_more} ({finding.applicability.value})",
            types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            is_preferred=finding.applicability is Applicability.SAFE,
            edit=self.places.workspace_edit(edits, analysis.outcome.sources, analysis.versions),
        )

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """The edits of an action that is for all places of a document's project."""
        path = _path(str(action.data))
        kind = _name(action.kind)
        if path is None or kind not in _TITLES:
            return action
        async with self._busy:
            applicability, _ = _TITLES[kind]
            settings = settings_of(path)
            documents = [each for each in self.documents() if settings_of(each.path).root == settings.root]
            analysis = await asyncio.to_thread(analyse, settings, documents, self.folders(), applicability)
        action.edit = self.places.workspace_edit(
            analysis.applied_edits(), analysis.outcome.sources, analysis.versions
        )
        return action

    def hover(self, params: types.HoverParams) -> types.Hover | None:
        """The method of a legacy call, and what it becomes."""
        known = self.analysis_of(params.text_document.uri)
        if known is None:
            return None
        path, analysis = known
        at = types.Range(params.position, params.position)
        for finding in analysis.findings_in(path):
            method = analysis.outcome.pack.methods.get(finding.method or "")
            where = self.places.diagnostic(analysis, finding).range
            if method is None or not overlaps(where, at):
                continue
            parts = [f"```python\n{finding.becomes}\n```"] if finding.becomes else []
            parts.append(f"```text\n{describe_method(method, analysis.outcome.pack)}```")
            return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(parts)), where)
        return None


def make_server() -> LanguageServer:
    """The server with its features; `start_io` runs it."""
    # Whole texts: the library splits lines at form feeds too, which would shift a partial change.
    lsp = LanguageServer(SOURCE, __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
    state: list[Server] = []

    def server() -> Server:
        if not state:
            state.append(Server(lsp))
        return state[0]

    @lsp.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def did_open(params: types.DidOpenTextDocumentParams) -> None:
        server().changed()

    @lsp.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def did_change(params: types.DidChangeTextDocumentParams) -> None:
        server().changed()

    @lsp.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def did_save(params: types.DidSaveTextDocumentParams) -> None:
        server().changed()

    @lsp.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def did_close(params: types.DidCloseTextDocumentParams) -> None:
        lsp.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))
        server().changed()

    kinds = [types.CodeActionKind.QuickFix, *_TITLES]

    @lsp.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=kinds, resolve_provider=True),
    )
    async def code_action(params: types.CodeActionParams) -> list[types.CodeAction]:
        return server().code_actions(params)

    @lsp.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(params: types.CodeAction) -> types.CodeAction:
        return await server().resolve(params)

    @lsp.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        return server().hover(params)

    return lsp


def _name(kind: types.CodeActionKind | str | None) -> str:
    """A kind as the protocol writes it; what an enumeration is formatted as depends on the Python."""
    return kind.value if isinstance(kind, types.CodeActionKind) else kind or ""


def _path(uri: str) -> Path | None:
    """The file of an address; None if it is none."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return Path(path) if path else None
