"""The gates lose nothing: generated projects, looked at as always and with every file analysed."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callr_migrate import pipeline
from callr_migrate.config import load_settings
from callr_migrate.gates import Gates
from callr_migrate.pack import load_pack
from callr_migrate.pipeline import Request, run
from callr_migrate.reach import Reach


@dataclass(frozen=True)
class Kind:
    """Something that is called `api` in the module that makes it, and what others do with it (`{v}`)."""

    text: str
    uses: tuple[str, ...]


_CLIENT = 'import callr\n\n_client = callr.Api("a", "b")\n\n\n'
_POST = 'import requests\n\nURL = "https://api.callr.com/json-rpc/v1.1/"\n\n\n'
KINDS = (
    Kind(
        'import callr\n\napi = callr.Api("a", "b")\n',
        ("{v}.call(NAME)", "{v}.send(NAME, [])", "run({v}.call, NAME)"),
    ),
    Kind("from thecallrapi import TheCallrApi\n\napi = TheCallrApi('a', 'b')\n", ("{v}.sms.get('X')",)),
    Kind(
        _CLIENT + "def api(method, *params):\n    return _client.call(method, *params)\n",
        ("{v}('sms.get', 'X')", "{v}(NAME)", "pool.submit({v}, 'sms.get', 'X')", "run(lambda: {v}(NAME))"),
    ),
    Kind(
        _CLIENT + "def api(number):\n    return _client.call('sms.get', number)\n",
        ("{v}('X')['status'] == 'SENT'", "print({v}('X')['text'])"),
    ),
    Kind(
        "import callr\n\n\nclass api:\n    def __init__(self):\n        self.inner = callr.Api('a', 'b')\n\n"
        "    def do(self, method, *params):\n        return self.inner.call(method, *params)\n",
        ("{v}().do('sms.get', 'X')", "{v}().do(NAME)", "{v}().inner.call(NAME)"),
    ),
    Kind("import callr\n\n\nclass api(callr.Api):\n    pass\n", ("{v}('a', 'b').call(NAME)",)),
    Kind(
        _POST + "def api(method, *params):\n"
        "    body = {'jsonrpc': '2.0', 'id': 1, 'method': method, 'params': list(params)}\n"
        "    return requests.post(URL, json=body).json()['result']\n",
        ("{v}('sms.get', 'X')", "{v}(NAME)"),
    ),
    Kind(
        _POST + "def api(payload):\n    return requests.post(URL, json=payload)\n",
        ("{v}(dict(id=1, method='sms.get', params=['X']))", "{v}({{'id': 1, 'method': NAME, 'params': []}})"),
    ),
    Kind(
        "def api(client, method, *params):\n    return client.call(method, *params)\n",
        ("{v}(__import__('callr').Api('a', 'b'), 'sms.get', 'X')",),
    ),
)

# A statement, and the name of `api` behind it: {m} is the module that has it, {p} its package, {n} its last part.
FORMS = (
    ("from {m} import api", "api"),
    ("from {m} import api as theirs", "theirs"),
    ("from {m} import *", "api"),
    ("import {m}", "{m}.api"),
    ("import {m} as other", "other.api"),
    ("from {p} import {n}", "{n}.api"),
    ("from .{n} import api", "api"),
    ("from . import {n} as other", "other.api"),
    ("import importlib\nother = importlib.import_module('{m}')", "other.api"),
    ("try:\n    from {m} import api\nexcept ImportError:\n    api = None", "api"),
    ("import typing\nif typing.TYPE_CHECKING:\n    pass\nfrom {m} import api", "api"),
)
MODULES = ("lib.one", "lib.two", "lib.deep.three", "lib.deep", "lib", "top", "tool", "src.app.main")
PACKAGES = frozenset({"lib", "lib.deep"})


@st.composite
def generated(draw: st.DrawFn) -> dict[str, str]:
    """Modules of which the first makes something, and each further one takes it from one before, and hands it on."""
    kind = draw(st.sampled_from(KINDS))
    order = draw(st.permutations(MODULES))[: draw(st.integers(2, 6))]
    files = {"lib/__init__.py": "", "lib/deep/__init__.py": "", "src/app/__init__.py": ""}
    texts: dict[str, str] = {}
    for name in order:
        if not texts:
            star = draw(st.sampled_from(["", '__all__ = ["api"]\n', '__all__ = ["other"]\n']))
            texts[name] = kind.text + star
            continue
        text, value = _import(draw, draw(st.sampled_from(list(texts))), name)
        uses = [*kind.uses, "print({v})"]
        if "client," in kind.text and any("callr" in text for text in texts.values()):
            uses += ["{v}(missing, 'sms.get', 'X')", "{v}(missing, NAME)"]
        use = draw(st.sampled_from(uses)).format(v=value)
        inside = draw(st.booleans())
        text += 'NAME = "system.get_timestamp"\n'
        text += f"\n\ndef use(run, pool):\n    return {use}\n" if inside else f"{use}\n"
        if value != "api":
            text += f"\napi = {value}\n"
        texts[name] = text
    first, last = order[0], order[-1]
    if draw(st.booleans()):
        # A cycle.
        texts[first] += (
            f"\n\ndef later():\n    import {last.removeprefix('src.')} as back\n\n    return back.api\n"
        )
    for name, text in texts.items():
        files[name.replace(".", "/") + ("/__init__.py" if name in PACKAGES else ".py")] = text
    return files


def _import(draw: st.DrawFn, other: str, importer: str) -> tuple[str, str]:
    statement, value = draw(st.sampled_from(FORMS))
    other, importer = other.removeprefix("src."), importer.removeprefix("src.")
    package, _, last = other.rpartition(".")
    own = importer if importer in PACKAGES else importer.rpartition(".")[0]
    if ("{p}" in statement and not package) or ("from ." in statement and (not own or own != package)):
        statement, value = FORMS[0]
    names = {"m": other, "p": package, "n": last}
    return statement.format(**names) + "\n", value.format(**names)


def told(folder: Path) -> Iterator[tuple[object, ...]]:
    outcome = run(Request((folder,), load_settings(folder)))
    assert outcome.report.errors == []
    for finding in outcome.report.findings:
        edits = sorted(
            (edit.path.name, edit.start, edit.end, edit.text)
            for edit in (finding.fix.edits if finding.fix else ())
        )
        yield finding.path.name, finding.start, finding.code, finding.method, finding.reason, str(edits)
    for unseen in outcome.report.unseen:
        yield unseen.path.name, unseen.line, unseen.reason


@settings(max_examples=50, deadline=None)
@given(files=generated())
def test_gates_lose_nothing(files: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        for path, text in files.items():
            folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(path).write_text(text)
        folder.joinpath("callr-migrate.toml").touch()
        patch.setattr(pipeline, "load_pack", functools.lru_cache(load_pack))
        gated = sorted(told(folder), key=str)
        patch.setattr(Gates, "passes", lambda gates, raw: True)
        patch.setattr(Gates, "sources", lambda gates, passed: list(passed))
        assert gated == sorted(told(folder), key=str)


# How a legacy call is made so that nothing of it leaves the function `use`, and what its callers give to that.
PERFORMED = (
    "def use(number, text='Hi'):\n    api.call('sms.send', '', number, text)\n",
    "def use(number, options=None):\n    api.call('sms.send', '', number, 'Hi', options)\n",
    "def use(number, method='sms.get'):\n    api.call(method, number)\n",
    "def use(number, when=None):\n    api.call('sms.get_list', 'OUT', when, when)\n",
    (
        "class Sender:\n    text = 'Hi'\n\n    def __init__(self, number):\n        self.number = number\n\n"
        "    def send(self):\n        api.call('sms.send', '', self.number, self.text)\n\n\n"
        "def use(number, text=None):\n    Sender(number).send()\n"
    ),
)
# What others make of a function `{f}` that does so, as a function of the same kind.
RUNNERS = (
    "def use(number, text=None):\n    {f}(number)\n",
    "def use(number, text=None):\n    {f}(number, text)\n",
    "def use(number, text=None):\n    try:\n        {f}(number)\n    except Exception as error:\n        print(error)\n",
    (
        "def use(number, text=None):\n    while True:\n        try:\n            {f}(number)\n        except OSError:\n"
        "            continue\n        break\n"
    ),
    "def retry(f):\n    return f\n\n\n@retry\ndef use(number, text=None):\n    {f}(number)\n",
    (
        "class Job:\n    def run(self, number):\n        {f}(number)\n\n\n"
        "class Later(Job):\n    pass\n\n\ndef use(number, text=None):\n    Later().run(number)\n"
    ),
    "def use(number, text=None):\n    {f}({{'nature': 'ALERTING'}}, {{'nature': 'ALERTING'}})\n",
    "def use(number, text=None):\n    print(text)\n\n\n{f}('+33199001020', '2020-01-01 00:00:00')\n",
    (
        "def safely(f, *args):\n    try:\n        f(*args)\n    except Exception as error:\n        print(error)\n\n\n"
        "def use(number, text=None):\n    safely({f}, number)\n"
    ),
    "def use(number, text=None):\n    print(text)\n\n\n{m}.text = 'SENT'\n{m}.Sender.text = 'SENT'\n",
)


@st.composite
def performing(draw: st.DrawFn) -> dict[str, str]:
    """A client deep inside, and modules that run what uses it and get nothing of it; some have nothing to do with it."""
    files = {
        "lib/__init__.py": "",
        "lib/client.py": 'import callr\n\napi = callr.Api("a", "b")\n',
        "lib/m0.py": f"from lib.client import api\n\n\n{draw(st.sampled_from(PERFORMED))}",
    }
    for number in range(1, draw(st.integers(2, 6))):
        below = f"m{draw(st.integers(0, number - 1))}"
        statement, name = draw(
            st.sampled_from(
                (
                    (f"from lib.{below} import use as run_it", "run_it"),
                    (f"from lib import {below}", f"{below}.use"),
                    (f"import lib.{below}", f"lib.{below}.use"),
                    (f"from . import {below} as other", "other.use"),
                )
            )
        )
        runner = draw(st.sampled_from(RUNNERS))
        if "{m}" in runner:
            statement, name = f"from lib import {below}", f"{below}.use"
        files[f"lib/m{number}.py"] = f"{statement}\n\n\n{runner.format(f=name, m=below)}"
    return files


@settings(max_examples=50, deadline=None)
@given(files=performing())
def test_who_only_runs_a_legacy_call_is_not_lost(files: dict[str, str]) -> None:
    """What handles its errors, runs it again or gives it values is told as if every file were analysed."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        for path, text in files.items():
            folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            folder.joinpath(path).write_text(text)
        folder.joinpath("callr-migrate.toml").touch()
        patch.setattr(pipeline, "load_pack", functools.lru_cache(load_pack))
        limited = sorted(told(folder), key=str)
        patch.setattr(Reach, "files", lambda reach, *_: set(reach.graph.files))
        assert limited == sorted(told(folder), key=str)


def test_the_generated_projects_hold_calls_behind_the_gates() -> None:
    """So that the property above cannot hold for nothing: uses that mention nothing of the client are found."""
    quiet = [use for kind in KINDS for use in kind.uses if "callr" not in use and ".call(" not in use]
    assert len(quiet) >= 12
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.joinpath("callr-migrate.toml").touch()
        folder.joinpath("one.py").write_text(KINDS[2].text)
        folder.joinpath("two.py").write_text("from one import api\n")
        folder.joinpath("three.py").write_text("from two import *\n\napi('sms.get', 'X')\n")
        assert ("three.py", len("from two import *\n\n"), "CLR101", "sms.get") in {
            entry[:4] for entry in told(folder)
        }


def test_the_generated_projects_hold_runners_that_count() -> None:
    """What they give a legacy call, and how they handle its errors, is seen from afar."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.joinpath("callr-migrate.toml").touch()
        folder.joinpath("client.py").write_text("import callr\n\napi = callr.Api('a', 'b')\n")
        folder.joinpath("m0.py").write_text(f"from client import api\n\n\n{PERFORMED[0]}")
        alone = [entry for entry in told(folder) if entry[0] == "m0.py"]
        folder.joinpath("m1.py").write_text(f"import m0\n\n\n{RUNNERS[1].format(f='m0.use')}")
        assert alone != [entry for entry in told(folder) if entry[0] == "m0.py"]
        folder.joinpath("m2.py").write_text(f"import m1\n\n\n{RUNNERS[2].format(f='m1.use')}")
        assert "CLR602" in {entry[2] for entry in told(folder) if entry[0] == "m2.py"}
