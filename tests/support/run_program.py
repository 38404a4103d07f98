"""Run one program under the stubs: `run_program.py RECORD.json ROOT PROGRAM [ARGUMENT...]`.

PROGRAM is a module (`acacias.reminders`) or a script's path below ROOT. What it prints goes where it always goes;
what it sent, what became of the account and its exit code are written to RECORD.json.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    record_file, root, program, *arguments = sys.argv[1:]
    sys.dont_write_bytecode = True
    sys.path[:] = [path for path in sys.path if Path(path).resolve() != HERE]
    sys.path.insert(0, str(HERE))
    from stubs import install

    sys.path[0] = root
    sys.path.append(str(HERE / "fakes"))
    account, record = install(down=os.environ.get("STUB_DOWN") == "1")
    time.sleep = lambda _seconds: None
    sys.argv = [program, *arguments]
    code: object = 0
    try:
        if program.endswith(".py"):
            runpy.run_path(str(Path(root, program)), run_name="__main__")
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = stop.code or 0
        if isinstance(code, str):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = "crashed"
    sys.stdout.flush()
    result = {
        "exit": code,
        "requests": record.requests,
        "unknown": record.unknown,
        "violations": record.violations,
        "state": account.state(),
    }
    Path(record_file).write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
