"""Every cell of the table of results is as expected: the other half, and all of them once more."""

from __future__ import annotations

from pathlib import Path

import pytest
from cells import cells
from outcomes import Result, all_results

CELLS = cells()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    done = all_results(CELLS[1::2], tmp_path_factory.mktemp("results"))
    return {result.cell.name: result for result in done}


@pytest.mark.parametrize("name", [cell.name for cell in CELLS[1::2]])
def test_it_is_as_expected(results: dict[str, Result], name: str) -> None:
    assert results[name].problems == []


@pytest.mark.soak
def test_a_second_fix_changes_nothing(tmp_path: Path) -> None:
    done = all_results(CELLS, tmp_path, run=False, again=True)
    assert {result.cell.name: result.problems for result in done if result.problems} == {}
