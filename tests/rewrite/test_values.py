"""Dates and identifiers where the table of results cannot show it: other rules, and what is told once."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from harness import migrate, read, write

from callr_migrate.config import load_settings
from callr_migrate.pipeline import Request, run

NUMBERS = """\
methods:
- method: did.search
  summary: Search numbers, with a request that is known.
  evidence: documented
  params:
  - {name: filters, type: object, optional: true}
  returns: {type: object, object: DID.SearchResult}
  rest:
    verb: GET
    path: /numbers
    result: {object: DID.SearchResult}
  dropped:
    filters: {note: For this test only.}
  examples:
  - before: found = api.call("did.search")
    after: found = api.get("/numbers").raise_for_status().json()
"""
HEAD = """\
import callr

api = callr.Api("acacias_login", "not-a-real-secret")
"""


def project(folder: Path, code: str, rules: str = "") -> Path:
    config = 'rules = ["own"]\n' if rules else ""
    write(folder, {"main.py": (HEAD + textwrap.dedent(code)).encode()}, config)
    if rules:
        (folder / "own").mkdir()
        (folder / "own" / "own.yaml").write_text(rules, "utf-8")
    return folder


def test_a_number_of_an_answer_of_v2(tmp_path: Path) -> None:
    folder = project(
        tmp_path / "one",
        """\
        for did in api.call("did.search")["hits"]:
            api.call("did/store.cancel_subscription", did["hash"])
        """,
        NUMBERS,
    )
    migrate(folder, "httpx")
    assert read(folder)["main.py"].decode().splitlines()[-2:] == [
        'for did in api.get("/numbers").raise_for_status().json()["hits"]:',
        """    api.delete("/numbers/" + quote(did["e164"], safe='')).raise_for_status()""",
    ]


def test_the_data_migration_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = project(
        tmp_path / "two",
        """\
        import os

        sms = api.call("sms.get", "8242D945")
        print(sms["hash"] == os.environ["ONE"])
        print(sms["hash"] == os.environ["TWO"])
        """,
    )
    outcome = migrate(folder, "httpx", fix=False)
    told = [finding.help for finding in outcome.report.findings if finding.code == "CLR202"]
    assert [text is not None and "lower(sms_hash)" in text for text in told] == [True, False]
    assert told[1] == "What to do is told at two/main.py:7."


def test_the_data_migration_is_told_among_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project(
        tmp_path / "two", 'import os\nprint(api.call("sms.get", "8242D945")["hash"] == os.environ["ONE"])\n'
    )
    (folder / "aaa.py").write_bytes((folder / "main.py").read_bytes())
    monkeypatch.chdir(folder)
    report = run(Request((Path("main.py"),), load_settings(folder))).report
    (told,) = [finding.help for finding in report.findings if finding.code == "CLR202"]
    assert told is not None
    assert "lower(sms_hash)" in told
