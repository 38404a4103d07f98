"""What all tests share."""

from __future__ import annotations

import os
import signal
from importlib import import_module

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time: a failure belongs to the change that is tested. `SOAK=random` looks for new ones. How
# long an example takes says how busy the machine is.
for _name, _derandomize in (("steady", True), ("random", False)):
    settings.register_profile(
        _name, derandomize=_derandomize, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
settings.load_profile("random" if os.environ.get("SOAK") == "random" else "steady")
if os.environ.get("SOAK") != "random":
    # It takes words and numbers from the modules that are there, which depends on the tests that came before in the
    # same process. This is what it does where it cannot tell which modules are whose.
    providers = import_module("hypothesis.internal.conjecture.providers")
    if hasattr(providers, "_get_local_constants") and hasattr(providers, "_local_constants"):
        providers._get_local_constants = lambda: providers._local_constants


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the cache of whoever runs the tests out of them, and theirs out of it."""
    os.environ["CALLR_MIGRATE_CACHE_DIR"] = str(tmp_path_factory.mktemp("cache"))
    # What they have git ignore everywhere.
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """What a shell starts in the background ignores interruptions, with all that it starts in turn."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
