"""What a program takes in memory while it is analysed."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

from callr_migrate.evaluate import Module
from callr_migrate.source import SourceFile

_FILE = Path(__file__).parent.parent.parent / "callr_migrate/rewrite/planner.py"


def test_a_module_is_some_forty_bytes_a_character() -> None:
    source = SourceFile.read(_FILE)
    Module(source, _FILE, "known", is_package=False)  # with what all modules share
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        module = Module(source, _FILE, "planner", is_package=False)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(module.calls) > 100
    # libcst's nodes are half of it. With a place of its own for each node in a table they took 80 in all.
    assert 10 < (after - before) / len(source.text) < 50
