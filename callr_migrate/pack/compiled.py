"""The compiled pack: what the rule files say, checked once and kept as bytes.

Checking the YAML takes longer than all else that a run over clean files does. What was made of it is kept under a key
of every byte that it was made from, so it can be missing or broken, but never stale: in the wheel, where it is made
when the wheel is built, and in the user's cache folder.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from callr_migrate import __version__
from callr_migrate.findings import Evidence
from callr_migrate.pack import model
from callr_migrate.pack.model import RulePack

# What the bytes mean; to be raised when the model changes within one version of the tool.
_FORMAT = b"1"
_KEY_SIZE = 32
# The oldest that all supported Pythons write and read alike.
_PROTOCOL = 4
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


def load_pack(overlays: Sequence[Path] = (), base: Path | None = None, cache: Path | None = None) -> RulePack:
    """The shipped pack (or `base`) with the folders of `overlays` laid over it, entry by entry.

    `cache` is a folder for what was compiled; without it, only what is shipped is used. Raises `RuleError` with every
    mistake found.
    """
    folders = (base or shipped_rules(), *overlays)
    key = _key(folders)
    kept = [_PACKAGE / "rules.compiled"] if not overlays else []
    # One file a set of folders: a rule that is edited takes the place of what it was.
    mine = cache and cache / f"rules-{_name(folders)}.compiled"
    for path in [*kept, *([mine] if mine else [])]:
        pack = _read(path, key)
        if pack is not None:
            return pack
    from callr_migrate.pack.loader import read_pack

    pack = read_pack(folders)
    if mine is not None:
        # A cache that cannot be kept costs time, nothing else.
        with suppress(OSError):
            _write(mine, key, pack)
    return pack


def compile_pack(rules: Path) -> bytes:
    """The bytes that stand for the pack of one folder; raises `RuleError`."""
    from callr_migrate.pack.loader import read_pack

    return _key([rules]) + pickle.dumps(read_pack([rules]), _PROTOCOL)


def remove_compiled(folder: Path) -> int:
    """Remove what `load_pack` kept there, and the folder if nothing else is in it; how many files went.

    Raises `OSError`.
    """
    kept = [*folder.glob("rules-*.compiled"), *folder.glob("rules-*.tmp")]
    for path in kept:
        path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
    return len(kept)


def _key(folders: Iterable[Path]) -> bytes:
    digest = hashlib.sha256(_FORMAT + __version__.encode())
    for folder in folders:
        for path in rule_files(folder):
            try:
                text = path.read_bytes()
            except OSError:
                # The loader tells what is wrong with it.
                text = b""
            name = shown(path, folder).encode("utf-8", "surrogatepass")
            digest.update(b"%d %d " % (len(name), len(text)) + name + text)
    return digest.digest()


def _name(folders: Iterable[Path]) -> str:
    text = os.pathsep.join(str(folder.resolve()) for folder in folders)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class _Unpickler(pickle.Unpickler):
    """Makes data of the pack and nothing else, whoever wrote the file."""

    def find_class(self, module: str, name: str) -> Any:
        if name in _KNOWN and _KNOWN[name].__module__ == module:
            return _KNOWN[name]
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a rule pack")


_KNOWN: dict[str, type] = {
    name: kind for name in [*model.__all__, "RulePack"] if isinstance(kind := getattr(model, name), type)
}
_KNOWN["Evidence"] = Evidence


def _read(path: Path, key: bytes) -> RulePack | None:
    """What was compiled under this key; None where that is not there, or broken."""
    try:
        raw = path.read_bytes()
    except OSError:
        return None
    if raw[:_KEY_SIZE] != key:
        return None
    try:
        pack = _Unpickler(io.BytesIO(raw[_KEY_SIZE:])).load()
    except Exception:  # bytes that were damaged can raise anything
        return None
    return pack if isinstance(pack, RulePack) else None


def _write(path: Path, key: bytes, pack: RulePack) -> None:
    import tempfile

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key + pickle.dumps(pack, _PROTOCOL))
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
