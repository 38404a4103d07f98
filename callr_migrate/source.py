"""The only place that knows bytes, encodings, byte order marks and newlines.

Everything else works on `SourceFile.text`, a `str` without byte order mark, and on code-point offsets into it.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import os
import tokenize
from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from callr_migrate.files import real_path
from callr_migrate.findings import Edit, Position
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass

# Python ends a line at these and nowhere else; `str.splitlines` also splits at form feeds and U+2028.
_NEWLINE = regex(r"\r\n|\r|\n")


class SourceError(Exception):
    """The file cannot be read as Python source; the message is one line for the user."""


@dataclass(frozen=True)
class DiskEdit:
    """An edit of the file on disk: places in it, `text` as it is written there."""

    start: Position
    end: Position
    start_byte: int
    end_byte: int
    text: str


@dataclass(frozen=True)
class SourceFile:
    """One file, decoded once. `text` has no byte order mark; its newlines are those of the file."""

    path: Path
    raw: bytes
    text: str
    encoding: str
    bom: bytes

    @classmethod
    def from_bytes(cls, path: Path, raw: bytes) -> SourceFile:
        """Decode as Python does: byte order mark, coding cookie, else UTF-8.

        Raises `SourceError` for NUL bytes, an unknown encoding, or bytes that are not of the encoding.
        """
        if b"\0" in raw and raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise SourceError("is UTF-16, which Python does not read; save it as UTF-8")
        if b"\0" in raw:
            raise SourceError("holds NUL bytes, so it is not Python source")
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(raw).readline)
        except SyntaxError as error:
            raise SourceError(
                f"{_encoding_problem(error)}; mend the coding declaration or the file"
            ) from None
        bom = codecs.BOM_UTF8 if encoding == "utf-8-sig" else b""
        encoding = "utf-8" if bom else encoding
        try:
            text = raw[len(bom) :].decode(encoding)
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, len(bom) + error.start) + 1
            raise SourceError(
                f"is read as {encoding} but line {line} is not; save it in that encoding or declare the right one"
            ) from None
        except (LookupError, UnicodeError):
            # Codecs such as hex or undefined have names but give no text.
            raise SourceError(
                f"declares {encoding}, which is no encoding of text; declare the right one"
            ) from None
        if encoding != "utf-8":
            try:
                text.encode()
            except UnicodeEncodeError as error:
                line = text.count("\n", 0, error.start) + 1
                raise SourceError(
                    f"is read as {encoding}, of which Python cannot make text in line {line}; save it as UTF-8"
                ) from None
        return cls(path, raw, text, encoding, bom)

    @classmethod
    def read(cls, path: Path) -> SourceFile:
        """Read and decode; raises `OSError` or `SourceError`."""
        return cls.from_bytes(path, path.read_bytes())

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line starts."""
        return [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    @cached_property
    def newline(self) -> str:
        r"""The newline of the file: that of its first line, or `\n`."""
        match = _NEWLINE.search(self.text)
        return match.group() if match else "\n"

    def position(self, offset: int) -> Position:
        """Offset -> line and column."""
        line = bisect_right(self.line_starts, offset)
        return Position(line, offset - self.line_starts[line - 1] + 1)

    def line_text(self, line: int) -> str:
        """Return the text of a line (counted from 1), without its newline."""
        start = self.line_starts[line - 1]
        end = self.line_starts[line] if line < len(self.line_starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def byte_offset(self, offset: int) -> int:
        """Code-point offset -> offset in the file on disk, byte order mark included."""
        if self._single_byte:
            return len(self.bom) + offset
        line = bisect_right(self.line_starts, offset) - 1
        return self._line_byte_starts[line] + len(
            self.text[self.line_starts[line] : offset].encode(self.encoding)
        )

    # Where Python stands inside of another file (`embedded`), these differ from the above.

    @property
    def fixable(self) -> bool:
        """Whether the file may be changed at all."""
        return True

    def on_disk(self, offset: int) -> Position:
        """Offset -> line and column in the file on disk."""
        return self.position(offset)

    @property
    def whole(self) -> SourceFile:
        """The file on disk."""
        return self

    def disk_span(self, start: int, end: int) -> tuple[str, int, int]:
        """The text of the file on disk, and what a span of `text` is in it."""
        return self.text, start, end

    def cell(self, offset: int) -> tuple[int, int] | None:
        """Offset -> the number of a notebook's cell (from 1) and the line in it; None outside of notebooks."""
        return None

    def shown_line(self, line: int) -> str:
        """A line as people wrote it."""
        return self.line_text(line)

    @property
    def unmasked(self) -> str:
        """The text as people wrote it, of the same length as `text`."""
        return self.text

    def line_number(self, line: int) -> int:
        """What a line of the text is called where it is shown."""
        return line

    def disk_edit(self, edit: Edit) -> DiskEdit:
        """An edit of the text as one of the file on disk."""
        return DiskEdit(
            self.position(edit.start),
            self.position(edit.end),
            self.byte_offset(edit.start),
            self.byte_offset(edit.end),
            edit.text,
        )

    @cached_property
    def _single_byte(self) -> bool:
        return len(self.raw) - len(self.bom) == len(self.text)

    @cached_property
    def _line_byte_starts(self) -> list[int]:
        ends = [*self.line_starts[1:], len(self.text)]
        starts = [len(self.bom)]
        for start, end in zip(self.line_starts, ends, strict=True):
            starts.append(starts[-1] + len(self.text[start:end].encode(self.encoding)))
        return starts

    def replaced(self, edits: Iterable[Edit]) -> SourceFile:
        """Return the file after the edits, encoded as before.

        Raises `SourceError` if two edits overlap, or if the new text cannot be written in the encoding with all
        else kept byte for byte.
        """
        pieces: list[str] = []
        done = 0
        # At one place insertions come before a replacement that starts there.
        # Several insertions at one place stay in the order in which they were given.
        for edit in sorted(dict.fromkeys(edits), key=lambda edit: (edit.start, edit.end)):
            if edit.start < done:
                raise SourceError(
                    f"two edits overlap at line {self.position(edit.start).line}; nothing was changed"
                )
            pieces += (self.text[done : edit.start], edit.text)
            done = edit.end
        text = "".join(pieces) + self.text[done:]
        try:
            kept = self.bom + self.text.encode(self.encoding) == self.raw
            raw = self.bom + text.encode(self.encoding)
        except UnicodeError:
            raise SourceError(f"the rewritten text cannot be encoded as {self.encoding}") from None
        if not kept:
            # Some encodings have several ways to write one character, UTF-7 for one.
            raise SourceError(
                f"the rest of the file cannot be kept byte for byte in {self.encoding}; save it as UTF-8"
            )
        return SourceFile(self.path, raw, text, self.encoding, self.bom)

    def write(self) -> None:
        """Replace the file on disk, whole or not at all, its mode kept; a symbolic link is followed.

        Raises `OSError`, also for a file that is write-protected (`os.replace` alone would not care).
        """
        staged = self.stage()
        try:
            staged.commit()
        except BaseException:
            staged.discard()
            raise

    def stage(self) -> Staged:
        """Write the text beside the file, all but put in its place; raises as `write` does."""
        import tempfile  # brings along OpenSSL, sockets, packers

        target = real_path(self.path)
        before = target.stat()
        if not os.access(target, os.W_OK) or not before.st_mode & 0o222:
            raise PermissionError("it is read-only")
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.raw)
                file.flush()
                os.fsync(file.fileno())
            if hasattr(os, "chown"):
                # The file stays its owner's where root runs this; nobody else can give files away.
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, before.st_uid, before.st_gid)
            os.chmod(temporary, before.st_mode & 0o7777)  # noqa: PTH101 - a path of this function's own
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        return Staged(target, Path(temporary))


@dataclass(frozen=True)
class Staged:
    """A new text of a file, on disk beside it."""

    target: Path
    temporary: Path

    def commit(self) -> None:
        """Put it in the file's place, in one step."""
        os.replace(self.temporary, self.target)  # noqa: PTH105 - the atomic call, by its own name

    def discard(self) -> None:
        """Take it away; nothing if it is in its place."""
        self.temporary.unlink(missing_ok=True)


def _encoding_problem(error: SyntaxError) -> str:
    text = str(error)
    if "unknown encoding" in text:
        return (
            "declares an encoding that Python does not know ("
            + text.split("unknown encoding")[-1].strip(" :")
            + ")"
        )
    if "BOM" in text or "problem" in text:
        return "has a UTF-8 byte order mark but declares another encoding"
    return "is not valid UTF-8 and declares no other encoding"
