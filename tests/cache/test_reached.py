"""Who gets something legacy is not looked for again, unless any file has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ticking import tick, trust_at_once

from callr_migrate import loading, sieve
from callr_migrate.cache import reached, stamps, stored
from callr_migrate.config import load_settings
from callr_migrate.pipeline import Request, run

pytestmark = pytest.mark.skipif(not stamps.TRUSTED, reason="stamps do not tell changes here")
LEGACY = "import callr\n\napi = callr.Api(LOGIN, PASSWORD)\n"


@pytest.fixture
def looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Whether a run looks for it."""
    folder = tmp_path / "project"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sieve, "_FEW", 1)
    trust_at_once(monkeypatch)
    Path("one.py").write_text(LEGACY)
    Path("other.py").write_text("value = 1\n")
    made: list[object] = []
    real = loading.Reach

    def counted(*args: Any) -> Any:
        made.append(args)
        return real(*args)

    monkeypatch.setattr(loading, "Reach", counted)

    def does(**more: Any) -> bool:
        tick(tmp_path)
        made.clear()
        run(Request((Path(),), load_settings(Path()), **{"cache": tmp_path / "cache", **more}))
        return bool(made)

    return does


Looks = Callable[..., bool]


def test_what_has_not_changed(looks: Looks) -> None:
    assert looks()
    assert not looks()
    assert looks(cache=None)


CHANGES: dict[str, Callable[[], object]] = {
    "a clean file": lambda: Path("other.py").write_text("from one import api\n"),
    "a legacy file": lambda: Path("one.py").write_text(f"{LEGACY}# more\n"),
    "a name more": lambda: Path("new.py").write_text(""),
    "a name less": lambda: Path("other.py").unlink(),
    "another name": lambda: Path("other.py").rename("another.py"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change(looks: Looks, change: Callable[[], object]) -> None:
    looks()
    assert not looks()
    change()
    assert looks()
    assert not looks()


def test_a_file_that_is_not_trusted_counts_by_its_contents(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "MARGIN", 3_600_000_000_000)
    looks()
    assert not looks()
    Path("other.py").write_text("value = 2\n")
    assert looks()
    # It is not worth reading many.
    monkeypatch.setattr(reached, "_READ", 1)
    assert looks()
    assert looks()


BODIES = (
    b"",
    b"nonsense",
    b"[]",
    b"{}",
    b"[[1],[]]",
    b'[["/elsewhere.py"],[]]',
    b'[["x"],"x"]',
    b"[" * 100_000,
)


@pytest.mark.parametrize("body", BODIES)
def test_a_damaged_file_is_none(looks: Looks, tmp_path: Path, body: bytes) -> None:
    looks()
    (path,) = (tmp_path / "cache").glob("reach-*")
    path.write_bytes(path.read_bytes()[:16] + stored.short_digest(body) + body)
    assert looks()
    assert not looks()
