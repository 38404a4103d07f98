"""Settings that hold a legacy address or credential: they are named, and their values are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.output import FORMATS
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.projectfiles.configured import settings_of
from callr_migrate.projectfiles.kinds import Kind, kind_of
from callr_migrate.source import SourceFile

CODE = 'import os\nimport callr\n\napi = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])\napi.call("system.get_timestamp")\n'
URL = "https://hunter2:hunter2@api.callr.com/json-rpc/v1.1/?key=hunter2"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def go(*, write: bool = False) -> Outcome:
    return run(Request((Path(),), load_settings(Path()), write=write, unsafe=True))


FILES = {
    ".env": (
        f"# mine\nDEBUG=1\nCALLR_LOGIN=hunter2\nexport CALLR_PASSWORD='hunter2'\nURL={URL}\n",
        ["CLR704 CALLR_LOGIN", "CLR704 CALLR_PASSWORD", "CLR703 URL"],
    ),
    ".env.example": ("THECALLR_TOKEN=\n", ["CLR704 THECALLR_TOKEN"]),
    "local.env": ("CALLR_API_KEY = hunter2\n", ["CLR704 CALLR_API_KEY"]),
    "app.ini": (
        f"[callr]\nlogin = hunter2\npassword: hunter2\nretries = 3\n[other]\nlogin = x\nbase = {URL}\n",
        ["CLR704 callr.login", "CLR704 callr.password", "CLR703 other.base"],
    ),
    "app.yaml": (
        f"sms:\n  callr:\n    user: hunter2\n    secret: hunter2\n    retries: 3\n  url: '{URL}'\nlogin: x\n",
        ["CLR704 sms.callr.user", "CLR704 sms.callr.secret", "CLR703 sms.url"],
    ),
    "deployment.yml": (
        "env:\n  - name: CALLR_PASSWORD\n    value: hunter2\n  - name: OTHER\n    value: x\n",
        ["CLR704 CALLR_PASSWORD"],
    ),
    "docker-compose.yml": (
        "services:\n  a:\n    environment:\n      - CALLR_LOGIN=hunter2\n      CALLR_SECRET: hunter2\n",
        ["CLR704 services.a.environment.CALLR_LOGIN", "CLR704 services.a.environment.CALLR_SECRET"],
    ),
    "settings.toml": ('[callr]\nlogin = "hunter2"\n', ["CLR704 callr.login"]),
    "Dockerfile": (
        "ENV CALLR_LOGIN=hunter2\nARG CALLR_PASSWORD\nENV CALLR_TOKEN hunter2\n",
        ["CLR704 CALLR_LOGIN", "CLR704 CALLR_TOKEN"],
    ),
    "app.conf": (f"host = {URL}\n", ["CLR703 host"]),
}


@pytest.mark.parametrize("name", FILES)
def test_settings_are_named(name: str) -> None:
    text, expected = FILES[name]
    Path(name).write_text(text)
    Path("main.py").write_text(CODE)
    found = [finding for finding in go().report.findings if str(finding.path) == name]
    assert [f"{finding.code} {finding.message.split()[0]}" for finding in found] == expected
    assert all(finding.fix is None for finding in found)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("form", FORMATS)
def test_values_are_never_shown(name: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(name).write_text(FILES[name][0])
    Path("main.py").write_text(CODE)
    for command in (["check"], ["fix", "--unsafe-fixes"]):
        main([*command, ".", "--output-format", form, "--verbose"])
        captured = capsys.readouterr()
        assert "hunter2" not in captured.out + captured.err


def test_credentials_are_told_as_long_as_there_is_legacy_code() -> None:
    Path(".env").write_text("CALLR_LOGIN=x\n")
    Path("main.py").write_text(CODE)
    assert [finding.code for finding in go().report.findings if finding.path == Path(".env")] == ["CLR704"]
    assert [finding.code for finding in go(write=True).report.findings if not finding.applied] == []
    assert go().report.findings == []


def test_an_address_is_told_in_any_case() -> None:
    Path(".env").write_text("HOST=api.thecallr.com\n")
    (finding,) = go().report.findings
    assert finding.code == "CLR703"
    assert "https://api.callr.com/v2.0" in (finding.help or "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".env", "CALLR_RETRIES=3\nNOTCALLR_LOGIN=x\nLOGIN=callr\nCALLR_V2_URL=https://api.callr.com/v2.0\n"),
        ("app.yaml", "callr:\n  retries: 3\nother:\n  login: x\n"),
        ("app.ini", "[callr]\nretries=3\n[other]\npassword=x\n; callr.password = x\n"),
        ("notes.txt", "CALLR_PASSWORD=x\n"),
        ("mkdocs.yml", "nav:\n  - Callr: callr.md\n"),
    ],
)
def test_what_is_no_setting_of_it(name: str, text: str) -> None:
    Path(name).write_text(text)
    Path("main.py").write_text(CODE)
    assert [finding for finding in go().report.findings if str(finding.path) == name] == []


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("callr_password:=-# \n\t[]'\"{}x."), max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    source = SourceFile.from_bytes(Path(".env"), text.encode())
    for setting in settings_of(source, ["callr"], ["api.callr.com"]):
        assert text[slice(*setting.span)] in setting.name
        assert all(setting.span[1] <= low < high <= len(text) for low, high in setting.secrets)


KINDS = {
    "requirements.txt": Kind.REQUIREMENTS,
    "requirements-dev.txt": Kind.REQUIREMENTS,
    "dev_requirements.txt": Kind.REQUIREMENTS,
    "requirements.in": Kind.REQUIREMENTS,
    "Constraints.txt": Kind.REQUIREMENTS,
    "notes.txt": None,
    "my-required-things.txt": None,
    "main.py": None,
    ".env": Kind.SETTINGS,
    ".env.local": Kind.SETTINGS,
    "prod.env": Kind.SETTINGS,
    "Dockerfile": Kind.SHELL,
    "Dockerfile.dev": Kind.SHELL,
    "api.Dockerfile": Kind.SHELL,
    "Pipfile": Kind.PIPFILE,
    "pyproject.toml": Kind.PYPROJECT,
    "uv.lock": Kind.LOCK,
    "yaml": None,
    "data.json": None,
    ".gitignore": None,
}


@pytest.mark.parametrize("name", KINDS)
def test_kinds(name: str) -> None:
    assert kind_of(name) is KINDS[name]


def test_texts_in_a_folder_of_requirements() -> None:
    assert kind_of("base.txt", "requirements") is Kind.REQUIREMENTS
    assert kind_of("base.txt", "docs") is None


MODULES = {
    "a name": (f'BASE = "{URL}"\n', ["BASE"]),
    "an annotated name": (f"class S:\n    base: str = '{URL}'\n", ["base"]),
    "a key": (f'SMS = {{\n    "url": "{URL}",\n}}\n', ["url"]),
    "a default": (f'BASE = os.environ.get("BASE", "{URL}")\n', ["BASE"]),
    "a named default": (f'BASE = config("BASE", default="{URL}")\n', ["BASE"]),
    "in Python 2": (f'print 1\nBASE = "{URL}"\n', ["BASE"]),
    "a comment": (f"# BASE = '{URL}'\n", []),
    "a text about it": (f'"""See {URL}."""\n', []),
    "the new address": ('BASE = "https://api.callr.com/v2.0"\n', []),
    "a file that makes the calls": (
        f'BASE = "{URL}"\nimport requests\nrequests.post(BASE, json={{"jsonrpc": "2.0", "method": "sms.get", "params": [x]}})\n',
        [],
    ),
}


@pytest.mark.parametrize(("text", "names"), MODULES.values(), ids=MODULES)
def test_settings_modules(text: str, names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("settings.py").write_text(text)
    found = [finding for finding in go().report.findings if finding.code == "CLR703"]
    assert [finding.message.split()[0] for finding in found] == names
    for form in FORMATS if names else ():
        main(["check", ".", "--output-format", form, "--verbose"])
        assert "hunter2" not in capsys.readouterr().out
