"""What is not selected splits its group; calls that are tried again; constants in conditional expressions."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import migrate, write

START = 'import os\n\nimport callr\n\napi = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])\n'


def findings(folder: Path, code: str, config: str = "") -> dict[str, tuple[str, str | None]]:
    """Code of each finding -> its applicability and reason."""
    write(folder, {"main.py": (START + code).encode()}, config)
    report = migrate(folder, "httpx", fix=False).report
    return {finding.code: (finding.applicability.value, finding.reason) for finding in report.findings}


STATUS = 'print(api.call("sms.get", "ABCDEF12")["status"] == "SENT")\n'
CAUGHT = 'try:\n    api.call("sms.get", "ABCDEF12")\nexcept callr.CallrException:\n    print("no")\n'


@pytest.mark.parametrize(
    ("code", "ignored", "reason"),
    [
        (STATUS, "CLR601", "cannot be replaced: CLR601 is not selected"),
        (STATUS, "CLR301", "its answer is used in line 6, and CLR301 is not selected"),
        (CAUGHT, "CLR602", "cannot be rewritten: CLR602 is not selected"),
    ],
)
def test_a_part_that_is_not_selected_keeps_the_call(
    tmp_path: Path, code: str, ignored: str, reason: str
) -> None:
    assert findings(tmp_path / "all", code)["CLR101"][0] == "unsafe"
    applicability, why = findings(tmp_path / "some", code, f'ignore = ["{ignored}"]\n')["CLR101"]
    assert applicability == "manual"
    assert why is not None
    assert why.endswith(reason)


def test_a_call_that_is_not_selected_keeps_the_client(tmp_path: Path) -> None:
    found = findings(tmp_path / "p", 'api.call("sms.get", "ABCDEF12")\n', 'ignore = ["CLR101"]\n')
    assert found == {"CLR601": ("manual", "none of its calls can be rewritten")}


RETRIED = """
for attempt in range(3):
    try:
        api.call("sms.send", "", number, "Hi", {"nature": "ALERTING"})
    except Exception:
        continue
"""
EACH = """
for number in numbers:
    try:
        api.call("sms.send", "", number, "Hi", {"nature": "ALERTING"})
    except Exception:
        continue
"""


@pytest.mark.parametrize(
    ("code", "doubted"),
    [(RETRIED, True), (EACH, False), (RETRIED.replace("for attempt in range(3)", "while True"), True)],
)
def test_a_post_that_is_tried_again_is_doubted(tmp_path: Path, code: str, doubted: bool) -> None:
    _, reason = findings(tmp_path / "p", code)["CLR101"]
    assert ("it is tried again when it fails" in (reason or "")) is doubted


def test_constants_of_a_conditional_expression_are_mapped_in_place(tmp_path: Path) -> None:
    call = 'api.call("sms.send", "", number, "Hi", {"nature": "ALERTING" if urgent else "MARKETING"})\n'
    write(tmp_path / "p", {"main.py": (START + call).encode()}, "")
    outcome = migrate(tmp_path / "p", "httpx", fix=False)
    becomes = next(finding.becomes for finding in outcome.report.findings if finding.code == "CLR101")
    assert becomes is not None
    assert '"trafficType": "alerting" if urgent else "marketing"' in becomes
