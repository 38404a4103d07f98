"""`twin compare`: what makes it fail, and what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support.twin import ROOT, acacias_state

from callr_migrate.twin import files

APP = """
import callr

api = callr.Api("login", "hush")


def main():
    sms_id = api.call("sms.send", "Acacias", "+33199001020", "Bonjour", {"nature": "ALERTING"})
    sms = api.call("sms.get", "8242D945")
    if sms["status"] == "RECEIVED":
        api.call("sms.send", "", sms["to"], "Encore", {"nature": "MARKETING"})
    print(sms_id, sms["hash"], sms["text"][:8])


main()
"""


def compare(
    folder: Path,
    code: str,
    *options: str,
    state: bool = True,
    command: tuple[str, ...] = (sys.executable, "app.py"),
    **environ: str,
) -> subprocess.CompletedProcess[str]:
    project = folder / "project"
    project.mkdir(exist_ok=True)
    (project / "callr-migrate.toml").touch()
    (project / "app.py").write_text(textwrap.dedent(code), "utf-8")
    kept = folder / "state.json"
    kept.write_bytes(files.dump(acacias_state()))
    given = ["--state", str(kept)] if state else []
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "callr_migrate",
            "twin",
            "compare",
            "--timeout",
            "60",
            *given,
            *options,
            "--",
            *command,
        ],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert kept.read_bytes() == files.dump(acacias_state())
    return done


def test_equal_but_for_what_the_notes_explain(tmp_path: Path) -> None:
    done = compare(tmp_path, APP)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 file rewritten" in done.stdout
    assert "before: 3 requests (3 JSON-RPC), exit code 0" in done.stdout
    assert "after:  3 requests (3 REST v2), exit code 0" in done.stdout
    assert "explained: an id is lower case in v2" in done.stdout
    assert "different" not in done.stdout
    found = re.search(r"facts leaned on: (\d+) documented, .*?(\d+) inferred, 0 unknown", done.stdout)
    assert found
    assert int(found[1]) > 5
    assert int(found[2]) > 3
    assert done.stdout.splitlines()[-1].startswith("equal, apart from 1 explained: both programs agree with ")
    assert "this shows nothing of Callr itself" in done.stdout
    # Inferred facts were used.
    assert not re.search(r"\b(proven|proves|proof|verified)\b", done.stdout.replace("unproven", ""))
    assert "hush" not in done.stdout + done.stderr
    # The project itself is as it was.
    assert (tmp_path / "project" / "app.py").read_text("utf-8") == APP
    assert sorted(path.name for path in (tmp_path / "project").iterdir()) == ["app.py", "callr-migrate.toml"]


def test_faults_and_keys_in_another_order_are_no_difference(tmp_path: Path) -> None:
    code = """
    import callr
    api = callr.Api("login", "hush")
    done = 0
    for number in range(6):
        try:
            api.call("sms.send", "", "+33199001020", "Hi", {"nature": "ALERTING"})
            done += 1
        except callr.CallrException:
            pass
    print(done)
    app = api.call("apps.create", "ACTIONS10", "Night", {"format": "YAML", "script": "a: 1"})
    print(app["name"])
    """
    done = compare(tmp_path, code, "--faults", "500=0.4", "--seed", "3", "--keep")
    assert done.returncode == 0, done.stdout
    assert "7 REST v2" in done.stdout
    log = done.stdout.splitlines()[-1]
    kept = Path(log.removeprefix("kept in "))
    assert "6\n" not in (kept / "before.out").read_text("utf-8")
    assert "fault: 500" in (kept / "after.log").read_text("utf-8")
    shutil.rmtree(kept)


def test_both_targets(tmp_path: Path) -> None:
    done = compare(tmp_path, APP, "--target", "requests")
    assert done.returncode == 0, done.stdout + done.stderr


# What is changed in the rules, the request that must be named, and what is told of it.
MUTATIONS: dict[str, tuple[list[tuple[str, str]], str, str]] = {
    "a wrong parameter name": (
        [("trafficType: {value: $options.nature", "traffic_type: {value: $options.nature")],
        "request 1", "no query parameter 'traffic_type'",
    ),
    "a wrong body field": ([("      text: $body", "      body: $body")], "request 1", "no body field 'body'"),
    "swapped arguments": (
        [("      to: $to\n      from: {value: $from, ", "      to: $from\n      from: {value: $to, ")],
        "request 1", "E.164",
    ),
    "a swapped text": (
        [("      to: $to\n", "      to: $body\n"), ("      text: $body", "      text: $to")],
        "request 1", "E.164",
    ),
    "a forgotten lower()": ([("sid: {value: $id, format: hash}", "sid: {value: $id}")], "request 2", "is no sid"),
    "a constant that stays": (
        [("{value: $options.nature, enum: SMS.nature,", "{value: $options.nature,")],
        "request 1", "'ALERTING' is not one of",
    ),
    "swapped constants": (
        [("{ALERTING: alerting, MARKETING: marketing}", "{ALERTING: marketing, MARKETING: alerting}")],
        "request 1", "traffic='marketing'",
    ),
    "a status that stays": ([("RECEIVED: delivered", "RECEIVED: RECEIVED")], "request 3", "no request"),
    "a wrong field of the answer": ([("text: body.text", "text: body")], "exit code", "1"),
    "a wrong path": ([("path: /sms/{sid}", "path: /sms/{sid}/status")], "request 2", "there is no /sms/8242d945/status"),
    "a wrong verb": (
        [("verb: GET\n    path: /sms/{sid}", "verb: PUT\n    path: /sms/{sid}")], "request 2", "does not take PUT",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_wrong_rule_is_found_and_the_request_named(tmp_path: Path, name: str) -> None:
    changes, place, told = MUTATIONS[name]
    text = (ROOT / "rules" / "services" / "sms.yaml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "sms.yaml").write_text(text, "utf-8")
    done = compare(tmp_path, APP, "--rules", str(tmp_path / "rules"))
    assert done.returncode == 1, done.stdout + done.stderr
    different = done.stdout.partition("different:")[2].partition("explained by")[0]
    assert f"  {place}:" in different, done.stdout
    assert told in different, done.stdout
    assert re.search(r"^different: \d+ difference", done.stdout, re.MULTILINE)


def test_a_rewrite_that_logs_in_as_somebody_else(tmp_path: Path) -> None:
    code = """
    import callr
    names = ["login", "hush"]
    if "httpx" + ".Client" in open("app.py").read().replace("names =", ""):
        names.reverse()
    api = callr.Api(names[0], names[1])
    api.call("system.get_timestamp")
    """
    done = compare(tmp_path, code)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "refused (401): wrong credentials" in done.stdout


def test_other_output_other_files_and_other_exit_codes(tmp_path: Path) -> None:
    code = """
    import callr, sys
    callr.Api("login", "hush").call("system.get_timestamp")
    rewritten = "httpx." in open("app.py").read().partition("rewritten =")[0]
    print("always")
    if rewritten:
        print("more")
    open("report.txt", "w").write("rewritten" if rewritten else "legacy")
    # There already, and the same for one of the two only.
    open("there.txt", "w").write("ID X" if rewritten else "was")
    open("same.txt", "w").write("new")
    if rewritten:
        import os
        os.remove("gone.txt")
    sys.exit(3 if rewritten else 0)
    """
    (tmp_path / "project").mkdir()
    for name in ("there", "same", "gone"):
        (tmp_path / "project" / f"{name}.txt").write_text("was")
    done = compare(tmp_path, code)
    assert done.returncode == 1, done.stdout
    assert "file there.txt, line 1:\n      before: was\n      after:  ID X" in done.stdout
    assert "file gone.txt:\n      before: there\n      after:  not there" in done.stdout
    assert "same.txt" not in done.stdout
    assert "exit code:\n      before: 0\n      after:  3" in done.stdout
    assert "output, line 2:\n      before: nothing\n      after:  more" in done.stdout
    assert "file report.txt, line 1:\n      before: legacy\n      after:  rewritten" in done.stdout
    assert not (tmp_path / "project" / "report.txt").exists()


def test_a_program_that_does_not_do_the_same_twice(tmp_path: Path) -> None:
    code = """
    import callr, os
    api = callr.Api("login", "hush")
    api.call("sms.send", "", "+33199001020", os.urandom(8).hex(), None)
    """
    done = compare(tmp_path, code)
    assert done.returncode == 1
    assert "note: a second run of the program as it is differs from its first in 2 things" in done.stdout
    assert "does not do the same twice" in done.stdout


def test_settled_choices_are_explained(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "callr-migrate.toml").write_text(
        '[choices]\n"sms.traffic-type" = "alerting"\n"sms.sender-SMS" = "automatic"\n'
    )
    code = """
    import callr
    callr.Api("login", "hush").call("sms.send", "SMS", "+33199001020", "Hi", None)
    """
    done = compare(tmp_path, code)
    assert done.returncode == 0, done.stdout
    assert "explained: you settled sms.traffic-type as 'alerting'" in done.stdout
    assert "explained: you settled sms.sender-SMS as 'automatic'" in done.stdout


def test_dates_are_explained(tmp_path: Path) -> None:
    code = """
    import callr
    api = callr.Api("login", "hush")
    print("sent", api.call("sms.get", "8242D945")["date_sent"])
    """
    done = compare(tmp_path, code)
    assert done.returncode == 0, done.stdout
    assert "1 file rewritten" in done.stdout
    assert "explained: dates are RFC 3339 in v2" in done.stdout


def test_keep(tmp_path: Path) -> None:
    done = compare(tmp_path, APP, "--keep")
    folder = Path(done.stdout.splitlines()[-1].removeprefix("kept in "))
    assert (folder / "before" / "project" / "app.py").read_text("utf-8") == APP
    assert "httpx.Client" in (folder / "after" / "project" / "app.py").read_text("utf-8")
    assert "3 rest-v2 POST /v2.0/sms" in (folder / "after.log").read_text("utf-8")
    assert "8242D945 Clinique" in (folder / "before.out").read_text("utf-8")
    assert "8242d945 Clinique" in (folder / "after.out").read_text("utf-8")
    for path in sorted(folder.rglob("*"), reverse=True):
        assert path.suffix != ".pem"
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()


def test_without_anything_to_rewrite(tmp_path: Path) -> None:
    done = compare(tmp_path, "print('hello')")
    assert done.returncode == 0
    assert "nothing was rewritten, so both runs are of the same program" in done.stdout
    assert "note: no request was made at all, so this shows nothing" in done.stdout


def test_paths_into_the_project_lead_into_the_copy(tmp_path: Path) -> None:
    project = tmp_path / "project"
    code = APP + "import helper, os\nprint(helper.__file__, os.getcwd())\n"
    project.mkdir()
    (project / "lib").mkdir()
    (project / "lib" / "helper.py").write_text("")
    path = os.pathsep.join([str(ROOT), str(project / "lib")])
    done = compare(tmp_path, code, command=(sys.executable, str(project / "app.py")), PYTHONPATH=path)
    assert done.returncode == 0, done.stdout
    assert str(project) not in done.stdout
    assert "was taken from the project itself" not in done.stdout


def test_an_installed_project_is_found_in_the_copy(tmp_path: Path) -> None:
    """Its path is put on `sys.path` by a `.pth` file, as editable installs do."""
    project = tmp_path / "project"
    (project / "src" / "lib").mkdir(parents=True)
    (project / "src" / "lib" / "__init__.py").write_text(APP.replace("\nmain()\n", ""))
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(f"import sys; sys.path.append({str(project / 'src')!r})")
    path = os.pathsep.join([str(ROOT), str(site)])
    done = compare(tmp_path, "import lib\nlib.main()\n", PYTHONPATH=path)
    assert done.returncode == 0, done.stdout
    # The path came after the program was led, so it is told; a `.pth` file comes before.
    assert f"{project / 'src' / 'lib' / '__init__.py'} was taken from the project itself" in done.stdout


def test_a_program_that_does_not_end(tmp_path: Path) -> None:
    done = compare(tmp_path, "import time\ntime.sleep(60)", "--timeout", "2")
    assert done.returncode == 2
    assert "did not end within 2 seconds" in done.stderr


def test_sleeping_moves_the_clock(tmp_path: Path) -> None:
    code = """
    import callr, time
    api = callr.Api("login", "hush")
    sms_id = api.call("sms.send", "", "+33199001020", "Hi", None)
    time.sleep(3600)
    print(api.call("sms.get", sms_id)["status"] == "RECEIVED")
    """
    done = compare(tmp_path, code, "--skip-sleep")
    assert done.returncode == 0, done.stdout
    assert "output" not in done.stdout
    # Real waiting would have run into the time-out.
    kept = compare(tmp_path, code, "--skip-sleep", "--keep").stdout.splitlines()[-1].removeprefix("kept in ")
    assert (Path(kept) / "after.out").read_text("utf-8") == "True\n"
    shutil.rmtree(kept)


def test_outside_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    done = compare(tmp_path, APP, "--project", str(tmp_path / "other"))
    assert done.returncode == 2
    assert "is not inside the project" in done.stderr


def test_a_state_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{}")
    done = compare(tmp_path, APP, "--state", str(tmp_path / "bad.json"), state=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "is no state file of the twin" in done.stderr


def test_the_readmes_command_on_the_examples(tmp_path: Path) -> None:
    (command,) = re.findall(
        r"^cd examples && (.* twin compare .*)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE
    )
    copied = Path(shutil.copytree(ROOT / "examples", tmp_path / "examples"))
    words = shlex.split(command)
    environ = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    arguments = words[words.index("callr-migrate") + 1 :]
    arguments[arguments.index("python3")] = sys.executable
    done = subprocess.run(
        [sys.executable, "-m", "callr_migrate", *arguments],
        cwd=copied,
        env={**os.environ, **environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "before: 4 requests (4 JSON-RPC), exit code 0" in done.stdout
    assert "after:  4 requests (4 REST v2), exit code 0" in done.stdout
    assert "equal, apart from" in done.stdout.splitlines()[-1]
