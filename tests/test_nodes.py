"""libcst's nodes are made and looked up without what they do in Python."""

from __future__ import annotations

import libcst as cst

from callr_migrate.evaluate import Module  # noqa: F401 - lightens them


def test_hashed_by_identity() -> None:
    name, other = cst.Name("a"), cst.Name("a")
    assert type(name).__hash__ is object.__hash__
    assert {name: 1}.get(name) == 1
    assert {name: 1}.get(other) is None


def test_not_checked_when_made() -> None:
    # No white space at all, which libcst itself refuses.
    assert cst.Name("").value == ""
