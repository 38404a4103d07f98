"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same examples each time: a failure belongs to the change that is tested. `SOAK=random` looks for new ones.
settings.register_profile("steady", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile("random" if os.environ.get("SOAK") == "random" else "steady")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the cache of whoever runs the tests out of them, and theirs out of it."""
    os.environ["CALLR_MIGRATE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    # What they have git ignore everywhere.
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))
