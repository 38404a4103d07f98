"""`fix --scaffold DIR`: scenarios to begin with, from what the legacy calls give."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from retired import HEAD, migrate, scaffold, write

from callr_migrate.check.scenarios import scalar
from callr_migrate.cli import main
from callr_migrate.findings import Scenario
from callr_migrate.pack import RuleError, load_pack
from callr_migrate.scaffolding import scaffold_files

ROOT = Path(__file__).resolve().parents[2]
SHAPE = Draft202012Validator(json.loads((ROOT / "contract" / "callr-actions.schema.json").read_text("utf-8")))

CALLBACK = """\
app = api.call("apps.create", "CLICKTOCALL10", "Callback", {
    "medias": {"A_welcome": 131, "B_whisper": WHISPER},
    "options": {"A_attempts": 2, "record_calls": True, "colour": "blue"},
    "vms": {"active": False, "emails": ["a@example.com"]},
})
api.call("clicktocall/calls.start_2", app["hash"], [{"number": a, "timeout": 15}],
         [{"number": "+33199001021", "timeout": 30}], {"cli": "+33199001022", "schedule": later})
"""
TRACKING = """\
api.call("apps.create", "CALLTRACKING10", "Sales", {
    "targets": [{"number": "+33199001020", "timeout": 20}, {"number": SECOND}],
    "medias": {"welcome": 131},
    "options": {"record_calls": RECORD},
})
"""
REALTIME = """\
app = api.call("apps.create", "REALTIME10", "Menu", {"url": "https://example.com/rt", "login": "rt-user",
    "password": "fourteen-owls", "data_format": "JSON"})
api.call("calls.realtime", app["hash"], {"number": "+33199001023", "timeout": 25}, None)
"""
DIALR = """\
app = api.call("apps.create", "THEDIALR20", "Dialer", {})
api.call("thedialr.call", app["hash"], [[{"number": n, "timeout": 30}]], "+33199001022", "2026-01-01 00:00:00", "x")
"""
BROADCAST = """\
api.call("calls.broadcast_1", {"number": n, "timeout": 30}, [131, "TTS|TTS_EN-GB_SERENA|Hello"], {"loop": 2})
"""
ALL = CALLBACK + TRACKING + REALTIME + DIALR + BROADCAST


def shaped(text: str) -> dict[str, Any]:
    """The scenario, which has the shape of one."""
    scenario: dict[str, Any] = yaml.safe_load(text)
    assert [error.message for error in SHAPE.iter_errors(scenario)] == []
    named = set(scenario["branches"])
    for branch in scenario["branches"].values():
        for step in branch["actions"]:
            assert step.get("params", {}).get("answerOnBranch", next(iter(named))) in named
    used = set(re.findall(r"\$\w+", yaml.safe_dump(scenario["branches"])))
    results = {
        step["result"]
        for branch in scenario["branches"].values()
        for step in branch["actions"]
        if "result" in step
    }
    assert used - results <= set(scenario.get("variables", {}))
    return scenario


def test_each_kind_has_one_of_the_right_shape(tmp_path: Path) -> None:
    texts = scaffold(tmp_path, ALL)
    assert set(texts) == {"Callback", "Sales", "Menu", "Dialer", "broadcast"}
    for name, text in texts.items():
        assert shaped(text)["description"] == ("A message by phone" if name == "broadcast" else name)


def test_click_to_call_carries_over_what_is_literal(tmp_path: Path) -> None:
    text = scaffold(tmp_path, CALLBACK)["Callback"]
    scenario = shaped(text)
    assert "# TODO" not in text.partition("variables:")[2].partition("branches:")[0]
    assert scenario["variables"] == {"$a_number": "", "$b_number": "+33199001021", "$cli": "+33199001022"}
    branches = scenario["branches"]
    (first,) = branches["api-initiated"]["actions"]
    assert first["params"] == {
        "targets": [{"number": "${{ $a_number }}", "timeout": 15}],
        "cli": "${{ $cli }}",
        "answerOnBranch": "a-answered",
    }
    assert [step["action"] for step in branches["a-answered"]["actions"]] == ["startRecording@v1", "dial@v1"]
    assert branches["a-answered"]["actions"][1]["params"]["targets"][0]["timeout"] == 30
    assert [step["action"] for step in branches["b-answered"]["actions"]] == ["bridge@v1"]


def test_what_is_not_literal_is_named_with_its_place(tmp_path: Path) -> None:
    text = scaffold(tmp_path, CALLBACK)["Callback"]
    assert "# TODO: B heard the media `WHISPER` (main.py:5)" in text
    assert "# TODO: A heard the media 131:" in text
    assert "up to 2 times" in text


def test_nothing_that_is_given_goes_in_silence(tmp_path: Path) -> None:
    text = scaffold(tmp_path, CALLBACK)["Callback"]
    left_over = text.partition("# TODO: what this does not carry over:\n")[2].partition("\n\n")[0]
    assert left_over.splitlines() == [
        "# - params.options.colour (main.py:6)",
        "# - params.vms.emails[0] (main.py:7)",
        "# - clicktocall/calls.start_2: options.schedule (main.py:10)",
    ]


def test_what_hangs_on_the_app_is_named_with_what_to_do(tmp_path: Path) -> None:
    numbers = "".join(f'api.call("apps.assign_did", app["hash"], {did})\n' for did in ("did", '"D1D00011"'))
    text = scaffold(tmp_path, CALLBACK + numbers)["Callback"]
    assert "# - clicktocall/calls.start_2 (main.py:9): Write a scenario whose" in text
    assert '# - apps.assign_did (main.py:12), did "D1D00011": PUT' in text
    assert "# - apps.assign_did (main.py:11), did `did`: PUT /actions/{sid}/numbers/{number} or" in text


def test_call_tracking(tmp_path: Path) -> None:
    text = scaffold(tmp_path, TRACKING)["Sales"]
    (dial,) = shaped(text)["branches"]["inbound-call"]["actions"]
    assert dial["params"]["targets"] == [{"number": "+33199001020", "timeout": 20}, {"number": ""}]
    assert "# TODO: params.targets[1].number is `SECOND` (main.py:5)" in text
    # Whether calls were recorded is not known, so the step is not there yet.
    assert "# TODO: if `RECORD`: - action: startRecording@v1 # main.py:7" in text


def test_dicts_that_are_made_by_their_name(tmp_path: Path) -> None:
    text = 'api.call("apps.create", "CALLTRACKING10", "Sales", dict(targets=[dict(number="+33199001020", timeout=9)]))\n'
    (dial,) = shaped(scaffold(tmp_path, text)["Sales"])["branches"]["inbound-call"]["actions"]
    assert dial["params"]["targets"] == [{"number": "+33199001020", "timeout": 9}]


@pytest.mark.parametrize("given_targets", ['"targets": TARGETS', '"targets": []', '"targets": None', ""])
def test_targets_that_are_not_known_are_asked_for(tmp_path: Path, given_targets: str) -> None:
    text = scaffold(tmp_path, f'api.call("apps.create", "CALLTRACKING10", "Sales", {{{given_targets}}})\n')[
        "Sales"
    ]
    (dial,) = shaped(text)["branches"]["inbound-call"]["actions"]
    assert dial["params"]["targets"] == [{"number": ""}]
    assert "# TODO: " in text.partition("targets:")[2].partition("number:")[0]


def test_real_time(tmp_path: Path) -> None:
    scenario = shaped(scaffold(tmp_path, REALTIME)["Menu"])
    assert set(scenario["branches"]) == {"inbound-call", "api-initiated", "answered"}
    assert scenario["branches"]["inbound-call"]["actions"][0]["params"]["url"] == "https://example.com/rt"
    assert scenario["variables"] == {"$number": "+33199001023"}


def test_real_time_for_calls_to_its_numbers_only(tmp_path: Path) -> None:
    made = REALTIME.partition('api.call("calls.realtime')[0]
    assert set(shaped(scaffold(tmp_path, made)["Menu"])["branches"]) == {"inbound-call"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ('"VOICE_SIMPLE"', {"voice-campaign"}),
        ('"VOICE_IVR"', {"voice-menu"}),
        ('"SMS_SIMPLE"', set()),
        ("kind", set()),
    ],
)
def test_campaigns_by_phone(tmp_path: Path, kind: str, names: set[str]) -> None:
    text = f'api.call("sendr/10/campaign.save", api.call("sendr/10/campaign.get_object_template", {kind}))\n'
    texts = scaffold(tmp_path, text)
    assert set(texts) == names
    assert all(map(shaped, texts.values()))


def test_no_secret(tmp_path: Path) -> None:
    text = REALTIME.replace("https://example.com/rt", "https://rt-user:owls-by-night@example.com/rt")
    text += TRACKING.replace('"+33199001020"', '"fourteen-owls"').replace("RECORD", 'flag("fourteen-owls")')
    text += 'api.call("apps.create", "REALTIME10", "Token", {"url": "https://example.com/?api_key=owl-owl-owl"})\n'
    # Too short to be looked for in all texts, but it stands where it is one.
    text += 'api.call("apps.create", "REALTIME10", "Short", {"url": join(token="owl")})\n'
    texts = scaffold(tmp_path, text)
    assert len(texts) == 4
    for scenario in texts.values():
        assert "owl" not in scenario
        assert "rt-user" not in scenario
        shaped(scenario)


def test_an_app_that_is_made_elsewhere(tmp_path: Path) -> None:
    start = CALLBACK[CALLBACK.index('api.call("clicktocall') :].replace('app["hash"]', "settings.APP")
    texts = scaffold(tmp_path, start)
    assert set(texts) == {"click-to-call"}
    text = texts["click-to-call"]
    assert shaped(text)["variables"]["$b_number"] == "+33199001021"
    assert "made elsewhere" in text
    assert "# TODO: the legacy call gives no name." in text


def test_only_reading_of_an_app_that_is_made_elsewhere_begins_nothing(tmp_path: Path) -> None:
    assert scaffold(tmp_path, 'api.call("clicktocall/calls.get_status", call_id)\n') == {}


def test_calls_that_differ_make_no_default(tmp_path: Path) -> None:
    start = CALLBACK[CALLBACK.index('api.call("clicktocall') :]
    text = scaffold(tmp_path, CALLBACK + start.replace("+33199001021", "+33199001024").replace("30", "40"))[
        "Callback"
    ]
    scenario = shaped(text)
    assert scenario["variables"]["$b_number"] == ""
    assert "b_targets[0].timeout" in text
    assert "differs" in text


STEPS = {
    "filled": 'params = {}\nparams["url"] = "https://example.com/rt"\n',
    "dict": 'params = dict(url="https://example.com/rt")\n',
    "unpacked": 'BASE = {"url": "https://example.com/rt"}\nparams = {**BASE, "data_format": "JSON"}\n',
}


@pytest.mark.parametrize("steps", STEPS)
def test_settings_that_are_put_together_in_steps(tmp_path: Path, steps: str) -> None:
    text = scaffold(tmp_path, STEPS[steps] + 'api.call("apps.create", "REALTIME10", "Menu", params)\n')[
        "Menu"
    ]
    url = shaped(text)["branches"]["inbound-call"]["actions"][0]["params"]["url"]
    assert url == "https://example.com/rt"
    assert "which the source does not tell" not in text


@pytest.mark.parametrize(
    "steps",
    [
        'params = {}\nif night:\n    params["url"] = "https://example.com/rt"\n',
        'params = {"data_format": "JSON"}\nparams.update(url="https://example.com/rt")\n',
        'params = {"url": "https://example.com/rt"}\nif night:\n    params["url"] = "https://example.com/night"\n',
    ],
)
def test_what_differs_from_run_to_run_is_asked_for(tmp_path: Path, steps: str) -> None:
    text = scaffold(tmp_path, steps + 'api.call("apps.create", "REALTIME10", "Menu", params)\n')["Menu"]
    assert shaped(text)["branches"]["inbound-call"]["actions"][0]["params"]["url"] == ""
    assert "# TODO: params.url is " in text


@pytest.mark.parametrize(
    "params",
    [
        'PARAMS = {"url": "https://example.com/rt"}\nmake("Menu", PARAMS)',
        'make("Menu", {"url": URL})\nURL = "https://example.com/rt"',
        'make(name="Menu", params={"url": "https://example.com" + "/rt"})',
    ],
)
def test_values_are_followed(tmp_path: Path, params: str) -> None:
    make = 'def make(name, params):\n    return api.call("apps.create", "REALTIME10", name, params)\n\n'
    text = scaffold(tmp_path, make + params + "\n")["Menu"]
    assert shaped(text)["branches"]["inbound-call"]["actions"][0]["params"]["url"] == "https://example.com/rt"


def test_settings_that_are_not_followed_are_one_line(tmp_path: Path) -> None:
    text = scaffold(tmp_path, 'api.call("apps.create", "REALTIME10", "Menu", load())\n')["Menu"]
    shaped(text)
    assert "# TODO: params.url is `load()` (main.py:4)" in text
    assert "# - params (main.py:4)" in text


# -- names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Sales / Paris", "Sales-Paris"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\temp", "C-temp"),
        ("Été 2026", "Été-2026"),
        ("..", "app"),
        ("con", "con-app"),
        ("a\nb\x1b[31m", "a-b-31m"),
        ("x" * 500, "x" * 80),
        ("日本" * 100, "日本" * 26 + "日"),
        ('"quote" & <tag>', "quote-tag"),
    ],
)
def test_names_of_files(tmp_path: Path, name: str, file: str) -> None:
    texts = scaffold(tmp_path, f'api.call("apps.create", "REALTIME10", {name!r}, {{"url": "u"}})\n')
    assert list(texts) == [file]
    assert shaped(texts[file])["description"] == name


def test_names_are_unique_whatever_their_case(tmp_path: Path) -> None:
    made = 'api.call("apps.create", "REALTIME10", "{}", {{"url": "{}"}})\n'
    texts = scaffold(tmp_path, made.format("Menu", 1) + made.format("MENU", 2) + made.format("Menu?", 3))
    urls = {
        name: shaped(text)["branches"]["inbound-call"]["actions"][0]["params"]["url"]
        for name, text in texts.items()
    }
    assert urls == {"Menu": "1", "MENU-2": "2", "Menu-3": "3"}


def test_one_file_for_each_name_that_the_app_may_get(tmp_path: Path) -> None:
    text = 'for name in ("North", "South"):\n    api.call("apps.create", "REALTIME10", name, {"url": "u"})\n'
    assert set(scaffold(tmp_path, text)) == {"North", "South"}


@given(st.lists(st.text(max_size=100), max_size=6))
def test_any_names_at_all(names: list[str]) -> None:
    folder = Path("nowhere")
    files, failures = scaffold_files([Scenario(name, "a: 1\n", Path("a.py"), ()) for name in names], folder)
    assert failures == []
    assert len({file.path.name.casefold() for file in files}) == len(names)
    assert all(file.path.parent == folder and len(os.fsencode(file.path.name)) < 200 for file in files)


@given(st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False))
def test_any_value_is_one_line_of_yaml(value: Any) -> None:
    text = f"key: {scalar(value)} # behind\n"
    assert len(text.splitlines()) == 1
    assert yaml.safe_load(text.encode("utf-8", "surrogatepass").decode("utf-8")) == {"key": value}


# -- files ------------------------------------------------------------------------------------------------------


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    scaffold(tmp_path, ALL)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    scaffold(tmp_path, ALL)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_nobody_touched_follows_the_source(tmp_path: Path, newline: str) -> None:
    scaffold(tmp_path, REALTIME)
    path = tmp_path / "out" / "Menu.actions.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", newline.encode()))
    text = scaffold(tmp_path, REALTIME.replace("example.com/rt", "example.com/new"))["Menu"]
    assert "https://example.com/new" in text


def test_what_a_person_changed_is_kept_and_told(tmp_path: Path) -> None:
    scaffold(tmp_path, REALTIME + TRACKING)
    path = tmp_path / "out" / "Menu.actions.yaml"
    path.write_text(path.read_text("utf-8").replace("POST", "GET", 1), "utf-8")
    mine = path.read_bytes()
    changed = REALTIME.replace("/rt", "/new") + TRACKING.replace("+33199001020", "+33199001025")
    outcome = migrate(tmp_path, changed, write=True, scaffold=tmp_path / "out")
    assert path.read_bytes() == mine
    assert "+33199001025" in (tmp_path / "out" / "Sales.actions.yaml").read_text("utf-8")
    (error,) = outcome.report.errors
    assert error.path == path
    assert "was changed since it was written" in error.message


@pytest.mark.parametrize("content", [b"", b"mine: true\n", b"\xff\xfe", None])
def test_what_was_there_before_is_kept(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "out" / "Menu.actions.yaml"
    path.parent.mkdir()
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    outcome = migrate(tmp_path, REALTIME, write=True, scaffold=tmp_path / "out")
    assert [error.path for error in outcome.report.errors] == [path]
    assert path.is_dir() if content is None else path.read_bytes() == content
    assert [each.name for each in (tmp_path / "out").iterdir()] == [path.name]


def test_a_link_is_followed(tmp_path: Path) -> None:
    scaffold(tmp_path, REALTIME)
    real, link = tmp_path / "real.yaml", tmp_path / "out" / "Menu.actions.yaml"
    link.rename(real)
    link.symlink_to(real)
    scaffold(tmp_path, REALTIME.replace("/rt", "/new"))
    assert link.is_symlink()
    assert "/new" in real.read_text("utf-8")


def test_without_it_nothing_is_written(tmp_path: Path) -> None:
    outcome = migrate(tmp_path, ALL, write=True)
    assert outcome.scaffold == []
    assert {path.name for path in tmp_path.iterdir()} == {"main.py", "callr-migrate.toml"}


def test_places_are_those_of_the_files_as_they_are_then(tmp_path: Path) -> None:
    """The rewrite of other calls moves lines; the comments name the new ones."""
    sent = 'api.call("sms.send", "", number, "a text that is long enough to be laid out over several lines", None)\n'
    text = scaffold(tmp_path, sent + REALTIME, unsafe=True)["Menu"]
    lines = (tmp_path / "main.py").read_text("utf-8").splitlines()
    line = next(number for number, line in enumerate(lines, 1) if "apps.create" in line)
    assert line != 5
    assert f"made at main.py:{line}." in text


@pytest.mark.parametrize(
    ("text", "overrides", "count"),
    [
        (REALTIME, {}, 1),
        (REALTIME, {"ignore": ["CLR5"]}, 1),
        (REALTIME, {"ignore": ["CLR1", "CLR5"]}, 0),
        (REALTIME, {"select": ["CLR501"]}, 1),
        (REALTIME, {"select": ["CLR6"]}, 0),
        (f"# callr-migrate: ignore-file\n{REALTIME}", {}, 0),
    ],
)
def test_what_is_left_out_gets_none(tmp_path: Path, text: str, overrides: dict[str, Any], count: int) -> None:
    assert len(scaffold(tmp_path, text, overrides=overrides)) == count


def test_only_what_was_asked_for(tmp_path: Path) -> None:
    files = {"one.py": HEAD + REALTIME, "two.py": HEAD + TRACKING}
    write(tmp_path, files)
    assert set(scaffold(tmp_path, files, paths=(tmp_path / "two.py",))) == {"Sales"}


def test_a_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None}
        for text in (HEAD, REALTIME)
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    text = scaffold(tmp_path, {"calls.ipynb": json.dumps(notebook, indent=1)})["Menu"]
    shaped(text)
    assert "made at calls.ipynb, cell 2, line 1." in text


# -- command line -----------------------------------------------------------------------------------------------


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"main.py": HEAD + REALTIME})
    assert main(["fix", "--scaffold", "out/deep"]) == 1
    assert "Wrote 1 scenario: out/deep/Menu.actions.yaml." in capsys.readouterr().out
    assert main(["fix", "--scaffold", "out/deep"]) == 1
    assert "1 scenario up to date." in capsys.readouterr().out
    Path("out/deep/Menu.actions.yaml").write_text("mine: true\n", "utf-8")
    assert main(["fix", "--scaffold", "out/deep"]) == 2
    assert "error: out/deep/Menu.actions.yaml: was changed" in capsys.readouterr().err


def test_a_preview_writes_nothing_and_can_be_applied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"main.py": HEAD + REALTIME})
    assert main(["fix", "--scaffold", "out", "--diff"]) == 1
    out, err = capfdbinary.readouterr()
    assert out.startswith(b"--- /dev/null\n+++ b/out/Menu.actions.yaml\n@@ -0,0 +1,")
    assert b"Would write 1 scenario: out/Menu.actions.yaml." in err
    assert not Path("out").exists()
    assert main(["fix", "--scaffold", "out"]) == 1
    added = [line[1:] for line in out.splitlines(keepends=True)[3:]]
    assert b"".join(added) == Path("out/Menu.actions.yaml").read_bytes()


def test_standard_input_has_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fix", "-", "--scaffold", "out"]) == 2
    assert "--scaffold writes files" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"main.py": HEAD + REALTIME, "file": "mine\n"})
    assert main(["fix", "--scaffold", "file/out"]) == 2
    assert "error: file/out/Menu.actions.yaml: cannot be " in capsys.readouterr().err
    assert Path("file").read_text("utf-8") == "mine\n"


def test_every_retired_app_has_a_scaffold_or_no_known_successor() -> None:
    pack = load_pack()
    covered = {scaffold.app for scaffold in pack.scaffolds.values()}
    assert {name for name, app in pack.apps.items() if app.retired} - covered == {"CONFERENCE10"}


# -- rules ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("app: REALTIME1", "no app 'REALTIME1' in the pack (did you mean 'REALTIME10'?)"),
        (
            "methods: [calls.broadcast_2]",
            "no method 'calls.broadcast_2' in the pack (did you mean 'calls.broadcast_1'?)",
        ),
        ("", "own needs either 'app' or 'methods'"),
        (
            "app: REALTIME10\n  text: <params.ur!>",
            "<params.ur>: REALTIME10 has no field 'ur' (did you mean 'url'?)",
        ),
        ("app: REALTIME10\n  text: <nam>", "<nam> names 'nam', but apps.create has no such parameter"),
        ("app: REALTIME10\n  text: <calls.realtim:app>", "no method 'calls.realtim' in the pack"),
        (
            "app: REALTIME10\n  text: <calls.realtime:target.numbr>",
            "<target.numbr>: Target has no field 'numbr' (did you mean 'number'?)",
        ),
        ("methods: [thedialr.call]\n  text: <dialout[][]>", "goes through two lists"),
        (
            "methods: [thedialr.call]\n  when: {strat: [x]}",
            "<strat> names 'strat', but thedialr.call has no such parameter",
        ),
        ("methods: [thedialr.call]\n  when: {'': [x]}", "'when' has a key that names no parameter"),
    ],
)
def test_mistakes_in_a_scaffold(tmp_path: Path, change: str, told: str) -> None:
    text = change if "text:" in change else f"{change}\n  text: x"
    (tmp_path / "own.yaml").write_text(f"scaffolds:\n- scaffold: own\n  {text.lstrip()}\n", "utf-8")
    with pytest.raises(RuleError) as caught:
        load_pack([tmp_path])
    assert any(told in problem and "own.yaml:2" in problem for problem in caught.value.problems), caught.value


def test_a_scaffold_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.yaml").write_text(
        "scaffolds:\n- scaffold: real-time\n  app: REALTIME10\n  text: |\n    branches:\n      ours: {actions: [{action: answer@v1}]}\n",
        "utf-8",
    )
    text = scaffold(tmp_path, REALTIME, overrides={"rules": [str(tmp_path / "rules")]})["Menu"]
    assert set(shaped(text)["branches"]) == {"ours"}
