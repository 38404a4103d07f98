"""Which files are looked at, and that none is left out in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from callr_migrate.config import Settings
from callr_migrate.discovery import Discovery, discover
from callr_migrate.findings import Failure
from callr_migrate.gates import gate

Tree = Callable[..., None]


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    """Create files, by default empty, in a fresh working directory; git has no settings of the user's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.delenv(name, raising=False)

    def create(*names: str, **contents: str) -> None:
        for name in (*names, *contents):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents.get(name, ""))

    return create


def found(*paths: str, **settings: object) -> list[str]:
    result = discover([Path(path) for path in paths or (".",)], Settings(root=Path.cwd(), **settings))  # type: ignore[arg-type]
    assert result.errors == []
    return [path.as_posix() for path in result.files]


def test_python_files_sorted_and_relative(tree: Tree) -> None:
    tree("b.py", "a/z.pyi", "a/y.pyw", "a/notes.txt", "a/x.pyc", "a-b.py")
    assert found() == ["a-b.py", "a/y.pyw", "a/z.pyi", "b.py"]
    assert found("a") == ["a/y.pyw", "a/z.pyi"]


def test_named_as_given(tree: Tree, tmp_path: Path) -> None:
    tree("a/x.py", "b/y.py")
    assert found(str(tmp_path / "a"), "./b", "a/../b") == [(tmp_path / "a/x.py").as_posix(), "b/y.py"]


def test_each_file_once(tree: Tree, tmp_path: Path) -> None:
    tree("a/x.py")
    assert found("a/x.py", "a", ".", "a/x.py") == ["a/x.py"]
    assert len(found("a/x.py", "a", ".", str(tmp_path / "a" / "x.py"), str(tmp_path))) == 1


def test_an_explicit_file_is_always_taken(tree: Tree) -> None:
    tree("venv/x.py", "script", "out/y.py", **{".gitignore": "out/\n"})
    assert found("venv/x.py", "script", "out/y.py", exclude=("venv", "*.py")) == [
        "out/y.py",
        "script",
        "venv/x.py",
    ]


@pytest.mark.parametrize(
    "folder",
    [
        ".git",
        ".hg",
        ".svn",
        ".venv",
        "venv",
        "node_modules",
        "__pycache__",
        "build",
        "dist",
        ".tox",
        ".nox",
        ".eggs",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        "site-packages",
        "deep/er/site-packages",
    ],
)
def test_folders_without_code_of_the_project(tree: Tree, folder: str) -> None:
    tree(f"{folder}/x.py", "y.py")
    assert found() == ["y.py"]


def test_a_virtual_environment_by_its_mark(tree: Tree) -> None:
    tree("env/x.py", "other/lib/x.py", "other/pyvenv.cfg")
    assert found() == ["env/x.py"]


def test_exclude_replaces_the_defaults_and_extend_adds(tree: Tree) -> None:
    tree("build/x.py", "old/x.py", "y.py")
    assert found(exclude=("old",)) == ["build/x.py", "y.py"]
    assert found(extend_exclude=("old",)) == ["y.py"]


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("tests/fixtures", ["a/tests/fixtures/x.py", "gen.py", "y_pb2.py"]),
        ("*_pb2.py", ["a/tests/fixtures/x.py", "gen.py", "tests/fixtures/x.py"]),
        ("**/fixtures", ["gen.py", "y_pb2.py"]),
        ("/gen.py", ["a/tests/fixtures/x.py", "tests/fixtures/x.py", "y_pb2.py"]),
        ("fixtures", ["gen.py", "y_pb2.py"]),
    ],
)
def test_globs_are_relative_to_the_root(tree: Tree, glob: str, left: list[str]) -> None:
    tree("tests/fixtures/x.py", "a/tests/fixtures/x.py", "gen.py", "y_pb2.py")
    assert found(extend_exclude=(glob,)) == left


def test_globs_are_relative_to_the_root_also_from_below(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree("a/gen/x.py", "a/y.py")
    monkeypatch.chdir(tmp_path / "a")
    result = discover([Path()], Settings(root=tmp_path, extend_exclude=("a/gen",)))
    assert result.files == [Path("y.py")]


def test_what_the_user_excludes_is_listed(tree: Tree) -> None:
    tree("old/deep/x.py", "gen_x.py", "venv/z.py", "old/venv/z.py", "y.py")
    result = discover([Path()], Settings(root=Path.cwd(), extend_exclude=("old", "gen_*")))
    assert result.files == [Path("y.py")]
    assert result.excluded == [Path("gen_x.py"), Path("old/deep/x.py")]


def test_an_excluded_folder_asked_for_by_name_is_taken(tree: Tree) -> None:
    tree("old/x.py", "y.py")
    assert found(".", "old", extend_exclude=("old",)) == ["old/x.py", "y.py"]


def test_gitignore_nested_with_negations(tree: Tree) -> None:
    tree(
        "gen/x.py",
        "gen/keep.py",
        "sub/gen/x.py",
        "sub/deep/local.py",
        "sub/local.py",
        "top.py",
        "sub/top.py",
        **{".gitignore": "gen/*\n!gen/keep.py\n/top.py\nlocal.py\n", "sub/.gitignore": "!/local.py\n"},
    )
    assert found() == ["gen/keep.py", "sub/gen/x.py", "sub/local.py", "sub/top.py"]


def test_an_ignored_folder_cannot_be_reopened_from_inside(tree: Tree) -> None:
    tree("out/x.py", **{".gitignore": "out/\n", "out/.gitignore": "!x.py\n"})
    assert found() == []


def test_gitignore_above_the_path_up_to_the_repository(tree: Tree) -> None:
    tree(
        "repo/pkg/gen.py",
        "repo/pkg/a.py",
        **{".gitignore": "a.py\n", "repo/.gitignore": "gen.py\n", "repo/.git/HEAD": ""},
    )
    assert found("repo/pkg") == ["repo/pkg/a.py"]


def test_an_ignored_folder_asked_for_by_name_is_taken(tree: Tree) -> None:
    tree("out/x.py", "out/deep/y.py", **{".git/HEAD": "", ".gitignore": "out/\n"})
    assert found("out") == ["out/deep/y.py", "out/x.py"]
    assert found("out/deep") == ["out/deep/y.py"]


def test_the_repositorys_own_exclude_file(tree: Tree) -> None:
    tree("x.py", "y.py", **{".git/info/exclude": "x.py\n"})
    assert found() == ["y.py"]


USERS = {
    "by default": {"home/.config/git/ignore": "x.py\n"},
    "XDG_CONFIG_HOME": {"xdg/git/ignore": "x.py\n", "home/.config/git/ignore": "y.py\n"},
    ".gitconfig": {"home/.gitconfig": "[core]\n\texcludesFile = ~/mine\n", "home/mine": "x.py\n"},
    "in quotes, and a comment": {
        "home/.gitconfig": '[user]\nexcludesfile = no\n[Core] ; it\nExcludesfile="~/my ignores" # all\n',
        "home/my ignores": "x.py\n",
    },
    "XDG config": {"home/.config/git/config": "[core] excludesfile = ~/mine\n", "home/mine": "x.py\n"},
    "the repository's own wins": {
        "home/.gitconfig": "[core]\n\texcludesFile = ~/mine\n",
        "home/mine": "y.py\n",
        "repo/.git/config": "[core]\n\texcludesFile = lists/ours\n",
        "repo/lists/ours": "x.py\n",
    },
    "set to nothing": {
        "home/.gitconfig": "[core]\n\texcludesFile =\n",
        "home/.config/git/ignore": "x.py\n",
    },
    "a negation in the project": {
        "home/.config/git/ignore": "*.py\n",
        "repo/.git/info/exclude": "!y.py\n",
        "repo/.gitignore": "!z.py\n",
    },
    "in another section": {
        "home/.gitconfig": '[core "x"]\n\texcludesFile = ~/mine\n[other]\nexcludesFile = ~/mine\n',
        "home/mine": "x.py\n",
    },
    "a file that is not there": {"home/.gitconfig": "[core]\n\texcludesFile = ~/mine\n"},
    "for a folder": {"home/.config/git/ignore": "/sub/\n"},
}


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
@pytest.mark.parametrize("case", USERS)
def test_the_excludes_of_the_user(tree: Tree, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    Path("repo").mkdir()
    subprocess.run(["git", "init", "-q", "repo"], check=True)
    tree("repo/x.py", "repo/y.py", "repo/z.py", "repo/sub/x.py", "repo/sub/y.py", **USERS[case])
    if case == "XDG_CONFIG_HOME":
        monkeypatch.setenv(case, str(Path("xdg").absolute()))
    monkeypatch.chdir("repo")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert found() == sorted(name for name in listed.split("\0") if name.endswith(".py"))


def test_the_excludes_of_the_user_from_below_and_outside_of_repositories(tree: Tree) -> None:
    tree("repo/sub/x.py", "repo/sub/y.py", "plain/x.py", **{"home/.config/git/ignore": "x.py\n"})
    assert found("repo", "plain") == ["plain/x.py", "repo/sub/x.py", "repo/sub/y.py"]
    tree("repo/.git/HEAD")
    assert found("repo/sub", "plain") == ["plain/x.py", "repo/sub/y.py"]


def test_git_told_of_other_settings(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(
        ".git/HEAD",
        "x.py",
        "y.py",
        **{"home/.gitconfig": "[core]\nexcludesFile = a\n", "a": "x.py", "b": "y.py"},
    )
    assert found() == ["y.py"]
    tree(own="[core]\nexcludesFile = b\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(Path("own").absolute()))
    assert found() == ["x.py"]


def test_odd_lines_in_gitignore(tree: Tree) -> None:
    tree("a.py", "b.py")
    Path(".gitignore").write_bytes(b"\xef\xbb\xbfa.py\n!\n\xff\xfe\n# b.py\r\n")
    assert found() == ["b.py"]


@pytest.mark.skipif(shutil.which("git") is None, reason="compares with git")
def test_as_git_decides(tree: Tree) -> None:
    lines = "*.py\n!keep*.py\n/a/*\n!/a/b/\nlog/\n**/deep\nx[0-9].py\n\\!odd.py\nsp ace.py\ntrail.py   \n"
    names = ["keep.py", "x1.py", "a/keep.py", "a/b/keep1.py", "a/c/keep.py", "log/keep.py", "b/log/keep.py"]
    names += ["b/deep/keep.py", "!odd.py", "sp ace.py", "trail.py", "b/keep_x.py", "b/other.py"]
    tree(*names, **{".gitignore": lines, "b/.gitignore": "!other.py\nkeep_x.py\n"})
    run = ["git", "-c", "core.excludesFile=/dev/null"]
    subprocess.run([*run, "init", "-q"], check=True)
    listed = subprocess.run(
        [*run, "ls-files", "-z", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout
    expected = sorted(name for name in listed.split("\0") if name.endswith(".py"))
    assert found() == expected
    assert 2 < len(expected) < len(names)


def test_a_path_that_does_not_exist_and_the_others_done(tree: Tree) -> None:
    tree("a.py")
    result = discover([Path("nope"), Path("a.py/x"), Path("a.py")], Settings(root=Path.cwd()))
    assert result.files == [Path("a.py")]
    assert result.errors == [
        Failure(Path("a.py/x"), "no such file or folder"),
        Failure(Path("nope"), "no such file or folder"),
    ]


def test_an_unreadable_folder_and_the_others_done(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree("a/x.py", "locked/y.py", "z.py")
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    result = discover([Path()], Settings(root=Path.cwd()))
    assert result.files == [Path("a/x.py"), Path("z.py")]
    assert result.errors == [Failure(Path("locked"), "cannot read folder: permission denied")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_folder_for_real(tree: Tree) -> None:
    tree("locked/y.py", "z.py")
    Path("locked").chmod(0)
    try:
        result = discover([Path(), Path("locked/y.py")], Settings(root=Path.cwd()))
    finally:
        Path("locked").chmod(0o755)
    assert result.files == [Path("z.py")]
    assert [failure.path for failure in result.errors] == [Path("locked"), Path("locked/y.py")]


def test_links_loops_and_dead_ends(tree: Tree) -> None:
    tree("a/x.py", "b/y.py")
    Path("a/up").symlink_to("..", target_is_directory=True)
    Path("a/everything").symlink_to("/", target_is_directory=True)
    Path("a/self").symlink_to("self")
    Path("a/dead.py").symlink_to("nowhere.py")
    Path("a/b_again").symlink_to("../b", target_is_directory=True)
    Path("a/y_again.py").symlink_to("../b/y.py")
    # A file goes by its own name where that is within reach, and by the link's where it is not.
    assert found() == ["a/x.py", "b/y.py"]
    assert found("a") == ["a/b_again/y.py", "a/x.py"]


def test_a_link_that_is_a_loop_as_a_path(tree: Tree) -> None:
    tree()
    Path("self").symlink_to("self")
    result = discover([Path("self")], Settings(root=Path.cwd()))
    assert [failure.path for failure in result.errors] == [Path("self")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes")
def test_a_pipe_is_not_waited_for(tree: Tree) -> None:
    tree("a.py")
    os.mkfifo("pipe.py")
    assert found() == ["a.py"]
    result = discover([Path("pipe.py")], Settings(root=Path.cwd()))
    assert result.errors == [Failure(Path("pipe.py"), "is neither a file nor a folder")]


def test_a_folder_named_like_a_module(tree: Tree) -> None:
    tree("x.py/y.py")
    assert found() == ["x.py/y.py"]


def test_a_walk_may_start_below_what_a_glob_excludes(tree: Tree) -> None:
    tree("a/gen/sub/x.py", "a/gen/y.py", "b/sub/z.py")
    assert found("a/gen/sub", "b", extend_exclude=("a/gen", "b/*.py")) == ["b/sub/z.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("out/", ["a.py", "b/a.py", "b/z_gen.py"]),
        ("*_gen.py", ["a.py", "b/a.py", "out/a.py"]),
        ("/b", ["a.py", "out/a.py"]),
        ("b/**", ["a.py", "out/a.py"]),
        ("**/a.py", ["b/z_gen.py"]),
        ("z*n.py", ["a.py", "b/a.py", "out/a.py"]),
        ("?.py", ["b/z_gen.py"]),
        ("*.py\n!a.py", ["a.py", "b/a.py", "out/a.py"]),
        ("*.py\n!/b/z_gen.py", ["b/z_gen.py"]),
        ("[ab].py", ["b/z_gen.py"]),
        ("\\a.py", ["b/z_gen.py"]),
        ("# a.py\n\n", ["a.py", "b/a.py", "b/z_gen.py", "out/a.py"]),
    ],
)
def test_patterns_of_all_forms(tree: Tree, pattern: str, left: list[str]) -> None:
    tree("a.py", "b/a.py", "b/z_gen.py", "out/a.py", **{".gitignore": pattern})
    assert found() == left


def test_gate() -> None:
    assert gate(b"import abc", [b"xyz", b"abc"])
    assert not gate(b"import abc", [b"xyz"])
    assert gate(b"anything", [])


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_exclude_file_of_worktrees_and_submodules(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)

    def git(*arguments: str) -> None:
        who = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always"]
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True)

    tree("repo/a.py", "repo/b.py")
    git("init", "-q", "repo")
    git("-C", "repo", "add", "a.py", "b.py")
    git("-C", "repo", "commit", "-q", "--no-verify", "-m", "first")
    git("-C", "repo", "worktree", "add", "-q", str(tmp_path / "copy"))
    Path("repo/.git/info/exclude").write_text("b.py\nc.py\n")
    git("init", "-q", "outer")
    git("-C", "outer", "submodule", "-q", "add", str(tmp_path / "repo"), "inner")
    Path("outer/.git/modules/inner/info/exclude").write_text("a.py\n")
    Path("copy/sub").mkdir()
    for name in ("copy/c.py", "copy/sub/c.py", "copy/sub/d.py"):
        Path(name).touch()
    assert found("copy") == ["copy/a.py", "copy/sub/d.py"]
    assert found("copy/sub") == ["copy/sub/d.py"]
    assert found("outer/inner") == ["outer/inner/b.py"]


def test_a_git_file_that_says_nothing(tree: Tree) -> None:
    tree("a.py", **{".git": "what\n"})
    assert found() == ["a.py"]
    Path(".git").write_bytes(b"gitdir: \0\xff\n")
    assert found() == ["a.py"]


def test_what_was_asked_for_is_known_by_name() -> None:
    shown = Discovery([str(Path("a", "b.py"))], [str(Path("c.txt"))], [str(Path("d.py"))]).shown
    assert Path("a", "b.py") in shown
    assert Path("a") / "./b.py" in shown
    assert Path("d.py") not in shown
    assert Path("b.py") not in shown
    assert set(shown) == {Path("a/b.py"), Path("c.txt")}
    assert len(shown) == 2
