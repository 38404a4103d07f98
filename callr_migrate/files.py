"""What any name may lead to: a pipe that nobody writes into, a device without an end, a link to itself."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from io import FileIO

# A pipe is opened without waiting for who writes into it; to a file that means nothing.
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)


def open_regular(path: Path | str) -> FileIO:
    """A file that nobody named, such as one of settings, to be read; raises `OSError`, also for what is no file."""
    handle = os.open(path, _FLAGS)
    try:
        mode = os.fstat(handle).st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise OSError(errno.EINVAL, "it is no file", str(path))
        return os.fdopen(handle, "rb", buffering=0)
    except BaseException:
        os.close(handle)
        raise


def read_regular(path: Path | str) -> bytes:
    """The bytes of such a file; raises `OSError`."""
    with open_regular(path) as file:
        return file.readall()


def real_path(path: Path) -> Path:
    """The path without links; as it is where they lead in a circle, at which `Path.resolve` fails before Python 3.13."""
    return Path(os.path.realpath(path))
