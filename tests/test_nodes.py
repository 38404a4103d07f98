"""libcst's nodes are made and looked up without what they do in Python, and libcst is left as it was."""

from __future__ import annotations

import operator
from abc import ABCMeta
from collections.abc import Iterator

import libcst as cst
import pytest

from callr_migrate.evaluate import nodes, sharing
from callr_migrate.evaluate.nodes import parsed, visit


def test_hashed_by_identity() -> None:
    name, other = cst.Name("a"), cst.Name("a")
    assert type(name).__hash__ is object.__hash__
    assert {name: 1}.get(name) == 1
    assert {name: 1}.get(other) is None


@pytest.mark.parametrize("text", ["a = 1\n", "a = (\n"], ids=["fine", "wrong"])
def test_checked_only_outside_of_a_parse(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[object] = []
    monkeypatch.setattr("callr_migrate.evaluate.nodes._checked", lambda node: checked.append(node))
    try:
        parsed(text)
    except cst.ParserSyntaxError:
        assert text != "a = 1\n"
    assert checked == []
    cst.Name("a")
    assert len(checked) == 1


def test_libcst_says_what_it_always_did() -> None:
    parsed("a = 1\n")
    with pytest.raises(cst.CSTValidationError):
        cst.Name("")


class _Parsing(cst.CSTVisitor):
    """One that parses meanwhile, as another thread might."""

    def visit_Name(self, _: cst.Name) -> None:
        parsed("a = 1\n")


def test_unchecked_to_the_end_of_a_visit() -> None:
    tree = parsed("b = (a or.5)\n")
    visit(tree, _Parsing())
    with pytest.raises(cst.CSTValidationError):
        tree.visit(_Parsing())


def _all(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    waiting = [node]
    while waiting:
        yield (each := waiting.pop())
        waiting += each.children


_ALIKE = "a = f(b, c)  # one\n\nd = g[b, c]  # two\n# three\n"


@pytest.mark.skipif(not sharing.MAKERS, reason="threads would wait for each other")
def test_white_space_and_signs_that_are_alike_are_one_node() -> None:
    tree = parsed(_ALIKE)
    commas = [node for node in _all(tree) if isinstance(node, cst.Comma)]
    assert len(commas) == 2
    assert len(set(commas)) == 1
    spaces = [node for node in _all(tree) if isinstance(node, cst.SimpleWhitespace)]
    assert len(set(spaces)) == len({space.value for space in spaces}) == 3
    assert tree.code == _ALIKE


def test_what_has_a_place_is_a_node_of_its_own() -> None:
    placed = [
        node
        for node in _all(parsed(_ALIKE))
        if isinstance(node, (cst.BaseExpression, cst.BaseSmallStatement, cst.Arg, cst.Comment))
    ]
    assert len(set(placed)) == len(placed) == 17


def test_nothing_is_shared_outside_of_a_parse() -> None:
    parsed(_ALIKE)
    assert cst.SimpleWhitespace(" ") is not cst.SimpleWhitespace(" ")
    assert all(type(kind) is ABCMeta for kind in sharing.MAKERS)


def test_others_may_make_signs_meanwhile() -> None:
    space = cst.SimpleWhitespace(" ")
    with nodes._sharing:
        before, after = cst.Comma(whitespace_before=space), cst.Comma(whitespace_after=space)
        assert cst.Comma(space).whitespace_before is space
        assert cst.SimpleWhitespace("\t").value == "\t"
    assert before.whitespace_after.value == after.whitespace_before.value == ""  # type: ignore[union-attr]


def test_no_more_is_kept_than_code_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_MAX", 5)
    makers = {cst.SimpleWhitespace: sharing._words(), cst.AssignEqual: sharing._signs()}
    monkeypatch.setattr(sharing, "MAKERS", makers)
    with nodes._sharing:
        spaces = [[cst.SimpleWhitespace(" " * count) for count in range(20)] for _ in range(2)]
        signs = [[cst.AssignEqual(whitespace_after=space) for space in spaces[0]] for _ in range(2)]
    for one, other in (spaces, signs):
        assert sum(map(operator.is_, one, other)) == 5
