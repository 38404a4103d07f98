"""The compiled pack: as good as the YAML, never stale, and no way in for anybody."""

from __future__ import annotations

import hashlib
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callr_migrate.cache.stored import remove
from callr_migrate.pack import RuleError, RulePack, load_pack, loader, shipped_rules
from callr_migrate.pack.compiled import compile_pack
from callr_migrate.pack.loader import read_pack

RULE = """
methods:
- method: demo.ping
  summary: A method of our own.
  params: []
  none: {reason: There is none., instead: Leave it out.}
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A small folder to lay over the shipped rules."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "demo.yaml").write_text(RULE)
    return folder


def compiled(cache: Path) -> Path:
    (path,) = cache.glob("rules-*.compiled")
    return path


def test_it_is_what_the_yaml_says(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    wanted = read_pack([shipped_rules()])
    assert load_pack(cache=cache) == wanted
    assert load_pack(cache=cache) == wanted


def test_what_is_kept_is_read(tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    wanted = load_pack([rules], cache=cache)
    monkeypatch.setattr("callr_migrate.pack.loader.read_pack", None)
    assert load_pack([rules], cache=cache) == wanted
    assert "demo.ping" in wanted.methods


@pytest.mark.parametrize("change", ["edit", "add", "rename", "remove", "same size and time"])
def test_a_changed_rule_counts_at_once(tmp_path: Path, rules: Path, change: str) -> None:
    cache = tmp_path / "cache"
    (rules / "more.yaml").write_text(RULE.replace("demo.ping", "demo.more"))
    before = load_pack([rules], cache=cache)
    path = rules / "demo.yaml"
    if change == "edit":
        path.write_text(RULE.replace("Leave it out", "Leave that out"))
    elif change == "add":
        (rules / "third.yml").write_text(RULE.replace("demo.ping", "demo.third"))
    elif change == "rename":
        path.rename(rules / "other.yaml")
    elif change == "remove":
        path.unlink()
    else:
        times = path.stat()
        path.write_text(RULE.replace("demo.ping", "demo.pong"))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = load_pack([rules], cache=cache)
    assert after == load_pack([rules])
    assert after != before
    # What was is no use to anybody.
    assert compiled(cache)


def test_a_rule_that_is_changed_while_it_is_read_is_not_kept(
    tmp_path: Path, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    read = loader.read_pack

    def changed_meanwhile(folders: Sequence[Path]) -> RulePack:
        (rules / "demo.yaml").write_text(RULE.replace("Leave it out", "Leave that out"))
        pack = read(folders)
        (rules / "demo.yaml").write_text(RULE)
        (rules / "more.yaml").write_text(RULE.replace("demo.ping", "demo.more"))
        return pack

    with monkeypatch.context() as patched:
        patched.setattr(loader, "read_pack", changed_meanwhile)
        load_pack([rules], cache=cache)
    assert not list(cache.glob("*"))
    (rules / "more.yaml").unlink()
    assert load_pack([rules], cache=cache) == load_pack([rules])


def test_a_mistake_is_told_each_time(tmp_path: Path, rules: Path) -> None:
    cache = tmp_path / "cache"
    load_pack([rules], cache=cache)
    (rules / "demo.yaml").write_text(RULE.replace("summary", "sumary"))
    for _ in range(2):
        with pytest.raises(RuleError, match="sumary"):
            load_pack([rules], cache=cache)


@pytest.mark.parametrize("damage", ["cut", "bits", "last", "length", "gates", "empty", "text", "folder"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, rules: Path, damage: str) -> None:
    cache = tmp_path / "cache"
    wanted = load_pack([rules], cache=cache)
    path = compiled(cache)
    raw = path.read_bytes()
    if damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        harmed = {
            "cut": raw[: len(raw) // 2],
            "bits": raw[:40] + bytes(byte ^ 0x55 for byte in raw[40:]),
            "last": raw[:-1] + bytes([raw[-1] ^ 1]),
            "length": raw[:64] + b"\xff" * 4 + raw[68:],
            "gates": raw[:70] + b"?" + raw[71:],
            "empty": b"",
            "text": raw[:32] + b"not a pickle",
        }[damage]
        path.write_bytes(harmed)
    assert load_pack([rules], cache=cache) == wanted
    if damage != "folder":
        assert path.read_bytes() == raw


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("taken-over",)


@pytest.mark.parametrize("evil", [Evil(), {"a": 1}, Path("x"), print])
def test_nothing_but_rules_is_made_of_it(
    tmp_path: Path, rules: Path, evil: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "cache"
    wanted = load_pack([rules], cache=cache)
    path = compiled(cache)
    raw = path.read_bytes()
    pickled = pickle.dumps(evil)
    # All that is checked before it is as it should be.
    head = raw[: 68 + int.from_bytes(raw[64:68], "big")]
    path.write_bytes(head + hashlib.sha256(pickled).digest() + pickled)
    assert load_pack([rules], cache=cache) == wanted
    assert not Path("taken-over").exists()


def test_a_cache_that_cannot_be_written_costs_nothing_else(tmp_path: Path, rules: Path) -> None:
    cache = tmp_path / "file"
    cache.write_text("in the way")
    assert "demo.ping" in load_pack([rules], cache=cache).methods
    assert cache.read_text() == "in the way"


def test_many_at_once(tmp_path: Path, rules: Path) -> None:
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        packs = list(pool.map(lambda _: load_pack([rules], cache=cache), range(8)))
    assert all(pack == packs[0] for pack in packs)
    assert [path.suffix for path in cache.iterdir()] == [".compiled"]


def test_what_is_shipped_is_for_these_very_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rules.compiled").write_bytes(compile_pack(shipped_rules()))
    shutil.copytree(shipped_rules(), tmp_path / "rules")
    monkeypatch.setattr("callr_migrate.pack.compiled._PACKAGE", tmp_path)
    wanted = read_pack([shipped_rules()])
    with monkeypatch.context() as patch:
        patch.setattr("callr_migrate.pack.loader.read_pack", None)
        assert load_pack() == wanted
    file = next((tmp_path / "rules").rglob("sms.yaml"))
    file.write_text(f"{file.read_text()}\n# a remark changes nothing, and yet\n")
    with monkeypatch.context() as patch:
        patch.setattr("callr_migrate.pack.loader.read_pack", lambda folders: "made anew")
        assert load_pack() == "made anew"  # type: ignore[comparison-overlap]


def test_a_run_with_a_warm_cache_leaves_the_yaml_alone(tmp_path: Path) -> None:
    program = (
        "import sys; from callr_migrate.pack import load_pack; from pathlib import Path;"
        f"load_pack(cache=Path({str(tmp_path)!r})); print('yaml' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True", "False"]


def test_only_what_is_ours_is_removed(tmp_path: Path, rules: Path) -> None:
    cache = tmp_path / "cache"
    load_pack([rules], cache=cache)
    load_pack(cache=cache)
    (cache / "notes.txt").write_text("mine")
    assert remove(cache) == 2
    assert [path.name for path in cache.iterdir()] == ["notes.txt"]
    (cache / "notes.txt").unlink()
    assert remove(cache) == 0
    assert not cache.exists()
