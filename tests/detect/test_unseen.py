"""A call is unseen only if its receiver or its method says that it may be a legacy call, or the analysis gave up."""

from __future__ import annotations

from pathlib import Path

from marked import check

COMPAT = """
    import callr
    registry = load("clients")
    def connect(name):
        return registry[name]
    """


def test_neither_method_nor_receiver_are_known(tmp_path: Path) -> None:
    report = check(
        tmp_path,
        {
            "compat.py": COMPAT,
            "shared.py": "from compat import connect\n",
            "plain.py": "def connect(name):\n    return make(name)\n",
            "program.py": """
                import compat, plain, elsewhere, callr
                from compat import registry
                from shared import connect
                made = connect("a")
                def f(method, client):
                    connect("a").call(method)  # => unseen
                    made.call(method, 1)  # => unseen
                    registry["a"].send(method, [])  # => unseen
                    compat.registry["a"].call(*method)  # => unseen
                    connect("a").call("other.method")
                    connect("a").other(method)
                    plain.connect("a").call(method)
                    elsewhere.connect("a").call(method)
                    client.call(method)
                """,
        },
    )
    assert report.unseen[0].reason == (
        "neither the method nor the receiver is known: `load` is not defined in the file"
    )


def test_a_surface_is_reached_by_way_of_others_and_cycles_end(tmp_path: Path) -> None:
    check(
        tmp_path,
        {
            "one.py": "import two\nfrom three import *\n\ndef get():\n    return two.get()\n",
            "two.py": "import one\n\ndef get():\n    return one.get()\n",
            "three/__init__.py": "from .four import x\n",
            "three/four.py": "import callr\nx = missing\n",
            "program.py": """
                import callr, one, two, three
                def f(method):
                    one.get().call(method)  # => unseen
                    two.get().call(method)  # => unseen
                    three.x.call(method)  # => unseen
                """,
        },
    )


def test_where_the_analysis_gives_up_is_told_once_a_file(tmp_path: Path) -> None:
    links = "".join(f"def f{n + 1}(): return f{n}()\n" for n in range(400))
    source = (
        f"import callr\ndef f0(): return callr.Api('l', 'p')\n{links}"
        "f400().call(name)  # => unseen\nf400().call(other)\nf1().call('sms.get', 'X')  # => sms.get\n"
    )
    report = check(tmp_path, source)
    assert "the analysis budget ran out" in report.unseen[0].reason


def test_where_the_analysis_gives_up_only_what_may_be_a_legacy_call_is_told(tmp_path: Path) -> None:
    links = "".join(f"def f{n + 1}(): return f{n}()\n" for n in range(400))
    deep = (
        f"import callr\ndef f0(): return callr.Api('l', 'p')\n{links}"
        "class Box:\n    def lower(self): ...\n    kept = property(f400)\n"
    )
    check(
        tmp_path,
        {
            "deep.py": deep,
            # Nobody calls a method of the API by these.
            "words.py": "from deep import f400\nf400().expandtabs(width)\nf400().lower()\nf400().kept.get('a')\n",
            "named.py": "from deep import f400\nf400().run('sms.get', 'X')  # => unseen\n",
            "called.py": "from deep import f400\nf400().lower()\nf400().call(name)  # => unseen\n",
            "told.py": "from deep import f400\nf400().call('no.such.name')\n",
            "marked.py": "import callr\nfrom deep import f400\nf400().lower('a')\nf400().lower(name)  # => unseen\n",
            "foreign.py": "import callr\nfrom deep import f400\nf400().expandtabs(name)\n",
        },
    )
