"""Which edit goes into which commit: by family, and only as far as the code compiles."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from callr_migrate.findings import Applicability, Edit, Finding, Fix
from callr_migrate.pullrequest.families import Family, Split, Step, steps_of
from callr_migrate.source import SourceFile

APP = Path("app.py")


def _source(text: str, path: Path = APP) -> SourceFile:
    return SourceFile.from_bytes(path, text.encode())


def _finding(code: str, start: int, end: int, *edits: Edit) -> Finding:
    fix = Fix("does it", "group-1", edits)
    return Finding(
        code, "found", edits[0].path, start, end, applicability=Applicability.UNSAFE, fix=fix, applied=True
    )


def _steps(source: SourceFile, *findings: Finding, split: Split = Split.FAMILY) -> list[Step]:
    edits = [edit for finding in findings if finding.fix for edit in finding.fix.edits]
    changed = source.replaced(edits)
    return steps_of(findings, {source.path: source}, {source.path: changed}, split)


def _told(steps: list[Step]) -> list[tuple[Family | None, str]]:
    return [(step.family, source.text) for step in steps for source in step.files.values()]


def test_each_family_in_its_turn() -> None:
    source = _source("import old\nc = old.Api()\ns = c.call()\nprint(s['a'])\n")
    steps = _steps(
        source,
        _finding("CLR601", 15, 24, Edit(APP, 15, 24, "new.Client()"), Edit(APP, 0, 10, "import new")),
        _finding("CLR101", 29, 37, Edit(APP, 29, 37, "c.get()")),
        _finding("CLR201", 46, 49, Edit(APP, 46, 49, "'b'")),
    )
    assert _told(steps) == [
        (Family.CLIENT, "import new\nc = new.Client()\ns = c.call()\nprint(s['a'])\n"),
        (Family.CALLS, "import new\nc = new.Client()\ns = c.get()\nprint(s['a'])\n"),
        (Family.RESULTS, "import new\nc = new.Client()\ns = c.get()\nprint(s['b'])\n"),
    ]


def test_what_would_not_compile_waits() -> None:
    source = _source("c = old(\n    1)\n")
    # The bracket is closed by a change of another family.
    steps = _steps(
        source,
        _finding("CLR601", 4, 8, Edit(APP, 4, 8, "new[")),
        _finding("CLR101", 13, 15, Edit(APP, 14, 15, "]")),
    )
    assert _told(steps) == [(Family.CALLS, "c = new[\n    1]\n")]
    assert [finding.code for finding in steps[0].findings] == ["CLR601", "CLR101"]


def test_a_block_is_indented_with_its_head() -> None:
    source = _source("c = old()\nc.call()\n")
    steps = _steps(
        source,
        _finding("CLR601", 4, 9, Edit(APP, 0, 9, "with new() as c:")),
        _finding("CLR101", 10, 18, Edit(APP, 10, 10, "    "), Edit(APP, 10, 18, "c.get()")),
    )
    assert _told(steps) == [
        (Family.CLIENT, "with new() as c:\n    c.call()\n"),
        (Family.CALLS, "with new() as c:\n    c.get()\n"),
    ]


def test_the_steps_that_a_call_replaces_go_with_it() -> None:
    source = _source("import json\np = {}\np['a'] = 1\nr = post(p)\n")
    steps = _steps(
        source,
        _finding(
            "CLR101",
            34,
            41,
            Edit(APP, 0, 11, "import json, new"),
            Edit(APP, 12, 30, ""),
            Edit(APP, 34, 41, "post(a=1)"),
        ),
    )
    assert _told(steps) == [
        (Family.CLIENT, "import json, new\np = {}\np['a'] = 1\nr = post(p)\n"),
        (Family.CALLS, "import json, new\nr = post(a=1)\n"),
    ]


def test_what_does_not_compile_before_changes_at_once() -> None:
    source = _source("print 'x'\nc = old()\nc.call()\n")
    steps = _steps(
        source,
        _finding("CLR601", 14, 19, Edit(APP, 14, 19, "new()")),
        _finding("CLR101", 20, 28, Edit(APP, 20, 28, "c.get()")),
    )
    assert _told(steps) == [(Family.CALLS, "print 'x'\nc = new()\nc.get()\n")]


def test_files_around_the_code_come_last() -> None:
    path = Path("requirements.txt")
    source = _source("old==1\n", path)
    steps = _steps(source, _finding("CLR701", 0, 6, Edit(path, 0, 6, "new==2")))
    assert _told(steps) == [(Family.FILES, "new==2\n")]


def test_one_commit_and_one_a_file() -> None:
    source = _source("c = old()\n")
    finding = _finding("CLR601", 4, 9, Edit(APP, 4, 9, "new()"))
    for split in (Split.ONE, Split.FILE):
        (step,) = _steps(source, finding, split=split)
        assert step.family is None
        assert step.findings == [finding]


CODES = st.sampled_from(["CLR601", "CLR602", "CLR101", "CLR201", "CLR301", "CLR401"])


@given(
    st.lists(
        st.tuples(CODES, st.sampled_from(["y", "(y)", "[", "]", "(", ")", "y,", ""])), min_size=1, max_size=8
    )
)
def test_every_state_compiles_and_the_last_is_whole(changes: list[tuple[str, str]]) -> None:
    text = "z = [" + ", ".join("x" for _ in changes) + "]\n"
    source = _source(text)
    places = [5 + 3 * index for index in range(len(changes))]
    findings = [
        _finding(code, place, place + 1, Edit(APP, place, place + 1, new))
        for place, (code, new) in zip(places, changes, strict=True)
    ]
    told = _told(_steps(source, *findings))
    whole = source.replaced([edit for one in findings if one.fix for edit in one.fix.edits])
    assert told[-1][1] == whole.text
    for _, state in told[:-1]:
        compile(state, "app.py", "exec")
