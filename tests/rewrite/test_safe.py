"""What is applied unasked, where the config settles what a person can settle: nothing that leans on a guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import TARGETS, migrate, write

from callr_migrate.findings import Applicability
from callr_migrate.pack import load_pack

PACK = load_pack()
SETTLED = 'auth = "keep"\n[choices]\n' + "".join(
    f'"{name}" = "{next(iter(choice.answers))}"\n' for name, choice in PACK.choices.items()
)
START = 'import os\n\nimport callr\n\napi = callr.Api(os.environ["LOGIN"], os.environ["PASSWORD"])\n'

# The request is documented, the answer is not used, and the path is a literal.
SAFE = {
    'api.call("apps.create", "ACTIONS10", name, {"script": text})',
    'api.call("apps.delete", "ABCDEF12")',
    'api.call("billing.get_prepaid_credit")',
    'api.call("did/areacode.countries")',
    'api.call("did/store.cancel_order", "f3a9c1d2")',
}


def applicabilities(folder: Path, code: str, config: str, target: str) -> set[Applicability]:
    write(folder, {"main.py": (START + code + "\n").encode()}, config)
    return {finding.applicability for finding in migrate(folder, target, fix=False).report.findings}


@pytest.mark.parametrize("target", TARGETS)
def test_what_is_safe(tmp_path: Path, target: str) -> None:
    examples = [example.before for method in PACK.methods.values() for example in method.examples]
    safe = {
        code
        for number, code in enumerate(dict.fromkeys(examples))
        if applicabilities(tmp_path / str(number), code, SETTLED, target) == {Applicability.SAFE}
    }
    assert safe == SAFE


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_safe_while_the_credentials_are_open(tmp_path: Path, target: str) -> None:
    for number, code in enumerate(sorted(SAFE)):
        found = applicabilities(tmp_path / str(number), code, "", target)
        assert Applicability.SAFE not in found


@pytest.mark.parametrize(
    "code",
    [
        # the id may be empty
        'api.call("did/store.buy_order", input())',
        # a handler changes
        'try:\n    api.call("did/areacode.countries")\nexcept callr.CallrException:\n    pass',
        # the answer is used
        'ok = api.call("apps.delete", "ABCDEF12")',
        # another call of the file is unsafe, and they change together
        'api.call("did/areacode.countries")\napi.call("system.get_timestamp")',
    ],
)
def test_what_is_not_safe(tmp_path: Path, code: str) -> None:
    found = applicabilities(tmp_path / "project", code, SETTLED, "httpx")
    assert Applicability.SAFE not in found
    assert Applicability.UNSAFE in found
