"""Parts of a project are not analysed again, unless something has changed that their analysis depends on."""

from __future__ import annotations

import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callr_migrate import pipeline
from callr_migrate.cache import parts as parts_module
from callr_migrate.cache import stored
from callr_migrate.cache.parts import Lookup
from callr_migrate.config import load_settings
from callr_migrate.output import FORMATS, renderer
from callr_migrate.pipeline import Request, run
from callr_migrate.settings_tree import SettingsTree

ROOT = Path(__file__).parents[2]
CLIENT = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALL = 'print(api.call("sms.get", "ABCD")["status"] == "SENT")\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in ("one", "two", "three"):
        Path(f"{name}.py").write_text(CLIENT + CALL)
    return folder


Analysed = Callable[..., tuple[dict[str, Any], int, int]]


@pytest.fixture
def analysed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Analysed:
    """Check as without a cache; what it says, how many parts were known, and how many were analysed."""
    told: list[bool] = []
    real = Lookup.known

    def known(self: Lookup, *args: Any) -> Any:
        found = real(self, *args)
        told.append(found is not None)
        return found

    monkeypatch.setattr(Lookup, "known", known)

    def check(**more: Any) -> tuple[dict[str, Any], int, int]:
        told.clear()
        paths = more.pop("paths", (Path(),))
        root = load_settings(Path())

        def said(cache: Path | None) -> list[str]:
            outcome = run(Request(paths, root, tree=SettingsTree(root), cache=cache, **more))
            # JUnit says when it was.
            return [re.sub("timestamp=[^ ]+", "", renderer(name)(outcome)) for name in FORMATS]

        warm = said(tmp_path / "cache")
        assert warm == said(None)
        return json.loads(warm[list(FORMATS).index("json")]), sum(told), len(told) - sum(told)

    return check


def counts(told: tuple[dict[str, Any], int, int]) -> tuple[int, int]:
    return told[1:]


def kept(tmp_path: Path) -> Path:
    (path,) = (tmp_path / "cache").glob("parts-*")
    return path


def test_what_has_not_changed_is_not_analysed(analysed: Analysed) -> None:
    assert counts(analysed()) == (0, 3)
    assert counts(analysed()) == (3, 0)
    Path("one.py").write_text(f"{CLIENT}\n{CALL}")
    assert counts(analysed()) == (2, 1)
    Path("one.py").write_text(CLIENT + CALL)
    assert counts(analysed()) == (3, 0)


def test_fixes_and_what_is_left_after_them(analysed: Analysed) -> None:
    for diff in (False, True, True):
        told = analysed(diff=diff, unsafe=True)
    assert told[0]["summary"]["unsafe"] > 0
    # The second analysis, of what the fixes make of the files, is known as well.
    assert counts(told)[1] == 0
    assert counts(told)[0] > 3


def test_other_paths_settings_and_places(analysed: Analysed, monkeypatch: pytest.MonkeyPatch) -> None:
    analysed()
    assert counts(analysed(paths=(Path("one.py"),))) == (1, 2)
    assert counts(analysed(paths=(Path("one.py"),))) == (3, 0)
    Path("callr-migrate.toml").write_text("line-length = 40\n")
    assert counts(analysed()) == (0, 3)
    Path("callr-migrate.toml").write_text("jobs = 1\n")
    assert counts(analysed())[0] == 0
    Path("callr-migrate.toml").unlink()
    assert counts(analysed()) == (3, 0)
    Path("inner").mkdir()
    monkeypatch.chdir("inner")
    assert counts(analysed(paths=(Path(".."),)))[0] == 0


def test_what_is_asked_for_counts_also_under_the_same_names(analysed: Analysed, project: Path) -> None:
    assert counts(analysed(paths=(project,))) == (0, 3)
    told = analysed(paths=(project / "one.py",))
    assert {finding["path"] for finding in told[0]["findings"]} == {"one.py"}
    assert told[1:] == (1, 2)


def test_what_it_imports(analysed: Analysed) -> None:
    Path("one.py").write_text(f"from names import METHOD\n{CLIENT}api.call(METHOD)\n")
    Path("names.py").write_text('METHOD = "sms.get"\n')
    analysed()
    assert counts(analysed()) == (3, 0)
    Path("names.py").write_text('METHOD = "app.get"\n')
    assert counts(analysed()) == (2, 1)
    Path("names.py").unlink()
    assert counts(analysed()) == (2, 1)
    Path("names").mkdir()
    Path("names/__init__.py").write_text('METHOD = "sms.get"\n')
    assert counts(analysed()) == (2, 1)
    # A package gives its modules other names.
    Path("__init__.py").write_text("")
    assert counts(analysed())[0] == 0


def test_a_file_that_mentions_an_options_name(analysed: Analysed) -> None:
    Path("one.py").write_text(
        f'{CLIENT}options = {{"nature": "ALERTING"}}\n\n\ndef send(to):\n    api.call("sms.send", "", to, "Hi", options)\n'
    )
    Path("other.py").write_text("value = 1\n")
    first = analysed()[0]
    assert counts(analysed()) == (3, 0)
    # Nothing leads from the one to the other.
    Path("other.py").write_text("def clear(module):\n    module.options.clear()\n")
    told = analysed()
    assert told[1:] == (2, 1)
    assert told[0]["findings"] != first["findings"]


WRITTEN_OUT = CLIENT.replace("LOGIN, PASSWORD", '"made-up-login", "MADE-UP-WORD"')


def shown(tmp_path: Path) -> bool:
    """Whether a credential has got into the cache."""
    texts = [path.read_bytes().lower() for path in (tmp_path / "cache").iterdir()]
    return any(word in text for text in texts for word in (b"made-up-login", b"made-up-word"))


def test_credentials_do_not_get_into_it(analysed: Analysed, tmp_path: Path) -> None:
    Path("one.py").write_text(WRITTEN_OUT + CALL)
    # What the fix makes of this has it in small letters.
    Path("two.py").write_text(f'{CLIENT}{CALL}api.call("sms.get", "MADE-UP-WORD")\n')
    analysed()
    assert not shown(tmp_path)
    # The first is known, with its credentials; the second was not to be kept.
    assert counts(analysed()) == (2, 1)
    assert not shown(tmp_path)


def test_what_turns_out_to_be_a_credential_goes(analysed: Analysed, tmp_path: Path) -> None:
    Path("two.py").write_text(f'{CLIENT}{CALL}api.call("sms.get", "MADE-UP-WORD")\n')
    analysed()
    assert shown(tmp_path)
    Path("two.py").write_text(CLIENT)
    Path("one.py").write_text(WRITTEN_OUT + CALL)
    analysed()
    assert not shown(tmp_path)
    Path("one.py").write_text(CLIENT)
    Path("two.py").write_text(f'{CLIENT}{CALL}api.call("sms.get", "MADE-UP-WORD")\n')
    analysed()
    Path("one.py").write_text(WRITTEN_OUT + CALL)
    analysed()
    assert not shown(tmp_path)


def test_credentials_that_are_put_together_are_not_kept(analysed: Analysed, tmp_path: Path) -> None:
    Path("one.py").write_text(WRITTEN_OUT.replace("MADE-UP-WORD", 'MADE-" "UP-WORD') + CALL)
    analysed()
    assert counts(analysed()) == (2, 1)
    assert not shown(tmp_path)


def test_what_went_wrong_is_tried_again(analysed: Analysed, monkeypatch: pytest.MonkeyPatch) -> None:
    from callr_migrate import engine

    def fails(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(engine, "judge", fails)
        assert analysed()[0]["summary"]["errors"] > 0
    assert counts(analysed()) == (0, 3)
    assert counts(analysed()) == (3, 0)


def test_several_processes(analysed: Analysed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts(analysed(jobs=2)) == (0, 3)
    # Who knows all of it needs nobody, and no parser.
    monkeypatch.setattr(pipeline.Workers, "results", None)
    monkeypatch.setattr("callr_migrate.analysing.analyse_part", None)
    with pytest.raises(TypeError):
        analysed(jobs=2)
    outcome = run(Request((Path(),), load_settings(Path()), cache=kept_folder(), jobs=2))
    assert len(outcome.report.findings) > 3


def kept_folder() -> Path:
    return Path("..", "cache").resolve()


def test_no_parser_is_loaded(analysed: Analysed) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "callr_migrate", "check", "--output-format", "json"]
    command += ["--cache-dir", str(kept_folder())]
    told = [
        subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
        for _ in range(2)
    ]
    assert told[0].stdout == told[1].stdout
    assert [" libcst\n" in each.stderr for each in told] == [True, False]


def test_it_does_not_grow_without_end(
    analysed: Analysed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "_OTHERS", 2)
    analysed()
    size = kept(tmp_path).stat().st_size
    for number in range(20):
        Path("one.py").write_text(CLIENT + CALL + f"# {number:02}\n")
        analysed()
    assert kept(tmp_path).stat().st_size < 3 * size
    monkeypatch.setattr(parts_module, "_MOST", size // 2)
    Path("one.py").write_text(f"{CLIENT}{CALL}# x\n")
    analysed()
    assert kept(tmp_path).stat().st_size < size


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("evil",)


def whole(raw: bytes, body: bytes) -> bytes:
    return raw[:16] + stored.short_digest(body) + body


def each_part(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The same file with other bytes for each of its parts."""
    body, new = raw[32:], b""
    while body:
        size = int.from_bytes(body[16:24], "big")
        part = change(body[24 : 24 + size])
        new += body[:16] + len(part).to_bytes(8, "big") + part
        body = body[24 + size :]
    return whole(raw, new)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "half": lambda raw: raw[: len(raw) // 2],
    "another version": lambda raw: bytes(16) + raw[16:],
    "a bit": lambda raw: raw[:300] + bytes([raw[300] ^ 1]) + raw[301:],
    "half, by the digest whole": lambda raw: whole(raw, raw[32 : len(raw) // 2]),
    "nothing in it": lambda raw: each_part(raw, lambda _: b""),
    "no pickle": lambda raw: each_part(raw, lambda _: b"\x80\x04nonsense"),
    "another pickle": lambda raw: each_part(raw, lambda _: pickle.dumps(({}, [], ([], [], [])))),
    "evil": lambda raw: each_part(raw, lambda _: pickle.dumps(Evil())),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_none(analysed: Analysed, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    analysed()
    kept(tmp_path).write_bytes(damage(kept(tmp_path).read_bytes()))
    assert counts(analysed()) == (0, 3)
    assert counts(analysed()) == (3, 0)
    assert not Path("evil").exists()


def commands(count: int) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "callr_migrate", "check", "--output-format", "json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CALLR_MIGRATE_CACHE_DIR": str(kept_folder())}
    return [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(count)
    ]


def test_several_runs_at_once(analysed: Analysed) -> None:
    expected, *_ = analysed()
    for path in kept_folder().iterdir():
        path.unlink()
    for _ in range(2):
        for process in commands(3):
            out, err = process.communicate(timeout=300)
            assert (json.loads(out), err) == (expected, "")
    assert counts(analysed()) == (3, 0)


def test_a_run_that_is_killed(analysed: Analysed) -> None:
    for name in range(30):
        Path(f"more{name}.py").write_text(f"{CLIENT}{CALL}# {'x' * 5000}\n")
    for delay in (0.3, 0.8, 1.3, 1.6, 1.9):
        (process,) = commands(1)
        time.sleep(delay)
        process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
        process.communicate(timeout=300)
    analysed()
    assert counts(analysed()) == (33, 0)


RULE = """methods:
- method: demo.ping
  summary: A method of our own.
  params: []
  none: {reason: There is none., instead: Leave it out.}
"""


def test_rules_that_change_while_they_are_read(analysed: Analysed, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = Path("rules", "own.yaml")
    rules.parent.mkdir()
    rules.write_text(RULE)
    Path("callr-migrate.toml").write_text('rules = ["rules"]\n')
    Path("one.py").write_text(f'{CLIENT}api.call("demo.ping")\n')
    real = pipeline.load_pack

    def meanwhile(*args: Any, **kwargs: Any) -> Any:
        rules.write_text(RULE.replace("There is none.", "There was none."))
        return real(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "load_pack", meanwhile)
        settings = load_settings(Path())
        run(Request((Path(),), settings, tree=SettingsTree(settings), cache=kept_folder()))
    rules.write_text(RULE)
    assert counts(analysed()) == (0, 3)
    assert counts(analysed()) == (3, 0)
    rules.write_text(RULE.replace("There is none.", "There was none."))
    assert counts(analysed()) == (0, 3)


def test_the_tool_itself_changes_while_it_runs(analysed: Analysed, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter([b"1" * 16, b"2" * 16])
    with monkeypatch.context() as patched:
        patched.setattr(parts_module, "_version", lambda: next(keys))
        assert counts(analysed()) == (0, 3)
    assert list(kept_folder().glob("parts-*")) == []
