"""Run many small programs, one after the other, each on a fresh account: `twin_batch.py < JOBS.json > RUNS.json`.

A job is [name, folder, file]. Before each the twin is told to begin anew, which also tells it where one run ends.
Modules of a program's folder are forgotten afterwards.
"""

from __future__ import annotations

import contextlib
import getpass
import http.client
import io
import json
import os
import runpy
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LOGIN, PASSWORD = "acacias_login", "not-a-real-secret"
PORT = json.loads(os.environ["CALLR_MIGRATE_TWIN"])["port"]


def begin_anew() -> None:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=300)
    connection.request("POST", "/_twin/reset")
    assert connection.getresponse().status == 200
    connection.close()


def run(folder: str, file: str) -> dict[str, Any]:
    known, threads = set(sys.modules), set(threading.enumerate())
    path = list(sys.path)
    sys.path[:] = [folder, *path[1:], str(HERE / "fakes")]
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
        # Python itself would wait for them at the end of the program.
        for thread in set(threading.enumerate()) - threads:
            if not thread.daemon:
                thread.join(timeout=300)
        sys.path[:] = path
        for name in set(sys.modules) - known:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and origin.startswith(folder):
                del sys.modules[name]
    return {"output": printed.getvalue(), "failed": failed}


def main() -> None:
    sys.dont_write_bytecode = True
    os.environ.update(CALLR_LOGIN=LOGIN, CALLR_PASSWORD=PASSWORD)
    getpass.getpass = lambda *_, **__: PASSWORD
    results = {}
    for name, folder, file in json.load(sys.stdin):
        begin_anew()
        results[name] = run(folder, file)
    begin_anew()
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
