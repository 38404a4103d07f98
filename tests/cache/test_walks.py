"""A tree is not walked again, unless anything about it has changed that a walk goes by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.ticking import tick, trust_at_once

from callr_migrate import discovery
from callr_migrate.cache import stamps, stored
from callr_migrate.cache.walks import Walks
from callr_migrate.config import load_settings
from callr_migrate.discovery import Discovery, discover
from callr_migrate.settings_tree import SettingsTree

pytestmark = pytest.mark.skipif(not stamps.TRUSTED, reason="stamps do not tell changes here")
Names = tuple[list[str], list[str], list[str]]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / ".git" / "info").mkdir(parents=True)
    for number in range(30):
        inner = folder / f"part{number % 5}" / f"inner{number}"
        inner.mkdir(parents=True)
        (inner / "code.py").write_text("")
        (inner / "settings.ini").write_text("")
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "pyproject.toml").write_text('[tool.callr-migrate]\nextend-exclude = ["part4"]\n')
    (folder / "part1" / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "far.py").write_text("")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    trust_at_once(monkeypatch)
    tick(tmp_path)
    return folder


@pytest.fixture
def find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Find the files, as a walk that knows nothing finds them; whether what is kept told them."""
    told: list[bool] = []
    real = Walks.known

    def known(self: Walks) -> Names | None:
        found = real(self)
        told.append(found is not None)
        return found

    monkeypatch.setattr(Walks, "known", known)

    def found(path: str = ".", *, docs: bool = False) -> bool:
        tick(tmp_path)
        told.clear()
        trees = [SettingsTree(load_settings(Path(path))) for _ in range(2)]
        cold = discover([Path(path)], trees[0], docs=docs)
        warm = discover([Path(path)], trees[1], docs=docs, cache=lambda: tmp_path / "cache")
        assert names(warm) == names(cold)
        assert set(map(repr, trees[1].seen())) == set(map(repr, trees[0].seen()))
        return told == [True]

    return found


def names(found: Discovery) -> tuple[object, ...]:
    return found.names, found.around_names, found.excluded_names, found.errors


Find = Callable[..., bool]


def test_what_has_not_changed_is_not_walked(
    find: Find, monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    assert not find()
    assert find()
    # By another name, and from another folder.
    assert find(str(project))
    monkeypatch.chdir(project / "part1")
    assert find("../../project")


def link(path: str, target: str) -> None:
    Path(path).unlink(missing_ok=True)
    Path(path).symlink_to(target)


CHANGES: dict[str, Callable[[], object]] = {
    "a file more": lambda: Path("part1/inner1/new.py").write_text(""),
    "a file less": lambda: Path("part1/inner1/code.py").unlink(),
    "another name": lambda: Path("part1/inner1/code.py").rename("part1/inner1/other.py"),
    "another folder": lambda: Path("part1/inner1").rename("part1/other"),
    "two folders swapped": lambda: (
        Path("part1/inner1").rename("x"),
        Path("part1/inner6").rename("part1/inner1"),
        Path("x").rename("part1/inner6"),
    ),
    "a folder less": lambda: Path("part1/inner1/code.py").replace("part1/code.py"),
    "patterns": lambda: Path(".gitignore").write_text("inner1/\n"),
    "patterns more": lambda: Path("part1/.gitignore").write_text("code.py\n"),
    "patterns of the repository": lambda: Path(".git/info/exclude").write_text("part2/\n"),
    "settings": lambda: Path("pyproject.toml").write_text("[tool.callr-migrate]\n"),
    "settings within": lambda: Path("part1/pyproject.toml").write_text('[tool.callr-migrate]\nexclude = ["x"]\n'),
    "settings more": lambda: Path("part2/callr-migrate.toml").write_text('extend-exclude = ["inner2"]\n'),
    "a virtual environment": lambda: Path("part1/inner1/pyvenv.cfg").write_text(""),
    "a link to a file": lambda: link("part1/far.py", "../../outside/far.py"),
    "a link to a folder": lambda: link("part1/far", "../../outside"),
    "not to be read": lambda: Path("part1/inner1").chmod(0),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(find: Find, change: Callable[[], object]) -> None:
    find()
    assert find()
    change()
    assert not find()
    Path("part1/inner1").chmod(0o755) if Path("part1/inner1").exists() else None


def test_settings_within_that_change_otherwise(find: Find, tmp_path: Path) -> None:
    Path("part1/callr-migrate.toml").write_text(f"extend = '{tmp_path / 'base.toml'}'\n")
    (tmp_path / "base.toml").write_text("line-length = 90\n")
    find()
    assert find()
    (tmp_path / "base.toml").write_text('extend-exclude = ["inner1"]\n')
    assert not find()


def test_links(find: Find, tmp_path: Path) -> None:
    (tmp_path / "outside" / "more").mkdir()
    link("part1/far", "../../outside")
    link("part2/far.py", "../../outside/far.py")
    link("part3/notes", "../../outside/notes")
    find()
    assert find()
    # Nothing of the tree itself changes.
    (tmp_path / "outside" / "more" / "more.py").write_text("")
    assert not find()
    assert find()
    (tmp_path / "outside" / "notes").mkdir()
    assert not find()
    (tmp_path / "outside" / "notes" / "one.py").write_text("")
    find()
    assert find()
    (tmp_path / "outside" / "far.py").rename(tmp_path / "outside" / "further.py")
    (tmp_path / "outside" / "far.py").symlink_to("further.py")
    assert not find()


def test_links_to_where_nobody_walks(find: Find, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link("part2/far.py", "../../elsewhere/far.py")
    link("part3/notes", "../../elsewhere/notes")
    find()
    assert find()
    (elsewhere / "far.py").write_text("")
    assert not find()
    assert find()
    (elsewhere / "notes").mkdir()
    assert not find()
    assert find()
    (elsewhere / "far.py").unlink()
    (elsewhere / "far.py").symlink_to(tmp_path / "project" / "part1" / "inner1" / "code.py")
    assert not find()


def test_patterns_behind_a_link(find: Find, tmp_path: Path) -> None:
    (tmp_path / "patterns").write_text("*.log\n")
    link(".gitignore", "../patterns")
    find()
    assert find()
    (tmp_path / "patterns").write_text("code.py\n")
    assert not find()


def test_the_users_patterns(find: Find, tmp_path: Path) -> None:
    find()
    assert find()
    (tmp_path / "config" / "git").mkdir(parents=True)
    (tmp_path / "config" / "git" / "ignore").write_text("inner3/\n")
    assert not find()


def test_pages(find: Find) -> None:
    Path("part1/page.md").write_text("")
    find()
    assert not find(docs=True)
    assert find(docs=True)
    assert not find()


def test_what_went_wrong_is_told_each_time(find: Find) -> None:
    Path("part1/pyproject.toml").write_text("[tool.callr-migrate]\nnonsense = 1\n")
    assert not find()
    assert not find()


def test_what_was_just_changed_is_not_trusted(find: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "MARGIN", 3_600_000_000_000)
    find()
    assert not find()


def test_a_small_project_is_walked(find: Find, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(discovery, "_FEW", 100)
    find()
    assert not find()
    assert not (tmp_path / "cache").exists()


def whole(raw: bytes, body: bytes) -> bytes:
    return raw[:16] + stored.short_digest(body) + body


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "half": lambda raw: raw[: len(raw) // 2],
    "a bit": lambda raw: raw[:90] + bytes([raw[90] ^ 1]) + raw[91:],
    "nothing in it": lambda raw: whole(raw, b""),
    "numbers alone": lambda raw: whole(raw, raw[32 : 32 + 56]),
    "lies about lengths": lambda raw: whole(raw, b"\xff" * 56 + raw[88:]),
    "longer": lambda raw: whole(raw, raw[32:] + b"\0more"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_none(find: Find, tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    find()
    (path,) = (tmp_path / "cache").glob("walk-*")
    path.write_bytes(damage(path.read_bytes()))
    assert not find()
    assert find()
