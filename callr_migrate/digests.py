"""Digests without what `hashlib` loads besides: OpenSSL costs a clean file's run a tenth of its time."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash as Digest

SIZE = 16  # bytes of a short digest


def _found() -> Callable[[bytes], Digest]:
    # Python's own, under the name that it has had since 3.12 or before; either may be left out of a build.
    for name in ("_sha2" if sys.version_info >= (3, 12) else "_sha256", "hashlib"):
        try:
            return cast("Callable[[bytes], Digest]", import_module(name).sha256)
        except ImportError:
            continue
    raise ImportError("this Python has no SHA-256")


sha256 = _found()


def short_digest(raw: bytes) -> bytes:
    """BLAKE2b, 16 bytes: three times as fast as SHA-256, for what is only held against itself."""
    try:
        maker = import_module("_blake2").blake2b
    except ImportError:
        maker = import_module("hashlib").blake2b
    return cast("bytes", maker(raw, digest_size=SIZE).digest())
