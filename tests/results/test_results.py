"""Every cell of the table of results is as expected: one half; the other one is in `test_results_too`."""

from __future__ import annotations

import pytest
from cells import cells
from outcomes import Result, all_results

CELLS = cells()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    done = all_results(CELLS[::2], tmp_path_factory.mktemp("results"))
    return {result.cell.name: result for result in done}


@pytest.mark.parametrize("name", [cell.name for cell in CELLS[::2]])
def test_it_is_as_expected(results: dict[str, Result], name: str) -> None:
    assert results[name].problems == []


def test_no_two_cells_have_one_name() -> None:
    names = [cell.name for cell in CELLS]
    assert sorted(set(names)) == sorted(names)
