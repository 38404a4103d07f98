"""Files that do not parse: each legacy call is found in the text, and what is to be done first is told."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callr_migrate.config import load_settings
from callr_migrate.detect.scan import scan
from callr_migrate.findings import Applicability, Finding
from callr_migrate.lexing import Lexed, value_of
from callr_migrate.pack import RulePack, load_pack
from callr_migrate.pipeline import Request, run
from callr_migrate.source import SourceFile

BROKEN = "print 1\n"


@pytest.fixture(scope="module")
def pack() -> RulePack:
    return load_pack()


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def found(text: str) -> list[Finding]:
    Path("old.py").write_text(text, encoding="utf-8")
    return run(Request((Path(),), load_settings(Path()))).report.findings


CALLS = {
    "a call": ("api.call('sms.send', '', to)\n", [(2, 1, "CLR101", "sms.send")]),
    "of an attribute": ("self.api.call(u'sms.send')\n", [(2, 1, "CLR101", "sms.send")]),
    "over lines": ("x = api.call(  # that\n    'sms.get',\n    h)\n", [(2, 5, "CLR101", "sms.get")]),
    "joined": ("import callr\napi.call('sms.' 'get', h)\n", [(3, 1, "CLR101", "sms.get")]),
    "named arguments": ("api.send(method='sms.get', params=[h])\n", [(2, 1, "CLR101", "sms.get")]),
    "a constant": ("import callr\nGET = 'sms.get'\napi.call(GET, h)\n", [(4, 1, "CLR101", "sms.get")]),
    "a constant of two values": (
        "import callr\nGET = 'sms.get'\nGET = 'sms.get_list'\napi.call(GET, h)\n",
        [(5, 1, "CLR105", None)],
    ),
    "no counterpart": (
        "api.call('sms.get_count_for_body', b)\n",
        [(2, 1, "CLR103", "sms.get_count_for_body")],
    ),
    "computed, of a client": (
        "import callr\napi = callr.Api(a, b)\napi.call(name())\n",
        [(4, 1, "CLR105", None)],
    ),
    "computed, of anything": ("import callr\nsock.send(name())\n", []),
    "half computed": (
        "import callr\napi = callr.Api(a, b)\napi.call('sms.' + x)\n",
        [(4, 1, "CLR105", None)],
    ),
    "unknown, of a client": (
        "import callr\napi = callr.Api(a, b)\napi.call('sms.sned')\n",
        [(4, 1, "CLR104", "sms.sned")],
    ),
    "unknown, of anything": ("import callr\nrobot.call('some.thing')\n", []),
    "in a comment": ("# api.call('sms.send')\n", []),
    "in a text": ("x = \"api.call('sms.send')\"\n", []),
    "in a text of lines": ("'''\napi.call('sms.send')\n'''\n", []),
    "behind a text without an end": ("x = 'it\napi.call('sms.get', h)\n", [(3, 1, "CLR101", "sms.get")]),
    "a facade": (
        "from thecallrapi import TheCallrApi\nc = TheCallrApi(a, b)\nc.sms.send(f, t, x)\n",
        [(4, 1, "CLR101", "sms.send")],
    ),
    "somebody else's facade": ("c.sms.send(f, t, x)\n", []),
    "a payload": (
        "urlopen(U, dumps({'jsonrpc': '2.0', 'method': u'sms.get', 'params': [h]}))\n",
        [(2, 37, "CLR101", "sms.get")],
    ),
    "a payload as a text": (
        'post(U, \'{"jsonrpc": "2.0", "method": "sms.get"}\')\n',
        [(2, 29, "CLR101", "sms.get")],
    ),
    "another vendor's payload": ("post({'jsonrpc': '2.0', 'method': 'eth.call'})\n", []),
    "a route": (
        "requests.post('https://api.callr.com/rest/v1.1/sms', data=d)\n",
        [(2, 15, "CLR101", "sms.send")],
    ),
    "a route without its verb": (
        "fetch(U + 'https://api.callr.com/rest/v1.1/sms')\n",
        [(2, 11, "CLR105", None)],
    ),
    "a route with a hash": (
        "get('https://api.callr.com/rest/v1.1/sms/ABCDEFGH')\n",
        [(2, 5, "CLR101", "sms.get")],
    ),
}


@pytest.mark.parametrize(("text", "calls"), CALLS.values(), ids=CALLS)
def test_each_call_is_found(text: str, calls: list[tuple[int, int, str, str | None]]) -> None:
    findings = [finding for finding in found(BROKEN + text) if finding.code != "CLR901"]
    source = SourceFile.read(Path("old.py"))
    places = [
        (position.line, position.column, finding.code, finding.method)
        for finding in findings
        for position in [source.position(finding.start)]
    ]
    assert places == calls
    for finding in findings:
        assert finding.applicability is Applicability.MANUAL
        assert finding.fix is None
        assert "is Python 2 source (a print statement in line 1)" in (finding.reason or "")


def test_the_surface_is_told_where_it_can_only_be_one() -> None:
    calls = [
        finding for finding in found("import thecallr\nprint 1\napi.call('sms.get', h)\n") if finding.method
    ]
    assert [finding.surface for finding in calls] == ["thecallr"]
    calls = [
        finding
        for finding in found("import callr\nimport thecallr\nprint 1\napi.call('sms.get')\n")
        if finding.method
    ]
    assert [finding.surface for finding in calls] == [None]


LEGACY = "import callr\napi.call('sms.get', h)\n"
KINDS = {
    "print": ("print 'x'\n", "is Python 2 source (a print statement in line 3)", "Port it to Python 3"),
    "print in a branch": ("if x: print x\n", "is Python 2 source (a print statement in line 3)", "Port it"),
    "except": (
        "try:\n    pass\nexcept A, e:\n    pass\n",
        "Python 2 source (`except A, b` in line 5)",
        "Port it",
    ),
    "raise": ("raise A, 'b'\n", "is Python 2 source (`raise A, b` in line 3)", "Port it"),
    "exec": ("exec code in space\n", "is Python 2 source (an exec statement in line 3)", "Port it"),
    "unequal": ("x = 1 <> 2\n", "is Python 2 source (`<>` in line 3)", "Port it"),
    "backquotes": ("x = `y`\n", "is Python 2 source (backquotes in line 3)", "Port it"),
    "numbers": ("chmod(x, 0755)\n", "is Python 2 source (a number such as 0777 or 1L in line 3)", "Port it"),
    "a prefix": ("x = ur'x'\n", "is Python 2 source (a string with the prefix ur in line 3)", "Port it"),
    "a conflict": (
        "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> other\n",
        "holds a merge conflict (line 3)",
        "Resolve the conflict",
    ),
    "a template": ("{% if x %}\n", "does not parse as Python 3 (line 3)", "looks like a template"),
    "half typed": ("def f(:\n", "does not parse as Python 3 (line 3)", "Mend it"),
    "a sign in a text only": (
        "x = 'print 1 <> 2'\ndef f(:\n",
        "does not parse as Python 3 (line 4)",
        "Mend it",
    ),
}


@pytest.mark.parametrize(("text", "what", "help_text"), KINDS.values(), ids=KINDS)
def test_what_to_do_first(text: str, what: str, help_text: str) -> None:
    (finding,) = (finding for finding in found(LEGACY + text) if finding.code == "CLR901")
    assert what in finding.message
    assert finding.message.endswith("legacy code seems to stand in lines 1, 2")
    assert help_text in (finding.help or "")


def test_nothing_legacy_is_no_finding() -> None:
    assert found("print 'x'\nrobot.call('front.door')\nsock.send('sms')\n") == []


def test_what_is_only_talked_about_is_no_finding() -> None:
    assert found("# import callr\nprint 'api.call(\"sms.get\")'\n") == []


@pytest.mark.parametrize(
    ("literal", "value"),
    [("u'x'", "x"), ("ur'\\x'", "\\x"), ("'a\\n'", "a\n"), ("f'{x}'", None), ("b'x'", "x"), ("'\\x'", None)],
)
def test_values_of_literals(literal: str, value: str | None) -> None:
    assert value_of(literal) == value


PIECES = [
    "'",
    '"',
    "'''",
    '"""',
    "\\",
    "#",
    "\n",
    "\r",
    "api.call(",
    "sms.get",
    "u",
    " ",
    "(",
    ")",
    "method",
    "é",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_text_can_be_looked_at(text: str) -> None:
    lexed = Lexed.of(text)
    assert len(lexed.code) == len(text)
    spans = sorted((*lexed.comments, *lexed.strings))
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    assert [char for char in lexed.code if char in "\r\n"] == [char for char in text if char in "\r\n"]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_calls_stand_in_order(text: str) -> None:
    calls = scan(load_pack_once(), Lexed.of(text))
    assert [call.span[0] for call in calls] == sorted({call.span[0] for call in calls})
    assert all(0 <= call.span[0] < call.span[1] <= len(text) for call in calls)


_PACKS: list[RulePack] = []


def load_pack_once() -> RulePack:
    if not _PACKS:
        _PACKS.append(load_pack())
    return _PACKS[0]
