"""The benchmarks run: on tiny trees, without a network; their figures are nobody's concern here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.checkout import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import jobs
import measure
import steps
from bounds import END, START

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the benchmarks are for POSIX systems")

PAGE = f"# Made up\n\n{START}made up before\n{END}\nthe end\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    package = tmp_path / "corpus" / "made_up"
    package.mkdir(parents=True)
    for number in range(6):
        (package / f"module_{number}.py").write_text(f"def plain_{number}(value):\n    return value\n")
    (package / "other.py").write_text("import callr\n")
    return tmp_path / "corpus"


def said(script: str, *arguments: str, path: str = "") -> str:
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / script), "--quick", *arguments],
        env={**os.environ, "PATH": path or os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_all_steps(corpus: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(PAGE)
    # Whatever peers are installed there, none of them is asked.
    nothing = tmp_path / "bin"
    nothing.mkdir()
    said("run.py", "--corpus", str(corpus), "--output", str(page), path=str(nothing))
    text = page.read_text()
    assert text.startswith(f"# Made up\n\n{START}Machine: ")
    assert text.endswith(f"{END}\nthe end\n")
    assert "made up before" not in text
    assert "the rest of the step" not in text
    rows = re.findall(r"^\| (.+?) \| (.*?) \| .+ \| (yes|\*\*no\*\*|) \|$", text, re.MULTILINE)
    bounds = [(what.partition(",")[0].partition(" (")[0], asked) for what, asked, _ in rows if asked]
    assert {
        ("one clean file", "1.5 x"),
        ("one legacy file", "1.3 x"),
        ("clean tree", "0.25 x"),
        ("1 % legacy", "1 x"),
        ("1 % legacy", "0.25 x"),
        ("memory over the clean tree", "80"),
        ("memory with 1 % legacy", "80"),
        ("2 times the files", "2.1 x"),
        ("all legacy", "0.25 x"),
        ("check of 500 lines with 50 calls", "6 x"),
        ("fix of 500 lines with 50 calls", "6 x"),
        ("output with --jobs 1", "equal"),
    } <= set(bounds)
    assert re.search(r"\| output with --jobs .* \| equal \| equal \| yes \|", text)
    # No place of this machine, and nobody's name.
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text


def test_one_step(corpus: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    printed = said("run.py", "--only", "jobs", "--corpus", str(corpus), "--output", str(page))
    assert re.findall("^# .*", printed, re.MULTILINE) == ["# jobs"]
    assert "| equal |" in page.read_text()


def test_a_peer_that_fails_is_left_out(corpus: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bin" / "ast-grep"
    bad.parent.mkdir()
    bad.write_text("#!/bin/sh\nexit 3\n")
    bad.chmod(0o755)
    page = tmp_path / "page.md"
    said("run.py", "--only", "peers", "--corpus", str(corpus), "--output", str(page), path=str(bad.parent))
    text = page.read_text()
    assert "ast-grep ended with 3" in text
    assert "semgrep is not installed" in text
    assert text.count("| callr-migrate |") == 2


def test_a_step_that_fails_costs_its_rows_only(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import run

    def fails(self: steps.Steps) -> None:
        raise measure.Failed("made-up ended with 3")

    monkeypatch.setattr(steps.Steps, "clean", fails)
    monkeypatch.setattr(steps.Steps, "jobs", lambda self: self.table.told("a made-up row", 1.5))
    page = tmp_path / "page.md"
    arguments = ["--quick", "--only", "clean", "--only", "jobs", "--corpus", str(corpus)]
    assert run.main([*arguments, "--output", str(page)]) == 1
    assert "the rest of the step clean: made-up ended with 3" in page.read_text()
    assert "| a made-up row | | 1.50 | |" in page.read_text()


def test_the_sweep_over_processes() -> None:
    printed = said("jobs.py", "--jobs", "2")
    assert re.search(r"^4 \| \d,\d+ \| [\d.]+ / [\d.]+ \| [\d.]+ / [\d.]+$", printed, re.MULTILINE)
    assert re.search(r"^4 calls a file, --jobs 2: .*; by processors' time: ", printed, re.MULTILINE)
    assert re.search(r"^processes (win for all of them from|do not win for all)", printed, re.MULTILINE)


def test_where_two_lines_cross() -> None:
    sizes = [10.0, 20.0, 40.0]
    one, two = [size * 2 for size in sizes], [30 + size for size in sizes]
    assert jobs.crossing(sizes, one, two) == pytest.approx(30)
    assert jobs.crossing(sizes, two, one) is None
    assert jobs.crossing(sizes, [100 + size for size in one], two) == 0
    # Too far away to say.
    assert jobs.crossing(sizes, one, [100 + size for size in sizes]) is None


def test_where_they_cross_by_work() -> None:
    sizes = [10.0, 20.0, 40.0]
    # One process: 5 at first. Two: each starts for 10, and they share the rest.
    one, two = [5 + 2 * size for size in sizes], [5 + 20 + 2 * size for size in sizes]
    assert jobs.crossing_of_work(sizes, one, two, 2) == pytest.approx(10)


def test_what_a_process_takes(tmp_path: Path) -> None:
    before = bytearray(400_000_000)  # of this one's memory, which is not the other's
    program = "import time; block = bytearray(50_000_000); time.sleep(0.2); print('done')"
    command = measure.Command("made-up", [sys.executable, "-c", program], tmp_path, keeps=True)
    found = measure.once(command)
    assert found.outputs == ("done\n",)
    assert found.wall >= 0.2
    assert 50 < found.memory < 200 < len(before)


def test_a_process_that_does_not_end(tmp_path: Path) -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    command = measure.Command("made-up", [sys.executable, "-c", program], tmp_path, limit=0.5)
    with pytest.raises(measure.Failed, match="made-up took more than"):
        measure.once(command)


def test_what_edits_a_file_changes_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text("print()\n")
    said = {file.read_bytes()}
    for _ in range(2):
        steps._edit(file)
        said.add(file.read_bytes())
    assert len(said) == 3
    assert file.read_text().count("edited") == 1
