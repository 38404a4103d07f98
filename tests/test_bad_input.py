"""Input that no tool likes: each gets one clear line and the right exit code, and the other files are still done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from callr_migrate.cli import main

LEGACY = 'import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call("system.get_timestamp")\n'
PYTHON_2 = """\
import thecallr

api = thecallr.Api("a", "b")
try:
    print "sent", api.call("sms.send", "", to, "Hi", None)
except thecallr.ThecallrException, e:
    print e
"""
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has none of them")


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def codes(self) -> list[tuple[str, str]]:
        return [(finding["path"], finding["code"]) for finding in self.report["findings"]]


Call = Callable[..., Result]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """The command line in this process, with JSON on standard output; an escaped exception fails the test."""

    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = main([*arguments, "--output-format", "json"])
        result = Result(code, *capfd.readouterr())
        assert "Traceback" not in result.err
        assert "internal fault" not in result.err
        return result

    return run


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one good file, which has to be done whatever else there is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "good.py").write_text(LEGACY)
    return tmp_path


def separate(*arguments: str, seconds: int = 120) -> Result:
    """The same in a process of its own, which may crash or hang."""
    done = subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments, "--output-format", "json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=seconds,
    )
    assert "Traceback" not in done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def is_done(result: Result) -> bool:
    """Whether the good file was looked at."""
    return ("good.py", "CLR101") in result.codes


# -- paths ------------------------------------------------------------------------------------------------------


def test_a_path_that_does_not_exist(call: Call) -> None:
    result = call("check", "good.py", "gone")
    assert (result.code, result.err) == (2, "error: gone: no such file or folder\n")
    assert result.report["errors"] == [{"path": "gone", "message": "no such file or folder"}]
    assert is_done(result)


@POSIX
def test_a_folder_that_cannot_be_read(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("locked").mkdir()
    scandir = os.scandir

    def refuse(path: Any = ".") -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = call("check", ".")
    assert (result.code, result.err) == (2, "error: locked: cannot read folder: permission denied\n")
    assert is_done(result)


@POSIX
def test_a_file_that_cannot_be_read(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("locked.py").write_text(LEGACY)
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "locked.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    result = call("check", ".")
    assert (result.code, result.err) == (2, "error: locked.py: cannot be read: permission denied\n")
    assert is_done(result)


@POSIX
def test_links_in_a_loop_and_to_nowhere(call: Call) -> None:
    Path("sub").mkdir()
    Path("sub/again").symlink_to(Path().resolve(), target_is_directory=True)
    Path("self.py").symlink_to("self.py")
    Path("nowhere.py").symlink_to("gone.py")
    result = call("check", ".")
    assert (result.code, result.err) == (1, "")
    assert result.report["summary"]["files"] == 1
    result = call("check", ".", "self.py", "nowhere.py")
    assert result.code == 2
    assert [error["path"] for error in result.report["errors"]] == ["nowhere.py", "self.py"]
    assert is_done(result)


@POSIX
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "self"],
        ["fix", "self"],
        ["report", "self"],
        ["check", "--baseline", "self", "."],
        ["check", "--write-baseline", "self", "."],
        ["check", "--rules", "self", "."],
    ],
)
def test_nothing_but_a_link_in_a_loop(call: Call, arguments: list[str]) -> None:
    Path("self").symlink_to("self")
    result = call(*arguments)
    assert result.code == 2
    (problem,) = (line for line in result.err.splitlines() if line.startswith("error: "))
    assert "self: " in problem


@POSIX
def test_a_pipe_is_not_waited_for() -> None:
    os.mkfifo("pipe.py")
    os.mkfifo(".gitignore")
    result = separate("check", ".", seconds=60)
    assert (result.code, result.err) == (1, "")
    result = separate("check", ".", "pipe.py", seconds=60)
    assert (result.code, result.err) == (2, "error: pipe.py: is neither a file nor a folder\n")
    assert is_done(result)


@POSIX
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("callr-migrate.toml", "error: callr-migrate.toml: cannot be read: it is no file\n"),
        ("pyproject.toml", "error: pyproject.toml: cannot be read: it is no file\n"),
        ("callr-migrate.verified.yaml", ""),
        (".git/info/exclude", ""),
        (".git/config", ""),
    ],
)
def test_a_pipe_in_place_of_settings_is_not_waited_for(name: str, expected: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    os.mkfifo(name)
    result = separate("check", ".", seconds=60)
    assert (result.code, result.err) == (2 if expected else 1, expected)


@POSIX
def test_a_pipe_that_is_named_as_settings_is_read(call: Call) -> None:
    read, write = os.pipe()
    os.write(write, b'ignore = ["CLR"]')
    os.close(write)
    assert call("check", "--config", f"/dev/fd/{read}", ".").code == 0
    os.close(read)


@POSIX
def test_pipes_in_the_cache_are_not_waited_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.mktemp("cache")
    expected = separate("check", "--cache-dir", str(cache), ".")
    kept = sorted(cache.iterdir())
    assert len(kept) > 1
    for path in kept:
        path.unlink()
        os.mkfifo(path)
    result = separate("check", "--cache-dir", str(cache), ".", seconds=60)
    assert result == expected


def test_a_folder_named_like_a_file(call: Call) -> None:
    Path("x.py").mkdir()
    Path("x.py/inner.py").write_text(LEGACY)
    result = call("check", ".")
    assert result.code == 1
    assert ("x.py/inner.py", "CLR101") in result.codes


def test_paths_in_json_have_slashes(call: Call) -> None:
    Path("a/b").mkdir(parents=True)
    Path("a/b/c.py").write_text(LEGACY)
    result = call("check", str(Path("a", "b")))
    assert {path for path, _ in result.codes} == {"a/b/c.py"}
    assert {
        edit["path"]
        for finding in result.report["findings"]
        if finding["fix"]
        for edit in finding["fix"]["edits"]
    } == {"a/b/c.py"}


# -- bytes ------------------------------------------------------------------------------------------------------


def test_an_empty_file(call: Call) -> None:
    Path("empty.py").write_bytes(b"")
    Path("bom.py").write_bytes(b"\xef\xbb\xbf")
    Path("blank.py").write_bytes(b"\r\n\f\n")
    result = call("check", ".")
    assert (result.code, result.err) == (1, "")
    assert result.report["summary"]["files"] == 4


BAD_BYTES = {
    "NUL bytes": (b"\0" * 1000, "holds NUL bytes, so it is not Python source"),
    "legacy code with a NUL byte": (LEGACY.encode() + b"\0", "holds NUL bytes, so it is not Python source"),
    "UTF-16": (LEGACY.encode("utf-16"), "is UTF-16, which Python does not read; save it as UTF-8"),
    "an unknown codec": (
        b"# coding: klingon\nx = 1\n",
        "declares an encoding that Python does not know (klingon); mend the coding declaration or the file",
    ),
    "an unknown codec and legacy code": (
        b"# coding: klingon\n" + LEGACY.encode(),
        "declares an encoding that Python does not know (klingon); mend the coding declaration or the file",
    ),
    "Latin-1 said to be UTF-8": (
        b"# coding: utf-8\n\n\nx = '\xe9'\n",
        "is not valid UTF-8",
    ),
    "Latin-1 said to be UTF-8 and legacy code": (
        b"# coding: utf-8\n" + LEGACY.encode() + b"x = '\xe9'\n",
        "is read as utf-8 but line 6 is not; save it in that encoding or declare the right one",
    ),
    "Latin-1 said to be nothing, and legacy code": (
        LEGACY.encode() + b"x = '\xe9'\n",
        "is read as utf-8 but line 5 is not; save it in that encoding or declare the right one",
    ),
    "a codec that gives no text": (
        b"# coding: hex\n" + LEGACY.encode(),
        "declares hex, which is no encoding of text; declare the right one",
    ),
    "a codec that gives halves of characters": (
        b"# coding: utf-7\n" + LEGACY.encode() + b"x = '+2AA-'\n",
        "is read as utf-7, of which Python cannot make text in line 6; save it as UTF-8",
    ),
}


@pytest.mark.parametrize(("raw", "problem"), BAD_BYTES.values(), ids=BAD_BYTES)
@pytest.mark.parametrize("command", [["check"], ["fix", "--unsafe-fixes"], ["fix", "--diff"]])
def test_bytes_that_are_no_source(call: Call, raw: bytes, problem: str, command: list[str]) -> None:
    Path("bad.py").write_bytes(raw)
    if "--diff" in command:
        assert main([*command, "."]) == 2
    else:
        result = call(*command, ".")
        assert result.code == 2
        (error,) = result.report["errors"]
        assert error["path"] == "bad.py"
        if problem == "is not valid UTF-8":
            # Python's own detection looks at two lines, and says so in its own words.
            assert "utf-8" in error["message"].lower()
        else:
            assert error["message"] == problem
        assert f"error: bad.py: {error['message']}\n" in result.err
        assert is_done(result)
    assert Path("bad.py").read_bytes() == raw


# -- size and depth ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("legacy", [False, True])
def test_ten_megabytes(call: Call, legacy: bool) -> None:
    lines = [f"x{number} = {{'a': {number}, 'b': [1, 2]}}\n" for number in range(300_000)]
    if legacy:
        lines[1000] = 'api.call("sms.send", "", to, "Hi", None)\n'
        lines[0] = "from callr import Api\n"
    text = "".join(lines)
    assert len(text) > 10_000_000
    Path("big.py").write_text(text)
    result = call("check", ".")
    assert (result.code, result.err) == (1, "")
    assert is_done(result)
    found = [finding for finding in result.report["findings"] if finding["path"] == "big.py"]
    assert [finding["code"] for finding in found] == ["CLR902", "CLR101"] * legacy
    if legacy:
        assert (found[1]["method"], found[1]["start"]["line"]) == ("sms.send", 1001)
        assert "too large" in found[0]["message"]
        assert found[0]["message"].endswith("lines 1, 1001")


DEEP = {
    "a sum": "x = " + "+".join(["1"] * 20_000) + "\n",
    "attributes": "x = a" + ".b" * 5_000 + "\n",
    "lists": "x = " + "[" * 3_000 + "]" * 3_000 + "\n",
    "brackets that Python allows": "x = " + "f(a, *[-" * 95 + "1" + "])" * 95 + "\n",
    "branches": "if a:\n    pass\n" + "elif b:\n    pass\n" * 10_000,
    "joined strings": "x = (\n" + "    'a'\n" * 10_000 + ")\n",
    "just short of too deep": "x = " + "+".join(["1"] * 1_400) + "\n",
    "right to left": "x = " + "**".join(["1"] * 700) + "\n",
    "blocks": "".join(" " * depth + "if a:\n" for depth in range(99)) + " " * 99 + "pass\n",
    "more blocks": "".join(" " * depth + "if a:\n" for depth in range(300)) + " " * 300 + "pass\n",
    "numbers": "x = [" + "1, " * 200_000 + "]\n",
    "pairs": "x = {\n" + "".join(f"    'k{n}': -1.5,\n" for n in range(200_000)) + "}\n",
}
PARSED = {"brackets that Python allows", "just short of too deep", "right to left", "blocks"}


@pytest.mark.parametrize("name", DEEP)
def test_depth_never_takes_the_process_down(name: str) -> None:
    text = LEGACY + DEEP[name]
    Path("deep.py").write_text(text)
    result = separate("fix", ".", seconds=300)
    assert result.code == 1
    assert result.err.count("error:") == 0
    assert is_done(result)
    codes = {code for path, code in result.codes if path == "deep.py"}
    if name in PARSED:
        assert codes == {"CLR101", "CLR601"}
    else:
        assert codes in ({"CLR901", "CLR101"}, {"CLR902", "CLR101"}), codes
        finding = next(finding for finding in result.report["findings"] if finding["path"] == "deep.py")
        assert finding["message"].endswith("legacy code seems to stand in lines 1, 4")
        assert Path("deep.py").read_text() == text


# -- Python 2 ---------------------------------------------------------------------------------------------------

OLD = {
    "print": (PYTHON_2, [1, 5]),
    "a handler, which parses as Python 3.14": (
        "import thecallr\ntry:\n    api.call('sms.send')\nexcept thecallr.ThecallrException, e:\n    pass\n",
        [1, 3],
    ),
    "print to a file, which parses as a shift": (
        "import thecallr\nprint >>log, api.call('sms.send', '', to, 'x', None)\n",
        [1, 2],
    ),
    "tabs and blanks": (
        "import thecallr\nif x:\n        a = 1\n\tapi.call(method='sms.get')\n",
        [1, 4],
    ),
    "a call over lines": ("print 1\napi.call(\n    u'sms.get', x)\n", [2]),
    "no library": ("print 1\nclient.call('sms.get', x)\n", [2]),
}


@pytest.mark.parametrize(("text", "lines"), OLD.values(), ids=OLD)
def test_python_2(call: Call, text: str, lines: list[int]) -> None:
    Path("old.py").write_text(text)
    for command in (["check"], ["fix", "--unsafe-fixes"]):
        result = call(*command, ".")
        assert result.code == 1
        found = [finding for finding in result.report["findings"] if finding["path"] == "old.py"]
        (finding,) = (finding for finding in found if finding["code"] == "CLR901")
        calls = [call for call in found if call is not finding]
        assert [call["start"]["line"] for call in calls] == [line for line in lines if line > 1]
        assert {call["code"] for call in calls} == {"CLR101"}
        plural = "s" if len(lines) > 1 else ""
        assert finding["message"].endswith(f"line{plural} {', '.join(map(str, lines))}")
        assert {place["path"] for place in result.report["unseen"]} == {"old.py"}
    assert Path("old.py").read_text() == text


def test_what_does_not_parse_and_may_be_legacy_is_unseen(call: Call) -> None:
    Path("odd.py").write_text("print 1  # see callr\n")
    Path("other.py").write_text("print 2\n")
    result = call("check", ".")
    assert [(place["path"], place["line"]) for place in result.report["unseen"]] == [("odd.py", 1)]


def test_a_target_of_python_3_14_has_bare_handlers(call: Call) -> None:
    text = LEGACY + "try:\n    pass\nexcept A, B:\n    pass\n"
    Path("new.py").write_text(text)
    assert ("new.py", "CLR901") in call("check", ".").codes
    assert ("new.py", "CLR101") in call("check", ".", "--target-version", "3.14").codes


# -- rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("methods:\n- method: [\n", "not valid YAML"),
        ("methds: []\n", "'methods'"),
        ("methods:\n- method: a.b\n  sumary: x\n", "'summary'"),
        ("\0", "not valid YAML"),
    ],
)
def test_broken_rules(call: Call, text: str, problem: str) -> None:
    Path("own").mkdir()
    Path("own/rules.yaml").write_text(text)
    result = call("check", ".", "--rules", "own")
    assert result.code == 2
    assert result.out == ""
    assert all(line.startswith("error: own/rules.yaml:") for line in result.err.splitlines())
    assert problem in result.err


def test_no_folder_of_rules(call: Call) -> None:
    result = call("check", ".", "--rules", "gone")
    assert result.code == 2
    assert result.err.endswith("gone: no such folder of rules\n")
    assert result.err.count("\n") == 1


# -- writing ----------------------------------------------------------------------------------------------------


def left_behind() -> list[str]:
    return [path.name for path in Path().rglob("*.tmp")]


@POSIX
def test_a_read_only_file(call: Call) -> None:
    Path("fixed.py").write_text(LEGACY)
    Path("fixed.py").chmod(0o444)
    result = call("fix", ".", "--unsafe-fixes")
    assert result.code == 2
    (error,) = result.report["errors"]
    assert error["path"] == "fixed.py"
    assert error["message"] == (
        "cannot be written: it is read-only; it and what changes together with it are left as they were"
    )
    assert Path("fixed.py").read_text() == LEGACY
    assert "callr" not in Path("good.py").read_text().replace("api.callr.com", "")
    assert {(finding["path"], finding["applied"]) for finding in result.report["findings"]} == {
        ("good.py", True),
        ("fixed.py", False),
    }
    assert left_behind() == []


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(28, "No space left on device")]
)
def test_a_folder_that_takes_no_files(call: Call, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    Path("sub").mkdir()
    Path("sub/fixed.py").write_text(LEGACY)
    make = tempfile.mkstemp

    def refuse(*arguments: Any, **options: Any) -> Any:
        if Path(options["dir"]).name == "sub":
            raise error
        return make(*arguments, **options)

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    result = call("fix", ".", "--unsafe-fixes")
    assert result.code == 2
    assert [failure["path"] for failure in result.report["errors"]] == ["sub/fixed.py"]
    assert f"cannot be written: {error.strerror.lower()}; " in result.err
    assert Path("sub/fixed.py").read_text() == LEGACY
    assert "callr.Api" not in Path("good.py").read_text()
    assert left_behind() == []


def test_a_disk_that_fills_up_while_writing(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def full(handle: int) -> None:
        sync(handle)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    result = call("fix", ".", "--unsafe-fixes")
    assert result.code == 2
    assert "good.py: cannot be written: no space left on device" in result.err
    assert Path("good.py").read_text() == LEGACY
    assert left_behind() == []
    assert not any(finding["applied"] for finding in result.report["findings"])


def test_crlf_stays(call: Call) -> None:
    Path("good.py").write_bytes(LEGACY.replace("\n", "\r\n").encode())
    assert call("fix", ".", "--unsafe-fixes").code == 0
    raw = Path("good.py").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 3
