"""Two copies of a project, one of them rewritten there; the project itself is never touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from callr_migrate.config import DEFAULT_EXCLUDE, Settings, load_settings
from callr_migrate.findings import Report
from callr_migrate.records import dataclass

# Folders that no program of the project reads; `build` and the like may be its own.
_LEFT_OUT = frozenset(DEFAULT_EXCLUDE) - {"build", "dist"}


@dataclass
class Rewritten:
    """What became of the copy: `changed` are paths below it, `lines` are for people."""

    changed: list[Path]
    report: Report
    lines: list[str] = field(default_factory=list)


def copy(project: Path, to: Path) -> Path:
    """Copy what the program may need: no caches, no environments, no history."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        return {
            name
            for name in names
            if name in _LEFT_OUT or os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))  # noqa: PTH110, PTH118
        }

    return Path(shutil.copytree(project, to, symlinks=True, ignore=left_out, ignore_dangling_symlinks=True))


def rewrite(copied: Path, overrides: dict[str, Any]) -> Rewritten:
    """Apply all fixes, the unsafe ones too; raises `ConfigError` and `RuleError`."""
    from callr_migrate.pipeline import Request, run

    settings: Settings = load_settings(copied, overrides=overrides)
    # The mark of the root (a repository's folder) is not copied.
    settings = settings._replace(root=copied)
    outcome = run(Request((copied,), settings, write=True, unsafe=True))
    report = outcome.report
    calls = [finding for finding in report.findings if finding.code.startswith("CLR1")]
    left = sum(not finding.applied for finding in calls)
    changed = sorted(path.resolve().relative_to(copied.resolve()) for path in outcome.written)
    files = f"{len(changed)} file{'' if len(changed) == 1 else 's'} rewritten"
    calls_left = (
        f"{left} legacy call{'' if left == 1 else 's'} left as {'it is' if left == 1 else 'they are'}"
    )
    lines = [f"{files}, {report.fixed} findings fixed; {calls_left}"]
    lines += [f"not done: {failure.path or ''}: {failure.message}" for failure in report.errors]
    return Rewritten(changed, report, lines)


def moved(path: Path, project: Path, copied: Path) -> Path:
    """The same place in the copy; a path outside the project is what it was."""
    try:
        inside = path.resolve().relative_to(project.resolve())
    except ValueError:
        return path
    if _LEFT_OUT & set(inside.parts) or (len(inside.parts) > 1 and not (copied / inside.parts[0]).exists()):
        return path
    return copied / inside


def moved_command(command: Sequence[str], project: Path, copied: Path) -> list[str]:
    """The command with absolute paths into the project led to the copy; an interpreter in there stays."""
    first = Path(command[0])
    if len(first.parts) > 1 and not first.is_absolute():
        # A path that is told from the working directory, which is another one now.
        told = moved(first.absolute(), project, copied)
        start = command[0] if told.is_relative_to(copied) else str(first.absolute())
    else:
        start = str(moved(first, project, copied)) if first.is_absolute() else command[0]
    return [
        start,
        *(
            str(moved(Path(part), project, copied)) if Path(part).is_absolute() else part
            for part in command[1:]
        ),
    ]


def moved_environment(project: Path, copied: Path, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment, `PYTHONPATH` led to the copy; sets and dicts of texts come in the same order each time."""
    environ = dict(os.environ if base is None else base)
    if environ.get("PYTHONPATH"):
        entries = environ["PYTHONPATH"].split(os.pathsep)
        environ["PYTHONPATH"] = os.pathsep.join(
            str(moved(Path(entry), project, copied)) if entry else entry for entry in entries
        )
    environ.setdefault("PYTHONHASHSEED", "0")
    return environ


def written(folder: Path, before: dict[str, bytes]) -> dict[str, bytes | None]:
    """The files of a copy that are not what they were, by path; None for what is gone."""
    after = contents(folder)
    found: dict[str, bytes | None] = {name: data for name, data in after.items() if before.get(name) != data}
    found.update(dict.fromkeys(name for name in before if name not in after))
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a copy, byte code left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and path.suffix != ".pyc"
        and "__pycache__" not in path.parts
    }
