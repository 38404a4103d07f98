"""What is told of calls that go through wrappers and other hands."""

from __future__ import annotations

from pathlib import Path

from marked import report_of, write

from callr_migrate.findings import Finding

PROJECT = {
    "jobs.py": """import callr

api = callr.Api("l", "p")


def dispatch(method, *args):
    return api.call(method, *args)


def get(h):
    return dispatch("sms.get", h)


dispatch("sms.send", "", "+33199001020", "x", None)
dispatch("billing.get_prepaid_credit")
pool.submit(api.call, "system.get_timestamp")
""",
    "more.py": """import sys

from jobs import dispatch

dispatch(sys.argv[1])
dispatch("billing.get_prepaid_credit")
""",
}


def told(folder: Path, files: dict[str, str]) -> dict[tuple[str, int], Finding]:
    write(folder, files)
    return {
        (finding.path.name, files[finding.path.name].count("\n", 0, finding.start) + 1): finding
        for finding in report_of(folder).findings
        if finding.code.startswith("CLR1")
    }


def test_the_wrapper_says_where_its_methods_come_from(tmp_path: Path) -> None:
    body = told(tmp_path, PROJECT)["jobs.py", 7]
    assert (body.code, body.method, body.surface) == ("CLR105", None, "callr")
    assert body.message == "this legacy call has whatever method the callers of `dispatch` (jobs.py:6) name"
    assert body.reason == (
        "`method` is a parameter of `dispatch` (jobs.py:6), called with 3 different values and others that are not "
        "known: `sys.argv` is not part of the project"
    )


def test_a_wrapper_that_is_called_with_known_values_only(tmp_path: Path) -> None:
    body = told(tmp_path, {"jobs.py": PROJECT["jobs.py"]})["jobs.py", 7]
    assert body.reason == "`method` is a parameter of `dispatch` (jobs.py:6), called with 3 different values"


def test_a_call_of_a_wrapper_tells_its_counterpart_and_the_wrapper(tmp_path: Path) -> None:
    site = told(tmp_path, PROJECT)["jobs.py", 11]
    assert (site.code, site.method, site.surface) == ("CLR101", "sms.get", "wrapper")
    assert site.applicability.value == "manual"
    assert site.fix is None
    assert "GET /sms/" in site.message
    assert (site.reason or "").startswith(
        "it goes through the wrapper `dispatch` (jobs.py:6), which performs"
    )


def test_a_call_of_a_wrapper_with_an_unknown_method_says_why(tmp_path: Path) -> None:
    site = told(tmp_path, PROJECT)["more.py", 5]
    assert (site.code, site.method, site.surface) == ("CLR105", None, "wrapper")
    assert site.reason == "`sys.argv` is not part of the project"


def test_a_method_that_is_handed_on_says_to_whom(tmp_path: Path) -> None:
    call = told(tmp_path, PROJECT)["jobs.py", 16]
    assert (call.code, call.method, call.surface) == ("CLR101", "system.get_timestamp", "callr")
    assert (call.reason or "").startswith("`pool.submit` is handed the client's method and calls it")


def test_nothing_of_a_wrapper_is_rewritten_in_part(tmp_path: Path) -> None:
    calls = told(tmp_path, PROJECT)
    assert len(calls) == 7
    assert [call for call in calls.values() if call.fix is not None] == []


def test_a_wrong_number_of_arguments_is_as_sure_as_the_parameters(tmp_path: Path) -> None:
    calls = 'api.call("sms.get")\napi.call("cdr.export_async", "OUT", start, end)\n'
    found = told(tmp_path, {"a.py": f'import callr\napi = callr.Api("l", "p")\n{calls}'})
    known, guessed = found["a.py", 3], found["a.py", 4]
    assert known.message == "sms.get takes 1 argument, not 0"
    assert known.reason == "the legacy server refuses this call"
    assert guessed.message == "cdr.export_async seems to take 1 to 2 arguments, not 3"
    assert (guessed.reason or "").startswith("its parameters are inferred. ")
    assert [fact.evidence.value for fact in guessed.facts] == ["inferred"]
