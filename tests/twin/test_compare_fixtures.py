"""The programs among the fixtures, before and after, over real HTTP against a twin: the same account is left behind."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from support.twin import ROOT
from support.twin_runs import Job, observe, told

from callr_migrate.twin import copying
from callr_migrate.twin.observing import Observation

FIXTURES = ROOT / "tests" / "fixtures"
EXPECTED = "expected.yaml"
# The second one in the long runs: it takes as long again.
TARGETS = ("httpx", pytest.param("requests", marks=pytest.mark.soak))

# Fixtures of rewriting: both sides are there


def sides(folder: Path) -> dict[str, Path]:
    """`before` and the targets -> the file or folder."""
    return {
        side: path
        for side in ("before", "after.httpx", "after.requests")
        for path in (folder / f"{side}.py", folder / side)
        if path.exists()
    }


def runs(folder: Path) -> bool:
    before = sides(folder)["before"]
    main = before if before.is_file() else before / "main.py"
    config = folder / "callr-migrate.toml"
    version = re.search(r'target-version = "3\.(\d+)"', config.read_text("utf-8") if config.exists() else "")
    return b"# not run" not in main.read_bytes()[:200] and sys.version_info[1] >= int(
        version[1] if version else 0
    )


REWRITES = [
    path
    for path in sorted((FIXTURES / "rewrite").iterdir())
    if path.is_dir() and len(sides(path)) > 1 and runs(path)
]


@pytest.fixture(scope="module", params=TARGETS)
def rewrites(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, tuple[Observation, Observation]]:
    """By name, the run before and the run after."""
    root = tmp_path_factory.mktemp("rewrites")
    made = f"after.{request.param}"
    jobs: list[Job] = []
    for case in REWRITES:
        for side, path in sides(case).items():
            if side not in ("before", made):
                continue
            folder = root / case.name / side
            if path.is_dir():
                shutil.copytree(path, folder)
            else:
                folder.mkdir(parents=True)
                shutil.copy(path, folder / "main.py")
            jobs.append((f"{case.name}:{side}", folder, "main.py"))
    done = observe(jobs, root / "twin")
    # A program that is left alone for one of the targets has but one side.
    return {
        case.name: (done[f"{case.name}:before"], done.get(f"{case.name}:{made}", done[f"{case.name}:before"]))
        for case in REWRITES
    }


@pytest.mark.parametrize("case", REWRITES, ids=lambda path: path.name)
def test_a_rewrite_does_the_same(rewrites: dict[str, tuple[Observation, Observation]], case: Path) -> None:
    before, after = rewrites[case.name]
    assert told(before, after) == ""
    assert invented(after) == []


def invented(run: Observation) -> list[str]:
    """Names that a rewrite made up: the contract is open there, and knows none."""
    marked = [text for exchange in run.exchanges if exchange.api == "rest-v2" for text in exchange.unproven]
    return [text for text in marked if " query " in text or " body " in text]


# Whole small projects: rewritten here; each of their files is tried as a program


@pytest.fixture(scope="module", params=TARGETS)
def projects(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Observation], dict[str, Observation]]:
    root = tmp_path_factory.mktemp("projects")
    jobs: list[Job] = []
    for project in sorted((FIXTURES / "projects").iterdir()):
        copied = Path(shutil.copytree(project, root / "before" / project.name))
        files = [
            path.relative_to(copied) for path in sorted(copied.rglob("*.py")) if path.name != "__init__.py"
        ]
        jobs += [(f"{project.name}/{file.as_posix()}", copied, file.as_posix()) for file in files]
        driver = driver_of(project, root / "drivers")
        jobs += [(f"{project.name}: drive", copied, str(driver))] if driver else []
    before = observe(jobs, root / "twin-before", allowed=None)
    # Others need what is not installed, arguments, or a caller.
    able = [job for job in jobs if before[job[0]].exchanges and not before[job[0]].code]
    after = []
    for name in sorted({job[1].name for job in able}):
        copied = Path(shutil.copytree(root / "before" / name, root / "after" / name))
        (copied / "callr-migrate.toml").touch()
        copying.rewrite(copied, {"target": request.param})
        after += [(job[0], copied, job[2]) for job in able if job[1].name == name]
    return before, observe(after, root / "twin-after", allowed=None)


def driver_of(project: Path, folder: Path) -> Path | None:
    """A program that uses the project's functions; it stands apart, so that nothing of it is rewritten."""
    text = yaml.safe_load((project / EXPECTED).read_text("utf-8")).get("drive")
    if text is None:
        return None
    folder.mkdir(exist_ok=True)
    path = folder / f"{project.name}.py"
    path.write_text(text, "utf-8")
    return path


def test_the_projects_that_can_run_do_the_same(
    projects: tuple[dict[str, Observation], dict[str, Observation]],
) -> None:
    before, after = projects
    unable = {name: run.stderr[-300:] for name, run in before.items() if name not in after}
    assert {name: text for name, text in unable.items() if name.endswith(": drive")} == {}
    assert len(after) >= 30, unable
    different = {name: told(before[name], run) for name, run in after.items()}
    assert {name: text for name, text in different.items() if text} == {}
    assert [name for run in after.values() for name in invented(run)] == []
