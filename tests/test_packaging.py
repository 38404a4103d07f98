"""The package as people install it: what is in it, and that it works on its own."""

from __future__ import annotations

import importlib.metadata
import json
import site
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from support.checkout import ROOT, clean_environment, copy, needs_index, run

from callr_migrate import __version__

LEGACY = 'import callr\n\napi = callr.Api("login", "secret")\napi.call("sms.get_count_for_body", "Hello")\n'
RULES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "rules").rglob("*") if path.is_file())
WINDOWS = sys.platform == "win32"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is made from it."""
    pytest.importorskip("build", reason="build is not installed (it comes with the extra 'test')")
    folder = tmp_path_factory.mktemp("dist")
    checkout = copy(tmp_path_factory.mktemp("package") / "callr-migrate")
    try:
        importlib.metadata.version("hatchling")
        isolation = ["--no-isolation"]
    except importlib.metadata.PackageNotFoundError:
        needs_index()
        isolation = []
    run(sys.executable, "-m", "build", *isolation, "--outdir", folder, checkout, cwd=checkout)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(built: Path) -> Path:
    (path,) = built.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of a fresh environment with the wheel; what it depends on is lent by this one."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    executable = folder / ("Scripts/python.exe" if WINDOWS else "bin/python")
    run(executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder)
    where = run(executable, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    lent = [path for path in site.getsitepackages() if Path(path).is_dir()]
    (Path(where.stdout.strip()) / "lent.pth").write_text("\n".join(lent) + "\n")
    return executable


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "quiet.py").write_text("print('hello')\n")
    (tmp_path / "sms.py").write_text(LEGACY)
    return tmp_path


def test_wheel_has_the_package_and_the_rules_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"callr_migrate/{name}" for name in RULES} <= names
    assert "callr_migrate/rules/rules.schema.json" in names
    assert "callr_migrate/contract/callr-rest-v2.openapi.yaml" in names
    assert "callr_migrate/rules.compiled" in names
    page = ("report.css", "report.html.jinja", "report.js")
    assert {f"callr_migrate/report/page/{name}" for name in page} <= names
    assert "callr_migrate/report/report.schema.json" in names
    # Other Pythons import these two, from their folders.
    assert {
        f"callr_migrate/{folder}/sitecustomize.py" for folder in ("twin/redirect", "trace/recorder")
    } <= names
    assert {"callr_migrate/__main__.py", "callr_migrate/py.typed"} <= names
    assert {name.split("/")[0] for name in names} == {
        "callr_migrate",
        f"callr_migrate-{__version__}.dist-info",
    }
    assert f"callr_migrate-{__version__}.dist-info/licenses/LICENSE" in names
    assert not [name for name in names if "__pycache__" in name]


def test_sdist_has_what_a_checkout_has(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(RULES) <= names
    needed = {"README.md", "LICENSE", "CHANGELOG.md", "pyproject.toml", ".ci/run", ".pre-commit-hooks.yaml"}
    needed |= {
        "docs/design.md",
        "contract/callr-rest-v2.openapi.yaml",
        "tests/test_packaging.py",
        "tests/support/checkout.py",
        "examples/README.md",
    }
    needed |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").rglob("*.py")}
    assert needed <= names


@pytest.mark.parametrize("command", [["-m", "callr_migrate"], None], ids=["module", "script"])
def test_installed_it_checks_and_fixes(python: Path, project: Path, command: list[str] | None) -> None:
    start = (
        [python.with_name("callr-migrate.exe" if WINDOWS else "callr-migrate")]
        if command is None
        else [python, *command]
    )
    assert run(*start, "--version", cwd=project).stdout == f"callr-migrate {__version__}\n"
    assert run(*start, "check", "quiet.py", cwd=project).stdout == "Looked at 1 file: nothing to migrate.\n"
    report = json.loads(run(*start, "check", "--output-format", "json", cwd=project, code=1).stdout)
    assert report["summary"]["legacy_calls"] == 1
    assert {finding["path"] for finding in report["findings"]} == {"sms.py"}
    assert "Nothing" not in run(*start, "fix", "--diff", cwd=project, code=1).stderr
    assert run(*start, "report", "--output-format", "html", cwd=project).stdout.endswith("</html>\n")
    assert "No mistakes" in run(*start, "rules", "validate", cwd=project).stdout
    assert "all hold" in run(*start, "rules", "test", cwd=project).stdout


def test_the_installed_package_is_the_one_that_runs(python: Path, project: Path) -> None:
    code = "import callr_migrate, callr_migrate.pack as p; print(callr_migrate.__file__, p.shipped_rules(), sep='\\n')"
    package, rules = map(
        Path, run(python, "-c", code, cwd=project, env=clean_environment()).stdout.splitlines()
    )
    # The folder of the environment may itself be behind a link.
    environment = python.parent.parent.resolve()
    assert environment in package.resolve().parents
    assert rules.resolve() == package.resolve().parent / "rules"


def test_the_installed_rules_are_compiled(python: Path, project: Path) -> None:
    code = "import sys; from callr_migrate.pack import load_pack; load_pack(); print('yaml' in sys.modules)"
    assert run(python, "-c", code, cwd=project, env=clean_environment()).stdout == "False\n"
