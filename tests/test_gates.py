"""Import statements in every form that Python allows, and the files that they lead to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.plain_imports import PlainGraph, plain_components, plain_imports

from callr_migrate import import_statements
from callr_migrate.components import components
from callr_migrate.gates import Gates
from callr_migrate.import_graph import Contents, ImportGraph
from callr_migrate.import_statements import bare, imports, imports_in, statements
from callr_migrate.pack import load_pack
from callr_migrate.pack.gating import GateFacts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a", [(0, ("a",), ())]),
        ("\ufeffimport a", [(0, ("a",), ())]),
        ("\f\timport a.b as c, d", [(0, ("a", "b"), ()), (0, ("d",), ())]),
        ("import a . b", [(0, ("a", "b"), ())]),
        ("import a, \\\n b", [(0, ("a",), ()), (0, ("b",), ())]),
        ("x = 1; import a # import b", [(0, ("a",), ())]),
        ("if x: import a", [(0, ("a",), ())]),
        ("if x:\r\timport a\rimport b", [(0, ("a",), ()), (0, ("b",), ())]),
        ("from a import b as c, d", [(0, ("a",), ("b", "d"))]),
        ("from a.b import *", [(0, ("a", "b"), ("*",))]),
        ("from . import a", [(1, (), ("a",))]),
        ("from.a import(b)", [(1, ("a",), ("b",))]),
        ("from ... a import b", [(3, ("a",), ("b",))]),
        ("from .\\\n.a \\\n import \\\n b", [(2, ("a",), ("b",))]),
        (
            "from a import (  # of ) b\n    c,\n    # d\n    e as f,\n)\nimport g",
            [(0, ("a",), ("c", "e")), (0, ("g",), ())],
        ),
        ("'''\nwe import (all\n'''\nimport a\n", [(0, ("a",), ())]),
        ("important = 1\nreimport = 2\n", []),
        ("x = importlib.import_module('a.b')", [(0, ("a", "b"), ())]),
        ('x = __import__("a")', [(0, ("a",), ())]),
        ("from é import ü", [(0, ("é",), ("ü",))]),
    ],
)
def test_imports(text: str, expected: list[object]) -> None:
    assert list(imports(text.encode())) == expected


TEXTS = st.sampled_from(
    [
        *(
            "import",
            "from",
            " ",
            " ",
            "a",
            "b",
            "a.b",
            "p",
            ".",
            "..",
            ",",
            "*",
            "(",
            ")",
            ";",
            ":",
            "#",
            "\n",
            "\n",
        ),
        *(
            "\\\n",
            "\\\n\n",
            "\r",
            "\r\n",
            "\ufeff",
            "é",
            "'",
            "as",
            "__import__('a')",
            "import__('a')",
            "import_module(\n'p.a')",
        ),
        *(
            "from a import b",
            "from . import a",
            "from p import (a,\n b)",
            "import p.a, b",
            "\nimport a",
            "\t",
            "\0",
        ),
    ]
)
PROGRAM = st.lists(TEXTS | st.text(max_size=2), max_size=14).map("".join).map(lambda text: text.encode())


@settings(max_examples=500)
@given(PROGRAM | st.binary(max_size=30))
def test_the_quick_reading_is_the_plain_one(raw: bytes) -> None:
    assert sorted(imports(raw)) == sorted(plain_imports(raw))


@pytest.mark.parametrize(
    "line",
    [
        b"\nimport (",
        b"import a, (\n",
        b"import \\\n",
        b"from a import b, \\\n",
        b"import (#(\n",
        b"import a;",
    ],
)
def test_a_statement_does_not_go_on_for_ever(line: bytes) -> None:
    raw = line * 5000
    found = list(statements(raw))
    assert all(len(before or b"") < 1_000 for before, _ in found)
    assert sum(len(rest) for _, rest in found) < len(found) * 200 * len(line) + 2 * len(raw)


def test_statements_on_a_long_line() -> None:
    raw = (
        b"x = '" + b"a" * 2_000 + b"'; import a; y = {0:1}; from b import c; " + b"z " * 900 + b"; import d\n"
    )
    assert list(imports(raw)) == [(0, ("a",), ()), (0, ("b",), ("c",)), (0, ("d",), ())]
    assert list(imports(b"word " * 900 + b"from b import c")) == []


def test_a_statement_of_many_lines() -> None:
    names = [f"name_{number}" for number in range(150)]
    joined = "from a \\\n" + "import \\\n" + ", \\\n".join(names)
    bracketed = "from a import (  # (all\n" + ",\n".join(names * 20) + "\n)"
    assert list(imports(joined.encode())) == [(0, ("a",), tuple(names))]
    assert list(imports(bracketed.encode())) == [(0, ("a",), tuple(names * 20))]


@settings(max_examples=500)
@given(PROGRAM | st.binary(max_size=30))
def test_bare_statements_import_the_same(raw: bytes) -> None:
    found = [each for statement in statements(raw) for each in bare(statement)]
    assert [item for each in found for item in imports_in(each)] == list(imports(raw))
    texts = [part for statement in found for part in statement if part is not None]
    assert all(re.fullmatch(rb"[\w.,* ()\n\x80-\xff]*", text) for text in texts)


def test_bare_statements_hold_nothing_else() -> None:
    raw = (
        b"KEY = 'made-up-1'; from . import a\nif x == 'made-up-2': import b.c as d  # made-up-3\n"
        b"from e import (  # made-up-4\n    f as g,\n)\ntext = 'from here import made-up-5'\nimport h\ny = 0; from .i import\n"
        b"TEXT = '\nimport the key (it is made-up-6,\nPASSWORD = made-up-7\n)\nimport j by made_up_8\nfrom k import l', made_up_9\n"
    )
    found = [each for statement in statements(raw) for each in bare(statement)]
    assert found == [
        (b"from .", b"a"),
        (b"", b"b.c"),
        (b"from e", b"f"),
        (b"", b" h"),
        (b"from .i", b""),
        (b"", b"the"),
        (b"", b"j"),
        (b"from k", b"l"),
    ]


@pytest.mark.parametrize("text", [b"import ", b"the import (see\n", b"(import (a,\\\n"])
def test_what_follows_is_read_as_far_as_a_line_goes_unless_it_is_a_statement(text: bytes) -> None:
    raw = b"x " + text * 3000
    read = sum(len(word[1] or b"") for word in import_statements.WORD.finditer(raw))
    assert read < 300 * 3000


def test_a_long_list_of_names_is_read_to_its_end() -> None:
    for size in (197, 198, 199, 200, 201, 202, 400):
        raw = b"import " + b"a" * size + b", b; import c"
        assert (
            list(imports(raw))
            == list(plain_imports(raw))
            == [(0, ("a" * size,), ()), (0, ("b",), ()), (0, ("c",), ())]
        )


NAMES = [
    *(
        "a.py",
        "b.py",
        "é.py",
        "p/__init__.py",
        "p/a.py",
        "p/b.py",
        "p/a/__init__.py",
        "p/a/b.py",
        "q/a.py",
        "p.py",
    ),
    *("src/p/a.py", "src/a.py", "p/src/b.py", "a.ipynb", "p/b.pyi", "__init__.py"),
]


DOTTED = st.lists(
    st.sampled_from(["a", "b", "p", "é", "src", "q", "r", "__init__"]), min_size=1, max_size=3
).map(".".join)
LINES = st.one_of(
    st.builds(
        "from {}{} import {}".format, st.sampled_from(["", "", ".", ".."]), DOTTED, st.sampled_from("abpq*")
    ),
    st.builds(
        "from {} import {}, {}".format, st.sampled_from([".", "..", "..."]), *[st.sampled_from("abpq")] * 2
    ),
    st.builds("import {}, {}".format, DOTTED, DOTTED),
    st.builds("import_module('{}')".format, DOTTED),
)
PROGRAMS = st.dictionaries(
    st.sampled_from(NAMES), st.lists(LINES, max_size=4).map("\n".join).map(str.encode) | PROGRAM, max_size=8
)


@settings(max_examples=300)
@given(PROGRAMS, st.data())
def test_the_quick_graph_is_the_plain_one(files: dict[str, bytes], data: st.DataObject) -> None:
    contents = {f"/r/{name}": raw for name, raw in files.items()}
    quick, plain = (kind(contents, contents.__getitem__, "/r") for kind in (ImportGraph, PlainGraph))
    for path in data.draw(st.permutations(sorted(contents))):
        assert set(quick.importers_of(path)) == set(plain.importers_of(path))
        assert quick.imported_by([path]) == plain.imported_by([path])
        assert quick.targets_of(path) == {
            other for other in contents if path in set(plain.importers_of(other))
        }


@settings(max_examples=300)
@given(PROGRAMS, st.data())
def test_the_parts_are_the_plain_ones(files: dict[str, bytes], data: st.DataObject) -> None:
    contents = {f"/r/{name}": raw for name, raw in files.items()}
    wanted = data.draw(st.lists(st.sampled_from(sorted(contents)))) if contents else []
    graph = ImportGraph(contents, contents.__getitem__, "/r")
    assert components(wanted, graph) == plain_components(wanted, graph)


NUMBERS = st.integers(0, 6)


@settings(max_examples=500)
@given(
    st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=14), st.sets(NUMBERS, min_size=2, max_size=3)
)
def test_the_parts_of_files_that_import_at_random(edges: list[tuple[int, int]], wanted: set[int]) -> None:
    contents = {f"/r/m{number}.py": b"" for number in range(7)}
    for importer, target in edges:
        contents[f"/r/m{importer}.py"] += b"import m%d\n" % target
    graph = ImportGraph(contents, contents.__getitem__, "/r")
    files = [f"/r/m{number}.py" for number in wanted]
    assert components(files, graph) == plain_components(files, graph)


def importers(sources: list[str], files: dict[str, bytes], contents: Contents, root: str) -> set[str]:
    """Whatever imports one of the sources, also by way of others."""
    graph = ImportGraph(files, contents, root)
    reached = set(sources)
    waiting = list(sources)
    while waiting:
        for importer in set(graph.importers_of(waiting.pop())) - reached:
            reached.add(importer)
            waiting.append(importer)
    return reached


def reach(source: str, files: dict[str, str]) -> list[str]:
    contents = {f"/r/{path}": text.encode() for path, text in files.items()}
    found = importers([f"/r/{source}"], contents, contents.__getitem__, "/r")
    return sorted(path.removeprefix("/r/") for path in found - {f"/r/{source}"})


def test_a_name_is_that_of_one_file() -> None:
    files = {
        "a/core.py": "",
        "b/core.py": "",
        "a/x.py": "from .core import y",
        "b/x.py": "from .core import y",
        "c.py": "from a.core import y",
        "d.py": "from b.core import y",
        "a/script.py": "import core",
        "b/script.py": "import core",
    }
    assert reach("a/core.py", files) == ["a/script.py", "a/x.py", "c.py"]


def test_by_way_of_others() -> None:
    files = {
        "a.py": "",
        "b.py": "from a import *",
        "c.py": "import b",
        "d.py": "import e",
        "e.py": "import sys",
    }
    assert reach("a.py", files) == ["b.py", "c.py"]


def test_a_statement_without_its_names_is_an_import() -> None:
    assert reach("p/__init__.py", {"p/__init__.py": "", "p/a.py": "", "b.py": "from p.a import"}) == ["b.py"]


def test_a_loop() -> None:
    assert reach("a.py", {"a.py": "import b", "b.py": "import a"}) == ["b.py"]


def test_the_package_itself() -> None:
    files = {
        "p/__init__.py": "",
        "p/a.py": "from . import api",
        "p/q/b.py": "from .. import api",
        "p/q/c.py": "from . import api",
        "d.py": "import p",
    }
    assert reach("p/__init__.py", files) == ["d.py", "p/a.py", "p/q/b.py"]


def test_the_file_of_a_package_by_its_own_name() -> None:
    files = {
        "p/__init__.py": "",
        "p/a.py": "from .__init__ import api",
        "p/q/b.py": "from ..__init__ import api",
        "p/c.py": "import __init__",
        "d.py": "from p.__init__ import api",
        "e.py": "import __init__",
    }
    assert reach("p/__init__.py", files) == ["d.py", "p/a.py", "p/c.py", "p/q/b.py"]


def test_an_attribute_of_a_package() -> None:
    files = {
        "p/__init__.py": "",
        "p/clients.py": "",
        "p/other.py": "",
        "a.py": "import p.other\np.clients.api.call(x)",
        "b.py": "import p.other\np.other.x",
        "c.py": "from p import other\nclients = 1",
    }
    assert reach("p/clients.py", files) == ["a.py"]


def test_a_folder_of_sources() -> None:
    files = {
        "src/p/__init__.py": "",
        "src/p/a.py": "",
        "tests/test_a.py": "from p.a import b",
        "tests/other.py": "import a",
    }
    assert reach("src/p/a.py", files) == ["tests/test_a.py"]


def test_what_passes() -> None:
    gates = Gates(load_pack())
    assert gates.passes(b"import callr")
    assert gates.passes(b"x.call(\n    method='sms.send')")
    assert gates.passes(b'x.send("sms.send", [])')
    assert not gates.passes(b"x.call('a.b')")
    assert not gates.passes(b"'sms.send'")
    assert gates.first_line(b"\n\nimport callr") == 3
    assert gates.first_line(b"\n\n\nx.call('sms.send')") == 4


def test_posts_need_an_address() -> None:
    gates = Gates(load_pack())
    assert gates.sources({"a": b"{'jsonrpc': '2.0'}"}) == []
    assert gates.sources({"a": b"{'jsonrpc': '2.0'}", "b": b"'https://api.callr.com/json-rpc'"}) == ["a", "b"]
    assert gates.sources({"a": b"import callr"}) == ["a"]
    assert gates.sources({"a": b"x.call('sms.send')"}) == []


def test_paths_of_the_shipped_examples() -> None:
    root = Path(__file__).resolve().parents[1] / "examples"
    files = [str(path) for path in root.rglob("*.py")]
    found = importers(
        [str(root / "acacias" / "clients.py")], files, lambda path: Path(path).read_bytes(), str(root)
    )
    assert str(root / "acacias" / "reminders.py") in found


@pytest.mark.parametrize("calls", [(), ("call",), ("call", "send"), ("all",), ("jo",), ("c", "call")])
@given(raw=st.binary(max_size=30) | st.text("calrjson.(sed'x ", max_size=30).map(str.encode))
def test_the_quick_search_loses_nothing(calls: tuple[str, ...], raw: bytes) -> None:
    """Texts that share a search are all found by it."""
    facts = GateFacts(("callr", "callr.com/x", "jsonrpc", "recall!"), (), (), calls, ("c.x",), ())
    gates = Gates(facts)
    wanted = any(literal in raw for literal in (b"callr", b"jsonrpc", b"recall!"))
    named = any(f".{name}('c.x'".encode() in raw for name in calls)
    assert gates.passes(raw) or not (wanted or named)
    for text in (b"callr", b"jsonrpc", b"recall!", *(f".{name}('c.x'".encode() for name in calls)):
        assert gates.passes(raw + text + raw)


PARTS = st.text("jXq.al(s", min_size=1, max_size=5)


@settings(max_examples=500)
@given(
    st.data(),
    st.lists(PARTS, min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "all", "s", "j", "ls"])),
)
def test_the_quick_search_is_the_plain_one(
    data: st.DataObject, literals: list[str], calls: list[str]
) -> None:
    """Whatever the texts have in common, wherever in them a rare letter is, and however often that stands in a file."""
    facts = GateFacts(tuple(literals), (), (), tuple(calls), ("c.x",), ())
    parts = st.sampled_from([*literals, *(f".{name}({mark}" for name in calls for mark in ("'c.x", "'", ""))])
    filler = st.builds(
        str.__mul__, st.sampled_from(["j", "X", "\n", "jX", "a.", *literals]), st.integers(0, 900)
    )
    raw = "".join(data.draw(st.lists(PARTS | parts | filler, max_size=6))).encode()
    call = rb"\.(?:%s)\([^'\"()]{0,200}['\"]([^'\"\r\n]+)" % "|".join(calls).encode()
    wanted = any(literal.encode() in raw for literal in literals)
    passes = wanted or bool(calls and b"c.x" in re.findall(call, raw))
    assert Gates(facts).passes(raw) == Gates(facts).passes_plainly(raw) == passes


@pytest.mark.parametrize("text", ["jsonrpc", "X-CALLR", "a.Xsr", "seej"])
@pytest.mark.parametrize("more", ["j", "X-", "json", "a.X" * 2, "\n" * 600 + "jX", ""])
@pytest.mark.parametrize("size", [0, 1, 2, 511, 512, 5_000])
def test_a_text_is_found_however_often_its_rare_letter_stands_before_it(
    text: str, more: str, size: int
) -> None:
    gates = Gates(GateFacts((text,), (), (), (), (), ()))
    many = more * (size // (len(more) or 1)) + "\n"
    assert gates.passes(f"{many}{text}".encode())
    assert gates.passes(f"{many}{text}{many}".encode())
    assert not gates.passes(f"{many}{text[:-1]}".encode())
    assert not gates.passes(f"{many}{text[1:]}".encode())


def test_what_receives_webhooks_passes() -> None:
    gates = Gates(load_pack())
    assert gates.passes(b'sign = headers["X-CALLR-HmacSignature"]\n')
    assert gates.passes(b'if event["type"] == "sms.mt.status_update":\n')
    assert not gates.passes(b'if event["type"] == "invoice.paid":\n')


def test_words_that_are_not_plain_ascii() -> None:
    contents = {
        "/r/p/__init__.py": b"",
        "/r/p/mark.py": b"\xef\xbb\xbffrom . import other\n",  # a mark of the byte order
        "/r/p/é.py": b"",
        "/r/p/other.py": b"# coding: latin-1\nfrom p import (\xe9)\n",
    }

    def importers(path: str) -> set[str]:
        return set(ImportGraph(contents, contents.__getitem__, "/r").importers_of(path))

    assert importers("/r/p/__init__.py") == {"/r/p/mark.py", "/r/p/other.py"}
    assert importers("/r/p/é.py") == {"/r/p/other.py"}
