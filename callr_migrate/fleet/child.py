"""The process that does one task: it reads it on standard input, and answers on standard output.

It ends, with all that it has started, when its input does: nobody is there any more to take the answer.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callr_migrate.fleet.checkouts import checked_out
from callr_migrate.fleet.listing import Options, Repository
from callr_migrate.fleet.task import Result, Task
from callr_migrate.pullrequest.git import Git, GitError, hidden


def main() -> None:
    """Do it."""
    data = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    repository = data.pop("repository")
    task = Task(Repository(**{**repository, "options": Options(**repository["options"])}), **data)
    try:
        result = perform(task)
    except GitError as error:
        result = Result(task.repository.name, str(error))
    except OSError as error:
        result = Result(
            task.repository.name, f"{error.filename or ''}: {(error.strerror or str(error)).lower()}"
        )
    sys.stdout.write(json.dumps(asdict(result)))


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    if sys.platform != "win32" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def perform(task: Task) -> Result:
    """Get the repository and run the command in it; raises `GitError` and `OSError`."""
    repository, options = task.repository, task.repository.options
    top = checked_out(repository, Path(task.work))
    folder = top / (options.folder or "")
    if not folder.is_dir():
        raise GitError(f"has no folder {options.folder!r}")
    done = subprocess.run(
        [sys.executable, "-m", "callr_migrate", *command_line(task)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    result = _told(task, done)
    if task.command == "fix" and repository.address is not None and result.is_done:
        patch = Git(top).run("diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "HEAD")
        # A patch has the bytes of the files, whatever their encodings.
        result = Result(**{**asdict(result), "patch": patch.decode("latin-1")})
    return Result(**{**asdict(result), "place": top.as_posix()})


def command_line(task: Task) -> list[str]:
    """The command, as a person would give it."""
    options = task.repository.options
    # `fix --diff` prints a patch; what it would come to is what `check` says.
    command = "check" if task.dry and task.command == "fix" else task.command
    words = [command, ".", "--output-format", "json", "--no-progress"]
    lists = {"--select": options.select, "--ignore": options.ignore, "--extend-exclude": options.exclude}
    for name, values in lists.items():
        if values:
            words += [name, ",".join(values)]
    if options.target is not None:
        words += ["--target", options.target]
    if command == "fix" and options.unsafe:
        words.append("--unsafe-fixes")
    if command == "pr":
        words += _of_pull_request(options, dry=task.dry)
    return words


def _of_pull_request(options: Options, *, dry: bool) -> list[str]:
    texts = {
        "--branch": options.branch,
        "--base": options.base,
        "--commits": options.commits,
        "--host": options.host,
        "--api-url": options.api,
        "--label": ",".join(options.labels or ()),
        "--reviewer": ",".join(options.reviewers or ()),
    }
    words = [word for name, value in texts.items() if value for word in (name, value)]
    flags = {
        "--push": options.push,
        "--open": options.open,
        "--draft": options.draft,
        "--replace": options.replace,
        "--dry-run": dry,
        "--no-unsafe-fixes": options.unsafe is False,
        "--no-hooks": options.hooks is False,
    }
    return words + [name for name, wanted in flags.items() if wanted]


def _told(task: Task, done: subprocess.CompletedProcess[bytes]) -> Result:
    name = task.repository.name
    errors = [
        line.removeprefix("error: ")
        for line in done.stderr.decode("utf-8", "replace").splitlines()
        if line.startswith("error: ")
    ]
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        answer = {}
    reason = None
    if done.returncode not in (0, 1) or not answer:
        said = hidden("; ".join(errors[:3])) or _last(done.stderr)
        reason = said or f"ended with code {done.returncode}"
    return Result(
        name,
        reason,
        done.returncode,
        dict(answer.get("summary") or {}),
        answer.get("state"),
        answer.get("url"),
    )


def _last(err: bytes) -> str:
    lines = [line.strip() for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return hidden(lines[-1])[:300] if lines else ""


if __name__ == "__main__":
    main()
