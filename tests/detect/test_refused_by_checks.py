"""What Python allows and libcst's checks of white space refuse is analysed as all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.config import load_settings
from callr_migrate.pipeline import Request, run

CLIENT = 'import callr\n\napi = callr.Api("a", "b")\n\n\n'

PROGRAMS = {
    "a generator": """def hashes(first):
    if first or.5:
        yield "HASH"


for each in hashes("A"):
    print(api.call("sms.get", each)["status"])
""",
    "an argument": 'print(api.call("sms.get", "A" or.5)["status"])\n',
    "a value beside": """def get(found):
    found["b"] = found or.5
    return api.call("sms.get", found["b"] if found or.5 else "A")
""",
    "awaited": """async def get(found):
    found = [await(each)for each in found]
    return api.call("sms.get", found[0])
""",
    "an annotation": 'def get(key: "str or.5"):\n    key.b()\n    return api.call("sms.get", key)\n',
    "half a pair": 'def get(key: "\\ud800"):\n    key.b()\n    return api.call("sms.get", key)\n',
    "of Python 2": 'print >>api\nfound = api or.5\napi.call("sms.get", "A")\n',
}


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_analysed(text: str, tmp_path: Path) -> None:
    tmp_path.joinpath("main.py").write_text(CLIENT + text)
    tmp_path.joinpath("callr-migrate.toml").touch()
    report = run(Request((tmp_path,), load_settings(tmp_path))).report
    assert report.errors == []
    assert "CLR101" in {finding.code for finding in report.findings}
