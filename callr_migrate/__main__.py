"""`python -m callr_migrate`, and the console script."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import time
from _thread import get_ident, interrupt_main, start_new_thread
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# What starting up makes lives to the end: looking for garbage among it, and once more at the end, takes a fifth of the
# time that a clean file takes.
_GARBAGE = (50_000, 20, 50)
_INTERRUPTED = 130
_TERMINATED = 143  # 128 and the number of SIGTERM, as shells have it
_MOMENT = 0.05  # seconds


def _leave_out_the_working_folder() -> None:
    """Take back what `python -m` puts first: what is called like a library there is to be looked at, not run."""
    try:
        here = os.getcwd()  # noqa: PTH109 - nothing more is imported before this
    except OSError:
        here = ""
    if sys.path and sys.path[0] in ("", here):
        del sys.path[0]


def _leave() -> None:
    """End the process, once all that there is to do at its end is done.

    Work that was interrupted may still be in the parser, which is no Python: where it wants to come back when Python
    has been taken down, it aborts the process.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            continue
    os._exit(_TERMINATED if _is_terminated else _INTERRUPTED)


_is_terminated = False


def _terminate(number: int, frame: FrameType | None) -> None:
    """Services end their jobs so: what is begun is done whole and cleared up, as after Ctrl-C."""
    global _is_terminated
    _is_terminated = True
    raise KeyboardInterrupt


def _unraisable(what: sys.UnraisableHookArgs) -> None:
    """An interruption that comes while Python clears something up would be printed and forgotten: it comes again."""
    if issubclass(what.exc_type, KeyboardInterrupt):
        start_new_thread(_interrupt_again, (get_ident(),))
    else:
        sys.__unraisablehook__(what)


def _interrupt_again(thread: int) -> None:
    time.sleep(_MOMENT)
    if sys.platform == "win32":
        interrupt_main()
    else:
        # This one wakes who sleeps.
        signal.pthread_kill(thread, signal.SIGINT)


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(*_GARBAGE)
    sys.unraisablehook = _unraisable
    # What is registered first is done last.
    atexit.register(_leave)
    code = _INTERRUPTED
    try:
        # Who started this may want it to go on, and a thread cannot settle it.
        with suppress(ValueError):
            if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
                signal.signal(signal.SIGTERM, _terminate)
        from callr_migrate.cli import main as run

        code = run()
    except KeyboardInterrupt:
        pass
    if code != _INTERRUPTED:
        atexit.unregister(_leave)
    gc.freeze()
    sys.exit(code)


if __name__ == "__main__":
    _leave_out_the_working_folder()
    main()
