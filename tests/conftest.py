"""What all tests share."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the cache of whoever runs the tests out of them, and theirs out of it."""
    os.environ["CALLR_MIGRATE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
