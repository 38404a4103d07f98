"""Credentials are planted next to legacy calls, in all the ways that people write them; no report may hold one."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.findings import Edit
from callr_migrate.output import FORMATS, renderer
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.rewrite.text import apart
from callr_migrate.secret_text import is_credential_name
from callr_migrate.source import SourceFile

# Letters only, so that no escaping of any format can hide one.
PLANTED = re.compile("qz[a-z0-9]+qz|q z p a s s|cXpsb2dpbnF6OnF6cGFzc3dvcmRxeg", re.IGNORECASE)

USES = """
def tell(number):
    try:
        api.call("sms.send", "SMS", number, "hello", {"nature": "ALERTING"})
        print(api.call("sms.get", number)["hash"])
    except callr.CallrException as error:
        print(error)
    api.call("conference/10.create_room", "x")
"""
# `<L>`, `<P>` and `<K>` stand for a login, a password and a key.
SHAPES = {
    "positional": "import callr\napi = callr.Api('<L>', '<P>')\n",
    "by_name": "import callr\napi = callr.Api(login='<L>', password='<P>')\n",
    "three_lines": "import callr\napi = callr.Api(\n    '<L>',  # <L> is ours\n    '<P>',\n)\n",
    "names": "import callr\nUSER = '<L>'\nWORD = '<P>'\napi = callr.Api(USER, WORD)\n",
    "one_line": "import callr\nA, B = '<L>', '<P>'; api = callr.Api(A, B); api.call('sms.get', '<P>')\n",
    "default": "import callr, os\napi = callr.Api(os.environ.get('LOGIN', '<L>'), os.getenv('WORD', '<P>'))\n",
    "or": "import callr, os\napi = callr.Api(os.environ.get('LOGIN') or '<L>', os.getenv('WORD') or '<P>')\n",
    "either": "import callr, sys\napi = callr.Api('<L>', '<P>' if sys.argv else '<K>')\n",
    "joined": "import callr\napi = callr.Api('<L>' '<K>', '<P>' + '<K>')\n",
    "spelled": "import callr\napi = callr.Api('<L>', ''.join('q z p a s s'.split()))\n",
    "formatted": "import callr, sys\napi = callr.Api('<L>', f'<P>{sys.argv}')\n",
    "decoded": "import callr, base64\napi = callr.Api('<L>', base64.b64decode('<K>').decode())\n",
    "wrapped": "import callr\ndef secret(x): return x\napi = callr.Api('<L>', secret('<P>'))\n",
    "function": "import callr\ndef password():\n    return '<P>'\napi = callr.Api('<L>', password())\n",
    "parameters": "import callr\ndef make(login='<L>', password='<P>'):\n    return callr.Api(login, password)\napi = make()\n",
    "given": "import callr\ndef make(a, b):\n    return callr.Api(a, b)\napi = make('<L>', '<P>')\n",
    "table": "import callr\nC = {'login': '<L>', 'password': '<P>'}\napi = callr.Api(C['login'], C['password'])\n",
    "pair": "import callr\napi = callr.Api(*('<L>', '<P>'))\n",
    "keywords": "import callr\napi = callr.Api(**{'login': '<L>', 'password': '<P>'})\n",
    "class": "import callr\nclass Settings:\n    login = '<L>'\n    word = '<P>'\napi = callr.Api(Settings.login, Settings.word)\n",
    "object": "import callr\nclass S:\n    def __init__(self):\n        self.api = callr.Api('<L>', '<P>')\n"
    "    def f(self, n):\n        return self.api.call('sms.get', n)['hash']\napi = S().api\n",
    "proxy": "import callr\napi = callr.Api('<L>', '<P>', {'proxy': 'http://<L>:<P>@localhost:3128'})\n",
    "setting": "import callr\napi = callr.Api('<L>', '<P>')\napi.set_proxy('http://<L>:<P>@localhost:3128')\n",
    "login_as": "import callr\napi = callr.Api('<L>', '<P>')\napi.set_login_as('user', '<P>')\napi.set_auth('<P>')\n",
    "comment": "import callr\napi = callr.Api(a, b)  # password: <P>\napi.call('sms.get', 1)  # token=<K>\n",
    "echoed": "import callr\napi = callr.Api('<L>', '<P>')\napi.call('sms.send', 'SMS', n, 'your password is <P>', None)\n",
    "compared": "import callr\napi = callr.Api(a, b)\nif password == '<P>': api.call('sms.get', 1)\n",
    "method": "import callr\napi = callr.Api('<L>', '<P>')\napi.call('<P>')\napi.call('<P>.x', 1)\n",
    "reused": "import callr\napi = callr.Api('<L>', '<P>')\napi.call('sms.get', '<P>')['<P>'] == '<P>'\n",
    "as_id": "import callr\napi = callr.Api('<L>', '<P>')\nprint(api.call('sms.get', '<P>')['parts'])\n",
    "in_another_order": "import callr\napi = callr.Api('<L>', '<P>')\napi.call('sms.send', '<P>', '<L>', 'Hi')\n",
    "local": "import callr\ndef f(n):\n    api = callr.Api('<L>', '<P>')\n    return api.call('sms.get', n)['hash']\napi = None\n",
    "beside": "import callr\napi = callr.Api('<L>', '<P>')\napi.call('conference/10.create_room', 'x')\nother = callr.Api('<L>', '<P>')\n"
    "other.call('sms.get', 1)\n",
    "direct": "import callr\ncallr.Api('<L>', '<P>').call('sms.get', 1)\napi = None\n",
    "ancestor": "import thecallr as callr\napi = callr.Api('<L>', '<P>')\n",
    "wrapper": "import callr\nfrom thecallrapi import ThecallrApi\napi = ThecallrApi('<L>', '<P>')\n",
    "post_auth": "import callr, requests\nrequests.post('https://api.callr.com/json-rpc/v1.1/', auth=('<L>', '<P>'), "
    "json={'jsonrpc': '2.0', 'method': 'sms.get', 'params': [1]})\napi = None\n",
    "post_rewritten": "import callr, requests\nrequests.post('https://api.callr.com/json-rpc/v1.1/', auth=('<L>', '<P>'), "
    "json={'jsonrpc': '2.0', 'id': 1, 'method': 'did/areacode.countries', 'params': []})\napi = None\n",
    "post_variable": "import callr, requests\nAUTH = requests.auth.HTTPBasicAuth('<L>', '<P>')\n"
    "requests.post('https://api.callr.com/json-rpc/v1.1/', auth=AUTH, json={'method': 'sms.get', 'params': [1]})\napi = None\n",
    "post_address": "import callr, requests\nrequests.post('https://<L>:<P>@api.callr.com/json-rpc/v1.1/', "
    "json={'method': 'sms.get', 'params': [1]})\napi = None\n",
    "post_header": "import callr, requests\nrequests.post('https://api.callr.com/json-rpc/v1.1/', headers={'Authorization': "
    "'Basic cXpsb2dpbnF6OnF6cGFzc3dvcmRxeg=='}, json={'method': 'sms.get', 'params': [1]})\napi = None\n",
    "post_header_text": "import callr, requests\nh = 'Basic cXpsb2dpbnF6OnF6cGFzc3dvcmRxeg=='; requests.post("
    "'https://api.callr.com/json-rpc/v1.1/', headers={'A': h}, json={'method': 'sms.get', 'params': [1]})\napi = None\n",
    "object_option": "import callr\napi = callr.Api(a, b)\napi.call('apps.create', 'CALLTRACKING10', {'password': '<P>'})\n",
    "payload": "import callr\napi = callr.Api(a, b)\napi.call('sms.send', '', n, 'x', {'user_data': 'u', 'api_key': '<K>'})\n",
    "parameter": "import callr\napi = callr.Api(a, b)\nx = api.call('session.refresh', '<K>')\n",
    "retired": "import callr\napi = callr.Api(a, b)\napi.call('apps.create', 'CALLTRACKING10', 'x', password='<P>')\n",
    "broken": "import callr\napi = callr.Api('<L>', '<P>'); print api.call('sms.get', 1), '<P>'  # <P>\n",
    "python_2": "import callr\nPASSWORD = '<P>'; api = callr.Api('<L>', PASSWORD); print api.call('sms.get', 1)\n",
    "suppressed": "import callr\napi = callr.Api('<L>', '<P>')  # callr-migrate: ignore[CLR601]\n",
    "idle": "api = make('<L>', password='<P>')  # callr-migrate: ignore[CLR101]\n",
}
# Other kinds of files: name and text.
DOCUMENTS = {
    "notebook": (
        "main.ipynb",
        json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "metadata": {},
                        "outputs": [],
                        "execution_count": None,
                        "source": [line],
                    }
                    for line in (
                        "import callr; api = callr.Api('<L>', '<P>')",
                        "%time api.call('sms.get', 'x') # <P>",
                    )
                ],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        ),
    ),
    "settings": (
        ".env",
        "CALLR_LOGIN=<L>\nCALLR_PASSWORD='<P>' # <P>\nCALLR_URL=https://<L>:<P>@api.callr.com/json-rpc/v1.1/\n",
    ),
    "yaml": (
        "app.yaml",
        "callr:\n  login: <L>\n  password: <P>\n  url: https://<L>:<P>@api.callr.com/json-rpc/v1.1/\n",
    ),
    "requirements": ("requirements.txt", "--index-url https://<L>:<P>@localhost/simple\ncallr==2.1.0\n"),
}
ELSEWHERE = {
    "settings.py": "LOGIN = '<L>'\nWORD = '<P>'; OTHER = 1\n",
    "client.py": "import callr\nimport settings\napi = callr.Api(settings.LOGIN, settings.WORD)\n",
    "use.py": "import callr\nfrom client import api\n" + USES,
}


ALL = (*SHAPES, *DOCUMENTS, "elsewhere")
START = "import callr, os\napi = callr.Api(os.environ['A'], os.environ['B'])\n"


def planted(text: str, shape: str) -> str:
    """The program with credentials of its own, so that what is known of another one hides none of them."""
    word = shape.replace("_", "")
    for name in ("login", "password", "key"):
        text = text.replace(f"<{name[0].upper()}>", f"qz{word}{name}qz")
    return text


def plant(shape: str, folder: Path) -> None:
    folder.mkdir()
    if shape == "elsewhere":
        for name, text in ELSEWHERE.items():
            (folder / name).write_text(planted(text, shape))
    elif shape in DOCUMENTS:
        name, text = DOCUMENTS[shape]
        (folder / name).write_text(planted(text, shape))
        (folder / "main.py").write_text(START + USES)
    else:
        (folder / "main.py").write_text(planted(SHAPES[shape], shape) + USES)
        assert PLANTED.search((folder / "main.py").read_text()), shape


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planted") / "programs"
    folder.mkdir()
    for shape in ALL:
        plant(shape, folder / shape)
    return folder


@pytest.fixture
def project(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(programs, tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    return tmp_path / "p"


@pytest.fixture
def program(shape: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    plant(shape, tmp_path / "p")
    monkeypatch.chdir(tmp_path / "p")
    return tmp_path / "p"


def leaks(text: str) -> list[str]:
    return [line.strip()[:300] for line in text.splitlines() if PLANTED.search(line)]


def outcome_of(target: str = "httpx", *, write: bool = False, diff: bool = False) -> Outcome:
    settings = load_settings(Path(), None, {"target": target})
    return run(Request((Path(),), settings, write=write, unsafe=True, diff=diff))


@pytest.mark.parametrize("shape", ALL)
def test_no_report_of_a_program_holds_a_credential(shape: str, program: Path) -> None:
    outcome = outcome_of()
    for name in FORMATS:
        assert leaks(renderer(name)(outcome, verbose=True)) == [], name


def test_no_report_holds_a_credential(project: Path) -> None:
    outcome = outcome_of()
    for name in FORMATS:
        assert leaks(renderer(name)(outcome, verbose=True)) == [], name
    # Each finding knows by itself what its lines hold.
    findings = outcome.report.findings
    for code in {finding.code for finding in findings}:
        outcome.report.findings = [finding for finding in findings if finding.code == code]
        assert leaks(renderer("full")(outcome)) == [], code
    for finding in findings:
        outcome.report.findings = [finding]
        assert leaks(renderer("full")(outcome)) == [], finding


@pytest.mark.parametrize("target", ["httpx", "requests"])
@pytest.mark.parametrize("write", [True, False])
def test_no_report_of_a_fix_holds_one(target: str, write: bool, project: Path) -> None:
    before = {path: set(PLANTED.findall(path.read_text())) for path in project.rglob("*") if path.is_file()}
    outcome = outcome_of(target, write=write, diff=not write)
    assert len(outcome.changed) >= 20
    for name in FORMATS:
        assert leaks(renderer(name)(outcome, verbose=True)) == [], name
    after = {path: set(PLANTED.findall(path.read_text())) for path in before}
    assert after == before


def test_no_command_prints_one(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    runs = (
        ["check", "-v"],
        ["check", "--statistics"],
        ["fix", "--diff", "--unsafe-fixes", "--output-file", "r"],
        ["fix"],
    )
    for command in runs:
        assert main(command) == 1, command
        out, err = capfd.readouterr()
        assert leaks(err if "--diff" in command else out + err) == [], command
    assert leaks(Path("r").read_text()) == []
    # The diff has the lines as they are.
    assert main(["fix", "--diff", "--unsafe-fixes"]) == 1
    assert leaks(capfd.readouterr().out)


@pytest.mark.parametrize("name", ["html", "markdown", "json"])
def test_no_migration_report_holds_one(name: str, project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--output-format", name]) == 0
    out, err = capfd.readouterr()
    assert leaks(out + err) == []
    # Colours must not take one apart, nor lines.
    assert leaks(re.sub(r"<[^<>]*>", "", out)) == []
    assert leaks(re.sub(r"<[^<>]*>|\s", "", out)) == []
    for shape in ALL:
        assert f"{shape}/" in out, shape


def test_nothing_that_is_kept_holds_one(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = set(project.rglob("*"))
    main(["check", "--write-baseline", "base.json", "--cache-dir", "kept"])
    main(["check", "--baseline", "base.json", "--cache-dir", "kept"])
    written = [path for path in set(project.rglob("*")) - before if path.is_file()]
    assert project / "base.json" in written
    for path in written:
        assert leaks(path.read_bytes().decode("latin-1")) == [], path
    capfd.readouterr()


def test_something_is_found_in_each_program(project: Path) -> None:
    findings = outcome_of().report.findings
    assert {finding.path.parts[0] for finding in findings} == set(ALL)


# -- what is masked, and what is not ----------------------------------------------------------------------------


def test_what_is_no_credential_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        "import callr, os\n"
        'api = callr.Api(os.environ["CALLR_LOGIN"], os.getenv("CALLR_PASSWORD"))\n'
        'sms = api.call("sms.send", "SMS", "+33199001020", "Your table is ready", {"nature": "ALERTING"})\n'
        'token = api.call("session.create", "token")\n'
    )
    Path("main.py").write_text(text)
    shown = renderer("full")(outcome_of())
    assert "*" not in shown
    assert all(line in shown for line in text.splitlines()[1:])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(
            (name, True)
            for name in (
                "password",
                "API_KEY",
                "smsPassword",
                "LOGIN",
                "callr_user",
                "apiToken",
                "authHeader",
            )
        ),
        *(
            (name, False)
            for name in ("author", "key", "number", "tokenize", "loginAs", "user_data", "passing", "_", "")
        ),
    ],
)
def test_names_of_credentials(name: str, expected: bool) -> None:
    assert is_credential_name(name) is expected


def test_an_edit_is_cut_around_what_it_keeps() -> None:
    text = "f('ab', 'cd', 'ab')"
    whole = Edit(Path("x"), 0, len(text), "g(1, 'ab', 'cd')")
    pieces = apart([whole], text, [(2, 6), (8, 12), (14, 18)])
    found = [(text[piece.start : piece.end], piece.text) for piece in pieces]
    assert found == [("f(", "g(1, "), (", 'ab')", ")")]
    source = SourceFile.from_bytes(Path("x"), text.encode())
    assert source.replaced(pieces).text == source.replaced([whole]).text == whole.text
    other = Edit(Path("x"), 3, 5, "y")
    assert apart([other], text, [(2, 6), (14, 18)]) == [other]


# -- CLR604 -----------------------------------------------------------------------------------------------------


def passwords(capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """Path and text of each finding."""
    main(["check", "--output-format", "json", "--select", "CLR604", *arguments])
    found = json.loads(capfd.readouterr().out)["findings"]
    assert all(one["applicability"] == "manual" and "environment" in one["help"] for one in found)
    return [f"{one['path']} {text_at(one)}" for one in found]


def text_at(finding: dict[str, Any]) -> str:
    start, end = finding["start"], finding["end"]
    assert start["line"] == end["line"]
    line = Path(finding["path"]).read_text().splitlines()[start["line"] - 1]
    return line[start["column"] - 1 : end["column"] - 1]


@pytest.mark.parametrize(
    ("shape", "places"),
    [
        ("positional", ["main.py '<P>'"]),
        ("by_name", ["main.py '<P>'"]),
        ("names", ["main.py '<P>'"]),
        ("default", ["main.py '<P>'"]),
        ("either", ["main.py '<K>'"]),
        ("post_auth", ["main.py '<P>'"]),
        ("post_variable", ["main.py '<P>'"]),
        ("post_address", ["main.py 'https://<L>:<P>@api.callr.com/json-rpc/v1.1/'"]),
        ("post_header", ["main.py 'Basic cXpsb2dpbnF6OnF6cGFzc3dvcmRxeg=='"]),
        ("beside", ["main.py '<P>'"] * 2),
        ("elsewhere", ["settings.py '<P>'"]),
        ("comment", []),
    ],
)
def test_a_password_in_the_source_is_a_finding(
    shape: str, places: list[str], program: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert passwords(capfd) == [planted(place, shape) for place in places]


@pytest.mark.parametrize("shape", ["elsewhere"])
def test_where_the_password_is_out_of_sight_its_use_is_shown(
    program: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert passwords(capfd, "client.py") == ["client.py callr.Api(settings.LOGIN, settings.WORD)"]


@pytest.mark.parametrize(
    "text", ["os.environ['P']", "None", "''", "getpass.getpass('Password: ')", "config('WORD')"]
)
def test_what_is_no_password(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = f"import callr, os, getpass\napi = callr.Api('login', {text})\napi.call('sms.get', 1)\n"
    Path("main.py").write_text(source)
    assert passwords(capfd) == []


def test_the_new_client_is_no_such_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = "import callr\napi = callr.Api('login', 'word')\napi.call('sms.send', '', '+33199001020', 'x', {'nature': 'ALERTING'})\n"
    Path("main.py").write_text(source)
    assert passwords(capfd) == ["main.py 'word'"]
    main(["fix", "--unsafe-fixes", "-q"])
    assert "httpx.Client" in Path("main.py").read_text()
    capfd.readouterr()
    assert passwords(capfd) == []
