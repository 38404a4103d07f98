"""Files of patterns that git goes by beside `.gitignore`: the repository's own, and the user's for all repositories.

git itself is not run: it need not be installed.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from callr_migrate.config import is_there
from callr_migrate.files import read_regular

_SECTION = r'\s*\[\s*([^\]\s"]+)\s*(?:"[^"]*")?\s*\]\s*'
_KEY = "excludesfile"
_ENTRY = rf"(?i:\s*{_KEY}\s*=\s*(.*))"


def git_folder(top: Path) -> Path:
    """Where git keeps what is a repository's own; a worktree or submodule has a file that says where.

    Source: gitrepository-layout(5), `gitdir` and `commondir`.
    """
    folder = top / ".git"
    with contextlib.suppress(OSError):
        if folder.is_file():
            folder = top / os.fsdecode(read_regular(folder).removeprefix(b"gitdir:").strip())
        common = folder / "commondir"
        if is_there(common):
            folder = folder / os.fsdecode(read_regular(common).strip())
    return folder


def exclude_files(top: Path) -> list[Path]:
    """The files of patterns for the repository whose working tree is `top`, the weakest first.

    Source: gitignore(5): `core.excludesFile`, which `$GIT_DIR/info/exclude` overrules.
    """
    if not is_there(top / ".git"):
        return []
    own = git_folder(top)
    files = [_users_file(top, own), own / "info" / "exclude"]
    return [file for file in files if file is not None and _is_file(file)]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _users_file(top: Path, own: Path) -> Path | None:
    """What `core.excludesFile` names; None where it is set to nothing."""
    named: str | None = None
    for config in (*_user_configs(), own / "config"):
        for value in _values(config):
            named = value
    if named is None:
        folder = _config_folder()
        return None if folder is None else folder / "git" / "ignore"
    with contextlib.suppress(RuntimeError):  # no home
        return top / Path(named).expanduser() if named else None
    return None


def _user_configs() -> Iterator[Path]:
    """The files of settings for all repositories, the weakest first. Source: git-config(1), FILES."""
    if (
        os.environ.get("GIT_CONFIG_NOSYSTEM", "").lower() in ("", "0", "false", "no", "off")
        and os.name == "posix"
    ):
        yield Path(os.environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig"))
    if "GIT_CONFIG_GLOBAL" in os.environ:
        yield Path(os.environ["GIT_CONFIG_GLOBAL"])
        return
    folder = _config_folder()
    if folder is not None:
        yield folder / "git" / "config"
    with contextlib.suppress(RuntimeError):
        yield Path.home() / ".gitconfig"


def _config_folder() -> Path | None:
    named = os.environ.get("XDG_CONFIG_HOME")
    if named:
        return Path(named)
    with contextlib.suppress(RuntimeError):
        return Path.home() / ".config"
    return None


def _values(config: Path) -> Iterator[str]:
    """What a file of settings says `core.excludesFile` is; files that it includes are not read."""
    try:
        raw = read_regular(config)
    except (OSError, ValueError):
        return
    if _KEY.encode() not in raw.lower():
        return
    lines = raw.decode("utf-8", "surrogateescape").splitlines()
    is_core = False
    for line in lines:
        section = re.match(_SECTION, line)
        if section:
            is_core = section[1].lower() == "core" and '"' not in section[0]
            line = line[section.end() :]
        entry = re.match(_ENTRY, line) if is_core else None
        if entry:
            yield _unquoted(entry[1])


def _unquoted(text: str) -> str:
    """A value without its quotes, escapes, and the comment behind it. Source: git-config(1), Syntax."""
    value, is_quoted, at = "", False, 0
    while at < len(text):
        character = text[at]
        if character == "\\" and at + 1 < len(text):
            at += 1
            value += {"n": "\n", "t": "\t", "b": "\b"}.get(text[at], text[at])
        elif character == '"':
            is_quoted = not is_quoted
        elif character in "#;" and not is_quoted:
            break
        else:
            value += character
        at += 1
    return value.strip()
