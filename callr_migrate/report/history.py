"""How many legacy calls there were, commit by commit: by git's plumbing alone, so the work tree is never touched.

Each file is judged on its own, which needs one analysis for each content that it ever had. A call whose client comes
from another file counts all the same, since it names a legacy method; one through a function of another file does not.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from callr_migrate.config import ConfigError, Settings
from callr_migrate.deep import Deep
from callr_migrate.discovery import discover, excluder
from callr_migrate.embedded import load
from callr_migrate.files import real_path
from callr_migrate.findings import Report
from callr_migrate.gates import Gates
from callr_migrate.output.text import plural
from callr_migrate.progressing import OnProgress, unheard
from callr_migrate.records import dataclass
from callr_migrate.report.model import Trend, TrendPoint
from callr_migrate.source import SourceError
from callr_migrate.suffixes import SUFFIXES, searched

if TYPE_CHECKING:
    from callr_migrate.pack import RulePack
    from callr_migrate.settings_tree import SettingsTree

# Bytes. Larger files are generated ones, and are not analysed elsewhere either.
_MAX_SIZE = 4_000_000
_CALL_FAMILY = "CLR1"
# What is not in a partial clone stays away: nothing is fetched, by an older git neither.
_GIT = ("git", "-c", "protocol.allow=never")
_LINK = "120000"  # the mode of a symbolic link
_OF_THE_FILE = "the file "
_WHAT = "Reading history"


def trend(
    count: int,
    paths: Sequence[Path],
    tree: SettingsTree,
    pack: RulePack,
    today: date,
    on_progress: OnProgress = unheard,
) -> Trend:
    """The last `count` commits that changed Python files below `paths`, and the files as they are now.

    Raises `ConfigError` where there is no git, no repository or no commit.
    """
    deep = Deep()
    return deep.run(lambda: _History(paths, tree, pack, on_progress, deep).trend(count, today))


class _History:
    def __init__(
        self,
        paths: Sequence[Path],
        tree: SettingsTree,
        pack: RulePack,
        on_progress: OnProgress,
        deep: Deep,
    ) -> None:
        self.paths = paths
        self.tree = tree
        self.pack = pack
        self.on_progress = on_progress
        self.deep = deep
        self.git = _Git.around(tree.base.root)
        self.is_excluded = excluder(tree.base)
        self.asked = [real_path(path) for path in paths]
        self.skipped: set[str] = set()
        self._wanted: dict[str, bool] = {}

    def trend(self, count: int, today: date) -> Trend:
        commits = self._commits(count)
        with tempfile.TemporaryDirectory() as folder, _Contents(self.git.top) as contents:
            meter = _Meter(self.pack, self.tree.base._replace(root=Path(folder)))
            points = []
            for done, (commit, day) in enumerate(commits, 1):
                self.deep.check()
                points.append(TrendPoint(commit, day, sum(self._calls(commit, meter, contents))))
                self.on_progress(done, len(commits) + 1, _WHAT)
            points.append(TrendPoint(None, today, sum(self._calls_now(meter))))
            self.on_progress(len(commits) + 1, len(commits) + 1, _WHAT)
        return Trend(tuple(points), tuple(self._notes(len(commits), count)))

    def _notes(self, found: int, count: int) -> Iterator[str]:
        if found < count and self.git.is_shallow:
            yield "The clone is shallow: earlier commits are not in it."
        if self.skipped:
            files = plural(len(self.skipped), "version")
            yield f"{files} of files could not be read or too large, and counted as nothing."

    def _commits(self, count: int) -> list[tuple[str, date]]:
        """The oldest first."""
        specs = [spec for path in self.paths for spec in self._specs(path)]
        out = self.git.text(
            *("rev-list", "--first-parent", "--timestamp", f"--max-count={count}", "HEAD", "--", *specs)
        )
        found: list[tuple[str, date]] = []
        for line in out.splitlines():
            seconds, _, commit = line.partition(" ")
            found.append((commit, datetime.fromtimestamp(int(seconds), timezone.utc).date()))
        return found[::-1]

    def _specs(self, path: Path) -> Iterator[str]:
        """What names the Python files at and below a path to git."""
        below = self.git.below(path)
        if below is None:
            raise ConfigError([f"--history: {path} is not in the repository {self.git.top}"])
        if path.is_file():
            yield f":(top,literal){below}"
            return
        folder = re.sub(r"([*?\[\\])", r"\\\1", below)
        prefix = f"{folder}/" if folder not in ("", ".") else ""
        for suffix in SUFFIXES:
            yield f":(top,glob){prefix}**/*{suffix}"

    def _calls(self, commit: str, meter: _Meter, contents: _Contents) -> Iterator[int]:
        for name, blob in self.git.files(commit):
            if not name.endswith(SUFFIXES) or not self._is_wanted(name):
                continue
            known = meter.known(blob, name)
            if known is None:
                raw = contents.of(blob)
                if raw is None:
                    self.skipped.add(blob)
                known = meter.learn(blob, name, raw or b"")
            yield known

    def _is_wanted(self, name: str) -> bool:
        """Whether a file of the repository is asked for, and not excluded."""
        known = self._wanted.get(name)
        if known is None:
            path = self.git.top / name
            root = self.tree.base.root
            own = root / path.relative_to(real_path(root)) if path.is_relative_to(real_path(root)) else path
            known = self._wanted[name] = any(
                path == asked or asked in path.parents for asked in self.asked
            ) and not self.is_excluded(str(own))
        return known

    def _calls_now(self, meter: _Meter) -> Iterator[int]:
        for path in discover(self.paths, self.tree).files:
            with contextlib.suppress(OSError):
                if path.stat().st_size <= _MAX_SIZE:
                    raw = path.read_bytes()
                    key = hashlib.sha256(raw).hexdigest()
                    known = meter.known(key, path.name)
                    yield meter.learn(key, path.name, raw) if known is None else known


@dataclass
class _Meter:
    """Counts the calls of single files, each content once. `settings.root` is a folder without anything in it."""

    pack: RulePack
    settings: Settings
    _counts: dict[tuple[str, bool], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gates = Gates(self.pack)

    def known(self, key: str, name: str) -> int | None:
        """What is known of a content by its key; notebooks are read in another way than modules."""
        return self._counts.get((key, name.endswith(SUFFIXES[-1])))

    def learn(self, key: str, name: str, raw: bytes) -> int:
        """Count, and keep it."""
        calls = self._calls(name, raw)
        self._counts[key, name.endswith(SUFFIXES[-1])] = calls
        return calls

    def _calls(self, name: str, raw: bytes) -> int:
        if not self.gates.passes(searched(name, raw)):
            return 0
        from callr_migrate.engine import analyse

        path = self.settings.root / Path(name).name
        try:
            source = load(path, raw)
        except SourceError:
            return 0
        report = Report()
        found = analyse(
            self.settings, self.pack, [source], {real_path(path): path}, report, passes=self.gates.passes
        ).findings
        calls = [finding for finding in found if finding.code.startswith(_CALL_FAMILY)]
        lines = {source.position(finding.start).line for finding in calls}
        # What is unseen of a file as a whole is no call.
        doubtful = {place.line for place in report.unseen if not place.reason.startswith(_OF_THE_FILE)}
        return len(calls) + len(doubtful - lines)


class _Contents:
    """`git cat-file --batch`: the contents of blobs, one after the other."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Contents:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def of(self, blob: str) -> bytes | None:
        """The bytes of a blob; None if it is too large, or not there (a partial clone has some only)."""
        process = self._process = self._process or self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(blob.encode() + b"\n")
            process.stdin.flush()
            head = process.stdout.readline().split()
        except OSError:
            head = []
        if len(head) < 3:
            if not head:
                # What it cannot find and may not fetch ends it.
                self._stop()
            return None
        size = int(head[2])
        if size > _MAX_SIZE:
            self._stop()
            return None
        raw = process.stdout.read(size)
        process.stdout.read(1)
        return raw

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*_GIT, "-C", str(self.top), "cat-file", "--batch"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


@dataclass(frozen=True)
class _Git:
    """The repository whose work tree is at `top`."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> _Git:
        """Raise `ConfigError` where there is none."""
        out = _run(folder, "rev-parse", "--show-toplevel")
        if out is None:
            raise ConfigError([f"--history: {folder} is not in the work tree of a git repository"])
        git = cls(real_path(Path(os.fsdecode(out.rstrip(b"\r\n")))))
        if _run(git.top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
            raise ConfigError([f"--history: {git.top} has no commit yet"])
        return git

    @property
    def is_shallow(self) -> bool:
        return self.text("rev-parse", "--is-shallow-repository").strip() == "true"

    def below(self, path: Path) -> str | None:
        """A path as seen from the top."""
        resolved = real_path(path)
        return resolved.relative_to(self.top).as_posix() if resolved.is_relative_to(self.top) else None

    def text(self, *arguments: str) -> str:
        out = _run(self.top, *arguments)
        if out is None:
            raise ConfigError([f"--history: `git {arguments[0]}` failed in {self.top}; try it there"])
        return os.fsdecode(out)

    def files(self, commit: str) -> Iterator[tuple[str, str]]:
        """Name and blob of each file of a commit; links and submodules are none."""
        for entry in self.text("ls-tree", "-r", "-z", "--full-tree", commit).split("\0"):
            about, _, name = entry.partition("\t")
            words = about.split()
            if len(words) == 3 and words[1] == "blob" and words[0] != _LINK:
                yield name, words[2]


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}


def _run(folder: Path, *arguments: str) -> bytes | None:
    """What git says; None if it fails."""
    try:
        done = subprocess.run(
            [*_GIT, "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=_environment(),
            check=False,
        )
    except OSError:
        raise ConfigError(["--history needs git, and there is none that could be run"]) from None
    return done.stdout if done.returncode == 0 else None
