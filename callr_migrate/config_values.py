"""What each key of the configuration may hold, and how selectors and globs match."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

AUTH_ANSWERS = ("keep", "basic")
# Minutes that `report` reckons with: assumptions of this tool's authors, for the user to replace.
EFFORT = {
    "automatic": 2,  # a call that `fix` rewrites: read the change
    "unsafe": 15,  # one that `fix --unsafe-fixes` rewrites: check what it leans on, read the change
    "manual": 60,  # one that a person rewrites
    "blocked": 60,  # one without a counterpart: put in what takes its place
    "design": 480,  # each retired app or method without a counterpart: find out what takes its place
    "other": 10,  # a place that is no call and that a person changes
    "file": 15,  # each file with legacy code: test it, and have it reviewed
}
_MAX_MINUTES = 100_000
ALL = "ALL"

_SELECTOR = r"CLR\d{0,3}"
_VERSION = r"(?:py)?3(?:\.(?P<dotted>\d{1,2})|(?P<plain>\d{1,2}))"


class BadValueError(Exception):
    """What is wrong with one value; the caller knows where it stands."""


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) and item for item in value):
        raise BadValueError("must be a list of texts")
    return tuple(value)


def _selectors(value: Any) -> tuple[str, ...]:
    selectors = tuple(text.strip().upper() for text in _texts(value))
    for selector in selectors:
        if selector != ALL and not re.fullmatch(_SELECTOR, selector):
            raise BadValueError(
                f"holds {selector!r}, which is no code; codes look like CLR101, CLR1 or {ALL}"
            )
    return selectors


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadValueError("must be a text")
    return value


def _length(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 320:
        raise BadValueError("must be a whole number from 1 to 320")
    return value


def _jobs(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= 1024:
        raise BadValueError("must be a whole number from 1 to 1024")
    return value


def _version(value: Any) -> tuple[int, int]:
    match = re.fullmatch(_VERSION, value) if isinstance(value, str) else None
    if match is None:
        raise BadValueError('must be a Python 3 version such as "py310" or "3.10"')
    return 3, int(match["dotted"] or match["plain"])


def _auth(value: Any) -> str:
    if value not in AUTH_ANSWERS:
        raise BadValueError(f"cannot be {value!r}; it is one of {', '.join(AUTH_ANSWERS)}")
    return str(value)


def _answers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise BadValueError("must be a table of choices and their answers")
    for name, answer in value.items():
        if not isinstance(answer, str):
            raise BadValueError(f"has an answer for {name!r} that is not a text")
    return dict(value)


def _by_glob(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise BadValueError("must be a table of globs and lists of codes")
    for glob in value:
        if not any(pattern.include for pattern in _glob(glob).patterns):
            raise BadValueError(f"has the glob {glob!r}, which matches nothing")
    return tuple((glob, _selectors(codes)) for glob, codes in value.items())


def _minutes(value: Any) -> dict[str, int]:
    if not isinstance(value, dict):
        raise BadValueError("must be a table of minutes")
    for name, minutes in value.items():
        if name not in EFFORT:
            raise BadValueError(f"has no {name!r}; there is {', '.join(EFFORT)}")
        if type(minutes) is not int or not 0 <= minutes <= _MAX_MINUTES:
            raise BadValueError(f"has {name!r}, which must be a whole number from 0 to {_MAX_MINUTES}")
    return dict(value)


def _dotted_names(value: Any) -> tuple[str, ...]:
    names = _texts(value)
    for name in names:
        parts = name.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise BadValueError(
                f"holds {name!r}; it takes dotted names of functions or methods, such as 'mypkg.gateway.send'"
            )
    return names


def _folder_list(value: Any) -> tuple[Path, ...]:
    return tuple(Path(text) for text in _texts(value))


DECODERS: dict[str, Callable[[Any], Any]] = {
    "extend": _text,
    "target": _text,
    "line_length": _length,
    "target_version": _version,
    "select": _selectors,
    "ignore": _selectors,
    "per_file_ignores": _by_glob,
    "exclude": _texts,
    "extend_exclude": _texts,
    "rules": _folder_list,
    "wrappers": _dotted_names,
    "choices": _answers,
    "accept_dropped": _texts,
    "auth": _auth,
    "jobs": _jobs,
    "effort": _minutes,
}


@lru_cache
def _glob(text: str) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines([text.removeprefix("!")])
    except ValueError:
        return GitIgnoreSpec([])


def names_file(glob: str, root: Path, path: Path) -> bool:
    """Whether a glob relative to `root` names a file; one that starts with `!` names all others."""
    place = os.path.abspath(path)  # noqa: PTH100 - `..` goes, links stay
    prefix = str(root).rstrip(os.sep) + os.sep
    relative = place[len(prefix) :] if place.startswith(prefix) else path.name
    return _glob(glob).match_file(relative.replace(os.sep, "/")) is not glob.startswith("!")


def match_length(selector: str, code: str) -> int:
    """How exactly a selector names a code: the length of the common beginning, -1 if it does not name it."""
    if selector == ALL:
        return 0
    return len(selector) if code.startswith(selector) else -1
