"""`--profile`: where the time of a run went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from callr_migrate.cli.console import print_note
from callr_migrate.profiling import begun, peak
from callr_migrate.stages import carried

Result = TypeVar("Result")


def with_profile(work: Callable[[], Result]) -> Result:
    """Do it and print the table, also where it fails or is interrupted: then the time matters most."""
    stages = begun(starting=True)
    try:
        return carried(stages, work)()
    finally:
        from callr_migrate.output.profile import profile_table

        stages.memory = peak()
        print_note("\n".join(profile_table(stages)))
