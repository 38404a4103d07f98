"""Before/after fixtures: the exact text, what holds for every rewrite, and the programs run before and after."""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import (
    TARGETS,
    Fixture,
    applied,
    edits,
    fixtures,
    migrate,
    read,
    reasons,
    run_programs,
    same,
    write,
)

CASES = fixtures()
NAMES = [case.name for case in CASES]
LOGIN, PASSWORD = "acacias_login", "not-a-real-secret"

# What tools are told about an import goes with it.
PRAGMA = "# noqa"


@dataclass(frozen=True)
class Fixed:
    """One fixture after `fix --unsafe-fixes`, and how it went."""

    case: Fixture
    target: str
    folder: Path
    files: dict[str, bytes]
    by_edits: dict[str, bytes]
    again: dict[str, bytes]
    errors: list[str]
    told: list[str]
    texts: list[str]


def fix(case: Fixture, target: str, folder: Path) -> Fixed:
    write(folder, case.before, case.config)
    checked = migrate(folder, target, fix=False)
    changes = edits(folder, checked)
    encodings = {source.path.name: source.encoding for source in checked.sources.values()}
    outcome = migrate(folder, target)
    files = read(folder)
    migrate(folder, target)
    return Fixed(
        case,
        target,
        folder,
        files,
        {
            name: applied(data, changes.get(name, []), encodings.get(Path(name).name, "utf-8"))
            for name, data in case.before.items()
        },
        read(folder),
        [failure.message for failure in outcome.report.errors],
        reasons(outcome.report.findings),
        [text for spans in changes.values() for _, _, text in spans]
        + [finding.becomes or "" for finding in checked.report.findings],
    )


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Fixed]:
    root = tmp_path_factory.mktemp("fixtures")
    return {
        (case.name, target): fix(case, target, root / case.name / target)
        for case in CASES
        for target in TARGETS
    }


@pytest.fixture(scope="module")
def runs(
    fixed: dict[tuple[str, str], Fixed], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """All programs, as they were and as they became, run one after the other."""
    root = tmp_path_factory.mktemp("before")
    jobs = [(case.name, write(root / case.name, case.before)) for case in CASES if case.runs]
    jobs += [
        (f"{case.name}:{target}", fixed[case.name, target].folder)
        for case in CASES
        if case.runs and not case.is_left_alone
        for target in TARGETS
    ]
    return run_programs(jobs)


@pytest.fixture
def one(fixed: dict[tuple[str, str], Fixed], request: pytest.FixtureRequest) -> Fixed:
    return fixed[request.param]


each = pytest.mark.parametrize(
    "one",
    [(name, target) for name in NAMES for target in TARGETS],
    ids=lambda value: "-".join(value),
    indirect=True,
)


@each
def test_it_becomes_what_is_expected(one: Fixed) -> None:
    assert one.errors == []
    wanted = one.case.files(f"after.{one.target}") or one.case.before
    shown = {name: data.decode("utf-8", "replace") for name, data in one.files.items()}
    assert shown == {name: data.decode("utf-8", "replace") for name, data in wanted.items()}


@each
def test_what_stays_says_why(one: Fixed) -> None:
    assert one.told == one.case.reasons(one.target)


@each
def test_it_parses_on_the_oldest_python(one: Fixed) -> None:
    if sys.version_info < one.case.oldest:
        pytest.skip("made for a newer Python")
    for data in one.files.values():
        ast.parse(data, feature_version=one.case.oldest)


@each
def test_a_second_fix_changes_nothing(one: Fixed) -> None:
    assert one.again == one.files


@each
def test_the_reported_edits_give_the_same_bytes(one: Fixed) -> None:
    assert one.by_edits == one.files


@each
def test_no_comment_is_lost(one: Fixed) -> None:
    for name, data in one.case.before.items():
        kept = comments(one.files[name])
        assert [text for text in comments(data) if text not in kept and not text.startswith(PRAGMA)] == []


@each
def test_no_edit_holds_a_secret(one: Fixed) -> None:
    assert [text for text in one.texts if PASSWORD in text] == []


@pytest.mark.parametrize("case", [case for case in CASES if case.runs], ids=lambda case: case.name)
def test_the_legacy_program_runs(case: Fixture, runs: dict[str, dict[str, Any]]) -> None:
    assert runs[case.name]["failed"] == ""
    assert runs[case.name]["violations"] == []


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.runs and not case.is_left_alone], ids=lambda case: case.name
)
def test_the_rewritten_program_does_the_same(
    case: Fixture, target: str, runs: dict[str, dict[str, Any]]
) -> None:
    assert same(runs[case.name], runs[f"{case.name}:{target}"]) == []


def comments(data: bytes) -> list[str]:
    # The tokenizer of Python 3.12 and later takes no lone carriage returns.
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    tokens = tokenize.tokenize(io.BytesIO(data).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]
