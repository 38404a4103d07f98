"""`[tool.callr-migrate]` in `pyproject.toml`, or `callr-migrate.toml` -> `Settings`.

The nearest file at or above the paths that were asked for counts; the search ends at the repository's root.
What stands on the command line wins over what stands in a file.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE_NAME = "callr-migrate.toml"
SECTION = "callr-migrate"
AUTH_ANSWERS = ("keep", "basic")
ALL = "ALL"

# Folders that hold no code of the project itself; a user's `exclude` replaces them, `extend-exclude` adds.
DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pycache__",
    "__pypackages__",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)

_SELECTOR = re.compile(r"CLR\d{0,3}")
_VERSION = re.compile(r"(?:py)?3(?:\.(?P<dotted>\d{1,2})|(?P<plain>\d{1,2}))")
_LOWER_BOUND = re.compile(r"(?:>=|~=|==|>|\^|~)\s*(\d+)(?:\.(\d+))?")


class ConfigError(Exception):
    """One or more mistakes in the configuration; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """What a run is to look at and to write. Folders are absolute; `exclude` globs are relative to `root`."""

    root: Path
    config: Path | None = None  # the file that these come from
    target: str | None = None  # None: the pack's own default
    line_length: int = 88  # columns
    target_version: tuple[int, int] = (3, 10)
    select: tuple[str, ...] = ()  # codes or their beginnings; empty: all
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()  # glob -> codes left out where it matches
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    rules: tuple[Path, ...] = ()  # folders laid over the shipped pack, the last one on top
    choices: dict[str, str] = field(default_factory=dict)  # name of a choice of the pack -> answer
    auth: str | None = None  # one of AUTH_ANSWERS

    def wants(self, code: str, path: Path | None = None) -> bool:
        """Whether findings of this code are shown: the longest matching selector decides, `ignore` on a tie.

        In a file at `path` those are not that `per_file_ignores` leaves out there.
        """
        selected = max((_match(selector, code) for selector in self.select or (ALL,)), default=-1)
        ignored = max((_match(selector, code) for selector in self.ignore), default=-1)
        return selected > ignored and not (path is not None and self._ignores_in(path, code))

    def _ignores_in(self, path: Path, code: str) -> bool:
        return any(
            _names(glob, self.root, path)
            for glob, codes in self.per_file_ignores
            if any(_match(selector, code) >= 0 for selector in codes)
        )


def load_settings(
    start: Path, config: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Load the settings for work on `start`, a file or folder that need not exist.

    `config` names the file to read in place of the nearest. `overrides` maps names of `Settings` to what the
    command line says, None where it says nothing: texts as in the file, and `extend_exclude` and `rules` add to
    what the file says.

    Raises `ConfigError`.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - `..` goes, or `parents` would lie
    if config is not None:
        table = _named_table(config)
        used: Path | None = config.absolute()
    else:
        used, table = _nearest_table(start)
    project = _project_files(start)
    root = _root(start, used.parent if used else None)
    values = _decode(table, _shown(used), used.parent) if used else {}
    values.update(_fallbacks(project, values))
    settings = Settings(root=root, config=used, **values)
    return _with_overrides(settings, overrides or {})


def is_there(path: Path) -> bool:
    """Whether something has this name; `Path.exists` raises where a folder above may not be read."""
    try:
        path.stat()
    except (OSError, ValueError):
        return False
    return True


# -- where ------------------------------------------------------------------------------------------------------


def _folders(start: Path) -> Iterable[Path]:
    """From `start` up to the repository's root, or to the top of the file system."""
    for folder in (start, *start.parents):
        yield folder
        if is_there(folder / ".git"):
            return


def _nearest_table(start: Path) -> tuple[Path | None, dict[str, Any]]:
    for folder in _folders(start):
        own = folder / FILE_NAME
        if is_there(own):
            return own, _read(own)
        shared = folder / "pyproject.toml"
        if is_there(shared):
            table = _tool(_read(shared), SECTION)
            if table is not None:
                return shared, table
    return None, {}


def _named_table(config: Path) -> dict[str, Any]:
    data = _read(config)
    if config.name != "pyproject.toml":
        return data
    table = _tool(data, SECTION)
    if table is None:
        raise ConfigError([f"{_shown(config)}: has no table [tool.{SECTION}]"])
    return table


def _project_files(start: Path) -> dict[str, Any]:
    """Read the nearest `pyproject.toml`, whatever tables it has."""
    for folder in _folders(start):
        path = folder / "pyproject.toml"
        if is_there(path):
            return _read(path)
    return {}


def _root(start: Path, home: Path | None) -> Path:
    """Find the project's folder: that of the config, else of `.git`, else of `pyproject.toml`, else the current one."""
    folders = list(_folders(start))
    if home in folders:
        return home
    for marker in (".git", "pyproject.toml"):
        for folder in folders:
            if is_there(folder / marker):
                return folder
    here = Path.cwd()
    if here in (start, *start.parents):
        return here
    return start if start.is_dir() else start.parent


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
    except UnicodeDecodeError:
        problem = "is not UTF-8, as TOML must be"
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}"
    except RecursionError:
        problem = "is nested too deeply"
    raise ConfigError([f"{_shown(path)}: {problem}"])


def _tool(data: dict[str, Any], name: str) -> dict[str, Any] | None:
    tool = data.get("tool")
    table = tool.get(name) if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _shown(path: Path) -> str:
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


# -- what -------------------------------------------------------------------------------------------------------


class _BadValueError(Exception):
    """What is wrong with one value; the caller knows where it stands."""


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
        raise _BadValueError("must be a list of texts")
    return tuple(value)


def _selectors(value: Any) -> tuple[str, ...]:
    selectors = tuple(text.strip().upper() for text in _texts(value))
    for selector in selectors:
        if selector != ALL and not _SELECTOR.fullmatch(selector):
            raise _BadValueError(
                f"holds {selector!r}, which is no code; codes look like CLR101, CLR1 or {ALL}"
            )
    return selectors


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise _BadValueError("must be a text")
    return value


def _length(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 320:
        raise _BadValueError("must be a whole number from 1 to 320")
    return value


def _version(value: Any) -> tuple[int, int]:
    match = _VERSION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _BadValueError('must be a Python 3 version such as "py310" or "3.10"')
    return 3, int(match["dotted"] or match["plain"])


def _auth(value: Any) -> str:
    if value not in AUTH_ANSWERS:
        raise _BadValueError(f"cannot be {value!r}; it is one of {', '.join(AUTH_ANSWERS)}")
    return str(value)


def _answers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise _BadValueError("must be a table of choices and their answers")
    for name, answer in value.items():
        if not isinstance(answer, str):
            raise _BadValueError(f"has an answer for {name!r} that is not a text")
    return dict(value)


def _by_glob(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise _BadValueError("must be a table of globs and lists of codes")
    for glob in value:
        if not any(pattern.include for pattern in _glob(glob).patterns):
            raise _BadValueError(f"has the glob {glob!r}, which matches nothing")
    return tuple((glob, _selectors(codes)) for glob, codes in value.items())


def _folder_list(value: Any) -> tuple[Path, ...]:
    return tuple(Path(text) for text in _texts(value))


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "target": _text,
    "line_length": _length,
    "target_version": _version,
    "select": _selectors,
    "ignore": _selectors,
    "per_file_ignores": _by_glob,
    "exclude": _texts,
    "extend_exclude": _texts,
    "rules": _folder_list,
    "choices": _answers,
    "auth": _auth,
}


def _decode(table: dict[str, Any], shown: str, home: Path) -> dict[str, Any]:
    """Map names of `Settings` to the table's values; raises `ConfigError` with every mistake."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    keys = {name.replace("_", "-"): name for name in _DECODERS}
    for key, value in table.items():
        if key not in keys:
            problems.append(f"{shown}: unknown key {key!r}{_nearest(key, keys)}")
            continue
        try:
            values[keys[key]] = _DECODERS[keys[key]](value)
        except _BadValueError as mistake:
            problems.append(f"{shown}: {key!r} {mistake}")
    if problems:
        raise ConfigError(problems)
    if "rules" in values:
        values["rules"] = tuple(home / folder for folder in values["rules"])
    return values


def _with_overrides(settings: Settings, overrides: Mapping[str, Any]) -> Settings:
    known = {entry.name for entry in fields(Settings)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, value in overrides.items():
        assert name in known, name
        if value is None:
            continue
        try:
            values[name] = _DECODERS[name](value)
        except _BadValueError as mistake:
            problems.append(f"--{name.replace('_', '-')} {mistake}")
    if problems:
        raise ConfigError(problems)
    if "rules" in values:
        values["rules"] = (*settings.rules, *(folder.absolute() for folder in values["rules"]))
    if "extend_exclude" in values:
        values["extend_exclude"] = (*settings.extend_exclude, *values["extend_exclude"])
    return replace(settings, **values)


def _fallbacks(project: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Line length and Python version as other parts of the project state them."""
    found: dict[str, Any] = {}
    if "line_length" not in values:
        for tool in ("ruff", "black"):
            length = (_tool(project, tool) or {}).get("line-length")
            # The other tool says itself what is wrong with its own key.
            if type(length) is int and 1 <= length <= 320:
                found["line_length"] = length
                break
    if "target_version" not in values:
        version = _required_python(project)
        if version is not None:
            found["target_version"] = version
    return found


def _required_python(project: dict[str, Any]) -> tuple[int, int] | None:
    """Tell the oldest Python that the project says it runs on; None if it does not say, or says 2."""
    table = project.get("project")
    stated = table.get("requires-python") if isinstance(table, dict) else None
    if stated is None:
        poetry = (_tool(project, "poetry") or {}).get("dependencies")
        stated = poetry.get("python") if isinstance(poetry, dict) else None
    if not isinstance(stated, str):
        return None
    bounds = [(int(major), int(minor or 0)) for major, minor in _LOWER_BOUND.findall(stated)]
    oldest = max(bounds, default=(0, 0))
    return oldest if oldest[0] == 3 else None


@lru_cache
def _glob(text: str) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines([text.removeprefix("!")])
    except ValueError:
        return GitIgnoreSpec([])


def _names(glob: str, root: Path, path: Path) -> bool:
    """Whether a glob relative to `root` names a file; one that starts with `!` names all others."""
    place = os.path.abspath(path)  # noqa: PTH100 - `..` goes, links stay
    prefix = str(root).rstrip(os.sep) + os.sep
    relative = place[len(prefix) :] if place.startswith(prefix) else path.name
    return _glob(glob).match_file(relative.replace(os.sep, "/")) is not glob.startswith("!")


def _match(selector: str, code: str) -> int:
    """How exactly a selector names a code: the length of the common beginning, -1 if it does not name it."""
    if selector == ALL:
        return 0
    return len(selector) if code.startswith(selector) else -1


def _nearest(word: str, known: Iterable[str]) -> str:
    # The pack's helper brings a YAML parser along, which a right configuration does not need.
    from callr_migrate.pack import nearest

    return nearest(word, known)
