"""The places that one walk adds up are those that libcst's own generator counts."""

from __future__ import annotations

from pathlib import Path

import libcst as cst
import pytest

from callr_migrate.evaluate.generated import Generated, index_of
from callr_migrate.evaluate.index import Index, Places, Span, UnknownLayoutError, Walk
from callr_migrate.evaluate.layouts import LAYOUTS, SIGNS
from callr_migrate.source import SourceFile

_ROOT = Path(__file__).parent.parent
_FOLDERS = ("callr_migrate/evaluate", "callr_migrate/rewrite", "tests/fixtures/projects")
_FILES = [path for folder in _FOLDERS for path in sorted((_ROOT / folder).rglob("*.py"))]

# Every kind of node, with comments, parentheses and white space where they are allowed.
_ODD = {
    "expressions": """
a = ( # one
    ( b . c ) [ 1 : 2 : , ... , : , *d ] # two
) ; e = lambda x , / , y = 1 , *z , k : ( yield ) ; f = lambda : 0
g = not - + ~ h - 1 * 2 / 3 ** 2 // 3 @ i % 4 << 5 >> 6 & 7 | 8 ^ 9 or j and k if l else m
n = 1 < 2 > 3 == 4 <= 5 >= 6 != 7 in o not  in p is q is  not r
s = [ * t , u , ] , { ** v , 1 : 2 , } , { 3 , * w } , ( x , ) , ( ) , [ ] , { }
y = [ z for z in a if b if c for d in e ] , { f : g for f in h } , { i for i in j } , ( k async for k in l )
print ( m , * n , o = 1 , ** p , ) ( q := 2 )
r = f"{ s !r:>{ t }} {{ { u = } " 'v' u"w" rf'x{y}' ; z = 1j , 1.5 , 0x1f , ... , "a" "b" 'c'
""",
    "statements": """# first
import a . b as c , d ; from . import e ; from .. f import ( g as h , i , ) # two
from j import *
global k , l
if m : pass ; pass
elif n :

    # here
    del o , p ; assert q , r
else : raise s from t
for u , v in w : continue
else :
    break
while x : break
else : pass
try :
    pass
except ( A , B ) as y : pass
except :
    pass
else : pass
finally : pass
try : pass
except * C as z : pass
with a as b , c : pass
with ( d as e , f , ) : pass
g : int = 1 ; h : str ; i += 1 ; j -= 1 ; k *= 1 ; l /= 1 ; m //= 1 ; n %= 1 ; o **= 1 ; p @= 1
q &= 1 ; r |= 1 ; s ^= 1 ; t <<= 1 ; u >>= 1 ; v = w = x
""",
    "definitions": """
@ a . b ( )  # decorated

@c
# between
def d ( e , f : int = 1 , / , g = 2 , * h : str , i , j = 3 , ** k ) -> l : return m
async  def n ( * , o ) :
\tawait p ; yield q ; yield  from r ; return
\tasync with s as t : pass
\tasync for u in v : nonlocal w
class x ( y , metaclass = z ) :
  "text"
  class empty : pass
  def method ( self ) : ...
    # a comment further in
 # and further out
""",
    "matching": """
match a , b :

    # before
    case 1 | - 2 | "c" | None : pass
    case [ d , * _ , e , ] | ( f , ) | g , h if i : pass
    case { 1 : j , "k" : _ , ** l , } : pass
    case m . n ( o , p = q , ) as r : pass
    case _ : pass
    # after
""",
    "types": """
type A [ T : int = str , * Ts = * B , ** P ] = list [ T ]
type C = D
def f [ T ] ( x : T ) -> T : ...
class G [ T ] ( H ) : ...
""",
    "empty": "",
    "line": "\n",
    "unfinished": "a = 1\nif b:\n    c()",
    "comment": "# nothing",
    "other newlines": "a = (\r\n  1,\r\n)\r\nif b:\r\n\tc\r\n",
    "joined": "a = 1 + \\\n    2\nb = \\\n 3\n",
}


def _placed(index: Index) -> dict[cst.CSTNode, tuple[cst.CSTNode | None, Span, Span]]:
    places = Places(index)
    return {node: (places.get(node), places.inner(node), places.outer(node)) for node in index.nodes}


def _assert_same(tree: cst.Module, text: str) -> None:
    walked, generated = Walk(tree), Generated(tree, text).index
    assert _placed(walked) == _placed(generated)
    for name in (
        "calls",
        "names",
        "subscripts",
        "imports",
        "handlers",
        "strings",
        "classes",
        "jumps",
        "binders",
    ):
        assert getattr(walked, name) == getattr(generated, name), name
    assert walked.comments == generated.comments
    assert "".join(walked.tokens) == text


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.relative_to(_ROOT).as_posix())
def test_a_file_is_walked_as_it_is_generated(path: Path) -> None:
    text = SourceFile.read(path).text
    try:
        tree = cst.parse_module(text)
    except cst.ParserSyntaxError:
        pytest.skip("it does not parse, and is not meant to")
    _assert_same(tree, text)


@pytest.mark.parametrize("name", _ODD)
def test_each_kind_of_node_is_walked_as_it_is_generated(name: str) -> None:
    _assert_same(cst.parse_module(_ODD[name]), _ODD[name])


def test_the_odd_programs_have_every_kind_of_node() -> None:
    seen: set[type] = set()
    for text in _ODD.values():
        waiting: list[cst.CSTNode] = [cst.parse_module(text)]
        while waiting:
            node = waiting.pop()
            seen.add(type(node))
            waiting += node.children
    assert {kind.__name__ for kind in (LAYOUTS | SIGNS) if kind not in seen} <= {
        "TemplatedString",
        "TemplatedStringText",
        "TemplatedStringExpression",
    }


def test_numbers_of_nodes_are_shared_as_far_as_small_files_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callr_migrate.evaluate.index._known_numbers", ())
    monkeypatch.setattr("callr_migrate.evaluate.index._MAX_NUMBERS", 300)
    tree = cst.parse_module("a = 1\n" * 200)
    index = Walk(tree)
    places = Places(index)
    assert list(places.numbers.values()) == list(range(len(index.nodes)))
    again = Places(Walk(cst.parse_module("b = 1\n" * 70)))
    assert len(again.numbers) > 257  # smaller ones Python has once, anyway
    known = {id(number) for number in places.numbers.values()}
    assert {id(number) for number in again.numbers.values() if number < 300} <= known


def test_what_the_generator_loses_is_found_again_in_the_text() -> None:
    text = "try:\n    pass\nexcept  E :\n    call(1)\n"
    tree = cst.parse_module(text)
    index = index_of(tree, text)
    (call,) = index.calls
    start, end = Places(index).outer(call)
    assert text[start:end] == "call(1)"


def test_a_node_without_a_layout_is_generated(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a = call(1)\n"
    tree = cst.parse_module(text)
    known = _placed(index_of(tree, text))
    monkeypatch.delitem(LAYOUTS, cst.Call)
    with pytest.raises(UnknownLayoutError):
        Walk(tree)
    assert _placed(index_of(tree, text)) == known
