"""The import statements of files that were of no concern: where nothing of a file has changed, it is not read for them."""

from __future__ import annotations

from array import array
from itertools import accumulate, chain, pairwise
from typing import TYPE_CHECKING

from callr_migrate.cache import stored
from callr_migrate.cache.stamps import packed, unpacked
from callr_migrate.import_statements import Statement, bare, statements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from callr_migrate.cache.records import Records
    from callr_migrate.cache.stamps import Stamp

_CODE = (
    *("cache/records.py", "cache/stamps.py", "cache/statements.py", "embedded.py", "import_statements.py"),
    *("notebook.py", "pages.py", "source.py"),
)
# It is written anew only if one file in so many is not as it was.
_SHARE = 50
_NOTHING = -1  # in place of the length of what is before a name


class KeptStatements:
    """Those of a project's files, by names without links; `names` gives each as the records know it.

    `code` gives what of a file is code.
    """

    def __init__(
        self,
        folder: Path,
        root: str,
        names: Mapping[str, str],
        records: Records,
        code: Callable[[str], bytes],
    ) -> None:
        self._code = code
        self._key = stored.version_key(_CODE)
        self._path = stored.place(folder, stored.IMPORTS, stored.encoded(root))
        self._stamps = dict(zip(names, records.stamps(names.values()), strict=True))
        self._known = self._read()
        self._found: dict[str, tuple[Stamp, Sequence[Statement]]] = {}

    def of(self, path: str) -> Sequence[Statement]:
        """The statements of a file."""
        stamp = self._stamps.get(path)
        known = self._known.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        known = self._found.get(path)
        if known is not None:
            return known[1]
        raw = self._code(path)
        found = [each for statement in statements(raw) for each in bare(statement)]
        # What could not be read, or has changed in the meantime, is not what the stamp is of.
        if stamp is not None and len(raw) == stamp[2]:
            self._found[path] = stamp, found
        return found

    def keep(self) -> None:
        """Write down what is new, if that is worth it."""
        known = {path: each for path, each in self._known.items() if self._stamps.get(path) == each[0]}
        if len(self._found) * _SHARE > len(known):
            try:
                body = _packed({**known, **self._found})
            except (OverflowError, UnicodeError):
                return
            stored.write(self._path, self._key, body)

    def _read(self) -> dict[str, tuple[Stamp, Sequence[Statement]]]:
        body = stored.read(self._path, self._key)
        try:
            return {} if body is None else _unpacked(body)
        except (ValueError, IndexError):
            return {}


def _packed(files: Mapping[str, tuple[Stamp, Sequence[Statement]]]) -> bytes:
    """How many statements and files; the lengths of the statements, how many a file has, which ones; stamps, texts, names.

    Raises `OverflowError` and `UnicodeError`.
    """
    numbers: dict[Statement, int] = {}
    which = [numbers.setdefault(each, len(numbers)) for _, found in files.values() for each in found]
    lengths = [(_NOTHING if before is None else len(before), len(rest)) for before, rest in numbers]
    texts = b"".join(part for statement in numbers for part in statement if part is not None)
    counts = [len(found) for _, found in files.values()]
    table = array("q", [len(numbers), len(counts), len(which), len(texts), *chain(*lengths), *counts, *which])
    names = stored.encoded("\0".join(files))
    return table.tobytes() + packed(stamp for stamp, _ in files.values()) + texts + names


def _unpacked(body: bytes) -> dict[str, tuple[Stamp, Sequence[Statement]]]:
    """What `_packed` was given; raises `ValueError` and `IndexError` for anything else."""
    view = memoryview(body)

    def take(count: int) -> Sequence[int]:
        nonlocal view
        numbers = array("q")
        numbers.frombytes(view[: 8 * count])
        if len(numbers) != count:
            raise ValueError("too few numbers")
        view = view[8 * count :]
        return numbers

    several, count, uses, size = take(4)
    lengths, counts, which = take(2 * several), take(count), take(uses)
    stamps, end = unpacked(bytes(view), count)
    texts, names = bytes(view[end : end + size]), stored.decoded(bytes(view[end + size :]))
    made = list(_cut(texts, lengths))
    each = [made[number] for number in which]
    starts = pairwise(accumulate(counts, initial=0))
    found = ((stamp, each[start:stop]) for stamp, (start, stop) in zip(stamps, starts, strict=True))
    return dict(zip(names.split("\0") if count else [], found, strict=True))


def _cut(texts: bytes, lengths: Sequence[int]) -> Iterator[Statement]:
    at = 0
    numbers = iter(lengths)
    for before, rest in zip(numbers, numbers, strict=True):
        first = None
        if before != _NOTHING:
            first = texts[at : at + before]
            at += before
        yield first, texts[at : at + rest]
        at += rest
