"""Whatever happens to a project between two runs: with a cache a run says what it says without."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support.ticking import tick, trust_at_once

from callr_migrate import discovery, sieve
from callr_migrate.cache import reached
from callr_migrate.cache.parts import Lookup
from callr_migrate.cache.records import Records
from callr_migrate.cache.walks import Walks
from callr_migrate.cli import main

CLIENT = "import callr\nfrom names import *\n\napi = callr.Api(LOGIN, PASSWORD)\n"
CALLS = 'print(api.call("sms.get", "ABCD")["status"] == "SENT")\n'
OPTIONS = (
    'options = {"nature": "ALERTING"}\n\n\ndef send(to):\n    api.call("sms.send", "", to, "Hi", options)\n'
)
# Some are of one size on purpose.
CONTENTS = (
    "",
    "VALUE = 1\n",
    "VALUE = 2\n",
    CLIENT,
    CLIENT.replace("callr.Api", "other.Api"),
    CLIENT.replace("LOGIN, PASSWORD", '"made-up-login", "made-up-word"'),
    f"{CLIENT}{CALLS}",
    f"{CLIENT}{CALLS}".replace("sms.get", "app.get"),
    f"{CLIENT}{OPTIONS}",
    f"from client import api\n{CALLS}",
    f"from b import api\n{CALLS}",
    f"from pkg.a import api\n{CALLS}",
    f"from pkg import api\n{CALLS}",
    "from client import api\n",
    "import pkg.a\n\napi = pkg.a.api\n",
    "from client import options\n\noptions.update(other=1)\n",
    "from names import METHOD\nfrom client import api\n\nprint(api.call(METHOD, 'ABCD')['hash'])\n",
    'METHOD = "sms.get"\nLOGIN = PASSWORD = "x"\n',
    'METHOD = "sms.bad"\nLOGIN = PASSWORD = "x"\n',
    'WORD = "made-up-word"\nimport callr\napi = callr.Api(A, B)\napi.call("sms.get", "made-up-word")\n',
    "import callr\nprint 'Python 2'\ncallr.Api('made-up-login', PASSWORD).call('sms.get', x)\n",
    "# callr-migrate: ignore-file\nimport callr\n\napi = callr.Api(A, B)\n",
    f"import functools\nfrom client import api\n\n\ndef send(method, *args):\n    return api.call(method, *args)\n\n\n{CALLS}",
)
FILES = (
    "client.py",
    "a.py",
    "b.py",
    "names.py",
    "pkg/__init__.py",
    "pkg/a.py",
    "inner/a.py",
    "inner/callr.py",
)
RULE = """methods:
- method: sms.bad
  summary: {summary}
  params: []
  none: {{reason: {summary}, instead: Leave it out.}}
"""
AROUND = {
    ".gitignore": ("", "b.py\n", "/inner\n", "pkg/a.py\n"),
    "callr-migrate.toml": (
        "",
        "line-length = 40\n",
        'ignore = ["CLR101"]\n',
        'target = "requests"\n',
        'extend-exclude = ["b.py"]\n',
        'auth = "keep"\n',
        'rules = ["../rules"]\n',
        'wrappers = ["a.send"]\n',
        'wrappers = ["b.send"]\n',
    ),
    "pkg/callr-migrate.toml": ("", 'ignore = ["CLR101"]\n', 'ignore = ["CLR102"]\n', 'target = "requests"\n'),
    "requirements.txt": ("", "callr\n", "other\n"),
    "../rules/own.yaml": (RULE.format(summary="One."), RULE.format(summary="Two."), ""),
}
PATHS = ((), (), (), ("a.py",), ("pkg",), ("client.py", "names.py"))

File = st.sampled_from(FILES)
Write = st.tuples(st.just("write"), File, st.sampled_from(CONTENTS))
Operation = st.one_of(
    Write,
    Write,
    Write,
    st.tuples(st.just("unnoticed"), File, st.sampled_from(CONTENTS)),
    st.tuples(st.just("rename"), File, File),
    st.tuples(st.just("swap"), File, File),
    st.tuples(st.just("link"), File, File),
    st.tuples(st.just("hard link"), File, File),
    st.tuples(st.just("delete"), File),
    st.tuples(st.just("mode"), File, st.sampled_from((0o600, 0o644))),
    st.tuples(st.just("touch"), File),
    st.tuples(st.just("folder"), st.sampled_from(("pkg", "inner")), st.sampled_from(("pkg", "inner", "other"))),
    st.one_of(
        *(st.tuples(st.just("write"), st.just(name), st.sampled_from(texts)) for name, texts in AROUND.items())
    ),
    st.tuples(st.just("nothing")),
)  # fmt: skip
Steps = st.lists(st.tuples(Operation, st.sampled_from(PATHS)), min_size=4, max_size=8)


def apply(what: str, *how: Any) -> None:
    """Do something to the project in the working directory; what makes no sense does nothing."""
    with contextlib.suppress(OSError, shutil.Error):
        getattr(Changes, what.replace(" ", "_"))(*how)


class Changes:
    @staticmethod
    def nothing() -> None:
        pass

    @staticmethod
    def write(name: str, text: str) -> None:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text)

    @staticmethod
    def unnoticed(name: str, text: str) -> None:
        """In place, of the size that it had, with the time of modification that it had."""
        path = Path(name)
        info, raw = path.stat(), text.encode()
        if len(raw) <= info.st_size:
            path.write_bytes(raw + b"#" * (info.st_size - len(raw)))
            os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))

    @staticmethod
    def rename(old: str, new: str) -> None:
        Path(new).parent.mkdir(exist_ok=True)
        Path(old).replace(new)

    @staticmethod
    def swap(one: str, two: str) -> None:
        Path(one).rename("x")
        with contextlib.suppress(OSError):
            Path(two).rename(one)
        Path("x").rename(two)

    @staticmethod
    def link(name: str, to: str) -> None:
        Path(name).unlink(missing_ok=True)
        Path(name).symlink_to(os.path.relpath(to, Path(name).parent))

    @staticmethod
    def hard_link(name: str, to: str) -> None:
        Path(name).unlink(missing_ok=True)
        os.link(to, name)

    @staticmethod
    def delete(name: str) -> None:
        Path(name).unlink()

    @staticmethod
    def mode(name: str, mode: int) -> None:
        Path(name).chmod(mode)

    @staticmethod
    def touch(name: str) -> None:
        Path(name).touch(exist_ok=False) if not Path(name).exists() else os.utime(name)

    @staticmethod
    def folder(old: str, new: str) -> None:
        Path(old).rename(new)


def said(*arguments: str) -> tuple[int, str, str]:
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(list(arguments))
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    return code, buffer.getvalue().decode(), err.getvalue()


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What of each kind was told by the cache."""
    counter: Counter[str] = Counter()

    def counted(of: Any, name: str, size: Callable[[Any], int]) -> None:
        real = getattr(of, name)

        def told(*args: Any, **kwargs: Any) -> Any:
            found = real(*args, **kwargs)
            counter[f"{of.__name__.rpartition('.')[2]}.{name.lstrip('_')}"] += size(found)
            return found

        monkeypatch.setattr(of, name, told)

    counted(Records, "unchanged", len)
    counted(Walks, "known", lambda found: found is not None)
    counted(Lookup, "known", lambda found: found is not None)
    counted(reached, "_unpacked", lambda found: found is not None)
    return counter


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "_FEW", 1)
    monkeypatch.setattr(discovery, "_FEW", 1)
    trust_at_once(monkeypatch)


@contextlib.contextmanager
def project() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "project")
        (folder / ".git").mkdir(parents=True)
        (folder.parent / "rules").mkdir()
        os.chdir(folder)
        try:
            for name, text in zip(
                FILES, (CLIENT, CONTENTS[9], "", CONTENTS[17], "", "", "", ""), strict=True
            ):
                Changes.write(name, text)
            # What nobody touches: a part of its own, and one that depends on the others.
            Changes.write("own/one.py", f"import callr\n\napi = callr.Api(A, B)\n{CALLS}")
            Changes.write(
                "own/two.py",
                "import callr\nfrom names import METHOD\n\napi = callr.Api(A, B)\napi.call(METHOD, x)\n",
            )
            yield folder.parent
        finally:
            os.chdir(before)


def hold_against_cold_runs(steps: list[tuple[tuple[Any, ...], tuple[str, ...]]]) -> None:
    with project() as folder:
        cache = ["--cache-dir", str(folder / "cache")]
        for operation, paths in [(("nothing",), ()), *steps]:
            apply(*operation)
            tick(folder)
            command = ["check", "--output-format", "json", *paths]
            cold = said(*command, "--no-cache")
            assert said(*command, *cache) == cold
            # By what the first of the two has kept.
            assert said(*command, *cache) == cold
            for path in (folder / "cache").glob("*.cache"):
                assert b"made-up-login" not in path.read_bytes()
        assert said("fix", "--diff", "--unsafe-fixes", *cache) == said(
            "fix", "--diff", "--unsafe-fixes", "--no-cache"
        )


CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


LEGACY = "import callr\n\napi = callr.Api(A, B)\napi.call('sms.get', x)\n"
CLEAN = "#" * (len(LEGACY) - 1) + "\n"
OTHER = "from pkg.a import METHOD\n\nimport callr\n\napi = callr.Api(A, B)\napi.call(METHOD, x)\n"


def test_with_a_cache_a_run_says_what_it_says_without(used: Counter[str], world: None) -> None:
    # What hits each of the things that count, one by one.
    @example([(("write", "b.py", CLEAN), ()), (("unnoticed", "b.py", LEGACY), ())])
    @example(
        [
            (("write", "b.py", OTHER), ()),
            (("write", "pkg/a.py", 'METHOD = "sms.get"\n'), ()),
            (("unnoticed", "pkg/a.py", 'METHOD = "sms.bad"\n'), ()),
            (("rename", "pkg/a.py", "pkg/b.py"), ()),
        ]
    )
    @example([(("write", "callr-migrate.toml", 'target = "requests"\n'), ())])
    @example(
        [(("write", "pkg/a.py", LEGACY), ()), (("write", "pkg/callr-migrate.toml", "line-length = 30\n"), ())]
    )
    @example(
        [
            (("write", "b.py", LEGACY.replace("sms.get", "sms.bad")), ()),
            (("write", "callr-migrate.toml", 'rules = ["../rules"]\n'), ()),
            (("write", "../rules/own.yaml", RULE.format(summary="One.")), ()),
            (("write", "../rules/own.yaml", RULE.format(summary="Two.")), ()),
        ]
    )
    @example(
        [
            (("write", "b.py", LEGACY), ("a.py",)),
            (("nothing",), ("b.py",)),
            (("write", ".gitignore", "b.py\n"), ()),
        ]
    )
    @example(
        [
            (("write", "b.py", CLEAN), ()),
            (("write", "pkg/a.py", LEGACY), ()),
            (("swap", "b.py", "pkg/a.py"), ()),
        ]
    )
    @example([(("link", "b.py", "own/one.py"), ()), (("link", "b.py", "own/two.py"), ())])
    @settings(max_examples=10, deadline=None, suppress_health_check=CHECKS)
    @given(Steps)
    def check(steps: list[tuple[tuple[Any, ...], tuple[str, ...]]]) -> None:
        hold_against_cold_runs(steps)

    check()
    assert used["Lookup.known"] > 50
    assert used["Records.unchanged"] > 200
    assert used["Walks.known"] > 50
    assert used["reached.unpacked"] > 50


@pytest.mark.soak
def test_with_a_cache_many_runs_say_what_they_say_without(used: Counter[str], world: None) -> None:
    @settings(max_examples=100, deadline=None, suppress_health_check=CHECKS)
    @given(Steps)
    def check(steps: list[tuple[tuple[Any, ...], tuple[str, ...]]]) -> None:
        hold_against_cold_runs(steps)

    check()
