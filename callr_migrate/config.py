"""`[tool.callr-migrate]` in `pyproject.toml`, or `callr-migrate.toml` -> `Settings`.

The nearest file at or above the paths that were asked for counts; the search ends at the repository's root.
What stands on the command line wins over what stands in a file.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from callr_migrate.config_values import ALL, DECODERS, BadValueError, match_length, names_file
from callr_migrate.files import read_regular

FILE_NAME = "callr-migrate.toml"
SECTION = "callr-migrate"

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

# What marks a project's folder, the strongest first.
_MARKERS = (".git", "pyproject.toml")
# These grow where several places speak of them; of the others the last word counts.
_GROWING = frozenset(
    {"accept_dropped", "choices", "effort", "extend_exclude", "per_file_ignores", "rules", "wrappers"}
)
_LOWER_BOUND = r"(?:>=|~=|==|>|\^|~)\s*(\d+)(?:\.(\d+))?"


class ConfigError(Exception):
    """One or more mistakes in the configuration; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(NamedTuple):
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
    wrappers: tuple[str, ...] = ()  # dotted names of the project's own `f(method, *params)`
    choices: Mapping[str, str] = {}  # name of a choice of the pack -> answer
    auth: str | None = None  # one of AUTH_ANSWERS
    accept_dropped: tuple[str, ...] = ()  # options that calls may lose, as the legacy API names them
    effort: Mapping[str, int] = {}  # minutes, in place of those of `EFFORT`
    jobs: int | None = None  # processes that analyse; None: as many as are worth it
    # Name of a field -> where its value stands, for people; not there for defaults.
    origins: Mapping[str, str] = {}

    def described(self) -> str:
        """All that changes what is found and how it is fixed."""
        return repr(self._replace(origins={}, effort={}, jobs=None))

    def wants(self, code: str, path: Path | None = None) -> bool:
        """Whether findings of this code are shown: the longest matching selector decides, `ignore` on a tie.

        In a file at `path` those are not that `per_file_ignores` leaves out there.
        """
        selected = max((match_length(selector, code) for selector in self.select or (ALL,)), default=-1)
        ignored = max((match_length(selector, code) for selector in self.ignore), default=-1)
        return selected > ignored and not (path is not None and self._ignores_in(path, code))

    def _ignores_in(self, path: Path, code: str) -> bool:
        return any(
            names_file(glob, self.root, path)
            for glob, codes in self.per_file_ignores
            if any(match_length(selector, code) >= 0 for selector in codes)
        )


def load_settings(
    start: Path, config: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Settings:
    """Load the settings for work on `start`, a file or folder that need not exist.

    `config` names the file to read in place of the nearest. `overrides` maps names of `Settings` to what the
    command line says, None where it says nothing: texts as in the file, and `extend_exclude` and `rules` add to
    what the file says. What a file extends, and what it is relative to, is told in the README.

    Raises `ConfigError`.
    """
    start = Path(os.path.abspath(start))  # noqa: PTH100 - `..` goes, or `parents` would lie
    used, table = (config.absolute(), _named_table(config)) if config is not None else _nearest_table(start)
    layers = _extended(table, used) if used else []
    layers.insert(0, _fallbacks(start))
    layers.append(_of_command_line(overrides or {}))
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        layer.lay_over(values, origins)
    root = _root(start, used.parent if used else None)
    return Settings(root=root, config=used, origins=origins, **values)


def is_project(settings: Settings) -> bool:
    """Whether something marks the root as that of a project, and not only the paths that were asked for."""
    root = settings.root
    own = settings.config is not None and settings.config.parent == root
    return own or any(is_there(root / marker) for marker in _MARKERS)


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
            data = _read(shared)
            table = _tool(data, SECTION)
            if table is not None:
                return shared, table
            _refuse_other_spellings(data, shared)
    return None, {}


def _refuse_other_spellings(data: dict[str, Any], path: Path) -> None:
    """Raise `ConfigError` for a table that is meant for this tool and would go unread."""
    tool = data.get("tool")
    for name in tool if isinstance(tool, dict) else ():
        if name.lower().replace("_", "-") == SECTION:
            raise ConfigError(
                [
                    f"{shown_path(path)}: [tool.{name}] is not read (did you mean [tool.{SECTION}], as a table?)"
                ]
            )


def _named_table(config: Path) -> dict[str, Any]:
    # A shell may hand over a pipe.
    data = _read(config, Path.read_bytes)
    if config.name != "pyproject.toml":
        return data
    table = _tool(data, SECTION)
    if table is None:
        raise ConfigError([f"{shown_path(config)}: has no table [tool.{SECTION}]"])
    return table


def _project_file(start: Path) -> tuple[Path, dict[str, Any]]:
    """The nearest `pyproject.toml`, whatever tables it has, and what is in it."""
    for folder in _folders(start):
        path = folder / "pyproject.toml"
        if is_there(path):
            return path, _read(path)
    return start / "pyproject.toml", {}


def _root(start: Path, home: Path | None) -> Path:
    """Find the project's folder: that of the config, else of `.git`, else of `pyproject.toml`, else the current one."""
    folders = list(_folders(start))
    if home in folders:
        return home
    for marker in _MARKERS:
        for folder in folders:
            if is_there(folder / marker):
                return folder
    here = Path.cwd()
    if here in (start, *start.parents):
        return here
    return start if start.is_dir() else start.parent


def _read(path: Path, read: Callable[[Path], bytes] = read_regular) -> dict[str, Any]:
    # A project without any such file need not wait for the parser.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        return _parsed(read(path))
    except OSError as error:
        problem = f"cannot be read: {(error.strerror or str(error)).lower()}"
    except UnicodeDecodeError:
        problem = "is not UTF-8, as TOML must be"
    except tomllib.TOMLDecodeError as error:
        problem = f"is not valid TOML: {error}"
    except RecursionError:
        problem = "is nested too deeply"
    raise ConfigError([f"{shown_path(path)}: {problem}"])


@lru_cache(maxsize=4)
def _parsed(raw: bytes) -> dict[str, Any]:
    """What a file holds, to be left as it is: the same one is asked for our settings, for others', and for Python's."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    return tomllib.loads(raw.decode("utf-8-sig"))


def _tool(data: dict[str, Any], name: str) -> dict[str, Any] | None:
    tool = data.get("tool")
    table = tool.get(name) if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def shown_path(path: Path) -> str:
    """A path as messages name it: relative to the working directory where it lies below."""
    try:
        return path.absolute().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(path)


# -- what -------------------------------------------------------------------------------------------------------


class _Layer:
    """What one place says: names of `Settings`, their values, and for people where each stands."""

    __slots__ = ("origins", "values")

    def __init__(self, values: dict[str, Any] | None = None, origins: dict[str, str] | None = None) -> None:
        self.values = {} if values is None else values
        self.origins = {} if origins is None else origins

    def lay_over(self, values: dict[str, Any], origins: dict[str, str]) -> None:
        """Put it on top: lists that extend and tables grow, anything else is replaced."""
        for name, value in self.values.items():
            below = values.get(name)
            if below is None or name not in _GROWING:
                values[name], origins[name] = value, self.origins[name]
                continue
            if isinstance(value, dict):
                values[name] = {**below, **value}
            elif name == "per_file_ignores":
                values[name] = tuple({**dict(below), **dict(value)}.items())
            else:
                values[name] = (*below, *value)
            origins[name] = f"{origins[name]}, {self.origins[name]}"


def _extended(table: dict[str, Any], path: Path, seen: tuple[Path, ...] = ()) -> list[_Layer]:
    """The layers of a file and of those that it extends, the farthest first."""
    shown = shown_path(path)
    values = _decode(table, shown, path.parent)
    extend = values.pop("extend", None)
    layers = [_Layer(values, dict.fromkeys(values, shown))]
    if extend is None:
        return layers
    base = Path(os.path.normpath(path.parent / Path(extend).expanduser()))
    if base in (*seen, path):
        raise ConfigError([f"{shown}: 'extend' leads back to {shown_path(base)}"])
    try:
        below = _named_table(base)
    except ConfigError as error:
        raise ConfigError([f"{shown}: 'extend' names {problem}" for problem in error.problems]) from None
    return _extended(below, base, (*seen, path)) + layers


def _decode(table: dict[str, Any], shown: str, home: Path) -> dict[str, Any]:
    """Map names of `Settings`, and `extend`, to the table's values; raises `ConfigError` with every mistake."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    keys = {name.replace("_", "-"): name for name in DECODERS}
    for key, value in table.items():
        if key not in keys:
            problems.append(f"{shown}: unknown key {key!r}{_nearest(key, keys)}")
            continue
        try:
            values[keys[key]] = DECODERS[keys[key]](value)
        except BadValueError as mistake:
            problems.append(f"{shown}: {key!r} {mistake}")
    if problems:
        raise ConfigError(problems)
    if "rules" in values:
        values["rules"] = tuple(home / folder for folder in values["rules"])
    return values


def _of_command_line(overrides: Mapping[str, Any]) -> _Layer:
    known = Settings._fields
    layer = _Layer()
    problems: list[str] = []
    for name, value in overrides.items():
        assert name in known, name
        if value is None:
            continue
        option = f"--{name.replace('_', '-')}"
        try:
            layer.values[name] = DECODERS[name](value)
        except BadValueError as mistake:
            problems.append(f"{option} {mistake}")
        layer.origins[name] = option
    if problems:
        raise ConfigError(problems)
    if "rules" in layer.values:
        layer.values["rules"] = tuple(folder.absolute() for folder in layer.values["rules"])
    return layer


def _fallbacks(start: Path) -> _Layer:
    """Line length and Python version as other parts of the project state them."""
    layer = _Layer()
    pyproject, project = _project_file(start)
    tools = [("ruff", path, table) for path, table in _ruff_files(start)]
    tools += [(tool, pyproject, _tool(project, tool) or {}) for tool in ("ruff", "black")]
    for tool, path, table in tools:
        length = table.get("line-length")
        # The other tool says itself what is wrong with its own key.
        if type(length) is int and 1 <= length <= 320:
            layer.values["line_length"] = length
            layer.origins["line_length"] = f"{shown_path(path)} ({tool})"
            break
    version = _required_python(project)
    if version is not None:
        layer.values["target_version"] = version
        layer.origins["target_version"] = f"{shown_path(pyproject)} (the Python that the project requires)"
    return layer


def _ruff_files(start: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The nearest file of ruff's own, unless a `pyproject.toml` with its table is nearer."""
    for folder in _folders(start):
        for name in (".ruff.toml", "ruff.toml"):
            if is_there(folder / name):
                with contextlib.suppress(ConfigError):
                    yield folder / name, _read(folder / name)
                return
        if (
            is_there(folder / "pyproject.toml")
            and _tool(_read(folder / "pyproject.toml"), "ruff") is not None
        ):
            return


def _required_python(project: dict[str, Any]) -> tuple[int, int] | None:
    """Tell the oldest Python that the project says it runs on; None if it does not say, or says 2."""
    table = project.get("project")
    stated = table.get("requires-python") if isinstance(table, dict) else None
    if stated is None:
        poetry = (_tool(project, "poetry") or {}).get("dependencies")
        stated = poetry.get("python") if isinstance(poetry, dict) else None
    if not isinstance(stated, str):
        return None
    bounds = [(int(major), int(minor or 0)) for major, minor in re.findall(_LOWER_BOUND, stated)]
    oldest = max(bounds, default=(0, 0))
    return oldest if oldest[0] == 3 else None


def _nearest(word: str, known: Iterable[str]) -> str:
    # The pack's helper brings a YAML parser along, which a right configuration does not need.
    from callr_migrate.pack import nearest

    return nearest(word, known)
