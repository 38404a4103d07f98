"""libcst's nodes are made and looked up without what they do in Python, and libcst is left as it was."""

from __future__ import annotations

import libcst as cst
import pytest

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
