"""Errors that nobody foresaw: one costs the place where it happens, not the run."""

from __future__ import annotations

import os
from pathlib import Path

# Set to anything: faults of the tool itself come with their traceback.
DEBUG_VARIABLE = "CALLR_MIGRATE_DEBUG"


def described(error: Exception) -> str:
    """One line for the user; raises the error itself where that was asked for."""
    if os.environ.get(DEBUG_VARIABLE):
        raise error
    import traceback

    # The message of an unforeseen error may hold source text, and with it a credential: the place must do.
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return (
        f"internal fault ({type(error).__name__}{place}); please report it, "
        f"with what the same command prints when {DEBUG_VARIABLE}=1 is set"
    )
