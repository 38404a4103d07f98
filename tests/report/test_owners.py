"""CODEOWNERS as GitHub and GitLab read it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callr_migrate.report.owners import Owners, ProjectOwners

GITHUB = """\
*       @all1 @all2  # everybody
*.js    @js #comment
/build/logs/ @logs
docs/* docs@example.com
apps/ @apps
/scripts/ @a @b not-an-owner
**/deep @deep
/apps/free
with\\ space.py @space
!apps/x.py @no
[a-z].py @no
"""
GITLAB = """\
* @default
README.md @readme
docs/ @docs
/src/*.py @py
\\#odd.py @odd

[Database][2] @dba
model/db/
config/setup.py @setup
README.md

^[Docs]
!docs/left_out.md
*.md @pages

[database]
model/db/own.py @own
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.py", ("@all1", "@all2")),
        ("a/b/c.py", ("@all1", "@all2")),
        ("a/x.js", ("@js",)),
        ("build/logs/z", ("@logs",)),
        ("x/build/logs/z", ("@all1", "@all2")),
        ("docs/a.md", ("docs@example.com",)),
        ("docs/a/b.md", ("@all1", "@all2")),
        ("src/apps/q/r.py", ("@apps",)),
        ("scripts/q.py", ("@a", "@b")),
        ("x/deep/y/z.py", ("@deep",)),
        ("apps/free/x.py", ()),
        ("with space.py", ("@space",)),
        ("apps/x.py", ("@apps",)),
        ("a.py", ("@all1", "@all2")),
    ],
)
def test_github(path: str, owners: tuple[str, ...]) -> None:
    assert Owners(Path("/r"), text=GITHUB).of(Path("/r") / path) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.py", ("@default",)),
        ("a/README.md", ("@readme", "@dba", "@pages")),
        ("x/docs/b/c.py", ("@docs",)),
        ("src/a.py", ("@py",)),
        ("src/b/a.py", ("@default",)),
        ("x/model/db/q.py", ("@default", "@dba")),
        ("x/model/db/own.py", ("@default", "@own")),
        ("config/setup.py", ("@default", "@setup")),
        ("docs/left_out.md", ("@docs",)),
        ("README.md/x.py", ("@default",)),
        ("#odd.py", ("@odd",)),
    ],
)
def test_gitlab(path: str, owners: tuple[str, ...]) -> None:
    assert Owners(Path("/r"), text=GITLAB).of(Path("/r") / path) == owners


def test_files_elsewhere_belong_to_nobody() -> None:
    assert Owners(Path("/r"), text=GITHUB).of(Path("/elsewhere/x.py")) == ()


@pytest.mark.parametrize("place", [".github", "", "docs", ".gitlab"])
def test_where_it_stands(tmp_path: Path, place: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub").mkdir()
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "CODEOWNERS").write_bytes(b"\xef\xbb\xbfsub @team\r\n")
    owners = ProjectOwners(tmp_path / "sub")
    assert owners.paths == ((tmp_path / place / "CODEOWNERS").resolve(),)
    # Only for GitHub a folder's name stands for all that is in it.
    assert owners.of(tmp_path / "sub" / "x.py") == (() if place == ".gitlab" else ("@team",))
    assert owners.of(tmp_path / "x.py") == ()


def test_the_first_place_counts(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".github").mkdir()
    (tmp_path / "CODEOWNERS").write_text("* @second")
    (tmp_path / ".github" / "CODEOWNERS").write_text("* @first")
    assert ProjectOwners(tmp_path).of(tmp_path / "x.py") == ("@first",)


def test_without_one(tmp_path: Path) -> None:
    owners = ProjectOwners(tmp_path)
    assert owners.paths == ()
    assert owners.of(tmp_path / "x.py") == ()


def test_each_repository_speaks_for_itself(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name / ".git").mkdir(parents=True)
        (tmp_path / name / "sub").mkdir()
    (tmp_path / "a" / "CODEOWNERS").write_text("/sub/ @a")
    (tmp_path / "b" / ".gitlab").mkdir()
    (tmp_path / "b" / ".gitlab" / "CODEOWNERS").write_text("[x] @b\n/sub/\n")
    owners = ProjectOwners(tmp_path)
    assert [owners.of(tmp_path / name / "sub" / "x.py") for name in ("a", "b", "c")] == [("@a",), ("@b",), ()]
    assert [path.parent.name for path in owners.paths] == ["a", ".gitlab"]


def test_a_project_without_a_repository(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "CODEOWNERS").write_text("* @all")
    assert ProjectOwners(tmp_path).of(tmp_path / "sub" / "x.py") == ("@all",)


@given(st.text(st.sampled_from("ab/*[]!^#\\ @.\n\t-")), st.booleans())
def test_any_text_is_read(text: str, gitlab: bool) -> None:
    found = Owners(Path("/r"), text=text, gitlab=gitlab).of(Path("/r/a/b.a"))
    assert all("@" in owner for owner in found)


def test_long_words_cost_nothing() -> None:
    assert Owners(Path("/r"), text=f"* @{'a' * 1_000_000}! @b").of(Path("/r/x")) == ("@b",)
