"""The git program: the user's own, with the user's settings, in one folder, whatever repository called us."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from callr_migrate.records import dataclass

# They name a repository, an index or a way to read paths; what holds for whoever called us holds for another one.
# Identity, configuration, ssh and credentials are the user's, and stay.
_OTHERS = frozenset(
    (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INDEX_VERSION", "GIT_COMMON_DIR", "GIT_PREFIX"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_NAMESPACE"),
        *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS"),
        *("GIT_IMPLICIT_WORK_TREE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS"),
        *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
        *("GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_REFLOG_ACTION"),
    )
)
_USER = re.compile(r"(://)[^/\s@]+@")
_PREFIX = re.compile(r"^(?:fatal|error|remote|hint|warning): ?")
MASK = "***"


class GitError(Exception):
    """git could not do it; the message is one line, without credentials."""


def hidden(text: str, secrets: Sequence[str] = ()) -> str:
    """`text` without these secrets, and without the credentials of addresses."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return _USER.sub(rf"\1{MASK}@", text)


@dataclass(frozen=True)
class Git:
    """Runs git in a folder. `secrets` are never shown; `extra` goes to its environment.

    `asks`: git may ask the person at the terminal for a password.
    """

    folder: Path
    asks: bool = False
    secrets: tuple[str, ...] = ()
    extra: Mapping[str, str] = field(default_factory=dict)

    def at(self, folder: Path) -> Git:
        """The same, elsewhere."""
        return Git(folder, self.asks, self.secrets, self.extra)

    def run(self, *arguments: str, given: bytes | None = None, users_language: bool = False) -> bytes:
        """What git prints; raises `GitError`. `users_language`: for what runs hooks, and is not read here."""
        done = self.attempt(*arguments, given=given, users_language=users_language)
        if done.returncode:
            what = " ".join(argument for argument in arguments[:2] if not argument.startswith("-"))
            raise GitError(f"git {what} failed: {self.reason(done.stderr or done.stdout)}")
        return done.stdout

    def text(self, *arguments: str) -> str:
        """What git prints, without the newline at its end; raises `GitError`."""
        return os.fsdecode(self.run(*arguments)).removesuffix("\n").removesuffix("\r")

    def ask(self, *arguments: str) -> str | None:
        """The same, or None if git fails; raises `GitError` only if there is no git."""
        done = self.attempt(*arguments)
        return os.fsdecode(done.stdout).removesuffix("\n").removesuffix("\r") if not done.returncode else None

    def reason(self, stderr: bytes) -> str:
        """What went wrong, from what git printed: the lines that say it, on one line."""
        text = hidden(stderr.decode("utf-8", "replace"), self.secrets)
        lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
        told = [line for line in lines if line.startswith(("fatal:", "error:", " ! ", "! ", "remote:"))]
        kept = [_PREFIX.sub("", line).strip() for line in told or lines[-3:]]
        return "; ".join(dict.fromkeys(line for line in kept if line))[:500] or "no reason given"

    def attempt(
        self, *arguments: str, given: bytes | None = None, users_language: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        """What came of a command, whatever it was; raises `GitError` only if there is no git."""
        environment = {name: value for name, value in os.environ.items() if name not in _OTHERS}
        environment = {
            name: value for name, value in environment.items() if not name.startswith("GIT_TRACE")
        } | dict(self.extra)
        if not users_language:
            environment |= {"LC_ALL": "C", "LANGUAGE": "C"}
        if not self.asks:
            environment["GIT_TERMINAL_PROMPT"] = "0"
        try:
            return subprocess.run(
                ["git", "-C", str(self.folder), *arguments],
                # Nothing is to be read from a terminal by accident.
                input=given or b"",
                capture_output=True,
                env=environment,
                check=False,
            )
        except OSError:
            raise GitError("this needs git, and there is none that could be run") from None
