"""Run many small programs under the stubs, one after the other: `run_batch.py < JOBS.json > RUNS.json`.

A job is [name, folder, file]. Each gets a fresh account; modules of its folder are forgotten afterwards.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import runpy
import sys
import time
import traceback
from pathlib import Path
from typing import Any

SUPPORT = Path(__file__).resolve().parents[1] / "support"
sys.path[:] = [path for path in sys.path if Path(path).resolve() != Path(__file__).resolve().parent]
sys.path.insert(0, str(SUPPORT))
sys.dont_write_bytecode = True

from account import LOGIN, PASSWORD  # noqa: E402
from stubs import install  # noqa: E402


def run(folder: str, file: str) -> dict[str, Any]:
    """What one program printed and did."""
    account, record = install()
    known = set(sys.modules)
    path = list(sys.path)
    sys.path[:] = [folder, *path[1:], str(SUPPORT / "fakes")]
    sys.argv = [file]
    os.chdir(folder)
    printed, failed = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(str(Path(folder, file)), run_name="__main__")
    except SystemExit as stop:
        failed = f"exit {stop.code}"
    except BaseException:
        failed = traceback.format_exc()
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - known:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and origin.startswith(folder):
                del sys.modules[name]
    return {
        "output": printed.getvalue(),
        "failed": failed,
        "requests": record.requests,
        "unknown": record.unknown,
        "violations": record.violations,
        "state": account.state(),
    }


def main() -> None:
    """Run all."""
    import getpass

    os.environ.update(CALLR_LOGIN=LOGIN, CALLR_PASSWORD=PASSWORD)
    getpass.getpass = lambda *_, **__: PASSWORD
    time.sleep = lambda _seconds: None
    jobs = json.load(sys.stdin)
    results = {name: run(folder, file) for name, folder, file in jobs}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
