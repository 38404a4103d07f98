"""A checkout, and the bare repository that it pushes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.checkout import run


@dataclass(frozen=True)
class Told:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Repository:
    """`folder` is the checkout, `bare` what it pushes to."""

    folder: Path
    bare: Path

    def git(self, *arguments: str, code: int | None = 0) -> str:
        return run("git", *arguments, cwd=self.folder, code=code).stdout

    def there(self, *arguments: str) -> str:
        return run("git", *arguments, cwd=self.bare, code=None).stdout

    def state(self) -> tuple[str, ...]:
        """All that a failure must leave as it was."""
        files = {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and ".git" not in path.relative_to(self.folder).parts
        }
        return (
            self.git("status", "--porcelain=v2", "--branch"),
            self.git("for-each-ref"),
            self.git("worktree", "list"),
            self.there("for-each-ref"),
            repr(files),
        )

    def commit(self, message: str = "more") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--no-verify", "--message", message)

    def publish(self) -> None:
        """A commit that is pushed, too."""
        self.commit()
        self.git("push", "--quiet", "origin", "main")
