"""Whatever literals an app is made with: the scenario is one, has what it can carry, and names all else."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from retired import scaffold

ROOT = Path(__file__).resolve().parents[2]
SHAPE = Draft202012Validator(json.loads((ROOT / "contract" / "callr-actions.schema.json").read_text("utf-8")))

# No lone surrogates: a source file cannot hold them as they are, and `repr` writes them otherwise.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = texts | st.integers(-(10**12), 10**12) | st.booleans() | st.none()
keys = st.sampled_from(["note", "A_attempts", "welcome", "x y", "été", "a\nb"])
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
)
targets = st.lists(
    st.fixed_dictionaries(
        {"number": texts}, optional={"timeout": st.integers(1, 99) | st.none(), "note": scalars}
    ),
    max_size=3,
)
medias = st.dictionaries(st.sampled_from(["welcome", "ringtone", "whisper", "bridge"]), scalars, max_size=4)
params = st.fixed_dictionaries(
    {},
    optional={"targets": targets, "medias": medias, "options": anything, "vms": anything, "other": anything},
)


def leaves(value: Any, path: str) -> list[str]:
    """The paths of all that is given, as the comments write them."""
    if isinstance(value, dict) and value:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, f"{path}.{key}")]
    if isinstance(value, list) and value:
        return [leaf for index, inner in enumerate(value) for leaf in leaves(inner, f"{path}[{index}]")]
    return [] if value in (None, {}, []) and not isinstance(value, (bool, int)) else [path]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts, params)
def test_any_literals(name: str, made_with: dict[str, Any]) -> None:
    call = f'api.call("apps.create", "CALLTRACKING10", {name!r}, {made_with!r})\n'
    with tempfile.TemporaryDirectory() as folder:
        (text,) = scaffold(Path(folder), call).values()
    scenario = yaml.safe_load(text)
    assert [error.message for error in SHAPE.iter_errors(scenario)] == []
    assert scenario["description"] == name
    dial = scenario["branches"]["inbound-call"]["actions"][-1]["params"]
    wanted = [
        {key: value for key, value in target.items() if key in ("number", "timeout") and value is not None}
        for target in made_with.get("targets", ())
    ]
    assert dial["targets"] == (wanted or [{"number": ""}])
    comments = " ".join(line for line in text.splitlines() if "#" in line)
    carried = re.compile(
        r"params\.(targets\[\d\]\.(number|timeout)|medias\.\w+|options\.record_calls|vms\.active|ga\.ua)$"
    )
    for path in leaves(made_with, "params"):
        if not carried.match(path):
            shown = " ".join(
                "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in path).split()
            )
            assert shown in " ".join(comments.replace("#", " ").split()), path
