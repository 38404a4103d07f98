"""The command line in this process, over a pipeline that answers what a test wants."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from callr_migrate.cli import main
from callr_migrate.findings import Applicability, Failure, Finding, Report, Unseen
from callr_migrate.source import SourceFile

VARIABLES = (
    *(
        "NO_COLOR",
        "FORCE_COLOR",
        "FORCE_HYPERLINK",
        "CALLR_MIGRATE_DEBUG",
        "GITHUB_WORKSPACE",
        "CI_PROJECT_DIR",
    ),
    *("TERM_PROGRAM", "VTE_VERSION", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM"),
)


class Result(NamedTuple):
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Request:
    paths: tuple[Path, ...]
    settings: Any
    write: bool = False
    unsafe: bool = False
    diff: bool = False
    baseline: Path | None = None
    write_baseline: Path | None = None
    attest: bool = False
    diff_base: str | None = None
    content: bytes | None = None
    tree: Any = None
    on_progress: Callable[[int, int], None] | None = None
    cache: Path | None = None
    docs: bool = False
    scaffold: Path | None = None
    front: Any = None
    jobs: int = 1
    executor: str | None = None


@dataclass
class Outcome:
    report: Report = field(default_factory=Report)
    sources: dict[Path, SourceFile] = field(default_factory=dict)
    changed: dict[Path, SourceFile] = field(default_factory=dict)
    written: dict[Path, SourceFile] = field(default_factory=dict)
    scaffold: list[Any] = field(default_factory=list)


@dataclass
class Pipeline:
    """What `run` answers, and what it was asked. `error` is raised instead, if set."""

    outcome: Outcome = field(default_factory=Outcome)
    request: Request | None = None
    error: BaseException | None = None

    def run(self, request: Request) -> Outcome:
        self.request = request
        if request.on_progress:
            request.on_progress(0, 1)
        if self.error:
            raise self.error
        return self.outcome

    def find(self, applicability: Applicability = Applicability.MANUAL, *, applied: bool = False) -> None:
        path = Path("x.py")
        self.outcome.sources[path] = SourceFile.from_bytes(path, "call('é')\n".encode())
        self.outcome.report.findings.append(
            Finding(
                "CLR101", "a légacy call", path, 0, 9, "a.b", applicability=applicability, applied=applied
            )
        )

    def change(self, before: bytes = b"old\r\n", after: bytes = b"new\r\n") -> None:
        path = Path("y.py")
        self.outcome.sources[path] = SourceFile.from_bytes(path, before)
        self.outcome.changed[path] = SourceFile.from_bytes(path, after)

    def fail(self) -> None:
        self.outcome.report.errors.append(Failure(Path("z.py"), "cannot be read"))

    def miss(self) -> None:
        self.outcome.report.unseen.append(Unseen(Path("x.py"), 3, "no idea"))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    made = Pipeline()
    module = ModuleType("callr_migrate.pipeline")
    module.run = made.run  # type: ignore[attr-defined]
    module.Request = Request  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "callr_migrate.pipeline", module)
    # The first look at the files would answer for them: there are none.
    monkeypatch.setattr("callr_migrate.cli.analysis.Start.is_clean", lambda _: False)
    return made


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        capfd.readouterr()
        code = main(list(arguments))
        return Result(code, *capfd.readouterr())

    return run
