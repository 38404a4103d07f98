"""`check --attest`: exit 0 and a digest only when nothing is left, whatever hides it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from callr_migrate.cli import main

CLEAN = "import httpx\n\nhttpx.get('https://example.com')\n"
LEGACY = 'import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call("sms.get", "ABCDEF12")\n'
UNSEEN = 'import callr\n\n\ndef read(client):\n    return client.call("sms.get", "ABCDEF12")\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("callr-migrate.toml", "")


def write(name: str, text: str) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def attest(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    capfd.readouterr()
    code = main(["check", "--attest", *arguments])
    return code, capfd.readouterr().out


def test_nothing_left(capfd: pytest.CaptureFixture[str]) -> None:
    write("b.py", CLEAN)
    write("a/b.py", "x = 1\r\n")
    lines = "".join(
        f"{hashlib.sha256(Path(name).read_bytes()).hexdigest()}  {name}\n" for name in ("a/b.py", "b.py")
    )
    code, out = attest(capfd)
    assert code == 0
    assert "no legacy use in 2 files." in out
    assert f"sha256 of what was looked at: {hashlib.sha256(lines.encode()).hexdigest()}\n" in out
    assert (
        "Assumed: nothing runs code from texts (exec, eval), no attribute is named by a computed text" in out
    )


def test_the_digest_is_of_the_files_and_not_of_where_the_command_runs(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a/b.py", CLEAN)
    first = attest(capfd, "a")
    monkeypatch.chdir("a")
    assert attest(capfd) == first
    Path("b.py").write_bytes(CLEAN.encode() + b"\n")
    assert attest(capfd)[1] != first[1]


@pytest.mark.parametrize(
    ("files", "arguments", "told"),
    [
        ({"a.py": LEGACY}, [], "Not attested: 2 findings."),
        ({"a.py": UNSEEN}, [], "Not attested: 1 place not seen."),
        ({"a.py": f"# callr-migrate: ignore-file\n{LEGACY}"}, [], "Not attested: 2 suppressed."),
        ({"a.py": LEGACY}, ["--select", "CLR5"], "Not attested: 2 not selected."),
        ({"a.py": LEGACY}, ["--ignore", "CLR1"], "Not attested: 1 finding, 1 not selected."),
        ({"a.py": CLEAN, "old/a.py": LEGACY}, ["--extend-exclude", "old"], "Not attested: 1 place not seen."),
        ({"a.py": "import callr\nprint 'x'\n"}, [], "Not attested: 1 finding, 1 place not seen."),
        ({"a.txt": CLEAN}, [], "Not attested: no file was looked at."),
    ],
)
def test_what_is_left_stands_against_it(
    capfd: pytest.CaptureFixture[str], files: dict[str, str], arguments: list[str], told: str
) -> None:
    for name, text in files.items():
        write(name, text)
    code, out = attest(capfd, *arguments)
    assert code == 1
    assert out.splitlines()[-1] == told
    assert "sha256" not in out


def test_a_baseline_hides_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    write("a.py", LEGACY)
    main(["check", "--write-baseline", "known.json"])
    assert main(["check", "--baseline", "known.json"]) == 0
    code, out = attest(capfd, "--baseline", "known.json")
    assert (code, out.splitlines()[-1]) == (1, "Not attested: 2 in the baseline.")


def test_comments_that_suppress_nothing_are_no_legacy_use(capfd: pytest.CaptureFixture[str]) -> None:
    write("a.py", f"{CLEAN}x = 1  # callr-migrate: ignore\n")
    assert main(["check"]) == 1
    assert attest(capfd)[0] == 0


def test_errors_beat_it(capfd: pytest.CaptureFixture[str]) -> None:
    write("a.py", CLEAN)
    write("b.py", "# coding: nonsense\n")
    code, out = attest(capfd)
    assert (code, out.splitlines()[-1]) == (2, "Not attested: not all could be looked at.")


def test_a_report_for_programs_stays_alone_on_standard_output(capfd: pytest.CaptureFixture[str]) -> None:
    write("a.py", CLEAN)
    assert main(["check", "--attest", "--output-format", "json"]) == 0
    printed = capfd.readouterr()
    assert json.loads(printed.out)["findings"] == []
    assert "sha256 of what was looked at" in printed.err


def test_it_excludes_exit_zero(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--attest", "--exit-zero"]) == 2
    assert "--attest is told by the exit code" in capfd.readouterr().err
