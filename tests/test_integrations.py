"""The GitHub Action and the GitLab CI template: held against their schemas, and their shell steps run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.checkout import ROOT, clean_environment, commit_all, copy, needs_git, needs_index, run

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
TEMPLATE_FILE = ROOT / "ci/callr-migrate.gitlab-ci.yml"
TEMPLATE: dict[str, Any] = yaml.safe_load(TEMPLATE_FILE.read_text(encoding="utf-8"))
BASH = shutil.which("bash")
LIMIT = 300  # seconds

LEGACY = 'import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call("did/areacode.countries")\n'
UNKNOWN = 'import callr\n\napi = callr.Api(LOGIN, PASSWORD)\napi.call("sms.get_status", 1)\n'
SETTLED = 'auth = "keep"\n'

needs_bash = pytest.mark.skipif(BASH is None or os.name == "nt", reason="there is no bash to run the steps")


@pytest.mark.parametrize(
    ("schema", "file"),
    [("vendor.github-actions", "action.yml"), ("vendor.gitlab-ci", "ci/callr-migrate.gitlab-ci.yml")],
)
def test_schemas(schema: str, file: str) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed (extra 'test')")
    run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, ROOT / file, cwd=ROOT)


DOCUMENT = (ROOT / "docs/integrations.md").read_text(encoding="utf-8")


def test_the_document_is_true() -> None:
    from callr_migrate.output import FORMATS

    rows = re.findall(r"^\| (`[^|]+`) \|", DOCUMENT, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([\w-]+)`", row)]
    assert named == [*FORMATS, *ACTION["inputs"]]
    for name, given in ACTION["inputs"].items():
        assert not given["default"] or f"`{given['default']}`" in DOCUMENT, name
    assert all(
        f"`{name}`" in DOCUMENT
        for name in (*ACTION["outputs"], *TEMPLATE["variables"])
        if "PACKAGE" not in name
    )
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert all(f"- id: {hook['id']}\n" in DOCUMENT for hook in hooks)
    for block in re.findall(r"^```yaml\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL):
        written = yaml.safe_load(block)
        assert set(_inputs(written)) <= set(ACTION["inputs"])


def _inputs(document: Any) -> list[str]:
    """The inputs that an example of a workflow gives."""
    if isinstance(document, dict):
        return [*document.get("with", ()), *(name for value in document.values() for name in _inputs(value))]
    return [name for value in document for name in _inputs(value)] if isinstance(document, list) else []


# -- GitHub -----------------------------------------------------------------------------------------------------


def test_no_input_is_pasted_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", ""), step["name"]
        assert ("run" in step) == (step.get("shell") == "bash")


def test_what_a_step_names_exists() -> None:
    steps = {step["id"]: step.get("run", "") for step in ACTION["runs"]["steps"] if "id" in step}
    text = json.dumps(ACTION)
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    for step, output in re.findall(r"steps\.(\w+)\.outputs\.([\w-]+)", text):
        assert f"{output}=" in steps[step], (step, output)


@dataclass
class Runner:
    """Does with a composite action what GitHub's runner does; steps that use other actions are noted only."""

    folder: Path
    program: str
    workspace: Path
    inputs: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    used: list[dict[str, Any]] = field(default_factory=list)
    log: str = ""
    code: int = 0

    def go(self) -> Runner:
        for step in ACTION["runs"]["steps"]:
            if self.code or not self.holds(step.get("if", "true")):
                continue
            if "uses" in step:
                self.used.append({name: self.filled(value) for name, value in step["with"].items()})
            elif step["id"] == "install":
                self.outputs["install"] = {"program": self.program}
            else:
                self.step(step)
        return self

    def step(self, step: dict[str, Any]) -> None:
        written = self.folder / f"{step['id']}.out"
        written.write_text("")
        environment = {
            **clean_environment(),
            **{name: self.filled(value) for name, value in step["env"].items()},
            "GITHUB_OUTPUT": str(written),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.folder),
        }
        done = bash(step["run"], self.workspace, environment)
        self.log += done.stdout + done.stderr
        self.code = done.returncode
        self.outputs[step["id"]] = dict(line.split("=", 1) for line in written.read_text().splitlines())

    def value(self, name: str) -> str:
        if name == "github.action_path":
            return str(ROOT)
        kind, _, rest = name.partition(".")
        if kind == "inputs":
            return self.inputs.get(rest, ACTION["inputs"][rest]["default"])
        step, _, output = rest.partition(".outputs.")
        return self.outputs.get(step, {}).get(output, "")

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: self.value(match[1]), text)

    def holds(self, condition: str) -> bool:
        if condition == "true":
            return True
        name, other = re.fullmatch(r"([\w.-]+) != '(\w*)'", condition).groups()  # type: ignore[union-attr]
        return self.value(name) != other


def bash(script: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """As GitHub runs `shell: bash`."""
    return subprocess.run(
        [str(BASH), "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
    )


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """This checkout's tool as a program."""
    file = tmp_path_factory.mktemp("bin") / "callr-migrate"
    file.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m callr_migrate "$@"\n')
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    needs_git()
    folder = tmp_path / "restaurant"
    (folder / "a b").mkdir(parents=True)
    (folder / "a b" / "sms.py").write_text(LEGACY)
    (folder / "other.py").write_text(UNKNOWN)
    (folder / "callr-migrate.toml").write_text(SETTLED)
    commit_all(folder)
    return folder


def action(tmp_path: Path, program: str, repository: Path, **inputs: str) -> Runner:
    return Runner(
        tmp_path, program, repository, {name.replace("_", "-"): value for name, value in inputs.items()}
    ).go()


@needs_bash
def test_check_with_annotations(tmp_path: Path, program: str, repository: Path) -> None:
    done = action(tmp_path, program, repository)
    assert done.code == 1
    assert "::error title=callr-migrate CLR104,file=other.py,line=4,endLine=4,col=1," in done.log
    assert "::error title=callr-migrate CLR101,file=a b/sms.py,line=4" in done.log
    assert done.outputs["run"] == {"exit-code": "1", "changed": "false"}
    assert done.used == []


@needs_bash
def test_check_with_sarif(tmp_path: Path, program: str, repository: Path) -> None:
    done = action(
        tmp_path, program, repository, upload_sarif="true", sarif_file="out put.sarif", category="c"
    )
    assert done.code == 1
    assert done.used == [{"sarif_file": "out put.sarif", "category": "c"}]
    assert done.outputs["run"]["sarif-file"] == "out put.sarif"
    report = json.loads((repository / "out put.sarif").read_text())
    rules = {result["ruleId"] for result in report["runs"][0]["results"]}
    assert rules == {"CLR101", "CLR104", "CLR601"}


@needs_bash
def test_paths_and_arguments(tmp_path: Path, program: str, repository: Path) -> None:
    done = action(tmp_path, program, repository, paths="a b\n", args="--select=CLR104\n\n--quiet")
    assert (done.code, done.outputs["run"]["exit-code"]) == (0, "0"), done.log
    done = action(tmp_path, program, repository, paths="other.py\na b\n", args="--select=CLR104")
    assert done.code == 1
    done = action(tmp_path, program, repository, paths="--exit-zero")
    assert done.code == 2
    assert "--exit-zero" in done.log


@needs_bash
def test_findings_that_are_no_failure(tmp_path: Path, program: str, repository: Path) -> None:
    done = action(tmp_path, program, repository, fail="false")
    assert (done.code, done.outputs["run"]["exit-code"]) == (0, "1")
    done = action(tmp_path, program, repository, fail="false", paths="missing.py", upload_sarif="true")
    assert (done.code, done.outputs["run"]["exit-code"]) == (2, "2")


@needs_bash
def test_fix(tmp_path: Path, program: str, repository: Path) -> None:
    done = action(tmp_path, program, repository, command="fix", fail="false")
    assert (done.code, done.outputs["run"]) == (0, {"exit-code": "1", "changed": "true"}), done.log
    assert "httpx.Client" in (repository / "a b" / "sms.py").read_text()
    again = action(tmp_path, program, repository, command="fix", fail="false")
    assert again.outputs["run"] == {"exit-code": "1", "changed": "false"}


@needs_bash
def test_a_command_that_is_none(tmp_path: Path, program: str, repository: Path) -> None:
    done = action(tmp_path, program, repository, command="check; touch pwned")
    assert done.code == 2
    assert "neither 'check' nor 'fix'" in done.log
    assert done.outputs["run"] == {}
    assert not (repository / "pwned").exists()


@needs_bash
def test_the_step_that_installs(tmp_path: Path) -> None:
    needs_index()
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "install"]
    environment = {
        **clean_environment(),
        "PYTHON": sys.executable,
        "SOURCE": str(copy(tmp_path / "checkout")),
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_OUTPUT": str(tmp_path / "out"),
    }
    done = bash(step["run"], tmp_path, environment)
    assert done.returncode == 0, done.stderr
    name, _, installed = (tmp_path / "out").read_text().strip().partition("=")
    assert name == "program"
    assert run(installed, "--version", cwd=tmp_path).stdout.startswith("callr-migrate ")


# -- GitLab -----------------------------------------------------------------------------------------------------


def job(name: str, program: str, repository: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """The script of a job as GitLab's runner puts it together, in the image's shell."""
    environment = {
        **clean_environment(),
        **TEMPLATE["variables"],
        **variables,
        "CI_PROJECT_DIR": str(repository),
        "PATH": f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return bash("\n".join(TEMPLATE[name]["script"]), repository, environment)


@needs_bash
def test_the_job_reports_code_quality(program: str, repository: Path) -> None:
    done = job("callr-migrate", program, repository)
    assert done.returncode == 1
    assert "other.py:4:1: CLR104 [manual]" in done.stdout
    report = json.loads(
        (repository / TEMPLATE["callr-migrate"]["artifacts"]["reports"]["codequality"]).read_text()
    )
    assert {issue["location"]["path"] for issue in report} == {"a b/sms.py", "other.py"}


@needs_bash
def test_the_job_passes_where_nothing_is_found(program: str, repository: Path) -> None:
    done = job("callr-migrate", program, repository, CALLR_MIGRATE_ARGS="--select CLR999")
    assert done.returncode == 0, done.stderr
    assert json.loads((repository / "gl-code-quality-report.json").read_text()) == []
    failed = job("callr-migrate", program, repository, CALLR_MIGRATE_PATHS="missing.py")
    assert failed.returncode == 2


@needs_bash
def test_the_job_that_makes_a_patch(program: str, repository: Path) -> None:
    done = job("callr-migrate-patch", program, repository)
    assert done.returncode == 0, done.stderr
    (patch,) = TEMPLATE["callr-migrate-patch"]["artifacts"]["paths"]
    run("git", "apply", patch, cwd=repository)
    assert "httpx.Client" in (repository / "a b" / "sms.py").read_text()
    assert job("callr-migrate-patch", program, repository, CALLR_MIGRATE_PATHS="missing.py").returncode == 1


def test_the_package_is_installed_first() -> None:
    (line,) = TEMPLATE[".callr-migrate"]["before_script"]
    assert line.endswith('"$CALLR_MIGRATE_PACKAGE"')
    for name in ("callr-migrate", "callr-migrate-patch"):
        assert TEMPLATE[name]["extends"] == ".callr-migrate"
