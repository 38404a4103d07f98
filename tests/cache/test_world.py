"""The analysis asks the file system by way of `World` only: what it asks otherwise, nobody could ask again."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from callr_migrate.world import World, mentioning

PACKAGE = Path(__file__).parents[2] / "callr_migrate"
# All that stands between a part's sources and its findings.
PLACES = ("engine.py", "evaluate", "detect", "check", "rewrite")
ASKING = {
    *("absolute", "chmod", "cwd", "exists", "expanduser", "from_disk", "glob", "is_dir", "is_file", "is_mount"),
    *("is_symlink", "iterdir", "lstat", "read_bytes", "read_text", "readlink", "resolve", "rglob"),
    *("samefile", "stat", "walk", "touch", "unlink", "write_bytes", "write_text", "read"),
}  # fmt: skip
# By these names.
WORLD = {"world", "self.world", "self.project.world", "self.evaluator.project.world"}
MODULES = {
    *("ctypes", "datetime", "glob", "importlib", "io", "locale", "os", "pkgutil", "platform", "random", "shutil"),
    *("socket", "subprocess", "sys", "tempfile", "threading", "time"),
}  # fmt: skip
# Where files are named for people, by their names alone and the working directory, which counts; and what does not
# change within a version of Python, which counts, too. A lock asks nobody for anything, nor do constructors of nodes.
ALLOWED = {
    ("evaluate/nodes.py", "threading"),
    ("evaluate/sharing.py", "sys"),
    ("evaluate/constructors.py", "threading"),
    ("evaluate/constructors.py", "exec"),
    ("check/apps.py", "os"),
    *((f"{name}.py", "sys") for name in ("detect/unseen", "rewrite/layout", "rewrite/report")),
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for place in PLACES:
        path = PACKAGE / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield file.relative_to(PACKAGE).as_posix(), ast.parse(file.read_text("utf-8"))


def offences(name: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ASKING and ast.unparse(node.value) not in WORLD:
            yield f"{name}:{node.lineno}: {ast.unparse(node)}"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("open", "home")
        ):
            yield f"{name}:{node.lineno}: {ast.unparse(node.func)}"
        elif isinstance(node, ast.Name) and node.id in ("open", "eval", "exec", "__import__"):
            if (name, node.id) in ALLOWED:
                continue
            yield f"{name}:{node.lineno}: {node.id}"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = (
                [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else [each.name for each in node.names]
            )
            for module in modules:
                if module.split(".")[0] in MODULES and (name, module) not in ALLOWED:
                    yield f"{name}:{node.lineno}: {module}"


def test_nobody_else_asks() -> None:
    found = [offence for name, tree in sources() for offence in offences(name, tree)]
    assert found == []


def test_the_search_finds_what_it_looks_for() -> None:
    text = "import os\nfrom time import time\npath.resolve()\nself.world.read(path)\nopen(path)\nSourceFile.read(path)\n"
    assert {each.rpartition(" ")[2] for each in offences("x.py", ast.parse(text))} == {
        *("os", "time", "open", "path.resolve", "SourceFile.read")
    }


def test_answers_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    world = World()
    assert world.is_file(tmp_path / "a.py")
    assert world.is_folder(tmp_path)
    assert world.holds_code(tmp_path)
    assert not world.exists(tmp_path / "b")
    assert world.resolved(tmp_path / "b" / ".." / "a.py").name == "a.py"
    assert world.read(tmp_path / "a.py") == b"x"
    with pytest.raises(OSError, match="b"):
        world.read(tmp_path / "b")
    assert len(world.answers) == 7
    # Another one answers the same, also where it is asked by the words alone.
    again = World()
    assert all(again.answer(*question) == answer for question, answer in world.answers.items())
    assert again.answers == world.answers
    (tmp_path / "a.py").write_text("y")
    (tmp_path / "b").mkdir()
    changed = World()
    assert sum(changed.answer(*question) != answer for question, answer in world.answers.items()) == 2


def test_a_file_that_changes_while_it_is_read(tmp_path: Path) -> None:
    world = World()
    for text in "xy":
        (tmp_path / "a.py").write_text(text)
        world.read(tmp_path / "a.py")
    assert not world.is_steady


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nobody is refused anything")
def test_what_may_not_be_asked(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0)
    for _ in range(2):
        with pytest.raises(PermissionError):
            World().exists(tmp_path / "shut" / "a.py")


def test_who_mentions_a_word(tmp_path: Path) -> None:
    for name, text in (("a", "words"), ("b", "a word."), ("c", "word")):
        (tmp_path / name).write_text(text)
    names = [str(tmp_path / name) for name in ("gone", "a", "b", "c")]
    assert mentioning("word", names, ()) == tmp_path / "b"
    assert mentioning("word", names, {tmp_path / "b"}) == tmp_path / "c"
    assert mentioning("other", names, ()) is None
