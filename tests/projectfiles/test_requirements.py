"""What the files around the code require: the new client comes, the old one goes with the last code that needs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callr_migrate.cli import main
from callr_migrate.config import load_settings
from callr_migrate.findings import Applicability, Finding
from callr_migrate.pack import load_pack
from callr_migrate.pipeline import Outcome, Request, run
from callr_migrate.projectfiles.requirement import Requirement, pinned

CODE = 'import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call("system.get_timestamp")\n'
STAYS = 'import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call("sms.get_count_for_body", body)\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def write(**files: str) -> None:
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8", newline="")


def put(name: str, text: str) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    return path


def go(*, write: bool = True, unsafe: bool = True, paths: tuple[str, ...] = (".",)) -> Outcome:
    return run(Request(tuple(map(Path, paths)), load_settings(Path()), write=write, unsafe=unsafe))


def required(outcome: Outcome) -> list[Finding]:
    return [finding for finding in outcome.report.findings if finding.code == "CLR701"]


# name -> before, what it is while legacy code stays, what it is when none is left
FILES = {
    "requirements.txt": (
        "# all\ncallr==2.1.0  # sms\ndjango>=3\n",
        "# all\ncallr==2.1.0  # sms\nhttpx==0.28.1\ndjango>=3\n",
        "# all\nhttpx==0.28.1  # sms\ndjango>=3\n",
    ),
    "requirements/base.txt": ("callr\n", "callr\nhttpx\n", "httpx\n"),
    "requirements-dev.in": ("Callr >= 2.0", "httpx >= 0.27\nCallr >= 2.0", "httpx >= 0.27"),
    "constraints.txt": ("a\r\ncallr~=2.1\r\n", "a\r\ncallr~=2.1\r\nhttpx~=0.28\r\n", "a\r\nhttpx~=0.28\r\n"),
    "reqs.txt": (
        'callr>=2,<3 ; python_version < "4"\n',
        'callr>=2,<3 ; python_version < "4"\nhttpx>=0.27,<1 ; python_version < "4"\n',
        'httpx>=0.27,<1 ; python_version < "4"\n',
    ),
    "a/requirements.txt": (
        "-e git+https://example.com/sdk.git#egg=callr\n",
        "-e git+https://example.com/sdk.git#egg=callr\nhttpx\n",
        "httpx\n",
    ),
    "pyproject.toml": (
        '[project]\nname = "x"\ndependencies = ["a", "callr==2.1.0"]  # c\n',
        '[project]\nname = "x"\ndependencies = ["a", "callr==2.1.0", "httpx==0.28.1"]  # c\n',
        '[project]\nname = "x"\ndependencies = ["a", "httpx==0.28.1"]  # c\n',
    ),
    "b/pyproject.toml": (
        "[project]\nname = 'x'\ndependencies = [\n    'a',  # first\n    'callr',  # sms\n]\n",
        "[project]\nname = 'x'\ndependencies = [\n    'a',  # first\n    'httpx',\n    'callr',  # sms\n]\n",
        "[project]\nname = 'x'\ndependencies = [\n    'a',  # first\n    'httpx',  # sms\n]\n",
    ),
    "c/pyproject.toml": (
        '[project.optional-dependencies]\nsms = ["callr"]\n',
        '[project.optional-dependencies]\nsms = ["httpx", "callr"]\n',
        '[project.optional-dependencies]\nsms = ["httpx"]\n',
    ),
    "d/pyproject.toml": (
        '[dependency-groups]\nsms = [\n    "callr (>=2.1,<3.0)"\n]\n',
        '[dependency-groups]\nsms = [\n    "httpx (>=0.27,<1)",\n    "callr (>=2.1,<3.0)"\n]\n',
        '[dependency-groups]\nsms = [\n    "httpx (>=0.27,<1)"\n]\n',
    ),
    "e/pyproject.toml": (
        '[tool.poetry.dependencies]\npython = "^3.10"\ncallr = "^2.1.0"  # sms\n\n[x]\n',
        '[tool.poetry.dependencies]\npython = "^3.10"\ncallr = "^2.1.0"  # sms\nhttpx = "^0.28.1"\n\n[x]\n',
        '[tool.poetry.dependencies]\npython = "^3.10"\nhttpx = "^0.28.1"  # sms\n\n[x]\n',
    ),
    "f/pyproject.toml": (
        '[tool.poetry.group.main.dependencies]\ncallr = {version = "~2.1"}\n',
        '[tool.poetry.group.main.dependencies]\ncallr = {version = "~2.1"}\nhttpx = "~0.28"\n',
        '[tool.poetry.group.main.dependencies]\nhttpx = "~0.28"\n',
    ),
    "Pipfile": (
        '[packages]\ncallr = "*"\n"a" = "*"\n',
        '[packages]\ncallr = "*"\nhttpx = "*"\n"a" = "*"\n',
        '[packages]\nhttpx = "*"\n"a" = "*"\n',
    ),
    "setup.cfg": (
        "[options]\ninstall_requires =\n\tcallr==2.*\n\ta\n",
        "[options]\ninstall_requires =\n\tcallr==2.*\n\thttpx==0.*\n\ta\n",
        "[options]\ninstall_requires =\n\thttpx==0.*\n\ta\n",
    ),
    "g/setup.cfg": (
        "[options.extras_require]\nsms =\n  callr\n",
        "[options.extras_require]\nsms =\n  callr\n  httpx\n",
        "[options.extras_require]\nsms =\n  httpx\n",
    ),
    "setup.py": (
        "from setuptools import setup\n\nsetup(name='callr_user', install_requires=['é', 'callr>=2'], packages=['callr'])\n",
        "from setuptools import setup\n\nsetup(name='callr_user', install_requires=['é', 'callr>=2'], packages=['callr'])\n",
        "from setuptools import setup\n\nsetup(name='callr_user', install_requires=['é', 'httpx>=0.27'], packages=['callr'])\n",
    ),
    "h/setup.py": (
        'from setuptools import setup\nREQUIRED = (\n    "callr",\n)\nsetup(install_requires=REQUIRED)\n',
        'from setuptools import setup\nREQUIRED = (\n    "httpx",\n    "callr",\n)\nsetup(install_requires=REQUIRED)\n',
        'from setuptools import setup\nREQUIRED = (\n    "httpx",\n)\nsetup(install_requires=REQUIRED)\n',
    ),
    "environment.yml": (
        "dependencies:\n  - python=3.10\n  - callr=2.1\n  - pip:\n      - a\n",
        "dependencies:\n  - python=3.10\n  - callr=2.1\n  - httpx=0.28\n  - pip:\n      - a\n",
        "dependencies:\n  - python=3.10\n  - httpx=0.28\n  - pip:\n      - a\n",
    ),
    "i/environment.yaml": (
        'dependencies:\n  - pip:\n      - "callr==2.1.0"  # sms\n',
        'dependencies:\n  - pip:\n      - "callr==2.1.0"  # sms\n      - "httpx==0.28.1"\n',
        'dependencies:\n  - pip:\n      - "httpx==0.28.1"  # sms\n',
    ),
    "tox.ini": (
        "[testenv]\ndeps =\n    py310,py311: callr==2.1.0\n    a\n",
        "[testenv]\ndeps =\n    py310,py311: callr==2.1.0\n    py310,py311: httpx==0.28.1\n    a\n",
        "[testenv]\ndeps =\n    py310,py311: httpx==0.28.1\n    a\n",
    ),
    "Dockerfile": (
        "FROM x\nRUN pip install -U callr==2.1.0 'a>=1' && echo callr\n",
        "FROM x\nRUN pip install -U callr==2.1.0 httpx==0.28.1 'a>=1' && echo callr\n",
        "FROM x\nRUN pip install -U httpx==0.28.1 'a>=1' && echo callr\n",
    ),
    "j/Dockerfile": (
        "RUN python -m pip install \\\n    callr \\\n    a\n",
        "RUN python -m pip install \\\n    callr \\\n    httpx \\\n    a\n",
        "RUN python -m pip install \\\n    httpx \\\n    a\n",
    ),
    "ci.yml": (
        "test:\n  script:\n    - pip install 'callr>=2' a\n",
        "test:\n  script:\n    - pip install 'callr>=2' 'httpx>=0.27' a\n",
        "test:\n  script:\n    - pip install 'httpx>=0.27' a\n",
    ),
}
FILES["setup.py"] = (
    FILES["setup.py"][0],
    FILES["setup.py"][0].replace("'callr>=2'", "'callr>=2', 'httpx>=0.27'"),
    FILES["setup.py"][2],
)


@pytest.mark.parametrize("name", FILES)
def test_the_new_client_takes_the_place_of_the_old_one(name: str) -> None:
    before, _, after = FILES[name]
    path = put(name, before)
    write(**{"main.py": CODE})
    outcome = go()
    assert outcome.report.errors == []
    assert path.read_bytes().decode() == after
    assert [finding.applied for finding in required(outcome)] == [True]
    assert len({finding.fix.group for finding in outcome.report.findings if finding.fix}) == 1
    again = go()
    assert (again.written, again.report.findings) == ({}, [])


@pytest.mark.parametrize("name", FILES)
def test_while_legacy_code_is_left_both_are_required(name: str) -> None:
    before, both, after = FILES[name]
    path = put(name, before)
    write(**{"main.py": CODE, "other.py": STAYS})
    outcome = go()
    assert outcome.report.errors == []
    assert path.read_bytes().decode() == both
    (finding,) = required(outcome)
    assert (finding.applicability, finding.reason) == (Applicability.MANUAL, "other.py:1 still needs it")
    assert go().written == {}
    # A person does the rest, and then the old one is of no use.
    write(**{"other.py": ""})
    assert [finding.fix is not None for finding in required(go(write=False))] == [True]
    go(unsafe=False)
    text = path.read_text("utf-8")
    assert text.count("callr") == after.count("callr")
    for word in ("httpx", "# "):
        assert text.count(word) == both.count(word)
    assert text.count("\\") == after.count("\\")
    assert go().report.findings == []


@pytest.mark.parametrize("name", FILES)
def test_several_groups_need_the_old_one_until_the_last(name: str) -> None:
    before, both, after = FILES[name]
    path = put(name, before)
    write(**{"main.py": CODE, "other.py": CODE})
    outcome = go(write=False)
    groups = {finding.fix.group for finding in outcome.report.findings if finding.fix}
    (finding,) = required(outcome)
    if finding.fix is None:
        # A comment, or the end of a command, stands in the way.
        assert finding.reason
        go()
        assert path.read_bytes().decode() == both
        return
    assert len(groups) == 3
    # The group of the removal holds all of the others.
    others = {
        edit
        for other in outcome.report.findings
        if other.fix and other is not finding
        for edit in other.fix.edits
    }
    assert others < set(finding.fix.edits)
    outcome = go()
    assert outcome.report.errors == []
    text = path.read_bytes().decode()
    assert "httpx" in text
    assert text.count("callr") == after.count("callr")
    assert (go().written, go().report.findings) == ({}, [])


def test_the_new_client_is_not_added_twice() -> None:
    path = put("requirements.txt", "callr==2.1.0\nHTTPX>=0.20\n")
    write(**{"main.py": CODE})
    go()
    assert path.read_text() == "HTTPX>=0.20\n"


def test_what_only_the_old_one_needed_goes_too() -> None:
    path = put("requirements.txt", "callr\nfuture==1.0\n")
    write(**{"main.py": CODE})
    go()
    assert path.read_text() == "httpx\n"


@pytest.mark.parametrize("line", ["from future import standard_library", "import past.builtins"])
def test_what_the_code_needs_itself_stays(line: str) -> None:
    path = put("requirements.txt", "callr\nfuture==1.0\n")
    write(**{"main.py": f"{line}\n{CODE}"})
    go()
    assert path.read_text() == "httpx\nfuture==1.0\n"


def test_what_nothing_imports_is_of_no_use() -> None:
    path = put("requirements.txt", "thecallr\na\n")
    write(**{"main.py": "import a\n"})
    (finding,) = required(go(write=False))
    assert "nothing in the project imports it" in finding.message
    assert finding.applicability is Applicability.SAFE
    go(unsafe=False)
    assert path.read_text() == "a\n"


NEEDED = {
    "an import in Python 2": ("old.py", "import callr\nprint 1\n"),
    "an import in a function": ("x.py", "def f():\n    from callr.callr import Api\n    return Api\n"),
    "an import among others": ("x.py", "import os, callr as c\nif c: import sys\n"),
    "an import behind a colon": ("x.py", "try: import callr\nexcept ImportError: pass\n"),
    "by name": ("x.py", "import importlib\nm = importlib.import_module('callr')\n"),
    "a patched name": ("test_x.py", "@patch('callr.Api')\ndef test(api): pass\n"),
}


@pytest.mark.parametrize(("name", "text"), NEEDED.values(), ids=NEEDED)
def test_what_still_needs_it(name: str, text: str) -> None:
    path = put("requirements.txt", "callr\n")
    write(**{"main.py": CODE, name: text})
    (finding,) = required(go())
    assert finding.fix is None
    assert (finding.reason or "").startswith(f"{name}:")
    assert path.read_text() == "callr\nhttpx\n"


@pytest.mark.parametrize(
    "text", ["# import callr\n", "x = 'we import callr'\n", "import callr_tools\n", "from .callr import x\n"]
)
def test_what_does_not_need_it(text: str) -> None:
    path = put("requirements.txt", "callr\n")
    write(**{"main.py": CODE, "other.py": text})
    go()
    assert path.read_text() == "httpx\n"


def test_excluded_code_needs_it() -> None:
    path = put("requirements.txt", "callr\n")
    put("pyproject.toml", '[tool.callr-migrate]\nextend-exclude = ["old"]\n')
    put("old/x.py", "import callr\n")
    write(**{"main.py": CODE})
    go()
    assert path.read_text() == "callr\nhttpx\n"


def test_code_outside_of_the_paths_needs_it() -> None:
    path = put("part/requirements.txt", "callr\n")
    put("part/main.py", CODE)
    write(**{"other.py": CODE})
    go(paths=("part",))
    assert path.read_text() == "callr\nhttpx\n"
    assert Path("other.py").read_text() == CODE


def test_files_outside_of_the_paths_are_left_alone() -> None:
    path = put("requirements.txt", "callr\n")
    put("part/main.py", CODE)
    assert required(go(paths=("part",))) == []
    assert path.read_text() == "callr\n"


def test_a_file_named_as_a_path_is_taken() -> None:
    put("requirements.txt", "callr\n")
    write(**{"main.py": CODE})
    outcome = go(write=False, paths=("requirements.txt",))
    assert [(finding.code, finding.reason) for finding in outcome.report.findings] == [
        ("CLR701", "main.py:1 still needs it")
    ]


def test_what_still_needs_it_is_named_by_its_whole_path() -> None:
    put("requirements.txt", "callr\n")
    put("src/shop/gateway.py", STAYS)
    (finding,) = required(go())
    assert finding.reason == "src/shop/gateway.py:1 still needs it"


def test_safe_fixes_alone_do_not_take_it_away() -> None:
    path = put("requirements.txt", "callr\n")
    write(**{"main.py": CODE})
    outcome = go(unsafe=False)
    assert path.read_text() == "callr\n"
    (finding,) = required(outcome)
    assert finding.applicability is Applicability.UNSAFE


@pytest.mark.parametrize("how", ["--ignore CLR701", "comment"])
def test_what_is_not_selected_stays(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = "callr  # callr-migrate: ignore[CLR701]\n" if how == "comment" else "callr\n"
    path = put("requirements.txt", text)
    write(**{"main.py": CODE})
    main(["fix", "--unsafe-fixes", ".", *(how.split() if how != "comment" else [])])
    assert path.read_text() == text
    assert "import httpx" in Path("main.py").read_text()


def test_another_target() -> None:
    path = put("requirements.txt", "callr>=2\n")
    write(**{"main.py": CODE})
    main(["fix", "--unsafe-fixes", "--target", "requests", "."])
    assert path.read_text() == "requests>=2.31\n"


def test_if_the_file_cannot_be_written_the_code_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    path = put("requirements.txt", "callr\n")
    write(**{"main.py": CODE})
    path.chmod(0o444)
    outcome = go()
    assert [error.path for error in outcome.report.errors] == [Path("requirements.txt")]
    assert Path("main.py").read_text() == CODE
    assert path.read_text() == "callr\n"


BY_HAND = {
    "a hash": ("requirements.txt", "callr==2.1.0 \\\n    --hash=sha256:0\n", "pinned by hash"),
    "more than a version": (
        "pyproject.toml",
        '[tool.poetry.dependencies]\ncallr = {version = "^2", optional = true}\n',
        "unusual way",
    ),
    "a table": ("pyproject.toml", '[tool.poetry.dependencies.callr]\nversion = "^2"\n', "unusual way"),
    "an escaped text": ("pyproject.toml", '[project]\ndependencies = ["call\\u0072"]\n', "unusual way"),
    "no TOML": ("Pipfile", "[packages\ncallr = 1\n", "it is not valid TOML"),
    "a joined text": ("setup.py", "setup(install_requires=['call' 'r>=2'])\n", "unusual way"),
}


@pytest.mark.parametrize(("name", "text", "reason"), BY_HAND.values(), ids=BY_HAND)
def test_what_a_person_does(name: str, text: str, reason: str) -> None:
    path = put(name, text)
    write(**{"main.py": CODE})
    if name == "pyproject.toml" and "u0072" in text:
        path = put(name, text + "# callr\n")
        text += "# callr\n"
    if name == "setup.py":
        text += "# callr\n"
        path = put(name, text)
    (finding,) = required(go())
    assert reason in (finding.reason or "")
    assert finding.applicability is Applicability.MANUAL
    assert path.read_text() == text
    assert "import httpx" in Path("main.py").read_text()


def test_a_command_keeps_something_to_install() -> None:
    path = put("Dockerfile", "RUN pip install callr\n")
    write(**{"main.py": "x = 1\n"})
    (finding,) = required(go())
    assert "remove the command" in (finding.reason or "")
    assert path.read_text() == "RUN pip install callr\n"


def test_a_command_in_a_command_is_one() -> None:
    path = put("Dockerfile", "RUN pip install pip install callr x\n")
    write(**{"main.py": CODE})
    assert len(required(go())) == 1
    assert path.read_text() == "RUN pip install pip install httpx x\n"


def test_a_file_of_powershell() -> None:
    path = Path("requirements.txt")
    path.write_bytes("\ufeffdjango\r\ncallr==2.1.0\r\n".encode("utf-16-le"))
    write(**{"main.py": CODE})
    go()
    assert path.read_bytes().decode("utf-16") == "django\r\nhttpx==0.28.1\r\n"
    assert path.read_bytes()[:2] == b"\xff\xfe"


LOCKS = {
    "poetry.lock": ('[[package]]\nname = "callr"\nversion = "2.1.0"\n', "run `poetry lock`"),
    "uv.lock": ('[[package]]\nname = "callr"\n', "run `uv lock`"),
    "Pipfile.lock": ('{"default": {"callr": {"version": "==2.1.0"}}}\n', "run `pipenv lock`"),
    "pdm.lock": ('[[package]]\nname = "callr"\n', "run `pdm lock`"),
    "pylock.toml": ('[[packages]]\nname = "callr"\n', "run the tool that made it"),
    "requirements.txt": (
        """#
# This file is autogenerated by pip-compile with Python 3.10
# by the following command:
#
#    pip-compile --output-file=requirements.txt requirements.in
#
callr==2.1.0
    # via -r requirements.in
""",
        "run `pip-compile --output-file=requirements.txt requirements.in`",
    ),
    "uv/requirements.txt": (
        "# This file was autogenerated by uv via the following command:\n#    uv pip compile x.in -o requirements.txt\ncallr==2.1.0\n",
        "run `uv pip compile x.in -o requirements.txt`",
    ),
}


@pytest.mark.parametrize("name", LOCKS)
def test_locks(name: str) -> None:
    text, command = LOCKS[name]
    path = put(name, text)
    write(**{"main.py": CODE})
    (finding,) = (finding for finding in go().report.findings if not finding.applied)
    assert finding.code == "CLR702"
    assert command in (finding.help or "")
    assert path.read_text() == text


@pytest.mark.parametrize(
    "name", ["requirements.txt", "pyproject.toml", "poetry.lock", "setup.py", "Dockerfile", "ci.yml"]
)
def test_other_distributions(name: str) -> None:
    text = {
        "requirements.txt": "callr-tools==1\nmy.callr\n# callr\n./callr\n",
        "pyproject.toml": '[project]\nname = "callr"\ndependencies = ["callr-tools"]\nkeywords = ["callr"]\n',
        "poetry.lock": '[[package]]\nname = "callr-tools"\n',
        "setup.py": 'from setuptools import setup\nsetup(name="callr", packages=["callr"], install_requires=["callr-x"])\n',
        "Dockerfile": "RUN pip install ./callr && npm install callr\nCOPY callr callr\n",
        "ci.yml": "image: callr\nscript: pip install -r callr.txt\n",
    }[name]
    put(name, text)
    assert go().report.findings == []


def test_a_token_in_an_address_is_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    put("requirements.txt", "callr @ git+https://hunter2token@example.com/sdk.git\n")
    write(**{"main.py": CODE})
    for form in ("full", "concise", "json", "sarif"):
        main(["check", ".", "--output-format", form])
        assert "hunter2" not in capsys.readouterr().out


def test_the_json_report_has_the_edits(capsys: pytest.CaptureFixture[str]) -> None:
    path = put("requirements.txt", "é\ncallr==2.1.0\n")
    write(**{"main.py": CODE})
    main(["check", ".", "--output-format", "json"])
    (finding,) = (
        finding for finding in json.loads(capsys.readouterr().out)["findings"] if finding["code"] == "CLR701"
    )
    (edit,) = finding["fix"]["edits"]
    raw = path.read_bytes()
    assert raw[edit["start_byte"] : edit["end_byte"]] == b"callr==2.1.0"
    assert edit["text"] == "httpx==0.28.1"


PINS = [
    ("", ""),
    ("*", "*"),
    ("==2.1.0", "==0.28.1"),
    ("===2.1", "===0.28.1"),
    ("2.1.0", "0.28.1"),
    (">=2", ">=0.27"),
    (">2", ">=0.27"),
    ("<3", ">=0.27"),
    ("!=2.0", ">=0.27"),
    ("~=2.1", "~=0.28"),
    ("~=2.1.0", "~=0.28.1"),
    ("^2", "^0.28"),
    ("~2.1.0", "~0.28.1"),
    ("2.*", "0.*"),
    ("==2.1.*", "==0.28.*"),
    ("=2.1", "=0.28"),
    (">=2,<3", ">=0.27,<1"),
    (">= 2.0, < 3", ">= 0.27, < 1"),
    ("(>=2,<3)", "(>=0.27,<1)"),
    (">=2,!=2.0.5", ">=0.27"),
    ("@weird", ">=0.27"),
]


@pytest.mark.parametrize(("spec", "expected"), PINS)
def test_pins_keep_their_style(spec: str, expected: str) -> None:
    assert pinned(spec, load_pack().targets["httpx"]) == expected


def test_pins_can_be_read() -> None:
    from packaging.specifiers import SpecifierSet

    for target in load_pack().targets.values():
        for spec, _ in PINS:
            if spec[:1] in "=<>!~" and not spec.startswith(("~2", "=2")):
                assert target.version in SpecifierSet(pinned(spec, target))


@pytest.mark.parametrize("text", ["callr is fun", "== 2", "callr==", "./callr", "callr/x", "-r callr.txt"])
def test_what_is_no_requirement(text: str) -> None:
    assert Requirement.of(text) is None
