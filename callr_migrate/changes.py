"""Which lines were changed since a revision: git's answer, for the files as they are on disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from callr_migrate.config import ConfigError
from callr_migrate.files import real_path
from callr_migrate.patterns import regex
from callr_migrate.records import dataclass
from callr_migrate.source import SourceFile

_HUNK = regex(rb"@@ -\d+(?:,(?P<gone>\d+))? \+(?P<first>\d+)(?:,(?P<count>\d+))? @@")
# The user's own settings of `git diff` must not change its form.
_DIFF = (
    *("diff", "--unified=0", "--inter-hunk-context=0", "--text", "--find-renames", "--no-color"),
    *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all", "--dst-prefix=b/"),
)

Lines = tuple[int, int]  # first and last; last is first - 1 where lines before `first` were only removed


@dataclass(frozen=True)
class Changes:
    """The changed lines of a repository's files by their path from `top`; what git does not track is all new."""

    top: Path
    tracked: frozenset[bytes]
    lines: dict[bytes, list[Lines]]

    def touch(self, source: SourceFile, start: int, end: int) -> bool:
        """Whether a line of the span from `start` to `end` (offsets into the text) was changed, or one within removed."""
        # As git counts; it knows no other line ends.
        text, start, end = source.disk_span(start, end)
        first = text.count("\n", 0, start) + 1
        last = first + text.count("\n", start, max(start, end - 1))
        return self.touch_lines(source.path, first, last)

    def touch_lines(self, path: Path, first: int, last: int) -> bool:
        """Whether one of these lines was changed, or one between them removed."""
        try:
            name = os.fsencode(real_path(path).relative_to(self.top).as_posix())
        except ValueError:
            return True
        if name not in self.tracked:
            return True
        return any(
            (begin <= last and stop >= first) if stop >= begin else first < begin <= last
            for begin, stop in self.lines.get(name, ())
        )


def changes_since(revision: str, folder: Path) -> Changes:
    """The changes in the repository of `folder` since `revision`, or since where the current branch left it.

    Raises `ConfigError` where there is no git, no repository or no such revision.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None:
        raise ConfigError([f"--diff-base: {folder} is not in the working tree of a git repository"])
    root = Path(os.fsdecode(top.rstrip(b"\r\n")))
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    if commit is None:
        raise ConfigError(
            [
                f"--diff-base: git knows no commit {revision!r} here; fetch it, or name another (a clone may be shallow)"
            ]
        )
    # What others did on the other branch since is no change of this one.
    base = _git(root, "merge-base", commit.decode().strip(), "HEAD") or commit
    patch = _git(root, *_DIFF, base.decode().split()[0], "--")
    tracked = _git(root, "ls-files", "-z")
    if patch is None or tracked is None:
        raise ConfigError([f"--diff-base: git cannot compare {root} with {revision!r}; try `git diff` there"])
    return Changes(real_path(root), frozenset(tracked.split(b"\0")), _changed(patch))


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git says; None if it fails."""
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment,
            check=False,
        )
    except OSError:
        raise ConfigError(["--diff-base needs git, and there is none that could be run"]) from None
    return done.stdout if done.returncode == 0 else None


def _changed(patch: bytes) -> dict[bytes, list[Lines]]:
    """The changed lines of each file of a patch without context."""
    found: dict[bytes, list[Lines]] = {}
    hunks: list[Lines] = []
    lines: Iterator[bytes] = iter(patch.split(b"\n"))
    for line in lines:
        if line.startswith(b"+++ "):
            hunks = found.setdefault(_name(line[4:]), [])
        hunk = _HUNK.match(line)
        if hunk is None:
            continue
        gone, count = (int(hunk[name]) if hunk[name] is not None else 1 for name in ("gone", "count"))
        first = int(hunk["first"])
        # Where nothing is left, git names the line before.
        hunks.append((first, first + count - 1) if count else (first + 1, first))
        # The contents may look like anything.
        for _ in range(gone + count):
            next(lines, None)
    return found


def _name(shown: bytes) -> bytes:
    """A path as a patch shows it: behind `b/`, in quotes if it holds odd characters, with a tab behind spaces."""
    shown = shown.rstrip(b"\t\r")
    if shown.startswith(b'"'):
        shown = shown[1:-1].decode("unicode_escape").encode("latin-1")
    return shown.removeprefix(b"b/")
