"""Which files around the code are looked at, told from their names alone: this is on the path of every run."""

from __future__ import annotations

import enum
import re
from pathlib import Path


class Kind(enum.Enum):
    """What a file is for, and so how it is read."""

    REQUIREMENTS = "requirements"
    PYPROJECT = "pyproject"
    PIPFILE = "Pipfile"
    INI = "ini"  # setup.cfg, tox.ini, and settings of one's own
    SETUP = "setup.py"
    NOTEBOOK = "notebook"  # what its magics install
    YAML = "yaml"  # conda environments, pipelines, and settings of one's own
    SHELL = "shell"  # Dockerfiles
    LOCK = "lock"
    SETTINGS = "settings"  # .env and other lines of `key = value`


_NAMES = {
    "pyproject.toml": Kind.PYPROJECT,
    "pipfile": Kind.PIPFILE,
    "setup.cfg": Kind.INI,
    "tox.ini": Kind.INI,
    "dockerfile": Kind.SHELL,
    "containerfile": Kind.SHELL,
    "poetry.lock": Kind.LOCK,
    "pipfile.lock": Kind.LOCK,
    "uv.lock": Kind.LOCK,
    "pdm.lock": Kind.LOCK,
    "pylock.toml": Kind.LOCK,
    "conda-lock.yml": Kind.LOCK,
    ".env": Kind.SETTINGS,
    ".flaskenv": Kind.SETTINGS,
}
_SUFFIXES = {
    "yaml": Kind.YAML,
    "yml": Kind.YAML,
    "ini": Kind.INI,
    "cfg": Kind.INI,
    "conf": Kind.SETTINGS,
    "env": Kind.SETTINGS,
    "properties": Kind.SETTINGS,
    "toml": Kind.SETTINGS,
    "dockerfile": Kind.SHELL,
}
# What names of any kind end with, behind the last dot; those that begin with `_BEFORE` apart.
_ENDS = frozenset({"txt", "in", *_SUFFIXES, *(name.rpartition(".")[2] for name in _NAMES)})
_BEFORE = (".env.", "dockerfile.", "containerfile.")
# Compiled where a file asks for it.
_REQUIREMENTS = r"(?:.*[-_.])?(?:requirements?|constraints?|reqs?)(?:[-_.].*)?\.(?:txt|in)"


def kind_of(name: str, folder: str = "") -> Kind | None:
    """The kind of a file by its name and that of its folder; None if it is none of these."""
    lowered = name.lower()
    stem, _, suffix = lowered.rpartition(".")
    if suffix not in _ENDS and not lowered.startswith(_BEFORE):
        return None
    known = _NAMES.get(lowered)
    if known is not None:
        return known
    if suffix in ("txt", "in"):
        listed = re.fullmatch(_REQUIREMENTS, lowered) or folder.lower() in (
            "requirements",
            "requirement",
            "reqs",
        )
        return Kind.REQUIREMENTS if listed else None
    if lowered.startswith(_BEFORE):
        return Kind.SETTINGS if lowered[0] == "." else Kind.SHELL
    return _SUFFIXES.get(suffix) if stem else None


def kind_of_path(path: Path) -> Kind | None:
    """The same of a path; code that requires something itself is one of these, too."""
    if path.name == "setup.py":
        return Kind.SETUP
    return Kind.NOTEBOOK if path.suffix == ".ipynb" else kind_of(path.name, path.parent.name)
