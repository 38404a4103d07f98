"""The rule pack is read once for all of these tests."""

from __future__ import annotations

import pytest
from marked import pack


@pytest.fixture(autouse=True)
def one_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callr_migrate.pipeline.load_pack", lambda folders, **_: pack())
