"""What hangs on a retired app is told at the app, and the app at what hangs on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from retired import HEAD, finding, migrate

from callr_migrate.findings import Applicability

MADE = 'app = api.call("apps.create", "CLICKTOCALL10", "Callback", {})\n'
START = 'api.call("clicktocall/calls.start_2", {}, [{{"number": a}}], [{{"number": b}}], None)\n'

WAYS = {
    "straight": MADE + START.format('app["hash"]'),
    "variable": MADE + 'app_id = app["hash"]\n' + START.format("app_id"),
    "get": MADE + START.format('app.get("hash")'),
    "kind in a constant": 'KIND = "CLICKTOCALL10"\n'
    + MADE.replace('"CLICKTOCALL10"', "KIND")
    + START.format('app["hash"]'),
    "function": "def make():\n    "
    + MADE.replace("app =", "return")
    + "\ndef start(app):\n    "
    + START.format('app["hash"]')
    + "\nstart(make())\n",
    "self": "class Callback:\n    def __init__(self):\n        self."
    + MADE
    + "\n    def start(self, a, b):\n        "
    + START.format('self.app["hash"]'),
    "wrapper": "def rpc(method, *params):\n    return api.call(method, *params)\n\n"
    + (MADE + START.format('app["hash"]')).replace("api.call(", "rpc("),
    "wrapper of posts": "def rpc(method, *params):\n    body = {'jsonrpc': '2.0', 'id': 1, 'method': method,"
    " 'params': list(params)}\n    return requests.post('https://api.callr.com/json-rpc/v1.1/', json=body)"
    ".json()['result']\n\n" + (MADE + START.format('app["hash"]')).replace("api.call(", "rpc("),
    "send": 'app = api.send("apps.create", ["CLICKTOCALL10", "Callback", {}])\n'
    + START.format('app["hash"]'),
}


@pytest.mark.parametrize("way", WAYS)
def test_both_ends_name_each_other(tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = HEAD + WAYS[way]
    lines = text.splitlines()
    made = next(number for number, line in enumerate(lines, 1) if "apps.create" in line)
    start = next(number for number, line in enumerate(lines, 1) if "start_2" in line)
    outcome = migrate(tmp_path, WAYS[way])
    app = finding(outcome, "CLR501", made)
    assert f"What hangs on this app: clicktocall/calls.start_2 (main.py:{start})." in (app.help or "")
    hanging = finding(outcome, "CLR103", start)
    assert f"It hangs on the CLICKTOCALL10 app that is made at main.py:{made}." in (hanging.help or "")
    # For programs: one fact for each end, whose source is the other one.
    assert ("clicktocall/calls.start_2 hangs on it", f"main.py:{start}") in [
        (fact.text, fact.source) for fact in app.facts
    ]
    assert ("hangs on a CLICKTOCALL10 app", f"main.py:{made}") in [
        (fact.text, fact.source) for fact in hanging.facts
    ]


def test_over_modules_and_from_call_to_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = migrate(
        tmp_path,
        {
            "pkg/__init__.py": "",
            "pkg/setup.py": HEAD + MADE + 'api.call("apps.assign_did", app["hash"], did)\n',
            "pkg/web.py": "from pkg.setup import api, app\n\n\ndef start(a, b):\n    call_id = "
            + START.format('app["hash"]')
            + '    return api.call("clicktocall/calls.get_status", call_id)\n',
        },
    )
    app = finding(outcome, "CLR501", 4, "setup.py")
    assert (
        "What hangs on this app: apps.assign_did (pkg/setup.py:5), clicktocall/calls.start_2 (pkg/web.py:5), "
        "clicktocall/calls.get_status (pkg/web.py:6)." in (app.help or "")
    )
    status = finding(outcome, "CLR103", 6, "web.py")
    assert "made at pkg/setup.py:4" in (status.help or "")


def test_an_app_of_the_kind_that_is_not_followed_may_be_this_one(tmp_path: Path) -> None:
    outcome = migrate(tmp_path, MADE + START.format("settings.APP"))
    assert "What may hang on it: clicktocall/calls.start_2" in (finding(outcome, "CLR501", 4).help or "")
    hanging = finding(outcome, "CLR103", 5)
    assert "It works on a CLICKTOCALL10 app; such are made at" in (hanging.help or "")
    assert "It hangs on" not in (hanging.help or "")


def test_of_an_app_that_is_made_elsewhere_the_calls_name_each_other(tmp_path: Path) -> None:
    outcome = migrate(
        tmp_path,
        START.format("settings.APP") + 'api.call("clicktocall/calls.get_status", call_id)\n',
    )
    assert "made elsewhere; calls on such an app, too: clicktocall/calls.get_status" in (
        finding(outcome, "CLR103", 4).help or ""
    )
    assert "too: clicktocall/calls.start_2" in (finding(outcome, "CLR103", 5).help or "")


def test_two_apps_are_two_stories(tmp_path: Path) -> None:
    other = MADE.replace("app =", "other =").replace("CLICKTOCALL10", "REALTIME10")
    outcome = migrate(
        tmp_path,
        MADE
        + other
        + START.format('app["hash"]')
        + 'api.call("calls.realtime", other["hash"], target, None)\n',
    )
    first, second = finding(outcome, "CLR501", 4).help or "", finding(outcome, "CLR501", 5).help or ""
    assert "start_2" in first
    assert "calls.realtime" not in first
    assert "start_2" not in second
    assert "calls.realtime" in second


@pytest.mark.parametrize(
    "call",
    [
        'api.call("apps.delete", app["hash"])',
        'api.call("apps.edit", app["hash"], "Night", {"script": text})',
    ],
)
def test_a_mapped_call_on_a_retired_app_is_not_rewritten(tmp_path: Path, call: str) -> None:
    """The new API has no such app, so the request would be one for something that is not there."""
    outcome = migrate(tmp_path, f"{MADE}{call}\n", write=True, unsafe=True)
    kept = finding(outcome, "CLR101", 5)
    assert kept.applicability is Applicability.MANUAL
    assert "a kind that was retired" in (kept.reason or "")
    assert (tmp_path / "main.py").read_text("utf-8") == f"{HEAD}{MADE}{call}\n"


def test_a_call_on_a_scenario_is_rewritten(tmp_path: Path) -> None:
    made = 'app = api.call("apps.create", "ACTIONS10", "Callback", {"script": text, "format": "YAML"})\n'
    migrate(tmp_path, f'{made}api.call("apps.delete", app["hash"])\n', write=True, unsafe=True)
    assert "api.call(" not in (tmp_path / "main.py").read_text("utf-8")


def test_a_wrapper_that_puts_the_parameters_together(tmp_path: Path) -> None:
    """Which argument is which is not told, but one of them is the name of a retired app."""
    outcome = migrate(
        tmp_path,
        "def rpc(method, params, kind):\n    return api.send(method, [kind] + params)\n\n"
        'rpc("apps.create", ["Callback", {}], "CLICKTOCALL10")\n',
    )
    assert "is retired" in finding(outcome, "CLR501", 7).message
    assert "makes a CLICKTOCALL10 app" in finding(outcome, "CLR103", 7).message


def test_what_only_shows_an_app_does_not_hang_on_it(tmp_path: Path) -> None:
    outcome = migrate(tmp_path, MADE + 'api.call("sms.send", "", number, app["name"], None)\n')
    assert "hang" not in (finding(outcome, "CLR501", 4).help or "")
    sent = next(each for each in outcome.report.findings if each.method == "sms.send")
    assert "hang" not in (sent.help or "")


def test_rooms_are_a_story_without_an_argument_that_names_their_kind(tmp_path: Path) -> None:
    outcome = migrate(
        tmp_path,
        'room = api.call("conference/10.create_room", "Team", {"open": True}, [])\n'
        'api.call("conference/10.assign_did", room["hash"], did)\n',
    )
    assert "What hangs on this app: conference/10.assign_did" in (finding(outcome, "CLR103", 4).help or "")
    assert "It hangs on the CONFERENCE10 app" in (finding(outcome, "CLR103", 5).help or "")


def test_long_stories_are_cut_in_words_and_whole_in_facts(tmp_path: Path) -> None:
    outcome = migrate(tmp_path, MADE + 20 * START.format('app["hash"]'))
    app = finding(outcome, "CLR501", 4)
    assert (app.help or "").count("start_2") == 8
    assert "and 12 more." in (app.help or "")
    assert sum("hangs on it" in fact.text for fact in app.facts) == 20


@pytest.mark.parametrize(
    ("call", "codes"),
    [
        ('api.call("apps.create", "REALTIME10", "Menu", {})', ["CLR103", "CLR501"]),
        ('api.call("apps.create",\n    "REALTIME10",\n    "Menu", {})', ["CLR103", "CLR501"]),
        ('api.call("apps.create", "ACTIONS10", "Menu", {})\n"REALTIME10"', ["CLR101"]),
        ('api.call("apps.create", kind, "Menu", {})', ["CLR101"]),
        ('api.call("sms.send", "", number, "REALTIME10")', ["CLR101"]),
    ],
)
def test_in_a_file_that_does_not_parse(tmp_path: Path, call: str, codes: list[str]) -> None:
    outcome = migrate(tmp_path, f"print 'Python 2'\n{call}\n")
    assert sorted(each.code for each in outcome.report.findings if each.code != "CLR901") == codes
    for each in outcome.report.findings:
        if each.code == "CLR501":
            source = outcome.sources[each.path]
            assert source.text[each.start : each.end] == '"REALTIME10"'
