"""The compiled pack: what the rule files say, checked once and kept as bytes.

Checking the YAML takes longer than all else that a run over clean files does. What was made of it is kept under a key
of every byte that it was made from, so it can be missing or broken, but never stale: in the wheel, where it is made
when the wheel is built, and in the user's cache folder.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate import __version__
from callr_migrate.digests import SIZE, short_digest
from callr_migrate.files import open_regular, real_path
from callr_migrate.pack import gating
from callr_migrate.pack.gating import GateFacts
from callr_migrate.stages import staged

if TYPE_CHECKING:
    from io import FileIO

    from callr_migrate.pack.model import RulePack

# What the bytes mean; to be raised when the model changes within one version of the tool.
_FORMAT = b"4"
# The oldest that all supported Pythons write and read alike.
_PROTOCOL = 4
_LENGTH = 4  # bytes of the length of the gates' part
_MOST = 10_000_000  # bytes of that part
_PACKAGE = Path(__file__).resolve().parent.parent


def shipped_rules() -> Path:
    """The folder of the shipped pack: inside the installed package, or beside it in a checkout."""
    inside = _PACKAGE / "rules"
    return inside if inside.is_dir() else _PACKAGE.parent / "rules"


def rule_files(folder: Path) -> list[Path]:
    """The rule files of a folder, in the order in which they are read."""
    found = []
    for parent, folders, names in os.walk(folder):
        folders.sort()
        found += [Path(parent, name) for name in names if name.endswith((".yaml", ".yml"))]
    return sorted(found)


def shown(path: Path, folder: Path) -> str:
    """How a rule file is named to the user."""
    return f"{folder.name}/{path.relative_to(folder).as_posix()}"


@staged("loading rules")
def load_pack(overlays: Sequence[Path] = (), base: Path | None = None, cache: Path | None = None) -> RulePack:
    """The shipped pack (or `base`) with the folders of `overlays` laid over it, entry by entry.

    `cache` is a folder for what was compiled; without it, only what is shipped is used. Raises `RuleError` with every
    mistake found.
    """
    folders = (base or shipped_rules(), *overlays)
    key = _key(folders)
    for path in _places(folders, cache):
        raw = _pack_bytes(path, key)
        pack = None if raw is None else _unpickled(raw)
        if pack is not None:
            return pack
    return _compiled(folders, key, cache)


@staged("loading rules")
def load_gate_facts(cache: Callable[[], Path | None]) -> GateFacts:
    """What the gates need of the shipped pack, without the rest where that is compiled; raises `RuleError`.

    `cache` is asked for the folder if nothing was compiled that is shipped.
    """
    folders = (shipped_rules(),)
    key = _key(folders)
    raw = _gate_bytes(_shipped(), key)
    folder = None if raw is not None else cache()
    if folder is not None:
        raw = _gate_bytes(_place(folders, folder), key)
    if raw is not None:
        with suppress(ValueError, TypeError):
            return gating.loaded(raw)
    return gating.gate_facts(_compiled(folders, key, folder))


def pack_key(overlays: Sequence[Path] = (), base: Path | None = None) -> bytes:
    """What changes with every byte that the pack is made from, and with the tool's version."""
    return _key((base or shipped_rules(), *overlays))


def compile_pack(rules: Path) -> bytes:
    """The bytes that stand for the pack of one folder; raises `RuleError`."""
    from callr_migrate.pack.loader import read_pack

    return _dumped(_key([rules]), read_pack([rules]))


def _shipped() -> Path:
    return _PACKAGE / "rules.compiled"


def _places(folders: Sequence[Path], cache: Path | None) -> list[Path]:
    kept = [_shipped()] if len(folders) == 1 else []
    return kept if cache is None else [*kept, _place(folders, cache)]


def _place(folders: Sequence[Path], cache: Path) -> Path:
    # One file a set of folders: a rule that is edited takes the place of what it was.
    return cache / f"rules-{_name(folders)}.compiled"


def _compiled(folders: Sequence[Path], key: bytes, cache: Path | None) -> RulePack:
    from callr_migrate.pack.loader import read_pack

    pack = read_pack(folders)
    if cache is not None:
        from callr_migrate.kept import keep

        # What was changed while it was read may stand under neither key. A cache that cannot be kept costs time.
        with suppress(OSError):
            if _key(folders) != key:
                return pack
            keep(_place(folders, cache), _dumped(key, pack))
    return pack


def compiled_files(folder: Path) -> list[Path]:
    """What `load_pack` kept there, and what a run that was killed has left of it; raises `OSError`."""
    return [*folder.glob("rules-*.compiled"), *folder.glob("rules-*.tmp")]


def _key(folders: Iterable[Path]) -> bytes:
    parts = [_FORMAT + __version__.encode()]
    for folder in folders:
        for path in rule_files(folder):
            try:
                text = path.read_bytes()
            except OSError:
                # The loader tells what is wrong with it.
                text = b""
            name = shown(path, folder).encode("utf-8", "surrogatepass")
            parts += (b"%d %d " % (len(name), len(text)), name, text)
    return short_digest(b"".join(parts))


def _name(folders: Iterable[Path]) -> str:
    text = os.pathsep.join(str(real_path(folder)) for folder in folders)
    return short_digest(text.encode("utf-8", "surrogatepass")).hex()[:16]


def _dumped(key: bytes, pack: RulePack) -> bytes:
    """The key, the gates' part behind its digest and its length, and the pack behind its digest."""
    import pickle

    gates = gating.dumped(gating.gate_facts(pack))
    pickled = pickle.dumps(pack, _PROTOCOL)
    length = len(gates).to_bytes(_LENGTH, "big")
    return key + short_digest(gates) + length + gates + short_digest(pickled) + pickled


def _gate_bytes(path: Path, key: bytes) -> bytes | None:
    """The gates' part of what was compiled under this key; None where that is not there, or broken."""
    try:
        with open_regular(path) as file:
            return _gates_in(file, key)
    except OSError:
        return None


def _pack_bytes(path: Path, key: bytes) -> bytes | None:
    """The same of the pack."""
    try:
        with open_regular(path) as file:
            if _gates_in(file, key) is None:
                return None
            digest, pickled = file.read(SIZE), file.readall()
    except OSError:
        return None
    return pickled if digest == short_digest(pickled) else None


def _gates_in(file: FileIO, key: bytes) -> bytes | None:
    head = file.read(2 * SIZE + _LENGTH)
    if head[:SIZE] != key:
        return None
    # Where the length is damaged, it shall not fill the memory.
    gates = file.read(min(int.from_bytes(head[2 * SIZE :], "big"), _MOST))
    return gates if head[SIZE : 2 * SIZE] == short_digest(gates) else None


def _unpickled(raw: bytes) -> RulePack | None:
    from callr_migrate.findings import Evidence
    from callr_migrate.kept import loads
    from callr_migrate.pack import model

    known = [kind for name in [*model.__all__, "RulePack"] if isinstance(kind := getattr(model, name), type)]
    try:
        pack = loads(raw, [*known, Evidence])
    except Exception:  # bytes that were damaged can raise anything
        return None
    return pack if isinstance(pack, model.RulePack) else None
