"""Files of the cache: written whole or not at all, and read as data of known types, whoever wrote them."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    # What `pickle` has of it, without what else that imports.
    from _pickle import Unpickler, UnpicklingError
except ImportError:  # not every Python has it in C
    from pickle import Unpickler, UnpicklingError


def keep(path: Path, raw: bytes) -> None:
    """Put a file in place; whoever reads it meanwhile has the old one or the new one. Raises `OSError`."""
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


class _Unpickler(Unpickler):
    def __init__(self, raw: bytes, kinds: Iterable[type]) -> None:
        super().__init__(io.BytesIO(raw))
        self.kinds = {(kind.__module__, kind.__qualname__): kind for kind in kinds}

    def find_class(self, module: str, name: str) -> Any:
        kind = self.kinds.get((module, name))
        if kind is None:
            raise UnpicklingError(f"{module}.{name} is no data of this tool")
        return kind


def loads(raw: bytes, kinds: Iterable[type]) -> Any:
    """What was pickled, if it is made of these types and plain data; raises whatever damaged bytes raise."""
    return _Unpickler(raw, kinds).load()
