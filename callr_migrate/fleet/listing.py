"""`REPOS.yaml`: which repositories, and what is to be done in each. Every mistake has its line."""

from __future__ import annotations

import re
from dataclasses import field, fields, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from callr_migrate.config import ConfigError
from callr_migrate.files import real_path
from callr_migrate.pack.base import NOWHERE, Location
from callr_migrate.pack.decode import Decoder
from callr_migrate.records import dataclass

Command = Literal["check", "fix", "pr"]
_ADDRESS = re.compile(r"^(?:[a-z][a-z+]*://|[^/\\\s]+@[^/\\\s]+:|[\w.-]{2,}:(?![/\\]))")
_UNFIT = re.compile(r"[^\w.-]+")


@dataclass(frozen=True)
class Options:
    """What may be said for all repositories and for one; None: not said."""

    command: Command | None = None
    checkout: str | None = None  # the branch or tag to work on; a clone's default branch
    folder: str | None = None  # below the top of the repository
    timeout: int | None = None  # seconds
    target: str | None = None
    select: list[str] | None = None
    ignore: list[str] | None = None
    exclude: list[str] | None = None  # beside what the project excludes itself
    unsafe: bool | None = None  # fixes that are to be looked at, too
    branch: str | None = None  # that `pr` makes
    base: str | None = None
    commits: Literal["one", "family", "file"] | None = None
    push: bool | None = None
    open: bool | None = None
    draft: bool | None = None
    labels: list[str] | None = None
    reviewers: list[str] | None = None
    hooks: bool | None = None
    replace: bool | None = None
    host: Literal["github", "gitlab"] | None = None
    api: str | None = None


_NOTHING = Options()


@dataclass(frozen=True)
class Listed(Options):
    """One repository: an address to clone, or a folder."""

    clone: str | None = None
    path: str | None = None
    name: str | None = None
    location: Location = NOWHERE

    @classmethod
    def from_scalar(cls, text: str) -> dict[str, Any]:
        """Shorthand: an address to clone."""
        return {"clone": text}


@dataclass(frozen=True)
class Listing:
    """The file."""

    repositories: list[Listed]
    defaults: Options = field(default_factory=Options)


@dataclass(frozen=True)
class Repository:
    """What is to be worked on: an address, or the absolute path of a folder; `options` are all that hold."""

    name: str
    address: str | None
    path: str | None
    options: Options


def read_listing(path: Path, said: Options = _NOTHING) -> list[Repository]:
    """The repositories in their order; what the command line says wins.

    Raises `ConfigError`.
    """
    decoder = Decoder(path, path.as_posix())
    listing = decoder.decode(Listing)
    if listing is None:
        raise ConfigError(
            decoder.problems or [f"{path.as_posix()}:1: is empty; it needs the key 'repositories'"]
        )
    problems: list[str] = []
    found: dict[str, Listed] = {}
    repositories = []
    for listed in listing.repositories:
        problem = _problem(listed, path)
        if problem is None:
            repository = _repository(listed, listing.defaults, path, said)
            known = found.setdefault(repository.name, listed)
            if known is listed:
                repositories.append(repository)
                continue
            problem = (
                f"{repository.name!r} is there already, at {known.location}; say 'name' to tell them apart"
            )
        problems.append(f"{listed.location}: {problem}")
    if problems:
        raise ConfigError(problems)
    return repositories


def _problem(listed: Listed, path: Path) -> str | None:
    if bool(listed.clone) == bool(listed.path):
        return "a repository needs either 'clone' or 'path'"
    if listed.clone is not None and not _is_address(listed.clone):
        return f"{listed.clone!r} is no address to clone; say 'path' for a folder"
    if listed.folder is not None and (Path(listed.folder).is_absolute() or ".." in Path(listed.folder).parts):
        return "'folder' is below the top of the repository"
    return None


def _is_address(text: str) -> bool:
    return _ADDRESS.match(text) is not None and not text.startswith("-")


def _repository(listed: Listed, defaults: Options, path: Path, said: Options) -> Repository:
    options = _over(_over(defaults, listed), said)
    folder = str(real_path(path.parent / listed.path)) if listed.path else None
    return Repository(listed.name or _name(listed), listed.clone, folder, options)


def _over(below: Options, above: Options) -> Options:
    """`below` with all that `above` says."""
    said = {entry.name: getattr(above, entry.name) for entry in fields(Options)}
    return replace(below, **{name: value for name, value in said.items() if value is not None})


def _name(listed: Listed) -> str:
    """The last two parts of an address (`owner/name`), the last one of a folder."""
    if listed.path is not None:
        return real_path(Path(listed.path)).name
    assert listed.clone is not None
    address = listed.clone
    place = urlsplit(address).path if "://" in address else address.partition(":")[2]
    parts = [part for part in place.removesuffix("/").removesuffix(".git").split("/") if part]
    return "/".join(parts[-2:]) or address


def stem_of(name: str) -> str:
    """A name of a repository as that of a file."""
    return _UNFIT.sub("__", name).strip(".") or "_"
