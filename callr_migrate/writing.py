"""Several files written together: all of them, or none.

All texts are on disk before the first file is replaced, so that a full disk or a folder that takes no files is found
while nothing has changed yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from callr_migrate.source import SourceFile, Staged
from callr_migrate.stages import count, staged

Change = tuple[SourceFile, SourceFile]  # the file as it was read, and as it is to be


class WriteError(Exception):
    """Nothing was changed (or the message says what was); `path` is the file that could not be written."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


@staged("writing files")
def write_together(changes: Sequence[Change]) -> None:
    """Replace all of the files; raises `WriteError`, and then they are as they were."""
    count("writing files", files=len(changes))
    staged: list[Staged] = []
    done: list[SourceFile] = []
    path = changes[0][0].path
    try:
        for before, after in changes:
            path = after.path
            staged.append(after.stage())
            _expect(before)
        for (before, after), text in zip(changes, staged, strict=True):
            path = after.path
            _expect(before)
            text.commit()
            done.append(before)
    except BaseException as error:
        told = _restored(done)
        if isinstance(error, OSError):
            why = (error.strerror or str(error)).lower()
            raise WriteError(path, f"cannot be written: {why}; {told}") from None
        raise
    finally:
        for text in staged:
            text.discard()


def _expect(before: SourceFile) -> None:
    """Raise `OSError` if the file is not what was analysed."""
    if before.path.read_bytes() != before.raw:
        raise OSError("it was changed by somebody else in the meantime; run this again")


def _restored(done: Sequence[SourceFile]) -> str:
    """Put back what is already replaced; what became of it, for the user."""
    lost = []
    for before in done:
        try:
            before.write()
        except OSError:
            lost.append(before.path.as_posix())
    if lost:
        return f"{', '.join(lost)} is rewritten and could not be put back: undo that by hand"
    return "it and what changes together with it are left as they were"
