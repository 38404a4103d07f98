"""The rule files' strictness: every mistake is told with its file, its line and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from callr_migrate.findings import Evidence
from callr_migrate.pack import RuleError, RulePack, load_pack

BASE = """\
service:
  base_url: {value: https://api.example.com/v2, evidence: documented}
  credentials: {value: Kept., evidence: conflict}
  shutdown: {value: "2027-06-30", evidence: documented}
  timeout: 30
  guide: https://example.com/guide
enums:
- enum: Color
  values: {RED: red, GREEN: null}
choices:
- choice: paint.gloss
  question: Shiny?
  answers: {yes: shiny, no: null}
objects:
- object: Paint
  evidence: documented
  source: https://example.com/paint
  fields:
    color: {to: colour, enum: Color, evidence: inferred}
    name: label
methods:
- method: paint.mix
  summary: Mix a paint.
  evidence: corroborated
  source: https://example.com/mix
  params: [color, {name: options, type: object, optional: true}]
  returns: {type: object, object: Paint}
  rest:
    verb: POST
    path: /paints/{colour}
    evidence: documented
    path_params: {colour: $color}
    query: {gloss: {value: $options.gloss, evidence: inferred, ask: {absent: paint.gloss}}}
    result: {object: Paint, evidence: inferred}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "base.yaml").write_text(BASE, encoding="utf-8")
    return folder


def problems(base: Path, text: str) -> list[str]:
    """What is wrong with `text` as a second file, beside the faultless one."""
    (base / "more.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as caught:
        load_pack(base=base)
    assert str(caught.value).splitlines() == caught.value.problems
    return caught.value.problems


def marked(text: str) -> int:
    """The line on which a text has its mark."""
    (line,) = [number for number, row in enumerate(text.splitlines(), start=1) if "# <-" in row]
    return line


# Each text has one mistake, on the marked line; the message names the key, and the right name where there is one.
MISTAKES = {
    "dates that differ in more than a separator": (
        """\
dates:
  legacy: ['%Y-%m-%d %H:%M:%S']  # <-
  rest: ['%d.%m.%YT%H:%M:%SZ']
  'null': []
""",
        "the first form of 'rest' has to be the first of 'legacy' with another separator and something behind it",
    ),
    "another field of an object that has none such": (
        """\
objects:
- object: Brush
  fields: {hash: {manual: m}, width: width}
methods:
- method: paint.dry
  summary: Dry.
  params: [brush]
  rest:
    verb: GET  # <-
    path: /dry/{brush}
    path_params:
      brush: {value: $brush, instead: {object: Brush, field: hash, take: with}, manual: m}
""",
        "paint.dry: 'brush': Brush has no field 'with' (did you mean 'width'?)",
    ),
    "another field without what to do where it is not known": (
        """\
objects:
- object: Brush
  fields: {hash: {manual: m}, width: width}
methods:
- method: paint.dry
  summary: Dry.
  params: [brush]
  rest:
    verb: GET  # <-
    path: /dry/{brush}
    path_params:
      brush: {value: $brush, instead: {object: Brush, field: hash, take: width}}
""",
        "paint.dry: 'brush' has 'instead' and needs 'manual' with what to do where the object is not known",
    ),
    "unknown key": (
        """\
enums:
- enum: Size
  valeus: {S: small}  # <-
  values: {S: small}
""",
        "unknown key 'valeus' in 'enums' (did you mean 'values'?)",
    ),
    "unknown key at the top": (
        """\
enums: []
metods: []  # <-
""",
        "unknown key 'metods' in 'the file' (did you mean 'methods'?)",
    ),
    "unknown key far inside": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest:
    verb: GET
    path: /dry
    query:
      color:
        value: $color
        omitif: ""  # <-
""",
        "unknown key 'omitif' in 'color' (did you mean 'omit_if'?)",
    ),
    "unknown key unlike any": (
        """\
enums:
- enum: Size
  values: {S: small}
  zzzzzz: 1  # <-
""",
        "unknown key 'zzzzzz' in 'enums'",
    ),
    "a whole number for a text": (
        """\
methods:
- method: paint.dry
  summary: 12  # <-
  none: {reason: r, instead: i}
""",
        "'summary' must be a text, not a whole number; put '12' in quotes",
    ),
    "OFF without quotes": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  none:
    reason: OFF  # <-
    instead: i
""",
        "'reason' must be a text, not true or false; put 'OFF' in quotes",
    ),
    "NO without quotes in a table": (
        """\
enums:
- enum: Answer
  values:
    N: NO  # <-
""",
        "'N' must be a text, not true or false; put 'NO' in quotes",
    ),
    "a text for true or false": (
        """\
apps:
- app: PAINT10
  summary: Paints.
  retired: perhaps  # <-
""",
        "'retired' must be true or false, not a text",
    ),
    "a text for a whole number": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  min_args: many  # <-
  none: {reason: r, instead: i}
""",
        "'min_args' must be a whole number, not a text",
    ),
    "a text for a list": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: color  # <-
  none: {reason: r, instead: i}
""",
        "'params' must be a list",
    ),
    "a text for a mapping": (
        """\
enums:
- enum: Size
  values: small  # <-
""",
        "'values' must be a mapping of keys and values, not a text",
    ),
    "a list for a text": (
        """\
methods:
- method: paint.dry
  summary: [Dry.]  # <-
  none: {reason: r, instead: i}
""",
        "'summary' must be a text, not a list",
    ),
    "nothing for a parameter": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [~]  # <-
  none: {reason: r, instead: i}
""",
        "'params' must be a text, not nothing; put '~' in quotes",
    ),
    "a number for a parameter": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [7]  # <-
  none: {reason: r, instead: i}
""",
        "'params' must be a text, not a whole number; put '7' in quotes",
    ),
    "minutes that YAML takes for a number": (
        """\
methods:
- method: paint.dry
  summary: 12:30  # <-
  none: {reason: r, instead: i}
""",
        "'summary' must be a text, not a whole number; put '12:30' in quotes",
    ),
    "a tag that the value denies": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  min_args: !!int many  # <-
  none: {reason: r, instead: i}
""",
        "'min_args' cannot be 'many': that is not a whole number",
    ),
    "missing key": (
        """\
methods:
- method: paint.dry  # <-
  none: {reason: r, instead: i}
""",
        "'methods' lacks the key 'summary'",
    ),
    "missing key inside": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  none:
    reason: r  # <-
""",
        "'none' lacks the key 'instead'",
    ),
    "duplicate key": (
        """\
enums:
- enum: Size
  values: {S: small}
  values: {M: medium}  # <-
""",
        "key 'values' is there twice in 'enums'",
    ),
    "duplicate key in a table": (
        """\
enums:
- enum: Size
  values:
    S: small
    S: short  # <-
""",
        "key 'S' is there twice in 'values'",
    ),
    "key that is no text": (
        """\
enums:
- enum: Size
  values:
    ? [S, M]  # <-
    : small
""",
        "'values' has a key that is not a text",
    ),
    "unknown evidence word": (
        """\
enums:
- enum: Size
  values: {S: small}
  evidence: documentd  # <-
""",
        (
            "'evidence' cannot be 'documentd' (did you mean 'documented'?); it is one of verified, documented, "
            "corroborated, inferred, conflict, unknown"
        ),
    ),
    "unknown verb": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  rest:
    verb: PUTS  # <-
    path: /dry
""",
        "'verb' cannot be 'PUTS' (did you mean 'PUT'?); it is one of GET, POST, PUT, PATCH, DELETE",
    ),
    "dangling enum of a parameter": (
        """\
methods:
- method: paint.dry  # <-
  summary: Dry.
  params: [{name: color, enum: Colour}]
  none: {reason: r, instead: i}
""",
        "paint.dry: parameter 'color': no enum 'Colour' in the pack (did you mean 'Color'?)",
    ),
    "dangling enum of a binding": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest:
    verb: GET  # <-
    path: /dry
    query: {colour: {value: $color, enum: Colour}}
""",
        "paint.dry: 'colour': no enum 'Colour' in the pack (did you mean 'Color'?)",
    ),
    "dangling enum of a field": (
        """\
objects:
- object: Brush  # <-
  fields:
    hair: {to: hair, enum: Hair}
""",
        "field 'hair' of Brush: no enum 'Hair' in the pack",
    ),
    "dangling object of a parameter": (
        """\
methods:
- method: paint.dry  # <-
  summary: Dry.
  params: [{name: what, type: object, object: Paints}]
  none: {reason: r, instead: i}
""",
        "paint.dry: parameter 'what': no object 'Paints' in the pack (did you mean 'Paint'?)",
    ),
    "dangling object of the answer": (
        """\
methods:
- method: paint.dry  # <-
  summary: Dry.
  returns: {type: object, object: Pain}
  none: {reason: r, instead: i}
""",
        "paint.dry: 'returns': no object 'Pain' in the pack (did you mean 'Paint'?)",
    ),
    "dangling object of the result": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  alternatives:
  - verb: GET
    path: /dry
  - verb: GET  # <-
    path: /dryer
    result: {object: Brush}
""",
        "paint.dry: 'result': no object 'Brush' in the pack",
    ),
    "dangling object of a field": (
        """\
objects:
- object: Brush  # <-
  fields:
    last: {to: last, object: paint}
""",
        "field 'last' of Brush: no object 'paint' in the pack (did you mean 'Paint'?)",
    ),
    "dangling choice": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest:
    verb: GET  # <-
    path: /dry
    query: {colour: {value: $color, ask: {RED: paint.glos}}}
""",
        "paint.dry: 'colour': no choice 'paint.glos' in the pack (did you mean 'paint.gloss'?)",
    ),
    "dangling parameter of a binding": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest:
    verb: GET  # <-
    path: /dry
    query: {colour: $colour.name}
""",
        "paint.dry: 'colour' is '$colour.name', but there is no such parameter (did you mean 'color'?)",
    ),
    "dangling parameter of a condition": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest:
    verb: GET  # <-
    path: /dry
    when: {colour: [RED]}
""",
        "paint.dry: 'when' names 'colour', but there is no such parameter (did you mean 'color'?)",
    ),
    "dangling parameter of a dropped key": (
        """\
methods:
- method: paint.dry  # <-
  summary: Dry.
  params: [options]
  rest: {verb: GET, path: /dry}
  dropped:
    option.speed: {note: n}
""",
        "paint.dry: 'dropped' names 'option.speed', but there is no such parameter (did you mean 'options'?)",
    ),
    "a path without its parameter": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest:
    verb: GET  # <-
    path: /dry/{colour}
    path_params: {color: $color}
""",
        "paint.dry: the braces of '/dry/{colour}' and the keys of 'path_params' differ",
    ),
    "two ways": (
        """\
methods:
- method: paint.dry  # <-
  summary: Dry.
  rest: {verb: GET, path: /dry}
  none: {reason: r, instead: i}
""",
        "paint.dry needs exactly one of 'rest', 'alternatives', 'none'",
    ),
    "no way": (
        """\
methods:
- method: paint.dry  # <-
  summary: Dry.
""",
        "paint.dry needs exactly one of 'rest', 'alternatives', 'none'",
    ),
    "a field that leads nowhere": (
        """\
objects:
- object: Brush  # <-
  fields:
    hair: {note: n}
""",
        "field 'hair' of Brush needs 'to', or 'manual' with what to do",
    ),
    "a client without a password": (
        """\
targets:
- target: wget  # <-
  summary: A client.
  module: wget
  distribution: wget
  minimum: '1'
  version: '1'
  client: '{module}.Client'
  client_arguments: ['auth={login}']
  request: '{client}.{verb}({arguments})'
  request_with_body: '{client}.request("{VERB}", {arguments})'
  bodiless_verbs: [GET]
  check: ''
  value: .json()
  success: .ok
  exceptions: [OSError]
  exception_modules: [wget]
  outage_bases: [OSError]
""",
        "'client_arguments' of wget must hold {login} and {password}, once each and in this order",
    ),
    "a client whose password comes first": (
        """\
targets:
- target: wget  # <-
  summary: A client.
  module: wget
  distribution: wget
  minimum: '1'
  version: '1'
  client: '{module}.Client'
  client_arguments: ['auth=({password}, {login})']
  request: '{client}.{verb}({arguments})'
  request_with_body: '{client}.request("{VERB}", {arguments})'
  bodiless_verbs: [GET]
  check: ''
  value: .json()
  success: .ok
  exceptions: [OSError]
  exception_modules: [wget]
  outage_bases: [OSError]
""",
        "'client_arguments' of wget must hold {login} and {password}, once each and in this order",
    ),
    "a client that takes its login twice": (
        """\
targets:
- target: wget  # <-
  summary: A client.
  module: wget
  distribution: wget
  minimum: '1'
  version: '1'
  client: '{module}.Client'
  client_arguments: ["auth=({login}, {password})", "user={login}"]
  request: '{client}.{verb}({arguments})'
  request_with_body: '{client}.request("{VERB}", {arguments})'
  bodiless_verbs: [GET]
  check: ''
  value: .json()
  success: .ok
  exceptions: [OSError]
  exception_modules: [wget]
  outage_bases: [OSError]
""",
        "'client_arguments' of wget must hold {login} and {password}, once each and in this order",
    ),
    "duplicate method": (
        """\
methods:
- method: paint.dry
  summary: Dry.
  none: {reason: r, instead: i}
- method: paint.mix  # <-
  summary: Mix again.
  none: {reason: r, instead: i}
""",
        "'paint.mix' is already defined at base/base.yaml:22",
    ),
    "duplicate enum in one file": (
        """\
enums:
- enum: Size
  values: {S: small}
- enum: Size  # <-
  values: {M: medium}
""",
        "'Size' is already defined at base/more.yaml:2",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_has_its_line_and_key(base: Path, text: str, message: str) -> None:
    assert problems(base, text) == [f"base/more.yaml:{marked(text)}: {message}"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("enums:\n- enum: Size\n  values: {S: small\n", 4),
        ("enums:\n- enum: Size\n\tvalues: {S: small}\n", 3),
        ("methods:\n- method: paint.dry\n  summary: one: two\n", 3),
        ("enums: []\n---\nenums: []\n", 2),
    ],
    ids=["open brace", "tab", "colon", "two documents"],
)
def test_bad_yaml_has_its_line(base: Path, text: str, line: int) -> None:
    (problem,) = problems(base, text)
    assert problem.startswith(f"base/more.yaml:{line}: not valid YAML: ")


def test_top_level_that_is_no_mapping(base: Path) -> None:
    assert problems(base, "- enums\n") == [
        "base/more.yaml:1: 'the file' must be a mapping of keys and values, not a list"
    ]


def test_file_that_holds_itself(base: Path) -> None:
    (problem,) = problems(base, "&a [*a]\n")
    assert problem.startswith("base/more.yaml:1: ")


def test_file_that_is_not_utf8(base: Path) -> None:
    (base / "more.yaml").write_bytes(b"enums: [\xff]\n")
    with pytest.raises(RuleError, match=r"^base/more\.yaml: cannot be read: "):
        load_pack(base=base)


def test_all_mistakes_of_all_files_are_told(base: Path) -> None:
    (base / "other.yaml").write_text("enum: []\n", encoding="utf-8")
    text = """\
enums:
- enum: Size
  value: {S: small}
apps:
- app: 12
  summary: Paints.
  retired: false
"""
    assert problems(base, text) == [
        "base/more.yaml:3: unknown key 'value' in 'enums' (did you mean 'values'?)",
        "base/more.yaml:2: 'enums' lacks the key 'values'",
        "base/more.yaml:5: 'app' must be a text, not a whole number; put '12' in quotes",
        "base/other.yaml:1: unknown key 'enum' in 'the file' (did you mean 'enums'?)",
    ]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"], ids=["empty", "comment", "separator"])
def test_empty_file_adds_nothing(base: Path, text: str) -> None:
    (base / "more.yaml").write_text(text, encoding="utf-8")
    assert list(load_pack(base=base).methods) == ["paint.mix"]


def test_pack_without_service(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="no file has the key 'service'"):
        load_pack(base=tmp_path)


def test_folder_that_is_missing(base: Path, tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="absent: no such folder of rules"):
        load_pack([tmp_path / "absent"], base=base)


def test_words_that_yaml_takes_for_bools_are_texts_as_keys_and_in_quotes(base: Path) -> None:
    text = "enums:\n- enum: Recording\n  values: {OFF: 'off', NO: \"no\", 007: '007', null: none}\n"
    (base / "more.yaml").write_text(text, encoding="utf-8")
    values = load_pack(base=base).enums["Recording"].values
    assert values == {"OFF": "off", "NO": "no", "007": "007", "null": "none"}


def test_values_of_bindings_keep_their_type(base: Path) -> None:
    text = """\
methods:
- method: paint.dry
  summary: Dry.
  rest:
    verb: GET
    path: /dry/{at}
    path_params: {at: null}
    query: {limit: 100, all: true, hex: 0x1F, text: plain}
"""
    (base / "more.yaml").write_text(text, encoding="utf-8")
    request = load_pack(base=base).methods["paint.dry"].rest
    assert request is not None
    assert request.path_params["at"].value is None
    assert {name: binding.value for name, binding in request.query.items()} == {
        "limit": 100,
        "all": True,
        "hex": 31,
        "text": "plain",
    }


# What is not stated is inherited.


def test_evidence_and_source_come_from_the_enclosing_block(base: Path) -> None:
    pack = load_pack(base=base)
    method = pack.methods["paint.mix"]
    request = method.rest
    assert request is not None
    assert method.params is not None
    assert {param.evidence for param in method.params} == {Evidence.CORROBORATED}
    assert method.returns.source == "https://example.com/mix"
    assert request.path_params["colour"].evidence is Evidence.DOCUMENTED
    assert request.query["gloss"].evidence is Evidence.INFERRED
    assert request.result.evidence is Evidence.INFERRED
    # A source for the legacy method is none for the request.
    assert request.source is None
    fields = pack.objects["Paint"].fields
    assert fields["name"].evidence is Evidence.DOCUMENTED
    assert fields["color"].evidence is Evidence.INFERRED
    assert fields["color"].source == "https://example.com/paint"


def test_what_nobody_stated_is_unknown(base: Path) -> None:
    text = """\
methods:
- method: paint.dry
  summary: Dry.
  params: [color]
  rest: {verb: GET, path: /dry, query: {colour: $color}}
- method: paint.peel
  summary: Peel.
  none: {reason: r, instead: i}
"""
    (base / "more.yaml").write_text(text, encoding="utf-8")
    methods = load_pack(base=base).methods
    dry, peel = methods["paint.dry"], methods["paint.peel"]
    assert dry.rest is not None
    assert dry.params is not None
    assert peel.none is not None
    stated = [dry.evidence, dry.params[0].evidence, dry.rest.evidence, dry.rest.query["colour"].evidence]
    assert {*stated, dry.rest.result.evidence, peel.none.evidence} == {Evidence.UNKNOWN}


def test_evidence_and_source_of_a_file_hold_for_its_entries(base: Path) -> None:
    text = """\
evidence: inferred
source: https://example.com/all
enums:
- enum: Size
  values: {S: small}
- enum: Shape
  values: {O: round}
  evidence: documented
methods:
- method: paint.dry
  summary: Dry.
  rest: {verb: GET, path: /dry}
"""
    (base / "more.yaml").write_text(text, encoding="utf-8")
    pack = load_pack(base=base)
    assert pack.enums["Size"].evidence is Evidence.INFERRED
    assert pack.enums["Shape"].evidence is Evidence.DOCUMENTED
    assert pack.enums["Shape"].source == "https://example.com/all"
    assert pack.enums["Color"].evidence is Evidence.UNKNOWN
    request = pack.methods["paint.dry"].rest
    assert request is not None
    assert (request.evidence, request.source) == (Evidence.INFERRED, "https://example.com/all")


# Folders laid over the shipped one.


def overlaid(base: Path, text: str) -> RulePack:
    overlay = base.parent / "mine"
    overlay.mkdir()
    (overlay / "own.yml").write_text(text, encoding="utf-8")
    return load_pack([overlay], base=base)


def test_overlay_replaces_one_method_and_keeps_the_rest(base: Path) -> None:
    (base / "more.yaml").write_text(
        "methods:\n- {method: paint.dry, summary: Dry., none: {reason: r, instead: i}}\n", encoding="utf-8"
    )
    pack = overlaid(
        base, "methods:\n- {method: paint.mix, summary: Ours., none: {reason: not here, instead: x}}\n"
    )
    assert list(pack.methods) == ["paint.mix", "paint.dry"]
    mixed = pack.methods["paint.mix"]
    assert (mixed.summary, mixed.rest) == ("Ours.", None)
    assert str(mixed.location) == "mine/own.yml:2"
    assert str(pack.methods["paint.dry"].location) == "base/more.yaml:2"
    assert pack.service.timeout == 30


def test_overlay_may_refer_to_what_it_is_laid_over(base: Path) -> None:
    text = """\
methods:
- method: paint.dry
  summary: Dry.
  params: [{name: color, enum: Color}]
  none: {reason: r, instead: i}
"""
    assert set(overlaid(base, text).methods) == {"paint.mix", "paint.dry"}


def test_mistake_of_an_overlay_has_its_own_file(base: Path) -> None:
    with pytest.raises(RuleError) as caught:
        overlaid(base, "methods:\n- method: paint.mix\n  summry: Ours.\n  none: {reason: r, instead: i}\n")
    assert caught.value.problems == [
        "mine/own.yml:3: unknown key 'summry' in 'methods' (did you mean 'summary'?)",
        "mine/own.yml:2: 'methods' lacks the key 'summary'",
    ]


def test_overlay_that_takes_away_a_name_that_is_used(base: Path) -> None:
    text = """\
methods:
- method: paint.mix
  summary: Ours.
  params: [tone]
  rest: {verb: POST, path: "/paints/{colour}", path_params: {colour: $color}}
"""
    with pytest.raises(RuleError) as caught:
        overlaid(base, text)
    assert caught.value.problems == [
        "mine/own.yml:5: paint.mix: 'colour' is '$color', but there is no such parameter"
    ]
