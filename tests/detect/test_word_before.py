"""The name before a place of a text, found without a look at all that is before it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from callr_migrate.detect.scan import word_before


@given(st.text(alphabet="aZ_09é \n.)²\u2003", max_size=12), st.integers(0, 12))
def test_it_is_what_a_search_of_all_finds(text: str, end: int) -> None:
    end = min(end, len(text))
    match = re.compile(r"([A-Za-z_]\w*)\s*\Z").search(text, 0, end)
    assert word_before(text, end) == (match[1] if match else None)


def test_a_name() -> None:
    assert word_before("self.api .call(", 9) == "api"
    assert word_before("make().call(", 6) is None
