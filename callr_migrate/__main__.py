"""`python -m callr_migrate`, and the console script."""

from __future__ import annotations

import os
import sys


def _leave_out_the_working_folder() -> None:
    """Take back what `python -m` puts first: what is called like a library there is to be looked at, not run."""
    try:
        here = os.getcwd()  # noqa: PTH109 - nothing more is imported before this
    except OSError:
        here = ""
    if sys.path and sys.path[0] in ("", here):
        del sys.path[0]


def main() -> None:
    """Run the command line and exit with its code."""
    from callr_migrate.cli import main as run

    sys.exit(run())


if __name__ == "__main__":
    _leave_out_the_working_folder()
    main()
