"""`report --output-format html`: one file with all in it; nothing is loaded from anywhere, and no other script may run."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from callr_migrate.records import dataclass
from callr_migrate.report.chart import drawn
from callr_migrate.report.collect import NO_METHOD, NO_OWNER
from callr_migrate.report.highlight import highlighted
from callr_migrate.report.model import Counts, Migration, Row, State
from callr_migrate.report.words import (
    basis,
    counted,
    duration,
    long_date,
    number,
    pace,
    share,
    why_together,
)

_PAGE = Path(__file__).parent / "page"
_TEMPLATE = "report.html.jinja"
_MOST_FACTS = 12
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a bar: where it starts and how wide it is."""

    state: str
    x: str
    width: str


def render(migration: Migration) -> str:
    """Return the page."""
    style, script = (_part(name) for name in ("report.css", "report.js"))
    waves = [list(steps) for _, steps in groupby(migration.steps, key=lambda step: step.wave)]
    text = (
        _environment()
        .get_template(_TEMPLATE)
        .render(
            m=migration,
            counts=migration.counts,
            states=list(State),
            waves=waves,
            kinds=sorted({(place.code, place.kind) for place in migration.places}),
            unnamed=(NO_METHOD, NO_OWNER),
            basis=basis(migration),
            pace=pace(migration),
            chart=drawn(migration.trend),
            most_facts=_MOST_FACTS,
            style=style,
            script=script,
            style_hash=_hash(style),
            script_hash=_hash(script),
        )
    )
    return text if text.endswith("\n") else text + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=number,
        duration=duration,
        long_date=long_date,
        why_together=why_together,
        highlighted=highlighted,
        in_code=in_code,
        source=source,
    )
    environment.globals.update(counted=counted, share=share, pieces=pieces, most=most)
    return environment


def _part(name: str) -> Markup:
    """A file of this package, as it stands in the page; its text cannot end the element that it is in."""
    text = (_PAGE / name).read_text("utf-8")
    assert "</" not in text, name
    return Markup(text)


def _hash(part: Markup) -> str:
    """What a content security policy names an inline script or style by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(part.encode()).digest()).decode()}"


def in_code(text: str) -> Markup:
    """A sentence, with what stands in backticks as code."""
    pieces = _CODE.split(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def source(text: str) -> Markup:
    """Where a fact is from: a link if it is an address of the web, with what else is said of it behind."""
    address, _, rest = text.partition(" ")
    if not re.fullmatch(r"https?://[^\s<>\"']+", address):
        return escape(text)
    link = Markup('<a href="{0}" rel="noreferrer">{0}</a>').format(address)
    return link + Markup(" {}").format(rest) if rest else link


def most(rows: Sequence[Row]) -> int:
    """The most calls of any of the rows."""
    return max((row.counts.calls for row in rows), default=0)


def pieces(counts: Counts, whole: int) -> Iterator[Piece]:
    """The parts of a bar that is full where it stands for `whole` calls, in percent."""
    done = 0
    for state in State:
        calls = counts.of_state(state)
        if calls and whole:
            yield Piece(state.value, f"{100 * done / whole:.2f}%", f"{100 * calls / whole:.2f}%")
        done += calls
