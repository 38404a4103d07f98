"""A group that changes a notebook too: an editor gets the places of the file, not those of its code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from callr_migrate.config import load_settings
from callr_migrate.pipeline import Request, run

types = pytest.importorskip("lsprotocol.types")


def offset(text: str, position: Any) -> int:
    lines = text.split("\n")
    line = lines[position.line].encode("utf-16-le")
    return sum(len(each) + 1 for each in lines[: position.line]) + len(
        line[: 2 * position.character].decode("utf-16-le")
    )


def test_the_edits_of_an_editor_give_what_fix_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from callr_migrate.editor.convert import Places

    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    Path("phone.py").write_text("import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n")
    cell = [
        "# é \U0001f600\n",
        "from phone import api\n",
        'x = "\U0001f600"; api.call("system.get_timestamp")',
    ]
    cells = [{"cell_type": "code", "metadata": {}, "source": cell, "outputs": []}]
    text = json.dumps({"cells": cells, "metadata": {}}, indent=1, ensure_ascii=False)
    Path("a.ipynb").write_text(text, encoding="utf-8")
    request = Request((Path(),), load_settings(Path()), unsafe=True, diff=True)
    outcome = run(request)
    edits = [edit for finding in outcome.report.findings if finding.fix for edit in finding.fix.edits]
    places = Places(types.PositionEncodingKind.Utf16)
    changes = places.workspace_edit(dict.fromkeys(edits), outcome.sources, {}).document_changes
    (notebook,) = (change for change in changes if change.text_document.uri.endswith("a.ipynb"))
    found = [
        (offset(text, edit.range.start), offset(text, edit.range.end), edit.new_text)
        for edit in notebook.edits
    ]
    for start, end, new in sorted(found, reverse=True):
        text = text[:start] + new + text[end:]
    assert text.encode() == outcome.changed[Path("a.ipynb")].raw
    diagnostic = next(
        finding for finding in outcome.report.findings if finding.method == "system.get_timestamp"
    )
    start = places.position(outcome.sources[diagnostic.path], diagnostic.start)
    before = Path("a.ipynb").read_text("utf-8")
    assert before[offset(before, start) :].startswith("api.call(")
