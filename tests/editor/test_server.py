"""The language server in a process of its own, talked to over the protocol by a real client."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

types = pytest.importorskip("lsprotocol.types", reason="pygls is not installed (extra 'lsp')")
client_module = pytest.importorskip("pygls.lsp.client", reason="pygls is not installed (extra 'lsp')")

from callr_migrate.cli import main  # noqa: E402

LIMIT = 300  # seconds for all of one talk
CLIENT = 'import os\n\nimport callr\n\napi = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])\n'
USE = 'from client import api\n\n\ndef tell():\n    x = "\U0001f4f1"; api.call("did/areacode.countries")\n'
SETTLED = 'auth = "keep"\n'

Talk = Callable[["Editor"], Coroutine[Any, Any, None]]


class Editor:
    """An editor's side: what it has open, and what it was told."""

    def __init__(self, client: Any, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.versions: dict[str, int] = {}
        self.published: dict[tuple[str, int | None], list[Any]] = {}
        self.news = asyncio.Event()
        self.messages: list[str] = []

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str) -> None:
        self.versions[name] = 1
        text = (self.folder / name).read_bytes().decode()
        item = types.TextDocumentItem(self.uri(name), "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, name: str, text: str) -> None:
        self.versions[name] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self.versions[name], self.uri(name)),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self.news.clear()
            await self.news.wait()

    async def diagnostics(self, name: str) -> list[Any]:
        """Those of the document as it is now."""
        key = self.uri(name), self.versions[name]
        await self.until(lambda: key in self.published)
        return self.published[key]

    async def actions(
        self, name: str, line: int, character: int = 0, only: list[str] | None = None
    ) -> list[Any]:
        at = types.Position(line, character)
        params = types.CodeActionParams(
            types.TextDocumentIdentifier(self.uri(name)),
            types.Range(at, at),
            types.CodeActionContext([], only=only),
        )
        return await self.client.text_document_code_action_async(params) or []

    def applied(self, edit: Any, texts: dict[str, str]) -> dict[str, str]:
        """The texts after a workspace edit, done as the protocol says, in UTF-16 units."""
        result = dict(texts)
        for change in edit.document_changes:
            (name,) = [name for name in texts if self.uri(name) == change.text_document.uri]
            assert change.text_document.version == self.versions.get(name)
            lines = [*texts[name].splitlines(keepends=True), ""]
            starts = [0]
            for line in lines:
                starts.append(starts[-1] + len(line.encode("utf-16-le")))
            raw, done, pieces = texts[name].encode("utf-16-le"), 0, []

            def offset(position: Any, starts: list[int] = starts) -> int:
                return starts[position.line] + 2 * position.character

            for one in sorted(change.edits, key=lambda one: offset(one.range.start)):
                assert offset(one.range.start) >= done
                pieces += [raw[done : offset(one.range.start)], one.new_text.encode("utf-16-le")]
                done = offset(one.range.end)
            result[name] = (b"".join(pieces) + raw[done:]).decode("utf-16-le")
        return result


def talk(folder: Path, conversation: Talk) -> None:
    """Start a server, talk to it, and end it as the protocol wants."""

    async def whole() -> None:
        client = client_module.LanguageClient("test", "1")
        editor = Editor(client, folder)

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: Any) -> None:
            editor.published[params.uri, params.version] = list(params.diagnostics)
            editor.news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)
        def message(params: Any) -> None:
            editor.messages.append(params.message)
            editor.news.set()

        await client.start_io(sys.executable, "-m", "callr_migrate", "server")
        try:
            await client.initialize_async(
                types.InitializeParams(
                    capabilities=types.ClientCapabilities(),
                    workspace_folders=[types.WorkspaceFolder(folder.as_uri(), "x")],
                )
            )
            client.initialized(types.InitializedParams())
            await conversation(editor)
            await client.shutdown_async(None)
        finally:
            client.exit(None)
            await client.stop()

    asyncio.run(asyncio.wait_for(whole(), LIMIT))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "client.py").write_bytes(CLIENT.encode())
    (tmp_path / "use.py").write_bytes(USE.encode())
    (tmp_path / "callr-migrate.toml").write_text(SETTLED)
    return tmp_path


def test_diagnostics_as_one_types(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open("use.py")
        (found,) = await editor.diagnostics("use.py")
        assert (found.code, found.source) == ("CLR101", "callr-migrate")
        assert found.message.startswith("did/areacode.countries is GET ")
        before = USE.splitlines()[4].partition("api.call")[0]
        # The sign before the call takes two units.
        assert (found.range.start.line, found.range.start.character) == (4, len(before) + 1)
        editor.type("use.py", "# " + USE.replace("\n    x", "\n    # x"))
        assert await editor.diagnostics("use.py") == []
        editor.type("use.py", "\n" + USE)
        (found,) = await editor.diagnostics("use.py")
        assert found.range.start.line == 5
        assert editor.messages == []

    talk(folder, conversation)


def test_unsaved_changes_of_other_documents_count(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open("use.py")
        editor.open("client.py")
        assert len(await editor.diagnostics("use.py")) == 1
        editor.type("client.py", "api = object()\n")
        assert await editor.diagnostics("client.py") == []
        key = editor.uri("use.py"), 1
        await editor.until(lambda: editor.published[key] == [])

    talk(folder, conversation)


def test_a_quick_fix_changes_all_that_belongs_together(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open("use.py")
        await editor.diagnostics("use.py")
        (fix,) = await editor.actions("use.py", 4, 20, only=["quickfix"])
        assert fix.title == "Call GET /phone-numbers/countries, with all that must change with it (safe)" or (
            fix.title.startswith("Call GET ")
            and fix.title.endswith(", with all that must change with it (safe)")
        )
        assert fix.is_preferred
        assert await editor.actions("use.py", 0, 0, only=["quickfix"]) == []
        texts = editor.applied(fix.edit, {"use.py": USE, "client.py": CLIENT})
        assert "httpx.Client(" in texts["client.py"]
        assert "api.get(" in texts["use.py"]
        assert (folder / "use.py").read_text(encoding="utf-8") == USE
        written(folder, texts)

    talk(folder, conversation)


def test_settings_of_their_own_below_hold_in_a_fix_of_all(folder: Path) -> None:
    """What a folder below ignores stays as it is, and the client with it; as on the command line."""
    (folder / "below").mkdir()
    (folder / "below" / "callr-migrate.toml").write_text('ignore = ["CLR101"]\n' + SETTLED)
    (folder / "below" / "__init__.py").touch()
    (folder / "below" / "kept.py").write_bytes(USE.encode())

    async def conversation(editor: Editor) -> None:
        editor.open("client.py")
        await editor.diagnostics("client.py")
        (action,) = await editor.actions("client.py", 0, only=["source.fixAll.callrMigrate"])
        action = await editor.client.code_action_resolve_async(action)
        texts = editor.applied(action.edit, {"use.py": USE, "client.py": CLIENT, "below/kept.py": USE})
        assert texts["below/kept.py"] == USE
        assert "callr.Api(" in texts["client.py"]
        written(folder, texts)

    talk(folder, conversation)


def written(folder: Path, expected: dict[str, str], *options: str) -> None:
    """What `fix` writes is what the editor got."""
    main(["fix", "-q", *options, str(folder)])
    assert {name: (folder / name).read_bytes().decode() for name in expected} == expected


@pytest.mark.parametrize(
    ("kind", "options"),
    [("source.fixAll.callrMigrate", []), ("source.rewriteAll.callrMigrate", ["--unsafe-fixes"])],
)
def test_fix_all_of_unsaved_documents(folder: Path, kind: str, options: list[str]) -> None:
    async def conversation(editor: Editor) -> None:
        more = USE + '    api.call("sms.get", "ABCDEF12")\n'
        editor.open("use.py")
        editor.type("use.py", more)
        await editor.diagnostics("use.py")
        (action,) = await editor.actions("use.py", 0, only=[kind])
        assert action.edit is None
        action = await editor.client.code_action_resolve_async(action)
        texts = editor.applied(action.edit, {"use.py": more, "client.py": CLIENT})
        assert ("sms.get" in texts["use.py"]) is not bool(options)
        (folder / "use.py").write_bytes(more.encode())
        written(folder, texts, *options)

    talk(folder, conversation)


def test_hover(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open("use.py")
        await editor.diagnostics("use.py")

        async def hover(line: int, character: int) -> Any:
            where = types.TextDocumentIdentifier(editor.uri("use.py"))
            return await editor.client.text_document_hover_async(
                types.HoverParams(where, types.Position(line, character))
            )

        shown = await hover(4, 20)
        assert "```python\napi.get(" in shown.contents.value
        assert "did/areacode.countries: " in shown.contents.value
        assert await hover(0, 0) is None

    talk(folder, conversation)


def test_what_is_half_typed_and_a_config_that_is_wrong(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open("use.py")
        await editor.diagnostics("use.py")
        editor.type("use.py", USE + "def (\n")
        codes = {found.code for found in await editor.diagnostics("use.py")}
        assert "CLR101" in codes
        (folder / "callr-migrate.toml").write_text("targett = 'x'\n")
        editor.type("use.py", USE)
        await editor.until(lambda: bool(editor.messages))
        assert "targett" in editor.messages[0]
        (folder / "callr-migrate.toml").write_text(SETTLED)
        editor.type("use.py", USE)
        assert [found.code for found in await editor.diagnostics("use.py")] == ["CLR101"]

    talk(folder, conversation)


def test_closing_takes_the_diagnostics_away(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        editor.open("use.py")
        await editor.diagnostics("use.py")
        where = types.TextDocumentIdentifier(editor.uri("use.py"))
        editor.client.text_document_did_close(types.DidCloseTextDocumentParams(where))
        key = editor.uri("use.py"), None
        await editor.until(lambda: key in editor.published)
        assert editor.published[key] == []

    talk(folder, conversation)


def test_no_credential_reaches_an_editor_but_in_its_own_text(folder: Path) -> None:
    async def conversation(editor: Editor) -> None:
        text = (
            'import callr\napi = callr.Api("qzlogin", "qzpass")\napi.call("sms.get", "ABCDEF12")  # qzpass\n'
        )
        (folder / "one.py").write_text(text)
        editor.open("one.py")
        found = await editor.diagnostics("one.py")
        assert "CLR604" in {one.code for one in found}
        assert "qz" not in str(found)
        assert "qz" not in str(await editor.actions("one.py", 1, 8, only=["quickfix"]))

    talk(folder, conversation)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("pygls", "lsprotocol")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("callr_migrate.editor.server", "callr_migrate.editor.convert"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "lsprotocol", None)
    monkeypatch.setitem(sys.modules, "pygls", None)
    assert main(["server"]) == 2
    assert "callr-migrate[lsp]" in capfd.readouterr().err
