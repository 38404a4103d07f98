"""The files of the cache: where they are, and that what is read from them is what was written, by this version.

Nothing here raises: what cannot be read is as if it were not there, and what cannot be written is not kept.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate import __version__
from callr_migrate.digests import short_digest
from callr_migrate.files import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What the bytes mean; to be raised when that changes within one version of the tool.
_FORMAT = b"1"
SIZE = 16  # bytes of a digest
_SUFFIX = ".cache"
# Kinds of files; each is the beginning of their names.
FILES, WALK, PARTS, REACH, IMPORTS = "files", "walk", "parts", "reach", "imports"
KINDS = (FILES, WALK, PARTS, REACH, IMPORTS)
# Seconds. What a project has not had use for in that time goes when another one comes.
_UNUSED = 30 * 24 * 3600
PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 - cheap


def digest_of(*parts: bytes) -> bytes:
    """What changes with each part, and where one ends."""
    return short_digest(b"".join(b"%d " % len(part) + part for part in parts))


def encoded(text: str) -> bytes:
    """A path as bytes, whatever it is made of."""
    return text.encode("utf-8", "surrogateescape")


def decoded(raw: bytes) -> str:
    """What `encoded` gave; raises `UnicodeDecodeError` for anything else."""
    return raw.decode("utf-8", "surrogateescape")


def version_key(modules: Iterable[str]) -> bytes:
    """What changes with the version of the tool and of Python, and with what some of the tool's files hold.

    In a checkout the version stays the same while people work on it.
    """
    stamps = []
    for name in modules:
        with suppress(OSError):
            info = os.stat(os.path.join(PACKAGE, name))  # noqa: PTH116, PTH118
            stamps.append(f"{name} {info.st_size} {info.st_mtime_ns}")
    python = f"{sys.implementation.cache_tag} {sys.byteorder}"
    return digest_of(_FORMAT, __version__.encode(), python.encode(), "\n".join(stamps).encode())


def place(folder: Path, kind: str, name: bytes) -> str:
    """The file for what has this name."""
    return os.path.join(folder, f"{kind}-{short_digest(name).hex()}{_SUFFIX}")  # noqa: PTH118


def read(path: str, key: bytes) -> bytes | None:
    """What is kept there under this key; None where that is not there, or broken."""
    try:
        raw = read_regular(path)
    except (OSError, MemoryError):
        return None
    body = raw[2 * SIZE :]
    if raw[:SIZE] != key or raw[SIZE : 2 * SIZE] != short_digest(body):
        return None
    return body


def write(path: str, key: bytes, body: bytes) -> None:
    """Keep it, in place of what was there."""
    from callr_migrate.kept import keep

    # Whatever stands against it costs time, nothing else.
    with suppress(OSError):
        is_new = not os.path.lexists(path)
        keep(Path(path), key + short_digest(body) + body)
        if is_new:
            _remove_unused(Path(path).parent)


def kept_files(folder: Path) -> Iterator[Path]:
    """All files of the kinds above, and what a run that was killed has left of them; raises `OSError`."""
    for kind in KINDS:
        yield from folder.glob(f"{kind}-*{_SUFFIX}")
        yield from folder.glob(f"{kind}-*.tmp")


def remove(folder: Path) -> int:
    """Remove all that is kept there, and the folder if nothing else is in it; how many files went. Raises `OSError`."""
    from callr_migrate.pack.compiled import compiled_files

    kept = [*compiled_files(folder), *kept_files(folder)]
    for path in kept:
        path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
    return len(kept)


def _remove_unused(folder: Path) -> None:
    """Projects go, and with them what is kept of them."""
    oldest = time.time() - _UNUSED
    for path in kept_files(folder):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
