"""What the parser could not bear is told from the tokens; everything that people write is borne."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callr_migrate.evaluate import nesting
from callr_migrate.evaluate.nesting import Burden, burden, nests_too_deeply

MANY = 20_000

DEEP = {
    "a sum": "x = " + "+".join(["1"] * MANY),
    "a sum over lines": "x = " + " + \\\n".join(["1"] * MANY),
    "a sum in parentheses": "x = (" + "\n+ ".join(["1"] * MANY) + ")",
    "attributes": "x = a" + ".b" * MANY,
    "subscripts": "x = a" + "[0]" * MANY,
    "calls of calls": "x = f" + "()" * MANY,
    "lists": "x = " + "[" * 3_000 + "]" * 3_000,
    "calls in calls": "x = " + "f(" * 300 + ")" * 300,
    "signs": "x = " + "-" * MANY + "1",
    "not": "x = " + "not " * MANY + "1",
    "and": "x = " + " and ".join(["a"] * MANY),
    "conditionals": "x = " + "a if b else " * MANY + "c",
    "lambdas": "x = " + "lambda: " * MANY + "c",
    "lambdas of two": "x = (" + "lambda a, b: " * MANY + "c)",
    "loops of a comprehension": "x = [a " + "for b, c in d " * MANY + "]",
    "branches": "if a:\n    pass\n" + "elif b:\n    pass\n" * MANY,
    "joined strings": "x = (\n" + "'a'\n" * MANY + ")",
    "joined strings of many kinds": "x = (\n" + "'a' f'b' rb'''c'''\n" * MANY + ")",
    "assignments": "x" + " = x" * MANY,
    "a sum in an f-string": "x = f'{" + "+".join(["1"] * MANY) + "}'",
    "lists in an f-string": "x = f'''a {{ b {" + "[" * 300 + "1" + "]" * 300 + "} c'''",
}

FLAT = {
    "a list": "x = [" + "1, -2.5, 'a', " * MANY + "]",
    "a dict": "x = {\n" + "    'key': [1, 2.0 + 1j, 'a' 'b'],\n" * MANY + "}",
    "statements": "x.y = a + b\n" * MANY,
    "statements in a line": "x.y = a + b;" * MANY,
    "calls": "api.call('a.b', {'c': 1})\n" * MANY,
    "arguments": "f(" + "a.b, c=-1, " * MANY + ")",
    "branches of many functions": "def f():\n    if a:\n        pass\n    elif b:\n        pass\n" * MANY,
    "a text": "'''" + "a + (b [c {. not \\' " * MANY + "'''",
    "comments": "# a + ( b\n" * MANY,
    "an f-string": "x = f'''" + "{{ (a + b): {c.d!r:>{width}} }} - [ don't " * 1_000 + "'''",
    "pages of text": "x = '''" + "a\n" * MANY + "'''\n" * 2,
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_too_deep(text: str) -> None:
    assert nests_too_deeply(text)


@pytest.mark.parametrize("text", FLAT.values(), ids=FLAT)
def test_flat(text: str) -> None:
    assert not nests_too_deeply(text)


def test_too_large() -> None:
    assert burden("x = [" + "1, " * nesting.MAX_TOKENS + "]") is Burden.TOO_LARGE
    # What Python skips costs nothing.
    assert burden("# 1, 2, 3\n" * nesting.MAX_TOKENS) is Burden.BEARABLE


@pytest.mark.parametrize(
    "text", ["", "(", ")" * 500, "'" * 501, '"""', "{" * 150, "f'{" * 300, "\\" * 400, "\0"]
)
def test_what_is_no_python(text: str) -> None:
    burden(text * 3)


_BITS = [
    *"+.:([{)]},;\n '\"",
    "'a'",
    "f'{b+c}'",
    "'''",
    "not ",
    " if ",
    "lambda ",
    "elif ",
    "def ",
    "a",
    "# d",
    "\\\n",
]


@given(st.lists(st.sampled_from(_BITS), max_size=20).map("".join))
def test_what_is_light_at_a_glance_is_light(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nesting, "MAX_BRACKETS", 3)
        patch.setattr(nesting, "MAX_CHAIN", 2)
        patch.setattr(nesting, "MAX_TOKENS", 50)
        if nesting._is_light(text):
            assert nesting._Counter().count(text) is Burden.BEARABLE


def test_what_people_write_is_light() -> None:
    assert nesting._is_light("def show(sms_hash):\n    print(api.call('sms.get', sms_hash))\n" * 40)
    assert not nesting._is_light("f(" * nesting.MAX_BRACKETS)
