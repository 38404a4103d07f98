"""The imports of files that are read anyway: where it is sure that they will be asked about, nothing is read twice."""

from __future__ import annotations

from callr_migrate.import_index import ImportIndex
from callr_migrate.stages import staged
from callr_migrate.suffixes import is_embedding

# Bytes that wait: few, so that they are still at hand for the processor.
_WAITING = 250_000


class ImportNotes:
    """Of files of code, some at a time."""

    def __init__(self) -> None:
        self._index = ImportIndex()
        self._waiting: list[tuple[str, bytes]] = []
        self._size = 0

    def note(self, name: str, raw: bytes) -> None:
        """A file holds these bytes; what is code in another kind of file is left to be read."""
        if not is_embedding(name):
            self._waiting.append((name, raw))
            self._size += len(raw)
            if self._size > _WAITING:
                self._read()

    def index(self) -> ImportIndex:
        """Those that were noted."""
        self._read()
        return self._index

    @staged("following imports")
    def _read(self) -> None:
        for name, raw in self._waiting:
            self._index.read(name, raw)
        self._waiting.clear()
        self._size = 0
