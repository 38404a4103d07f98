"""Which files of a project something legacy gets to, and in which parts: told anew where any file of it has changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from callr_migrate.cache import stored
from callr_migrate.cache.records import Records
from callr_migrate.cache.stamps import packed
from callr_migrate.pack.gating import GateFacts, dumped

_CODE = (
    *(
        "cache/reached.py",
        "components.py",
        "embedded.py",
        "gates.py",
        "import_graph.py",
        "import_index.py",
        "import_statements.py",
    ),
    *("loading.py", "notebook.py", "pages.py", "reach.py", "reach_summary.py", "source.py"),
)
# So many files without a stamp that counts are read for their contents; in a tree with more it is not worth it.
_READ = 300

# The files that are reached, and those of them that have to do with each other, each sorted.
Reached = tuple[list[str], list[list[str]]]


def reached(
    folder: Path,
    root: str,
    gates: GateFacts,
    names: Mapping[str, str],
    records: Records,
    contents: Callable[[str], bytes],
    find: Callable[[], Reached],
) -> Reached:
    """What an earlier run found, if all files are what they were; else what `find` says, which is kept.

    `names` are those of all files, without links, each with its name as given. `contents` gives what a file holds,
    where `records` have no stamp of it.
    """
    key = _key(root, gates, names, records, contents)
    path = stored.place(folder, stored.REACH, stored.digest_of(stored.encoded(root), dumped(gates)))
    known = None if key is None else _unpacked(stored.read(path, key), names)
    if known is not None:
        return known
    found = find()
    if key is not None:
        stored.write(path, key, json.dumps(found, separators=(",", ":")).encode())
    return found


def _key(
    root: str,
    gates: GateFacts,
    names: Mapping[str, str],
    records: Records,
    contents: Callable[[str], bytes],
) -> bytes | None:
    stamps = records.stamps(names.values())
    rest = [name for name, stamp in zip(names, stamps, strict=True) if stamp is None]
    if len(rest) > _READ:
        return None
    try:
        texts = [stored.encoded("\0".join(names)), stored.encoded("\0".join(rest))]
        counting = packed(stamp for stamp in stamps if stamp is not None)
    except (OverflowError, UnicodeError):
        return None
    version = stored.version_key(_CODE), sys.version.encode(), stored.encoded(root), dumped(gates)
    return stored.digest_of(*version, *texts, counting, *map(contents, rest))


def _unpacked(body: bytes | None, names: Mapping[str, str]) -> Reached | None:
    try:
        found, parts = json.loads(body or b"")
        several = [found, *parts]
        if all(isinstance(each, list) and names.keys() >= set(each) for each in several):
            return found, parts
    except (ValueError, TypeError, RecursionError):
        pass
    return None
