"""What is imported to last is no garbage, and nobody looks for any among it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from callr_migrate.deep import lasting


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    was_enabled = gc.isenabled()
    yield
    gc.unfreeze()
    if was_enabled:
        gc.enable()


def test_nobody_looks_for_garbage_among_it() -> None:
    gc.enable()
    gc.unfreeze()
    with lasting():
        assert not gc.isenabled()
        made = [[] for _ in range(1000)]  # type: ignore[var-annotated]
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(made)
    assert not any(each is made for each in gc.get_objects())


def test_a_failure_leaves_nothing_behind() -> None:
    gc.enable()
    gc.unfreeze()
    with pytest.raises(ImportError), lasting():
        raise ImportError
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_who_had_turned_it_off_keeps_it_off() -> None:
    gc.disable()
    with lasting():
        pass
    assert not gc.isenabled()
