"""Cells of the table of results: small programs that use what a legacy call returned, and what becomes of each.

A file of `tests/fixtures/results/` is one topic (`README.md` there tells the format). A construct with `use` is made
into a program for each variant (how the answer gets to its use), and into the same programs with a value of the
user's own in place of the call, in which nothing may change.
"""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures" / "results"
MAIN = "main.py"
OUTCOMES = ("rewritten", "reported", "left alone")

# What stands above it is looked after by other tests.
MARK = "# ---\n"
CLIENT = """import os

import callr

api = callr.Api(os.environ["CALLR_LOGIN"], os.environ["CALLR_PASSWORD"])
"""
OTHER_CALL = 'api.call("sms.send", "", "+33199001020", "Hi")\n'

# A line in the middle of a long one would hide what a cell is about.
CONFIG = "line-length = 240\n"

# How an answer gets to its use: files, in which SETUP, CALL and USE stand for their text, and how USE names it.
VARIANTS: dict[str, tuple[dict[str, str], str]] = {
    "straight": ({MAIN: "SETUP\nUSE\n"}, "CALL"),
    "variable": ({MAIN: "SETUP\nanswer = CALL\nUSE\n"}, "answer"),
    "function": (
        {"reading.py": "def read():\n    return CALL\n", MAIN: "from reading import read\n\nSETUP\nUSE\n"},
        "read()",
    ),
    "self": (
        {
            MAIN: "SETUP\nclass Reader:\n    def __init__(self):\n        self.answer = CALL\n\n"
            "    def show(self):\n        USE\n\nReader().show()\n"
        },
        "self.answer",
    ),
    "argument": ({MAIN: "SETUP\ndef show(answer):\n    USE\n\nshow(CALL)\n"}, "answer"),
}


@dataclass(frozen=True)
class Expected:
    """A finding that `check` must report: its code, the text that it starts at, words that it says."""

    code: str = ""
    at: str = ""
    says: str = ""


@dataclass(frozen=True)
class Cell:
    """One program. `after` is what becomes of it; the same as `before` unless it is rewritten."""

    topic: str
    construct: str
    variant: str
    outcome: str
    before: dict[str, str]
    after: dict[str, str]
    findings: tuple[Expected, ...] = ()
    config: str = ""
    runs: bool = True  # whether both programs are run and compared
    own: bool = False  # a value of the user's own in place of the call

    @property
    def name(self) -> str:
        return f"{self.topic}: {self.construct} ({self.variant}{', own' if self.own else ''})"


def body(text: str) -> str:
    """What of a file is looked at."""
    return text.partition(MARK)[2] if MARK in text else text


@functools.lru_cache
def cells() -> tuple[Cell, ...]:
    """All cells, by file."""
    return tuple(cell for path in sorted(FIXTURES.glob("*.yaml")) for cell in read(path))


def read(path: Path) -> Iterator[Cell]:
    """The cells of one topic."""
    topic = yaml.safe_load(path.read_text("utf-8"))
    constructs = topic.pop("constructs")
    for construct in constructs:
        known = {**topic, **construct}
        if "use" in known:
            yield from _spread(known)
        for cell in known.get("cells", ()):
            yield _written({**known, **cell})


def _spread(known: dict[str, Any]) -> Iterator[Cell]:
    """The variants of a construct, and their controls."""
    for variant in known.get("only", VARIANTS):
        if variant in known.get("without", ()):
            continue
        cell = {**known, **known.get("variants", {}).get(variant, {})}
        setup, use = cell.get("setup", ""), cell["use"]
        before = _filled(variant, cell["call"], setup, use, CLIENT)
        after = before
        if cell["outcome"] == "rewritten":
            after = _filled(
                variant, cell["becomes"], cell.get("setup_after", setup), cell.get("after", use), CLIENT
            )
        yield _cell(cell, variant, before, after)
        if cell.get("own"):
            same = _filled(variant, cell["own"], setup, use, CLIENT + OTHER_CALL)
            control = {**cell, "outcome": "left alone", "findings": [], "says": "", "at": "", "code": ""}
            yield _cell(control, variant, same, same, own=True)


def _filled(variant: str, call: str, setup: str, use: str, client: str) -> dict[str, str]:
    files, answer = VARIANTS[variant]
    answer = answer.replace("CALL", call)
    filled = {}
    for name, template in files.items():
        lines: list[str] = []
        for line in template.splitlines():
            indent = line[: len(line) - len(line.lstrip())]
            text = {"SETUP": setup, "USE": use.replace("ANSWER", answer)}.get(line.strip())
            if text is None:
                lines.append(line.replace("CALL", call))
            elif text:
                lines += textwrap.indent(text.rstrip("\n"), indent).split("\n")
        whole = "\n".join(lines) + "\n"
        # The client is made where the call stands.
        filled[name] = f"{client}{MARK}{whole}" if "CALL" in template or answer == call else whole
    return filled


def _written(known: dict[str, Any]) -> Cell:
    """A cell whose program is written out."""
    before = _files(known["before"])
    after = _files(known["after"]) if "after" in known else before
    if not any("callr" in text for text in before.values()):
        before = {**before, MAIN: f"{CLIENT}{MARK}{before[MAIN]}"}
        after = {**after, MAIN: f"{CLIENT}{MARK}{after[MAIN]}"} if "after" in known else before
    return _cell(known, known["variant"], before, after)


def _files(given: str | dict[str, str]) -> dict[str, str]:
    return {MAIN: given} if isinstance(given, str) else given


def _cell(
    known: dict[str, Any], variant: str, before: dict[str, str], after: dict[str, str], own: bool = False
) -> Cell:
    assert known["outcome"] in OUTCOMES, known
    expected = [Expected(**one) for one in known.get("findings", ())]
    alone = Expected(known.get("code", ""), known.get("at", ""), known.get("says", ""))
    if alone != Expected():
        expected.append(alone)
    assert expected or known["outcome"] != "reported", f"{known['construct']}: what is reported?"
    return Cell(
        known["topic"],
        known["construct"],
        variant,
        known["outcome"],
        before,
        after,
        tuple(expected),
        known.get("config", ""),
        known.get("runs", True),
        own,
    )
